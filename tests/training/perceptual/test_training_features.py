"""The feature network's training runs, writes features of mean one, and resumes bit for bit."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from accelerate.state import AcceleratorState
from PIL import Image
from stage_folders import write_stage_folder

from artmodels.errors import ConfigError
from artmodels.perceptual import StarterFeatures
from training.perceptual.data import NO_REGION, REGIONS_A_FOLDER, StageFolders, cut_views
from training.perceptual.objective import Heads, contrast_loss, reconstruction_loss, region_loss
from training.perceptual.settings import PERCEPTUAL_PRESETS
from training.perceptual.train_features import train_features
from training.run import step_generator

SETTINGS = PERCEPTUAL_PRESETS["tiny"]


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> list[Path]:
    """One folder with regions and one without."""
    root = tmp_path_factory.mktemp("stages")
    folders = [write_stage_folder(root / name, size=40) for name in ("first", "second")]
    (folders[1] / "regions").mkdir()
    for path in (folders[1] / "line").glob("*.png"):
        Image.fromarray(np.repeat(np.arange(8, dtype=np.uint8), 5)[None].repeat(40, 0)).save(
            folders[1] / "regions" / path.name
        )
    return folders


@pytest.fixture(autouse=True)
def fresh_accelerator():
    """Accelerate keeps its precision for the life of a process."""
    yield
    AcceleratorState._reset_state(reset_partial_state=True)


def train(folders: list[Path], out: Path, *, steps: int = 2, resume: bool = False) -> StarterFeatures:
    settings = replace(SETTINGS, run=replace(SETTINGS.run, steps=steps))
    return train_features(settings, folders, out, resume=resume)


def test_two_steps_train_every_layer_and_leave_features_of_mean_one(folders, tmp_path):
    trained = train(folders, tmp_path / "run")
    torch.manual_seed(SETTINGS.run.seed)
    fresh = StarterFeatures(SETTINGS.model)
    moved = [name for name, value in fresh.named_parameters() if not torch.equal(value, trained.get_parameter(name))]
    assert moved == [name for name, _ in fresh.named_parameters()]
    loaded = StarterFeatures.from_pretrained(tmp_path / "run" / "model")
    pictures = StageFolders(folders, load_size=36, split="train")
    views = cut_views(pictures, range(len(pictures)), 36, step_generator(1, 0, 0))
    for tap in loaded(torch.cat((views.first, views.second))):
        assert 0.7 < tap.mean() < 1.4  # other stages than those of the calibration
    lines = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [1, 2]
    assert {"reconstruction", "regions", "contrast"} <= lines[0].keys()
    assert (tmp_path / "run" / "samples" / "step_00000002.png").is_file()


def test_resumed_run_equals_an_unbroken_one_bit_for_bit(folders, tmp_path):
    whole = train(folders, tmp_path / "whole", steps=3).state_dict()
    train(folders, tmp_path / "broken", steps=1)
    broken = train(folders, tmp_path / "broken", steps=3, resume=True).state_dict()
    assert all(torch.equal(whole[name], broken[name]) for name in whole)


def test_views_are_two_different_stages_in_the_same_crop(folders):
    pictures = StageFolders(folders, load_size=40, split="train")
    views = cut_views(pictures, [0, 1, 2], 32, step_generator(0, 0, 0))
    assert views.first.shape == views.second.shape == (3, 3, 32, 32)
    assert all((first - second).abs().max() > 0.1 for first, second in zip(views.first, views.second, strict=True))
    # A disc's outline is dark in every stage, so that crops that differed would not share it.
    inks = [(view.mean(1) < view.mean(1).amin((1, 2), keepdim=True) + 0.2) for view in (views.first, views.second)]
    assert ((inks[0] & inks[1]).sum((1, 2)) > 0).all()


def test_each_folder_has_region_numbers_of_its_own_or_none(folders):
    pictures = StageFolders(folders, load_size=40, split="train")
    views = cut_views(pictures, [0, len(pictures) - 1], 40, step_generator(0, 0, 0))
    assert views.regions[0].unique().tolist() == [NO_REGION]
    assert views.regions[1].unique().tolist() == [REGIONS_A_FOLDER + number for number in range(8)]


def test_the_regions_loss_is_that_of_guessing_when_heads_say_nothing(folders):
    heads = Heads(SETTINGS, folders=2)
    for head in heads.regions:
        torch.nn.init.zeros_(head.weight)
        torch.nn.init.zeros_(head.bias)
    taps = [torch.rand(1, width, 32 // 2**i, 32 // 2**i) for i, width in enumerate(SETTINGS.model.widths)]
    regions = torch.full((1, 32, 32), NO_REGION)
    regions[:, :16] = 17
    torch.testing.assert_close(region_loss(heads, taps, regions), torch.tensor(32.0).log())


def test_a_picture_that_its_taps_hold_is_read_without_loss():
    heads = Heads(SETTINGS, folders=1)
    colours = torch.rand(2, 3, 1, 1) * 2 - 1
    taps = [colours.new_zeros(2, width, 32 // 2**i, 32 // 2**i) for i, width in enumerate(SETTINGS.model.widths)]
    for head, tap in zip(heads.pictures, taps[1:], strict=True):
        tap[:, :3] = colours
        with torch.no_grad():
            head.bias.zero_()
            head.weight.zero_()
            for channel in range(12):
                head.weight[channel, channel // 4] = 1  # a pixel shuffle of two takes four channels a colour
    losses = reconstruction_loss(heads, taps, colours.expand(-1, -1, 32, 32))
    torch.testing.assert_close(losses, torch.tensor(0.0), atol=1e-6, rtol=0)


def test_equal_stages_are_found_again_and_strange_ones_only_by_chance():
    heads = Heads(SETTINGS, folders=1)
    half = [torch.randn(4, width, 32 // 2**i, 32 // 2**i) for i, width in enumerate(SETTINGS.model.widths)]
    other = [torch.randn_like(tap) for tap in half]
    equal, strange = (
        contrast_loss(heads, list(map(torch.cat, zip(half, stages, strict=True))), SETTINGS, step_generator(0, 0, 0))
        for stages in (half, other)
    )
    assert equal < 1 < torch.tensor(12.0).log() * 0.9 < strange


def test_a_folder_that_no_recipe_wrote_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"metadata\.jsonl"):
        StageFolders([tmp_path], load_size=32, split="train")
    with pytest.raises(ConfigError, match="two taps"):
        replace(SETTINGS, model=replace(SETTINGS.model, widths=(4,), blocks=(1,)))
