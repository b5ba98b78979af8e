"""Presets are data; a wrong name or value is told in one sentence."""

import pytest

from artmodels.errors import ConfigError
from training.settings import RunSettings, choose_preset
from training.workflow.settings import GENERATION_PRESETS, INFERENCE_PRESETS


def test_changes_reach_nested_fields():
    settings = choose_preset(GENERATION_PRESETS, "starter", ["run.steps=7", "joint=true", "model.latent_dim=5"])
    assert (settings.run.steps, settings.joint, settings.model.latent_dim) == (7, True, 5)
    assert GENERATION_PRESETS["starter"].run.steps != 7


def test_unknown_preset_names_the_known_ones():
    with pytest.raises(ConfigError, match=r"'starte'.*starter"):
        choose_preset(INFERENCE_PRESETS, "starte")


@pytest.mark.parametrize("change", ["run.stepz=1", "run.steps=many", "run.precision=fp8", "joint=3"])
def test_wrong_changes_are_refused(change):
    with pytest.raises(ConfigError):
        choose_preset(INFERENCE_PRESETS, "starter", [change])


@pytest.mark.parametrize("name", ["steps", "batch_size", "log_every", "save_every"])
def test_counts_are_positive(name):
    with pytest.raises(ConfigError, match=name):
        RunSettings(**{"steps": 1, name: 0})


@pytest.mark.parametrize("change", [{"learning_rate": 0.0}, {"largest_gradient": -1.0}, {"ema_decay": 1.0}])
def test_rates_are_in_their_range(change):
    with pytest.raises(ConfigError, match=next(iter(change))):
        RunSettings(1, **change)


def test_both_trainings_have_the_same_presets_and_models():
    assert set(INFERENCE_PRESETS) == set(GENERATION_PRESETS)
    for name, settings in INFERENCE_PRESETS.items():
        assert settings.model == GENERATION_PRESETS[name].model
