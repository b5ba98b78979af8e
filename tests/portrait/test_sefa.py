"""Directions are the strongest of the affine weights, in order, with a sign that does not change."""

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from artmodels import ConfigError
from artmodels.portrait.config import StyleGAN2Config
from artmodels.portrait.sefa import find_directions, moved
from artmodels.portrait.stylegan2 import Synthesis

CONFIG = StyleGAN2Config(size=16, latent_dim=6, channel_base=128, channel_max=8)


def generator(**changes: Any) -> Synthesis:
    torch.manual_seed(0)
    return Synthesis(CONFIG, **changes).requires_grad_(False)


def affine_weights(synthesis: Synthesis, names: list[str]) -> Tensor:
    return torch.cat([synthesis.get_parameter(f"{name}.affine.weight") for name in names]).double()


def test_directions_are_left_singular_vectors_of_the_normalised_weights() -> None:
    synthesis = generator()
    names = ["b4.conv1", "b8.conv0", "b8.conv1", "b16.conv0", "b16.conv1", "b16.torgb"]
    rows = affine_weights(synthesis, names)
    _, strengths, vectors = torch.linalg.svd(rows / rows.norm(dim=1, keepdim=True))
    found = find_directions(synthesis, 6)
    assert_close(found.strengths.double(), strengths, rtol=1e-6, atol=1e-6)
    assert_close((found.vectors.double() * vectors).sum(1).abs(), torch.ones(6, dtype=torch.float64))


def test_codes_choose_their_layers() -> None:
    synthesis = generator()
    rows = affine_weights(synthesis, ["b8.conv1", "b16.torgb"])
    _, strengths, _ = torch.linalg.svd(rows / rows.norm(dim=1, keepdim=True))
    assert_close(find_directions(synthesis, 4, codes=(5, 2, 2)).strengths.double(), strengths[:4])


def test_a_planted_direction_is_found_first_with_a_positive_largest_entry() -> None:
    synthesis, planted = generator(), torch.tensor([0.0, 0.6, 0.0, -0.8, 0.0, 0.0])
    for name, weight in synthesis.named_parameters():
        if name.endswith("affine.weight"):
            weight.copy_(torch.randn(len(weight), 1) * planted)
    assert_close(find_directions(synthesis, 1).vectors[0], -planted)


def test_directions_are_orthonormal_and_strongest_first() -> None:
    found = find_directions(generator(), 5)
    assert_close(found.vectors @ found.vectors.T, torch.eye(5))
    assert found.strengths.tolist() == sorted(found.strengths.tolist(), reverse=True)


def test_channels_without_weights_do_no_harm() -> None:
    synthesis = generator()
    synthesis.get_parameter("b8.conv1.affine.weight").zero_()
    assert find_directions(synthesis, 6).vectors.isfinite().all()


def test_codes_move_along_directions_where_asked() -> None:
    directions, ws = find_directions(generator(), 3), torch.randn(2, 6, 6)
    result = moved(ws, directions, [2, -1], codes=[0, 4])
    step = 2 * directions.vectors[0] - directions.vectors[1]
    assert_close(result[:, [0, 4]], ws[:, [0, 4]] + step)
    assert torch.equal(result[:, [1, 2, 3, 5]], ws[:, [1, 2, 3, 5]])
    assert_close(moved(ws, directions, [0.5]), ws + 0.5 * directions.vectors[0])


def test_what_there_is_not_is_refused() -> None:
    synthesis = generator()
    directions = find_directions(synthesis, 1)
    for count in (0, 7):
        with pytest.raises(ConfigError, match=f"from 1 to 6, not {count}"):
            find_directions(synthesis, count)
    for codes in ([], [6], [-1, 2]):
        with pytest.raises(ConfigError, match="from 0 to 5"):
            find_directions(synthesis, 1, codes=codes)
    with pytest.raises(ConfigError, match="1 directions, and 2 amounts"):
        moved(torch.zeros(1, 6, 6), directions, [1, 2])
