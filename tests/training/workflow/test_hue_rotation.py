"""Trainings turn hues where their settings say so; the emoji presets do, and their model is small enough to ship."""

from dataclasses import replace

import pytest
import torch
from accelerate.state import AcceleratorState
from stage_folders import write_stage_folder

from artmodels import WorkflowEditor
from artmodels.errors import ConfigError
from training.settings import choose_preset
from training.workflow.settings import GENERATION_PRESETS, INFERENCE_PRESETS
from training.workflow.train_generation import train_generation
from training.workflow.train_inference import train_inference


@pytest.fixture(autouse=True)
def fresh_accelerator():
    """Accelerate keeps its precision for the life of a process."""
    yield
    AcceleratorState._reset_state(reset_partial_state=True)


@pytest.mark.parametrize("training", ["inference", "generation"])
def test_a_step_on_turned_hues_is_another_step(training, tmp_path):
    data = write_stage_folder(tmp_path / "data")
    torch.manual_seed(0)
    tiny = (INFERENCE_PRESETS if training == "inference" else GENERATION_PRESETS)["tiny"]
    init = str(WorkflowEditor(tiny.model).save_pretrained(tmp_path / "editor"))
    train = train_inference if training == "inference" else train_generation
    results = {}
    for share in (0.0, 1.0):
        run = replace(tiny.run, steps=1, ema_decay=0.0)
        settings = replace(tiny, run=run, hue_rotation=share, adversarial=0.0)
        results[share] = train(settings, data, tmp_path / f"run-{share}", init=init).state_dict()
    moved = {name.split(".")[0] for name in results[0.0] if not torch.equal(results[0.0][name], results[1.0][name])}
    assert moved == ({"inference"} if training == "inference" else {"encoders", "generators"})


@pytest.mark.parametrize("presets", [INFERENCE_PRESETS, GENERATION_PRESETS])
def test_the_emoji_presets_turn_hues_and_have_four_stages(presets):
    preset = choose_preset(presets, "starter-emoji")
    assert preset.hue_rotation == 0.5
    assert preset.model.stages == ("line", "flat", "shaded", "three_d")
    assert preset.model.channels == (1, 3, 3, 3)


def test_the_emoji_model_fits_sixteen_mebibytes_in_half_precision():
    with torch.device("meta"):
        editor = WorkflowEditor(GENERATION_PRESETS["starter-emoji"].model)
    assert INFERENCE_PRESETS["starter-emoji"].model == GENERATION_PRESETS["starter-emoji"].model
    assert 2 * sum(parameter.numel() for parameter in editor.parameters()) < 16 * 2**20 - 100_000


@pytest.mark.parametrize("share", ["-0.1", "1.5"])
def test_a_share_outside_0_to_1_is_refused(share):
    for presets in (INFERENCE_PRESETS, GENERATION_PRESETS):
        with pytest.raises(ConfigError, match=f"hue_rotation must be a share from 0 to 1, not {share}"):
            choose_preset(presets, "tiny", [f"hue_rotation={share}"])


@pytest.mark.parametrize("name", ["load_size", "discriminator_width"])
def test_a_size_below_1_is_refused(name):
    for presets in (INFERENCE_PRESETS, GENERATION_PRESETS):
        with pytest.raises(ConfigError, match=f"{name} .*0"):
            choose_preset(presets, "tiny", [f"{name}=0"])
