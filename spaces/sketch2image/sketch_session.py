"""One visitor's work on one sketch: its lines, the exemplars that it takes its style from, and the picture they make.

Plain values that are replaced and never changed, so that visitors cannot meet and the model is only ever read.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from PIL import Image
from sketch_kinds import Example, Kind

from artmodels import ConfigError, Result, SketchToImage, ui
from artmodels.images import load_picture
from artmodels.line_art import read_line_art

__all__ = [
    "MOST_EXEMPLARS",
    "Exemplar",
    "Session",
    "Sheet",
    "begun",
    "blank_sheet",
    "changed",
    "drawn_over",
    "exemplars_of",
    "finished",
    "in_every_style",
    "mixed",
    "moved",
    "opened",
    "with_exemplars",
    "with_sheet",
    "without_exemplar",
]

LONGEST_SIDE, PREVIEW_SIDE, EXEMPLAR_SIDE, SHEET_SIDE = 4096, 1024, 1024, 512
MOST_EXEMPLARS = 16


@dataclass(frozen=True)
class Sheet:
    """A sketch on paper.

    source: the page as it came, or as it was drawn.
    clean: whether paper tone is to be taken away from it.
    lines: what is used of it, at its own size.
    cleaning: what was done to it, as words.
    """

    source: Image.Image
    clean: bool
    lines: Image.Image
    cleaning: tuple[str, ...] = ()

    @property
    def seen(self) -> tuple[Image.Image, bool]:
        """What becomes a picture while a visitor looks on, and whether it is to be cleaned: of a large page, a copy."""
        if max(self.lines.size) <= PREVIEW_SIDE:
            return self.source, self.clean
        return ui.shrunk(self.lines, PREVIEW_SIDE), False


@dataclass(frozen=True)
class Exemplar:
    """A picture whose style can be taken, and how much of it is."""

    key: str
    title: str
    picture: Image.Image
    weight: float = 0.0
    is_own: bool = False


@dataclass(frozen=True)
class Session:
    """What is on a visitor's table.

    kind: the model's name.
    sheet: the sketch with all that was drawn on it.
    ground: the lines below what is drawn on the canvas.
    mixing, seed, refine, keep_lines: as `SketchToImage.synthesize` takes them.
    result: of the sheet, small where that is large.
    board: the sketch in the style of each exemplar by itself, as far as it is made.
    """

    kind: str
    sheet: Sheet
    ground: Image.Image
    exemplars: tuple[Exemplar, ...]
    mixing: Literal["style", "stitch"] = "style"
    seed: int = 0
    refine: bool | None = None
    keep_lines: bool = False
    result: Result = None  # type: ignore[assignment]
    board: tuple[tuple[str, Image.Image], ...] = ()

    @property
    def mixed(self) -> list[Exemplar]:
        """The exemplars that are in the mix."""
        return [each for each in self.exemplars if each.weight > 0]

    @property
    def wish(self) -> dict[str, Any]:
        """The options of `SketchToImage.synthesize`."""
        weights = [each.weight for each in self.mixed]
        options = {name: getattr(self, name) for name in ("mixing", "seed", "refine", "keep_lines")}
        return {"exemplar": [each.picture for each in self.mixed], "weights": weights, **options}


def exemplars_of(kind: Kind, weights: Mapping[str, float]) -> tuple[Exemplar, ...]:
    """The bundled exemplars of a kind, some of them in the mix."""
    return tuple(
        Exemplar(key, title, load_picture(file), weights.get(key, 0.0)) for key, (title, file) in kind.exemplars.items()
    )


def begun(kind: Kind, example: Example, own: Sequence[Exemplar] = ()) -> Session:
    """Opens one of the bundled sketches in the style that it is there to show; a visitor's own exemplars stay."""
    exemplars = (*exemplars_of(kind, example.weights), *(replace(each, weight=0.0) for each in own))
    sheet = opened(example.sketch)
    session = Session(kind.name, sheet, sheet.lines, exemplars, example.mixing, keep_lines=kind.keep_lines)
    return changed(kind.model, session)


def opened(source: str | Path | Image.Image, *, clean: bool = True) -> Sheet:
    """Reads a sketch.

    Raises:
        PictureError: it cannot be read, or is a photo or a painting.
    """
    page = load_picture(source) if isinstance(source, Image.Image) else as_it_came(source)
    art = read_line_art(page, clean=clean)
    if max(art.lines.size) > LONGEST_SIDE:
        lines = ui.shrunk(art.lines, LONGEST_SIDE)
        return Sheet(lines, False, lines, art.cleaning)
    return Sheet(page, clean, art.lines, art.cleaning)


def as_it_came(path: str | Path) -> Image.Image:
    """A picture with what it says of its own opacity, by which light ink on nothing is read."""
    load_picture(path)
    with Image.open(path) as picture:
        picture.load()
        return picture


