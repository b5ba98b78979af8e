"""The networks have the paper's sizes, and equal plain writings-down of their formulas."""

from dataclasses import replace
from itertools import product
from typing import Any

import pytest
import torch
from methods import SYNTHESIZER, with_random_weights
from torch import Tensor, nn
from torch.nn import functional

from artmodels import Sketch2ImageConfig
from artmodels.sketch2image.networks import (
    Content,
    ContentEncoder,
    Decoder,
    DepthwiseBlock,
    EncoderBlock,
    EnlargeConv,
    FeatureMask,
    StyleEncoder,
    StyleInjection,
    Styles,
    initialise,
    norm,
)
from artmodels.sketch2image.refiner import ArtRefiner, FaceRefiner, noise_length
from artmodels.sketch2image.steps import SketchToImageNetworks, mix


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def styles(config: Sketch2ImageConfig = SYNTHESIZER, *, seed: int = 0, count: int = 2) -> Styles:
    return Styles(*(noise(count, length, seed=seed + i) for i, length in enumerate(config.content_channels)))


def millions(network: nn.Module) -> float:
    return sum(weight.numel() for weight in network.parameters()) / 1e6


# Sizes of the paper's networks: specification sections 2.1, 2.2 and 3.1.


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        # 14.80 with the class head of 500 x 512 weights and biases, which belongs to the training.
        (StyleEncoder, 14.80 - 0.2565),
        (ContentEncoder, 9.03),
        # 19.00 in the code; here every injection sees all three vectors, and the map of full size has one.
        (Decoder, 19.00),
        (ArtRefiner, 49.8),
    ],
)
def test_networks_have_about_the_papers_parameters(kind: Any, expected: float) -> None:
    with torch.device("meta"):
        built = kind(Sketch2ImageConfig())
    assert millions(built) == pytest.approx(expected, rel=0.045)


def test_the_face_refiner_is_a_tenth_of_the_art_refiner() -> None:
    with torch.device("meta"):
        face, art = FaceRefiner(Sketch2ImageConfig(refiner="face")), ArtRefiner(Sketch2ImageConfig())
    assert millions(face) == pytest.approx(millions(art) / 10, rel=0.2)


@pytest.mark.parametrize("size", [64, 128, 256, 512, 1024])
@pytest.mark.parametrize("refiner", ["art", "face", "small"])
def test_every_size_passes_through_the_same_deepest_maps(size: int, refiner: Any) -> None:
    with torch.device("meta"):
        model = SketchToImageNetworks(Sketch2ImageConfig(size=size, refiner=refiner))
        content = model.encode_content(torch.empty(2, 1, size, size))
        style = model.encode_style(torch.empty(2, 3, size, size))
        coarse = model.decode(content, style)
        assert [tuple(part.shape) for part in content] == [
            (2, 128, 32, 32), (2, 256, 16, 16), (2, 512, 8, 8), (2, 1, 16, 16)
        ]  # fmt: skip
        assert [tuple(vector.shape) for vector in style] == [(2, 128), (2, 256), (2, 512)]
        assert coarse.shape == (2, 3, size, size)
        assert model.refine(coarse, style, torch.empty(2, model.noise_length)).shape == (2, 3, size, size)


@pytest.mark.parametrize("refiner", ["art", "face"])
def test_a_refiner_may_double_the_size(refiner: Any) -> None:
    with torch.device("meta"):
        model = SketchToImageNetworks(Sketch2ImageConfig(refiner=refiner, refiner_enlargement=2))
        sketches, exemplars = torch.empty(1, 1, 512, 512), torch.empty(1, 3, 512, 512)
        assert model(sketches, exemplars).shape == (1, 3, 1024, 1024)


@pytest.mark.parametrize(
    ("injection", "masking"),
    list(product(("multiplication", "addition", "adain", "none"), ("features", "sketch", "none"))),
)
def test_every_weight_of_every_variant_learns(injection: Any, masking: Any) -> None:
    config = replace(SYNTHESIZER, injection=injection, masking=masking)
    model = with_random_weights(SketchToImageNetworks(config), gain=2)
    model(noise(2, 1, 64, 64), noise(2, 3, 64, 64), noise(2, model.noise_length)).square().mean().backward()
    idle = [name for name, weight in model.named_parameters() if weight.grad is None or not weight.grad.any()]
    assert idle == []


