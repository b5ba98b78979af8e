"""A generator and its encoder train at once, begin from smaller ones, and resume bit for bit."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image

from artmodels.errors import ConfigError
from artmodels.portrait.model import PortraitStylizer
from artmodels.portrait.stylegan2 import StyleGAN2
from training.portrait.diagnosis import compared
from training.portrait.discriminator import Discriminator
from training.portrait.presets import PHOTO_PRESETS, TINY
from training.portrait.train_photo import new_networks, reduced_to, train_photo

SETTINGS = PHOTO_PRESETS["tiny"]


def run(data: Path, out: Path, *, steps: int = 2, resume: bool = False, **changes):
    settings = replace(SETTINGS, run=replace(SETTINGS.run, steps=steps), **changes)
    return train_photo(settings, data, out, resume=resume)


def parts_of(run_folder: Path, step: int) -> dict:
    return torch.load(run_folder / "checkpoints" / f"step_{step:08d}" / "state.pt", weights_only=True)["parts"]


def logged(run_folder: Path) -> list[dict]:
    return [json.loads(line) for line in (run_folder / "log.jsonl").read_text().splitlines()]


def moved(run_folder: Path, part: str) -> set[str]:
    first, last = (parts_of(run_folder, step)[part] for step in (1, 2))
    return {name.split(".")[0] for name, value in last.items() if not torch.equal(value, first[name])}


def test_two_steps_train_all_networks_and_write_what_they_say(portraits, tmp_path):
    run(portraits, tmp_path / "run")
    assert moved(tmp_path / "run", "model") == {"mapping", "synthesis", "encoder"}
    assert moved(tmp_path / "run", "judges") == {"0"}
    told = logged(tmp_path / "run")[1]
    assert told.keys() >= {"squared", "perceptual", "identity", "kl", "adversary", "generator", "r1", "path"}
    assert told.keys() >= {"frechet_starter", "held_out_difference", "held_out_distance", "augmented"}
    with Image.open(tmp_path / "run" / "samples" / "step_00000002.png") as sheet:
        assert sheet.size == (8 * 20 + 4, 2 * 20 + 4)  # a photo, again thrice, four random ones; two held-out photos
    for folder in ("model", "best"):
        assert PortraitStylizer.from_pretrained(tmp_path / "run" / folder).config == SETTINGS.model
    assert len(json.loads((tmp_path / "run" / "diagnosis.json").read_text())["nats"]) == TINY.code_count
    assert Discriminator.from_pretrained(tmp_path / "run" / "discriminator").config.size == TINY.size


def test_resumed_run_equals_an_unbroken_one_bit_for_bit(portraits, tmp_path):
    run(portraits, tmp_path / "whole", steps=3)
    run(portraits, tmp_path / "broken", steps=1)
    run(portraits, tmp_path / "broken", steps=3, resume=True)
    whole, broken = (parts_of(tmp_path / folder, 3) for folder in ("whole", "broken"))
    for part in ("model", "average", "judges"):
        assert all(torch.equal(whole[part][name], broken[part][name]) for name in whole[part])
    assert whole["best"] == broken["best"]


def test_alone_steps_leave_the_judges_out(portraits, tmp_path):
    run(portraits, tmp_path / "run", alone=2)
    assert moved(tmp_path / "run", "judges") == set()
    assert not logged(tmp_path / "run")[1].keys() & {"adversary", "generator", "path"}


def test_photos_vary_and_the_generator_has_momentum_where_asked(portraits, tmp_path):
    run(portraits, tmp_path / "plain", alone=2)
    run(portraits, tmp_path / "moving", alone=2, momentum=0.9)
    run(portraits, tmp_path / "varied", alone=2, varied=True)
    plain, moving, varied = (parts_of(tmp_path / name, 2)["model"] for name in ("plain", "moving", "varied"))
    for other in (moving, varied):
        assert any(not torch.equal(plain[name], other[name]) for name in plain)
    told = [logged(tmp_path / name)[0]["squared"] for name in ("plain", "moving", "varied")]
    assert told[0] == told[1] != told[2]
    optimiser = torch.load(tmp_path / "moving" / "checkpoints" / "step_00000002" / "state.pt", weights_only=True)
    groups = [group["betas"][0] for group in find(optimiser, "param_groups")]
    assert groups == [0.9, 0.9]


def find(state: dict, key: str):
    """The value of that key, however deep."""
    if key in state:
        return state[key]
    return next((found for part in state.values() if isinstance(part, dict) and (found := find(part, key))), None)


def test_judges_look_at_every_interval_alone(portraits, tmp_path):
    run(portraits, tmp_path / "run", steps=4, interval=2)
    judges = [parts_of(tmp_path / "run", step)["judges"]["0.b4.out.weight"] for step in (3, 4)]
    assert not torch.equal(*judges)
    assert [set(line) >= {"adversary", "generator"} for line in logged(tmp_path / "run")] == [False, True, True, True]
    run(portraits, tmp_path / "longer", steps=3, interval=2)
    judges = [parts_of(tmp_path / "longer", step)["judges"]["0.b4.out.weight"] for step in (2, 3)]
    assert torch.equal(*judges)


def test_it_goes_on_from_smaller_networks_and_from_a_generator(tmp_path):
    torch.manual_seed(0)
    small, _ = new_networks(SETTINGS, None, None)
    small.encoder.heads[-1].linear.weight.data.fill_(0.5)
    small.save_pretrained(tmp_path / "small")
    Discriminator(TINY).save_pretrained(tmp_path / "judge")
    model = replace(SETTINGS.model, generator=replace(TINY, size=32))
    larger = replace(SETTINGS, model=model)
    grown, judge = new_networks(larger, str(tmp_path / "small"), str(tmp_path / "judge"))
    assert grown.config == model
    assert judge.config.size == 32
    assert len(grown.encoder.heads) == len(small.encoder.heads) + 2
    for head in grown.encoder.heads[-3:]:
        assert torch.equal(head.linear.weight, small.encoder.heads[-1].linear.weight)
    photos = torch.randn(2, 3, 32, 32)
    smaller = compared(small.eval()(photos), photos)
    assert (grown.eval()(photos) - smaller).abs().mean() < 0.1  # the filter that enlarges colours is no bilinear one
    StyleGAN2(TINY).save_pretrained(tmp_path / "generator")
    bare, _ = new_networks(SETTINGS, str(tmp_path / "generator"), None)
    assert bare.config == SETTINGS.model
    assert all(weight.requires_grad for weight in bare.parameters())


def test_photos_are_reduced_by_means():
    photos = torch.arange(16.0).view(1, 1, 4, 4)
    assert reduced_to(photos, 2).flatten().tolist() == [2.5, 4.5, 10.5, 12.5]
    assert reduced_to(photos, 4) is photos


def test_settings_out_of_range_are_told():
    with pytest.raises(ConfigError, match="encoder_rate must be above 0"):
        replace(SETTINGS, encoder_rate=0.0)
    with pytest.raises(ConfigError, match="from 0 to below 1"):
        replace(SETTINGS, momentum=1.0)
    with pytest.raises(ConfigError, match=r"model\.encoder must not be none"):
        replace(SETTINGS, model=replace(SETTINGS.model, encoder=None))
