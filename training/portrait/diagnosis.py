"""What an encoder's latents tell: how much each layer knows, and whether they lie as the prior does.

The paper's figure 2 in numbers: a generator's styles are trained on random latents, so what an encoder finds must be
spread over directions as random ones are. Lengths are of no account, since the mapping normalises them.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from artmodels.portrait.model import PortraitStylizer
from training.feature_distance import Distance
from training.portrait.encoded_photos import joined
from training.portrait.objective import kl_per_layer, relative_anisotropy

__all__ = ["Diagnosis", "diagnose"]

BATCH = 32


class Diagnosis(NamedTuple):
    """Of held-out photos, by the mean of their latents.

    nats: what each layer's latents tell, where the encoder has a variance, [L]; else empty.
    anisotropy: of the latents' directions, over photos and layers; `even`: of as many random ones.
    difference: mean absolute difference of pixels in [-1, 1]. distance: on features.
    """

    nats: list[float]
    anisotropy: float
    even: float
    difference: float
    distance: float

    def to_dict(self) -> dict[str, Any]:
        return self._asdict()

    def numbers(self) -> dict[str, Tensor]:
        """What a training's log tells of it."""
        told = {"held_out_difference": self.difference, "held_out_distance": self.distance}
        return {name: torch.tensor(value) for name, value in {**told, "anisotropy": self.anisotropy}.items()}


@torch.no_grad()
def diagnose(model: PortraitStylizer, photos: Tensor, distance: Distance, encoded: Tensor | None = None) -> Diagnosis:
    """Of photos [B, 3, S, S] on the model's device.

    Args: encoded: the same photos of the encoder's size, where those that are compared have another.
    """
    model.eval()
    batches = (photos if encoded is None else encoded).split(BATCH)
    mean, log_variance = joined(model.encode(batch) for batch in batches)
    nats = [] if log_variance is None else kl_per_layer(mean, log_variance).tolist()
    made = torch.cat([compared(model.decode(model.codes(part)), photos) for part in mean.split(BATCH)])
    directions = mean.flatten(0, 1)
    even = torch.randn(directions.shape, generator=torch.Generator().manual_seed(0))
    apart = [distance(*pair) for pair in zip(made.split(BATCH), photos.split(BATCH), strict=True)]
    return Diagnosis(
        nats,
        float(relative_anisotropy(directions)),
        float(relative_anisotropy(even)),
        float((made - photos).abs().mean()),
        float(torch.cat(apart).mean()),
    )


def compared(made: Tensor, photos: Tensor) -> Tensor:
    """Made pictures in the size of the photos, by means over pixels, or bilinear where they are smaller."""
    size = photos.shape[-1]
    if made.shape[-1] > size:
        return torch.nn.functional.adaptive_avg_pool2d(made, size)
    if made.shape[-1] < size:
        return torch.nn.functional.interpolate(made, size=size, mode="bilinear", align_corners=False)
    return made
