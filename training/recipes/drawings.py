"""One drawing: its parts, garment and framing, rendered to a region map and ink that all of its colourings share."""

import hashlib
import io
import json
from functools import cached_property
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image

from training.recipes.garments import GARMENTS, garment_svg, neck_svg
from training.recipes.lorelei import Paint, Style, choose_parts, compose

__all__ = ["LINE_TEXTURES", "REGIONS", "Drawing", "Plan", "choose_plan", "draw"]

REGIONS = ("background", "hair", "skin", "eyes", "lips", "clothes", "accent", "white", "flower")
LINE_TEXTURES = ("clean", "pencil", "brush")

# What the index rendering tells apart before eyes and mouth are divided into ink and colour.
_ROLES = (
    "background", "hair", "skin", "ink", "brows", "accessory", "eye", "mouth", "clothes", "accent", "white", "flower",
)  # fmt: skip
# Colour names of the style definition to roles.
_ROLE_OF = {
    "outline": "ink", "nose": "ink", "freckles": "ink", "glasses": "accessory", "earrings": "accessory",
    "hair": "hair", "skin": "skin", "eyes": "eye", "eyebrows": "brows", "mouth": "mouth", "hairAccessories": "flower",
    "white": "white",
}  # fmt: skip
_CANVAS = 1070.0  # canvas units across the picture at zoom 1


class Plan(NamedTuple):
    """Everything that decides a drawing.

    Args:
        parts: component to variant, None where an optional one is absent.
        garment: name in GARMENTS.
        line_width: canvas units (a picture shows about 1070).
        line_texture: one of LINE_TEXTURES.
        zoom, shift, rotation, flip: the framing; shift in canvas units, rotation in degrees.
    """

    parts: dict[str, str | None]
    garment: str
    line_width: float
    line_texture: str
    zoom: float
    shift: tuple[float, float]
    rotation: float
    flip: bool

    @property
    def split(self) -> str:
        """ "test" for 5% of the compositions, by a hash of parts and garment, else "train"."""
        composition = json.dumps([sorted(self.parts.items()), self.garment])
        return "test" if int(hashlib.sha256(composition.encode()).hexdigest(), 16) % 20 == 0 else "train"


class Drawing:
    """A rendered drawing at working resolution; everything here is independent of colours.

    Attributes:
        regions: uint8 [S, S], indices into REGIONS; ink belongs to the region it outlines.
        line: float32 [S, S] in [0, 1], coverage by ink.
        brows, accessories: float32 [S, S] in [0, 1], the parts of the ink that are eyebrows, glasses and earrings.
        pupils, shine: float32 [S, S] in [0, 1].
        iris_depth: float32 [S, S], 0 at the top of an iris to 1 at its bottom.
        x, y: float32 [S, S], canvas coordinates of every pixel.
        unit: pixels per canvas unit.
        has_iris: False where the eyes are closed.
    """

    def __init__(self, style: Style, plan: Plan, resolution: int, noise_key: tuple[int, ...]) -> None:
        self.plan, self.resolution, self.noise_key = plan, resolution, noise_key
        self.unit = resolution * plan.zoom / _CANVAS
        roles = _role_map(style, plan, resolution)
        self.x, self.y = _canvas_coordinates(plan, resolution)
        self.brows, self.accessories = _soft(roles == _ROLES.index("brows")), _soft(roles == _ROLES.index("accessory"))
        eyes, mouth = roles == _ROLES.index("eye"), roles == _ROLES.index("mouth")
        iris, lips = _thick_part(eyes, 10 * self.unit, 3 * self.unit), _thick_part(mouth, 7 * self.unit, 3 * self.unit)
        self._divide_eyes(iris)
        self.has_iris = bool(iris.sum() > (20 * self.unit) ** 2)
        white = _eye_whites(eyes, iris) | (_holes(mouth) & (roles == _ROLES.index("skin")))
        self.regions = _owners(roles, iris, lips, white)
        rings = (iris & ~_eroded(iris, 3.5 * self.unit)) | (lips & ~_eroded(lips, 3 * self.unit))
        ink = np.maximum(_ink(style, plan, resolution), _soft((eyes & ~iris) | (mouth & ~lips) | rings))
        self.line = np.clip(_textured(np.maximum(ink, 0.9 * self.pupils), plan.line_texture, self) - self.shine, 0, 1)

    def mask(self, *names: str) -> np.ndarray:
        """float32 [S, S], 1 inside the named regions."""
        lookup = np.zeros(256, np.float32)
        lookup[[REGIONS.index(name) for name in names]] = 1
        return lookup[self.regions]

    @cached_property
    def foreground(self) -> np.ndarray:
        """float32 [S, S], 1 where there is no background."""
        return (self.regions > 0).astype(np.float32)

    def noise(self, cell: float, key: int) -> np.ndarray:
        """float32 [S, S], smooth noise in about [0, 1] with `cell` canvas units per value, fixed by the drawing."""
        count = max(2, int(_CANVAS / cell))
        values = np.random.default_rng([*self.noise_key, key]).random((count, count), dtype=np.float32)
        return cv2.resize(values, (self.resolution, self.resolution), interpolation=cv2.INTER_CUBIC)

    def _divide_eyes(self, iris: np.ndarray) -> None:
        """Sets pupils, shine and iris_depth from the mask of the irises."""
        zeros = np.zeros((self.resolution, self.resolution), np.float32)
        self.pupils, self.shine, self.iris_depth = zeros, zeros.copy(), zeros.copy()
        count, labels, boxes, centres = cv2.connectedComponentsWithStats(iris.astype(np.uint8), connectivity=4)
        for label in range(1, count):
            left, top, width, height, area = boxes[label]
            if area < (14 * self.unit) ** 2:
                continue
            window = (slice(top, top + height), slice(left, left + width))
            inside = labels[window] == label
            rows, columns = np.mgrid[top : top + height, left : left + width].astype(np.float32)
            x, y = columns - centres[label][0], rows - centres[label][1]
            pupil = np.clip(1.5 - (x / max(0.24 * width, 1)) ** 2 - (y / max(0.30 * height, 1)) ** 2, 0, 1)
            radius = max(2.0, 0.17 * min(width, height))
            shine = np.clip(radius + 0.7 - np.hypot(x + 0.16 * width, y + 0.2 * height), 0, 1)
            self.pupils[window] = np.maximum(self.pupils[window], pupil * inside)
            self.shine[window] = np.maximum(self.shine[window], shine * inside)
            self.iris_depth[window] = np.where(inside, (rows - top) / max(height, 1), self.iris_depth[window])


