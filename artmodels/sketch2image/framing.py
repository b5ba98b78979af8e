"""Between pictures of any size and the squares that the networks work on."""

from PIL import Image
from torch import Tensor
from torch.nn import functional

from artmodels import images
from artmodels.filling import fill_to_lines
from artmodels.images import Frame
from artmodels.line_art import shrink_lines

__all__ = ["enlarged", "filled", "fit_exemplar", "fit_sketch", "scaled"]


def fit_sketch(lines: Image.Image, size: int) -> tuple[Tensor, Frame]:
    """Line art in a square, aspect kept, edges repeated; lines that would fade in it stay dark.

    Returns: [1, 1, size, size] in [-1, 1], and where the sketch lies in it.
    """
    scale = size / max(lines.size)
    width, height = (max(1, round(side * scale)) for side in lines.size)
    left, top = (size - width) // 2, (size - height) // 2
    pixels = images.to_tensor(shrink_lines(lines, width, height), channels=1)[None]
    padding = (left, size - width - left, top, size - height - top)
    return functional.pad(pixels, padding, mode="replicate"), Frame(*lines.size, size, left, top, width, height)


def fit_exemplar(picture: Image.Image, size: int) -> Image.Image:
    """An exemplar as the networks see it, mode "RGB", size x size."""
    return images.to_picture(images.fit(picture, size)[0])


def scaled(frame: Frame, size: int) -> Frame:
    """The same place in a square of another size, a multiple of the frame's."""
    factor = size // frame.size
    return Frame(frame.width, frame.height, size, *(factor * value for value in frame[3:]))


def enlarged(square: Tensor, frame: Frame) -> Image.Image:
    """What lies in a square [1, 3, S, S], at the sketch's own size."""
    return images.unfit(square[0], scaled(frame, square.shape[-1]))


def filled(square: Tensor, frame: Frame, lines: Image.Image) -> Image.Image:
    """`enlarged`, with the lines painted into it replaced by the colours beside them, up to the lines themselves."""
    place = scaled(frame, square.shape[-1])
    rows = slice(place.top, place.top + place.inner_height)
    inner = square[:, :, rows, place.left : place.left + place.inner_width]
    picture = images.to_picture(fill_to_lines(inner, lines)[0])
    return picture if picture.size == lines.size else picture.resize(lines.size, Image.Resampling.BICUBIC)
