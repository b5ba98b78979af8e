"""The refiners: from the coarse picture, the style and noise to the finished picture, G_2 of the paper.

Differs, as `networks` does: group norm instead of batch norm, and no spectral norm. The style reaches every gate whole.
The style map is enlarged where the paper's code tiles it, and is never flipped: chance has no place in a network.
"""

from itertools import pairwise
from math import log2

import torch
from torch import Tensor, nn
from torch.nn import functional

from artmodels.sketch2image.config import Sketch2ImageConfig
from artmodels.sketch2image.networks import (
    DepthwiseBlock,
    EnlargeConv,
    EnlargeGated,
    StyleInjection,
    Styles,
    initialise,
    norm,
)

__all__ = ["ArtRefiner", "FaceRefiner", "Refiner", "noise_length"]

START = 16  # side in pixels of the art refiner's bottleneck; the face refiner's is twice that


def noise_length(config: Sketch2ImageConfig) -> int:
    """How many normal numbers the refiner takes for one picture, none without a refiner."""
    if config.refiner == "none":
        return 0
    code = 0 if config.refiner == "face" else 8 * config.width
    return code + sum(side**2 for side in upward_sides(config))


def upward_sides(config: Sketch2ImageConfig) -> list[int]:
    """Sides in pixels of the maps on the way up, to the refined picture's."""
    first = 64 if config.refiner == "face" else 32
    return [first * 2**step for step in range(int(log2(config.refined_size // first)) + 1)]


class Texture(nn.Module):
    """Adds noise of each pixel to all channels, as strong as each channel has learned."""

    def __init__(self, channels: int):
        super().__init__()
        self.strength = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor, noise: Tensor) -> Tensor:
        """Args: x [B, channels, H, W]; noise [B, H * W]."""
        return x + self.strength[:, None, None] * noise.view(len(x), 1, *x.shape[2:])


class EnlargeTextured(nn.Module):
    """Doubles a map like `EnlargeGated`, with noise before the gates, then takes the style in."""

    def __init__(self, inputs: int, outputs: int, style: StyleInjection | None):
        super().__init__()
        self.conv = EnlargeConv(inputs, 2 * outputs)
        self.norm = norm(2 * outputs)
        self.texture = Texture(2 * outputs)
        self.style = style

    def forward(self, x: Tensor, noise: Tensor, styles: Styles) -> Tensor:
        x = functional.glu(self.texture(self.norm(self.conv(x)), noise), dim=1)
        return x if self.style is None else self.style(x, styles)


class DownStep(nn.Module):
    """Halves a map: a 4x4 convolution, norm, leaky ReLU."""

    def __init__(self, inputs: int, outputs: int, *, normalised: bool):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 4, 2, 1)
        self.norm = norm(outputs) if normalised else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return functional.leaky_relu(self.norm(self.conv(x)), 0.2)


class MapOfVector(nn.Module):
    """A vector [B, inputs] as a map [B, outputs, 4, 4]."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.conv = nn.ConvTranspose2d(inputs, 2 * outputs, 4)
        self.norm = norm(2 * outputs)

    def forward(self, vector: Tensor) -> Tensor:
        return functional.glu(self.norm(self.conv(vector[:, :, None, None])), dim=1)


class Refiner(nn.Module):
    """A network that finishes the coarse picture. `forward` is the same for all."""

    def forward(self, coarse: Tensor, styles: Styles, noise: Tensor) -> Tensor:
        """Args: coarse [B, 3, size, size]; noise [B, noise_length]. Returns: [B, 3, refined, refined] in [-1, 1]."""
        raise NotImplementedError


class ArtRefiner(Refiner):
    """An encoder to 16 x 16, the style's and a noise map beside it, and a decoder whose maps the style re-weights.

    As "small", no style re-weights maps on the way up, and the network gives a correction of the coarse picture, which
    starts at zero.
    """

    def __init__(self, config: Sketch2ImageConfig):
        super().__init__()
        width = config.width
        sides = upward_sides(config)
        self.is_correcting = config.refiner == "small"
        self.noise_sizes = [8 * width, *(side**2 for side in sides)]
        halvings = int(log2(config.size // START))
        widths = [3, *(width * min(2**step, 8) for step in range(halvings))]
        self.down = nn.ModuleList(
            DownStep(before, after, normalised=i > 0) for i, (before, after) in enumerate(pairwise(widths))
        )
        self.style_map = nn.Sequential(
            MapOfVector(config.style_length, 8 * width), EnlargeGated(8 * width, 4 * width), nn.Upsample(scale_factor=2)
        )
        self.noise_map = nn.Sequential(
            MapOfVector(8 * width, 4 * width), EnlargeGated(4 * width, 2 * width), EnlargeGated(2 * width, width),
            EnlargeGated(width, width),
        )  # fmt: skip
        bottom = widths[-1] + 4 * width
        self.bottleneck = nn.ModuleList(DepthwiseBlock(bottom) for _ in range(2))
        # On the way up a map has as many channels as the one of its size on the way down.
        outputs = [width * max(1, config.size // (2 * side)) for side in sides[: halvings - 1]]
        outputs = [min(channels, 8 * width) for channels in outputs]
        outputs += [width // 2 ** (step + 1) for step in range(len(sides) - len(outputs))]
        befores = [bottom, outputs[0] + width, *outputs[1:]]
        gated = [False, *(not self.is_correcting for _ in sides[1:])]
        self.up = nn.ModuleList(
            EnlargeTextured(before, after, StyleInjection(after, config) if is_gated else None)
            for before, after, is_gated in zip(befores, outputs, gated, strict=False)
        )
        self.picture = nn.Conv2d(outputs[-1], 3, 3, padding=1)
        self.apply(initialise)
        if self.is_correcting:
            nn.init.zeros_(self.picture.weight)

    def forward(self, coarse: Tensor, styles: Styles, noise: Tensor) -> Tensor:
        code, *textures = noise.split(self.noise_sizes, dim=1)
        x, skips = coarse, []
        for down in self.down:
            x = down(x)
            skips.append(x)
        x = torch.cat((skips.pop(), self.style_map(torch.cat(styles, dim=1))), dim=1)
        for block in self.bottleneck:
            x = functional.silu(block(x))
        x = self.up[0](x, textures[0], styles)
        skips.pop()  # of 32 pixels, where the noise map comes in instead
        x = torch.cat((x, self.noise_map(code)), dim=1)
        for up, texture in zip(self.up[1:], textures[1:], strict=True):
            x = up(x, texture, styles)
            x = x + skips.pop() if skips else x
        x = self.picture(x)
        return (coarse + x).clamp(-1, 1) if self.is_correcting else torch.tanh(x)


class FaceRefiner(Refiner):
    """A light U-Net to 32 x 32, with the style as a map beside its bottleneck and as gates on the way up."""

    def __init__(self, config: Sketch2ImageConfig):
        super().__init__()
        width = config.width
        sides = upward_sides(config)
        self.noise_sizes = [side**2 for side in sides]
        halvings = int(log2(config.size // (2 * START)))
        downs = [2 * width // 2**step for step in reversed(range(halvings))]
        self.down = nn.ModuleList(DownStep(before, after, normalised=True) for before, after in pairwise([3, *downs]))
        self.style_vector = nn.Linear(config.style_length, 8 * width)
        self.style_map = nn.Sequential(*(EnlargeGated(width // 2 if i == 0 else width, width) for i in range(3)))
        self.bottleneck = nn.ModuleList(DepthwiseBlock(3 * width) for _ in range(2))
        outputs = [4 * width * 64 // side for side in sides]
        skips = [*reversed(downs[:-1]), 0, 0]
        befores = [3 * width, *(channels + skip for channels, skip in zip(outputs, skips, strict=False))]
        self.up = nn.ModuleList(
            EnlargeTextured(before, after, StyleInjection(after, config))
            for before, after in zip(befores, outputs, strict=False)
        )
        self.picture = nn.Conv2d(outputs[-1], 3, 3, padding=1)
        self.apply(initialise)

    def forward(self, coarse: Tensor, styles: Styles, noise: Tensor) -> Tensor:
        textures = noise.split(self.noise_sizes, dim=1)
        x, skips = coarse, []
        for down in self.down:
            x = down(x)
            skips.append(x)
        style = functional.leaky_relu(self.style_vector(torch.cat(styles, dim=1)), 0.1)
        x = torch.cat((skips.pop(), self.style_map(style.unflatten(1, (-1, 4, 4)))), dim=1)
        for block in self.bottleneck:
            x = functional.silu(block(x))
        for up, texture in zip(self.up, textures, strict=True):
            x = up(x, texture, styles)
            x = torch.cat((x, skips.pop()), dim=1) if skips else x
        return torch.tanh(self.picture(x))
