"""One visitor's work as plain values: locks, branches, what an edit keeps and what it drops."""

from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from PIL import Image

from artmodels import WorkflowEditor
from artmodels.images import load_picture
from artmodels.workflow.model import Edit


@pytest.fixture(scope="module")
def session(editor_app: ModuleType) -> ModuleType:
    import workflow_session

    return workflow_session


@pytest.fixture(scope="module")
def views(editor_app: ModuleType) -> ModuleType:
    import workflow_views

    return workflow_views


@pytest.fixture
def opened(session: ModuleType, editor: WorkflowEditor, artwork_path: Path) -> Any:
    return session.opened_artwork(editor, "tiny", load_picture(artwork_path))


def same(one: Image.Image, other: Image.Image) -> bool:
    return one.size == other.size and not np.any(np.asarray(one) != np.asarray(other))


def test_opening_shows_the_artwork_unchanged_as_the_last_stage(opened: Any, artwork_path: Path) -> None:
    assert list(opened.pictures) == ["line", "flat", "full"]
    assert same(opened.pictures["full"], load_picture(artwork_path))
    assert opened.current.opened.handle.reconstruction_error == opened.result.recipe["reconstruction_error"]
    assert opened.current.opened.dial == 0


def test_an_edit_is_what_the_model_makes_of_it(session: ModuleType, editor: WorkflowEditor, opened: Any) -> None:
    changed = session.edited(editor, opened, Edit("flat", seed=4), "flat 4")
    assert same(changed.result.image, editor.edit(opened.current.opened.artwork, stage="flat", seed=4).image)
    assert [version.number for version in changed.versions] == [1, 2]
    assert len(opened.versions) == 1


def test_edits_of_several_stages_add_up_in_the_order_of_the_stages(
    session: ModuleType, editor: WorkflowEditor, opened: Any
) -> None:
    changed = session.edited(editor, session.edited(editor, opened, Edit("full", seed=2), ""), Edit("flat", seed=3), "")
    assert [(edit.stage, edit.seed) for edit in changed.current.edits.values()] == [("flat", 3), ("full", 2)]


def test_a_later_drawing_gives_way_to_an_earlier_change_unless_it_is_locked(
    session: ModuleType, editor: WorkflowEditor, opened: Any
) -> None:
    drawing = opened.pictures["flat"].transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    drawn = session.edited(editor, opened, Edit("flat", picture=drawing), "")
    line = Edit("line", picture=opened.pictures["line"].transpose(Image.Transpose.FLIP_TOP_BOTTOM))
    assert list(session.edited(editor, drawn, line, "").current.edits) == ["line"]
    locked = session.edited(editor, session.with_lock(drawn, "flat"), line, "")
    assert list(locked.current.edits) == ["line", "flat"]
    assert same(locked.pictures["flat"], drawn.pictures["flat"])


def test_an_earlier_change_keeps_the_dice_of_later_stages(
    session: ModuleType, editor: WorkflowEditor, opened: Any
) -> None:
    rolled = session.edited(editor, opened, Edit("full", seed=2), "")
    line = Edit("line", picture=opened.pictures["line"].transpose(Image.Transpose.FLIP_TOP_BOTTOM))
    assert list(session.edited(editor, rolled, line, "").current.edits) == ["line", "full"]


def test_a_lock_opens_again_and_belongs_to_its_version(
    session: ModuleType, editor: WorkflowEditor, opened: Any
) -> None:
    locked = session.with_lock(opened, "flat")
    assert locked.versions[0].locked == {"flat"}
    assert session.with_lock(locked, "flat").current.locked == frozenset()
    assert opened.current.locked == frozenset()


def test_rolling_yields_one_more_variation_at_a_time(session: ModuleType, editor: WorkflowEditor, opened: Any) -> None:
    boards = [[each.seed for each in step.board] for step in session.rolled(editor, opened, 3)]
    assert boards == [[1], [1, 2], [1, 2, 3]]


def test_rolling_on_takes_new_seeds(session: ModuleType, editor: WorkflowEditor, opened: Any) -> None:
    *_, once = session.rolled(editor, opened, 2)
    *_, twice = session.rolled(editor, once, 2)
    assert [each.seed for each in twice.board] == [3, 4]


