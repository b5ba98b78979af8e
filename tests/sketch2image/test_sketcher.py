"""A sketcher draws any picture at its size, each place by itself, in the hand that was asked for."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from methods import SKETCHER, SKETCHER_FOLDER, drawing, smooth_batch, with_random_weights
from torch import Tensor
from torch.nn import functional

from artmodels import ConfigError, Sketcher, SketcherConfig, Xdog, load_sketcher
from artmodels.perceptual import StarterFeatures
from artmodels.sketch2image.sketcher_networks import ChannelNorm, SketchGenerator, VGGLevels


@pytest.fixture(scope="module")
def sketcher() -> Sketcher:
    return Sketcher.from_pretrained(SKETCHER_FOLDER.name)


def pictures(count: int = 2, size: int = 40) -> Tensor:
    return smooth_batch(channels=3, size=size)(count)[0]


# Networks.


def test_the_papers_generator_has_its_parameters() -> None:
    with torch.device("meta"):
        sketcher = Sketcher(SketcherConfig(("pen",)))
    assert sum(weight.numel() for weight in sketcher.generators.parameters()) / 1e6 == pytest.approx(4.73, abs=0.01)


def test_vgg_levels_are_torchvisions_poolings() -> None:
    from torchvision.models import vgg16

    torch.manual_seed(0)
    theirs = vgg16(weights=None).eval()
    ours = VGGLevels()
    ours.features.load_state_dict({k: v for k, v in theirs.features.state_dict().items() if int(k.split(".")[0]) < 24})
    x = pictures(1, 32)
    y, expected = ((x + 1) / 2 - ours.mean) / ours.std, []
    for number, layer in enumerate(theirs.features[:24]):
        y = layer(y)
        if number in (4, 9, 16, 23):
            expected.append(y)
    torch.testing.assert_close(ours(x), expected, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(ours(x, count=2), expected[:2], rtol=1e-4, atol=1e-5)


def test_a_vgg_sketcher_draws() -> None:
    sketcher = Sketcher(SketcherConfig(("pen",), widths=(8, 6, 4))).eval()
    with torch.inference_mode():
        assert sketcher.lines(pictures(1, 44)).shape == (1, 1, 44, 44)


def test_a_generator_is_its_formula() -> None:
    generator = with_random_weights(SketchGenerator(5, (3, 0, 2), (6, 4, 3)))
    random = torch.Generator().manual_seed(0)
    x, quarter, whole = (torch.randn(2, c, s, s, generator=random) for c, s in ((5, 4), (3, 8), (2, 32)))
    found = generator(x, (quarter, None, whole))
    for up, channel_norm, skip in zip(generator.up, generator.norm, (quarter, None, whole), strict=True):
        large = functional.pad(functional.interpolate(x, scale_factor=2), (1, 1, 1, 1), mode="reflect")
        x = functional.conv2d(large, up.weight, up.bias)  # type: ignore[arg-type]
        deviation, mean = torch.std_mean(x, 1, keepdim=True, correction=0)
        x = (x - mean) / (deviation**2 + 1e-5).sqrt() * channel_norm.gain[:, None, None]  # type: ignore[index]
        x = functional.leaky_relu(x + channel_norm.bias[:, None, None], 0.01)  # type: ignore[index]
        x = x if skip is None else torch.cat((x, skip), 1)
    padded = functional.pad(x, (1, 1, 1, 1), mode="reflect")
    expected = torch.tanh(functional.conv2d(padded, generator.lines.weight, generator.lines.bias))
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


def test_an_even_place_does_not_become_endless() -> None:
    assert ChannelNorm(4)(torch.zeros(1, 4, 2, 2)).abs().max() == 0


def test_features_are_those_of_the_published_starter() -> None:
    sketcher = Sketcher(SKETCHER)
    assert isinstance(sketcher.features, StarterFeatures)
    starter = with_random_weights(StarterFeatures(sketcher.features.config), seed=5)
    sketcher.features.load_state_dict(starter.state_dict())
    torch.testing.assert_close(sketcher.see(pictures()), starter(pictures()))


# Lines in tensors.


@torch.inference_mode()
def test_a_line_does_not_depend_on_what_is_drawn_elsewhere(sketcher: Sketcher) -> None:
    picture = pictures(1, 128)
    changed = picture.clone()
    changed[..., 96:] = -changed[..., 96:]
    one, other = sketcher.lines(picture), sketcher.lines(changed)
    assert not torch.equal(one, other)
    torch.testing.assert_close(one[..., :48], other[..., :48], rtol=1e-4, atol=1e-4)


@torch.inference_mode()
def test_a_tile_is_drawn_as_in_the_whole(sketcher: Sketcher) -> None:
    picture = pictures(1, 160)
    whole, tile = sketcher.lines(picture), sketcher.lines(picture[..., 8:136, 8:136])
    torch.testing.assert_close(tile[..., 48:80, 48:80], whole[..., 56:88, 56:88], rtol=1e-4, atol=1e-4)


@torch.inference_mode()
def test_the_border_of_a_picture_is_no_line(sketcher: Sketcher) -> None:
    white = sketcher.lines(torch.ones(1, 3, 96, 96))[0, 0]
    unlike = (white - white[48, 48]).abs()
    bare = sketcher.draw_features(sketcher.see(torch.ones(1, 3, 96, 96)), sketcher.hands[0])[0, 0]
    border = (bare - bare[48, 48]).abs()[0].mean()
    assert border > 0.01
    assert unlike[0].mean() < 0.5 * border


@pytest.mark.parametrize(("height", "width"), [(40, 40), (37, 61), (1, 9)])
@torch.inference_mode()
def test_lines_have_the_size_of_the_pictures(sketcher: Sketcher, height: int, width: int) -> None:
    assert sketcher.lines(torch.rand(2, 3, height, width)).shape == (2, 1, height, width)


@torch.inference_mode()
def test_binary_lines_are_darker_than_the_hands_threshold(sketcher: Sketcher) -> None:
    ramp = torch.linspace(-1, 1, 201).view(1, 1, 1, -1)
    for hand, darkness in zip(SKETCHER.hands, SKETCHER.darkness, strict=True):
        ink = (1 - ramp) / 2
        expected = torch.where(ink > (1 - SKETCHER.threshold) * darkness, -1.0, 1.0)
        assert (sketcher.binary(ramp, hand) != expected).sum() <= 1  # the level itself, to rounding


def test_the_papers_threshold_is_seven_tenths_of_white() -> None:
    sketcher = Sketcher(SketcherConfig(("pen",), features=SKETCHER.features, widths=(4, 4, 4)))
    assert sketcher.binary(torch.tensor([[[[0.39, 0.41]]]])).flatten().tolist() == [-1, 1]


def test_hands_are_the_configs_and_the_first_is_the_default(sketcher: Sketcher) -> None:
    assert sketcher.hands == SKETCHER.hands
    x = pictures()
    with torch.inference_mode():
        default, first, second = sketcher.lines(x), *(sketcher.lines(x, hand) for hand in sketcher.hands)
    assert torch.equal(default, first)
    assert (first - second).abs().mean() > 0.05


# Pictures.


def test_a_drawing_is_dark_on_white_with_its_picture_hidden(sketcher: Sketcher) -> None:
    result = sketcher.draw(drawing(70, 50), hand="pencil")
    assert list(result.layers) == ["picture", "lines"]
    assert (result.line_layers, result.hidden_layers) == (("lines",), ("picture",))
    assert result.layers["picture"].convert("RGB").tobytes() == drawing(70, 50).tobytes()
    values = np.asarray(result.image)
    assert (values == values[..., :1]).all()
    assert values.min() == round(255 * (1 - 0.8))


def test_controls_left_out_are_the_hands_own(sketcher: Sketcher) -> None:
    options = sketcher.draw(drawing(50, 40)).recipe["options"]
    assert options == {"hand": "ink", "thickness": 1.0, "darkness": 1.0, "detail": 1.0}
    given = sketcher.draw(drawing(50, 40), hand="ink", thickness=1, darkness=1, detail=1)
    assert given.recipe == sketcher.draw(drawing(50, 40)).recipe


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"hand": "quill"}, "has no hand 'quill'; it has ink, pencil"),
        ({"hand": 3}, "has no hand 3"),
        ({"thickness": 0.1}, "thickness must be a number from 0.25 to 4, not 0.1"),
        ({"darkness": 0}, "darkness must be a number from 0.05 to 1, not 0"),
        ({"detail": float("inf")}, "detail must be a number from 0.5 to 4, not inf"),
    ],
    ids=str,
)
def test_what_it_cannot_do_is_one_sentence(sketcher: Sketcher, options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        sketcher.draw(drawing(50, 40), **options)
    assert sentence in str(caught.value)


def test_a_recipe_without_its_options_is_refused(sketcher: Sketcher) -> None:
    recipe = sketcher.draw(drawing(50, 40)).recipe
    options = {key: value for key, value in recipe["options"].items() if key != "detail"}
    with pytest.raises(ConfigError, match="there is no detail"):
        sketcher.replay(recipe | {"options": options}, drawing(50, 40))


def test_sketchers_load_by_name() -> None:
    assert isinstance(load_sketcher("xdog"), Xdog)
    assert isinstance(load_sketcher(Path(SKETCHER_FOLDER.name)), Sketcher)
    with pytest.raises(ConfigError, match="has no revision 'main'"):
        load_sketcher("xdog", revision="main")


def test_a_sketcher_without_darkness_draws_in_black() -> None:
    black = Sketcher(replace(SKETCHER, darkness=()))
    assert [black.darkness_of(hand) for hand in black.hands] == [1.0, 1.0]
