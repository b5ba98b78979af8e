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
from training.portrait.balance import balance, colours_of
from training.portrait.contest import Made
from training.portrait.data import Portraits
from training.portrait.encoded_photos import EncodedPhotos, Moved, encoded_all, latents_near, read
from training.portrait.latents import draw_latents, draw_noise
from training.portrait.photo_losses import face_of
from training.portrait.settings import Latents, StyleSettings
from training.portrait.similarity import load_later_distance
from training.portrait.style_states import paths_of

__all__ = ["Painter"]

OWN = Latents(two=0.0, own=1.0)
CELLS = 8  # of a picture's side, for colours
HEAD = (slice(1, 6), slice(2, 6))  # of those, rows and columns of hair and face in aligned pictures


class Painter:
    """A style and the photo model that it is tuned from.

    Args:
        exemplars: the style's pictures of every attribute.
        photos: what a recipe of portraits wrote; without it the photo model invents some if it is asked for.

    Attributes: shares, of every attribute how often each exemplar is to be seen; none where all are seen alike.

    Raises:
        ConfigError: pictures are to be paired or photos are given, and the photo model has no encoder.
    """

    def __init__(
        self,
        style: PortraitStyle,
        source: PortraitStylizer,
        settings: StyleSettings,
        exemplars: Sequence[Portraits],
        photos: Path | None,
    ):
        if settings.paired and source.encoder is None:
            raise ConfigError(f"{source.source} has no encoder to find pictures' codes by: set paired to 0")
        self.style, self.source, self.settings = style, source, settings
        self.later = load_later_distance(settings.features, source.device)
        self.distance = load_distance(settings.features, source.device) if settings.paired else None
        given = photos or (settings.invented if source.encoder is not None else 0)
        self.photos = EncodedPhotos(source, given) if given else None
        self.shares = self._shares(exemplars)
        known = self.photos.mean if self.photos else None
        pairing = zip(exemplars, self.shares, strict=True) if settings.paired else ()
        self.moved = [Moved.between(encoded_all(source, pictures).mean, known, part) for pictures, part in pairing]

    def _shares(self, exemplars: Sequence[Portraits]) -> list[Tensor | None]:
        if self.photos is None or not self.settings.balanced:
            return [None for _ in exemplars]
        return [balance(colours_of(pictures), self.photos.colours) for pictures in exemplars]

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
        photos = [self._photos(each) for each in made]
        pairs = [(each.pictures, photo) for each, photo in zip(made, photos, strict=True)]
        alike = torch.stack([self.later(*pair).float().mean() for pair in pairs]).sum()  # eq. 11
        losses = {"similarity": self.settings.similarity * alike}
        if self.settings.colour:
            losses["colour"] = self.settings.colour * torch.stack([colour_distance(*pair) for pair in pairs]).sum()
        if self.distance is not None:
            parts = [self._again(pictures, way, draws) for way, pictures in enumerate(real)]
            losses["paired"] = self.settings.paired * torch.stack(parts).sum()
        return losses

    def _painted(self, latents: Tensor, path: int | None, draws: torch.Generator) -> Made:
        codes = self.source.codes(latents).requires_grad_(torch.is_grad_enabled())
        noise = draw_noise(len(codes), self.source.config.generator, draws)
        return Made(codes, self.style.synthesis(codes, attribute=path, noise=noise), noise)

    @torch.no_grad()
    def _photos(self, made: Made) -> Tensor:
        """The photo model's own pictures of the same codes and noise."""
        return self.source.decode(made.codes, noise=made.noise)

    def _again(self, pictures: Tensor, way: int, draws: torch.Generator) -> Tensor:
        """How far an attribute's own pictures are from what is made of their codes, on features and in squared pixels.

        The codes are moved to where photos' lie, so every picture tells how to paint a photo that it could have been
        painted after. Source: after Chong and Forsyth, JoJoGAN, ECCV 2022, where codes of single pictures are mixed.
        """
        assert self.distance is not None
        with torch.no_grad():
            latents = self.moved[way](latents_near(read(self.source, pictures), draws))
        path = paths_of(self.style.config.generator.attributes)[way]
        made = self._painted(latents.float(), path, draws).pictures.float()
        distance = self.distance(made, pictures).float().mean()
        if self.settings.face:
            distance = distance + self.settings.face * self.distance(face_of(made), face_of(pictures)).float().mean()
        return distance + functional.mse_loss(made, pictures)


def colour_distance(first: Tensor, second: Tensor) -> Tensor:
    """Mean squared difference of the coarse colours of hair and face of aligned pictures [B, 3, S, S].

    Differs: the paper has no such term. Here exemplars' codes are moved to where photos' lie, and colours with them:
    without it a style with many kinds of skin and hair gives people other ones than their own.
    """
    one, other = (functional.adaptive_avg_pool2d(pictures.float(), CELLS)[:, :, *HEAD] for pictures in (first, second))
    return functional.mse_loss(one, other)
