"""Each block equals its formula, written down here a second time in plain operations and in float64."""

from functools import partial

import pytest
import torch
from methods import with_random_weights
from torch import Tensor, nn
from torch.nn import functional

from artmodels.blocks import (
    AdaptiveInstanceNorm,
    ConvBlock,
    LayerNorm,
    ResidualBlock,
    UpsampleConv,
    initialise_xavier,
)


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def noise(generator: torch.Generator, *shape: int) -> Tensor:
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def instance_norm(x: Tensor, eps: float = 1e-5) -> Tensor:
    mean = x.mean(dim=(2, 3), keepdim=True)
    variance = (x - mean).square().mean(dim=(2, 3), keepdim=True)
    return (x - mean) / (variance + eps).sqrt()


def reflected_conv(x: Tensor, conv: nn.Conv2d, padding: int) -> Tensor:
    padded = functional.pad(x, (padding,) * 4, mode="reflect")
    return functional.conv2d(padded, conv.weight, conv.bias, stride=conv.stride)


def plain_upsample_conv(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    large = x.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
    return functional.conv2d(functional.pad(large, (2, 2, 2, 2), mode="replicate"), weight, bias)


def upsample_conv(inputs: int, outputs: int) -> UpsampleConv:
    block = with_random_weights(UpsampleConv(inputs, outputs)).double()
    nn.init.normal_(block.bias)
    return block


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 7), (2, 3), (6, 5), (8, 8)])
def test_upsample_conv_is_nearest_times_two_and_a_5x5_convolution(
    height: int, width: int, generator: torch.Generator
) -> None:
    block, x = upsample_conv(3, 4), noise(generator, 2, 3, height, width)
    expected = plain_upsample_conv(x, block.weight, block.bias)
    assert expected.shape == (2, 4, 2 * height, 2 * width)
    torch.testing.assert_close(block(x), expected, rtol=1e-12, atol=1e-12)


def test_upsample_conv_has_the_gradients_of_the_plain_form(generator: torch.Generator) -> None:
    block, x = upsample_conv(3, 2), noise(generator, 2, 3, 4, 5).requires_grad_()
    weighting = noise(generator, 2, 2, 8, 10)
    inputs = (x, block.weight, block.bias)
    expected = torch.autograd.grad((plain_upsample_conv(*inputs) * weighting).sum(), inputs)
    found = torch.autograd.grad((block(x) * weighting).sum(), inputs)
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)


def test_upsample_conv_passes_the_numerical_gradient_check(generator: torch.Generator) -> None:
    block = upsample_conv(1, 2)
    assert torch.autograd.gradcheck(block, noise(generator, 1, 1, 2, 3).requires_grad_())


def test_adaptive_instance_norm_is_the_normal_picture_times_scale_plus_bias(generator: torch.Generator) -> None:
    x, bias, scale = noise(generator, 2, 3, 5, 4) * 7 + 2, noise(generator, 2, 3), noise(generator, 2, 3)
    expected = instance_norm(x) * scale[:, :, None, None] + bias[:, :, None, None]
    torch.testing.assert_close(AdaptiveInstanceNorm(3)(x, bias, scale), expected, rtol=1e-10, atol=1e-10)


def test_adaptive_instance_norm_sets_mean_and_deviation_of_every_channel(generator: torch.Generator) -> None:
    x, bias, scale = noise(generator, 2, 3, 16, 16), noise(generator, 2, 3), noise(generator, 2, 3)
    styled = AdaptiveInstanceNorm(3)(x, bias, scale)
    torch.testing.assert_close(styled.mean(dim=(2, 3)), bias)
    torch.testing.assert_close(styled.std(dim=(2, 3), correction=0), scale.abs(), rtol=1e-4, atol=1e-4)


def test_adaptive_instance_norm_passes_the_numerical_gradient_check(generator: torch.Generator) -> None:
    inputs = [noise(generator, *shape).requires_grad_() for shape in ((2, 2, 3, 2), (2, 2), (2, 2))]
    assert torch.autograd.gradcheck(AdaptiveInstanceNorm(2), inputs)


def test_layer_norm_divides_by_the_unbiased_deviation_plus_eps(generator: torch.Generator) -> None:
    block = LayerNorm(3)
    nn.init.normal_(block.bias)
    # So small that eps counts, and with so few values that the bias of the deviation counts.
    x = noise(generator, 2, 3, 2, 2).float() * 1e-4
    values = x.double().flatten(1)
    mean = values.mean(dim=1, keepdim=True)
    deviation = ((values - mean).square().sum(dim=1, keepdim=True) / (values.shape[1] - 1)).sqrt()
    normal = ((values - mean) / (deviation + 1e-5)).view_as(x)
    expected = normal * block.gain.double()[:, None, None] + block.bias.double()[:, None, None]
    torch.testing.assert_close(block(x), expected.float(), rtol=1e-5, atol=1e-5)


