"""Draws a chair by rasterising its triangles: what each ray of the picture meets, and how much light reaches it.

Light comes from a fixed number of directions. For each of them the chair is rasterised once more as that light sees it,
and what it does not see lies in shadow: so soft shadows, contact shadows and dark corners all come from one mechanism.
"""

from typing import Any, NamedTuple, TypeVar

import numpy as np
from numba import njit
from numpy.typing import NDArray

from training.recipes.chair_lighting import Environment, dome_weights
from training.recipes.chair_shapes import Chair

__all__ = [
    "Camera",
    "Light",
    "ShadowMaps",
    "Surface",
    "View",
    "gather_light",
    "look_at",
    "see",
    "see_floor",
    "shadow_maps",
]

Array = NDArray[np.floating[Any]]
Scalar = TypeVar("Scalar", bound=np.generic)
MAP_SIZE = 176
"""Side of a shadow map; a texel is about 1 cm of a chair."""


class View(NamedTuple):
    """Where a picture is taken from, in radians: azimuth 0 is the front, positive its left; elevation over floor."""

    azimuth: float
    elevation: float


class Camera(NamedTuple):
    """eye: [3]. axes: [3, 3], rows right, up, forward. zoom and centre: from tangents of angles to [0, 1] pictures."""

    eye: Array
    axes: Array
    zoom: float
    centre: Array


class Surface(NamedTuple):
    """What the picture's rays meet.

    owner: [S, S] rows from above, the triangle that a pixel shows or -1. Of the N pixels that show one, in row order:
    points, normals, grain: [N, 3]; rays: [N, 3], unit vectors from the eye.
    """

    owner: NDArray[np.int32]
    points: Array
    normals: Array
    grain: Array
    rays: Array

    @property
    def is_chair(self) -> NDArray[np.bool_]:
        """[S, S]."""
        return self.owner >= 0

    def spread(self, values: NDArray[Scalar]) -> NDArray[Scalar]:
        """Lays values of the N pixels out as a picture with zeros elsewhere: [N, C] → [S, S, C]."""
        picture = np.zeros((*self.owner.shape, *values.shape[1:]), values.dtype)
        picture[self.is_chair] = values
        return picture


class Light(NamedTuple):
    """Light of one environment at N places. diffuse, glossy: [N, 3]; open: [N], part of the sky that is seen."""

    diffuse: Array
    glossy: Array
    open: Array


class ShadowMaps(NamedTuple):
    """What light from D directions meets first.

    directions: unit [D, 3]. axes: [D, 3, 3], rows right, down and towards the light in texels a metre. centre: [3], the
    point in the middle of every map. nearest: [D, MAP_SIZE, MAP_SIZE], texels towards the light.
    """

    directions: Array
    axes: Array
    centre: Array
    nearest: Array

    def one(self, number: int) -> tuple[Array, Array, Array, Array]:
        """Direction, axes, centre and map of one."""
        return self.directions[number], self.axes[number], self.centre, self.nearest[number]


def look_at(chair: Chair, view: View, *, margin: float = 0.07) -> Camera:
    """A camera, three and a half chairs away, that sees the whole chair in the middle of the picture."""
    points = chair.mesh.points
    middle = (points.min(0) + points.max(0)) / 2
    distance = 3.4 * float(np.linalg.norm(np.ptp(points, axis=0))) / 1.3
    level = np.cos(view.elevation)
    away = np.array([np.sin(view.azimuth) * level, np.sin(view.elevation), np.cos(view.azimuth) * level])
    eye = middle + distance * away
    right = np.cross([0, 1.0, 0], away)
    right /= np.linalg.norm(right)
    axes = np.stack([right, np.cross(away, right), -away])
    seen = (points - eye) @ axes.T
    plane = seen[:, :2] / seen[:, 2:]
    low, high = plane.min(0), plane.max(0)
    return Camera(eye, axes, (1 - 2 * margin) / float((high - low).max()), (low + high) / 2)


