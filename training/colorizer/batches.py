"""What the trainings of the tag colorizer learn from a step, and how pictures become it."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from artmodels.colorizer.config import ColorizerConfig
from artmodels.errors import ConfigError, PictureError

__all__ = [
    "Pair",
    "Tagged",
    "Triple",
    "mirror",
    "random_places",
    "random_turns",
    "read_picture",
    "read_rows",
    "tag_vectors",
    "to_pictures",
]


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
    """

    sketch: Tensor
    anchor: Tensor
    target: Tensor
    strengths: Tensor


def read_rows(root: Path, split: str) -> list[dict[str, Any]]:
    """The rows of metadata.jsonl of that split, by id.

    Raises:
        ConfigError: there is none.
    """
    path = root / "metadata.jsonl"
    if not path.is_file():
        raise ConfigError(f"{root} holds no metadata.jsonl: is it a recipe's output?")
    rows = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
    found = sorted((row for row in rows if row["split"] == split), key=lambda row: row["id"])
    if not found:
        raise ConfigError(f"{root} holds no picture of the {split!r} split")
    return found


def read_picture(
    path: Path, size: int, mode: str = "RGB", resampling: Image.Resampling = Image.Resampling.BICUBIC
) -> np.ndarray:
    """uint8 [size, size] or [size, size, 3]; enlarged or reduced unless it has that size.

    Raises:
        PictureError: it is missing or cannot be read.
    """
    try:
        picture: Image.Image = Image.open(path)
        if picture.size != (size, size):
            picture = picture.resize((size, size), resampling)
        return np.asarray(picture.convert(mode))
    except (OSError, SyntaxError) as error:
        raise PictureError(f"cannot read the picture {path}: {error}") from error


def to_pictures(pictures: Sequence[np.ndarray]) -> Tensor:
    """uint8 [S, S] or [S, S, 3] each to [B, 1 or 3, S, S] in [-1, 1]."""
    batch = torch.from_numpy(np.stack(pictures))
    batch = batch[:, None] if batch.ndim == 3 else batch.permute(0, 3, 1, 2)
    return batch.float().div(127.5).sub(1)


def tag_vectors(tag_lists: Sequence[Sequence[str]], config: ColorizerConfig) -> Tensor:
    """1 for every tag of a picture that the config knows, [B, T]."""
    numbers = {tag: number for number, tag in enumerate(config.tags)}
    vectors = torch.zeros(len(tag_lists), len(config.tags))
    for vector, tags in zip(vectors, tag_lists, strict=True):
        vector[[numbers[tag] for tag in tags if tag in numbers]] = 1
    return vectors


def random_places(count: int, among: int, generator: torch.Generator) -> list[int]:
    return torch.randint(among, (count,), generator=generator).tolist()


def mirror(chosen: Tensor, *batches: Tensor) -> Iterator[Tensor]:
    """Mirrors the chosen ones [B] of each batch [B, ..., W]."""
    for batch in batches:
        yield torch.where(chosen.view(-1, *[1] * (batch.ndim - 1)), batch.flip(-1), batch)


def random_turns(pictures: Tensor, share: float, generator: torch.Generator) -> Tensor:
    """Turns that share of square pictures by a quarter to either side."""
    draws = torch.rand(len(pictures), generator=generator)[:, None, None, None]
    left, right = pictures.rot90(1, (2, 3)), pictures.rot90(-1, (2, 3))
    return torch.where(draws < share / 2, left, torch.where(draws < share, right, pictures))
