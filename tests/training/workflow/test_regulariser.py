"""Regulariser weights learn from the second inner step on, as one step's calculus says, and nothing else moves."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from accelerate.state import AcceleratorState
from methods import with_random_weights
from PIL import Image
from stage_folders import write_stage_folder
from torch import Tensor

from artmodels import WorkflowEditor
from artmodels.errors import CheckpointError
from artmodels.perceptual import StarterFeatures
from artmodels.workflow.optimisation import Moments, inner_step
from training.workflow.discriminators import MultiScaleDiscriminator
from training.workflow.quartiles import quartiles, split_weight
from training.workflow.regulariser import Pairs, StageTask, learn_from_pairs
from training.workflow.settings import GENERATION_PRESETS, REGULARISER_PRESETS
from training.workflow.train_regulariser import measure_usual, regularised, train_regulariser

TINY = REGULARISER_PRESETS["tiny"]


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    return write_stage_folder(tmp_path_factory.mktemp("stages"))


@pytest.fixture(scope="module")
def init(tmp_path_factory) -> str:
    editor = with_random_weights(WorkflowEditor(GENERATION_PRESETS["tiny"].model))
    return str(editor.save_pretrained(tmp_path_factory.mktemp("editor")))


@pytest.fixture(autouse=True)
def fresh_accelerator():
    """Accelerate keeps its precision for the life of a process."""
    yield
    AcceleratorState._reset_state(reset_partial_state=True)


def some_pairs(count: int = 2) -> Pairs:
    generator = torch.Generator().manual_seed(3)
    return Pairs(*(torch.rand(count, channels, 64, 64, generator=generator) * 2 - 1 for channels in (1, 3, 1, 3)))


def new_task(init: str, features: str) -> tuple[WorkflowEditor, StageTask]:
    editor = regularised(WorkflowEditor.from_pretrained(init), features)
    judge = StarterFeatures.from_pretrained(features)
    return editor, StageTask(editor.step_networks(0), judge, torch.device("cpu"))


def weight_gradients(init: str, features: str, *, adversary: bool, inner_steps: int = 3) -> list[Tensor]:
    """The gradient of w after each inner step, with w left where it is."""
    _, task = new_task(init, features)
    weight = torch.full((task.generator.adain_length,), 1e-3, requires_grad=True)
    found: list[Tensor] = []

    def keep() -> None:
        assert weight.grad is not None
        found.append(weight.grad.clone())
        weight.grad = None

    torch.manual_seed(0)
    judge = MultiScaleDiscriminator(3, 4) if adversary else None
    settings = replace(TINY, inner_steps=inner_steps)
    learn_from_pairs(task, some_pairs(), lambda: weight * 1, keep, settings, judge)
    return found


@pytest.mark.parametrize("adversary", [False, True])
def test_w_has_no_gradient_at_the_first_inner_step_and_one_from_the_second_on(init, features, adversary):
    first, *later = weight_gradients(init, features, adversary=adversary)
    assert (first == 0).all()
    assert len(later) == 2
    assert all((gradient != 0).float().mean() > 0.5 for gradient in later)


def test_the_discriminator_has_its_say(init, features):
    alone, judged = (weight_gradients(init, features, adversary=adversary)[-1] for adversary in (False, True))
    assert not torch.allclose(alone, judged)


def test_the_gradient_through_one_step_is_adams_derivative():
    """d(moved)/dw = -rate (first' / deviation - first deviation' / deviation^2), with Adam's means differentiated."""
    torch.manual_seed(0)
    delta, slope, first, second = torch.randn(4, 1, 6, dtype=torch.float64)
    weight = torch.rand(6, dtype=torch.float64).requires_grad_()
    moments, rate = Moments(first, second.square(), 4), 0.1
    moved, _ = inner_step(delta, slope, weight, moments, rate)
    (found,) = torch.autograd.grad(moved.sum(), weight)
    with torch.no_grad():
        total = slope + weight * delta
        mean = (0.9 * first + 0.1 * total) / (1 - 0.9**5)
        deviation = ((0.999 * second.square() + 0.001 * total.square()) / (1 - 0.999**5)).sqrt()
        mean_change = 0.1 * delta / (1 - 0.9**5)
        deviation_change = 0.001 * total * delta / (1 - 0.999**5) / deviation
        expected = -rate * (mean_change / (deviation + 1e-8) - mean * deviation_change / (deviation + 1e-8) ** 2)
    torch.testing.assert_close(found, expected[0])


def test_w_moves_against_what_the_second_step_finds(init, features):
    """One sample, two inner steps: w's gradient is the slope where the increment went, times the step's derivative."""
    _, task = new_task(init, features)
    pairs = Pairs(*(part[:1] for part in some_pairs()))
    weight = torch.full((task.generator.adain_length,), 1e-3, requires_grad=True)
    found: list[Tensor] = []
    learn_from_pairs(
        task, pairs, lambda: weight * 1, lambda: found.append(weight.grad.clone()), replace(TINY, inner_steps=2)
    )
    content, vector, distance = task.content(pairs.stage), task.vector(pairs.target), task.distance_to(pairs.target)

    def slope_at(delta: Tensor) -> Tensor:
        point = delta.detach().requires_grad_()
        return torch.autograd.grad(distance(task.render(content, vector + point)).sum(), point)[0]

    zero = torch.zeros_like(vector)
    once, moments = inner_step(zero, slope_at(zero), 1e-3, Moments(zero, zero), TINY.inner_learning_rate)
    twice, _ = inner_step(once, slope_at(once), weight, moments, TINY.inner_learning_rate)
    (expected,) = torch.autograd.grad(twice, weight, slope_at(twice))
    torch.testing.assert_close(found[1], expected)


