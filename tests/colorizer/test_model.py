"""What colours a sketch, what tags and exact colours change, and what is left as it was."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from methods import COLORIZER, METHODS, drawing, painting, sketch, with_random_weights
from PIL import Image, ImageChops
from torch import Tensor

from artmodels import ConfigError, PictureError, TagColorizer, images
from artmodels.colorizer.colours import to_lab
from artmodels.colorizer.networks import ratio

SIDE = COLORIZER.size


@pytest.fixture(scope="module")
def colorizer() -> TagColorizer:
    return next(method.model() for method in METHODS if method.model_class is TagColorizer)


@pytest.fixture
def page() -> Image.Image:
    """Of the networks' own size, so that nothing is resized."""
    return sketch(SIDE, SIDE)


def new_colorizer(**changes: Any) -> TagColorizer:
    return with_random_weights(TagColorizer(replace(COLORIZER, **changes)), gain=2**0.5).eval()


def tensors(*pictures: Image.Image, channels: int = 3) -> Tensor:
    return torch.stack([images.to_tensor(picture, channels) for picture in pictures])


def values(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture.convert("RGB")).astype(int)


# Tensors.


@torch.inference_mode()
@pytest.mark.parametrize("receiving", ["attention", "add"])
def test_shifted_features_are_the_papers_formula(receiving: Any) -> None:
    colorizer = new_colorizer(receiving=receiving).double()
    features = colorizer.encode(tensors(painting(1), painting(2))[..., :32, :64].double())
    features[:, 1] = 0  # a dead channel
    anchor, target = colorizer.tag_probabilities(features), torch.rand(2, 9, dtype=torch.float64)
    step = (colorizer.mapping(target) - colorizer.mapping(anchor))[:, :, None, None]
    if receiving == "attention":
        weight, bias = colorizer.place_weights.weight, colorizer.place_weights.bias
        step = step * (torch.einsum("dc,bchw->bdhw", weight, ratio(features)) + bias[:, None, None])
    torch.testing.assert_close(colorizer.shifted(features, target), features + step)
    torch.testing.assert_close(colorizer.shifted(features, target, anchor=anchor), features + step)


@torch.inference_mode()
def test_tags_that_are_as_they_were_read_change_nothing(colorizer: TagColorizer) -> None:
    features = colorizer.encode(tensors(painting(1)))
    assert torch.equal(colorizer.shifted(features, colorizer.tag_probabilities(features)), features)


def test_place_weights_start_as_the_ratio_itself() -> None:
    features = torch.rand(1, COLORIZER.feature_channels, 2, 3)
    torch.testing.assert_close(TagColorizer(COLORIZER).place_ratios(features), ratio(features))


@torch.inference_mode()
def test_forward_is_its_steps(colorizer: TagColorizer) -> None:
    pages, references = tensors(sketch(32, 32), channels=1), tensors(painting(1))
    features, tags = colorizer.encode(references), torch.rand(1, 9)
    torch.testing.assert_close(colorizer(pages, references), colorizer.render(pages, features))
    shifted = colorizer.shifted(features, tags)
    torch.testing.assert_close(colorizer(pages, references, tags), colorizer.render(pages, shifted))


def test_without_a_mapping_references_work_and_tags_are_refused() -> None:
    colorizer = new_colorizer(mapped=False)
    assert not any(name.startswith(("mapping", "place_weights")) for name in colorizer.state_dict())
    assert colorizer.colorize(sketch(40, 30), reference=painting(1), seed=3).recipe["tags_set"] == {}
    with pytest.raises(ConfigError, match="not trained for tags"):
        colorizer.colorize(sketch(40, 30), tags={"red_hair": 1})
    with pytest.raises(ConfigError, match="no tag mapping"):
        colorizer.shifted(torch.zeros(1, 16, 1, 1), torch.zeros(1, 9))


# Colouring.


@torch.inference_mode()
def test_a_sketch_takes_the_colours_of_the_reference(colorizer: TagColorizer, page: Image.Image) -> None:
    reference = drawing(SIDE, SIDE, 3)
    rendered = colorizer(tensors(page, channels=1), tensors(reference))[0]
    found = colorizer.colorize(page, reference=reference, keep_lines=False).image
    assert found.tobytes() == images.to_picture(rendered).tobytes()


