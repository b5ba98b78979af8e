"""AdaIN optimisation finds what can be found, is held by its weight, and leaves the networks alone."""

from itertools import islice
from typing import Any

import pytest
import torch
from methods import features, smooth_batch, with_random_weights
from torch import Tensor
from torch.nn import functional

from artmodels import ConfigError
from artmodels.perceptual import FeaturePyramid
from artmodels.workflow.networks import StageGenerator
from artmodels.workflow.optimisation import (
    Moments,
    Optimisation,
    StepState,
    adain_loss,
    frozen_renderer,
    inner_step,
    optimise_step,
)

SIZE = 32


class Pixels(FeaturePyramid):
    """Pictures as their own features, twice."""

    def forward(self, pictures: Tensor) -> list[Tensor]:
        return [pictures, pictures]


@pytest.fixture(scope="module")
def generator() -> StageGenerator:
    network = StageGenerator(1, 3, width=4, latent_dim=4, content_blocks=1, style_blocks=2)
    return with_random_weights(network).eval()


def problem(generator: StageGenerator, count: int = 1) -> tuple[Tensor, Tensor, Tensor]:
    """A stage, a reference that the generator can render, and a latent that does not render it."""
    (stage,) = smooth_batch(1, SIZE)(count)
    latent, other = torch.randn(2, count, 4, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        return stage, generator(stage, generator.adain_vector(other)), latent


def fit(generator: StageGenerator, *, count: int = 1, weight: Tensor | float = 0.0, **settings: Any) -> list[StepState]:
    stage, reference, latent = problem(generator, count)
    chosen = Optimisation(**{"steps": 40, "weight": 0.0} | settings)
    return list(
        optimise_step(generator, stage, reference, latent, weight=weight, features=features(), optimisation=chosen)
    )


# The formulas.


@pytest.mark.parametrize("weight", [0.0, 0.05, 3.0])
def test_an_inner_step_is_adam_on_the_gradient_plus_the_weighted_point(weight: float) -> None:
    target = torch.tensor([[3.0, -1.0, 0.2]])
    point, moments = torch.zeros(1, 3), Moments(torch.zeros(1, 3), torch.zeros(1, 3))
    expected = torch.zeros(1, 3, requires_grad=True)
    adam = torch.optim.Adam([expected], lr=0.1, weight_decay=weight)
    for _ in range(50):
        point, moments = inner_step(point, 2 * (point - target), weight, moments, 0.1)
        expected.grad = 2 * (expected.detach() - target)
        adam.step()
    torch.testing.assert_close(point, expected.detach())


@pytest.mark.parametrize("weight", [0.5, 2.0])
def test_a_quadratic_ends_where_slope_and_weight_balance(weight: float) -> None:
    """(x - t)^2 with its gradient 2 (x - t) + w x = 0 ends at x = 2 t / (2 + w)."""
    target, point = torch.tensor([1.5, -0.5]), torch.zeros(2)
    moments = Moments(torch.zeros(2), torch.zeros(2))
    for _ in range(1500):
        point, moments = inner_step(point, 2 * (point - target), weight, moments, 0.02)
    torch.testing.assert_close(point, 2 * target / (2 + weight), atol=0.01, rtol=0)


def test_the_weights_gradient_is_zero_at_the_first_step_and_not_at_the_second() -> None:
    weight = torch.full((4,), 0.001, requires_grad=True)
    point, moments = torch.zeros(4), Moments(torch.zeros(4), torch.zeros(4))
    slopes = torch.tensor([1.0, -2.0, 0.5, 0.0])
    found = []
    for _ in range(2):
        moved, after = inner_step(point, slopes, weight, moments, 0.1)
        found.append(torch.autograd.grad(moved.square().sum(), weight)[0])
        point, moments = moved.detach(), Moments(after.first.detach(), after.second.detach(), after.steps)
    assert torch.equal(found[0], torch.zeros(4))
    assert (found[1][:3] != 0).all()
    assert found[1].isfinite().all()


def test_the_loss_is_the_distance_and_ten_times_that_of_each_map_for_each_sample() -> None:
    reference = torch.zeros(2, 3, 5, 5)
    rendered = torch.stack([torch.full((3, 5, 5), 0.1), torch.full((3, 5, 5), -0.3)])
    loss = adain_loss(rendered, reference, Pixels(), Pixels()(reference))
    torch.testing.assert_close(loss, torch.tensor([0.1, 0.3]) * 21)


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-3), (torch.bfloat16, 0.1)])
def test_the_fast_copy_renders_what_the_generator_renders(
    generator: StageGenerator, dtype: torch.dtype, tolerance: float
) -> None:
    """bfloat16 keeps 8 bits, and random weights make the rounding of one layer larger in the next."""
    stage, _, latent = problem(generator)
    with torch.no_grad():
        content, vector = generator.encode_content(stage), generator.adain_vector(latent)
        expected = generator.decode(content, vector)
        fast = frozen_renderer(generator, dtype)
        found = fast.decode(type(content)(*(part.to(dtype) for part in content)), vector.to(dtype)).float()
    assert (found - expected).abs().mean() < tolerance


# The fit.


def test_a_reference_that_can_be_rendered_is_approached(generator: StageGenerator) -> None:
    losses = [float(state.loss) for state in fit(generator, steps=120)]
    assert losses[-1] < 0.4 * losses[0]


