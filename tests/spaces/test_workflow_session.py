"""One visitor's work as plain values: locks, branches, what an edit keeps and what it drops."""

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


@pytest.fixture
def opened(session: ModuleType, editor: WorkflowEditor, artwork_path: Path) -> Any:
    return session.opened_artwork(editor, load_picture(artwork_path))


def same(one: Image.Image, other: Image.Image) -> bool:
    return one.size == other.size and not np.any(np.asarray(one) != np.asarray(other))


def test_opening_shows_the_artwork_unchanged_as_the_last_stage(opened: Any, artwork_path: Path) -> None:
    assert list(opened.pictures) == ["line", "flat", "full"]
    assert same(opened.pictures["full"], load_picture(artwork_path))
    assert opened.current.opened.error == opened.result.recipe["reconstruction_error"]


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
    made = session.opened_lines(editor, sketch, keep_lines=True)
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
