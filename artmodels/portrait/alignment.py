"""Bringing faces to one place: the square of a photo that a generator knows, cut out and laid back.

All places are in pixels from the photo's upper left corner, x to the right and y down; eyes and mouth corners are left
and right as the viewer sees them.
"""

from math import ceil, floor, hypot, isfinite
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from artmodels.errors import PictureError

__all__ = ["Point", "Square", "check_eyes", "cut", "laid_back", "square_by_eyes", "square_by_face", "square_for"]

Point = tuple[float, float]

EYE_HEIGHT, EYE_DISTANCE = 0.455, 0.235  # of eye-aligned pictures, in sides
MOUTH_DISTANCE = 1.05  # from the eyes' middle, in distances of the eyes, where the mouth is not known
BLUR = 0.02  # of what surrounds a photo, in sides
RIM = 0.3  # how far that reaches before it is of one colour, in sides
SOFT_EDGE = 0.12  # of a picture that is laid back, in sides


class Square(NamedTuple):
    """A turned square in a photo: its middle, and the way from there to the middle of its right edge."""

    x: float
    y: float
    right_x: float
    right_y: float

    @property
    def side(self) -> float:
        return 2 * hypot(self.right_x, self.right_y)

    def place(self, u: float, v: float) -> Point:
        """Where a point of the square lies in the photo; u and v run from 0 to 1."""
        across, down = 2 * u - 1, 2 * v - 1
        return (
            self.x + across * self.right_x - down * self.right_y,
            self.y + across * self.right_y + down * self.right_x,
        )

    def corners(self) -> list[Point]:
        return [self.place(u, v) for u in (0, 1) for v in (0, 1)]

    def scaled(self, factor: float) -> "Square":
        """The same square in a photo that is `factor` times as large."""
        return Square(*(factor * value for value in self))

    def shifted(self, left: float, top: float) -> "Square":
        """The same square in a photo that has so many more pixels at its left and top."""
        return self._replace(x=self.x + left, y=self.y + top)


def square_by_eyes(left: Point, right: Point) -> Square:
    """The square in which the eyes lie at (0.5 -+ 0.1175, 0.455)."""
    e_x, e_y = right[0] - left[0], right[1] - left[1]
    h_x, h_y = e_x / EYE_DISTANCE / 2, e_y / EYE_DISTANCE / 2
    down = 2 * (0.5 - EYE_HEIGHT)
    middle_x, middle_y = (left[0] + right[0]) / 2, (left[1] + right[1]) / 2
    return Square(middle_x - down * h_y, middle_y + down * h_x, h_x, h_y)


def square_by_face(left: Point, right: Point, left_mouth: Point, right_mouth: Point) -> Square:
    """The square of FFHQ's pictures: by the eyes' line and the way to the mouth, whichever is longer.

    Source: Karras, Laine, Aila, A Style-Based Generator Architecture for GANs, CVPR 2019, appendix A.
    """
    e = np.subtract(right, left)
    middle = np.add(right, left) / 2
    m = np.add(right_mouth, left_mouth) / 2 - middle
    x = e + np.array((m[1], -m[0]))
    length = hypot(*x)
    if length == 0:
        raise PictureError("the face stands on its head: turn the photo")
    x = x / length * max(2.0 * hypot(*e), 1.8 * hypot(*m))
    centre = middle + 0.1 * m
    return Square(float(centre[0]), float(centre[1]), float(x[0]), float(x[1]))


def square_for(
    alignment: Literal["ffhq", "eyes"], eyes: tuple[Point, Point], mouth: tuple[Point, Point] | None = None
) -> Square:
    """The square of a face as a model was trained on; without a mouth, one below the eyes is taken."""
    left, right = eyes
    if alignment == "eyes":
        return square_by_eyes(left, right)
    if mouth is None:
        e_x, e_y = right[0] - left[0], right[1] - left[1]
        below = (
            (left[0] + right[0]) / 2 - MOUTH_DISTANCE * e_y,
            (left[1] + right[1]) / 2 + MOUTH_DISTANCE * e_x,
        )
        mouth = (below, below)
    return square_by_face(left, right, *mouth)


def check_eyes(eyes: Any) -> tuple[Point, Point]:
    """Two points, left and right as the viewer sees them, as plain floats.

    Raises:
        PictureError: not two places, or both the same.
    """
    try:
        (left_x, left_y), (right_x, right_y) = eyes
        left, right = (float(left_x), float(left_y)), (float(right_x), float(right_y))
    except (TypeError, ValueError):
        raise PictureError(
            f"eyes are two places in pixels, ((left x, left y), (right x, right y)), not {str(eyes)[:80]!r}"
        ) from None
    if not all(map(isfinite, (*left, *right))) or left == right:
        raise PictureError(f"eyes must be two different places in pixels, not {left} and {right}")
    return left, right


