"""Aligned stage pictures for training: a recipe's folder or Parquet, then cropped, flipped and recoloured together."""

import io
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from artmodels.errors import ConfigError, PictureError
from artmodels.images import load_picture
from artmodels.workflow.config import WorkflowConfig
from training.order import places_of
from training.run import Run

__all__ = ["StagePictures", "random_crop_and_flip", "random_hues", "rotate_hue", "training_batch"]

MOST_BYTES = 4 * 2**30


class StagePictures:
    """Aligned pictures of every stage, decoded on first use and kept in memory, as many as fit into four gigabytes.

    `root` is what a recipe wrote: either a folder a stage, with equal file names, and `metadata.jsonl` with `id` and
    `split` a picture; or `data/SPLIT.parquet` with an image column a stage.

    Raises:
        ConfigError: `root` is neither, or holds no picture of that split.
        PictureError: a picture is missing or cannot be read.
    """

    def __init__(self, root: Path | str, config: WorkflowConfig, *, load_size: int, split: str):
        self.config = config
        self.load_size = load_size
        self.root = Path(root)
        if (self.root / "metadata.jsonl").is_file():
            self.rows = read_folder_rows(self.root, config.stages, split)
        elif list((self.root / "data").glob("*.parquet")):
            self.rows = read_parquet_rows(self.root / "data" / f"{split}.parquet", config.stages)
        else:
            raise ConfigError(
                f"{self.root} holds neither a metadata.jsonl nor data/*.parquet: is it a recipe's output?"
            )
        if not self.rows:
            raise ConfigError(f"{self.root} holds no picture of the {split!r} split")
        self._cache: dict[int, list[np.ndarray]] = {}
        self._most_kept = MOST_BYTES // (load_size**2 * sum(config.channels))

    def __len__(self) -> int:
        return len(self.rows)

    def load(self, index: int) -> list[np.ndarray]:
        """Picture `index`: uint8 [load_size, load_size, C] of each stage."""
        if index in self._cache:
            return self._cache[index]
        stages = [
            decode(source, channels, self.load_size)
            for source, channels in zip(self.rows[index], self.config.channels, strict=True)
        ]
        if len(self._cache) < self._most_kept:
            self._cache[index] = stages
        return stages

    def batch(self, indices: Sequence[int]) -> list[Tensor]:
        """The pictures of these indices: float32 [B, C, load_size, load_size] in [-1, 1] of each stage."""
        with ThreadPoolExecutor(4) as pool:
            pictures = list(pool.map(self.load, indices))
        stages = (torch.from_numpy(np.stack(stage)) for stage in zip(*pictures, strict=True))
        return [stage.permute(0, 3, 1, 2).float().div_(127.5).sub_(1) for stage in stages]

    def indices(self, seed: int, start: int, count: int) -> list[int]:
        """Places `start` to `start + count` of an endless series of reshuffled passes over the pictures."""
        return places_of(len(self), seed, start, count)


def decode(source: Path | bytes, channels: int, size: int) -> np.ndarray:
    """uint8 [size, size, channels], transparency on white; resized with bicubic filtering unless it has that size."""
    try:
        with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source) as opened:
            picture = load_picture(opened).convert("L" if channels == 1 else "RGB")
    except (OSError, SyntaxError, PictureError) as error:
        name = "a Parquet row" if isinstance(source, bytes) else source
        raise PictureError(f"cannot read the stage picture {name}: {error}") from error
    if picture.size != (size, size):
        picture = picture.resize((size, size), Image.Resampling.BICUBIC)
    return np.asarray(picture).reshape(size, size, channels)


def read_folder_rows(root: Path, stages: Sequence[str], split: str) -> list[tuple[Path | bytes, ...]]:
    suffixes = {stage: next((p.suffix for p in sorted((root / stage).glob("*.*"))), ".png") for stage in stages}
    ids = sorted(name for name, kept_for in read_metadata(root / "metadata.jsonl") if kept_for == split)
    return [tuple(root / stage / f"{name}{suffixes[stage]}" for stage in stages) for name in ids]


