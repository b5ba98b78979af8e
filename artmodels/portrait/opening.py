"""A photo that a stylizer has read: where its face lies, and its codes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast, get_args

from PIL import Image
from torch import Tensor

from artmodels.errors import ConfigError
from artmodels.portrait.alignment import Square
from artmodels.portrait.encoder import Latents

__all__ = ["Inversion", "OpenedPortrait", "missing_face", "read_place"]

Inversion = Literal["encoder", "w+", "z+"]


@dataclass(frozen=True)
class OpenedPortrait:
    """A photo whose face was found and encoded once, for as many portraits as you like.

    Attributes:
        photo: the whole photo.
        square: where the face lies in it.
        inversion: how its codes were found, and in how many steps.
        codes: style codes [1, L, D] of the photo model.
        latents: the encoder's distribution that they are the mean of, if they are.
    """

    photo: Image.Image
    square: Square
    inversion: Inversion
    steps: int
    codes: Tensor
    latents: Latents | None

    def to_recipe(self) -> dict[str, Any]:
        return {"square": list(self.square), "inversion": self.inversion, "steps": self.steps}


def missing_face(face: int, count: int) -> str:
    by_hand = "give the eyes by hand, eyes=((left x, left y), (right x, right y)) in pixels"
    if count == 0:
        return f"no face was found in the photo: {by_hand}"
    return f"{count} face{'s were' if count > 1 else ' was'} found in the photo, there is no face {face}: {by_hand}"


def read_place(options: Mapping[str, Any]) -> tuple[Square, Inversion, int]:
    """Where a recipe's face lies, and how its codes were found.

    Raises:
        ConfigError: the values are not of that form.
    """
    square, inversion, steps = (options.get(name) for name in ("square", "inversion", "steps"))
    is_square = isinstance(square, list) and len(square) == 4 and all(isinstance(v, float | int) for v in square)
    is_known = inversion in get_args(Inversion) and isinstance(steps, int) and steps >= 0
    if not is_square or not is_known or (inversion != "encoder" and steps == 0):
        raise ConfigError(f"the recipe's options cannot be read: {square!r}, {inversion!r}, {steps!r} are no place")
    return Square(*map(float, cast(list[float], square))), cast(Inversion, inversion), cast(int, steps)
