"""Features by which two pictures look alike: what perceptual losses and scores compare."""

from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from artmodels.errors import ConfigError, HubError
from artmodels.hub import HubModel

__all__ = ["FeaturePyramid", "StarterFeatures", "StarterFeaturesConfig", "VGG16Features", "load_features"]


class FeaturePyramid(nn.Module):
    """A fixed network that turns pictures into maps of features, from fine to coarse."""

    def forward(self, pictures: Tensor) -> list[Tensor]:
        """Args: pictures: [B, 1 or 3, H, W] in [-1, 1]. Returns: one [B, C_i, H_i, W_i] for each level."""
        raise NotImplementedError


class VGG16Features(FeaturePyramid):
    """VGG-16 up to relu4_2, with its maps at relu1_1, relu1_2, relu3_2 and relu4_2.

    The weights are frozen; gradients reach the pictures. One channel is taken as grey. H and W are at least 8.

    Args:
        weights: "IMAGENET1K_V1", which torchvision publishes and downloads once; or None for random weights, drawn from
            the global generator, where only shapes and gradients matter.

    Raises:
        ConfigError: other weights are asked for.
        HubError: the weights are not there yet and cannot be downloaded.

    Source: Simonyan and Zisserman, Very Deep Convolutional Networks for Large-Scale Image Recognition, ICLR 2015.
    """

    # Channels of the 3 x 3 convolutions at each resolution, and the taps' numbers among all layers.
    widths = ((64, 64), (128, 128), (256, 256, 256), (512, 512))
    taps = {"relu1_1": 1, "relu1_2": 3, "relu3_2": 13, "relu4_2": 20}  # noqa: RUF012

    mean: Tensor
    std: Tensor

    def __init__(self, weights: str | None = "IMAGENET1K_V1"):
        super().__init__()
        self.register_buffer("mean", torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1), persistent=False)
        layers: list[nn.Module] = []
        channels = 3
        for widths in self.widths:
            layers += [nn.MaxPool2d(2)] if layers else []
            for width in widths:
                layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
                channels = width
        self.features = nn.Sequential(*layers)
        if weights is not None:
            self.load_state_dict(_published_weights(weights, set(self.state_dict())))
        self.requires_grad_(False)

    def forward(self, pictures: Tensor) -> list[Tensor]:
        """The four maps, at 1/1, 1/1, 1/4 and 1/8 of the pictures' size.

        Args:
            pictures: [B, 1 or 3, H, W] in [-1, 1].

        Returns:
            [B, 64, H, W], [B, 64, H, W], [B, 256, H // 4, W // 4], [B, 512, H // 8, W // 8], none negative.
        """
        pixels = ((pictures + 1) / 2 - self.mean) / self.std  # one channel spreads over the three
        maps = []
        for number, layer in enumerate(self.features):
            pixels = layer(pixels)
            if number in self.taps.values():
                maps.append(pixels)
        return maps


@dataclass(frozen=True)
class StarterFeaturesConfig:
    """The size of a feature network.

    Attributes:
        widths: channels of each tap, the finest first; every tap has half the side of the one before it.
        blocks: 3 x 3 convolutions before each tap.
    """

    widths: tuple[int, ...] = (16, 32, 64, 96)
    blocks: tuple[int, ...] = (1, 2, 2, 2)

    def __post_init__(self) -> None:
        if not self.widths or min(self.widths) < 1:
            raise ConfigError(f"widths must be one or more numbers from 1, not {self.widths!r}")
        if len(self.blocks) != len(self.widths) or min(self.blocks) < 1:
            raise ConfigError(f"blocks must hold a number from 1 for each of {self.widths}, not {self.blocks!r}")


class StarterFeatures(HubModel, FeaturePyramid):
    """A small network for small models: taps at 1/1, 1/2, 1/4 and 1/8 of the pictures' size.

    Every tap is divided by its mean activation over training pictures (`calibrate`), so that each weighs the same in a
    sum of mean differences. One channel is taken as grey. About 0.16 billion products for a picture of 128 x 128.
    """

    config_class: ClassVar[type] = StarterFeaturesConfig
    config: StarterFeaturesConfig

    activation: Tensor

    def __init__(self, config: StarterFeaturesConfig):
        super().__init__(config)
        widths = (3, *config.widths)
        self.levels = nn.ModuleList(
            _convolutions(before, after, blocks)
            for (before, after), blocks in zip(pairwise(widths), config.blocks, strict=True)
        )
        self.register_buffer("activation", torch.ones(len(config.widths)))

    def forward(self, pictures: Tensor) -> list[Tensor]:
        """The taps, finest first; sides that do not halve evenly are rounded up.

        Args:
            pictures: [B, 1 or 3, H, W] in [-1, 1].

        Returns:
            [B, widths[i], H / 2**i, W / 2**i], none negative, with a mean of about 1 on pictures like the training's.
        """
        taps = self._taps(pictures)
        return [tap / self.activation[i].to(tap.dtype) for i, tap in enumerate(taps)]

    @torch.no_grad()
    def calibrate(self, pictures: Tensor) -> None:
        """Makes each tap's mean over these pictures [B, 1 or 3, H, W] one."""
        self.activation.copy_(torch.stack([tap.float().mean() for tap in self._taps(pictures)]).clamp(min=1e-6))

    def _taps(self, pictures: Tensor) -> list[Tensor]:
        pixels, taps = pictures.expand(-1, 3, -1, -1), []
        for number, level in enumerate(self.levels):
            if number:
                pixels = functional.avg_pool2d(pixels, 2, ceil_mode=True)
            pixels = level(pixels)
            taps.append(pixels)
        return taps


def _convolutions(inputs: int, outputs: int, blocks: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for number in range(blocks):
        layer = nn.Conv2d(outputs if number else inputs, outputs, 3, padding=1)
        nn.init.kaiming_normal_(layer.weight)
        assert layer.bias is not None
        nn.init.zeros_(layer.bias)
        layers += [layer, nn.ReLU(inplace=True)]
    return nn.Sequential(*layers)


def load_features(name: str = "artmodels/perceptual-starter", *, device: str | torch.device = "cpu") -> FeaturePyramid:
    """The frozen features of that name; the same object each time for one device.

    Args:
        name: "vgg16", or whatever `StarterFeatures.from_pretrained` loads.

    Raises:
        CheckpointError, ConfigError, HubError: as in `HubModel.from_pretrained`.
    """
    return _load_features(name, str(device))


@cache
def _load_features(name: str, device: str) -> FeaturePyramid:
    with torch.inference_mode(False):  # whoever loads them first, others may want gradients to their pictures
        if name == "vgg16":
            return VGG16Features().to(device).eval()
        return StarterFeatures.from_pretrained(name, device=device).requires_grad_(False)


def _published_weights(name: str, wanted: set[str]) -> dict[str, Tensor]:
    from torchvision.models import VGG16_Weights

    if name != "IMAGENET1K_V1":
        raise ConfigError(f'VGG-16 weights are "IMAGENET1K_V1" or None, not {name!r}')
    weights = VGG16_Weights.IMAGENET1K_V1
    try:
        state = weights.get_state_dict(progress=False, check_hash=True)
    except (OSError, RuntimeError) as error:
        raise HubError(f"the VGG-16 weights cannot be fetched from {weights.url}: {error}") from error
    return {key: value for key, value in state.items() if key in wanted}
