"""Clean lines where a surface ends, bends sharply or passes behind another one."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from training.recipes.chair_renderer import Camera, Surface
from training.recipes.chair_shapes import Chair

__all__ = ["draw_lines", "line_maps"]

Mask = NDArray[np.bool_]
Map = NDArray[np.float32]
Array = NDArray[np.floating[Any]]
WEIGHTS = (("outline", 1.0, 1.0), ("edge", 0.8, 0.92), ("crease", 0.62, 0.75))
"""Kind of line, width in pixels of a 128 px picture, darkness."""
BEND = np.cos(np.radians(32))
STEP_BETWEEN_FACES, STEP_WITHIN_FACE = 0.006, 0.03


def draw_lines(chair: Chair, surface: Surface, camera: Camera, size: int, width: float) -> NDArray[np.uint8]:
    """Draws black lines on white paper: [size, size] bytes.

    Args:
        width: factor on all line widths.
    """
    resolution = len(surface.owner)
    pixels = resolution / size
    # At small sizes lines stay wide enough to be seen, at large ones they do not grow as fast as the picture.
    scale = 0.5 * width * (size / 128) ** 0.7 * pixels
    distances = [_distance(mask) for mask in line_maps(chair, surface, camera).values()]
    ink = _ink(distances, np.full((resolution, resolution), scale, np.float32))
    # Where lines crowd, as between thin spindles, they get thinner instead of running into a blot.
    crowd = np.clip((cv2.GaussianBlur(ink, (0, 0), 1.6 * pixels) - 0.5) / 0.3, 0, 1)
    ink = _ink(distances, scale * (1 - 0.7 * crowd))
    paper = cv2.resize(1 - ink, (size, size), interpolation=cv2.INTER_AREA)
    return np.floor(np.clip(paper, 0, 1) * 255 + 0.5).astype(np.uint8)


def _distance(mask: Mask) -> Map:
    """Distance of each pixel to the nearest one of the mask."""
    if not mask.any():
        return np.full(mask.shape, 1e6, np.float32)
    return np.asarray(cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, 5), np.float32)


def _ink(distances: list[Map], scale: Map) -> Map:
    """Ink of all lines together, 0 to 1, from the distances to them in pixels."""
    layers = [
        darkness * np.clip(scale * thickness - away + 0.5, 0, 1)
        for away, (_, thickness, darkness) in zip(distances, WEIGHTS, strict=True)
    ]
    return np.asarray(np.maximum.reduce(layers), np.float32)


def line_maps(chair: Chair, surface: Surface, camera: Camera) -> dict[str, Mask]:
    """Pixels of outlines (chair against background), edges (one part in front of another) and creases; [S, S] each."""
    place = np.full(surface.owner.shape, -1)
    place[surface.is_chair] = np.arange(len(surface.points))
    distance = (surface.points - camera.eye) @ camera.axes[2]
    marks = {kind: np.zeros(len(surface.points), bool) for kind, _, _ in WEIGHTS}
    faces = chair.mesh.faces[surface.owner[surface.is_chair]]
    for rows in (place, place.T):
        before, after = rows[:-1], rows[1:]
        marks["outline"][before[(before >= 0) & (after < 0)]] = True
        marks["outline"][after[(after >= 0) & (before < 0)]] = True
        both = np.nonzero((before >= 0) & (after >= 0))
        one, other = before[both], after[both]
        is_border = faces[one] != faces[other]
        gap = surface.points[other] - surface.points[one]
        # Off the other's tangent plane, not merely farther away: a surface seen at a grazing angle has no edge.
        off = np.minimum(*(np.abs((gap * surface.normals[end]).sum(-1)) for end in (one, other)))
        is_step = off > np.where(is_border, STEP_BETWEEN_FACES, STEP_WITHIN_FACE)
        marks["edge"][np.where(distance[one] < distance[other], one, other)[is_step]] = True
        is_corner = is_border & ~is_step
        bends = _bend(surface.normals, rows, both[0][is_corner], both[1][is_corner]) < BEND
        marks["crease"][one[is_corner][bends]] = True
    return {kind: surface.spread(mark) for kind, mark in marks.items()}


def _bend(normals: Array, place: NDArray[np.int64], row: NDArray[np.int64], column: NDArray[np.int64]) -> Array:
    """Least cosine between normals on both sides of the borders between `row` and the next, one to three pixels away.

    place: [S, S] index into the normals, -1 for the background, to which a surface is taken to bend at right angles.
    """
    known = np.concatenate([normals, np.zeros((1, 3))])
    cosines = []
    for reach in range(3):
        first = place[np.maximum(row - reach, 0), column]
        second = place[np.minimum(row + 1 + reach, len(place) - 1), column]
        cosines.append((known[first] * known[second]).sum(-1))
    return np.asarray(np.minimum.reduce(cosines))
