"""Distortions grow with their grade, and the two-alternative test counts as it says."""

import json
from pathlib import Path

import pytest
import torch
from methods import drawing
from stage_folders import write_stage_folder
from torch import Tensor
from typer.testing import CliRunner

from artmodels.images import to_tensor
from artmodels.perceptual import StarterFeatures, StarterFeaturesConfig
from training.perceptual import evaluate as evaluation
from training.perceptual.distortions import DISTORTIONS, GRADES, distort
from training.perceptual.evaluate import answers, evaluate, held_out_pictures
from training.run import step_generator


def picture() -> Tensor:
    return to_tensor(drawing(128, 128))


def spoilt(kind: str, strength: float) -> Tensor:
    return DISTORTIONS[kind][0](picture(), strength, step_generator(0, 0, 0))


def test_every_distortion_grows_with_its_grade() -> None:
    differences = (distort(picture(), step_generator(0, 0, 0)) - picture()).abs().mean((2, 3, 4))
    assert differences.shape == (len(DISTORTIONS), GRADES)
    assert (differences > 0).all()
    assert (differences.diff(dim=1) > 0).all()


def test_distorted_pictures_stay_in_range() -> None:
    assert distort(picture().sign(), step_generator(0, 0, 0)).abs().max() <= 1


def test_a_hue_shift_keeps_greys_and_comes_round() -> None:
    grey = picture().mean(0, keepdim=True).expand(3, -1, -1) * 0.5
    hue_shift = DISTORTIONS["hue_shift"][0]
    torch.testing.assert_close(hue_shift(grey, 100.0, step_generator(0, 0, 0)), grey)
    soft = picture() * 0.5
    torch.testing.assert_close(hue_shift(soft, 360.0, step_generator(0, 0, 0)), soft)
    torch.testing.assert_close(hue_shift(soft, 120.0, step_generator(0, 0, 0)), soft.roll(1, 0))


def test_blur_keeps_the_mean_of_what_is_far_from_the_border() -> None:
    point = torch.zeros(3, 33, 33)
    point[:, 16, 16] = 1
    blurred = DISTORTIONS["blur"][0](point, 1.5, step_generator(0, 0, 0))
    torch.testing.assert_close(blurred.sum((1, 2)), torch.ones(3))
    variance = (blurred[0].sum(0) * (torch.arange(33.0) - 16).square()).sum()
    torch.testing.assert_close(variance, torch.tensor(1.5**2), rtol=0.02, atol=0)


def test_a_wrong_colour_changes_one_region_only() -> None:
    half = torch.full((3, 32, 32), -0.5)
    half[:, :16] = 0.5
    changed = (DISTORTIONS["wrong_colour"][0](half, 1.0, step_generator(0, 0, 0)) != half).all(0)
    assert changed.sum() == 16 * 32
    assert changed[:16].all() or changed[16:].all()


def test_distances_that_follow_the_grades_are_always_right_and_reversed_ones_never() -> None:
    grades = torch.arange(1.0, GRADES + 1).expand(3, len(DISTORTIONS), -1)
    assert (answers(grades) == 1).all()
    assert (answers(-grades) == 0).all()


def test_a_kind_that_is_always_far_loses_against_the_others_when_it_is_the_better_one() -> None:
    distances = torch.arange(1.0, GRADES + 1).expand(3, 2, -1).clone()
    distances[:, 1] += 100
    assert answers(distances).tolist() == [[1, 1], [0, 1]]


def test_the_mean_difference_is_right_within_a_kind() -> None:
    features = StarterFeatures(StarterFeaturesConfig(widths=(2, 3), blocks=(1, 1))).eval()
    scores = evaluate(features, picture()[None])
    assert scores["right_by_l1_within_a_kind"] == 1
    assert all(0 <= value <= 1 for value in scores.values())
    assert f"right_by_features_on_{next(iter(DISTORTIONS))}" in scores


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_stage_folder(tmp_path / "data", size=128)


def test_held_out_pictures_are_those_of_the_test_split(data: Path) -> None:
    both = held_out_pictures([data / "flat", data / "full"], 5)
    assert both.shape == (4, 3, 128, 128)
    assert torch.equal(both[2:], held_out_pictures([data / "full"], 2))


def test_the_command_writes_numbers_and_a_sheet(data: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    StarterFeatures(StarterFeaturesConfig(widths=(2, 3), blocks=(1, 1))).save_pretrained(tmp_path / "model")
    interface = evaluation.typer.Typer()
    interface.command()(evaluation.main)
    words = ["--model", tmp_path / "model", "--pictures", data / "full", "--out", tmp_path / "out", "--count", "1"]
    done = CliRunner().invoke(interface, [str(word) for word in words])
    assert done.exit_code == 0, done.output
    scores = json.loads((tmp_path / "out" / "evaluation.json").read_text())
    assert scores["held_out_pictures"] == 1
    assert (tmp_path / "out" / "samples" / "distortions.png").is_file()
