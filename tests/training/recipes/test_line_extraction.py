import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from training.recipes.line_extraction import DARKNESS_XDOG, EDGE_XDOG, XDoG, border_lines, drawn_lines, ink

LINES = [border_lines, drawn_lines]


def disc(side: int, inside: tuple[int, ...], outside: tuple[int, ...], radius: float = 0.3) -> NDArray[np.uint8]:
    y, x = np.mgrid[:side, :side] / side - 0.5
    return np.where((np.hypot(x, y) < radius)[..., None], np.uint8(inside), np.uint8(outside))


def ring_around(side: int, radius: float, width: float) -> NDArray[np.bool_]:
    y, x = np.mgrid[:side, :side] / side - 0.5
    return np.abs(np.hypot(x, y) - radius) < width


@pytest.mark.parametrize("lines", LINES)
@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (200, 30, 90)])
def test_an_even_picture_has_no_lines(lines, colour):
    assert (lines(np.full((64, 64, 3), colour, np.uint8)) == 255).all()


@pytest.mark.parametrize("lines", LINES)
def test_a_region_gets_one_closed_black_outline_on_white_paper(lines):
    sketch = lines(disc(128, (220, 40, 40), (240, 230, 200)))
    assert sketch.dtype == np.uint8
    assert sketch.shape == (128, 128)
    inked = np.uint8(sketch < 128)
    assert not inked[~ring_around(128, 0.3, 0.03)].any()
    # A closed line divides the paper in two; a broken one leaves it whole.
    papers, _ = cv2.connectedComponents(1 - inked, connectivity=4)
    outlines, _ = cv2.connectedComponents(inked, connectivity=8)
    assert (papers - 1, outlines - 1) == (2, 1)


def test_colours_of_equal_luminance_have_a_border():
    red, green = (150, 40, 40), (40, 95, 50)
    luminance = np.array([0.299, 0.587, 0.114])
    assert abs(luminance @ red - luminance @ green) < 2
    assert border_lines(disc(128, red, green)).min() < 30


def test_faint_borders_are_outlined_too():
    assert border_lines(disc(256, (200, 180, 170), (210, 190, 180))).min() < 100


def test_a_drawn_line_comes_back_as_one_line_where_borders_would_be_two():
    paper = np.full((256, 256, 3), 240, np.uint8)
    drawn = cv2.line(paper, (128, 20), (128, 235), (20, 20, 20), 3)
    single = drawn_lines(drawn)[128] < 128
    assert np.flatnonzero(np.diff(single.astype(int)) == 1).size == 1
    assert abs(np.flatnonzero(single).mean() - 128) <= 1
    double = border_lines(drawn)[128] < 128
    assert np.flatnonzero(np.diff(double.astype(int)) == 1).size == 2


@pytest.mark.parametrize("lines", LINES)
def test_the_drawing_does_not_depend_on_the_resolution(lines):
    small, large = (lines(disc(side, (60, 90, 160), (230, 220, 210))) for side in (256, 512))
    reduced = cv2.resize(large, (256, 256), interpolation=cv2.INTER_AREA)
    assert np.abs(small.astype(float) - reduced).mean() < 2


@pytest.mark.parametrize("lines", LINES)
def test_turning_the_picture_turns_the_drawing(lines):
    picture = disc(96, (60, 90, 160), (230, 220, 210))
    picture[20:50, 10:40] = (10, 120, 60)
    turned = lines(np.ascontiguousarray(picture.swapaxes(0, 1)))
    assert np.abs(turned.T.astype(int) - lines(picture)).max() <= 1


@pytest.mark.parametrize("settings", [EDGE_XDOG, DARKNESS_XDOG])
def test_ink_of_an_even_area_is_the_closed_form(settings):
    marks = np.full((40, 40), 0.8, np.float32)
    expected = np.tanh(settings.phi * max(0.8 * (1 - settings.gamma) - settings.epsilon, 0))
    np.testing.assert_allclose(ink(marks, settings), expected, atol=1e-5)


def test_ink_of_a_step_is_the_difference_of_two_error_functions():
    from scipy.special import ndtr

    settings = XDoG(sigma=4 / 128, epsilon=0.0, phi=1.0)
    marks = np.zeros((128, 128), np.float32)
    marks[:, 64:] = 1
    x = np.arange(128) - 63.5
    response = ndtr(x / 4) - settings.gamma * ndtr(x / (4 * settings.k))
    # OpenCV cuts a Gaussian off at three sigma and samples it.
    inner = slice(30, 98)
    np.testing.assert_allclose(ink(marks, settings)[64, inner], np.tanh(np.maximum(response, 0))[inner], atol=5e-3)
