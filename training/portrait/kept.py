"""What a portrait keeps of its photo: the turn of the head, the colour of the hair and that of the skin.

No network is asked, so that drawings are measured as photos are: in aligned pictures eyes lie in the same places, and
so do cheeks and, as an arch about the upper half of the face, hair. Of a bald head the arch is skin and backdrop.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from training.colours import to_lab

__all__ = ["Looks", "agreement", "by_chance", "kept", "looks_of"]

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

# Places in shares of the side, from the upper left; eyes lie near (.38, .45) and (.62, .45).
CHEEKS = ((0.33, 0.43), (0.57, 0.67))  # from where to where across
CHEEK_ROWS, TURN_ROWS = (0.52, 0.62), (0.45, 0.65)
ARCH_CENTRE, ARCH_RADII, ARCH_INSIDE, ARCH_OUTSIDE, ARCH_FOOT = (0.5, 0.47), (0.30, 0.40), 0.75, 1.05, 0.45
SKIN_LIKE = 20.0  # difference of a and b at which a colour counts for 0.6 of skin
SHUFFLES = 1000
RARE = 0.95


class Looks(NamedTuple):
    """What aligned pictures look like.

    turn: where between left, 0, and right, 1, the skin-coloured lies in the rows from the eyes to the mouth, [B, 1]:
        when a head turns, more of it is seen on one side of the eyes. Over the starter's portraits it goes along with
        how far to the other side a detector finds the tip of the nose, with a correlation of 0.83.
    hair: mean CIE Lab colour of the arch, [B, 3]. skin: median of the cheeks, [B, 3].
    """

    turn: Floats
    hair: Floats
    skin: Floats


def looks_of(pictures: Tensor) -> Looks:
    """Args: pictures [B, 3, S, S] in [-1, 1], aligned."""
    lab = to_lab(pictures)
    across, down = places(lab.shape[1])
    cheeks, arch = cheeks_of(across, down), arch_of(across, down)
    skin = np.median(lab[:, cheeks], axis=1)
    rows = (down >= TURN_ROWS[0]) & (down < TURN_ROWS[1])
    far = np.linalg.norm(lab[:, rows, 1:] - skin[:, None, 1:], axis=2)
    weights = np.exp(-0.5 * (far / SKIN_LIKE) ** 2)
    turn = (weights * across[rows]).sum(1, keepdims=True) / weights.sum(1, keepdims=True)
    return Looks(turn, lab[:, arch].mean(1), skin)


def places(side: int) -> tuple[Floats, Floats]:
    """How far to the right and how far down the middle of each pixel lies, [S, S] each."""
    steps = (np.arange(side) + 0.5) / side
    across, down = np.meshgrid(steps, steps)
    return across, down


def cheeks_of(across: Floats, down: Floats) -> Mask:
    columns = [(across >= left) & (across < right) for left, right in CHEEKS]
    return (columns[0] | columns[1]) & (down >= CHEEK_ROWS[0]) & (down < CHEEK_ROWS[1])


def arch_of(across: Floats, down: Floats) -> Mask:
    (x, y), (width, height) = ARCH_CENTRE, ARCH_RADII
    radius = np.hypot((across - x) / width, (down - y) / height)
    return (radius > ARCH_INSIDE) & (radius < ARCH_OUTSIDE) & (down < ARCH_FOOT)


def agreement(first: Floats, second: Floats) -> float:
    """The correlation of two sets of values [N, D] of the same pictures, from -1 to 1, all D in their own units.

    It is the cosine of both once their means are taken away: Pearson's for D = 1. 0 where one of them never changes.
    """
    one, other = first - first.mean(0), second - second.mean(0)
    length = np.linalg.norm(one) * np.linalg.norm(other)
    return float((one * other).sum() / length) if length > 1e-9 else 0.0


def by_chance(first: Floats, second: Floats) -> float:
    """The agreement below which 19 of 20 random pairings of the same values stay; their mean is 0."""
    draws = np.random.default_rng(0)
    found = [agreement(first, second[draws.permutation(len(second))]) for _ in range(SHUFFLES)]
    return float(np.quantile(found, RARE))


def kept(photos: Looks, portraits: Looks) -> dict[str, float]:
    """The agreement of photos and their portraits in each, by its name."""
    return {name: agreement(getattr(photos, name), getattr(portraits, name)) for name in Looks._fields}