def test_one_picture_alone_trains() -> None:
    model = SketchToImageNetworks(SYNTHESIZER).train()
    model(noise(1, 1, 64, 64), noise(1, 3, 64, 64)).mean().backward()
    assert all(weight.grad is not None and weight.grad.isfinite().all() for weight in model.parameters())


def test_training_and_use_compute_the_same() -> None:
    model = with_random_weights(SketchToImageNetworks(SYNTHESIZER))
    batch = noise(2, 1, 64, 64), noise(2, 3, 64, 64), noise(2, model.noise_length)
    torch.testing.assert_close(model.train()(*batch), model.eval()(*batch), rtol=0, atol=0)


# Blocks.


@pytest.mark.parametrize("padding", ["zeros", "reflect"])
def test_the_folded_enlargement_is_nearest_and_a_convolution(padding: str) -> None:
    layer = with_random_weights(EnlargeConv(3, 5, padding=padding))
    x = noise(2, 3, 4, 6)
    large = functional.interpolate(x, scale_factor=2)
    mode = {"zeros": "constant", "reflect": "reflect"}[padding]
    expected = functional.conv2d(functional.pad(large, (1, 1, 1, 1), mode=mode), layer.weight, layer.bias)
    torch.testing.assert_close(layer(x), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("kind", [EncoderBlock, DepthwiseBlock])
def test_residual_blocks_begin_as_the_identity(kind: Any) -> None:
    block = kind(16)
    block.apply(initialise)
    x = noise(2, 16, 8, 8)
    torch.testing.assert_close(block(x), x, rtol=0, atol=0)
    assert not torch.equal(with_random_weights(block)(x), x)


@pytest.mark.parametrize("channels", [2, 8, 16, 24, 40, 56, 512])
def test_groups_divide_any_number_of_channels(channels: int) -> None:
    x = noise(2, channels, 4, 4) * 3 + 1
    assert norm(channels)(x).mean().abs() < 1e-4


# Content and style.


def test_the_sketch_mask_is_the_share_of_paper() -> None:
    sketches = torch.ones(1, 1, 64, 64)
    sketches[..., :4, :2] = -1  # half of the first 4 x 4 places
    content = ContentEncoder(SYNTHESIZER)(sketches)
    assert content.sketch[0, 0, 0, 0] == 0.5
    assert content.sketch.sum() == 16 * 16 - 0.5


@pytest.mark.parametrize(("masking", "spread"), [("features", 0.01), ("sketch", 0.1)])
def test_masked_features_are_scaled_where_the_mask_is(masking: Any, spread: float) -> None:
    layer = FeatureMask(4, replace(SYNTHESIZER, masking=masking))
    x, features, sketch = noise(2, 4, 8, 8), noise(2, 4, 8, 8, seed=1), torch.rand(2, 1, 16, 16)
    mask = features if masking == "features" else functional.avg_pool2d(sketch, 2)
    expected = (1 + spread) * x * mask + (1 - spread) * x * (1 - mask)
    torch.testing.assert_close(layer(x, features, sketch), expected, rtol=1e-4, atol=1e-4)


def test_without_a_mask_or_an_injection_nothing_changes() -> None:
    config = replace(SYNTHESIZER, masking="none", injection="none")
    x = noise(2, 4, 8, 8)
    assert FeatureMask(4, config)(x, noise(2, 4, 8, 8), noise(2, 1, 16, 16)) is x
    assert StyleInjection(4, config)(x, styles()) is x


@pytest.mark.parametrize("injection", ["multiplication", "addition", "adain"])
def test_styles_change_channels_as_the_injection_says(injection: Any) -> None:
    layer = with_random_weights(StyleInjection(4, replace(SYNTHESIZER, injection=injection)))
    x, style = noise(2, 4, 8, 8), styles()
    read = layer.read(torch.cat(style, dim=1))[:, :, None, None]
    if injection == "multiplication":
        expected = x * torch.sigmoid(read)
    elif injection == "addition":
        expected = x + read
    else:
        deviation, mean = torch.std_mean(x, (2, 3), keepdim=True, correction=0)
        expected = (1 + read[:, 4:]) * (x - mean) / deviation + read[:, :4]
    torch.testing.assert_close(layer(x, style), expected, rtol=1e-3, atol=1e-3)


def test_a_style_says_more_than_a_mean_colour() -> None:
    encoder = with_random_weights(StyleEncoder(SYNTHESIZER))
    halves = torch.cat((torch.ones(1, 3, 64, 32), -torch.ones(1, 3, 64, 32)), dim=3)
    dim = encoder(0.5 * halves)
    for one, other, faint in zip(encoder(halves), encoder(halves.flip(3)), dim, strict=True):
        assert (one - other).abs().mean() > 0.05 * one.abs().mean()
        assert (one - faint).abs().mean() > 0.05 * one.abs().mean()


def test_mixed_styles_are_means_by_weight() -> None:
    style = styles(count=3)
    mixed = mix(style, [2, 0, 6])
    for vectors, expected in zip(style, mixed, strict=True):
        torch.testing.assert_close(expected, (vectors[:1] + 3 * vectors[2:]) / 4)
    torch.testing.assert_close(mix(style, [0, 1, 0]).fine, style.fine[1:2])


# Refiners.


def refined(refiner: Any, seed: int = 0, style_seed: int = 0) -> tuple[Tensor, Tensor]:
    """A coarse picture, and what a refiner with random weights makes of it."""
    config = replace(SYNTHESIZER, size=128, refiner=refiner)
    model = with_random_weights(SketchToImageNetworks(config), gain=2).eval()
    coarse = noise(1, 3, 128, 128).clamp(-1, 1)
    with torch.inference_mode():
        return coarse, model.refine(coarse, styles(seed=style_seed, count=1), noise(1, model.noise_length, seed=seed))


@pytest.mark.parametrize("refiner", ["art", "face", "small"])
def test_noise_and_style_each_change_the_refined_picture(refiner: Any) -> None:
    _, picture = refined(refiner)
    for other in (refined(refiner, seed=1)[1], refined(refiner, style_seed=5)[1]):
        assert (picture - other).abs().mean() > 0.01
    assert picture.abs().max() <= 1


def test_noise_has_no_strength_at_first() -> None:
    config = replace(SYNTHESIZER, refiner="face")
    model = SketchToImageNetworks(config)
    coarse, style = noise(1, 3, 64, 64), styles(count=1)
    plain = model.refine(coarse, style)
    torch.testing.assert_close(model.refine(coarse, style, noise(1, model.noise_length)), plain, rtol=0, atol=0)


def test_the_small_refiner_begins_with_the_coarse_picture() -> None:
    config = replace(SYNTHESIZER, refiner="small")
    model = SketchToImageNetworks(config)
    coarse = noise(2, 3, 64, 64).clamp(-1, 1)
    refined = model.refine(coarse, styles(), noise(2, model.noise_length))
    torch.testing.assert_close(refined, coarse, rtol=0, atol=0)


@pytest.mark.parametrize(
    ("refiner", "length"),
    [("art", 32 + 32**2 + 64**2), ("small", 32 + 32**2 + 64**2), ("face", 64**2), ("none", 0)],
)
def test_a_picture_takes_as_much_noise_as_its_maps_hold(refiner: Any, length: int) -> None:
    assert noise_length(replace(SYNTHESIZER, refiner=refiner)) == length


def test_content_is_read_without_the_style() -> None:
    model = with_random_weights(SketchToImageNetworks(SYNTHESIZER)).eval()
    content = model.encode_content(noise(1, 1, 64, 64))
    assert isinstance(content, Content)
    one, other = (model.decode(content, styles(seed=seed, count=1)) for seed in (0, 5))
    assert (one - other).abs().mean() > 1e-3
