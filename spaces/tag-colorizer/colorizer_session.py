"""One visitor's work on one sketch: where its colours come from, and the picture that they make.

Plain values that are replaced and never changed, so that visitors cannot meet and the model is only ever read.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from PIL import Image

from artmodels import Result, TagColorizer, ui
from artmodels.colorizer.config import ColorizerConfig
from artmodels.colorizer.model import OpenedSketch
from artmodels.colorizer.tags import group_of
from artmodels.images import PictureSource

__all__ = [
    "GRID_STRENGTHS",
    "Cell",
    "Session",
    "begun",
    "blank_sheet",
    "changed",
    "finished",
    "gridded",
    "moved",
    "plain_of",
    "spoken",
    "taken",
    "with_sketch",
]

LONGEST_SIDE, PREVIEW_SIDE = 4096, 1024
GRID_STRENGTHS = (0.0, 1.0, 2.0)
SHEET_SIDE = 768


@dataclass(frozen=True)
class Cell:
    """One picture of a grid, small, and the wish that makes it again."""

    tags: Mapping[str, float]
    colours: Mapping[str, str]
    caption: str
    picture: Image.Image

    @property
    def wish(self) -> tuple[Mapping[str, float], Mapping[str, str]]:
        return self.tags, self.colours


@dataclass(frozen=True)
class Session:
    """What is on a visitor's table.

    kind: the model's name.
    sketch: the page as it came.
    preview: the page that is coloured while sliders move; the sketch itself unless that is large.
    reference, tags, colours, seed, keep_lines: as `TagColorizer.colorize` takes them.
    palette: of the reference.
    result: of the preview.
    plain: the preview without tags and colours, where somebody looks at what they change.
    """

    kind: str
    title: str
    sketch: OpenedSketch
    preview: OpenedSketch
    reference: Image.Image | None = None
    palette: Mapping[str, float] = field(default_factory=dict)
    tags: Mapping[str, float] = field(default_factory=dict)
    colours: Mapping[str, str] = field(default_factory=dict)
    seed: int = 0
    keep_lines: bool = True
    result: Result = None  # type: ignore[assignment]
    plain: Image.Image | None = None
    board: tuple[Cell, ...] = ()

    @property
    def wish(self) -> dict[str, Any]:
        """The options of `TagColorizer.colorize`."""
        return {name: getattr(self, name) for name in ("reference", "tags", "colours", "seed", "keep_lines")}

    @property
    def found(self) -> list[str]:
        """What was cleaned on the page, and what could not be done."""
        recipe = self.result.recipe
        return list(dict.fromkeys([*self.sketch.art.cleaning, *recipe["warnings"]]))


def begun(
    model: TagColorizer, kind: str, title: str, source: PictureSource, *, clean: bool = True, **wish: Any
) -> Session:
    """Opens a sketch and colours it.

    Raises:
        ConfigError, PictureError: as `TagColorizer.colorize`.
    """
    whole, preview = opened(model, source, clean=clean)
    return changed(model, Session(kind, title, whole, preview), **wish)


def opened(model: TagColorizer, source: PictureSource, *, clean: bool) -> tuple[OpenedSketch, OpenedSketch]:
    """The page to finish and, where it is large, a smaller one to look at meanwhile."""
    whole = model.open(source, clean=clean)
    if max(whole.art.lines.size) > LONGEST_SIDE:
        whole = model.open(ui.shrunk(whole.art.lines, LONGEST_SIDE), clean=False)
    if max(whole.art.lines.size) <= PREVIEW_SIDE:
        return whole, whole
    return whole, model.open(ui.shrunk(whole.art.lines, PREVIEW_SIDE), clean=False)


def with_sketch(
    model: TagColorizer, session: Session, source: PictureSource, title: str, *, clean: bool = True
) -> Session:
    """Puts another sketch on the table; where the colours come from stays."""
    whole, preview = opened(model, source, clean=clean)
    return changed(model, replace(session, sketch=whole, preview=preview, title=title, board=()))


def moved(model: TagColorizer, kind: str, session: Session) -> Session:
    """Colours the same sketch with another model, by the tags that it has, too."""
    config: ColorizerConfig = model.config
    tags = {tag: strength for tag, strength in session.tags.items() if config.mapped and tag in config.tags}
    pinned = {group.name for group in config.groups if config.mapped and len(group.colours) > 1}
    colours = {group: colour for group, colour in session.colours.items() if group in pinned}
    session = replace(session, kind=kind, tags=tags, colours=colours)
    return with_sketch(model, session, session.sketch.art.lines, session.title, clean=False)


def changed(model: TagColorizer, session: Session, **wish: Any) -> Session:
    """Colours the sketch as wished now."""
    if "reference" in wish:
        reference = wish["reference"]
        wish |= {"palette": {} if reference is None else model.palette(reference), "board": ()}
    session = replace(session, **wish)
    result = model.colorize(session.preview, **session.wish)
    if session.plain is None:
        return replace(session, result=result)
    return replace(session, result=result, plain=plain_of(model, session))


def plain_of(model: TagColorizer, session: Session) -> Image.Image:
    """The sketch without tags and exact colours."""
    return model.colorize(session.preview, reference=session.reference, keep_lines=session.keep_lines).image


def finished(model: TagColorizer, session: Session) -> Result:
    """The result at the sketch's own size."""
    if session.sketch is session.preview:
        return session.result
    return model.colorize(session.sketch, **session.wish)


def gridded(model: TagColorizer, session: Session, across: str, down: str) -> Iterator[Session]:
    """Yields the session with one more picture of a grid on its board: `across` grows to the right, `down` downwards.

    What else is set in the groups of the two tags gives way.
    """
    groups = {group.name: group.tags for tag in (across, down) if (group := group_of(tag, model.config))}
    gone = {across, down, *(tag for tags in groups.values() for tag in tags)}
    colours = {group: colour for group, colour in session.colours.items() if group not in groups}
    tags = {tag: strength for tag, strength in session.tags.items() if tag not in gone}
    session = replace(session, board=())
    for y in GRID_STRENGTHS:
        for x in GRID_STRENGTHS:
            wish = {**tags, across: x, down: y}
            image = model.colorize(session.preview, **{**session.wish, "tags": wish, "colours": colours}).image
            caption = f"{spoken(across)} {x:g}, {spoken(down)} {y:g}"
            cell = Cell(wish, colours, caption, ui.shrunk(image, ui.TILE_SIDE))
            session = replace(session, board=(*session.board, cell))
            yield session


def taken(model: TagColorizer, session: Session, number: int) -> Session:
    """Goes on with one picture of the grid."""
    cell = session.board[number]
    return changed(model, session, tags=cell.tags, colours=cell.colours)


def blank_sheet() -> Image.Image:
    return Image.new("RGB", (SHEET_SIDE, SHEET_SIDE), "white")


def spoken(tag: str) -> str:
    """A tag as people write it."""
    return tag.replace("_", " ")
