"""Pictures with sketches of them, as the trainings of the auto-encoder and the refiner see them.

What a recipe wrote: a folder of pictures, and beside it `line/` or any number of `sketch_*/` with the same file names,
such as `draw_sketches.py` makes with each hand of a sketcher. One of them is chosen at random each time. Where the
illustrations recipe wrote `regions/` too, drawings can be painted in fresh colours.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from artmodels.errors import ConfigError
from training.colourable import paint
from training.colourable_drawings import ColourableDrawings, new_palette
from training.order import places_of
from training.recipe_pictures import random_places, read_picture, read_rows, to_pictures
from training.sketch2image.augment import crop_and_mirror, random_views
from training.sketch2image.settings import Sampling
from training.sketch_lines import restyle_lines

__all__ = ["ClassSubsets", "Pair", "SketchedPictures"]

MOST_BYTES = 4 * 2**30

Bytes = NDArray[np.uint8]


class Pair(NamedTuple):
    """Sketches [B, 1, S, S], their pictures and altered pictures to take the style from, [B, 3, S, S]; in [-1, 1]."""

    sketch: Tensor
    picture: Tensor
    exemplar: Tensor


class SketchedPictures:
    """Pictures by their place, kept in memory as many as fit into four gigabytes.

    Raises:
        ConfigError: no picture of that split, no folder of pictures or of sketches, or no regions to repaint.
        PictureError: a picture is missing or cannot be read; when it is asked for.
    """

    def __init__(self, root: Path | str, sampling: Sampling, size: int, *, split: str):
        self.root, self.sampling, self.size = Path(root), sampling, size
        self.rows = read_rows(self.root, split)
        folders = {path.name for path in self.root.iterdir() if path.is_dir()}
        if sampling.picture not in folders:
            raise ConfigError(f"{root} has no folder {sampling.picture}; there are {', '.join(sorted(folders))}")
        self.kinds = sorted(name for name in folders if name == "line" or name.startswith("sketch_"))
        if not self.kinds:
            raise ConfigError(f"{root} has no sketches: no folder line and none sketch_*")
        if sampling.load_size < size:
            raise ConfigError(f"load_size {sampling.load_size} is less than the model's size, {size}")
        self.drawings = self._drawings(split) if sampling.repainted else None
        self._kept: dict[tuple[str, int], Bytes] = {}
        self._most_kept = MOST_BYTES // (4 * sampling.load_size**2)

    def _drawings(self, split: str) -> ColourableDrawings:
        if not (self.root / "regions").is_dir():
            raise ConfigError(f"{self.root} has no regions to repaint: set sampling.repainted to 0")
        drawings = ColourableDrawings(self.root, self.sampling.load_size, split=split)
        self._drawing_of = {row: place for place, rows in enumerate(drawings.drawings) for row in rows}
        return drawings

    def __len__(self) -> int:
        return len(self.rows)

    def pairs(self, places: Sequence[int], generator: torch.Generator) -> Pair:
        """Pictures with a sketch each, cut and mirrored alike, and their exemplars, altered on their own."""
        sampling = self.sampling
        kinds = [self.kinds[kind] for kind in random_places(len(places), len(self.kinds), generator)]
        sketch = to_pictures([self.read(kind, place) for kind, place in zip(kinds, places, strict=True)])
        picture = to_pictures([self.read(sampling.picture, place) for place in places])
        exemplar = picture
        if self.drawings is not None:
            sketch, picture, exemplar = self._repainted(places, Pair(sketch, picture, exemplar), generator)
        cut = crop_and_mirror([sketch, picture, exemplar], self.size, sampling.mirrored, generator)
        sketch, picture, exemplar = cut
        if sampling.restyled:
            sketch = restyle_lines(sketch, sampling.restyled, generator)
        exemplar = random_views(
            exemplar,
            generator,
            degrees=sampling.exemplar_degrees,
            enlarged=sampling.exemplar_enlarged,
            mirrored=sampling.exemplar_mirrored,
        )
        return Pair(sketch, picture, exemplar)

    def plain(self, places: Sequence[int], kind: str | None = None) -> Pair:
        """Pictures as they are, resized only, with their sketch of that kind, or of the first one there is."""
        read = (
            to_pictures([read_picture(self.path(name, place), self.size, mode) for place in places])
            for name, mode in ((kind or self.kinds[0], "L"), (self.sampling.picture, "RGB"))
        )
        sketch, picture = read
        return Pair(sketch, picture, picture)

    def path(self, folder: str, place: int) -> Path:
        """Where a picture of that folder lies: a PNG, or whatever has its name."""
        path = self.root / folder / f"{self.rows[place]['id']}.png"
        return path if path.is_file() else next(path.parent.glob(f"{path.stem}.*"), path)

    def read(self, folder: str, place: int) -> Bytes:
        """uint8 [load_size, load_size] of a folder of sketches, [load_size, load_size, 3] of the pictures."""
        if (folder, place) not in self._kept:
            mode = "RGB" if folder == self.sampling.picture else "L"
            read = read_picture(self.path(folder, place), self.sampling.load_size, mode)
            if len(self._kept) >= self._most_kept:
                return read
            self._kept[folder, place] = read
        return self._kept[folder, place]

    def _repainted(self, places: Sequence[int], pair: Pair, generator: torch.Generator) -> Pair:
        """Some of the drawings in colours of their own; of these, some exemplars are other drawings in such colours."""
        assert self.drawings is not None
        repainted, unrelated = torch.rand(2, len(places), generator=generator) < torch.tensor(
            [[self.sampling.repainted], [self.sampling.unrelated]]
        )
        chosen = repainted.nonzero().flatten().tolist()
        if not chosen:
            return pair
        own = [self._drawing_of[places[number]] for number in chosen]
        others = random_places(len(chosen), len(self.drawings), generator)
        shown = [other if unrelated[n] else mine for n, mine, other in zip(chosen, own, others, strict=True)]
        colours = np.stack([new_palette(generator)[1] for _ in chosen])
        sketch, picture, exemplar = (part.clone() for part in pair)
        picture[chosen] = paint([self.drawings.colourable(place) for place in own], colours)
        exemplar[chosen] = paint([self.drawings.colourable(place) for place in shown], colours)
        turned = [n for n, place in zip(chosen, own, strict=True) if self.drawings.is_mirrored(place)]
        sketch[turned] = sketch[turned].flip(-1)
        return Pair(sketch, picture, exemplar)


class ClassSubsets(NamedTuple):
    """Which few pictures are told apart at a time, and until when (paper, "momentum mutual-information")

    pictures: how many there are. size: of a subset. period: steps until the next subset. seed: of their order.
    """

    pictures: int
    size: int
    period: int
    seed: int

    def begins(self, step: int) -> bool:
        """Whether a new subset's classes are to be learnt from this step on."""
        return step % self.period == 0

    def number(self, step: int) -> int:
        return step // self.period

    def members(self, step: int) -> list[int]:
        """The pictures of the step's subset, by class; none twice, and all but a rest come in turn."""
        turn, place = divmod(self.number(step), self.pictures // self.size)
        return places_of(self.pictures, self.seed, turn * self.pictures + place * self.size, self.size)

    def classes(self, step: int, start: int, count: int) -> list[int]:
        """Places `start` to `start + count` of an endless series of reshuffled passes over the subset's classes."""
        return places_of(self.size, self.seed + 1 + self.number(step), start, count)
