"""Wood, cloth, leather, paint, plastic, metal: colours, textures and gloss, and what each part of a chair gets."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from training.recipes.chair_plans import Plan

__all__ = ["Material", "choose_materials", "linear", "tone", "weave"]

Array = NDArray[np.floating[Any]]

WOODS = {
    "oak": "c9a06a", "ash": "ddc196", "beech": "d5a676", "walnut": "6b4630", "cherry": "9c5232", "teak": "a8703f",
    "ebony": "3d2f28", "pine": "e3c48c",
}  # fmt: skip
COLOURS = {
    "red": "b5302c", "coral": "e4725e", "orange": "e08a34", "mustard": "d9aa33", "olive": "87873f", "green": "4b8a55",
    "mint": "9ccfb8", "teal": "2e7d7e", "sky": "86b7dc", "blue": "3565a8", "navy": "27395f", "purple": "74519c",
    "pink": "e49bb0", "brown": "76503a", "sand": "d8c4a0", "cream": "efe6d0", "white": "f1f0ec", "grey": "8f9295",
    "charcoal": "44474b", "black": "29292c",
}  # fmt: skip
METALS = {"steel": "b4b8bd", "brass": "c9a24f", "copper": "c07a58", "black_metal": "303134", "white_metal": "e6e6e4"}
LEATHERS = {
    "tan": "b37a4a",
    "cognac": "8e4f2a",
    "black": "2d2a29",
    "oxblood": "6c2a2a",
    "cream": "dccdb2",
    "brown": "5b3e2d",
}


class Material(NamedTuple):
    """kind: wood, paint, cloth, leather, plastic, metal or cane. name: of the colour. colour, second: linear RGB.

    pattern: of the cloth. gloss: strength of highlights, shininess: their exponent. metal: share of mirrored light.
    """

    kind: str
    name: str
    colour: Array
    second: Array
    pattern: str
    gloss: float
    shininess: float
    metal: float


def choose_materials(plan: Plan, rng: np.random.Generator) -> dict[str, Material]:
    """Draws a material for every slot of a chair."""
    wood = _wood(rng) if rng.random() < 0.72 else _paint(rng)
    frame = _metal(rng) if plan.metal else wood
    hard = wood if not plan.metal or rng.random() < 0.5 else _plastic(rng)
    soft = _leather(rng) if rng.random() < 0.3 else _cloth(rng)
    is_soft = plan.back in ("pad", "channel", "tufted", "wing", "oval", "framed")
    seat = soft if plan.seat in ("cushion", "padded", "deep") else hard
    back = soft if is_soft else hard
    if plan.seat == "woven":
        seat = _cane(rng)
    if plan.back == "cane":
        back = _cane(rng)
    if plan.seat == "shell":
        seat = _plastic(rng) if rng.random() < 0.6 else hard
    arms = soft if plan.kind == "lounge" else (hard if plan.metal else wood)
    base = frame
    if plan.base in ("splayed", "feet", "plinth"):
        base = wood
    if plan.base in ("pedestal", "star5") and rng.random() < 0.5:
        base = _plastic(rng, ("white", "black", "grey", "charcoal"))
    upper = frame if plan.base != "splayed" else hard
    castor = _plastic(rng, ("black", "charcoal"))
    return {"seat": seat, "back": back, "frame": upper, "base": base, "arms": arms, "castor": castor}


def weave(material: Material, grain: Array) -> Array:
    """Colour of places in a material: [N, 3] metres, longest axis first → [N, 3] linear RGB."""
    along, across, deep = grain.T
    if material.kind == "wood":
        wander = 0.012 * np.sin(along * 9 + across * 20) + 0.006 * np.sin(along * 23 + deep * 31)
        rings = np.sin((across + deep * 0.7 + wander) * 230) * 0.6 + np.sin((across - deep + wander * 1.6) * 97) * 0.4
        streaks = 0.5 * np.sin((across * 1.3 + deep) * 610 + np.sin(along * 14) * 2)
        return material.colour * (1 + 0.1 * rings + 0.05 * streaks)[:, None]
    if material.kind == "leather":
        mottle = np.sin(along * 61 + np.sin(across * 47)) * np.sin(across * 53 + np.sin(along * 37 + deep * 20))
        return material.colour * (1 + 0.06 * mottle)[:, None]
    if material.kind == "cane":
        mesh = np.sin(along * 330) * np.sin(across * 330)
        return material.colour * (0.86 + 0.26 * np.tanh(2.5 * mesh))[:, None]
    if material.kind == "cloth":
        return _cloth_colour(material, along, across)
    return np.broadcast_to(material.colour, grain.shape)


def _cloth_colour(material: Material, along: Array, across: Array) -> Array:
    thread = 1 + 0.05 * np.sin(along * 700) * np.sin(across * 700)
    stripe = {
        "stripes": 0.5 + 0.5 * np.tanh(6 * np.sin(across * 150)),
        "checks": 0.25 * (2 + np.tanh(6 * np.sin(across * 110)) + np.tanh(6 * np.sin(along * 110))),
        "dots": 0.5 + 0.5 * np.tanh(8 * (np.sin(across * 130) * np.sin(along * 130) - 0.6)),
    }.get(material.pattern)
    mixed = (
        material.colour if stripe is None else material.colour + stripe[:, None] * (material.second - material.colour)
    )
    return mixed * thread[:, None]


def linear(code: str) -> Array:
    """Linear RGB [3] of a hexadecimal sRGB colour."""
    encoded = np.array([int(code[i : i + 2], 16) for i in (0, 2, 4)]) / 255
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def tone(light: Array) -> Array:
    """Linear light → sRGB in [0, 1]; what is brighter than 0.8 is rolled off instead of cut."""
    shoulder = 0.2
    over = np.maximum(light - 0.8, 0)
    soft = np.minimum(light, 0.8) + shoulder * (1 - np.exp(-over / shoulder))
    return np.where(soft <= 0.0031308, 12.92 * soft, 1.055 * np.maximum(soft, 1e-9) ** (1 / 2.4) - 0.055)


def _pick(rng: np.random.Generator, colours: Mapping[str, str]) -> tuple[str, Array]:
    name = str(rng.choice(list(colours)))
    return name, np.clip(linear(colours[name]) * (rng.uniform(0.85, 1.12) * rng.uniform(0.97, 1.03, 3)), 0, 0.92)


def _wood(rng: np.random.Generator) -> Material:
    name, colour = _pick(rng, WOODS)
    return Material("wood", name, colour, colour, "", rng.uniform(0.02, 0.07), 40.0, 0.0)


def _paint(rng: np.random.Generator) -> Material:
    name, colour = _pick(rng, COLOURS)
    return Material("paint", name, colour, colour, "", rng.uniform(0.03, 0.06), 50.0, 0.0)


def _plastic(rng: np.random.Generator, names: tuple[str, ...] = ()) -> Material:
    name, colour = _pick(rng, {name: COLOURS[name] for name in names or COLOURS})
    return Material("plastic", name, colour, colour, "", rng.uniform(0.04, 0.09), 90.0, 0.0)


def _metal(rng: np.random.Generator) -> Material:
    name, colour = _pick(rng, METALS)
    is_coated = name.endswith("metal")
    return Material("metal", name, colour, colour, "", 0.06 if is_coated else 0.25, 120.0, 0.15 if is_coated else 0.85)


def _leather(rng: np.random.Generator) -> Material:
    name, colour = _pick(rng, LEATHERS)
    return Material("leather", name, colour, colour, "", rng.uniform(0.04, 0.08), 30.0, 0.0)


def _cloth(rng: np.random.Generator) -> Material:
    name, colour = _pick(rng, COLOURS)
    pattern = str(rng.choice(["plain", "stripes", "checks", "dots"], p=[0.7, 0.14, 0.09, 0.07]))
    other = _pick(rng, COLOURS)[1]
    second = 0.45 * other + 0.55 * (np.full(3, 0.8) if colour.mean() < 0.3 else colour * 0.45)
    return Material("cloth", name, colour, second, pattern, 0.0, 0.0, 0.0)


def _cane(rng: np.random.Generator) -> Material:
    colour = linear(str(rng.choice(["d9bd8b", "c79f63", "e5d3ab"])))
    return Material("cane", "cane", colour, colour, "", 0.02, 30.0, 0.0)
