from dataclasses import replace

import numpy as np
import pytest
import torch
from methods import STYLE, STYLIZER, drawing, with_first_weights
from PIL import Image
from portrait_pictures import astronaut, difference

from artmodels import ConfigError, PictureError, PortraitStyle, PortraitStylizer, images
from artmodels.portrait.alignment import cut
from artmodels.portrait.config import PortraitConfig
from artmodels.portrait.faces import Face
from artmodels.portrait.tracking import FaceTrack
from artmodels.portrait.typical import by_distance_to_others, most_typical_first

EYES = ((30.0, 40.0), (50.0, 42.0))


@pytest.fixture(scope="module")
def photo() -> Image.Image:
    return drawing(160, 120)


def faces_at(monkeypatch, *eyes) -> None:
    """Lets the detector see faces with these eyes, whatever is shown."""
    found = [
        Face((left[0] - 20, left[1] - 30, right[0] + 20, right[1] + 50), 0.99, left, right,
             (left[0] + 10, left[1] + 10), (left[0], left[1] + 20), (right[0], right[1] + 20))
        for left, right in eyes
    ]  # fmt: skip
    monkeypatch.setattr("artmodels.portrait.model.find_faces", lambda picture: found)


def test_only_the_square_of_the_face_is_changed_and_the_layers_say_how(stylizer, style, photo):
    result = stylizer.stylize(photo, style=style, eyes=EYES)
    assert list(result.layers) == ["photo", "portrait"]
    assert result.layers["photo"].convert("RGB").tobytes() == photo.tobytes()
    clear = np.asarray(result.layers["portrait"].getchannel("A")) == 0
    changed = np.abs(np.asarray(result.image).astype(int) - np.asarray(photo)).max(axis=2)
    assert clear.mean() > 0.4
    assert changed[clear].max() == 0
    assert changed[~clear].mean() > 5


def test_a_portrait_alone_has_the_styles_size_and_lies_over_the_aligned_photo(stylizer, style, photo):
    result = stylizer.stylize(photo, style=style, eyes=EYES, paste_back=False)
    opened = stylizer.open(photo, eyes=EYES)
    assert result.image.size == (32, 32)
    assert result.layers["photo"].convert("RGB").tobytes() == cut(photo, opened.square, 32).tobytes()
    with torch.inference_mode():
        expected = style(opened.codes, attribute=0)[0]
    assert result.image.tobytes() == images.to_picture(expected).tobytes()


def test_a_photo_is_opened_once_for_many_portraits(stylizer, style, photo):
    opened = stylizer.open(photo, eyes=EYES)
    for attribute in ("woman", "man"):
        expected = stylizer.stylize(photo, style=style, eyes=EYES, attribute=attribute)
        result = stylizer.stylize(opened, style=style, attribute=attribute)
        assert result.image.tobytes() == expected.image.tobytes()
        assert result.recipe == expected.recipe
    with pytest.raises(ConfigError, match="open already"):
        stylizer.stylize(opened, style=style, eyes=EYES)


def test_likeness_goes_from_the_mean_portrait_over_the_style_to_the_photo(stylizer, style, photo):
    opened = stylizer.open(photo, eyes=EYES)
    portraits = {
        likeness: stylizer.stylize(opened, style=style, likeness=likeness, paste_back=False).image
        for likeness in (0, 0.5, 0.75, 1)
    }
    with torch.inference_mode():
        again = images.to_picture(stylizer.decode(opened.codes)[0].clamp(-1, 1))
        mean_codes = stylizer.mapping.w_avg.expand_as(opened.codes)
        mean = images.to_picture(style(mean_codes, attribute=0)[0])
    assert difference(portraits[1], again) < 0.1
    assert difference(portraits[0], mean) < 0.1
    assert difference(portraits[0.75], portraits[1]) > 1
    assert difference(portraits[0.75], portraits[0.5]) > 1


def test_a_swap_of_all_blocks_is_the_style_and_of_the_fewest_nearly_the_photo(stylizer, style, photo):
    opened = stylizer.open(photo, eyes=EYES)
    whole = stylizer.stylize(opened, style=style, paste_back=False).image
    swapped = {
        last: stylizer.stylize(opened, style=style, swap=last, paste_back=False).image for last in (4, 8, 16, 32)
    }
    assert swapped[32].tobytes() == whole.tobytes()
    assert len({picture.tobytes() for picture in swapped.values()}) == 4


