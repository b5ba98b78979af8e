"""Each formula has its closed form, its sign and its gradient, in float64."""

import math

import pytest
import torch
from torch.autograd import gradcheck, gradgradcheck
from torch.testing import assert_close

from training.portrait.objective import (
    PathLength,
    discriminator_loss,
    generator_loss,
    kl_entries,
    kl_per_layer,
    kl_to_prior,
    lazy_adam,
    path_lengths,
    r1_penalty,
    relative_anisotropy,
)


def randn(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_an_undecided_logistic_discriminator_pays_twice_log_2():
    zero = torch.zeros(4)
    assert_close(discriminator_loss(zero, zero, "logistic"), torch.tensor(2 * math.log(2)))
    assert_close(generator_loss(zero, "logistic"), torch.tensor(math.log(2)))


def test_losses_fall_where_each_side_wants_the_scores():
    low, high = torch.full((3,), -2.0), torch.full((3,), 2.0)
    for kind in ("logistic", "hinge"):
        assert discriminator_loss(high, low, kind) < discriminator_loss(low, high, kind)
        assert generator_loss(high, kind) < generator_loss(low, kind)


def test_hinge_has_its_closed_form_and_a_slope_below_minus_1():
    real, fake = torch.tensor([0.5, 3.0]), torch.tensor([-2.0, 1.0])
    assert_close(discriminator_loss(real, fake, "hinge"), torch.tensor(0.25 + 1.0))
    scores = torch.tensor([-5.0, 0.0], requires_grad=True)
    generator_loss(scores, "hinge").backward()
    assert scores.grad is not None
    assert_close(scores.grad, torch.tensor([-0.5, -0.5]))


def test_the_logistic_generator_does_not_saturate():
    scores = torch.tensor([-30.0], requires_grad=True)
    generator_loss(scores, "logistic").backward()
    assert scores.grad is not None
    assert_close(scores.grad, torch.tensor([-1.0]))


def test_r1_of_a_linear_score_is_its_weights_square():
    weight, pictures = randn(3, 4, 4), randn(5, 3, 4, 4, seed=1).requires_grad_(True)
    scores = (weight * pictures).sum((1, 2, 3))
    assert_close(r1_penalty(scores, pictures), weight.square().sum())


def test_r1_trains_the_discriminator_by_its_second_derivative():
    """D = w |x|^2 / 2 has the slope w x: the penalty is w^2 |x|^2, and its derivative 2 w |x|^2."""
    weight, pictures = torch.tensor(0.7, dtype=torch.float64, requires_grad=True), randn(2, 3, 4, 4)
    pictures.requires_grad_(True)
    penalty = r1_penalty(weight * pictures.square().sum((1, 2, 3)) / 2, pictures)
    penalty.backward()
    norm = pictures.detach().square().sum((1, 2, 3)).mean()
    assert_close(penalty.detach(), 0.49 * norm, rtol=1e-6, atol=0)
    assert weight.grad is not None
    assert_close(weight.grad, 1.4 * norm, rtol=1e-6, atol=0)


def test_r1_is_the_mean_over_pictures():
    pictures = randn(4, 3, 2, 2).requires_grad_(True)
    whole = r1_penalty(pictures.pow(3).sum((1, 2, 3)), pictures)
    assert_close(whole, (3 * pictures.detach().square()).square().sum() / 4)


def linear_pictures(codes: torch.Tensor, matrices: torch.Tensor) -> torch.Tensor:
    """[B, L, D] by [L, P, D] with P = 3 * 2 * 2."""
    return torch.einsum("bld,lpd->bp", codes, matrices).view(-1, 3, 2, 2)


def test_the_path_length_of_a_linear_map_is_that_of_its_transpose():
    matrices, codes, noise = randn(5, 12, 6), randn(3, 5, 6, seed=1).requires_grad_(True), randn(3, 3, 2, 2, seed=2)
    found = path_lengths(linear_pictures(codes, matrices), codes, noise)
    back = torch.einsum("bp,lpd->bld", noise.flatten(1) / 2, matrices)  # the root of 2 x 2 pixels
    assert_close(found, back.square().sum(2).mean(1).sqrt())


def test_the_expected_square_of_the_path_length_is_the_maps_norm():
    matrices = randn(1, 12, 6)
    codes, noise = torch.zeros(4000, 1, 6, dtype=torch.float64, requires_grad=True), randn(4000, 3, 2, 2, seed=2)
    lengths = path_lengths(linear_pictures(codes, matrices), codes, noise)
    assert_close(lengths.square().mean(), matrices.square().sum() / 4, rtol=0.05, atol=0)


def test_path_penalty_trains_the_map():
    """One entry: the length is |m y|, the penalty (|m y| - a)^2 with a its hundredth."""
    weight = torch.tensor(3.0, dtype=torch.float64, requires_grad=True)
    codes = torch.ones(1, 1, 1, dtype=torch.float64, requires_grad=True)
    pictures = (weight * codes).view(1, 1, 1, 1)
    path = PathLength(0.01)
    penalty = path.penalty(path_lengths(pictures, codes, torch.full((1, 1, 1, 1), 2.0)))
    assert_close(penalty.item(), (6 - 0.06) ** 2, rtol=1e-6, atol=0)
    penalty.backward()
    assert weight.grad is not None
    assert_close(weight.grad.item(), 2 * (6 - 0.06) * 2, rtol=1e-6, atol=0)


def test_the_running_mean_of_lengths_moves_by_its_decay_and_resumes():
    path, again = PathLength(0.25), PathLength(0.25)
    path.penalty(torch.tensor([4.0, 4.0]))
    assert_close(path.mean, torch.tensor(1.0))
    again.load_state_dict(path.state_dict())
    assert_close(again.penalty(torch.tensor([1.0])), torch.tensor(0.0))
    assert path.mean.requires_grad is False


def test_kl_is_nothing_at_the_prior_and_positive_elsewhere():
    zero = torch.zeros(2, 3, 4)
    assert kl_entries(zero, zero).abs().max() == 0
    assert (kl_entries(randn(2, 3, 4), randn(2, 3, 4, seed=1)) > 0).all()


def test_kl_agrees_with_torchs_own():
    mean, log_variance = randn(2, 3, 4), randn(2, 3, 4, seed=1)
    own = torch.distributions.Normal(mean, (log_variance / 2).exp())
    prior = torch.distributions.Normal(torch.zeros(()).double(), torch.ones(()).double())
    expected = torch.distributions.kl_divergence(own, prior)
    assert_close(kl_entries(mean, log_variance), expected)


def test_each_reduction_of_kl_sums_what_it_says():
    mean = torch.ones(2, 3, 4)  # 0.5 an entry
    zero = torch.zeros_like(mean)
    found = {kind: float(kl_to_prior(mean, zero, kind)) for kind in ("sum", "layer_sum", "mean")}
    assert found == {"sum": 6.0, "layer_sum": 1.5, "mean": 0.5}
    assert kl_per_layer(mean, zero).tolist() == [2.0, 2.0, 2.0]


def test_anisotropy_is_1_on_one_axis_and_vanishes_on_all_alike():
    axes = torch.eye(6)
    assert float(relative_anisotropy(axes[:1].repeat(9, 1) * 7)) == pytest.approx(1)
    assert float(relative_anisotropy(torch.cat((axes, -3 * axes)))) == pytest.approx(0, abs=1e-6)
    spread = relative_anisotropy(randn(2000, 32).float())
    assert float(spread) == pytest.approx(1 / math.sqrt(2000), rel=0.2)


def test_a_lazy_optimiser_is_slower_by_the_share_of_its_penalties():
    group = lazy_adam([torch.nn.Parameter(torch.zeros(1))], 0.002, 4).param_groups[0]
    assert group["lr"] == pytest.approx(0.0016)
    assert group["betas"] == (0.0, pytest.approx(0.99**0.8))
    assert lazy_adam([torch.nn.Parameter(torch.zeros(1))], 0.002, 0).param_groups[0]["lr"] == 0.002
    assert lazy_adam([torch.nn.Parameter(torch.zeros(1))], 0.002, 4, 0.9).param_groups[0]["betas"][0] == 0.9


@pytest.mark.parametrize(
    "formula",
    [
        lambda x: discriminator_loss(x, x.flip(0) ** 2, "logistic"),
        lambda x: generator_loss(x, "logistic"),
        lambda x: kl_to_prior(x, x.sin(), "layer_sum"),
    ],
    ids=["discriminator", "generator", "kl"],
)
def test_gradients_are_those_of_the_formula(formula):
    x = randn(2, 3, 4).requires_grad_(True)
    assert gradcheck(formula, x)


def test_penalties_can_be_derived_once_more():
    weight, pictures, codes = randn(3, 2, 2), randn(2, 3, 2, 2, seed=1), randn(2, 2, 3, seed=2)

    def r1(w: torch.Tensor) -> torch.Tensor:
        x = pictures.clone().requires_grad_(True)
        return r1_penalty((w * x).sum((1, 2, 3)).tanh(), x)

    def path(w: torch.Tensor) -> torch.Tensor:
        c = codes.clone().requires_grad_(True)
        made = torch.einsum("bld,dhw->bdhw", c, w).tanh()
        return path_lengths(made, c, pictures)

    for penalty in (r1, path):
        w = weight.clone().requires_grad_(True)
        assert gradcheck(penalty, w)
        assert gradgradcheck(penalty, weight.clone().requires_grad_(True))