def test_a_variation_shows_what_choosing_it_gives(session: ModuleType, editor: WorkflowEditor, opened: Any) -> None:
    *_, rolled = session.rolled(editor, opened, 2)
    chosen = session.edited(editor, rolled, Edit("flat", seed=2), "")
    assert same(rolled.board[1].thumbnail, chosen.current.thumbnail)


def test_returning_makes_the_same_picture_and_going_on_branches_off(
    session: ModuleType, editor: WorkflowEditor, opened: Any
) -> None:
    first = session.edited(editor, opened, Edit("flat", seed=1), "")
    second = session.edited(editor, first, Edit("full", seed=2), "")
    back = session.returned(second, 2)
    assert same(back.result.image, first.result.image)
    branch = session.edited(editor, back, Edit("flat", seed=5), "")
    assert [(version.number, version.origin) for version in branch.versions] == [(1, None), (2, 1), (3, 2), (4, 2)]


def test_the_oldest_versions_are_forgotten_but_never_the_first(
    session: ModuleType, editor: WorkflowEditor, opened: Any
) -> None:
    work = opened
    for seed in range(session.MOST_VERSIONS + 2):
        work = session.edited(editor, work, Edit("full", seed=seed), "")
    numbers = [version.number for version in work.versions]
    assert len(numbers) == session.MOST_VERSIONS
    assert numbers[0] == 1
    assert numbers[-1] == session.MOST_VERSIONS + 3


def test_painting_over_the_artwork_takes_the_painting_apart(
    session: ModuleType, editor: WorkflowEditor, opened: Any
) -> None:
    rolled = session.edited(editor, opened, Edit("flat", seed=1), "")
    painting = rolled.result.image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    painted = session.painted_over(editor, rolled, painting)
    assert painted.current.edits == {}
    assert same(painted.pictures["full"], painting)
    assert same(painted.result.image, editor.stages(painting).image)
    assert painted.current.opened.original is opened.current.opened.original
    kept = session.painted_over(editor, session.with_lock(rolled, "flat"), painting)
    assert list(kept.current.edits) == ["flat"]


def test_a_line_drawing_becomes_the_locked_first_stage(
    session: ModuleType, editor: WorkflowEditor, sketch_path: Path
) -> None:
    sketch = load_picture(sketch_path)
    made = session.opened_lines(editor, "tiny", sketch, keep_lines=True)
    assert made.current.locked == {"line"}
    assert same(made.result.image, editor.generate(sketch).image)
    assert same(made.current.opened.original, sketch)
    assert same(session.returned(made, 1).result.image, made.result.image)


@pytest.mark.parametrize(
    ("colour", "ink", "expected"),
    [("white", "black", True), ("#fbf8f2", "#333333", True), ("white", "white", False), ("#90b0ff", "black", False)],
)
def test_line_drawings_are_told_from_artworks(session: ModuleType, colour: str, ink: str, expected: bool) -> None:
    picture = Image.new("RGB", (300, 200), colour)
    picture.paste(ink, (30, 40, 270, 46))
    assert session.looks_like_lines(picture) is expected


def test_a_finished_artwork_is_no_line_drawing(session: ModuleType, artwork_path: Path) -> None:
    assert not session.looks_like_lines(load_picture(artwork_path))


def test_part_of_the_way_is_what_the_model_makes_of_it(
    session: ModuleType, editor: WorkflowEditor, opened: Any
) -> None:
    half = replace(opened, amount=0.5)
    *_, rolled = session.rolled(editor, half, 1)
    chosen = session.edited(editor, rolled, Edit("flat", seed=1, amount=0.5), "flat 1")
    assert same(rolled.board[0].thumbnail, chosen.current.thumbnail)
    artwork = opened.current.opened.artwork
    assert same(chosen.result.image, editor.edit(artwork, stage="flat", seed=1, amount=0.5).image)


def test_the_amount_of_a_change_can_be_changed_afterwards(
    session: ModuleType, editor: WorkflowEditor, opened: Any
) -> None:
    chosen = session.edited(editor, opened, Edit("flat", seed=1), "flat 1")
    part = session.with_amount(editor, session.with_amount(editor, chosen, 0.5), 0.25)
    assert part.current.title == "flat 1 at 25%"
    assert part.current.edits["flat"] == Edit("flat", seed=1, amount=0.25)
    assert [version.number for version in part.versions] == [1, 2, 3, 4]
    none = session.with_amount(editor, chosen, 0.0)
    assert same(none.result.image, opened.current.opened.artwork)