@torch.inference_mode()
def test_without_a_reference_the_neutral_features_stand_for_one(page: Image.Image) -> None:
    colorizer = new_colorizer()
    colorizer.neutral.copy_(torch.linspace(0, 2, colorizer.neutral.numel()).view_as(colorizer.neutral))
    rendered = colorizer.render(tensors(page, channels=1), colorizer.neutral[None])[0]
    assert colorizer.colorize(page, keep_lines=False).image.tobytes() == images.to_picture(rendered).tobytes()


@torch.inference_mode()
def test_tags_clear_their_group_and_are_set(colorizer: TagColorizer, page: Image.Image) -> None:
    reference = drawing(SIDE, SIDE, 3)
    probabilities = colorizer.tag_probabilities(colorizer.encode(tensors(reference)))
    probabilities[:, :3] = torch.tensor([0, 2.5, 0])
    rendered = colorizer(tensors(page, channels=1), tensors(reference), probabilities)[0]
    result = colorizer.colorize(page, reference=reference, tags={"blue_hair": 2.5}, keep_lines=False)
    assert result.image.tobytes() == images.to_picture(rendered).tobytes()
    assert result.recipe["tags_set"] == {"blue_hair": 2.5}


def test_stronger_tags_change_more(colorizer: TagColorizer, page: Image.Image) -> None:
    base, *others = (
        values(colorizer.colorize(page, reference=painting(1), tags={"glasses": strength}).image)
        for strength in (0, 0.2, 1, 5)
    )
    changes = [np.abs(other - base).mean() for other in others]
    assert changes == sorted(changes)
    assert changes[0] > 0


@pytest.mark.parametrize("size", [(300, 200), (32, 32)], ids=str)
def test_lines_are_the_sketchs_own_pixel_for_pixel(colorizer: TagColorizer, size: tuple[int, int]) -> None:
    page = sketch(*size)
    result = colorizer.colorize(page, reference=painting(1))
    assert result.layers["lines"].convert("RGB").tobytes() == page.tobytes()
    colour = result.layers["colour"].convert("RGB")
    assert result.image.tobytes() == ImageChops.multiply(colour, page).tobytes()
    assert (list(result.layers), result.line_layers, result.hidden_layers) == (["colour", "lines"], ("lines",), ())


def test_without_lines_the_layer_is_kept_and_hidden(colorizer: TagColorizer, page: Image.Image) -> None:
    result = colorizer.colorize(page, reference=painting(1), keep_lines=False)
    assert result.hidden_layers == ("lines",)
    assert result.image.tobytes() == result.layers["colour"].convert("RGB").tobytes()


def test_a_veil_lies_where_tags_changed_the_picture(colorizer: TagColorizer, page: Image.Image) -> None:
    plain = colorizer.colorize(page, reference=painting(1), keep_lines=False)
    tagged = colorizer.colorize(page, reference=painting(1), tags={"red_hair": 3}, keep_lines=False)
    assert "change" not in plain.layers
    assert "change" in tagged.hidden_layers
    labs = [to_lab(tensors(result.image)) for result in (tagged, plain)]
    opacity = torch.tensor(np.asarray(tagged.layers["change"].getchannel("A")) / 255)
    expected = ((labs[0] - labs[1]).norm(dim=1)[0] / 50).clamp(max=1).double()
    # Looser than 1 of 255: the distance is measured here on rounded pictures.
    torch.testing.assert_close(opacity, expected, rtol=0, atol=0.03)
    assert opacity.max() > 0.2


def test_a_large_page_is_coloured_at_its_own_size_by_a_small_picture(colorizer: TagColorizer) -> None:
    page = sketch(4000, 2600)
    opened = colorizer.open(page)
    assert opened.sketch.numel() <= 2 * (SIDE + 8) ** 2
    assert colorizer.colorize(opened, reference=painting(1)).image.size == (4000, 2600)


