"""Finished pictures with a first sketch of each: what recipes share whose pictures come without any drawing.

`full` is the picture's middle square; `line` its drawn lines and colour borders (`line_extraction.py`). More sketches
are drawn beside them by hands that were learnt: `python -m training.sketch2image.draw_sketches`.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from artmodels.errors import ConfigError
from artmodels.images import load_picture
from training.recipes.line_extraction import drawn_lines
from training.recipes.picture_folders import Drawing, PictureFolder, Recipe, Report, prepare_stages, resized

__all__ = ["STAGES", "SketchedConfig", "draw_sketched", "middle_square", "prepare_sketched"]

STAGES = ("line", "full")

Notes = Callable[[Path], dict[str, Any]]


@dataclass(frozen=True)
class SketchedConfig:
    """size: side of the pictures in pixels; the paper's are 1024 a side, of which its auto-encoder sees 512."""

    size: int = 512

    def __post_init__(self) -> None:
        if not 16 <= self.size <= 2048:
            raise ConfigError(f"size must be 16 to 2048 pixels, not {self.size}")


def prepare_sketched(
    name: str, source: PictureFolder, out: Path, config: SketchedConfig, notes: Notes, *, test: int | None, jobs: int
) -> Report:
    """Writes OUT/line, OUT/full and OUT/metadata.jsonl.

    Args:
        notes: what belongs in a picture's row, from its path; picklable.
        test: number of test pictures; None for one in 32, by hash.

    Raises:
        ConfigError: the settings do not go together, or `out` holds something else.
        PictureError: not one picture could be used.
    """
    recipe = Recipe(name, asdict(config), STAGES, partial(draw_sketched, config=config, notes=notes))
    return prepare_stages(recipe, source, out, test=test, jobs=jobs)


def draw_sketched(path: Path, *, config: SketchedConfig, notes: Notes) -> Drawing:
    """Both stages of one picture; `line` is [size, size], `full` [size, size, 3].

    Raises:
        PictureError: it cannot be read.
    """
    full = resized(middle_square(np.asarray(load_picture(path))), config.size)
    return Drawing({"line": drawn_lines(full), "full": full}, notes(path))


def middle_square(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The middle of [H, W, C], its shorter side's square."""
    height, width = picture.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return picture[top : top + side, left : left + side]
