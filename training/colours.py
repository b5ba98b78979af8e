"""Differences of colour as people see them, and hues, of the parts of pictures."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

__all__ = ["FEWEST", "GREY", "differences", "hue_goes_one_way", "part_colours", "part_medians", "to_lab"]

Floats = NDArray[np.float64]

FEWEST = 12  # pixels of a part that say something of its colour
GREY = 8.0  # chroma below which a colour has no hue to speak of
WAVER = 3.0  # degrees that a hue may go back on its way


def to_lab(pictures: Tensor) -> Floats:
    """CIE Lab (D65) [B, H, W, 3] of sRGB pictures [B, 3, H, W] in [-1, 1]."""
    from skimage.color import rgb2lab

    return np.asarray(rgb2lab(((pictures.float().cpu().clamp(-1, 1) + 1) / 2).permute(0, 2, 3, 1).numpy()), np.float64)


def differences(first: Tensor, second: Tensor) -> Floats:
    """CIEDE2000 of each pixel, [B, H, W]."""
    from skimage.color import deltaE_ciede2000

    return np.asarray(deltaE_ciede2000(to_lab(first), to_lab(second)), np.float64)


def part_medians(values: Floats, masks: NDArray[np.bool_]) -> Floats:
    """The median of each picture's values [B, H, W] where its mask is true; not a number where fewer pixels are."""
    found = [
        np.median(value[mask]) if mask.sum() >= FEWEST else np.nan for value, mask in zip(values, masks, strict=True)
    ]
    return np.array(found)


def part_colours(pictures: Tensor, masks: NDArray[np.bool_]) -> Floats:
    """The median Lab colour [B, 3] of each picture [B, 3, H, W] where its mask is true."""
    lab = to_lab(pictures)
    return np.stack([part_medians(lab[..., channel], masks) for channel in range(3)], axis=1)


def hue_goes_one_way(colours: Sequence[Floats]) -> bool | None:
    """Whether the hue of Lab colours [3] never goes away from that of the last; None where the last one is grey.

    Grey ones on the way have no hue and are passed over; going back by three degrees is no going back.
    """
    vectors = [complex(colour[1], colour[2]) for colour in colours]
    if abs(vectors[-1]) < GREY:
        return None
    left = [abs(np.degrees(np.angle(vector / vectors[-1]))) for vector in vectors if abs(vector) >= GREY]
    return all(after <= before + WAVER for before, after in pairwise(left))
