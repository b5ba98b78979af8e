"""What a chair stands on: legs and stretchers, rockers, bent tubes, pedestals, stars on castors, feet."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from training.recipes.chair_meshes import (
    Mesh,
    Part,
    bent,
    curve,
    filleted,
    mirrored,
    placed,
    rounded_box,
    tube,
    turned,
    turned_around,
)
from training.recipes.chair_plans import Plan

__all__ = ["base_parts", "leg", "turning_profile"]

Pair = tuple[np.ndarray, np.ndarray]


def base_parts(plan: Plan) -> list[Part]:
    """Builds everything below the seat; the lowest point lies on the floor."""
    return BASES[plan.base](plan)


def leg(kind: str, top: ArrayLike, foot: ArrayLike, radius: float, turning: int = 0) -> Mesh:
    """One leg from its top to the floor: square, cylinder, tapered, splayed or turned."""
    ends = np.stack([np.asarray(top, float), np.asarray(foot, float)])
    if kind == "square":
        box = rounded_box((radius, 0.5, radius), 0.003, cuts=1)

        def stretch(points: np.ndarray) -> np.ndarray:
            down = (0.5 - points[:, 1:2]).clip(0, 1)
            taper = 1 - 0.25 * down
            return ends[0] + down * (ends[1] - ends[0]) + points * [1, 0, 1] * taper

        return bent(box, stretch)
    if kind == "turned":
        place, radii = turning_profile(turning)
        return tube(ends[0] + place[:, None] * (ends[1] - ends[0]), radius * radii)
    taper = {"tapered": 0.55, "splayed": 0.6}.get(kind, 1.0)
    steps = np.linspace(0, 1, 5)[:, None]
    return tube(ends[0] + steps * (ends[1] - ends[0]), radius * (1.1 - (1.1 - taper) * steps[:, 0]))


def turning_profile(number: int, count: int = 56) -> Pair:
    """Places from 0 to 1 along a turned part, and the radius there relative to its greatest."""
    place = np.linspace(0, 1, count)
    bead = lambda at, wide, high: high * np.exp(-(((place - at) / wide) ** 2))  # noqa: E731
    profiles = (
        0.72 + bead(0.3, 0.03, 0.28) + bead(0.78, 0.03, 0.28) - bead(0.92, 0.1, 0.25),
        0.6 + bead(0.35, 0.16, 0.4) - bead(0.68, 0.07, 0.15) + bead(0.75, 0.025, 0.35) - bead(1.0, 0.12, 0.2),
        0.62 + 0.3 * np.cos(place * 5 * np.pi) ** 2 - 0.15 * place,
        0.85 - 0.4 * place + bead(0.12, 0.02, 0.2) + bead(0.18, 0.02, 0.2) + bead(0.9, 0.03, 0.15),
    )
    return place, np.clip(profiles[number % len(profiles)], 0.3, 1.1)


def _corners(plan: Plan) -> list[Pair]:
    """Top and foot of the front leg and of the rear leg on the sitter's left."""
    top = plan.height - plan.thickness
    inset = plan.leg * 1.2
    # In the corners of the outline's superellipse.
    corner = 0.5 ** (1 / plan.squareness) if plan.squareness else 1.0
    corner = min(corner, 0.68) if plan.seat == "shell" else corner
    front = np.array([plan.width * corner - inset, top, plan.depth * corner - inset])
    rear = np.array([plan.width * plan.taper * corner - inset, top, -plan.depth * corner + inset])
    if plan.has_posts:
        rear[0], rear[2] = plan.back_width, plan.rear
    foot_front = front + np.array([plan.splay, 0, plan.splay])
    foot_rear = rear + np.array([plan.splay, 0, -max(plan.splay, 0.035)])
    foot_front[1] = foot_rear[1] = 0.0
    return [(front, foot_front), (rear, foot_rear)]


def _legs(plan: Plan) -> list[Part]:
    corners = _corners(plan)
    radius = plan.leg * (0.75 if plan.metal else 1.0)
    left = [leg(plan.base, top, foot, radius, plan.turning) for top, foot in corners]
    parts = [Part("base", mesh) for mesh in (*left, *map(mirrored, left))]
    return parts + _stretchers(plan, corners, radius) + _apron(plan, corners)


def _at(pair: Pair, height: float) -> np.ndarray:
    top, foot = pair
    return top + (top[1] - height) / (top[1] - foot[1]) * (foot - top)


def _stretchers(plan: Plan, corners: list[Pair], radius: float) -> list[Part]:
    if plan.stretcher == "none":
        return []
    front, rear = corners
    low = 0.36 * plan.height if plan.kind != "bar_stool" else 0.4 * plan.height
    thin = radius * 0.62
    side = tube(curve([_at(front, low), _at(rear, low)], 9), _swollen(plan, thin, 9), up=(1, 0, 0))
    parts = [Part("base", side), Part("base", mirrored(side))]
    if plan.stretcher == "aitch":
        middle = (_at(front, low) + _at(rear, low)) / 2
        return [*parts, Part("base", _across(middle, _swollen(plan, thin, 9)))]
    if plan.stretcher == "box":
        heights = (low * 0.72, low * 1.12) if plan.kind == "bar_stool" else (low * 1.15, low * 1.15)
        bars = [_across(_at(pair, high), _swollen(plan, thin, 9)) for pair, high in zip(corners, heights, strict=True)]
        return parts + [Part("base", bar) for bar in bars]
    return parts


