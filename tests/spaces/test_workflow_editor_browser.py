"""What a visitor sees and does on the editor's page, in a real Chromium."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from visits import CANVAS_IS_READY, DESKTOP, OVERFLOW, PHONE, Visit, until_heard, visits

from artmodels import read_recipe

pytestmark = pytest.mark.browser

DIAL = "#dial input[type=number]"


def wait_until_open(page: Any) -> None:
    page.wait_for_selector("#strip img")


@pytest.fixture(scope="module")
def visit(chromium: Any, editor_url: str) -> Iterator[Visit]:
    with visits(chromium, editor_url, wait_until_open) as visit:
        yield visit


def tile(page: Any, group: str, name: object) -> Any:
    return page.locator(f"#{group} [data-tile='{name}'] .am-tile")


def dialled(page: Any) -> float:
    return float(page.input_value(DIAL))


def words(page: Any, group: str, name: object) -> str:
    text: str = page.inner_text(f"#{group} [data-tile='{name}'] .am-words")
    return text


def tiles(page: Any, group: str) -> list[str]:
    names: list[str] = page.eval_on_selector_all(f"#{group} [data-tile]", "all => all.map(each => each.dataset.tile)")
    return names


def wait_for_tiles(page: Any, group: str, names: list[str]) -> None:
    page.wait_for_function(
        "([group, names]) => [...document.querySelectorAll(`#${group} [data-tile]`)].map(e => e.dataset.tile).join()"
        " === names.join()",
        arg=[group, names],
    )


def wait_for_pressed(page: Any, group: str, name: object, *, lock: bool = False, pressed: bool = True) -> None:
    button = "[data-lock]" if lock else ".am-tile"
    page.wait_for_selector(f"#{group} [data-tile='{name}'] {button}[aria-pressed={str(pressed).lower()}]")


def source(page: Any, group: str, name: str) -> str:
    text: str = tile(page, group, name).locator("img").get_attribute("src")
    return text


def draw_stroke(page: Any) -> None:
    box = page.locator("#canvas canvas").first.bounding_box()
    across, down = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(across - 60, down - 40)
    page.mouse.down()
    page.mouse.move(across + 60, down + 40, steps=12)
    page.mouse.up()


def test_page_opens_with_a_finished_example(opened: Any) -> None:
    assert tiles(opened, "strip") == ["line", "flat", "full"]
    assert tiles(opened, "board") == ["1", "2", "3", "4", "5", "6"]
    assert tiles(opened, "history") == ["1", "2"]
    assert tiles(opened, "examples") == ["0", "1", "2", "3"]
    loaded = "() => [...document.querySelectorAll('#slider img')].filter(each => each.naturalWidth == 512).length == 2"
    opened.wait_for_function(loaded)


def test_page_says_where_stages_come_from_what_it_saw_and_what_it_costs(opened: Any) -> None:
    text = opened.inner_text("body")
    for fact in (
        "reconstructed by a model",
        "Reconstruction error",
        "own card",
        "Apache-2.0",
        "CPU cores",
        "64 pixels",
    ):
        assert fact in text


def test_five_controls_are_in_sight(opened: Any) -> None:
    buttons = opened.locator("button:visible:not(.am-tile):not([data-lock]):not([role=tab])").all()
    named = {button.inner_text().strip().split("\n")[0] for button in buttons} - {"", "Settings", "Use via API"}
    # Open, re-roll and download; the tabs are drawn twice, once for measuring, and More holds the rest.
    assert named == {"Drop File Here", "Variations", "Draw", "Copy", "Re-roll flat", "PNG", "PSD", "ORA", "More"}
    inputs = opened.locator("input:visible, textarea:visible, select:visible")
    kinds = inputs.evaluate_all("all => all.map(each => (each.closest('#kind, #dial') || {}).id)")
    assert set(kinds) == {"kind", "dial"}


def test_page_fits_a_screen(opened: Any) -> None:
    assert opened.evaluate(OVERFLOW) <= 0
    assert opened.locator("#reroll").bounding_box()["y"] < DESKTOP["height"]


def test_page_fits_a_phone_in_the_dark(visit: Visit) -> None:
    page = visit(PHONE, color_scheme="dark", is_mobile=True, has_touch=True)
    assert page.evaluate(OVERFLOW) <= 0
    page.get_by_role("tab", name="Draw").click()
    page.wait_for_function(CANVAS_IS_READY)
    assert page.evaluate(OVERFLOW) <= 0
    page.close()


def test_reroll_fills_the_board_a_click_goes_on_and_no_other_visitor_sees_it(page: Any, opened: Any) -> None:
    before = source(page, "strip", "flat")
    page.click("#reroll")
    wait_for_tiles(page, "board", ["7", "8", "9", "10", "11", "12"])
    page.wait_for_selector("#stop", state="hidden")
    tile(page, "board", 9).click()
    wait_for_tiles(page, "history", ["1", "2", "3"])
    wait_for_pressed(page, "board", 9)
    assert "re-rolled, seed 9" in words(page, "strip", "flat")
    assert source(page, "strip", "flat") != before
    assert tiles(opened, "history") == ["1", "2"]
    assert "re-rolled, seed 3" in words(opened, "strip", "flat")


def test_redraw_changes_the_artwork_by_the_strokes_and_by_nothing_else(page: Any) -> None:
    tile(page, "strip", "line").click()
    wait_for_pressed(page, "strip", "line")
    before = {stage: source(page, "strip", stage) for stage in ("line", "flat", "full")}
    page.wait_for_function(CANVAS_IS_READY)
    page.click("#redraw")
    page.get_by_text("Nothing is drawn yet").wait_for()
    assert tiles(page, "history") == ["1", "2"]
    draw_stroke(page)
    page.click("#redraw")
    wait_for_tiles(page, "history", ["1", "2", "3"])
    assert "changed by you" in words(page, "strip", "line")
    assert all(source(page, "strip", stage) != before[stage] for stage in before)


def test_a_locked_stage_cannot_be_changed_until_it_is_unlocked(page: Any) -> None:
    lock = page.locator("#strip [data-tile='flat'] [data-lock]")
    lock.click()
    wait_for_pressed(page, "strip", "flat", lock=True)
    page.wait_for_selector("#reroll[disabled]")
    lock.click()
    wait_for_pressed(page, "strip", "flat", lock=True, pressed=False)
    page.wait_for_selector("#reroll:not([disabled])")


def test_going_back_and_on_branches_off(page: Any) -> None:
    edited = source(page, "strip", "flat")
    tile(page, "history", 1).click()
    wait_for_pressed(page, "history", 1)
    assert source(page, "strip", "flat") != edited
    page.click("#reroll")
    wait_for_tiles(page, "board", ["7", "8", "9", "10", "11", "12"])
    page.wait_for_selector("#stop", state="hidden")
    tile(page, "board", 7).click()
    wait_for_tiles(page, "history", ["1", "2", "3"])
    assert "from 1" in words(page, "history", 3)


@pytest.mark.parametrize(("suffix", "magic"), [("png", b"\x89PNG"), ("psd", b"8BPS"), ("ora", b"PK")])
def test_download_is_made_on_demand(page: Any, tmp_path: Path, suffix: str, magic: bytes) -> None:
    with page.expect_download() as download:
        page.click(f"#save-{suffix}")
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    assert path.name == f"artwork.{suffix}"
    assert path.read_bytes().startswith(magic)
    assert read_recipe(path)["options"]["edits"][0]["stage"] == "flat"
    if suffix == "png":
        with Image.open(path) as picture:
            assert picture.size == (512, 512)


def test_own_picture_is_taken_apart_in_its_own_shape(page: Any, artwork_path: Path) -> None:
    page.set_input_files("#open input[type=file]", artwork_path)
    wait_for_tiles(page, "history", ["1"])
    assert "your artwork" in words(page, "strip", "full")
    sizes = "[...document.querySelectorAll('#slider img')].map(each => `${each.naturalWidth} x ${each.naturalHeight}`)"
    page.wait_for_function(f"() => {sizes}.join() == '90 x 70,90 x 70'")
    page.wait_for_selector("#open input[type=file]", state="attached")


def test_a_line_drawing_is_recognised_and_stays_locked(page: Any, sketch_path: Path) -> None:
    page.set_input_files("#open input[type=file]", sketch_path)
    page.get_by_text("Taken as a line drawing").wait_for()
    wait_for_pressed(page, "strip", "line", lock=True)


def test_a_file_that_is_no_picture_is_refused_by_name(page: Any, tmp_path: Path) -> None:
    path = tmp_path / "notes.png"
    path.write_text("buy <b>paper</b>")
    page.set_input_files("#open input[type=file]", path)
    page.locator(".toast-body", has_text="notes.png").wait_for()
    page.wait_for_selector("#reroll:not([disabled])")
    page.wait_for_selector("#open input[type=file]", state="attached")
    assert tiles(page, "history") == ["1", "2"]


def test_every_example_opens(page: Any) -> None:
    for number in (1, 2, 3):
        before = source(page, "strip", "full")
        tile(page, "examples", number).click()
        changed = "before => document.querySelector('#strip [data-tile=full] img').src != before"
        page.wait_for_function(changed, arg=before)
        page.wait_for_selector("#stop", state="hidden")


def test_stop_ends_a_long_roll(page: Any) -> None:
    page.locator("#more button").first.click()
    page.locator("#count input[type=number]").fill("12")
    page.locator("#count input[type=number]").blur()
    page.click("#reroll")
    page.click("#stop")
    page.wait_for_selector("#reroll:not([disabled])")
    page.wait_for_selector("#stop", state="hidden")
    assert len(tiles(page, "board")) < 12


def turn(page: Any, slider: str, value: float, *, insists: bool = False) -> None:
    """Puts a slider's number and leaves the field, as a visitor would.

    Args: insists: leaves the field again if nothing came of it on a slow machine.
    """
    number = page.locator(f"#{slider} input[type=number]")
    put(page, slider, value)

    def leave() -> None:
        number.focus()
        number.blur()

    if insists:
        until_heard(page, leave)
    else:
        number.blur()


def put(page: Any, slider: str, value: float) -> None:
    """Puts a slider's number until its handle follows: before a slider lives, what is written is lost."""
    from playwright.sync_api import TimeoutError as TooLate

    for _ in range(6):
        page.locator(f"#{slider} input[type=number]").fill(str(value))
        try:
            page.wait_for_function(
                "([slider, value]) => +document.querySelector(`#${slider} input[type=range]`).value === value",
                arg=[slider, value],
                timeout=10_000,
            )
        except TooLate:
            continue
        return
    raise AssertionError(f"the handle of {slider} does not follow its number")


