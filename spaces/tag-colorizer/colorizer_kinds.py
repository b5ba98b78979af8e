"""The colorizers that the page offers: a model each, with the bundled drawings and what each of them shows."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from artmodels import ConfigError, TagColorizer
from artmodels.colorizer.config import ColorizerConfig
from artmodels.hub import model_class_of, starter_names

__all__ = ["Example", "Kind", "named_kind", "starter_kinds"]

EXAMPLES = Path(__file__).parent / "examples"
FIRST = "colorizer-illustrations"
"""The starter that comes first."""
WAYS = {"attention": "part by part", "add": "as a whole"}
"""How the model takes a reference in, in a visitor's words."""


@dataclass(frozen=True)
class Example:
    """A bundled sketch, and what is asked of its colours: by a reference, by tags, by exact colours."""

    title: str
    sketch: Path
    reference: Path | None = None
    tags: Mapping[str, float] = field(default_factory=dict)
    colours: Mapping[str, str] = field(default_factory=dict)

    def tags_for(self, config: ColorizerConfig) -> dict[str, float]:
        """Its tags, those that a model knows and can set."""
        return {tag: strength for tag, strength in self.tags.items() if config.mapped and tag in config.tags}

    def colours_for(self, config: ColorizerConfig) -> dict[str, str]:
        """Its exact colours, those of groups in which a model can pin one."""
        pinned = {group.name for group in config.groups if config.mapped and len(group.colours) > 1}
        return {group: colour for group, colour in self.colours.items() if group in pinned}


@dataclass(frozen=True)
class Kind:
    """A model and what a visitor should know of it; shared by all visitors, and only ever read."""

    name: str
    model: TagColorizer
    seen: str
    examples: tuple[Example, ...]

    @property
    def title(self) -> str:
        return WAYS[self.model.config.receiving]


def named_kind(source: str) -> Kind:
    """Loads a model; the bundled drawings go with every one."""
    model, name = TagColorizer.from_pretrained(source), source.rstrip("/").rpartition("/")[2]
    told = json.loads((EXAMPLES / "examples.json").read_text(encoding="utf-8"))
    is_starter = source.removeprefix("artmodels/") in starter_names()
    seen = told["seen"] if is_starter else "Its own card says which pictures it has seen."
    return Kind(name, model, seen, tuple(map(example, told["examples"])))


def example(row: Mapping[str, object]) -> Example:
    """An example as `examples.json` tells of it, its files found beside that."""
    files = {name: EXAMPLES / str(row[name]) for name in ("sketch", "reference") if name in row}
    return Example(**{**row, **files})  # type: ignore[arg-type]


def starter_kinds() -> dict[str, Kind]:
    """Every starter that colours sketches, by name.

    Raises:
        ConfigError: there is none.
    """
    sources = [name for name in starter_names() if model_class_of(name) is TagColorizer]
    if not sources:
        raise ConfigError("no starter colours sketches here: name a model by ARTMODELS_COLORIZER_MODEL")
    sources.sort(key=lambda name: (not name.endswith(FIRST), name))
    return {kind.name: kind for kind in map(named_kind, sources)}
