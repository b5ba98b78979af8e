"""From a drawing and a colouring to the pictures of the stages: flat colours, and the finished illustration."""

import cv2
import numpy as np

from training.recipes.backdrops import backdrop
from training.recipes.drawings import REGIONS, Drawing
from training.recipes.palettes import RGB, Colouring, Pattern, line_tone
from training.recipes.shading import Light

__all__ = ["paint_flat", "paint_full", "reduce_picture", "reduce_regions"]

_SHADOW = np.array([0.70, 0.62, 0.74], np.float32)  # shadows are darker and lean to violet,
_SKIN_SHADOW = np.array([0.84, 0.66, 0.65], np.float32)  # on skin to red
_ACCESSORIES = np.array([0.30, 0.28, 0.34], np.float32)  # glasses and earrings in the flat stage
_SHADOW_LIFT = np.array([0.015, 0.0, 0.05], np.float32)


def paint_flat(drawing: Drawing, colouring: Colouring) -> np.ndarray:
    """The flat stage: one colour a region, a pattern on the clothes, thin lines in a darker tone of the local colour.

    Returns:
        float32 [S, S, 3] in [0, 1].
    """
    palette, pattern_colour = _palette(colouring), _unit_rgb(colouring.pattern.colour)
    flat, tone = palette[drawing.regions], line_tone(palette)[drawing.regions]
    if colouring.pattern.kind != "plain":
        cover = _pattern_cover(drawing, colouring.pattern)
        flat, tone = _blend(flat, cover, pattern_colour), _blend(tone, cover, line_tone(pattern_colour))
    flat = _blend(flat, 0.85 * drawing.pupils, 0.45 * _unit_rgb(colouring.colours["eyes"]))
    tone = _blend(tone, drawing.brows, line_tone(_unit_rgb(colouring.colours["hair"])))
    tone = _blend(tone, drawing.accessories, _ACCESSORIES)
    return _blend(flat, _thinned(drawing.line), tone)


def paint_full(drawing: Drawing, colouring: Colouring, light: Light, generator: np.random.Generator) -> np.ndarray:
    """The finished stage: shading, gloss, blush, rim light, backdrop and dark ink over the flat colours.

    Args:
        generator: places the backdrop's details.

    Returns:
        float32 [S, S, 3] in [0, 1].
    """
    full = _palette(colouring)[drawing.regions]
    if colouring.pattern.kind != "plain":
        full = _blend(full, _pattern_cover(drawing, colouring.pattern), _unit_rgb(colouring.pattern.colour))
    shadow = np.stack([_SKIN_SHADOW if region == "skin" else _SHADOW for region in REGIONS])[drawing.regions]
    full = full + light.shadow[..., None] * (full * (shadow - 1) + _SHADOW_LIFT)
    hair = _unit_rgb(colouring.colours["hair"])
    full = _blend(full, (0.75 if hair.max() > 0.35 else 0.5) * light.gloss, np.clip(0.55 * hair + 0.42, 0, 1))
    full *= np.linspace(1.04, 0.94, drawing.resolution, dtype=np.float32)[:, None, None]
    full = _blushed(full, drawing, colouring)
    full = _eyes(full, drawing, _unit_rgb(colouring.colours["eyes"]))
    full = _blend(full, 0.30 * light.rim, np.array([1, 0.98, 0.93], np.float32))
    background, second = _unit_rgb(colouring.colours["background"]), _unit_rgb(colouring.second_background)
    behind = backdrop(colouring.backdrop, drawing.resolution, background, second, generator)
    full = np.where(drawing.foreground[..., None] > 0, full, behind)
    full = _blend(full, drawing.line, _unit_rgb(colouring.ink))
    return np.clip(_blend(full, 0.97 * drawing.shine, np.ones(3, np.float32)), 0, 1)


def reduce_picture(picture: np.ndarray, size: int) -> np.ndarray:
    """Averages a float picture [S, S] or [S, S, 3] in [0, 1] down to uint8 [size, size(, 3)]."""
    reduced = cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA)
    return np.rint(255 * np.clip(reduced, 0, 1)).astype(np.uint8)


def reduce_regions(regions: np.ndarray, size: int) -> np.ndarray:
    """Reduces a region map [S, S] to uint8 [size, size]: each pixel takes the region that covers most of it."""
    onehot = regions[..., None] == np.arange(len(REGIONS), dtype=np.uint8)
    step = len(regions) // size
    return onehot.reshape(size, step, size, step, len(REGIONS)).sum((1, 3), dtype=np.int32).argmax(-1).astype(np.uint8)


def _palette(colouring: Colouring) -> np.ndarray:
    return np.stack([_unit_rgb(colouring.colours[region]) for region in REGIONS])


def _pattern_cover(drawing: Drawing, pattern: Pattern) -> np.ndarray:
    """float32 [S, S] in [0, 1] on the clothes; less than half is covered, so the cloth's own colour prevails."""
    clothes, period = drawing.mask("clothes"), pattern.period
    cosine, sine = np.float32(np.cos(pattern.angle)), np.float32(np.sin(pattern.angle))
    u, v = drawing.x * cosine + drawing.y * sine, drawing.y * cosine - drawing.x * sine
    if pattern.kind == "striped":
        return clothes * (np.mod(v, period) < 0.34 * period)
    if pattern.kind == "dotted":
        x = np.mod(u, period) - period / 2
        y = np.mod(v + (np.floor(u / period) % 2) * period / 2, period) - period / 2
        return clothes * (x * x + y * y < (0.24 * period) ** 2)
    across, along = np.mod(u, period) < 0.18 * period, np.mod(v, period) < 0.18 * period
    return 0.5 * clothes * across + 0.5 * clothes * along


def _thinned(line: np.ndarray) -> np.ndarray:
    """Lines about half a working pixel thinner on each side, never gone."""
    return 0.5 * line + 0.5 * cv2.erode(line, np.ones((2, 2), np.uint8))


def _blushed(full: np.ndarray, drawing: Drawing, colouring: Colouring) -> np.ndarray:
    skin = _unit_rgb(colouring.colours["skin"]) * np.array([1.0, 0.62, 0.62], np.float32)
    for x, y in ((395, 615), (655, 612)):
        cheek = np.exp(-(((drawing.x - x) / 62) ** 2) - ((drawing.y - y) / 34) ** 2)
        full = _blend(full, colouring.blush * cheek * drawing.mask("skin"), skin)
    return full


def _eyes(full: np.ndarray, drawing: Drawing, colour: np.ndarray) -> np.ndarray:
    """Irises dark above and bright below, with dark pupils."""
    depth = drawing.iris_depth[..., None]
    iris = np.clip(colour * (0.55 + 0.75 * depth) + 0.18 * np.clip(depth - 0.55, 0, 1), 0, 1)
    full = np.where(drawing.mask("eyes")[..., None] > 0, iris, full)
    return _blend(full, 0.85 * drawing.pupils, 0.25 * colour)


def _blend(picture: np.ndarray, cover: np.ndarray, colour: np.ndarray) -> np.ndarray:
    return picture + cover[..., None] * (colour - picture)


def _unit_rgb(colour: RGB) -> np.ndarray:
    return np.array(colour, np.float32) / 255
