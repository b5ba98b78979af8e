"""A config that no editor can be built from is refused where it is made."""

from dataclasses import replace
from typing import Any

import pytest
from methods import EDITOR

from artmodels import ConfigError, WorkflowConfig


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"stages": ("full",), "channels": (3,)}, "two or more"),
        ({"stages": ("flat", "flat", "full")}, "different"),
        ({"stages": ("", "flat", "full")}, "names"),
        ({"channels": (1, 3)}, "channels"),
        ({"channels": (1, 2, 3)}, "channels"),
        ({"size": 100}, "size.*100"),
        ({"size": 32}, "size.*32"),
        ({"latent_dim": 0}, "latent_dim.*0"),
        ({"style_blocks": 0}, "style_blocks.*0"),
        ({"stages": "abc"}, "stages must be a tuple.*'abc'"),
        ({"stages": ["line", "flat", "full"]}, "stages must be a tuple"),
        ({"stages": ("line", 2, "full")}, "stages.*2"),
        ({"channels": [1, 3, 3]}, "channels"),
        ({"channels": (True, 3, 3)}, "channels.*True"),
        ({"channels": (1.0, 3, 3)}, r"channels.*1\.0"),
        ({"size": 64.0}, r"size.*64\.0"),
        ({"size": "64"}, "size.*'64'"),
        ({"latent_dim": 2.5}, r"latent_dim.*2\.5"),
        ({"latent_dim": True}, "latent_dim.*True"),
        ({"encoder_width": None}, "encoder_width.*None"),
        ({"regularised": 1}, "regularised.*1"),
        ({"features": None}, "features.*None"),
        ({"features": ""}, "features"),
    ],
    ids=str,
)
def test_a_config_that_cannot_be_built_is_refused(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        replace(EDITOR, **changes)


def test_the_default_config_is_the_papers_face_model() -> None:
    config = WorkflowConfig()
    assert (config.size, config.latent_dim, config.generator_width, config.inference_width) == (256, 8, 64, 64)
    assert config.steps == 2
