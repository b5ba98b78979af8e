"""What the feature network learns to answer: what a picture looks like, what lies where, and what belongs together."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.perceptual.data import NO_REGION, REGIONS_A_FOLDER, Views
from training.perceptual.settings import PerceptualSettings

__all__ = ["Heads", "contrast_loss", "feature_losses", "reconstruction_loss", "region_loss"]


class Heads(nn.Module):
    """Linear readings of the taps, thrown away after the training.

    The two deepest taps are read for regions and for places, all but the finest for the picture itself.
    """

    def __init__(self, settings: PerceptualSettings, folders: int):
        super().__init__()
        widths = settings.model.widths
        self.pictures = nn.ModuleList(nn.Conv2d(width, 12, 1) for width in widths[1:])
        self.regions = nn.ModuleList(nn.Conv2d(width, REGIONS_A_FOLDER * folders, 1) for width in widths[-2:])
        self.places = nn.ModuleList(nn.Conv2d(width, settings.projection, 1) for width in widths[-2:])


def feature_losses(
    features: nn.Module, heads: Heads, views: Views, settings: PerceptualSettings, generator: torch.Generator
) -> dict[str, Tensor]:
    """The weighted terms; both stages get the same terms, and their noise and places come from `generator`."""
    clean = torch.cat((views.first, views.second))
    noise = torch.randn(clean.shape, generator=generator).to(clean.device)
    taps = features(clean + settings.noise * noise)
    regions = torch.cat((views.regions, views.regions))
    losses = {"reconstruction": settings.reconstruction * reconstruction_loss(heads, taps, clean)}
    if (regions != NO_REGION).any():
        losses["regions"] = settings.regions * region_loss(heads, taps, regions)
    losses["contrast"] = settings.contrast * contrast_loss(heads, taps, settings, generator)
    return losses


def reconstruction_loss(heads: Heads, taps: list[Tensor], pictures: Tensor) -> Tensor:
    """Mean absolute difference of pictures read from each tap at twice its size, summed over the taps."""
    losses = []
    for head, tap in zip(heads.pictures, taps[1:], strict=True):
        read = functional.pixel_shuffle(head(tap), 2)
        target = functional.interpolate(pictures, read.shape[-2:], mode="bilinear", antialias=True)
        losses.append((read - target).abs().mean())
    return torch.stack(losses).sum()


def region_loss(heads: Heads, taps: list[Tensor], regions: Tensor) -> Tensor:
    """Mean cross-entropy of the region at each place that has one; a head knows the regions of all folders."""
    losses = []
    for head, tap in zip(heads.regions, taps[-2:], strict=True):
        numbers = functional.interpolate(regions[:, None].float(), tap.shape[-2:], mode="nearest")[:, 0].long()
        losses.append(functional.cross_entropy(head(tap), numbers, ignore_index=NO_REGION))
    return torch.stack(losses).mean()


def contrast_loss(heads: Heads, taps: list[Tensor], settings: PerceptualSettings, generator: torch.Generator) -> Tensor:
    """Cross-entropy of finding each place of the first stages among the same places of all second stages (InfoNCE).

    Args: taps: of the first stages, then of the second ones, in one batch.
    """
    losses = []
    for head, tap in zip(heads.places, taps[-2:], strict=True):
        vectors = head(tap).flatten(2).transpose(1, 2)
        count, available, length = vectors.shape
        chosen = torch.randint(available, (count // 2, settings.places), generator=generator).to(tap.device)
        first, second = (
            functional.normalize(half.gather(1, chosen[..., None].expand(-1, -1, length)).flatten(0, 1), dim=1)
            for half in vectors.chunk(2)
        )
        answers = torch.arange(len(first), device=tap.device)
        losses.append(functional.cross_entropy(first @ second.T / settings.temperature, answers))
    return torch.stack(losses).mean()