def read_metadata(path: Path) -> Iterator[tuple[str, str]]:
    """The id and the split of each row; empty lines are passed over."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            name, split = row["id"], row["split"]
        except (ValueError, KeyError, TypeError):
            name = split = None
        if not isinstance(name, str) or not isinstance(split, str):
            raise ConfigError(f'{path}, line {number}: a row is {{"id": "...", "split": "train"}}, not {line[:80]!r}')
        yield name, split


def read_parquet_rows(path: Path, stages: Sequence[str]) -> list[tuple[Path | bytes, ...]]:
    from pyarrow import parquet

    if not path.is_file():
        return []
    known = parquet.read_schema(path).names
    missing = [name for name in stages if name not in known]
    if missing:
        raise ConfigError(f"{path} has no column {', '.join(missing)}; it has {', '.join(known)}")
    table = parquet.read_table(path, columns=list(stages)).to_pylist()
    return [tuple(row[stage]["bytes"] for stage in stages) for row in table]


def training_batch(
    pictures: StagePictures, run: Run[Any], generator: torch.Generator, *, mirrored: float, hue_rotation: float
) -> list[Tensor]:
    """What this step of this process trains on: every stage [B, C, S, S] in [-1, 1], on the run's device.

    Args: generator: on the CPU; mirrored, hue_rotation: share of the pictures that are, and whose hues are turned.
    """
    order = pictures.indices(run.settings.seed, run.batch_start(), run.settings.batch_size)
    size = min(pictures.load_size, pictures.config.size)
    stages = random_crop_and_flip(pictures.batch(order), size, generator, mirrored=mirrored)
    if hue_rotation:
        stages = random_hues(stages, hue_rotation, generator)
    return [stage.to(run.device) for stage in stages]


def random_crop_and_flip(
    stages: list[Tensor], size: int, generator: torch.Generator, *, mirrored: float = 0.5
) -> list[Tensor]:
    """The same random crop to `size` and the same mirroring, a picture, in every stage.

    Args: stages: [B, C, L, L] each, with L >= size; generator: on the CPU; mirrored: share of the pictures.
    """
    count, margin = stages[0].shape[0], stages[0].shape[-1] - size
    corners = torch.randint(margin + 1, (count, 2), generator=generator).tolist()
    flips = (torch.rand(count, generator=generator) < mirrored).tolist()
    cropped = []
    for stage in stages:
        parts = [
            picture[:, top : top + size, left : left + size]
            for picture, (top, left) in zip(stage, corners, strict=True)
        ]
        parts = [part.flip(-1) if flip else part for part, flip in zip(parts, flips, strict=True)]
        cropped.append(torch.stack(parts))
    return cropped


def random_hues(stages: list[Tensor], share: float, generator: torch.Generator) -> list[Tensor]:
    """Turns the hues of every coloured stage of a picture by one random angle, for that share of the pictures.

    Args: stages: [B, 1 or 3, S, S] in [-1, 1] each, of which luminance stays as it is; generator: on the CPU.
    """
    count = len(stages[0])
    chosen = torch.rand(count, generator=generator) < share
    angles = torch.rand(count, generator=generator) * 2 * torch.pi * chosen
    return [stage if stage.shape[1] == 1 else rotate_hue(stage, angles.to(stage.device)) for stage in stages]


def rotate_hue(pictures: Tensor, angles: Tensor) -> Tensor:
    """Turns the chroma (U, V) of each picture about its luminance, which stays where colours need no clamping.

    With Y = 0.299 R + 0.587 G + 0.114 B, U = 0.492 (B - Y) and V = 0.877 (R - Y). Greys stay, angles add up.

    Args: pictures: [B, 3, H, W] in [-1, 1]; angles: [B] in radians.
    """
    luminance = pictures.new_tensor((0.299, 0.587, 0.114))
    chroma = torch.eye(3, device=pictures.device, dtype=pictures.dtype) - luminance  # rows: R - Y, G - Y, B - Y
    # A quarter turn from U to V: U' = -V and V' = U; the row of G follows, because what is turned has no luminance.
    red, blue = 0.492 / 0.877 * chroma[2], -0.877 / 0.492 * chroma[0]
    quarter = torch.stack((red, -(luminance[0] * red + luminance[2] * blue) / luminance[1], blue))
    angles = angles.to(pictures.dtype)[:, None, None]
    change = (angles.cos() - 1) * chroma + angles.sin() * quarter  # zero where the angle is, so that nothing rounds
    return (pictures + torch.einsum("bij,bjhw->bihw", change, pictures)).clamp(-1, 1)
