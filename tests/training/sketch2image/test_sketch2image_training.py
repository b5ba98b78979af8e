"""The three trainings run, train their own networks, write what they say, and resume bit for bit."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image

from artmodels.errors import ConfigError
from artmodels.sketch2image.model import SketchToImage
from artmodels.sketch2image.sketcher import Sketcher
from training.sketch2image.settings import (
    AUTOENCODER_PRESETS,
    REFINER_PRESETS,
    SKETCHER_PRESETS,
    STARTER,
    TINY,
    Sampling,
)
from training.sketch2image.train_autoencoder import train_autoencoder
from training.sketch2image.train_refiner import train_refiner
from training.sketch2image.train_sketcher import train_sketcher

ROOT = Path(__file__).parents[3]
NAMES = ("autoencoder", "refiner", "sketcher")
TRAINED = {
    "autoencoder": {"style_encoder", "content_encoder", "decoder"},
    "refiner": {"refiner"},
    "sketcher": {"generators"},
}


@pytest.fixture(scope="module")
def untrained(tmp_path_factory):
    torch.manual_seed(0)
    return str(SketchToImage(TINY).save_pretrained(tmp_path_factory.mktemp("model")))


@pytest.fixture
def train(illustrations, drawings, untrained):
    """Runs the training of that name for some steps, with changes to its settings."""

    def run(name: str, out: Path, *, steps: int = 2, precision: str = "no", resume: bool = False, **changes):
        presets = {"autoencoder": AUTOENCODER_PRESETS, "refiner": REFINER_PRESETS, "sketcher": SKETCHER_PRESETS}
        settings = presets[name]["tiny"]
        settings = replace(settings, run=replace(settings.run, steps=steps, precision=precision), **changes)
        if name == "autoencoder":
            return train_autoencoder(settings, illustrations, out, resume=resume)
        if name == "refiner":
            return train_refiner(settings, illustrations, out, init=untrained, resume=resume)
        return train_sketcher(settings, [illustrations / "full"], drawings, out, resume=resume)

    return run


def raw_weights(run_folder: Path, step: int) -> dict[str, torch.Tensor]:
    state = torch.load(run_folder / "checkpoints" / f"step_{step:08d}" / "state.pt", weights_only=True)
    return state["parts"]["model"]


@pytest.mark.parametrize("name", NAMES)
def test_two_steps_train_their_networks_and_no_other(name, train, tmp_path):
    train(name, tmp_path / "run")
    first, last = raw_weights(tmp_path / "run", 1), raw_weights(tmp_path / "run", 2)
    moved = {key.split(".")[0] for key, value in last.items() if not torch.equal(value, first[key])}
    assert moved == TRAINED[name]
    lines = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [1, 2]
    with Image.open(tmp_path / "run" / "samples" / "step_00000002.png") as sheet:
        assert sheet.height > 2 * 32
    loaded = (Sketcher if name == "sketcher" else SketchToImage).from_pretrained(tmp_path / "run" / "model")
    assert loaded.state_dict().keys() >= last.keys()


@pytest.mark.parametrize("name", NAMES)
def test_resumed_run_equals_an_unbroken_one_bit_for_bit(name, train, tmp_path):
    train(name, tmp_path / "whole", steps=3)
    train(name, tmp_path / "broken", steps=1)
    train(name, tmp_path / "broken", steps=3, resume=True)
    whole, broken = (raw_weights(tmp_path / folder, 3) for folder in ("whole", "broken"))
    assert all(torch.equal(whole[key], broken[key]) for key in whole)


@pytest.mark.parametrize("name", NAMES)
def test_bf16_keeps_weights_in_float32(name, train, tmp_path):
    trained = train(name, tmp_path / "run", precision="bf16")
    assert {value.dtype for value in trained.state_dict().values() if value.is_floating_point()} == {torch.float32}


def test_every_term_of_the_autoencoder_can_be_left_out(train, tmp_path):
    terms = ("style_triplet", "content_triplet", "style_class", "content_class", "grey", "perceptual")
    train("autoencoder", tmp_path / "run", **dict.fromkeys(terms, 0.0))
    logged = json.loads((tmp_path / "run" / "log.jsonl").read_text().splitlines()[-1])
    assert logged.keys() == {"step", "squared", "seconds_per_step"}


def test_all_terms_of_the_autoencoder_are_logged(train, tmp_path):
    train("autoencoder", tmp_path / "run", absolute=1.0)
    logged = json.loads((tmp_path / "run" / "log.jsonl").read_text().splitlines()[-1])
    pixels = {"squared", "absolute", "perceptual", "grey"}
    assert logged.keys() >= pixels | {"style_triplet", "content_triplet", "style_class", "content_class"}


def test_more_classes_than_pictures_are_refused(train, tmp_path):
    with pytest.raises(ConfigError, match="subset is 50, but there are only 12"):
        train("autoencoder", tmp_path / "run", subset=50)


def test_a_refiner_of_the_same_kind_goes_on(illustrations, train, tmp_path):
    first = train("refiner", tmp_path / "first", steps=1)
    settings = REFINER_PRESETS["tiny"]
    settings = replace(settings, run=replace(settings.run, steps=1, learning_rate=1e-9, ema_decay=0.0))
    again = train_refiner(settings, illustrations, tmp_path / "again", init=str(tmp_path / "first" / "model"))
    for key, value in first.state_dict().items():
        torch.testing.assert_close(again.state_dict()[key], value, rtol=0, atol=1e-6)


def test_a_refiner_may_be_larger_than_its_autoencoder(train, tmp_path):
    refined = train("refiner", tmp_path / "run", refiner_enlargement=2, sampling=Sampling(load_size=128))
    made = refined(torch.ones(1, 1, 64, 64), torch.zeros(1, 3, 64, 64))
    assert made.shape == (1, 3, 128, 128)


def test_the_hands_of_a_sketcher_are_its_states_in_their_drawings_darkness(train, tmp_path):
    sketcher = train("sketcher", tmp_path / "run", steps=40)
    assert sketcher.hands == ("drawn", "drawn-2")
    picture = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1
    first, second = (sketcher.lines(picture, hand) for hand in sketcher.hands)
    assert not torch.equal(first, second)
    assert sketcher.darkness_of("drawn") > 0.9
    loaded = Sketcher.from_pretrained(tmp_path / "run" / "model")
    torch.testing.assert_close(loaded.lines(picture, "drawn-2"), second)
    assert (tmp_path / "run" / "samples" / "hands.png").is_file()


def test_the_papers_other_form_of_the_sketcher_trains(train, tmp_path):
    train("sketcher", tmp_path / "run", adversarial="log", gram=0.0)
    logged = json.loads((tmp_path / "run" / "log.jsonl").read_text().splitlines()[-1])
    assert "gram" not in logged
    assert logged["adversary"] > 0


def test_starters_stay_within_their_budget():
    with_refiner = SketchToImage(replace(STARTER, refiner=REFINER_PRESETS["starter"].refiner))
    assert sum(p.numel() for p in with_refiner.parameters()) <= 3.5e6
    four_hands = replace(SKETCHER_PRESETS["starter"].model, hands=("a", "b", "c", "d"))
    assert sum(p.numel() for p in Sketcher(four_hands).parameters()) <= 1e6


@pytest.mark.parametrize("training", ["train_autoencoder", "train_refiner", "train_sketcher"])
def test_a_mistake_on_the_command_line_is_told_in_one_sentence(training, tmp_path):
    words = ["--preset", "nope", "--out", tmp_path / "run"]
    words += ["--pictures", tmp_path, "--drawings", tmp_path] if training == "train_sketcher" else ["--data", tmp_path]
    words += ["--init", tmp_path] if training == "train_refiner" else []
    command = [sys.executable, "-m", f"training.sketch2image.{training}", *map(str, words)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "'nope'" in done.stderr
