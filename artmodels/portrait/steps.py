"""The networks of a photo model as one module: from tensors to tensors, one method for each arrow of the paper."""

from typing import ClassVar

from torch import Tensor

from artmodels.errors import ConfigError
from artmodels.hub import HubModel
from artmodels.portrait.config import PortraitConfig
from artmodels.portrait.encoder import Encoder, Latents
from artmodels.portrait.stylegan2 import Mapping, Noise, Synthesis

__all__ = ["PortraitNetworks"]


class PortraitNetworks(HubModel):
    """Mapping and synthesis of a generator of photos and, where the config has one, the encoder that finds its latents.

    Photos are aligned, batch first and in [-1, 1].

    Source: Song et al., AgileGAN, SIGGRAPH 2021.
    """

    config_class: ClassVar[type] = PortraitConfig
    config: PortraitConfig

    def __init__(self, config: PortraitConfig):
        super().__init__(config)
        self.mapping = Mapping(config.generator)
        self.synthesis = Synthesis(config.generator)
        self.encoder: Encoder | None = None
        if config.encoder is not None:
            self.encoder = Encoder(config.encoder, config.generator.code_count, config.generator.latent_dim)

    def encode(self, photos: Tensor) -> Latents:
        """Mean and log-variance [B, L, D] of the latents of photos [B, 3, S, S], S being the encoder's size.

        Raises:
            ConfigError: there is no encoder, or photos of another size.
        """
        if self.encoder is None:
            raise ConfigError(f'{self.source} has no encoder: open photos with inversion="w+" or "z+"')
        return self.encoder(photos)

    def codes(self, latents: Tensor) -> Tensor:
        """Style codes [B, L, D] of latents [B, L, D]; of [B, 1, D], one code for all layers."""
        return self.mapping(latents).expand(-1, self.config.generator.code_count, -1)

    def decode(self, codes: Tensor, *, noise: Noise = "const") -> Tensor:
        """Photos [B, 3, size, size] of style codes [B, L, D]; nothing bounds them."""
        return self.synthesis(codes, noise=noise)

    def forward(self, photos: Tensor) -> Tensor:
        """Photos [B, 3, S, S] made again [B, 3, size, size], by the mean of their latents, in [-1, 1]."""
        return self.decode(self.codes(self.encode(photos).mean)).clamp(-1, 1)
