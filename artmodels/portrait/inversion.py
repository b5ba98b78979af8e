"""Style codes by optimisation: slower than an encoder, nearer to the photo, farther from what styles expect."""

import math
from collections.abc import Callable
from typing import Literal, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from artmodels import seeds
from artmodels.perceptual import FeaturePyramid, load_features
from artmodels.portrait.steps import PortraitNetworks

__all__ = ["InversionStep", "Space", "invert"]

Space = Literal["w+", "z+"]
"""Where codes are looked for: among all style codes, one for each layer (Image2StyleGAN, Abdal et al., ICCV 2019), or
among those that the mapping makes of latents."""

FEATURES = "artmodels/perceptual-starter"
FASTEST = 0.1  # learning rate
RISE, FALL = 0.05, 0.25  # shares of the steps in which the rate comes up from 0 and goes back to it
FEATURES_SIZE = 256  # pixels at which pictures are compared


class InversionStep(NamedTuple):
    """How far an inversion has come."""

    step: int
    total: int
    loss: float


def invert(
    networks: PortraitNetworks,
    photos: Tensor,
    space: Space,
    steps: int,
    *,
    features: FeaturePyramid | None = None,
    progress: Callable[[InversionStep], None] | None = None,
) -> Tensor:
    """Style codes [B, L, D] whose pictures look like photos [B, 3, size, size].

    Minimises the mean square of pixels' differences and the mean differences of features, with Adam. W+ begins at the
    mean code; Z+ at latents drawn with a fixed seed, the same for each photo. No photo depends on the others.

    Args: features: what pictures are compared by; by default, the starter features.
    """
    if features is None:
        features = load_features(FEATURES, device=photos.device)
    with torch.inference_mode(False), torch.enable_grad():
        target = photos.detach().clone()
        variable = first_guess(networks, len(target), space).requires_grad_(True)
        optimiser = torch.optim.Adam([variable], betas=(0.9, 0.999))
        with torch.no_grad():
            wanted = features(compared(target))
        for step in range(steps):
            optimiser.param_groups[0]["lr"] = FASTEST * ramp(step / steps)
            codes = networks.codes(variable) if space == "z+" else variable
            made = networks.decode(codes)
            losses = mean_of_each(made - target, square=True)
            for map_, other in zip(features(compared(made)), wanted, strict=True):
                losses = losses + mean_of_each(map_ - other, square=False)
            # The sum, and the slope of the codes alone: every photo goes its own way, and no weight gets a gradient.
            (variable.grad,) = torch.autograd.grad(losses.sum(), [variable])
            optimiser.step()
            if progress is not None:
                progress(InversionStep(step + 1, steps, float(losses.detach().mean())))
        with torch.no_grad():
            return (networks.codes(variable) if space == "z+" else variable).detach().clone()


def first_guess(networks: PortraitNetworks, count: int, space: Space) -> Tensor:
    generator = networks.config.generator
    if space == "w+":
        return networks.mapping.w_avg.detach().clone().expand(count, generator.code_count, -1).clone()
    start = seeds.normal((generator.code_count, generator.latent_dim), 0, "inversion")
    return start.to(networks.device).expand(count, -1, -1).clone()


def ramp(share: float) -> float:
    """The learning rate's share at a share of the way (Karras et al., CVPR 2020, appendix D)."""
    falling = 0.5 - 0.5 * math.cos(math.pi * min(1.0, (1 - share) / FALL))
    return falling * min(1.0, (share + 1e-3) / RISE)


def compared(pictures: Tensor) -> Tensor:
    """Pictures as they are, or smaller where they are large."""
    if pictures.shape[-1] <= FEATURES_SIZE:
        return pictures
    return functional.interpolate(pictures, (FEATURES_SIZE, FEATURES_SIZE), mode="area")


def mean_of_each(difference: Tensor, *, square: bool) -> Tensor:
    return (difference.square() if square else difference.abs()).flatten(1).mean(dim=1)
