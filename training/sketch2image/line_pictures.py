"""Pictures and drawings that have nothing to do with each other, from two folders: what a sketcher learns from."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from artmodels.errors import ConfigError
from artmodels.images import load_picture
from artmodels.line_art import read_line_art
from training.order import places_of
from training.recipe_pictures import read_rows
from training.recipes.picture_folders import find_pictures

__all__ = ["FolderPictures", "LinePictures"]

SHOWN = 4
FEWEST = 2
MOST_BYTES = 2**30

Bytes = NDArray[np.uint8]


class FolderPictures:
    """Pictures of a folder, their shorter side resized to `load_size`, kept in memory as many as fit into a gigabyte.

    Of a recipe's folder, one with metadata.jsonl beside it, only the pictures of the training split.

    Args: mode: "RGB", or "L" for drawings, which are cleaned: dark lines on white. most: no more than so many, evenly
        chosen from the sorted ones; 0 for all.

    Raises:
        ConfigError: there is no such folder, or too few pictures in it.
        PictureError: a picture cannot be read or is no drawing; when it is asked for.
    """

    def __init__(self, root: Path, load_size: int, mode: str, *, most: int = 0):
        self.load_size, self.mode = load_size, mode
        found = find_pictures(root).pictures
        if (root.parent / "metadata.jsonl").is_file():
            training = {row["id"] for row in read_rows(root.parent, "train")}
            found = {name: path for name, path in found.items() if name in training}
        self.paths = list(found.values())
        if most and most < len(self.paths):
            self.paths = [self.paths[place] for place in np.linspace(0, len(self.paths) - 1, most).astype(int)]
        if len(self.paths) < FEWEST:
            raise ConfigError(f"{root} holds {len(self.paths)} pictures to learn from; at least {FEWEST} are needed")
        self._kept: dict[int, Bytes] = {}
        self._most_kept = MOST_BYTES // (3 * load_size**2)

    def __len__(self) -> int:
        return len(self.paths)

    def read(self, place: int) -> Bytes:
        """uint8 [H, W, 1 or 3], the shorter side `load_size`."""
        if place in self._kept:
            return self._kept[place]
        path = self.paths[place]
        picture = read_line_art(path).lines.convert("L") if self.mode == "L" else load_picture(path)
        scale = self.load_size / min(picture.size)
        size = max(self.load_size, round(picture.width * scale)), max(self.load_size, round(picture.height * scale))
        pixels = np.asarray(picture.resize(size, Image.Resampling.BICUBIC))
        pixels = pixels[..., None] if pixels.ndim == 2 else pixels
        if len(self._kept) < self._most_kept:
            self._kept[place] = pixels
        return pixels

    def crops(self, places: Sequence[int], size: int, generator: torch.Generator) -> Tensor:
        """A random square of each, mirrored or not: [B, 1 or 3, size, size] in [-1, 1]."""
        draws = torch.rand(len(places), 3, generator=generator).tolist()
        cut = partial(random_square, size=size)
        return to_signed([cut(self.read(place), *draw) for place, draw in zip(places, draws, strict=True)])

    def centres(self, places: Sequence[int], size: int) -> Tensor:
        """The middle of each."""
        return to_signed([random_square(self.read(place), 0.5, 0.5, 1.0, size=size) for place in places])


def random_square(pixels: Bytes, down: float, across: float, mirrored: float, *, size: int) -> Bytes:
    """A square of the pixels, at these shares of the margins, mirrored below a half."""
    top = min(int(down * (pixels.shape[0] - size + 1)), pixels.shape[0] - size)
    left = min(int(across * (pixels.shape[1] - size + 1)), pixels.shape[1] - size)
    square = pixels[top : top + size, left : left + size]
    return square[:, ::-1] if mirrored < 0.5 else square


def to_signed(squares: Sequence[Bytes]) -> Tensor:
    return torch.from_numpy(np.stack(squares)).permute(0, 3, 1, 2).float().div(127.5).sub(1)


class LinePictures:
    """Pictures and drawings at random with each other, anew each time (paper section 3.1).

    Each folder of pictures has the same share. The first pictures, by an order of their own, are shown and judged by
    only, where there are enough.
    """

    def __init__(
        self, pictures: Sequence[Path], drawings: Path, size: int, load_size: int, *, most_drawings: int, seed: int
    ):
        self.size = size
        self.folders = [FolderPictures(folder, load_size, "RGB") for folder in pictures]
        self.drawings = FolderPictures(drawings, load_size, "L", most=most_drawings)
        self.shown, self.learnt = [], []
        for number, folder in enumerate(self.folders):
            order = places_of(len(folder), seed + number, 0, len(folder))
            held_out = SHOWN if len(order) >= 4 * SHOWN else 0
            self.shown += [(number, place) for place in order[: max(1, SHOWN // len(self.folders))]]
            self.learnt.append(order[held_out:])

    def __len__(self) -> int:
        return len(self.folders) * max(map(len, self.learnt))

    def batch(self, places: Sequence[int], generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Pictures [B, 3, S, S] and drawings [B, 1, S, S] in [-1, 1]."""
        drawn = torch.randint(len(self.drawings), (len(places),), generator=generator).tolist()
        turns = (divmod(place, len(self.folders)) for place in places)
        pictures = [
            self.folders[folder].crops([self.learnt[folder][turn % len(self.learnt[folder])]], self.size, generator)
            for turn, folder in turns
        ]
        return torch.cat(pictures), self.drawings.crops(drawn, self.size, generator)

    def examples(self) -> tuple[Tensor, Tensor]:
        """The pictures that are shown, [P, 3, S, S], and the middles of all drawings, [D, 1, S, S]."""
        shown = [self.folders[folder].centres([place], self.size) for folder, place in self.shown]
        return torch.cat(shown), self.drawings.centres(range(len(self.drawings)), self.size)
