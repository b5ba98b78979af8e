"""What the hands and the refiner train against.

Differs: group norm takes the place of every batch norm, so that a score depends on its own picture alone and still on
how strong channels are beside each other; spectral norm is around convolutions only, because around a norm it would
bring the gains to unit length.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.parametrizations import spectral_norm

from training.sketch2image.objective import gram

__all__ = ["GramDiscriminator", "PictureDiscriminator"]

GROUP = 16  # channels that are normalised together


class GramDiscriminator(nn.Module):
    """Tells drawings by how their features go together, wherever these are: by Gram matrices alone.

    Each level's C x C matrix is averaged to [width, side * side], seen as `width` maps of side x side, and all levels'
    maps together are scored.
    """

    def __init__(self, levels: int, width: int = 128, side: int = 16):
        super().__init__()
        self.width, self.side = width, side
        first, second = width * levels // 2, width * levels // 4
        self.layers = nn.Sequential(
            spectral_norm(nn.Conv2d(width * levels, first, 3, padding=1)),
            group_norm(first),
            nn.LeakyReLU(0.1),
            spectral_norm(nn.Conv2d(first, second, 3, padding=1)),
            group_norm(second),
            nn.LeakyReLU(0.1),
            nn.AvgPool2d(2),
            spectral_norm(nn.Conv2d(second, 1, 4, stride=2)),
        )

    def forward(self, levels: Sequence[Tensor]) -> Tensor:
        """Args: levels: features [B, C_i, H_i, W_i]. Returns: [B, scores]; 9 of them for the paper's side of 16."""
        maps = []
        for features in levels:
            products = functional.adaptive_avg_pool2d(gram(features)[:, None], (self.width, self.side**2))
            maps.append(products.view(-1, self.width, self.side, self.side))
        return self.layers(torch.cat(maps, dim=1)).flatten(1)


class PictureDiscriminator(nn.Module):
    """Scores overlapping parts of pictures; the coarsest maps are weighed by what the finest saw as a whole.

    Made for pictures of 2^(len(widths) + 3) pixels a side, of which it gives 5 x 5 scores; larger ones have more.

    Args: widths: channels of the maps at half the side, at a quarter and so on; four or more.
    """

    def __init__(self, widths: Sequence[int] = (16, 32, 64, 128, 256, 1024)):
        super().__init__()
        self.first = nn.Sequential(spectral_norm(nn.Conv2d(3, widths[0], 4, 2, 1)), nn.LeakyReLU(0.2))
        self.blocks = nn.ModuleList(DownBlock(before, after) for before, after in pairwise(widths))
        self.skips = nn.ModuleList(SkipGate(fine, coarse) for fine, coarse in zip(widths[:2], widths[-2:], strict=True))
        last = widths[-1]
        self.score = nn.Sequential(
            spectral_norm(nn.Conv2d(last, last, 1)),
            group_norm(last),
            nn.LeakyReLU(0.2),
            spectral_norm(nn.Conv2d(last, 1, 4)),
        )

    def forward(self, pictures: Tensor) -> Tensor:
        """Args: pictures [B, 3, H, W]. Returns: scores [B, 1, H / 2^n - 3, W / 2^n - 3], n the number of widths."""
        *before, last_but_one, last = self.blocks
        maps = [self.first(pictures)]
        for block in before:
            maps.append(block(maps[-1]))
        gated = self.skips[0](last_but_one(maps[-1]), maps[0])
        return self.score(self.skips[1](last(gated), maps[1]))


def group_norm(channels: int) -> nn.GroupNorm:
    return nn.GroupNorm(max(1, channels // GROUP), channels)


class DownBlock(nn.Module):
    """Half the side: two convolutions, each with a norm."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.layers = nn.Sequential(
            spectral_norm(nn.Conv2d(inputs, outputs, 3, 2, 1)),
            group_norm(outputs),
            nn.LeakyReLU(0.2),
            spectral_norm(nn.Conv2d(outputs, outputs, 3, 1, 1)),
            group_norm(outputs),
            nn.LeakyReLU(0.2),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


class SkipGate(nn.Module):
    """f * sigmoid(a) + tanh(b), a and b read from all of a finer map at once."""

    def __init__(self, fine: int, coarse: int):
        super().__init__()
        self.read = nn.Sequential(
            nn.AdaptiveAvgPool2d(4),
            spectral_norm(nn.Conv2d(fine, coarse, 4)),
            nn.ReLU(),
            spectral_norm(nn.Conv2d(coarse, 2 * coarse, 1)),
        )

    def forward(self, coarse: Tensor, fine: Tensor) -> Tensor:
        gate, shift = self.read(fine).chunk(2, dim=1)
        return coarse * gate.sigmoid() + shift.tanh()
