"""Lines as other people draw and scan them: wider, thinner, broken, soft, grey, on toned and grainy paper."""

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["restyle_lines"]

GREYEST = 0.4  # of full ink
DARKEST_PAPER = 0.8  # of white
GRAIN = 0.04


def restyle_lines(sketches: Tensor, share: float, generator: torch.Generator) -> Tensor:
    """Redraws the lines of that share of the sketches, each in a way of its own.

    Args:
        sketches: [B, 1, H, W] in [-1, 1], white paper at 1.
        generator: on the CPU.
    """
    chosen = chances(sketches, share, generator)
    ink = (1 - sketches) / 2
    ink = change_width(ink, 2 * amounts(sketches, generator) - 1)
    ink = break_lines(ink, 0.3 * amounts(sketches, generator) * chances(sketches, 0.5, generator), generator)
    ink = blur(ink, amounts(sketches, generator) * chances(sketches, 0.5, generator))
    ink = ink * torch.lerp(ink.new_tensor(GREYEST), ink.new_tensor(1.0), amounts(sketches, generator))
    paper = tone_paper(sketches, generator)
    return torch.where(chosen > 0, 2 * paper * (1 - ink) - 1, sketches)


def chances(sketches: Tensor, share: float, generator: torch.Generator) -> Tensor:
    """1 for that share of the sketches and 0 for the others, [B, 1, 1, 1]."""
    return (amounts(sketches, generator) < share).to(sketches.dtype)


def amounts(sketches: Tensor, generator: torch.Generator) -> Tensor:
    """A number from 0 to 1 for each sketch, [B, 1, 1, 1]."""
    return torch.rand(len(sketches), 1, 1, 1, generator=generator).to(sketches)


def change_width(ink: Tensor, amount: Tensor) -> Tensor:
    """From amount -1, thinner by a pixel on each side, over 0, as it is, to 1, wider by a pixel on each side."""
    wider = functional.max_pool2d(ink, 3, 1, 1)
    thinner = -functional.max_pool2d(-ink, (2, 2), 1, 1)[..., :-1, :-1]
    return torch.where(amount > 0, torch.lerp(ink, wider, 0.7 * amount), torch.lerp(ink, thinner, -0.7 * amount))


def break_lines(ink: Tensor, share: Tensor, generator: torch.Generator) -> Tensor:
    """Leaves out that share of each drawing, in patches of some pixels."""
    height, width = ink.shape[2:]
    noise = torch.rand(len(ink), 1, -(-height // 6), -(-width // 6), generator=generator).to(ink)
    noise = functional.interpolate(noise, (height, width), mode="bilinear")
    return ink * ((noise - share) * 8 + 1).clamp(0, 1)


def blur(ink: Tensor, amount: Tensor) -> Tensor:
    """From sharp, at amount 0, to a blur of five pixels."""
    wide = functional.avg_pool2d(functional.avg_pool2d(ink, 3, 1, 1), 3, 1, 1)
    return torch.lerp(ink, wide, amount)


def tone_paper(sketches: Tensor, generator: torch.Generator) -> Tensor:
    """Paper [B, 1, H, W] from 0 to 1: a tone that changes towards one side, and grain."""
    left, right, top = (1 - (1 - DARKEST_PAPER) * amounts(sketches, generator) for _ in range(3))
    across = torch.linspace(0, 1, sketches.shape[3]).to(sketches)
    down = torch.linspace(0, 1, sketches.shape[2]).to(sketches)[:, None]
    tone = torch.lerp(torch.lerp(left, right, across), top, 0.5 * down)
    grain = torch.randn(sketches.shape, generator=generator).to(sketches) * GRAIN * amounts(sketches, generator)
    return (tone + grain).clamp(0, 1)
