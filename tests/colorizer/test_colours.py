"""Colours as people compare them, palettes, and regions moved to an exact colour."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from artmodels import ConfigError
from artmodels.colorizer.colours import check_colour, from_lab, move_region, palette_of, pin, region_of_change, to_lab
from artmodels.colorizer.config import TagGroup

HAIR = TagGroup("hair", ("red_hair", "blue_hair", "blonde_hair"), ("#b23c30", "#4a6fcb", "#e3bd66"))


def pictures() -> Tensor:
    return torch.rand(2, 3, 5, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 2 - 1


def test_lab_is_that_of_a_second_implementation_and_comes_back() -> None:
    from skimage.color import rgb2lab

    lab = to_lab(pictures())
    expected = rgb2lab(((pictures() + 1) / 2).numpy(), channel_axis=1)
    # Looser than 1e-3: it rounds the white point to four digits.
    np.testing.assert_allclose(lab.numpy(), expected, atol=0.02)
    torch.testing.assert_close(from_lab(lab), pictures())


def test_white_black_and_grey_are_neutral() -> None:
    grey = torch.tensor([-1.0, 0.0, 1.0], dtype=torch.float64).view(3, 1, 1, 1).expand(3, 3, 1, 1)
    lab = to_lab(grey)[:, :, 0, 0]
    torch.testing.assert_close(lab[:, 1:], torch.zeros(3, 2, dtype=torch.float64), rtol=0, atol=0.02)
    torch.testing.assert_close(lab[[0, 2], 0], torch.tensor([0.0, 100.0], dtype=torch.float64), rtol=0, atol=1e-3)


@pytest.mark.parametrize("colour", ["red", "#fff", "#12345g", 3, None, "123456"])
def test_what_is_no_colour_is_refused(colour: object) -> None:
    with pytest.raises(ConfigError, match="#rrggbb"):
        check_colour(colour, "hair")


def test_a_palette_names_the_colours_and_their_shares() -> None:
    pixels = np.zeros((100, 60, 3), np.uint8)
    pixels[:, :30], pixels[:, 30:48], pixels[:, 48:] = (200, 30, 40), (20, 60, 220), (250, 240, 230)
    palette = palette_of(Image.fromarray(pixels), 6)
    assert list(palette) == ["#c81e28", "#143cdc", "#faf0e6"]
    assert list(palette.values()) == pytest.approx([0.5, 0.3, 0.2], abs=1e-3)
    assert list(palette_of(Image.fromarray(pixels), 2)) == ["#c81e28", "#143cdc"]


def test_alike_colours_are_one_of_a_palette() -> None:
    pixels = np.full((40, 40, 3), (120, 130, 200), np.uint8)
    pixels[::2] += 4
    assert len(palette_of(Image.fromarray(pixels), 6)) == 1


def test_a_pin_takes_the_closest_tag_and_compares_it_with_the_farthest() -> None:
    assert pin(HAIR, "#C03030")[1:] == ("#c03030", "red_hair", "blue_hair")
    with pytest.raises(ConfigError, match="'backdrop' stand for no colours"):
        pin(TagGroup("backdrop", ("rays", "dots")), "#c03030")


def test_a_region_is_where_a_change_shows() -> None:
    before = torch.full((1, 3, 8, 8), 50.0)
    after = before.clone()
    after[:, 1, :, :4] += 40
    after[:, 1, :, 4:] += 3
    expected = torch.zeros(1, 1, 8, 8)
    expected[..., :4] = 1
    torch.testing.assert_close(region_of_change(before, after), expected)


def test_a_change_that_nobody_sees_has_no_region() -> None:
    before = torch.full((1, 3, 8, 8), 50.0)
    assert not region_of_change(before, before + 2).any()
    assert not region_of_change(before, before).any()


def test_a_moved_region_has_the_colour_as_its_median_keeps_its_shade_and_touches_nothing_else() -> None:
    lab = to_lab(pictures()[:1].float() * 0.1)
    region = torch.zeros(1, 1, 5, 4)
    region[..., :3, :] = 1
    moved = move_region(lab, region, "#4a6fcb")
    target = to_lab(torch.tensor([0x4A, 0x6F, 0xCB]).view(1, 3, 1, 1) / 127.5 - 1)
    torch.testing.assert_close(moved[0, :, :3].flatten(1).median(1).values, target.flatten(), rtol=1e-4, atol=1e-3)
    steps = (moved - lab)[0, :, :3].flatten(1)
    torch.testing.assert_close(steps, steps[:, :1].expand_as(steps), rtol=1e-4, atol=1e-3)
    assert torch.equal(moved[..., 3:, :], lab[..., 3:, :])


def test_without_a_region_nothing_moves() -> None:
    lab = to_lab(pictures())[:1]
    assert torch.equal(move_region(lab, torch.zeros(1, 1, 5, 4), "#4a6fcb"), lab)