def test_layer_norm_starts_with_random_gains_and_no_bias() -> None:
    block = LayerNorm(1000)
    assert block.gain.min() >= 0
    assert block.gain.max() <= 1
    assert block.gain.mean().item() == pytest.approx(0.5, abs=0.05)
    assert not block.bias.any()


def test_layer_norm_in_bfloat16_keeps_its_statistics_in_float32(generator: torch.Generator) -> None:
    block, x = LayerNorm(2), noise(generator, 1, 2, 64, 64).float() + 8
    rounded = x.bfloat16()
    styled = block(rounded)
    assert styled.dtype is torch.bfloat16
    torch.testing.assert_close(styled.float(), block(rounded.float()), rtol=0.02, atol=0.05)


@pytest.mark.parametrize(("kernel", "stride", "padding"), [(7, 1, 3), (3, 1, 1), (4, 2, 1)])
def test_conv_block_is_reflect_pad_convolution_norm_relu(
    kernel: int, stride: int, padding: int, generator: torch.Generator
) -> None:
    block = with_random_weights(ConvBlock(2, 3, kernel, stride=stride)).double()
    x = noise(generator, 2, 2, 8, 8)
    expected = instance_norm(reflected_conv(x, block.conv, padding)).clamp(min=0)
    assert expected.shape == (2, 3, 8 // stride, 8 // stride)
    torch.testing.assert_close(block(x), expected, rtol=1e-10, atol=1e-10)


def test_conv_block_leaves_norm_and_relu_out_where_told(generator: torch.Generator) -> None:
    block = with_random_weights(ConvBlock(2, 3, 3, norm=False, relu=False)).double()
    x = noise(generator, 1, 2, 5, 5)
    torch.testing.assert_close(block(x), reflected_conv(x, block.conv, 1), rtol=1e-10, atol=1e-10)


def test_residual_block_adds_two_convolutions_to_its_input_and_leaves_that_alone(generator: torch.Generator) -> None:
    block, x = with_random_weights(ResidualBlock(3)).double(), noise(generator, 2, 3, 6, 6)
    before = x.clone()
    hidden = instance_norm(reflected_conv(x, block.first.conv, 1)).clamp(min=0)
    expected = x + instance_norm(reflected_conv(hidden, block.second.conv, 1))
    torch.testing.assert_close(block(x), expected, rtol=1e-10, atol=1e-10)
    assert torch.equal(x, before)


@pytest.mark.parametrize(
    "layer", [nn.Conv2d(40, 60, 3), nn.Linear(300, 200), UpsampleConv(40, 50)], ids=lambda x: type(x).__name__
)
def test_first_weights_are_xavier_normal_with_the_gain_asked_for(layer: nn.Conv2d | nn.Linear | UpsampleConv) -> None:
    assert layer.bias is not None
    nn.init.ones_(layer.bias)
    layer.apply(partial(initialise_xavier, gain=0.02))
    weight = layer.weight.detach()
    receptive = weight[0, 0].numel()
    deviation = 0.02 * (2 / ((weight.shape[0] + weight.shape[1]) * receptive)) ** 0.5
    assert weight.std().item() == pytest.approx(deviation, rel=0.03)
    assert weight.mean().abs() < deviation / 20
    assert not layer.bias.any()


def test_first_weights_leave_norms_alone() -> None:
    block = LayerNorm(8)
    before = block.gain.clone()
    block.apply(initialise_xavier)
    assert torch.equal(block.gain, before)


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_adain_and_its_gradient_are_the_formula_in_every_layout(count: int, layout: torch.memory_format) -> None:
    x, bias, scale, slope = (
        torch.randn(shape, dtype=torch.float64)
        for shape in ((count, 8, 6, 6), (count, 8), (count, 8), (count, 8, 6, 6))
    )
    inputs = [x.contiguous(memory_format=layout).requires_grad_(), bias.requires_grad_(), scale.requires_grad_()]
    found = AdaptiveInstanceNorm(8)(*inputs)
    variance, mean = torch.var_mean(inputs[0], dim=(2, 3), correction=0, keepdim=True)
    expected = (inputs[0] - mean) / (variance + 1e-5).sqrt() * scale[..., None, None] + bias[..., None, None]
    torch.testing.assert_close(found, expected)
    slope = slope.contiguous(memory_format=layout)
    torch.testing.assert_close(torch.autograd.grad(found, inputs, slope), torch.autograd.grad(expected, inputs, slope))
