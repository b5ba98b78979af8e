"""The two trainings run, write what they say, and resume bit for bit."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from accelerate.state import AcceleratorState
from PIL import Image
from stage_folders import write_stage_folder

from artmodels import WorkflowEditor
from artmodels.errors import CheckpointError, ConfigError
from training.workflow.settings import GENERATION_PRESETS, INFERENCE_PRESETS
from training.workflow.train_generation import train_generation
from training.workflow.train_inference import train_inference

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return write_stage_folder(tmp_path_factory.mktemp("stages"))


@pytest.fixture(scope="module")
def untrained(tmp_path_factory):
    torch.manual_seed(0)
    return str(WorkflowEditor(GENERATION_PRESETS["tiny"].model).save_pretrained(tmp_path_factory.mktemp("editor")))


@pytest.fixture(autouse=True)
def fresh_accelerator():
    """Accelerate keeps its precision for the life of a process."""
    yield
    AcceleratorState._reset_state(reset_partial_state=True)


def with_steps(settings, steps: int):
    return replace(settings, run=replace(settings.run, steps=steps))


def run(training: str, data: Path, out: Path, init: str, *, steps: int = 2, resume: bool = False, **changes):
    if training == "inference":
        settings = replace(with_steps(INFERENCE_PRESETS["tiny"], steps), **changes)
        return train_inference(settings, data, out, init=init, resume=resume)
    settings = replace(with_steps(GENERATION_PRESETS["tiny"], steps), **changes)
    return train_generation(settings, data, out, init=init, resume=resume)


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return WorkflowEditor.from_pretrained(folder).state_dict()


def raw_weights(run_folder: Path, step: int) -> dict[str, torch.Tensor]:
    state = torch.load(run_folder / "checkpoints" / f"step_{step:08d}" / "state.pt", weights_only=True)
    return state["parts"]["model"]


@pytest.mark.parametrize("training", ["inference", "generation"])
def test_two_steps_train_their_networks_and_no_other(training, data, untrained, tmp_path):
    run(training, data, tmp_path / "run", untrained)
    before, after = weights(Path(untrained)), raw_weights(tmp_path / "run", 2)
    moved = {name.split(".")[0] for name, value in after.items() if not torch.equal(value, before[name])}
    assert moved == ({"inference"} if training == "inference" else {"encoders", "generators"})
    lines = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [1, 2]
    assert list((tmp_path / "run" / "tensorboard").rglob("events*"))
    with Image.open(tmp_path / "run" / "samples" / "step_00000002.png") as sheet:
        assert sheet.width > 3 * 64
    facts = json.loads((tmp_path / "run" / "run.json").read_text())
    assert facts["settings"]["model"]["size"] == 64
    assert facts["versions"]["torch"] == torch.__version__


@pytest.mark.parametrize("training", ["inference", "generation"])
def test_resumed_run_equals_an_unbroken_one_bit_for_bit(training, data, untrained, tmp_path):
    run(training, data, tmp_path / "whole", untrained, steps=3)
    run(training, data, tmp_path / "broken", untrained, steps=1)
    run(training, data, tmp_path / "broken", untrained, steps=3, resume=True)
    for read in (lambda folder: raw_weights(folder, 3), lambda folder: weights(folder / "model")):
        whole, broken = read(tmp_path / "whole"), read(tmp_path / "broken")
        assert all(torch.equal(whole[name], broken[name]) for name in whole)


def test_a_resumed_run_forgets_what_was_logged_after_its_checkpoint(data, untrained, tmp_path):
    run("inference", data, tmp_path / "run", untrained, steps=1)
    with (tmp_path / "run" / "log.jsonl").open("a") as log:
        log.write('{"step": 2, "reconstruction_line": 0.5}\n{"step": 3, "recon')
    run("inference", data, tmp_path / "run", untrained, steps=3, resume=True)
    lines = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [1, 2, 3]
    assert all("seconds_per_step" in line for line in lines)


def test_a_run_goes_on_with_the_settings_it_began_with(data, untrained, tmp_path):
    run("inference", data, tmp_path / "run", untrained, steps=1)
    changes = {"steps": 2, "resume": True, "discriminator_width": 8}
    with pytest.raises(ConfigError, match="began with discriminator_width 4: it cannot go on with 8"):
        run("inference", data, tmp_path / "run", untrained, **changes)
    facts = (tmp_path / "run" / "run.json").read_text()
    (tmp_path / "run" / "run.json").write_text(facts.replace('"discriminator_width": 4', '"discriminator_width": 8'))
    with pytest.raises(CheckpointError, match="does not fit these settings: its discriminators"):
        run("inference", data, tmp_path / "run", untrained, **changes)


def test_half_a_batch_is_needed_for_each_discriminator(untrained):
    settings = GENERATION_PRESETS["tiny"]
    with pytest.raises(ConfigError, match="batch_size must be even"):
        replace(settings, run=replace(settings.run, batch_size=3))


def test_joint_training_differs_from_separate(data, untrained, tmp_path):
    for training in ("inference", "generation"):
        for joint in (False, True):
            run(training, data, tmp_path / f"{training}{joint}", untrained, joint=joint)
        separate, joint = (raw_weights(tmp_path / f"{training}{joint}", 2) for joint in (False, True))
        assert any(not torch.equal(separate[name], joint[name]) for name in separate)


def test_one_step_can_be_trained_alone(data, untrained, tmp_path):
    run("generation", data, tmp_path / "run", untrained, rendered_stages=("full",))
    before, after = weights(Path(untrained)), raw_weights(tmp_path / "run", 2)
    moved = {".".join(name.split(".")[:2]) for name in after if not torch.equal(after[name], before[name])}
    assert moved == {"encoders.1", "generators.1"}
    with pytest.raises(ConfigError, match="line"):
        replace(GENERATION_PRESETS["tiny"], rendered_stages=("line",))


def test_minutes_end_a_run_with_a_checkpoint_that_loads(data, tmp_path):
    train_inference(with_steps(INFERENCE_PRESETS["tiny"], 10**6), data, tmp_path / "run", minutes=0.02)
    steps = sorted((tmp_path / "run" / "checkpoints").iterdir())
    assert 1 <= len(steps) <= 2
    last = weights(steps[-1] / "model")
    assert all(torch.equal(value, last[name]) for name, value in weights(tmp_path / "run" / "model").items())


def test_a_folder_with_a_run_is_not_overwritten_and_an_empty_one_not_resumed(data, untrained, tmp_path):
    run("inference", data, tmp_path / "run", untrained, steps=1)
    with pytest.raises(ConfigError, match="--resume"):
        run("inference", data, tmp_path / "run", untrained, steps=1)
    with pytest.raises(ConfigError, match="no checkpoint"):
        run("inference", data, tmp_path / "other", untrained, steps=1, resume=True)


def test_bf16_keeps_weights_and_checkpoints_in_float32(data, untrained, tmp_path):
    settings = GENERATION_PRESETS["tiny"]
    settings = replace(settings, run=replace(settings.run, precision="bf16"))
    train_generation(settings, data, tmp_path / "run", init=untrained)
    assert {value.dtype for value in raw_weights(tmp_path / "run", 2).values()} == {torch.float32}


def test_two_processes_average_their_gradients_and_end_with_equal_weights(data, untrained, tmp_path):
    command = [
        sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2",
        ROOT / "tests" / "two_processes.py", data, tmp_path, untrained,
    ]  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1"}
    subprocess.run([str(part) for part in command], cwd=ROOT, env=environment, check=True, timeout=300)
    first, second = (torch.load(tmp_path / f"process_{number}.pt", weights_only=True) for number in (0, 1))
    before = weights(Path(untrained))
    assert all(torch.equal(first[name], second[name]) for name in before)
    assert any(not torch.equal(first[name], before[name]) for name in before)
    assert sorted(path.name for path in (tmp_path / "run" / "checkpoints").iterdir()) == [
        "step_00000001", "step_00000002"
    ]  # fmt: skip


@pytest.mark.parametrize("training", ["train_inference", "train_generation"])
def test_a_mistake_on_the_command_line_is_told_in_one_sentence(training, tmp_path):
    words = ["--preset", "nope", "--data", tmp_path, "--out", tmp_path / "run"]
    words += ["--init", tmp_path] if training == "train_generation" else []
    command = [sys.executable, "-m", f"training.workflow.{training}", *map(str, words)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "'nope'" in done.stderr
