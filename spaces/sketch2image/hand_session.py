"""One visitor's work on one picture's lines: whose hand draws them, how thick and how dark.

Plain values that are replaced and never changed, as in `sketch_session.py`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from PIL import Image
from sketch_kinds import Drawer

from artmodels import ConfigError, Result, Xdog, ui

__all__ = ["Hand", "Tracing", "finished_lines", "hand_named", "hands_of", "redrawn", "taken_up", "tried_hands"]

LONGEST_SIDE, PREVIEW_SIDE = 4096, 1024


class Hand(NamedTuple):
    """A way of drawing: a sketcher, shared and only ever read, and which of its hands."""

    drawer: Drawer
    name: str

    @property
    def key(self) -> str:
        return f"{self.drawer.source.rpartition('/')[2]}:{self.name}"

    @property
    def origin(self) -> str:
        return "a filter" if isinstance(self.drawer, Xdog) else "learned"


@dataclass(frozen=True)
class Tracing:
    """What is on a visitor's second table.

    photo: the picture whose lines are drawn, of any kind.
    hand: the key of one.
    thickness, darkness, detail: as `Sketcher.draw` takes them.
    result: of the photo, small where that is large.
    board: how each hand draws it, by key, as far as they have.
    """

    title: str
    photo: Image.Image
    hand: str
    thickness: float = 1.0
    darkness: float | None = None
    detail: float = 1.0
    result: Result = None  # type: ignore[assignment]
    board: tuple[tuple[str, Image.Image], ...] = ()

    @property
    def shown_darkness(self) -> float:
        """Where the slider stands: the hand's own darkness until another is asked for."""
        return round(float(self.result.recipe["options"]["darkness"]), 2)


def hands_of(drawers: Sequence[Drawer]) -> list[Hand]:
    """All hands, the learned ones first."""
    return [Hand(drawer, name) for drawer in drawers for name in drawer.hands]


def hand_named(hands: Sequence[Hand], key: str) -> Hand:
    """Raises: ConfigError: there is no such hand."""
    for hand in hands:
        if hand.key == key:
            return hand
    raise ConfigError(f"there is no hand {key!r}; there are {', '.join(hand.key for hand in hands)}")


def taken_up(hands: Sequence[Hand], title: str, photo: Image.Image, hand: str | None = None) -> Tracing:
    """Puts a picture on the table and draws its lines."""
    return redrawn(hands, Tracing(title, ui.shrunk(photo, LONGEST_SIDE), hand or hands[0].key))


def redrawn(hands: Sequence[Hand], tracing: Tracing, **wish: object) -> Tracing:
    """Draws the lines as wished now. Another hand draws as dark as it likes.

    Raises:
        ConfigError: there is no such hand, or a number out of its range.
    """
    if "hand" in wish:
        wish = {"darkness": None, **wish}
    tracing = replace(tracing, **wish)  # type: ignore[arg-type]
    return replace(tracing, result=lines_of(hands, tracing, ui.shrunk(tracing.photo, PREVIEW_SIDE)))


def finished_lines(hands: Sequence[Hand], tracing: Tracing) -> Result:
    """The lines at the photo's own size."""
    is_small = max(tracing.photo.size) <= PREVIEW_SIDE
    return tracing.result if is_small else lines_of(hands, tracing, tracing.photo)


def tried_hands(hands: Sequence[Hand], tracing: Tracing) -> Iterator[Tracing]:
    """Yields the tracing with one more hand's drawing on its board."""
    small = ui.shrunk(tracing.photo, ui.TILE_SIDE)
    tracing = replace(tracing, board=())
    for hand in hands:
        drawn = hand.drawer.draw(small, hand=hand.name).image
        tracing = replace(tracing, board=(*tracing.board, (hand.key, drawn)))
        yield tracing


def lines_of(hands: Sequence[Hand], tracing: Tracing, photo: Image.Image) -> Result:
    hand = hand_named(hands, tracing.hand)
    options = {name: getattr(tracing, name) for name in ("thickness", "darkness", "detail")}
    return hand.drawer.draw(photo, hand=hand.name, **options)
