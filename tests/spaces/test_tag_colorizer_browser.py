"""What a visitor sees and does on the colorizer's page, in a real Chromium."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from visits import CANVAS_IS_READY, DESKTOP, OVERFLOW, PHONE, Visit, until_heard, visits

from artmodels import read_recipe

pytestmark = pytest.mark.browser

AFTER = "[...document.querySelectorAll('#slider img')].at(-1).src"
SIZES = "[...document.querySelectorAll('#slider img')].map(each => `${each.naturalWidth} x ${each.naturalHeight}`)"


def wait_until_open(page: Any) -> None:
    page.wait_for_selector("#panel .panel")
    page.wait_for_function(f"() => {SIZES}.join() == '512 x 512,512 x 512'")


@pytest.fixture(scope="module")
def visit(chromium: Any, colorizer_url: str) -> Iterator[Visit]:
    with visits(chromium, colorizer_url, wait_until_open) as visit:
        yield visit


def pressed(page: Any) -> list[str]:
    names: list[str] = page.eval_on_selector_all(
        "#panel [data-tag][aria-pressed=true]", "all => all.map(each => each.dataset.tag)"
    )
    return names


def picture(page: Any) -> str:
    source: str = page.evaluate(AFTER)
    return source


def wait_for_another(page: Any, before: str) -> None:
    page.wait_for_function(f"before => {AFTER} != before", arg=before)
    page.wait_for_selector("#stop", state="hidden")


def press(page: Any, tag: str) -> None:
    before = picture(page)
    page.click(f"#panel [data-tag={tag}]")
    wait_for_another(page, before)


def saved_recipe(page: Any, folder: Path, suffix: str = "png") -> dict[str, Any]:
    with page.expect_download() as download:
        page.click(f"#save-{suffix}")
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    assert path.name == f"coloured.{suffix}"
    recipe: dict[str, Any] = read_recipe(path)
    return recipe


def test_page_opens_with_a_finished_example(opened: Any) -> None:
    assert pressed(opened) == ["red_hair"]
    assert opened.locator("#examples [data-tile]").count() == 4
    assert opened.locator("#reference img").count() == 1
    assert opened.locator("#reference .am-palette i").count() >= 3


def test_page_says_what_it_saw_and_what_it_costs(opened: Any) -> None:
    text = opened.inner_text("body")
    for fact in ("own card", "Apache-2.0", "CPU cores", "64 pixels", "two hours"):
        assert fact in text


def test_five_controls_are_in_sight(opened: Any) -> None:
    outside = opened.locator("button:visible:not(.am-tile):not([role=tab]):not(#panel *)").all()
    named = [button.inner_text().strip().split("\n")[0] for button in outside]
    # Sketch, reference, the panel of tags, the view, and download; the tabs are drawn twice, once for measuring.
    assert set(named) - {"", "Settings", "Use via API"} == {
        "Drop File Here", "Tags", "Draw", "Grid", "PNG", "PSD", "ORA", "More"
    }  # fmt: skip
    inputs = opened.locator("input:visible:not(#panel *), textarea:visible, select:visible")
    assert set(inputs.evaluate_all("all => all.map(each => each.closest('#view')?.id)")) == {"view"}


def test_page_fits_a_screen(opened: Any) -> None:
    assert opened.evaluate(OVERFLOW) <= 0
    boxes = [opened.locator(selector).bounding_box() for selector in ("#panel", "#slider", "#save-png")]
    assert all(box["y"] + min(box["height"], 300) < DESKTOP["height"] for box in boxes)
    assert boxes[1]["x"] + boxes[1]["width"] > 1300


def test_page_fits_a_phone_in_the_dark(visit: Visit) -> None:
    page = visit(PHONE, color_scheme="dark", is_mobile=True, has_touch=True)
    assert page.evaluate(OVERFLOW) <= 0
    assert page.locator("#slider").bounding_box()["y"] < PHONE["height"]
    page.locator("#panel [data-tag=pink_clothes]").scroll_into_view_if_needed()
    assert page.locator("#slider").bounding_box()["y"] >= 0
    for tab in ("Draw", "Grid"):
        page.get_by_role("tab", name=tab).click()
        assert page.evaluate(OVERFLOW) <= 0
    page.wait_for_function(CANVAS_IS_READY)
    assert page.evaluate(OVERFLOW) <= 0
    page.close()


def test_a_swatch_recolours_takes_the_place_of_its_parts_others_and_no_other_visitor_sees_it(
    page: Any, opened: Any, tmp_path: Path
) -> None:
    press(page, "blue_hair")
    assert pressed(page) == ["blue_hair"]
    press(page, "glasses")
    assert pressed(page) == ["blue_hair", "glasses"]
    assert saved_recipe(page, tmp_path)["options"]["tags"] == {"blue_hair": 1.0, "glasses": 1.0}
    assert pressed(opened) == ["red_hair"]


def test_a_slider_says_how_strongly(page: Any, tmp_path: Path) -> None:
    before = picture(page)
    until_heard(page, partial(page.locator("#panel [data-set=red_hair] input[type=range]").fill, "1.8"))
    wait_for_another(page, before)
    assert page.input_value("#panel [data-set=red_hair] input[type=number]") == "1.8"
    assert saved_recipe(page, tmp_path)["options"]["tags"] == {"red_hair": 1.8}
    before = picture(page)
    page.click("#panel [data-remove]")
    wait_for_another(page, before)
    assert pressed(page) == []


def test_an_exact_colour_is_pinned_and_taken_away(page: Any, tmp_path: Path) -> None:
    before = picture(page)
    page.locator("#panel [data-pin=hair] input").fill("#2b6f78")
    wait_for_another(page, before)
    assert pressed(page) == []
    assert "#2b6f78" in page.inner_text("#panel [data-pinned=hair]")
    assert saved_recipe(page, tmp_path)["options"]["colours"] == {"hair": "#2b6f78"}
    before = picture(page)
    page.click("#panel [data-clear]")
    wait_for_another(page, before)
    assert saved_recipe(page, tmp_path)["options"]["colours"] == {}


def test_tags_are_found_by_name(page: Any) -> None:
    page.fill("#panel input[type=search]", "pink")
    assert page.eval_on_selector_all(
        "#panel [data-tag]", "all => all.filter(each => each.offsetParent).map(each => each.dataset.tag)"
    ) == ["pink_clothes"]
    page.fill("#panel input[type=search]", "nothing like it")
    assert page.get_by_text("No tag is called that.").is_visible()
    page.fill("#panel input[type=search]", "")
    assert page.locator("#panel [data-tag]:visible").count() == 7


def test_tags_are_read_from_the_reference(page: Any, colorizer: Any, colorizer_kinds: Any) -> None:
    found = colorizer.read_tags(colorizer_kinds["tiny-colorizer"].examples[0].reference)
    page.click("#panel [data-read]")
    page.wait_for_function(
        "tags => [...document.querySelectorAll('#panel [data-set]')].map(each => each.dataset.set).join() === tags",
        arg=",".join(found),
    )
    assert pressed(page) == list(found)


def test_what_the_tags_changed_is_a_view_of_its_own(page: Any) -> None:
    before = picture(page)
    page.get_by_label("what tags changed").check()
    wait_for_another(page, before)
    assert "red lies where they changed it" in page.inner_text("#found")
    press(page, "blue_hair")
    assert page.get_by_label("what tags changed").is_checked()


def test_own_sketch_and_own_reference_take_the_places_of_the_examples(
    page: Any, sketch_path: Path, artwork_path: Path
) -> None:
    palette = "#reference .am-palette"
    before = page.get_attribute(palette, "aria-label")
    page.set_input_files("#open input[type=file]", sketch_path)
    page.wait_for_function(f"() => {SIZES}.join() == '80 x 80,80 x 80'")
    page.set_input_files("#open-reference input[type=file]", artwork_path)
    page.wait_for_function(f"before => document.querySelector('{palette}').ariaLabel != before", arg=before)
    assert pressed(page) == ["red_hair"]


def test_a_photo_as_a_sketch_is_refused_and_the_page_goes_on(page: Any, artwork_path: Path) -> None:
    page.set_input_files("#open input[type=file]", artwork_path)
    page.wait_for_selector(".toast-body")
    assert "clean" in page.inner_text(".toast-body")
    page.get_by_text("Under More, sketches can be taken as they are").wait_for()
    page.wait_for_selector("#stop", state="hidden")
    assert page.evaluate(SIZES) == ["512 x 512", "512 x 512"]
    press(page, "blue_hair")


def test_what_is_drawn_is_coloured(page: Any) -> None:
    page.get_by_role("tab", name="Draw").click()
    page.wait_for_function(CANVAS_IS_READY)
    page.click("#redraw")
    page.get_by_text("Nothing is drawn yet").wait_for()
    box, before = page.locator("#canvas canvas").first.bounding_box(), picture(page)
    across, down = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(across - 60, down - 40)
    page.mouse.down()
    page.mouse.move(across + 60, down + 40, steps=12)
    page.mouse.up()
    page.click("#redraw")
    wait_for_another(page, before)
    page.click("#blank")
    page.wait_for_function(f"() => {SIZES}.join() == '768 x 768,768 x 768'")


def test_without_a_reference_a_seed_draws_colours(page: Any, tmp_path: Path) -> None:
    page.locator("#more button").first.click()
    before = picture(page)
    page.click("#drop")
    wait_for_another(page, before)
    assert page.locator("#reference img").count() == 0
    before = picture(page)
    page.fill("#seed input", "3")
    wait_for_another(page, before)
    recipe = saved_recipe(page, tmp_path)
    assert (recipe["options"]["reference"], recipe["options"]["seed"]) == (None, 3)
    assert recipe["tags_set"].keys() > recipe["options"]["tags"].keys()


def test_another_model_colours_the_same_sketch(page: Any) -> None:
    page.locator("#more button").first.click()
    before = picture(page)
    page.locator("#kind input").nth(1).check()
    wait_for_another(page, before)
    assert pressed(page) == ["red_hair"]


def test_a_grid_is_made_and_one_of_it_taken(page: Any) -> None:
    page.get_by_role("tab", name="Grid").click()
    page.click("#make-grid")
    page.wait_for_selector("#board [data-tile='8']")
    page.wait_for_selector("#stop", state="hidden")
    before = picture(page)
    page.locator("#board [data-tile='5'] .am-tile").click()
    wait_for_another(page, before)
    page.get_by_role("tab", name="Tags").click()
    assert pressed(page) == ["blue_hair", "teal_clothes"]


def test_a_grid_can_be_stopped(page: Any) -> None:
    page.get_by_role("tab", name="Grid").click()
    page.click("#make-grid")
    page.wait_for_selector("#board [data-tile='0']")
    page.click("#stop")
    page.wait_for_selector("#stop", state="hidden")
    page.wait_for_selector("#make-grid:not([disabled])")
    assert pressed(page) == ["red_hair"]


@pytest.mark.parametrize("suffix", ["psd", "ora"])
def test_layers_are_downloaded(page: Any, tmp_path: Path, suffix: str) -> None:
    assert saved_recipe(page, tmp_path, suffix)["options"]["tags"] == {"red_hair": 1.0}


def test_an_example_sets_the_panel_even_after_it_was_slid(page: Any) -> None:
    press(page, "blue_hair")
    before = picture(page)
    page.locator("#examples [data-tile='0'] .am-tile").click()
    wait_for_another(page, before)
    page.wait_for_function("() => document.querySelector('#panel [data-set]').dataset.set == 'red_hair'")
    assert pressed(page) == ["red_hair"]


def test_png_is_of_the_sketchs_own_size(page: Any, tmp_path: Path) -> None:
    saved_recipe(page, tmp_path)
    with Image.open(tmp_path / "coloured.png") as saved:
        assert saved.size == (512, 512)
