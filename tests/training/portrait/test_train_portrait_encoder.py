"""The encoder's training moves the encoder alone, tells what its latents know, and resumes bit for bit."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import nn

from artmodels.errors import CheckpointError, ConfigError
from artmodels.portrait.encoder import Latents
from artmodels.portrait.model import PortraitStylizer
from artmodels.portrait.stylegan2 import StyleGAN2
from training.feature_distance import load_distance
from training.portrait.diagnosis import compared, diagnose
from training.portrait.photo_losses import PhotoLosses, face_of
from training.portrait.presets import ENCODER_PRESETS, STARTER, STARTER_ENCODER, TINY
from training.portrait.settings import STARTER_FEATURES, PhotoTerms
from training.portrait.similarity import arcface_crop, identity_distance, load_identity, load_later_distance
from training.portrait.train_encoder import new_photo_model, train_encoder

CPU = torch.device("cpu")
SETTINGS = ENCODER_PRESETS["tiny"]


@pytest.fixture(scope="module")
def generator(tmp_path_factory):
    torch.manual_seed(0)
    return str(StyleGAN2(TINY).save_pretrained(tmp_path_factory.mktemp("generator")))


def run(data: Path, out: Path, generator: str | None, *, steps: int = 2, resume: bool = False, **changes):
    settings = replace(SETTINGS, run=replace(SETTINGS.run, steps=steps), **changes)
    return train_encoder(settings, data, out, generator=generator, resume=resume)


def state_of(run_folder: Path, step: int) -> dict:
    return torch.load(run_folder / "checkpoints" / f"step_{step:08d}" / "state.pt", weights_only=True)["parts"]


def photos(count: int = 3, size: int = 32, seed: int = 0) -> torch.Tensor:
    return 2 * torch.rand(count, 3, size, size, generator=torch.Generator().manual_seed(seed)) - 1


def test_two_steps_train_the_encoder_alone_and_write_what_they_say(portraits, generator, tmp_path):
    run(portraits, tmp_path / "run", generator)
    first, last = (state_of(tmp_path / "run", step)["model"] for step in (1, 2))
    moved = {name.split(".")[0] for name, value in last.items() if not torch.equal(value, first[name])}
    assert moved == {"encoder"}
    given = StyleGAN2.from_pretrained(generator).state_dict()
    assert all(torch.equal(last[name], value) for name, value in given.items())
    lines = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    assert lines[1].keys() >= {"squared", "perceptual", "identity", "kl", "held_out_difference", "anisotropy"}
    diagnosis = json.loads((tmp_path / "run" / "diagnosis.json").read_text())
    assert len(diagnosis["nats"]) == TINY.code_count
    with Image.open(tmp_path / "run" / "samples" / "step_00000002.png") as sheet:
        assert sheet.size == (6 * 36 + 4, 2 * 36 + 4)
    loaded = PortraitStylizer.from_pretrained(tmp_path / "run" / "best")
    assert loaded.config.alignment == "eyes"


def test_resumed_run_equals_an_unbroken_one_bit_for_bit(portraits, generator, tmp_path):
    run(portraits, tmp_path / "whole", generator, steps=3)
    run(portraits, tmp_path / "broken", generator, steps=1)
    run(portraits, tmp_path / "broken", generator, steps=3, resume=True)
    whole, broken = (state_of(tmp_path / folder, 3) for folder in ("whole", "broken"))
    for part in ("model", "average"):
        assert all(torch.equal(whole[part][name], broken[part][name]) for name in whole[part])
    assert whole["best"] == broken["best"]


@pytest.mark.parametrize("change", [{"variational": False}, {"repeats": True}])
def test_the_papers_ablations_train(portraits, generator, tmp_path, change):
    trained = run(portraits, tmp_path / "run", generator, encoder=replace(SETTINGS.encoder, **change))
    logged = json.loads((tmp_path / "run" / "log.jsonl").read_text().splitlines()[-1])
    assert ("kl" in logged) == trained.config.encoder.variational


def test_an_encoder_goes_on_and_wrong_beginnings_are_told(portraits, generator, tmp_path):
    first = new_photo_model(SETTINGS, generator, None)
    first.save_pretrained(tmp_path / "photo")
    again = new_photo_model(SETTINGS, None, str(tmp_path / "photo"))
    assert all(torch.equal(value, again.state_dict()[name]) for name, value in first.state_dict().items())
    with pytest.raises(ConfigError, match="not both"):
        new_photo_model(SETTINGS, None, None)
    sure = replace(SETTINGS, encoder=replace(SETTINGS.encoder, variational=False, repeats=True, widths=(9, 9, 9, 9)))
    other = new_photo_model(sure, None, str(tmp_path / "photo"))
    assert (other.config.encoder.variational, other.config.encoder.repeats) == (False, True)
    assert other.config.encoder.widths == SETTINGS.encoder.widths
    known = first.state_dict()
    assert all(torch.equal(value, known[name]) for name, value in other.state_dict().items())
    fresh = new_photo_model(SETTINGS, str(tmp_path / "photo"), None)
    assert torch.equal(fresh.state_dict()["mapping.w_avg"], known["mapping.w_avg"])
    assert not torch.equal(fresh.encoder.groups[0][0].residual[1].weight, first.encoder.groups[0][0].residual[1].weight)
    bare = PortraitStylizer(replace(first.config, encoder=None))
    bare.save_pretrained(tmp_path / "bare")
    with pytest.raises(ConfigError, match="has no encoder"):
        new_photo_model(SETTINGS, None, str(tmp_path / "bare"))


def test_every_term_has_its_weight_and_can_be_left_out():
    made, true, terms = photos(), photos(seed=1), SETTINGS.terms
    doubled = PhotoLosses(replace(terms, squared=2.0), CPU)
    torch.testing.assert_close(doubled.of_pictures(made, true)["squared"], 2 * (made - true).square().mean())
    assert doubled.of_pictures(true, true)["identity"] == pytest.approx(0, abs=1e-6)
    one = PhotoLosses(PhotoTerms(perceptual=0.0, identity=0.0, features=STARTER_FEATURES, kl=0.0), CPU)
    assert one.of_pictures(made, true).keys() == {"squared"}
    with pytest.raises(ConfigError, match="nothing is to be learnt"):
        PhotoTerms(squared=0.0, perceptual=0.0)


def test_faces_count_on_their_own():
    made, true = photos(), photos(seed=1)
    side = true.shape[-1]
    losses = PhotoLosses(replace(SETTINGS.terms, face=0.5), CPU)
    told = losses.of_pictures(made, true)
    torch.testing.assert_close(told["face"], 0.5 * losses.judging(face_of(made), face_of(true)).mean())
    elsewhere = true.clone()
    elsewhere[..., : side // 4] = made[..., : side // 4]
    assert losses.of_pictures(elsewhere, true)["face"] == pytest.approx(0, abs=1e-6)
    eye = torch.zeros(1, 1, 100, 100)
    eye[..., 45, 38] = 1  # where the left eye of an aligned photo lies
    assert divmod(int(face_of(eye).argmax()), 50) == (12, 13)
    with pytest.raises(ConfigError, match="weights must be 0 or more"):
        PhotoTerms(face=-1.0)


def test_the_priors_weight_grows_and_certain_latents_have_none():
    losses, mean = PhotoLosses(replace(SETTINGS.terms, kl=0.5, kl_steps=4), CPU), torch.ones(3, 2, 5)
    told = [float(losses.of_latents(Latents(mean, torch.zeros_like(mean)), step)["kl"]) for step in (0, 1, 3, 9)]
    assert told == pytest.approx([0.125, 0.25, 0.5, 0.5])  # two layers of 1 / 2 each, and half of that
    assert losses.of_latents(Latents(mean, None), 9) == {}


def test_the_untrained_encoder_lies_on_the_prior(generator):
    found = diagnose(new_photo_model(SETTINGS, generator, None), photos(), load_distance(STARTER_FEATURES, CPU))
    assert found.nats == [0.0] * TINY.code_count
    assert found.difference > 0
    assert 0 < found.even < 1


def test_pictures_are_compared_at_the_photos_size():
    constant = torch.full((1, 3, 16, 16), 0.25)
    for size in (8, 16, 32):
        torch.testing.assert_close(compared(constant, photos(1, size)), torch.full((1, 3, size, size), 0.25))


def test_a_later_distance_sees_no_more_than_the_whole_one():
    whole, later = load_distance(STARTER_FEATURES, CPU), load_later_distance(STARTER_FEATURES, CPU)
    first, second = photos(), photos(seed=1)
    assert (later(first, second) < whole(first, second)).all()
    assert (later(first, second) > 0).all()
    assert later(first, first).abs().max() == 0


def test_an_identity_network_is_an_exported_program(tmp_path):
    network = nn.Sequential(nn.AdaptiveAvgPool2d(2), nn.Flatten())
    batch = torch.export.Dim("batch", min=1)
    program = torch.export.export(network, (torch.zeros(2, 3, 112, 112),), dynamic_shapes=({0: batch},))
    torch.export.save(program, tmp_path / "identity.pt2")
    embed = load_identity(str(tmp_path / "identity.pt2"), CPU)
    assert embed is not None
    torch.testing.assert_close(embed(photos(3, 256)), network(arcface_crop(photos(3, 256))))
    opposite = identity_distance(embed, photos(3, 64), -photos(3, 64))
    torch.testing.assert_close(opposite, torch.full((3,), 2.0))
    assert load_identity("", CPU) is None
    with pytest.raises(CheckpointError, match="no file"):
        load_identity(str(tmp_path / "nothing.pt2"), CPU)


def test_the_starter_stays_within_its_budget(tmp_path):
    source = StyleGAN2(STARTER).save_pretrained(tmp_path / "generator")
    model = new_photo_model(replace(SETTINGS, encoder=STARTER_ENCODER), str(source), None)
    assert 2 * sum(value.numel() for value in model.state_dict().values()) < 15.5e6
