"""The networks have the sizes of the paper and equal a second, plain writing-down of their specification."""

from typing import Any

import pytest
import torch
from methods import with_random_weights
from torch import Tensor, nn
from torch.nn import functional

from artmodels.workflow.networks import Content, LatentEncoder, StageGenerator, StageInference
from training.workflow.discriminators import MultiScaleDiscriminator


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def parameters_in_millions(network: nn.Module) -> float:
    return sum(parameter.numel() for parameter in network.parameters()) / 1e6


def reflected_conv(x: Tensor, conv: Any, padding: int) -> Tensor:
    padded = functional.pad(x, (padding,) * 4, mode="reflect")
    return functional.conv2d(padded, conv.weight, conv.bias, stride=conv.stride)


def doubled_conv(x: Tensor, conv: Any) -> Tensor:
    """Nearest x2, then a 5x5 convolution over replicated borders."""
    large = functional.pad(functional.interpolate(x, scale_factor=2), (2,) * 4, mode="replicate")
    return functional.conv2d(large, conv.weight, conv.bias)


# Sizes of the paper's networks, in specification section 1.


@pytest.mark.parametrize(("inputs", "outputs"), [(1, 3), (3, 3)])
def test_generator_has_the_papers_12_million_parameters(inputs: int, outputs: int) -> None:
    generator = StageGenerator(inputs, outputs, width=64, latent_dim=8)
    # What the paper's network has not: where pixels lie, and 64 channels of features at full size.
    added = 49 * 2 * 64 + (9 * inputs * 64 + 64) + 49 * 64 * outputs
    assert parameters_in_millions(generator) - added / 1e6 == pytest.approx(12.25, abs=0.015)
    assert generator.adain_length == 4096


@pytest.mark.parametrize("inputs", [1, 3])
def test_latent_encoder_has_the_papers_2_6_million_parameters(inputs: int) -> None:
    encoder = LatentEncoder(inputs, width=64, latent_dim=8, size=256)
    # What the paper's network has not: a grid of 4x4 where it has one mean, and the picture on a grid of 8x8.
    added = (15 * 256 + 64 * inputs) * 8 * 2
    assert parameters_in_millions(encoder) - added / 1e6 == pytest.approx(2.59, abs=0.005)


@pytest.mark.parametrize("outputs", [1, 3])
def test_stage_inference_has_the_papers_39_million_parameters(outputs: int) -> None:
    inference = StageInference(3, outputs, width=64, size=256)
    # What the paper's network has not: a sharp last enlargement and features at full size, 64 channels each.
    added = (25 * 128 * 64 + 64) + (9 * 3 * 64 + 64)
    assert parameters_in_millions(inference) - added / 1e6 == pytest.approx(39.15, abs=0.005)


@torch.inference_mode()
def test_discriminator_has_the_papers_3_5_million_parameters_and_patches() -> None:
    discriminator = MultiScaleDiscriminator(4)
    assert parameters_in_millions(discriminator) == pytest.approx(3.46, abs=0.005)
    scores = discriminator(torch.zeros(2, 4, 256, 256))
    assert [score.shape for score in scores] == [(2, 1, 30, 30), (2, 1, 14, 14)]


# The generator.


def tiny_generator(style_blocks: int = 2) -> Any:
    network = StageGenerator(1, 3, width=2, latent_dim=3, content_blocks=1, style_blocks=style_blocks)
    return with_random_weights(network).double()


def decoder_features(generator: Any, content: Tensor, adain: Tensor) -> Tensor:
    """What the style blocks hand to the upsampling."""
    seen: list[Tensor] = []
    hook = generator.upsample.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    detail = content.new_zeros(len(content), generator.detail.out_channels, *(4 * side for side in content.shape[-2:]))
    generator.decode(Content(content, detail), adain)
    hook.remove()
    return seen[0]


def plain_style_block(x: Tensor, block: Any, biases: Tensor, scales: Tensor) -> Tensor:
    """Conv, AdaIN, ReLU, conv, AdaIN around an addition; biases and scales are [B, 2, C]."""
    first, second = block.first, block.second
    hidden = functional.instance_norm(reflected_conv(x, first, 1))
    hidden = (hidden * scales[:, 0, :, None, None] + biases[:, 0, :, None, None]).clamp(min=0)
    hidden = functional.instance_norm(reflected_conv(hidden, second, 1))
    return x + hidden * scales[:, 1, :, None, None] + biases[:, 1, :, None, None]


