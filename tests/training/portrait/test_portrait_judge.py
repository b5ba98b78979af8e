"""Distances are of sets of pictures, and the nearest state of a model is kept."""

import pytest
import torch

from artmodels.portrait.stylegan2 import StyleGAN2
from training.portrait.data import Portraits
from training.portrait.judge import Best, Judge
from training.portrait.presets import TINY
from training.portrait.settings import STARTER_FEATURES


def test_real_pictures_are_nearer_to_themselves_than_noise_is(portraits):
    pictures = Portraits(portraits, 16, split="train")
    judge = Judge(pictures, STARTER_FEATURES, len(pictures))
    assert judge.name == "frechet_starter"
    themselves = judge.distance(lambda count, start: pictures.batch(range(start, start + count)))
    noise = judge.distance(lambda count, start: torch.rand(count, 3, 16, 16) * 2 - 1)
    assert themselves == pytest.approx(0, abs=1e-3)
    assert noise > 1


def test_only_nearer_states_are_kept(tmp_path):
    torch.manual_seed(0)
    best, models = Best(tmp_path / "best"), [StyleGAN2(TINY) for _ in range(3)]
    for step, (model, distance) in enumerate(zip(models, (5.0, 3.0, 4.0), strict=True), start=1):
        best.keep(model, distance, step, is_main=True)
    kept = StyleGAN2.from_pretrained(tmp_path / "best")
    assert torch.equal(kept.synthesis.b4.const, models[1].synthesis.b4.const)
    again = Best(tmp_path / "best")
    again.load_state_dict(best.state_dict())
    again.keep(models[2], 3.5, 4, is_main=True)
    assert (again.distance, again.step) == (3.0, 2)
