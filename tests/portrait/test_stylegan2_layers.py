"""The layers of StyleGAN2 equal their closed forms, in float64."""

import math
from typing import Any

import pytest
import torch
from plain_stylegan2 import filtered, modulated
from torch import Tensor, nn
from torch.testing import assert_close

from artmodels.portrait.modulation import EqualLinear, ModulatedConv, ToRGB
from artmodels.portrait.resampling import Resampler


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def live(layer: nn.Module) -> Any:
    """The layer in float64 with no weight at a special value."""
    for number, weight in enumerate(layer.double().parameters()):
        weight.data += 0.3 * normal(*weight.shape, seed=number)
    return layer


def conv(*, doubles: bool = False, clamp: float | None = None, inputs: int = 5, outputs: int = 4) -> ModulatedConv:
    torch.manual_seed(1)
    return live(ModulatedConv(inputs, outputs, 6, 8, doubles=doubles, clamp=clamp))


# The filter.


def test_blurring_a_point_shows_the_filter() -> None:
    point = torch.zeros(1, 2, 7, 7, dtype=torch.float64)
    point[0, 1, 3, 3] = 1
    taps = torch.tensor([1.0, 3, 3, 1], dtype=torch.float64)
    blurred = Resampler().double().blur(point, 2, gain=3)
    assert blurred.shape == (1, 2, 8, 8)
    assert_close(blurred[0, 1, 2:6, 2:6], 3 * torch.outer(taps, taps) / 64)
    assert blurred[0, 0].abs().max() == 0


def test_resampling_keeps_constants_away_from_the_border() -> None:
    ones = torch.ones(1, 1, 8, 8)
    assert_close(Resampler().upsample(ones)[:, :, 2:-2, 2:-2], torch.ones(1, 1, 12, 12))
    assert_close(Resampler().downsample(ones)[:, :, 1:-1, 1:-1], torch.ones(1, 1, 2, 2))


def test_doubling_is_a_quarter_and_three_quarters_of_neighbours() -> None:
    row = torch.tensor([0.0, 4, 8, 0], dtype=torch.float64)
    doubled = Resampler().double().upsample((row[:, None] * torch.ones(4, dtype=torch.float64))[None, None])
    assert_close(doubled[0, 0, 2:6, 4], torch.tensor([3.0, 5, 7, 6], dtype=torch.float64))


def test_halving_is_the_transpose_of_doubling() -> None:
    small, large, resampler = normal(2, 3, 4, 4), normal(2, 3, 8, 8, seed=1), Resampler().double()
    assert_close((resampler.upsample(small) * large).sum(), 4 * (small * resampler.downsample(large)).sum())


def test_halving_is_every_second_pixel_of_blurring() -> None:
    x, resampler = normal(2, 3, 8, 8), Resampler().double()
    assert_close(resampler.downsample(x), filtered(x, 1, 2)[:, :, ::2, ::2])
    assert_close(resampler.blur(x, 1), filtered(x, 1, 1))


def test_the_filter_is_no_part_of_a_checkpoint() -> None:
    assert Resampler().state_dict() == {}


# Equalised learning rate.


def test_a_linear_layer_scales_its_weights_when_they_are_used() -> None:
    layer, x = live(EqualLinear(6, 3, bias=1, rate=0.01)), normal(4, 2, 6)
    assert_close(layer(x), x @ layer.weight.T * 0.01 / math.sqrt(6) + 0.01 * layer.bias)


def test_a_slow_linear_layer_keeps_unit_variance_and_learns_slowly() -> None:
    torch.manual_seed(0)
    slow = EqualLinear(512, 512, rate=0.01)
    assert slow.weight.std().item() == pytest.approx(100, rel=0.01)
    assert slow(torch.randn(256, 512)).std().item() == pytest.approx(1, rel=0.02)


def test_style_codes_are_not_rounded_under_autocast() -> None:
    layer, x = EqualLinear(64, 64), torch.randn(2, 64)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(layer(x), layer(x.float()))
        assert layer(x).dtype is torch.float32


# Modulated convolutions.


