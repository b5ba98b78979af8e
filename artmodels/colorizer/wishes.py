"""What a person asks of a colouring, as a recipe keeps it."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from PIL import Image

from artmodels import seeds
from artmodels.colorizer.colours import Pin, pin
from artmodels.colorizer.config import ColorizerConfig
from artmodels.colorizer.framing import fit_reference
from artmodels.colorizer.tags import check_tags, drawn_tags, group_named, group_of
from artmodels.errors import ConfigError
from artmodels.images import PictureSource, load_picture
from artmodels.recipes import truth

__all__ = ["Wish"]


@dataclass(frozen=True)
class Wish:
    """How a sketch shall be coloured.

    Attributes:
        reference: the picture whose colours it takes, as the networks see it, or None.
        tags: tag to strength, in the config's order.
        pins: exact colours.
        seed: draws tags where there is no reference; 0 draws none.
        keep_lines: whether the sketch's own lines lie over the colour.
    """

    reference: Image.Image | None
    tags: Mapping[str, float]
    pins: tuple[Pin, ...]
    seed: int
    keep_lines: bool

    @classmethod
    def checked(
        cls,
        config: ColorizerConfig,
        *,
        reference: PictureSource | None,
        tags: Mapping[str, float] | None,
        colours: Mapping[str, str] | None,
        seed: int,
        keep_lines: bool,
    ) -> "Wish":
        """Raises: ConfigError, PictureError: as `TagColorizer.colorize`."""
        strengths = check_tags({} if tags is None else tags, config)
        if colours is not None and not isinstance(colours, Mapping):
            raise ConfigError(
                f'colours is a mapping from tag group to colour, such as {{"hair": "#b23c30"}}: {colours!r}'
            )
        pins = tuple(pin(group_named(name, config), colour) for name, colour in (colours or {}).items())
        pinned = {one.group for one in pins}
        for tag in strengths:
            group = group_of(tag, config)
            if group is not None and group.name in pinned:
                raise ConfigError(f"{group.name!r} has a colour pinned and the tag {tag!r} set: give one of them")
        if (strengths or pins) and not config.mapped:
            raise ConfigError("this model was not trained for tags: it colours by references alone")
        seen = None if reference is None else fit_reference(load_picture(reference), config)
        return cls(seen, strengths, tuple(sorted(pins)), seeds.check_seed(seed), bool(keep_lines))

    def all_tags(self, config: ColorizerConfig, pinned: Mapping[str, str] | None = None) -> dict[str, float]:
        """The tags to set: those that are asked for, those that pins stand for, those that the seed draws.

        Args: pinned: group to another tag than its pin's, to see what the group changes.
        """
        tags = dict(self.tags)
        for one in self.pins:
            tags[(pinned or {}).get(one.group, one.tag)] = 1.0
        if self.reference is None and self.seed and config.mapped:
            tags |= drawn_tags(self.seed, tags, config)
        return tags

    def to_recipe(self) -> dict[str, Any]:
        """Plain JSON values; the reference becomes a PNG in base64."""
        reference = None
        if self.reference is not None:
            buffer = BytesIO()
            self.reference.save(buffer, "PNG")
            reference = base64.b64encode(buffer.getvalue()).decode()
        return {
            "reference": reference,
            "tags": dict(self.tags),
            "colours": {one.group: one.colour for one in self.pins},
            "seed": self.seed,
            "keep_lines": self.keep_lines,
        }

    @classmethod
    def from_recipe(cls, options: Mapping[str, Any], config: ColorizerConfig) -> "Wish":
        """The wish as `to_recipe` wrote it.

        Raises:
            ConfigError: the values are not of that form.
        """
        try:
            packed = options["reference"]
            reference = None if packed is None else Image.open(BytesIO(base64.b64decode(packed))).convert("RGB")
            wish = cls.checked(
                config,
                reference=None,
                tags=options["tags"],
                colours=options["colours"],
                seed=options["seed"],
                keep_lines=truth(options, "keep_lines"),
            )
        except (KeyError, TypeError, ValueError, OSError, SyntaxError) as error:
            raise ConfigError(f"the recipe's options cannot be read: {error}") from error
        if reference is not None and any(side % config.stride for side in reference.size):
            raise ConfigError(f"the recipe's reference is {reference.width} x {reference.height} pixels: odd sides")
        return cls(reference, wish.tags, wish.pins, wish.seed, wish.keep_lines)
