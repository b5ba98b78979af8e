"""One visitor's work on an artwork: what was read from it, what was changed, and every version to go back to.

Plain values that are replaced and never changed, so that visitors cannot meet and the model is only ever read.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from PIL import Image

from artmodels import Result, WorkflowEditor, ui
from artmodels.workflow.model import Edit

__all__ = [
    "Opened",
    "Session",
    "Variation",
    "Version",
    "edited",
    "looks_like_lines",
    "opened_artwork",
    "opened_lines",
    "painted_over",
    "returned",
    "rolled",
    "with_edit",
    "with_lock",
]

MOST_VERSIONS = 24


@dataclass(frozen=True)
class Opened:
    """A picture as it came in, the artwork, and in small the stages read from it; the last one is the artwork."""

    original: Image.Image
    artwork: Image.Image
    stages: dict[str, Image.Image]
    error: float


@dataclass(frozen=True)
class Version:
    """One state of the work to which the visitor can return, and the number of the version it was made from."""

    number: int
    origin: int | None
    title: str
    opened: Opened
    edits: dict[str, Edit]
    locked: frozenset[str]
    make: Callable[[], Result]
    thumbnail: Image.Image


@dataclass(frozen=True)
class Variation:
    """One throw of the dice for a stage, with the artwork that follows from it in small."""

    stage: str
    seed: int
    thumbnail: Image.Image


@dataclass(frozen=True)
class Session:
    """What one visitor has on the table."""

    versions: tuple[Version, ...]
    current: Version
    result: Result
    stage: str
    board: tuple[Variation, ...] = ()
    next_seed: int = 1

    @property
    def pictures(self) -> dict[str, Image.Image]:
        """Every stage as it looks now, RGB at canvas size, first to last."""
        made = {name: _small(layer) for name, layer in self.result.layers.items()}
        return {name: made.get(name, picture) for name, picture in self.current.opened.stages.items()}


def opened_artwork(model: WorkflowEditor, artwork: Image.Image) -> Session:
    """Takes an artwork apart; its first version is the artwork as the model puts it back with nothing changed."""
    opened, result = _read(model, artwork, artwork)
    return _begun(opened, result, partial(model.stages, artwork), "as it came", {})


def opened_lines(model: WorkflowEditor, sketch: Image.Image, *, keep_lines: bool) -> Session:
    """Makes an artwork from a line drawing, which stays its locked first stage."""
    make = partial(model.generate, sketch, keep_lines=keep_lines)
    result = make()
    opened, _ = _read(model, sketch, result.image)
    first = model.config.stages[0]
    return _begun(opened, result, make, "from your lines", {first: Edit(first, picture=sketch)})


def edited(model: WorkflowEditor, session: Session, edit: Edit, title: str) -> Session:
    """Changes one stage and makes everything after it again."""
    edits = with_edit(session.current, edit)
    make = partial(model.edit, session.current.opened.artwork, edits=list(edits.values()))
    return _continued(session, make(), edits=edits, make=make, title=title)


def painted_over(model: WorkflowEditor, session: Session, artwork: Image.Image) -> Session:
    """Takes what was painted over the last stage as the artwork, and reads its stages anew; locked edits stay."""
    current = session.current
    opened, result = _read(model, current.opened.original, artwork)
    edits = {stage: edit for stage, edit in current.edits.items() if stage in current.locked}
    make = partial(model.edit, artwork, edits=list(edits.values())) if edits else partial(model.stages, artwork)
    result = make() if edits else result
    return _continued(session, result, opened=opened, edits=edits, make=make, title="painted over")


def rolled(model: WorkflowEditor, session: Session, count: int) -> Iterator[Session]:
    """Yields the session with one more variation of its stage on the board, `count` times; the seeds run on."""
    seeds = range(session.next_seed, session.next_seed + count)
    session = replace(session, board=())
    for seed in seeds:
        edits = with_edit(session.current, Edit(session.stage, seed=seed))
        image = model.edit(session.current.opened.artwork, edits=list(edits.values())).image
        variation = Variation(session.stage, seed, ui.shrunk(image, ui.TILE_SIDE))
        session = replace(session, board=(*session.board, variation), next_seed=seed + 1)
        yield session


def returned(session: Session, number: int) -> Session:
    """Goes back to a version; the later ones stay in the list, and what is done next branches off here."""
    version = next(version for version in session.versions if version.number == number)
    return replace(session, current=version, result=version.make(), board=())


def with_lock(session: Session, stage: str) -> Session:
    """Closes the lock of a stage, or opens it."""
    current = replace(session.current, locked=session.current.locked ^ {stage})
    versions = tuple(current if version.number == current.number else version for version in session.versions)
    return replace(session, current=current, versions=versions)


def with_edit(version: Version, edit: Edit) -> dict[str, Edit]:
    """Returns the version's edits with a new one for its stage; a later stage drawn by hand gives way unless locked."""
    order = list(version.opened.stages)

    def stays(stage: str, old: Edit) -> bool:
        is_covered = order.index(stage) > order.index(edit.stage) and old.picture is not None
        return not is_covered or stage in version.locked

    kept = {stage: old for stage, old in version.edits.items() if stays(stage, old)}
    kept[edit.stage] = edit
    return {stage: kept[stage] for stage in order if stage in kept}


def looks_like_lines(picture: Image.Image) -> bool:
    """Tells a line drawing from a finished artwork: grey, mostly paper, and some ink."""
    pixels = np.asarray(ui.shrunk(picture, 256).convert("RGB"), dtype=np.float32)
    is_grey = float(np.ptp(pixels, axis=2).mean()) < 14
    brightness = pixels.mean(axis=2)
    return is_grey and float((brightness > 225).mean()) > 0.6 and float((brightness < 128).mean()) > 0.002


def _read(model: WorkflowEditor, original: Image.Image, artwork: Image.Image) -> tuple[Opened, Result]:
    result = model.stages(artwork)
    stages = {name: _small(result.layers[name]) for name in model.config.stages}
    return Opened(original, artwork, stages, float(result.recipe["reconstruction_error"])), result


def _begun(opened: Opened, result: Result, make: Callable[[], Result], title: str, edits: dict[str, Edit]) -> Session:
    thumbnail = ui.shrunk(result.image, ui.TILE_SIDE)
    first = Version(1, None, title, opened, edits, frozenset(edits), make, thumbnail)
    return Session((first,), first, result, list(opened.stages)[1])


def _continued(session: Session, result: Result, **changes: Any) -> Session:
    """One version further; the oldest versions are forgotten, the first one never."""
    number = max(version.number for version in session.versions) + 1
    thumbnail = ui.shrunk(result.image, ui.TILE_SIDE)
    version = replace(session.current, number=number, origin=session.current.number, thumbnail=thumbnail, **changes)
    first, *later = session.versions
    versions: Sequence[Version] = (first, *later[-(MOST_VERSIONS - 2) :], version)
    return replace(session, versions=tuple(versions), current=version, result=result, board=())


def _small(picture: Image.Image) -> Image.Image:
    return ui.on_white(ui.shrunk(picture, ui.CANVAS_SIDE))
