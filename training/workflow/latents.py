"""Mends a step before a training: wakes latents and style blocks that do nothing, gives latents the prior's spread."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from artmodels.workflow.networks import FIRST_SCALE, LatentEncoder, StageGenerator

__all__ = ["unpredicted", "wake_blocks", "wake_latents", "whiten_latents"]

QUIET = -4.0  # log-variance of a latent that starts


@torch.no_grad()
def wake_latents(
    generator: StageGenerator, encoder: LatentEncoder, content: Tensor, pictures: Tensor, *, below: float
) -> int:
    """Starts those latents anew that hold less than `below` nats, as main components of what the rest does not say.

    A latent that has fallen to the prior stays there: its noise drowns whatever its mean could say, so the generator
    never learns to read it. As a component of the coarse colours (on a grid of 8x8) that neither the stage before nor
    the other latents predict, scaled to the prior's variance and with little noise, it says something from the start.

    Args:
        content: [M, C, S, S], the stage that the generator reads; several times more of them than latents.
        pictures: [M, C', S, S], the stage after it, which the encoder reads.
        below: divergence from the prior, mean over pictures; above all that occur, every latent starts anew.
    Returns: how many latents were started anew.
    """
    mean, log_variance = encoder(pictures)
    asleep = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).mean(0) < below
    rows = torch.nonzero(asleep)[:, 0]
    if not len(rows):
        return 0
    colours = grid(pictures)
    missed = unpredicted(colours, torch.cat((grid(content), mean[:, ~asleep]), dim=1))
    components = torch.linalg.svd(missed, full_matrices=False).Vh[: len(rows)]
    components = components / (colours @ components.T).std(0).clamp(min=1e-6)[:, None]
    features = encoder.mean.in_features - colours.shape[1]
    encoder.mean.weight[rows] = functional.pad(components, (features, 0))
    encoder.mean.bias[rows] = -(components @ colours.mean(0))
    encoder.log_variance.weight[rows] = 0
    encoder.log_variance.bias[rows] = QUIET
    first = generator.mapping[0]
    assert isinstance(first, nn.Linear)
    first.weight[:, rows] = nn.init.xavier_normal_(torch.empty_like(first.weight))[:, rows]
    return len(rows)


@torch.no_grad()
def wake_blocks(generator: StageGenerator) -> int:
    """Gives channels of style blocks whose first norm returns nothing, whatever the latent, their first scale.

    Such a channel gets no gradient, and neither do the convolutions behind it if all of a block are so. What is
    rendered stays the same where the second norm returns its bias alone, as it does in a block that never learnt.

    Returns: how many channels were woken.
    """
    last = generator.mapping[-1]
    assert isinstance(last, nn.Linear)
    blocks = len(generator.style)
    weight, bias = last.weight.view(blocks, 4, -1, last.in_features), last.bias.view(blocks, 4, -1)
    says_nothing = (weight[:, :2] == 0).all(-1).all(1) & (bias[:, :2] == 0).all(1)
    bias[:, FIRST_SCALE][says_nothing] = 1
    return int(says_nothing.sum())


def grid(pictures: Tensor) -> Tensor:
    """Colours of pictures [M, C, S, S] on the encoder's own coarse grid, [M, 64 C]."""
    return functional.adaptive_avg_pool2d(pictures, 8).flatten(1)


def unpredicted(values: Tensor, known: Tensor) -> Tensor:
    """What a linear function of `known` [M, K] leaves of `values` [M, V], both about their means; slightly ridged."""
    values, known = values - values.mean(0), known - known.mean(0)
    ridge = 1e-3 * len(known) * torch.eye(known.shape[1], device=known.device)
    return values - known @ torch.linalg.solve(known.T @ known + ridge, known.T @ values)


@torch.no_grad()
def whiten_latents(generator: StageGenerator, encoder: LatentEncoder, pictures: Tensor) -> None:
    """Turns and scales latents so that their means over pictures are those of the prior: zero, and uncorrelated of one.

    The encoder's last layer and the mapping's first one take up the change, so that pictures are rendered as before;
    what changes is that a latent drawn from the prior is as likely as one that was read from a picture.

    Args: pictures: [M, C, S, S] that the encoder reads; several times more of them than latents.
    """
    mean, log_variance = (statistic.double() for statistic in encoder(pictures))
    centre = mean.mean(0)
    spread, directions = torch.linalg.eigh(torch.cov(mean.T))
    turn = directions @ torch.diag(spread.clamp(min=1e-8).rsqrt()) @ directions.T
    noise = turn.square() @ log_variance.exp().mean(0)
    first = generator.mapping[0]
    assert isinstance(first, nn.Linear)
    first.bias.add_((first.weight.double() @ centre).float())
    first.weight.copy_((first.weight.double() @ torch.linalg.inv(turn)).float())
    encoder.mean.bias.copy_((turn @ (encoder.mean.bias.double() - centre)).float())
    encoder.mean.weight.copy_((turn @ encoder.mean.weight.double()).float())
    encoder.log_variance.weight.zero_()
    encoder.log_variance.bias.copy_(noise.log().float())
