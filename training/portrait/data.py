"""Portraits as recipes wrote them, kept as bytes where the networks are, so that a fast GPU never waits for pictures.

What `training.recipes.portraits` or `training.recipes.faces` wrote: `full/<id>.png` and metadata.jsonl.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from training.recipe_pictures import mirror, read_picture, read_rows

__all__ = ["Pictures", "Portraits"]

FOLDER = "full"
READERS = 8
MOST_BYTES = 16 * 2**30
SHARE_OF_DEVICE = 4  # pictures take a quarter of its memory at most


class Pictures(Protocol):
    """Pictures by their places, as `Portraits` has them."""

    def __len__(self) -> int: ...

    def batch(self, places: Sequence[int]) -> Tensor:
        """[B, 3, S, S] in [-1, 1]."""


class Portraits:
    """The pictures of one split by their place, [B, 3, S, S] in [-1, 1] on the device.

    All of them are read at once and kept as bytes on the device if they take less than a quarter of its memory, in the
    machine's memory up to 16 gigabytes; more are read when they are asked for.

    Args:
        root: a recipe's output.
        size: side in pixels to which they are resized.
        attribute: whose pictures alone are taken, where the recipe found them in folders.
        most_bytes: kept at most, wherever; by default as above.

    Raises:
        ConfigError: there is no picture of that split.
        PictureError: one is missing or cannot be read.
    """

    def __init__(
        self,
        root: Path,
        size: int,
        *,
        split: str,
        attribute: str | None = None,
        device: torch.device | str = "cpu",
        most_bytes: int | None = None,
    ):
        self.size, self.device = size, torch.device(device)
        rows = [row for row in read_rows(root, split) if attribute is None or row.get("attribute") == attribute]
        self.ids = [row["id"] for row in rows]
        self.paths = [root / FOLDER / f"{row['id']}.png" for row in rows]
        needed = len(rows) * 3 * size**2
        self.kept = self._read(range(len(rows))) if needed <= (most_bytes or MOST_BYTES) else None
        if self.kept is not None and needed <= (most_bytes or device_bytes(self.device) // SHARE_OF_DEVICE):
            self.kept = self.kept.to(self.device)

    def __len__(self) -> int:
        return len(self.paths)

    @property
    def ahead(self) -> int | None:
        """How many batches are worth drawing ahead, as `step_batches` takes it: none where all are on the device."""
        return 0 if self.kept is not None and self.kept.device.type == self.device.type else None

    def batch(self, places: Sequence[int]) -> Tensor:
        """The pictures as they are."""
        if self.kept is None:
            chosen = self._read(places)
        else:
            chosen = self.kept[torch.tensor(list(places), device=self.kept.device)]
        return chosen.to(self.device).float().div_(127.5).sub_(1)

    def mirrored(self, places: Sequence[int], generator: torch.Generator) -> Tensor:
        """The pictures, each with its mirror image's chance of a half."""
        chosen = torch.rand(len(places), generator=generator) < 0.5
        (pictures,) = mirror(chosen.to(self.device), self.batch(places))
        return pictures

    def _read(self, places: Sequence[int]) -> Tensor:
        """uint8 [B, 3, S, S]."""
        with ThreadPoolExecutor(READERS) as readers:
            pictures = list(readers.map(lambda place: read_picture(self.paths[place], self.size), places))
        return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).contiguous()


def device_bytes(device: torch.device) -> int:
    """Memory of the device; without bounds for the CPU, whose own are watched before."""
    return torch.cuda.get_device_properties(device).total_memory if device.type == "cuda" else 2**62
