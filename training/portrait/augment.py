"""Adaptive augmentation: the discriminator sees pictures moved, turned and recoloured, as often as it needs it.

Source: Karras et al., Training Generative Adversarial Networks with Limited Data, NeurIPS 2020, with the strengths of
its appendix B. Differs: mirroring, quarter turns and shifts by whole pixels are left out; the data is mirrored as it
is, and portraits stand upright.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["AugmentationControl", "Views", "augmented", "draw_views", "shown_views", "slightly_varied"]

SCALE, STRETCH, SHIFT = 0.2, 0.2, 0.125  # of log2 of the size, of log2 of height to width, of the side
BRIGHTNESS, CONTRAST, SATURATION = 0.2, 0.5, 1.0  # of values in [-1, 1], of log2 of the factors
SLIGHT, TINT = 0.1, 0.25  # of these strengths, for photos that a model learns to make again: eyes must stay in place
TURN, HUE = 0.03, 0.06  # in radians
MOST = 0.8  # above it generators begin to paint what the augmentation does


class Views(NamedTuple):
    """How each picture of a batch is altered.

    moved: places of the pictures that are moved at all, [M]. affine: from where in [-1, 1] theirs are taken, [M, 2, 3].
    colour: what RGB and 1 become, [B, 3, 4].
    """

    moved: Tensor
    affine: Tensor
    colour: Tensor

    def to(self, device: torch.device) -> "Views":
        return Views(*(part.to(device, non_blocking=True) for part in self))


class AugmentationControl:
    """How often pictures are altered: the more, the surer the discriminator is of the real ones.

    Args:
        target: mean sign of the real pictures' scores above which it is too sure; 0 never alters a picture.
        pictures: how many real ones it takes from never to always.
        interval: steps between two changes.
    """

    def __init__(self, target: float, pictures: int, interval: int = 4):
        self.target, self.pictures, self.interval = target, pictures, interval
        self.probability = 0.0
        self.signs = torch.zeros(2)  # their sum and number since the last change

    def notice(self, scores: Tensor) -> None:
        """Remembers what a step's real pictures were given, scores [B]; nothing waits for the device."""
        signs = scores.detach().float().sign()
        self.signs = self.signs.to(scores.device) + torch.stack((signs.sum(), signs.new_tensor(float(len(signs)))))

    def adjust(self, step: int, summed: Callable[[Tensor], Tensor]) -> None:
        """Moves the probability at every `interval`-th step.

        Args: summed: of a tensor over all processes.
        """
        if not self.target or (step + 1) % self.interval:
            return
        total, count = summed(self.signs).tolist()
        change = math.copysign(count / self.pictures, total / count - self.target)
        self.probability = min(max(self.probability + change, 0.0), MOST)
        self.signs = torch.zeros_like(self.signs)

    def state_dict(self) -> dict[str, Any]:
        return {"probability": self.probability, "signs": self.signs}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.probability, self.signs = state["probability"], state["signs"]


def draw_views(count: int, probability: float, generator: torch.Generator) -> Views:
    """Each alteration of each of `count` pictures with that probability, on the CPU."""

    def chosen(value: Tensor, neutral: float, chance: float = probability) -> Tensor:
        return torch.where(torch.rand(count, generator=generator) < chance, value, torch.full_like(value, neutral))

    def normal(deviation: float) -> Tensor:
        return deviation * torch.randn(count, generator=generator)

    def angles() -> Tensor:
        return math.pi * (2 * torch.rand(count, generator=generator) - 1)

    # Twice with this chance is once or more with the other.
    either = 1 - math.sqrt(1 - probability)
    size, stretch = chosen(normal(SCALE).exp2(), 1), chosen(normal(STRETCH).exp2(), 1)
    before, after = chosen(angles(), 0, either), chosen(angles(), 0, either)
    shift = 2 * SHIFT * torch.randn(count, 2, generator=generator)
    shift *= (torch.rand(count, 1, generator=generator) < probability).float()
    turns = rotation(before) @ scaling(stretch, 1 / stretch) @ rotation(after)
    affine = (scaling(size, size) @ turns @ translation(*shift.unbind(1)))[:, :2]
    moved = (affine != torch.eye(3)[:2]).flatten(1).any(1).nonzero().flatten()
    brightness, contrast = chosen(normal(BRIGHTNESS), 0), chosen(normal(CONTRAST).exp2(), 1)
    inverted = chosen(torch.rand(count, generator=generator).round(), 0)
    hue, saturation = chosen(angles(), 0), chosen(normal(SATURATION).exp2(), 1)
    return Views(moved, affine[moved], colour_change(brightness, contrast, inverted, hue, saturation))


