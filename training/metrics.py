"""Distances between sets of pictures, and the file that measurements go into."""

import json
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from artmodels.errors import ConfigError, HubError
from artmodels.perceptual import FeaturePyramid

__all__ = ["Gaussian", "fid", "frechet_distance", "frechet_starter", "gaussian_of", "pooled_means", "write_scores"]


class Gaussian(NamedTuple):
    """Mean [D] and covariance [D, D] in float64."""

    mean: Tensor
    covariance: Tensor


def gaussian_of(vectors: Tensor) -> Gaussian:
    """The Gaussian with the mean and the unbiased covariance of two or more vectors [N, D].

    Raises:
        ConfigError: fewer than two vectors.
    """
    if len(vectors) < 2:
        raise ConfigError(f"a distance between sets needs two pictures or more in each, not {len(vectors)}")
    vectors = vectors.double()
    return Gaussian(vectors.mean(0), torch.cov(vectors.T).reshape(vectors.shape[1], -1))


def frechet_distance(first: Gaussian, second: Gaussian) -> float:
    """|m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2)), never negative.

    The root's trace is taken from the eigenvalues of C1^(1/2) C2 C1^(1/2), which is symmetric, so that covariances of
    fewer pictures than dimensions need no correction.

    Source: Dowson and Landau, The Frechet distance between multivariate normal distributions, 1982.
    """
    values, vectors = torch.linalg.eigh(first.covariance)
    root = (vectors * values.clamp(min=0).sqrt()) @ vectors.T
    product = torch.linalg.eigvalsh(root @ second.covariance @ root)
    traces = first.covariance.trace() + second.covariance.trace() - 2 * product.clamp(min=0).sqrt().sum()
    return max(float((first.mean - second.mean).square().sum() + traces), 0.0)


@torch.no_grad()
def pooled_means(features: FeaturePyramid, batches: Iterable[Tensor]) -> Tensor:
    """Each picture's mean over every map of every tap, [N, D] on the CPU; D is the sum of the taps' channels.

    Args: batches: pictures [B, 1 or 3, H, W] in [-1, 1], on the features' device.
    """
    return torch.cat(
        [torch.cat([tap.float().mean((2, 3)) for tap in features(pictures)], dim=1).cpu() for pictures in batches]
    )


def frechet_starter(features: FeaturePyramid, real: Iterable[Tensor], made: Iterable[Tensor]) -> float:
    """Frechet distance of two sets of pictures by the pooled means of features trained here.

    Its scale is its own: a value says something only beside another one of the same features and numbers of pictures,
    and nothing beside a published FID.

    Args: real, made: batches of pictures [B, 1 or 3, H, W] in [-1, 1], on the features' device.
    """
    gaussians = (gaussian_of(pooled_means(features, batches)) for batches in (real, made))
    return frechet_distance(*gaussians)


def fid(real: Iterable[Tensor], made: Iterable[Tensor]) -> float:
    """The Frechet Inception Distance as torchmetrics computes it, for batches [B, 1 or 3, H, W] in [-1, 1].

    Raises:
        ConfigError: torchmetrics or torch-fidelity, which it needs for this, is not installed.
        HubError: the Inception weights are not there yet and cannot be downloaded.
    """
    try:
        distance = import_module("torchmetrics.image.fid").FrechetInceptionDistance(normalize=True)
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"FID needs torchmetrics and torch-fidelity, pip install torchmetrics[image]: {error}"
        ) from error
    except (OSError, RuntimeError) as error:
        raise HubError(f"the Inception weights for FID cannot be fetched: {error}") from error
    for batches, is_real in ((real, True), (made, False)):
        for pictures in to_unit(batches):
            distance.to(pictures.device).update(pictures, real=is_real)
    return float(distance.compute())


def to_unit(batches: Iterable[Tensor]) -> Iterator[Tensor]:
    """Three channels in [0, 1]."""
    for pictures in batches:
        yield ((pictures + 1) / 2).clamp(0, 1).expand(-1, 3, -1, -1)


def write_scores(out: Path, scores: Mapping[str, float], *, keep: bool) -> None:
    """Writes evaluation.json; `keep` leaves in it what is there by other names."""
    path = out / "evaluation.json"
    before = json.loads(path.read_text()) if keep and path.is_file() else {}
    path.write_text(json.dumps({**before, **scores}, indent=2) + "\n")
