"""StyleGAN2's discriminator (Karras et al., CVPR 2020, config-f), with NVIDIA's names of parameters."""

import math
from itertools import chain

import torch
from torch import Tensor, nn
from torch.nn import functional

from artmodels.errors import ConfigError
from artmodels.hub import HubModel
from artmodels.portrait.config import StyleGAN2Config
from artmodels.portrait.modulation import GAIN, SLOPE, EqualLinear
from artmodels.portrait.resampling import Resampler

__all__ = ["Discriminator", "deviation_of_group"]

HALF = math.sqrt(0.5)  # keeps the sum of a block's two ways at unit variance


class EqualConv(nn.Module):
    """A convolution with an equalised learning rate, times a gain."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int,
        *,
        gain: float,
        stride: int = 1,
        padding: int = 0,
        bias: bool = True,
    ):
        super().__init__()
        weight = torch.randn(outputs, inputs, kernel, kernel)
        self.weight = nn.Parameter(weight.contiguous(memory_format=torch.channels_last))
        self.bias = nn.Parameter(torch.zeros(outputs)) if bias else None
        self.scale, self.gain = gain / math.sqrt(inputs * kernel**2), gain
        self.stride, self.padding = stride, padding

    def forward(self, x: Tensor) -> Tensor:
        weight = (self.weight * self.scale).to(x.dtype)
        bias = None if self.bias is None else (self.bias * self.gain).to(x.dtype)
        return functional.conv2d(x, weight, bias, self.stride, self.padding)


class Block(nn.Module):
    """Two convolutions that halve a map, around a way without any activation; the first one reads the colours."""

    def __init__(self, config: StyleGAN2Config, resolution: int):
        super().__init__()
        channels, after = config.channels(resolution), config.channels(resolution // 2)
        self.fromrgb = EqualConv(3, channels, 1, gain=GAIN) if resolution == config.size else None
        self.conv0 = EqualConv(channels, channels, 3, gain=GAIN, padding=1)
        self.conv1 = EqualConv(channels, after, 3, gain=GAIN * HALF, stride=2)
        self.skip = EqualConv(channels, after, 1, gain=HALF, bias=False)
        self.resampler = Resampler()

    def forward(self, x: Tensor) -> Tensor:
        """Args: x [B, C, R, R], or the picture [B, 3, R, R]. Returns: [B, C', R/2, R/2]."""
        if self.fromrgb is not None:
            x = functional.leaky_relu(self.fromrgb(x), SLOPE)
        skip = self.skip(self.resampler.downsample(x))
        x = functional.leaky_relu(self.conv0(x), SLOPE)
        return functional.leaky_relu(self.conv1(self.resampler.blur(x, 2)), SLOPE) + skip


class Epilogue(nn.Module):
    """The score of a map of 4 pixels and of how much its group varies."""

    def __init__(self, config: StyleGAN2Config):
        super().__init__()
        channels = config.channels(4)
        self.conv = EqualConv(channels + 1, channels, 3, gain=GAIN, padding=1)
        self.fc = EqualLinear(16 * channels, channels)
        self.out = EqualLinear(channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        deviation = deviation_of_group(x)[:, None, None, None].expand(-1, 1, 4, 4)
        x = functional.leaky_relu(self.conv(torch.cat((x, deviation), dim=1)), SLOPE)
        return self.out(functional.leaky_relu(self.fc(x.flatten(1)), SLOPE) * GAIN)[:, 0]


class Discriminator(HubModel):
    """Scores pictures of the size that a generator of the same config makes; it has no paths and no clamp.

    It is saved like a model, because trainings that go on from a generator need the one it was trained against.
    """

    config_class = StyleGAN2Config
    config: StyleGAN2Config

    def __init__(self, config: StyleGAN2Config):
        super().__init__(config)
        for resolution in reversed(config.resolutions[1:]):
            self.add_module(f"b{resolution}", Block(config, resolution))
        self.b4 = Epilogue(config)

    def forward(self, pictures: Tensor) -> Tensor:
        """Score pictures [B, 3, S, S] with logits [B] in the precision of the weights.

        Under autocast, all maps above 4 pixels are of its type. Scores depend on the batch.

        Raises:
            ConfigError: pictures of another size.
        """
        size, device = self.config.size, pictures.device.type
        if pictures.shape[1:] != (3, size, size):
            raise ConfigError(f"pictures must be [B, 3, {size}, {size}], not {list(pictures.shape)}")
        is_mixed = torch.is_autocast_enabled(device)
        x = pictures.contiguous(memory_format=torch.channels_last)
        with torch.autocast(device, enabled=False):
            x = x.to(torch.get_autocast_dtype(device)) if is_mixed else x
            for resolution in reversed(self.config.resolutions[1:]):
                x = self.get_submodule(f"b{resolution}")(x)
            return self.b4(x.to(self.b4.conv.weight.dtype))

    def freeze(self, layers: int) -> None:
        """Stop the first convolutions, those that see the picture first, from learning (FreezeD, Mo et al. 2020).

        They count from the colours on: `fromrgb`, then `conv0`, `conv1` and `skip` of each block.
        """
        blocks = [self.get_submodule(f"b{resolution}") for resolution in reversed(self.config.resolutions[1:])]
        found = chain.from_iterable(
            (block.fromrgb, block.conv0, block.conv1, block.skip) for block in blocks if isinstance(block, Block)
        )
        for number, layer in enumerate(layer for layer in found if layer is not None):
            layer.requires_grad_(number >= layers)


def deviation_of_group(x: Tensor, group: int = 4) -> Tensor:
    """How much maps [B, C, H, W] of a group differ, one number for each picture [B] (minibatch standard deviation).

    sqrt(variance over the group + 1e-8), mean over channels and places. Pictures that lie B / group apart are a group.
    Differs: groups are as large as divides the batch, up to 4, so that any batch can be scored.
    """
    size = max(number for number in range(1, group + 1) if len(x) % number == 0)
    groups = x.unflatten(0, (size, -1))
    variance = groups.var(0, unbiased=False)
    return (variance + 1e-8).sqrt().mean((1, 2, 3)).repeat(size)
