"""What a visitor sees and does on the page of sketch to image, in a real Chromium."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from visits import CANVAS_IS_READY, DESKTOP, OVERFLOW, PHONE, Visit, until_heard, visits

from artmodels import read_recipe

pytestmark = pytest.mark.browser

LAST = "[...document.querySelectorAll('#{} img')].at(-1).src"
SIZES = "[...document.querySelectorAll('#{} img')].map(each => `${{each.naturalWidth}} x ${{each.naturalHeight}}`)"
MIXED = "all => all.map(each => each.dataset.key)"


def wait_until_open(page: Any) -> None:
    page.wait_for_selector("#mixer .mixer")
    page.wait_for_function(f"() => {SIZES.format('slider')}.join() == '512 x 512,512 x 512'")


@pytest.fixture(scope="module")
def visit(chromium: Any, sketch_url: str) -> Iterator[Visit]:
    with visits(chromium, sketch_url, wait_until_open) as visit:
        yield visit


def mixed(page: Any) -> list[str]:
    keys: list[str] = page.eval_on_selector_all("#mixer li.in", MIXED)
    return keys


def picture(page: Any, slider: str = "slider") -> str:
    source: str = page.evaluate(LAST.format(slider))
    return source


def wait_for_another(page: Any, before: str, slider: str = "slider") -> None:
    page.wait_for_function(f"before => {LAST.format(slider)} != before", arg=before)
    page.wait_for_selector("#stop", state="hidden")


def take(page: Any, key: str) -> None:
    """Takes an exemplar's style alone."""
    before = picture(page)
    page.click(f"#mixer [data-key={key}] [data-alone]")
    wait_for_another(page, before)


def slide(page: Any, key: str, weight: str) -> None:
    before = picture(page)
    until_heard(page, partial(page.locator(f"#mixer [data-key={key}] input").fill, weight))
    wait_for_another(page, before)


def stroke(page: Any) -> None:
    page.wait_for_function(CANVAS_IS_READY)
    box = page.locator("#canvas canvas").first.bounding_box()
    across, down = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(across - 60, down - 40)
    page.mouse.down()
    page.mouse.move(across + 60, down + 40, steps=12)
    page.mouse.up()


def saved(page: Any, folder: Path, button: str = "save-png") -> Path:
    with page.expect_download() as download:
        page.click(f"#{button}")
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def options_of(page: Any, folder: Path) -> dict[str, Any]:
    options: dict[str, Any] = read_recipe(saved(page, folder))["options"]
    return options


def test_page_opens_with_a_finished_example(opened: Any) -> None:
    assert mixed(opened) == ["blue-ponytail"]
    assert opened.locator("#mixer li").count() == 7
    assert opened.locator("#examples [data-tile]").count() == 8
    assert opened.locator("#mixer output").first.inner_text() == "100%"


def test_page_says_what_it_saw_and_what_it_costs(opened: Any) -> None:
    text = opened.inner_text("body")
    for fact in ("own card", "Apache-2.0", "CPU cores", "64 pixels", "two hours"):
        assert fact in text


def test_five_controls_are_in_sight(opened: Any) -> None:
    outside = opened.locator("button:visible:not(.am-tile):not([role=tab]):not(#mixer *)").all()
    named = {button.inner_text().strip().split("\n")[0].lstrip("⚄ ") for button in outside}
    # Lines (opened or drawn), styles, the view, the dice, and download; tabs are drawn twice, once for measuring.
    assert named - {"", "Settings", "Use via API", "Draw", "Every style"} == {
        "Drop File Here", "Blank sheet", "Another texture", "PNG", "PSD", "ORA", "More",
        "Finish a sketch", "Photo to lines", "My own hand",
    }  # fmt: skip
    inputs = opened.locator("input:visible:not(#mixer *), textarea:visible, select:visible")
    assert set(inputs.evaluate_all("all => all.map(each => each.closest('#view')?.id)")) == {"view"}


def test_page_fits_a_screen(opened: Any) -> None:
    assert opened.evaluate(OVERFLOW) <= 0
    boxes = [opened.locator(selector).bounding_box() for selector in ("#mixer", "#canvas", "#slider", "#save-png")]
    assert all(box["y"] + min(box["height"], 300) < DESKTOP["height"] for box in boxes)
    assert boxes[1]["x"] > 200  # the place to open a sketch is beside the canvas
    assert boxes[2]["x"] + boxes[2]["width"] > 1300


