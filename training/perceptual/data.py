"""Stage pictures of any number of recipes' folders, two stages of an artwork at a time."""

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from artmodels.errors import ConfigError, PictureError
from training.order import places_of

__all__ = ["NO_REGION", "REGIONS_A_FOLDER", "StageFolders", "Views", "cut_views", "decode", "names_of", "to_signed"]

REGIONS_A_FOLDER = 16
"""Room for the region numbers of one folder; those of the next folder follow."""
NO_REGION = -1


class Views(NamedTuple):
    """Two stages of each artwork, cropped and mirrored alike."""

    first: Tensor  # [B, 3, S, S] in [-1, 1]
    second: Tensor  # [B, 3, S, S] in [-1, 1]
    regions: Tensor  # [B, S, S] of region numbers, NO_REGION where the folder has none


class Artwork(NamedTuple):
    """Where the pictures of one artwork lie."""

    folder: int
    stages: tuple[Path, ...]
    regions: Path | None


class StageFolders:
    """The artworks of several recipes' folders: `STAGE/ID.png`, perhaps `regions/ID.png`, and `metadata.jsonl`.

    Raises:
        ConfigError: a folder without `metadata.jsonl`, or none with an artwork of that split.
        PictureError: a picture is missing or cannot be read.
    """

    def __init__(self, roots: Sequence[Path], *, load_size: int, split: str):
        self.folders = len(roots)
        self.load_size = load_size
        self.artworks = [artwork for number, root in enumerate(roots) for artwork in artworks_in(root, number, split)]
        if not self.artworks:
            raise ConfigError(f"{', '.join(map(str, roots)) or 'no folder'} holds no artwork of the {split!r} split")
        self._cache: dict[int, tuple[np.ndarray, np.ndarray]] = {}

    def __len__(self) -> int:
        return len(self.artworks)

    def load(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """uint8 [stages, load_size, load_size, 3] and the region numbers [load_size, load_size]."""
        if index not in self._cache:
            artwork = self.artworks[index]
            stages = np.stack([decode(path, "RGB", self.load_size) for path in artwork.stages])
            regions = np.full(stages.shape[1:3], NO_REGION, np.int16)
            if artwork.regions is not None:
                numbers = decode(artwork.regions, "L", self.load_size) % REGIONS_A_FOLDER
                regions = numbers.astype(np.int16) + REGIONS_A_FOLDER * artwork.folder
            self._cache[index] = stages, regions
        return self._cache[index]

    def indices(self, seed: int, start: int, count: int) -> list[int]:
        """Places `start` to `start + count` of an endless series of reshuffled passes over the artworks."""
        return places_of(len(self), seed, start, count)


def cut_views(pictures: StageFolders, indices: Sequence[int], size: int, generator: torch.Generator) -> Views:
    """Two different stages of each artwork, if it has two, in the same crop of `size`."""
    with ThreadPoolExecutor(4) as pool:
        loaded = list(pool.map(pictures.load, indices))
    firsts, seconds, maps = [], [], []
    for stages, regions in loaded:
        order = torch.randperm(len(stages), generator=generator).tolist()
        top, left = torch.randint(pictures.load_size - size + 1, (2,), generator=generator).tolist()
        turn = 1 if torch.rand((), generator=generator) < 0.5 else -1
        window = (slice(top, top + size), slice(left, left + size))
        firsts.append(stages[order[0]][window][:, ::turn])
        seconds.append(stages[order[-1]][window][:, ::turn])
        maps.append(regions[window][:, ::turn])
    numbers = torch.from_numpy(np.stack(maps).astype(np.int64))
    return Views(to_signed(np.stack(firsts)), to_signed(np.stack(seconds)), numbers)


def to_signed(pictures: np.ndarray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2).float().div(127.5).sub(1)


def artworks_in(root: Path, number: int, split: str) -> list[Artwork]:
    names = names_of(root, split)
    folders = [path for path in sorted(root.iterdir()) if path.is_dir() and any(path.glob("*.png"))]
    stages = [path for path in folders if path.name != "regions"]
    if not stages:
        raise ConfigError(f"{root} holds no folder of stage pictures: is it a recipe's output?")
    regions = root / "regions" if root / "regions" in folders else None
    return [
        Artwork(number, tuple(stage / f"{name}.png" for stage in stages), regions and regions / f"{name}.png")
        for name in names
    ]


def names_of(root: Path, split: str) -> list[str]:
    """The sorted ids of that split."""
    if not (root / "metadata.jsonl").is_file():
        raise ConfigError(f"{root} holds no metadata.jsonl: is it a recipe's output?")
    rows = [json.loads(line) for line in (root / "metadata.jsonl").read_text().splitlines()]
    return sorted(row["id"] for row in rows if row["split"] == split)


def decode(path: Path, mode: str, size: int) -> np.ndarray:
    """uint8 [size, size] or [size, size, 3]; region numbers ("L") are never mixed."""
    try:
        with Image.open(path) as opened:
            picture = opened.convert(mode)
    except (OSError, SyntaxError) as error:
        raise PictureError(f"cannot read the stage picture {path}: {error}") from error
    if picture.size != (size, size):
        filtering = Image.Resampling.BICUBIC if mode == "RGB" else Image.Resampling.NEAREST
        picture = picture.resize((size, size), filtering)
    return np.asarray(picture)
