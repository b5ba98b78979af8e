"""Latents of photos, so that a style learns to draw what an encoder finds and not random faces alone.

Differs: Song et al. train styles on random latents alone. Those that a small encoder finds are not spread as evenly; by
how much, `diagnosis.json` of its training says.
"""

from pathlib import Path

import torch
from torch import Tensor

from artmodels.errors import ConfigError
from artmodels.portrait.encoder import Latents
from artmodels.portrait.model import PortraitStylizer
from training.portrait.data import Portraits

__all__ = ["EncodedPhotos"]

BATCH = 32
MOST = 20_000


class EncodedPhotos:
    """What a photo model's encoder says of a recipe's training photos, encoded once.

    Raises:
        ConfigError: the model has no encoder, or there is no photo.
    """

    @torch.no_grad()
    def __init__(self, model: PortraitStylizer, photos: Path):
        if model.config.encoder is None:
            raise ConfigError(f"{model.source} has no encoder: leave the photos out, or take another model")
        pictures = Portraits(photos, model.config.encoder.size, split="train", device=model.device)
        count = min(len(pictures), MOST)
        found = [
            model.encode(pictures.batch(range(start, min(start + BATCH, count)))) for start in range(0, count, BATCH)
        ]
        self.mean = torch.cat([latents.mean for latents in found])
        variances = [latents.log_variance for latents in found if latents.log_variance is not None]
        self.log_variance = torch.cat(variances) if variances else None

    def draw(self, count: int, draws: torch.Generator) -> Tensor:
        """Latents of random photos, [B, L, D], or [B, 1, D] of one code for all layers.

        Each lies between its photo's mean, of which portraits are made by default, and a draw of it.
        """
        places = torch.randint(len(self.mean), (count,), generator=draws, device=draws.device)
        share = torch.rand(count, 1, 1, generator=draws, device=draws.device)
        noise = share * torch.randn(count, *self.mean.shape[1:], generator=draws, device=draws.device)
        variance = None if self.log_variance is None else self.log_variance[places]
        return Latents(self.mean[places], variance).sample(noise)