def test_adain_vector_holds_norm_after_norm_first_biases_then_scales() -> None:
    generator, content, adain = tiny_generator(), noise(2, 8, 5, 5), noise(2, 64, seed=1)
    layout = adain.view(2, 2, 2, 2, 8)  # batch, block, norm, bias or scale, channel
    expected = content
    for number, block in enumerate(generator.style):
        expected = plain_style_block(expected, block, layout[:, number, :, 0], layout[:, number, :, 1])
    torch.testing.assert_close(decoder_features(generator, content, adain), expected)


def test_a_zero_adain_vector_makes_every_style_block_the_identity() -> None:
    generator, content = tiny_generator(), noise(2, 8, 5, 5)
    assert torch.equal(decoder_features(generator, content, torch.zeros(2, 64).double()), content)


@pytest.mark.parametrize("channel", [0, 7])
def test_the_last_norms_bias_is_added_to_its_channel_and_nothing_else(channel: int) -> None:
    generator, content, adain = tiny_generator(), noise(1, 8, 5, 5), torch.zeros(1, 64).double()
    adain[:, 48 + channel] = 3.0
    expected = content.clone()
    expected[:, channel] += 3
    torch.testing.assert_close(decoder_features(generator, content, adain), expected)


def test_scales_without_a_change_before_them_have_no_effect_on_constant_pictures() -> None:
    generator, content, adain = tiny_generator(1), torch.ones(1, 8, 5, 5).double(), torch.zeros(1, 32).double()
    adain[:, 24:] = 5.0  # a constant picture is zero after normalisation, whatever its scale
    torch.testing.assert_close(decoder_features(generator, content, adain), content)


def test_style_blocks_start_as_the_identity() -> None:
    torch.manual_seed(0)
    generator, content = StageGenerator(1, 3, width=8, latent_dim=8), torch.randn(2, 32, 6, 6)
    adain = generator.adain_vector(torch.randn(2, 8))
    first_bias, first_scale, second_bias, second_scale = adain.view(2, 4, 4, 32).unbind(2)
    assert (first_scale == 1).all()
    assert not torch.cat((first_bias, second_bias, second_scale)).any()
    torch.testing.assert_close(decoder_features(generator, content, adain), content, rtol=0, atol=1e-3)


@torch.no_grad()
def test_generator_equals_its_plain_form() -> None:
    generator, stage, latent = tiny_generator(), noise(2, 1, 16, 12), noise(2, 3)
    down, across = torch.linspace(-1, 1, 16).double(), torch.linspace(-1, 1, 12).double()
    places = torch.stack((down[:, None].expand(16, 12), across.expand(16, 12))).expand(2, 2, 16, 12)
    x = torch.cat((stage, places), dim=1)
    for block, padding in zip(generator.content[:3], (3, 1, 1), strict=True):
        x = functional.instance_norm(reflected_conv(x, block.conv, padding)).relu()
    residual = generator.content[3]
    hidden = functional.instance_norm(reflected_conv(x, residual.first.conv, 1)).relu()
    x = x + functional.instance_norm(reflected_conv(hidden, residual.second.conv, 1))
    hidden = latent
    for layer in generator.mapping[:4:2]:
        hidden = functional.linear(hidden, layer.weight, layer.bias).relu()
    adain = functional.linear(hidden, generator.mapping[4].weight, generator.mapping[4].bias)
    x = decoder_features(generator, x, adain)
    for conv, norm in ((generator.upsample[0], generator.upsample[1]), (generator.upsample[3], generator.upsample[4])):
        x = doubled_conv(x, conv)
        mean, deviation = x.mean((1, 2, 3), keepdim=True), x.std((1, 2, 3), keepdim=True)
        x = ((x - mean) / (deviation + 1e-5) * norm.gain[:, None, None] + norm.bias[:, None, None]).relu()
    detail = functional.leaky_relu(reflected_conv(stage, generator.detail, 1), 0.2)
    expected = reflected_conv(torch.cat((x, detail), dim=1), generator.picture, 3).tanh()
    # LayerNorm takes its statistics in float32.
    torch.testing.assert_close(generator(stage, generator.adain_vector(latent)), expected, rtol=1e-5, atol=1e-5)
    assert expected.shape == (2, 3, 16, 12)


def test_generator_is_differentiable_in_the_adain_vector() -> None:
    generator = tiny_generator().float()
    adain = torch.randn(1, 64, generator=torch.Generator().manual_seed(0), requires_grad=True)
    generator(torch.linspace(-1, 1, 256).view(1, 1, 16, 16), adain).square().sum().backward()
    assert adain.grad is not None
    assert (adain.grad != 0).sum() > 32


# The latent encoder.


