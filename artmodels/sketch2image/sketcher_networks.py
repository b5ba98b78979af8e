"""The networks of the sketcher: frozen features of a picture, and generators that draw lines from them.

Pictures and lines are in [-1, 1], paper is 1.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from artmodels.sketch2image.networks import EnlargeConv, initialise

__all__ = ["STRIDE", "SketchGenerator", "VGGLevels"]

STRIDE = 8
"""Pixels of a picture's side to one of the features that generators begin with."""


class VGGLevels(nn.Module):
    """VGG-16's maps after its first four poolings, at 1/2, 1/4, 1/8 and 1/16 of the size.

    Drawing needs the first three, comparing drawings all. The names of its weights are torchvision's `features`; they
    are random until loaded.

    Source: Simonyan and Zisserman, Very Deep Convolutional Networks for Large-Scale Image Recognition, ICLR 2015.
    """

    widths = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512))
    strides = (2, 4, 8, 16)

    mean: Tensor
    std: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1), persistent=False)
        layers: list[nn.Module] = []
        channels = 3
        for widths in self.widths:
            for width in widths:
                layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
                channels = width
            layers.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers)
        self.features.apply(initialise)

    def forward(self, pictures: Tensor, *, count: int = 4) -> list[Tensor]:
        """The first `count` maps, finest first, of pictures [B, 1 or 3, H, W] in [-1, 1]."""
        x, maps = ((pictures + 1) / 2 - self.mean) / self.std, []
        for layer in self.features:
            x = layer(x)
            if isinstance(layer, nn.MaxPool2d):
                maps.append(x)
                if len(maps) == count:
                    break
        return maps


class ChannelNorm(nn.Module):
    """Normalises the channels of each place by themselves, then a gain and a bias for each channel."""

    def __init__(self, channels: int, eps: float = 1e-5):
        super().__init__()
        self.eps = eps
        self.gain = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        last = x.permute(0, 2, 3, 1)
        return functional.layer_norm(last, self.gain.shape, self.gain, self.bias, self.eps).permute(0, 3, 1, 2)


class SketchGenerator(nn.Module):
    """Draws a picture's lines in one hand, from its features at an eighth of the size: G of the paper's TOM.

    Differs: channels are normalised place by place, without the batch or the rest of the picture, so that a line does
    not depend on what is drawn elsewhere and pictures of any size and tiles of them are drawn alike; no spectral norm,
    which that norm undoes; one channel instead of the mean of three; and with skips, finer features come in on the way
    up, because those at an eighth do not say to the pixel where a line lies.

    Args:
        inputs: channels of the features at an eighth.
        skips: channels of those at a quarter, a half and the whole size, 0 where there are none.
        widths: channels after each doubling.
    """

    def __init__(self, inputs: int, skips: Sequence[int], widths: Sequence[int]):
        super().__init__()
        befores = [inputs, *(width + skip for width, skip in zip(widths, skips, strict=True))]
        self.up = nn.ModuleList(
            EnlargeConv(before, after, padding="reflect") for before, after in zip(befores, widths, strict=False)
        )
        self.norm = nn.ModuleList(ChannelNorm(width) for width in widths)
        self.lines = nn.Conv2d(befores[-1], 1, 3, padding=1, padding_mode="reflect")
        self.apply(initialise)

    def forward(self, features: Tensor, skips: Sequence[Tensor | None]) -> Tensor:
        """Args: features [B, inputs, H/8, W/8]; skips: those at a quarter, a half, the whole size, or None.

        Returns: [B, 1, H, W].
        """
        x = features
        for up, channel_norm, skip in zip(self.up, self.norm, skips, strict=True):
            x = functional.leaky_relu(channel_norm(up(x)), 0.01)
            x = x if skip is None else torch.cat((x, skip), dim=1)
        return torch.tanh(self.lines(x))
