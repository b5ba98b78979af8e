"""What the danbooru recipe prepared: pictures, sketches of several kinds, deformed references and tags."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from artmodels.colorizer.config import ColorizerConfig
from artmodels.errors import ConfigError
from training.colorizer.batches import (
    Pair,
    Tagged,
    Triple,
    mirror,
    random_places,
    random_turns,
    read_picture,
    read_rows,
    to_pictures,
)
from training.colorizer.settings import Edits, Sampling
from training.colorizer.sketch_lines import restyle_lines

__all__ = ["PreparedPictures"]

READERS = 4


class PreparedPictures:
    """`colour/`, `reference/`, `sketch_*/` and rows with tags; pictures are read when they are asked for.

    Raises:
        ConfigError: no picture of that split, or no folder of sketches.
    """

    def __init__(self, root: Path, config: ColorizerConfig, sampling: Sampling, *, split: str):
        self.root, self.config, self.sampling = root, config, sampling
        numbers = {tag: number for number, tag in enumerate(config.tags)}
        rows = read_rows(root, split)
        self.ids = [row["id"] for row in rows]
        # Numbers instead of names: a million pictures have some thirty tags each.
        self.tags = [np.array([numbers[t] for t in row["tags"] if t in numbers], np.int32) for row in rows]
        self.sketch_folders = sorted(path.name for path in root.glob("sketch_*"))
        if not self.sketch_folders:
            raise ConfigError(f"{root} holds no folder sketch_*: is it what the recipe danbooru made?")
        if sampling.load_size < config.size:
            raise ConfigError(f"load_size {sampling.load_size} is less than the model's size, {config.size}")

    def __len__(self) -> int:
        return len(self.ids)

    def tagged(self, places: Sequence[int], generator: torch.Generator) -> Tagged:
        pictures = self.read("colour", places, self.config.size)
        (pictures,) = mirror(torch.rand(len(places), generator=generator) < 0.5, pictures)
        tags = torch.zeros(len(places), len(self.config.tags))
        for vector, place in zip(tags, places, strict=True):
            vector[torch.from_numpy(self.tags[place]).long()] = 1
        return Tagged(random_turns(pictures, self.sampling.turned, generator), tags)

    def pairs(self, places: Sequence[int], generator: torch.Generator) -> Pair:
        """Sketches with their own pictures, and those again, deformed, as references."""
        target = self.read("colour", places, self.sampling.load_size)
        both = torch.cat((self.read_sketches(places, generator), target), dim=1)
        both = self.cropped(both, generator)
        (both,) = mirror(torch.rand(len(places), generator=generator) < self.sampling.mirrored, both)
        sketch, target = restyle_lines(both[:, :1], self.sampling.restyled, generator), both[:, 1:]
        reference = self.read("reference", places, self.config.size)
        reference = random_turns(reference, self.sampling.turned, generator)
        return Pair(sketch, target, reference, torch.zeros(len(places), *sketch.shape[2:], dtype=torch.uint8))

    def triples(self, places: Sequence[int], edits: Edits, generator: torch.Generator) -> Triple:
        """Sketches with two random other pictures; without known regions none can be edited."""
        sketch = self.cropped(self.read_sketches(places, generator), generator)
        (sketch,) = mirror(torch.rand(len(places), generator=generator) < self.sampling.mirrored, sketch)
        sketch = restyle_lines(sketch, self.sampling.restyled, generator)
        others = (random_places(len(places), len(self), generator) for _ in range(2))
        anchor, target = (self.read("colour", chosen, self.config.size) for chosen in others)
        return Triple(sketch, anchor, target, torch.full((len(places), len(self.config.tags)), -1.0))

    def read(self, folder: str, places: Sequence[int], size: int) -> Tensor:
        paths = [self.root / folder / f"{self.ids[place]}.png" for place in places]
        with ThreadPoolExecutor(READERS) as readers:
            return to_pictures(list(readers.map(lambda path: read_picture(path, size), paths)))

    def read_sketches(self, places: Sequence[int], generator: torch.Generator) -> Tensor:
        """Each in lines of one kind, chosen at random."""
        kinds = random_places(len(places), len(self.sketch_folders), generator)
        paths = [
            self.root / self.sketch_folders[kind] / f"{self.ids[place]}.png"
            for kind, place in zip(kinds, places, strict=True)
        ]
        with ThreadPoolExecutor(READERS) as readers:
            return to_pictures(list(readers.map(lambda path: read_picture(path, self.sampling.load_size, "L"), paths)))

    def cropped(self, pictures: Tensor, generator: torch.Generator) -> Tensor:
        """A random square of the model's size of each."""
        size, margin = self.config.size, self.sampling.load_size - self.config.size
        corners = torch.randint(margin + 1, (len(pictures), 2), generator=generator).tolist()
        return torch.stack([
            picture[:, top : top + size, left : left + size]
            for picture, (top, left) in zip(pictures, corners, strict=True)
        ])  # fmt: skip
