"""Five ways of spoiling a picture, each in four grades that a person would call about equally bad.

1: hardly seen; 2: seen; 3: disturbing; 4: another picture. The grades were set by eye before any network was measured.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["DISTORTIONS", "GRADES", "distort"]

GRADES = 4
# A region: what is this near to one pixel's colour in every channel, and at least and at most this share of a picture.
SAME_COLOUR, SMALLEST, LARGEST = 0.2, 0.03, 0.5


def blur(picture: Tensor, deviation: float, generator: torch.Generator) -> Tensor:
    """Gaussian blur with a standard deviation in pixels of a picture of 128."""
    radius = max(1, math.ceil(3 * deviation))
    steps = torch.arange(-radius, radius + 1.0)
    kernel = (-0.5 * (steps / deviation).square()).exp()
    kernel = (kernel / kernel.sum()).expand(len(picture), 1, 1, -1)
    for turned, padding in ((kernel, (radius, radius, 0, 0)), (kernel.mT, (0, 0, radius, radius))):
        padded = functional.pad(picture[None], padding, mode="replicate")
        picture = functional.conv2d(padded, turned, groups=len(picture))[0]
    return picture


def shift(picture: Tensor, pixels: float, generator: torch.Generator) -> Tensor:
    """Moves the picture by so many pixels of 128 in any direction."""
    angle = 2 * math.pi * torch.rand((), generator=generator)
    size = picture.shape[-1]
    offset = 2 * pixels / size * torch.stack((angle.cos(), angle.sin()))
    affine = torch.cat((torch.eye(2), offset[:, None]), dim=1)[None]
    grid = functional.affine_grid(affine, [1, *picture.shape], align_corners=False)
    return functional.grid_sample(picture[None], grid, padding_mode="border", align_corners=False)[0]


def hue_shift(picture: Tensor, degrees: float, generator: torch.Generator) -> Tensor:
    """Turns all colours around the grey axis."""
    angle = math.radians(degrees)
    axis = torch.tensor([[0.0, -1, 1], [1, 0, -1], [-1, 1, 0]]) / math.sqrt(3)
    turn = torch.eye(3) + math.sin(angle) * axis + (1 - math.cos(angle)) * axis @ axis
    return (turn @ picture.flatten(1)).view_as(picture).clamp(-1, 1)


def noise(picture: Tensor, deviation: float, generator: torch.Generator) -> Tensor:
    """Adds Gaussian noise of that standard deviation."""
    return (picture + deviation * torch.randn(picture.shape, generator=generator)).clamp(-1, 1)


def wrong_colour(picture: Tensor, share: float, generator: torch.Generator) -> Tensor:
    """Moves the colour of one region that share of the way to a strange one."""
    height, width = picture.shape[-2:]
    region = torch.ones(height, width, dtype=torch.bool)
    colour = picture.mean((1, 2))
    for row, column in torch.randint(min(height, width), (50, 2), generator=generator).tolist():
        colour = picture[:, row, column]
        region = ((picture - colour[:, None, None]).abs() < SAME_COLOUR).all(0)
        if SMALLEST <= region.float().mean() <= LARGEST:
            break
    # Half the range away in every channel.
    strange = torch.where(colour > 0, colour - 1, colour + 1)
    return torch.where(region, picture + share * (strange - colour)[:, None, None], picture).clamp(-1, 1)


Distortion = Callable[[Tensor, float, torch.Generator], Tensor]

DISTORTIONS: dict[str, tuple[Distortion, tuple[float, ...]]] = {
    "blur": (blur, (0.4, 0.8, 1.6, 3.2)),
    "shift": (shift, (0.5, 1.0, 2.0, 4.0)),
    "hue_shift": (hue_shift, (6.0, 15.0, 40.0, 100.0)),
    "noise": (noise, (0.02, 0.05, 0.12, 0.3)),
    "wrong_colour": (wrong_colour, (0.1, 0.25, 0.5, 1.0)),
}


def distort(picture: Tensor, generator: torch.Generator) -> Tensor:
    """Every distortion of a picture [3, S, S] in [-1, 1] in every grade: [kinds, GRADES, 3, S, S]."""
    rows = [
        torch.stack([distortion(picture, strength, generator) for strength in strengths])
        for distortion, strengths in DISTORTIONS.values()
    ]
    return torch.stack(rows)
