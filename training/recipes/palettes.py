"""The colours of a portrait: named palettes, jitter, and one colouring drawn at random."""

import colorsys
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

__all__ = ["BACKDROPS", "PATTERNS", "RGB", "Colouring", "Pattern", "choose_colouring", "line_tone"]

RGB = tuple[int, int, int]

HAIR = {
    "black": "4a4858", "brown": "74503a", "light_brown": "a9744a", "blonde": "e3bd66", "red": "b23c30",
    "orange": "e5833f", "pink": "f199b8", "purple": "8a63bd", "blue": "4a6fcb", "aqua": "58b7c6", "green": "5fae6b",
    "silver": "c3c8d4", "white": "eeeaf0",
}  # fmt: skip
SKIN = {"pale": "ffe6d6", "light": "fbd3b4", "tan": "e3ab80", "brown": "b87a51", "dark": "8a5534"}
EYES = {
    "brown": "7a5030", "blue": "2f74c0", "green": "3f9f5b", "purple": "8450ba", "red": "c63d33", "yellow": "dca02c",
    "aqua": "2ea6ad", "grey": "707a88",
}  # fmt: skip
CLOTHES = {
    "red": "cc4640", "orange": "e8923f", "yellow": "f1cd52", "green": "5bab62", "teal": "3c9490", "blue": "4a7ccf",
    "purple": "7d5cb4", "pink": "e98fb4", "white": "f5f2ec", "black": "4c4e5b", "brown": "8d6b4d", "grey": "9aa0aa",
}  # fmt: skip
BACKGROUND = {
    "white": "fbfaf7", "blue": "bfdcf5", "green": "cbe8c4", "pink": "f9d3dd", "yellow": "fdeeb4", "purple": "dacdf0",
    "orange": "fbd6b0", "aqua": "bfe8e6", "grey": "d5d8de", "red": "f0a59b", "dark": "4b5066",
}  # fmt: skip
FLOWER = {name: CLOTHES[name] for name in ("pink", "yellow", "white", "red")}
LIPS = {"lips": "b2434a"}
SECOND_BACKGROUND = {name: value for name, value in BACKGROUND.items() if name not in ("dark", "red")}

PATTERNS = ("plain", "striped", "dotted", "checked")
BACKDROPS = ("gradient", "spot", "rays", "dots", "bands", "bokeh")
WHITE: RGB = (253, 252, 250)
INK: RGB = (33, 28, 38)


class Pattern(NamedTuple):
    """The clothes' pattern: its kind (one of PATTERNS), RGB, period in canvas units and angle in radians."""

    kind: str
    colour: RGB
    period: float
    angle: float


class Colouring(NamedTuple):
    """One colouring of a drawing: names for the tags, exact colours for the pictures.

    Args:
        names: region to the name of its colour.
        colours: region to RGB.
        pattern: of the clothes.
        backdrop: of the full picture; one of BACKDROPS.
        second_background: RGB of what the backdrop adds.
        light_from_left: the side the light comes from.
        blush: strength in [0, 1].
        ink: RGB of the lines in the full picture.
    """

    names: dict[str, str]
    colours: dict[str, RGB]
    pattern: Pattern
    backdrop: str
    second_background: RGB
    light_from_left: bool
    blush: float
    ink: RGB


def choose_colouring(generator: np.random.Generator, *, can_be_patterned: bool) -> Colouring:
    """Draws a colouring from the palettes."""
    names, colours = {}, {}
    palettes = {"background": BACKGROUND, "hair": HAIR, "skin": SKIN, "eyes": EYES, "lips": LIPS, "clothes": CLOTHES}
    for region, palette in palettes.items():
        names[region], colours[region] = _draw(generator, palette, gentle=region == "skin")
    accents = {name: value for name, value in CLOTHES.items() if name != names["clothes"]}
    names["accent"], colours["accent"] = _draw(generator, accents)
    names["flower"], colours["flower"] = _draw(generator, FLOWER)
    colours["white"] = WHITE
    pattern = _choose_pattern(generator, colours)
    is_neutral_ink = generator.random() < 0.7
    return Colouring(
        names=names,
        colours=colours,
        pattern=pattern if can_be_patterned else pattern._replace(kind="plain"),
        backdrop=str(generator.choice(BACKDROPS)),
        second_background=_draw(generator, SECOND_BACKGROUND)[1],
        light_from_left=bool(generator.random() < 0.5),
        blush=float(generator.uniform(0.18, 0.42)),
        ink=INK if is_neutral_ink else _rgb(0.24 * channel / 255 for channel in colours["hair"]),
    )


def _choose_pattern(generator: np.random.Generator, colours: Mapping[str, RGB]) -> Pattern:
    kind = str(generator.choice(PATTERNS, p=(0.57, 0.15, 0.14, 0.14)))
    lighter = _rgb(0.72 * channel / 255 + 0.28 for channel in colours["clothes"])
    return Pattern(
        kind=kind,
        colour=colours["accent"] if generator.random() < 0.6 else lighter,
        period=float(generator.uniform(48, 72)),
        angle=float(generator.choice((0, np.pi / 2, 0.5, -0.5) if kind == "striped" else (0, 0, np.pi / 4, 0))),
    )


def line_tone(colours: np.ndarray) -> np.ndarray:
    """The colour of lines inside flat colours [..., 3] in [0, 1]: 0.55 times the local colour, same hue.

    White gets a light grey-violet, and dark colours a stronger step, so that lines stay visible in both.
    """
    brightest, darkest = colours.max(-1, keepdims=True), colours.min(-1, keepdims=True)
    factor = 0.55 - 0.15 * np.clip((0.45 - brightest) / 0.2, 0, 1)
    whiteness = np.clip((darkest - 0.82) / 0.1, 0, 1)
    violet = np.array([0.68, 0.66, 0.76], dtype=colours.dtype)
    return (colours * (factor * (1 - whiteness) + violet * whiteness)).astype(colours.dtype)


def _draw(generator: np.random.Generator, palette: Mapping[str, str], *, gentle: bool = False) -> tuple[str, RGB]:
    name = str(generator.choice(list(palette)))
    return name, _jitter(generator, palette[name], 0.5 if gentle else 1.0)


def _jitter(generator: np.random.Generator, colour: str, amount: float) -> RGB:
    hue, saturation, value = colorsys.rgb_to_hsv(*(int(colour[i : i + 2], 16) / 255 for i in (0, 2, 4)))
    hue_step, saturation_step, value_step = generator.uniform(-amount, amount, 3) * (0.012, 0.07, 0.05)
    saturation = min(1.0, max(0.0, saturation + saturation_step * (0.3 + saturation)))
    return _rgb(colorsys.hsv_to_rgb((hue + hue_step) % 1, saturation, min(1.0, max(0.0, value + value_step))))


def _rgb(channels: Iterable[float]) -> RGB:
    red, green, blue = (round(255 * float(channel)) for channel in channels)
    return red, green, blue
