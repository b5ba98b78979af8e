"""What a person asks of a portrait, as a recipe keeps it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

from artmodels import seeds
from artmodels.errors import ConfigError
from artmodels.portrait.config import StyleGAN2Config
from artmodels.recipes import truth

__all__ = ["GROUPS", "MOVES_PER_GROUP", "Wish", "group_codes"]

GROUPS = {"pose": (0, 2), "shape": (2, 6), "look": (6, 18)}
"""Which codes the directions of each group move, by what those layers mostly decide."""

MOVES_PER_GROUP = 8
FARTHEST = 10.0
MOVE = re.compile(rf"({'|'.join(GROUPS)})-([1-{MOVES_PER_GROUP}])")


@dataclass(frozen=True)
class Wish:
    """How a photo shall become a portrait.

    Attributes:
        attribute: the style's path, or None where it has none.
        likeness: from 0, the style's mean portrait, over 0.5, the style as it was trained, to 1, the photo.
        swap: the last resolution whose blocks are the style's; the finer ones are the photo model's. None swaps none.
        seed: of a sample of the photo's latents; None takes their mean.
        moves: direction, such as "pose-1", to how far codes are moved along it.
        paste_back: whether the portrait is laid into the whole photo.
    """

    attribute: str | None
    likeness: float
    swap: int | None
    seed: int | None
    moves: Mapping[str, float]
    paste_back: bool

    @classmethod
    def checked(
        cls,
        generator: StyleGAN2Config,
        *,
        attribute: str | None,
        likeness: float,
        swap: int | None,
        seed: int | None,
        moves: Mapping[str, float] | None,
        paste_back: bool,
    ) -> "Wish":
        """Args: generator: the style's. Raises: ConfigError: as `PortraitStylizer.stylize`."""
        names = generator.attributes
        if attribute is not None and attribute not in names:
            accepted = f"one of {', '.join(names)}" if names else "left out for this style"
            raise ConfigError(f"attribute must be {accepted}, not {attribute!r}")
        if not is_number(likeness) or not 0 <= likeness <= 1:
            raise ConfigError(f"likeness must be a number from 0 to 1, not {likeness!r}")
        if swap is not None and swap not in generator.resolutions:
            raise ConfigError(f"swap must be one of {', '.join(map(str, generator.resolutions))}, not {swap!r}")
        chosen = attribute if attribute is not None or not names else names[0]
        drawn = None if seed is None else seeds.check_seed(seed)
        return cls(chosen, float(likeness), swap, drawn, checked_moves(moves, generator), bool(paste_back))

    def path(self, generator: StyleGAN2Config) -> int | None:
        """The number of the attribute."""
        return None if self.attribute is None else generator.attributes.index(self.attribute)

    def amounts(self, generator: StyleGAN2Config) -> dict[int, float]:
        """How far each resolution's weights lie from the photo model's, 0, to the style's, 1."""
        amount = min(1.0, 2 - 2 * self.likeness)
        last = generator.size if self.swap is None else self.swap
        return {resolution: amount if resolution <= last else 0.0 for resolution in generator.resolutions}

    def to_recipe(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "attribute": self.attribute,
            "likeness": self.likeness,
            "swap": self.swap,
            "seed": self.seed,
            "moves": dict(self.moves),
            "paste_back": self.paste_back,
        }

    @classmethod
    def from_recipe(cls, options: Mapping[str, Any], generator: StyleGAN2Config) -> "Wish":
        """The wish as `to_recipe` wrote it.

        Raises:
            ConfigError: the values are not of that form.
        """
        try:
            names = ("attribute", "likeness", "swap", "seed", "moves")
            return cls.checked(
                generator, **{name: options[name] for name in names}, paste_back=truth(options, "paste_back")
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ConfigError(f"the recipe's options cannot be read: {error}") from error


def group_codes(group: str, generator: StyleGAN2Config) -> range:
    """The numbers of the codes that a group's directions move; empty where the generator is too small for it."""
    first, last = GROUPS[group]
    return range(first, min(last, generator.code_count))


def checked_moves(moves: Mapping[str, float] | None, generator: StyleGAN2Config) -> dict[str, float]:
    """Raises: ConfigError: no mapping, an unknown direction, or no number within bounds."""
    if moves is None:
        return {}
    if not isinstance(moves, Mapping):
        raise ConfigError(f'moves is a mapping from direction to amount, such as {{"pose-1": 1.5}}: {moves!r}')
    for name, amount in moves.items():
        found = MOVE.fullmatch(name) if isinstance(name, str) else None
        if found is None or int(found[2]) > generator.latent_dim or not group_codes(found[1], generator):
            raise ConfigError(
                f'a direction is "pose-1" to "pose-{MOVES_PER_GROUP}", "shape-..." or "look-...": {name!r}'
            )
        if not is_number(amount) or not abs(amount) <= FARTHEST:
            raise ConfigError(f"{name} must be moved by a number from {-FARTHEST:g} to {FARTHEST:g}, not {amount!r}")
    return {name: float(moves[name]) for name in sorted(moves)}


def is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
