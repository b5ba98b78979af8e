"""Photo models as trainings begin with them: whole ones, or generators that have no encoder yet."""

from typing import Literal

import torch

from artmodels.hub import model_class_of
from artmodels.portrait.config import EncoderConfig, PortraitConfig
from artmodels.portrait.model import PortraitStylizer
from artmodels.portrait.stylegan2 import StyleGAN2

__all__ = ["generator_of", "open_photo_model", "photo_model_of"]

Alignment = Literal["ffhq", "eyes"]


def photo_model_of(generator: StyleGAN2, encoder: EncoderConfig | None, alignment: Alignment) -> PortraitStylizer:
    """A photo model of that generator with a fresh encoder, or none."""
    model = PortraitStylizer(PortraitConfig(generator.config, encoder, alignment))
    model.mapping.load_state_dict(generator.mapping.state_dict())
    model.synthesis.load_state_dict(generator.synthesis.state_dict())
    return model.eval()


def generator_of(model: PortraitStylizer) -> StyleGAN2:
    """A copy of a photo model's generator."""
    generator = StyleGAN2(model.config.generator)
    generator.mapping.load_state_dict(model.mapping.state_dict())
    generator.synthesis.load_state_dict(model.synthesis.state_dict())
    return generator


def open_photo_model(source: str, device: torch.device | str = "cpu") -> PortraitStylizer:
    """A saved photo model, or a saved generator as one without an encoder; frozen.

    Raises:
        CheckpointError, ConfigError, HubError: as in `HubModel.from_pretrained`.
    """
    if model_class_of(source) is StyleGAN2:
        model = photo_model_of(StyleGAN2.from_pretrained(source), None, "ffhq").to(device)
        model.source = source
    else:
        model = PortraitStylizer.from_pretrained(source, device=device)
    return model.requires_grad_(False)
