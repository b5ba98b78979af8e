"""Backs of chairs, drawn flat and then bent around the sitter as a whole, so that nothing comes apart.

A flat back lies in x (across) and y (up from the middle of the seat's slab); z is its thickness, to the front.
"""

from collections.abc import Callable

import numpy as np

from training.recipes.chair_meshes import Bend, Mesh, Part, bent, curve, cushion, mirrored, placed, rounded_box, tube
from training.recipes.chair_plans import Plan

__all__ = ["back_bend", "back_parts"]


def back_parts(plan: Plan) -> list[Part]:
    """Builds the back in its place."""
    bend = back_bend(plan)
    return [Part(slot, bent(mesh, bend)) for slot, mesh in BACKS[plan.back](plan)]


def back_bend(plan: Plan) -> Bend:
    """Where the points of the flat back lie on the chair: tilted, wrapped, leaning and widened as planned."""
    is_round = plan.squareness == 2.0 and plan.seat != "shell"
    inset = plan.leg * 1.2
    wrap = (plan.rear + plan.depth - inset) / plan.back_width**2 if is_round else plan.wrap
    start = inset - plan.depth if is_round else plan.rear
    base = plan.height - plan.thickness
    sine, cosine = np.sin(plan.tilt), np.cos(plan.tilt)

    def bend(points: np.ndarray) -> np.ndarray:
        across, flat_up, front = points.T
        rise = plan.arch * np.maximum(1 - (across / plan.back_width) ** 2, 0)
        up = flat_up + rise * np.clip(flat_up / plan.back_height, 0, 1.1)
        # On a straight rear edge the back starts straight too, and wraps above it.
        curved = wrap * across**2 * (1.0 if is_round else np.clip(up / 0.15, 0, 1))
        x = across * (1 + plan.flare * np.maximum(up, 0))
        y = base + up * cosine + front * sine
        z = start - up * sine - plan.lean * np.maximum(up, 0) ** 2 + curved + front * cosine
        return np.stack([x, y, z], 1)

    return bend


def _posts(plan: Plan, top: float) -> list[Part]:
    path = curve([(plan.back_width, 0, 0), (plan.back_width, top, 0)], 9)
    square = 6.0 if plan.base == "square" else 2.0
    post = tube(path, np.linspace(1.1, 0.8, 9) * plan.post, squareness=square, sides=16 if square > 2 else 12)
    return [Part("frame", post), Part("frame", mirrored(post))]


def _rail(plan: Plan, y: float, half_height: float, *, thick: float = 0.009, over: float = 0.0,
          slot: str = "frame") -> Part:  # fmt: skip
    """A board across the back; `over` is how far it stands out beyond the posts."""
    board = rounded_box((plan.back_width + over, half_height, thick), min(0.006, half_height * 0.9), cuts=10)
    return Part(slot, placed(board, (0, y, 0)))


def _slats(plan: Plan) -> list[Part]:
    top, low = plan.back_height, plan.gap
    parts = [*_posts(plan, top), _rail(plan, top - 0.02, 0.03, thick=0.012, over=0.02), _rail(plan, low, 0.014)]
    inner = plan.back_width - plan.post
    pitch = 2 * inner / plan.count
    half = pitch * (0.22 + 0.1 * (plan.turning % 3))
    for place in range(plan.count):
        x = -inner + (place + 0.5) * pitch
        slat = rounded_box((half, (top - low) / 2, 0.005), 0.003, cuts=4)
        parts.append(Part("back", placed(slat, (x, (top + low) / 2 - 0.01, 0))))
    return parts


def _spindles(plan: Plan) -> list[Part]:
    top, count = plan.back_height, plan.count + 2
    crest = _rail(plan, top, 0.03, thick=0.011, over=0.03)
    inner = plan.back_width - plan.post
    parts = [*_posts(plan, top), crest]
    for x in np.linspace(-inner, inner, count + 2)[1:-1]:
        path = curve([(0.82 * x, 0.0, 0), (x, top, 0)], 9)
        swell = 1 + 0.5 * np.sin(np.linspace(0, np.pi, 9)) * (plan.turning % 2)
        parts.append(Part("frame", tube(path, 0.0062 * swell, sides=10)))
    return parts


def _hoop_path(plan: Plan, scale: float = 1.0, count: int = 40) -> np.ndarray:
    half, top = plan.back_width * scale, plan.back_height * (scale + 0.08 * (scale < 1))
    angle = np.linspace(0, np.pi, count)
    x = half * np.sign(np.cos(angle)) * np.abs(np.cos(angle)) ** 0.62
    y = top * np.sin(angle) ** 0.75
    return np.stack([x, y, 0 * x], 1)


