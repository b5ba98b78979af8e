"""What the networks in a checkpoint of rosinality's compute, written down plainly for its names and shapes."""

import math

import torch
from plain_stylegan2 import State, filtered, lrelu
from torch import Tensor
from torch.nn import functional


def generated(state: State, z: Tensor) -> Tensor:
    """Pictures of latents [B, D], with the constant noise."""
    w = z / (z.square().mean(dim=1, keepdim=True) + 1e-8).sqrt()
    number = 1
    while f"style.{number}.weight" in state:
        weight, bias = state[f"style.{number}.weight"], state[f"style.{number}.bias"]
        w = lrelu(w @ (weight * 0.01 / math.sqrt(weight.shape[1])).T + bias * 0.01)
        number += 1
    x = styled(state, "conv1", state["input.input"].repeat(len(z), 1, 1, 1), w, 0, doubles=False)
    rgb = modulated(state, "to_rgb1", x, w, demodulate=False, doubles=False) + state["to_rgb1.bias"]
    level = 0
    while f"to_rgbs.{level}.bias" in state:
        x = styled(state, f"convs.{2 * level}", x, w, 2 * level + 1, doubles=True)
        x = styled(state, f"convs.{2 * level + 1}", x, w, 2 * level + 2, doubles=False)
        colours = modulated(state, f"to_rgbs.{level}", x, w, demodulate=False, doubles=False)
        rgb = colours + state[f"to_rgbs.{level}.bias"] + doubled(rgb)
        level += 1
    return rgb


def modulated(state: State, name: str, x: Tensor, w: Tensor, *, demodulate: bool, doubles: bool) -> Tensor:
    base, affine = state[f"{name}.conv.weight"], state[f"{name}.conv.modulation.weight"]
    _, _, i, k, _ = base.shape
    style = w @ affine.T / math.sqrt(affine.shape[1]) + state[f"{name}.conv.modulation.bias"]
    weight = base / math.sqrt(i * k * k) * style[:, None, :, None, None]
    if demodulate:
        weight = weight * torch.rsqrt(weight.pow(2).sum([2, 3, 4], keepdim=True) + 1e-8)
    results = []
    for picture, own in zip(x, weight, strict=True):
        if doubles:
            wide = functional.conv_transpose2d(picture[None], own.transpose(0, 1), stride=2)
            results.append(filtered(wide, 1, 1, gain=4))
        else:
            results.append(functional.conv2d(picture[None], own, padding=k // 2))
    return torch.cat(results)


def styled(state: State, name: str, x: Tensor, w: Tensor, noise: int, *, doubles: bool) -> Tensor:
    x = modulated(state, name, x, w, demodulate=True, doubles=doubles)
    x = x + state[f"{name}.noise.weight"] * state[f"noises.noise_{noise}"]
    return lrelu(x + state[f"{name}.activate.bias"][None, :, None, None])


def doubled(x: Tensor) -> Tensor:
    spread = torch.zeros(*x.shape[:2], 2 * x.shape[2], 2 * x.shape[3])
    spread[:, :, ::2, ::2] = x
    return filtered(spread, 2, 1, gain=4)


def judged(state: State, x: Tensor) -> Tensor:
    """Scores of one group of pictures."""
    x = lrelu(scaled(state, "convs.0.0", x) + state["convs.0.1.bias"][:, None, None])
    level = 1
    while f"convs.{level}.skip.1.weight" in state:
        name = f"convs.{level}"
        skip = scaled(state, f"{name}.skip.1", filtered(x, 1, 1)[:, :, ::2, ::2])
        x = lrelu(scaled(state, f"{name}.conv1.0", x, padding=1) + state[f"{name}.conv1.1.bias"][:, None, None])
        x = scaled(state, f"{name}.conv2.1", filtered(x, 2, 2), stride=2)
        x = (lrelu(x + state[f"{name}.conv2.2.bias"][:, None, None]) + skip) / math.sqrt(2)
        level += 1
    deviation = (x.var(0, unbiased=False) + 1e-8).sqrt().mean().expand(len(x), 1, 4, 4)
    x = scaled(state, "final_conv.0", torch.cat([x, deviation], 1), padding=1)
    x = lrelu(x + state["final_conv.1.bias"][:, None, None]).flatten(1)
    for layer, is_last in (("final_linear.0", False), ("final_linear.1", True)):
        weight = state[f"{layer}.weight"]
        x = x @ weight.T / math.sqrt(weight.shape[1]) + state[f"{layer}.bias"]
        x = x if is_last else lrelu(x)
    return x[:, 0]


def scaled(state: State, name: str, x: Tensor, *, stride: int = 1, padding: int = 0) -> Tensor:
    weight = state[f"{name}.weight"]
    return functional.conv2d(x, weight / math.sqrt(weight[0].numel()), stride=stride, padding=padding)
