"""Sketches as methods need them: dark lines on white paper, from scans, pencil photographs, transparent drawings."""

from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageOps
from torch.nn import functional

from artmodels.errors import PictureError
from artmodels.images import PictureSource, load_picture

__all__ = ["LineArt", "read_line_art", "shrink_lines"]

Values = NDArray[np.floating[Any]]

ANALYSED_SIDE = 384  # pixels of the copy that is judged; the next three are of it, too
LINE_WIDTH = 15  # what is wider is no line
BLOCKS = 6  # the light on paper is read in so many places each way
WHITE_SHARE = 0.5  # of pixels that make a page clean, and need no more than to be white to a few bytes
WHITE = 250
# Of photographs and paintings, to tell them from line art; measured on 1,100 pictures of both kinds.
COLOURED_SHARE, SATURATED = 0.1, 0.2
GREY_SHARE, PAPER_SHARE = 0.26, 0.6
BAND_HEIGHT = 256


class LineArt(NamedTuple):
    """A sketch as it came and as it is used.

    Attributes:
        picture: what `load_picture` reads, mode "RGB".
        lines: dark on white, mode "RGB"; the picture itself, byte for byte, where it was clean.
        cleaning: what was done to it, as words for people.
    """

    picture: Image.Image
    lines: Image.Image
    cleaning: tuple[str, ...]


def read_line_art(source: PictureSource, *, clean: bool = True) -> LineArt:
    """Reads a sketch: light lines on dark are turned round, paper tone, uneven light and grain become white.

    A page that is white already stays as it is, to the last byte.

    Args:
        source: a path, PIL picture or array of any size and mode; light lines on nothing are read by their opacity.
        clean: off, the picture is taken as it is, whatever it shows.
    Raises:
        PictureError: it cannot be read, or is a photo or a painting and no sketch.
    """
    picture = load_picture(source)
    if not clean:
        return LineArt(picture, picture, ())
    lines, cleaning = picture, []
    opacity = _light_ink(source, picture)
    if opacity is not None:
        lines, cleaning = ImageOps.invert(opacity).convert("RGB"), ["light lines read from their opacity"]
    elif _is_light_on_dark(picture):
        lines, cleaning = ImageOps.invert(picture), ["light lines on dark turned round"]
    small = lines.copy()
    small.thumbnail((ANALYSED_SIDE, ANALYSED_SIDE), Image.Resampling.BOX)
    grey = np.asarray(small.convert("L"), np.float32) / 255
    paper = _paper(grey)
    _refuse_photo(small, grey, paper)
    if np.mean(np.asarray(lines.convert("L")) >= WHITE) < WHITE_SHARE:
        lines = _without_paper(lines.convert("L"), paper).convert("RGB")
        cleaning.append("paper tone removed")
    return LineArt(picture, lines, tuple(cleaning))


def shrink_lines(lines: Image.Image, width: int, height: int) -> Image.Image:
    """Line art at another size, mode "L"; lines that would fade because they get thinner than a pixel stay dark."""
    grey = lines.convert("L")
    if grey.size == (width, height):
        return grey
    factor = int(min(grey.width / width, grey.height / height) / 4)
    if factor > 1:
        grey = _strengthened(grey.reduce(factor))
    is_smaller = grey.width > width or grey.height > height
    grey = grey.resize((width, height), Image.Resampling.BICUBIC)
    return _strengthened(grey) if is_smaller else grey


def _strengthened(grey: Image.Image, limit: float = 6.0) -> Image.Image:
    """Darkens all lines by one factor, until the darkest are nearly black."""
    darkness = 255 - np.asarray(grey, np.float32)
    darkest = float(np.quantile(darkness, 0.997))
    gain = min(max(242 / max(darkest, 1), 1), limit)
    return Image.fromarray(np.rint(255 - np.minimum(darkness * gain, 255)).astype(np.uint8))


def _light_ink(source: PictureSource, picture: Image.Image) -> Image.Image | None:
    """The opacity of a drawing in light ink on nothing, which cannot be seen on white paper."""
    opacity = _opacity(source)
    if opacity is None or np.mean(np.asarray(opacity) < 128) < WHITE_SHARE:
        return None
    ink = np.asarray(picture.convert("L"))[np.asarray(opacity) > 128]
    return opacity if len(ink) and np.median(ink) > 200 else None