def test_a_seed_draws_tags_where_there_is_no_reference(colorizer: TagColorizer, page: Image.Image) -> None:
    assert colorizer.colorize(page).recipe["tags_set"] == {}
    drawn = colorizer.colorize(page, tags={"red_hair": 2}, seed=5).recipe["tags_set"]
    assert drawn["red_hair"] == 2
    assert len(drawn) == 2
    same = colorizer.colorize(page, tags=drawn)
    assert same.image.tobytes() == colorizer.colorize(page, tags={"red_hair": 2}, seed=5).image.tobytes()
    first, second = (colorizer.colorize(page, reference=painting(1), seed=seed) for seed in (1, 2))
    assert first.image.tobytes() == second.image.tobytes()


# Exact colours.


def test_a_pinned_colour_is_the_median_of_the_region_that_its_tags_change(
    colorizer: TagColorizer, page: Image.Image
) -> None:
    options: dict[str, Any] = {"reference": painting(1), "keep_lines": False}
    tagged = values(colorizer.colorize(page, tags={"red_hair": 1}, **options).image)
    pinned = colorizer.colorize(page, colours={"hair": "#a84038"}, **options)
    assert pinned.recipe["tags_set"] == {"red_hair": 1}
    assert pinned.recipe["warnings"] == []
    moved = np.abs(values(pinned.image) - tagged).sum(axis=2) > 0
    other = values(colorizer.colorize(page, tags={"blue_hair": 1}, **options).image)
    assert not moved[np.abs(other - tagged).max(axis=2) <= 1].any()
    region = values(pinned.image)[moved]
    # Looser than 1: the median of Lab is not that of RGB, and the region's soft edge counts here.
    np.testing.assert_allclose(np.median(region, axis=0), (0xA8, 0x40, 0x38), atol=24)


def test_a_region_that_is_not_there_is_told() -> None:
    colorizer = new_colorizer()
    with torch.no_grad():
        colorizer.mapping.fuse.weight.zero_()
    result = colorizer.colorize(sketch(40, 30), reference=painting(1), colours={"hair": "#a84038"})
    assert result.recipe["warnings"] == ["no region of hair was found: its pinned colour shows nowhere"]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"colours": {"hat": "#ff0000"}}, "no tag group is called 'hat'"),
        ({"colours": {"backdrop": "#ff0000"}}, "'backdrop' stand for no colours"),
        ({"colours": {"hair": "red"}}, 'colour of hair must be "#rrggbb"'),
        ({"colours": "hair"}, "mapping from tag group"),
        ({"colours": {"hair": "#ff0000"}, "tags": {"red_hair": 1}}, "pinned and the tag 'red_hair' set"),
        ({"tags": {"red_hare": 1}}, "did you mean 'red_hair'"),
        ({"tags": {"red_hair": 9}}, "from 0 to 5, not 9"),
        ({"seed": -1}, "seed"),
    ],
    ids=str,
)
def test_a_wish_that_cannot_be_meant_is_refused(
    colorizer: TagColorizer, options: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ConfigError, match=sentence):
        colorizer.colorize(sketch(20, 20), **options)


# Reading, opening, grids.


def test_tags_are_read_in_order_from_a_threshold_on(colorizer: TagColorizer) -> None:
    with torch.inference_mode():
        features = colorizer.encode(tensors(drawing(SIDE, SIDE, 3)))
        expected = dict(zip(COLORIZER.tags, colorizer.tag_probabilities(features)[0].tolist(), strict=True))
    assert colorizer.read_tags(drawing(SIDE, SIDE, 3), threshold=0) == pytest.approx(expected)
    some = colorizer.read_tags(drawing(SIDE, SIDE, 3))
    assert list(some) == [tag for tag, probability in expected.items() if probability >= 0.5]


def test_a_palette_is_of_the_reference_and_as_long_as_asked(colorizer: TagColorizer) -> None:
    palette = colorizer.palette(painting(1), count=3)
    assert len(palette) == 3
    assert sum(palette.values()) <= 1
    with pytest.raises(ConfigError, match=r"count.*0"):
        colorizer.palette(painting(1), count=0)


