"""What the trainings do to pictures and sketches before they see them (Liu 2021, section 3.2 and its code)."""

import math

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["bold", "crop_and_mirror", "erased", "random_views"]

BOXES, BOX_SHARE = 2, 0.8
LEAST_AREA, MOST_AREA = 0.02, 0.1
LONGEST = 3.3  # of a box's sides, to the other


def crop_and_mirror(batches: list[Tensor], size: int, mirrored: float, generator: torch.Generator) -> list[Tensor]:
    """The same random square of each picture in every batch [B, C, L, L], and that share of them mirrored."""
    count, margin = len(batches[0]), batches[0].shape[-1] - size
    corners = torch.randint(margin + 1, (count, 2), generator=generator).tolist()
    flips = (torch.rand(count, generator=generator) < mirrored)[:, None, None, None]
    cropped = [
        torch.stack([p[:, top : top + size, left : left + size] for p, (top, left) in zip(batch, corners, strict=True)])
        for batch in batches
    ]
    return [torch.where(flips.to(batch.device), batch.flip(-1), batch) for batch in cropped]


def random_views(
    pictures: Tensor, generator: torch.Generator, *, degrees: float, enlarged: float, mirrored: float
) -> Tensor:
    """Each picture turned by up to `degrees`, enlarged and cropped at random to its own size, some mirrored.

    Differs: what a turn brings in from outside is the picture's own reflection instead of black.

    Args:
        pictures: [B, C, S, S].
        enlarged: side of the enlarged picture, in sides of the crop; the crop may lie anywhere in it.
    """
    draws = 2 * torch.rand(len(pictures), 3, generator=generator) - 1
    angles, shifts = draws[:, 0] * math.radians(degrees), draws[:, 1:] * (1 - 1 / enlarged)
    flips = torch.where(torch.rand(len(pictures), generator=generator) < mirrored, -1.0, 1.0)
    cosines, sines = angles.cos() / enlarged, angles.sin() / enlarged
    first = torch.stack((flips * cosines, -sines, shifts[:, 0]), dim=1)
    second = torch.stack((flips * sines, cosines, shifts[:, 1]), dim=1)
    affine = torch.stack((first, second), dim=1).to(pictures)
    grid = functional.affine_grid(affine, list(pictures.shape), align_corners=False)
    return functional.grid_sample(pictures, grid, padding_mode="reflection", align_corners=False)


def bold(sketches: Tensor) -> Tensor:
    """Lines wider by a pixel on each side: the darkest of 3 x 3 pixels. Sketches [B, 1, H, W], paper at 1."""
    return -functional.max_pool2d(-sketches, 3, 1, 1)


def erased(sketches: Tensor, generator: torch.Generator) -> Tensor:
    """Sketches [B, 1, H, W] with up to two boxes made white, of 2 to 10 % of the picture each."""
    count, _, height, width = sketches.shape
    rows, columns = torch.arange(height)[:, None], torch.arange(width)
    kept = sketches
    for _ in range(BOXES):
        chance, area, shape, top, left = torch.rand(5, count, 1, 1, generator=generator)
        pixels = (LEAST_AREA + (MOST_AREA - LEAST_AREA) * area) * height * width
        ratio = LONGEST ** (2 * shape - 1)  # height to width
        tall, wide = (pixels * ratio).sqrt().clamp(max=height), (pixels / ratio).sqrt().clamp(max=width)
        above, before = top * (height - tall), left * (width - wide)
        inside = (rows >= above) & (rows < above + tall) & (columns >= before) & (columns < before + wide)
        box = (inside & (chance < BOX_SHARE))[:, None].to(sketches.device)
        kept = torch.where(box, 1.0, kept)
    return kept
