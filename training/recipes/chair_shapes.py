"""Builds a chair of solids from its plan: seat and arms here, back and base in their own files."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from training.recipes.chair_backs import back_bend, back_parts
from training.recipes.chair_bases import base_parts, leg
from training.recipes.chair_meshes import (
    Bend,
    Mesh,
    Part,
    bent,
    curve,
    cushion,
    filleted,
    joined,
    mirrored,
    placed,
    rounded_box,
    tube,
)
from training.recipes.chair_plans import Plan

__all__ = ["SLOTS", "Chair", "build", "chair_parts"]

SLOTS = ("seat", "back", "frame", "base", "arms", "castor")


class Chair(NamedTuple):
    """A whole chair: one mesh, and for each of its triangles the index in SLOTS whose material it has."""

    mesh: Mesh
    slots: NDArray[np.int64]


def build(plan: Plan) -> Chair:
    """Builds a planned chair; it stands on y = 0."""
    parts = chair_parts(plan)
    slots = [np.full(len(part.mesh.triangles), SLOTS.index(part.slot)) for part in parts]
    return Chair(joined([part.mesh for part in parts]), np.concatenate(slots))


def chair_parts(plan: Plan) -> list[Part]:
    """The solids of a chair; each touches another one."""
    return [*base_parts(plan), *SEATS[plan.seat](plan), *back_parts(plan), *ARMS[plan.arms](plan)]


def _tapered(plan: Plan) -> Bend:
    def taper(points: np.ndarray) -> np.ndarray:
        rear = np.clip(0.5 - points[:, 2] / (2 * plan.depth), 0, 1)
        wide = 1 - (1 - plan.taper) * rear
        return points * np.stack([wide, np.ones_like(wide), np.ones_like(wide)], 1)

    return taper


def _board(plan: Plan, smaller: float, half_height: float, radius: float, *, crown: float = 0.0) -> Mesh:
    """A slab of the seat's outline about the origin."""
    half = (plan.width - smaller, half_height, plan.depth - smaller)
    if plan.squareness:
        return bent(cushion(half, radius, squareness=plan.squareness, crown=crown), _tapered(plan))
    box = rounded_box(half, radius, cuts=8, steps=4)

    def swell(points: np.ndarray) -> np.ndarray:
        x, z = points[:, 0] / half[0], points[:, 2] / half[2]
        rise = crown * (points[:, 1] > 0) * np.maximum(1 - x**2, 0) * np.maximum(1 - z**2, 0)
        return points + np.stack([0 * x, rise, 0 * x], 1)

    return bent(bent(box, swell) if crown else box, _tapered(plan))


def _slab(plan: Plan) -> list[Part]:
    """A board, hollowed a little where one sits."""
    board = _board(plan, 0, plan.thickness, min(0.006, plan.thickness * 0.5))

    def hollow(points: np.ndarray) -> np.ndarray:
        x, z = points[:, 0] / plan.width, points[:, 2] / plan.depth
        depth = plan.dish * (points[:, 1] > 0) * np.maximum(1 - x**2, 0) * np.maximum(1 - z**2, 0)
        return points - np.stack([0 * x, depth, 0 * x], 1)

    return [Part("seat", placed(bent(board, hollow), (0, plan.height - plan.thickness, 0)))]


def _frame(plan: Plan) -> Part:
    return Part("frame", placed(_board(plan, 0, plan.thickness, 0.005), (0, plan.height - plan.thickness, 0)))


def _cushioned(plan: Plan) -> list[Part]:
    thick = 0.018 + 0.35 * plan.thickness
    pillow = _board(plan, 0.012, thick, thick * 0.95, crown=0.014)
    return [_frame(plan), Part("seat", placed(pillow, (0, plan.height + thick * 0.8, 0)))]


def _padded(plan: Plan) -> list[Part]:
    thick = 0.03 + 0.4 * plan.thickness
    pad = _board(plan, -0.006, thick, 0.024, crown=0.012)
    return [Part("seat", placed(pad, (0, plan.height - plan.thickness + thick * 0.5, 0)))]


def _woven(plan: Plan) -> list[Part]:
    mat = _board(plan, 0.03, 0.005, 0.004)
    return [_frame(plan), Part("seat", placed(mat, (0, plan.height, 0)))]


