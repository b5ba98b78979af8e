"""What a style in training makes, and what is lost beside its judges."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from artmodels.errors import ConfigError
from artmodels.portrait.model import PortraitStylizer
from artmodels.portrait.style import PortraitStyle
from training.feature_distance import load_distance
from training.portrait.contest import Made
from training.portrait.encoded_photos import EncodedPhotos, latents_near
from training.portrait.latents import draw_latents, draw_noise
from training.portrait.settings import Latents, StyleSettings
from training.portrait.similarity import load_later_distance
from training.portrait.style_states import paths_of

__all__ = ["Painter"]

OWN = Latents(two=0.0, own=1.0)


class Painter:
    """A style and the photo model that it is tuned from.

    Args: photos: what a recipe of portraits wrote, or none.
    Raises:
        ConfigError: pictures are to be paired or photos are given, and the photo model has no encoder.
    """

    def __init__(self, style: PortraitStyle, source: PortraitStylizer, settings: StyleSettings, photos: Path | None):
        if settings.paired and source.encoder is None:
            raise ConfigError(f"{source.source} has no encoder to find pictures' codes by: set paired to 0")
        self.style, self.source, self.settings = style, source, settings
        self.later = load_later_distance(settings.features, source.device)
        self.distance = load_distance(settings.features, source.device) if settings.paired else None
        self.photos = EncodedPhotos(source, photos) if photos else None

    def make(self, count: int, path: int | None, draws: torch.Generator, *, share: int = 1) -> Made:
        """Pictures of new latents, one for every layer, and new noise.

        Args: share: makes only one in so many.
        """
        config, count = self.source.config.generator, max(count // share, 1)
        latents = draw_latents(count, config, OWN, draws)
        if self.photos is not None:
            is_photo = torch.rand(count, 1, 1, generator=draws, device=draws.device) < self.settings.encoded
            latents = torch.where(is_photo, self.photos.draw(count, draws), latents)
        return self._painted(latents, path, draws)

    def losses(self, made: Sequence[Made], real: Sequence[Tensor], draws: torch.Generator) -> dict[str, Tensor]:
        """The weighted terms, summed over attributes.

        Args: made, real: of every attribute its made pictures and its own [B, 3, S, S].
        """
        losses = {"similarity": self.settings.similarity * self._difference(made)}
        if self.distance is not None:
            paths = paths_of(self.style.config.generator.attributes)
            parts = [self._again(pictures, path, draws) for pictures, path in zip(real, paths, strict=True)]
            losses["paired"] = self.settings.paired * torch.stack(parts).sum()
        return losses

    def _painted(self, latents: Tensor, path: int | None, draws: torch.Generator) -> Made:
        codes = self.source.codes(latents).requires_grad_(torch.is_grad_enabled())
        noise = draw_noise(len(codes), self.source.config.generator, draws)
        return Made(codes, self.style.synthesis(codes, attribute=path, noise=noise), noise)

    def _difference(self, made: Sequence[Made]) -> Tensor:
        """From the photo model's pictures of the same codes and noise (eq. 11)."""
        parts = []
        for each in made:
            with torch.no_grad():
                photos = self.source.decode(each.codes, noise=each.noise)
            parts.append(self.later(each.pictures, photos).float().mean())
        return torch.stack(parts).sum()

    def _again(self, pictures: Tensor, path: int | None, draws: torch.Generator) -> Tensor:
        """How far the style's own pictures are from what it makes of their codes, on features and in squares of pixels.

        The codes are of the photos that they could have been painted after, so every picture tells the style how to
        paint one. Source: after Chong and Forsyth, JoJoGAN, ECCV 2022.
        """
        assert self.distance is not None
        size = self.source.config.encoder.size if self.source.config.encoder else pictures.shape[-1]
        with torch.no_grad():
            latents = latents_near(self.source.encode(resized(pictures, size)), draws)
        made = self._painted(latents.float(), path, draws).pictures.float()
        return self.distance(made, pictures).float().mean() + functional.mse_loss(made, pictures)


def resized(pictures: Tensor, size: int) -> Tensor:
    """Pictures [B, 3, S, S] in another size."""
    if pictures.shape[-1] == size:
        return pictures
    return functional.interpolate(pictures, (size, size), mode="bilinear", align_corners=False, antialias=True)
