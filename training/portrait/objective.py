"""The losses of the portrait stylizer; equations are of Song et al., SIGGRAPH 2021, and Karras et al., CVPR 2020.

Each is one formula, a mean over pictures, without its weight. Weights, and that penalties are taken at every few steps
only, are the trainings' own.
"""

from typing import Any, Literal

import torch
from torch import Tensor
from torch.nn import functional

from training.losses import (
    hinge_discriminator,
    hinge_generator,
    logistic_discriminator,
    logistic_generator,
    precise,
)

__all__ = [
    "Adversarial",
    "KlReduction",
    "PathLength",
    "discriminator_loss",
    "generator_loss",
    "is_due",
    "kl_entries",
    "kl_per_layer",
    "kl_to_prior",
    "lazy_adam",
    "path_lengths",
    "r1_penalty",
    "relative_anisotropy",
]

Adversarial = Literal["logistic", "hinge"]
KlReduction = Literal["sum", "layer_sum", "mean"]


def discriminator_loss(real: Tensor, fake: Tensor, kind: Adversarial) -> Tensor:
    """What a discriminator minimises, of scores [B].

    "logistic": mean log(1 + exp(-D(x))) + mean log(1 + exp(D(G(z)))).
    "hinge": mean relu(1 - D(x)) + mean relu(1 + D(G(z))), which is eq. 10 of Song et al. with its sign turned.
    """
    if kind == "hinge":
        return hinge_discriminator([precise(real)], [precise(fake)])
    return logistic_discriminator(real, fake)


def generator_loss(fake: Tensor, kind: Adversarial) -> Tensor:
    """What a generator minimises, of its pictures' scores [B].

    "logistic": mean log(1 + exp(-D(G(z)))), which does not saturate. "hinge": -mean D(G(z)).

    Differs: as printed, the generator of Song et al. would minimise min(0, -1 - D), which has no slope below -1.
    """
    return hinge_generator([precise(fake)]) if kind == "hinge" else logistic_generator(fake)


def r1_penalty(scores: Tensor, pictures: Tensor) -> Tensor:
    """mean |dD(x)/dx|^2, summed over the entries of each picture [B, 3, H, W]; its weight is gamma / 2.

    Differs: in Song et al. a weight of 5 multiplies a formula that holds gamma / 2 = 5 already; it is meant once.

    Source: Mescheder et al., ICML 2018, eq. 9.
    """
    (slopes,) = torch.autograd.grad(scores.sum(), pictures, create_graph=True)
    return precise(slopes).square().sum((1, 2, 3)).mean()


def path_lengths(pictures: Tensor, codes: Tensor, noise: Tensor) -> Tensor:
    """|J^T y| of each picture: how much it changes with its codes.

    The root mean square over layers of each layer's length, with y the noise over the root of the pixels' number.

    Args: pictures: [B, 3, H, W]. codes: [B, L, D], of which they were made. noise: normal, like the pictures.
    """
    scaled = noise / (pictures.shape[2] * pictures.shape[3]) ** 0.5
    (slopes,) = torch.autograd.grad((pictures * scaled).sum(), codes, create_graph=True)
    return precise(slopes).square().sum(2).mean(1).sqrt()


class PathLength:
    """Karras et al., eq. 4: mean (|J^T y| - a)^2, where a is the running mean of the lengths.

    Args: decay: share of the running mean that a step's mean replaces.
    """

    def __init__(self, decay: float = 0.01):
        self.decay = decay
        self.mean = torch.zeros(())

    def penalty(self, lengths: Tensor) -> Tensor:
        """Of lengths [B]; the running mean moves first."""
        self.mean = self.mean.to(lengths).lerp(lengths.detach().mean(), self.decay)
        return (lengths - self.mean).square().mean()

    def state_dict(self) -> dict[str, Any]:
        return {"mean": self.mean}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.mean = state["mean"]


def lazy_adam(parameters: Any, learning_rate: float, interval: int, momentum: float = 0.0) -> torch.optim.Adam:
    """Adam for a loss at every step and a penalty, that many times as heavy, at every `interval`-th one.

    A step with its penalty is two steps of the optimiser, so rate and momentum are those of interval / (interval + 1)
    steps. Source: Karras et al., CVPR 2020, appendix B.
    """
    share = interval / (interval + 1) if interval else 1.0
    return torch.optim.Adam(parameters, learning_rate * share, (momentum, 0.99**share), eps=1e-8)


def is_due(step: int, interval: int) -> bool:
    """Whether a penalty of that interval, 0 for never, belongs to this step."""
    return bool(interval) and (step + 1) % interval == 0


def kl_entries(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL(N(mean, exp(log_variance)) || N(0, 1)) of each entry, none below 0.

    Differs: eq. 2 of Song et al. prints its negative.
    """
    mean, log_variance = precise(mean), precise(log_variance)
    return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance)


def kl_to_prior(mean: Tensor, log_variance: Tensor, reduction: KlReduction) -> Tensor:
    """The codes' [B, L, D] distance from the prior, a mean over pictures.

    Args:
        reduction: "sum" over layers and entries, as the paper's text has it, which at its weight of 5e-4 leaves little
            but the prior; "layer_sum" over layers and mean over entries; "mean" over both.
    """
    entries = kl_entries(mean, log_variance)
    if reduction == "mean":
        return entries.mean()
    return entries.sum((1, 2)).mean() if reduction == "sum" else entries.mean(2).sum(1).mean()


def kl_per_layer(mean: Tensor, log_variance: Tensor) -> Tensor:
    """What each layer's codes tell of the picture, in nats: [L]."""
    return kl_entries(mean, log_variance).sum(2).mean(0)


def relative_anisotropy(codes: Tensor) -> Tensor:
    """How far from evenly spread over the sphere the directions of codes [N, D] are, from 0 to about 1.

    Only directions matter to a generator whose mapping normalises its input. It is the difference of the directions'
    second moment from I / D, in Frobenius norm, where 1 is all on one axis; N directions of the prior give about
    1 / sqrt(N).
    """
    directions = functional.normalize(precise(codes), dim=1)
    moment = directions.mT @ directions / len(codes)
    even = torch.eye(codes.shape[1]).to(moment) / codes.shape[1]
    return (moment - even).norm() / (1 - 1 / codes.shape[1]) ** 0.5
