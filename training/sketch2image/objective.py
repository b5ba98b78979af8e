"""The losses of sketch to image; equations are Liu et al.'s, arXiv 2012.09290.

Nothing here mixes the pictures of a batch except where a formula compares one with another, so that every loss is a
mean over pictures and does not change its scale with the batch.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from training.feature_distance import Distance
from training.sketch2image.settings import AutoencoderSettings, RefinerSettings

__all__ = [
    "adain",
    "class_confusion",
    "content_triplet",
    "derangement",
    "gram",
    "gram_difference",
    "grey_difference",
    "matched_content",
    "reconstruction_losses",
    "style_triplet",
]


def adain(content: Tensor, style: Tensor, eps: float = 1e-5) -> Tensor:
    """Content maps with each channel's mean and deviation of the style maps, per picture; unbiased variances.

    Args: content, style: [B, C, H, W], of any size each. Source: Huang and Belongie, ICCV 2017, eq. 8.
    """
    variance, mean = torch.var_mean(content.float(), dim=(2, 3), keepdim=True)
    style_variance, style_mean = torch.var_mean(style.float(), dim=(2, 3), keepdim=True)
    return (content - mean) * ((style_variance + eps) / (variance + eps)).sqrt() + style_mean


def matched_content(made: Tensor, content: Tensor, style: Tensor) -> Tensor:
    """Eq. 6, second term: mean (f^ - AdaIN(f_content, f_style))^2 of one level's features [B, C, H, W]."""
    return functional.mse_loss(made.float(), adain(content, style))


def gram(maps: Tensor) -> Tensor:
    """Each picture's products of channels, F F^T / (C H W).

    Differs: from the authors' code, whose loss takes products across pictures, which ties unrelated ones together.

    Args: maps: [B, C, H, W]. Returns: [B, C, C].
    """
    flat = maps.float().flatten(2)
    return flat @ flat.mT / (flat.shape[1] * flat.shape[2])


def gram_difference(made: Sequence[Tensor], drawn: Sequence[Tensor]) -> Tensor:
    """The mean squared difference of Gram matrices, summed over levels [B, C_i, H_i, W_i]."""
    pairs = zip(made, drawn, strict=True)
    return torch.stack([functional.mse_loss(gram(first), gram(second)) for first, second in pairs]).sum()


def style_triplet(
    anchors: Sequence[Tensor], positives: Sequence[Tensor], negatives: Sequence[Tensor], margin: float
) -> Tensor:
    """Eq. 7: mean max(cos(s, s_neg) - cos(s, s_pos) + margin, 0), summed over the levels of style vectors [B, C_i].

    Differs: as printed, with the cosines the other way round, the loss would push a picture's own styles apart. The
    paper names no margin; the authors' code has no hinge, which is margin 2.
    """
    terms = []
    for anchor, positive, negative in zip(anchors, positives, negatives, strict=True):
        nearness = functional.cosine_similarity(anchor.float(), positive.float())
        strangeness = functional.cosine_similarity(anchor.float(), negative.float())
        terms.append(functional.relu(strangeness - nearness + margin).mean())
    return torch.stack(terms).sum()


def content_triplet(
    anchors: Sequence[Tensor], positives: Sequence[Tensor], negatives: Sequence[Tensor], margin: float
) -> Tensor:
    """Eq. 10: mean max(d(c, c_pos) - d(c_neg, c) + margin, 0), summed over levels; d is the mean squared difference.

    Differs: each picture's maps are first brought to a mean square of 1, so that maps which have nothing to do with
    each other are 2 apart. Their scale is free otherwise, and what grows with its square drowns every other term.

    Args: anchors: content of whole sketches, positives: of the same, altered, negatives: of others, altered;
        [B, C_i, H_i, W_i].
    """
    terms = []
    for levels in zip(anchors, positives, negatives, strict=True):
        anchor, positive, negative = (to_mean_square_one(maps) for maps in levels)
        near, far = ((maps - anchor).square().mean((1, 2, 3)) for maps in (positive, negative))
        terms.append(functional.relu(near - far + margin).mean())
    return torch.stack(terms).sum()


def to_mean_square_one(maps: Tensor, eps: float = 1e-8) -> Tensor:
    maps = maps.float()
    return maps * (maps.square().mean((1, 2, 3), keepdim=True) + eps).rsqrt()


def class_confusion(logits: Tensor) -> Tensor:
    """Eq. 9: mean |softmax(logits) - 1/k|^2: nothing of a picture's style is to be read from its sketch's content.

    Args: logits: [B, k], of the style's own classifier. Returns: from 0 to 1 - 1/k.
    """
    return (logits.float().softmax(1) - 1 / logits.shape[1]).square().sum(1).mean()


def grey_difference(made: Tensor, pictures: Tensor) -> Tensor:
    """Mean squared difference of the channels' means: keeps light and dark in place whatever the colours.

    Args: made: the pictures [B, 3, H, W] in other pictures' styles.
    """
    return functional.mse_loss(made.float().mean(1), pictures.float().mean(1))


def reconstruction_losses(
    made: Tensor, pictures: Tensor, distance: Distance | None, settings: AutoencoderSettings | RefinerSettings
) -> dict[str, Tensor]:
    """The settings' differences of pixels and of features, a mean over pictures each."""
    losses: dict[str, Tensor] = {}
    if settings.squared:
        losses["squared"] = settings.squared * functional.mse_loss(made, pictures)
    if settings.absolute:
        losses["absolute"] = settings.absolute * functional.l1_loss(made, pictures)
    if distance is not None:
        losses["perceptual"] = settings.perceptual * distance(made, pictures).float().mean()
    return losses


def derangement(count: int, generator: torch.Generator) -> Tensor:
    """A random order in which no place keeps its own: one cycle through all. [count], of at least two."""
    cycle = torch.randperm(count, generator=generator)
    order = torch.empty_like(cycle)
    order[cycle] = cycle.roll(1)
    return order
