"""Between pictures and tensors: the one place where bytes become floats and floats become bytes."""

import hashlib
import struct
import zlib
from io import BytesIO
from pathlib import Path
from typing import NamedTuple, cast

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError
from torch import Tensor
from torch.nn import functional as F

from artmodels.errors import ConfigError, PictureError

__all__ = [
    "PIXEL_LIMIT",
    "Frame",
    "PictureSource",
    "fingerprint",
    "fit",
    "load_picture",
    "to_picture",
    "to_tensor",
    "unfit",
]

PIXEL_LIMIT = 8192 * 8192

PictureSource = str | Path | Image.Image | NDArray[np.generic]

# What Pillow's decoders raise for a file that is cut short or damaged.
_DAMAGE = (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, RuntimeError, struct.error, zlib.error)


def load_picture(source: PictureSource) -> Image.Image:
    """Read any picture as plain 8-bit RGB, the way a person would see it on white paper.

    Orientation tags are applied, transparency is laid on white, embedded colour profiles become sRGB, 16-bit values are
    scaled by 1/257 and rounded, and of several frames the first is taken.

    Args:
        source: a file, a PIL picture of any mode, or an array [H, W] or [H, W, 1 to 4] (grey, grey with alpha, RGB,
            RGBA) of uint8, uint16, bool, or floats in [0, 1].

    Returns:
        A new PIL picture of mode "RGB"; the source is left as it was.

    Raises:
        PictureError: there is no such file, it is no picture or a damaged one, it has more than `PIXEL_LIMIT` pixels,
            or the array's shape, type or values are none of the above.
    """
    if isinstance(source, Image.Image):
        return _decoded(source, "the picture")
    if isinstance(source, np.ndarray):
        return _on_white(_from_array(source))
    if not isinstance(source, str | Path):
        raise PictureError(f"a picture is a path, a PIL picture or a numpy array, not {type(source).__name__}")
    try:
        with _opened(Path(source)) as opened:
            return _decoded(opened, str(source))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise PictureError(f"{source} has more pixels than the {PIXEL_LIMIT:,} that are accepted") from None


def fingerprint(picture: Image.Image) -> str:
    """The sha256 of a picture's RGB bytes, row by row: what a recipe remembers its input by."""
    return hashlib.sha256(picture.convert("RGB").tobytes()).hexdigest()


def _opened(path: Path) -> Image.Image:
    try:
        if path.is_dir():
            raise PictureError(f"{path} is a folder; a picture file is needed")
        return Image.open(path)
    except PictureError:
        raise
    except FileNotFoundError:
        raise PictureError(f"there is no file {path}") from None
    except UnidentifiedImageError:
        raise PictureError(f"{path} is not a picture of a known kind (PNG, JPEG, WebP, TIFF ...)") from None
    except _DAMAGE as error:
        raise PictureError(f"{path} cannot be read: {error}") from error


def _decoded(image: Image.Image, name: str) -> Image.Image:
    _check_size(image.width, image.height, name)
    try:
        image = ImageOps.exif_transpose(image)
        return _to_srgb(_on_white(_eight_bit(image)), image.info.get("icc_profile"))
    except PictureError:
        raise
    except _DAMAGE as error:
        raise PictureError(f"{name} is damaged or cut short: {error}") from error


def _check_size(width: int, height: int, name: str) -> None:
    if width < 1 or height < 1:
        raise PictureError(f"{name} is {width} x {height} pixels; at least 1 x 1 is needed")
    if width * height > PIXEL_LIMIT:
        raise PictureError(
            f"{name} is {width} x {height} = {width * height:,} pixels; at most {PIXEL_LIMIT:,} are accepted"
        )


def _eight_bit(image: Image.Image) -> Image.Image:
    """Bring modes that hold more than 8 bits, or that Pillow would convert badly, to one that it converts well."""
    if image.mode == "CMYK":
        return _to_srgb(image, image.info.get("icc_profile"))
    if image.mode.startswith("I;16"):
        return _with_colour_key(_scaled_16_bit(np.asarray(image)), image)
    if image.mode in ("I", "F"):
        return _grey_of_unknown_range(np.asarray(image), image.mode)
    if image.mode in ("La", "RGBa"):
        return image.convert({"La": "LA", "RGBa": "RGBA"}[image.mode])
    return image


