"""What the trainings of the tag colorizer learn from a step, and how pictures become it."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from artmodels.colorizer.config import ColorizerConfig

__all__ = ["Pair", "Tagged", "Triple", "random_turns", "tag_vectors"]


class Tagged(NamedTuple):
    """Pictures [B, 3, S, S] in [-1, 1] and which tags are true of each, [B, T] of 0 and 1."""

    pictures: Tensor
    tags: Tensor


class Pair(NamedTuple):
    """Sketches [B, 1, S, S], their true colouring and the references that it follows, [B, 3, S, S]; all in [-1, 1].

    regions: numbers of regions [B, S, S], uint8; all zero where they are not known.
    """

    sketch: Tensor
    target: Tensor
    reference: Tensor
    regions: Tensor


class Triple(NamedTuple):
    """Sketches [B, 1, S, S], and two references [B, 3, S, S], from one of which tags lead to the other.

    strengths: of tags, [B, T], where they were given; below 0 where they are what is read from the references.
    regions: numbers of the sketch's regions [B, S, S], uint8; all zero where they are not known.
    """

    sketch: Tensor
    anchor: Tensor
    target: Tensor
    strengths: Tensor
    regions: Tensor


def tag_vectors(tag_lists: Sequence[Sequence[str]], config: ColorizerConfig) -> Tensor:
    """1 for every tag of a picture that the config knows, [B, T]."""
    numbers = {tag: number for number, tag in enumerate(config.tags)}
    vectors = torch.zeros(len(tag_lists), len(config.tags))
    for vector, tags in zip(vectors, tag_lists, strict=True):
        vector[[numbers[tag] for tag in tags if tag in numbers]] = 1
    return vectors


def random_turns(pictures: Tensor, share: float, generator: torch.Generator) -> Tensor:
    """Turns that share of square pictures by a quarter to either side."""
    draws = torch.rand(len(pictures), generator=generator)[:, None, None, None]
    left, right = pictures.rot90(1, (2, 3)), pictures.rot90(-1, (2, 3))
    return torch.where(draws < share / 2, left, torch.where(draws < share, right, pictures))
