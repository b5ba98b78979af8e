"""Three hundred environments, indoors and outdoors, and the white light under which colours are judged.

An environment is a smooth radiance from all around (zenith, horizon, ground, one side brighter than the other) and few
lamps: windows, bulbs, the sun. It is fixed to the viewer: x to the right, y up, z towards the eye. Values are linear
RGB; 1 is the radiance under which a white surface is just white.
"""

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["COUNT", "DOME", "WHITE", "Environment", "Lamp", "Lamps", "dome_weights", "environment", "spiral"]

Array = NDArray[np.floating[Any]]
COUNT = 300
"""Environments to choose from, as many as the paper has."""
DIRECTIONS = 60
LAMP_SAMPLES = 10
BRIGHTNESS = np.array([0.2126, 0.7152, 0.0722])


class Lamps(NamedTuple):
    """Directions from which lamps shine. directions: unit [L, 3]. colours: [L, 3] irradiance. sharpness: [L]."""

    directions: Array
    colours: Array
    sharpness: Array


@dataclass(frozen=True)
class Lamp:
    """A light source: unit direction, sharpness (1 / its angular variance), linear RGB irradiance."""

    direction: tuple[float, ...]
    sharpness: float
    colour: tuple[float, ...]


@dataclass(frozen=True)
class Environment:
    """Light from everywhere.

    place: "indoor", "outdoor" or "white". zenith, horizon, ground: radiance there, linear between by sine of elevation.
    side, side_colour: a direction from which that much more comes, and from the opposite one less.
    lamps: what shines besides. backdrop: colour of the plain backdrop and floor as the viewer sees them unshadowed.
    """

    place: str
    zenith: tuple[float, ...]
    horizon: tuple[float, ...]
    ground: tuple[float, ...]
    side: tuple[float, ...]
    side_colour: tuple[float, ...]
    sources: tuple[Lamp, ...]
    backdrop: tuple[float, ...]
    azimuth: float = 0.0

    def radiance(self, directions: Array) -> Array:
        """Light from the surroundings without the lamps; unit directions [..., 3] → [..., 3]."""
        local = directions @ _turn(self.azimuth)
        up = local[..., 1:2]
        horizon = np.array(self.horizon)
        sky = np.maximum(up, 0) * (np.array(self.zenith) - horizon) + np.maximum(-up, 0) * (self.ground - horizon)
        return np.maximum(horizon + sky + (local @ np.array(self.side))[..., None] * np.array(self.side_colour), 0)

    @property
    def lamps(self) -> Lamps:
        """Every lamp as a few directions, so that its shadows are soft."""
        directions = [_spread(lamp) @ _turn(self.azimuth).T for lamp in self.sources]
        return Lamps(
            np.concatenate([np.zeros((0, 3)), *directions]),
            np.repeat(np.array([lamp.colour for lamp in self.sources]).reshape(-1, 3) / LAMP_SAMPLES, LAMP_SAMPLES, 0),
            np.repeat([lamp.sharpness for lamp in self.sources], LAMP_SAMPLES).astype(float),
        )

    def facing(self, azimuth: float) -> "Environment":
        """The same light for a viewer at another azimuth, in the chair's own coordinates."""
        return replace(self, azimuth=azimuth)

    def irradiance(self, normals: Array) -> Array:
        """Light on unshadowed surfaces, as `gather_light` adds it up: [N, 3] → [N, 3]."""
        lamps = self.lamps
        dome = np.maximum(normals @ DOME.T, 0) @ dome_weights(self)
        return dome + np.maximum(normals @ lamps.directions.T, 0) @ lamps.colours


def spiral(count: int) -> Array:
    """Directions spread evenly over the sphere (Fibonacci spiral): unit [count, 3]."""
    height = 1 - (2 * np.arange(count) + 1) / count
    angle = np.arange(count) * np.pi * (3 - np.sqrt(5))
    around = np.sqrt(1 - height**2)
    return np.stack([around * np.cos(angle), height, around * np.sin(angle)], 1)


