"""The kinds of artwork that the page can edit: a model each, with its bundled pictures and what each of them shows."""

import json
from dataclasses import dataclass
from pathlib import Path

from artmodels import WorkflowEditor
from artmodels.hub import model_class_of, starter_names
from artmodels.images import load_picture
from artmodels.workflow.model import Edit

__all__ = ["Example", "Kind", "named_kind", "starter_kinds"]

EXAMPLES = Path(__file__).parent / "examples"
FIRST = "workflow-illustrations"
"""The starter that comes first, and whose pictures stand in where a model brings none of its own."""
BALANCE = 0.5
"""Where the dial stands for a model that has learnt the balance; others open free, which asks for no features."""


@dataclass(frozen=True)
class Example:
    """A bundled picture and the change that it is there to show: by seed, by a drawn stage, or none."""

    title: str
    file: Path
    stage: int = 0
    seed: int | None = None
    picture: Path | None = None

    def edit(self, model: WorkflowEditor) -> Edit | None:
        """The change in the model's own terms."""
        stage = model.config.stages[self.stage]
        if self.picture is not None:
            return Edit(stage, picture=load_picture(self.picture))
        return None if self.seed is None else Edit(stage, seed=self.seed)


@dataclass(frozen=True)
class Kind:
    """A model and what a visitor should know of it; shared by all visitors, and only ever read."""

    name: str
    model: WorkflowEditor
    seen: str
    examples: tuple[Example, ...]

    @property
    def title(self) -> str:
        return self.name.removeprefix("workflow-")

    @property
    def dial(self) -> float:
        """Where the dial from free (0) to faithful (1) stands at first."""
        return BALANCE if self.model.config.regularised else 0.0


def named_kind(source: str) -> Kind:
    """Loads a model with the pictures that are bundled for it, or else those of the first starter."""
    model, name = WorkflowEditor.from_pretrained(source), source.rstrip("/").rpartition("/")[2]
    is_bundled = source.startswith("artmodels/") and (EXAMPLES / name).is_dir()
    folder = EXAMPLES / (name if is_bundled else FIRST)
    told = json.loads((folder / "kind.json").read_text(encoding="utf-8"))
    rows = [
        {**row, "file": folder / row["file"]} | ({"picture": folder / row["picture"]} if "picture" in row else {})
        for row in told["examples"]
    ]
    seen = told["seen"] if is_bundled else "Its own card says which pictures it has seen."
    return Kind(name, model, seen, tuple(Example(**row) for row in rows))


def starter_kinds() -> dict[str, Kind]:
    """Every starter that edits workflows, by name."""
    sources = [name for name in starter_names() if model_class_of(name) is WorkflowEditor]
    sources.sort(key=lambda name: (not name.endswith(FIRST), name))
    return {kind.name: kind for kind in map(named_kind, sources)}
