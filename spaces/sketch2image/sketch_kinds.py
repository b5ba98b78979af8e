"""What the page offers: the models that finish sketches, the sketchers, and the bundled pictures."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from artmodels import ConfigError, Sketcher, SketchToImage, Xdog
from artmodels.hub import model_class_of, starter_names

__all__ = ["PHOTOS", "Drawer", "Example", "Kind", "Models", "load_models", "named_kind", "starter_kinds"]

EXAMPLES = Path(__file__).parent / "examples"
FIRST = "sketch2image-illustrations"
"""The starter that comes first, and whose pictures stand in where a model brings none of its own."""
PHOTOS = {"coffee": EXAMPLES / "photos" / "coffee.webp", "cat": EXAMPLES / "photos" / "cat.webp"}
"""Bundled photographs, whose lines can be drawn."""

Drawer = Sketcher | Xdog


@dataclass(frozen=True)
class Example:
    """A bundled sketch, and the exemplars, by name, whose style it takes on."""

    title: str
    sketch: Path
    weights: Mapping[str, float]
    mixing: Literal["style", "stitch"] = "style"


@dataclass(frozen=True)
class Kind:
    """A model and what a visitor should know of it; shared by all visitors, and only ever read.

    exemplars: bundled pictures, by name: what each is called on the page, and its file.
    keep_lines: whether lines belong into its pictures.
    """

    name: str
    model: SketchToImage
    seen: str
    exemplars: Mapping[str, tuple[str, Path]]
    examples: tuple[Example, ...]
    keep_lines: bool

    @property
    def title(self) -> str:
        return self.name.removeprefix("sketch2image-")

    @property
    def refines(self) -> bool:
        """Whether its pictures are refined, which is also where a seed shows."""
        return self.model.config.refiner != "none"


@dataclass(frozen=True)
class Models:
    """All that the page shows the work of: what finishes sketches, and what draws the lines of pictures."""

    kinds: Mapping[str, Kind]
    drawers: tuple[Drawer, ...]


def load_models() -> Models:
    """Loads the starters, or the models that ARTMODELS_SKETCH2IMAGE_MODEL and ARTMODELS_SKETCHER_MODEL name.

    Raises:
        ArtModelsError: there is none that finishes sketches, or one cannot be loaded.
    """
    source, sketcher = (os.environ.get(f"ARTMODELS_{name}_MODEL") for name in ("SKETCH2IMAGE", "SKETCHER"))
    kinds = [named_kind(source)] if source else starter_kinds()
    sources = [sketcher] if sketcher else [name for name in starter_names() if model_class_of(name) is Sketcher]
    return Models({kind.name: kind for kind in kinds}, (*map(Sketcher.from_pretrained, sources), Xdog()))


def named_kind(source: str) -> Kind:
    """Loads a model with the pictures that are bundled for it, or else those of the first starter."""
    model, name = SketchToImage.from_pretrained(source), source.rstrip("/").rpartition("/")[2]
    is_bundled = source.startswith("artmodels/") and (EXAMPLES / name).is_dir()
    folder = EXAMPLES / (name if is_bundled else FIRST)
    told = json.loads((folder / "kind.json").read_text(encoding="utf-8"))
    seen = told["seen"] if is_bundled else "Its own card says which pictures it has seen."
    exemplars = {key: (title, folder / f"{key}.webp") for key, title in told["exemplars"].items()}
    examples = tuple(example(row, folder) for row in told["examples"])
    return Kind(name, model, seen, exemplars, examples, told["keep_lines"])


def example(row: Mapping[str, Any], folder: Path) -> Example:
    """An example as `kind.json` tells of it, its sketch found beside that."""
    return Example(**{**row, "sketch": folder / row["sketch"]})


def starter_kinds() -> list[Kind]:
    """Every starter that finishes sketches.

    Raises:
        ConfigError: there is none.
    """
    sources = [name for name in starter_names() if model_class_of(name) is SketchToImage]
    if not sources:
        raise ConfigError("no starter finishes sketches here: name a model by ARTMODELS_SKETCH2IMAGE_MODEL")
    sources.sort(key=lambda name: (not name.endswith(FIRST), name))
    return list(map(named_kind, sources))
