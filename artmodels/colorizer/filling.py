"""Colour that was rendered small, enlarged up to the lines of the sketch and no farther."""

from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from artmodels import images
from artmodels.line_art import shrink_lines

__all__ = ["fill_to_lines"]

LARGEST = 1024  # side in pixels up to which colour is fitted to the lines; beyond it they are wide enough to hide steps
SHARPENED = 1.5  # times that a picture is enlarged from which on its lines would show as a haze
SOFT, DARK = 0.2, 0.4  # ink from 0 to 1: where a small picture shows its own lines, and what colour does not cross
STEPS, LINE_STEPS = 4, 16  # pixels that colour spreads at each size, and at last under the lines


def fill_to_lines(colour: Tensor, lines: Image.Image) -> Tensor:
    """Colour without the lines that were painted into it, at the size of the lines, or at most `LARGEST`.

    Enlarged, the colour along lines is a mixture of the line and both sides. There it is taken from the nearest place
    on the same side, in doubling sizes. What no such place reaches in a few steps, such as an eye full of lines, stays
    as it is, and so does everything where nothing is enlarged.

    Args:
        colour: [1, 3, h, w] in [-1, 1].
        lines: line art of the same aspect and any size.
    Returns: [1, 3, H, W].
    """
    scale = min(1.0, LARGEST / max(lines.size))
    height, width = (max(1, round(side * scale)) for side in reversed(lines.size))
    lines = shrink_lines(lines, width, height)
    is_mixed = ink_of(lines, colour) > SOFT
    for size in doubled(colour.shape[2:], (height, width)):
        colour = functional.interpolate(colour, size, mode="bilinear")
        is_mixed = functional.interpolate(is_mixed.float(), size, mode="bilinear") > 0
        is_line = ink_of(lines, colour) > DARK
        colour, is_mixed = spread(colour, is_mixed | is_line, ~is_line)
        is_mixed = is_mixed | (functional.max_pool2d(is_line.float(), 3, 1, 1) > 0)
        if size == (height, width):
            return spread(colour, is_line, torch.ones_like(is_line), steps=LINE_STEPS)[0]
    return functional.interpolate(colour, (height, width), mode="bilinear", antialias=True)


def doubled(size: Sequence[int], last: tuple[int, int]) -> list[tuple[int, int]]:
    """Heights and widths from twice a size to the last one, each about twice the one before; none without a growth."""
    height, width = size
    if max(last) < SHARPENED * max(height, width):
        return []
    found = []
    while 2 * max(height, width) < max(last):
        height, width = 2 * height, 2 * width
        found.append((height, width))
    return [*found, last]


def ink_of(lines: Image.Image, like: Tensor) -> Tensor:
    """How dark the lines are, [1, 1, H, W] from 0 to 1, at the size of a picture."""
    small = shrink_lines(lines, like.shape[3], like.shape[2])
    return ((1 - images.to_tensor(small, 1)) / 2)[None].to(like.device)


def spread(colour: Tensor, is_open: Tensor, is_free: Tensor, *, steps: int = STEPS) -> tuple[Tensor, Tensor]:
    """Fills open places from their neighbours above, below and beside, step by step, where places are free.

    In numpy, because few places wait and hundreds of small operations would wait for each other's threads.

    Args: colour [1, 3, H, W]; is_open, is_free [1, 1, H, W].
    Returns: the colour, and which places are open still.
    """
    height, width = colour.shape[2:]
    filled = np.pad(colour[0].permute(1, 2, 0).cpu().numpy(), ((1, 1), (1, 1), (0, 0))).reshape(-1, 3)
    is_known = np.pad(~is_open[0, 0].cpu().numpy(), 1).ravel()
    waiting = np.flatnonzero(np.pad((is_open & is_free)[0, 0].cpu().numpy(), 1))
    beside = np.array((-1, 1, -width - 2, width + 2))
    for _ in range(steps):
        knows = is_known[waiting[:, None] + beside]
        is_reached = knows.any(1)
        places, weights = waiting[is_reached], knows[is_reached][..., None].astype(np.float32)
        filled[places] = (filled[places[:, None] + beside] * weights).sum(1) / weights.sum(1)
        is_known[places] = True
        waiting = waiting[~is_reached]
        if not len(places):
            break
    rows = torch.from_numpy(filled).view(height + 2, width + 2, 3)[1:-1, 1:-1].permute(2, 0, 1)[None]
    known = torch.from_numpy(is_known).view(1, 1, height + 2, width + 2)[..., 1:-1, 1:-1]
    return rows.contiguous().to(colour.device), ~known.to(colour.device)
