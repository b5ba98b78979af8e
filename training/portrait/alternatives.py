"""What costs nothing, for portraits to be held against: the mean face, blurred faces, a photo in a style's colours."""

import warnings
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from training.colours import to_lab
from training.portrait.data import Portraits

__all__ = ["Colours", "all_of", "blurred", "colours_of", "mean_picture", "recoloured"]

BATCH = 32
BLUR = 8  # pixels of a blurred picture's side in one of its own


class Colours(NamedTuple):
    """Mean and deviation in CIE Lab, [..., 3], of all pixels of some pictures."""

    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]


def all_of(pictures: Portraits) -> Iterator[Tensor]:
    """Batches [B, 3, S, S] of all of them."""
    for start in range(0, len(pictures), BATCH):
        yield pictures.batch(range(start, min(start + BATCH, len(pictures))))


def mean_picture(pictures: Portraits) -> Tensor:
    """[1, 3, S, S] on the CPU."""
    total = torch.stack([batch.double().sum(0) for batch in all_of(pictures)]).sum(0)
    return (total / len(pictures)).float()[None].cpu()


def blurred(pictures: Tensor) -> Tensor:
    """Pictures [B, 3, S, S] of which an eighth of the resolution is left."""
    small = functional.avg_pool2d(pictures, min(BLUR, pictures.shape[-1]))
    return functional.interpolate(small, pictures.shape[-2:], mode="bicubic", align_corners=False).clamp(-1, 1)


def colours_of(pictures: Tensor) -> Colours:
    """Of all pixels of pictures [B, 3, S, S] together."""
    lab = to_lab(pictures).reshape(-1, 3)
    return Colours(lab.mean(0), lab.std(0))


def recoloured(photos: Tensor, colours: Colours) -> Tensor:
    """Photos [N, 3, S, S] whose pixels have that mean and deviation each (Reinhard et al., Color Transfer, 2001).

    Differs: in CIE Lab, for which this project has the conversion, not in the paper's own space.
    """
    from skimage.color import lab2rgb

    lab = to_lab(photos)
    mean, deviation = lab.mean((1, 2), keepdims=True), lab.std((1, 2), keepdims=True)
    moved = (lab - mean) / np.maximum(deviation, 1e-6) * colours.deviation + colours.mean
    with warnings.catch_warnings(action="ignore", category=UserWarning):  # of colours that no screen has: they are cut
        rgb = torch.from_numpy(np.asarray(lab2rgb(moved), np.float32)).permute(0, 3, 1, 2)
    return rgb.mul(2).sub(1).clamp(-1, 1)
