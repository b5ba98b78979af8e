"""Writes StyleGAN2 checkpoints as NVIDIA's and rosinality's repositories do, with random weights, to convert."""

import argparse
import math
import pickle
import sys
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

State = dict[str, Tensor]

CHANNELS = {4: 8, 8: 8, 16: 8, 32: 4}
LATENT_DIM, DEPTH, SIZE = 6, 3, 32


def nvidia_generator(seed: int = 0) -> State:
    """Tensors of a generator, by the names that NVIDIA's modules have."""
    draw = torch.Generator().manual_seed(seed)

    def normal(*shape: int, scale: float = 1.0) -> Tensor:
        return scale * torch.randn(shape, generator=draw)

    state = {"mapping.w_avg": normal(LATENT_DIM)}
    for number in range(DEPTH):
        state[f"mapping.fc{number}.weight"] = normal(LATENT_DIM, LATENT_DIM, scale=100)
        state[f"mapping.fc{number}.bias"] = normal(LATENT_DIM)
    state["synthesis.b4.const"] = normal(8, 4, 4)
    for side, channels in CHANNELS.items():
        for name in ("conv0", "conv1", "torgb")[side == 4 :]:
            inputs = CHANNELS[side // 2] if name == "conv0" else channels
            outputs, kernel = (3, 1) if name == "torgb" else (channels, 3)
            path = f"synthesis.b{side}.{name}"
            state[f"{path}.weight"] = normal(outputs, inputs, kernel, kernel)
            state[f"{path}.bias"] = normal(outputs, scale=0.3)
            state[f"{path}.affine.weight"] = normal(inputs, LATENT_DIM)
            state[f"{path}.affine.bias"] = 1 + normal(inputs, scale=0.3)
            if name != "torgb":
                state[f"{path}.noise_const"] = normal(side, side)
                state[f"{path}.noise_strength"] = torch.tensor(0.3 + 0.01 * side)
    return state


def nvidia_discriminator(seed: int = 0) -> State:
    draw = torch.Generator().manual_seed(seed)
    shapes = {f"b{SIZE}.fromrgb.weight": (CHANNELS[SIZE], 3, 1, 1), f"b{SIZE}.fromrgb.bias": (CHANNELS[SIZE],)}
    for side, inputs in [*CHANNELS.items()][1:]:
        outputs = CHANNELS[side // 2]
        shapes |= {f"b{side}.conv0.weight": (inputs, inputs, 3, 3), f"b{side}.conv0.bias": (inputs,)}
        shapes |= {f"b{side}.conv1.weight": (outputs, inputs, 3, 3), f"b{side}.conv1.bias": (outputs,)}
        shapes |= {f"b{side}.skip.weight": (outputs, inputs, 1, 1)}
    shapes |= {"b4.conv.weight": (8, 9, 3, 3), "b4.conv.bias": (8,), "b4.fc.weight": (8, 128), "b4.fc.bias": (8,)}
    shapes |= {"b4.out.weight": (1, 8), "b4.out.bias": (1,)}
    return {name: torch.randn(shape, generator=draw) for name, shape in shapes.items()}


# NVIDIA's format: modules as calls of a function that would run their source.

SOURCE = "raise SystemExit('the source in the pickle was run')"
BUFFERS = ("w_avg", "noise_const", "resample_filter")
FILTER = torch.tensor([[a * b / 64 for b in (1.0, 3, 3, 1)] for a in (1.0, 3, 3, 1)])


class Persistent:
    """Pickled as NVIDIA's persistence does it."""

    def __init__(self, kind: str, state: dict[str, Any]):
        self.kind, self.state = kind, state

    def __reduce__(self) -> tuple[Any, ...]:
        persistence, easy_dict = sys.modules["torch_utils.persistence"], sys.modules["dnnlib.util"].EasyDict
        meta = easy_dict(type="class", version=6, module_src=SOURCE, class_name=self.kind, state=self.state)
        return persistence._reconstruct_persistent_obj, (meta,), None


@contextmanager
def nvidias_modules() -> Iterator[None]:
    """Puts modules of the names that the pickles ask for where pickle finds them."""
    modules = {name: ModuleType(name) for name in ("dnnlib", "dnnlib.util", "torch_utils", "torch_utils.persistence")}
    kind = type("EasyDict", (dict,), {"__module__": "dnnlib.util"})

    def function(meta: Any) -> None:
        raise AssertionError("never called")

    function.__module__, function.__qualname__ = "torch_utils.persistence", "_reconstruct_persistent_obj"
    modules["dnnlib.util"].EasyDict = kind  # type: ignore[attr-defined]
    modules["torch_utils.persistence"]._reconstruct_persistent_obj = function  # type: ignore[attr-defined]
    sys.modules.update(modules)
    try:
        yield
    finally:
        for name in modules:
            del sys.modules[name]


def persistent(state: Mapping[str, Tensor], clamp: float | None, path: str = "") -> Persistent:
    """The tree of modules that tensors with dotted names belong to, with the attributes that tell nets apart."""
    own: dict[str, Any] = {"training": False, "_backward_hooks": OrderedDict(), "_init_kwargs": {}, "unused": {1, 2}}
    own |= {"_parameters": OrderedDict(), "_buffers": OrderedDict(), "_modules": OrderedDict()}
    children: dict[str, dict[str, Tensor]] = {}
    for name, value in state.items():
        head, dot, rest = name.partition(".")
        if dot:
            children.setdefault(head, {})[rest] = value
        elif name in ("w_avg", "noise_const"):
            own["_buffers"][name] = value
        else:
            own["_parameters"][name] = nn.Parameter(value)
    own["_modules"] |= {name: persistent(part, clamp, f"{path}.{name}") for name, part in children.items()}
    leaf = path.rpartition(".")[2]
    if leaf.startswith("conv") and path.startswith(".synthesis"):
        own |= {"conv_clamp": clamp, "activation": "lrelu", "use_noise": True}
        own["_buffers"]["resample_filter"] = FILTER
    elif leaf == "torgb":
        own |= {"conv_clamp": clamp}
    elif leaf.startswith("fc"):
        own |= {"weight_gain": np.float64(0.01 / math.sqrt(LATENT_DIM)), "activation": "lrelu"}
    elif leaf[:1] == "b" and path.startswith(".synthesis"):
        own |= {"architecture": "skip"}
    elif not path:
        own |= {"z_dim": LATENT_DIM, "c_dim": 0, "w_dim": LATENT_DIM}
    return Persistent("Module", own)


def write_nvidia(path: Path, generator: State, discriminator: State, *, clamp: float | None = None) -> Path:
    with nvidias_modules():
        snapshot = {
            "training_set_kwargs": sys.modules["dnnlib.util"].EasyDict(path="faces.zip", size=np.float32(3)),
            "G": persistent(nvidia_generator(seed=9), clamp),
            "D": persistent(discriminator, clamp),
            "G_ema": persistent(generator, clamp),
            "augment_pipe": None,
        }
        path.write_bytes(pickle.dumps(snapshot))
    return path


# rosinality's format.


def rosinality_generator(seed: int = 0) -> State:
    """Tensors of a generator, by the names and of the shapes that rosinality's modules have."""
    draw = torch.Generator().manual_seed(seed)

    def normal(*shape: int, scale: float = 1.0) -> Tensor:
        return scale * torch.randn(shape, generator=draw)

    def modulated(path: str, inputs: int, outputs: int, kernel: int) -> None:
        state[f"{path}.conv.weight"] = normal(1, outputs, inputs, kernel, kernel)
        state[f"{path}.conv.modulation.weight"] = normal(inputs, LATENT_DIM)
        state[f"{path}.conv.modulation.bias"] = 1 + normal(inputs, scale=0.3)

    def styled(path: str, inputs: int, outputs: int) -> None:
        modulated(path, inputs, outputs, 3)
        state[f"{path}.noise.weight"] = normal(1, scale=0.3)
        state[f"{path}.activate.bias"] = normal(outputs, scale=0.3)

    state: State = {"input.input": normal(1, 8, 4, 4)}
    for number in range(1, DEPTH + 1):
        state[f"style.{number}.weight"] = normal(LATENT_DIM, LATENT_DIM, scale=100)
        state[f"style.{number}.bias"] = normal(LATENT_DIM)
    sides = [*CHANNELS]
    styled("conv1", 8, 8)
    modulated("to_rgb1", 8, 3, 1)
    state["to_rgb1.bias"] = normal(1, 3, 1, 1)
    state["noises.noise_0"] = normal(1, 1, 4, 4)
    for number, side in enumerate(sides[1:]):
        styled(f"convs.{2 * number}", CHANNELS[side // 2], CHANNELS[side])
        styled(f"convs.{2 * number + 1}", CHANNELS[side], CHANNELS[side])
        modulated(f"to_rgbs.{number}", CHANNELS[side], 3, 1)
        state[f"to_rgbs.{number}.bias"] = normal(1, 3, 1, 1)
        state[f"to_rgbs.{number}.upsample.kernel"] = 4 * FILTER
        state[f"convs.{2 * number}.conv.blur.kernel"] = 4 * FILTER
        for noise in (2 * number + 1, 2 * number + 2):
            state[f"noises.noise_{noise}"] = normal(1, 1, side, side)
    return state


def rosinality_discriminator(seed: int = 0) -> State:
    draw = torch.Generator().manual_seed(seed)
    shapes = {"convs.0.0.weight": (CHANNELS[SIZE], 3, 1, 1), "convs.0.1.bias": (CHANNELS[SIZE],)}
    for number, side in enumerate(reversed([*CHANNELS][1:]), start=1):
        inputs, outputs = CHANNELS[side], CHANNELS[side // 2]
        shapes |= {f"convs.{number}.conv1.0.weight": (inputs, inputs, 3, 3), f"convs.{number}.conv1.1.bias": (inputs,)}
        shapes |= {
            f"convs.{number}.conv2.1.weight": (outputs, inputs, 3, 3),
            f"convs.{number}.conv2.2.bias": (outputs,),
        }
        shapes |= {f"convs.{number}.skip.1.weight": (outputs, inputs, 1, 1)}
        shapes |= {f"convs.{number}.conv2.0.kernel": (4, 4), f"convs.{number}.skip.0.kernel": (4, 4)}
    shapes |= {"final_conv.0.weight": (8, 9, 3, 3), "final_conv.1.bias": (8,)}
    shapes |= {"final_linear.0.weight": (8, 128), "final_linear.0.bias": (8,)}
    shapes |= {"final_linear.1.weight": (1, 8), "final_linear.1.bias": (1,)}
    return {name: torch.randn(shape, generator=draw) for name, shape in shapes.items()}


def write_rosinality(path: Path, generator: State, discriminator: State, **more: Any) -> Path:
    options = argparse.Namespace(size=SIZE, latent=LATENT_DIM)
    other = {name: value + 1 for name, value in generator.items()}
    torch.save({"g": other, "d": discriminator, "g_ema": generator, "args": options, **more}, path)
    return path
