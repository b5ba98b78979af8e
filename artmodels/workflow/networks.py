"""The networks of the workflow editor: inference U-Net, latent encoder, AdaIN generator. Pictures are in [-1, 1]."""

from functools import partial
from itertools import pairwise
from math import log2
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from artmodels.blocks import AdaptiveInstanceNorm, ConvBlock, LayerNorm, ResidualBlock, UpsampleConv, initialise_xavier

__all__ = ["Content", "LatentEncoder", "StageGenerator", "StageInference"]


FIRST_SCALE = 1  # where a block's part of the AdaIN vector has the scale of its first norm


class AdaptiveResidualBlock(nn.Module):
    """A residual block whose two norms take their bias and scale from outside."""

    def __init__(self, channels: int):
        super().__init__()
        self.first: nn.Module = nn.Conv2d(channels, channels, 3, padding=1, padding_mode="reflect")
        self.first_norm = AdaptiveInstanceNorm(channels)
        self.second = nn.Conv2d(channels, channels, 3, padding=1, padding_mode="reflect")
        self.second_norm = AdaptiveInstanceNorm(channels)

    def forward(self, x: Tensor, adain: Tensor) -> Tensor:
        """Args: x [B, C, H, W]; adain [B, 4C]: bias and scale of the first norm, then of the second."""
        bias_1, scale_1, bias_2, scale_2 = adain.chunk(4, dim=1)
        hidden = functional.relu(self.first_norm(self.first(x), bias_1, scale_1), inplace=True)
        return x + self.second_norm(self.second(hidden), bias_2, scale_2)


def coordinates(stage: Tensor) -> Tensor:
    """Where each pixel of [B, C, H, W] lies, from -1 to 1: [B, 2, H, W], down and across."""
    count, _, height, width = stage.shape
    down, across = (torch.linspace(-1, 1, side, device=stage.device, dtype=stage.dtype) for side in (height, width))
    return torch.stack(torch.meshgrid(down, across, indexing="ij")).expand(count, 2, height, width)


class Content(NamedTuple):
    """What of a stage picture does not depend on the latent."""

    features: Tensor  # [B, 4 * width, H/4, W/4], instance-normalised
    detail: Tensor  # [B, width, H, W], not normalised


class StageGenerator(nn.Module):
    """Renders the next stage from a stage and an AdaIN vector: G_i of the paper, in MUNIT's form.

    `adain_vector` turns a latent into the vector; `forward` takes the vector, so that editing can optimise it.
    Differs: the last convolution also sees features of the stage at full size that were never normalised, because
    instance norm forgets a picture's absolute colours and would leave the colours of the stage to the latent. The first
    one also sees where each pixel lies, because reflected borders hide it and hair is above and clothes below. AdaIN
    blocks start as the identity by a last mapping layer of zeros instead of small weights everywhere, which Adam's
    first steps would scatter; only the first norm's scale starts at one, since a block whose both norms give nothing
    would get no gradient and never begin to learn.
    """

    def __init__(
        self, inputs: int, outputs: int, *, width: int, latent_dim: int, content_blocks: int = 4, style_blocks: int = 4
    ):
        super().__init__()
        channels = 4 * width
        self.content = nn.Sequential(
            ConvBlock(inputs + 2, width, 7),
            ConvBlock(width, 2 * width, 4, stride=2),
            ConvBlock(2 * width, channels, 4, stride=2),
            *(ResidualBlock(channels) for _ in range(content_blocks)),
        )
        self.style = nn.ModuleList(AdaptiveResidualBlock(channels) for _ in range(style_blocks))
        self.upsample = nn.Sequential(
            UpsampleConv(channels, 2 * width), LayerNorm(2 * width), nn.ReLU(inplace=True),
            UpsampleConv(2 * width, width), LayerNorm(width), nn.ReLU(inplace=True),
        )  # fmt: skip
        self.detail = nn.Conv2d(inputs, width, 3, padding=1, padding_mode="reflect")
        self.picture = nn.Conv2d(2 * width, outputs, 7, padding=3, padding_mode="reflect")
        self.adain_length = 4 * channels * style_blocks
        last = nn.Linear(256, self.adain_length)
        self.mapping = nn.Sequential(
            nn.Linear(latent_dim, 256), nn.ReLU(inplace=True), nn.Linear(256, 256), nn.ReLU(inplace=True), last
        )
        self.apply(initialise_xavier)
        nn.init.zeros_(last.weight)
        with torch.no_grad():
            last.bias.view(style_blocks, 4, channels)[:, FIRST_SCALE] = 1

    def adain_vector(self, latent: Tensor) -> Tensor:
        """The AdaIN vector [B, P] of a latent [B, Z]: norm after norm, each [biases, scales]."""
        return self.mapping(latent)

    def encode_content(self, stage: Tensor) -> Content:
        """What of the stage picture [B, C, H, W] does not depend on the latent, so that many latents can share it."""
        placed = torch.cat((stage, coordinates(stage)), dim=1)
        return Content(self.content(placed), functional.leaky_relu(self.detail(stage), 0.2))

    def decode(self, content: Content, adain: Tensor) -> Tensor:
        """The next stage [B, C', H, W] in [-1, 1] from content and an AdaIN vector [B, P]."""
        x = content.features
        for block, part in zip(self.style, adain.chunk(len(self.style), dim=1), strict=True):
            x = block(x, part)
        return torch.tanh(self.picture(torch.cat((self.upsample(x), content.detail), dim=1)))

    def forward(self, stage: Tensor, adain: Tensor) -> Tensor:
        return self.decode(self.encode_content(stage), adain)


