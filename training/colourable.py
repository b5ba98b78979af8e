"""Drawings that can be coloured anew, recovered from coloured pictures of the illustrations recipe.

The recipe's finished picture is affine in the colour of each region: lit, in shadow or glossy, under ink. How much
shadow and gloss a pixel has follows from a picture whose colours are known, so one drawing gives pictures without
limit, and "this drawing in the colours of that one" has an exact answer.
"""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

__all__ = ["REGIONS", "Colourable", "Coloured", "paint", "recover", "tones"]

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]

# Numbers and colours as in the recipe's drawings.py and painting.py, which draw at twice this size or more.
REGIONS = ("background", "hair", "skin", "eyes", "lips", "clothes", "accent", "white", "flower")
GLOSSY = tuple(REGIONS.index(name) for name in ("hair", "eyes", "clothes", "accent"))
CLOTHES = REGIONS.index("clothes")
SHADOW = np.array([0.70, 0.62, 0.74], np.float32)
SKIN_SHADOW = np.array([0.84, 0.66, 0.65], np.float32)
SHADOW_LIFT = np.array([0.015, 0.0, 0.05], np.float32)
INK = np.array([33, 28, 38], np.float32) / 255
BRIGHTEST, DARKEST = 1.04, 0.94  # of the foreground, at the top and at the bottom
HIDDEN = 0.6  # share of ink above which a pixel's shading is taken from its neighbours


class Colourable(NamedTuple):
    """A drawing without colours, lit from the upper left; uint8 [S, S] each.

    regions: indices into REGIONS. line: 0 for ink to 255 for paper. shadow, gloss: 0 to 255; what shadow means for a
    background is how far down it is.
    """

    regions: Bytes
    line: Bytes
    shadow: Bytes
    gloss: Bytes


class Coloured(NamedTuple):
    """A finished picture, float32 [S, S, 3] in [0, 1], lit from the upper left, and its colours [R, 3] in [0, 1]."""

    picture: Floats
    colours: Floats
    is_patterned: bool


def tones(colours: Floats) -> tuple[Floats, Floats, Floats]:
    """What regions of these colours [..., R, 3] look like lit, in shadow and glossy."""
    lit = colours.copy()
    shadow = np.tile(SHADOW, (len(REGIONS), 1))
    shadow[REGIONS.index("skin")] = SKIN_SHADOW
    dark = colours * shadow + SHADOW_LIFT
    gloss = np.ones_like(colours)
    background, hair, eyes = (REGIONS.index(name) for name in ("background", "hair", "eyes"))
    lit[..., background, :], dark[..., background, :] = 0.6 * colours[..., 0, :] + 0.4, 0.84 * colours[..., 0, :]
    lit[..., eyes, :], dark[..., eyes, :] = 1.3 * colours[..., eyes, :], 0.5 * colours[..., eyes, :]
    gloss[..., hair, :] = 0.55 * colours[..., hair, :] + 0.42
    return lit, dark, gloss


def recover(line: Bytes, regions: Bytes, coloured: Sequence[Coloured]) -> Colourable:
    """Takes the shading of each region from the picture whose colour there tells light from shadow best.

    Clothes that are patterned in all of the pictures stay unshaded.

    Args: line, regions: [S, S], of the same drawing as all of the pictures.
    """
    size = len(line)
    ink = 1 - line.astype(np.float32) / np.float32(255)
    colours = np.stack([picture.colours for picture in coloured])
    lit, dark, gloss = tones(colours)
    clarity = np.square(dark - lit).sum(-1)
    clarity[[picture.is_patterned for picture in coloured], CLOTHES] *= 1e-3
    chosen = clarity.argmax(0)[regions]
    own = (chosen, regions)
    pictures = np.stack([bared(picture.picture, ink) for picture in coloured])
    bare = np.take_along_axis(pictures, chosen[None, ..., None], axis=0)[0]
    is_clear = ~np.array([picture.is_patterned for picture in coloured])[chosen] | (regions != CLOTHES)
    shadow = projection(bare - lit[own], dark[own] - lit[own]) * is_clear
    bare = bare - lit[own] - shadow[..., None] * (dark[own] - lit[own])
    shine = projection(bare, gloss[own] - lit[own]) * (is_clear & np.isin(regions, GLOSSY))
    heights = np.broadcast_to(np.linspace(0, 1, size, dtype=np.float32)[:, None], (size, size))
    shadow = np.where(regions == 0, heights, under_ink(shadow, ink))
    return Colourable(regions, line, to_bytes(shadow), to_bytes(under_ink(shine, ink)))


def bared(picture: Floats, ink: Floats) -> Floats:
    """The picture as if it had no ink and no brightness that changes with height."""
    is_solid = ink > 0.97
    colour = np.median(picture[is_solid], axis=0) if is_solid.any() else INK
    cover = np.minimum(ink, 0.9)[..., None]
    falloff = np.linspace(BRIGHTEST, DARKEST, len(picture), dtype=np.float32)[:, None, None]
    return np.clip((picture - cover * colour) / (1 - cover), 0, 1) / falloff


def projection(vectors: Floats, axes: Floats) -> Floats:
    """How far each vector [..., 3] reaches along its axis, from 0 to 1."""
    along = (vectors * axes).sum(-1) / np.maximum(np.square(axes).sum(-1), 1e-4)
    return np.clip(along, 0, 1).astype(np.float32)


def under_ink(values: Floats, ink: Floats) -> Floats:
    """Values [S, S], where ink hides them as around it."""
    seen = (ink < HIDDEN).astype(np.float32)
    around = cv2.blur(values * seen, (5, 5)) / np.maximum(cv2.blur(seen, (5, 5)), 1e-3)
    return np.where(seen > 0, values, around)


def to_bytes(values: Floats) -> Bytes:
    return np.rint(255 * np.clip(values, 0, 1)).astype(np.uint8)


def paint(drawings: Sequence[Colourable], colours: Floats) -> Tensor:
    """Colours each drawing.

    Args: colours: [B, R, 3] in [0, 1]. Returns: finished pictures [B, 3, S, S] in [-1, 1].
    """
    table = torch.from_numpy(np.concatenate(tones(colours), axis=-1))  # [B, R, 9]
    regions, line, shadow, gloss = (torch.from_numpy(np.stack(maps)) for maps in zip(*drawings, strict=True))
    size = regions.shape[-1]
    picked = torch.stack([row[:, places] for row, places in zip(table.mT, regions.long(), strict=True)])
    lit, dark, shine = picked.chunk(3, dim=1)  # [B, 3, S, S] each
    shadow, gloss, line = (maps[:, None].float() / 255 for maps in (shadow, gloss, line))
    falloff = torch.linspace(BRIGHTEST, DARKEST, size)[:, None].expand(size, size)
    falloff = torch.where(regions[:, None] == 0, 1, falloff)
    full = torch.lerp(torch.lerp(lit, dark, shadow), shine, gloss) * falloff
    return torch.lerp(torch.from_numpy(INK)[:, None, None], full, line).clamp(0, 1) * 2 - 1