def blank_sheet() -> Sheet:
    paper = Image.new("RGB", (SHEET_SIDE, SHEET_SIDE), "white")
    return Sheet(paper, False, paper)


def with_sheet(model: SketchToImage, session: Session, sheet: Sheet) -> Session:
    """Puts another sketch on the table; the style stays."""
    return changed(model, replace(session, sheet=sheet, ground=sheet.lines, board=()))


def drawn_over(model: SketchToImage, session: Session, drawing: dict[str, Any] | None) -> Session | None:
    """With what is drawn on the canvas now; None where that is nothing new."""
    picture = ui.painted(session.ground, drawing)
    if picture is not None:
        return changed(model, replace(session, sheet=Sheet(picture, False, picture), board=()))
    if session.sheet.lines is session.ground:
        return None
    return with_sheet(model, session, Sheet(session.ground, False, session.ground))


def mixed(
    model: SketchToImage, session: Session, weights: Mapping[str, float], mixing: Literal["style", "stitch"]
) -> Session:
    """In the style of exemplars by name, by weight.

    Raises:
        ConfigError: a name that is not on the page, weights that are none, or nothing in the mix.
    """
    known = {each.key for each in session.exemplars}
    if not isinstance(weights, Mapping) or not weights.keys() <= known:
        raise ConfigError("one of these exemplars is not on the page any more. Please choose again.")
    if not all(isinstance(weight, int | float) and 0 <= weight <= 1 for weight in weights.values()):
        raise ConfigError(f"how much of an exemplar is in the mix goes from 0 to 1, not {list(weights.values())}")
    if not any(weights.values()):
        raise ConfigError("nothing is in the mix; give one exemplar more than 0")
    exemplars = tuple(replace(each, weight=weights.get(each.key, 0)) for each in session.exemplars)
    return changed(model, replace(session, exemplars=exemplars, mixing=mixing))


def with_exemplars(model: SketchToImage, session: Session, pictures: Mapping[str, Image.Image]) -> Session:
    """Adds pictures by title and takes their style alone, equal parts of each.

    Raises:
        ConfigError: more than there is room for.
    """
    if len(session.exemplars) + len(pictures) > MOST_EXEMPLARS:
        raise ConfigError(f"there is room for {MOST_EXEMPLARS} exemplars; take one of your own away first")
    numbers = [int(each.key.removeprefix("own-")) for each in session.exemplars if each.is_own]
    added = tuple(
        Exemplar(f"own-{number}", title, ui.shrunk(picture, EXEMPLAR_SIDE), 1.0, is_own=True)
        for number, (title, picture) in enumerate(pictures.items(), max(numbers, default=0) + 1)
    )
    others = tuple(replace(each, weight=0.0) for each in session.exemplars)
    return changed(model, replace(session, exemplars=others + added, board=()))


def without_exemplar(model: SketchToImage, session: Session, key: str) -> Session:
    """Takes one of a visitor's own exemplars away; where it was the only one in the mix, the first comes in."""
    exemplars = tuple(each for each in session.exemplars if each.key != key or not each.is_own)
    session = replace(session, exemplars=exemplars, board=())
    if not session.mixed:
        session = replace(session, exemplars=(replace(exemplars[0], weight=1.0), *exemplars[1:]))
    return changed(model, session)


def moved(kind: Kind, session: Session) -> Session:
    """The same sketch made by another model, in a style that this one has been shown; own exemplars stay."""
    own = [each for each in session.exemplars if each.is_own]
    exemplars = (*exemplars_of(kind, {}), *own)
    if not any(each.weight for each in exemplars):
        exemplars = (replace(exemplars[0], weight=1.0), *exemplars[1:])
    refine = session.refine if kind.refines else None
    session = replace(session, kind=kind.name, exemplars=exemplars, refine=refine, keep_lines=kind.keep_lines, board=())
    return changed(kind.model, session)


def changed(model: SketchToImage, session: Session, **wish: Any) -> Session:
    """Makes the picture as wished now."""
    session = replace(session, **wish)
    page, clean = session.sheet.seen
    return replace(session, result=model.synthesize(page, **session.wish, clean=clean))


def finished(model: SketchToImage, session: Session) -> Result:
    """The result at the sketch's own size."""
    page, clean = session.sheet.source, session.sheet.clean
    if page is session.sheet.seen[0]:
        return session.result
    return model.synthesize(page, **session.wish, clean=clean)


def in_every_style(model: SketchToImage, session: Session) -> Iterator[Session]:
    """Yields the session with one more picture on its board: the sketch in the style of each exemplar by itself."""
    page, clean = session.sheet.seen
    session = replace(session, board=())
    for each in session.exemplars:
        wish = {**session.wish, "exemplar": each.picture, "weights": None}
        image = model.synthesize(page, **wish, clean=clean).image
        session = replace(session, board=(*session.board, (each.key, ui.shrunk(image, ui.TILE_SIDE))))
        yield session
