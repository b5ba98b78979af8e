"""Wishes for tags: checked with the closest name, set after their group is cleared, drawn by a seed."""

from typing import Any

import pytest
import torch
from methods import COLORIZER

from artmodels import ConfigError
from artmodels.colorizer.tags import check_tags, drawn_tags, group_named, group_of, wished

TAGS = COLORIZER.tags


@pytest.mark.parametrize(
    ("tags", "sentence"),
    [
        ({"red_hare": 1}, "no tag is called 'red_hare'; did you mean 'red_hair'?"),
        ({"xyz": 1}, "'xyz'; there are red_hair, blue_hair"),
        ({3: 1}, "no tag is called 3"),
        ({"red_hair": 5.1}, r"strength of 'red_hair' must be a number from 0 to 5, not 5\.1"),
        ({"red_hair": -0.1}, r"from 0 to 5, not -0\.1"),
        ({"red_hair": True}, "from 0 to 5, not True"),
        ({"red_hair": "2"}, "from 0 to 5, not '2'"),
        ({"red_hair": float("nan")}, "from 0 to 5, not nan"),
        (["red_hair"], r"mapping from tag to strength.*\['red_hair'\]"),
        ("red_hair", "mapping from tag to strength"),
    ],
    ids=str,
)
def test_a_wish_that_cannot_be_meant_is_refused(tags: Any, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        check_tags(tags, COLORIZER)


def test_tags_come_in_the_configs_order_as_floats() -> None:
    checked = check_tags({"earrings": 5, "red_hair": 0}, COLORIZER)
    assert list(checked.items()) == [("red_hair", 0.0), ("earrings", 5.0)]


def test_a_group_is_cleared_before_its_tags_are_set_and_others_stay() -> None:
    probabilities = torch.linspace(0.1, 0.9, len(TAGS)).expand(2, -1)
    before = probabilities.clone()
    found = wished(probabilities, {"blue_hair": 2.5, "glasses": 0.0}, COLORIZER)
    expected = before.clone()
    expected[:, :3] = torch.tensor([0, 2.5, 0])
    expected[:, TAGS.index("glasses")] = 0
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(probabilities, before)


def test_several_tags_of_a_group_stand_together() -> None:
    found = wished(torch.ones(1, len(TAGS)), {"red_hair": 0.5, "blonde_hair": 3.0}, COLORIZER)
    assert found[0, :3].tolist() == [0.5, 0, 3]


def test_a_strength_of_zero_takes_the_whole_group_away() -> None:
    assert wished(torch.ones(1, len(TAGS)), {"red_hair": 0.0}, COLORIZER)[0, :3].tolist() == [0, 0, 0]


def test_groups_are_found_by_tag_and_by_name() -> None:
    assert group_of("white_clothes", COLORIZER) is COLORIZER.groups[1]
    assert group_of("glasses", COLORIZER) is None
    assert group_named("hair", COLORIZER) is COLORIZER.groups[0]
    with pytest.raises(ConfigError, match="'cloths'; did you mean 'clothes'"):
        group_named("cloths", COLORIZER)


def test_a_seed_draws_one_tag_of_each_group_with_colours_that_is_free() -> None:
    drawn = drawn_tags(4, {"red_hair": 1.0}, COLORIZER)
    assert len(drawn) == 1
    assert set(drawn) < set(COLORIZER.groups[1].tags)
    alone, together = drawn_tags(4, {"red_hair": 1.0}, COLORIZER), drawn_tags(4, {}, COLORIZER)
    assert alone.items() <= together.items()
    assert {tuple(drawn_tags(seed, {}, COLORIZER)) for seed in range(40)} == {
        (hair, clothes) for hair in COLORIZER.groups[0].tags for clothes in COLORIZER.groups[1].tags
    }
