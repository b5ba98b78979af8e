"""The illustrations recipe's drawings, coloured as a training needs them."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
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
    tag_vectors,
    to_pictures,
)
from training.colorizer.colourable import REGIONS, Colourable, Coloured, paint, recover
from training.colorizer.settings import ILLUSTRATION_PALETTES, Edits, Sampling
from training.colorizer.sketch_lines import restyle_lines
from training.recipes.palettes import FLOWER, LIPS, PATTERNS, WHITE, choose_colouring

__all__ = ["Illustrations", "Look"]

Colours = NDArray[np.float32]  # [R, 3] in [0, 1]
FURTHER = 0.25  # for each unit of strength beyond 1
PATTERNED = {f"{kind}_clothes" for kind in PATTERNS}


class Look(NamedTuple):
    """A drawing in colour.

    drawing: its place. tags: what is true of the picture. colours: of its regions. row: the place of the recipe's
    picture of it, or None where it is painted here.
    """

    drawing: int
    tags: list[str]
    colours: Colours
    row: int | None


class Illustrations:
    """Drawings by their place, each with the recipe's colourings of it and any other that is painted here.

    Raises:
        ConfigError: no drawing of that split, or no colours of regions.
        PictureError: a picture is missing or cannot be read; when it is asked for.
    """

    def __init__(self, root: Path, config: ColorizerConfig, sampling: Sampling, *, split: str):
        self.root, self.config, self.sampling = root, config, sampling
        self.rows = read_rows(root, split)
        if "colours" not in self.rows[0]:
            raise ConfigError(f"{root} has no colours of regions: is it what the recipe illustrations made?")
        grouped = groupby(range(len(self.rows)), key=lambda place: self.rows[place]["drawing"])
        self.drawings = [list(places) for _, places in grouped]
        self._colourable: dict[int, Colourable] = {}
        self._pictures: dict[int, NDArray[np.uint8]] = {}

    def __len__(self) -> int:
        return len(self.drawings)

    def tagged(self, places: Sequence[int], generator: torch.Generator) -> Tagged:
        looks = self.looks(places, generator)
        (pictures,) = mirror(torch.rand(len(places), generator=generator) < 0.5, self.pictures(looks))
        tags = tag_vectors([look.tags for look in looks], self.config)
        return Tagged(random_turns(pictures, self.sampling.turned, generator), tags)

    def pairs(self, places: Sequence[int], generator: torch.Generator) -> Pair:
        """The drawings in the colours of other drawings, chosen at random."""
        looks = self.looks(random_places(len(places), len(self), generator), generator)
        mixed = (torch.rand(len(places), generator=generator) < self.sampling.mixed).tolist()
        for number, (look, is_mixed) in enumerate(zip(looks, mixed, strict=True)):
            if is_mixed and look.row is None:
                looks[number] = look._replace(colours=mixture(look.colours, generator))
        return self.pairs_of(places, looks, generator)

    def pairs_of(self, places: Sequence[int], looks: Sequence[Look], generator: torch.Generator) -> Pair:
        """The drawings in the colours of these looks."""
        drawings = [self.colourable(place) for place in places]
        target = paint(drawings, np.stack([shown_colours(look) for look in looks]))
        regions = torch.from_numpy(np.stack([drawing.regions for drawing in drawings]))
        mirrored = torch.rand(len(places), generator=generator) < self.sampling.mirrored
        sketch, target, regions = mirror(mirrored, self.sketches(places, generator), target, regions)
        reference = random_turns(self.pictures(looks), self.sampling.turned, generator)
        return Pair(sketch, target, reference, regions)

    def triples(self, places: Sequence[int], edits: Edits, generator: torch.Generator) -> Triple:
        """The drawings with two looks each, some of them one drawing's that differ in one part's colour."""
        anchors = self.looks(random_places(len(places), len(self), generator), generator)
        targets = self.looks(random_places(len(places), len(self), generator), generator)
        strengths = torch.full((len(places), len(self.config.tags)), -1.0)
        is_edited, is_graded = torch.rand(2, len(places), generator=generator) < torch.tensor(
            [[edits.share], [edits.graded]]
        )
        for number in is_edited.nonzero().flatten().tolist():
            anchors[number] = self.repainted(anchors[number].drawing, generator)
            strength = 2 * float(torch.rand((), generator=generator)) if is_graded[number] else None
            targets[number], tag = self.edited(anchors[number], strength, generator)
            if strength is not None:
                strengths[number] = self.one_tag(tag, strength)
        return Triple(self.sketches(places, generator), self.pictures(anchors), self.pictures(targets), strengths)

    def one_tag(self, tag: str, strength: float) -> Tensor:
        """Strengths [T] of that tag and, 0, of the others of its group; below 0 for those that are not given."""
        group = next(group for group in self.config.groups if tag in group.tags)
        given = {other: strength * (other == tag) for other in group.tags}
        return torch.tensor([given.get(other, -1.0) for other in self.config.tags])

    def sketches(self, places: Sequence[int], generator: torch.Generator) -> Tensor:
        """[B, 1, S, S], some of them in other lines."""
        lines = to_pictures([self.colourable(place).line for place in places])
        return restyle_lines(lines, self.sampling.restyled, generator)

    def looks(self, places: Sequence[int], generator: torch.Generator) -> list[Look]:
        """A look of each drawing: one of the recipe's, or one with a palette of its own."""
        painted = (torch.rand(len(places), generator=generator) < self.sampling.repainted).tolist()
        return [
            self.repainted(place, generator) if is_painted else self.recipe_look(place, generator)
            for place, is_painted in zip(places, painted, strict=True)
        ]

    def recipe_look(self, place: int, generator: torch.Generator) -> Look:
        rows = self.drawings[place]
        row = rows[random_places(1, len(rows), generator)[0]]
        return Look(place, self.rows[row]["tags"], row_colours(self.rows[row]), row)

    def repainted(self, place: int, generator: torch.Generator) -> Look:
        row = self.rows[self.drawings[place][0]]
        names, colours = new_palette(generator)
        return Look(place, renamed(row["tags"], names), colours, None)

    def edited(self, look: Look, strength: float | None, generator: torch.Generator) -> tuple[Look, str]:
        """The look with one part, of which it has a tag, in a colour of another tag, and that tag.

        Args: strength: how much of the colour, from 0 for neutral to 2; None for the colour itself.
        """
        parts = [part for part in ILLUSTRATION_PALETTES if has_part(look.tags, part)]
        part = parts[random_places(1, len(parts), generator)[0]]
        names, colours = new_palette(generator)
        region, changed = REGIONS.index(part), look.colours.copy()
        changed[region] = colours[region] if strength is None else exaggerated(colours[region], region, strength)
        return Look(look.drawing, renamed(look.tags, {part: names[part]}), changed, None), f"{names[part]}_{part}"

    def pictures(self, looks: Sequence[Look]) -> Tensor:
        """[B, 3, S, S]."""
        painted = [number for number, look in enumerate(looks) if look.row is None]
        found = torch.empty(len(looks), 3, self.config.size, self.config.size)
        if painted:
            drawings = [self.colourable(looks[number].drawing) for number in painted]
            found[painted] = paint(drawings, np.stack([looks[number].colours for number in painted]))
        kept = {number: self.colouring(look.row) for number, look in enumerate(looks) if look.row is not None}
        if kept:
            found[list(kept)] = to_pictures(list(kept.values()))
        return found

    def colouring(self, row: int) -> NDArray[np.uint8]:
        """The recipe's finished picture, [S, S, 3]."""
        if row not in self._pictures:
            self._pictures[row] = read_picture(self.root / "full" / f"{self.rows[row]['id']}.png", self.config.size)
        return self._pictures[row]

    def colourable(self, place: int) -> Colourable:
        """The drawing without its colours; mirrored where more of its pictures are lit from the right."""
        if place not in self._colourable:
            rows = self.drawings[place]
            left = [row for row in rows if self.rows[row]["light"] == "left"]
            is_left = 2 * len(left) >= len(rows)
            lit = left if is_left else [row for row in rows if row not in left]
            name, size = f"{self.rows[rows[0]]['id']}.png", self.config.size
            regions = read_picture(self.root / "regions" / name, size, "L", Image.Resampling.NEAREST)
            maps = [read_picture(self.root / "line" / name, size, "L"), regions, *map(self.colouring, lit)]
            line, regions, *pictures = (np.ascontiguousarray(m if is_left else m[:, ::-1]) for m in maps)
            coloured = [self.coloured(row, picture) for row, picture in zip(lit, pictures, strict=True)]
            self._colourable[place] = recover(line, regions, coloured)
        return self._colourable[place]

    def coloured(self, row: int, picture: NDArray[np.uint8]) -> Coloured:
        is_patterned = self.rows[row]["pattern"] != "plain"
        return Coloured(picture.astype(np.float32) / np.float32(255), row_colours(self.rows[row]), is_patterned)


