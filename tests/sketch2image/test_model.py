"""Exemplars mix as asked, the seed is texture alone, lines stay, and every picture can be made again."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from methods import SKETCHER, SKETCHER_FOLDER, SYNTHESIZER, drawing, painting, sketch, with_random_weights
from PIL import Image, ImageChops

from artmodels import ConfigError, PictureError, Sketcher, SketchToImage, Xdog
from artmodels.sketch2image.framing import fit_exemplar, fit_sketch
from artmodels.sketch2image.wishes import checked_weights, stitched


def new_model(**changes: Any) -> SketchToImage:
    return with_random_weights(SketchToImage(replace(SYNTHESIZER, **changes)), gain=2).eval()


@pytest.fixture(scope="module")
def model() -> SketchToImage:
    return new_model()


def difference(one: Image.Image, other: Image.Image) -> float:
    """The mean, in bytes."""
    return float(np.asarray(ImageChops.difference(one, other)).mean())


# Exemplars.


def test_equal_exemplars_are_as_one(model: SketchToImage) -> None:
    page, red = sketch(60, 40), painting(1)
    one = model.synthesize(page, red)
    assert difference(model.synthesize(page, [red]).image, one.image) == 0
    assert difference(model.synthesize(page, [red, red, red], weights=[1, 5, 2]).image, one.image) < 0.1


def test_an_exemplar_without_weight_does_not_count(model: SketchToImage) -> None:
    page, red, blue = sketch(60, 40), painting(1), painting(2)
    for mixing in ("style", "stitch"):
        mixed = model.synthesize(page, [red, blue], weights=[1, 0], mixing=mixing)  # type: ignore[arg-type]
        assert difference(mixed.image, model.synthesize(page, red).image) < 0.1


def test_weights_lead_from_one_style_to_another(model: SketchToImage) -> None:
    page, exemplars = sketch(60, 40), [painting(1), painting(2)]
    steps = [model.synthesize(page, exemplars, weights=[1 - w, w], refine=False).image for w in (0, 0.5, 1)]
    whole = difference(steps[0], steps[2])
    assert 0 < difference(steps[0], steps[1]) < whole
    assert 0 < difference(steps[1], steps[2]) < whole


def test_weights_are_shares(model: SketchToImage) -> None:
    assert checked_weights([2, 6], 2) == (0.25, 0.75)
    assert checked_weights(None, 4) == (0.25,) * 4
    assert checked_weights(checked_weights([1, 1, 1], 3), 3) == checked_weights([1, 1, 1], 3)


@pytest.mark.parametrize(
    ("weights", "areas"), [((0.5, 0.5), (0.5, 0.5)), ((0.25, 0.75), (0.25, 0.75)), ((0.25,) * 4, (0.25,) * 4),
                           ((0.5, 0.25, 0.25), (0.5, 0.25, 0.25)), ((0.4, 0.0, 0.6), (0.4, 0, 0.6))]
)  # fmt: skip
def test_stitched_exemplars_have_areas_of_their_weights(weights: tuple[float, ...], areas: tuple[float, ...]) -> None:
    greys = [40 * (number + 1) for number in range(len(weights))]
    page = np.asarray(stitched([Image.new("RGB", (64, 64), (g, g, g)) for g in greys], weights, 64))[..., 0]
    assert [(page == grey).mean() for grey in greys] == pytest.approx(areas, abs=0.02)


def test_four_stitched_exemplars_lie_two_by_two_undistorted() -> None:
    pictures = [drawing(64, 64, seed) for seed in range(4)]
    page = stitched(pictures, (0.25,) * 4, 64)
    corners = [(0, 0), (0, 32), (32, 0), (32, 32)]  # the first half of the list left, the second right
    for picture, (left, top) in zip(pictures, corners, strict=True):
        place = page.crop((left, top, left + 32, top + 32))
        assert difference(place, picture.resize((32, 32), Image.Resampling.BICUBIC)) == 0
    strip = stitched(pictures[:2], (0.5, 0.5), 64).crop((0, 0, 32, 64))
    assert difference(strip, pictures[0].crop((16, 0, 48, 64))) == 0


# The parts of a result.


def test_layers_are_coarse_refined_and_lines(model: SketchToImage) -> None:
    page = sketch(60, 40)
    result = model.synthesize(page, painting(1))
    assert list(result.layers) == ["coarse", "refined", "lines"]
    assert result.hidden_layers == ("lines",)
    assert result.image.tobytes() == result.layers["refined"].convert("RGB").tobytes()
    coarse = model.synthesize(page, painting(1), refine=False)
    assert list(coarse.layers) == ["coarse", "lines"]
    assert coarse.image.tobytes() == result.layers["coarse"].convert("RGB").tobytes()


def test_kept_lines_are_the_sketchs_own(model: SketchToImage) -> None:
    page = sketch(300, 200)
    result = model.synthesize(page, painting(1), keep_lines=True)
    assert result.layers["lines"].convert("RGB").tobytes() == page.tobytes()
    colour = result.layers["refined"].convert("RGB")
    assert difference(result.image, ImageChops.multiply(colour, page)) == 0
    assert result.hidden_layers == ()


def test_the_seed_is_texture_alone(model: SketchToImage) -> None:
    page, red = sketch(60, 40), painting(1)
    one, other = (model.synthesize(page, red, seed=seed) for seed in (0, 1))
    assert difference(one.image, other.image) > 1
    assert one.layers["coarse"].tobytes() == other.layers["coarse"].tobytes()


def test_a_model_without_refiner_gives_coarse_pictures_and_says_so() -> None:
    bare = new_model(refiner="none")
    result = bare.synthesize(sketch(60, 40), painting(1))
    assert list(result.layers) == ["coarse", "lines"]
    assert result.recipe["options"]["refine"] is False
    with pytest.raises(ConfigError, match="this model has no refiner"):
        bare.synthesize(sketch(60, 40), painting(1), refine=True)
    with pytest.raises(ConfigError, match="has no refiner"):
        bare.refine(torch.zeros(1, 3, 64, 64), bare.encode_style(torch.zeros(1, 3, 64, 64)))


def test_a_refiner_of_twice_the_size_is_brought_to_the_sketchs() -> None:
    large = new_model(refiner="face", refiner_enlargement=2, width=4)
    result = large.synthesize(sketch(100, 60), painting(1), keep_lines=True)
    assert result.image.size == (100, 60)


def test_a_wide_sketch_lies_in_its_square_with_its_edges_repeated() -> None:
    square, frame = fit_sketch(sketch(80, 40), 64)
    assert square.shape == (1, 1, 64, 64)
    assert (frame.top, frame.inner_height) == (16, 32)
    torch.testing.assert_close(square[:, :, :16], square[:, :, 16:17].expand(-1, -1, 16, -1))


# Many sketches and exemplars, and pictures through lines.


def test_a_matrix_holds_what_each_pair_gives_alone(model: SketchToImage) -> None:
    pages, exemplars = [sketch(60, 40), sketch(30, 50, 1)], [painting(number) for number in range(3)]
    rows = model.matrix(pages, exemplars, seed=4, keep_lines=True)
    assert [len(row) for row in rows] == [3, 3]
    for page, row in zip(pages, rows, strict=True):
        for exemplar, result in zip(exemplars, row, strict=True):
            expected = model.synthesize(page, exemplar, seed=4, keep_lines=True)
            assert result.image.tobytes() == expected.image.tobytes()
            assert result.recipe == expected.recipe


@pytest.mark.parametrize(
    "drawer", [Sketcher.from_pretrained(SKETCHER_FOLDER.name), Xdog()], ids=lambda d: type(d).__name__
)
def test_a_transfer_makes_a_picture_of_the_lines_that_are_drawn(model: SketchToImage, drawer: Any) -> None:
    photo = drawing(60, 40)
    result = model.transfer(photo, painting(1), sketcher=drawer, hand=drawer.hands[1], seed=3)
    lines = drawer.draw(photo, hand=drawer.hands[1], darkness=1).image
    assert result.layers["lines"].convert("RGB").tobytes() == lines.tobytes()
    expected = model.synthesize(lines, painting(1), seed=3, clean=False)
    assert result.image.tobytes() == expected.image.tobytes()


def test_a_transfer_by_an_unsaved_sketcher_replays_with_it_alone(model: SketchToImage) -> None:
    drawer = with_random_weights(Sketcher(SKETCHER), gain=2).eval()
    result = model.transfer(drawing(60, 40), painting(1), sketcher=drawer)
    with pytest.raises(ConfigError, match="had not been saved: give it with sketcher="):
        model.replay(result.recipe, drawing(60, 40))
    again = model.replay(result.recipe, drawing(60, 40), sketcher=drawer)
    assert again.image.tobytes() == result.image.tobytes()


def test_a_style_vector_is_that_of_the_networks(model: SketchToImage) -> None:
    vector = model.style_vector(painting(1))
    assert vector.shape == (8 * SYNTHESIZER.width,)
    assert torch.equal(vector, model.style_vector(painting(1)))
    assert not torch.equal(vector, model.style_vector(painting(2)))


# Mistakes.


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"weights": [1, 2]}, "weights must hold one number for each of the exemplars, 1 in all, not [1, 2]"),
        ({"weights": 1}, "not 1"),
        ({"weights": [-1]}, "weights must be numbers from 0, one of them above, not [-1]"),
        ({"weights": [0]}, "not [0]"),
        ({"weights": ["much"]}, "not ['much']"),
        ({"mixing": "blend"}, "mixing must be one of style, stitch, not 'blend'"),
        ({"seed": -1}, "not -1"),
        ({"seed": 1.5}, "not 1.5"),
    ],
    ids=str,
)
def test_a_wish_that_cannot_be_meant_is_one_sentence(
    model: SketchToImage, options: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        model.synthesize(sketch(60, 40), painting(1), **options)
    assert sentence in str(caught.value)


@pytest.mark.parametrize("exemplar", [[], None, 3, [None], "missing.png"])
def test_an_exemplar_that_is_no_picture_is_refused(model: SketchToImage, exemplar: Any) -> None:
    with pytest.raises(PictureError):
        model.synthesize(sketch(60, 40), exemplar)


def test_a_photo_is_no_sketch(model: SketchToImage) -> None:
    with pytest.raises(PictureError, match="photo"):
        model.synthesize(drawing(60, 40), painting(1))


def test_a_thing_that_draws_nothing_is_no_sketcher(model: SketchToImage) -> None:
    with pytest.raises(ConfigError, match="sketcher must be a Sketcher, an Xdog or a name, not 3"):
        model.transfer(drawing(60, 40), painting(1), sketcher=3)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "options",
    [{"exemplars": ["?"]}, {"exemplars": []}, {"weights": None, "exemplars": 3}, {"refine": 1}, {"mixing": None}],
    ids=str,
)
def test_a_damaged_recipe_is_one_sentence(model: SketchToImage, options: dict[str, Any]) -> None:
    recipe = model.synthesize(sketch(60, 40), painting(1)).recipe
    with pytest.raises(ConfigError) as caught:
        model.replay(recipe | {"options": recipe["options"] | options}, sketch(60, 40))
    assert "\n" not in str(caught.value)


def test_an_exemplar_in_a_recipe_is_the_one_that_was_seen(model: SketchToImage) -> None:
    red = painting(1)
    assert fit_exemplar(fit_exemplar(red, 64), 64).tobytes() == fit_exemplar(red, 64).tobytes()
