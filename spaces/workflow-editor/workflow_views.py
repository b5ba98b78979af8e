"""How a session looks: the strip of stages, the board of variations, the versions, and the words beside them."""

import html
from collections.abc import Mapping, Sequence
from typing import Any

from PIL import Image
from workflow_kinds import Example
from workflow_session import Session, Version

from artmodels import ui
from artmodels.images import load_picture

__all__ = [
    "board_html",
    "error_html",
    "error_words",
    "examples_html",
    "hint",
    "history_html",
    "lanes",
    "other_html",
    "shown_recipe",
    "strip_html",
]


def examples_html(examples: Sequence[Example]) -> str:
    """The bundled pictures, named by what each one shows."""
    row = [ui.Tile(str(number), load_picture(each.file), each.title) for number, each in enumerate(examples)]
    return ui.tiles_html(row, label="Examples")


def strip_html(session: Session, fitting: Mapping[str, Image.Image] | None = None) -> str:
    """The stages from first to last, with their locks and where each one comes from.

    Args: fitting: the stage that is being fitted, as it looks by now.
    """
    current, now = session.current, fitting or {}
    row = [
        ui.Tile(
            stage, now.get(stage, picture), stage, "being fitted" if stage in now else _origin_of(session, stage),
            stage == session.stage, stage in current.locked,
        )
        for stage, picture in session.pictures.items()
    ]  # fmt: skip
    return ui.tiles_html(row, label="Stages")


def board_html(session: Session, places: int = 0) -> str:
    """The variations of the chosen stage and places for those to come, or what re-rolling it would do."""
    stages = list(session.current.opened.stages)
    edit = session.current.edits.get(session.stage)
    row = [
        ui.Tile(str(each.seed), each.thumbnail, f"seed {each.seed}", chosen=bool(edit and edit.seed == each.seed))
        for each in session.board
    ]
    if session.stage == stages[0]:
        empty = f"Nothing comes before {session.stage}, so there is nothing to re-roll it from. Draw on it instead."
    else:
        empty = f"Re-roll shows other ways to go from {stages[stages.index(session.stage) - 1]} to {session.stage}."
    return ui.tiles_html(row, label=f"Variations of {session.stage}", empty=empty, places=places)


def other_html(session: Session) -> str:
    """The stages of the other artwork that can be copied: all but the first, which has no latent."""
    other = session.other
    if other is None:
        return ui.tiles_html([], label="", empty="Open a second artwork; a click on one of its stages then copies it.")
    row = [
        ui.Tile(stage, picture, stage, f"of {other.title}", chosen=_is_copied(session, stage))
        for stage, picture in list(other.stages.items())[1:]
    ]
    return ui.tiles_html(row, label="Stages to copy")


def history_html(session: Session) -> str:
    """The tree of versions, a row each branch: time goes to the right, and a branch starts below where it left."""
    rows = []
    for depth, lane in lanes(session.versions):
        tiles = [
            ui.Tile(
                str(each.number), each.thumbnail, f"{each.number} · {each.title}",
                f"from {each.origin}" if each is lane[0] and each.origin is not None else "",
                each.number == session.current.number,
            )
            for each in lane
        ]  # fmt: skip
        label = "Versions" if depth == 0 else f"Branch from version {lane[0].origin}"
        kind = "am-lane" if depth == 0 else "am-lane am-branch"
        rows.append(f'<div class="{kind}" style="--depth:{depth}">{ui.tiles_html(tiles, label=label)}</div>')
    return "".join(rows)


def lanes(versions: Sequence[Version]) -> list[tuple[int, list[Version]]]:
    """The branches of the tree from top to bottom, each with the column in which it starts.

    A version's first successor goes on in its row; every other one starts a row of its own. A version whose origin was
    forgotten hangs on the first.
    """
    known, root = {version.number for version in versions}, versions[0]
    children: dict[int, list[Version]] = {version.number: [] for version in versions}
    for version in versions[1:]:
        children[version.origin if version.origin in known else root.number].append(version)  # type: ignore[index]
    found: list[tuple[int, list[Version]]] = []
    waiting = [(0, root)]
    while waiting:
        depth, version = waiting.pop(0)
        lane, branches = [version], []
        while following := children[lane[-1].number]:
            branches = [(depth + len(lane), each) for each in following[1:]] + branches
            lane.append(following[0])
        found.append((depth, lane))
        waiting = branches + waiting
    return found


def error_html(session: Session) -> str:
    """The reconstruction error as a number and in words, and what was found unlike the training pictures."""
    error = session.current.opened.handle.reconstruction_error
    found = "".join(f"<li>{html.escape(each[:1].upper() + each[1:])}.</li>" for each in session.warnings)
    return (
        f"<strong>Reconstruction error {error:.3f}</strong> "
        f"<span>{error_words(error)} where the model paints anew (0 is exact, 2 the opposite)</span>"
        + (f'<ul aria-label="What was found">{found}</ul>' if found else "")
    )


def error_words(error: float) -> str:
    """Says how close the model comes to an artwork with nothing changed (mean |difference| in [-1, 1])."""
    for limit, words in ((0.05, "very close"), (0.10, "close"), (0.20, "loose")):
        if error <= limit:
            return words
    return "far off"


def hint(session: Session) -> str:
    """What can be done with the chosen stage."""
    stage, stages = session.stage, list(session.current.opened.stages)
    if stage in session.current.locked:
        return f"{stage} is locked. Open its lock to change it."
    if stage == stages[0]:
        return f"Draw on {stage} in black, rub out in white, then redraw: everything after it follows."
    if stage == stages[-1]:
        return f"Re-roll {stage}, or paint over it: the painting is taken apart anew."
    return f"Re-roll {stage} and click what you like, or draw on it and redraw."


def shown_recipe(session: Session) -> Any:
    """The recipe without the long strings that a drawn stage puts in it."""

    def short(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: short(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [short(inner) for inner in value]
        return value[:60] + " ..." if isinstance(value, str) and len(value) > 100 else value

    return short(session.result.recipe)


def _origin_of(session: Session, stage: str) -> str:
    edit = session.current.edits.get(stage)
    if edit is not None:
        part = "" if edit.amount == 1 else f", {edit.amount:.0%}"
        if edit.like is not None:
            return f"copied{part}"
        return "changed by you" if edit.picture is not None else f"re-rolled, seed {edit.seed}{part}"
    if stage != list(session.current.opened.stages)[-1]:
        return "reconstructed"
    return "made again" if session.current.edits else "your artwork"


def _is_copied(session: Session, stage: str) -> bool:
    edit = session.current.edits.get(stage)
    return edit is not None and session.other is not None and edit.like is session.other.handle
