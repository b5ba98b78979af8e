"""Which network learns from which loss, and what each loss is worth."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from artmodels.workflow.model import WorkflowEditor
from training.losses import hinge_discriminator, kl_to_normal
from training.workflow.discriminators import MultiScaleDiscriminator
from training.workflow.objective import (
    Rendered,
    figure_weights,
    frozen,
    generation_loss,
    inference_loss,
    render_step,
    rendered_discriminator_loss,
)
from training.workflow.settings import GENERATION_PRESETS, INFERENCE_PRESETS, TINY
from training.workflow.train_generation import Adversaries, new_adversaries, render, total_losses
from training.workflow.train_inference import infer

SETTINGS = replace(GENERATION_PRESETS["tiny"], mode_seeking=0.01)


@pytest.fixture
def editor():
    torch.manual_seed(0)
    editor = WorkflowEditor(TINY)
    for parameter in editor.parameters():
        nn.init.normal_(parameter, std=0.1)
    return editor


@pytest.fixture
def stages():
    torch.manual_seed(1)
    return [torch.rand(4, channels, 64, 64) * 2 - 1 for channels in TINY.channels]


def has_gradient(network: nn.Module) -> bool:
    return any(p.grad is not None and p.grad.abs().sum() > 0 for p in network.parameters())


def noise_of(fakes: Rendered) -> torch.Tensor:
    return fakes.random_latents[0]


def backward_only(losses: dict[str, torch.Tensor], name: str) -> None:
    losses[name].backward(retain_graph=True)


def one_step(editor: WorkflowEditor, stages: list[torch.Tensor]) -> tuple[Rendered, Adversaries, dict]:
    noise = torch.randn(3, 2, TINY.latent_dim)
    fakes = render_step(editor.step_networks(0), stages[0][:2], stages[1][:2], noise, 2)
    adversaries = new_adversaries(editor, 4, torch.device("cpu"))
    networks = (editor.step_networks(0)[1], adversaries.encoded[0], adversaries.random[0], editor.inference[0])
    return fakes, adversaries, generation_loss(fakes, stages[0][:2], stages[1][:2], networks, SETTINGS)


@pytest.mark.parametrize(
    ("name", "encoder_learns"),
    [
        ("reconstruction", True),
        ("kl", True),
        ("adversarial_encoded", True),
        ("adversarial_random", False),
        ("latent", False),
        ("cycle", False),
        ("mode_seeking", False),
    ],
)
def test_encoder_learns_from_the_encoded_half_only(editor, stages, name, encoder_learns):
    _, _, losses = one_step(editor, stages)
    backward_only(losses, name)
    assert has_gradient(editor.encoders[0]) == encoder_learns
    assert has_gradient(editor.generators[0]) == (name != "kl")


def test_generation_leaves_discriminators_and_inference_alone(editor, stages):
    _, adversaries, losses = one_step(editor, stages)
    torch.stack(list(losses.values())).sum().backward()
    assert not has_gradient(editor.inference)
    assert not has_gradient(adversaries.encoded)
    assert not has_gradient(adversaries.random)


def test_weights_multiply_the_terms(editor, stages):
    fakes, _, losses = one_step(editor, stages)
    torch.testing.assert_close(losses["reconstruction"], 10 * (fakes.encoded - stages[1][:2]).abs().mean())
    torch.testing.assert_close(losses["kl"], 0.01 * kl_to_normal(fakes.mean, fakes.log_variance))
    encoder, inference = editor.step_networks(0)[1], editor.inference[0]
    torch.testing.assert_close(losses["latent"], 0.5 * (encoder(fakes.random[0])[0] - noise_of(fakes)).abs().mean())
    torch.testing.assert_close(losses["cycle"], (inference(fakes.random[0]) - stages[0][:2]).abs().mean())


@pytest.mark.parametrize(
    ("weights", "pictures"),
    [
        ({"cycle": 0.0, "mode_seeking": 0.0}, 1),
        ({"adversarial": 0.0, "latent": 0.0, "mode_seeking": 0.0}, 1),
        ({"adversarial": 0.0, "latent": 0.0, "cycle": 0.0, "mode_seeking": 0.0}, 0),
        ({"adversarial": 0.0, "latent": 0.0, "cycle": 0.0}, 2),
    ],
)
def test_terms_of_weight_zero_and_what_only_they_need_are_not_computed(editor, stages, weights, pictures):
    settings = replace(SETTINGS, **weights)
    rendered = render(editor, stages, torch.randn(2, 3, 2, TINY.latent_dim), settings)
    losses = total_losses(editor, rendered, stages, new_adversaries(editor, 4, torch.device("cpu")), settings)
    assert len(rendered[0].random) == pictures
    assert not [name for name in losses if name.startswith(tuple(weights))]
    assert len(losses) == 2 * (7 - len(weights) - ("adversarial" in weights))


def test_each_discriminator_sees_its_own_half_of_the_real_pictures(stages):
    class Recorder(nn.Module):
        def __init__(self):
            super().__init__()
            self.seen = []

        def forward(self, picture):
            self.seen.append(picture)
            return [picture.mean(dim=(1, 2, 3))]

    fakes = Rendered(stages[1][:2] + 5, [stages[1][:2] + 7], *(torch.zeros(2, 4) for _ in range(3)))
    for_encoded, for_random = Recorder(), Recorder()
    loss = rendered_discriminator_loss(fakes, stages[1], for_encoded, for_random)
    assert torch.equal(for_encoded.seen[0], stages[1][:2])
    assert torch.equal(for_random.seen[0], stages[1][2:])
    real, fake = ([p.mean(dim=(1, 2, 3))] for p in (stages[1][:2], fakes.encoded))
    other_real, other_fake = ([p.mean(dim=(1, 2, 3))] for p in (stages[1][2:], fakes.random[0]))
    torch.testing.assert_close(loss, hinge_discriminator(real, fake) + hinge_discriminator(other_real, other_fake))


def test_separate_steps_read_true_stages_and_joint_steps_are_chained(editor, stages):
    noise = torch.randn(2, 3, 2, TINY.latent_dim)
    separate = render(editor, stages, noise, SETTINGS)
    joint = render(editor, stages, noise, replace(SETTINGS, joint=True))
    generator, encoder = editor.step_networks(1)
    with torch.no_grad():
        inferred = editor.infer_stages(stages[-1][:2])
        adain = generator.adain_vector(noise[1][1])
        torch.testing.assert_close(separate[1].random[0], generator(stages[1][:2], adain))
        torch.testing.assert_close(joint[1].random[0], generator(joint[0].encoded, adain))
        torch.testing.assert_close(joint[0].mean, editor.step_networks(0)[1](inferred[1])[0])
        torch.testing.assert_close(joint[1].mean, encoder(stages[-1][:2])[0])
    joint[1].random[0].sum().backward()
    assert not has_gradient(editor.generators[0])


def test_joint_inference_reads_the_detached_prediction(editor, stages):
    sources, inferred = infer(editor, stages, joint=True)
    torch.testing.assert_close(sources[0], inferred[1])
    inferred[0].sum().backward()
    assert has_gradient(editor.inference[0])
    assert not has_gradient(editor.inference[1])
    assert infer(editor, stages, joint=False)[0] == stages[1:]


def test_inference_loss_is_hinge_plus_weighted_difference(stages):
    discriminator = MultiScaleDiscriminator(4, 4)
    inferred = stages[0].roll(1, 0).requires_grad_(True)
    settings = replace(INFERENCE_PRESETS["tiny"], adversarial=2.0)
    parts = inference_loss(stages[1], inferred, stages[0], discriminator, settings)
    torch.testing.assert_close(parts["reconstruction"], 10 * (inferred - stages[0]).abs().mean())
    scores = discriminator(torch.cat((stages[1], inferred), dim=1))
    torch.testing.assert_close(parts["adversarial"], -2 * (scores[0].mean() + scores[1].mean()))
    parts["adversarial"].backward()
    assert inferred.grad is not None
    assert not has_gradient(discriminator)
    settings = replace(settings, adversarial=0.0)
    assert set(inference_loss(stages[1], inferred, stages[0], discriminator, settings)) == {"reconstruction"}


def test_what_stands_out_from_the_ground_weighs_more():
    stages = torch.full((2, 3, 4, 4), 0.2)
    stages[0, 1, 0, 0] = 0.9  # one of 16 pixels, in one channel
    weights = figure_weights(stages, 4.0)
    assert weights.shape == (2, 1, 4, 4)
    torch.testing.assert_close(weights[0, 0, 0, 0], torch.tensor(5 / (20 / 16)))
    torch.testing.assert_close(weights.mean((1, 2, 3)), torch.ones(2))
    torch.testing.assert_close(weights[1], torch.ones(1, 4, 4))
    assert torch.equal(figure_weights(stages, 0.0), torch.ones(2, 1, 4, 4))


def test_a_stage_is_inferred_by_its_figure_first(stages):
    settings = replace(INFERENCE_PRESETS["tiny"], adversarial=0.0, figure=4.0)
    target, inferred = torch.zeros(1, 1, 4, 4), torch.zeros(1, 1, 4, 4)
    target[..., 0, 0] = 1.0
    loss = inference_loss(stages[1], inferred, target, nn.Identity(), settings)["reconstruction"]
    torch.testing.assert_close(loss, torch.tensor(10 * 5 / 20))


def test_frozen_networks_thaw_even_after_an_error():
    layer = nn.Linear(2, 2)
    layer.bias.requires_grad_(False)

    def fail() -> None:
        with frozen(layer):
            assert not layer.weight.requires_grad
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert layer.weight.requires_grad
    assert not layer.bias.requires_grad