def few_steps(page: Any) -> None:
    page.locator("#more button").first.click()
    turn(page, "steps", 10)


def test_the_dial_fits_the_model_as_a_version_of_its_own(page: Any) -> None:
    few_steps(page)
    before, dial = page.inner_text("#error strong"), dialled(page)
    turn(page, "dial", 1)
    wait_for_tiles(page, "history", ["1", "2", "3"])
    assert "faithful 100%" in words(page, "history", 3)
    assert page.inner_text("#error strong") != before
    assert "re-rolled, seed 3" in words(page, "strip", "flat")
    tile(page, "history", 1).click()
    page.wait_for_function(f"() => document.querySelector('{DIAL}').value == {dial}")


def test_stop_ends_a_fit_and_leaves_all_as_it_was(page: Any) -> None:
    dial = dialled(page)
    page.locator("#more button").first.click()
    turn(page, "steps", 600)
    turn(page, "dial", 0.75)
    page.get_by_text("Fitting flat").wait_for()
    assert "being fitted" in words(page, "strip", "flat")
    page.click("#stop")
    page.wait_for_selector("#stop", state="hidden")
    page.wait_for_selector("#reroll:not([disabled])")
    assert tiles(page, "history") == ["1", "2"]
    page.wait_for_function(f"() => document.querySelector('{DIAL}').value == {dial}")
    assert "being fitted" not in words(page, "strip", "flat")