def _bow(path: np.ndarray, radius: float) -> Mesh:
    """A bent rod; its points are spread evenly first."""
    length = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    even = np.linspace(0, length[-1], 44)
    return tube(np.stack([np.interp(even, length, path[:, axis]) for axis in range(3)], 1), radius)


def _hoop(plan: Plan) -> list[Part]:
    path = _hoop_path(plan)
    parts = [Part("frame", _bow(path, plan.post))]
    if plan.turning % 2:
        return [*parts, Part("frame", _bow(_hoop_path(plan, 0.62), plan.post * 0.85))]
    rising = path[len(path) // 2 :][::-1]
    for x in np.linspace(-0.8, 0.8, plan.count + 1) * plan.back_width:
        top = float(np.interp(-abs(x), rising[:, 0], rising[:, 1]))
        parts.append(Part("frame", tube(curve([(0.7 * x, 0, 0), (x, top, 0)], 9), 0.006, sides=10)))
    return parts


def _ladder(plan: Plan) -> list[Part]:
    count = max(2, min(plan.count, round(plan.back_height / 0.1)))
    heights = np.linspace(plan.gap + 0.03, plan.back_height - 0.035, count)
    half = min(0.3 * (heights[1] - heights[0]), 0.03)
    parts = _posts(plan, plan.back_height + 0.02)
    return parts + [_rail(plan, float(y), half, thick=0.007, slot="back") for y in heights]


def _panel(plan: Plan) -> list[Part]:
    low, top = plan.gap, plan.back_height
    half = (top - low) / 2
    board = _upright((plan.back_width + 0.012, half, 0.008), 0.007, squareness=(5.0, 8.0, 3.5, 12.0)[plan.turning])
    return [*_supports(plan, low + half), Part("back", placed(board, (0, low + half, 0.006)))]


def _upright(half: tuple[float, float, float], radius: float, *, squareness: float, crown: float = 0.0) -> Mesh:
    """A cushion that stands: half width, half height, half thickness; its crown to the front."""
    lying = cushion((half[0], half[2], half[1]), radius, squareness=squareness, crown=crown)
    return bent(lying, lambda p: np.stack([p[:, 0], -p[:, 2], p[:, 1]], 1))


def _supports(plan: Plan, top: float) -> list[Part]:
    """What holds a board or a cushion: two posts behind it, or one spine; a lounge chair's stands in its body."""
    if plan.kind == "lounge":
        return []
    if plan.base not in ("star5", "star4", "pedestal"):
        return _posts(plan, top)
    path = curve([(0, -0.012, 0.12), (0, -0.008, 0.0), (0, 0.05, -0.02), (0, top, -0.012)], 12)
    return [Part("frame", tube(path, 0.03, thickness=0.3, up=(0, 0.3, 1), squareness=5, sides=16))]


def _splat(plan: Plan) -> list[Part]:
    top, low = plan.back_height, 0.05
    half = (top - low) / 2
    board = rounded_box((0.05, half, 0.005), 0.003, cuts=12)

    def waist(points: np.ndarray) -> np.ndarray:
        place = points[:, 1] / half
        wide = 1 + 0.42 * np.sin(2.6 * place + 0.6 + 0.5 * plan.turning) + 0.25 * place**2
        return points * np.stack([wide, np.ones_like(wide), np.ones_like(wide)], 1) + [0, (top + low) / 2 - 0.01, 0]

    rails = [_rail(plan, top - 0.01, 0.03, thick=0.012, over=0.02), _rail(plan, low, 0.013)]
    return [*_posts(plan, top), *rails, Part("back", bent(board, waist))]


def _cross(plan: Plan) -> list[Part]:
    top, low = plan.back_height, plan.gap
    rails = [_rail(plan, top - 0.015, 0.026, thick=0.011, over=0.015), _rail(plan, low, 0.014)]
    path = [(-plan.back_width, low, 0), (0, (top + low) / 2 - 0.01, 0.004), (plan.back_width, top - 0.02, 0)]
    bar = tube(curve(path, 14), 0.011, thickness=0.5, squareness=4)
    return [*_posts(plan, top), *rails, Part("frame", bar), Part("frame", mirrored(bar))]


def _framed(plan: Plan) -> list[Part]:
    top, low = plan.back_height, plan.gap
    half = (top - low) / 2
    rails = [_rail(plan, top - 0.01, 0.024, thick=0.012), _rail(plan, low, 0.017, thick=0.011)]
    is_woven = plan.back == "cane"
    inset = (plan.back_width - 0.004, half - 0.004, 0.003 if is_woven else 0.017)
    filling = _upright(inset, 0.003 if is_woven else 0.014, squareness=12, crown=0.0 if is_woven else 0.012)
    middle = placed(filling, (0, (top + low) / 2, 0 if is_woven else 0.004))
    return [*_posts(plan, top), *rails, Part("back", middle)]


def _pad(plan: Plan) -> list[Part]:
    low, top = _lowest(plan), plan.back_height
    half, thick = (top - low) / 2, 0.026 if plan.kind != "lounge" else 0.06
    shape = (4.0, 6.0, 3.0, 10.0)[plan.turning]
    pad = _upright((plan.back_width + 0.014, half, thick), thick * 0.9, squareness=shape, crown=0.018)
    return [*_supports(plan, low + half), Part("back", placed(pad, (0, low + half, thick * 0.6)))]


def _lowest(plan: Plan) -> float:
    """Where a cushion of the back begins; a lounge chair's reaches down into its body."""
    return 0.5 * plan.gap if plan.kind != "lounge" else -0.14


def _oval(plan: Plan) -> list[Part]:
    """An oval cushion in an oval frame, as of a medallion chair."""
    low, half = plan.gap * 0.7, plan.back_height / 2
    middle = low + half
    angle = np.linspace(0, 2 * np.pi, 49)
    ring = np.stack([plan.back_width * np.cos(angle), middle + half * np.sin(angle), 0 * angle], 1)
    frame = tube(ring, 0.017, up=(0, 0, 1), thickness=0.8, squareness=3)
    pad = _upright((plan.back_width - 0.008, half - 0.008, 0.016), 0.015, squareness=2, crown=0.016)
    stems = tube(curve([(0.55 * plan.back_width, 0, 0), (0.62 * plan.back_width, low + 0.14 * half, 0)], 5), plan.post)
    parts = [Part("frame", frame), Part("frame", stems), Part("frame", mirrored(stems))]
    return [*parts, Part("back", placed(pad, (0, middle, 0)))]


def _channel(plan: Plan) -> list[Part]:
    low, top = _lowest(plan), plan.back_height
    half, count = (top - low) / 2, plan.count
    each = plan.back_width / count
    parts = _supports(plan, low + half)
    for place in range(count):
        x = -plan.back_width + (2 * place + 1) * each
        roll = rounded_box((each * 1.04, half, 0.035), 0.034, cuts=5, steps=4)
        parts.append(Part("back", placed(roll, (x, low + half, 0.02))))
    return parts


def _tufted(plan: Plan) -> list[Part]:
    low, top = _lowest(plan), plan.back_height
    half, thick = (top - low) / 2, 0.036 if plan.kind != "lounge" else 0.055
    knots = [
        (x, y)
        for row, y in enumerate(np.linspace(-0.55, 0.55, 3) * half)
        for x in np.linspace(-0.6, 0.6, 3 if row % 2 == 0 else 4) * plan.back_width
    ]

    def press(points: np.ndarray) -> np.ndarray:
        is_front = np.clip(points[:, 2] / thick, 0, 1)
        depth = sum(np.exp(-((points[:, 0] - x) ** 2 + (points[:, 1] - y) ** 2) / 0.0011) for x, y in knots)
        return points - np.outer(0.018 * is_front * depth, [0, 0, 1])

    pad = rounded_box((plan.back_width + 0.012, half, thick), thick * 0.8, cuts=26, steps=4)
    soft = bent(pad, lambda p: press(p + np.outer(0.02 * np.clip(p[:, 2] / thick, 0, 1), [0, 0, 1])))
    ball = cushion((0.011, 0.008, 0.011), 0.008, squareness=2)
    front = bent(ball, lambda p: np.stack([p[:, 0], -p[:, 2], p[:, 1]], 1))
    shift = np.array([0, low + half, thick * 0.5])
    buttons = [Part("back", placed(front, shift + np.array([x, y, thick + 0.004]))) for x, y in knots]
    return [*_supports(plan, low + half), Part("back", placed(soft, shift)), *buttons]


def _wing(plan: Plan) -> list[Part]:
    pad = _pad(plan)[-1]
    half = plan.back_height * 0.36
    wing = rounded_box((0.03, half, 0.085), 0.028, cuts=4, steps=4)
    left = placed(wing, (plan.back_width + 0.012, plan.back_height - half * 1.02, 0.1))
    return [pad, Part("back", left), Part("back", mirrored(left))]


BACKS: dict[str, Callable[[Plan], list[Part]]] = {
    "slats": _slats, "spindles": _spindles, "hoop": _hoop, "ladder": _ladder, "panel": _panel, "splat": _splat,
    "cross": _cross, "cane": _framed, "framed": _framed, "pad": _pad, "oval": _oval, "channel": _channel,
    "tufted": _tufted, "wing": _wing, "shell": lambda plan: [],
}  # fmt: skip
