"""Pictures pulled about by a few points, each small part of them turned but not stretched.

Source: Schaefer, McPhail, Warren, Image Deformation Using Moving Least Squares, SIGGRAPH 2006, section 2.3.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["deformed", "move_points", "random_deformation", "rigid_moves"]

WHITE = (255, 255, 255)
Points = NDArray[np.float64]  # [N, 2], x then y in pixels


def rigid_moves(places: Points, before: Points, after: Points, *, alpha: float = 1.0) -> Points:
    """Where places go when control points go from `before` to `after`.

    At each place v, with weights w_i = |p_i - v|^(-2 alpha) and weighted means p* and q*, it is
    f(v) = M (v - p*) + q*, M the rotation nearest to taking every p_i - p* to q_i - q*. As complex numbers, M is
    sum w_i conj(p_i - p*) (q_i - q*), divided by its length.

    Args: places: [M, 2]; before, after: [N, 2] of one or more points.
    """
    v, p, q = (points[:, 0] + 1j * points[:, 1] for points in (places, before, after))
    distances = np.maximum(np.abs(v[:, None] - p), 1e-6)
    weights = distances ** (-2 * alpha)
    weights /= weights.sum(1, keepdims=True)
    mean_p, mean_q = weights @ p, weights @ q
    turn = (weights * np.conj(p - mean_p[:, None]) * (q - mean_q[:, None])).sum(1)
    length = np.abs(turn)
    turn = np.where(length > 1e-12, turn / np.where(length > 1e-12, length, 1), 1)
    moved = turn * (v - mean_p) + mean_q
    return np.stack((moved.real, moved.imag), axis=1)


def deformed(
    picture: NDArray[np.uint8], before: Points, after: Points, *, alpha: float = 1.0, nodes: int = 33
) -> NDArray[np.uint8]:
    """The picture [H, W, 3] with what is at `before` moved to `after`; white where nothing comes from.

    Args: nodes: places along each side where the move is computed; between them it is interpolated.
    """
    height, width = picture.shape[:2]
    columns, rows = np.linspace(0, width - 1, nodes), np.linspace(0, height - 1, nodes)
    grid = np.stack(np.meshgrid(columns, rows), axis=-1).reshape(-1, 2)
    sources = rigid_moves(grid, after, before, alpha=alpha).reshape(nodes, nodes, 2)
    weights = between(height, nodes), between(width, nodes)
    fine = np.einsum("yi,ijc,xj->yxc", weights[0], sources, weights[1], optimize=True).astype(np.float32)
    across, down = fine[..., 0], fine[..., 1]
    moved = cv2.remap(picture, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=WHITE)
    return np.asarray(moved, np.uint8)


def between(size: int, nodes: int) -> NDArray[np.float64]:
    """Weights [size, nodes] that interpolate linearly between evenly spaced nodes, the first and last at the ends."""
    positions = np.linspace(0, nodes - 1, size)
    return np.maximum(1 - np.abs(positions[:, None] - np.arange(nodes)), 0)


def move_points(
    generator: np.random.Generator, size: tuple[int, int], count: int, reach: float
) -> tuple[Points, Points]:
    """Control points at random places of a picture [H, W], and where they go: up to `reach` of the shorter side away.

    They stay within the picture.
    """
    limits = np.array((size[1] - 1, size[0] - 1), np.float64)
    before = generator.uniform(0, limits, (count, 2))
    steps = generator.uniform(-reach, reach, (count, 2)) * min(size)
    return before, np.clip(before + steps, 0, limits)


def random_deformation(
    picture: NDArray[np.uint8],
    generator: np.random.Generator,
    *,
    times: int = 2,
    points: int = 4,
    reach: float = 75 / 512,
) -> NDArray[np.uint8]:
    """Deforms a picture [H, W, 3]; by default as the tag colorizer's references are, with 75 of 512 pixels of reach."""
    for _ in range(times):
        picture = deformed(picture, *move_points(generator, picture.shape[:2], points, reach))
    return picture
