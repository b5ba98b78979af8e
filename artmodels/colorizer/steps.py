"""The networks of a tag colorizer as one module: from tensors to tensors, one method for each arrow of the paper."""

from typing import ClassVar

import torch
from torch import Tensor, nn

from artmodels.colorizer.config import ColorizerConfig
from artmodels.colorizer.networks import Generator, ReferenceEncoder, TagMapping, ratio
from artmodels.errors import ConfigError
from artmodels.hub import HubModel

__all__ = ["ColorizerNetworks"]


class ColorizerNetworks(HubModel):
    """Reference encoder, generator and, once they are trained, the tag mapping. Tensors are batch first.

    Pictures are in [-1, 1], features [B, C, h, w] are never negative, tag probabilities [B, T] are in the order of
    `config.tags`, from 0 to 1 as they are read and to about 5 as they are wished for.

    Attributes:
        neutral: [C, h, w], the mean of training references' features, which stands for a reference that there is not;
            with its places, because a generator that attends to them has never seen a reference that is all alike.

    Source: Yan, Ito, Moriai, Saito, Two-Step Training, Computer Graphics Forum 2023.
    """

    config_class: ClassVar[type] = ColorizerConfig
    config: ColorizerConfig

    neutral: Tensor

    def __init__(self, config: ColorizerConfig):
        super().__init__(config)
        channels, side = config.feature_channels, config.size // config.stride
        self.encoder = ReferenceEncoder(config)
        self.generator = Generator(config)
        self.register_buffer("neutral", torch.zeros(channels, side, side))
        if config.mapped:
            self.mapping = TagMapping(config)
            if config.receiving == "attention":
                self.place_weights = nn.Linear(channels, channels)
                nn.init.eye_(self.place_weights.weight)
                nn.init.zeros_(self.place_weights.bias)

    def encode(self, reference: Tensor) -> Tensor:
        """Features [B, C, H/s, W/s] of references [B, 3, H, W], which are of any size."""
        return self.encoder(reference)

    def neutral_features(self, count: int) -> Tensor:
        """Features [B, C, h, w] of no reference in particular."""
        return self.neutral.expand(count, -1, -1, -1)

    def tag_probabilities(self, features: Tensor) -> Tensor:
        """How likely each tag is, [B, T] in [0, 1]."""
        return self.encoder.classify(features).sigmoid()

    def tag_shift(self, anchor: Tensor, target: Tensor) -> Tensor:
        """How the mean feature changes, [B, C], from tag probabilities [B, T] to others: M(target) - M(anchor).

        Raises:
            ConfigError: the weights hold no tag mapping.
        """
        if not self.config.mapped:
            raise ConfigError(f"{self.source} has no tag mapping: tags cannot change what its references say")
        return self.mapping(target) - self.mapping(anchor)

    def place_ratios(self, features: Tensor) -> Tensor | float:
        """F of the paper's section 3, [B, C, h, w]: how much of a change each place takes; 1 where the mean is added.

        Differs: the linear layer starts as the identity, because F is then the ratio itself.
        """
        if self.config.receiving == "add":
            return 1.0
        return self.place_weights(ratio(features).movedim(1, 3)).movedim(3, 1)

    def shifted(self, features: Tensor, target: Tensor, *, anchor: Tensor | None = None) -> Tensor:
        """Features [B, C, h, w] that say other tags: delta_b = phi + F (M(target) - M(anchor)).

        Args:
            target: tag probabilities [B, T] as they shall be.
            anchor: those of the features, where they were read already.
        Raises:
            ConfigError: the weights hold no tag mapping.
        """
        shift = self.tag_shift(self.tag_probabilities(features) if anchor is None else anchor, target)
        return features + self.place_ratios(features) * shift[:, :, None, None]

    def render(self, sketch: Tensor, features: Tensor) -> Tensor:
        """Sketches [B, 1, H, W], white = 1, in colour: [B, 3, H, W]; sides are multiples of the stride."""
        return self.generator(sketch, features)

    def forward(self, sketch: Tensor, reference: Tensor, tag_probabilities: Tensor | None = None) -> Tensor:
        """Sketches [B, 1, H, W] in the colours of references [B, 3, h, w], with the tags [B, T] where they are given.

        Raises:
            ConfigError: tags are given, and the weights hold no tag mapping.
        """
        features = self.encode(reference)
        if tag_probabilities is not None:
            features = self.shifted(features, tag_probabilities)
        return self.render(sketch, features)
