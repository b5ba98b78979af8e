"""One visitor's work on one photo: where its face lies, the style, and the portrait that they make.

Plain values that are replaced and never changed, so that visitors cannot meet and the models are only ever read.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from PIL import Image
from portrait_models import Models

from artmodels import ConfigError, Result, ui
from artmodels.images import load_picture
from artmodels.portrait.alignment import Point
from artmodels.portrait.faces import find_faces
from artmodels.portrait.opening import OpenedPortrait
from artmodels.portrait.typical import most_typical_first

__all__ = [
    "SAMPLES",
    "Eyes",
    "Photo",
    "Session",
    "begun",
    "changed",
    "finished",
    "photo_of",
    "placed",
    "read_once",
    "sampled",
    "styled",
    "taken",
    "with_photo",
]

LONGEST_SIDE, PREVIEW_SIDE = 4096, 768
SAMPLES = 8
"""Portraits that are drawn at once."""
GUESS = ((0.4, 0.42), (0.6, 0.42))
"""Where eyes are put first in a photo in which no face was found."""

Eyes = tuple[Point, Point]


@dataclass(frozen=True)
class Photo:
    """A photo, and the eyes of every face in it, in its pixels, the largest face first."""

    whole: Image.Image
    faces: tuple[Eyes, ...] = ()

    def eyes(self, face: int = 0) -> Eyes:
        """The eyes of a face; where there is none, a guess to go on from."""
        if self.faces:
            return self.faces[face]
        side, middle = min(self.whole.size), self.whole.width / 2
        (left, high), (right, low) = GUESS
        height = self.whole.height
        return (middle + (left - 0.5) * side, high * height), (middle + (right - 0.5) * side, low * height)


@dataclass(frozen=True)
class Session:
    """What is on a visitor's table.

    eyes, face: where the eyes are, in pixels of the photo, and which face they are of; none if they were set by hand.
    opened, seen: the photo with its codes, and a small copy to look at meanwhile; none until its eyes are known.
    style: the name of one of the page's, or a Hub id.
    attribute, likeness, swap, seed, moves, paste_back: as `PortraitStylizer.stylize` takes them.
    result: of the small copy.
    in_styles: style to the photo's portrait in it, as far as they are made.
    board: samples, each with its seed, as far as they are drawn.
    drawn: how many samples there have been of this photo.
    """

    photo: Photo
    eyes: Eyes
    face: int | None
    style: str
    attribute: str | None = None
    likeness: float = 0.5
    swap: int | None = None
    seed: int | None = None
    moves: Mapping[str, float] = field(default_factory=dict)
    paste_back: bool = False
    opened: OpenedPortrait | None = None
    seen: OpenedPortrait | None = None
    result: Result | None = None
    in_styles: Mapping[str, Image.Image] = field(default_factory=dict)
    board: tuple[tuple[int, Image.Image], ...] = ()
    drawn: int = 0

    def wish(self, models: Models, style: str | None = None) -> dict[str, Any]:
        """The options of `PortraitStylizer.stylize`, its own style's or another's."""
        loaded = models.style(style or self.style)
        has_path = self.attribute in loaded.config.generator.attributes
        options = {name: getattr(self, name) for name in ("likeness", "swap", "seed", "moves", "paste_back")}
        return {"style": loaded, "attribute": self.attribute if has_path else None, **options}


def read_once(path: str | Path) -> Image.Image:
    """Reads a photo that a visitor has sent, and deletes the file.

    Raises:
        PictureError: it cannot be read.
    """
    try:
        return ui.shrunk(load_picture(path), LONGEST_SIDE)
    finally:
        if isinstance(path, str | Path):  # a program may send nothing
            Path(path).unlink(missing_ok=True)


def photo_of(models: Models, picture: Image.Image) -> Photo:
    """Looks for the faces in a photo; where they cannot be looked for, none is found."""
    if models.trouble:
        return Photo(picture)
    return Photo(picture, tuple((face.left_eye, face.right_eye) for face in find_faces(picture)))


def begun(models: Models, photo: Photo) -> Session:
    """The first photo in the first style, and its portraits in the others."""
    session = with_photo(models, Session(photo, photo.eyes(), None, next(iter(models.styles))), photo)
    *_, session = styled(models, session)
    return session


def with_photo(models: Models, session: Session, photo: Photo) -> Session:
    """Puts another photo on the table, with its largest face; what is wished of it stays, but for the seed."""
    session = replace(
        session, photo=photo, eyes=photo.eyes(), face=None, seed=None, opened=None, seen=None, result=None
    )
    session = replace(session, in_styles={}, board=(), drawn=0)
    return placed(models, session, photo.eyes(), 0) if photo.faces else session


def placed(models: Models, session: Session, eyes: Eyes, face: int | None = None) -> Session:
    """Reads the face between two eyes, and makes its portrait.

    Raises:
        ConfigError, PictureError: as `PortraitStylizer.open`.
    """
    whole = session.photo.whole
    opened = models.stylizer.open(whole, eyes=eyes)
    small = ui.shrunk(whole, PREVIEW_SIDE)
    seen = replace(opened, photo=small, square=opened.square.scaled(small.width / whole.width))
    session = replace(session, eyes=eyes, face=face, opened=opened, seen=seen)
    return changed(models, replace(session, in_styles={}, board=(), drawn=0))


def changed(models: Models, session: Session, **wish: Any) -> Session:
    """Makes the portrait as wished now; nothing where the eyes are not known yet.

    Raises:
        CheckpointError, ConfigError, HubError: as `PortraitStylizer.stylize`.
    """
    session = replace(session, **wish)
    options = session.wish(models)
    if session.seen is None:
        return session
    result = models.stylizer.stylize(session.seen, **options)
    return replace(session, result=result)


def styled(models: Models, session: Session) -> Iterator[Session]:
    """Yields the session with one portrait more: the photo in each style, as that was trained."""
    if session.seen is None:
        yield session
        return
    plain = replace(session, likeness=0.5, swap=None, seed=None, moves={}, paste_back=False, in_styles={})
    for name in dict.fromkeys([*models.styles, session.style]):
        image = models.stylizer.stylize(session.seen, **plain.wish(models, name)).image
        session = replace(session, in_styles={**session.in_styles, name: ui.shrunk(image, ui.TILE_SIDE)})
        yield session


def sampled(models: Models, session: Session) -> Iterator[Session]:
    """Yields the session with one portrait more that the photo could be; in the end, the most typical one is first.

    Raises:
        ConfigError: the eyes are not known yet.
    """
    if session.seen is None:
        raise ConfigError("put the two dots on the eyes first")
    fresh = range(session.drawn, session.drawn + SAMPLES)
    options = {**session.wish(models), "paste_back": False}
    session = replace(session, board=())
    for seed in fresh:
        image = models.stylizer.stylize(session.seen, **{**options, "seed": seed}).image
        session = replace(session, board=(*session.board, (seed, image)))
        if len(session.board) < SAMPLES:
            yield session
    order = most_typical_first([image for _, image in session.board])
    yield replace(session, board=in_order(session.board, order), drawn=fresh.stop)


def in_order(board: Sequence[tuple[int, Image.Image]], order: Sequence[int]) -> tuple[tuple[int, Image.Image], ...]:
    return tuple((board[place][0], ui.shrunk(board[place][1], ui.TILE_SIDE)) for place in order)


def taken(models: Models, session: Session, seed: int | None) -> Session:
    """Goes on with one of the samples, or with their mean."""
    if seed is not None and seed not in [number for number, _ in session.board]:
        raise ConfigError(f"portrait {seed} is not on the page any more. Please choose again.")
    return changed(models, session, seed=seed)


def finished(models: Models, session: Session) -> Result:
    """The result at the photo's own size.

    Raises:
        ConfigError: the eyes are not known yet.
    """
    if session.opened is None or session.seen is None or session.result is None:
        raise ConfigError("there is no portrait yet: put the two dots on the eyes first")
    if session.opened.photo.size == session.seen.photo.size:
        return session.result
    return models.stylizer.stylize(session.opened, **session.wish(models))