def augmented(pictures: Tensor, views: Views) -> Tensor:
    """The pictures [B, 3, S, S] so altered; what is not moved keeps its pixels, and gradients reach the pictures."""
    with torch.autocast(pictures.device.type, enabled=False):
        if len(views.moved):
            part = pictures.index_select(0, views.moved)
            pictures = pictures.index_copy(0, views.moved, warped(part, views.affine.to(pictures.dtype)))
        colour = views.colour.to(pictures.dtype)
        return torch.einsum("bij,bjhw->bihw", colour[..., :3], pictures) + colour[..., 3, None, None]


def shown_views(pictures: Tensor, probability: float, generator: torch.Generator) -> Tensor:
    """Pictures as a discriminator sees them at that probability."""
    if not probability:
        return pictures
    return augmented(pictures, draw_views(len(pictures), probability, generator).to(pictures.device))


def slightly_varied(pictures: Tensor, generator: torch.Generator) -> Tensor:
    """Pictures [B, 3, S, S] in [-1, 1] as another camera might have seen them: a little larger, turned, shifted and
    recoloured, each in its own way. For models that learn to make them again and would know few photos by heart."""

    def normal(deviation: float) -> Tensor:
        return deviation * torch.randn(len(pictures), generator=generator)

    size, across, down = normal(SLIGHT * SCALE).exp2(), normal(SLIGHT * SHIFT), normal(SLIGHT * SHIFT)
    affine = (scaling(size, size) @ rotation(normal(TURN)) @ translation(2 * across, 2 * down))[:, :2]
    brightness, contrast = normal(TINT * BRIGHTNESS), normal(TINT * CONTRAST).exp2()
    hue, saturation = normal(HUE), normal(TINT * SATURATION).exp2()
    colour = colour_change(brightness, contrast, torch.zeros_like(hue), hue, saturation)
    views = Views(torch.arange(len(pictures)), affine, colour).to(pictures.device)
    return augmented(pictures, views).clamp(-1, 1)


def warped(pictures: Tensor, affine: Tensor) -> Tensor:
    """Pictures taken from elsewhere in themselves, [M, 2, 3]; beyond their border they are reflected."""
    grid = functional.affine_grid(affine, list(pictures.shape), align_corners=False)
    return functional.grid_sample(pictures, grid, "bicubic", "reflection", align_corners=False)


def translation(across: Tensor, down: Tensor) -> Tensor:
    """[B, 3, 3] for shifts [B]."""
    matrices = torch.eye(3).repeat(len(across), 1, 1)
    matrices[:, 0, 2], matrices[:, 1, 2] = across, down
    return matrices


def scaling(across: Tensor, down: Tensor) -> Tensor:
    return torch.diag_embed(torch.stack((across, down, torch.ones_like(down)), dim=1))


def rotation(angle: Tensor) -> Tensor:
    cosine, sine, zero, one = angle.cos(), angle.sin(), torch.zeros_like(angle), torch.ones_like(angle)
    return torch.stack((cosine, -sine, zero, sine, cosine, zero, zero, zero, one), dim=1).view(-1, 3, 3)


def colour_change(brightness: Tensor, contrast: Tensor, inverted: Tensor, hue: Tensor, saturation: Tensor) -> Tensor:
    """[B, 3, 4] for how much lighter, how many times stronger, light inverted or not, turned in hue, more colourful.

    Grey is the axis: inverting light reflects colours in the plane across it, a hue is a turn about it.
    """
    axis = torch.full((3, 3), 1 / 3)  # projects on it
    cross = torch.tensor([[0.0, -1.0, 1.0], [1.0, 0.0, -1.0], [-1.0, 1.0, 0.0]]) / math.sqrt(3)
    identity = torch.eye(3)
    inverted, hue, saturation = (value.view(-1, 1, 1) for value in (inverted, hue, saturation))
    reflected = identity - 2 * axis * inverted
    turned = hue.cos() * identity + hue.sin() * cross + (1 - hue.cos()) * axis
    vivid = axis + (identity - axis) * saturation
    linear = vivid @ turned @ reflected * contrast.view(-1, 1, 1)
    lightened = reflected.sum(2, keepdim=True) * (brightness * contrast).view(-1, 1, 1)
    return torch.cat((linear, lightened), dim=2)
