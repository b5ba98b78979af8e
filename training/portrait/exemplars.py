"""The pictures of a style: checked, aligned, and sorted by attributes."""

import json
from pathlib import Path

import torch

from artmodels.errors import ConfigError
from training.portrait.data import Portraits
from training.recipes.faces import Alignment, prepare_faces

__all__ = ["FEWEST", "attributes_of", "open_exemplars", "prepare_exemplars"]

FEWEST = 20  # pictures of a style, or of each of its attributes


def prepare_exemplars(
    pictures: Path, out: Path, size: int, *, alignment: Alignment, is_aligned: bool, jobs: int = 1
) -> str:
    """Writes the usable pictures of a folder into OUT as the recipe `faces` does.

    Args: is_aligned: takes the pictures as they are, where no detector would find the faces of a drawing.

    Returns: how many were usable, and why others were not, for a person.

    Raises:
        ConfigError, PictureError: as in `prepare_faces`.
    """
    layout = "aligned" if is_aligned else "photos"
    report = prepare_faces(pictures, out, size, layout=layout, alignment=alignment, test=0, jobs=jobs)
    usable, lost = report.drawn + report.kept, len(report.unusable)
    reasons = "".join(f"\n  {source}: {reason}" for source, reason in sorted(report.unusable.items()))
    return f"{usable} of {usable + lost} pictures are usable{reasons}"


def attributes_of(root: Path) -> tuple[str, ...]:
    """Names of the prepared pictures' folders, sorted; none where they lie in one folder or in none.

    Raises:
        ConfigError: some pictures lie in folders and others do not, or too few are of one attribute.
    """
    rows = [json.loads(line) for line in (root / "metadata.jsonl").read_text(encoding="utf-8").splitlines()]
    names = [row.get("attribute") for row in rows]
    known = sorted({name for name in names if name is not None})
    if known and None in names:
        loose = names.count(None)
        raise ConfigError(f"{loose} pictures lie beside the folders {', '.join(known)}: put all into folders")
    counts = {name: names.count(name) for name in known} if len(known) > 1 else {"usable ones": len(names)}
    few = next((name for name, count in counts.items() if count < FEWEST), None)
    if few is not None:
        raise ConfigError(
            f"a style needs {FEWEST} pictures, and {FEWEST} of each attribute: of {few} there are {counts[few]}"
        )
    return tuple(known) if len(known) > 1 else ()


def open_exemplars(root: Path, size: int, attributes: tuple[str, ...], device: torch.device) -> list[Portraits]:
    """The prepared pictures of each attribute, or all of them."""
    wanted: tuple[str | None, ...] = attributes or (None,)
    return [Portraits(root, size, split="train", attribute=name, device=device) for name in wanted]
