"""The networks of a sketcher as one module: from pictures to lines, in tensors."""

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from artmodels.hub import HubModel
from artmodels.perceptual import StarterFeatures
from artmodels.sketch2image.config import SketcherConfig
from artmodels.sketch2image.drawing import known_hand
from artmodels.sketch2image.sketcher_networks import STRIDE, SketchGenerator, VGGLevels

__all__ = ["SketcherNetworks"]


MARGIN = STRIDE
"""Pixels by which a picture's edge is carried on, so that the features' own border, black, is not drawn as a line."""


class SketcherNetworks(HubModel):
    """Features of pictures and one generator for each hand: the paper's TOM. Tensors are batch first.

    Pictures are [B, 3, H, W] in [-1, 1] of any size, lines [B, 1, H, W], paper is 1 and ink -1. The features are part
    of the weights, so that a sketcher loads alone; trainings keep them as they are.

    Source: Liu, Zhu, Song, Elgammal, Self-Supervised Sketch-to-Image Synthesis, AAAI 2021, section 3.1.
    """

    config_class: ClassVar[type] = SketcherConfig
    config: SketcherConfig

    features: StarterFeatures | VGGLevels

    def __init__(self, config: SketcherConfig):
        super().__init__(config)
        if config.features is None:
            self.features, channels, strides = VGGLevels(), [w[-1] for w in VGGLevels.widths], VGGLevels.strides
        else:
            self.features, channels = StarterFeatures(config.features), list(config.features.widths)
            strides = tuple(2**level for level in range(len(channels)))
        self._level = strides.index(STRIDE)
        self._skip_levels = [strides.index(s) if config.skips and s in strides else None for s in (4, 2, 1)]
        skips = [0 if level is None else channels[level] for level in self._skip_levels]
        self.generators = nn.ModuleDict(
            {hand: SketchGenerator(channels[self._level], skips, config.widths) for hand in config.hands}
        )

    @property
    def hands(self) -> tuple[str, ...]:
        """The names of the ways of drawing that this sketcher knows."""
        return self.config.hands

    @property
    def working_side(self) -> int:
        """Pixels of the longer side of a picture that is looked at in ordinary detail."""
        return self.config.size

    def see(self, pictures: Tensor) -> list[Tensor]:
        """The features of pictures [B, 1 or 3, H, W], finest first; sides are multiples of 8 where lines follow."""
        if isinstance(self.features, VGGLevels):
            return self.features(pictures, count=self._level + 1)
        return self.features(pictures)

    def draw_features(self, features: list[Tensor], hand: str) -> Tensor:
        """Lines [B, 1, H, W] in one hand, from what `see` gave."""
        skips = [None if level is None else features[level] for level in self._skip_levels]
        return self.generators[hand](features[self._level], skips)

    def lines(self, pictures: Tensor, hand: str | None = None) -> Tensor:
        """Lines [B, 1, H, W] of pictures [B, 3, H, W], all in the same hand, with all shades between ink and paper.

        Args: hand: one of `hands`; the first by default.
        Raises:
            ConfigError: there is no such hand.
        """
        height, width = pictures.shape[2:]
        right, below = (MARGIN + -side % STRIDE for side in (width, height))
        padded = functional.pad(pictures, (MARGIN, right, MARGIN, below), mode="replicate")
        drawn = self.draw_features(self.see(padded), self.checked_hand(hand))
        return drawn[..., MARGIN : MARGIN + height, MARGIN : MARGIN + width]

    def forward(self, pictures: Tensor, hand: str | None = None) -> Tensor:
        """As `lines`."""
        return self.lines(pictures, hand)

    def binary(self, lines: Tensor, hand: str | None = None) -> Tensor:
        """Lines as ink, -1, and paper, 1, with nothing between: what is darker than the threshold is ink.

        Raises:
            ConfigError: there is no such hand.
        """
        return torch.where(lines < 1 - 2 * self.ink_level(hand), -1.0, 1.0).to(lines.dtype)

    def ink_level(self, hand: str | None = None) -> float:
        """From what share of ink on, 0 to 1, a place belongs to a line; for a pale hand, of its own darkness."""
        return (1 - self.config.threshold) * self.darkness_of(hand)

    def darkness_of(self, hand: str | None = None) -> float:
        """How dark a hand's lines are, from 0 to 1, black.

        Raises:
            ConfigError: there is no such hand.
        """
        number = self.config.hands.index(self.checked_hand(hand))
        return self.config.darkness[number] if self.config.darkness else 1.0

    def checked_hand(self, hand: str | None) -> str:
        """The hand's name, or that of the first.

        Raises:
            ConfigError: there is no such hand.
        """
        return known_hand(hand, self.hands, self.source)
