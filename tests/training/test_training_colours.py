"""Colours are compared as published numbers say, and hues go one way or do not."""

import numpy as np
import pytest
import torch

from training.colours import differences, hue_goes_one_way, part_colours, part_medians, to_lab


def flat(*colours):
    return torch.stack([torch.tensor(colour, dtype=torch.float32)[:, None, None].expand(3, 4, 4) for colour in colours])


def test_white_black_and_red_have_their_lab_values():
    lab = to_lab(flat((1, 1, 1), (-1, -1, -1), (1, -1, -1)))[:, 0, 0]
    np.testing.assert_allclose(lab, [[100, 0, 0], [0, 0, 0], [53.24, 80.09, 67.20]], atol=0.05)


def test_differences_are_ciede2000():
    """Black to white is 100; red to green is 86.6 in Sharma's reference implementation."""
    found = differences(flat((1, 1, 1), (1, -1, -1)), flat((-1, -1, -1), (-1, 1, -1)))[:, 0, 0]
    np.testing.assert_allclose(found, [100, 86.6], atol=0.1)
    assert differences(flat((0.2, 0.4, -0.3)), flat((0.2, 0.4, -0.3))).max() == 0


def test_parts_are_told_by_their_median_and_small_ones_not_at_all():
    values = np.stack([np.arange(16.0).reshape(4, 4)] * 2)
    masks = np.zeros((2, 4, 4), bool)
    masks[0] = True
    masks[1, 0, 0] = True
    found = part_medians(values, masks)
    assert found[0] == 7.5
    assert np.isnan(found[1])


def test_a_parts_colour_is_that_of_its_pixels():
    picture = flat((1, 1, 1))
    picture = picture.clone()
    picture[0, :, :3] = -1
    masks = np.zeros((1, 4, 4), bool)
    masks[0, :3] = True
    np.testing.assert_allclose(part_colours(picture, masks), [[0, 0, 0]], atol=1e-6)


def at_hues(*degrees, chroma=40.0):
    return [np.array((50.0, chroma * np.cos(np.radians(d)), chroma * np.sin(np.radians(d)))) for d in degrees]


@pytest.mark.parametrize(
    ("degrees", "goes"),
    [((0, 30, 60, 90), True), ((350, 10, 40), True), ((0, 60, 40, 90), False), ((0, 90, 88, 90), True), ((5, 5), True)],
)
def test_hues_go_one_way_round_the_circle(degrees, goes):
    assert hue_goes_one_way(at_hues(*degrees)) is goes


def test_grey_has_no_hue():
    assert hue_goes_one_way(at_hues(0, 90, chroma=3.0)) is None
    grey, blue = np.array((50.0, 1.0, 0.0)), at_hues(270)[0]
    assert hue_goes_one_way([grey, *at_hues(200), grey, blue]) is True
