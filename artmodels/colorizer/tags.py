"""What a person wishes of tags, checked and turned into the probabilities that the networks take."""

from collections.abc import Mapping
from difflib import get_close_matches
from math import isfinite
from typing import Any

from torch import Tensor

from artmodels import seeds
from artmodels.colorizer.config import ColorizerConfig, TagGroup
from artmodels.errors import ConfigError

__all__ = ["STRONGEST", "check_tags", "drawn_tags", "group_named", "group_of", "wished"]

STRONGEST = 5.0
"""The paper's usable range ends here; 1 is a tag that is certain, and what is beyond exaggerates it."""


def check_tags(tags: Any, config: ColorizerConfig) -> dict[str, float]:
    """Tags with their strengths, in the order of the config.

    Raises:
        ConfigError: a tag that there is not, with the closest that there is, or a strength outside [0, 5].
    """
    if not isinstance(tags, Mapping):
        raise ConfigError(f"tags is a mapping from tag to strength, such as {{{config.tags[0]!r}: 1}}, not {tags!r}")
    for tag, strength in tags.items():
        if tag not in config.tags:
            raise ConfigError(f"no tag is called {tag!r}; {suggestion(tag, config.tags)}")
        is_number = isinstance(strength, int | float) and not isinstance(strength, bool) and isfinite(strength)
        if not is_number or not 0 <= strength <= STRONGEST:
            raise ConfigError(f"the strength of {tag!r} must be a number from 0 to {STRONGEST:g}, not {strength!r}")
    return {tag: float(tags[tag]) for tag in config.tags if tag in tags}


def group_of(tag: str, config: ColorizerConfig) -> TagGroup | None:
    """The group that a tag is of, if it is of one."""
    return next((group for group in config.groups if tag in group.tags), None)


def group_named(name: Any, config: ColorizerConfig) -> TagGroup:
    """The group of that name.

    Raises:
        ConfigError: there is none.
    """
    for group in config.groups:
        if group.name == name:
            return group
    raise ConfigError(f"no tag group is called {name!r}; {suggestion(name, tuple(g.name for g in config.groups))}")


def suggestion(name: Any, known: tuple[str, ...]) -> str:
    close = get_close_matches(str(name), known, n=1)
    if close:
        return f"did you mean {close[0]!r}?"
    return f"there are {', '.join(known[:12])}{' and others' if len(known) > 12 else ''}" if known else "there are none"


def wished(probabilities: Tensor, tags: Mapping[str, float], config: ColorizerConfig) -> Tensor:
    """Probabilities [B, T] with tags set: first all tags of their groups to 0, then each to its strength."""
    found = probabilities.clone()
    for group in {group.name: group for tag in tags if (group := group_of(tag, config))}.values():
        found[:, [config.tags.index(tag) for tag in group.tags]] = 0
    for tag, strength in tags.items():
        found[:, config.tags.index(tag)] = strength
    return found


def drawn_tags(seed: int, taken: Mapping[str, float], config: ColorizerConfig) -> dict[str, float]:
    """One tag of strength 1 from each group with colours of which none is taken, drawn by the seed.

    A group's tag depends on the seed and the group's name alone.
    """
    drawn = {}
    for group in config.groups:
        if group.colours and not any(tag in taken for tag in group.tags):
            drawn[group.tags[int(seeds.normal(len(group.tags), seed, "tag", group.name).argmax())]] = 1.0
    return drawn