DOME = spiral(DIRECTIONS)
WHITE = Environment(
    "white",
    (1.16, 1.16, 1.16),
    (0.8, 0.8, 0.8),
    (0.44, 0.44, 0.44),
    (-0.8, 0.0, 0.6),
    (0.24, 0.24, 0.24),
    (),
    (0.95,) * 3,
)
"""White light, somewhat more of it from above and from the viewer's left: its irradiance is 0.8 + 2/3 of the rest."""


def dome_weights(environment: Environment) -> Array:
    """What each direction of DOME adds to the irradiance of a surface that faces it: [D, 3]."""
    return 4 / len(DOME) * environment.radiance(DOME)


def environment(number: int) -> Environment:
    """Environment 0 to COUNT - 1; even numbers are indoors. The same number is the same light in every data set."""
    rng = np.random.default_rng([77, number])
    make = _indoor(rng) if number % 2 == 0 else _outdoor(rng)
    return _exposed(make, rng.uniform(0.48, 1.0))


def _indoor(rng: np.random.Generator) -> Environment:
    wall, floor = _tint(rng, 0.45), _tint(rng, 0.45, hue=rng.uniform(0.02, 0.12))
    sources = []
    for _ in range(int(rng.integers(1, 3))):
        kind = rng.choice(["window", "window", "bulb", "coloured"], p=[0.35, 0.2, 0.35, 0.1])
        hue = {"window": rng.uniform(0.52, 0.62), "bulb": rng.uniform(0.06, 0.12)}.get(str(kind), rng.random())
        colour = _tint(rng, {"window": 0.15, "bulb": 0.4}.get(str(kind), 0.75), hue=hue)
        sharpness = rng.uniform(8, 25) if kind == "window" else rng.uniform(30, 90)
        low, high = (0.15, 0.8) if kind == "window" else (0.5, 1.2)
        direction = _direction(rng.uniform(-2.0, 2.0), rng.uniform(low, high))
        sources.append(Lamp(direction, sharpness, tuple(colour * rng.uniform(0.8, 2.2))))
    level = rng.uniform(0.15, 0.42)
    return Environment(
        "indoor", tuple(level * 1.2 * _tint(rng, 0.08)), tuple(level * wall), tuple(0.7 * level * floor),
        _direction(rng.uniform(-2, 2), 0.1), tuple(level * rng.uniform(0.1, 0.6) * _tint(rng, 0.3)),
        tuple(sources), tuple(wall),
    )  # fmt: skip


def _outdoor(rng: np.random.Generator) -> Environment:
    weather = str(rng.choice(["sunny", "overcast", "sunset", "shade", "dusk"], p=[0.36, 0.18, 0.2, 0.16, 0.1]))
    ground = _tint(rng, 0.4, hue=float(rng.choice([0.09, 0.12, 0.28, 0.33])))
    zenith_hue, zenith_depth, horizon_hue, horizon_depth, sun_hue, sun_depth, sun, height = {
        "sunny": (0.59, 0.6, 0.56, 0.2, 0.12, 0.15, rng.uniform(1.5, 2.8), rng.uniform(0.5, 1.15)),
        "overcast": (0.6, 0.08, 0.1, 0.03, 0.1, 0.02, rng.uniform(0.1, 0.3), rng.uniform(0.7, 1.3)),
        "sunset": (0.68, 0.45, 0.06, 0.5, 0.06, 0.6, rng.uniform(1.2, 2.2), rng.uniform(0.15, 0.4)),
        "shade": (0.5, 0.25, 0.27, 0.4, 0.15, 0.3, rng.uniform(0.1, 0.6), rng.uniform(0.6, 1.2)),
        "dusk": (0.64, 0.65, 0.72, 0.4, 0.08, 0.65, rng.uniform(0.3, 0.8), rng.uniform(0.3, 0.9)),
    }[weather]
    azimuth = rng.uniform(-2.3, 2.3)
    lamp = Lamp(_direction(azimuth, height), rng.uniform(80, 300), tuple(sun * _tint(rng, sun_depth, hue=sun_hue)))
    horizon = _tint(rng, horizon_depth, hue=horizon_hue)
    return Environment(
        "outdoor", tuple(0.8 * _tint(rng, zenith_depth, hue=zenith_hue)), tuple(0.8 * horizon), tuple(0.45 * ground),
        _direction(azimuth, 0.2), tuple(0.25 * horizon), (lamp,), tuple(horizon),
    )  # fmt: skip


