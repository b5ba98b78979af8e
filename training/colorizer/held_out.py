"""Held-out drawings in the colours of others, of which the true colouring is known, and how far one is from it."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from artmodels.colorizer.model import TagColorizer
from artmodels.errors import ConfigError
from training.colorizer.batches import Pair
from training.colorizer.data import open_pictures
from training.colorizer.illustrations import Illustrations, Look, has_part
from training.colorizer.settings import Sampling
from training.colourable import REGIONS, paint
from training.colourable_drawings import row_colours
from training.colours import differences, part_medians
from training.recipe_pictures import random_places

__all__ = ["BATCH", "PARTS", "HeldOut", "colour_all", "held_out_pairs", "palette_scores", "read_drawings", "read_tags"]

BATCH = 16
PARTS = ("hair", "skin", "clothes", "background")


class HeldOut(NamedTuple):
    """Held-out drawings, each in the colours of another one."""

    pair: Pair
    looks: list[Look]
    clear: NDArray[np.bool_]  # [B, S, S], where there is no line
    mean: Tensor  # [B, 3, S, S], painted in the mean training colours

    def masks(self, part: str) -> NDArray[np.bool_]:
        """Where that part is, away from lines: [B, S, S]."""
        return self.clear & (self.pair.regions.numpy() == REGIONS.index(part))


def read_drawings(data: Path, colorizer: TagColorizer, split: str) -> Illustrations:
    """The illustrations as they are, nothing altered.

    Raises:
        ConfigError: `data` is nothing that the illustrations recipe made.
    """
    plain = Sampling(load_size=colorizer.config.size, mirrored=0.0, turned=0.0)
    pictures = open_pictures(data, colorizer.config, plain, split=split)
    if not isinstance(pictures, Illustrations):
        raise ConfigError(f"{data} has no regions, without which nothing can be measured here")
    return pictures


def held_out_pairs(test: Illustrations, training: Illustrations) -> HeldOut:
    """Every drawing of the test split with one of the recipe's pictures of another drawing, always the same."""
    generator, count = torch.Generator().manual_seed(0), len(test)
    steps = random_places(count, max(count - 1, 1), generator)
    looks = test.looks([(place + 1 + step) % count for place, step in enumerate(steps)], generator)
    pair = test.pairs_of(range(count), looks, generator)
    drawings = [test.colourable(place) for place in range(count)]
    mean = np.stack([row_colours(row) for row in training.rows]).mean(axis=0, keepdims=True)
    clear = np.stack([drawing.line > 250 for drawing in drawings])
    return HeldOut(pair, looks, clear, paint(drawings, np.repeat(mean, count, axis=0)))


@torch.inference_mode()
def colour_all(colorizer: TagColorizer, sketches: Tensor, references: Tensor) -> Tensor:
    """Every sketch in the colours of its reference, on the CPU."""
    return torch.cat(
        [
            colorizer(sketch.to(colorizer.device), reference.to(colorizer.device)).float().cpu()
            for sketch, reference in zip(sketches.split(BATCH), references.split(BATCH), strict=True)
        ]
    )


def palette_scores(made: Tensor, held_out: HeldOut, prefix: str = "palette") -> dict[str, float]:
    """How far the parts of pictures are from the true colouring, where the reference shows such a part."""
    difference = differences(made, held_out.pair.target)
    scores: dict[str, float] = {}
    found = []
    for part in PARTS:
        shown = np.array([has_part(look.tags, part) for look in held_out.looks])
        values = part_medians(difference, held_out.masks(part))[shown]
        found.append(values[~np.isnan(values)])
        scores[f"{prefix}_{part}"] = float(np.median(found[-1]))
    return {prefix: float(np.median(np.concatenate(found))), **scores}


@torch.inference_mode()
def read_tags(colorizer: TagColorizer, pictures: Tensor) -> Tensor:
    """Probabilities of tags, [B, T] on the CPU."""
    read = [
        colorizer.tag_probabilities(colorizer.encode(batch.to(colorizer.device))) for batch in pictures.split(BATCH)
    ]
    return torch.cat(read).float().cpu()
