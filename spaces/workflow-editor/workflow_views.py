"""How a session looks: the strip of stages, the board of variations, the versions, and the words beside them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from workflow_session import Session

from artmodels import ui
from artmodels.images import load_picture

__all__ = [
    "board_html",
    "error_html",
    "error_words",
    "examples_html",
    "hint",
    "history_html",
    "shown_recipe",
    "strip_html",
]


def examples_html(folder: Path, examples: Sequence[tuple[str, str, dict[str, Any]]]) -> str:
    """The bundled pictures, named by what each one shows."""
    row = [ui.Tile(str(number), load_picture(folder / file), title) for number, (title, file, _) in enumerate(examples)]
    return ui.tiles_html(row, label="Examples")


def strip_html(session: Session) -> str:
    """The stages from first to last, with their locks and where each one comes from."""
    current = session.current
    row = [
        ui.Tile(stage, picture, stage, _origin_of(session, stage), stage == session.stage, stage in current.locked)
        for stage, picture in session.pictures.items()
    ]
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


def history_html(session: Session) -> str:
    """Every version, the one on the table marked; a version that branched off an earlier one says from which."""
    row = []
    for version in session.versions:
        branch = "" if version.origin in (None, version.number - 1) else f"from {version.origin}"
        is_current = version.number == session.current.number
        caption = f"{version.number} · {version.title}"
        row.append(ui.Tile(str(version.number), version.thumbnail, caption, branch, is_current))
    return ui.tiles_html(row, label="Versions")


def error_html(session: Session) -> str:
    """The reconstruction error as a number and in words."""
    error = session.current.opened.error
    return (
        f"<strong>Reconstruction error {error:.2f}</strong> "
        f"<span>{error_words(error)} where the model paints anew (0 is exact, 2 the opposite)</span>"
    )


def error_words(error: float) -> str:
    """Says how close the model comes to an artwork with nothing changed (mean |difference| in [-1, 1])."""
    for limit, words in ((0.05, "very close"), (0.10, "close"), (0.20, "loose")):
        if error <= limit:
            return words
    return "far off, this picture is unlike the drawings the model knows,"


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
        return "changed by you" if edit.picture is not None else f"re-rolled, seed {edit.seed}"
    if stage != list(session.current.opened.stages)[-1]:
        return "reconstructed"
    return "made again" if session.current.edits else "your artwork"
