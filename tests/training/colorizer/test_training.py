"""The three trainings run, train their own networks, write what they say, and resume bit for bit."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image

from artmodels.colorizer.model import TagColorizer
from training.colorizer.data import open_pictures, step_batches
from training.colorizer.settings import ENCODER_PRESETS, GENERATOR_PRESETS, MAPPING_PRESETS, STARTER, TINY, Sampling
from training.colorizer.train_encoder import train_encoder
from training.colorizer.train_generator import new_colorizer, train_generator
from training.colorizer.train_mapping import train_mapping
from training.run import Run

ROOT = Path(__file__).parents[3]
TRAININGS = {
    "encoder": (train_encoder, ENCODER_PRESETS["tiny"]),
    "attention": (train_generator, GENERATOR_PRESETS["tiny-attention"]),
    "add": (train_generator, GENERATOR_PRESETS["tiny-add"]),
    "mapping": (train_mapping, MAPPING_PRESETS["tiny"]),
}
TRAINED = {
    "encoder": {"encoder"},
    "attention": {"generator"},
    "add": {"generator"},
    "mapping": {"mapping", "place_weights"},
}


@pytest.fixture(scope="module")
def untrained(tmp_path_factory):
    torch.manual_seed(0)
    colorizer = TagColorizer(GENERATOR_PRESETS["tiny-attention"].model)
    return str(colorizer.save_pretrained(tmp_path_factory.mktemp("colorizer")))


def run(name: str, data: Path, out: Path, init: str, *, steps: int = 2, resume: bool = False, **changes):
    train, settings = TRAININGS[name]
    settings = replace(settings, run=replace(settings.run, steps=steps), **changes)
    return train(settings, data, out, init=init, resume=resume)


def raw_weights(run_folder: Path, step: int) -> dict[str, torch.Tensor]:
    state = torch.load(run_folder / "checkpoints" / f"step_{step:08d}" / "state.pt", weights_only=True)
    return state["parts"]["model"]


@pytest.mark.parametrize("name", TRAININGS)
def test_two_steps_train_their_networks_and_no_other(name, illustrations, untrained, tmp_path):
    run(name, illustrations, tmp_path / "run", untrained)
    first, last = raw_weights(tmp_path / "run", 1), raw_weights(tmp_path / "run", 2)
    moved = {key.split(".")[0] for key, value in last.items() if not torch.equal(value, first[key])}
    assert moved == TRAINED[name]
    lines = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [1, 2]
    with Image.open(tmp_path / "run" / "samples" / "step_00000002.png") as sheet:
        assert sheet.width > 3 * 32
    loaded = TagColorizer.from_pretrained(tmp_path / "run" / "model")
    assert loaded.config.mapped == (name == "mapping")


@pytest.mark.parametrize("name", TRAININGS)
def test_resumed_run_equals_an_unbroken_one_bit_for_bit(name, illustrations, untrained, tmp_path):
    run(name, illustrations, tmp_path / "whole", untrained, steps=3)
    run(name, illustrations, tmp_path / "broken", untrained, steps=1)
    run(name, illustrations, tmp_path / "broken", untrained, steps=3, resume=True)
    whole, broken = (raw_weights(tmp_path / folder, 3) for folder in ("whole", "broken"))
    assert all(torch.equal(whole[key], broken[key]) for key in whole)


def test_batches_drawn_ahead_are_those_drawn_in_turn(illustrations, tmp_path):
    def places_and_draws(name: str, ahead: int) -> list[tuple[list[int], float]]:
        settings = replace(TRAININGS["encoder"][1].run, steps=5)
        run = Run(tmp_path / name, settings, everything=settings)
        run.start(TagColorizer(TINY))
        pictures = open_pictures(illustrations, TINY, Sampling(load_size=32), split="train")
        found = step_batches(run, pictures, lambda places, generator: list(places), ahead=ahead)
        return [(places, float(torch.rand((), generator=generator))) for places, generator in found]

    in_turn, ahead = places_and_draws("one", 0), places_and_draws("two", 3)
    assert in_turn == ahead
    assert len(in_turn) == 5
    assert len({draw for _, draw in in_turn}) == 5


def test_the_encoder_of_a_generators_training_is_the_given_one(illustrations, untrained, tmp_path):
    trained = run("add", illustrations, tmp_path / "run", untrained)
    given = TagColorizer.from_pretrained(untrained)
    assert trained.config.receiving == "add"
    for key, value in given.encoder.state_dict().items():
        assert torch.equal(value, trained.encoder.state_dict()[key])
    assert trained.neutral.abs().sum() > 0


def test_joint_training_trains_the_encoder_too(illustrations, untrained, tmp_path):
    run("attention", illustrations, tmp_path / "run", untrained, joint=True)
    first, last = raw_weights(tmp_path / "run", 1), raw_weights(tmp_path / "run", 2)
    moved = {key.split(".")[0] for key, value in last.items() if not torch.equal(value, first[key])}
    assert moved == {"encoder", "generator"}


def test_mapping_keeps_what_it_was_given(illustrations, untrained, tmp_path):
    trained = run("mapping", illustrations, tmp_path / "run", untrained).state_dict()
    given = TagColorizer.from_pretrained(untrained).state_dict()
    assert all(torch.equal(trained[key], value) for key, value in given.items())


def test_a_generator_of_another_layout_starts_anew(untrained):
    wider = replace(GENERATOR_PRESETS["tiny-attention"].model, width=6)
    colorizer = new_colorizer(wider, untrained)
    assert colorizer.config.width == 6
    given = TagColorizer.from_pretrained(untrained)
    assert torch.equal(colorizer.encoder.fc.weight, given.encoder.fc.weight)
    same = new_colorizer(given.config, untrained)
    assert torch.equal(same.generator.picture.weight, given.generator.picture.weight)


def test_bf16_keeps_weights_in_float32(illustrations, untrained, tmp_path):
    settings = TRAININGS["attention"][1]
    settings = replace(settings, run=replace(settings.run, precision="bf16"))
    train_generator(settings, illustrations, tmp_path / "run", init=untrained)
    floats = {value.dtype for value in raw_weights(tmp_path / "run", 2).values() if value.is_floating_point()}
    assert floats == {torch.float32}


def test_starters_stay_within_their_budget():
    parts = (replace(STARTER, mapped=True, receiving=receiving) for receiving in ("attention", "add"))
    assert all(sum(p.numel() for p in TagColorizer(config).parameters()) <= 3.6e6 for config in parts)


@pytest.mark.parametrize("training", ["train_encoder", "train_generator", "train_mapping"])
def test_a_mistake_on_the_command_line_is_told_in_one_sentence(training, tmp_path):
    words = ["--preset", "nope", "--data", tmp_path, "--out", tmp_path / "run"]
    words += ["--init", tmp_path] if training == "train_mapping" else []
    command = [sys.executable, "-m", f"training.colorizer.{training}", *map(str, words)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "'nope'" in done.stderr
