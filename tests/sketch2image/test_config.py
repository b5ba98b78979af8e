"""Configs refuse what their networks could not be built from, in one sentence that names the field."""

from dataclasses import replace
from typing import Any

import pytest
from methods import SKETCHER, SYNTHESIZER

from artmodels import ConfigError, Sketch2ImageConfig, SketcherConfig
from artmodels.configs import config_from_dict, config_to_dict
from artmodels.perceptual import StarterFeaturesConfig


@pytest.mark.parametrize("config", [SYNTHESIZER, SKETCHER, Sketch2ImageConfig(), SketcherConfig(("pen",))])
def test_a_config_survives_json(config: Any) -> None:
    assert config_from_dict(type(config), config_to_dict(config), where="test") == config


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"size": 100}, "size must be one of 64, 128, 256, 512, 1024 pixels, not 100"),
        ({"size": 32}, "not 32"),
        ({"width": 6}, "width must be a multiple of 4"),
        ({"width": 0}, "not 0"),
        ({"width": True}, "not True"),
        ({"size": 1024, "width": 8}, "width must be a multiple of 16 for pictures of 1024 pixels, not 8"),
        ({"size": 512, "width": 8, "refiner_enlargement": 2}, "for pictures of 1024 pixels"),
        ({"injection": "paint"}, "injection must be one of"),
        ({"masking": None}, "masking must be one of"),
        ({"refiner": "shoe"}, "refiner must be one of"),
        ({"refiner_enlargement": 3}, "refiner_enlargement must be one of (1, 2), not 3"),
        ({"refiner": "small", "refiner_enlargement": 2}, "refiner_enlargement is for"),
    ],
    ids=str,
)
def test_a_model_that_cannot_be_built_is_refused(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        replace(SYNTHESIZER, **changes)
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"hands": ()}, "hands must be a tuple of different names"),
        ({"hands": ("ink", "ink")}, "different names"),
        ({"hands": ("My Hand", "ink")}, "not ('My Hand', 'ink')"),
        ({"hands": ("a.b", "ink")}, "not ('a.b', 'ink')"),
        ({"darkness": (1.0,)}, "darkness must hold a number above 0 up to 1 for each of"),
        ({"darkness": (0, 1)}, "not (0, 1)"),
        ({"size": 50}, "size must be a multiple of 8 pixels from 32, not 50"),
        ({"features": StarterFeaturesConfig(widths=(4, 4), blocks=(1, 1))}, "features must reach an eighth"),
        ({"features": "vgg16"}, "features must be a StarterFeaturesConfig or None"),
        ({"widths": (8, 8)}, "widths must be three whole numbers from 1"),
        ({"skips": 1}, "skips must be True or False"),
        ({"threshold": 1}, "threshold must be a number between 0 and 1, not 1"),
    ],
    ids=str,
)
def test_a_sketcher_that_cannot_be_built_is_refused(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        replace(SKETCHER, **changes)
    assert sentence in str(caught.value)


def test_channels_belong_to_a_resolution_whatever_the_size() -> None:
    assert [Sketch2ImageConfig(size=size).channels(64) for size in (64, 128, 1024)] == [64, 64, 64]
    assert [Sketch2ImageConfig().channels(side) for side in (4, 8, 16, 32, 512)] == [512, 512, 256, 128, 8]
