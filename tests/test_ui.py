"""The pieces that the Spaces share, without a browser."""

import base64
import io
import logging
from collections.abc import Iterator
from pathlib import Path

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from artmodels import PictureError, Result, read_recipe, ui


def gradient(size: tuple[int, int] = (40, 30)) -> Image.Image:
    red = Image.linear_gradient("L").resize(size)
    return Image.merge("RGB", (red, red.transpose(Image.Transpose.ROTATE_180), Image.new("L", size, 90)))


def test_a_known_problem_becomes_its_sentence_with_markup_disarmed() -> None:
    def open_it() -> None:
        raise PictureError("cannot read <b>x</b>.png")

    with pytest.raises(gr.Error) as caught:
        ui.friendly(open_it)()
    assert caught.value.message == "cannot read &lt;b&gt;x&lt;/b&gt;.png"


def test_an_unknown_problem_is_logged_and_not_told(caplog: pytest.LogCaptureFixture) -> None:
    def divide() -> float:
        return 1 / 0

    with caplog.at_level(logging.ERROR, "artmodels.ui"), pytest.raises(gr.Error) as caught:
        ui.friendly(divide)()
    assert "division" not in caught.value.message
    assert "divide failed" in caplog.text
    assert "ZeroDivisionError" in caplog.text


def test_an_error_meant_for_the_visitor_passes_as_it_is() -> None:
    error = gr.Error("Please wait.")

    def refuse() -> None:
        raise error

    with pytest.raises(gr.Error) as caught:
        ui.friendly(refuse)()
    assert caught.value is error


def test_a_generator_streams_up_to_its_problem() -> None:
    def work() -> Iterator[int]:
        yield 1
        raise PictureError("too dark")

    stream = ui.friendly(work)()
    assert next(stream) == 1
    with pytest.raises(gr.Error, match="too dark"):
        next(stream)


def test_a_cancelled_generator_is_closed() -> None:
    closed = []

    def work() -> Iterator[int]:
        try:
            yield 1
        finally:
            closed.append(True)

    stream = ui.friendly(work)()
    next(stream)
    stream.close()
    assert closed == [True]


def test_tiles_hold_exact_pictures_and_escaped_words() -> None:
    picture = gradient()
    page = ui.tiles_html([ui.Tile("a<b", picture, "x & y", "n", chosen=True, locked=False)], label="Stages")
    packed = page.split("base64,")[1].split('"')[0]
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(base64.b64decode(packed)))), np.asarray(picture))
    assert 'data-tile="a&lt;b"' in page
    assert "x &amp; y" in page
    assert 'aria-pressed="true" class="am-tile"' in page
    assert 'data-lock aria-pressed="false"' in page


def test_places_are_left_for_tiles_to_come() -> None:
    page = ui.tiles_html([ui.Tile("1", gradient())], label="Board", places=3)
    assert page.count("am-place") == 2
    assert page.count("data-tile") == 1


def test_no_tile_says_what_would_be_there() -> None:
    assert "Nothing &amp; nobody" in ui.tiles_html([], label="Board", empty="Nothing & nobody")


def test_transparency_is_shown_on_white() -> None:
    picture = Image.new("RGBA", (4, 4), (255, 0, 0, 0))
    assert ui.on_white(picture).getpixel((1, 1)) == (255, 255, 255)


@pytest.mark.parametrize("size", [(1000, 500), (500, 1000), (20, 10)])
def test_shrinking_keeps_the_shape_and_never_enlarges(size: tuple[int, int]) -> None:
    small = ui.shrunk(Image.new("RGB", size), 100)
    assert max(small.size) == min(100, max(size))
    assert small.width / small.height == size[0] / size[1]


def test_palette_names_the_colours_of_a_picture_most_of_it_first() -> None:
    picture = Image.new("RGB", (100, 100), "#204080")
    picture.paste("#e0c040", (0, 0, 100, 30))
    assert ui.palette(picture, 2) == ["#204080", "#e0c040"]


def test_first_brush_of_a_coloured_stage_is_seen_on_it() -> None:
    picture = Image.new("RGB", (100, 100), "#204080")
    picture.paste("#e0c040", (0, 0, 100, 30))
    brush = ui.canvas_update(picture, is_lines=False)["brush"]
    assert brush.default_color == "#e0c040"
    assert {"#204080", "#000000", "#ffffff"} < set(brush.colors)


def test_lines_are_drawn_with_ink_and_paper_only() -> None:
    brush = ui.canvas_update(Image.new("L", (64, 64), 255), is_lines=True)["brush"]
    assert (brush.colors, brush.default_color, brush.color_mode) == (["#000000", "#ffffff"], "#000000", "fixed")


def test_canvas_is_never_empty_and_never_huge() -> None:
    value = ui.canvas_update(Image.new("RGB", (3000, 1000), "white"), is_lines=False)["value"]
    assert value["background"].size == value["composite"].size == (ui.CANVAS_SIDE, round(ui.CANVAS_SIDE / 3))
    assert value["layers"] == []


@pytest.mark.parametrize(
    "drawing",
    [
        None,
        {"background": None, "layers": [], "composite": None},
        {"background": None, "layers": [None, Image.new("RGBA", (9, 9), (200, 10, 10, 0))], "composite": None},
    ],
)
def test_nothing_drawn_is_no_picture(drawing: dict[str, object] | None) -> None:
    assert ui.painted(gradient(), drawing) is None


def test_strokes_reach_the_full_picture_where_they_were_drawn_and_nowhere_else() -> None:
    picture = gradient((200, 100))
    layer = Image.new("RGBA", (100, 50), (0, 0, 0, 0))
    layer.paste((255, 0, 0, 255), (10, 10, 30, 20))
    painted = ui.painted(picture, {"background": None, "layers": [layer], "composite": None})
    assert painted is not None
    assert painted.size == picture.size
    assert painted.getpixel((40, 30)) == (255, 0, 0)
    untouched = np.ones((100, 200), dtype=bool)
    untouched[10:50, 10:70] = False
    np.testing.assert_array_equal(np.asarray(painted)[untouched], np.asarray(picture)[untouched])


def test_saved_results_keep_the_name_and_never_meet() -> None:
    result = Result(gradient(), {}, {"verb": "stages"})
    with gr.Blocks():
        output = gr.File()
    one, two = (Path(ui.save_result(result, output, "artwork.png")) for _ in range(2))
    assert one.name == two.name == "artwork.png"
    assert one != two
    assert one.is_relative_to(output.GRADIO_CACHE)
    assert read_recipe(one) == {"verb": "stages"}


def test_status_shows_how_far_the_work_is() -> None:
    assert 'value="0.250"' in ui.status_line("a < b", 0.25)
    assert "<progress" not in ui.status_line("idle")
    assert "a &lt; b" in ui.status_line("a < b", 0.25)


def test_the_look_asks_for_no_font_of_the_network() -> None:
    assert not any("http" in str(sheet) for sheet in ui.theme()._stylesheets)
    assert "http" not in Path(ui.__file__).with_name("ui.css").read_text(encoding="utf-8")
