"""Sketches of every kind become dark lines on white, clean ones stay as they are, and photos are refused."""

from pathlib import Path

import numpy as np
import pytest
from methods import drawing, sketch
from PIL import Image, ImageDraw, ImageOps

from artmodels import PictureError
from artmodels.line_art import read_line_art, shrink_lines

WIDTH, HEIGHT = 180, 240


def page() -> Image.Image:
    """Clean line art with a face, hatching and a black fill."""
    picture = Image.new("L", (WIDTH, HEIGHT), 255)
    pen = ImageDraw.Draw(picture)
    pen.ellipse((40, 50, 140, 170), outline=0, width=4)
    pen.rectangle((60, 185, 95, 220), fill=0)
    for x in range(100, 160, 10):
        pen.line((x, 190, x + 12, 230), fill=0, width=2)
    return picture


def photographed(lines: Image.Image, *, grain: float = 0.02) -> Image.Image:
    """Grey pencil on yellowish paper, lit from one corner, with grain."""
    values = 1 - 0.6 * (1 - np.asarray(lines.convert("L"), np.float32) / 255)
    down, across = np.mgrid[: lines.height, : lines.width]
    light = 0.92 - 0.4 * (down / lines.height + across / lines.width) / 2
    noise = np.random.default_rng(0).normal(0, grain, values.shape)
    pixels = (values * light + noise)[..., None] * (1, 0.96, 0.88)
    return Image.fromarray(np.rint(pixels.clip(0, 1) * 255).astype(np.uint8))


def difference(first: Image.Image, second: Image.Image) -> np.ndarray:
    assert first.size == second.size
    return np.abs(np.asarray(first.convert("L"), int) - np.asarray(second.convert("L"), int))


def grey_photo() -> Image.Image:
    """Smooth hills of grey with things of all tones in front of them."""
    hills = np.random.default_rng(3).integers(0, 256, (5, 4), dtype=np.uint8)
    return Image.fromarray(hills).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)


@pytest.mark.parametrize(
    "make", [page, lambda: sketch(90, 70), lambda: Image.new("L", (30, 20), 255)], ids=["page", "sketch", "blank"]
)
def test_clean_line_art_stays_as_it_is(make) -> None:
    art = read_line_art(make())
    assert art.lines.tobytes() == art.picture.tobytes() == make().convert("RGB").tobytes()
    assert art.cleaning == ()


def test_coloured_lines_on_white_stay_as_they_are() -> None:
    blue = ImageOps.colorize(page(), (30, 60, 200), "white")
    assert read_line_art(blue).lines.tobytes() == blue.tobytes()


def test_photographed_pencil_becomes_black_on_white() -> None:
    art = read_line_art(photographed(page()))
    assert art.cleaning == ("paper tone removed",)
    values, is_paper = np.asarray(art.lines.convert("L")), np.asarray(page()) == 255
    assert np.quantile(values[is_paper], 0.05) == 255
    assert np.median(values[~is_paper]) < 40
    assert difference(art.lines, page()).mean() < 8


def test_a_grey_scan_becomes_white_without_losing_its_fill() -> None:
    scan = page().point(lambda value: 30 + value * 190 // 255)
    art = read_line_art(scan)
    assert difference(art.lines, page()).max() <= 8


@pytest.mark.parametrize("ground", [(0, 0, 0), (25, 50, 120)], ids=["chalk", "blueprint"])
def test_light_lines_on_dark_are_turned_round(ground: tuple[int, int, int]) -> None:
    art = read_line_art(ImageOps.colorize(page(), "white", ground))
    assert art.cleaning[0] == "light lines on dark turned round"
    assert difference(art.lines, page()).mean() < 4


@pytest.mark.parametrize("ink", ["black", "white"])
def test_a_transparent_drawing_is_read_whatever_its_ink(ink: str, tmp_path: Path) -> None:
    layer = Image.new("RGBA", (WIDTH, HEIGHT), ink)
    layer.putalpha(ImageOps.invert(page()))
    layer.save(tmp_path / "layer.png")
    for source in (layer, tmp_path / "layer.png", np.asarray(layer)):
        art = read_line_art(source)
        assert difference(art.lines, page()).max() == 0
        assert art.cleaning == (() if ink == "black" else ("light lines read from their opacity",))


@pytest.mark.parametrize(
    "make", [lambda: drawing(120, 100), grey_photo, lambda: drawing(90, 90, 2)], ids=["colours", "greys", "others"]
)
def test_a_photo_is_refused_with_a_way_out_and_taken_when_it_is_meant(make) -> None:
    with pytest.raises(PictureError, match=r"photo or a painting.*artmodels sketch.*clean=False") as caught:
        read_line_art(make())
    assert "\n" not in str(caught.value)
    art = read_line_art(make(), clean=False)
    assert art.lines.tobytes() == make().convert("RGB").tobytes()


@pytest.mark.parametrize("value", [0, 90, 200])
def test_an_empty_page_of_any_tone_is_a_page(value: int) -> None:
    art = read_line_art(Image.new("L", (40, 30), value))
    assert art.lines.size == (40, 30)


def test_shrunk_lines_stay_dark() -> None:
    large = Image.new("L", (1000, 1000), 255)
    pen = ImageDraw.Draw(large)
    for x in range(50, 1000, 60):
        pen.line((x, 0, x, 999), fill=0, width=1)
    small = np.asarray(shrink_lines(large, 125, 125))
    assert small.min() < 30
    assert (small > 200).mean() > 0.6
    assert np.asarray(large.resize((125, 125), Image.Resampling.BICUBIC)).min() > 180


def test_lines_of_the_size_that_is_asked_for_stay_as_they_are() -> None:
    assert shrink_lines(page(), WIDTH, HEIGHT).tobytes() == page().tobytes()


def test_an_empty_page_stays_empty_when_it_shrinks() -> None:
    assert shrink_lines(Image.new("L", (300, 300), 255), 20, 20).getextrema() == (255, 255)