def _exposed(made: Environment, level: float) -> Environment:
    """Scales the light so that upright and level surfaces get `level` on average, and sets the backdrop to match."""
    views = np.array([[0, 1.0, 0], [0, 0, 1.0], [-0.8, 0, 0.6], [0.8, 0, 0.6], [0, 0.7, 0.7]])
    light = made.irradiance(views)
    scale = level / float((light @ BRIGHTNESS).mean())
    tone = np.sqrt(_bright_one(light.mean(0)) * _bright_one(np.array(made.backdrop)))
    backdrop = np.clip(tone * (0.42 + 0.48 * (level - 0.48) / 0.52), 0, 0.95)

    def scaled(colour: tuple[float, ...]) -> tuple[float, ...]:
        return tuple(scale * value for value in colour)

    return replace(
        made,
        zenith=scaled(made.zenith),
        horizon=scaled(made.horizon),
        ground=scaled(made.ground),
        side_colour=scaled(made.side_colour),
        sources=tuple(replace(lamp, colour=scaled(lamp.colour)) for lamp in made.sources),
        backdrop=tuple(backdrop),
    )


def _bright_one(colour: Array) -> Array:
    return colour / float(colour @ BRIGHTNESS)


def _tint(rng: np.random.Generator, depth: float, *, hue: float | None = None) -> Array:
    """A colour of greatest value 1 whose saturation is at most `depth`, linear RGB."""
    angle = 2 * np.pi * ((rng.random() if hue is None else hue) - np.array([0, 1 / 3, 2 / 3]))
    wheel = np.clip(0.5 + np.cos(angle), 0, 1)
    return 1 - depth * rng.uniform(0.7, 1.0) * (1 - wheel / wheel.max())


def _direction(azimuth: float, elevation: float) -> tuple[float, float, float]:
    level = np.cos(elevation)
    return float(np.sin(azimuth) * level), float(np.sin(elevation)), float(np.cos(azimuth) * level)


def _spread(lamp: Lamp) -> Array:
    """Directions distributed as the lamp's light (von Mises and Fisher): [LAMP_SAMPLES, 3]."""
    share = (np.arange(LAMP_SAMPLES) + 0.5) / LAMP_SAMPLES
    along = 1 + np.log(1 - share * (1 - np.exp(-2 * lamp.sharpness))) / lamp.sharpness
    angle = np.arange(LAMP_SAMPLES) * np.pi * (3 - np.sqrt(5))
    axis = np.array(lamp.direction)
    first = np.cross(axis, [0.0, 0, 1] if abs(axis[2]) < 0.9 else [1.0, 0, 0])
    first /= np.linalg.norm(first)
    second = np.cross(axis, first)
    across = np.sqrt(1 - along**2)[:, None]
    return along[:, None] * axis + across * (np.cos(angle)[:, None] * first + np.sin(angle)[:, None] * second)


def _turn(azimuth: float) -> Array:
    """From viewer to chair: the viewer's z axis comes to lie at this azimuth."""
    sine, cosine = np.sin(azimuth), np.cos(azimuth)
    return np.array([[cosine, 0, sine], [0, 1, 0], [-sine, 0, cosine]])
