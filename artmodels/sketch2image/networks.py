"""The networks of the auto-encoder: style and content encoders, decoder. Pictures are in [-1, 1], paper is 1.

Differs, in all of them: group norm stands where the paper's code has batch or instance norm, so that no picture depends
on the others of its batch, one picture trains, and the means of channels against each other, which hold the colours,
stay; convolutions have biases, without which group norm would hide a picture's contrast; and there is no spectral norm,
because the norm that follows a convolution takes its scale away. Residual branches start at zero.
"""

from math import gcd, log2
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from artmodels.blocks import AdaptiveInstanceNorm
from artmodels.sketch2image.config import BOTTOM, Sketch2ImageConfig

__all__ = [
    "Content",
    "ContentEncoder",
    "Decoder",
    "DepthwiseBlock",
    "EnlargeConv",
    "EnlargeGated",
    "FeatureMask",
    "StyleEncoder",
    "StyleInjection",
    "Styles",
    "initialise",
    "norm",
]


class Styles(NamedTuple):
    """How exemplars look, one vector for each scale."""

    fine: Tensor  # [B, 2 * width]
    middle: Tensor  # [B, 4 * width]
    coarse: Tensor  # [B, 8 * width], which stands for the style where one vector is wanted


class Content(NamedTuple):
    """Where things are in sketches."""

    fine: Tensor  # [B, 2 * width, 32, 32]
    middle: Tensor  # [B, 4 * width, 16, 16]
    coarse: Tensor  # [B, 8 * width, 8, 8]
    sketch: Tensor  # [B, 1, 16, 16], the share of paper from 0 to 1


