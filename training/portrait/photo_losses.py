"""What is lost between photos and what they are made again as (Song et al., eqs. 2 and 4 to 7)."""

import torch
from torch import Tensor
from torch.nn import functional

from artmodels.portrait.encoder import Latents
from training.feature_distance import load_distance
from training.portrait.objective import kl_to_prior
from training.portrait.settings import PhotoTerms
from training.portrait.similarity import identity_distance, load_identity

__all__ = ["PhotoLosses"]

LEFT, TOP = 0.25, 0.33  # of the half of an aligned photo in which eyes, nose and mouth lie


class PhotoLosses:
    """The weighted terms, each a mean over photos.

    Attributes: judging, the distance on features, whether or not it is a term.
    """

    def __init__(self, terms: PhotoTerms, device: torch.device):
        self.terms = terms
        self.judging = load_distance(terms.features, device)
        self.embed = load_identity(terms.identity_network, device) if terms.identity else None

    def of_pictures(self, made: Tensor, photos: Tensor) -> dict[str, Tensor]:
        """Of photos [B, 3, S, S] in [-1, 1] and what they were made again as."""
        terms, losses = self.terms, dict[str, Tensor]()
        if terms.squared:
            losses["squared"] = terms.squared * functional.mse_loss(made, photos)
        if terms.perceptual:
            losses["perceptual"] = terms.perceptual * self.judging(made, photos).float().mean()
        if terms.face:
            losses["face"] = terms.face * self.judging(face_of(made), face_of(photos)).float().mean()
        if self.embed is not None:
            losses["identity"] = terms.identity * identity_distance(self.embed, made, photos).mean()
        return losses

    def of_latents(self, latents: Latents, step: int) -> dict[str, Tensor]:
        """Of the latents' distance to the prior; `step` counts from 0."""
        terms = self.terms
        if latents.log_variance is None or not terms.kl:
            return {}
        told = kl_to_prior(latents.mean.float(), latents.log_variance.float(), terms.kl_reduction)
        return {"kl": terms.kl * min(1.0, (step + 1) / terms.kl_steps) * told}


def face_of(photos: Tensor) -> Tensor:
    """The half of aligned photos [B, 3, S, S] in which eyes, nose and mouth lie, [B, 3, S // 2, S // 2]."""
    side = photos.shape[-1]
    left, top = round(LEFT * side), round(TOP * side)
    return photos[:, :, top : top + side // 2, left : left + side // 2]
