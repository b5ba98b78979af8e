"""The order in which trainings see their pictures."""

from functools import cache

import numpy as np

__all__ = ["places_of"]


def places_of(length: int, seed: int, start: int, count: int) -> list[int]:
    """Places `start` to `start + count` of an endless series of reshuffled passes over `length` pictures."""
    turns = (divmod(place, length) for place in range(start, start + count))
    return [int(shuffled(seed, turn, length)[rest]) for turn, rest in turns]


@cache
def shuffled(seed: int, turn: int, length: int) -> np.ndarray:
    return np.random.default_rng([seed, turn]).permutation(length)
