"""The parts of the "Lorelei" portraits (Lisa Wischofsky, CC0 1.0): read, choose, compose into an SVG.

A style definition is a JSON file of vector parts: a canvas that places components, components with named variants,
variants made of SVG elements whose fills are colours by name. The parts are data; composing them is done here.
"""

import hashlib
import json
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import numpy as np

from artmodels.errors import ArtModelsError, ConfigError

__all__ = ["Paint", "Style", "choose_parts", "compose", "fetch_style", "read_style"]

PACKAGE = "@dicebear/styles@10.6.0"
MEMBER = "package/src/lorelei.json"
SHA256 = "78551cff730ca5ad5661305c515ed67ae25177a121ef9cc41e10f630bac8961b"

# How often an optional part appears, in percent; the definition's own numbers are used for every other part.
PROBABILITY = {"beard": 4, "glasses": 12, "earrings": 15, "freckles": 8, "hairAccessories": 5}


@dataclass(frozen=True)
class Style:
    """A style definition: `canvas` elements and `components` (name to probability and variants)."""

    canvas: list[dict[str, Any]]
    components: dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Paint:
    """How one rendering colours the parts.

    Args:
        fills: colour name of the definition (and "white") to an SVG colour.
        strokes: component to the width of its outline in canvas units; components not named have none.
        stroke: colour of the outlines.
        behind, over: component to SVG drawn just before and just after it, in canvas coordinates.
    """

    fills: Mapping[str, str]
    strokes: Mapping[str, float] = field(default_factory=dict)
    stroke: str = "#000"
    behind: Mapping[str, str] = field(default_factory=dict)
    over: Mapping[str, str] = field(default_factory=dict)


def read_style(path: Path) -> Style:
    """Reads a style definition. Raises ConfigError if the file is none."""
    try:
        definition = json.loads(path.read_text(encoding="utf-8"))
        return Style(canvas=definition["canvas"]["elements"], components=definition["components"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"{path} is no style definition ({error}); expected JSON with canvas and components"
        ) from error


def fetch_style(folder: Path) -> Path:
    """Takes the published definition out of its npm package into `folder` and checks its SHA-256.

    Raises:
        ArtModelsError: npm is missing, the package cannot be fetched, or the file is not the expected one.
    """
    npm = shutil.which("npm")
    if npm is None:
        raise ArtModelsError(
            f"npm is not installed, so {PACKAGE} cannot be fetched; install it or pass --style lorelei.json"
        )
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        packed = subprocess.run(
            [npm, "pack", PACKAGE, "--silent"], cwd=scratch, capture_output=True, text=True, check=False
        )
        if packed.returncode != 0:
            raise ArtModelsError(
                f"npm pack {PACKAGE} failed ({packed.stderr.strip()[-200:]}); pass --style lorelei.json instead"
            )
        with tarfile.open(Path(scratch) / packed.stdout.strip().splitlines()[-1]) as archive:
            member = archive.extractfile(MEMBER)
            content = member.read() if member else b""
    if (digest := hashlib.sha256(content).hexdigest()) != SHA256:
        raise ArtModelsError(f"{MEMBER} of {PACKAGE} has SHA-256 {digest}, expected {SHA256}")
    path = folder / "lorelei.json"
    path.write_bytes(content)
    return path


def choose_parts(style: Style, generator: np.random.Generator) -> dict[str, str | None]:
    """Draws a variant of every component, None where an optional one stays away."""
    parts: dict[str, str | None] = {}
    for name, component in style.components.items():
        variants = list(component["variants"])
        weights = np.array([component["variants"][v].get("weight", 1) for v in variants], dtype=np.float64)
        choice = variants[int(generator.choice(len(variants), p=weights / weights.sum()))]
        shown = generator.random() * 100 < PROBABILITY.get(name, component.get("probability", 100))
        parts[name] = choice if shown else None
    return parts


def compose(style: Style, parts: Mapping[str, str | None], paint: Paint) -> str:
    """Writes the chosen parts as SVG elements in canvas coordinates (about 980 units wide and high)."""
    return "".join(_element(style, parts, paint, element, (0.0, 0.0)) for element in style.canvas)


def _element(
    style: Style, parts: Mapping[str, str | None], paint: Paint, element: dict[str, Any], origin: tuple[float, float]
) -> str:
    attributes = element.get("attributes") or {}
    if element["type"] == "component":
        return _component(style, parts, paint, element, origin)
    if element["name"] == "mask" or "mask" in attributes:
        return ""  # a see-through copy of the mouth on beards; the mouth is drawn over the beard instead
    written = "".join(f" {key}={quoteattr(_value(value, paint))}" for key, value in attributes.items())
    inside = "".join(_element(style, parts, paint, child, origin) for child in element.get("children", []))
    return f"<{element['name']}{written}>{inside}</{element['name']}>"


def _value(value: Any, paint: Paint) -> str:
    if isinstance(value, dict):
        return paint.fills[value["name"]]
    return paint.fills["white"] if value == "white" else str(value)


def _component(
    style: Style, parts: Mapping[str, str | None], paint: Paint, element: dict[str, Any], origin: tuple[float, float]
) -> str:
    name, variant = element["name"], parts.get(element["name"])
    if variant is None:
        return ""
    x, y = _translation(element)
    origin = (origin[0] + x, origin[1] + y)
    elements = sorted(style.components[name]["variants"][variant]["elements"], key=_is_over_beard)
    inside = "".join(_element(style, parts, paint, child, origin) for child in elements)
    width = paint.strokes.get(name, 0.0)
    stroke = f'stroke="{paint.stroke}" stroke-width="{width:.1f}" stroke-linejoin="round"' if width else 'stroke="none"'
    back = f'<g transform="translate({x - origin[0]:g} {y - origin[1]:g})">'
    behind = f"{back}{paint.behind[name]}</g>" if name in paint.behind else ""
    over = f"{back}{paint.over[name]}</g>" if name in paint.over else ""
    return f'{behind}<g transform="translate({x:g} {y:g})" {stroke}>{inside}</g>{over}'


def _is_over_beard(element: dict[str, Any]) -> bool:
    return element["type"] == "component" and element["name"] in ("mouth", "glasses")


def _translation(element: dict[str, Any]) -> tuple[float, float]:
    transform = (element.get("attributes") or {}).get("transform", "translate(0 0)")
    x, y = transform.removeprefix("translate(").removesuffix(")").replace(",", " ").split()
    return float(x), float(y)
