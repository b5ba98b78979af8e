"""A model folder on disk: `config.json` and `model.safetensors`, read strictly and written atomically."""

import json
import os
import secrets
import shutil
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from artmodels import __version__
from artmodels.errors import CheckpointError, ConfigError

__all__ = [
    "CONFIG_NAME",
    "WEIGHTS_NAME",
    "Header",
    "fill",
    "find_file",
    "read_header",
    "read_tensors",
    "refuse_pickle",
    "weights_in",
    "write_folder",
]

CONFIG_NAME = "config.json"
WEIGHTS_NAME = "model.safetensors"
_PICKLE_SUFFIXES = (".bin", ".ckpt", ".pickle", ".pkl", ".pt", ".pth")

_PENDING = ".saving"  # a complete save that is being moved into its folder: what lies here is newer
_SAVED_TYPES = (torch.float32, torch.float16, torch.bfloat16)


class Header(NamedTuple):
    """What a checkpoint says about itself: the class, its config as JSON values, the version that wrote it.

    `where` is where it was read, for messages.
    """

    model_class: str
    config: Mapping[str, Any]
    library_version: str = __version__
    where: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the content of `config.json`."""
        return {
            "library_name": "artmodels",
            "library_version": self.library_version,
            "model_class": self.model_class,
            "config": dict(self.config),
        }


def find_file(folder: Path, name: str) -> Path:
    """Return the file `name` of a model folder.

    Raises:
        CheckpointError: it is not there; names a pickle that lies there instead.
    """
    pending = folder / _PENDING / name
    path = pending if pending.is_file() else folder / name
    if path.is_file():
        return path
    refuse_pickle([entry.name for entry in sorted(folder.iterdir())], str(folder))
    raise CheckpointError(f"folder {str(folder)!r} has no {name}: it is not an artmodels model")


def refuse_pickle(names: Collection[str], where: str) -> None:
    """Raise a CheckpointError if the weights among the files `names` are a pickle, which can run code when read."""
    pickle = next((name for name in names if name.endswith(_PICKLE_SUFFIXES)), None)
    if pickle is not None and WEIGHTS_NAME not in names:
        raise CheckpointError(
            f"{where} holds {pickle}, a pickle, and no {WEIGHTS_NAME}: artmodels reads safetensors only, "
            "because a pickle can run code when it is loaded"
        )


def read_header(path: Path, where: str) -> Header:
    """Read what a `config.json`, or the metadata of a `.safetensors` file, says.

    Raises:
        CheckpointError: not JSON, or not written by artmodels.
    """
    is_weights = path.suffix == ".safetensors"
    values = _metadata(path, where) if is_weights else _json_object(path.read_bytes(), where)
    for key, kind in (("model_class", str), ("config", dict)):
        if not isinstance(values.get(key), kind):
            raise CheckpointError(f"{where} is not the config of an artmodels model: it has no {key!r}")
    version = str(values.get("library_version", "of unknown version"))
    by_another = f" (written by artmodels {version}, this is {__version__})" if version != __version__ else ""
    return Header(values["model_class"], values["config"], version, where + by_another)


def read_tensors(path: Path, where: str) -> dict[str, Tensor]:
    """Read all tensors of a safetensors file to the CPU, in the types they are stored in.

    Raises:
        CheckpointError: the file is damaged, cut short, a pickle or a Git LFS pointer.
    """
    try:
        with safe_open(path, framework="pt") as weights:
            return {name: weights.get_tensor(name) for name in weights.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{where} {_what_is_wrong(path)} ({error})") from error


def weights_in(tensors: Mapping[str, Tensor], dtype: torch.dtype) -> dict[str, Tensor]:
    """Copy tensors to the CPU with every floating one in `dtype`.

    Raises:
        ConfigError: `dtype` is not float32, float16 or bfloat16.
        CheckpointError: a finite value is too large for `dtype`.
    """
    if dtype not in _SAVED_TYPES:
        raise ConfigError(f"dtype must be one of {', '.join(map(str, _SAVED_TYPES))}, got {dtype!r}")
    converted = {}
    for name, tensor in tensors.items():
        target = dtype if tensor.is_floating_point() else tensor.dtype
        converted[name] = tensor.detach().to("cpu", target, copy=True).contiguous()
        if target is torch.float16 and bool((converted[name].isinf() & ~tensor.detach().cpu().isinf()).any()):
            raise CheckpointError(f"tensor {name!r} has values too large for {dtype}: save in float32 or bfloat16")
    return converted


def fill(model: nn.Module, tensors: Mapping[str, Tensor], where: str) -> None:
    """Copy `tensors` into `model`, where they take the model's own types.

    Raises:
        CheckpointError: a tensor is missing, extra, of another shape or of another kind; names it.
    """
    expected = model.state_dict()
    kind = type(model).__name__
    missing, extra = sorted(expected.keys() - tensors.keys()), sorted(tensors.keys() - expected.keys())
    if missing or extra:
        lacks = f"lacks {_some(missing)}" if missing else ""
        holds = f"holds {_some(extra)}, which {kind} does not know" if extra else ""
        raise CheckpointError(f"{where} does not fit {kind}: it {' and '.join(filter(None, (lacks, holds)))}")
    for name, wanted in expected.items():
        found = tensors[name]
        if found.shape != wanted.shape:
            raise CheckpointError(
                f"{where}: tensor {name!r} is {list(found.shape)}, {kind} with this config needs {list(wanted.shape)}"
            )
        if found.is_floating_point() != wanted.is_floating_point():
            raise CheckpointError(f"{where}: tensor {name!r} is {found.dtype}, {kind} needs {wanted.dtype}")
    model.load_state_dict(tensors, strict=True)


def write_folder(folder: Path, header: Header, tensors: Mapping[str, Tensor]) -> None:
    """Write `config.json` and `model.safetensors` into `folder`, which may exist; its other files stay.

    Whenever the process dies, the folder holds the old model or the new one, whole: both files are written
    aside, take their place in one rename, and only then move to where they belong.

    Raises:
        CheckpointError: the place cannot be written.
    """
    try:
        _write_whole(folder, header, tensors)
    except (OSError, SafetensorError) as error:
        reason = getattr(error, "strerror", None) or error
        raise CheckpointError(f"cannot save to {str(folder)!r}: {reason}") from error


def _write_whole(folder: Path, header: Header, tensors: Mapping[str, Tensor]) -> None:
    inside = folder.is_dir()
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = (folder if inside else folder.parent) / f"{_PENDING}-{secrets.token_hex(4)}"
    aside.mkdir()
    try:
        values = header.to_dict()
        (aside / CONFIG_NAME).write_text(json.dumps(values, indent=2, allow_nan=False) + "\n", encoding="utf-8")
        metadata = {key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}
        save_file(dict(tensors), aside / WEIGHTS_NAME, metadata={"format": "pt", **metadata})
        (aside / WEIGHTS_NAME).chmod((aside / CONFIG_NAME).stat().st_mode)  # safetensors makes it private
        if not inside:
            aside.rename(folder)
            return
        _settle(folder)
        aside.rename(folder / _PENDING)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    _settle(folder)


def _settle(folder: Path) -> None:
    pending = folder / _PENDING
    if pending.is_dir():
        for path in sorted(pending.iterdir()):
            os.replace(path, folder / path.name)  # noqa: PTH105
        pending.rmdir()


def _json_object(content: bytes, where: str) -> dict[str, Any]:
    try:
        values = json.loads(content)
    except ValueError as error:
        raise CheckpointError(f"{where} is not JSON: {error}") from error
    if not isinstance(values, dict):
        raise CheckpointError(f"{where} must hold a JSON object, it holds {type(values).__name__}")
    return values


def _metadata(path: Path, where: str) -> dict[str, Any]:
    try:
        with safe_open(path, framework="pt") as weights:
            metadata: dict[str, Any] = weights.metadata() or {}
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{where} {_what_is_wrong(path)} ({error})") from error
    if "config" in metadata:
        metadata["config"] = _json_object(metadata["config"].encode(), f"{where} metadata 'config'")
    return metadata


def _what_is_wrong(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(64)
    if start.startswith(b"version https://git-lfs"):
        return "is a Git LFS pointer, not the weights: run `git lfs pull`"
    if start.startswith((b"PK", b"\x80")):
        return "is a pickle with another file's name: artmodels reads safetensors only"
    return "is damaged or cut short: save or download it again"


def _some(names: list[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:3])
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3} more"
