"""How the codes of photos lie beside random ones, which styles are trained on: the paper's figure 2 in numbers."""

import torch
from torch import Tensor

from artmodels.portrait.encoder import Latents as EncoderLatents
from artmodels.portrait.model import PortraitStylizer
from training.metrics import frechet_distance, gaussian_of
from training.portrait.encoded_photos import joined
from training.portrait.latents import fixed_latents
from training.portrait.objective import kl_per_layer, relative_anisotropy
from training.portrait.settings import Latents

__all__ = ["BATCH", "encode_all", "encoder_scores", "layer_nats", "random_codes", "spread_scores"]

BATCH = 32
OWN = Latents(two=0.0, own=1.0)


@torch.inference_mode()
def random_codes(model: PortraitStylizer, count: int, number: int, latents: Latents = OWN) -> Tensor:
    """Codes [N, L, D] of random latents, one for every layer by default; always the same for one number, on the CPU."""
    drawn = fixed_latents(count, model.config.generator, latents, number)
    return torch.cat([model.codes(part.to(model.device)).cpu() for part in drawn.split(BATCH)])


@torch.inference_mode()
def encode_all(model: PortraitStylizer, photos: Tensor) -> EncoderLatents:
    """What the encoder says of photos [N, 3, S, S] of its size, on the CPU."""
    mean, variance = joined(model.encode(part.to(model.device)) for part in photos.split(BATCH))
    return EncoderLatents(mean.cpu(), None if variance is None else variance.cpu())


def spread_scores(codes: Tensor, random: Tensor) -> dict[str, float]:
    """How far codes [N, L, D] are from random ones [M, L, D], all layers together.

    Returns:
        `apart`: the Frechet distance of both, in shares of the random ones' variance. `spread`: the variance of the
        codes in the same shares: above 1 they reach beyond what a style has seen, below 1 they crowd together.
    """
    own, prior = gaussian_of(codes.flatten(0, 1)), gaussian_of(random.flatten(0, 1))
    variance = float(prior.covariance.trace())
    return {
        "apart": frechet_distance(own, prior) / variance,
        "spread": float(own.covariance.trace()) / variance,
    }


def layer_nats(latents: EncoderLatents) -> list[float]:
    """What each layer's latents tell of a photo; none where the encoder has no variance."""
    return [] if latents.log_variance is None else kl_per_layer(latents.mean, latents.log_variance).tolist()


def encoder_scores(latents: EncoderLatents) -> dict[str, float]:
    """`anisotropy` of the means' directions, `anisotropy_of_random` of as many random ones, `nats/layer_<number>`."""
    directions = latents.mean.flatten(0, 1)
    even = torch.randn(directions.shape, generator=torch.Generator().manual_seed(0))
    return {
        "anisotropy": float(relative_anisotropy(directions)),
        "anisotropy_of_random": float(relative_anisotropy(even)),
        **{f"nats/layer_{number:02d}": nats for number, nats in enumerate(layer_nats(latents), start=1)},
    }
