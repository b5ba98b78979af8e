"""The networks have the sizes of the paper and equal a second, plain writing-down of their specification."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from methods import COLORIZER, with_random_weights
from torch import Tensor, nn
from torch.nn import functional

from artmodels.colorizer.config import ColorizerConfig
from artmodels.colorizer.networks import (
    AddReceiver,
    Attention,
    ChannelAttention,
    Generator,
    ReferenceEncoder,
    TagMapping,
    initialise,
    ratio,
)

PAPER = ColorizerConfig((), tuple(f"tag_{number}" for number in range(6000)))
SMALL = replace(COLORIZER, encoder_blocks=(1, 2, 1), depth=4)


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def network(kind: type[nn.Module], config: ColorizerConfig = COLORIZER) -> Any:
    return with_random_weights(kind(config)).double().eval()  # type: ignore[call-arg]


# Sizes of the paper's networks, in specification section 1.


@pytest.mark.parametrize(
    ("kind", "changes", "millions"),
    [
        (ReferenceEncoder, {}, 24.36),
        (Generator, {}, 42.11),
        (Generator, {"receiving": "add"}, 41.06),
        (Generator, {"receiving": "add", "channel_attention": False}, 40.43),
        (TagMapping, {}, 4.91),
    ],
    ids=str,
)
def test_networks_have_the_papers_parameters(kind: Any, changes: dict[str, Any], millions: float) -> None:
    with torch.device("meta"):
        built = kind(replace(PAPER, **changes))
    assert sum(weight.numel() for weight in built.parameters()) / 1e6 == pytest.approx(millions, abs=0.005)


def test_the_paper_generator_works_at_a_thirty_second() -> None:
    with torch.device("meta"):
        picture, code = Generator(PAPER)(torch.empty(2, 1, 384, 384), torch.empty(2, 512, 12, 12), with_code=True)
    assert (picture.shape, code.shape) == ((2, 3, 384, 384), (2, 512, 12, 12))


def test_first_weights_deviate_by_two_hundredths_at_512_inputs_and_by_twice_that_at_a_quarter() -> None:
    torch.manual_seed(0)
    for inputs, deviation in ((512, 0.02), (128, 0.04)):
        layer = nn.Conv2d(inputs, 32, 3)
        initialise(layer)
        assert layer.weight.std().item() == pytest.approx(deviation, rel=0.02)
        assert not layer.bias.any()


# The reference encoder.


def test_a_resnet_34_of_torchvision_loads_and_gives_the_same_tags() -> None:
    from torchvision.models import resnet34

    torch.manual_seed(0)
    theirs = resnet34(num_classes=7).eval()
    ours = ReferenceEncoder(ColorizerConfig((), PAPER.other_tags[:7])).eval()
    ours.load_state_dict(theirs.state_dict(), strict=True)
    picture = noise(1, 3, 64, 96).float()
    with torch.inference_mode():
        torch.testing.assert_close(ours.classify(ours(picture)), theirs(picture), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("depth", [2, 3, 4])
def test_features_are_smaller_by_the_stride_and_never_negative(depth: int) -> None:
    config = replace(COLORIZER, depth=depth)
    features = network(ReferenceEncoder, config)(noise(2, 3, 64, 32))
    assert features.shape == (2, config.feature_channels, 64 // config.stride, 32 // config.stride)
    assert features.min() == 0
    assert network(ReferenceEncoder, config).classify(features).shape == (2, len(config.tags))


# The generator.


@pytest.mark.parametrize("receiving", ["attention", "add"])
def test_a_reference_may_be_of_another_size_than_the_sketch(receiving: str) -> None:
    generator = network(Generator, replace(SMALL, receiving=receiving))
    picture, code = generator(noise(2, 1, 32, 64), noise(2, 16, 5, 3).relu(), with_code=True)
    assert (picture.shape, code.shape) == ((2, 3, 32, 64), (2, 32, 2, 4))
    assert picture.abs().max() <= 1
    torch.testing.assert_close(generator(noise(2, 1, 32, 64), noise(2, 16, 5, 3).relu()), picture)


def plain_generator(generator: Any, sketch: Tensor, reference: Tensor) -> Tensor:
    """Section 1.2 line by line, for a stride of 8 and the paper's attention."""

    def conv(x: Tensor, layer: Any) -> Tensor:
        return functional.relu(functional.conv2d(x, layer.weight, layer.bias, layer.stride, layer.padding))

    def enlarge(x: Tensor, layer: Any) -> Tensor:
        batch, channels, height, width = (grown := conv(x, layer.conv)).shape
        grid = grown.view(batch, channels // 4, 2, 2, height, width).permute(0, 1, 4, 2, 5, 3)
        return grid.reshape(batch, channels // 4, 2 * height, 2 * width)

    mean = reference.mean((2, 3))
    skips = [sketch]
    for block in generator.down:
        skips.append(conv(conv(skips[-1], block.first), block.second))
    _, y1, y2, y = skips
    pair = generator.residual
    y = functional.relu(y + functional.conv2d(conv(y, pair.first), pair.second.weight, pair.second.bias, padding=1))
    if hasattr(generator.receive, "attention"):
        y = y + plain_attention(generator.receive.attention, y, reference)
    else:
        y = y + (generator.receive.project.weight @ mean[..., None])[..., None]
    y = enlarge(conv(y, generator.code), generator.enlarge)
    y = y + plain_attention(generator.attend, y, y)
    (up,) = generator.up
    y = enlarge(torch.cat((y, y2), 1), up.enlarge)
    y = conv(plain_channel_attention(up.weigh, y, mean), up.conv)
    y = enlarge(torch.cat((y, y1), 1), generator.last)
    return torch.tanh(functional.conv2d(y, generator.picture.weight, generator.picture.bias, padding=1))


def plain_attention(attention: Any, x: Tensor, source: Tensor) -> Tensor:
    """softmax(Q K^T / sqrt(c)) V, one place after the other."""
    out = torch.empty_like(x)
    for sample in range(len(x)):
        seen = source[sample].flatten(1).T
        keys, values = seen @ attention.key.weight.T, seen @ attention.value.weight.T
        for row in range(x.shape[2]):
            for column in range(x.shape[3]):
                query = attention.query.weight @ x[sample, :, row, column]
                weights = (keys @ query / x.shape[1] ** 0.5).softmax(0)
                out[sample, :, row, column] = attention.output.weight @ (weights @ values)
    return out


def plain_channel_attention(layer: Any, x: Tensor, mean: Tensor) -> Tensor:
    """y_j = sum_i v_i softmax(k_i q / sqrt(c))_j, one sample after the other."""
    out = []
    for features, reference in zip(x, mean, strict=True):
        query = layer.query.weight @ features.mean((1, 2))
        key, value = layer.key.weight @ reference, layer.value.weight @ reference
        rows = [(k * query / len(query) ** 0.5).softmax(0) for k in key]
        found = sum(v * row for v, row in zip(value, rows, strict=True))
        out.append(features + features * (layer.output.weight @ found).sigmoid()[:, None, None])
    return torch.stack(out)


@pytest.mark.parametrize("receiving", ["attention", "add"])
def test_generator_is_the_specification_line_by_line(receiving: str) -> None:
    generator = network(Generator, replace(COLORIZER, receiving=receiving, encoder_width=2))
    sketch, reference = noise(2, 1, 16, 24), noise(2, 8, 3, 2, seed=1).relu()
    torch.testing.assert_close(generator(sketch, reference), plain_generator(generator, sketch, reference))


def test_one_place_of_the_reference_is_found_everywhere() -> None:
    attention = with_random_weights(Attention(6, 4)).double()
    source = noise(2, 4, 1, 1)
    found = attention(noise(2, 6, 3, 2), source)
    expected = source[:, :, 0, 0] @ attention.value.weight.T @ attention.output.weight.T
    torch.testing.assert_close(found, expected[:, :, None, None].expand(2, 6, 3, 2))


def test_attention_does_not_see_the_order_of_the_references_places() -> None:
    attention = with_random_weights(Attention(6, 4)).double()
    x, source = noise(1, 6, 3, 2), noise(1, 4, 2, 5, seed=1)
    shuffled = source.flatten(2)[:, :, torch.randperm(10)].view(1, 4, 5, 2)
    torch.testing.assert_close(attention(x, shuffled), attention(x, source))


def test_add_is_the_mean_and_needs_no_weights_where_channels_agree() -> None:
    receiver, x, reference = AddReceiver(4, 4), noise(2, 4, 3, 2), noise(2, 4, 6, 5, seed=1)
    assert not list(receiver.parameters())
    torch.testing.assert_close(receiver(x, reference), x + reference.mean((2, 3), keepdim=True))


def test_channel_attention_over_either_axis() -> None:
    layers = [with_random_weights(ChannelAttention(3, 4, axis=axis)).double() for axis in ("output", "input")]
    x, mean = noise(2, 3, 2, 2), noise(2, 4, seed=1)
    torch.testing.assert_close(layers[0](x, mean), plain_channel_attention(layers[0], x, mean))
    # Along the summed channels each weight is an average of values, so that equal values come through as they are.
    with torch.no_grad():
        layers[1].value.weight.copy_(layers[1].value.weight[:1].expand(3, 4))
    value = mean @ layers[1].value.weight.T
    gate = (value @ layers[1].output.weight.T).sigmoid()[:, :, None, None]
    torch.testing.assert_close(layers[1](x, mean), x + x * gate)


def test_a_reference_of_nothing_weighs_all_channels_by_one_and_a_half() -> None:
    layer = with_random_weights(ChannelAttention(3, 4, axis="output")).double()
    x = noise(1, 3, 2, 2)
    torch.testing.assert_close(layer(x, torch.zeros(1, 4).double()), 1.5 * x)


# Tags.


@pytest.mark.parametrize("self_adaptive", [True, False])
def test_the_tag_mapping_fuses_its_hidden_layers(self_adaptive: bool) -> None:
    mapping = network(TagMapping, replace(COLORIZER, self_adaptive=self_adaptive))
    x = noise(3, 9).abs()
    hidden = []
    for layer in mapping.layers:
        x = (x @ layer.weight.T + layer.bias).relu()
        hidden.append(x)
    seen = torch.cat(hidden, 1) if self_adaptive else hidden[-1]
    torch.testing.assert_close(mapping(noise(3, 9).abs()), seen @ mapping.fuse.weight.T)


def test_the_ratio_has_a_mean_of_one_and_is_one_where_a_channel_is_dead() -> None:
    features = noise(2, 3, 4, 5).relu().requires_grad_()
    dead = torch.zeros(2, 1, 4, 5, dtype=torch.float64)
    divided = ratio(torch.cat((features, dead), 1))
    torch.testing.assert_close(divided[:, :3], features / features.mean((2, 3), keepdim=True))
    torch.testing.assert_close(divided.mean((2, 3)), torch.ones(2, 4, dtype=torch.float64))
    assert torch.equal(divided[:, 3], torch.ones(2, 4, 5, dtype=torch.float64))
    divided.square().sum().backward()
    assert features.grad is not None
    assert features.grad.isfinite().all()
