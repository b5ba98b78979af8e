"""Grown networks begin with what the smaller ones do."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch.testing import assert_close

from artmodels import ConfigError
from artmodels.portrait.config import StyleGAN2Config
from artmodels.portrait.resampling import Resampler
from artmodels.portrait.stylegan2 import StyleGAN2
from training.portrait.discriminator import Discriminator
from training.portrait.growth import grown_generator, opposing_discriminator
from training.portrait.settings import Adversary

SMALL = StyleGAN2Config(size=16, latent_dim=6, mapping_layers=2, channel_base=128, channel_max=8)


def small_generator() -> StyleGAN2:
    torch.manual_seed(0)
    model = StyleGAN2(SMALL).double()
    for weight in model.parameters():
        weight.data += 0.1 * torch.randn_like(weight)
    return model


@pytest.mark.parametrize("doublings", [0, 1, 2])
def test_the_first_pictures_are_the_smaller_ones_made_larger(doublings: int) -> None:
    model = small_generator()
    grown = grown_generator(model, SMALL.size * 2**doublings)
    z = torch.randn(3, grown.config.code_count, SMALL.latent_dim, dtype=torch.float64)
    wanted = model(z[:, : SMALL.code_count])
    for _ in range(doublings):
        wanted = Resampler().double().upsample(wanted)
    assert_close(grown(z), wanted)


def test_the_new_block_of_a_generator_learns_at_once() -> None:
    grown = grown_generator(small_generator(), 32)
    grown(torch.randn(2, SMALL.latent_dim, dtype=torch.float64)).square().sum().backward()
    gradient = grown.synthesis.b32.torgb.weight.grad
    assert gradient is not None
    assert (gradient != 0).all()


def test_a_grown_discriminator_judges_new_maps_as_it_judged(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = Discriminator(SMALL)
    saved = str(model.save_pretrained(tmp_path / "judge"))
    grown = opposing_discriminator(replace(SMALL, size=64), Adversary(128, 4), saved)
    fresh = opposing_discriminator(replace(SMALL, attributes=("man", "woman"), split=(8, 8)), Adversary(128, 4), None)
    assert (fresh.config.channel_max, fresh.config.attributes) == (4, ())
    assert grown.b16.fromrgb is None
    assert grown.b64.fromrgb is not None
    maps = torch.randn(4, SMALL.channels(16), 16, 16)
    assert_close(grown.b4(grown.b8(grown.b16(maps))), model.b4(model.b8(blind(model)(maps))))


def blind(model: Discriminator) -> torch.nn.Module:
    """Its first block without the reading of colours."""
    model.b16.fromrgb = None
    return model.b16


def test_networks_do_not_shrink() -> None:
    with pytest.raises(ConfigError, match="networks of 16 pixels grow to that size or a larger one, not to 8"):
        grown_generator(small_generator(), 8)