def see(chair: Chair, camera: Camera, resolution: int) -> Surface:
    """Finds what each ray meets; normals are unit vectors that face the eye."""
    mesh = chair.mesh
    seen = (mesh.points - camera.eye) @ camera.axes.T
    inverse = 1 / seen[:, 2]
    screen = (seen[:, :2] * inverse[:, None] - camera.centre) * camera.zoom * [1, -1] * resolution + resolution / 2
    owner = rasterise(screen[:, 0], screen[:, 1], inverse, mesh.triangles, resolution)[1]
    rows, columns = np.nonzero(owner >= 0)
    corners = mesh.triangles[owner[rows, columns]]
    shares = _shares(screen[corners], np.stack([columns, rows], 1) + 0.5) * inverse[corners]
    shares /= shares.sum(1, keepdims=True)
    points, normals, grain = (
        np.einsum("nk,nkc->nc", shares, source[corners]) for source in (mesh.points, mesh.normals, mesh.grain)
    )
    rays = points - camera.eye
    rays /= np.linalg.norm(rays, axis=1, keepdims=True)
    return Surface(owner, points, _facing(normals, rays), grain, rays)


def see_floor(camera: Camera, size: int) -> Array:
    """Where the rays meet the floor: x and z, [size, size, 2]; far away for rays that never do."""
    pixel = ((np.arange(size) + 0.5) / size - 0.5) / camera.zoom
    plane = np.stack(np.broadcast_arrays(pixel + camera.centre[0], -pixel[:, None] + camera.centre[1], 1.0), -1)
    rays = plane @ camera.axes
    distance = -camera.eye[1] / np.minimum(rays[..., 1], -1e-3)
    return np.asarray((camera.eye + distance[..., None] * rays)[..., ::2])


def _shares(corners: Array, places: Array) -> Array:
    """Barycentric coordinates of places [N, 2] in triangles [N, 3, 2]."""
    a, b, c = (corners[:, k] - places for k in range(3))
    areas = [u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0] for u, v in ((b, c), (c, a), (a, b))]
    return np.clip(np.stack(areas, 1) / np.sum(areas, 0)[:, None], 0, 1)


def _facing(normals: Array, rays: Array) -> Array:
    """Unit normals; where smooth shading turned one away from the eye, it is turned back to the rim."""
    away = np.maximum((normals * rays).sum(1, keepdims=True) + 0.02, 0)
    turned = normals - away * rays
    return turned / np.linalg.norm(turned, axis=1, keepdims=True)


def shadow_maps(chair: Chair, directions: Array) -> ShadowMaps:
    """Looks at a chair from each direction of light, unit vectors [D, 3]."""
    points = chair.mesh.points
    centre = (points.min(0) + points.max(0)) / 2
    scale = MAP_SIZE / 2 / (1.02 * float(np.linalg.norm(points - centre, axis=1).max()))
    helper = np.where(np.abs(directions[:, 1:2]) > 0.9, [[0.0, 0, 1]], [[0.0, 1, 0]])
    right = np.cross(helper, directions)
    right /= np.linalg.norm(right, axis=1, keepdims=True)
    axes = np.stack([right, np.cross(right, directions), directions], 1) * scale
    nearest = np.empty((len(directions), MAP_SIZE, MAP_SIZE), np.float32)
    for number, turn in enumerate(axes):
        x, y, near = turn @ (points - centre).T
        nearest[number] = rasterise(x + MAP_SIZE / 2, y + MAP_SIZE / 2, near, chair.mesh.triangles, MAP_SIZE)[0]
    return ShadowMaps(directions, axes, centre, nearest)


def gather_light(
    chair: Chair, dome: ShadowMaps, places: tuple[Array, Array, Array, Array], environments: list[Environment]
) -> list[Light]:
    """Adds up the light of each environment at N places, shadowed by the chair.

    Args:
        dome: `shadow_maps(chair, DOME)`; they serve every view.
        places: points, normals, rays, each [N, 3], see Surface; and [N] exponents of highlights, 0 for none.
    """
    lifted = places[0] + 0.006 * places[1]
    points, normals, rays, shininess = (array.astype(np.float32) for array in (lifted, *places[1:]))
    kinds = len(environments)
    sky_weights = np.stack([dome_weights(environment) for environment in environments], 1)
    sources: list[tuple[ShadowMaps, Array, Array]] = [(dome, sky_weights, np.zeros(len(sky_weights)))]
    for kind, environment in enumerate(environments):
        lamps = environment.lamps
        lamp_weights = np.zeros((len(lamps.colours), kinds, 3))
        lamp_weights[:, kind] = lamps.colours
        sources.append((shadow_maps(chair, lamps.directions), lamp_weights, lamps.sharpness))
    diffuse, shine = np.zeros((2, len(points), kinds, 3), np.float32)
    sky = np.zeros(len(points), np.float32)
    for maps, weights, sharpness in sources:
        for number, weight in enumerate(weights):
            direction, axes, centre, nearest = maps.one(number)
            add_light(
                points, normals, rays, shininess, direction, axes, centre, nearest,
                weight, sharpness[number], diffuse, shine, sky,
            )  # fmt: skip
    return [Light(diffuse[:, kind], shine[:, kind], sky) for kind in range(kinds)]


