"""Light on a drawing: cel shadows, hair gloss and rim light as masks that no colour enters."""

from typing import NamedTuple

import cv2
import numpy as np

from training.recipes.drawings import Drawing

__all__ = ["Light", "light_masks"]


class Light(NamedTuple):
    """Masks of one light direction, each float32 [S, S] in [0, 1].

    Args:
        shadow: form shadows and cast shadows.
        gloss: the band of light on the crown of the hair.
        rim: the bright edge towards the light.
    """

    shadow: np.ndarray
    gloss: np.ndarray
    rim: np.ndarray


def light_masks(drawing: Drawing, *, from_left: bool) -> Light:
    """Computes the masks for light from the upper left or the upper right."""
    side = 1.0 if from_left else -1.0  # light at the left: shadows move to the right
    shadow = np.maximum.reduce(
        [_form_shadows(drawing, side), _cast_shadows(drawing, side), 0.9 * _neck_shadow(drawing)]
    )
    shadow = np.clip(shadow, 0, 1)
    lit = drawing.mask("hair", "clothes", "accent")
    unit = drawing.unit
    rim = np.clip(drawing.foreground - _moved(drawing.foreground, side * 9 * unit, 7 * unit), 0, 1) * lit
    return Light(shadow, _gloss(drawing, side) * (1 - 0.8 * shadow), _blurred(rim, 1))


def _form_shadows(drawing: Drawing, side: float) -> np.ndarray:
    reach = 34 * drawing.unit
    cloth = drawing.mask("clothes", "accent", "white") * (drawing.y > 800)
    face = drawing.mask("skin", "eyes", "lips", "white")
    face_shadow = _cel(drawing, face, side, 0.8 * reach, 0.2) * (drawing.y < 780)
    return np.maximum.reduce(
        [
            _cel(drawing, drawing.mask("hair"), side, 1.7 * reach, 0.35),
            0.9 * _cel(drawing, cloth, side, 1.5 * reach, 0.5),
            0.6 * face_shadow,
        ]
    )


def _cel(drawing: Drawing, mask: np.ndarray, side: float, reach: float, wobble: float) -> np.ndarray:
    """The part of a mask that faces away from the light, with a hard, slightly wavering edge."""
    away = np.clip(mask - _moved(mask, -side * reach, -0.55 * reach), 0, 1)
    edge = _blurred(away, 6 * drawing.unit) - 0.45 + wobble * (drawing.noise(190, 1) - 0.5)
    return np.clip(6 * edge + 0.5, 0, 1) * mask


def _cast_shadows(drawing: Drawing, side: float) -> np.ndarray:
    unit = drawing.unit
    hair, skin = drawing.mask("hair"), drawing.mask("skin")
    on_face = np.clip(_blurred(_moved(hair, side * 8 * unit, 26 * unit), 1.2) - hair, 0, 1) * skin * (drawing.y < 800)
    head = hair + skin * (drawing.y < 800)
    cloth = drawing.mask("clothes", "accent", "white") * (drawing.y > 780)
    on_cloth = np.clip(_blurred(_moved(head, side * 6 * unit, 24 * unit), 1.2), 0, 1) * cloth
    return np.maximum(0.9 * on_face, 0.7 * on_cloth)


def _neck_shadow(drawing: Drawing) -> np.ndarray:
    """The jaw's shadow on the neck: a band below the heads' common jaw line, moved to where this head has its ink."""
    below_jaw = drawing.y - (758 - 0.0018 * (drawing.x - 570) ** 2)
    near_jaw = (np.abs(below_jaw) < 32) & (drawing.x > 395) & (drawing.x < 575)
    ink = below_jaw[near_jaw & (drawing.line > 0.5)]
    depth = below_jaw - (np.median(ink) if len(ink) else 0)
    neck = drawing.mask("skin") * ((drawing.x > 335) & (drawing.x < 606))
    return _blurred(neck * ((depth > 4) & (depth < 62)), 1.0)


def _gloss(drawing: Drawing, side: float) -> np.ndarray:
    """A band along the crown with a zigzag lower edge."""
    unit, size = drawing.unit, drawing.resolution
    hair = drawing.mask("hair")
    has_hair = hair.any(0)
    if not has_hair.any():
        return np.zeros_like(hair)
    top = hair.argmax(0).astype(np.float32)
    crown = cv2.GaussianBlur(
        np.where(has_hair, top, np.median(top[has_hair])).astype(np.float32)[None], (0, 0), 26 * unit
    )
    columns = np.arange(size, dtype=np.float32)
    zigzag = 40 * unit * (drawing.noise(51, 2)[0] - 0.5) + 14 * unit * np.abs((columns / (22 * unit)) % 2 - 1)
    depth = columns[:, None] - crown - 95 * unit
    band = ((depth > 0.3 * zigzag - 13 * unit) & (depth < 20 * unit + zigzag)).astype(np.float32)
    focus = np.clip(1.25 - np.abs(columns - size * (0.5 - 0.12 * side)) / (0.26 * size), 0, 1)
    return np.clip(_blurred(band * hair, 1.0) * focus, 0, 1)


def _moved(mask: np.ndarray, right: float, down: float) -> np.ndarray:
    matrix = np.array([[1, 0, right], [0, 1, down]], np.float32)
    return cv2.warpAffine(mask, matrix, mask.shape[::-1], flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _blurred(mask: np.ndarray, sigma: float) -> np.ndarray:
    return cv2.GaussianBlur(mask, (0, 0), max(sigma, 0.3))
