"""The generator's training moves both networks, writes what it says, and resumes bit for bit."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image

from artmodels.errors import ConfigError
from artmodels.portrait.config import PortraitConfig
from artmodels.portrait.model import PortraitStylizer
from artmodels.portrait.stylegan2 import StyleGAN2, Synthesis
from training.portrait.discriminator import Discriminator
from training.portrait.presets import (
    ENCODER_PRESETS,
    GENERATOR_PRESETS,
    PHOTO_PRESETS,
    STARTER,
    STARTER_ENCODER,
    STYLE_PRESETS,
    TINY,
)
from training.portrait.settings import Augmentation, Penalties
from training.portrait.train_generator import new_networks, train_generator

ROOT = Path(__file__).parents[3]


def run(data: Path, out: Path, *, steps: int = 2, resume: bool = False, precision: str = "no", **adversary):
    settings = GENERATOR_PRESETS["tiny"]
    settings = replace(
        settings,
        run=replace(settings.run, steps=steps, precision=precision),
        adversary=replace(settings.adversary, **adversary),
    )
    return train_generator(settings, data, out, resume=resume)


def state_of(run_folder: Path, step: int) -> dict:
    return torch.load(run_folder / "checkpoints" / f"step_{step:08d}" / "state.pt", weights_only=True)["parts"]


def logged(run_folder: Path) -> list[dict]:
    return [json.loads(line) for line in (run_folder / "log.jsonl").read_text().splitlines()]


def test_two_steps_train_both_networks_and_write_what_they_say(portraits, tmp_path):
    run(portraits, tmp_path / "run")
    first, last = state_of(tmp_path / "run", 1), state_of(tmp_path / "run", 2)
    for part in ("model", "judges"):
        moved = {name for name, value in last[part].items() if not torch.equal(value, first[part][name])}
        still = last[part].keys() - moved
        assert {name.rsplit(".", 1)[-1] for name in still} <= {"noise_const"}
    assert [line["step"] for line in logged(tmp_path / "run")] == [1, 2]
    assert logged(tmp_path / "run")[1].keys() >= {
        "adversary",
        "generator",
        "r1",
        "path",
        "augmented",
        "frechet_starter",
    }
    with Image.open(tmp_path / "run" / "samples" / "step_00000002.png") as sheet:
        assert sheet.size == (8 * 20 + 4, 4 * 20 + 4)
    for folder in ("model", "best"):
        assert StyleGAN2.from_pretrained(tmp_path / "run" / folder).config == TINY
    opponent = Discriminator.from_pretrained(tmp_path / "run" / "discriminator")
    assert torch.equal(opponent.b4.out.weight, last["judges"]["0.b4.out.weight"])


def test_resumed_run_equals_an_unbroken_one_bit_for_bit(portraits, tmp_path):
    sure = Augmentation(0.01, 20)
    run(portraits, tmp_path / "whole", steps=5, augmentation=sure)
    run(portraits, tmp_path / "broken", steps=3, augmentation=sure)
    run(portraits, tmp_path / "broken", steps=5, augmentation=sure, resume=True)
    whole, broken = (state_of(tmp_path / folder, 5) for folder in ("whole", "broken"))
    for part in ("model", "average", "judges"):
        assert all(torch.equal(whole[part][name], broken[part][name]) for name in whole[part])
    assert whole["control_0"]["probability"] == broken["control_0"]["probability"]
    assert torch.equal(whole["path"]["mean"], broken["path"]["mean"])
    assert whole["best"] == broken["best"]


def test_penalties_can_be_left_out(portraits, tmp_path):
    run(portraits, tmp_path / "run", penalties=Penalties(r1=0.0, path=0.0))
    assert logged(tmp_path / "run")[1].keys() & {"r1", "path"} == set()


def test_bf16_and_hinge_keep_weights_in_float32(portraits, tmp_path):
    trained = run(portraits, tmp_path / "run", precision="bf16", loss="hinge")
    assert {value.dtype for value in trained.state_dict().values()} == {torch.float32}


def test_a_run_goes_on_from_anothers_networks(portraits, tmp_path):
    first = run(portraits, tmp_path / "run")
    folders = [str(tmp_path / "run" / name) for name in ("model", "discriminator")]
    model, opponent = new_networks(GENERATOR_PRESETS["tiny"], *folders)
    assert model.config == first.config == opponent.config
    assert torch.equal(model.synthesis.b4.const, first.synthesis.b4.const)
    larger = replace(GENERATOR_PRESETS["tiny"], model=replace(TINY, size=32))
    model, opponent = new_networks(larger, *folders)
    assert model.config.size == opponent.config.size == 32
    with pytest.raises(ConfigError, match="16 pixels grow to that size or a larger one, not to 8"):
        new_networks(replace(larger, model=replace(TINY, size=8)), None, folders[1])


def test_a_photo_model_and_four_styles_fit_into_the_package():
    photo = PortraitStylizer(PortraitConfig(STARTER, STARTER_ENCODER))
    parted = Synthesis(replace(STARTER, attributes=("woman", "man")))
    parts = (photo, parted, *[photo.synthesis] * 3)
    assert sum(2 * weight.numel() for part in parts for weight in part.parameters()) < 17e6


@pytest.mark.parametrize("presets", [GENERATOR_PRESETS, ENCODER_PRESETS, PHOTO_PRESETS, STYLE_PRESETS])
def test_what_a_sheet_measures_comes_into_the_log(presets):
    runs = {name: settings.run for name, settings in presets.items()}
    assert all(run.save_every % run.log_every == 0 for run in runs.values()), runs


def test_settings_out_of_range_are_told():
    with pytest.raises(ConfigError, match="target must be from 0"):
        Augmentation(1.5)
    with pytest.raises(ConfigError, match="intervals 1 or more"):
        Penalties(r1_interval=0)


def test_a_mistake_on_the_command_line_is_told_in_one_sentence(tmp_path):
    words = ["--preset", "nope", "--out", str(tmp_path / "run"), "--data", str(tmp_path)]
    command = [sys.executable, "-m", "training.portrait.train_generator", *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "'nope'" in done.stderr
