"""Blurring, doubling and halving of maps [B, C, H, W] by the filter [1, 3, 3, 1] of StyleGAN2, zero beyond the border.

Each is one depthwise convolution: on channels_last maps that passes over the memory once.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["Resampler"]


class Resampler(nn.Module):
    """Holds the filter, [1, 3, 3, 1] / 8 both ways, which is no part of the checkpoint."""

    taps: Tensor

    def __init__(self) -> None:
        super().__init__()
        taps = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 8
        self.register_buffer("taps", (taps[:, None] * taps)[None, None], persistent=False)

    def blur(self, x: Tensor, padding: int, *, gain: float = 1.0, bias: Tensor | None = None) -> Tensor:
        """Filters a map, times `gain`, and adds a bias [C]; each side grows by 2 * padding - 3 pixels."""
        return functional.conv2d(x, self._filters(x, gain), bias, padding=padding, groups=x.shape[1])

    def upsample(self, x: Tensor) -> Tensor:
        """Doubles a map's sides, [B, C, 2H, 2W]; what is constant stays what it is, away from the border."""
        return functional.conv_transpose2d(x, self._filters(x, 4.0), stride=2, padding=1, groups=x.shape[1])

    def downsample(self, x: Tensor) -> Tensor:
        """Halves a map's sides, [B, C, H/2, W/2]."""
        return functional.conv2d(x, self._filters(x, 1.0), stride=2, padding=1, groups=x.shape[1])

    def _filters(self, x: Tensor, gain: float) -> Tensor:
        return (gain * self.taps).to(x.dtype).expand(x.shape[1], -1, -1, -1)
