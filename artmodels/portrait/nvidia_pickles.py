"""Reads NVIDIA's PyTorch pickles (repositories stylegan2-ada-pytorch and stylegan3) as data, without running anything
that they bring.

Such a file holds modules as source code and state; their own repositories run that source. Here every name that the
pickle asks for is looked up in a short list, the source is never looked at, and modules are only what their state says.
"""

import io
import math
import pickle
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from artmodels.errors import CheckpointError
from artmodels.portrait.foreign_nets import ForeignNet

__all__ = ["read_nvidia"]

MOST_BYTES = 4 * 2**30
FILTER = torch.tensor([[1.0, 3.0, 3.0, 1.0]]).T @ torch.tensor([[1.0, 3.0, 3.0, 1.0]]) / 64
MADE_BY = "NVIDIA's stylegan2-ada-pytorch or stylegan3"
DAMAGE = (
    pickle.UnpicklingError, ArithmeticError, AttributeError, EOFError, LookupError, MemoryError, RuntimeError,
    TypeError, ValueError,
)  # fmt: skip
"""What unpickling raises of a file that is cut short or made up."""


def read_nvidia(path: Path) -> ForeignNet:
    """Read the averaged generator and the discriminator, if there is one.

    Raises:
        CheckpointError: the file is damaged, too large, asks for anything beyond data, or holds another kind of net.
    """
    if path.stat().st_size > MOST_BYTES:
        raise CheckpointError(f"{path} is larger than {MOST_BYTES // 2**30} GiB, which no StyleGAN2 is")
    try:
        with path.open("rb") as file:
            return _net(_DataUnpickler(file, str(path)).load(), str(path))
    except CheckpointError:
        raise
    except DAMAGE as error:
        raise CheckpointError(f"{path} is damaged or cut short: {error}") from error


def _net(content: Any, where: str) -> ForeignNet:
    generator = content.get("G_ema") if isinstance(content, dict) else None
    if not isinstance(generator, _Module):
        raise CheckpointError(f"{where} holds no generator called G_ema, as {MADE_BY} writes them")
    _refuse_other_nets(generator, where)
    judge = content.get("D")
    return ForeignNet(
        generator=dict(_tensors(generator)),
        discriminator=dict(_tensors(judge)) if isinstance(judge, _Module) else None,
        conv_clamp=_clamp(generator, where),
        made_by=MADE_BY,
    )


class _Module:
    """A module as data. Stands for the function that would run the module's source code."""

    def __init__(self, meta: Mapping[str, Any]):
        self.state: Mapping[str, Any] = meta["state"]

    def part(self, kind: str) -> Mapping[str, Any]:
        """Its _parameters, _buffers or _modules."""
        found = self.state.get(kind)
        return found if isinstance(found, dict) else {}

    def walk(self) -> Iterator["_Module"]:
        yield self
        for child in self.part("_modules").values():
            if isinstance(child, _Module):
                yield from child.walk()


class _Dict(dict[str, Any]):
    """Stands for dnnlib's EasyDict."""


class _ArrayType:
    """Stands for a numpy type of plain numbers; what a pickle says of it beyond its name is dropped."""

    def __init__(self, name: str, *_: Any):
        self.dtype = np.dtype(str(name))
        if self.dtype.kind not in "fiub":
            raise pickle.UnpicklingError(f"numbers of type {name!r}")

    def __setstate__(self, state: Any) -> None:
        pass


class _Array:
    """Stands for a numpy array, of which nothing is needed."""

    def __init__(self, *_: Any):
        pass

    def __setstate__(self, state: Any) -> None:
        pass


def _scalar(kind: _ArrayType, content: bytes) -> Any:
    return np.frombuffer(content, kind.dtype)[0].item()


def _bytes(text: str, encoding: str) -> bytes:
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"text in {encoding!r}")
    return text.encode("latin1")


def _storage(content: bytes) -> Any:
    """What torch.storage._load_from_bytes does, but for running whatever a pickle in the pickle asks for."""
    return torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)