def test_page_fits_a_phone_in_the_dark(visit: Visit) -> None:
    page = visit(PHONE, color_scheme="dark", is_mobile=True, has_touch=True)
    assert page.evaluate(OVERFLOW) <= 0
    assert page.locator("#slider").bounding_box()["y"] < PHONE["height"]
    page.locator("#mixer").scroll_into_view_if_needed()
    assert page.locator("#slider").bounding_box()["y"] >= 0
    for tab in ("Every style", "Draw", "Photo to lines", "My own hand"):
        page.get_by_role("tab", name=tab).click()
        assert page.evaluate(OVERFLOW) <= 0
    page.close()


def test_a_click_takes_one_style_and_no_other_visitor_sees_it(page: Any, opened: Any) -> None:
    take(page, "red-curls")
    assert mixed(page) == ["red-curls"]
    assert mixed(opened) == ["blue-ponytail"]


def test_styles_are_mixed_and_stitched(page: Any, tmp_path: Path) -> None:
    assert not page.locator("#mixer .ways").is_visible()
    slide(page, "pink-bob", "0.25")
    assert mixed(page) == ["blue-ponytail", "pink-bob"]
    assert page.locator("#mixer li.in output").all_inner_texts() == ["80%", "20%"]
    before = picture(page)
    page.click("#mixer [data-mixing=stitch]")
    wait_for_another(page, before)
    options = options_of(page, tmp_path)
    assert (options["mixing"], options["weights"]) == ("stitch", [0.8, 0.2])
    slide(page, "blue-ponytail", "0")
    page.locator("#mixer [data-key=pink-bob] input").fill("0")
    assert mixed(page) == ["pink-bob"]


def test_the_picture_follows_a_stroke_and_the_seed_stays(page: Any, tmp_path: Path) -> None:
    before = picture(page)
    page.click("#dice")
    wait_for_another(page, before)
    seed = options_of(page, tmp_path)["seed"]
    assert seed > 0
    before = picture(page)
    stroke(page)
    wait_for_another(page, before)
    assert f"seed {seed} kept" in page.inner_text("#status")
    assert options_of(page, tmp_path)["seed"] == seed
    drawn = picture(page)
    page.locator("#canvas button[aria-label=Undo]").click()
    wait_for_another(page, drawn)


def test_a_blank_sheet_is_drawn_on(page: Any) -> None:
    page.wait_for_function(CANVAS_IS_READY)
    before = picture(page)
    page.click("#blank")
    wait_for_another(page, before)
    page.get_by_text("Draw something.").wait_for()
    blank = picture(page)
    stroke(page)
    wait_for_another(page, blank)


def test_coarse_and_refined_are_a_view_of_their_own(page: Any) -> None:
    first = "document.querySelector('#slider img').src"
    before = page.evaluate(first)
    page.get_by_label("coarse and refined").check()
    page.wait_for_function(f"before => {first} != before", arg=before)
    take(page, "red-curls")
    assert page.get_by_label("coarse and refined").is_checked()


def test_own_exemplars_join_the_strip_and_leave_it(page: Any, artwork_path: Path) -> None:
    before = picture(page)
    page.set_input_files("#open-exemplar input[type=file]", [artwork_path])
    wait_for_another(page, before)
    assert mixed(page) == ["own-1"]
    page.click("#mixer [data-leave]")
    page.wait_for_function("() => document.querySelectorAll('#mixer li').length == 7")
    assert mixed(page) == ["blue-ponytail"]


def test_own_lines_take_the_place_of_the_example(page: Any, sketch_path: Path, tmp_path: Path) -> None:
    page.set_input_files("#open input[type=file]", sketch_path)
    page.wait_for_function(f"() => {SIZES.format('slider')}.join() == '80 x 80,80 x 80'")
    assert mixed(page) == ["blue-ponytail"]
    with Image.open(saved(page, tmp_path)) as picture:
        assert picture.size == (80, 80)


