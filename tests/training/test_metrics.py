"""Distances between sets of pictures agree with their closed forms."""

import math
import sys

import pytest
import torch
from torch import Tensor

from artmodels.errors import ConfigError
from artmodels.perceptual import StarterFeatures, StarterFeaturesConfig
from training.metrics import Gaussian, fid, frechet_distance, frechet_starter, gaussian_of, pooled_means


def vectors(count: int, length: int, seed: int = 0) -> Tensor:
    return torch.randn(count, length, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def diagonal(mean: list[float], deviations: list[float]) -> Gaussian:
    return Gaussian(torch.tensor(mean).double(), torch.tensor(deviations).double().square().diag())


def test_gaussians_of_one_covariance_are_as_far_apart_as_their_means() -> None:
    covariance = gaussian_of(vectors(9, 4)).covariance
    first, second = (Gaussian(torch.full((4,), value).double(), covariance) for value in (0.0, 1.5))
    assert frechet_distance(first, second) == pytest.approx(4 * 1.5**2)


def test_axis_aligned_gaussians_add_the_squared_differences_of_means_and_deviations() -> None:
    first, second = diagonal([0, 1], [2, 0.5]), diagonal([3, 1], [1, 4])
    assert frechet_distance(first, second) == pytest.approx(9 + 1 + 3.5**2)


def test_turned_gaussians_are_as_far_apart_as_before() -> None:
    turn, _ = torch.linalg.qr(vectors(3, 3))
    pair = diagonal([0, 1, 2], [2, 0.5, 1]), diagonal([3, 1, -1], [1, 4, 0])
    turned = (Gaussian(turn @ mean, turn @ covariance @ turn.T) for mean, covariance in pair)
    assert frechet_distance(*turned) == pytest.approx(frechet_distance(*pair))


def test_two_dimensions_match_the_eigenvalues_of_the_product() -> None:
    """For 2 x 2, tr (AB)^(1/2) = (tr AB + 2 (det AB)^(1/2))^(1/2)."""
    first, second = gaussian_of(vectors(7, 2)), gaussian_of(vectors(7, 2, seed=1))
    product = first.covariance @ second.covariance
    root = math.sqrt(product.trace() + 2 * math.sqrt(torch.linalg.det(product)))
    expected = (first.mean - second.mean).square().sum() + first.covariance.trace() + second.covariance.trace()
    assert frechet_distance(first, second) == pytest.approx(float(expected) - 2 * root)


def test_the_distance_is_symmetric_and_nothing_to_itself_with_fewer_pictures_than_dimensions() -> None:
    first, second = gaussian_of(vectors(5, 40)), gaussian_of(100 * vectors(5, 40, seed=1) + 3)
    assert frechet_distance(first, second) == pytest.approx(frechet_distance(second, first), rel=1e-9)
    for own in (first, second):
        assert frechet_distance(own, own) == pytest.approx(0, abs=1e-9 * float(own.covariance.trace()))


def test_the_covariance_is_the_unbiased_one() -> None:
    gaussian = gaussian_of(torch.tensor([[0.0, 0.0], [2.0, 4.0]]))
    assert gaussian.mean.tolist() == [1, 2]
    assert gaussian.covariance.tolist() == [[2, 4], [4, 8]]


def test_one_vector_has_no_spread() -> None:
    with pytest.raises(ConfigError, match="two pictures or more"):
        gaussian_of(vectors(1, 4))


def test_pooled_means_hold_every_channel_of_every_tap_whatever_the_batches() -> None:
    torch.manual_seed(0)
    features = StarterFeatures(StarterFeaturesConfig(widths=(2, 3), blocks=(1, 1))).eval()
    pictures = torch.rand(5, 3, 16, 16) * 2 - 1
    together, apart = (pooled_means(features, batches) for batches in ([pictures], pictures.split(2)))
    assert together.shape == (5, 2 + 3)
    torch.testing.assert_close(apart, together)
    torch.testing.assert_close(together[:, :2], features(pictures)[0].mean((2, 3)))
    assert frechet_starter(features, pictures.split(2), [pictures]) == pytest.approx(0, abs=1e-6)
    assert frechet_starter(features, [pictures], [pictures * 0.5]) > 1e-3


def test_without_its_library_fid_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torchmetrics", None)
    with pytest.raises(ConfigError, match=r"pip install torchmetrics\[image\]"):
        fid([torch.zeros(2, 3, 8, 8)], [torch.zeros(2, 3, 8, 8)])
