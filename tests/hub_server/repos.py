"""What a Hub remembers: repos, their commits and the files in them."""

import hashlib
from dataclasses import dataclass, field

LARGE_SUFFIXES = (".bin", ".ckpt", ".npz", ".parquet", ".pt", ".pth", ".safetensors")


def is_large(path: str, sample: bytes) -> bool:
    """Whether the Hub wants a file through LFS or xet instead of inside the commit."""
    return path.endswith(LARGE_SUFFIXES) or b"\0" in sample


@dataclass(frozen=True)
class File:
    """One version of one file; of a xet file only the hashes are known, its bytes lie in the xet store."""

    size: int
    sha256: str
    content: bytes | None
    large: bool
    xet_hash: str | None = None

    @classmethod
    def of(cls, path: str, content: bytes) -> "File":
        """Return the file as an upload would make it."""
        large = is_large(path, content[:512])
        return cls(len(content), hashlib.sha256(content).hexdigest(), content, large)

    @property
    def blob_id(self) -> str:
        """The git id: of the content, or of the pointer of a large file."""
        content = self.content if not self.large else self._pointer()
        assert content is not None
        return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()

    @property
    def etag(self) -> str:
        """What identifies the content to the client."""
        return self.sha256 if self.large else self.blob_id

    def _pointer(self) -> bytes:
        text = f"version https://git-lfs.github.com/spec/v1\noid sha256:{self.sha256}\nsize {self.size}\n"
        return text.encode()


@dataclass(frozen=True)
class Commit:
    """A state of all files of a repo."""

    message: str
    files: dict[str, File]
    parent: str | None = None

    @property
    def id(self) -> str:
        """The hash that pins this state and its history."""
        listing = [f"{path} {self.files[path].blob_id}" for path in sorted(self.files)]
        return hashlib.sha1("\n".join([str(self.parent), self.message, *listing]).encode()).hexdigest()


@dataclass
class Repo:
    """A model repo: commits, and the branches and tags that point at them."""

    name: str
    private: bool = False
    gated: bool = False
    allowed: set[str] = field(default_factory=set)
    commits: dict[str, Commit] = field(default_factory=dict)
    refs: dict[str, str] = field(default_factory=dict)

    @property
    def owner(self) -> str:
        """The name before the slash."""
        return self.name.split("/")[0]

    @property
    def head(self) -> str:
        """The id of the newest commit on main."""
        return self.refs["main"]

    def commit(self, message: str, files: dict[str, File], ref: str = "main") -> str:
        """Move `ref` on to a new commit that holds exactly `files`, and return its id."""
        commit = Commit(message, files, parent=self.refs.get(ref))
        self.commits[commit.id] = commit
        self.refs[ref] = commit.id
        return commit.id

    def find(self, revision: str) -> Commit | None:
        """Return the commit that a branch, a tag or an id means."""
        return self.commits.get(self.refs.get(revision, revision))

    def update(self, files: dict[str, bytes], message: str = "Update") -> str:
        """Commit changed files to main as an owner elsewhere would, and return the commit's id."""
        kept = dict(self.commits[self.head].files) if "main" in self.refs else {}
        return self.commit(message, {**kept, **{path: File.of(path, content) for path, content in files.items()}})
