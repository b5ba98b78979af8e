from dataclasses import replace

import pytest
import torch
from methods import drawing
from portrait_pictures import difference

from artmodels import ConfigError
from artmodels.portrait.faces import Face
from artmodels.portrait.motion import animate

EYES = ((30.0, 40.0), (50.0, 42.0))


@pytest.fixture
def seen(monkeypatch) -> list[bool]:
    """Whether the detector sees a face in the next frames, the last entry for all after it."""
    answers = [True]
    face = Face((10, 10, 70, 90), 0.99, *EYES, (40, 52), (32, 62), (48, 63))
    monkeypatch.setattr(
        "artmodels.portrait.model.find_faces",
        lambda picture: [face] if (answers.pop(0) if len(answers) > 1 else answers[0]) else [],
    )
    return answers


@pytest.fixture
def still(stylizer):
    return stylizer.open(drawing(80, 90, 7), eyes=EYES)


def portraits(stylizer, still, frames, style, **wishes):
    return [result and result.image for result in animate(stylizer, still, frames, style=style, **wishes)]


def test_a_face_that_stays_still_leaves_the_portrait_as_it_is(stylizer, style, still, seen):
    expected = stylizer.stylize(still, style=style).image
    for image in portraits(stylizer, still, [drawing(80, 90)] * 3, style):
        assert image.tobytes() == expected.tobytes()


def test_a_face_that_moves_moves_the_portrait_the_more_the_stronger(stylizer, style, still, seen):
    frames = [drawing(80, 90), drawing(80, 90, 1)]
    moved = {strength: portraits(stylizer, still, frames, style, strength=strength) for strength in (0, 0.1, 1)}
    assert moved[0][1].tobytes() == moved[0][0].tobytes()
    assert difference(*moved[1]) > 2
    assert 0 < difference(*moved[0.1]) < difference(*moved[1])


def test_codes_of_pose_and_shape_follow_and_those_of_the_look_stay(stylizer, style, still, seen, monkeypatch):
    frames, shown = [drawing(80, 90), drawing(80, 90, 1)], []
    stylize = type(stylizer).stylize
    monkeypatch.setattr(
        type(stylizer), "stylize", lambda self, photo, **wishes: shown.append(photo) or stylize(self, photo, **wishes)
    )
    list(animate(stylizer, still, frames, style=style))
    change = shown[1].codes - still.codes
    expected = 0.6 * (stylizer.open(frames[1]).codes - stylizer.open(frames[0]).codes)
    torch.testing.assert_close(change[:, :6], expected[:, :6])
    assert not change[:, 6:].any()


def test_frames_before_a_face_was_seen_give_none_and_later_ones_go_on(stylizer, style, still, seen):
    seen[:] = [False, True, False]
    images = portraits(stylizer, still, [drawing(80, 90)] * 3, style)
    assert images[0] is None
    assert images[1].tobytes() == images[2].tobytes()


def test_a_moved_portrait_says_that_it_cannot_be_replayed(stylizer, style, still, seen):
    photo = still.photo
    (result,) = animate(stylizer, still, [drawing(80, 90)], style=style, likeness=0.6)
    assert result is not None
    with pytest.raises(ConfigError, match="'animate'"):
        stylizer.replay(result.recipe, photo, style=style)


def test_a_still_keeps_its_own_codes(stylizer, style, still, seen):
    before = replace(still, codes=still.codes.clone())
    portraits(stylizer, still, [drawing(80, 90), drawing(80, 90, 1)], style)
    assert torch.equal(before.codes, still.codes)


@pytest.mark.parametrize("strength", [-1, 4, "strong", True])
def test_a_strength_that_cannot_be_meant_is_refused(stylizer, style, still, strength):
    with pytest.raises(ConfigError, match="strength"):
        next(animate(stylizer, still, [drawing(80, 90)], style=style, strength=strength))
