"""From a picture to line art, with no weights: an extended difference of Gaussians (XDoG) of what should become ink.

The papers draw their sketches with Im2Pencil, an edge detector followed by XDoG followed by a network. Here the XDoG
remains, and two maps of *marks*, bright where ink should be, feed it:

* `border_lines` for flat colourings: the strength of every colour border, so that each region gets an outline;
* `drawn_lines` for finished pictures: the darkness itself, so that a drawn line comes back as one line of its own
  width, and colour borders only where no line was drawn.

Source: Winnemöller, Kyprianidis, Olsen, "XDoG: An eXtended difference-of-Gaussians compendium", 2012; k and gamma are
the numbers of Im2Pencil. Differs: sigma counts in fractions of the shorter side, because Im2Pencil's 2.5 pixels mean
nothing without a size; phi is 10 to 30, not 200, because then weak lines fade instead of breaking into dots.
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["DARKNESS_XDOG", "EDGE_XDOG", "XDoG", "border_lines", "border_strength", "drawn_lines", "ink"]

Bytes = NDArray[np.uint8]
Map = NDArray[np.float32]


@dataclass(frozen=True)
class XDoG:
    """How marks become ink.

    sigma: width of the narrow Gaussian in fractions of the shorter side; 1/256 is one pixel of a 256 px picture.
    epsilon: response below which the paper stays white.
    phi: steepness of the ink above epsilon; the larger, the harder the line.
    k, gamma: ratio of the two Gaussians' widths, and weight of the wide one.
    """

    sigma: float = 1 / 256
    epsilon: float = 0.1
    phi: float = 10.0
    k: float = 1.6
    gamma: float = 0.99


EDGE_XDOG = XDoG()
"""For `border_strength`: Im2Pencil's epsilon, which it too applies to an edge map."""

DARKNESS_XDOG = XDoG(epsilon=0.02, phi=30.0)
"""For darkness: a line is ink from about a tenth of the range darker than its surroundings."""


def border_lines(flat: Bytes) -> Bytes:
    """Outlines the regions of a flat colouring, faint borders as well as strong ones.

    Args:
        flat: [H, W, 3], RGB bytes.

    Returns:
        [H, W] bytes, black lines on white paper.
    """
    return _on_paper(ink(border_strength(flat, EDGE_XDOG.sigma, faintest=0.01), EDGE_XDOG))


def drawn_lines(picture: Bytes) -> Bytes:
    """Recovers the line drawing of a finished picture, and outlines what was painted without lines.

    Args:
        picture: [H, W, 3], RGB bytes.

    Returns:
        [H, W] bytes, black lines on white paper.
    """
    luminance = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.float32) / np.float32(255)
    lines = ink(np.float32(1) - luminance, DARKNESS_XDOG)
    # Both sides of a drawn line are borders too: without this gap beside it, every line would come out three times.
    reach = 2 * round(3.5 * _pixels(DARKNESS_XDOG.sigma, lines)) + 1
    near_lines = np.asarray(cv2.dilate(lines, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))), np.float32)
    strength = border_strength(picture, EDGE_XDOG.sigma, faintest=0.03)
    borders = ink(strength * (np.float32(1) - near_lines), EDGE_XDOG)
    return _on_paper(np.maximum(lines, borders))


def ink(marks: Map, settings: XDoG) -> Map:
    """Turns marks into lines of ink: tanh(phi · max(G_sigma - gamma · G_(k·sigma) - epsilon, 0)).

    Args:
        marks: [H, W], 0 for paper, about 1 and more for a mark.

    Returns:
        [H, W], 0 for paper to 1 for solid ink. Even areas stay paper while epsilon > 1 - gamma.
    """
    sigma = _pixels(settings.sigma, marks)
    narrow = cv2.GaussianBlur(marks, (0, 0), sigma)
    wide = cv2.GaussianBlur(marks, (0, 0), settings.k * sigma)
    return np.tanh(settings.phi * np.maximum(narrow - settings.gamma * wide - settings.epsilon, 0))


def border_strength(picture: Bytes, sigma: float, *, faintest: float) -> Map:
    """Measures how much of a colour border runs through each pixel, relative to the borders around it.

    The gradient of all three colours together is the root of the structure tensor's larger eigenvalue (Di Zenzo 1986);
    dividing by its own neighbourhood gives a faint border nearly the strength of a strong one.

    Args:
        picture: [H, W, 3], RGB bytes.
        sigma: scale of the derivative, in fractions of the shorter side.
        faintest: the gradient below which borders fade out; between black and white it is 0.7.

    Returns:
        [H, W], 0 where the colour is even; a ridge of up to 3 along each border.
    """
    pixels = _pixels(sigma, picture)
    smooth = cv2.GaussianBlur(picture.astype(np.float32) / 255, (0, 0), pixels)
    # Scharr's weights sum to 32; times sigma, a step has the same strength at every size.
    across = cv2.Scharr(smooth, -1, 1, 0, scale=pixels / 32)
    down = cv2.Scharr(smooth, -1, 0, 1, scale=pixels / 32)
    xx, yy, xy = _over_colours(across * across), _over_colours(down * down), _over_colours(across * down)
    gradient = np.sqrt((xx + yy + np.sqrt((xx - yy) ** 2 + 4 * xy * xy)) / 2)
    neighbourhood = cv2.GaussianBlur(gradient, (0, 0), 3 * pixels)
    return gradient / (neighbourhood + np.float32(faintest))


def _over_colours(products: Map) -> Map:
    return products[..., 0] + products[..., 1] + products[..., 2]


def _pixels(fraction: float, picture: NDArray[Any]) -> float:
    return fraction * min(picture.shape[:2])


def _on_paper(lines: Map) -> Bytes:
    return np.floor((1 - lines) * 255 + 0.5).astype(np.uint8)
