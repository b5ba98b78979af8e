"""Six backdrops behind a portrait, from the gradient to bokeh."""

from collections.abc import Callable

import cv2
import numpy as np

__all__ = ["backdrop"]


def backdrop(
    kind: str, resolution: int, colour: np.ndarray, second: np.ndarray, generator: np.random.Generator
) -> np.ndarray:
    """Paints a backdrop.

    Args:
        kind: one of palettes.BACKDROPS.
        colour, second: RGB [3] in [0, 1].

    Returns:
        float32 [S, S, 3] in [0, 1].
    """
    height = np.linspace(0, 1, resolution, dtype=np.float32)[:, None, None]
    light, dark = 0.6 * colour + 0.4, 0.84 * colour
    ground = np.broadcast_to(light * (1 - height) + dark * height, (resolution, resolution, 3)).astype(np.float32)
    if kind == "gradient":
        return ground
    rows, columns = np.mgrid[0:resolution, 0:resolution].astype(np.float32) / resolution
    if kind == "bokeh":
        return _bokeh(ground, rows, columns, 0.4 * second + 0.6, generator)
    cover: np.ndarray = _MASKS[kind](rows, columns, generator).astype(np.float32)
    mark = {"spot": 0.5 * second + 0.5 * light, "dots": 0.6 * light + 0.4}.get(kind, light).astype(np.float32)
    softened = cv2.GaussianBlur(cover, (0, 0), 0.8)[..., None]
    return ground + softened * (mark - ground)


def _spot(rows: np.ndarray, columns: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    radius = generator.uniform(0.38, 0.44)
    return np.clip((1 - np.hypot(columns - 0.5, rows - 0.42) / radius) * 40 + 0.5, 0, 1)


def _rays(rows: np.ndarray, columns: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    angle = np.arctan2(rows - 0.5, columns - 0.5)
    return 0.55 * (np.floor(angle / np.pi * 9 + generator.random()) % 2)


def _dots(rows: np.ndarray, columns: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    pitch = 1 / generator.uniform(11, 15)
    x = np.mod(columns + (np.floor(rows / pitch) % 2) * pitch / 2, pitch) - pitch / 2
    return 0.7 * (np.hypot(x, np.mod(rows, pitch) - pitch / 2) < 0.22 * pitch)


def _bands(rows: np.ndarray, columns: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    return 0.5 * (np.mod(columns + rows * generator.choice([-1, 1]), 0.2) < 0.1)


_MASKS: dict[str, Callable[[np.ndarray, np.ndarray, np.random.Generator], np.ndarray]] = {
    "spot": _spot,
    "rays": _rays,
    "dots": _dots,
    "bands": _bands,
}


def _bokeh(
    ground: np.ndarray, rows: np.ndarray, columns: np.ndarray, colour: np.ndarray, generator: np.random.Generator
) -> np.ndarray:
    sharpness = len(rows) / 1.5
    for _ in range(9):
        radius, x, y, strength = generator.uniform((0.03, 0, 0, 0.2), (0.10, 1, 1, 0.5))
        cover = strength * np.clip((radius - np.hypot(columns - x, rows - y)) * sharpness, 0, 1)[..., None]
        ground = ground + cover.astype(np.float32) * (colour.astype(np.float32) - ground)
    return ground
