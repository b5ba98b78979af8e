"""How far pictures are apart on features: what perceptual losses and scores measure."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from artmodels.errors import HubError
from artmodels.perceptual import FeaturePyramid, load_features

__all__ = ["Distance", "feature_distance", "load_distance"]

LPIPS_SIDE = 256
Distance = Callable[[Tensor, Tensor], Tensor]
"""Of two batches of pictures [B, 1 or 3, H, W] in [-1, 1], for each pair: [B]. Gradients reach both."""


def feature_distance(features: FeaturePyramid, first: Tensor, second: Tensor) -> Tensor:
    """Mean absolute differences of each tap, summed over taps: [B]."""
    taps = zip(features(first), features(second), strict=True)
    return torch.stack([(one.float() - other.float()).abs().mean((1, 2, 3)) for one, other in taps]).sum(0)


def load_distance(name: str, device: torch.device) -> Distance:
    """The distance of that name.

    Args:
        name: "lpips" for LPIPS on VGG-16, of pictures reduced to 256 pixels or fewer; or what `load_features` takes,
            for the distance on those features.

    Raises:
        HubError: the weights are not there yet and cannot be fetched.
    """
    if name != "lpips":
        features = load_features(name, device=device)
        return lambda first, second: feature_distance(features, first, second)
    from lpips import LPIPS

    try:
        network = LPIPS(net="vgg", verbose=False).to(device).eval().requires_grad_(False)
    except (OSError, RuntimeError) as error:
        raise HubError(f"the weights of VGG-16 for LPIPS cannot be fetched: {error}") from error
    return lambda first, second: network(reduced(first), reduced(second)).flatten()


def reduced(pictures: Tensor) -> Tensor:
    """Three channels and at most 256 pixels a side, by whole factors."""
    factor = -(-max(pictures.shape[2:]) // LPIPS_SIDE)
    return functional.avg_pool2d(pictures.expand(-1, 3, -1, -1), factor)
