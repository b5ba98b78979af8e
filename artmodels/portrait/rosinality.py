"""Reads checkpoints of rosinality's stylegan2-pytorch, and of what keeps its names."""

import argparse
import pickle
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from artmodels.checkpoints import fill
from artmodels.errors import CheckpointError
from artmodels.portrait.foreign_nets import ForeignNet, config_of
from artmodels.portrait.stylegan2 import Mapping as LatentMapping
from artmodels.seeds import normal

__all__ = ["read_rosinality"]

MADE_BY = "rosinality's stylegan2-pytorch"
SAMPLES = 10_000  # for a mean style code, where the file has none
DAMAGE = (EOFError, LookupError, OSError, RuntimeError, TypeError, ValueError)

CONV_PARTS = {
    "conv.weight": "weight",
    "conv.modulation.weight": "affine.weight",
    "conv.modulation.bias": "affine.bias",
    "activate.bias": "bias",
    "noise.weight": "noise_strength",
}
COLOUR_PARTS = {
    "conv.weight": "weight",
    "conv.modulation.weight": "affine.weight",
    "conv.modulation.bias": "affine.bias",
    "bias": "bias",
}
JUDGE_PARTS = {
    "conv1.0.weight": "conv0.weight",
    "conv1.1.bias": "conv0.bias",
    "conv2.1.weight": "conv1.weight",
    "conv2.2.bias": "conv1.bias",
    "skip.1.weight": "skip.weight",
}
JUDGE_ENDS = {
    "final_conv.0.weight": "b4.conv.weight",
    "final_conv.1.bias": "b4.conv.bias",
    "final_linear.0.weight": "b4.fc.weight",
    "final_linear.0.bias": "b4.fc.bias",
    "final_linear.1.weight": "b4.out.weight",
    "final_linear.1.bias": "b4.out.bias",
}
FILTERS = re.compile(r"(.+\.)?kernel")


def read_rosinality(path: Path) -> ForeignNet:
    """Read the averaged generator and the discriminator, if there is one.

    Where the file has no mean style code, it becomes the mean of 10,000 latents, mapped.

    Raises:
        CheckpointError: the file is damaged, asks for anything beyond data, or holds another kind of net.
    """
    content = _loaded(path)
    state = next((content[name] for name in ("g_ema", "g") if isinstance(content.get(name), Mapping)), None)
    if state is None:
        raise CheckpointError(f"{path} holds no generator called g_ema or g, as {MADE_BY} writes them")
    generator = _renamed(state, generator_names(state), str(path))
    net = ForeignNet(generator, None, None, MADE_BY)
    mean = content.get("latent_avg")
    is_known = isinstance(mean, Tensor)
    generator["mapping.w_avg"] = (
        torch.atleast_2d(mean).flatten(0, -2).mean(0) if is_known else _mean_code(net, str(path))
    )
    judge = content.get("d")
    if isinstance(judge, Mapping):
        net = net._replace(discriminator=_renamed(judge, discriminator_names(judge), str(path)))
    return net


def generator_names(state: Mapping[str, Any]) -> dict[str, str]:
    """Our name of each tensor that a generator with as many layers has, by theirs."""
    depth = _count(state, r"style\.\d+\.weight")
    doubled = _count(state, r"to_rgbs\.\d+\.bias")
    convs = {"conv1": "synthesis.b4.conv1"}
    convs |= {f"convs.{number}": f"synthesis.b{8 << number // 2}.conv{number % 2}" for number in range(2 * doubled)}
    colours = {"to_rgb1": "synthesis.b4.torgb"}
    colours |= {f"to_rgbs.{number}": f"synthesis.b{8 << number}.torgb" for number in range(doubled)}
    names = {
        f"style.{number + 1}.{part}": f"mapping.fc{number}.{part}"
        for number in range(depth)
        for part in ("weight", "bias")
    }
    names["input.input"] = "synthesis.b4.const"
    names |= {f"noises.noise_{number}": f"{ours}.noise_const" for number, ours in enumerate(convs.values())}
    names |= {f"{theirs}.{part}": f"{convs[theirs]}.{CONV_PARTS[part]}" for theirs in convs for part in CONV_PARTS}
    return names | {
        f"{theirs}.{part}": f"{colours[theirs]}.{COLOUR_PARTS[part]}" for theirs in colours for part in COLOUR_PARTS
    }


def discriminator_names(state: Mapping[str, Any]) -> dict[str, str]:
    """NVIDIA's name of each tensor that a discriminator with as many layers has, by theirs."""
    halved = _count(state, r"convs\.\d+\.skip\.1\.weight")
    size = 4 << halved
    names = {"convs.0.0.weight": f"b{size}.fromrgb.weight", "convs.0.1.bias": f"b{size}.fromrgb.bias"}
    for number in range(halved):
        names |= {f"convs.{number + 1}.{theirs}": f"b{size >> number}.{ours}" for theirs, ours in JUDGE_PARTS.items()}
    return names | JUDGE_ENDS


def _loaded(path: Path) -> Mapping[str, Any]:
    try:
        with torch.serialization.safe_globals([argparse.Namespace]):  # the options of the training
            content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise CheckpointError(f"{path} asks for more than data, and was not read: {_first_line(error)}") from error
    except DAMAGE as error:
        raise CheckpointError(f"{path} is damaged or cut short: {_first_line(error)}") from error
    if not isinstance(content, Mapping):
        raise CheckpointError(f"{path} holds a {type(content).__name__}, not a checkpoint of {MADE_BY}")
    return content


def _renamed(state: Mapping[str, Any], names: Mapping[str, str], where: str) -> dict[str, Tensor]:
    found = {name for name, value in state.items() if isinstance(value, Tensor) and not FILTERS.fullmatch(name)}
    for wrong, says in ((names.keys() - found, "lacks"), (found - names.keys(), "also holds")):
        if wrong:
            raise CheckpointError(f"{where} is no checkpoint of {MADE_BY}: it {says} {min(wrong)!r}")
    return {ours: _without_ones(ours, state[theirs], where) for theirs, ours in names.items()}


def _without_ones(ours: str, value: Tensor, where: str) -> Tensor:
    """A tensor without the axes of length 1 that broadcast it over pictures, pixels and channels."""
    last = ours.rpartition(".")[2]
    if last == "bias":
        return value.flatten()
    rank = {"const": 3, "noise_const": 2, "noise_strength": 0}.get(last, min(value.ndim, 4))
    ones = max(value.ndim - rank, 0)
    if value.shape[:ones].numel() != 1:
        raise CheckpointError(f"{where}: tensor {ours!r} is {list(value.shape)}, not of one generator")
    return value.reshape(value.shape[ones:])


def _mean_code(net: ForeignNet, where: str) -> Tensor:
    config = config_of(net, where)
    mapping = LatentMapping(config)
    start = "mapping."
    own = {name.removeprefix(start): value for name, value in net.generator.items() if name.startswith(start)}
    fill(mapping, own | {"w_avg": mapping.w_avg}, where)
    with torch.no_grad():
        return mapping(normal((SAMPLES, config.latent_dim), 0, "mean style code")).mean(0)


def _count(state: Mapping[str, Any], pattern: str) -> int:
    return sum(re.fullmatch(pattern, name) is not None for name in state)


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0]