def test_an_opened_sketch_gives_the_same_picture(colorizer: TagColorizer) -> None:
    page = sketch(60, 45)
    opened = colorizer.open(page)
    first, second = (colorizer.colorize(each, reference=painting(1), tags={"rays": 1}) for each in (opened, page))
    assert first.image.tobytes() == second.image.tobytes()
    assert first.recipe == second.recipe


def test_a_sketch_that_was_opened_for_another_size_is_refused(colorizer: TagColorizer) -> None:
    opened = new_colorizer(size=64).open(sketch(60, 45))
    with pytest.raises(ConfigError, match="opened for pictures of 64 pixels"):
        colorizer.colorize(opened)


def test_a_grid_is_rows_of_colourings(colorizer: TagColorizer) -> None:
    page = sketch(60, 45)
    rows = colorizer.grid(page, {"red_hair": [0, 1]}, {"blue_hair": [0, 0.5, 2]}, tags={"glasses": 1}, seed=0)
    assert [len(row) for row in rows] == [2, 2, 2]
    expected = colorizer.colorize(page, tags={"glasses": 1, "red_hair": 1, "blue_hair": 2})
    assert rows[2][1].image.tobytes() == expected.image.tobytes()
    assert rows[2][1].recipe == expected.recipe


@pytest.mark.parametrize(
    ("across", "down"),
    [
        ({"red_hair": [0, 1]}, {"red_hair": [0, 1]}),
        ({"red_hair": [0, 1]}, {"glasses": [0, 1]}),
        ({"red_hair": [0], "rays": [1]}, {"blue_hair": [0]}),
        ("red_hair", {"blue_hair": [0]}),
    ],
    ids=str,
)
def test_a_grid_that_cannot_be_meant_is_refused(colorizer: TagColorizer, across: Any, down: Any) -> None:
    with pytest.raises(ConfigError, match="grid"):
        colorizer.grid(sketch(20, 20), across, down, tags={"glasses": 1})


# Mistakes.


def test_a_photo_is_refused_and_can_be_taken_as_it_is(colorizer: TagColorizer) -> None:
    with pytest.raises(PictureError, match="photo or a painting"):
        colorizer.colorize(drawing(60, 50))
    result = colorizer.colorize(drawing(60, 50), clean=False)
    assert result.layers["lines"].convert("RGB").tobytes() == drawing(60, 50).tobytes()


def test_cleaning_is_told_and_replayed(colorizer: TagColorizer) -> None:
    scan = sketch(60, 50).point(lambda value: 20 + value * 180 // 255)
    result = colorizer.colorize(scan)
    assert result.recipe["cleaning"] == ["paper tone removed"]
    assert result.layers["lines"].convert("L").getextrema() == (0, 255)
    assert colorizer.replay(result.recipe, scan).image.tobytes() == result.image.tobytes()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"reference": "no picture"}, "options cannot be read"),
        ({"reference": 3}, "options cannot be read"),
        ({"tags": {"red_hare": 1}}, "red_hare"),
        ({"colours": None, "tags": []}, "tags is a mapping"),
        ({"keep_lines": "yes"}, "keep_lines must be true or false"),
        ({"clean": 1}, "clean must be true or false"),
        ({"seed": 1.5}, "seed"),
    ],
    ids=str,
)
def test_a_recipe_that_cannot_be_followed_is_refused(
    colorizer: TagColorizer, changes: dict[str, Any], sentence: str
) -> None:
    recipe = colorizer.colorize(sketch(30, 20), reference=painting(1)).recipe
    with pytest.raises(ConfigError, match=sentence) as caught:
        colorizer.replay(recipe | {"options": recipe["options"] | changes}, sketch(30, 20))
    assert "\n" not in str(caught.value)


def test_a_recipe_with_missing_options_is_refused(colorizer: TagColorizer) -> None:
    recipe = colorizer.colorize(sketch(30, 20)).recipe
    for name in recipe["options"]:
        options = {key: value for key, value in recipe["options"].items() if key != name}
        with pytest.raises(ConfigError, match=name):
            colorizer.replay(recipe | {"options": options}, sketch(30, 20))
