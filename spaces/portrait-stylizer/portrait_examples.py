"""People whom nobody is: photos that the photo model draws when the page starts, for those who bring none."""

from collections.abc import Sequence
from math import isqrt

from PIL import Image
from portrait_session import Photo

from artmodels import PortraitStylizer, seeds
from artmodels.images import to_picture
from artmodels.portrait.alignment import square_for

__all__ = ["Example", "examples_of", "invented"]

ALONE, TOGETHER = (2, 9, 4), (7, 8, 12, 1)
"""Seeds of the faces."""
SIDE = 384

Example = tuple[str, Photo]
"""Its title and the photo."""


def examples_of(stylizer: PortraitStylizer) -> list[Example]:
    """Some photos of one face, and one of several."""
    faces = [(f"Face {number}", group(stylizer, [seed])) for number, seed in enumerate(ALONE, 1)]
    return [*faces, ("Several", group(stylizer, TOGETHER))]


def group(stylizer: PortraitStylizer, numbers: Sequence[int]) -> Photo:
    """A square of n x n faces; where their eyes are is known, so that nobody needs to look for them."""
    pictures = [invented(stylizer, number) for number in numbers]
    size, across = pictures[0].width, isqrt(len(pictures))
    whole, faces = Image.new("RGB", (size * across, size * across)), []
    (left_x, left_y), (right_x, right_y) = eyes_of_square(stylizer, size)
    for place, picture in enumerate(pictures):
        x, y = place % across * size, place // across * size
        whole.paste(picture, (x, y))
        faces.append(((left_x + x, left_y + y), (right_x + x, right_y + y)))
    return Photo(whole, tuple(faces))


def invented(stylizer: PortraitStylizer, number: int) -> Image.Image:
    """The photo that the photo model makes again of what it draws of random latents: the second is the cleaner one."""
    latents = seeds.normal((1, 1, stylizer.config.generator.latent_dim), number, "invented face")
    drawn = to_picture(stylizer.decode(stylizer.codes(latents))[0])
    opened = stylizer.open(drawn, eyes=eyes_of_square(stylizer, drawn.width))
    picture = to_picture(stylizer.decode(opened.codes.clone())[0])  # codes of inference are no others' to go on from
    side = max(SIDE, picture.width)
    return picture.resize((side, side), Image.Resampling.LANCZOS)


def eyes_of_square(stylizer: PortraitStylizer, side: int) -> tuple[tuple[float, float], tuple[float, float]]:
    """Where the eyes are in a picture that is the very square of a face."""
    square = square_for(stylizer.config.alignment, ((0.0, 0.0), (1.0, 0.0)))
    middle, right = complex(square.x, square.y), complex(square.right_x, square.right_y)
    places = [(1 + 1j + (eye - middle) / right) * side / 2 for eye in (0, 1)]
    return (places[0].real, places[0].imag), (places[1].real, places[1].imag)