def cut(photo: Image.Image, square: Square, size: int) -> Image.Image:
    """What a square holds of a photo, size x size pixels, without aliasing.

    Beyond the photo's edges it is mirrored, the more blurred the farther away, and at last of its median colour.

    Raises:
        PictureError: the square lies wholly outside the photo.
    """
    steps = max(1, floor(square.side / (2 * size)))
    left, top, right, bottom = bounds(square, margin=3 * steps + 2)
    inner = (max(left, 0), max(top, 0), min(right, photo.width), min(bottom, photo.height))
    if inner[0] >= inner[2] or inner[1] >= inner[3]:
        raise PictureError(f"the face lies outside the photo of {photo.width} x {photo.height} pixels")
    part = photo.crop(inner).reduce(steps)
    local = square.shifted(-inner[0], -inner[1]).scaled(1 / steps)
    missing = (inner[0] - left, inner[1] - top, right - inner[2], bottom - inner[3])
    if any(missing):
        rim = [ceil(pixels / steps) for pixels in missing]
        part = surrounded(part, rim, local.side)
        local = local.shifted(rim[0], rim[1])
    large = part.transform(
        (2 * size, 2 * size), Image.Transform.AFFINE, inverse_map(local, 2 * size), Image.Resampling.BICUBIC
    )
    return large.reduce(2)


def laid_back(picture: Image.Image, square: Square, size: tuple[int, int]) -> Image.Image:
    """A square picture as a layer, RGBA of `size`, where the square lies in the photo, with a soft edge."""
    side = max(1, round(square.side))
    if picture.width > side:
        picture = picture.resize((side, side), Image.Resampling.LANCZOS)
    picture = picture.convert("RGB")
    picture.putalpha(Image.fromarray(soft_edge(picture.width)))
    layer = Image.new("RGBA", size)
    left, top, right, bottom = bounds(square, margin=2)
    left, top, right, bottom = max(left, 0), max(top, 0), min(right, size[0]), min(bottom, size[1])
    if left < right and top < bottom:
        matrix = forward_map(square.shifted(-left, -top), picture.width)
        # Premultiplied, so that what is transparent lends no colour to its neighbours.
        patch = picture.convert("RGBa").transform(
            (right - left, bottom - top), Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR
        )
        layer.paste(patch.convert("RGBA"), (left, top))
    return layer


def bounds(square: Square, margin: int) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of the pixels that a square touches, and a margin."""
    x, y = zip(*square.corners(), strict=True)
    return floor(min(x)) - margin, floor(min(y)) - margin, ceil(max(x)) + margin, ceil(max(y)) + margin


def inverse_map(square: Square, pixels: int) -> tuple[float, ...]:
    """From places in a picture of the square to places in the photo, as Pillow's affine transform takes it."""
    a, b = 2 * square.right_x / pixels, 2 * square.right_y / pixels
    x, y = square.place(0, 0)
    return (a, -b, x, b, a, y)


def forward_map(square: Square, pixels: int) -> tuple[float, ...]:
    """From places in the photo to places in a picture of the square."""
    a, b = 2 * square.right_x / pixels, 2 * square.right_y / pixels
    x, y = square.place(0, 0)
    scale = a * a + b * b
    a, b = a / scale, b / scale
    return (a, b, -a * x - b * y, -b, a, b * x - a * y)


def surrounded(photo: Image.Image, rim: list[int], side: float) -> Image.Image:
    """A photo with so many pixels more at its left, top, right and bottom, mirrored and fading."""
    left, top, right, bottom = rim
    pixels = np.asarray(photo, dtype=np.float32)
    wide = np.pad(pixels, ((top, bottom), (left, right), (0, 0)), mode="symmetric")
    blurred = np.asarray(
        Image.fromarray(wide.astype(np.uint8)).filter(ImageFilter.GaussianBlur(BLUR * side)), dtype=np.float32
    )
    far = np.maximum(outside(pixels.shape[0], top, bottom)[:, None], outside(pixels.shape[1], left, right)[None]) / max(
        1.0, RIM * side
    )
    far = far.clip(0, 1)[:, :, None].astype(np.float32)
    mixed = wide + (blurred - wide) * np.minimum(1, 3 * far)
    mixed += (np.median(pixels, axis=(0, 1)) - mixed) * far
    return Image.fromarray(np.rint(mixed.clip(0, 255)).astype(np.uint8))


def outside(length: int, before: int, after: int) -> NDArray[np.float64]:
    """How many pixels each place of a padded line lies outside."""
    place = np.arange(-before, length + after)
    return np.maximum(0, np.maximum(-place, place - (length - 1))).astype(np.float64)


def soft_edge(pixels: int) -> NDArray[np.uint8]:
    """Opacity [pixels, pixels] of a picture that is laid back: none at the edge, full from a share of the side on."""
    place = (np.arange(pixels) + 0.5) / pixels
    t = (np.minimum(place, 1 - place) / SOFT_EDGE).clip(0, 1)
    line = t * t * (3 - 2 * t)
    return np.rint(255 * np.outer(line, line)).astype(np.uint8)
