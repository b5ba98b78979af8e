"""The four stages of one emoji: line, flat, shaded, three_d, aligned, on white.

`flat` and `shaded` are the emoji's own SVGs, `three_d` its rendering, and `line` is drawn along the borders between the
regions of `flat`, so that it fits exactly.
"""

import io
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from artmodels.errors import ArtModelsError, PictureError
from training.recipes.picture_folders import resized

__all__ = ["STAGES", "border_ink", "colour_name", "colour_regions", "dominant_colours", "draw_stages", "need_resvg"]

Bytes = NDArray[np.uint8]
RGB = tuple[int, int, int]

STAGES = ("line", "flat", "shaded", "three_d")
MARGIN = 0.04
"""Part of the side that stays white around an emoji, so that its outline is never cut."""
LINE_WIDTH = 0.0085
"""In parts of the side: about one pixel at 128."""
LEAST_OVERLAP = 0.8
"""Intersection over union of two stages' silhouettes, below which they are different drawings."""
COLOURS: dict[str, RGB] = {
    "red": (220, 60, 55), "orange": (240, 140, 50), "yellow": (250, 205, 70), "green": (80, 180, 90),
    "teal": (60, 170, 165), "blue": (60, 125, 215), "purple": (140, 90, 195), "pink": (240, 130, 180),
    "brown": (125, 80, 55), "black": (35, 35, 40), "grey": (150, 150, 155), "white": (245, 245, 245),
}  # fmt: skip


def need_resvg() -> None:
    """Raises ArtModelsError unless SVGs can be drawn here."""
    try:
        import resvg_py  # noqa: F401
    except ImportError:
        raise ArtModelsError("drawing emoji from their SVGs needs resvg-py: pip install resvg-py") from None


def draw_stages(pictures: dict[str, Path], size: int) -> tuple[dict[str, Bytes], Bytes]:
    """Draws the stages of one emoji.

    Args:
        pictures: paths of flat (SVG), shaded (SVG) and three_d (PNG).
        size: side in pixels.

    Returns:
        stage -> [S, S] for line and [S, S, 3] for the others; and flat alone, [s, s, 4], for its colours.

    Raises:
        PictureError: a picture cannot be read, is not square or is empty, or two of them do not align.
    """
    inner = size - 2 * round(MARGIN * size)
    fine = inner * max(3, -(-768 // inner))
    flat = render_svg(pictures["flat"], fine)
    drawn = {
        "flat": render_svg(pictures["flat"], inner),
        "shaded": render_svg(pictures["shaded"], inner),
        "three_d": read_rgba(pictures["three_d"], inner),
    }
    _check_aligned(drawn)
    stages = {"line": _framed(resized(border_ink(colour_regions(flat)), inner), size)}
    return stages | {stage: _framed(on_white(rgba), size) for stage, rgba in drawn.items()}, drawn["flat"]


def render_svg(path: Path, side: int) -> Bytes:
    """[side, side, 4]. Raises PictureError where the file is no square SVG."""
    import resvg_py

    try:
        written = resvg_py.svg_to_bytes(
            svg_string=path.read_text(encoding="utf-8"), width=side, height=side, skip_system_fonts=True
        )
    except (OSError, ValueError) as error:
        raise PictureError(f"{path.name} cannot be drawn: {error}") from error
    return _square(np.asarray(Image.open(io.BytesIO(bytes(written))).convert("RGBA")), path)


def read_rgba(path: Path, side: int) -> Bytes:
    """[side, side, 4], resized with its colours weighted by opacity. Raises PictureError as `render_svg` does."""
    try:
        picture = Image.open(path).convert("RGBA")
    except (OSError, SyntaxError) as error:
        raise PictureError(f"{path.name} cannot be read: {error}") from error
    _square(np.asarray(picture), path)
    return np.asarray(picture.resize((side, side), Image.Resampling.LANCZOS))


def on_white(rgba: Bytes) -> Bytes:
    """Lays [S, S, 4] on white paper: [S, S, 3]."""
    opacity = rgba[..., 3:].astype(np.float32) / 255
    return np.floor(rgba[..., :3] * opacity + 255 * (1 - opacity) + 0.5).astype(np.uint8)


def colour_regions(flat: Bytes) -> NDArray[np.uint16]:
    """Which of its colours each pixel of a flat picture [S, S, 4] shows: [S, S], 0 where nothing is drawn.

    Blends of two colours along a border are no colour of their own: every pixel that is in no even square of five by
    five pixels takes what the nearest such square shows.
    """
    step = flat[..., :3].astype(np.uint16) // 12
    colour = np.where(flat[..., 3] > 127, 1 + step[..., 0] + 32 * step[..., 1] + 1024 * step[..., 2], 0)
    colour, square = colour.astype(np.uint16), np.ones((5, 5), np.uint8)
    is_even = cv2.erode(colour, square) == cv2.dilate(colour, square)
    if not is_even.any():
        return colour
    solid = cv2.dilate(is_even.astype(np.uint8), square) > 0
    _, nearest = cv2.distanceTransformWithLabels(
        (~solid).astype(np.uint8), cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_PIXEL
    )
    shown = np.zeros(nearest.max() + 1, np.uint16)
    shown[nearest[solid]] = colour[solid]
    return shown[nearest]


def border_ink(regions: NDArray[np.integer]) -> Bytes:
    """Draws a line of LINE_WIDTH along every border between regions: [S, S], black on white."""
    border = np.zeros(regions.shape, np.uint8)
    border[:, 1:] |= regions[:, 1:] != regions[:, :-1]
    border[1:] |= regions[1:] != regions[:-1]
    width = 2 * round(LINE_WIDTH * len(regions) / 2) + 1
    pen = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))
    return np.asarray(255 * (1 - cv2.dilate(border, pen)), np.uint8)


def dominant_colours(flat: Bytes, count: int = 4) -> list[RGB]:
    """The colours that cover most of a flat picture [S, S, 4], largest area first."""
    pixels = flat[flat[..., 3] > 127][:, :3]
    _, first, counts = np.unique(pixels // 24, axis=0, return_index=True, return_counts=True)
    largest = np.argsort(-counts, kind="stable")[:count]
    return [(int(red), int(green), int(blue)) for red, green, blue in pixels[first[largest]]]


def colour_name(colour: RGB) -> str:
    """The nearest of twelve colour words."""
    return min(COLOURS, key=lambda name: sum((a - b) ** 2 for a, b in zip(COLOURS[name], colour, strict=True)))


def _check_aligned(drawn: dict[str, Bytes]) -> None:
    silhouettes = {stage: rgba[..., 3] > 127 for stage, rgba in drawn.items()}
    for stage, silhouette in silhouettes.items():
        if not silhouette.any():
            raise PictureError(f"{stage} is empty")
    for stage in ("shaded", "three_d"):
        either, both = silhouettes["flat"] | silhouettes[stage], silhouettes["flat"] & silhouettes[stage]
        if both.sum() < LEAST_OVERLAP * either.sum():
            raise PictureError(f"flat and {stage} do not align")


def _square(picture: NDArray[Any], path: Path) -> Bytes:
    height, width = picture.shape[:2]
    if height != width:
        raise PictureError(f"{path.name} is {width} x {height} pixels, not square")
    return picture


def _framed(picture: Bytes, size: int) -> Bytes:
    """Puts a picture into the middle of white paper of that size."""
    margin = (size - len(picture)) // 2
    return np.pad(picture, [(margin, margin)] * 2 + [(0, 0)] * (picture.ndim - 2), constant_values=255)
