"""Sleeping latents are started anew as components of what the rest does not say."""

import pytest
import torch
from torch.nn import functional

from artmodels.workflow.networks import LatentEncoder, StageGenerator
from training.workflow.latents import unpredicted, wake_blocks, wake_latents, whiten_latents

LATENTS = 4


@pytest.fixture
def step():
    torch.manual_seed(0)
    generator = StageGenerator(1, 3, width=4, latent_dim=LATENTS, content_blocks=1, style_blocks=1)
    return generator, LatentEncoder(3, width=4, latent_dim=LATENTS, size=64)


@pytest.fixture
def pictures():
    torch.manual_seed(1)
    return torch.rand(300, 1, 16, 16) * 2 - 1, functional.interpolate(torch.rand(300, 3, 2, 2) * 2 - 1, size=(16, 16))


def test_blocks_without_a_first_scale_wake_and_render_the_same(step):
    generator = step[0]
    last = generator.mapping[-1]
    with torch.no_grad():
        last.bias.zero_()
        last.bias.view(4, -1)[2] = 0.3  # what such a block could learn: the second norm's bias
    stage, latent = torch.rand(2, 1, 16, 16), torch.randn(2, LATENTS)
    asleep = generator(stage, generator.adain_vector(latent))
    assert wake_blocks(generator) == 16
    awake = generator(stage, generator.adain_vector(latent))
    torch.testing.assert_close(awake, asleep)
    awake.square().mean().backward()
    assert (last.bias.grad.view(4, -1)[3] != 0).any()
    assert wake_blocks(generator) == 0


@torch.no_grad()
def test_all_latents_start_with_the_priors_mean_and_variance_and_little_noise(step, pictures):
    generator, encoder = step
    assert wake_latents(generator, encoder, *pictures, below=1e6) == LATENTS
    mean, log_variance = encoder(pictures[1])
    torch.testing.assert_close(mean.mean(0), torch.zeros(LATENTS), atol=1e-4, rtol=0)
    torch.testing.assert_close(mean.std(0), torch.ones(LATENTS), atol=1e-3, rtol=0)
    assert (log_variance == -4).all()


@torch.no_grad()
def test_woken_latents_tell_colours_apart_that_the_stage_before_does_not_show(step, pictures):
    content, colours = pictures
    wake_latents(*step, content, colours, below=1e6)
    mean, _ = step[1](colours)
    corners = functional.adaptive_avg_pool2d(colours, 2).flatten(1)
    left = unpredicted(corners, mean).square().sum() / unpredicted(corners, mean[:, :0]).square().sum()
    assert left == pytest.approx(1 - LATENTS / corners.shape[1], abs=0.12)  # 4 of 12 equal, independent colours


@torch.no_grad()
def test_only_sleeping_latents_are_touched(step, pictures):
    generator, encoder = step
    encoder.mean.weight[1], encoder.mean.bias[1] = 0, 0
    encoder.log_variance.bias[1] = 0  # latent 1 is the prior itself
    before = [encoder.mean.weight.clone(), encoder.log_variance.bias.clone(), generator.mapping[0].weight.clone()]
    assert wake_latents(generator, encoder, *pictures, below=0.05) == 1
    after = [encoder.mean.weight, encoder.log_variance.bias, generator.mapping[0].weight.T]
    before[2] = before[2].T
    for old, new in zip(before, after, strict=True):
        changed = [bool((old[row] != new[row]).any()) for row in range(LATENTS)]
        assert changed == [False, True, False, False]


def test_what_is_left_is_uncorrelated_with_what_is_known_and_nothing_of_what_it_predicts():
    torch.manual_seed(2)
    known = torch.randn(400, 3)
    left = unpredicted(torch.cat((known @ torch.randn(3, 2) + 5, torch.randn(400, 2)), dim=1), known)
    assert left[:, :2].abs().max() < 0.02
    assert (left.T @ known / 400).abs().max() < 0.02
    assert left[:, 2:].std() > 0.8


@torch.no_grad()
def test_whitened_latents_are_the_priors_and_render_what_they_rendered(step, pictures):
    generator, encoder = step
    content, colours = pictures
    wake_latents(generator, encoder, content, colours, below=1e6)
    generator.mapping[-1].weight.normal_(std=0.1)
    encoder.mean.weight.copy_(torch.randn(LATENTS, LATENTS) @ encoder.mean.weight + 0.001)
    encoder.mean.bias += 2
    before = generator.adain_vector(encoder(colours)[0])
    whiten_latents(generator, encoder, colours)
    mean, _ = encoder(colours)
    torch.testing.assert_close(generator.adain_vector(mean), before, atol=1e-3, rtol=1e-3)
    torch.testing.assert_close(mean.mean(0), torch.zeros(LATENTS), atol=1e-3, rtol=0)
    torch.testing.assert_close(torch.cov(mean.T), torch.eye(LATENTS), atol=1e-2, rtol=0)


@torch.no_grad()
def test_whitening_scales_noise_with_its_latent(step, pictures):
    generator, encoder = step
    wake_latents(generator, encoder, *pictures, below=1e6)
    encoder.mean.weight *= 2  # twice as loud beside the same noise: half the noise once it is scaled back
    whiten_latents(generator, encoder, pictures[1])
    expected = torch.full((LATENTS,), -4.0) - 2 * torch.log(torch.tensor(2.0))
    torch.testing.assert_close(encoder.log_variance.bias, expected, atol=0.3, rtol=0)
