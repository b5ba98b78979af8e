"""Colours as people compare them: CIELAB of pixels, the palette of a picture, and a region moved to an exact colour."""

import re
from typing import Any, NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from artmodels.colorizer.config import TagGroup
from artmodels.errors import ConfigError

__all__ = ["Pin", "check_colour", "from_lab", "move_region", "palette_of", "pin", "region_of_change", "to_lab"]

# sRGB primaries and the D65 white of IEC 61966-2-1.
TO_XYZ = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
WHITE = (0.95047, 1.0, 1.08883)
EPSILON, KAPPA = 216 / 24389, 24389 / 27

PALETTE_SIDE = 192
ALIKE = 12.0  # CIELAB distance below which two colours of a palette are one
NOTICEABLE = 8.0  # below it a change of tags has found no region


def to_lab(pictures: Tensor) -> Tensor:
    """CIELAB [B, 3, H, W], L from 0 to 100, of sRGB pictures [B, 3, H, W] in [-1, 1]."""
    rgb = (pictures + 1) / 2
    linear = torch.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055).clamp(min=0) ** 2.4)
    xyz = torch.einsum("ij,bjhw->bihw", _matrix(pictures), linear) / pictures.new_tensor(WHITE)[:, None, None]
    f = torch.where(xyz > EPSILON, xyz.clamp(min=EPSILON) ** (1 / 3), (KAPPA * xyz + 16) / 116)
    x, y, z = f.unbind(1)
    return torch.stack((116 * y - 16, 500 * (x - y), 200 * (y - z)), dim=1)


def from_lab(lab: Tensor) -> Tensor:
    """sRGB pictures [B, 3, H, W] in [-1, 1] of CIELAB; what sRGB cannot show is clamped."""
    lightness, a, b = lab.unbind(1)
    y = (lightness + 16) / 116
    f = torch.stack((y + a / 500, y, y - b / 200), dim=1)
    xyz = torch.where(f**3 > EPSILON, f**3, (116 * f - 16) / KAPPA) * lab.new_tensor(WHITE)[:, None, None]
    linear = torch.einsum("ij,bjhw->bihw", torch.linalg.inv(_matrix(lab)), xyz).clamp(0, 1)
    rgb = torch.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear.clamp(min=1e-8) ** (1 / 2.4) - 0.055)
    return rgb.clamp(0, 1) * 2 - 1


def _matrix(like: Tensor) -> Tensor:
    return like.new_tensor(TO_XYZ)


def check_colour(colour: Any, where: str) -> str:
    """The colour in lower case.

    Raises:
        ConfigError: it is not of the form "#rrggbb".
    """
    if not isinstance(colour, str) or not re.fullmatch(r"#[0-9a-fA-F]{6}", colour):
        raise ConfigError(f'the colour of {where} must be "#rrggbb", such as "#b23c30", not {colour!r}')
    return colour.lower()


def lab_of(colour: str) -> Tensor:
    """CIELAB [3] of "#rrggbb"."""
    values = torch.tensor([int(colour[i : i + 2], 16) for i in (1, 3, 5)], dtype=torch.float32)
    return to_lab((values / 127.5 - 1).view(1, 3, 1, 1)).flatten()


def hex_of(values: Any) -> str:
    return "#" + "".join(f"{round(float(value)):02x}" for value in values)


def palette_of(picture: Image.Image, count: int) -> dict[str, float]:
    """The colours that cover most of an RGB picture, "#rrggbb" to its share from 0 to 1, the greatest first.

    Colours that look alike are taken together.
    """
    small = picture.copy()
    small.thumbnail((PALETTE_SIDE, PALETTE_SIDE), Image.Resampling.BOX)
    reduced = small.quantize(32, Image.Quantize.MEDIANCUT, kmeans=4)
    colours = np.reshape(reduced.getpalette() or [], (-1, 3)).astype(np.float64)
    found: list[tuple[float, np.ndarray]] = []
    pixels = small.width * small.height
    counts: list[tuple[int, Any]] = sorted(reduced.getcolors() or [], reverse=True)
    for number, index in counts:
        colour, share = colours[index], number / pixels
        lab = lab_of(hex_of(colour))
        for i, (other_share, other) in enumerate(found):
            if torch.dist(lab, lab_of(hex_of(other))) < ALIKE:
                found[i] = (share + other_share, (share * colour + other_share * other) / (share + other_share))
                break
        else:
            found.append((share, colour))
    found.sort(key=lambda entry: -entry[0])
    return {hex_of(colour): round(share, 4) for share, colour in found[:count]}


class Pin(NamedTuple):
    """An exact colour for what a group of tags speaks of: its closest tag, and one that is far from it."""

    group: str
    colour: str
    tag: str
    other_tag: str


def pin(group: TagGroup, colour: Any) -> Pin:
    """Raises: ConfigError: no colour, or a group whose tags stand for none."""
    exact = check_colour(colour, group.name)
    if len(group.colours) < 2:
        raise ConfigError(f"the tags of {group.name!r} stand for no colours, so that none can be pinned to it")
    distances = [float(torch.dist(lab_of(exact), lab_of(swatch))) for swatch in group.colours]
    near, far = distances.index(min(distances)), distances.index(max(distances))
    return Pin(group.name, exact, group.tags[near], group.tags[far])


def region_of_change(before: Tensor, after: Tensor) -> Tensor:
    """Where a change of one tag shows: [B, 1, H, W] from 0 to 1, all 0 where nothing changes enough to be seen.

    Args: before, after: CIELAB [B, 3, H, W].
    """
    change = (after - before).norm(dim=1, keepdim=True)
    strongest = change.flatten(1).quantile(0.98, dim=1).view(-1, 1, 1, 1)
    region = ((change / strongest.clamp(min=NOTICEABLE) - 0.35) / 0.3).clamp(0, 1)
    return region * (strongest >= NOTICEABLE)


def move_region(lab: Tensor, region: Tensor, colour: str) -> Tensor:
    """CIELAB [1, 3, H, W] with the region [1, 1, H, W] moved as a whole, so that its median is the colour.

    Light and shade inside it stay, because every place moves by the same step.
    """
    inside = lab[0][:, region[0, 0] > 0.5]
    if not inside.shape[1]:
        return lab
    step = lab_of(colour).to(lab.device) - inside.median(dim=1).values
    return lab + region * step[:, None, None]
