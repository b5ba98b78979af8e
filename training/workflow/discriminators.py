"""The patch discriminators at two scales that the workflow editor trains against."""

from functools import partial
from itertools import pairwise

from torch import Tensor, nn

from artmodels.blocks import initialise_xavier

__all__ = ["MultiScaleDiscriminator"]


def patch_discriminator(inputs: int, width: int) -> nn.Sequential:
    """PatchGAN: three strided convolutions, one more, and a score a patch; instance norm but on the first and last."""
    widths = [inputs, width, 2 * width, 4 * width, 8 * width]
    layers: list[nn.Module] = []
    for level, (before, after) in enumerate(pairwise(widths)):
        layers.append(nn.Conv2d(before, after, 4, 2 if level < 3 else 1, 1))
        if level:
            layers.append(nn.InstanceNorm2d(after))
        layers.append(nn.LeakyReLU(0.2))
    layers.append(nn.Conv2d(widths[-1], 1, 4, 1, 1))
    return nn.Sequential(*layers)


class MultiScaleDiscriminator(nn.Module):
    """A patch discriminator on the picture and one of half the width on the picture at half size."""

    def __init__(self, inputs: int, width: int = 64):
        super().__init__()
        self.fine = patch_discriminator(inputs, width)
        self.coarse = patch_discriminator(inputs, max(width // 2, 1))
        self.pool = nn.AvgPool2d(3, 2, 1, count_include_pad=False)
        self.apply(partial(initialise_xavier, gain=0.02))

    def forward(self, picture: Tensor) -> list[Tensor]:
        """Args: picture [B, C, H, W]. Returns: scores [B, 1, h, w] of each scale."""
        return [self.fine(picture), self.coarse(self.pool(picture))]