def test_samples_are_those_of_stylize_the_nearest_to_all_others_first(stylizer, style, photo):
    seeds = [3, 1, 4, 15]
    opened = stylizer.open(photo, eyes=EYES)
    results = stylizer.samples(opened, style=style, seeds=seeds)
    assert sorted(result.recipe["options"]["seed"] for result in results) == sorted(seeds)
    alone = [stylizer.stylize(opened, style=style, seed=seed, paste_back=False).image for seed in seeds]
    assert [result.recipe["options"]["seed"] for result in results] == [
        seeds[number] for number in most_typical_first(alone)
    ]
    for result in results:
        expected = stylizer.stylize(opened, style=style, seed=result.recipe["options"]["seed"])
        assert result.image.tobytes() == expected.image.tobytes()
        assert result.recipe == expected.recipe


def test_the_outlier_among_pictures_comes_last():
    pictures = torch.rand(1, 3, 32, 32).repeat(5, 1, 1, 1) + 0.05 * torch.randn(5, 3, 32, 32)
    pictures[2] = -pictures[2]
    assert by_distance_to_others(pictures)[-1] == 2


def test_a_move_is_steady_in_its_direction_and_turns_with_its_sign(stylizer, style, photo):
    opened = stylizer.open(photo, eyes=EYES)
    portraits = {
        amount: stylizer.stylize(opened, style=style, moves={"shape-1": amount}, paste_back=False).image
        for amount in (-2, 0, 0.5, 2)
    }
    still = stylizer.stylize(opened, style=style, paste_back=False).image
    assert portraits[0].tobytes() == still.tobytes()
    assert difference(portraits[0.5], still) < difference(portraits[2], still)
    assert difference(portraits[-2], portraits[2]) > 1


def test_a_move_of_three_goes_as_far_as_random_codes_lie_from_their_mean(stylizer, style, photo, monkeypatch):
    seen = []
    draw = type(style.synthesis).forward
    monkeypatch.setattr(
        type(style.synthesis), "forward", lambda self, ws, **more: (seen.append(ws), draw(self, ws, **more))[1]
    )
    opened = stylizer.open(photo, eyes=EYES)
    for moves in ({}, {"pose-1": 3}, {"pose-1": 3, "look-2": -1.5}):
        stylizer.stylize(opened, style=style, moves=moves, paste_back=False)
    still, pose, both = seen[-3:]
    latents = torch.randn(4000, stylizer.config.generator.latent_dim, generator=torch.Generator().manual_seed(1))
    far = (stylizer.mapping(latents) - stylizer.mapping.w_avg).square().sum(1).mean().sqrt()
    moved = (pose - still).norm(dim=2)[0]
    torch.testing.assert_close(moved[:2], far.expand(2), rtol=0.05, atol=0)
    assert float(moved[2:].abs().max()) < 1e-6
    torch.testing.assert_close((both - pose).norm(dim=2)[0, 6:], moved[0].expand(len(moved) - 6) / 2)


def test_the_largest_face_is_taken_or_the_one_of_that_number(stylizer, style, photo, monkeypatch):
    other = ((100.0, 60.0), (112.0, 60.0))
    faces_at(monkeypatch, EYES, other)
    places = [stylizer.open(photo, face=face).square for face in (0, 1)]
    assert places == [stylizer.open(photo, eyes=eyes).square for eyes in (EYES, other)]
    with pytest.raises(PictureError, match="2 faces were found in the photo, there is no face 2"):
        stylizer.stylize(photo, style=style, face=2)


def test_no_face_is_one_clear_sentence(stylizer, style, photo, monkeypatch):
    faces_at(monkeypatch)
    with pytest.raises(PictureError, match=r"no face was found.*eyes by hand"):
        stylizer.stylize(photo, style=style)


def test_a_real_face_is_found_and_changed(stylizer, style):
    pytest.importorskip("lz4")
    result = stylizer.stylize(astronaut(), style=style)
    assert result.layers["portrait"].getpixel((225, 120))[3] == 255
    assert result.layers["portrait"].getpixel((450, 400))[3] == 0


def test_frames_of_a_video_follow_one_face_and_outlast_a_frame_without_it(stylizer, style, photo, monkeypatch):
    track, other = FaceTrack(), ((100.0, 60.0), (112.0, 60.0))
    faces_at(monkeypatch, EYES, other)
    first = stylizer.open(photo, track=track).square
    near = tuple((x + 1, y) for x, y in EYES)
    faces_at(monkeypatch, other, near)
    second = stylizer.open(photo, track=track).square
    assert first.x < second.x < first.x + 1
    faces_at(monkeypatch)
    result = stylizer.stylize(photo, style=style, track=track)
    assert result.recipe["options"]["square"] == list(second)
    with pytest.raises(PictureError, match="no face"):
        stylizer.stylize(photo, style=style, track=FaceTrack())


