"""Each loss against its closed form."""

import math

import torch
from torch.distributions import Normal, kl_divergence

from training.losses import (
    hinge_discriminator,
    hinge_generator,
    kl_to_normal,
    logistic_discriminator,
    logistic_generator,
    mode_seeking,
)


def test_hinge_losses_match_hand_worked_scores():
    real = [torch.tensor([0.5, 2.0]), torch.tensor([-1.0])]
    fake = [torch.tensor([-2.0, 0.0]), torch.tensor([1.0])]
    # scale one: (0.5 + 0) / 2 + (0 + 1) / 2; scale two: 2 + 2
    torch.testing.assert_close(hinge_discriminator(real, fake), torch.tensor(0.75 + 4.0))
    torch.testing.assert_close(hinge_generator(fake), torch.tensor(1.0 - 1.0))
    torch.testing.assert_close(hinge_generator([torch.tensor([3.0, 5.0])]), torch.tensor(-4.0))


def test_kl_is_the_sum_of_the_divergences():
    mean, log_variance = torch.randn(3, 5), torch.randn(3, 5)
    expected = kl_divergence(Normal(mean, (0.5 * log_variance).exp()), Normal(0.0, 1.0)).sum()
    torch.testing.assert_close(kl_to_normal(mean, log_variance), expected)


def test_kl_of_the_prior_is_zero():
    assert kl_to_normal(torch.zeros(2, 4), torch.zeros(2, 4)).item() == 0


def test_mode_seeking_is_the_reciprocal_of_the_ratio():
    first, second = torch.full((2, 3, 4, 4), 0.5), torch.full((2, 3, 4, 4), 0.1)
    latent_1, latent_2 = torch.zeros(2, 8), torch.full((2, 8), 2.0)
    value = mode_seeking(first, second, latent_1, latent_2)
    assert math.isclose(value.item(), 1 / (0.4 / 2 + 1e-5), rel_tol=1e-5)


def test_mode_seeking_falls_when_pictures_move_apart():
    latents = torch.zeros(1, 2), torch.ones(1, 2)
    near, far = (mode_seeking(torch.zeros(1, 1, 2, 2), torch.full((1, 1, 2, 2), d), *latents) for d in (0.1, 0.9))
    assert far < near


def test_an_undecided_logistic_discriminator_pays_twice_log_2():
    zero = torch.zeros(2, 5)
    torch.testing.assert_close(logistic_discriminator(zero, zero), torch.tensor(2 * math.log(2)))
    torch.testing.assert_close(logistic_generator(zero), torch.tensor(math.log(2)))
    assert logistic_discriminator(zero + 40, zero - 40) < 1e-6
    torch.testing.assert_close(logistic_generator(zero - 40), torch.tensor(40.0))
    assert logistic_generator(zero.bfloat16()).dtype == torch.float32
    assert logistic_generator(zero.double()).dtype == torch.float64
