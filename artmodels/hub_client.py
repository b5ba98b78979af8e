"""The one module that talks to the Hugging Face Hub: one commit of a repo to read from, one commit to write.

Everything that can go wrong on the way becomes a `HubError` of one sentence that says what to do.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, TypedDict, Unpack

from huggingface_hub import CommitOperationAdd, HfApi, constants
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    HTTPError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
    RevisionResolutionError,
    XetDownloadError,
)

from artmodels import __version__
from artmodels.checkpoints import refuse_pickle
from artmodels.errors import HubError

__all__ = ["Access", "HubCommit", "PushOptions", "upload"]

_SIGN_IN = "sign in with `hf auth login` or pass token=..."


class Access(NamedTuple):
    """How to reach the Hub; the names are those of `huggingface_hub`."""

    token: str | bool | None = None
    cache_dir: str | Path | None = None
    local_files_only: bool = False
    endpoint: str | None = None

    def api(self) -> HfApi:
        """Return a client that says who is calling."""
        return HfApi(endpoint=self.endpoint, token=self.token, library_name="artmodels", library_version=__version__)


class PushOptions(TypedDict, total=False):
    """The keywords of everything that publishes."""

    private: bool
    token: str | bool | None
    revision: str | None
    commit_message: str | None
    create_pr: bool
    parent_commit: str | None
    endpoint: str | None


class HubCommit:
    """One commit of a model repo: every file read through it comes from that commit.

    Raises:
        HubError: the repo, the revision or the Hub cannot be reached.
    """

    def __init__(self, repo_id: str, revision: str | None, access: Access) -> None:
        self.name = repo_id
        self._access = access
        self._api = access.api()
        with _explained(repo_id, revision, access):
            self._commit = self._api.resolve_revision(
                repo_id,
                revision=revision,
                cache_dir=access.cache_dir,
                local_files_only=access.local_files_only,
            )

    @property
    def revision(self) -> str:
        """The full hash of the commit."""
        return str(self._commit.resolved)

    def file(self, name: str) -> Path:
        """Return the file `name` of this commit, downloaded if it is not in the cache.

        Raises:
            HubError: it is not in the repo, or cannot be downloaded.
            CheckpointError: the repo holds a pickle instead.
        """
        try:
            with _explained(self.name, self.revision, self._access, name):
                return self._download(name)
        except HubError as error:
            if isinstance(error.__cause__, RemoteEntryNotFoundError):
                with _explained(self.name, self.revision, self._access):
                    names = self._api.list_repo_files(self.name, revision=self.revision)
                refuse_pickle(sorted(names), f"{self.name} on the Hub")
            raise

    def _download(self, name: str) -> Path:
        return Path(
            self._api.hf_hub_download(
                self.name,
                name,
                revision=self._commit,
                cache_dir=self._access.cache_dir,
                local_files_only=self._access.local_files_only,
            )
        )


def upload(repo_id: str, files: Mapping[str, Path | bytes], **options: Unpack[PushOptions]) -> str:
    """Write `files` (name in the repo → local file or content) as one commit and return its address.

    The repo, and the branch `revision`, are created if they do not exist.

    Raises:
        HubError: no permission, no connection, or the branch has moved on from `parent_commit`.
    """
    access = Access(token=options.get("token"), endpoint=options.get("endpoint"))
    api = access.api()
    revision, parent = options.get("revision"), options.get("parent_commit")
    with _explained(repo_id, parent if parent else revision, access):
        if not api.repo_exists(repo_id):  # a token may be allowed to write here, but not to create
            api.create_repo(repo_id, private=options.get("private", False), exist_ok=True)
        if revision is not None and not revision.startswith("refs/"):
            api.create_branch(repo_id, branch=revision, exist_ok=True)
        commit = api.create_commit(
            repo_id,
            [CommitOperationAdd(name, content) for name, content in sorted(files.items())],
            commit_message=options.get("commit_message") or f"Publish with artmodels {__version__}",
            revision=revision,
            parent_commit=parent,
            create_pr=options.get("create_pr", False),
        )
    return str(commit.pr_url or commit.commit_url)


@contextmanager
def _explained(repo_id: str, revision: str | None, access: Access, name: str = "") -> Iterator[None]:
    """Turn what `huggingface_hub` raises into a HubError of one sentence."""
    what = f"{name} of {repo_id}" if name else repo_id
    page = f"{access.endpoint or constants.ENDPOINT}/{repo_id}"
    try:
        yield
    except GatedRepoError as error:
        raise HubError(f"{repo_id} is gated: ask for access at {page}, then {_SIGN_IN}") from error
    except RepositoryNotFoundError as error:
        raise HubError(f"the Hub shows no model {repo_id}: check the name; if it is private, {_SIGN_IN}") from error
    except RevisionNotFoundError as error:
        raise HubError(f"{repo_id} has no branch, tag or commit {revision!r}: see {page}/commits") from error
    except RemoteEntryNotFoundError as error:
        raise HubError(f"{repo_id} has no {name}: it is not an artmodels model") from error
    except (LocalEntryNotFoundError, RevisionResolutionError, OfflineModeIsEnabled) as error:
        raise HubError(f"{what} is not in the cache, and {_why_unreachable(access, error)}") from error
    except HfHubHTTPError as error:
        raise HubError(_refusal(what, revision, error)) from error
    except HFValidationError as error:
        raise HubError(f"{repo_id!r} is not a Hub id: write owner/name, with letters, digits, '-', '_', '.'") from error
    except (HTTPError, OSError, RuntimeError, ValueError, XetDownloadError) as error:
        reason = " ".join(str(error.__cause__ or error).split())
        raise HubError(f"the transfer of {what} failed: {reason}") from error


def _why_unreachable(access: Access, error: BaseException) -> str:
    cache = f"(looked in {access.cache_dir or constants.HF_HUB_CACHE})"
    if access.local_files_only or constants.HF_HUB_OFFLINE:
        switch = "local_files_only=True" if access.local_files_only else "HF_HUB_OFFLINE"
        return f"{switch} forbids asking the Hub: load it once while online {cache}"
    if isinstance(error.__cause__, HfHubHTTPError):
        return f"the Hub answers {error.__cause__.response.status_code}: try again later {cache}"
    return f"the Hub at {access.endpoint or constants.ENDPOINT} cannot be reached: check the connection {cache}"


def _refusal(what: str, revision: str | None, error: HfHubHTTPError) -> str:
    status = error.response.status_code
    if status == 412:
        return f"{what} has moved on from commit {revision}: look at what changed, then push again"
    if status == 401:
        return f"the Hub does not accept the token used for {what}: {_SIGN_IN}"
    if status == 403:
        return f"this token may not write to {what}: it needs write access, under your own name or organization"
    if status >= 500:
        return f"the Hub answers {status} when asked for {what}: try again later"
    return f"the Hub refuses {what} with {status}: {error.server_message or error}"
