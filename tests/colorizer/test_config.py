"""A config that no colorizer can be built from is refused where it is made."""

from dataclasses import replace
from typing import Any

import pytest
from methods import COLORIZER

from artmodels import ConfigError
from artmodels.colorizer.config import ColorizerConfig, TagGroup
from artmodels.configs import config_from_dict, config_to_dict, with_settings

HAIR = TagGroup("hair", ("red_hair", "blue_hair"))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"groups": (), "other_tags": ()}, "one tag"),
        ({"groups": [HAIR]}, "groups must be a tuple"),
        ({"groups": ("hair",)}, "groups.*'hair'"),
        ({"groups": (HAIR, HAIR)}, "two groups called 'hair'"),
        ({"groups": (HAIR,), "other_tags": ("blue_hair",)}, "two tags called 'blue_hair'"),
        ({"other_tags": ["glasses"]}, "other_tags"),
        ({"other_tags": ("",)}, "other_tags"),
        ({"depth": 1}, "depth.*1"),
        ({"depth": 5}, r"depth must be from 2 to 4 with encoder_blocks \(1, 1, 1\), not 5"),
        ({"depth": 2.0}, r"depth.*2\.0"),
        ({"encoder_blocks": ()}, "encoder_blocks"),
        ({"encoder_blocks": (1, 0, 1)}, "encoder_blocks.*0"),
        ({"encoder_blocks": [1, 1, 1]}, "encoder_blocks"),
        ({"size": 20}, "multiple of the stride, 8 pixels, not 20"),
        ({"size": 0}, "size.*0"),
        ({"width": 0}, "width.*0"),
        ({"encoder_width": True}, "encoder_width.*True"),
        ({"mapping_width": "8"}, "mapping_width.*'8'"),
        ({"receiving": "multiply"}, "receiving.*'attention'.*'add'.*'multiply'"),
        ({"channel_attention_axis": "both"}, "channel_attention_axis.*'both'"),
        ({"mapped": 1}, "mapped.*1"),
        ({"channel_attention": None}, "channel_attention.*None"),
    ],
    ids=str,
)
def test_a_config_that_cannot_be_built_is_refused(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        replace(COLORIZER, **changes)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": ""}, "name"),
        ({"tags": ()}, "'hair'.*one or more"),
        ({"tags": ["red_hair"]}, "'hair'.*tuple"),
        ({"colours": ("#ff0000",)}, "each of its 2 tags"),
        ({"colours": ("#ff0000", "blue")}, "#rrggbb.*blue"),
        ({"colours": ("#FF0000", "#0000ff")}, "#rrggbb"),
    ],
    ids=str,
)
def test_a_group_that_cannot_be_meant_is_refused(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        replace(HAIR, **changes)


def test_tags_are_those_of_the_groups_in_order_and_then_the_others() -> None:
    config = replace(COLORIZER, groups=(HAIR, TagGroup("sky", ("night",))), other_tags=("hat", "bow"))
    assert config.tags == ("red_hair", "blue_hair", "night", "hat", "bow")


def test_the_default_config_is_the_papers() -> None:
    config = ColorizerConfig((HAIR,))
    assert (config.size, config.stride, config.feature_channels, config.mapping_width) == (384, 32, 512, 512)
    assert (config.receiving, config.channel_attention_axis) == ("attention", "output")


def test_groups_survive_the_config_file_and_can_be_set() -> None:
    assert config_from_dict(ColorizerConfig, config_to_dict(COLORIZER), where="test") == COLORIZER
    assert with_settings(COLORIZER, ["receiving=add", "size=64"]) == replace(COLORIZER, receiving="add", size=64)
