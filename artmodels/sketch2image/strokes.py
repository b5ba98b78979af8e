"""From a small map of ink to crisp lines at a picture's own size, thinner or thicker than they were found."""

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn import functional

__all__ = ["crisp_lines", "scaled_strokes"]

Mask = NDArray[np.bool_]
Map = NDArray[np.float32]

LARGEST = 1536  # side in pixels up to which the course of lines is traced; beyond it their edges are only sharpened
SUPERSAMPLED = 4  # times finer than a small picture that lines are traced, for smooth edges
WIDEST = 1 / 48  # of the longer side: half the width of what is a line and no filled area
CONTAINED = 0.65  # pixels that a neighbour's disc may leave of a disc that it takes the place of
SOFT = 0.7  # deviation in traced pixels by which stairs at the edge of a line are smoothed


def crisp_lines(ink: Tensor, size: tuple[int, int], *, level: float, thickness: float = 1.0) -> Image.Image:
    """Where lines are in a picture of another size: mode "L", 255 inside a line, with smooth edges a pixel wide.

    The map is enlarged while it is still soft and cut into lines only then, so that they are never blocky.

    Args:
        ink: [h, w], from 0, paper, to 1.
        size: width and height in pixels, of about the map's aspect.
        level: ink from which on a place belongs to a line.
        thickness: by which factor lines become wider.
    """
    scale = min(SUPERSAMPLED, LARGEST / max(size)) if max(size) < LARGEST else LARGEST / max(size)
    height, width = (max(1, round(side * scale)) for side in reversed(size))
    is_smaller = ink.shape[0] > height
    fine = functional.interpolate(
        ink[None, None].float(), (height, width), mode="bicubic", align_corners=False, antialias=is_smaller
    )
    lines = (fine[0, 0] > level).cpu().numpy()
    if thickness != 1:
        lines = scaled_strokes(lines, thickness)
    softened = Image.fromarray(np.rint(soften(lines) * 255).astype(np.uint8))
    if softened.size == size:
        return softened
    if scale > 1:
        return softened.resize(size, Image.Resampling.BOX)
    steepness = 1 / scale
    steps = [round(min(max((value - 127.5) * steepness + 127.5, 0), 255)) for value in range(256)]
    return softened.resize(size, Image.Resampling.BICUBIC).point(steps)


def scaled_strokes(lines: Mask, thickness: float) -> Mask:
    """Lines [H, W] with every stroke `thickness` times as wide and its middle where it was; none disappears.

    A stroke is the union of the largest discs inside it (Blum's medial axis); each disc grows or shrinks about its
    centre, by the mean of those nearby, so that a rough edge does not become a string of beads. What is
    wider than a line, a filled area, gains or loses at its edge what the widest line would.
    """
    widest = max(2, round(WIDEST * max(lines.shape)))
    radius: Map = np.sqrt(nearest(np.where(lines, np.inf, 0).astype(np.float32), widest + 1)) - np.float32(0.5)
    is_core = radius > widest
    is_filled = nearest(np.where(is_core, 0, np.inf).astype(np.float32), widest + 1) <= (widest + 0.5) ** 2
    is_centre = lines & is_medial(radius) & ~is_filled
    kept = is_filled & lines
    if thickness > 1:
        is_centre |= is_core
        kept = lines
    elif thickness < 1:
        kept &= radius > (1 - thickness) * widest
    wanted = thickness * mean_nearby(radius.clip(max=widest), is_centre, widest)
    discs = np.where(is_centre, -(wanted**2), np.inf).astype(np.float32)
    grown: Mask = nearest(discs, int(np.ceil(wanted.max(initial=0, where=is_centre))) + 1) <= 0
    return grown | kept if thickness > 1 else (grown & lines) | kept


def nearest(values: Map, reach: int) -> Map:
    """min over places y no farther than `reach` pixels across and down of values(y) + |x - y|^2, for every place x."""
    for axis in (0, 1):
        side = values.shape[axis]
        found = values.copy()
        for step in range(1, min(reach, side - 1) + 1):
            near, far = slice(step, None), slice(None, -step)
            for here, there in ((near, far), (far, near)):
                to, source = ((here, slice(None)), (there, slice(None))) if axis == 0 else (
                    (slice(None), here), (slice(None), there)
                )  # fmt: skip
                np.minimum(found[to], values[source] + np.float32(step**2), out=found[to])
        values = found
    return values


def is_medial(radius: Map) -> Mask:
    """Places whose largest disc lies in no neighbour's."""
    around = np.pad(radius, 1)
    height, width = radius.shape
    medial = np.ones(radius.shape, bool)
    for row in range(3):
        for column in range(3):
            distance = float(np.hypot(row - 1, column - 1))
            if distance > 0:
                medial &= around[row : row + height, column : column + width] < radius + distance - CONTAINED
    return medial


def mean_nearby(values: Map, is_counted: Mask, reach: int) -> Map:
    """The mean of the counted values no farther than `reach` pixels across and down; 0 where there is none."""
    counted = torch.from_numpy(np.stack((values * is_counted, is_counted)).astype(np.float32))
    x = counted[None]
    for window in ((2 * reach + 1, 1), (1, 2 * reach + 1)):
        x = functional.avg_pool2d(x, window, 1, (window[0] // 2, window[1] // 2))
    total, count = x[0]
    found: Map = (total / count.clamp(min=1e-9)).numpy()
    return found


def soften(lines: Mask) -> Map:
    """Lines as numbers from 0 to 1, blurred just enough to smooth stairs."""
    offsets = torch.arange(-2, 3)
    kernel = torch.exp(-(offsets**2) / (2 * SOFT**2))
    kernel = kernel / kernel.sum()
    x = functional.pad(torch.from_numpy(lines.astype(np.float32))[None, None], (2, 2, 2, 2), mode="replicate")
    x = functional.conv2d(functional.conv2d(x, kernel.view(1, 1, 1, 5)), kernel.view(1, 1, 5, 1))
    found: Map = x[0, 0].numpy()
    return found
