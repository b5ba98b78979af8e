"""One picture as sketches of several kinds, so that a model learns to read any of them.

The paper draws with sketchKeras and a sketch simplification network, and of four such kinds chooses one at random for
each picture. These four need no weights: `drawn` is what was drawn as line, `soft` is an extended difference of
Gaussians of random scale, `thin` are edges one pixel wide and shaky, `outline` are borders as a morphological gradient.
"""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from training.recipes.line_extraction import XDoG, drawn_lines, ink

__all__ = ["LINE_STYLES", "draw_lines"]

Bytes = NDArray[np.uint8]
DARKNESS = np.array((0.299, 0.587, 0.114), np.float32)


def draw_lines(picture: Bytes, style: str, generator: np.random.Generator) -> Bytes:
    """Sketches a picture [H, W, 3] in one of LINE_STYLES: [H, W], dark lines on white paper."""
    return LINE_STYLES[style](picture, generator)


def draw_drawn(picture: Bytes, generator: np.random.Generator) -> Bytes:
    return drawn_lines(picture)


def draw_soft(picture: Bytes, generator: np.random.Generator) -> Bytes:
    """Darkness through XDoG, of a scale, threshold and steepness drawn at random."""
    darkness = 1 - picture.astype(np.float32) @ DARKNESS / np.float32(255)
    sigma = float(np.exp(generator.uniform(np.log(0.5), np.log(2.0)))) / 256
    settings = XDoG(sigma, epsilon=float(generator.uniform(0.012, 0.04)), phi=float(generator.uniform(10, 40)))
    return on_paper(ink(darkness, settings))


def draw_thin(picture: Bytes, generator: np.random.Generator) -> Bytes:
    """Canny's edges at random thresholds, shifted by smooth noise of about a pixel, faint or dark."""
    smooth = cv2.GaussianBlur(picture, (0, 0), float(generator.uniform(0.8, 1.6)))
    high = float(generator.uniform(60, 140))
    edges = cv2.Canny(smooth, 0.4 * high, high).astype(np.float32) / 255
    height, width = edges.shape
    coarse = generator.uniform(-1.5, 1.5, (2, max(2, height // 16), max(2, width // 16))).astype(np.float32)
    across, down = (cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC) for noise in coarse)
    columns, rows = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    shaky = cv2.remap(edges, columns + across, rows + down, cv2.INTER_LINEAR)
    return on_paper(shaky * float(generator.uniform(0.6, 1.0)))


def draw_outline(picture: Bytes, generator: np.random.Generator) -> Bytes:
    """How much colours differ within a small disc: bold where borders are strong."""
    reach = 2 * int(generator.integers(1, 3)) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    difference = cv2.morphologyEx(picture, cv2.MORPH_GRADIENT, disc).max(2).astype(np.float32) / 255
    floor = float(generator.uniform(0.08, 0.2))
    return on_paper(np.clip((difference - floor) / (0.6 - floor), 0, 1))


def on_paper(lines: NDArray[np.float32]) -> Bytes:
    """From 0 for paper and 1 for ink to bytes, white and black."""
    return np.rint(255 * (1 - np.clip(lines, 0, 1))).astype(np.uint8)


LINE_STYLES: dict[str, Callable[[Bytes, np.random.Generator], Bytes]] = {
    "drawn": draw_drawn,
    "soft": draw_soft,
    "thin": draw_thin,
    "outline": draw_outline,
}
