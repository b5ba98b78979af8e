"""The filter draws edges and nothing on even paper, at the picture's size, with the controls of a sketcher."""

from typing import Any

import numpy as np
import pytest
import torch
from methods import drawing, smooth_batch
from PIL import Image, ImageDraw
from torch.nn import functional

from artmodels import ConfigError, PictureError, Xdog
from artmodels.results import read_recipe
from artmodels.sketch2image.xdog import FILTERS, WIDER, blurred


def disc(side: int) -> Image.Image:
    page = Image.new("RGB", (side, side), (235, 225, 200))
    ImageDraw.Draw(page).ellipse([side * 0.25, side * 0.25, side * 0.75, side * 0.75], fill=(170, 60, 60))
    return page


def ink(**options: Any) -> np.ndarray:
    return 1 - np.asarray(Xdog().draw(disc(240), **options).image.convert("L")) / 255


def test_the_lines_are_those_of_the_formula() -> None:
    (pictures,) = smooth_batch(channels=3, size=40)(2)
    chosen = FILTERS["pen"]
    grey = ((pictures + 1) / 2 * torch.tensor([0.299, 0.587, 0.114])[:, None, None]).sum(1, keepdim=True)
    sigma = max(0.5, chosen.sigma * 40)
    difference = blurred(grey, sigma) - chosen.tau * blurred(grey, WIDER * sigma) - chosen.epsilon
    expected = torch.where(difference >= 0, 1, 1 + torch.tanh(chosen.phi * difference))
    torch.testing.assert_close((Xdog().lines(pictures, "pen") + 1) / 2, expected, rtol=1e-4, atol=1e-4)


def test_the_blur_is_a_gaussian_that_keeps_the_mean() -> None:
    point = torch.zeros(1, 1, 41, 41)
    point[..., 20, 20] = 1
    found = blurred(point, 2.0)
    assert found.sum().item() == pytest.approx(1, abs=1e-5)
    variance = (found[0, 0].sum(0) * (torch.arange(41) - 20) ** 2).sum().item()
    assert variance == pytest.approx(4, rel=0.04)  # cut off after three deviations
    torch.testing.assert_close(blurred(torch.full((1, 1, 9, 9), 0.3), 2.0), torch.full((1, 1, 9, 9), 0.3))


@pytest.mark.parametrize("hand", FILTERS)
@pytest.mark.parametrize("grey", [40, 128, 255])
def test_even_areas_are_paper(hand: str, grey: int) -> None:
    if hand == "ink" and grey == 40:
        return  # fills shadows
    drawn = Xdog().draw(Image.new("RGB", (60, 40), (grey, grey, grey)), hand=hand)
    assert np.asarray(drawn.image).min() == 255


def test_shadows_are_filled_by_ink_alone() -> None:
    shadow = Image.new("RGB", (60, 40), (20, 20, 20))
    assert np.asarray(Xdog().draw(shadow, hand="ink").image).max() == 0


@pytest.mark.parametrize("hand", FILTERS)
def test_a_disc_becomes_its_outline(hand: str) -> None:
    lines = ink(hand=hand) > 0.3
    rows = np.arange(240) + 0.5 - 120
    distance = np.abs(np.hypot(rows[:, None], rows) - 60)
    assert lines[distance > 5].sum() == 0
    angles = np.arctan2(rows[:, None] + 0 * rows, rows + 0 * rows[:, None])[lines]
    assert len(np.unique(np.round(angles, 1))) > 60  # all around


def test_the_marker_is_the_thickest_and_the_pencil_pale_and_thin() -> None:
    covered = {hand: (ink(hand=hand) > 0.1).mean() for hand in ("pencil", "pen", "marker")}
    assert covered["pencil"] < covered["pen"] < covered["marker"]
    assert ink(hand="pencil", thickness=3).max() == pytest.approx(FILTERS["pencil"].darkness, abs=0.01)


def test_thickness_and_darkness_do_what_they_say() -> None:
    widths = [ink(thickness=thickness).mean() for thickness in (0.5, 1, 2)]
    assert widths[0] < 0.75 * widths[1]
    assert widths[2] == pytest.approx(2 * widths[1], rel=0.2)
    assert ink(darkness=0.4, thickness=2).max() == pytest.approx(0.4, abs=0.01)
    assert ink(darkness=0.4).mean() == pytest.approx(0.4 * widths[1], rel=0.02)


def test_more_detail_draws_finer_lines() -> None:
    assert ink(detail=4).mean() < ink(detail=1).mean() < ink(detail=0.5).mean()


def test_the_size_of_the_picture_changes_the_drawing_no_more_than_its_own_pixels_do() -> None:
    small, large = (np.asarray(Xdog().draw(disc(side)).image.resize((120, 120))).astype(int) for side in (240, 1200))
    assert np.abs(small - large).mean() < 8


def test_a_drawing_replays_from_its_file(tmp_path: Any) -> None:
    result = Xdog().draw(drawing(50, 40), hand="marker", thickness=2, darkness=0.5, detail=2)
    recipe = read_recipe(result.save(tmp_path / "lines.psd"))
    assert recipe["model"] == "xdog"
    assert Xdog().replay(recipe, drawing(50, 40)).image.tobytes() == result.image.tobytes()
    with pytest.raises(PictureError, match="not the picture"):
        Xdog().replay(recipe, drawing(50, 40, seed=1))
    with pytest.raises(ConfigError, match="not of 'paint'"):
        Xdog().replay(recipe | {"verb": "paint"}, drawing(50, 40))


def test_lines_of_a_batch_are_those_of_each_picture() -> None:
    (pictures,) = smooth_batch(channels=3, size=24)(3)
    together = Xdog().lines(pictures)
    assert together.shape == (3, 1, 24, 24)
    for i in range(3):
        torch.testing.assert_close(together[i : i + 1], Xdog().lines(pictures[i : i + 1]))
    assert functional.relu(together.abs() - 1).max() == 0


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"hand": "quill"}, "xdog has no hand 'quill'; it has pen, pencil, marker, ink"),
        ({"thickness": 5}, "thickness must be a number from 0.25 to 4, not 5"),
        ({"thickness": True}, "not True"),
        ({"darkness": float("nan")}, "not nan"),
        ({"detail": "high"}, "not 'high'"),
    ],
    ids=str,
)
def test_what_it_cannot_do_is_one_sentence(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Xdog().draw(disc(40), **options)
    assert sentence in str(caught.value)
