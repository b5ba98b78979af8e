"""One visitor's work on one artwork: what was read from it, what was changed, and every version to go back to.

Plain values that are replaced and never changed, so that visitors cannot meet and the model is only ever read.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from PIL import Image

from artmodels import Result, WorkflowEditor, ui
from artmodels.workflow.model import Edit, OpenedArtwork

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
    "refitted",
    "returned",
    "rolled",
    "with_amount",
    "with_edit",
    "with_lock",
]

MOST_VERSIONS = 24


@dataclass(frozen=True)
class Opened:
    """A picture as it came in, the artwork as the model has opened it, and its stages in small, the last one itself.

    title: what the visitor calls it.
    """

    title: str
    original: Image.Image
    handle: OpenedArtwork
    stages: dict[str, Image.Image]

    @property
    def artwork(self) -> Image.Image:
        return self.handle.picture

    @property
    def dial(self) -> float:
        return self.handle.faithful or 0.0


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
    """What one visitor has on the table.

    kind: name of the model. amount: how far re-rolls and copies go. other: the artwork that stages are copied from.
    """

    kind: str
    versions: tuple[Version, ...]
    current: Version
    result: Result
    stage: str
    board: tuple[Variation, ...] = ()
    next_seed: int = 1
    amount: float = 1.0
    other: Opened | None = None

    @property
    def pictures(self) -> dict[str, Image.Image]:
        """Every stage as it looks now, RGB at canvas size, first to last."""
        made = {name: _small(layer) for name, layer in self.result.layers.items()}
        return {name: made.get(name, picture) for name, picture in self.current.opened.stages.items()}

    @property
    def warnings(self) -> list[str]:
        """What is unlike the training pictures, in the artwork and in the last change."""
        told = [*self.current.opened.handle.warnings, *self.result.recipe.get("warnings", ())]
        return list(dict.fromkeys(told))


def opened_artwork(model: WorkflowEditor, kind: str, artwork: Image.Image, title: str = "artwork") -> Session:
    """Takes an artwork apart with nothing fitted; its first version is the artwork as the model puts it back."""
    opened = read(model, title, artwork, model.open(artwork, faithful=0.0))
    return _begun(model, kind, opened, partial(model.stages, opened.handle), "as it came", {})


def opened_lines(model: WorkflowEditor, kind: str, sketch: Image.Image, *, keep_lines: bool) -> Session:
    """Makes an artwork from a line drawing, which stays its locked first stage."""
    make = partial(model.generate, sketch, keep_lines=keep_lines)
    opened = read(model, "lines", sketch, model.open(make().image, faithful=0.0))
    first = model.config.stages[0]
    return _begun(model, kind, opened, make, "from your lines", {first: Edit(first, picture=sketch)})


def refitted(model: WorkflowEditor, session: Session, handle: OpenedArtwork, *, in_place: bool) -> Session:
    """Makes the same changes to the same artwork opened another way, as a version of its own or in place."""
    current = session.current
    make = _maker(model, handle, current.edits)
    opened, result = read(model, current.opened.title, current.opened.original, handle), make()
    if not in_place:
        return _continued(session, result, opened=opened, make=make, title=f"faithful {opened.dial:.0%}")
    version = replace(current, opened=opened, make=make, thumbnail=ui.shrunk(result.image, ui.TILE_SIDE))
    return replace(session, versions=_put(session.versions, version), current=version, result=result, board=())


def edited(model: WorkflowEditor, session: Session, edit: Edit, title: str) -> Session:
    """Changes one stage and makes everything after it again."""
    edits = with_edit(session.current, edit)
    make = _maker(model, session.current.opened.handle, edits)
    return _continued(session, make(), edits=edits, make=make, title=title)


def painted_over(model: WorkflowEditor, session: Session, artwork: Image.Image) -> Session:
    """Takes what was painted over the last stage as the artwork, and reads its stages anew; locked edits stay."""
    current = session.current
    opened = read(model, current.opened.title, current.opened.original, model.open(artwork, faithful=0.0))
    edits = {stage: edit for stage, edit in current.edits.items() if stage in current.locked}
    make = _maker(model, opened.handle, edits)
    return _continued(session, make(), opened=opened, edits=edits, make=make, title="painted over")


def rolled(model: WorkflowEditor, session: Session, count: int) -> Iterator[Session]:
    """Yields the session with one more variation of its stage on the board, `count` times; the seeds run on."""
    seeds = range(session.next_seed, session.next_seed + count)
    session = replace(session, board=())
    for seed in seeds:
        edits = with_edit(session.current, Edit(session.stage, seed=seed, amount=session.amount))
        image = model.edit(session.current.opened.handle, edits=list(edits.values())).image
        variation = Variation(session.stage, seed, ui.shrunk(image, ui.TILE_SIDE))
        session = replace(session, board=(*session.board, variation), next_seed=seed + 1)
        yield session


def with_amount(model: WorkflowEditor, session: Session, amount: float) -> Session:
    """Goes another part of the way: the chosen stage's re-roll or copy is made again, and later ones follow suit."""
    session, edit = replace(session, amount=amount), session.current.edits.get(session.stage)
    if edit is None or edit.picture is not None or edit.amount == amount or edit.stage in session.current.locked:
        return session
    board = session.board
    title = session.current.title.partition(" at ")[0] + ("" if amount == 1 else f" at {amount:.0%}")
    return replace(edited(model, session, replace(edit, amount=amount), title), board=board)


def returned(session: Session, number: int) -> Session:
    """Goes back to a version; the later ones stay in the list, and what is done next branches off here."""
    version = next(version for version in session.versions if version.number == number)
    return replace(session, current=version, result=version.make(), board=())


def with_lock(session: Session, stage: str) -> Session:
    """Closes the lock of a stage, or opens it."""
    current = replace(session.current, locked=session.current.locked ^ {stage})
    return replace(session, current=current, versions=_put(session.versions, current))


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


def read(model: WorkflowEditor, title: str, original: Image.Image, handle: OpenedArtwork) -> Opened:
    """What is shown of an opened artwork."""
    layers = model.stages(handle).layers
    return Opened(title, original, handle, {name: _small(layers[name]) for name in model.config.stages})


def _put(versions: Sequence[Version], new: Version) -> tuple[Version, ...]:
    return tuple(new if version.number == new.number else version for version in versions)


def _maker(model: WorkflowEditor, handle: OpenedArtwork, edits: dict[str, Edit]) -> Callable[[], Result]:
    return partial(model.edit, handle, edits=list(edits.values())) if edits else partial(model.stages, handle)


def _begun(
    model: WorkflowEditor, kind: str, opened: Opened, make: Callable[[], Result], title: str, edits: dict[str, Edit]
) -> Session:
    result = make()
    thumbnail = ui.shrunk(result.image, ui.TILE_SIDE)
    first = Version(1, None, title, opened, edits, frozenset(edits), make, thumbnail)
    return Session(kind, (first,), first, result, model.config.stages[1])


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