_NAMES: dict[tuple[str, str], Callable[..., Any]] = {
    ("_codecs", "encode"): _bytes,
    ("builtins", "set"): set,
    ("collections", "OrderedDict"): OrderedDict,
    ("dnnlib.util", "EasyDict"): _Dict,
    ("numpy", "dtype"): _ArrayType,
    ("numpy", "ndarray"): _Array,
    ("numpy.core.multiarray", "_reconstruct"): _Array,
    ("numpy.core.multiarray", "scalar"): _scalar,
    ("numpy._core.multiarray", "_reconstruct"): _Array,
    ("numpy._core.multiarray", "scalar"): _scalar,
    ("torch._utils", "_rebuild_parameter"): torch._utils._rebuild_parameter,
    ("torch._utils", "_rebuild_tensor_v2"): torch._utils._rebuild_tensor_v2,
    ("torch.storage", "_load_from_bytes"): _storage,
    ("torch_utils.persistence", "_reconstruct_persistent_obj"): _Module,
}


class _DataUnpickler(pickle.Unpickler):
    def __init__(self, file: io.BufferedReader, where: str):
        super().__init__(file)
        self.where = where

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in _NAMES:
            return _NAMES[module, name]
        if module.startswith("dnnlib.tflib"):
            raise CheckpointError(
                f"{self.where} was written by NVIDIA's TensorFlow code; convert needs a PyTorch pickle, which "
                "legacy.py of the stylegan2-ada-pytorch repository makes of it"
            )
        raise CheckpointError(
            f"{self.where} asks for {module}.{name}, which no file of {MADE_BY} needs: it may be made to run code, "
            "and was not read"
        )

    def persistent_load(self, pid: Any) -> Any:
        raise CheckpointError(f"{self.where} refers to something outside itself, and was not read")


def _tensors(module: _Module, prefix: str = "") -> Iterator[tuple[str, Tensor]]:
    """All that would be in the module's state_dict but the filters, which are always the same."""
    for kind in ("_parameters", "_buffers"):
        for name, value in module.part(kind).items():
            if isinstance(value, Tensor) and name != "resample_filter":
                yield prefix + name, value.detach()
    for name, child in module.part("_modules").items():
        if isinstance(child, _Module):
            yield from _tensors(child, f"{prefix}{name}.")


def _refuse_other_nets(generator: _Module, where: str) -> None:
    """Raises where a module computes something else than its tensors alone tell."""
    if any(name.startswith("L0_") for module in generator.walk() for name in module.part("_modules")):
        raise CheckpointError(f"{where} holds a StyleGAN3 generator, and only StyleGAN2 is converted")
    if generator.state.get("c_dim"):
        raise CheckpointError(f"{where} holds a generator that takes class labels, and only plain ones are converted")
    for module in generator.walk():
        for name, accepted in (
            ("architecture", ("skip",)),
            ("activation", ("lrelu", "linear")),
            ("use_noise", (True,)),
        ):
            value = module.state.get(name, accepted[0])
            if value not in accepted:
                raise CheckpointError(f"{where} holds a generator with {name} {value!r}, not {accepted[0]!r}")
        filters = module.part("_buffers").get("resample_filter")
        if filters is not None and not (filters.shape == FILTER.shape and filters.allclose(FILTER)):
            raise CheckpointError(f"{where} holds a generator that does not resample by the filter [1, 3, 3, 1]")
    layer = generator.part("_modules")["mapping"].part("_modules")["fc0"]
    rate = layer.state["weight_gain"] * math.sqrt(layer.part("_parameters")["weight"].shape[1])
    if not math.isclose(rate, 0.01, rel_tol=1e-4):
        raise CheckpointError(f"{where} holds a mapping with learning rate multiplier {rate:.3g}, not 0.01")


def _clamp(generator: _Module, where: str) -> float | None:
    clamps = {module.state["conv_clamp"] for module in generator.walk() if "conv_clamp" in module.state}
    if len(clamps) > 1:
        raise CheckpointError(f"{where}: layers with different clamps are not converted: {clamps}")
    clamp = clamps.pop() if clamps else None
    return None if clamp is None else float(clamp)
