"""The base class of every model: loaded strictly, saved whole, published with its card."""

from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar, Self, TypedDict, TypeVar, Unpack

import torch
from torch import nn

from artmodels.cards import check_card, plain_card
from artmodels.checkpoints import (
    CONFIG_NAME,
    WEIGHTS_NAME,
    Header,
    fill,
    read_header,
    read_tensors,
    weights_in,
    write_folder,
)
from artmodels.configs import config_from_dict, config_to_dict
from artmodels.errors import CheckpointError, ConfigError
from artmodels.hub_client import Access, PushOptions, upload
from artmodels.sources import LocalSource, Source, open_source, starter_names

__all__ = ["MODEL_CLASSES", "HubModel", "load_model", "model_class_of", "push_folder", "starter_names"]

MODEL_CLASSES = {
    "PortraitStyle": "artmodels.portrait.style",
    "PortraitStylizer": "artmodels.portrait.model",
    "SketchToImage": "artmodels.sketch2image.model",
    "Sketcher": "artmodels.sketch2image.sketcher",
    "StarterFeatures": "artmodels.perceptual",
    "StyleGAN2": "artmodels.portrait.stylegan2",
    "TagColorizer": "artmodels.colorizer.model",
    "WorkflowEditor": "artmodels.workflow.model",
}
"""Where each published class lives; `load_model` imports it by the name in `config.json`."""

PUBLISHED = (CONFIG_NAME, WEIGHTS_NAME, "README.md", "evaluation.json", "training.json", "samples/**/*")

Model = TypeVar("Model", bound="HubModel")


class LoadOptions(TypedDict, total=False):
    """The keywords of `HubModel.from_pretrained`."""

    revision: str | None
    device: str | torch.device
    token: str | bool | None
    local_files_only: bool
    cache_dir: str | Path | None
    endpoint: str | None


class HubModel(nn.Module):
    """A network that is loaded and published whole: its config, its weights, where they come from.

    A subclass sets `config_class`, a frozen dataclass, and takes one as the only argument of `__init__`. What it
    computes follows from the config and the tensors of its `state_dict()` alone.

    Attributes:
        config: what the networks are built from.
        source: where the weights come from: "artmodels/workflow-illustrations", a folder, or "unsaved".
        revision: the Hub commit they come from, if they do.
    """

    config_class: ClassVar[type]

    def __init__(self, config: Any) -> None:
        super().__init__()
        if not isinstance(config, self.config_class):
            name = type(self).__name__
            raise ConfigError(
                f"{name} takes a {self.config_class.__name__}, got {config!r}; weights load with {name}.from_pretrained"
            )
        self.config = config
        self.source = "unsaved"
        self.revision: str | None = None

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.parameters()).device

    @classmethod
    def from_pretrained(
        cls,
        source: str | Path,
        *,
        revision: str | None = None,
        device: str | torch.device = "cpu",
        token: str | bool | None = None,
        local_files_only: bool = False,
        cache_dir: str | Path | None = None,
        endpoint: str | None = None,
    ) -> Self:
        """Load a model in float32, ready to run (`eval()`).

        Args:
            source: a folder or `.safetensors` file; a starter, unless a revision is asked for; or a Hub id.
            revision: a branch, tag or commit on the Hub.
            token: a Hub token; by default the one of `hf auth login`.
            local_files_only: use what is in the Hub's cache, ask nobody.
            endpoint: a Hub other than the one of `HF_ENDPOINT`.

        Raises:
            CheckpointError: the files are damaged, or those of another class.
            ConfigError: the config has a field that this class does not know, or a value that it refuses.
            HubError: the Hub, the repo or the revision cannot be reached.
        """
        files = open_source(source, revision, Access(token, cache_dir, local_files_only, endpoint))
        return _load(cls, files, _read_header(files), device)

    def save_pretrained(self, folder: str | Path, *, dtype: torch.dtype = torch.float32) -> Path:
        """Write `config.json` and `model.safetensors`, whole or not at all; other files of `folder` stay.

        Args:
            dtype: float32, float16 or bfloat16; whatever is saved loads as float32.

        Raises:
            CheckpointError: `folder` is a file or cannot be written, or a value is too large for `dtype`.
            ConfigError: another `dtype`.
        """
        target = Path(folder).expanduser()
        if target.exists() and not target.is_dir():
            raise CheckpointError(f"cannot save to {str(folder)!r}: it is a file, and a folder is needed")
        header = Header(type(self).__name__, config_to_dict(self.config))
        write_folder(target, header, weights_in(self.state_dict(), dtype))
        return target

    def push_to_hub(self, repo_id: str, *, folder: str | Path | None = None, **options: Unpack[PushOptions]) -> str:
        """Publish this model as one commit and return its address.

        Args:
            folder: where its `README.md`, `training.json` and `samples/` lie, to be published with it.
            options: `private`, `token`, `revision`, `commit_message`, `create_pr`, ... as in `push_folder`.

        Raises:
            CheckpointError: there is no such folder.
            ConfigError, HubError: as in `push_folder`.
        """
        with TemporaryDirectory() as saved:
            self.save_pretrained(saved)
            files = _published_files(_existing(folder)) if folder is not None else {}
            own = {name: Path(saved) / name for name in (CONFIG_NAME, WEIGHTS_NAME)}
            return _push(repo_id, {**files, **own}, options)


