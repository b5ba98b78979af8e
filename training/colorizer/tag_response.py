"""What a colour tag does to held-out drawings: to the part that it speaks of, and to the others."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from artmodels.colorizer.model import TagColorizer
from artmodels.colorizer.tags import group_named, wished
from training.colorizer.batches import Pair
from training.colorizer.held_out import BATCH, PARTS, HeldOut, read_tags
from training.colours import FEWEST, differences, hue_goes_one_way, part_colours, part_medians
from training.recipe_pictures import random_places
from training.sheets import picture_sheet

__all__ = ["EDITED", "tag_scores", "tag_sheet"]

EDITED = ("hair", "eyes", "clothes", "background")
STRENGTHS = (0.0, 0.5, 1.0, 1.5, 2.0)


@torch.inference_mode()
def render_edits(colorizer: TagColorizer, held_out: HeldOut, tags: Sequence[str], strength: float) -> Tensor:
    """Every held-out sketch by its reference, with its tag at that strength; on the CPU."""
    made = []
    for start in range(0, len(tags), BATCH):
        batch = slice(start, start + BATCH)
        features = colorizer.encode(held_out.pair.reference[batch].to(colorizer.device))
        read = colorizer.tag_probabilities(features)
        targets = torch.cat(
            [wished(read[i : i + 1], {tag: strength}, colorizer.config) for i, tag in enumerate(tags[batch])]
        )
        shifted = colorizer.shifted(features, targets, anchor=read)
        made.append(colorizer.render(held_out.pair.sketch[batch].to(colorizer.device), shifted).float().cpu())
    return torch.cat(made)


def other_tags(colorizer: TagColorizer, held_out: HeldOut, part: str) -> list[str]:
    """For each picture a tag of the part that its reference does not have, drawn at random, always the same."""
    group = group_named(part, colorizer.config)
    draws = random_places(len(held_out.looks), 2**31, torch.Generator().manual_seed(EDITED.index(part)))
    choices = [[tag for tag in group.tags if tag not in look.tags] for look in held_out.looks]
    return [tags[draw % len(tags)] for draw, tags in zip(draws, choices, strict=True)]


def tag_scores(colorizer: TagColorizer, held_out: HeldOut, unedited: Tensor) -> dict[str, float]:
    """What one colour tag does when it is set to 2, and on the way there: for each part, and the mean of the parts.

    named: the share of pictures in which the encoder then names the tag. monotone: the share of those with a hue whose
    hue goes one way. moved, leaked_by: how far the part, and the others, move from the picture without the tag. What
    no picture shows is left out.
    """
    scores: dict[str, float] = {}
    leaks = []
    for part in EDITED:
        tags = other_tags(colorizer, held_out, part)
        made = [render_edits(colorizer, held_out, tags, strength) for strength in STRENGTHS]
        masks = held_out.masks(part)
        is_drawn = masks.sum((1, 2)) >= FEWEST
        difference = differences(made[-1], unedited)
        ways = one_way([part_colours(pictures, masks) for pictures in made])
        leaks.append(leakage(difference, held_out, part))
        found = {
            "named": names_tags(colorizer, read_tags(colorizer, made[-1]), tags, part)[is_drawn],
            "monotone": np.array([way for way in ways if way is not None]),
            "moved": part_medians(difference, masks)[is_drawn],
            "leaked_by": leaks[-1],
        }
        for kind, values in found.items():
            if len(values):
                is_share = kind in ("named", "monotone")
                scores[f"{kind}_{part}"] = float(np.mean(values) if is_share else np.median(values))
    for kind in ("named", "monotone"):
        shares = [scores[f"{kind}_{part}"] for part in EDITED if f"{kind}_{part}" in scores]
        scores |= {kind: float(np.mean(shares))} if shares else {}
    return {**scores, "leaked": float(np.median(np.concatenate(leaks)))}


def names_tags(colorizer: TagColorizer, read: Tensor, tags: Sequence[str], part: str) -> NDArray[np.bool_]:
    """Whether the likeliest tag of the part, of probabilities [B, T], is the wished one."""
    group = group_named(part, colorizer.config)
    numbers = [colorizer.config.tags.index(tag) for tag in group.tags]
    likeliest = read[:, numbers].argmax(1).tolist()
    return np.array([group.tags[number] == tag for number, tag in zip(likeliest, tags, strict=True)])


def one_way(colours: Sequence[NDArray[np.float64]]) -> list[bool | None]:
    """For each picture whether its hue goes one way, from the Lab colours [B, 3] at each strength."""
    steps = np.stack(colours, axis=1)
    return [None if np.isnan(way).any() else hue_goes_one_way(list(way)) for way in steps]


def leakage(difference: NDArray[np.float64], held_out: HeldOut, part: str) -> NDArray[np.float64]:
    """How much the other parts changed, by picture and part."""
    values = [part_medians(difference, held_out.masks(other)) for other in PARTS if other != part]
    found = np.concatenate(values)
    return found[~np.isnan(found)]


def tag_sheet(colorizer: TagColorizer, held_out: HeldOut, unedited: Tensor) -> Image.Image:
    """The first held-out sketches by reference, then with one tag at 0, 1 and 2: hair above, clothes and background."""
    rows = []
    first = HeldOut(
        Pair(*(part[:3] for part in held_out.pair)), held_out.looks[:3], held_out.clear[:3], held_out.mean[:3]
    )
    for part in ("hair", "eyes", "clothes", "background"):
        tags = other_tags(colorizer, first, part)
        edits = [render_edits(colorizer, first, tags, strength) for strength in (0.0, 0.5, 1.0, 2.0)]
        rows.append([first.pair.reference, unedited[:3], *edits])
    return picture_sheet([torch.cat(column) for column in zip(*rows, strict=True)])