@torch.no_grad()
@pytest.mark.parametrize(("size", "channels"), [(64, [2, 4, 6, 8]), (128, [2, 4, 6, 8]), (256, [2, 4, 6, 8, 8])])
def test_latent_encoder_equals_its_plain_form(size: int, channels: list[int]) -> None:
    encoder: Any = with_random_weights(LatentEncoder(3, width=2, latent_dim=5, size=size)).double()
    picture = noise(1, 3, size, size)
    x = functional.conv2d(picture, encoder.stem.weight, encoder.stem.bias, stride=2, padding=1)
    widths = [x.shape[1]]
    for block in encoder.blocks:
        first, second, shortcut = block.residual[2], block.residual[5], block.shortcut[1]
        hidden = functional.leaky_relu(functional.instance_norm(x), 0.2)
        hidden = functional.conv2d(hidden, first.weight, first.bias, padding=1)
        hidden = functional.leaky_relu(functional.instance_norm(hidden), 0.2)
        hidden = functional.avg_pool2d(functional.conv2d(hidden, second.weight, second.bias, padding=1), 2)
        x = hidden + functional.conv2d(functional.avg_pool2d(x, 2), shortcut.weight, shortcut.bias)
        widths.append(x.shape[1])
    grids = [
        large.unflatten(3, (cells, -1)).unflatten(2, (cells, -1)).mean((3, 5)).flatten(1)
        for large, cells in ((functional.leaky_relu(x, 0.2), 4), (picture, 8))
    ]
    features = torch.cat(grids, dim=1)
    expected = tuple(functional.linear(features, h.weight, h.bias) for h in (encoder.mean, encoder.log_variance))
    torch.testing.assert_close(encoder(picture), expected)
    assert widths == channels
    assert x.shape[2:] == ((8, 8) if size == 256 else (size // 16, size // 16))


# The stage inference.


def plain_stage_inference(network: Any, x: Tensor) -> tuple[Tensor, list[torch.Size]]:
    """The U-Net of the paper with a sharp last step and detail at full size, and the shapes on its way down."""
    levels, skips, detail = len(network.down), [], reflected_conv(x, network.detail, 1)
    for level, down in enumerate(network.down):
        x = reflected_conv(functional.leaky_relu(x, 0.2) if level else x, down.conv, 1)
        x = functional.instance_norm(x) if 0 < level < levels - 1 else x
        skips.append(x)
    shapes = [skip.shape for skip in skips]
    for up, skip in zip(reversed(network.up), reversed(skips[:-1]), strict=True):
        large = functional.interpolate(x.relu(), scale_factor=2, mode="bilinear", align_corners=False)
        x = torch.cat((skip, functional.instance_norm(reflected_conv(large, up.conv, 1))), dim=1)
    joined = torch.cat((detail, doubled_conv(x.relu(), network.enlarge)), dim=1)
    return reflected_conv(functional.leaky_relu(joined, 0.2), network.picture, 1).tanh(), shapes


@torch.no_grad()
@pytest.mark.parametrize(("size", "levels"), [(64, 6), (128, 7), (256, 8)])
def test_stage_inference_equals_its_plain_form_with_log2_size_levels(size: int, levels: int) -> None:
    network = with_random_weights(StageInference(3, 1, width=2, size=size)).double()
    stage = noise(2, 3, size, size)
    expected, shapes = plain_stage_inference(network, stage)
    torch.testing.assert_close(network(stage), expected)
    assert [shape[2] for shape in shapes] == [size >> level for level in range(1, levels + 1)]
    assert [shape[1] for shape in shapes] == [2, 4, 8, *[16] * (levels - 3)]


@torch.no_grad()
def test_the_input_of_every_network_is_left_alone() -> None:
    stage = noise(1, 3, 64, 64).float()
    before = stage.clone()
    StageInference(3, 1, width=2, size=64)(stage)
    LatentEncoder(3, width=2, latent_dim=2, size=64)(stage)
    generator = StageGenerator(3, 3, width=2, latent_dim=2)
    adain = torch.zeros(1, generator.adain_length)
    generator(stage, adain)
    assert torch.equal(stage, before)
    assert not adain.any()


def test_every_part_of_the_adain_vector_learns_from_the_second_step_on():
    torch.manual_seed(0)
    generator = StageGenerator(1, 3, width=4, latent_dim=3, content_blocks=1, style_blocks=2)
    optimiser = torch.optim.SGD(generator.parameters(), 0.1)
    stage, latent, target = torch.rand(2, 1, 16, 16), torch.randn(2, 3), torch.rand(2, 3, 16, 16)
    for _ in range(2):
        optimiser.zero_grad()
        (generator(stage, generator.adain_vector(latent)) - target).abs().mean().backward()
        moved = generator.mapping[-1].weight.grad.view(2, 4, -1).abs().amax(dim=2)
        optimiser.step()
    assert (moved > 0).all()
