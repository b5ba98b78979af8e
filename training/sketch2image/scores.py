"""What made pictures are measured by; everything on features trained here, and comparable to no published number."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from artmodels.perceptual import FeaturePyramid
from artmodels.sketch2image.model import SketchToImage
from artmodels.sketch2image.sketcher import Sketcher
from artmodels.sketch2image.xdog import Xdog
from training.colours import differences
from training.feature_distance import Distance
from training.metrics import Gaussian, frechet_distance, gaussian_of, pooled_means
from training.sketch2image.held_out import BATCH, HeldOut

__all__ = [
    "distances",
    "frechet",
    "mean_of",
    "sketch_reconstruction",
    "style_reconstruction",
    "style_relevance",
    "truth_scores",
]

RELEVANT = ("colour", "texture")  # what the two finest taps tell


def in_batches(function: Callable[..., Tensor], *parts: Tensor, device: torch.device) -> Tensor:
    """The function of batches of all parts, on the CPU."""
    batches = zip(*(part.split(BATCH) for part in parts), strict=True)
    with torch.inference_mode():
        return torch.cat([function(*(part.to(device) for part in batch)).float().cpu() for batch in batches])


def frechet(features: FeaturePyramid, real: Gaussian, made: Tensor, device: torch.device) -> float:
    """The Frechet distance of pictures [N, 3, S, S] to those that the Gaussian is of."""
    vectors = pooled_means(features, (part.to(device) for part in made.split(4 * BATCH)))
    return frechet_distance(real, gaussian_of(vectors))


def distances(distance: Distance, first: Tensor, second: Tensor, device: torch.device) -> Tensor:
    """Of each two pictures, [N]."""
    return in_batches(distance, first, second, device=device)


def style_relevance(
    features: FeaturePyramid, made: Tensor, exemplars: Tensor, device: torch.device
) -> dict[str, float]:
    """The paper's SR: the mean cosine of pictures' and exemplars' features, at the finest tap and at the next.

    Differs: each tap's means over places are compared, because sketch and exemplar do not show the same.
    """

    def cosines(one: Tensor, other: Tensor) -> Tensor:
        taps = list(zip(features(one), features(other), strict=True))[: len(RELEVANT)]
        means = ((first.float().mean((2, 3)), second.float().mean((2, 3))) for first, second in taps)
        return torch.stack([functional.cosine_similarity(first, second) for first, second in means], dim=1)

    found = in_batches(cosines, made, exemplars, device=device).mean(0)
    return {f"relevance_{name}": float(value) for name, value in zip(RELEVANT, found, strict=True)}


def style_reconstruction(model: SketchToImage, made: Tensor, exemplars: Tensor) -> float:
    """The paper's Sty-Rec: the mean cosine of the coarse style vectors of pictures and their exemplars."""

    def cosine(one: Tensor, other: Tensor) -> Tensor:
        return functional.cosine_similarity(model.encode_style(one).coarse, model.encode_style(other).coarse)

    return float(in_batches(cosine, made, exemplars, device=model.device).mean())


def sketch_reconstruction(sketcher: Sketcher | Xdog, made: Tensor, truth: Tensor) -> float:
    """The paper's Skt-Rec: the mean absolute difference of pictures' lines to those of the sketch's own pictures.

    Differs: compares with the lines that the same sketcher draws of the own pictures, so that its hand does not count.
    """

    def difference(one: Tensor, other: Tensor) -> Tensor:
        return (sketcher.lines(one) - sketcher.lines(other)).abs().mean((1, 2, 3))

    return float(in_batches(difference, made, truth, device=sketcher.device).mean())


def truth_scores(distance: Distance, made: Tensor, held_out: HeldOut, device: torch.device) -> dict[str, float]:
    """How far pictures are from what should have come, and how often they are nearer to it than to their own colours.

    By features and by the mean CIEDE2000 of all pixels.
    """
    assert held_out.truth is not None
    far = distances(distance, made, held_out.truth, device)
    own = distances(distance, made, held_out.own, device)
    colour, own_colour = (pixel_means(made, other) for other in (held_out.truth, held_out.own))
    return {
        "truth_distance": float(far.mean()),
        "truth_colour": float(np.mean(colour)),
        "nearer_to_truth": float((far < own).float().mean()),
        "nearer_in_colour": float(np.mean(colour < own_colour)),
        "nearer_in_both": float(np.mean((far < own).numpy() & (colour < own_colour))),
    }


def pixel_means(first: Tensor, second: Tensor) -> np.ndarray:
    """The mean CIEDE2000 of each two pictures, [N]."""
    pairs = zip(first.split(BATCH), second.split(BATCH), strict=True)
    return np.concatenate([differences(one, other).mean((1, 2)) for one, other in pairs])


def mean_of(rows: Sequence[dict[str, float]]) -> dict[str, float]:
    """The mean of every number."""
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}
