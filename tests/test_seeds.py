"""Noise depends on its seed and labels, and on nothing else."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from artmodels import ConfigError
from artmodels.seeds import check_seed, normal

labels = st.lists(st.one_of(st.text(max_size=8), st.integers(0, 99)), max_size=3)


@given(seed=st.integers(0, 2**63 - 1), labels=labels)
def test_the_same_seed_and_labels_give_the_same_noise_whatever_was_drawn_before(seed: int, labels: list) -> None:
    first = normal((5,), seed, *labels)
    torch.rand(3)
    normal((7,), seed + 1 if seed < 2**62 else seed - 1, "other")
    assert torch.equal(normal((5,), seed, *labels), first)


@given(seed=st.integers(0, 2**62), labels=labels)
def test_another_seed_or_another_label_gives_other_noise(seed: int, labels: list) -> None:
    noise = normal((5,), seed, *labels)
    assert not torch.equal(normal((5,), seed + 1, *labels), noise)
    assert not torch.equal(normal((5,), seed, *labels, "more"), noise)


def test_labels_are_not_run_together() -> None:
    different = [("ab", "c"), ("a", "bc"), ("abc",), ("1", 2), (1, 2), (12,), ("12",), ("1", "2")]
    assert len({tuple(normal(4, 0, *labels).tolist()) for labels in different}) == len(different)


def test_drawing_noise_leaves_the_global_generator_alone() -> None:
    before = torch.get_rng_state()
    normal((2, 3), 1, "stage")
    assert torch.equal(torch.get_rng_state(), before)


def test_noise_is_standard_normal_float32_of_the_shape_asked_for() -> None:
    noise = normal((4, 5000), 0)
    assert (noise.shape, noise.dtype, noise.device.type) == ((4, 5000), torch.float32, "cpu")
    assert abs(noise.mean()) < 0.03
    assert abs(noise.std() - 1) < 0.03
    assert normal(6, 0).shape == (6,)


def test_pictures_of_one_batch_are_independent() -> None:
    noise = torch.stack([normal((2000,), 7, "flat", number) for number in range(4)])
    off_diagonal = torch.corrcoef(noise) - torch.eye(4)
    assert off_diagonal.abs().max() < 0.1


def test_noise_stays_what_it_was_in_earlier_versions() -> None:
    """A change detector: pictures are made again from their seeds, so these numbers must never change."""
    frozen = torch.tensor([1.32965, 1.831921, 2.097313, 0.061677])
    torch.testing.assert_close(normal((4,), 3, "flat", 0), frozen, atol=1e-6, rtol=0)


@pytest.mark.parametrize("seed", [0, 1, 2**63 - 1, np.int64(5)])
def test_whole_numbers_are_seeds(seed: int) -> None:
    assert check_seed(seed) == int(seed)
    assert type(check_seed(seed)) is int


@pytest.mark.parametrize("seed", [-1, 2**63, 1.0, "1", None, True, float("nan")])
def test_anything_else_is_refused_with_its_value(seed: object) -> None:
    with pytest.raises(ConfigError, match=r"from 0 to 2\*\*63 - 1, not .*" + str(seed).replace("-", "")[:4]):
        check_seed(seed)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="a seed is a whole number"):
        normal((1,), seed)  # type: ignore[arg-type]
