"""Meshes with exact normals from few solids: rounded boxes, tubes along curves, turned solids, and any bending of them.

Metres; x to the chair's left as seen from the front, y up, z to the front. Every solid is closed and its triangles run
counter-clockwise seen from outside.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "Mesh", "Part", "bent", "curve", "cushion", "filleted", "joined", "mirrored", "placed", "rounded_box", "tube",
    "turned", "turned_around",
]  # fmt: skip

Points = NDArray[np.float64]
Bend = Callable[[Points], Points]


class Mesh(NamedTuple):
    """Triangles of a surface.

    points, normals: [V, 3]. grain: [V, 3], where each point lay in the unbent, unplaced solid, longest axis first: the
    place in the wood or the cloth. triangles: [T, 3] indices. faces: [T], which smooth face a triangle belongs to.
    """

    points: Points
    normals: Points
    grain: Points
    triangles: NDArray[np.int64]
    faces: NDArray[np.int64]


class Part(NamedTuple):
    """A solid and the slot of the chair whose material it has: seat, back, frame, base, arms or castor."""

    slot: str
    mesh: Mesh


def joined(meshes: Sequence[Mesh]) -> Mesh:
    """One mesh of several; faces stay apart."""
    first = np.cumsum([0, *(len(mesh.points) for mesh in meshes)])
    face = np.cumsum([0, *(mesh.faces.max() + 1 for mesh in meshes)])
    return Mesh(
        np.concatenate([mesh.points for mesh in meshes]),
        np.concatenate([mesh.normals for mesh in meshes]),
        np.concatenate([mesh.grain for mesh in meshes]),
        np.concatenate([mesh.triangles + start for mesh, start in zip(meshes, first, strict=False)]),
        np.concatenate([mesh.faces + start for mesh, start in zip(meshes, face, strict=False)]),
    )


def bent(mesh: Mesh, bend: Bend) -> Mesh:
    """Moves every point by a smooth map [V, 3] → [V, 3] that keeps left and right apart; normals follow exactly."""
    step = 1e-5
    helper = np.where(np.abs(mesh.normals[:, :1]) < 0.7, [[1.0, 0, 0]], [[0, 1.0, 0]])
    first = _unit(np.cross(mesh.normals, helper))
    second = np.cross(mesh.normals, first)
    along_first = bend(mesh.points + step * first) - bend(mesh.points - step * first)
    along_second = bend(mesh.points + step * second) - bend(mesh.points - step * second)
    return mesh._replace(points=bend(mesh.points), normals=_unit(np.cross(along_first, along_second)))


def placed(mesh: Mesh, at: ArrayLike) -> Mesh:
    """Moves a mesh."""
    return mesh._replace(points=mesh.points + np.asarray(at, float))


def mirrored(mesh: Mesh) -> Mesh:
    """The mirror image, left for right."""
    flip = np.array([-1.0, 1, 1])
    return mesh._replace(
        points=mesh.points * flip, normals=mesh.normals * flip, grain=mesh.grain * flip + 0.37,
        triangles=mesh.triangles[:, ::-1],
    )  # fmt: skip


def turned_around(mesh: Mesh, angle: float) -> Mesh:
    """Turns a mesh about the vertical axis, radians."""
    turn = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]])
    return mesh._replace(points=mesh.points @ turn.T, normals=mesh.normals @ turn.T)


def rounded_box(half: Sequence[float], radius: float, *, cuts: int = 2, steps: int = 2) -> Mesh:
    """A box of these half sides about the origin, with edges of this radius.

    Args:
        cuts: pieces between the roundings, for later bending. steps: pieces of half a rounding.
    """
    sides = np.asarray(half, float)
    radius = min(radius, 0.98 * float(sides.min()))
    arc = np.tan(np.linspace(0, np.pi / 4, steps + 1))
    outward = np.concatenate([-arc[::-1], np.zeros(cuts - 1), arc])
    core = np.concatenate([-np.ones(steps + 1), np.linspace(-1, 1, cuts + 1)[1:-1], np.ones(steps + 1)])
    across = len(outward)
    u, v = (grid.ravel() for grid in np.meshgrid(np.arange(across), np.arange(across), indexing="ij"))
    points, normals = [], []
    for axis in range(3):
        for sign in (1.0, -1.0):
            direction, centre = np.empty((2, across * across, 3))
            order = (axis, (axis + 1) % 3, (axis + 2) % 3)
            for array, own, grid in ((direction, sign, outward), (centre, sign, core)):
                array[:, order[0]], array[:, order[1]], array[:, order[2]] = own, grid[u], grid[v][:: int(sign)]
            normals.append(_unit(direction))
            points.append(centre * (sides - radius) + radius * normals[-1])
    triangles = _grid_triangles(across, across)
    stacked = np.concatenate(points)
    return Mesh(
        stacked,
        np.concatenate(normals),
        _longest_first(stacked, sides),
        np.concatenate([triangles + face * across * across for face in range(6)]),
        np.repeat(np.arange(6), len(triangles)),
    )


def tube(
    path: ArrayLike, radii: ArrayLike, *, up: ArrayLike = (0, 0, 1), thickness: float = 1.0, sides: int = 12,
    squareness: float = 2.0,
) -> Mesh:  # fmt: skip
    """A rod along a path.

    Args:
        path: [P, 3]. radii: one, or one a point; half the width across `up`.
        up: a direction that the path never has. thickness: height along `up` per width.
        squareness: exponent of the superellipse that is the section; 2 is a circle, 6 a rounded square.
    """
    spine = np.asarray(path, float)
    width = np.broadcast_to(np.asarray(radii, float), len(spine))[:, None]
    length = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(spine, axis=0), axis=1))])
    tangent = _unit(np.gradient(spine, length, axis=0))
    side = _unit(np.cross(np.asarray(up, float), tangent))
    over = np.cross(tangent, side)
    angle = np.linspace(0, 2 * np.pi, sides, endpoint=False) + np.pi / sides
    reach = (np.abs(np.cos(angle)) ** squareness + np.abs(np.sin(angle)) ** squareness) ** (-1 / squareness)
    a, b = reach * np.cos(angle), reach * np.sin(angle)
    outward_a = np.sign(a) * np.abs(a) ** (squareness - 1)
    outward_b = np.sign(b) * np.abs(b) ** (squareness - 1) / thickness
    ring = a[:, None] * side[:, None] + thickness * b[:, None] * over[:, None]
    points = spine[:, None] + width[:, None] * ring
    slope = np.gradient(width[:, 0], length)[:, None, None]
    flat_normal = _unit(outward_a[:, None] * side[:, None] + outward_b[:, None] * over[:, None])
    normals = _unit(flat_normal - slope * tangent[:, None])
    grain = np.stack(np.broadcast_arrays(length[:, None], width * a, width * thickness * b), -1)
    wall = _grid_triangles(len(spine), sides, wraps=True)[:, ::-1]
    cap = np.stack([np.zeros(sides - 2, int), np.arange(1, sides - 1), np.arange(2, sides)], 1)
    first = len(spine) * sides
    return Mesh(
        np.concatenate([points.reshape(-1, 3), points[0], points[-1]]),
        np.concatenate([normals.reshape(-1, 3), np.repeat([-tangent[0], tangent[-1]], sides, 0)]),
        np.concatenate([grain.reshape(-1, 3), grain[0], grain[-1]]),
        np.concatenate([wall, cap[:, ::-1] + first, cap + first + sides]),
        np.repeat([0, 1, 2], [len(wall), len(cap), len(cap)]),
    )


def turned(profile: ArrayLike, *, sides: int = 32) -> Mesh:
    """A solid turned on the lathe about the y axis; corners of the profile sharper than 35° stay sharp.

    Args:
        profile: [P, 2], radius and height, from the bottom's middle to the top's.
    """
    outline = np.asarray(profile, float)
    steps = _unit(np.diff(outline, axis=0))
    is_corner = (steps[1:] * steps[:-1]).sum(1) < np.cos(np.radians(35))
    bounds = [0, *(np.flatnonzero(is_corner) + 1), len(outline) - 1]
    angle = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    around = np.stack([np.cos(angle), np.zeros(sides), -np.sin(angle)], 1)
    up = np.array([0.0, 1, 0])
    parts = []
    for low, high in pairwise(bounds):
        piece = outline[low : high + 1]
        along = _unit(np.gradient(piece, axis=0))
        points = piece[:, None, :1] * around + piece[:, None, 1:] * up
        normals = along[:, None, 1:] * around - along[:, None, :1] * up
        flat = points.reshape(-1, 3)
        triangles = _grid_triangles(len(piece), sides, wraps=True)[:, ::-1]
        faces = np.zeros(len(triangles), int)
        parts.append(Mesh(flat, _unit(normals.reshape(-1, 3)), flat[:, [1, 0, 2]], triangles, faces))
    return joined(parts)


def cushion(half: Sequence[float], radius: float, *, squareness: float = 5.0, crown: float = 0.0) -> Mesh:
    """A round, oval or nearly square slab that lies flat.

    Args:
        half: half width (x), half height (y), half depth (z). radius: of the rounded rim.
        squareness: exponent of the superellipse that is the outline; 2 is an oval.
        crown: how much higher the middle of the upper side is than its rim.
    """
    width, height, depth = half
    radius = min(radius, 0.98 * height)
    rim = np.linspace(0, np.pi / 2, 5)
    inner = 1 - radius / min(width, depth)
    outer = 1 - inner
    top = np.stack([inner + outer * np.sin(rim), height - radius + radius * np.cos(rim)], 1)
    flat = np.stack([np.linspace(0, inner, 7)[:-1], np.full(6, height)], 1)
    half_profile = np.concatenate([flat, top])
    profile = np.concatenate([(half_profile * [1, -1]), half_profile[::-1]])
    disc = turned(profile, sides=40)

    def shape(points: Points) -> Points:
        across, angle = np.hypot(points[:, 0], points[:, 2]), np.arctan2(points[:, 2], points[:, 0])
        # Points are drawn to the corners, where the outline turns fastest.
        angle = angle + 0.175 * (1 - 2 / squareness) * np.sin(4 * angle)
        reach = across * (np.abs(np.cos(angle)) ** squareness + np.abs(np.sin(angle)) ** squareness) ** (
            -1 / squareness
        )
        x, z = reach * np.cos(angle), reach * np.sin(angle)
        middle = np.maximum(1 - x**2, 0) * np.maximum(1 - z**2, 0)
        y = points[:, 1] + crown * np.clip(points[:, 1] / height, 0, 1) * middle
        return np.stack([x * width, y, z * depth], 1)

    moved = bent(disc, shape)
    return moved._replace(grain=moved.points[:, [0, 2, 1]])


def curve(knots: ArrayLike, count: int = 12) -> Points:
    """A smooth path through the knots (Catmull and Rom, centripetal parts even): [K, 3] → [count, 3]."""
    points = np.asarray(knots, float)
    if len(points) == 2:
        return points[0] + np.linspace(0, 1, count)[:, None] * (points[1] - points[0])
    padded = np.concatenate([[2 * points[0] - points[1]], points, [2 * points[-1] - points[-2]]])
    place = np.linspace(0, len(points) - 1, count)
    start = np.minimum(place.astype(int), len(points) - 2)
    t = (place - start)[:, None]
    a, b, c, d = (padded[start + offset] for offset in range(4))
    return 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)


def filleted(corners: ArrayLike, radius: float, count: int = 6) -> Points:
    """A path of straight pieces whose corners are rounded, as of a bent steel tube."""
    points = np.asarray(corners, float)
    path = [points[:1]]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        lengths = np.linalg.norm([before - corner, after - corner], axis=1)
        reach = min(radius, 0.49 * float(lengths.min()))
        start = corner + reach * (before - corner) / lengths[0]
        end = corner + reach * (after - corner) / lengths[1]
        t = np.linspace(0, 1, count)[:, None]
        path.append((1 - t) ** 2 * start + 2 * t * (1 - t) * corner + t**2 * end)
    return np.concatenate([*path, points[-1:]])


def _grid_triangles(rows: int, columns: int, *, wraps: bool = False) -> NDArray[np.int64]:
    index = np.arange(rows * columns).reshape(rows, columns)
    index = np.concatenate([index, index[:, :1]], 1) if wraps else index
    a, b, c, d = (part.ravel() for part in (index[:-1, :-1], index[1:, :-1], index[1:, 1:], index[:-1, 1:]))
    return np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)])


def _longest_first(points: Points, sides: ArrayLike) -> Points:
    order = np.argsort(-np.broadcast_to(np.asarray(sides, float), 3), kind="stable")
    return points[:, order]


def _unit(vectors: Points) -> Points:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)
