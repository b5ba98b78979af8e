"""Generators with paths by attribute from plain ones, and plain ones from theirs."""

from collections.abc import Sequence
from dataclasses import replace

import torch

from artmodels.portrait.config import StyleGAN2Config
from artmodels.portrait.stylegan2 import Synthesis

__all__ = ["path_of", "with_paths", "without_paths"]


def with_paths(synthesis: Synthesis, attributes: Sequence[str], split: tuple[int, int]) -> Synthesis:
    """A copy in which every attribute has its own blocks from the first to the last resolution of `split`.

    Each path starts as what the generator is: the same codes give the same picture, whatever the attribute.

    Raises:
        ConfigError: the generator has paths already, or the config cannot be built.
    """
    config = replace(synthesis.config, attributes=tuple(attributes), split=split)
    with torch.random.fork_rng(devices=[]):  # the initial weights are drawn in vain; the caller's seed stays put
        divided = Synthesis(config).to(next(synthesis.parameters()))
    for number in range(len(config.attributes)):
        _copy(synthesis, divided, None, number)
    return divided.train(synthesis.training)


def path_of(synthesis: Synthesis, attribute: int | None) -> Synthesis:
    """A plain copy that makes the pictures of one attribute; of a generator without any, a copy.

    Raises:
        ConfigError: there is no such attribute.
    """
    with torch.random.fork_rng(devices=[]):
        plain = Synthesis(without_paths(synthesis.config)).to(next(synthesis.parameters()))
    _copy(synthesis, plain, attribute, None)
    return plain.train(synthesis.training)


def without_paths(config: StyleGAN2Config) -> StyleGAN2Config:
    """The config of one attribute's generator."""
    return replace(config, attributes=(), split=StyleGAN2Config.split)


def _copy(source: Synthesis, target: Synthesis, source_path: int | None, target_path: int | None) -> None:
    blocks = source.blocks(source_path)
    for resolution, block in target.blocks(target_path).items():
        block.load_state_dict(blocks[resolution].state_dict())
