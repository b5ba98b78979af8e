"""The settings that a published tag colorizer carries with its weights."""

import re
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Literal

from artmodels.errors import ConfigError

__all__ = ["ColorizerConfig", "TagGroup"]

COUNTS = ("depth", "encoder_width", "width", "mapping_width")
SWITCHES = ("channel_attention", "self_adaptive", "mapped")
COLOUR = re.compile(r"#[0-9a-f]{6}")


@dataclass(frozen=True)
class TagGroup:
    """Tags of which a picture usually has one: setting one of them clears the others first.

    Attributes:
        name: the part of a picture that they speak of, such as "hair".
        tags: their names.
        colours: the colour "#rrggbb" that each stands for, or empty where they stand for none.
    """

    name: str
    tags: tuple[str, ...]
    colours: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name:
            raise ConfigError(f"a tag group's name must be text, not {self.name!r}")
        if not are_names(self.tags) or not self.tags:
            raise ConfigError(f"tags of group {self.name!r} must be a tuple of one or more names, not {self.tags!r}")
        are_colours = are_names(self.colours) and all(COLOUR.fullmatch(colour) for colour in self.colours)
        if not are_colours or len(self.colours) not in (0, len(self.tags)):
            raise ConfigError(
                f'colours of group {self.name!r} must be "#rrggbb" for each of its {len(self.tags)} tags, or none, '
                f"not {self.colours!r}"
            )


@dataclass(frozen=True)
class ColorizerConfig:
    """Tags and the sizes of the networks; the defaults are the paper's, whose 6,000 tags are `other_tags` and groups.

    Attributes:
        groups: tags that exclude each other, by what they speak of.
        other_tags: tags without a group.
        size: side in pixels of the training pictures, a multiple of the stride.
        depth: times that pictures are halved, so that the stride is 2 ** depth.
        encoder_width: channels of the reference encoder's first layer; each of its stages has twice as many.
        encoder_blocks: residual blocks of each stage of the reference encoder.
        width: channels of the generator's outermost layer, then 2, 4 and at most 8 times as many.
        receiving: how the generator takes the reference in: "attention" from every place of the sketch to every place
            of the reference, or "add", its mean.
        channel_attention: whether the reference also re-weights channels on the way up (RBCA).
        channel_attention_axis: over which of c x c scores the softmax runs: the "output" channels, as the paper's
            models do, or the "input" channels that are summed.
        mapping_width: hidden channels of the tag mapping.
        self_adaptive: whether the tag mapping sees all of its hidden layers at its end, not the last alone.
        mapped: whether the weights hold a tag mapping, the second training; without one tags change nothing.
    """

    groups: tuple[TagGroup, ...]
    other_tags: tuple[str, ...] = ()
    size: int = 384
    depth: int = 5
    encoder_width: int = 64
    encoder_blocks: tuple[int, ...] = (3, 4, 6, 3)
    width: int = 64
    receiving: Literal["attention", "add"] = "attention"
    channel_attention: bool = True
    channel_attention_axis: Literal["output", "input"] = "output"
    mapping_width: int = 512
    self_adaptive: bool = True
    mapped: bool = False

    def __post_init__(self) -> None:
        self._check_sizes()
        self._check_tags()
        for name, accepted in (("receiving", ("attention", "add")), ("channel_attention_axis", ("output", "input"))):
            if getattr(self, name) not in accepted:
                raise ConfigError(f"{name} must be one of {accepted}, not {getattr(self, name)!r}")
        for name in SWITCHES:
            if not isinstance(getattr(self, name), bool):
                raise ConfigError(f"{name} must be True or False, not {getattr(self, name)!r}")

    def _check_sizes(self) -> None:
        for name in COUNTS:
            if not is_count(getattr(self, name)):
                raise ConfigError(f"{name} must be a whole number from 1, not {getattr(self, name)!r}")
        blocks = self.encoder_blocks
        if not isinstance(blocks, tuple) or not blocks or not all(is_count(count) for count in blocks):
            raise ConfigError(f"encoder_blocks must be a tuple of whole numbers from 1, not {blocks!r}")
        if self.depth < 2 or self.stem_halvings not in (0, 1, 2):
            raise ConfigError(
                f"depth must be from {max(2, len(blocks) - 1)} to {len(blocks) + 1} with encoder_blocks {blocks}, "
                f"not {self.depth}"
            )
        if not is_count(self.size) or self.size % self.stride:
            raise ConfigError(f"size must be a multiple of the stride, {self.stride} pixels, not {self.size!r}")

    def _check_tags(self) -> None:
        if not isinstance(self.groups, tuple) or not all(isinstance(group, TagGroup) for group in self.groups):
            raise ConfigError(f"groups must be a tuple of TagGroup, not {self.groups!r}")
        if not are_names(self.other_tags):
            raise ConfigError(f"other_tags must be a tuple of names, not {self.other_tags!r}")
        for what, names in (("group", [group.name for group in self.groups]), ("tag", self.tags)):
            repeated = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
            if repeated:
                raise ConfigError(f"there are two {what}s called {repeated[0]!r}")
        if not self.tags:
            raise ConfigError("groups and other_tags must hold one tag or more")

    @cached_property
    def tags(self) -> tuple[str, ...]:
        """All tags in the order of the classifier's outputs, groups first."""
        return (*chain.from_iterable(group.tags for group in self.groups), *self.other_tags)

    @property
    def stride(self) -> int:
        """Pixels of a sketch's side to one of its features'."""
        return int(2**self.depth)

    @property
    def stem_halvings(self) -> int:
        """How often the reference encoder halves pictures before its first stage; every later stage does it once."""
        return self.depth - (len(self.encoder_blocks) - 1)

    @property
    def feature_channels(self) -> int:
        """Channels of the reference's features."""
        return int(self.encoder_width * 2 ** (len(self.encoder_blocks) - 1))


def is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def are_names(values: object) -> bool:
    return isinstance(values, tuple) and all(isinstance(name, str) and name for name in values)
