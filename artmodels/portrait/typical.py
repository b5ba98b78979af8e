"""Which of several portraits is most like all the others: the freest of artefacts."""

from collections.abc import Sequence

import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from artmodels import images
from artmodels.perceptual import load_features
from artmodels.portrait.inversion import FEATURES

__all__ = ["by_distance_to_others", "most_typical_first"]

COMPARED = 128  # pixels


@torch.inference_mode()
def most_typical_first(portraits: Sequence[Image.Image]) -> list[int]:
    """The numbers of portraits of one size, in the order of `PortraitStylizer.samples`."""
    return by_distance_to_others(torch.stack([images.to_tensor(portrait) for portrait in portraits]))


def by_distance_to_others(pictures: Tensor) -> list[int]:
    """The numbers of pictures [N, 3, S, S] by their mean distance to the others in starter features, nearest first."""
    small = functional.interpolate(pictures, (COMPARED, COMPARED), mode="bilinear", antialias=True)
    features = load_features(FEATURES, device=pictures.device)
    total = pictures.new_zeros(len(pictures), len(pictures))
    for maps in features(small):
        flat = maps.flatten(1)
        total += torch.cdist(flat, flat, p=1) / flat.shape[1]
    return sorted(range(len(pictures)), key=lambda i: float(total[i].sum()))