def test_states_count_the_iterations_and_begin_with_the_encoded_latents_rendering(generator: StageGenerator) -> None:
    states = fit(generator, steps=3)
    stage, _, latent = problem(generator)
    assert [(state.iteration, state.total) for state in states] == [(1, 3), (2, 3), (3, 3)]
    with torch.no_grad():
        expected = generator(stage, generator.adain_vector(latent))
    assert (states[0].rendered - expected).abs().mean() < 0.1  # bfloat16, as above
    assert states[0].delta.abs().max() == pytest.approx(0.1, rel=1e-3)  # Adam's first step


def test_the_latent_stays_in_mode_adain_and_the_increment_in_mode_z(generator: StageGenerator) -> None:
    *_, latent = problem(generator)
    by_vector, by_latent = fit(generator)[-1], fit(generator, mode="z")[-1]
    assert torch.equal(by_vector.latent, latent)
    assert by_vector.delta.abs().max() > 0.3
    assert not by_latent.delta.any()
    assert (by_latent.latent - latent).abs().max() > 0.3
    assert by_latent.loss < fit(generator, mode="z")[0].loss


def test_no_weight_reaches_a_lower_loss_than_a_heavy_one(generator: StageGenerator) -> None:
    losses = [float(fit(generator, weight=weight, steps=120)[-1].loss) for weight in (0.0, 1e-2, 1.0)]
    assert losses == sorted(losses)


def test_a_very_heavy_weight_pins_the_increment(generator: StageGenerator) -> None:
    free, pinned = (fit(generator, weight=weight, steps=150)[-1].delta for weight in (0.0, 1e4))
    assert pinned.abs().max() < 0.01
    assert free.abs().max() > 0.5


def test_each_entry_has_a_weight_of_its_own(generator: StageGenerator) -> None:
    weight = torch.zeros(generator.adain_length)
    weight[::2] = 1e4
    delta = fit(generator, weight=weight, steps=150)[-1].delta[0]
    assert delta[::2].abs().max() < 0.01
    assert delta[1::2].abs().max() > 0.5


def test_samples_of_a_batch_do_not_meet(generator: StageGenerator) -> None:
    """One iteration: later ones magnify the rounding of another batch size."""
    together = fit(generator, count=3, steps=1)[0]
    stage, reference, latent = problem(generator, 3)
    for i in range(3):
        part = slice(i, i + 1)
        (alone,) = optimise_step(
            generator, stage[part], reference[part], latent[part],
            weight=0.0, features=features(), optimisation=Optimisation(steps=1),
        )  # fmt: skip
        torch.testing.assert_close(together.loss[part], alone.loss, rtol=0.01, atol=0.01)  # bfloat16, as above
        agreement = functional.cosine_similarity(together.delta[i], alone.delta[0], dim=0)
        assert agreement > 0.8


def test_the_same_problem_has_the_same_solution(generator: StageGenerator) -> None:
    first, second = (fit(generator)[-1] for _ in range(2))
    assert torch.equal(first.delta, second.delta)
    assert torch.equal(first.rendered, second.rendered)


# Around it.


def test_a_cancelled_fit_leaves_the_networks_as_they_were(generator: StageGenerator) -> None:
    stage, reference, latent = problem(generator)
    judge = features()
    before = {name: value.clone() for name, value in generator.state_dict().items()}
    states = optimise_step(
        generator, stage, reference, latent, weight=0.0, features=judge, optimisation=Optimisation(steps=50)
    )
    assert [state.iteration for state in islice(states, 3)] == [1, 2, 3]
    states.close()  # type: ignore[attr-defined]
    torch.testing.assert_close(dict(generator.state_dict()), before, rtol=0, atol=0)
    assert all(weight.requires_grad and weight.grad is None for weight in generator.parameters())
    assert not any(module.training for module in (*generator.modules(), *judge.modules()))
    assert torch.is_grad_enabled()
    assert not latent.requires_grad


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_a_fit_runs_where_gradients_are_off(generator: StageGenerator, mode: Any) -> None:
    expected = fit(generator, steps=5)[-1].delta
    with mode():
        found = fit(generator, steps=5)[-1].delta
        assert not torch.is_grad_enabled()
    assert torch.equal(found.clone(), expected)


# Settings.


@pytest.mark.parametrize(
    ("faithful", "mode", "scale"), [(0, "none", 1.0), (0.5, "adain", 1.0), (0.2, "adain", 4.0), (1.0, "adain", 0.0)]
)
def test_the_dial_goes_from_none_over_the_learned_weight_to_no_weight(faithful: float, mode: str, scale: float) -> None:
    chosen = Optimisation.from_faithful(faithful, steps=7)
    assert (chosen.mode, chosen.scale, chosen.steps) == (mode, pytest.approx(scale), 7)
    assert chosen.weight == "learned"


@pytest.mark.parametrize("faithful", [-0.1, 1.1, float("nan"), True, "1", None])
def test_a_dial_outside_its_range_is_refused(faithful: Any) -> None:
    with pytest.raises(ConfigError, match="faithful must be a number from 0"):
        Optimisation.from_faithful(faithful)


@pytest.mark.parametrize(
    "settings",
    [
        {"mode": "vgg"},
        {"mode": None},
        {"weight": -1.0},
        {"weight": "heavy"},
        {"weight": True},
        {"scale": float("inf")},
        {"steps": 0},
        {"steps": 2.5},
        {"steps": True},
        {"learning_rate": 0},
        {"learning_rate": "fast"},
    ],
    ids=str,
)
def test_settings_that_cannot_be_meant_are_refused(settings: dict[str, Any]) -> None:
    (name,) = settings
    with pytest.raises(ConfigError, match=f"^{name} must be"):
        Optimisation(**settings)
