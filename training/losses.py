"""Losses that more than one method trains with; each is one formula."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = [
    "frozen",
    "hinge_discriminator",
    "hinge_generator",
    "kl_to_normal",
    "logistic_discriminator",
    "logistic_generator",
    "mode_seeking",
    "precise",
]


def precise(values: Tensor) -> Tensor:
    """In float32, or float64 where they are that already."""
    return values.to(torch.promote_types(values.dtype, torch.float32))


@contextmanager
def frozen(*networks: nn.Module) -> Iterator[None]:
    """Graphs built inside give these networks no gradient; their inputs still get one."""
    parameters = [p for network in networks for p in network.parameters() if p.requires_grad]
    for parameter in parameters:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in parameters:
            parameter.requires_grad_(True)


def hinge_discriminator(real: Sequence[Tensor], fake: Sequence[Tensor]) -> Tensor:
    """mean relu(1 - D(real)) + mean relu(1 + D(fake)), summed over the discriminator's scales."""
    return torch.stack(
        [functional.relu(1 - r).mean() + functional.relu(1 + f).mean() for r, f in zip(real, fake, strict=True)]
    ).sum()


def hinge_generator(fake: Sequence[Tensor]) -> Tensor:
    """-mean D(fake), summed over the discriminator's scales."""
    return -torch.stack([score.mean() for score in fake]).sum()


def logistic_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """-mean log sigmoid D(real) - mean log(1 - sigmoid D(fake)), of logits."""
    return functional.softplus(-precise(real)).mean() + functional.softplus(precise(fake)).mean()


def logistic_generator(fake: Tensor) -> Tensor:
    """-mean log sigmoid D(fake), which does not saturate, of logits."""
    return functional.softplus(-precise(fake)).mean()


def kl_to_normal(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL(N(mean, exp(log_variance)) || N(0, I)), summed over the batch and the latent's entries."""
    return -0.5 * (1 + log_variance - mean.square() - log_variance.exp()).sum()


def mode_seeking(first: Tensor, second: Tensor, latent_1: Tensor, latent_2: Tensor, eps: float = 1e-5) -> Tensor:
    """1 / (mean|G(z1) - G(z2)| / mean|z1 - z2| + eps): small where different latents give different pictures.

    Source: Mao et al., CVPR 2019, eq. 3, in the reciprocal form.
    """
    return 1 / ((first - second).abs().mean() / (latent_1 - latent_2).abs().mean() + eps)