@njit(cache=True, error_model="numpy")
def rasterise(x, y, nearness, triangles, size):  # type: ignore[no-untyped-def]
    """For each pixel of [size, size] the greatest nearness, and the triangle that has it or -1.

    x, y: [V] in pixels, y downwards. Triangles that are seen from behind are left out.
    """
    nearest = np.full((size, size), -1e30, np.float32)
    owner = np.full((size, size), -1, np.int32)
    for t in range(len(triangles)):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        bx, by, cx, cy = x[b] - x[a], y[b] - y[a], x[c] - x[a], y[c] - y[a]
        area = bx * cy - by * cx
        if area >= -1e-12:
            continue
        left = max(0, int(np.ceil(min(x[a], x[b], x[c]) - 0.5)))
        right = min(size - 1, int(np.floor(max(x[a], x[b], x[c]) - 0.5)))
        top = max(0, int(np.ceil(min(y[a], y[b], y[c]) - 0.5)))
        bottom = min(size - 1, int(np.floor(max(y[a], y[b], y[c]) - 0.5)))
        if left > right or top > bottom:
            continue
        near_b, near_c, scale = nearness[b] - nearness[a], nearness[c] - nearness[a], 1 / area
        for row in range(top, bottom + 1):
            py = row + 0.5 - y[a]
            for column in range(left, right + 1):
                px = column + 0.5 - x[a]
                share_b = (px * cy - py * cx) * scale
                share_c = (bx * py - by * px) * scale
                if share_b >= 0 and share_c >= 0 and share_b + share_c <= 1:
                    near = nearness[a] + share_b * near_b + share_c * near_c
                    if near > nearest[row, column]:
                        nearest[row, column] = near
                        owner[row, column] = t
    return nearest, owner


@njit(cache=True, error_model="numpy")
def add_light(  # type: ignore[no-untyped-def]
    points, normals, rays, shininess, direction, axes, centre, nearest, weights, sharpness, diffuse, shine, sky
):
    """Adds the light from one direction where the map of nearest surfaces [M, M] does not hide it.

    axes: rows right, down, towards the light, in texels a metre. weights: [K, 3] for K environments. sharpness: of a
    lamp, whose light makes highlights; 0 for a piece of sky. diffuse, shine: [N, K, 3] and sky: [N] are added to.
    """
    size = len(nearest)
    for n in range(len(points)):
        facing = normals[n, 0] * direction[0] + normals[n, 1] * direction[1] + normals[n, 2] * direction[2]
        if facing <= 0:
            continue
        dx, dy, dz = points[n, 0] - centre[0], points[n, 1] - centre[1], points[n, 2] - centre[2]
        u = dx * axes[0, 0] + dy * axes[0, 1] + dz * axes[0, 2] + 0.5 * size - 0.5
        v = dx * axes[1, 0] + dy * axes[1, 1] + dz * axes[1, 2] + 0.5 * size - 0.5
        near = dx * axes[2, 0] + dy * axes[2, 1] + dz * axes[2, 2] + 0.5
        free = 1.0
        if 0 <= u < size - 1 and 0 <= v < size - 1:
            column, row = int(u), int(v)
            s, t = u - column, v - row
            free = (1 - t) * ((1 - s) * (nearest[row, column] <= near) + s * (nearest[row, column + 1] <= near))
            free += t * ((1 - s) * (nearest[row + 1, column] <= near) + s * (nearest[row + 1, column + 1] <= near))
        if free == 0:
            continue
        amount = free * facing
        for k in range(len(weights)):
            for c in range(3):
                diffuse[n, k, c] += amount * weights[k, c]
        if sharpness == 0:
            sky[n] += amount
        elif shininess[n] > 0:
            hx, hy, hz = direction[0] - rays[n, 0], direction[1] - rays[n, 1], direction[2] - rays[n, 2]
            half = (normals[n, 0] * hx + normals[n, 1] * hy + normals[n, 2] * hz) / np.sqrt(hx * hx + hy * hy + hz * hz)
            power = 1 / (1 / shininess[n] + 1 / sharpness)
            highlight = amount * (power + 2) / 8 * max(half, 0.0) ** power
            for k in range(len(weights)):
                for c in range(3):
                    shine[n, k, c] += highlight * weights[k, c]
