"""How a drawing of a picture shall look, and the result that shows it: the same for every sketcher."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, Protocol

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from artmodels import images
from artmodels.errors import ConfigError
from artmodels.recipes import RecipeMaker, check_recipe, new_recipe
from artmodels.results import Result
from artmodels.sketch2image.strokes import crisp_lines

__all__ = ["Drawing", "LineFinder", "draw", "drawn_lines", "known_hand", "replay"]

LINES, PICTURE = "lines", "picture"
RANGES = {"thickness": (0.25, 4.0), "darkness": (0.05, 1.0), "detail": (0.5, 4.0)}


class LineFinder(RecipeMaker, Protocol):
    """What drawing needs of a sketcher."""

    @property
    def hands(self) -> tuple[str, ...]:
        """The ways of drawing that it knows."""

    @property
    def device(self) -> torch.device:
        """Where it computes."""

    @property
    def working_side(self) -> int:
        """Pixels of the longer side of a picture that is looked at in ordinary detail."""

    def lines(self, pictures: Tensor, hand: str | None = None) -> Tensor:
        """Lines [B, 1, H, W] of pictures [B, 3, H, W], in [-1, 1]."""

    def ink_level(self, hand: str | None = None) -> float:
        """From what share of ink on a place belongs to a line."""

    def darkness_of(self, hand: str | None = None) -> float:
        """How dark the hand's lines are."""


@dataclass(frozen=True)
class Drawing:
    """How a picture shall be drawn.

    Attributes:
        hand: one of the sketcher's.
        thickness: by which factor strokes are wider than the hand draws them, 0.25 to 4.
        darkness: of the lines, up to 1, black.
        detail: how large the picture is looked at, 0.5 to 4 times the size of the sketcher's training; more detail
            gives more and, in the picture, finer lines.
    """

    hand: str
    thickness: float
    darkness: float
    detail: float

    @classmethod
    def checked(
        cls,
        finder: LineFinder,
        *,
        hand: str | None = None,
        thickness: float = 1.0,
        darkness: float | None = None,
        detail: float = 1.0,
    ) -> "Drawing":
        """Raises: ConfigError: an unknown hand, or a number out of its range."""
        name = finder.hands[0] if hand is None else hand
        own = finder.darkness_of(name)
        values = {"thickness": thickness, "darkness": own if darkness is None else darkness, "detail": detail}
        for field, value in values.items():
            low, high = RANGES[field]
            is_number = isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
            if not is_number or not low <= value <= high:
                raise ConfigError(f"{field} must be a number from {low:g} to {high:g}, not {value!r}")
        return cls(name, **{field: float(value) for field, value in values.items()})

    @classmethod
    def from_recipe(cls, options: Mapping[str, Any], finder: LineFinder) -> "Drawing":
        """Raises: ConfigError: the options are not those of a drawing."""
        fields = ("hand", "thickness", "darkness", "detail")
        missing = [field for field in fields if field not in options]
        if missing:
            raise ConfigError(f"the recipe's options cannot be read: there is no {missing[0]}")
        return cls.checked(finder, **{field: options[field] for field in fields})

    def to_recipe(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"hand": self.hand, "thickness": self.thickness, "darkness": self.darkness, "detail": self.detail}


@torch.inference_mode()
def drawn_lines(finder: LineFinder, picture: Image.Image, drawing: Drawing) -> Image.Image:
    """A picture's lines at its own size, mode "L", dark on white."""
    scale = finder.working_side * drawing.detail / max(picture.size)
    width, height = (max(1, round(side * scale)) for side in picture.size)
    small = picture if picture.size == (width, height) else picture.resize((width, height), Image.Resampling.BICUBIC)
    ink = (1 - finder.lines(images.to_tensor(small)[None].to(finder.device), drawing.hand)[0, 0]) / 2
    level = finder.ink_level(drawing.hand)
    coverage = crisp_lines(ink.cpu(), picture.size, level=level, thickness=drawing.thickness)
    tones = np.rint(255 - drawing.darkness * np.arange(256)).astype(int)
    return coverage.point(tones.tolist())


def draw(finder: LineFinder, picture: Image.Image, drawing: Drawing) -> Result:
    """The lines of a picture, with it below them, hidden."""
    lines = drawn_lines(finder, picture, drawing).convert("RGB")
    layers = {PICTURE: picture.convert("RGBA"), LINES: lines.convert("RGBA")}
    recipe = new_recipe(finder, "draw", picture, drawing.to_recipe())
    return Result(lines, layers, recipe, line_layers=(LINES,), hidden_layers=(PICTURE,))


def replay(finder: LineFinder, recipe: Mapping[str, Any], picture: Image.Image) -> Result:
    """Raises: ConfigError, PictureError: as `check_recipe`, or the recipe is of another verb."""
    options = check_recipe(recipe, finder, picture)
    if recipe.get("verb") != "draw":
        raise ConfigError(f"a {type(finder).__name__}'s recipe is of draw, not of {recipe.get('verb')!r}")
    return draw(finder, picture, Drawing.from_recipe(options, finder))


def known_hand(hand: str | None, hands: Sequence[str], owner: str) -> str:
    """The hand's name, or that of the first.

    Raises:
        ConfigError: there is no such hand.
    """
    if hand is None:
        return hands[0]
    if hand not in hands:
        raise ConfigError(f"{owner} has no hand {hand!r}; it has {', '.join(hands)}")
    return hand
