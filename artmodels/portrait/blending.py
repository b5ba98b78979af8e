"""Between two generators that one was tuned from the other: layer swap (Pinkney & Adler 2020) and interpolation."""

from collections.abc import Iterable, Mapping

import torch

from artmodels.errors import ConfigError
from artmodels.portrait.paths import path_of, without_paths
from artmodels.portrait.stylegan2 import Block, Synthesis

__all__ = ["blend", "swap_amounts"]


def blend(
    photo: Synthesis, style: Synthesis, amounts: Mapping[int, float], *, attribute: int | None = None
) -> Synthesis:
    """A plain generator whose weights at each resolution lie between those of two: 0 is `photo`, 1 is `style`.

    A resolution's convolutions, noise, biases, affine layers and colours move together, so that nothing meets a
    neighbour it was not trained with but at the border of two resolutions. The constant noise, which has no middle, is
    that of the nearer generator.

    Args:
        photo: a generator without attributes.
        amounts: for every resolution, from 0 to 1.
        attribute: whose path of `style` to use, if it has any.

    Raises:
        ConfigError: the generators are of different sizes, or an amount is missing or out of range.
    """
    blended = path_of(style, attribute)
    if blended.config != without_paths(photo.config):
        raise ConfigError(f"generators of different sizes cannot be blended: {photo.config} and {style.config}")
    for resolution, block in blended.blocks().items():
        amount = amounts.get(resolution)
        if amount is None or not 0 <= amount <= 1:
            raise ConfigError(f"the amount at resolution {resolution} must be from 0 to 1, not {amount!r}")
        _move(block, photo.blocks()[resolution], amount)
    return blended


def swap_amounts(resolutions: Iterable[int], last: int) -> dict[int, float]:
    """Amounts of a layer swap: shapes from the style, up to and with resolution `last`, surfaces from the photo."""
    return {resolution: float(resolution <= last) for resolution in resolutions}


@torch.no_grad()
def _move(block: Block, photo: Block, amount: float) -> None:
    """Moves a block's tensors to `amount` of the way from a photo generator's."""
    own = block.state_dict()
    for name, start in photo.state_dict().items():
        if name.endswith("noise_const"):
            own[name].copy_(own[name] if amount >= 0.5 else start)
        else:
            own[name].copy_(start.to(own[name]).lerp(own[name], amount))