def norm(channels: int) -> nn.GroupNorm:
    """Group norm with about 16 channels a group."""
    return nn.GroupNorm(gcd(channels, max(1, channels // 16)), channels)


class SqueezeExcite(nn.Module):
    """Re-weights channels by their own means."""

    def __init__(self, channels: int):
        super().__init__()
        hidden = max(8, channels // 16)
        self.squeeze = nn.Linear(channels, hidden)
        self.excite = nn.Linear(hidden, channels)

    def forward(self, x: Tensor) -> Tensor:
        weights = self.excite(functional.relu(self.squeeze(x.mean((2, 3))))).sigmoid()
        return x * weights[:, :, None, None]


class EncoderBlock(nn.Module):
    """x + SE(conv(swish(norm(conv(swish(norm x)))))) with 3x3 convolutions."""

    def __init__(self, channels: int):
        super().__init__()
        self.first_norm = norm(channels)
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second_norm = norm(channels)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)
        self.weigh = SqueezeExcite(channels)

    def forward(self, x: Tensor) -> Tensor:
        hidden = self.first(functional.silu(self.first_norm(x)))
        return x + self.weigh(self.second(functional.silu(self.second_norm(hidden))))


class DepthwiseBlock(nn.Module):
    """The generators' residual block: 1x1 to four times as many channels, a depthwise 5x5, 1x1 back, all normalised."""

    def __init__(self, channels: int):
        super().__init__()
        inner = 4 * channels
        self.first_norm = norm(channels)
        self.widen = nn.Conv2d(channels, inner, 1)
        self.second_norm = norm(inner)
        self.depthwise = nn.Conv2d(inner, inner, 5, padding=2, groups=inner)
        self.third_norm = norm(inner)
        self.narrow = nn.Conv2d(inner, channels, 1)
        self.last_norm = norm(channels)
        self.weigh = SqueezeExcite(channels)

    def forward(self, x: Tensor) -> Tensor:
        hidden = functional.silu(self.second_norm(self.widen(self.first_norm(x))))
        hidden = functional.silu(self.third_norm(self.depthwise(hidden)))
        return x + self.weigh(self.last_norm(self.narrow(hidden)))


class EnlargeConv(nn.Module):
    """Nearest x2 and a 3x3 convolution, computed as one transposed 4x4 convolution of the small map.

    Each output pixel sees 2x2 small pixels, some of them more than once, so weights that meet the same small pixel are
    summed: 9 products an output pixel become 4, with the same result to rounding, borders included.

    Args: padding: what lies beyond the border: "zeros", or "reflect", which on an enlarged map repeats the edge.
    """

    def __init__(self, inputs: int, outputs: int, *, padding: str = "zeros"):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(outputs, inputs, 3, 3))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.is_reflecting = {"zeros": False, "reflect": True}[padding]
        initialise(self)

    def folded_weight(self) -> Tensor:
        """The weights [inputs, outputs, 4, 4] of the transposed convolution."""
        weight = self.weight.transpose(0, 1)
        for dim in (2, 3):
            first, second, third = weight.unbind(dim)
            weight = torch.stack((third, second + third, first + second, first), dim)
        return weight

    def forward(self, x: Tensor) -> Tensor:
        """Returns: [B, outputs, 2H, 2W]."""
        if self.is_reflecting:
            x = functional.pad(x, (1, 1, 1, 1), mode="replicate")
        padding = 3 if self.is_reflecting else 1
        return functional.conv_transpose2d(x, self.folded_weight(), self.bias, stride=2, padding=padding)


class EnlargeGated(nn.Module):
    """Doubles a map: nearest x2, a 3x3 convolution, norm, and a gated linear unit."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.conv = EnlargeConv(inputs, 2 * outputs)
        self.norm = norm(2 * outputs)

    def forward(self, x: Tensor) -> Tensor:
        return functional.glu(self.norm(self.conv(x)), dim=1)


class DownStep(nn.Module):
    """Halves a map: a 4x4 convolution, then norm where asked for, and leaky ReLU."""

    def __init__(self, inputs: int, outputs: int, *, normalised: bool, slope: float):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 4, 2, 1)
        self.norm = norm(outputs) if normalised else nn.Identity()
        self.slope = slope

    def forward(self, x: Tensor) -> Tensor:
        return functional.leaky_relu(self.norm(self.conv(x)), self.slope)


class Trunk(nn.Module):
    """What both encoders begin with: halvings to 64 x 64, then three levels of 32, 16 and 8 pixels."""

    def __init__(self, inputs: int, config: Sketch2ImageConfig):
        super().__init__()
        halvings = int(log2(config.size // 64))
        widths = [inputs, *(config.width // 2**step for step in reversed(range(halvings)))]
        self.stem = nn.Sequential(
            *(
                DownStep(widths[i], widths[i + 1], normalised=i > 0, slope=0.1 if i else 0.2)
                for i in range(len(widths) - 1)
            )
        )
        befores = (widths[-1], *config.content_channels)
        self.down = nn.ModuleList(
            nn.Conv2d(before, after, 4, 2, 1) for before, after in zip(befores, config.content_channels, strict=False)
        )
        self.blocks = nn.ModuleList(EncoderBlock(channels) for channels in config.content_channels)
        self.apply(initialise)

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Args: pictures [B, C, size, size]. Returns: maps of 32, 16 and 8 pixels, not activated."""
        x, maps = self.stem(pictures), []
        for level, (down, block) in enumerate(zip(self.down, self.blocks, strict=True)):
            x = block(down(functional.leaky_relu(x, 0.2) if level else x))
            maps.append(x)
        fine, middle, coarse = maps
        return fine, middle, coarse


class StyleEncoder(nn.Module):
    """Reads how exemplars look: E_s of the paper, in the three scales of its code."""

    def __init__(self, config: Sketch2ImageConfig):
        super().__init__()
        self.trunk = Trunk(3, config)
        self.read = nn.ModuleList(
            nn.Conv2d(channels, channels, 4, bias=False) for channels in config.content_channels
        )  # of 4 x 4 places, where they are seen

    def forward(self, exemplars: Tensor) -> Styles:
        """Args: exemplars [B, 3, size, size] in [-1, 1]."""
        pooled = [functional.adaptive_avg_pool2d(features, 4) for features in self.trunk(exemplars)]
        fine, middle, coarse = (read(grid).flatten(1) for read, grid in zip(self.read, pooled, strict=True))
        return Styles(fine, middle, coarse)


class ContentEncoder(nn.Module):
    """Reads where things are in sketches: E_c of the paper."""

    def __init__(self, config: Sketch2ImageConfig):
        super().__init__()
        self.trunk = Trunk(1, config)

    def forward(self, sketches: Tensor) -> Content:
        """Args: sketches [B, 1, size, size] in [-1, 1]."""
        paper = functional.adaptive_avg_pool2d((sketches + 1) / 2, 2 * BOTTOM)
        fine, middle, coarse = self.trunk(sketches)
        return Content(fine, middle, coarse, paper)


class StyleInjection(nn.Module):
    """Lets the style change channels of a map; "multiplication" is the paper's simplified AdaIN.

    Differs: each injection sees all three vectors, because with fewer halvings some would meet no map; and the gate on
    the deepest map is a sigmoid like the others, where the code has a batch norm.
    """

    def __init__(self, channels: int, config: Sketch2ImageConfig):
        super().__init__()
        self.kind = config.injection
        if self.kind != "none":
            hidden = 4 * config.width
            outputs = 2 * channels if self.kind == "adain" else channels
            self.read = nn.Sequential(nn.Linear(config.style_length, hidden), nn.ReLU(), nn.Linear(hidden, outputs))
        if self.kind == "adain":
            self.adain = AdaptiveInstanceNorm(channels)

    def forward(self, x: Tensor, styles: Styles) -> Tensor:
        """Args: x [B, channels, H, W]."""
        if self.kind == "none":
            return x
        read = self.read(torch.cat(styles, dim=1))
        if self.kind == "adain":
            bias, scale = read.chunk(2, dim=1)
            return self.adain(x, bias, 1 + scale)
        read = read[:, :, None, None]
        return x * read.sigmoid() if self.kind == "multiplication" else x + read


class FeatureMask(nn.Module):
    """Dual mask injection: scales features f apart where the mask m is and where it is not.

    w_a f m + w_b f (1 - m) + b, with one bias, as those of the two sides only ever appear as a sum. The mask is the
    content map itself (Feat-DMI), which is unbounded, or the sketch, 1 on paper and 0 on lines (DMI).
    """

    def __init__(self, channels: int, config: Sketch2ImageConfig):
        super().__init__()
        self.kind = config.masking
        if self.kind != "none":
            spread = 0.01 if self.kind == "features" else 0.1
            self.inside = nn.Parameter(torch.full((channels,), 1 + spread))
            self.outside = nn.Parameter(torch.full((channels,), 1 - spread))
            self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor, features: Tensor, sketch: Tensor) -> Tensor:
        """Args: x, features [B, channels, H, W]; sketch [B, 1, h, w], sides multiples of H and W."""
        if self.kind == "none":
            return x
        mask = features if self.kind == "features" else functional.adaptive_avg_pool2d(sketch, x.shape[-1])
        inside, outside, bias = (weight[:, None, None] for weight in (self.inside, self.outside, self.bias))
        return x * (outside + (inside - outside) * mask) + bias


class Decoder(nn.Module):
    """Makes the coarse picture from content and style: G_1 of the paper.

    Differs: the style enters the map of full size as well, as the paper says and its code does not, because the norm
    before it has taken the colours' scale away.
    """

    def __init__(self, config: Sketch2ImageConfig):
        super().__init__()
        fine, middle, coarse = config.content_channels
        self.constant = nn.Parameter(torch.randn(coarse, BOTTOM, BOTTOM))
        self.meet = DepthwiseBlock(2 * coarse)
        self.narrow = nn.Conv2d(2 * coarse, coarse, 3, padding=1)
        self.narrow_norm = norm(coarse)
        self.coarse_mask = FeatureMask(coarse, config)
        self.coarse_style = StyleInjection(coarse, config)
        self.coarse_block = DepthwiseBlock(coarse)
        self.to_middle = EnlargeConv(coarse, middle)
        self.middle_block = DepthwiseBlock(middle)
        self.middle_mask = FeatureMask(middle, config)
        self.to_fine = EnlargeConv(2 * middle, fine)
        self.fine_block = DepthwiseBlock(fine)
        sides = [64 * 2**step for step in range(int(log2(config.size // 64)) + 1)]
        befores = [2 * fine, *(config.channels(side) for side in sides)]
        self.up = nn.ModuleList(
            EnlargeGated(before, config.channels(side)) for before, side in zip(befores, sides, strict=False)
        )
        self.style = nn.ModuleList(StyleInjection(config.channels(side), config) for side in sides)
        self.picture = nn.Conv2d(config.channels(config.size), 3, 3, padding=1)
        self.apply(initialise)

    def forward(self, content: Content, styles: Styles) -> Tensor:
        """Returns: [B, 3, size, size] in [-1, 1]."""
        constant = self.constant.expand(len(content.coarse), -1, -1, -1)
        x = self.meet(torch.cat((content.coarse, constant), dim=1))
        x = self.narrow_norm(self.narrow(functional.leaky_relu(x, 0.1)))
        x = self.coarse_style(self.coarse_mask(x, content.coarse, content.sketch), styles)
        x = self.coarse_block(functional.leaky_relu(x, 0.1))
        x = self.middle_block(self.to_middle(functional.leaky_relu(x, 0.1)))
        x = torch.cat((self.middle_mask(x, content.middle, content.sketch), content.middle), dim=1)
        x = self.fine_block(self.to_fine(functional.leaky_relu(x, 0.1)))
        x = functional.leaky_relu(torch.cat((x, content.fine), dim=1), 0.1)
        for up, style in zip(self.up, self.style, strict=True):
            x = style(up(x), styles)
        return torch.tanh(self.picture(x))


def initialise(module: nn.Module) -> None:
    """Weights that keep a leaky ReLU's signal at its size, zero biases, residual branches at zero; for `apply`."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | EnlargeConv):
        nn.init.kaiming_normal_(module.weight, a=0.2)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, EncoderBlock):
        nn.init.zeros_(module.second.weight)
    elif isinstance(module, DepthwiseBlock):
        nn.init.zeros_(module.last_norm.weight)
