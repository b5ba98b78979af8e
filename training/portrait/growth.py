"""Networks of larger pictures that begin with all that smaller ones have learned (Karras et al., ICLR 2018).

A step at half the side takes about half the time, and what a face is made of is learned there just as well. Differs:
the new block is not faded in; its colours begin at nothing, so the first pictures are the smaller ones.
"""

from dataclasses import replace

from torch import nn

from artmodels.errors import ConfigError
from artmodels.portrait.config import StyleGAN2Config
from artmodels.portrait.stylegan2 import StyleGAN2
from training.portrait.discriminator import Discriminator

__all__ = ["grown_discriminator", "grown_generator"]


def grown_generator(model: StyleGAN2, size: int) -> StyleGAN2:
    """A generator of that size; its first pictures are the model's, made larger as it makes its colours larger.

    Raises:
        ConfigError: the size is smaller, or no power of two.
    """
    config = larger(model.config, size)
    grown = StyleGAN2(config).to(next(model.parameters()))
    learned = model.state_dict()
    grown.load_state_dict({**grown.state_dict(), **learned})
    for resolution, block in grown.synthesis.blocks().items():
        if resolution > model.config.size:
            nn.init.zeros_(block.torgb.weight)
    return grown


def grown_discriminator(model: Discriminator, size: int) -> Discriminator:
    """A discriminator for pictures of that size: the model's maps follow those of new blocks.

    Raises:
        ConfigError: the size is smaller, or no power of two.
    """
    grown = Discriminator(larger(model.config, size)).to(next(model.parameters()))
    kept = grown.state_dict()
    learned = {name: value for name, value in model.state_dict().items() if name in kept}
    grown.load_state_dict({**kept, **learned})
    return grown


def larger(config: StyleGAN2Config, size: int) -> StyleGAN2Config:
    if size < config.size:
        raise ConfigError(f"networks of {config.size} pixels grow to that size or a larger one, not to {size}")
    return replace(config, size=size)