def test_a_stage_is_copied_by_a_click_on_another_artworks(page: Any, artwork_path: Path) -> None:
    page.get_by_role("tab", name="Copy").click()
    with page.expect_file_chooser() as chooser:
        page.click("#other-file")
    chooser.value.set_files(artwork_path)
    page.get_by_text("Click one of its stages to copy it.").wait_for()
    assert tiles(page, "other") == ["flat", "full"]
    tile(page, "other", "full").click()
    wait_for_tiles(page, "history", ["1", "2", "3"])
    wait_for_pressed(page, "other", "full")
    assert "copied" in words(page, "strip", "full")
    assert "full of artwork" in words(page, "history", 3)


def test_a_change_is_taken_part_of_the_way(page: Any) -> None:
    page.locator("#more button").first.click()
    turn(page, "amount", 0.5, insists=True)
    wait_for_tiles(page, "history", ["1", "2", "3"])
    assert "re-rolled, seed 3, 50%" in words(page, "strip", "flat")
    assert "at 50%" in words(page, "history", 3)


def test_branches_of_the_tree_have_rows_of_their_own(page: Any) -> None:
    tile(page, "history", 1).click()
    wait_for_pressed(page, "history", 1)
    page.get_by_role("tab", name="Copy").click()
    tile(page, "other", "flat").click()
    wait_for_tiles(page, "history", ["1", "2", "3"])
    boxes = [tile(page, "history", number).bounding_box() for number in (1, 2, 3)]
    assert boxes[0]["y"] == boxes[1]["y"] < boxes[2]["y"]
    assert boxes[0]["x"] < boxes[1]["x"] == boxes[2]["x"]


def test_another_kind_of_artwork_comes_with_its_own_example_to_this_visitor_only(page: Any, opened: Any) -> None:
    before = source(page, "strip", "flat")
    page.get_by_label("other").check()
    page.wait_for_function("before => document.querySelector('#strip [data-tile=flat] img').src != before", arg=before)
    page.wait_for_selector("#stop", state="hidden")
    assert tiles(page, "history") == ["1", "2"]
    assert source(opened, "strip", "flat") == before
    page.click("#reroll")
    page.wait_for_selector("#board [data-tile='3']")
