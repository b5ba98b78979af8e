"""Latents of photos, so that a style learns to draw what an encoder finds and not random faces alone.

Differs: Song et al. train styles on random latents alone. Those that a small encoder finds are not spread as evenly; by
how much, `diagnosis.json` of its training says.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from artmodels.errors import ConfigError
from artmodels.portrait.encoder import Latents
from artmodels.portrait.model import PortraitStylizer
from training.portrait.balance import colours_of
from training.portrait.data import Pictures, Portraits
from training.portrait.latents import fixed_latents
from training.portrait.settings import Latents as Draws

__all__ = ["EncodedPhotos", "InventedPhotos", "Moved", "encoded_all", "joined", "latents_near", "read"]

BATCH = 32
AT_ONCE = 8  # photos that are invented, which may be large
ONE = Draws(two=0.0)
LEAST_SPREAD, MOST_SCALE = 1e-4, 4.0
MOST = 20_000


class InventedPhotos:
    """What a photo model makes of random latents, always the same ones, for those who have no photos.

    Found again by the encoder, their latents lie nearer to those of photos than the random ones do.
    """

    @torch.no_grad()
    def __init__(self, model: PortraitStylizer, count: int):
        latents = fixed_latents(count, model.config.generator, ONE).to(model.device)
        made = (model.decode(model.codes(part)).clamp(-1, 1) for part in latents.split(AT_ONCE))
        self.pictures = torch.cat([in_encoders_size(model, part) for part in made])

    def __len__(self) -> int:
        return len(self.pictures)

    def batch(self, places: Sequence[int]) -> Tensor:
        return self.pictures[torch.as_tensor(places, device=self.pictures.device)]


class EncodedPhotos:
    """What a photo model's encoder says of a recipe's training photos, or of invented ones, encoded once.

    Args: photos: what a recipe of portraits wrote, or how many the model itself invents.

    Attributes: colours, of skin and hair, as in `colours_of`.

    Raises:
        ConfigError: the model has no encoder, or there is no photo.
    """

    @torch.no_grad()
    def __init__(self, model: PortraitStylizer, photos: Path | int):
        if model.config.encoder is None:
            raise ConfigError(f"{model.source} has no encoder: leave the photos out, or take another model")
        portraits: Pictures
        if isinstance(photos, int):
            portraits = InventedPhotos(model, photos)
        else:
            portraits = Portraits(photos, model.config.encoder.size, split="train", device=model.device)
        self.mean, self.log_variance = encoded_all(model, portraits)
        self.colours = colours_of(portraits)

    def draw(self, count: int, draws: torch.Generator) -> Tensor:
        """Latents of random photos, [B, L, D], or [B, 1, D] of one code for all layers, each as in `latents_near`."""
        places = torch.randint(len(self.mean), (count,), generator=draws, device=draws.device)
        variance = None if self.log_variance is None else self.log_variance[places]
        return latents_near(Latents(self.mean[places], variance), draws)


@torch.no_grad()
def encoded_all(model: PortraitStylizer, pictures: Pictures) -> Latents:
    """Of every picture, found in batches; pictures have any size."""
    count = min(len(pictures), MOST)
    starts = range(0, count, BATCH)
    return joined(read(model, pictures.batch(range(start, min(start + BATCH, count)))) for start in starts)


def joined(found: Iterable[Latents]) -> Latents:
    """The latents of several batches as those of one."""
    means, variances = zip(*found, strict=True)
    return Latents(torch.cat(means), None if variances[0] is None else torch.cat(variances))


def read(model: PortraitStylizer, pictures: Tensor) -> Latents:
    """The latents of pictures [B, 3, S, S] of any size."""
    return model.encode(in_encoders_size(model, pictures))


def in_encoders_size(model: PortraitStylizer, pictures: Tensor) -> Tensor:
    assert model.config.encoder is not None
    size = model.config.encoder.size
    if pictures.shape[-1] == size:
        return pictures
    return functional.interpolate(pictures, (size, size), mode="bilinear", align_corners=False, antialias=True)


class Moved(NamedTuple):
    """Brings latents [B, L, D] of one kind of picture to where those of another lie, entry by entry.

    An encoder of photos finds in drawings what no photo has; what is left is how drawings differ among each other.
    """

    before: Tensor
    scale: Tensor
    after: Tensor

    @classmethod
    def between(cls, own: Tensor, wanted: Tensor | None, shares: Tensor | None = None) -> "Moved":
        """Of the latents of both [N, L, D] and [M, L, D]; none for random ones.

        Args: shares: how much each of the own ones counts, [N]; all alike by default.
        """
        after, spread = (0.0, 1.0) if wanted is None else (wanted.mean(0), wanted.std(0))
        even = own.new_full((len(own),), 1 / len(own)) if shares is None else shares.to(own)
        before = torch.einsum("n,nld->ld", even, own)
        free = (1 - even.square().sum()).clamp(min=LEAST_SPREAD)
        own_spread = (torch.einsum("n,nld->ld", even, (own - before).square()) / free).sqrt()
        scale = (spread / own_spread.clamp(min=LEAST_SPREAD)).clamp(max=MOST_SCALE)
        return cls(before, scale, own.new_zeros(()) + after)

    def __call__(self, latents: Tensor) -> Tensor:
        return (latents - self.before) * self.scale + self.after


def latents_near(found: Latents, draws: torch.Generator) -> Tensor:
    """Of every photo one between its latents' mean, of which portraits are made by default, and a draw of them."""
    mean = found.mean
    share = torch.rand(len(mean), 1, 1, generator=draws, device=draws.device)
    return found.sample(share * torch.randn(mean.shape, generator=draws, device=draws.device))