def _swollen(plan: Plan, thin: float, count: int) -> np.ndarray:
    """Radii of a stretcher: thicker in its middle where legs are turned."""
    middle = np.sin(np.linspace(0, np.pi, count))
    return thin * (1 + (0.45 * middle if plan.base == "turned" else 0.0 * middle))


def _across(end: np.ndarray, radii: np.ndarray) -> Mesh:
    return tube(curve([end, end * [-1, 1, 1]], len(radii)), radii)


def _apron(plan: Plan, corners: list[Pair]) -> list[Part]:
    if not plan.apron:
        return []
    (front, _), (rear, _) = corners
    y = plan.height - 2 * plan.thickness - plan.apron * 0.9
    half = (0.009, plan.apron, (front[2] - rear[2]) / 2)
    slant = (front[0] - rear[0]) / (front[2] - rear[2])
    middle = np.array([(front[0] + rear[0]) / 2, y, (front[2] + rear[2]) / 2])
    side = bent(rounded_box(half, 0.002, cuts=1), lambda p: p + np.outer(p[:, 2], [slant, 0, 0]) + middle)
    bars = [placed(rounded_box((end[0], plan.apron, 0.009), 0.002, cuts=1), (0, y, end[2])) for end in (front, rear)]
    return [Part("base", mesh) for mesh in (side, mirrored(side), *bars)]


def _hairpin(plan: Plan) -> list[Part]:
    left = []
    for top, foot in _corners(plan):
        for spread in (-0.045, 0.045):
            start = top + np.array([spread, 0, spread * -np.sign(top[2])])
            left.append(tube([start, foot + np.array([0, 0.004, 0])], 0.0058, sides=8))
    return [Part("base", mesh) for mesh in (*left, *map(mirrored, left))]


def _sled(plan: Plan) -> list[Part]:
    (front, _), (rear, _) = _corners(plan)
    radius, wide = 0.0105, min(front[0], rear[0])
    high = front[1]
    y = radius
    path = [(wide, high, front[2]), (wide, y, front[2] + 0.03), (wide, y, rear[2] - 0.05), (wide, high, rear[2])]
    side = tube(filleted(path, 0.07), radius, up=(1, 0, 0))
    bars = [_across(np.array([wide, high - 0.008, z]), np.full(4, radius)) for z in (front[2], rear[2])]
    if plan.kind == "bar_stool":
        bars.append(_across(np.array([wide, 0.4 * high, front[2] + 0.018]), np.full(4, radius)))
    return [Part("base", mesh) for mesh in (side, mirrored(side), *bars)]


def _cantilever(plan: Plan) -> list[Part]:
    (front, _), (rear, _) = _corners(plan)
    radius, wide = 0.0125, min(front[0], rear[0]) + 0.01
    high = front[1]
    y = radius
    path = [(wide, high, rear[2]), (wide, high, front[2] + 0.02), (wide, y, front[2] + 0.03), (wide, y, rear[2] - 0.02),
            (0, y, rear[2] - 0.02)]  # fmt: skip
    side = tube(filleted(path, 0.08), radius, up=(0.35, 1, 0.2), sides=12)
    bar = _across(np.array([wide, high - 0.004, rear[2] * 0.8]), np.full(4, radius * 0.9))
    return [Part("base", mesh) for mesh in (side, mirrored(side), bar)]


def _pedestal(plan: Plan) -> list[Part]:
    top = plan.height - plan.thickness
    wide, column = (0.2 + 0.25 * (plan.width - 0.2)), 0.018 + plan.leg * 0.6
    rise = 0.02 + 0.03 * (plan.turning % 2) * 2
    trumpet = [(wide * 0.96, 0.014), (wide * 0.5, 0.014 + rise * 0.35), (column * 1.2, rise + 0.03), (column, 0.16)]
    head = [(column, top - 0.14), (column * 1.1, top - 0.07), (min(0.11, wide * 0.6), top - 0.004)]
    foot, plate = [(0, 0), (wide, 0), (wide, 0.008)], [(0.1, top + 0.002), (0, top + 0.002)]
    parts = [Part("base", turned([*foot, *curve(trumpet, 14), *curve(head, 8), *plate]))]
    if plan.kind == "bar_stool":
        ring = [(0.15 * np.cos(a), 0.3 * top, 0.15 * np.sin(a)) for a in np.linspace(0, 2 * np.pi, 33)]
        rays = tube([(-0.15, 0.3 * top, 0), (0.15, 0.3 * top, 0)], 0.007)
        parts += [Part("base", tube(ring, 0.009, up=(0, 1, 0), sides=10)), Part("base", rays)]
        parts.append(Part("base", turned_around(rays, np.pi / 2)))
    return parts


