"""The losses of the tag colorizer's trainings; equations are Yan et al. 2023's."""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.colorizer.settings import GeneratorSettings
from training.losses import frozen

__all__ = [
    "Mapped",
    "discriminator_loss",
    "generator_loss",
    "mapping_loss",
    "region_weights",
    "tag_loss",
    "total_variation",
]


def tag_loss(logits: Tensor, tags: Tensor) -> Tensor:
    """Binary cross-entropy of every tag's presence; both [B, T]."""
    return functional.binary_cross_entropy_with_logits(logits.float(), tags)


def discriminator_loss(real: Tensor, fake: Tensor) -> Tensor:
    """Eq. 2: (BCE(D(x, y), 1) + BCE(D(x, G), 0)) / 2, of logits."""
    return 0.5 * (functional.softplus(-real.float()).mean() + functional.softplus(fake.float()).mean())


def generator_loss(
    sketch: Tensor,
    made: Tensor,
    target: Tensor,
    weights: Tensor,
    discriminator: nn.Module,
    settings: GeneratorSettings,
) -> dict[str, Tensor]:
    """Eqs. 1 to 5: 100 mean|y - G| + BCE(D(x, G), 1) + 1e-4 TV(G); terms of no weight are left out.

    Args: sketch [B, 1, H, W]; made, target [B, 3, H, W]; weights: of each pixel, [B, 1, H, W] with a mean of 1.
    """
    losses = {"reconstruction": settings.reconstruction * (weights * (made - target).abs()).mean()}
    if settings.adversarial:
        with frozen(discriminator):
            scores = discriminator(sketch, made)
        losses["adversarial"] = settings.adversarial * functional.softplus(-scores.float()).mean()
    if settings.variation:
        losses["variation"] = settings.variation * total_variation(made)
    return losses


def total_variation(pictures: Tensor, eps: float = 1e-8) -> Tensor:
    """Eq. 4 with eta 1: the sum over pixels of sqrt(dx^2 + dy^2 + eps), a mean over the batch.

    Differs: channels are summed inside the root's square, because a pixel's step is one; eps keeps the gradient finite.
    """
    across = (pictures[..., :-1, 1:] - pictures[..., :-1, :-1]).square().sum(1)
    down = (pictures[..., 1:, :-1] - pictures[..., :-1, :-1]).square().sum(1)
    return (across + down + eps).sqrt().sum((1, 2)).mean()


def region_weights(regions: Tensor, evenness: float) -> Tensor:
    """Weights of pixels between all alike (evenness 0) and all regions of a picture alike (1).

    Args: regions: numbers [B, H, W], uint8. Returns: [B, 1, H, W] with a mean of 1 for each picture.
    """
    flat = regions.flatten(1).long()
    count = int(flat.max()) + 1
    areas = torch.zeros(len(flat), count, device=flat.device).scatter_add_(
        1, flat, torch.ones(flat.shape, device=flat.device)
    )
    weights = areas.clamp(min=1).pow(-evenness).gather(1, flat)
    return (weights / weights.mean(1, keepdim=True)).view_as(regions)[:, None]


class Mapped(NamedTuple):
    """What the second step compares: pictures, latent codes psi and mean features by a reference and by tags."""

    picture: Tensor
    code: Tensor
    mean: Tensor  # [B, C]: of the target's features less the anchor's, or of mapped tags


def mapping_loss(by_reference: Mapped, by_tags: Mapped, inversion: float) -> dict[str, Tensor]:
    """Eqs. 12 and 13: L_hybrid = mean|G_t - G_b| + mean|psi_t - psi_b|, and L_inv of the mean features."""
    losses = {
        "picture": (by_reference.picture - by_tags.picture).abs().mean(),
        "code": (by_reference.code - by_tags.code).abs().mean(),
    }
    if inversion:
        losses["inversion"] = inversion * (by_reference.mean - by_tags.mean).abs().mean()
    return losses