def choose_plan(style: Style, generator: np.random.Generator, line_widths: tuple[float, float]) -> Plan:
    """Draws parts, garment, line and framing at random."""
    return Plan(
        parts=choose_parts(style, generator),
        garment=str(generator.choice(list(GARMENTS))),
        line_width=float(generator.uniform(*line_widths)),
        line_texture=str(generator.choice(LINE_TEXTURES, p=(0.8, 0.08, 0.12))),
        zoom=float(generator.uniform(0.97, 1.06)),
        shift=(float(generator.uniform(-14, 14)), float(generator.uniform(-10, 10))),
        rotation=float(generator.uniform(-4, 4)),
        flip=bool(generator.random() < 0.5),
    )


def draw(style: Style, plan: Plan, size: int, noise_key: tuple[int, ...]) -> Drawing:
    """Renders a plan for pictures of `size` pixels: supersampled twice or more, at 256 pixels or more."""
    return Drawing(style, plan, size * max(2, -(-256 // size)), noise_key)


def _document(style: Style, plan: Plan, resolution: int, paint: Paint, *, crisp: bool) -> np.ndarray:
    """Renders the composed drawing: uint8 [S, S, 4]."""
    import resvg_py

    width = _CANVAS / plan.zoom
    left, top = 500 - width / 2 + plan.shift[0], -22 + plan.shift[1] + 0.3 * (_CANVAS - width)
    mirror = "translate(1000 0) scale(-1 1) " if plan.flip else ""
    rendering = ' shape-rendering="crispEdges"' if crisp else ""
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{left:.3f} {top:.3f} {width:.3f} {width:.3f}" '
        f'width="{resolution}" height="{resolution}" fill="none">'
        f'<g transform="{mirror}rotate({plan.rotation:.3f} 500 560)"'
        f"{rendering}>{compose(style, plan.parts, paint)}</g></svg>"
    )
    rendered = resvg_py.svg_to_bytes(svg_string=svg, skip_system_fonts=True)
    return np.asarray(Image.open(io.BytesIO(bytes(rendered))).convert("RGBA"))


def _paint(plan: Plan, colours: dict[str, str]) -> Paint:
    """Dresses the parts in a colour a role, with the garment and the neck around the head."""
    width, ink = plan.line_width, colours["ink"]
    behind = garment_svg(plan.garment, colours, ink, width, behind=True) + neck_svg(colours["skin"])
    return Paint(
        fills={name: colours[role] for name, role in _ROLE_OF.items()},
        strokes={"hair": width, "beard": 0.8 * width, "hairAccessories": 0.6 * width},
        stroke=ink,
        behind={"head": behind},
        over={"head": garment_svg(plan.garment, colours, ink, width, behind=False)},
    )


def _role_map(style: Style, plan: Plan, resolution: int) -> np.ndarray:
    """uint8 [S, S], indices into _ROLES, read from a rendering in flat index colours."""
    colours = {role: f"#{20 * index:02x}0000" for index, role in enumerate(_ROLES)}
    rendered = _document(style, plan, resolution, _paint(plan, colours), crisp=True)
    return np.where(rendered[..., 3] < 128, 0, (rendered[..., 0] + 10) // 20).astype(np.uint8)


def _ink(style: Style, plan: Plan, resolution: int) -> np.ndarray:
    """float32 [S, S] in [0, 1], anti-aliased coverage by lines; eyes and mouth are added from their masks."""
    colours = dict.fromkeys(_ROLES, "#ffffff") | dict.fromkeys(("ink", "brows", "accessory"), "#000000")
    rendered = _document(style, plan, resolution, _paint(plan, colours), crisp=False).astype(np.float32)
    return (rendered[..., 3] / 255) * (1 - rendered[..., 0] / 255)


def _canvas_coordinates(plan: Plan, resolution: int) -> tuple[np.ndarray, np.ndarray]:
    width = _CANVAS / plan.zoom
    steps = (np.arange(resolution, dtype=np.float32) + 0.5) * (width / resolution)
    x = steps[None] + (500 - width / 2 + plan.shift[0])
    y = steps[:, None] + (-22 + plan.shift[1] + 0.3 * (_CANVAS - width))
    x = (1000 - x if plan.flip else x) - 500
    y, angle = y - 560, np.deg2rad(-plan.rotation)
    cosine, sine = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    return x * cosine - y * sine + 500, x * sine + y * cosine + 560


def _owners(roles: np.ndarray, iris: np.ndarray, lips: np.ndarray, white: np.ndarray) -> np.ndarray:
    """Gives every inked pixel to the nearest coloured region, never to the background."""
    lookup = np.full(len(_ROLES), 255, np.uint8)
    for index, role in enumerate(_ROLES):
        if role in REGIONS:
            lookup[index] = REGIONS.index(role)
    regions = lookup[roles]
    for mask, name in ((white, "white"), (iris, "eyes"), (lips, "lips")):
        regions[mask] = REGIONS.index(name)
    unknown = regions == 255
    sources = ((regions == 0) | unknown).astype(np.uint8)
    _, nearest = cv2.distanceTransformWithLabels(sources, cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_PIXEL)
    owner = np.zeros(int(nearest.max()) + 1, np.uint8)
    known = sources == 0
    owner[nearest[known]] = regions[known]
    return np.where(unknown, owner[nearest], regions)


def _thick_part(mask: np.ndarray, thickness: float, margin: float) -> np.ndarray:
    """The part of a mask that is wider than twice `thickness` pixels: irises without lashes, lips without lines."""
    opened = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, _disc(thickness))
    return (cv2.dilate(opened, _disc(margin)) > 0) & mask


def _eye_whites(eyes: np.ndarray, iris: np.ndarray) -> np.ndarray:
    """What lies between lash and iris: each eye's convex hull beside its iris."""
    white = np.zeros(eyes.shape, np.uint8)
    _, labels = cv2.connectedComponents(eyes.astype(np.uint8), connectivity=8)
    for label in np.unique(labels[iris]):
        points = np.argwhere(labels == label)[:, ::-1].astype(np.int32)
        rows = np.flatnonzero((iris & (labels == label)).any(1))
        hull = np.zeros_like(white)
        cv2.fillConvexPoly(hull, cv2.convexHull(points), 1)
        hull[: rows[0]] = 0
        hull[rows[-1] + 1 :] = 0
        white |= hull
    return (white > 0) & ~eyes


def _holes(mask: np.ndarray) -> np.ndarray:
    """The pixels that a mask encloses."""
    outside = np.pad(mask.astype(np.uint8), 1)
    cv2.floodFill(outside, None, (0, 0), 2)
    return outside[1:-1, 1:-1] == 0


def _textured(ink: np.ndarray, texture: str, drawing: Drawing) -> np.ndarray:
    if texture == "pencil":  # grain of the paper: pale where it is deep
        grain = drawing.noise(8, 20)
        return ink * np.clip(1.2 - 0.7 * grain, 0.4, 1)
    if texture == "brush":  # pressure: lines swell and thin along their way
        pressure = 0.42 * (drawing.noise(90, 21) - 0.5)
        spread = cv2.GaussianBlur(ink, (0, 0), 4.5 * drawing.unit)
        return np.maximum(np.clip((spread - 0.42 + pressure) * 4 + 0.5, 0, 1), 0.35 * ink)
    return ink


def _disc(radius: float) -> np.ndarray:
    pixels = max(1, round(radius))
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * pixels + 1, 2 * pixels + 1))


def _eroded(mask: np.ndarray, radius: float) -> np.ndarray:
    return cv2.erode(mask.astype(np.uint8), _disc(radius)) > 0


def _soft(mask: np.ndarray) -> np.ndarray:
    return cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 0.7)
