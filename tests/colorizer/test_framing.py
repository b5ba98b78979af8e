"""Sketches of any size are worked on at a bounded size, in whole strides, and come back at their own."""

import pytest
import torch
from methods import COLORIZER, sketch
from PIL import Image

from artmodels.colorizer.framing import enlarged, fit_reference, fit_sketch, heat, inside

SIDE, STRIDE = COLORIZER.size, COLORIZER.stride
SIZES = [(32, 32), (50, 40), (37, 53), (1, 1), (3, 500), (4000, 300), (640, 640)]


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_a_working_picture_is_of_whole_strides_and_bounded(size: tuple[int, int]) -> None:
    pixels, frame = fit_sketch(sketch(*size), COLORIZER)
    height, width = pixels.shape[2:]
    assert height % STRIDE == width % STRIDE == 0
    assert height * width <= (SIDE + STRIDE) ** 2 * 2
    assert max(height, width) <= 2 * SIDE + STRIDE
    assert (frame.width, frame.height) == size
    assert inside(pixels, frame).shape[2:] == (frame.inner_height, frame.inner_width)
    assert pixels.abs().max() <= 1


@pytest.mark.parametrize("size", [(50, 40), (37, 53), (400, 300)], ids=str)
def test_a_sketch_keeps_its_aspect_and_the_training_area(size: tuple[int, int]) -> None:
    _, frame = fit_sketch(sketch(*size), COLORIZER)
    assert frame.inner_width / frame.inner_height == pytest.approx(size[0] / size[1], rel=0.05)
    assert frame.inner_width * frame.inner_height == pytest.approx(SIDE**2, rel=0.05)


def test_a_sketch_of_the_training_size_is_seen_as_it_is() -> None:
    pixels, _ = fit_sketch(sketch(SIDE, SIDE), COLORIZER)
    assert pixels.shape == (1, 1, SIDE, SIDE)
    assert pixels[0, 0, 0, 0] == 1
    assert pixels.min() == pytest.approx(20 / 127.5 - 1, abs=1e-3)


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_a_reference_is_of_whole_strides_and_bounded(size: tuple[int, int]) -> None:
    fitted = fit_reference(Image.new("RGB", size), COLORIZER)
    assert fitted.width % STRIDE == fitted.height % STRIDE == 0
    assert fitted.width * fitted.height <= 2 * SIDE**2


def test_a_picture_comes_back_at_its_own_size() -> None:
    _, frame = fit_sketch(sketch(500, 200), COLORIZER)
    assert enlarged(torch.zeros(3, frame.inner_height, frame.inner_width), frame).size == (500, 200)


def test_a_veil_is_as_opaque_as_the_change() -> None:
    _, frame = fit_sketch(sketch(SIDE, SIDE), COLORIZER)
    change = torch.zeros(1, SIDE, SIDE)
    change[:, :, 8:] = 25
    change[:, :, 16:] = 80
    opacity = heat(change, frame).getchannel("A")
    assert [opacity.getpixel((x, 4)) for x in (2, 10, 20)] == [0, 128, 255]
