"""Learning the weights w of AdaIN optimisation, in the form in which the paper's numbers hold.

The printed Algorithm 2 starts every iteration at an increment of zero, where w * 0 gives w no gradient at all. Here the
increment of a pair of artworks is carried on through all its inner steps, and after each of them w learns through that
one step: the increment before it, the pictures' gradient and Adam's memory are constants (no second order, nothing
unrolled). Samples of a batch of pairs do not meet but in the discriminator that a stage trains along.
"""

from collections.abc import Callable, Iterable
from copy import deepcopy
from typing import NamedTuple

import torch
from torch import Tensor, nn

from artmodels.perceptual import FeaturePyramid
from artmodels.workflow.networks import Content, LatentEncoder, StageGenerator
from artmodels.workflow.optimisation import (
    Moments,
    adain_loss,
    fast_type,
    frozen,
    frozen_renderer,
    inner_step,
    laid_out,
)
from training.losses import hinge_discriminator
from training.workflow.settings import RegulariserSettings

__all__ = ["Pairs", "StageTask", "learn_from_pairs", "train_discriminator"]


DISCRIMINATOR_LEARNING_RATE = 2e-4


class Pairs(NamedTuple):
    """A stage and its successor of some artworks, and the same of others; all [B, C, S, S] in [-1, 1]."""

    stage: Tensor
    target: Tensor
    edited_stage: Tensor
    edited_target: Tensor


class StageTask:
    """One generation step, frozen and laid out for speed, and what its renderings are judged by."""

    def __init__(self, networks: tuple[StageGenerator, LatentEncoder], features: FeaturePyramid, device: torch.device):
        self.generator, self.encoder = networks
        self.dtype = fast_type(device)
        self.renderer = frozen_renderer(self.generator, self.dtype)
        self.judge = frozen(features, self.dtype)

    @torch.no_grad()
    def vector(self, target: Tensor) -> Tensor:
        """The AdaIN vector [B, P] of the latent that is read from a picture of the stage's successor."""
        return self.generator.adain_vector(self.encoder(target)[0])

    @torch.no_grad()
    def content(self, stage: Tensor) -> Content:
        return Content(*(laid_out(part, self.dtype) for part in self.generator.encode_content(stage)))

    def render(self, content: Content, vector: Tensor) -> Tensor:
        return self.renderer.decode(content, vector.to(self.dtype)).float()

    def distance_to(self, target: Tensor) -> Callable[[Tensor], Tensor]:
        """Eq. 6 as a function of the rendering [B, C, S, S], for each sample [B]; the target is looked at once."""
        with torch.no_grad():
            maps = self.judge(laid_out(target, self.dtype))
        return lambda rendered: adain_loss(rendered, target, self.judge, maps)


class Probe(NamedTuple):
    """A rendering with an increment [B, P], a loss of it [B], and the loss's slope [B, P] in the increment."""

    rendered: Tensor
    loss: Tensor
    slope: Tensor


def probe(
    task: StageTask, measure: Callable[[Tensor], Tensor], content: Content, vector: Tensor, delta: Tensor
) -> Probe:
    point = delta.clone().requires_grad_()
    rendered = task.render(content, vector + point)
    loss = measure(rendered)
    (slope,) = torch.autograd.grad(loss.sum(), point)
    return Probe(rendered.detach(), loss.detach(), slope)


class Adversary:
    """A discriminator's copy that is trained along with one batch of pairs and then forgotten."""

    def __init__(self, discriminator: nn.Module, real: Tensor):
        self.network, self.real = deepcopy(discriminator), real
        self.optimiser = torch.optim.Adam(self.network.parameters(), DISCRIMINATOR_LEARNING_RATE, (0.5, 0.999))

    def loss(self, rendered: Tensor) -> Tensor:
        """-D of each rendering [B]: the mean score, summed over scales."""
        return -torch.stack([scores.mean((1, 2, 3)) for scores in self.network(rendered)]).sum(0)

    def train(self, fake: Tensor) -> None:
        self.optimiser.zero_grad()
        hinge_discriminator(self.network(self.real), self.network(fake)).backward()
        self.optimiser.step()


def learn_from_pairs(
    task: StageTask,
    pairs: Pairs,
    weight: Callable[[], Tensor],
    update: Callable[[], object],
    settings: RegulariserSettings,
    discriminator: nn.Module | None = None,
) -> dict[str, Tensor]:
    """All inner steps of a batch of pairs; each ends with `update` once w's gradient was computed.

    Args:
        weight: gives w [P] anew, with its graph.
        update: moves what `weight` depends on by its gradients, and forgets them.
        discriminator: judges the edited renderings; it stays as it is, a copy of it is trained along.
    Returns: the terms of eq. 7, as means over pairs and inner steps.
    """
    content, vector, distance = task.content(pairs.stage), task.vector(pairs.target), task.distance_to(pairs.target)
    edited = task.content(pairs.edited_stage)
    adversary = None if discriminator is None else Adversary(discriminator, pairs.edited_target)
    delta, terms = torch.zeros_like(vector), []
    moments, slope = Moments(delta, delta), probe(task, distance, content, vector, delta).slope
    for _ in range(settings.inner_steps):
        moved, moments = inner_step(delta, slope, weight(), moments, settings.inner_learning_rate)
        delta, moments = moved.detach(), Moments(moments.first.detach(), moments.second.detach(), moments.steps)
        # Where the increment has moved to, the slope teaches w now and moves the increment at the next inner step.
        here = probe(task, distance, content, vector, delta)
        slope, pull = here.slope, here.slope
        parts = {"reconstruction": here.loss.mean()}
        if adversary is not None:
            there = probe(task, adversary.loss, edited, vector, delta)
            pull = slope + settings.adversarial * there.slope
            parts["adversarial"] = settings.adversarial * there.loss.mean()
            adversary.train(there.rendered)
        moved.backward(pull / len(delta))
        update()
        terms.append(parts)
    return {name: torch.stack([parts[name] for parts in terms]).mean() for name in terms[0]}


def train_discriminator(task: StageTask, discriminator: nn.Module, batches: Iterable[tuple[Tensor, Tensor]]) -> Tensor:
    """Teaches a discriminator what the frozen generator renders from encoded latents, and returns its last loss.

    Args: batches: a stage and its successor each time, [B, C, S, S].
    """
    optimiser = torch.optim.Adam(discriminator.parameters(), DISCRIMINATOR_LEARNING_RATE, (0.5, 0.999))
    loss = torch.zeros(())
    for stage, target in batches:
        with torch.no_grad():
            fake = task.render(task.content(stage), task.vector(target))
        optimiser.zero_grad()
        loss = hinge_discriminator(discriminator(target), discriminator(fake))
        loss.backward()
        optimiser.step()
    return loss.detach()
