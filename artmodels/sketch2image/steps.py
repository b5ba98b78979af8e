"""The networks of sketch to image as one module: from tensors to tensors, one method for each arrow of the paper."""

from collections.abc import Sequence
from typing import ClassVar

from torch import Tensor

from artmodels.errors import ConfigError
from artmodels.hub import HubModel
from artmodels.sketch2image.config import Sketch2ImageConfig
from artmodels.sketch2image.networks import Content, ContentEncoder, Decoder, StyleEncoder, Styles
from artmodels.sketch2image.refiner import ArtRefiner, FaceRefiner, Refiner, noise_length

__all__ = ["SketchToImageNetworks", "mix"]


class SketchToImageNetworks(HubModel):
    """Style and content encoder, decoder and, where the config has one, the refiner. Tensors are batch first.

    Pictures are in [-1, 1]; sketches have one channel, paper is 1 and ink -1.

    Attributes:
        noise_length: how many normal numbers the refiner takes for one picture.

    Source: Liu, Zhu, Song, Elgammal, Self-Supervised Sketch-to-Image Synthesis, AAAI 2021.
    """

    config_class: ClassVar[type] = Sketch2ImageConfig
    config: Sketch2ImageConfig

    def __init__(self, config: Sketch2ImageConfig):
        super().__init__(config)
        self.style_encoder = StyleEncoder(config)
        self.content_encoder = ContentEncoder(config)
        self.decoder = Decoder(config)
        self.noise_length = noise_length(config)
        self.refiner: Refiner | None = None
        if config.refiner != "none":
            self.refiner = FaceRefiner(config) if config.refiner == "face" else ArtRefiner(config)

    def encode_style(self, exemplars: Tensor) -> Styles:
        """How exemplars [B, 3, size, size] look: vectors [B, 2, 4 and 8 * width], from fine to coarse."""
        return self.style_encoder(exemplars)

    def encode_content(self, sketches: Tensor) -> Content:
        """Where things are in sketches [B, 1, size, size]: maps of 32, 16 and 8 pixels, and the sketch, small."""
        return self.content_encoder(sketches)

    def decode(self, content: Content, styles: Styles) -> Tensor:
        """The coarse picture [B, 3, size, size] of content in a style."""
        return self.decoder(content, styles)

    def refine(self, coarse: Tensor, styles: Styles, noise: Tensor | None = None) -> Tensor:
        """The finished picture [B, 3, refined size, refined size] of a coarse one [B, 3, size, size].

        Args: noise: [B, noise_length] of normal numbers, which become texture; zeros by default.
        Raises:
            ConfigError: there is no refiner.
        """
        if self.refiner is None:
            raise ConfigError(f"{self.source} has no refiner: its coarse pictures are all that it makes")
        return self.refiner(
            coarse, styles, coarse.new_zeros(len(coarse), self.noise_length) if noise is None else noise
        )

    def forward(self, sketches: Tensor, exemplars: Tensor, noise: Tensor | None = None) -> Tensor:
        """Sketches [B, 1, size, size] in the style of exemplars [B, 3, size, size], refined where there is a refiner.

        Returns: [B, 3, refined size, refined size] in [-1, 1].
        """
        styles = self.encode_style(exemplars)
        coarse = self.decode(self.encode_content(sketches), styles)
        return coarse if self.refiner is None else self.refine(coarse, styles, noise)


def mix(styles: Styles, weights: Sequence[float]) -> Styles:
    """Styles of a batch of B as one, [1, ...]: their mean by weights, which need not add up to 1."""
    shares = styles.coarse.new_tensor(weights)[:, None]
    return Styles(*((vectors * shares / shares.sum()).sum(0, keepdim=True) for vectors in styles))
