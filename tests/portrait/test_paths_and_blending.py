"""Paths start as what they are copies of; blends are the layers of two generators, or lie between them."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from artmodels import ConfigError
from artmodels.portrait.blending import blend, swap_amounts
from artmodels.portrait.config import StyleGAN2Config
from artmodels.portrait.paths import path_of, with_paths
from artmodels.portrait.stylegan2 import Synthesis

TINY = StyleGAN2Config(size=32, latent_dim=6, channel_base=128, channel_max=8)
RESOLUTIONS = TINY.resolutions


def generator(seed: int, config: StyleGAN2Config = TINY) -> Synthesis:
    torch.manual_seed(seed)
    synthesis = Synthesis(config)
    for weight in synthesis.parameters():
        weight.data += 0.1 * torch.randn_like(weight)
    return synthesis.requires_grad_(False)


def codes(count: int = 2) -> Tensor:
    return torch.randn(count, 8, 6, generator=torch.Generator().manual_seed(3))


def test_every_new_path_makes_the_pictures_of_the_plain_generator() -> None:
    plain = generator(1)
    divided = with_paths(plain, ("younger", "older"), (16, 32))
    assert divided.config == replace(TINY, attributes=("younger", "older"), split=(16, 32))
    for attribute in (0, 1):
        assert torch.equal(divided(codes(), attribute=attribute), plain(codes()))


def test_paths_share_no_memory_with_each_other_or_their_source() -> None:
    plain = generator(1)
    divided = with_paths(plain, ("woman", "man"), (8, 16))
    tensors = [*plain.state_dict().values(), *divided.state_dict().values()]
    assert len({tensor.data_ptr() for tensor in tensors}) == len(tensors)


def test_a_path_alone_is_a_plain_generator() -> None:
    divided = generator(1, replace(TINY, attributes=("woman", "man"), split=(8, 8)))
    for attribute in (0, 1):
        alone = path_of(divided, attribute)
        assert alone.config == TINY
        assert torch.equal(alone(codes()), divided(codes(), attribute=attribute))


def test_making_paths_draws_no_random_numbers() -> None:
    plain = generator(1)
    state = torch.random.get_rng_state()
    path_of(with_paths(plain, ("woman", "man"), (8, 8)), 1)
    assert torch.equal(torch.random.get_rng_state(), state)


def test_a_generator_with_paths_is_not_divided_again() -> None:
    with pytest.raises(ConfigError, match="attribute"):
        with_paths(generator(1, replace(TINY, attributes=("a", "b"), split=(8, 8))), ("c", "d"), (8, 8))


@pytest.mark.parametrize(("amount", "seed"), [(0.0, 1), (1.0, 2)])
def test_the_ends_of_the_dial_are_the_two_generators(amount: float, seed: int) -> None:
    blended = blend(generator(1), generator(2), dict.fromkeys(RESOLUTIONS, amount))
    assert torch.equal(blended(codes()), generator(seed)(codes()))


def test_weights_lie_between_and_constant_noise_is_the_nearer_ones() -> None:
    photo, style = generator(1), generator(2)
    blended = blend(photo, style, dict.fromkeys(RESOLUTIONS, 0.3)).state_dict()
    for name, value in blended.items():
        one, other = photo.state_dict()[name], style.state_dict()[name]
        assert_close(value, one if name.endswith("noise_const") else 0.7 * one + 0.3 * other)
    assert torch.equal(
        blend(photo, style, dict.fromkeys(RESOLUTIONS, 0.6)).state_dict()["b8.conv0.noise_const"],
        style.state_dict()["b8.conv0.noise_const"],
    )


def test_a_swap_takes_whole_blocks() -> None:
    photo, style = generator(1), generator(2)
    swapped = blend(photo, style, swap_amounts(RESOLUTIONS, 8))
    for resolution, block in swapped.blocks().items():
        expected = (style if resolution <= 8 else photo).blocks()[resolution].state_dict()
        assert all(torch.equal(value, expected[name]) for name, value in block.state_dict().items())


def test_generators_that_are_blended_stay_as_they_are() -> None:
    photo, style = generator(1), generator(2)
    blend(photo, style, dict.fromkeys(RESOLUTIONS, 0.5))
    assert torch.equal(photo(codes()), generator(1)(codes()))
    assert torch.equal(style(codes()), generator(2)(codes()))


def test_one_path_of_a_style_is_blended() -> None:
    style = generator(2, replace(TINY, attributes=("woman", "man"), split=(8, 16)))
    blended = blend(generator(1), style, dict.fromkeys(RESOLUTIONS, 1.0), attribute=1)
    assert torch.equal(blended(codes()), style(codes(), attribute=1))


def test_what_cannot_be_blended_is_refused() -> None:
    photo, style = generator(1), generator(2)
    with pytest.raises(ConfigError, match="different sizes"):
        blend(photo, generator(2, replace(TINY, channel_max=4)), dict.fromkeys(RESOLUTIONS, 0.5))
    with pytest.raises(ConfigError, match="resolution 32"):
        blend(photo, style, dict.fromkeys(RESOLUTIONS[:-1], 0.5))
    with pytest.raises(ConfigError, match="resolution 4 must be from 0 to 1, not 2"):
        blend(photo, style, dict.fromkeys(RESOLUTIONS, 2))
