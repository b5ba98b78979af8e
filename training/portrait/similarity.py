"""How alike two portraits are: on features, on later features only, and as the same person."""

from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from artmodels.errors import CheckpointError, HubError
from artmodels.perceptual import load_features
from training.feature_distance import Distance, reduced

__all__ = ["Embed", "identity_distance", "load_identity", "load_later_distance"]

Embed = Callable[[Tensor], Tensor]
"""From photos [B, 3, S, S] in [-1, 1] to what says whose they are, [B, E]."""

FIRST_LATER_TAP = 2  # of LPIPS's five: the modules up to the ninth are left out
ARCFACE_SIDE = 112
ARCFACE_CROP = (35 / 256, 223 / 256, 32 / 256, 220 / 256)  # rows, then columns, of a picture aligned as FFHQ's


def load_later_distance(name: str, device: torch.device) -> Distance:
    """A distance that leaves fine features out, which a style may change (Song et al., section 3.3).

    Args:
        name: "lpips" for LPIPS on VGG-16 from relu3_3 on, of pictures reduced to 256 pixels or fewer; or what
            `load_features` takes, for the mean absolute differences of the later half of its taps.

    Raises:
        HubError: the weights are not there yet and cannot be fetched.
    """
    if name == "lpips":
        return load_later_lpips(device)
    features = load_features(name, device=device)

    def distance(first: Tensor, second: Tensor) -> Tensor:
        taps = list(zip(features(first), features(second), strict=True))
        later = taps[len(taps) // 2 :]
        return torch.stack([(one.float() - other.float()).abs().mean((1, 2, 3)) for one, other in later]).sum(0)

    return distance


def load_later_lpips(device: torch.device) -> Distance:
    from lpips import LPIPS

    try:
        network = LPIPS(net="vgg", verbose=False).to(device).eval().requires_grad_(False)
    except (OSError, RuntimeError) as error:
        raise HubError(f"the weights of VGG-16 for LPIPS cannot be fetched: {error}") from error

    def taps(pictures: Tensor) -> list[Tensor]:
        return list(network.net(network.scaling_layer(reduced(pictures))))[FIRST_LATER_TAP:]

    def distance(first: Tensor, second: Tensor) -> Tensor:
        pairs = zip(taps(first), taps(second), network.lins[FIRST_LATER_TAP:], strict=True)
        parts = [
            layer((functional.normalize(one) - functional.normalize(other)).square()).mean((1, 2, 3))
            for one, other, layer in pairs
        ]
        return torch.stack(parts).sum(0)

    return distance


def load_identity(name: str, device: torch.device) -> Embed | None:
    """What tells people apart, or None for the empty name.

    Args:
        name: a file `*.pt2` of `torch.export`, from [B, 3, 112, 112], cropped as ArcFace is used, to [B, E]; or what
            `load_features` takes, whose last tap's means over 4 x 4 places stand in for one.

    Raises:
        CheckpointError: there is no such file, or it is no exported program.
        HubError: features cannot be fetched.
    """
    if not name:
        return None
    if not name.endswith(".pt2"):
        features = load_features(name, device=device)
        return lambda photos: functional.adaptive_avg_pool2d(features(photos)[-1].float(), 4).flatten(1)
    if not Path(name).is_file():
        raise CheckpointError(f"there is no file {name} that tells people apart")
    try:
        network = torch.export.load(name).module().to(device)
    except (RuntimeError, ValueError, KeyError) as error:
        raise CheckpointError(f"{name} is no program of torch.export: {error}") from error
    return lambda photos: network(arcface_crop(photos.float()))


def arcface_crop(photos: Tensor) -> Tensor:
    """The face of aligned photos, 112 pixels a side."""
    side = photos.shape[-1]
    top, bottom, left, right = (round(share * side) for share in ARCFACE_CROP)
    return functional.adaptive_avg_pool2d(photos[:, :, top:bottom, left:right], ARCFACE_SIDE)


def identity_distance(embed: Embed, first: Tensor, second: Tensor) -> Tensor:
    """1 - cos(E(x), E(x')) of each pair, [B] (Song et al., eq. 6)."""
    return 1 - functional.cosine_similarity(embed(first), embed(second))