def _deep(plan: Plan) -> list[Part]:
    """The body of a lounge chair and the loose cushion on it."""
    low, high = 0.34 * plan.height, 0.72 * plan.height
    body = rounded_box((plan.width, (high - low) / 2, plan.depth), 0.015, cuts=2, steps=3)
    thick = (plan.height - high) / 2 + 0.01
    half = (plan.width - 0.026, thick, plan.depth - 0.01)
    pillow = bent(rounded_box(half, thick * 0.6, cuts=10, steps=4), lambda p: p + _pillow(p, half))
    return [
        Part("seat", placed(body, (0, (low + high) / 2, 0))),
        Part("seat", placed(pillow, (0, plan.height - thick, 0.012))),
    ]


def _pillow(points: np.ndarray, half: tuple[float, float, float]) -> np.ndarray:
    x, y, z = (points / half).T
    rise = 0.022 * np.maximum(1 - x**2, 0) * np.maximum(1 - z**2, 0) * (y > 0)
    return np.stack([0 * x, rise, 0 * x], 1)


def _shell(plan: Plan) -> list[Part]:
    """Seat and back in one bent sheet."""
    high, deep, back = plan.height, plan.depth, max(plan.back_height, 0.24)
    lean = np.sin(plan.tilt)
    knots = [(deep, high - 0.022), (0.5 * deep, high), (-0.4 * deep, high - 0.008), (-0.82 * deep, high + 0.035)]
    knots += [(-0.98 * deep - lean * back * t, high + 0.02 + 0.95 * back * t) for t in (0.28, 0.62, 1.0)]
    path = curve(knots, 160)
    length = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    place = np.linspace(0, 1, 160)
    spine = np.stack([np.interp(place * length[-1], length, path[:, axis]) for axis in range(2)], 1)
    tangent = np.gradient(spine, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    seat_share = length[np.searchsorted(-path[:, 0], 0.82 * deep)] / length[-1]
    narrow, lift = (0.95, 0.78, 0.62, 0.86)[plan.turning], 0.028 + 0.05 * plan.wrap
    half_length = length[-1] / 2

    def roll(points: np.ndarray) -> np.ndarray:
        along = np.clip(0.5 - points[:, 2] / (2 * half_length), 0, 1)
        ends = (1 - 0.93 * np.abs(2 * along - 1) ** 7) ** 0.3 * np.interp(along, [0, seat_share, 1], [0.95, 1, narrow])
        side = points[:, 0] / plan.width
        up = points[:, 1] + lift * side**2 * (0.25 + np.sin(np.pi * along) ** 2)
        z, y = (np.interp(along, place, spine[:, axis]) for axis in range(2))
        step_z, step_y = (np.interp(along, place, tangent[:, axis]) for axis in range(2))
        return np.stack([points[:, 0] * ends, y - up * step_z, z + up * step_y], 1)

    sheet = rounded_box((plan.width, 0.0065, half_length), 0.005, cuts=30)
    mount = rounded_box((plan.width * 0.7, 0.008, deep * 0.7), 0.004)
    return [
        Part("seat", bent(sheet, roll)),
        Part("base", placed(mount, (0, high - plan.thickness, 0))),
    ]


def _seat_edge(plan: Plan, z: float) -> float:
    """Half width of the seat at a depth."""
    taper = 1 - (1 - plan.taper) * (0.5 - z / (2 * plan.depth))
    # The outline is as wide at a share of its depth as it is deep at that share of its width.
    return plan.width * plan.reach(z / plan.depth) * taper


def _arm_ends(plan: Plan) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where the left arm meets the back, its front end, and the foot of its post in the seat."""
    up = plan.arm_height
    rear = back_bend(plan)(np.array([[plan.back_width, up, 0.0]]))[0]
    z = plan.depth * (0.5 if plan.squareness != 2.0 else 0.35)
    edge = _seat_edge(plan, z)
    front = np.array([edge + 0.02, plan.height - plan.thickness + up + 0.005, z + 0.035])
    return rear, front, np.array([edge - 0.016, plan.height - plan.thickness, z])


def _rail_arms(plan: Plan) -> list[Part]:
    rear, front, foot = _arm_ends(plan)
    middle = (rear + front) / 2 + [0.012, 0.006, 0]
    path = curve([rear, middle, front, front + np.array([0.004, -0.004, 0.03])], 16)
    wide = 0.013 + 0.012 * np.clip(np.linspace(0, 1.4, 16), 0, 1)
    arm = tube(path, wide, up=(0, 1, 0), thickness=0.48, squareness=3.5, sides=16)
    kind = plan.base if plan.base in ("square", "turned") else "cylinder"
    post = leg(kind, front - [0, 0.004, 0], foot, plan.post * 0.95, plan.turning)
    return [Part(slot, mesh) for slot, one in (("arms", arm), ("frame", post)) for mesh in (one, mirrored(one))]


def _bow_arms(plan: Plan) -> list[Part]:
    """One bent rail from hand to hand around the back, on short spindles."""
    rear, front, foot = _arm_ends(plan)
    middle = back_bend(plan)(np.array([[0.0, plan.arm_height, 0.0]]))[0] - [0, 0, 0.004]
    side = np.array([max(front[0], rear[0]) + 0.01, rear[1], 0.55 * rear[2] + 0.45 * front[2]])
    flip = np.array([-1, 1, 1])
    knots = [front * flip, side * flip, rear * flip, middle, rear, side, front]
    bow = tube(curve(knots, 60), 0.017, up=(0, 1, 0), thickness=0.55, squareness=3.5)
    parts = [Part("arms", bow)]
    for share in (0.0, 0.5):
        at = front + share * (side - front) + [0, -0.003, -0.015 * (share == 0)]
        z = foot[2] + share * (side[2] - foot[2])
        spindle = tube(curve([at, (_seat_edge(plan, z) - 0.018, foot[1], z)], 7), plan.post * 0.75)
        parts += [Part("frame", spindle), Part("frame", mirrored(spindle))]
    return parts


def _loop_arms(plan: Plan) -> list[Part]:
    rear, front, foot = _arm_ends(plan)
    wide = max(front[0], rear[0]) + 0.01
    corners = [
        (rear[0] - 0.02, front[1], rear[2] + 0.004),
        (wide, front[1], rear[2] + 0.03),
        (wide, front[1], front[2] + 0.03),
        (wide - 0.004, foot[1], foot[2]),
        (foot[0] - 0.05, foot[1], foot[2]),
    ]
    loop = tube(filleted(corners, 0.05), 0.0105, up=(0.5, 0.6, 0.62))
    return [Part("frame", loop), Part("frame", mirrored(loop))]


def _tee_arms(plan: Plan) -> list[Part]:
    low, high, out = plan.height - plan.thickness, plan.height + plan.arm_height, plan.width + 0.035
    post = tube(filleted([(plan.width * 0.55, low, -0.02), (out, low, -0.02), (out, high, -0.02)], 0.04), 0.02,
                up=(0, 0, 1), thickness=0.4, squareness=5, sides=16)  # fmt: skip
    pad = placed(rounded_box((0.03, 0.013, 0.12), 0.011, cuts=3, steps=3), (out, high, -0.005))
    return [Part(slot, mesh) for slot, one in (("frame", post), ("arms", pad)) for mesh in (one, mirrored(one))]


def _solid_arms(plan: Plan) -> list[Part]:
    low, high = 0.33 * plan.height, plan.height + 0.75 * plan.arm_height
    half = (0.048, (high - low) / 2, plan.depth)
    box = rounded_box(half, (0.012, 0.03, 0.046, 0.02)[plan.turning], cuts=6, steps=4)
    fall = 0.5 * plan.arm_height if plan.arms == "slope" else 0.0

    def slope(points: np.ndarray) -> np.ndarray:
        lower = fall * np.clip(points[:, 1] / half[1], 0, 1) * (0.5 + points[:, 2] / (2 * plan.depth)) ** 2
        return points - np.stack([0 * lower, lower, 0 * lower], 1)

    arm = placed(bent(box, slope), (plan.width + 0.018, (low + high) / 2, 0.004))
    return [Part("arms", arm), Part("arms", mirrored(arm))]


SEATS: dict[str, Callable[[Plan], list[Part]]] = {
    "slab": _slab, "cushion": _cushioned, "padded": _padded, "woven": _woven, "deep": _deep, "shell": _shell
}  # fmt: skip
ARMS: dict[str, Callable[[Plan], list[Part]]] = {
    "none": lambda plan: [], "rail": _rail_arms, "bow": _bow_arms, "loop": _loop_arms, "tee": _tee_arms,
    "solid": _solid_arms, "slope": _solid_arms,
}  # fmt: skip
