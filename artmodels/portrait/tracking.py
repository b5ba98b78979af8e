"""The same face through the frames of a video, without trembling."""

from collections.abc import Sequence
from math import hypot

from artmodels.portrait.alignment import Square

__all__ = ["FaceTrack"]

CALM, LIVELY = 0.15, 1.0  # the share of a new place that is taken: of a face at rest, of one that moves
MOVING = 0.04  # of its side from frame to frame, from where on a face is followed at once


class FaceTrack:
    """Where one face has been so far; give the same track to `open` or `stylize` for each frame of a video.

    The face that lies nearest to where it was last is followed. Small moves, the detector's trembling, are damped;
    large ones are followed at once. Where no face is found, it is taken to have stayed.
    """

    def __init__(self) -> None:
        self.square: Square | None = None

    def follow(self, found: Sequence[Square], first: int = 0) -> Square | None:
        """The face's place in the next frame, given all places of faces in it; None before one was ever seen.

        Args: first: which of the faces to begin with.
        """
        if self.square is None:
            self.square = found[first] if first < len(found) else None
        elif found:
            last = self.square
            self.square = steadied(last, min(found, key=lambda square: distance(last, square)))
        return self.square


def distance(one: Square, other: Square) -> float:
    """How far the corner of a square moves, in sides of the first."""
    shift = hypot(one.x - other.x, one.y - other.y)
    turn = hypot(one.right_x - other.right_x, one.right_y - other.right_y)
    return (shift + turn) / one.side


def steadied(last: Square, new: Square) -> Square:
    share = CALM + (LIVELY - CALM) * min(1.0, distance(last, new) / MOVING)
    return Square(*(old + share * (value - old) for old, value in zip(last, new, strict=True)))
