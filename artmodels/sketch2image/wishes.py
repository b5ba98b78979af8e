"""What a person asks of a synthesis, as a recipe keeps it."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from math import isfinite
from typing import Any, Literal, cast, get_args

from PIL import Image

from artmodels import seeds
from artmodels.errors import ConfigError, PictureError
from artmodels.images import PictureSource, load_picture
from artmodels.recipes import truth
from artmodels.sketch2image.config import Sketch2ImageConfig
from artmodels.sketch2image.framing import fit_exemplar

__all__ = ["Exemplars", "Mixing", "Wish", "stitched"]

Mixing = Literal["style", "stitch"]
Exemplars = PictureSource | Sequence[PictureSource]


@dataclass(frozen=True)
class Wish:
    """How a sketch shall become a picture.

    Attributes:
        exemplars: as the networks see them, one or more.
        weights: how much of each, adding up to 1.
        mixing: whether several are mixed as "style" vectors, or "stitch"ed into one picture whose style is read.
        seed: of the texture that the refiner adds.
        refine: whether the coarse picture is refined.
        keep_lines: whether the sketch's own lines lie over the picture.
    """

    exemplars: tuple[Image.Image, ...]
    weights: tuple[float, ...]
    mixing: Mixing
    seed: int
    refine: bool
    keep_lines: bool

    @classmethod
    def checked(
        cls,
        config: Sketch2ImageConfig,
        exemplar: Exemplars,
        *,
        weights: Sequence[float] | None,
        mixing: Mixing,
        seed: int,
        refine: bool | None,
        keep_lines: bool,
    ) -> "Wish":
        """Raises: ConfigError, PictureError: as `SketchToImage.synthesize`."""
        pictures = list(exemplar) if isinstance(exemplar, list | tuple) else [cast(PictureSource, exemplar)]
        if not pictures:
            raise PictureError("exemplar must be a picture or one or more of them, not an empty sequence")
        if mixing not in get_args(Mixing):
            raise ConfigError(f"mixing must be one of {', '.join(get_args(Mixing))}, not {mixing!r}")
        can_refine = config.refiner != "none"
        if refine and not can_refine:
            raise ConfigError("this model has no refiner: leave refine out, or set it to False")
        shares = checked_weights(weights, len(pictures))
        fitted = tuple(fit_exemplar(load_picture(picture), config.size) for picture in pictures)
        is_refined = can_refine if refine is None else bool(refine)
        return cls(fitted, shares, mixing, seeds.check_seed(seed), is_refined, bool(keep_lines))

    def to_recipe(self) -> dict[str, Any]:
        """Plain JSON values; the exemplars become PNGs in base64."""
        return {
            "exemplars": [packed(picture) for picture in self.exemplars],
            "weights": list(self.weights),
            "mixing": self.mixing,
            "seed": self.seed,
            "refine": self.refine,
            "keep_lines": self.keep_lines,
        }

    @classmethod
    def from_recipe(cls, options: Mapping[str, Any], config: Sketch2ImageConfig) -> "Wish":
        """The wish as `to_recipe` wrote it.

        Raises:
            ConfigError: the values are not of that form.
        """
        try:
            return cls.checked(
                config,
                [Image.open(BytesIO(base64.b64decode(text))) for text in options["exemplars"]],
                weights=options["weights"],
                mixing=options["mixing"],
                seed=options["seed"],
                refine=truth(options, "refine"),
                keep_lines=truth(options, "keep_lines"),
            )
        except (KeyError, TypeError, ValueError, OSError, SyntaxError) as error:
            raise ConfigError(f"the recipe's options cannot be read: {error}") from error


def checked_weights(weights: Sequence[float] | None, count: int) -> tuple[float, ...]:
    """Weights that add up to 1; equal ones by default.

    Raises:
        ConfigError: not one for each exemplar, a negative one, or nothing but zeros.
    """
    given = [1.0] * count if weights is None else list(weights) if isinstance(weights, list | tuple) else None
    if given is None or len(given) != count:
        raise ConfigError(f"weights must hold one number for each of the exemplars, {count} in all, not {weights!r}")
    is_fine = all(isinstance(w, int | float) and not isinstance(w, bool) and isfinite(w) and w >= 0 for w in given)
    if not is_fine or sum(given) <= 0:
        raise ConfigError(f"weights must be numbers from 0, one of them above, not {weights!r}")
    total = sum(given)
    # Weights that add up to 1 already stay as they are, bit for bit, so that a recipe is read as it was written.
    return tuple(float(w) if abs(total - 1) < 1e-9 else w / total for w in given)


def stitched(pictures: Sequence[Image.Image], weights: Sequence[float], size: int) -> Image.Image:
    """Exemplars side by side in one picture, size x size, each with an area as large as its weight.

    Halves of the list lie beside each other, their halves above each other and so on: two are strips, four a 2 x 2.
    Each exemplar is cropped to its place about its middle.
    """
    page = Image.new("RGB", (size, size))
    shown = [(picture, weight) for picture, weight in zip(pictures, weights, strict=True) if weight > 0]
    place(page, shown, (0, 0, size, size), is_across=True)
    return page


def place(
    page: Image.Image, shown: Sequence[tuple[Image.Image, float]], box: tuple[int, int, int, int], *, is_across: bool
) -> None:
    left, top, right, bottom = box
    if right <= left or bottom <= top:
        return
    if len(shown) == 1:
        page.paste(covering(shown[0][0], right - left, bottom - top), (left, top))
        return
    halves = shown[: len(shown) // 2], shown[len(shown) // 2 :]
    share = sum(weight for _, weight in halves[0]) / sum(weight for _, weight in shown)
    if is_across:
        middle = left + round((right - left) * share)
        boxes = (left, top, middle, bottom), (middle, top, right, bottom)
    else:
        middle = top + round((bottom - top) * share)
        boxes = (left, top, right, middle), (left, middle, right, bottom)
    for half, part in zip(halves, boxes, strict=True):
        place(page, half, part, is_across=not is_across)


def covering(picture: Image.Image, width: int, height: int) -> Image.Image:
    """The middle of a picture, as much as has the aspect of width x height, at that size."""
    scale = min(picture.width / width, picture.height / height)
    crop_width, crop_height = width * scale, height * scale
    left, top = (picture.width - crop_width) / 2, (picture.height - crop_height) / 2
    box = (left, top, left + crop_width, top + crop_height)
    return picture.resize((width, height), Image.Resampling.BICUBIC, box=box)


def packed(picture: Image.Image) -> str:
    buffer = BytesIO()
    picture.save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()
