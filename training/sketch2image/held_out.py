"""Held-out sketches, each with another picture as exemplar, and, where regions are known, what should come of it."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from artmodels import seeds
from artmodels.sketch2image.model import SketchToImage
from training.colourable import REGIONS, paint
from training.colourable_drawings import NEUTRAL, ColourableDrawings, Colours, row_colours
from training.feature_distance import Distance
from training.sketch2image.data import SketchedPictures
from training.sketch2image.settings import Sampling

__all__ = [
    "BATCH",
    "HeldOut",
    "Made",
    "all_pictures",
    "held_out_pairs",
    "nearest_training_distance",
    "open_plain",
    "synthesize_all",
]

BATCH = 16
SHORTLISTED, SHORTLIST_SIDE = 20, 32
FEWEST = 12  # pixels of a region that show its colour


class HeldOut(NamedTuple):
    """Held-out sketches with exemplars; [N, C, S, S] in [-1, 1] on the CPU.

    own: the sketch's own picture. truth: the sketch in the exemplar's colours, or nothing where regions are unknown.
    """

    sketch: Tensor  # one channel
    own: Tensor
    exemplar: Tensor
    truth: Tensor | None


class Made(NamedTuple):
    """What a model makes of held-out sketches, without its refiner and with it; [N, 3, S, S] on the CPU."""

    coarse: Tensor
    refined: Tensor | None


def open_plain(data: Path, model: SketchToImage, picture: str, split: str) -> SketchedPictures:
    """The pictures of that split as they are."""
    size = model.config.size
    return SketchedPictures(data, Sampling(picture=picture, load_size=size), size, split=split)


def all_pictures(pictures: SketchedPictures, device: torch.device) -> Iterator[Tensor]:
    """Batches [B, 3, S, S] of all of them, on the device."""
    size = 4 * BATCH
    for start in range(0, len(pictures), size):
        yield pictures.plain(range(start, min(start + size, len(pictures)))).picture.to(device)


def held_out_pairs(test: SketchedPictures, seed: int, most: int) -> HeldOut:
    """One picture of each drawing, at most so many, evenly chosen; each with a picture of another drawing.

    Args: seed: of which other one.
    """
    firsts = first_of_each(test)
    chosen = [firsts[i] for i in np.linspace(0, len(firsts) - 1, min(most, len(firsts))).astype(int)]
    generator = torch.Generator().manual_seed(seed)
    shifts = torch.randint(1, max(len(firsts), 2), (len(chosen),), generator=generator).tolist()
    others = [firsts[(firsts.index(place) + shift) % len(firsts)] for place, shift in zip(chosen, shifts, strict=True)]
    pair, exemplar = test.plain(chosen), test.plain(others).picture
    if not (test.root / "regions").is_dir():
        return HeldOut(pair.sketch, pair.picture, exemplar, None)
    return painted(test, chosen, others, exemplar)


def first_of_each(pictures: SketchedPictures) -> list[int]:
    """The places of the first picture of each drawing, or emoji with all its skin tones."""
    found: dict[str, int] = {}
    for place, row in enumerate(pictures.rows):
        found.setdefault(str(row.get("drawing", row.get("base", row["id"]))), place)
    return list(found.values())


def painted(test: SketchedPictures, chosen: list[int], others: list[int], exemplar: Tensor) -> HeldOut:
    """As `held_out_pairs`, with sketches, own pictures and truths in the one light in which truths are known."""
    drawings = ColourableDrawings(test.root, test.size, split=test.rows[0]["split"])
    drawing_of = {row: place for place, rows in enumerate(drawings.drawings) for row in rows}
    own = [drawings.colourable(drawing_of[place]) for place in chosen]
    colours = np.stack([row_colours(test.rows[place]) for place in chosen])
    wanted = np.stack([shown_colours(test, drawings, drawing_of[place], place) for place in others])
    lines = torch.from_numpy(np.stack([drawing.line for drawing in own]))[:, None].float().div(127.5).sub(1)
    return HeldOut(lines, paint(own, colours), exemplar, paint(own, wanted))


def shown_colours(test: SketchedPictures, drawings: ColourableDrawings, drawing: int, row: int) -> Colours:
    """The row's colours, neutral for regions that its picture does not show."""
    areas = np.bincount(drawings.colourable(drawing).regions.ravel(), minlength=len(REGIONS))
    return np.where((areas >= FEWEST)[:, None], row_colours(test.rows[row]), NEUTRAL)


@torch.inference_mode()
def synthesize_all(model: SketchToImage, sketches: Tensor, exemplars: Tensor, seed: int) -> Made:
    """Every sketch in the style of its exemplar; the seed decides the refiner's noise."""
    coarse, refined = [], []
    for start in range(0, len(sketches), BATCH):
        sketch, exemplar = (part[start : start + BATCH].to(model.device) for part in (sketches, exemplars))
        styles = model.encode_style(exemplar)
        coarse.append(model.decode(model.encode_content(sketch), styles))
        if model.refiner is not None:
            noise = torch.stack([seeds.normal(model.noise_length, seed, start + i) for i in range(len(sketch))])
            refined.append(model.refine(coarse[-1], styles, noise.to(model.device)).float().cpu())
    return Made(torch.cat([part.float().cpu() for part in coarse]), torch.cat(refined) if refined else None)


@torch.inference_mode()
def nearest_training_distance(wanted: Tensor, training: SketchedPictures, distance: Distance) -> Tensor:
    """How far the nearest training picture is from each wanted one [N, 3, S, S]: [N].

    The nearest by features of the twenty that are nearest by pixels of pictures reduced to 32 a side.
    """
    reduce = torch.nn.functional.adaptive_avg_pool2d
    small = torch.cat([
        reduce(training.plain(range(start, min(start + 200, len(training)))).picture, SHORTLIST_SIDE)
        for start in range(0, len(training), 200)
    ])  # fmt: skip
    far = torch.cdist(reduce(wanted, SHORTLIST_SIDE).flatten(1), small.flatten(1), p=1)
    found = []
    for picture, row in zip(wanted, far, strict=True):
        places = row.topk(min(SHORTLISTED, len(training)), largest=False).indices.tolist()
        candidates = training.plain(places).picture
        found.append(distance(picture.expand_as(candidates), candidates).min())
    return torch.stack(found)
