"""The discriminator has the paper's size, equals a plain writing-down of it, and can be penalised and frozen."""

import pytest
import torch
from plain_stylegan2 import judge
from torch import Tensor
from torch.testing import assert_close

from artmodels import ConfigError
from artmodels.portrait.config import StyleGAN2Config
from training.portrait.discriminator import Discriminator, deviation_of_group

TINY = StyleGAN2Config(size=16, latent_dim=6, channel_base=64, channel_max=8)


def pictures(count: int, size: int = 16) -> Tensor:
    return torch.randn(count, 3, size, size, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def discriminator(config: StyleGAN2Config = TINY) -> Discriminator:
    torch.manual_seed(0)
    built = Discriminator(config).double()
    for weight in built.parameters():
        weight.data += 0.1 * torch.randn_like(weight)
    return built


@pytest.mark.parametrize(
    ("size", "channel_base", "millions"),
    [(64, 32768, 26.49), (128, 32768, 28.39), (256, 32768, 28.86), (512, 32768, 28.98), (1024, 32768, 29.01)],
)
def test_discriminators_have_the_papers_parameters(size: int, channel_base: int, millions: float) -> None:
    with torch.device("meta"):
        built = Discriminator(StyleGAN2Config(size=size, channel_base=channel_base))
    assert sum(weight.numel() for weight in built.parameters()) / 1e6 == pytest.approx(millions, abs=0.006)


@pytest.mark.parametrize("count", [1, 2, 4, 8])
def test_scores_equal_the_plain_writing_down(count: int) -> None:
    built = discriminator()
    assert_close(built(pictures(count)), judge(built.state_dict(), pictures(count)), rtol=1e-9, atol=1e-9)


def test_groups_are_pictures_that_lie_apart() -> None:
    maps = torch.zeros(8, 1, 2, 2, dtype=torch.float64)
    maps[0], maps[2] = 4.0, -4.0  # pictures 0, 2, 4, 6 are a group
    deviation = (2 * 16 / 4) ** 0.5
    assert_close(deviation_of_group(maps)[::2], torch.full((4,), deviation, dtype=torch.float64))
    assert_close(deviation_of_group(maps)[1::2], torch.full((4,), 1e-4, dtype=torch.float64))


@pytest.mark.parametrize(("count", "size"), [(1, 1), (2, 2), (3, 3), (5, 1), (6, 3), (7, 1), (8, 4)])
def test_groups_divide_every_batch(count: int, size: int) -> None:
    maps = torch.zeros(count, 1, 1, 1)
    maps[0] = 1.0
    assert (deviation_of_group(maps) > 0.01).sum() == (size if size > 1 else 0)


def test_alike_pictures_score_alike_and_a_group_that_varies_does_not() -> None:
    built, picture = discriminator(), pictures(1)
    same = built(picture.expand(4, -1, -1, -1))
    assert_close(same, same[:1].expand(4))
    assert (built(pictures(4))[0] - same[0]).abs() > 1e-6


def test_a_gradient_penalty_has_a_gradient() -> None:
    built, real = discriminator(), pictures(2).requires_grad_()
    (slope,) = torch.autograd.grad(built(real).sum(), real, create_graph=True)
    slope.square().sum().backward()
    assert built.b4.conv.weight.grad is not None
    weight = built.get_submodule("b16.conv0").weight
    shift = 1e-5 * torch.randn_like(weight)
    expected, values = (weight.grad * shift).sum(), []
    for sign in (1, -1):
        with torch.no_grad():
            weight += sign * shift
        (slope,) = torch.autograd.grad(built(real).sum(), real)
        values.append(slope.square().sum())
        with torch.no_grad():
            weight -= sign * shift
    assert_close((values[0] - values[1]) / 2, expected, rtol=1e-4, atol=0)


def test_bfloat16_is_near_float32() -> None:
    built, real = discriminator().float(), pictures(4).float()
    with torch.autocast("cpu", torch.bfloat16):
        scores = built(real)
    assert scores.dtype is torch.float32
    assert_close(scores, built(real), rtol=0.05, atol=0.05)


def test_freezing_begins_at_the_picture() -> None:
    built = discriminator()
    built.freeze(5)
    frozen = {name.rpartition(".")[0] for name, weight in built.named_parameters() if not weight.requires_grad}
    assert frozen == {"b16.fromrgb", "b16.conv0", "b16.conv1", "b16.skip", "b8.conv0"}
    built.freeze(0)
    assert all(weight.requires_grad for weight in built.parameters())


def test_pictures_of_another_size_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"\[B, 3, 16, 16\], not \[1, 3, 8, 8\]"):
        discriminator()(pictures(1, 8))
