"""Styles: generators that were tuned from a photo model's and understand its codes."""

from pathlib import Path
from typing import ClassVar

import torch
from torch import Tensor

from artmodels.errors import ConfigError
from artmodels.hub import HubModel
from artmodels.portrait.config import StyleConfig
from artmodels.portrait.stylegan2 import Noise, Synthesis
from artmodels.sources import starter_names

__all__ = ["PortraitStyle", "load_style", "style_names"]

STARTER_PREFIX = "artmodels/portrait-style-"


class PortraitStyle(HubModel):
    """A generator of portraits in one style, with a path for each of its attributes if it has any."""

    config_class: ClassVar[type] = StyleConfig
    config: StyleConfig

    def __init__(self, config: StyleConfig):
        super().__init__(config)
        self.synthesis = Synthesis(config.generator)

    def forward(self, codes: Tensor, *, attribute: int | None = None, noise: Noise = "const") -> Tensor:
        """Portraits [B, 3, size, size] in [-1, 1] of a photo model's style codes [B, L, D].

        Args: attribute: its number in the config; needed where there are some.
        Raises:
            ConfigError: no such attribute, or other codes.
        """
        return self.synthesis(codes, attribute=attribute, noise=noise).clamp(-1, 1)


def style_names() -> list[str]:
    """Names of the styles in the package, as `load_style` takes them."""
    return [name.removeprefix(STARTER_PREFIX) for name in starter_names() if name.startswith(STARTER_PREFIX)]


def load_style(style: str | Path, *, revision: str | None = None, device: str | torch.device = "cpu") -> PortraitStyle:
    """A style by its short name, such as "toy3d", or as `PortraitStyle.from_pretrained` takes it.

    Raises:
        CheckpointError, ConfigError, HubError: as in `HubModel.from_pretrained`.
    """
    if not isinstance(style, str | Path):
        raise ConfigError(f"a style is a PortraitStyle, its name, a Hub id or a folder, not {style!r}")
    is_short = revision is None and f"{STARTER_PREFIX}{style}" in starter_names()
    source = f"{STARTER_PREFIX}{style}" if is_short else style
    return PortraitStyle.from_pretrained(source, revision=revision, device=device)