def test_an_amount_alone_changes_nothing(session: ModuleType, editor: WorkflowEditor, opened: Any) -> None:
    waiting = session.with_amount(editor, opened, 0.5)
    assert (waiting.amount, len(waiting.versions)) == (0.5, 1)
    drawing = opened.pictures["flat"].transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    drawn = session.edited(editor, opened, Edit("flat", picture=drawing), "")
    assert len(session.with_amount(editor, drawn, 0.5).versions) == 2
    rolled = session.with_lock(session.edited(editor, opened, Edit("flat", seed=1), ""), "flat")
    assert len(session.with_amount(editor, rolled, 0.5).versions) == 2


def test_a_stage_is_copied_from_another_artwork(session: ModuleType, editor: WorkflowEditor, opened: Any) -> None:
    picture = opened.current.opened.artwork.transpose(Image.Transpose.ROTATE_180)
    other = session.read(editor, "other", picture, editor.open(picture, faithful=0.0))
    copied = session.edited(editor, opened, Edit("flat", like=other.handle), "flat of other")
    assert same(copied.result.image, editor.edit(opened.current.opened.artwork, stage="flat", like=picture).image)


def test_a_fit_gives_a_version_of_its_own_and_keeps_the_changes(
    session: ModuleType, editor: WorkflowEditor, opened: Any
) -> None:
    changed = session.edited(editor, opened, Edit("flat", seed=1), "flat 1")
    artwork = opened.current.opened.artwork
    handle = editor.open(artwork, faithful=1.0, steps=2)
    fitted = session.refitted(editor, changed, handle, in_place=False)
    assert [version.title for version in fitted.versions] == ["as it came", "flat 1", "faithful 100%"]
    assert fitted.current.opened.dial == 1
    assert same(fitted.result.image, editor.edit(handle, stage="flat", seed=1).image)
    assert session.returned(fitted, 2).current.opened.dial == 0


def test_a_fit_in_place_adds_no_version(session: ModuleType, editor: WorkflowEditor, opened: Any) -> None:
    handle = editor.open(opened.current.opened.artwork, faithful=1.0, steps=2)
    fitted = session.refitted(editor, opened, handle, in_place=True)
    assert [version.number for version in fitted.versions] == [1]
    assert fitted.current is fitted.versions[0]
    assert fitted.current.opened.handle is handle
    assert same(fitted.result.image, editor.stages(handle).image)


def test_warnings_are_those_of_the_artwork_and_of_the_change(
    session: ModuleType, editor: WorkflowEditor, opened: Any
) -> None:
    far = session.edited(editor, opened, Edit("flat", latent=[9.0] * 8), "")
    assert any("'flat' lies 9.00 standard deviations" in each for each in far.warnings)
    strange = replace(opened.current.opened.handle, warnings=("it is strange",))
    assert session.refitted(editor, opened, strange, in_place=True).warnings[0] == "it is strange"


def numbers(views: ModuleType, work: Any) -> list[tuple[int, list[int]]]:
    return [(depth, [version.number for version in lane]) for depth, lane in views.lanes(work.versions)]


def test_branches_start_below_the_version_they_left(
    session: ModuleType, views: ModuleType, editor: WorkflowEditor, opened: Any
) -> None:
    def change(work: Any, seed: int) -> Any:
        return session.edited(editor, work, Edit("full", seed=seed), f"full {seed}")

    work = change(change(opened, 1), 2)  # 1 - 2 - 3
    work = change(change(session.returned(work, 2), 3), 4)  # 2 - 4 - 5
    work = change(session.returned(work, 1), 5)  # 1 - 6
    work = change(session.returned(work, 4), 6)  # 4 - 7
    assert numbers(views, work) == [(0, [1, 2, 3]), (2, [4, 5]), (3, [7]), (1, [6])]
    html = views.history_html(work)
    assert html.count("am-branch") == 3
    assert "Branch from version 4" in html


def test_versions_whose_origin_was_forgotten_hang_on_the_first(
    session: ModuleType, views: ModuleType, editor: WorkflowEditor, opened: Any
) -> None:
    work = opened
    for seed in range(session.MOST_VERSIONS + 1):
        work = session.edited(editor, work, Edit("full", seed=seed), "")
    found = [number for _, lane in numbers(views, work) for number in lane]
    assert found == [version.number for version in work.versions]