def row_colours(row: Mapping[str, Any]) -> Colours:
    return np.stack([unit_rgb(row["colours"][region]) for region in REGIONS])


def unit_rgb(colour: str) -> Colours:
    """Of "#rrggbb" or "rrggbb"."""
    return np.frombuffer(bytes.fromhex(colour[-6:]), np.uint8).astype(np.float32) / np.float32(255)


def neutral_colours() -> Colours:
    """The mean of every part's palette."""
    palettes = {**ILLUSTRATION_PALETTES, "lips": LIPS, "flower": FLOWER, "white": {"": bytes(WHITE).hex()}}
    return np.stack([np.mean([unit_rgb(c) for c in palettes[region].values()], axis=0) for region in REGIONS])


NEUTRAL = neutral_colours()


def shown_colours(look: Look) -> Colours:
    """The look's colours, neutral for parts that its picture does not show."""
    hidden = [REGIONS.index(part) for part in ILLUSTRATION_PALETTES if not has_part(look.tags, part)]
    colours = look.colours.copy()
    colours[hidden] = NEUTRAL[hidden]
    return colours


def has_part(tags: Sequence[str], part: str) -> bool:
    return any(f"{colour}_{part}" in tags for colour in ILLUSTRATION_PALETTES[part])


def new_palette(generator: torch.Generator) -> tuple[dict[str, str], Colours]:
    """Names and colours of a colouring that the recipe could have chosen."""
    seed = int(torch.randint(2**62, (), generator=generator))
    colouring = choose_colouring(np.random.default_rng(seed), can_be_patterned=False)
    colours = np.array([colouring.colours[region] for region in REGIONS], np.float32) / np.float32(255)
    return colouring.names, colours


def mixture(colours: Colours, generator: torch.Generator) -> Colours:
    """Colours of regions anywhere between these and those of another palette."""
    shares = torch.rand(len(colours), 1, generator=generator).numpy()
    return colours + shares * (new_palette(generator)[1] - colours)


def exaggerated(colour: Colours, region: int, strength: float) -> Colours:
    """From the region's neutral colour, at 0, over the colour, at 1, to a quarter beyond it, at 2."""
    way = min(strength, 1 + FURTHER * (strength - 1))
    return np.clip(NEUTRAL[region] + np.float32(way) * (colour - NEUTRAL[region]), 0, 1)


def renamed(tags: Sequence[str], names: Mapping[str, str]) -> list[str]:
    """Tags of a drawing with other colours' names for its parts, and of plain clothes."""
    found = [tag for tag in tags if tag not in PATTERNED]
    for part, palette in ILLUSTRATION_PALETTES.items():
        if part in names:
            old = {f"{colour}_{part}" for colour in palette}
            found = [f"{names[part]}_{part}" if tag in old else tag for tag in found]
    return found
