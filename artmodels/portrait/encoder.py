"""The hierarchical variational encoder: from an aligned photo to one latent for every layer of the generator.

photo -> residual units -> a pyramid of three maps -> a head for each code -> mean and log-variance in Z+
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from artmodels.errors import ConfigError
from artmodels.portrait.config import EncoderConfig
from artmodels.portrait.modulation import EqualLinear

__all__ = ["CodeHead", "Encoder", "Latents", "ResidualUnit"]

HEAD_SLOPE = 0.01
SQUEEZE = 16  # of the attention over channels


class Latents(NamedTuple):
    """What an encoder says of photos: a normal distribution for each code.

    Attributes:
        mean: [B, L, D], or [B, 1, D] where one code is for all layers.
        log_variance: of the same shape; None where the encoder is sure.
    """

    mean: Tensor
    log_variance: Tensor | None

    def sample(self, noise: Tensor) -> Tensor:
        """Latents drawn with normal numbers of the mean's shape; the mean itself where there is no variance."""
        if self.log_variance is None:
            return self.mean
        return self.mean + (self.log_variance / 2).exp() * noise


class ResidualUnit(nn.Module):
    """Two convolutions with attention over channels beside a shortcut; both may halve the sides."""

    def __init__(self, inputs: int, outputs: int, stride: int):
        super().__init__()
        self.shortcut: nn.Module = nn.MaxPool2d(1, stride)
        if inputs != outputs:
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))
        self.residual = nn.Sequential(
            nn.BatchNorm2d(inputs),
            nn.Conv2d(inputs, outputs, 3, 1, 1, bias=False),
            nn.PReLU(outputs),
            nn.Conv2d(outputs, outputs, 3, stride, 1, bias=False),
            nn.BatchNorm2d(outputs),
        )
        squeezed = max(1, outputs // SQUEEZE)
        self.attention = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(outputs, squeezed, 1, bias=False),
            nn.ReLU(inplace=True),
            nn.Conv2d(squeezed, outputs, 1, bias=False),
            nn.Sigmoid(),
        )

    def forward(self, x: Tensor) -> Tensor:
        residual = self.residual(x)
        return self.shortcut(x) + residual * self.attention(residual)


class CodeHead(nn.Module):
    """One code of a map: convolutions halve it down to one pixel."""

    def __init__(self, side: int, width: int, latent_dim: int):
        super().__init__()
        self.convs = nn.ModuleList(nn.Conv2d(width, width, 3, 2, 1) for _ in range(int(math.log2(side))))
        self.linear = EqualLinear(width, latent_dim)

    def forward(self, x: Tensor) -> Tensor:
        """From [B, W, side, side] to [B, D]."""
        for conv in self.convs:
            x = functional.leaky_relu(conv(x), HEAD_SLOPE)
        return self.linear(x.flatten(1))


class Encoder(nn.Module):
    """From photos to latents of a generator with `code_count` codes.

    The linear layers of mean and log-variance are shared by all codes and begin at zero: training starts on the prior.
    Without a variance the mean's begins at random, as the generator's mapping has no slope to speak of at zero.

    Differs: the paper reads a third of the codes off each of three maps; like pixel2style2pixel and the authors' test
    code, 3 come from the smallest, 4 from the next and the others from the largest by default.

    Source: Song et al., AgileGAN, SIGGRAPH 2021, section 4.1; Richardson et al., Encoding in Style, CVPR 2021.
    """

    def __init__(self, config: EncoderConfig, code_count: int, latent_dim: int):
        super().__init__()
        self.config = config
        first = config.widths[0]
        self.input = nn.Sequential(nn.Conv2d(3, first, 3, 1, 1, bias=False), nn.BatchNorm2d(first), nn.PReLU(first))
        inputs = (first, *config.widths)
        self.groups = nn.ModuleList(
            nn.Sequential(
                *(ResidualUnit(inputs[i] if k == 0 else width, width, 2 if k == 0 else 1) for k in range(units))
            )
            for i, (width, units) in enumerate(zip(config.widths, config.units, strict=True))
        )
        width = config.head_width
        self.top = nn.Identity() if config.widths[3] == width else nn.Conv2d(config.widths[3], width, 1)
        self.lateral_middle = nn.Conv2d(config.widths[2], width, 1)
        self.lateral_large = nn.Conv2d(config.widths[1], width, 1)
        self.sides = head_sides(config, 1 if config.repeats else code_count)
        self.heads = nn.ModuleList(CodeHead(side, width, latent_dim) for side in self.sides)
        self.mean = nn.Linear(latent_dim, latent_dim)
        self.log_variance = nn.Linear(latent_dim, latent_dim) if config.variational else None
        if self.log_variance is not None:
            for parameter in (*self.mean.parameters(), *self.log_variance.parameters()):
                nn.init.zeros_(parameter)

    def forward(self, photos: Tensor) -> Latents:
        """Args: photos: [B, 3, size, size] in [-1, 1], aligned.

        Raises:
            ConfigError: photos of another size.
        """
        size = self.config.size
        if photos.shape[1:] != (3, size, size):
            raise ConfigError(f"photos must be [B, 3, {size}, {size}], not {list(photos.shape)}")
        maps = self.pyramid(photos)
        codes = torch.stack([head(maps[side]) for head, side in zip(self.heads, self.sides, strict=True)], dim=1)
        return Latents(self.mean(codes), None if self.log_variance is None else self.log_variance(codes))

    def pyramid(self, photos: Tensor) -> dict[int, Tensor]:
        """Maps [B, W, side, side] of the photos by their sides: a sixteenth, an eighth and a quarter of the photos'."""
        x = self.groups[0](self.input(photos))
        large = self.groups[1](x)
        middle = self.groups[2](large)
        p3 = self.top(self.groups[3](middle))
        p2 = enlarged_to(p3, middle) + self.lateral_middle(middle)
        p1 = enlarged_to(p2, large) + self.lateral_large(large)
        return {p.shape[-1]: p for p in (p3, p2, p1)}


def head_sides(config: EncoderConfig, code_count: int) -> tuple[int, ...]:
    """Sides of the maps that the codes are read off, in the order of the codes."""
    small, middle = config.levels
    return tuple(config.size // (16 if n < small else 8 if n < small + middle else 4) for n in range(code_count))


def enlarged_to(x: Tensor, target: Tensor) -> Tensor:
    return functional.interpolate(x, target.shape[-2:], mode="bilinear", align_corners=True)
