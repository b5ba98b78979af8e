"""Features by which two pictures look alike: what perceptual losses and scores compare."""

import torch
from torch import Tensor, nn

from artmodels.errors import ConfigError, HubError

__all__ = ["FeaturePyramid", "VGG16Features"]


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
