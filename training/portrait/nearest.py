"""How near pictures are to those of training: what a person would take for a copy, and whether there are copies."""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from artmodels.perceptual import FeaturePyramid
from training.portrait.data import Portraits

__all__ = ["BATCH", "Neighbours", "copying_scores", "distances_to", "feature_grids", "nearest_to"]

BATCH = 32
GRID = 8  # places a side at which features are compared


class Neighbours(NamedTuple):
    """The training picture nearest to each of some pictures.

    distance: [N]. pictures: [N, 3, S, S], mirrored where the mirror image is nearer.
    """

    distance: Tensor
    pictures: Tensor


@torch.no_grad()
def feature_grids(features: FeaturePyramid, pictures: Tensor) -> Tensor:
    """What pictures [N, 3, S, S] show where, [N, K] on the CPU.

    The sum of absolute differences of two is that over taps of their mean differences, each tap reduced to 8 x 8.
    """
    device = next(features.parameters()).device
    found = []
    for batch in pictures.split(BATCH):
        taps = (functional.adaptive_avg_pool2d(tap.float(), GRID) for tap in features(batch.to(device)))
        found.append(torch.cat([tap.flatten(1) / tap[0].numel() for tap in taps], dim=1).cpu())
    return torch.cat(found)


def distances_to(training: Portraits, pictures: Tensor, features: FeaturePyramid) -> Tensor:
    """How far pictures [N, 3, S, S] are from each training picture and from its mirror image: [N, 2, T]."""
    own, found = feature_grids(features, pictures), []
    for start in range(0, len(training), BATCH):
        shown = training.batch(range(start, min(start + BATCH, len(training))))
        views = (feature_grids(features, view) for view in (shown, shown.flip(-1)))
        found.append(torch.stack([torch.cdist(own, view, p=1) for view in views], dim=1))
    return torch.cat(found, dim=2)


def nearest_to(training: Portraits, distances: Tensor) -> Neighbours:
    """Args: distances: as `distances_to` gives them."""
    distance, places = distances.flatten(1).min(1)
    is_mirrored = places >= len(training)
    pictures = training.batch((places % len(training)).tolist()).cpu()
    return Neighbours(distance, torch.where(is_mirrored[:, None, None, None], pictures.flip(-1), pictures))


def copying_scores(made: Tensor, held_out: Tensor, made_to_held_out: Tensor) -> dict[str, float]:
    """Whether made pictures are copies of those of training.

    Args:
        made, held_out: distances [N, 2, T] of made and of held-out pictures to those of training.
        made_to_held_out: [N, 2, M] of made ones to held-out ones.

    Returns:
        `made`, `held_out`: mean distance to the nearest training picture, mirror images among them; `made_least`,
        `held_out_least`: the least of those; `nearest_is_held_out`: how often a held-out picture is nearer to a made
        one than all of training, as a share of how often it would be by chance: 1 where nothing was learnt by heart,
        0 where all are copies. It does not matter for it how blurred made pictures are.
    """
    found = {"made": made.amin((1, 2)), "held_out": held_out.amin((1, 2))}
    scores = {name: float(value.mean()) for name, value in found.items()}
    scores |= {f"{name}_least": float(value.min()) for name, value in found.items()}
    often = (made_to_held_out.amin((1, 2)) < found["made"]).double().mean()
    training, others = made.shape[2], made_to_held_out.shape[2]
    return {**scores, "nearest_is_held_out": float(often) * (training + others) / others}