def train(data: Path, out: Path, init: str, features: str, *, steps: int = 2, resume: bool = False, **changes):
    settings = replace(TINY, run=replace(TINY.run, steps=steps), features=features, **changes)
    return train_regulariser(settings, data, out, init=init, resume=resume)


def test_two_steps_move_the_weights_of_every_stage_and_no_network(data, init, features, tmp_path):
    trained = train(data, tmp_path / "run", init, features)
    before = WorkflowEditor.from_pretrained(init).state_dict()
    after = WorkflowEditor.from_pretrained(tmp_path / "run" / "model").state_dict()
    assert all(torch.equal(value, after[name]) for name, value in before.items())
    assert after.keys() - before.keys() == {"regularisers.0", "regularisers.1", "usual_error", "usual_latent"}
    fresh = regularised(WorkflowEditor.from_pretrained(init), features)
    assert all((trained.adain_weight(step) != fresh.adain_weight(step)).any() for step in (0, 1))
    assert all((trained.adain_weight(step) >= 0).all() for step in (0, 1))
    assert trained.config.features == features
    lines = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [1, 2]
    assert {"reconstruction_flat", "adversarial_flat", "reconstruction_full"} <= lines[0].keys()


def test_resumed_run_equals_an_unbroken_one_bit_for_bit(data, init, features, tmp_path):
    whole = train(data, tmp_path / "whole", init, features, steps=3).state_dict()
    train(data, tmp_path / "broken", init, features, steps=1)
    broken = train(data, tmp_path / "broken", init, features, steps=3, resume=True).state_dict()
    assert all(torch.equal(whole[name], broken[name]) for name in whole)


def test_regularisers_that_an_editor_has_are_trained_on(init, features):
    first = regularised(WorkflowEditor.from_pretrained(init), features)
    with torch.no_grad():
        first.regularisers[0].fill_(0.3)
    again = regularised(first, None)
    assert torch.equal(again.regularisers[0], first.regularisers[0])
    assert again.config == first.config


def test_without_an_adversary_none_is_logged(data, init, features, tmp_path):
    train(data, tmp_path / "run", init, features, steps=1, adversarial=0.0)
    assert "adversarial_flat" not in json.loads((tmp_path / "run" / "log.jsonl").read_text().splitlines()[0])


def test_discriminators_of_the_generators_training_are_taken(data, init, features, tmp_path):
    encoded = torch.nn.ModuleList(MultiScaleDiscriminator(3, TINY.discriminator_width) for _ in range(2))
    saved = {f"0.{name}": value for name, value in encoded.state_dict().items()}
    torch.save({"parts": {"discriminators": saved | {"1.strange": torch.ones(1)}}}, tmp_path / "state.pt")
    settings = replace(TINY, features=features)
    train_regulariser(settings, data, tmp_path / "run", init=init, discriminators=tmp_path / "state.pt")
    state = torch.load(tmp_path / "run" / "checkpoints" / "step_00000002" / "state.pt", weights_only=True)
    kept = state["parts"]["judges"]
    assert all(torch.equal(value, kept[name]) for name, value in encoded.state_dict().items())
    with pytest.raises(CheckpointError, match="no discriminators that fit"):
        train_regulariser(settings, data, tmp_path / "other", init=init, discriminators=tmp_path / "nowhere.pt")


def test_what_is_usual_lies_above_nearly_all_training_artworks(data, init, features, tmp_path):
    trained = train(data, tmp_path / "run", init, features, steps=1)
    assert torch.isfinite(trained.usual_error)
    assert trained.usual_latent.shape == (2,)
    from training.workflow.data import StagePictures

    pictures = StagePictures(data, trained.config, load_size=64, split="train")
    measure_usual(trained, pictures, TINY)
    artworks = pictures.batch(range(len(pictures)))[-1]
    errors = (trained(artworks)[-1] - artworks).abs().mean((1, 2, 3))
    assert errors.min() <= trained.usual_error <= errors.max() + 1e-6


def test_biases_and_scales_are_told_apart(init, features, tmp_path):
    editor = regularised(WorkflowEditor.from_pretrained(init), features)
    generator, _ = editor.step_networks(0)
    with torch.no_grad():
        editor.regularisers[0].fill_(0.05)
        # The vector's layout is a block's: bias and scale of its first norm, then of its second.
        for part in editor.regularisers[0].chunk(len(generator.style)):
            for number in (0, 2):
                part.chunk(4)[number].fill_(0.5)
    split = split_weight(editor, 0)
    assert split["bias"].min() > split["scale"].max()
    assert split["bias"].numel() == split["scale"].numel() == generator.adain_length // 2
    found = quartiles(editor)
    assert list(found) == ["flat/bias", "flat/scale", "full/bias", "full/scale"]
    assert found["flat/bias"][2] == pytest.approx(0.005, rel=1e-3)
    assert all(values == sorted(values) for values in found.values())


def test_the_quartiles_are_drawn(data, init, features, tmp_path):
    train(data, tmp_path / "run", init, features, steps=1)
    with Image.open(tmp_path / "run" / "samples" / "quartiles.png") as plot:
        assert len(plot.getcolors(maxcolors=10**5)) > 3
