"""Puts a change that was rendered small into an artwork at its own size, and leaves the rest of the artwork alone."""

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["blend_change"]

# Differences of the networks' pictures, in [-1, 1]: below the first nothing was meant to change, above the second all.
UNCHANGED, CHANGED = 0.06, 0.24
# How wrong an unchanged rendering may be before its artwork's detail no longer fits a change.
TRUSTED = 0.25


def blend_change(artwork: Tensor, before: Tensor, after: Tensor) -> Tensor:
    """The artwork with the change from `before` to `after`.

    Where the two renderings agree the artwork stays as it is, to the last bit. Where they differ the result is `after`
    plus the detail that rendering had lost, artwork minus `before`; the less so, the further `before` was from the
    artwork, because the detail of a region that was misread would come back as a false colour.

    Args:
        artwork: [B, C, H, W] in [-1, 1], at its own size.
        before, after: [B, C, h, w] in [-1, 1], rendered without and with the change, of the same aspect.
    Returns: [B, C, H, W] in [-1, 1].
    """
    small = functional.interpolate(artwork, before.shape[-2:], mode="bilinear", antialias=True)
    change = (after - before).abs().amax(dim=1, keepdim=True)
    changed = functional.max_pool2d(change, 3, 1, 1).sub(UNCHANGED).div(CHANGED - UNCHANGED).clamp(0, 1)
    error = functional.avg_pool2d((small - before).abs().amax(dim=1, keepdim=True), 5, 1, 2, count_include_pad=False)
    trust = (1 - error / TRUSTED).clamp(0, 1)
    before, after, changed, trust = (
        functional.interpolate(x, artwork.shape[-2:], mode="bilinear") for x in (before, after, changed, trust)
    )
    edited = (after + trust * (artwork - before)).clamp(-1, 1)
    return torch.where(changed > 0, artwork.lerp(edited, changed), artwork)
