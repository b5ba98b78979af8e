"""StyleGAN2 written down a second time, slowly and plainly, to compare ours with: one grouped convolution with weights
[N, O, I, k, k] for every picture, the filter as a sum over its 16 taps, nothing folded.

It reads the names of NVIDIA's checkpoints, and is given no noise but the nets' own.
"""

import math
from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional

State = Mapping[str, Tensor]

TAPS = [[a * b / 64 for b in (1, 3, 3, 1)] for a in (1, 3, 3, 1)]


def filtered(x: Tensor, before: int, after: int, gain: float = 1.0) -> Tensor:
    padded = functional.pad(x, (before, after, before, after))
    height, width = padded.shape[2] - 3, padded.shape[3] - 3
    total = torch.zeros(*x.shape[:2], height, width, dtype=x.dtype)
    for row in range(4):
        for column in range(4):
            total += gain * TAPS[row][column] * padded[:, :, row : row + height, column : column + width]
    return total


def doubled(x: Tensor) -> Tensor:
    spread = torch.zeros(*x.shape[:2], 2 * x.shape[2], 2 * x.shape[3], dtype=x.dtype)
    spread[:, :, ::2, ::2] = x
    return filtered(spread, 2, 1, gain=4)


def linear(state: State, name: str, x: Tensor, rate: float = 1.0) -> Tensor:
    weight, bias = state[f"{name}.weight"], state[f"{name}.bias"]
    return x @ (weight * rate / math.sqrt(weight.shape[1])).T + bias * rate


def lrelu(x: Tensor) -> Tensor:
    return torch.where(x < 0, 0.2 * x, x) * math.sqrt(2)


def clamped(x: Tensor, clamp: float | None) -> Tensor:
    return x if clamp is None else x.clamp(-clamp, clamp)


def map_latents(state: State, z: Tensor, depth: int) -> Tensor:
    x = z / (z.square().mean(dim=1, keepdim=True) + 1e-8).sqrt()
    for number in range(depth):
        x = lrelu(linear(state, f"mapping.fc{number}", x, rate=0.01))
    return x


def modulated(state: State, name: str, x: Tensor, w: Tensor, *, demodulate: bool, doubles: bool) -> Tensor:
    weight, styles = state[f"{name}.weight"], linear(state, f"{name}.affine", w)
    if not demodulate:
        styles = styles / math.sqrt(weight.shape[1])
    weights = weight[None] * styles[:, None, :, None, None]
    if demodulate:
        weights = weights / (weights.square().sum((2, 3, 4), keepdim=True) + 1e-8).sqrt()
    n, o, i, k, _ = weights.shape
    grouped = x.reshape(1, n * i, *x.shape[2:])
    if doubles:
        y = functional.conv_transpose2d(grouped, weights.transpose(1, 2).reshape(n * i, o, k, k), stride=2, groups=n)
        return filtered(y.reshape(n, o, *y.shape[2:]), 1, 1, gain=4)
    y = functional.conv2d(grouped, weights.reshape(n * o, i, k, k), padding=k // 2, groups=n)
    return y.reshape(n, o, *y.shape[2:])


def layer(state: State, name: str, x: Tensor, w: Tensor, *, doubles: bool, clamp: float | None) -> Tensor:
    x = modulated(state, name, x, w, demodulate=True, doubles=doubles)
    x = x + state[f"{name}.noise_const"] * state[f"{name}.noise_strength"]
    return clamped(lrelu(x + state[f"{name}.bias"][:, None, None]), clamp)


def synthesise(state: State, ws: Tensor, *, clamp: float | None = None) -> Tensor:
    x = state["synthesis.b4.const"].repeat(len(ws), 1, 1, 1)
    rgb = torch.zeros(len(ws), 3, 2, 2, dtype=ws.dtype)
    for power in range(2, 2 + ws.shape[1] // 2):
        block = f"synthesis.b{2**power}"
        if power > 2:
            x = layer(state, f"{block}.conv0", x, ws[:, 2 * power - 5], doubles=True, clamp=clamp)
        x = layer(state, f"{block}.conv1", x, ws[:, 2 * power - 4], doubles=False, clamp=clamp)
        colours = modulated(state, f"{block}.torgb", x, ws[:, 2 * power - 3], demodulate=False, doubles=False)
        rgb = doubled(rgb) + clamped(colours + state[f"{block}.torgb.bias"][:, None, None], clamp)
    return rgb


def convolved(state: State, name: str, x: Tensor, stride: int = 1, padding: int = 0) -> Tensor:
    weight = state[f"{name}.weight"]
    y = functional.conv2d(x, weight / math.sqrt(weight[0].numel()), stride=stride, padding=padding)
    return y + state[f"{name}.bias"][:, None, None] if f"{name}.bias" in state else y


def judge(state: State, x: Tensor) -> Tensor:
    """Scores pictures, of which each four, or all of fewer, are a group."""
    side = x.shape[-1]
    x = lrelu(convolved(state, f"b{side}.fromrgb", x))
    while side > 4:
        skip = convolved(state, f"b{side}.skip", filtered(x, 1, 1)[:, :, ::2, ::2])
        x = lrelu(convolved(state, f"b{side}.conv0", x, padding=1))
        x = lrelu(convolved(state, f"b{side}.conv1", filtered(x, 2, 2), stride=2))
        x, side = (x + skip) / math.sqrt(2), side // 2
    groups, deviations = max(1, len(x) // 4), torch.zeros(len(x), dtype=x.dtype)
    for number in range(groups):
        maps = x[number::groups]
        deviations[number::groups] = ((maps - maps.mean(0)).square().mean(0) + 1e-8).sqrt().mean()
    x = torch.cat([x, deviations[:, None, None, None].expand(-1, 1, 4, 4)], dim=1)
    x = lrelu(convolved(state, "b4.conv", x, padding=1)).reshape(len(x), -1)
    return linear(state, "b4.out", lrelu(linear(state, "b4.fc", x)))[:, 0]
