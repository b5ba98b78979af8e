"""How often each picture of a style is seen, so that it teaches no other skin and hair than photos have."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.portrait.data import Pictures
from training.portrait.kept import looks_of

__all__ = ["balance", "colours_of"]

Floats = NDArray[np.float64]

MOST = 2000  # pictures that are looked at
BATCH = 100
WIDTH = 15.0  # of Lab colours that count as alike
LEAST, MOST_OFTEN = 0.25, 4.0  # in shares of how often a picture is seen where all are seen alike


def colours_of(pictures: Pictures) -> Floats:
    """Lab colours of skin and hair, [N, 6]."""
    count = min(len(pictures), MOST)
    looks = [looks_of(pictures.batch(range(at, min(at + BATCH, count)))) for at in range(0, count, BATCH)]
    return np.concatenate([np.concatenate((each.skin, each.hair), axis=1) for each in looks])


def balance(own: Floats, wanted: Floats) -> Tensor:
    """The share of each of a style's pictures by their colours [N, 6] and photos' [M, 6]; their sum is 1.

    It is the ratio of both densities by a Gaussian kernel, within bounds: a style whose pictures have skin and hair of
    all colours alike would else give them to people who have others, since judges ask for the same share of each.
    """
    ratio = alike(own, wanted).mean(1) / alike(own, own).mean(1)
    bounded = np.clip(ratio / ratio.mean(), LEAST, MOST_OFTEN)
    return torch.from_numpy(bounded / bounded.sum())


def alike(first: Floats, second: Floats) -> Floats:
    """The kernel of every pair, [N, M]."""
    far = np.square(first[:, None] - second[None]).sum(2)
    kernel: Floats = np.exp(-far / (2 * WIDTH**2))
    return kernel