def test_a_photo_as_a_sketch_is_drawn_first_and_its_lines_taken_back(page: Any, artwork_path: Path) -> None:
    page.set_input_files("#open input[type=file]", artwork_path)
    page.get_by_text("This was no line drawing").wait_for()
    assert page.locator("#hands [data-tile]").count() == 6
    page.click("#use-lines")
    page.wait_for_function(f"() => {SIZES.format('slider')}.join() == '90 x 70,90 x 70'")
    page.get_by_text("These are the lines of your picture.").wait_for()


def test_every_style_is_tried_and_one_taken(page: Any) -> None:
    page.get_by_role("tab", name="Every style").click()
    page.click("#make-board")
    page.wait_for_selector("#board [data-tile=brown-mop]")
    page.wait_for_selector("#stop", state="hidden")
    before = picture(page)
    page.locator("#board [data-tile=green-fringe] .am-tile").click()
    wait_for_another(page, before)
    assert mixed(page) == ["green-fringe"]


def test_trying_every_style_can_be_stopped(page: Any) -> None:
    page.get_by_role("tab", name="Every style").click()
    page.click("#make-board")
    page.wait_for_selector("#board [data-tile]")
    page.click("#stop")
    page.wait_for_selector("#stop", state="hidden")
    page.wait_for_selector("#make-board:not([disabled])")


def test_another_model_and_what_is_under_more(page: Any, tmp_path: Path) -> None:
    page.locator("#more button").first.click()
    before = picture(page)
    page.locator("#kind input").nth(1).check()
    wait_for_another(page, before)
    page.wait_for_function("() => !document.querySelector('#keep-lines input').checked")
    for act in (
        lambda: page.locator("#keep-lines input").check(),
        lambda: page.fill("#seed input", "7"),
        lambda: page.locator("#refine input").uncheck(),
    ):
        before = picture(page)
        act()
        wait_for_another(page, before)
    options = options_of(page, tmp_path)
    assert (options["keep_lines"], options["refine"], options["seed"]) == (True, False, 7)


@pytest.mark.parametrize("suffix", ["psd", "ora"])
def test_layers_are_downloaded(page: Any, tmp_path: Path, suffix: str) -> None:
    path = saved(page, tmp_path, f"save-{suffix}")
    assert path.name == f"picture.{suffix}"
    assert read_recipe(path)["verb"] == "synthesize"


def test_an_example_sets_the_strip_even_after_it_was_slid(page: Any) -> None:
    slide(page, "purple-bob", "0.5")
    before = picture(page)
    page.locator("#examples [data-tile$='/2'] .am-tile").first.click()
    wait_for_another(page, before)
    page.wait_for_function("() => document.querySelectorAll('#mixer li.in').length == 2")
    assert mixed(page) == ["pink-bob", "brown-mop"]
    assert page.get_attribute("#mixer [data-mixing=stitch]", "aria-pressed") == "true"


def test_hands_draw_a_photo_thicker_and_paler(page: Any, tmp_path: Path, sketch_path: Path) -> None:
    page.get_by_role("tab", name="Photo to lines").click()
    page.wait_for_function(f"() => {SIZES.format('traced')}.join() == '400 x 267,400 x 267'")
    assert page.locator("#hands [data-tile]").count() == 6
    page.set_input_files("#open-photo input[type=file]", sketch_path)
    page.wait_for_function(f"() => {SIZES.format('traced')}.join() == '80 x 80,80 x 80'")
    page.get_by_text("Choose the hand you like.").wait_for()
    before = picture(page, "traced")
    page.locator("#hands [data-tile='xdog:pen'] .am-tile").click()
    wait_for_another(page, before, "traced")
    for control, value in (("thickness", "2"), ("darkness", "0.4")):
        before = picture(page, "traced")
        until_heard(page, partial(page.locator(f"#{control} input[type=range]").fill, value))
        wait_for_another(page, before, "traced")
    path = saved(page, tmp_path, "save-lines-png")
    assert path.name == "lines.png"
    options = read_recipe(path)["options"]
    assert (options["hand"], options["thickness"], options["darkness"]) == ("pen", 2, 0.4)


def test_my_own_hand_is_explained(page: Any) -> None:
    page.get_by_role("tab", name="My own hand").click()
    page.get_by_text("training.sketch2image.train_sketcher").wait_for()
    assert page.locator("#lesson-hands img").count() == 3
