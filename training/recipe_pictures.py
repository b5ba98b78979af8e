"""Pictures and rows as the recipes write them, read for trainings."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from artmodels.errors import ConfigError, PictureError

__all__ = ["mirror", "random_places", "read_picture", "read_rows", "to_pictures"]


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


def random_places(count: int, among: int, generator: torch.Generator) -> list[int]:
    return torch.randint(among, (count,), generator=generator).tolist()


def mirror(chosen: Tensor, *batches: Tensor) -> Iterator[Tensor]:
    """Mirrors the chosen ones [B] of each batch [B, ..., W]."""
    for batch in batches:
        yield torch.where(chosen.view(-1, *[1] * (batch.ndim - 1)), batch.flip(-1), batch)
