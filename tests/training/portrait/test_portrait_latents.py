"""Latents are shared among layers as often as asked, and belong to the step alone."""

import pytest
import torch

from artmodels.portrait.stylegan2 import StyleGAN2
from training.portrait.latents import device_generator, draw_latents, draw_noise, fixed_latents, silence
from training.portrait.presets import TINY
from training.portrait.settings import Latents

COUNT = 400


def kinds(latents: Latents) -> list[int]:
    """How many different latents each picture has."""
    drawn = draw_latents(COUNT, TINY, latents, torch.Generator().manual_seed(0))
    assert drawn.shape == (COUNT, TINY.code_count, TINY.latent_dim)
    return [len(torch.unique(picture, dim=0)) for picture in drawn]


def test_one_latent_for_all_layers_or_one_for_each():
    assert set(kinds(Latents(two=0.0))) == {1}
    assert set(kinds(Latents(two=0.0, own=1.0))) == {TINY.code_count}
    assert set(kinds(Latents(two=1.0))) == {2}


def test_shares_are_kept():
    found = kinds(Latents(two=0.5, own=0.2))
    shares = [found.count(number) / COUNT for number in (1, 2, TINY.code_count)]
    assert shares == pytest.approx([0.3, 0.5, 0.2], abs=0.07)


def test_the_second_latent_begins_at_any_layer_but_the_first():
    drawn = draw_latents(COUNT, TINY, Latents(two=1.0), torch.Generator().manual_seed(0))
    changes = (drawn[:, 1:] != drawn[:, :-1]).any(2)
    assert changes.sum(1).tolist() == [1] * COUNT
    assert changes.any(0).all()


def test_everything_follows_from_the_steps_generator():
    first, second = (device_generator(torch.device("cpu"), torch.Generator().manual_seed(3)) for _ in range(2))
    assert torch.equal(torch.randn(3, generator=first), torch.randn(3, generator=second))
    assert torch.equal(fixed_latents(2, TINY, Latents(), 1), fixed_latents(2, TINY, Latents(), 1))
    assert not torch.equal(fixed_latents(2, TINY, Latents(), 1), fixed_latents(2, TINY, Latents(), 2))


def test_noise_has_a_map_for_every_convolution():
    noise = draw_noise(3, TINY, torch.Generator().manual_seed(0))
    assert {side: tuple(maps.shape) for side, maps in noise.items()} == {
        4: (3, 1, 4, 4),
        8: (3, 2, 8, 8),
        16: (3, 2, 16, 16),
    }


def test_silenced_layers_have_no_noise_and_learn_none():
    torch.manual_seed(0)
    model = StyleGAN2(TINY)
    for name, weight in model.named_parameters():
        if name.endswith("noise_strength"):
            weight.data.fill_(0.5)
    silence(model.synthesis)
    z = torch.randn(2, TINY.latent_dim)
    assert torch.equal(model(z), model(z, noise="none"))
    model(z, noise="random").square().sum().backward()
    assert all(weight.grad is None for name, weight in model.named_parameters() if name.endswith("noise_strength"))
