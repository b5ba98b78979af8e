"""Colour that was rendered small ends at the sketch's lines, at their size, and has no lines of its own."""

import numpy as np
import pytest
import torch
from PIL import Image, ImageChops, ImageDraw
from torch import Tensor
from torch.nn import functional

from artmodels import images
from artmodels.colorizer.filling import LARGEST, fill_to_lines

LEFT, RIGHT, DOT = (200, 40, 50), (250, 220, 120), (30, 60, 200)


def halves(width: int, height: int, *, dot: bool = False) -> tuple[Image.Image, Image.Image]:
    """Flat colours on both sides of a slanted line, and the line; a dot of a third colour in a ring."""
    colours, lines = Image.new("RGB", (width, height), RIGHT), Image.new("L", (width, height), 255)
    flat, pen, thickness = ImageDraw.Draw(colours), ImageDraw.Draw(lines), max(2, width // 100)
    edge = [(0.55 * width, 0), (0.45 * width, height)]
    flat.polygon([(0, 0), *edge, (0, height)], fill=LEFT)
    pen.line(edge, fill=0, width=thickness)
    if dot:
        ring = [0.2 * width, 0.2 * height, 0.28 * width, 0.28 * height]
        flat.ellipse(ring, fill=DOT)
        pen.ellipse(ring, outline=0, width=thickness)
    return colours, lines


def rendered(colours: Image.Image, lines: Image.Image, width: int, height: int) -> Tensor:
    """What a network would paint that sees the drawing at a small size: colours with soft dark lines."""
    small = ImageChops.multiply(colours, lines.convert("RGB")).resize((width, height), Image.Resampling.BICUBIC)
    return images.to_tensor(small)[None]


def wrong(filled: Tensor, colours: Image.Image) -> np.ndarray:
    """Which pixels are off by more than a fifth, the ink below which a rendered line is left where it is."""
    found = np.asarray(images.to_picture(filled[0])).astype(int)
    return np.abs(found - np.asarray(colours.resize((found.shape[1], found.shape[0]), 0))).max(axis=2) > 51


@pytest.mark.parametrize("size", [(128, 128), (300, 300), (700, 500)], ids=str)
def test_colour_reaches_its_line_and_no_farther(size: tuple[int, int]) -> None:
    colours, lines = halves(*size)
    filled = fill_to_lines(rendered(colours, lines, 64, 64 * size[1] // size[0]), lines)
    assert filled.shape[2:] == (size[1], size[0])
    bad = wrong(filled, colours)
    assert not bad[np.asarray(lines) > 200].any()
    assert bad.mean() < 0.02


def test_a_dot_in_a_ring_keeps_its_colour() -> None:
    colours, lines = halves(600, 600, dot=True)
    bad = wrong(fill_to_lines(rendered(colours, lines, 96, 96), lines), colours)
    assert bad[120:168, 120:168][np.asarray(lines)[120:168, 120:168] > 200].mean() < 0.02


def test_away_from_lines_colour_is_enlarged_smoothly() -> None:
    colour = torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    lines = Image.new("L", (32, 32), 255)
    smooth = functional.interpolate(colour, (32, 32), mode="bilinear")
    torch.testing.assert_close(fill_to_lines(colour, lines), smooth)
    ImageDraw.Draw(lines).line((20, 0, 20, 31), fill=0, width=2)
    torch.testing.assert_close(fill_to_lines(colour, lines)[..., :15], smooth[..., :15])


@pytest.mark.parametrize("size", [(32, 32), (40, 40)], ids=str)
def test_what_is_not_enlarged_keeps_what_was_rendered(size: tuple[int, int]) -> None:
    colours, lines = halves(*size)
    colour = rendered(colours, lines, 32, 32)
    filled = fill_to_lines(colour, lines)
    torch.testing.assert_close(filled, functional.interpolate(colour, size, mode="bilinear", antialias=True))


def test_a_page_full_of_ink_stays_as_it_was_rendered() -> None:
    colour = torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    filled = fill_to_lines(colour, Image.new("L", (32, 32), 0))
    torch.testing.assert_close(filled, functional.interpolate(colour, (32, 32), mode="bilinear"))


def test_the_size_is_bounded_and_keeps_the_aspect() -> None:
    filled = fill_to_lines(torch.zeros(1, 3, 24, 32), Image.new("L", (4000, 3000), 255))
    assert filled.shape == (1, 3, LARGEST * 3 // 4, LARGEST)