def _scaled_16_bit(values: NDArray[np.generic]) -> Image.Image:
    # round(v / 257) in whole numbers; no 16-bit value lies half way.
    return Image.fromarray(((values.astype(np.uint32) + 128) // 257).astype(np.uint8))


def _with_colour_key(grey: Image.Image, image: Image.Image) -> Image.Image:
    key = image.info.get("transparency")
    if key is None:
        return grey
    grey.putalpha(Image.fromarray(np.where(np.asarray(image) == key, 0, 255).astype(np.uint8)))
    return grey


def _grey_of_unknown_range(values: NDArray[np.generic], mode: str) -> Image.Image:
    """Modes "I" and "F" do not say their range: take the smallest of 1 ("F" only), 255 and 65535 that holds it."""
    low, high = float(values.min()), float(values.max())
    if not (low >= 0 and high <= 65535):
        raise PictureError(f'a picture of mode "{mode}" must hold values from 0 to 65535, not {low:g} to {high:g}')
    white = 1 if mode == "F" and high <= 1 else 255 if high <= 255 else 65535
    return Image.fromarray(np.rint(values.astype(np.float64) * (255 / white)).astype(np.uint8))


def _on_white(image: Image.Image) -> Image.Image:
    if not image.has_transparency_data:
        return image.convert("RGB")
    image = image.convert("RGBA")
    paper = Image.new("RGB", image.size, "white")
    paper.paste(image, mask=image.getchannel("A"))
    return paper


def _to_srgb(image: Image.Image, profile_bytes: bytes | None) -> Image.Image:
    """Convert by the embedded profile; one that is unreadable or of another mode is passed over, as browsers do."""
    if not profile_bytes:
        return image
    try:
        profile = ImageCms.ImageCmsProfile(BytesIO(profile_bytes))
        if "sRGB" in ImageCms.getProfileDescription(profile) or profile.profile.xcolor_space.strip() != image.mode:
            return image
        return cast(
            Image.Image, ImageCms.profileToProfile(image, profile, ImageCms.createProfile("sRGB"), outputMode="RGB")
        )
    except (ImageCms.PyCMSError, OSError):
        return image


def _from_array(values: NDArray[np.generic]) -> Image.Image:
    if values.ndim not in (2, 3) or (values.ndim == 3 and values.shape[2] not in (1, 2, 3, 4)):
        raise PictureError(f"an array must be [H, W] or [H, W, 1 to 4], not {list(values.shape)}")
    _check_size(values.shape[1], values.shape[0], "the array")
    if values.ndim == 3 and values.shape[2] == 1:
        values = values[:, :, 0]
    values = np.ascontiguousarray(_array_bytes(values))
    if values.ndim == 3 and values.shape[2] == 2:
        return Image.merge("LA", [Image.fromarray(values[:, :, channel]) for channel in (0, 1)])
    return Image.fromarray(values)


def _array_bytes(values: NDArray[np.generic]) -> NDArray[np.uint8]:
    if values.dtype == np.bool_:
        return values.astype(np.uint8) * np.uint8(255)
    if values.dtype == np.uint8:
        return cast(NDArray[np.uint8], values)
    if values.dtype.kind == "u" and values.dtype.itemsize == 2:
        return cast(NDArray[np.uint8], ((values.astype(np.uint32) + 128) // 257).astype(np.uint8))
    if values.dtype.kind != "f":
        raise PictureError(f"an array must be of uint8, uint16, bool or floats in [0, 1], not {values.dtype}")
    low, high = float(values.min()), float(values.max())
    # float32 arithmetic may pass the ends by a hair; anything more is another range.
    if not (low >= -1e-4 and high <= 1 + 1e-4):
        raise PictureError(f"an array of floats must lie in [0, 1], not in [{low:g}, {high:g}]")
    return np.rint(values.clip(0, 1).astype(np.float64) * 255).astype(np.uint8)


def to_tensor(picture: Image.Image, channels: int = 3) -> Tensor:
    """Turn a picture's bytes into floats, v / 127.5 - 1.

    Args:
        picture: a PIL picture as `load_picture` gives it, or one of mode "L".
        channels: 3 for RGB; 1 for the luminance 0.299 R + 0.587 G + 0.114 B.

    Returns:
        float32 [channels, H, W] in [-1, 1].

    Raises:
        ConfigError: `channels` is neither 1 nor 3.
    """
    if channels not in (1, 3):
        raise ConfigError(f"a picture has 1 or 3 channels, not {channels}")
    if picture.mode != "L" or channels == 3:
        picture = picture.convert("RGB")
    pixels = torch.from_numpy(np.array(picture, dtype=np.float32)).mul_(1 / 127.5).sub_(1)
    if pixels.ndim == 2:
        return pixels[None]
    if channels == 1:
        return (pixels @ pixels.new_tensor([0.299, 0.587, 0.114]))[None].clamp_(-1, 1)
    return pixels.permute(2, 0, 1).contiguous()


def to_picture(pixels: Tensor) -> Image.Image:
    """Turn floats into bytes, round((x + 1) * 127.5); the inverse of `to_tensor`.

    Args:
        pixels: [1, H, W] or [3, H, W] in [-1, 1], of any float type on any device; values outside are clamped.

    Returns:
        A PIL picture of mode "L" or "RGB".

    Raises:
        PictureError: another shape, or values that are not numbers.
    """
    if pixels.ndim != 3 or pixels.shape[0] not in (1, 3):
        raise PictureError(f"a picture's tensor is [1, H, W] or [3, H, W], not {list(pixels.shape)}")
    scaled = (pixels.detach().float().clamp(-1, 1) + 1) * 127.5
    if scaled.isnan().any():
        raise PictureError("the tensor holds values that are not numbers")
    values = scaled.round().to(torch.uint8).cpu()
    return Image.fromarray((values[0] if len(values) == 1 else values.permute(1, 2, 0)).contiguous().numpy())


class Frame(NamedTuple):
    """Where a picture of width x height lies inside its square of size x size, all in pixels."""

    width: int
    height: int
    size: int
    left: int
    top: int
    inner_width: int
    inner_height: int


def fit(picture: Image.Image, size: int, channels: int = 3) -> tuple[Tensor, Frame]:
    """Scale a picture to fit a square with its aspect kept, and fill the rest by repeating its edges.

    Args:
        picture: a PIL picture as `load_picture` gives it.
        size: the side of the square in pixels.
        channels: 1 (luminance) or 3 (RGB).

    Returns:
        float32 [channels, size, size] in [-1, 1], and the frame by which `unfit` finds the picture again.
    """
    scale = size / max(picture.size)
    inner_width, inner_height = (max(1, round(side * scale)) for side in picture.size)
    left, top = (size - inner_width) // 2, (size - inner_height) // 2
    inner = to_tensor(_resized(picture, inner_width, inner_height), channels)
    padding = (left, size - inner_width - left, top, size - inner_height - top)
    frame = Frame(*picture.size, size, left, top, inner_width, inner_height)
    return F.pad(inner, padding, mode="replicate"), frame


def unfit(square: Image.Image | Tensor, frame: Frame) -> Image.Image:
    """Cut a picture out of its square and bring it back to its own size; the inverse of `fit`.

    Args:
        square: a PIL picture of size x size, or a tensor [1 or 3, size, size] in [-1, 1].
        frame: what `fit` returned with it.

    Returns:
        A PIL picture ("L" or "RGB" for a tensor, else of the square's mode) of the original width and height.

    Raises:
        PictureError: the square is not of the frame's size.
    """
    picture = to_picture(square) if isinstance(square, Tensor) else square
    if picture.size != (frame.size, frame.size):
        raise PictureError(f"expected a square of {frame.size} pixels, not {picture.width} x {picture.height}")
    right, bottom = frame.left + frame.inner_width, frame.top + frame.inner_height
    return _resized(picture.crop((frame.left, frame.top, right, bottom)), frame.width, frame.height)


def _resized(picture: Image.Image, width: int, height: int) -> Image.Image:
    if picture.size == (width, height):
        return picture
    return picture.resize((width, height), Image.Resampling.BICUBIC)
