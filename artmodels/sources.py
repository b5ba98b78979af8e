"""Where the files of a model come from: a folder, a starter that ships with the package, or the Hub, in that order."""

import os
from pathlib import Path
from typing import Protocol

from artmodels.checkpoints import CONFIG_NAME, WEIGHTS_NAME, find_file, refuse_pickle
from artmodels.errors import CheckpointError, ConfigError, HubError
from artmodels.hub_client import Access, HubCommit

__all__ = ["LocalSource", "Source", "open_source", "starter_names"]

STARTER_OWNER = "artmodels"
STARTER_FOLDERS = (Path(__file__).parent / "starters", Path(__file__).parent.parent / "hub_configs")
"""Where starters lie: in the wheel, and in a checkout."""


class Source(Protocol):
    """The files of one model, all of one version."""

    @property
    def name(self) -> str:
        """What the user calls it: a Hub id or a path."""

    @property
    def revision(self) -> str | None:
        """The full hash of the commit, if it has one."""

    def file(self, name: str) -> Path:
        """Return a file to read."""


class LocalSource:
    """A model folder, or a single `.safetensors` file that is its own config and weights."""

    revision = None

    def __init__(self, path: Path, name: str) -> None:
        self.name = name
        self._path = path

    def file(self, name: str) -> Path:
        """Return the file `name`.

        Raises:
            CheckpointError: the folder does not have it.
        """
        return self._path if self._path.is_file() else find_file(self._path, name)


def open_source(source: str | Path, revision: str | None, access: Access) -> Source:
    """Find the model that `source` means: an existing path, a starter (when no revision is asked for), the Hub.

    Raises:
        CheckpointError: a path that does not exist, or is a pickle.
        ConfigError: neither text nor a path, or a revision is asked for from a path.
        HubError: neither a path nor a Hub id, or the Hub does not give it.
    """
    if not isinstance(source, str | Path):
        raise ConfigError(f"a model is named by a folder or a Hub id such as 'owner/name', not by {source!r}")
    path = Path(source).expanduser()
    is_file = os.path.isfile(path)  # noqa: PTH113, Path.is_file fails at a name that no file can have
    if (source != "" and os.path.isdir(path)) or (is_file and path.suffix == ".safetensors"):  # noqa: PTH112
        if revision is not None:
            raise ConfigError(f"{str(source)!r} is a local path and has no revision {revision!r}: leave revision out")
        return LocalSource(path, str(source))
    starters = _starters()
    if str(source) in starters and revision is None:
        return LocalSource(starters[str(source)], str(source))
    if is_file:
        refuse_pickle([path.name], str(path.parent))
    if _is_path_like(source):
        raise CheckpointError(f"there is no model folder or .safetensors file at {str(source)!r}")
    if str(source).count("/") != 1:
        raise HubError(
            f"{source!r} is neither a folder nor a Hub id such as 'owner/name'; "
            f"models in the package: {', '.join(starters) or 'none'}"
        )
    return HubCommit(str(source), revision, access)


def starter_names() -> list[str]:
    """Return the ids ("artmodels/...") of the models in the package, sorted; they load without a network."""
    return list(_starters())


def _starters() -> dict[str, Path]:
    folders = [path for parent in STARTER_FOLDERS if parent.is_dir() for path in parent.iterdir()]
    complete = {path.name: path for path in folders if all((path / n).is_file() for n in (CONFIG_NAME, WEIGHTS_NAME))}
    return {f"{STARTER_OWNER}/{name}": complete[name] for name in sorted(complete)}


def _is_path_like(source: str | Path) -> bool:
    text = str(source)
    return isinstance(source, Path) or text.startswith((".", "/", "~")) or "\\" in text or text.endswith(".safetensors")