class PoolingBlock(nn.Module):
    """Pre-activation residual block that halves the picture (BicycleGAN's encoder block)."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.residual = nn.Sequential(
            nn.InstanceNorm2d(inputs), nn.LeakyReLU(0.2), nn.Conv2d(inputs, inputs, 3, padding=1),
            nn.InstanceNorm2d(inputs), nn.LeakyReLU(0.2), nn.Conv2d(inputs, outputs, 3, padding=1), nn.AvgPool2d(2),
        )  # fmt: skip
        self.shortcut = nn.Sequential(nn.AvgPool2d(2), nn.Conv2d(inputs, outputs, 1))

    def forward(self, x: Tensor) -> Tensor:
        return self.residual(x) + self.shortcut(x)


class LatentEncoder(nn.Module):
    """Reads the latent of a stage picture as a Gaussian: E_i of the paper.

    Differs: pools features to a grid of 4x4 instead of one mean, at every size, and reads the picture itself on a grid
    of 8x8 beside them. The colour of a place can then be remembered before the thing that has it is recognised, which a
    training of minutes does not get to otherwise.
    """

    def __init__(self, inputs: int, *, width: int, latent_dim: int, size: int):
        super().__init__()
        blocks = 3 if size < 256 else 4
        widths = [width * factor for factor in (1, 2, 3, 4, 4)[: blocks + 1]]
        self.stem = nn.Conv2d(inputs, width, 4, 2, 1)
        self.blocks = nn.Sequential(*(PoolingBlock(before, after) for before, after in pairwise(widths)))
        seen = 16 * widths[-1] + 64 * inputs
        self.mean = nn.Linear(seen, latent_dim)
        self.log_variance = nn.Linear(seen, latent_dim)
        self.apply(initialise_xavier)
        # A small variance at first, so that latents are worth reading before the divergence asks its price.
        nn.init.zeros_(self.log_variance.weight)
        nn.init.constant_(self.log_variance.bias, -4.0)

    def forward(self, picture: Tensor) -> tuple[Tensor, Tensor]:
        """Args: picture [B, C, H, W]. Returns: mean [B, Z] and log-variance [B, Z]."""
        features = functional.leaky_relu(self.blocks(self.stem(picture)), 0.2)
        grids = functional.adaptive_avg_pool2d(features, 4), functional.adaptive_avg_pool2d(picture, 8)
        seen = torch.cat([grid.flatten(1) for grid in grids], dim=1)
        return self.mean(seen), self.log_variance(seen)


class DownBlock(nn.Module):
    """One step down the U-Net."""

    def __init__(self, inputs: int, outputs: int, *, activation: bool, norm: bool):
        super().__init__()
        self.activation = nn.LeakyReLU(0.2) if activation else nn.Identity()
        self.conv = nn.Conv2d(inputs, outputs, 4, 2, 1, padding_mode="reflect")
        self.norm = nn.InstanceNorm2d(outputs) if norm else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(self.conv(self.activation(x)))


class UpBlock(nn.Module):
    """One step up the U-Net."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 3, padding=1, padding_mode="reflect")
        self.norm = nn.InstanceNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        large = functional.interpolate(functional.relu(x), scale_factor=2, mode="bilinear", align_corners=False)
        return self.norm(self.conv(large))


class StageInference(nn.Module):
    """Infers the stage before a stage: G^I_i of the paper, a U-Net with log2(size) levels.

    Differs: the outermost step up is nearest x2 and a 5x5 convolution instead of a bilinear enlargement, and its output
    meets features of the stage at full size, because lines of one or two pixels do not pass through the half size.
    """

    def __init__(self, inputs: int, outputs: int, *, width: int, size: int):
        super().__init__()
        levels = int(log2(size))
        widths = [inputs, *(width * min(2**level, 8) for level in range(levels))]
        last = levels - 1
        self.down = nn.ModuleList(
            DownBlock(before, after, activation=level > 0, norm=0 < level < last)
            for level, (before, after) in enumerate(pairwise(widths))
        )
        self.up = nn.ModuleList(
            UpBlock(widths[level + 1] * (1 if level == last else 2), widths[level]) for level in range(1, levels)
        )
        self.enlarge = UpsampleConv(2 * width, width)
        self.detail = nn.Conv2d(inputs, width, 3, padding=1, padding_mode="reflect")
        self.picture = nn.Conv2d(2 * width, outputs, 3, padding=1, padding_mode="reflect")
        self.apply(partial(initialise_xavier, gain=0.02))

    def forward(self, stage: Tensor) -> Tensor:
        """Args: stage [B, C, S, S]. Returns: the stage before it [B, C', S, S], in [-1, 1]."""
        x, skips = stage, []
        for down in self.down:
            x = down(x)
            skips.append(x)
        x = skips.pop()
        for up in reversed(self.up):
            x = torch.cat((skips.pop(), up(x)), dim=1)
        x = torch.cat((self.detail(stage), self.enlarge(functional.relu(x))), dim=1)
        return torch.tanh(self.picture(functional.leaky_relu(x, 0.2)))
