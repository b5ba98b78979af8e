"""The drawings of the illustrations recipe, each ready to be painted in any colours, and palettes to paint them in."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from artmodels.errors import ConfigError
from training.colourable import REGIONS, Colourable, Coloured, recover
from training.recipe_pictures import read_picture, read_rows
from training.recipes.palettes import BACKGROUND, CLOTHES, EYES, FLOWER, HAIR, LIPS, SKIN, WHITE, choose_colouring

__all__ = ["ILLUSTRATION_PALETTES", "NEUTRAL", "ColourableDrawings", "Colours", "new_palette", "row_colours"]

Colours = NDArray[np.float32]  # [R, 3] in [0, 1]

# The parts whose colours tags name.
ILLUSTRATION_PALETTES = {
    "hair": HAIR, "eyes": EYES, "skin": SKIN, "clothes": CLOTHES, "accent": CLOTHES, "background": BACKGROUND,
}  # fmt: skip


class ColourableDrawings:
    """Drawings by their place; what was read once is kept.

    rows: of all pictures of the split, by id. drawings: the places of each drawing's pictures among the rows.

    Raises:
        ConfigError: no picture of that split, or no colours of regions.
        PictureError: a picture is missing or cannot be read; when it is asked for.
    """

    def __init__(self, root: Path, size: int, *, split: str):
        self.root, self.size = root, size
        self.rows = read_rows(root, split)
        if "colours" not in self.rows[0]:
            raise ConfigError(f"{root} has no colours of regions: is it what the recipe illustrations made?")
        grouped = groupby(range(len(self.rows)), key=lambda place: self.rows[place]["drawing"])
        self.drawings = [list(places) for _, places in grouped]
        self._colourable: dict[int, Colourable] = {}
        self._pictures: dict[int, NDArray[np.uint8]] = {}

    def __len__(self) -> int:
        return len(self.drawings)

    def colouring(self, row: int) -> NDArray[np.uint8]:
        """The recipe's finished picture, [S, S, 3]."""
        if row not in self._pictures:
            self._pictures[row] = read_picture(self.root / "full" / f"{self.rows[row]['id']}.png", self.size)
        return self._pictures[row]

    def is_mirrored(self, place: int) -> bool:
        """Whether more of the drawing's pictures are lit from the right than from the left."""
        lights = [self.rows[row]["light"] for row in self.drawings[place]]
        return 2 * lights.count("left") < len(lights)

    def colourable(self, place: int) -> Colourable:
        """The drawing without its colours, lit from the left: mirrored where `is_mirrored`."""
        if place not in self._colourable:
            rows, is_left = self.drawings[place], not self.is_mirrored(place)
            lit = [row for row in rows if (self.rows[row]["light"] == "left") == is_left]
            name = f"{self.rows[rows[0]]['id']}.png"
            regions = read_picture(self.root / "regions" / name, self.size, "L", Image.Resampling.NEAREST)
            maps = [read_picture(self.root / "line" / name, self.size, "L"), regions, *map(self.colouring, lit)]
            line, regions, *pictures = (np.ascontiguousarray(m if is_left else m[:, ::-1]) for m in maps)
            coloured = [self._coloured(row, picture) for row, picture in zip(lit, pictures, strict=True)]
            self._colourable[place] = recover(line, regions, coloured)
        return self._colourable[place]

    def _coloured(self, row: int, picture: NDArray[np.uint8]) -> Coloured:
        is_patterned = self.rows[row]["pattern"] != "plain"
        return Coloured(picture.astype(np.float32) / np.float32(255), row_colours(self.rows[row]), is_patterned)


def row_colours(row: Mapping[str, Any]) -> Colours:
    """The colours of a recipe's picture's regions."""
    return np.stack([unit_rgb(row["colours"][region]) for region in REGIONS])


def unit_rgb(colour: str) -> Colours:
    """Of "#rrggbb" or "rrggbb"."""
    return np.frombuffer(bytes.fromhex(colour[-6:]), np.uint8).astype(np.float32) / np.float32(255)


def neutral_colours() -> Colours:
    """The mean of every part's palette."""
    others: Mapping[str, Sequence[str]] = {
        "lips": list(LIPS.values()), "flower": list(FLOWER.values()), "white": [bytes(WHITE).hex()]
    }  # fmt: skip
    palettes = {**{part: list(palette.values()) for part, palette in ILLUSTRATION_PALETTES.items()}, **others}
    return np.stack([np.mean([unit_rgb(c) for c in palettes[region]], axis=0) for region in REGIONS])


NEUTRAL = neutral_colours()


def new_palette(generator: torch.Generator) -> tuple[dict[str, str], Colours]:
    """Names and colours of a colouring that the recipe could have chosen."""
    seed = int(torch.randint(2**62, (), generator=generator))
    colouring = choose_colouring(np.random.default_rng(seed), can_be_patterned=False)
    colours = np.array([colouring.colours[region] for region in REGIONS], np.float32) / np.float32(255)
    return colouring.names, colours
