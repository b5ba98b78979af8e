"""A StyleGAN2 as another repository wrote it, with its tensors under our names, and the config that they show."""

from collections.abc import Mapping
from typing import NamedTuple

from torch import Tensor

from artmodels.errors import CheckpointError, ConfigError
from artmodels.portrait.config import StyleGAN2Config

__all__ = ["ForeignNet", "config_of"]


class ForeignNet(NamedTuple):
    """What a file holds.

    Attributes:
        generator: tensors of a `StyleGAN2`.
        discriminator: tensors of a discriminator with NVIDIA's names, or none.
        conv_clamp: bound of every layer's output, or none.
        made_by: whose code wrote the file.
    """

    generator: Mapping[str, Tensor]
    discriminator: Mapping[str, Tensor] | None
    conv_clamp: float | None
    made_by: str


def config_of(net: ForeignNet, where: str) -> StyleGAN2Config:
    """Read the sizes of a generator off its tensors.

    Raises:
        CheckpointError: they are of no generator that `StyleGAN2Config` describes.
    """
    tensors = net.generator
    weights: list[Tensor] = []
    while (weight := tensors.get(f"synthesis.b{4 << len(weights)}.conv1.weight")) is not None:
        weights.append(weight)
    depth = 0
    while f"mapping.fc{depth}.weight" in tensors:
        depth += 1
    affine = tensors.get("synthesis.b4.conv1.affine.weight")
    if affine is None or affine.ndim != 2 or not weights or any(weight.ndim != 4 for weight in weights):
        raise CheckpointError(f"{where} holds no StyleGAN2 generator: there is no convolution at 4 pixels")
    channels = {4 << number: len(weight) for number, weight in enumerate(weights)}
    size = max(channels)
    try:
        config = StyleGAN2Config(
            size=size,
            latent_dim=affine.shape[1],
            mapping_layers=depth,
            channel_base=channels[size] * size,
            channel_max=max(channels.values()),
            conv_clamp=net.conv_clamp,
        )
    except ConfigError as error:
        raise CheckpointError(f"{where} holds a generator that this package does not build: {error}") from error
    if channels != {side: config.channels(side) for side in config.resolutions}:
        raise CheckpointError(f"{where} holds a generator whose channels are not channel_base / resolution: {channels}")
    return config