@pytest.mark.parametrize(
    ("wish", "culprit"),
    [
        ({"attribute": "child"}, "woman, man"),
        ({"likeness": 1.5}, "likeness"),
        ({"likeness": True}, "likeness"),
        ({"swap": 12}, "swap"),
        ({"seed": -1}, "seed"),
        ({"moves": {"age-1": 1}}, "age-1"),
        ({"moves": {"pose-9": 1}}, "pose-9"),
        ({"moves": {"pose-1": 99}}, "pose-1"),
        ({"moves": "pose-1"}, "moves"),
        ({"style": 3}, "style"),
        ({"face": -1}, "face"),
        ({"eyes": None, "face": 0.5}, "face"),
    ],
)
def test_a_wish_that_cannot_be_meant_is_refused(stylizer, style, photo, wish, culprit):
    with pytest.raises(ConfigError, match=culprit):
        stylizer.stylize(photo, **{"style": style, "eyes": EYES, **wish})


def test_a_style_of_another_photo_model_is_refused(stylizer, photo):
    other = replace(STYLE, generator=replace(STYLE.generator, latent_dim=8))
    with pytest.raises(ConfigError, match="tuned from another"):
        stylizer.stylize(photo, style=PortraitStyle(other), eyes=EYES)


def test_a_style_of_another_published_model_is_refused(style, photo):
    mine = with_first_weights(PortraitStylizer(STYLIZER)).eval()
    mine.source, mine.revision = "someone/portraits", "a" * 40
    theirs = PortraitStyle(replace(STYLE, photo_model="other/portraits", photo_revision="b" * 40))
    with pytest.raises(ConfigError, match="was tuned from other/portraits"):
        mine.stylize(photo, style=theirs, eyes=EYES)


def test_without_an_encoder_photos_are_opened_by_optimisation(style, photo):
    bare = with_first_weights(PortraitStylizer(PortraitConfig(STYLIZER.generator, None, "eyes"))).eval()
    with pytest.raises(ConfigError, match="no encoder"):
        bare.stylize(photo, style=style, eyes=EYES)
    opened = bare.open(photo, eyes=EYES, inversion="w+", steps=2)
    assert bare.stylize(opened, style=style).image.size == photo.size
    with pytest.raises(ConfigError, match="certain"):
        bare.stylize(opened, style=style, seed=1)


@pytest.mark.parametrize(
    ("options", "culprit"), [({"inversion": "w"}, "inversion"), ({"steps": 0}, "steps"), ({"steps": 1.5}, "steps")]
)
def test_an_opening_that_cannot_be_meant_is_refused(stylizer, photo, options, culprit):
    with pytest.raises(ConfigError, match=culprit):
        stylizer.open(photo, eyes=EYES, **options)


def test_a_style_leads_to_its_photo_model(stylizer, tmp_path):
    folder = stylizer.save_pretrained(tmp_path / "photo")
    tuned = PortraitStyle(replace(STYLE, photo_model=str(folder))).save_pretrained(tmp_path / "style")
    for style in (tuned, PortraitStyle.from_pretrained(tuned)):
        found = PortraitStylizer.for_style(style)
        assert found.source == str(folder)
        assert torch.equal(found.mapping.fc0.weight, stylizer.mapping.fc0.weight)


def test_a_style_of_an_unsaved_model_does_not_lead_to_one(style):
    with pytest.raises(ConfigError, match="had not been saved"):
        PortraitStylizer.for_style(style)


def test_a_style_on_another_device_is_refused(stylizer, photo):
    with pytest.raises(ConfigError, match="on meta, and this model on cpu"):
        stylizer.stylize(photo, style=PortraitStyle(STYLE).to("meta"), eyes=EYES)


def test_a_recipe_of_an_unsaved_style_needs_it(stylizer, style, photo):
    result = stylizer.stylize(photo, style=style, eyes=EYES, likeness=0.8, moves={"pose-1": 1})
    with pytest.raises(ConfigError, match="style="):
        stylizer.replay(result.recipe, photo)
    assert stylizer.replay(result.recipe, photo, style=style).image.tobytes() == result.image.tobytes()


@pytest.mark.parametrize(
    "broken", [{"square": [1, 2]}, {"inversion": "x"}, {"steps": None}, {"style": "x"}, {"likeness": 7}, {"swap": "a"}]
)
def test_a_broken_recipe_is_refused_in_one_sentence(stylizer, style, photo, broken):
    recipe = stylizer.stylize(photo, style=style, eyes=EYES).recipe
    with pytest.raises(ConfigError) as caught:
        stylizer.replay(recipe | {"options": recipe["options"] | broken}, photo, style=style)
    assert "\n" not in str(caught.value)