def output_of_white_noise(*, doubles: bool) -> Tensor:
    """What a convolution makes of white noise under strong styles, without bias, ReLU, gain and border."""
    torch.manual_seed(0)
    layer = ModulatedConv(24, 16, 6, 64, doubles=doubles, clamp=None).double()
    layer.bias.data += 50  # past the ReLU's bend
    side = 32 if doubles else 64
    with torch.no_grad():
        return layer(normal(4, 24, side, side), 3 * normal(4, 6), None)[:, :, 2:-2, 2:-2] / math.sqrt(2) - 50


def test_demodulation_gives_unit_variance() -> None:
    variance = output_of_white_noise(doubles=False).var((2, 3))
    assert_close(variance, torch.ones_like(variance), rtol=0.1, atol=0)


def test_a_doubled_map_has_the_variance_that_zeros_between_pixels_and_the_blur_leave() -> None:
    variance = output_of_white_noise(doubles=True).var((0, 2, 3)).mean().item()
    assert variance == pytest.approx(1 / 4 * 16 * (20 / 64) ** 2, rel=0.05)


@pytest.mark.parametrize("doubles", [False, True])
@pytest.mark.parametrize("count", [1, 3])
def test_a_convolution_equals_weights_of_five_dimensions(count: int, doubles: bool) -> None:
    layer = conv(doubles=doubles)
    x, w, noise = (
        normal(count, 5, *([4, 4] if doubles else [8, 8])),
        normal(count, 6, seed=1),
        normal(1, 1, 8, 8, seed=2),
    )
    state = {f"x.{name}": value for name, value in layer.state_dict().items()}
    y = modulated(state, "x", x, w, demodulate=True, doubles=doubles)
    y = y + layer.noise_strength * noise + layer.bias[:, None, None]
    expected = torch.where(y < 0, 0.2 * y, y) * math.sqrt(2)
    assert_close(layer(x, w, noise), expected, rtol=1e-10, atol=1e-10)
    with torch.no_grad():
        assert_close(layer(x, w, noise), expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("doubles", [False, True])
def test_a_convolution_has_the_gradients_of_its_formula(doubles: bool) -> None:
    """First ones, and those of gradients, which the path length penalty needs."""
    torch.manual_seed(1)
    layer = live(ModulatedConv(2, 2, 3, 4, doubles=doubles, clamp=None))
    x = normal(2, 2, *([2, 2] if doubles else [4, 4])).requires_grad_()
    w, noise = normal(2, 3, seed=1).requires_grad_(), normal(1, 1, 4, 4)
    inputs = (x, w, layer.weight, layer.noise_strength)
    assert torch.autograd.gradcheck(lambda x, w, *_: layer(x, w, noise), inputs)
    assert torch.autograd.gradgradcheck(lambda x, w, *_: layer(x, w, noise), inputs)


@pytest.mark.parametrize("grad", [False, True])
def test_a_clamp_bounds_every_output(grad: bool) -> None:
    x, w = normal(2, 5, 8, 8), normal(2, 6, seed=1)
    with torch.set_grad_enabled(grad):
        free, clamped = conv()(x, w, None), conv(clamp=0.25)(x, w, None)
    assert free.abs().max() > 0.25
    assert_close(clamped, free.clamp(-0.25, 0.25))


def test_inputs_are_left_as_they_are() -> None:
    layer, x, w = conv(), normal(1, 5, 8, 8), normal(1, 6, seed=1)
    kept = x.clone()
    with torch.no_grad():
        layer(x, w, normal(1, 1, 8, 8))
    assert torch.equal(x, kept)


@pytest.mark.parametrize("grad", [False, True])
@pytest.mark.parametrize("count", [1, 2])
def test_colours_are_modulated_without_demodulation(count: int, grad: bool) -> None:
    layer, x, w = live(ToRGB(5, 6, clamp=None)), normal(count, 5, 4, 4), normal(count, 6, seed=1)
    state = {f"x.{name}": value for name, value in layer.state_dict().items()}
    expected = modulated(state, "x", x, w, demodulate=False, doubles=False) + layer.bias[:, None, None]
    with torch.set_grad_enabled(grad):
        assert_close(layer(x, w), expected)
        layer.clamp = 0.1
        assert_close(layer(x, w), expected.clamp(-0.1, 0.1))
