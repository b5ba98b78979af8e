"""Whether features tell the worse of two spoilt pictures more often than mean absolute differences do.

    python -m training.perceptual.evaluate --model runs/features/model --pictures illustrations/full --out runs/judged

Held-out pictures are spoilt in five ways and four grades (`distortions.py`). Of every two spoilt pictures of different
grades, the better one should be nearer to the original. Writes `evaluation.json`, with the share of right answers of
the features, of the mean absolute difference and of the same network before its training, and a sheet of distortions.
"""

import json
from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from torch import Tensor

from artmodels.perceptual import FeaturePyramid, StarterFeatures
from training.command import tells_mistakes
from training.perceptual.data import decode, names_of, to_signed
from training.perceptual.distortions import DISTORTIONS, GRADES, distort
from training.run import step_generator
from training.sheets import picture_sheet

__all__ = ["answers", "evaluate", "held_out_pictures"]

SIZE = 128
Distances = Callable[[Tensor, Tensor], Tensor]


def held_out_pictures(folders: Sequence[Path], count: int) -> Tensor:
    """Pictures of the test split, [B, 3, 128, 128] in [-1, 1], evenly taken from each stage folder."""
    paths = [[folder / f"{name}.png" for name in names_of(folder.parent, "test")] for folder in folders]
    chosen = [some[i] for some in paths for i in np.linspace(0, len(some) - 1, min(count, len(some)), dtype=int)]
    return to_signed(np.stack([decode(path, "RGB", SIZE) for path in chosen]))


def absolute_difference(originals: Tensor, spoilt: Tensor) -> Tensor:
    return (originals - spoilt).abs().mean((1, 2, 3))


def feature_difference(features: FeaturePyramid) -> Distances:
    """Mean absolute differences of the taps, summed, as AdaIN optimisation sums them."""

    def distances(originals: Tensor, spoilt: Tensor) -> Tensor:
        pairs = zip(features(originals), features(spoilt), strict=True)
        return torch.stack([(first - second).abs().mean((1, 2, 3)) for first, second in pairs]).sum(0)

    return distances


def answers(distances: Tensor) -> Tensor:
    """Of pictures' distances [B, kinds, GRADES], the share of right answers for each two kinds, [kinds, kinds].

    An answer compares one grade of the first kind with a worse one of the second.
    """
    kinds = distances.shape[1]
    right = torch.zeros(kinds, kinds)
    pairs = [(better, worse) for better, worse in product(range(GRADES), repeat=2) if better < worse]
    for better, worse in pairs:
        right += (distances[:, :, None, better] < distances[:, None, :, worse]).float().mean(0)
    return right / len(pairs)


@torch.inference_mode()
def evaluate(features: StarterFeatures, pictures: Tensor) -> dict[str, float]:
    """Shares of right answers, from 0 to 1: over all pairs of distortions, within one kind, and by kind."""
    untrained = StarterFeatures(features.config).eval()
    untrained.calibrate(pictures)
    measures = {
        "features": feature_difference(features),
        "l1": absolute_difference,
        "untrained_features": feature_difference(untrained),
    }
    distances: dict[str, list[Tensor]] = {name: [] for name in measures}
    for number, picture in enumerate(pictures):
        spoilt = distort(picture, step_generator(0, 0, number)).flatten(0, 1)
        for name, measure in measures.items():
            found = measure(picture[None].expand_as(spoilt), spoilt)
            distances[name].append(found.view(len(DISTORTIONS), GRADES))
    scores = {}
    for name, found_distances in distances.items():
        right = answers(torch.stack(found_distances))
        scores[f"right_by_{name}"] = float(right.mean())
        scores[f"right_by_{name}_within_a_kind"] = float(right.diagonal().mean())
        for kind, row, column in zip(DISTORTIONS, right, right.T, strict=True):
            scores[f"right_by_{name}_on_{kind}"] = float(torch.cat((row, column)).mean())
    return scores


@tells_mistakes
def main(
    model: Annotated[str, typer.Option(help="Saved features, or a Hub id.")],
    pictures: Annotated[list[Path], typer.Option(help="Stage folder of a recipe's folder, as often as there are.")],
    out: Annotated[Path, typer.Option(help="Gets evaluation.json and samples/.")],
    count: Annotated[int, typer.Option(min=1, help="Held-out pictures of each folder.")] = 100,
) -> None:
    features = StarterFeatures.from_pretrained(model)
    held_out = held_out_pictures(pictures, count)
    torch.manual_seed(0)
    scores = {**evaluate(features, held_out), "held_out_pictures": len(held_out)}
    (out / "samples").mkdir(parents=True, exist_ok=True)
    (out / "evaluation.json").write_text(json.dumps(scores, indent=2) + "\n")
    shown = distort(held_out[0], step_generator(0, 0, 0))
    original = held_out[:1].expand(len(shown), -1, -1, -1)
    picture_sheet([original, *shown.unbind(1)]).save(out / "samples" / "distortions.png")
    print(json.dumps(scores, indent=2))


if __name__ == "__main__":
    typer.run(main)
