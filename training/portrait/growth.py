"""Networks of larger pictures that begin with all that smaller ones have learned (Karras et al., ICLR 2018).

A step at half the side takes about half the time. Differs: the new block is not faded in; its colours begin at nothing,
so the first pictures are the smaller ones.
"""

from dataclasses import replace
from typing import TypeVar

from torch import nn

from artmodels.errors import ConfigError
from artmodels.portrait.config import StyleGAN2Config
from artmodels.portrait.model import PortraitStylizer
from artmodels.portrait.paths import without_paths
from artmodels.portrait.stylegan2 import StyleGAN2, Synthesis
from training.portrait.discriminator import Discriminator
from training.portrait.settings import Adversary

__all__ = ["grown_generator", "grown_photo_model", "opposing_discriminator"]

Network = TypeVar("Network", bound=nn.Module)


def grown_generator(model: StyleGAN2, size: int) -> StyleGAN2:
    """A generator of that size; its first pictures are the model's, made larger as it makes its colours larger.

    Raises:
        ConfigError: the size is smaller, or no power of two.
    """
    grown = learned_from(model, StyleGAN2(larger(model.config, size)))
    quiet_new_blocks(grown.synthesis, model.config.size)
    return grown


def grown_photo_model(model: PortraitStylizer, size: int) -> PortraitStylizer:
    """A photo model whose generator makes photos of that size; the latents of new layers begin as the last one.

    Raises:
        ConfigError: the size is smaller, or no power of two.
    """
    before = model.config.generator
    grown = learned_from(model, PortraitStylizer(replace(model.config, generator=larger(before, size))))
    quiet_new_blocks(grown.synthesis, before.size)
    if model.encoder is not None and grown.encoder is not None:
        for head in grown.encoder.heads[len(model.encoder.heads) :]:
            head.load_state_dict(model.encoder.heads[-1].state_dict())
    return grown


def opposing_discriminator(generator: StyleGAN2Config, adversary: Adversary, saved: str | None) -> Discriminator:
    """What judges a generator's pictures: a saved one, whose maps follow those of new blocks where it is for smaller
    pictures, or a fresh one of the adversary's sizes.

    Raises:
        ConfigError: the saved one is for larger pictures.
        CheckpointError, HubError: as in `HubModel.from_pretrained`.
    """
    if saved:
        model = Discriminator.from_pretrained(saved)
        return learned_from(model, Discriminator(larger(model.config, generator.size)))
    sizes = replace(without_paths(generator), channel_base=adversary.channel_base, channel_max=adversary.channel_max)
    return Discriminator(sizes)


def learned_from(model: Network, grown: Network) -> Network:
    """The second network with all that it has of the first."""
    grown = grown.to(next(model.parameters()))
    fresh = grown.state_dict()
    grown.load_state_dict(fresh | {name: value for name, value in model.state_dict().items() if name in fresh})
    return grown


def quiet_new_blocks(synthesis: Synthesis, known: int) -> None:
    """Lets blocks above that resolution begin without colours."""
    for resolution, block in synthesis.blocks().items():
        if resolution > known:
            nn.init.zeros_(block.torgb.weight)


def larger(config: StyleGAN2Config, size: int) -> StyleGAN2Config:
    if size < config.size:
        raise ConfigError(f"networks of {config.size} pixels grow to that size or a larger one, not to {size}")
    return replace(config, size=size)
