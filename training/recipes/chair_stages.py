"""The four stages of one view of a chair: sketch, normal map, colours in white light, light of an environment."""

from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from training.recipes.chair_lighting import DOME, WHITE, Environment
from training.recipes.chair_materials import Material, tone, weave
from training.recipes.chair_renderer import (
    Camera,
    Light,
    ShadowMaps,
    Surface,
    View,
    gather_light,
    look_at,
    see,
    see_floor,
    shadow_maps,
)
from training.recipes.chair_shapes import SLOTS, Chair
from training.recipes.chair_sketch import draw_lines

__all__ = ["OVERSAMPLING", "STAGES", "Subject", "draw_view", "encode_normals", "shade", "subject"]

Array = NDArray[np.floating[Any]]
Bytes = NDArray[np.uint8]
STAGES = ("sketch", "normal", "colour", "lighting")
OVERSAMPLING = 3
"""Rays a pixel along each side."""
FLOOR_RADIUS, FLOOR_TEXELS = 1.1, 120
"""Metres from the middle within which shadows show on the floor, and how finely."""


class Paint(NamedTuple):
    """Materials of N places: colour [N, 3] and gloss, shininess, metal [N]."""

    colour: Array
    gloss: Array
    shininess: Array
    metal: Array


class Subject(NamedTuple):
    """A chair made ready for its pictures: its materials by slot, and its shadows in the light from all around."""

    chair: Chair
    materials: dict[str, Material]
    dome: ShadowMaps


def subject(chair: Chair, materials: dict[str, Material]) -> Subject:
    """Makes a chair ready."""
    return Subject(chair, materials, shadow_maps(chair, DOME))


def draw_view(
    sitter: Subject, view: View, environment: Environment, size: int, *, line_width: float = 1.0
) -> dict[str, Bytes]:
    """Draws the stages at size × size pixels, aligned to the pixel.

    Returns:
        sketch [size, size], the others [size, size, 3] RGB.
    """
    chair = sitter.chair
    camera = look_at(chair, view)
    surface = see(chair, camera, size * OVERSAMPLING)
    paint = paint_surface(chair, surface, sitter.materials)
    environments = [WHITE.facing(view.azimuth), environment.facing(view.azimuth)]
    gathered = gather_light(chair, sitter.dome, _with_floor(surface, paint), environments)
    ground, count = see_floor(camera, size), len(surface.points)
    pictures = []
    for light, gained in zip(environments, gathered, strict=True):
        front = tone(shade(surface, paint, light, Light(*(array[:count] for array in gained))))
        behind = tone(shade_floor(ground, light, gained.diffuse[count:]))
        pictures.append(_bytes(_over(surface, front, behind, size)))
    sketch, normal = draw_lines(chair, surface, camera, size, line_width), encode_normals(surface, camera, size)
    return dict(zip(STAGES, (sketch, normal, *pictures), strict=True))


def _with_floor(surface: Surface, paint: Paint) -> tuple[Array, Array, Array, Array]:
    """Points, normals, rays and shininess of the surface, followed by those of the floor."""
    floor, upwards = floor_grid(), np.broadcast_to([0.0, 1, 0], (FLOOR_TEXELS**2, 3))
    return (
        np.concatenate([surface.points, floor]),
        np.concatenate([surface.normals, upwards]),
        np.concatenate([surface.rays, -upwards]),
        np.concatenate([paint.shininess, np.zeros(len(floor))]),
    )


def encode_normals(surface: Surface, camera: Camera, size: int) -> Bytes:
    """Normals as the eye sees them, x right, y up, z to the eye, (n + 1) / 2; the background faces the eye."""
    own = surface.normals @ camera.axes.T * [1, 1, -1]
    mean = _over(surface, own, np.array([0.0, 0, 1]), size)
    return _bytes((mean / np.maximum(np.linalg.norm(mean, axis=-1, keepdims=True), 1e-6) + 1) / 2)


def paint_surface(chair: Chair, surface: Surface, materials: dict[str, Material]) -> Paint:
    """Looks up what each place of the surface is made of."""
    slots = chair.slots[surface.owner[surface.is_chair]]
    count = len(slots)
    paint = Paint(np.zeros((count, 3)), np.zeros(count), np.zeros(count), np.zeros(count))
    for number, slot in enumerate(SLOTS):
        places, material = slots == number, materials[slot]
        paint.colour[places] = weave(material, surface.grain[places])
        paint.gloss[places], paint.shininess[places], paint.metal[places] = material[-3:]
    return paint


def shade(surface: Surface, paint: Paint, environment: Environment, light: Light) -> Array:
    """Linear light from each place of the chair to the eye: [N, 3]."""
    facing = (surface.normals * surface.rays).sum(1, keepdims=True)
    # Of a sphere of sky, a surface that sees all of its half gathers a quarter.
    openness = np.minimum(light.open / (len(DOME) / 4), 1)[:, None]
    around = environment.radiance(surface.rays - 2 * facing * surface.normals) * openness
    # Schlick's approximation: a coat mirrors more towards the rim.
    rim = np.clip(1 + facing, 0, 1) ** 5
    metal, gloss = paint.metal[:, None], paint.gloss[:, None]
    matt = (1 - metal) * (paint.colour * light.diffuse + 0.5 * gloss * (1 + 6 * rim) * around)
    mirror = metal * paint.colour * around
    return matt + mirror + gloss * (1 + metal * (2 * paint.colour - 1)) * light.glossy


def floor_grid() -> Array:
    """Places on the floor at which its shadows are found: [FLOOR_TEXELS², 3]."""
    step = ((np.arange(FLOOR_TEXELS) + 0.5) / FLOOR_TEXELS * 2 - 1) * FLOOR_RADIUS
    x, z = np.meshgrid(step, step)
    return np.stack([x, 0 * x, z], -1).reshape(-1, 3)


def shade_floor(ground: Array, environment: Environment, diffuse: Array) -> Array:
    """The backdrop, which is plain but for the chair's shadow on the floor: [size, size, 3] linear.

    Args:
        ground: see `see_floor`. diffuse: [FLOOR_TEXELS², 3] light at `floor_grid`.
    """
    share = diffuse / environment.irradiance(np.array([[0.0, 1, 0]]))
    smooth = cv2.GaussianBlur(share.astype(np.float32).reshape(FLOOR_TEXELS, FLOOR_TEXELS, 3), (0, 0), 1.4)
    texel = ((np.clip(ground / FLOOR_RADIUS, -9, 9) + 1) / 2 * FLOOR_TEXELS - 0.5).astype(np.float32)
    lit = cv2.remap(smooth, texel[..., 0], texel[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    near = np.clip(1.8 * (1 - np.hypot(ground[..., 0], ground[..., 1]) / FLOOR_RADIUS), 0, 1)[..., None]
    return np.array(environment.backdrop) * (1 - 0.8 * near * near * (3 - 2 * near) * (1 - np.clip(lit, 0, 1)))


def _over(surface: Surface, front: Array, behind: Array, size: int) -> Array:
    """The chair's pixels averaged down, over what is behind: [N, 3] and [size, size, 3] or [3] → [size, size, 3]."""
    layer = surface.spread(np.concatenate([front, np.ones((len(front), 1))], 1, dtype=np.float32))
    small = cv2.resize(layer, (size, size), interpolation=cv2.INTER_AREA)
    return np.asarray(small[..., :3] + (1 - small[..., 3:]) * behind)


def _bytes(picture: Array) -> Bytes:
    return np.floor(np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8)
