"""What a visitor sees and does on the page of portraits, in a real Chromium."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from portrait_pictures import EYES
from visits import DESKTOP, OVERFLOW, PHONE, Visit, until_heard, visits

from artmodels import read_recipe

pytestmark = pytest.mark.browser

AFTER = "[...document.querySelectorAll('#slider img')].at(-1).src"
SIZES = "[...document.querySelectorAll('#slider img')].map(each => `${each.naturalWidth} x ${each.naturalHeight}`)"
DOTS = "all => all.map(each => [parseFloat(each.style.left), parseFloat(each.style.top)])"
PIXEL = "[...document.querySelector('#eyes canvas').getContext('2d').getImageData(96, 96, 1, 1).data].join()"


def wait_until_open(page: Any) -> None:
    page.wait_for_selector("#eyes .eyes")
    page.wait_for_function(f"() => {SIZES}.join() == '480 x 480,480 x 480'")


@pytest.fixture(scope="module")
def visit(chromium: Any, portrait_url: str) -> Iterator[Visit]:
    with visits(chromium, portrait_url, wait_until_open) as visit:
        yield visit


def picture(page: Any) -> str:
    source: str = page.evaluate(AFTER)
    return source


def wait_for_another(page: Any, before: str) -> None:
    page.wait_for_function(f"before => {AFTER} != before", arg=before)
    page.wait_for_selector("#stop", state="hidden")


def dots(page: Any) -> list[list[float]]:
    places: list[list[float]] = page.eval_on_selector_all("#eyes [data-eye]", DOTS)
    return places


def chosen_style(page: Any) -> str:
    name: str = page.get_attribute("#styles li:has([aria-pressed=true])", "data-tile")
    return name


def saved(page: Any, folder: Path, suffix: str = "png") -> Path:
    with page.expect_download() as download:
        page.click(f"#save-{suffix}")
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    assert path.name == f"portrait.{suffix}"
    return path


def options_of(page: Any, folder: Path) -> dict[str, Any]:
    options: dict[str, Any] = read_recipe(saved(page, folder))["options"]
    return options


def open_photo(page: Any, path: Path) -> None:
    before = page.inner_html("#eyes .eyes")
    page.set_input_files("#open input[type=file]", path)
    page.wait_for_function("before => document.querySelector('#eyes .eyes').innerHTML != before", arg=before)
    page.wait_for_selector("#stop", state="hidden")


def test_page_opens_with_an_invented_face_in_every_style(opened: Any) -> None:
    assert chosen_style(opened) == "tiny-paths"
    assert opened.locator("#styles [data-tile]").count() == 2
    assert opened.locator("#examples [data-tile]").count() == 4
    assert dots(opened) == [[38.25, 45.5], [61.75, 45.5]]


def test_page_says_plainly_what_the_pictures_are_and_what_is_kept(opened: Any) -> None:
    text = opened.inner_text("body")
    for fact in ("No portrait shows what somebody looks like", "Do not rely on any likeness", "own card", "Apache-2.0",
                 "CPU cores", "32 pixels", "deleted as soon as it is read"):  # fmt: skip
        assert fact in text


def test_five_controls_are_in_sight(opened: Any) -> None:
    outside = opened.locator("button:visible:not(.am-tile):not([role=tab]):not(#eyes *)").all()
    named = {button.inner_text().strip().split("\n")[0] for button in outside}
    # Photo, the eyes, style with likeness and path, the view, and download; tabs are drawn twice, once for measuring.
    assert named - {"", "Settings", "Use via API", "Style", "Samples", "Directions", "↺"} == {
        "Drop File Here", "or use the camera", "A style of your own, or anybody's on the Hub", "PNG", "PSD", "ORA",
        "More",
    }  # fmt: skip
    inputs = opened.locator("input:visible, textarea:visible, select:visible")
    owners = inputs.evaluate_all("all => all.map(each => each.closest('#view, #likeness, #attribute')?.id)")
    assert set(owners) == {"view", "likeness", "attribute"}


def test_page_fits_a_screen(opened: Any) -> None:
    assert opened.evaluate(OVERFLOW) <= 0
    boxes = [opened.locator(selector).bounding_box() for selector in ("#eyes", "#styles", "#slider", "#save-png")]
    assert all(box["y"] + min(box["height"], 300) < DESKTOP["height"] for box in boxes)
    assert boxes[2]["x"] + boxes[2]["width"] > 1300


def test_page_fits_a_phone_in_the_dark_and_dots_follow_a_finger(visit: Visit) -> None:
    page = visit(PHONE, color_scheme="dark", is_mobile=True, has_touch=True)
    assert page.evaluate(OVERFLOW) <= 0
    eyes, slider, styles = (page.locator(each).bounding_box() for each in ("#eyes", "#slider", "#styles"))
    assert eyes["y"] < slider["y"] < styles["y"]
    for tab in ("Samples", "Directions", "Style"):
        page.get_by_role("tab", name=tab).click()
        assert page.evaluate(OVERFLOW) <= 0
    assert page.locator("#eyes [data-eye=left]").bounding_box()["width"] >= 44
    page.close()


def test_another_style_and_path_are_taken_and_no_other_visitor_sees_it(page: Any, opened: Any, tmp_path: Path) -> None:
    before = picture(page)
    page.get_by_label("man", exact=True).check()
    wait_for_another(page, before)
    assert options_of(page, tmp_path)["attribute"] == "man"
    before = picture(page)
    page.click("#styles [data-tile=tiny-style] .am-tile")
    wait_for_another(page, before)
    page.wait_for_selector("#attribute", state="hidden")
    options = options_of(page, tmp_path)
    assert (options["attribute"], options["style"]["model"].rpartition("/")[2]) == (None, "tiny-style")
    assert (chosen_style(page), chosen_style(opened)) == ("tiny-style", "tiny-paths")


def test_likeness_is_slid(page: Any, tmp_path: Path) -> None:
    before = picture(page)
    until_heard(page, partial(page.locator("#likeness input[type=range]").fill, "0.8"))
    wait_for_another(page, before)
    assert options_of(page, tmp_path)["likeness"] == 0.8


def test_a_face_is_found_in_a_photo_and_laid_back_into_it(page: Any, photo_path: Path, tmp_path: Path) -> None:
    pytest.importorskip("lz4")
    open_photo(page, photo_path)
    for (x, y), eye in zip(dots(page), EYES, strict=True):
        assert (x * 5.12, y * 5.12) == pytest.approx(tuple(eye), abs=6)
    before = picture(page)
    page.get_by_label("in the photo").check()
    wait_for_another(page, before)
    page.wait_for_function(f"() => {SIZES}.join() == '512 x 512,512 x 512'")
    with Image.open(saved(page, tmp_path)) as whole:
        assert whole.size == (512, 512)
    assert page.locator("#open a, #open .file-preview").count() == 0


def test_a_photo_is_taken_with_the_camera_and_another_opened(page: Any, photo_path: Path) -> None:
    pytest.importorskip("lz4")
    page.locator("#take-one button").first.click()
    page.get_by_text("Click to Access Webcam").click()
    page.click("#camera button[aria-label='capture photo']")
    page.get_by_text("No face was found in this photo").wait_for()
    page.get_by_text("Click to Access Webcam").wait_for()
    open_photo(page, photo_path)
    page.get_by_text("What the model sees").wait_for()


def test_a_dot_is_dragged_and_what_the_model_sees_turns_with_it(page: Any, tmp_path: Path) -> None:
    before, seen = picture(page), page.evaluate(PIXEL)
    dot = page.locator("#eyes [data-eye=right]").bounding_box()
    x, y = dot["x"] + dot["width"] / 2, dot["y"] + dot["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 20, y - 60, steps=6)
    page.mouse.up()
    wait_for_another(page, before)
    assert page.evaluate(PIXEL) != seen
    left, right = dots(page)
    assert left == [38.25, 45.5]
    assert right[1] < 35
    assert options_of(page, tmp_path)["square"][3] < 0


def test_a_dot_is_moved_by_arrow_keys(page: Any) -> None:
    before = picture(page)
    page.focus("#eyes [data-eye=left]")
    for _ in range(3):
        page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("ArrowUp")
    wait_for_another(page, before)
    (left_x, left_y), right = dots(page)
    assert (left_x, left_y) == pytest.approx((38.25 - 7.5, 45.5 - 0.4), abs=0.01)
    assert right == [61.75, 45.5]


def test_of_several_faces_another_is_taken(page: Any, tmp_path: Path) -> None:
    before = picture(page)
    page.click("#examples [data-tile='3'] .am-tile")
    wait_for_another(page, before)
    assert page.locator("#eyes [data-face]:visible").count() == 3
    assert "4 faces were found" in page.inner_text("#eyes")
    before = picture(page)
    page.click("#eyes [data-face='2']")
    wait_for_another(page, before)
    page.wait_for_selector("#eyes [data-face='0']")
    assert options_of(page, tmp_path)["square"][:2] == pytest.approx([192, 3 * 192])


def test_without_a_face_the_eyes_are_set_by_hand(page: Any, artwork_path: Path, tmp_path: Path) -> None:
    pytest.importorskip("lz4")
    open_photo(page, artwork_path)
    page.get_by_text("No face was found in this photo: put the two dots on the eyes.").wait_for()
    page.wait_for_function(f"() => {SIZES}.join() == '90 x 70,90 x 70'")
    page.click("#save-png")
    page.wait_for_selector(".toast-body")
    assert "put the two dots on the eyes first" in page.inner_text(".toast-body")
    page.click("#eyes [data-take]")
    page.wait_for_function(f"() => {SIZES}.join() == '480 x 480,480 x 480'")
    page.wait_for_selector("#eyes [data-take]", state="detached")
    assert options_of(page, tmp_path)["paste_back"] is False


def test_samples_are_drawn_and_one_is_taken_and_left_again(page: Any, tmp_path: Path) -> None:
    page.get_by_role("tab", name="Samples").click()
    page.click("#draw")
    page.get_by_text("most typical", exact=True).wait_for()
    page.wait_for_selector("#stop", state="hidden")
    assert page.locator("#board [data-tile]").count() == 8
    mean = before = picture(page)
    page.click("#board [data-tile='5'] .am-tile")
    wait_for_another(page, before)
    assert page.get_attribute("#board [data-tile='5'] .am-tile", "aria-pressed") == "true"
    assert options_of(page, tmp_path)["seed"] == 5
    before = picture(page)
    page.click("#mean")
    wait_for_another(page, before)
    assert options_of(page, tmp_path)["seed"] is None
    assert picture(page) == mean


def test_directions_move_the_portrait_and_are_reset(page: Any, tmp_path: Path) -> None:
    page.get_by_role("tab", name="Directions").click()
    before = picture(page)
    until_heard(page, partial(page.locator("#look-1 input[type=range]").fill, "2.5"))
    wait_for_another(page, before)
    assert options_of(page, tmp_path)["moves"] == {"look-1": 2.5}
    before = picture(page)
    page.click("#reset")
    wait_for_another(page, before)
    assert options_of(page, tmp_path)["moves"] == {}
    assert page.input_value("#look-1 input[type=number]") == "0"


def test_a_style_that_is_none_is_told_in_a_sentence_and_the_page_goes_on(page: Any) -> None:
    page.locator("#hub-panel button").first.click()
    page.fill("#hub-style :is(input, textarea)", "my style")
    page.click("#fetch")
    page.wait_for_selector(".toast-body")
    assert "a Hub id such as user/my-style" in page.inner_text(".toast-body")
    page.wait_for_selector("#stop", state="hidden")
    before = picture(page)
    page.click("#styles [data-tile=tiny-style] .am-tile")
    wait_for_another(page, before)


@pytest.mark.parametrize("suffix", ["psd", "ora"])
def test_layers_are_downloaded(page: Any, tmp_path: Path, suffix: str) -> None:
    assert read_recipe(saved(page, tmp_path, suffix))["verb"] == "stylize"


def test_surfaces_are_swapped_under_more(page: Any, tmp_path: Path) -> None:
    page.locator("#more button").first.click()
    before = picture(page)
    page.click("#swap input")
    page.get_by_role("option", name="shapes up to 8 pixels").click()
    wait_for_another(page, before)
    assert options_of(page, tmp_path)["swap"] == 8