def _star(plan: Plan) -> list[Part]:
    arms = 5 if plan.base == "star5" else 4
    has_castors = arms == 5
    top, reach = plan.height - plan.thickness, 0.27 if has_castors else 0.29
    low = 0.058 if has_castors else 0.012
    hub = low + 0.035
    cover = [(0, hub - 0.03), (0.034, hub - 0.03), (0.034, hub + 0.05), (0.026, hub + 0.055), (0.026, hub + 0.18)]
    piston = [(0.015, hub + 0.185), (0.015, top - 0.05), (0.05, top - 0.045), (0.09, top - 0.01), (0.09, top), (0, top)]
    column = turned([*cover, *piston], sides=20)
    arm = tube(curve([(0, hub, 0), (0, hub - 0.004, reach * 0.6), (0, low, reach)], 8), np.linspace(0.023, 0.013, 8),
               up=(0, 1, 0), thickness=0.75, squareness=4)  # fmt: skip
    glide = turned([(0, 0), (0.016, 0), (0.016, low), (0, low)], sides=12)
    feet = _castor(low) if has_castors else [Part("base", glide)]
    parts = [Part("base", column)]
    for angle in np.arange(arms) * 2 * np.pi / arms + plan.leg * 300:
        parts.append(Part("base", turned_around(arm, angle)))
        parts += [Part(slot, turned_around(placed(mesh, (0, 0, reach - 0.012)), angle)) for slot, mesh in feet]
    return parts


def _castor(low: float) -> list[Part]:
    wheel = turned(
        [(0, -0.009), (0.022, -0.009), (0.026, -0.005), (0.026, 0.005), (0.022, 0.009), (0, 0.009)], sides=16
    )
    turn = lambda p: np.stack([p[:, 1], -p[:, 0], p[:, 2]], 1)  # noqa: E731
    upright = bent(wheel, turn)
    wheels = [placed(upright, (x, 0.026, 0)) for x in (-0.013, 0.013)]
    stem = tube([(0, low + 0.004, 0), (0, 0.02, 0)], 0.008, sides=8)
    return [Part("castor", mesh) for mesh in (*wheels, stem)]


def _rockers(plan: Plan) -> list[Part]:
    around, thick = 1.15, 0.014
    height = lambda z: around - np.sqrt(around**2 - (z + 0.03) ** 2)  # noqa: E731
    corners = []
    for top, foot in _corners(plan):
        corners.append((top, foot * [1, 0, 1] + [0, height(foot[2]) + thick, 0]))
    (_, front), (_, rear) = corners
    z = np.linspace(-plan.depth - 0.24, plan.depth + 0.12, 26)
    x = np.interp(z, [rear[2], front[2]], [rear[0], front[0]])
    rocker = tube(np.stack([x, height(z) + thick, z], 1), thick, up=(1, 0, 0), thickness=0.8, squareness=5)
    kind = "turned" if plan.turning < 3 else "cylinder"
    left = [leg(kind, top, foot, plan.leg, plan.turning) for top, foot in corners] + [rocker]
    parts = [Part("base", mesh) for mesh in (*left, *map(mirrored, left))]
    return parts + _stretchers(plan, corners, plan.leg) + _apron(plan, corners)


def _feet(plan: Plan) -> list[Part]:
    height = plan.height * 0.38
    x, z = plan.width - 0.03, plan.depth - 0.03
    kind = ("tapered", "square", "turned", "splayed")[plan.turning % 4]
    out = 0.03 if kind != "square" else 0.0
    left = [leg(kind, (x, height, end), (x + out, 0, end + np.sign(end) * out), 0.024, 1) for end in (-z, z)]
    return [Part("base", mesh) for mesh in (*left, *map(mirrored, left))]


def _sledfeet(plan: Plan) -> list[Part]:
    height, wide, along = plan.height * 0.36, plan.width - 0.03, plan.depth
    path = [
        (wide, height, along - 0.03),
        (wide, 0.01, along - 0.01),
        (wide, 0.01, 0.01 - along),
        (wide, height, 0.03 - along),
    ]
    side = tube(filleted(path, 0.03), 0.01, up=(1, 0, 0), squareness=5)
    return [Part("base", side), Part("base", mirrored(side))]


def _plinth(plan: Plan) -> list[Part]:
    height = plan.height * 0.19
    return [Part("base", placed(rounded_box((plan.width, height, plan.depth - 0.02), 0.004), (0, height, 0)))]


BASES: dict[str, Callable[[Plan], list[Part]]] = {
    **dict.fromkeys(("tapered", "turned", "cylinder", "square", "splayed"), _legs),
    "hairpin": _hairpin,
    "sled": _sled,
    "cantilever": _cantilever,
    "pedestal": _pedestal,
    **dict.fromkeys(("star4", "star5"), _star),
    "rockers": _rockers,
    "feet": _feet,
    "sledfeet": _sledfeet,
    "plinth": _plinth,
}
