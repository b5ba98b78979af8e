"""What can be measured of line drawings: how wide and dark strokes are, and whether they lie where they should."""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from torch import Tensor

__all__ = ["Strokes", "line_f1", "line_mask", "measure_strokes"]

Masks = NDArray[np.bool_]

FAINTEST = 0.15  # ink, from 0 to 1, from which on a place may belong to a line
SHARE = 0.3  # of the drawing's darkest ink that makes a place part of a line


class Strokes(NamedTuple):
    """Of drawings together.

    width: mean, in pixels. darkness: median ink in the middle of strokes, from 0 to 1. ink: mean of all pixels.
    """

    width: float
    darkness: float
    ink: float


def line_mask(lines: Tensor) -> Masks:
    """Where each drawing [B, 1, H, W], paper at 1 and ink at -1, has ink: at least a share of its own darkest.

    Returns: [B, H, W].
    """
    ink = to_ink(lines)
    darkest = np.quantile(ink.reshape(len(ink), -1), 0.995, axis=1)[:, None, None]
    return ink >= np.maximum(SHARE * darkest, FAINTEST)


def to_ink(lines: Tensor) -> NDArray[np.float32]:
    """[B, H, W] from 0, paper, to 1."""
    return ((1 - lines[:, 0].float().cpu()) / 2).clamp(0, 1).numpy()


def measure_strokes(lines: Tensor) -> Strokes:
    """Strokes of drawings [B, 1, H, W]: their ink, spread over the length of their skeletons.

    Raises:
        ValueError: there is no ink at all.
    """
    from skimage.morphology import skeletonize

    ink, masks = to_ink(lines), line_mask(lines)
    middles = np.stack([skeletonize(mask) for mask in masks])
    if not middles.any():
        raise ValueError("the drawings hold no line")
    darkness = float(np.median(ink[middles]))
    width = float(np.where(masks, ink, 0).sum() / darkness / middles.sum())
    return Strokes(width, darkness, float(ink.mean()))


def line_f1(found: Masks, true: Masks, tolerance: float) -> NDArray[np.float64]:
    """Of each two drawings [B, H, W] the harmonic mean of two shares: of found ink near true ink, and the other way.

    Args: tolerance: in pixels. Returns: [B], 1 where neither has ink.
    """
    return np.array([f1_of_two(one, other, tolerance) for one, other in zip(found, true, strict=True)])


def f1_of_two(found: NDArray[np.bool_], true: NDArray[np.bool_], tolerance: float) -> float:
    if not found.any() or not true.any():
        return float(found.any() == true.any())
    precision = (distance_to(true)[found] <= tolerance).mean()
    recall = (distance_to(found)[true] <= tolerance).mean()
    return float(2 * precision * recall / max(precision + recall, 1e-12))


def distance_to(mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Pixels from each place to the nearest one of the mask."""
    far = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.asarray(far, np.float32)