def _opacity(source: PictureSource) -> Image.Image | None:
    if isinstance(source, str | Path):
        with Image.open(source) as opened:
            return _opacity(ImageOps.exif_transpose(opened)) if opened.has_transparency_data else None
    if isinstance(source, Image.Image):
        return source.convert("RGBA").getchannel("A") if source.has_transparency_data else None
    if isinstance(source, np.ndarray) and source.ndim == 3 and source.shape[2] in (2, 4):
        return load_picture(source[:, :, -1]).convert("L")
    return None


def _is_light_on_dark(picture: Image.Image) -> bool:
    values = np.asarray(picture.convert("L").reduce(max(1, max(picture.size) // 2048)))
    middle, brightest = np.quantile(values, (0.5, 0.99))
    return bool(middle < 90 and brightest - middle > 64 and np.mean(values > (middle + brightest) / 2) < 0.35)


def _paper(grey: Values) -> Values:
    """How light the paper is at each place of [H, W] in [0, 1]: what is light in each block, lines and fills aside."""
    rows, columns = (np.linspace(0, side, min(BLOCKS, side) + 1).astype(int) for side in grey.shape)
    light = np.array(
        [
            [np.quantile(grey[top:bottom, left:right], 0.9) for left, right in pairwise(columns)]
            for top, bottom in pairwise(rows)
        ],
        np.float32,
    )
    around = np.pad(light, 1, mode="edge")
    neighbours = [around[i : i + light.shape[0], j : j + light.shape[1]] for i in range(3) for j in range(3)]
    light = np.maximum(light, np.median(neighbours, axis=0))
    # A block far darker than the page is filled with black, and says nothing of the light.
    usual = float(np.quantile(light, 0.9))
    light = np.where(light < 0.45 * usual, usual, light)
    size = (grey.shape[1], grey.shape[0])
    found = np.asarray(Image.fromarray(light).resize(size, Image.Resampling.BILINEAR))
    return np.asarray(np.maximum(found, 1 / 255), np.float32)


def _refuse_photo(small: Image.Image, grey: Values, paper: Values) -> None:
    """Raises: PictureError: large parts are coloured, or neither paper nor black."""
    pixels: Values = np.asarray(small, np.float32)
    pixels = pixels / np.maximum(np.quantile(pixels, 0.8, axis=(0, 1)), 51)
    coloured = np.mean(-_widest(-np.ptp(pixels, axis=2), 3) > SATURATED)
    closed = -_widest(-_widest(grey, LINE_WIDTH), LINE_WIDTH) / paper
    greys = np.mean((closed > 0.25) & (closed < 0.9))
    if coloured > COLOURED_SHARE or (greys > GREY_SHARE and np.mean(grey / paper > 0.9) < PAPER_SHARE):
        raise PictureError(
            "this looks like a photo or a painting, not like line art: draw its lines first, with "
            '"artmodels sketch" or Sketcher.draw, or take it as it is with clean=False (--no-clean)'
        )


def _widest(values: Values, width: int) -> Values:
    """The greatest of the width x width values around each of [H, W]."""
    x = torch.from_numpy(np.ascontiguousarray(values, np.float32))[None]
    for window in ((width, 1), (1, width)):
        x = functional.max_pool2d(x, window, 1, (window[0] // 2, window[1] // 2))
    return np.asarray(x[0].numpy(), np.float32)


def _without_paper(grey: Image.Image, paper: Values) -> Image.Image:
    """Divides by the paper's light, then sets the paper's grain to white and the darkest lines to black."""
    light = Image.fromarray(np.rint(paper * 255).astype(np.uint8)).resize(grey.size, Image.Resampling.BILINEAR)
    flat = Image.new("L", grey.size)
    for top in range(0, grey.height, BAND_HEIGHT):
        box = (0, top, grey.width, min(top + BAND_HEIGHT, grey.height))
        values = np.asarray(grey.crop(box), np.float32) / np.maximum(np.asarray(light.crop(box), np.float32), 1)
        flat.paste(Image.fromarray(np.rint(np.minimum(values * 204, 255)).astype(np.uint8)), box)
    tones = np.arange(256) / 204  # 1 is the paper's light, and its grain may be lighter
    counts = np.cumsum(flat.histogram()) / (grey.width * grey.height)
    darkest, low, middle = (tones[np.searchsorted(counts, share)] for share in (0.003, 0.25, 0.5))
    grain = (middle - low) / 0.674
    white = min(max(middle - 2.5 * grain - 0.03, 0.6), 1.0)
    black = min(darkest, 0.6 * white)
    levels = np.rint((tones - black).clip(0) / (white - black) * 255).clip(0, 255)
    return flat.point(levels.astype(int).tolist())