def load_model(source: str | Path, **options: Unpack[LoadOptions]) -> HubModel:
    """Load the model that `source` holds, of whichever class; the options are those of `from_pretrained`.

    Raises:
        CheckpointError, ConfigError, HubError: as in `HubModel.from_pretrained`.
    """
    files = _open(source, options)
    header = _read_header(files)
    return _load(_class_named(header, files), files, header, options.get("device", "cpu"))


def model_class_of(source: str | Path, **options: Unpack[LoadOptions]) -> type[HubModel]:
    """Return the class of the model that `source` holds; its weights are not fetched.

    Raises:
        CheckpointError, HubError: as in `HubModel.from_pretrained`.
    """
    files = _open(source, options)
    return _class_named(_read_header(files), files)


def push_folder(folder: str | Path, repo_id: str, **options: Unpack[PushOptions]) -> str:
    """Publish a model folder as one commit and return the commit's address.

    Sends `config.json`, `model.safetensors`, `README.md` (a plain card if there is none), `training.json`,
    `evaluation.json` and `samples/`; nothing else in the folder leaves this machine.

    Args:
        repo_id: "owner/name"; created if it does not exist.
        options: `private` for a new repo, `token`, `revision` (a branch, created if missing), `commit_message`,
            `create_pr`, `parent_commit` (refuse if the branch has moved on from it), `endpoint`.

    Raises:
        CheckpointError: the folder is not a whole model.
        ConfigError: the card's front matter is broken.
        HubError: no permission, no connection, or the branch has moved on.
    """
    path = _existing(folder)
    files = LocalSource(path, str(folder))
    header = _read_header(files)
    if header.model_class in MODEL_CLASSES:
        _load(_class_named(header, files), files, header, "cpu")
    own = {name: files.file(name) for name in (CONFIG_NAME, WEIGHTS_NAME)}
    return _push(repo_id, {**_published_files(path), **own}, options)


def _open(source: str | Path, options: LoadOptions) -> Source:
    access = Access(
        options.get("token"),
        options.get("cache_dir"),
        options.get("local_files_only", False),
        options.get("endpoint"),
    )
    return open_source(source, options.get("revision"), access)


def _read_header(files: Source) -> Header:
    path = files.file(CONFIG_NAME)
    return read_header(path, f"{files.name}: {path.name}")


def _class_named(header: Header, files: Source) -> type[HubModel]:
    if header.model_class not in MODEL_CLASSES:
        raise CheckpointError(
            f"{files.name} holds a {header.model_class!r}; this artmodels knows {', '.join(sorted(MODEL_CLASSES))}"
        )
    found: type[HubModel] = getattr(import_module(MODEL_CLASSES[header.model_class]), header.model_class)
    return found


def _load(cls: type[Model], files: Source, header: Header, device: str | torch.device) -> Model:
    target = _device(device)
    if header.model_class not in {kind.__name__ for kind in cls.__mro__}:
        raise CheckpointError(
            f"{files.name} holds a {header.model_class}, not a {cls.__name__}: "
            f"load it with {header.model_class}.from_pretrained({files.name!r})"
        )
    config: Any = config_from_dict(cls.config_class, header.config, where=header.where)
    path = files.file(WEIGHTS_NAME)
    where = f"{files.name}: {path.name}"
    tensors = read_tensors(path, where)
    with torch.random.fork_rng(devices=[]):  # the initial weights are drawn in vain; the caller's seed stays put
        model = cls(config)
    fill(model, tensors, where)
    model.source, model.revision = files.name, files.revision
    return model.eval().to(target)


def _device(device: str | torch.device) -> torch.device:
    try:
        return torch.empty(0, device=device).device
    except (RuntimeError, AssertionError, NotImplementedError, TypeError) as error:
        reason = str(error).splitlines()[0]
        raise ConfigError(f"device {device!r} cannot be used here ({reason}): try 'cpu'") from error


def _existing(folder: str | Path) -> Path:
    path = Path(folder).expanduser()
    if not path.is_dir():
        raise CheckpointError(f"{str(folder)!r} is not a folder: name one that holds what is to be published")
    return path


def _published_files(folder: Path) -> dict[str, Path]:
    paths = sorted({path for pattern in PUBLISHED for path in folder.glob(pattern) if path.is_file()})
    return {path.relative_to(folder).as_posix(): path for path in paths}


def _push(repo_id: str, files: dict[str, Path], options: PushOptions) -> str:
    content: dict[str, Path | bytes] = dict(files)
    if "README.md" in files:
        check_card(files["README.md"].read_text(encoding="utf-8"), files.keys())
    else:
        header = read_header(files[CONFIG_NAME], CONFIG_NAME)
        content["README.md"] = plain_card(header, repo_id).encode()
    return upload(repo_id, content, **options)
