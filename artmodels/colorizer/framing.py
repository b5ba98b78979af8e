"""Between pictures of any size and the small ones, of whole strides, that the networks work on."""

from typing import NamedTuple

from PIL import Image
from torch import Tensor
from torch.nn import functional

from artmodels import images
from artmodels.colorizer.config import ColorizerConfig
from artmodels.line_art import shrink_lines

__all__ = ["Frame", "enlarged", "fit_reference", "fit_sketch", "heat", "inside"]

WIDEST = 2  # a working picture's longer side, in training sizes


class Frame(NamedTuple):
    """Where a sketch of width x height lies in its working picture, all in pixels."""

    width: int
    height: int
    left: int
    top: int
    inner_width: int
    inner_height: int


def fit_sketch(lines: Image.Image, config: ColorizerConfig) -> tuple[Tensor, Frame]:
    """Line art at about the area of the training pictures, aspect kept, edges repeated up to whole strides.

    The area is bounded, so that a page of any size takes the same time and memory in the networks.

    Returns: [1, 1, H, W] in [-1, 1], and where the sketch lies in it.
    """
    scale = working_scale(lines.size, config)
    width, height = (max(1, round(side * scale)) for side in lines.size)
    left, right = margins(width, config.stride)
    top, bottom = margins(height, config.stride)
    pixels = images.to_tensor(shrink_lines(lines, width, height), channels=1)[None]
    padded = functional.pad(pixels, (left, right, top, bottom), mode="replicate")
    return padded, Frame(*lines.size, left, top, width, height)


def fit_reference(picture: Image.Image, config: ColorizerConfig) -> Image.Image:
    """A reference at about the area of the training pictures, its sides rounded to whole strides."""
    scale = working_scale(picture.size, config)
    width, height = (max(1, round(side * scale / config.stride)) * config.stride for side in picture.size)
    if picture.size == (width, height):
        return picture
    return picture.resize((width, height), Image.Resampling.BICUBIC)


def working_scale(size: tuple[int, int], config: ColorizerConfig) -> float:
    width, height = size
    return min(config.size / (width * height) ** 0.5, WIDEST * config.size / max(size))


def margins(side: int, stride: int) -> tuple[int, int]:
    missing = -side % stride
    return missing // 2, missing - missing // 2


def inside(picture: Tensor, frame: Frame) -> Tensor:
    """A working picture [B, C, H, W] without its repeated edges."""
    rows = slice(frame.top, frame.top + frame.inner_height)
    return picture[:, :, rows, frame.left : frame.left + frame.inner_width]


def enlarged(picture: Tensor, frame: Frame) -> Image.Image:
    """A picture [C, h, w] in [-1, 1] at the sketch's own size."""
    small = images.to_picture(picture)
    if small.size == (frame.width, frame.height):
        return small
    return small.resize((frame.width, frame.height), Image.Resampling.BICUBIC)


def heat(change: Tensor, frame: Frame, *, full: float = 50.0) -> Image.Image:
    """A change [1, h, w] in CIELAB distances as a red veil at the sketch's own size, opaque from `full` on."""
    opacity = enlarged((change / full).clamp(0, 1) * 2 - 1, frame)
    veil = Image.new("RGBA", opacity.size, (255, 48, 16, 0))
    veil.putalpha(opacity)
    return veil
