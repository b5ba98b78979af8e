"""A few drawings in one manner, redrawn from clean line art: what a sketcher's hand is taught by.

    python -m training.recipes.drawing_sets --source illustrations/line --out data/drawings --count 20

writes one folder for each manner: `ink/` as drawn, `fineliner/` of one thin stroke, `marker/` broad, `pencil/` grey and
grainy. Of a recipe's folder, only drawings of the training split are taken, evenly over it.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer
from numpy.typing import NDArray

from artmodels.errors import ConfigError
from artmodels.folders import make_folder
from artmodels.images import load_picture
from training.command import tells_mistakes
from training.recipe_pictures import read_rows
from training.recipes.picture_folders import find_pictures

__all__ = ["MANNERS", "redraw"]

Map = NDArray[np.float32]  # ink, from 0 to 1

BROADER = 1  # pixels on each side of a stroke
GREY, GRAIN = 0.62, 0.45


def redraw(ink: Map, manner: str, generator: np.random.Generator) -> Map:
    """Line art's ink [H, W] in one of MANNERS."""
    return MANNERS[manner](ink, generator)


def draw_ink(ink: Map, generator: np.random.Generator) -> Map:
    return ink


def draw_fineliner(ink: Map, generator: np.random.Generator) -> Map:
    """The middle of every stroke, a little more than a pixel wide."""
    from skimage.morphology import skeletonize

    middle = skeletonize(ink > 0.4).astype(np.float32)
    return np.clip(1.6 * cv2.GaussianBlur(middle, (0, 0), 0.5), 0, 1)


def draw_marker(ink: Map, generator: np.random.Generator) -> Map:
    """Every stroke wider, and with round ends."""
    reach = 2 * BROADER + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    return np.asarray(cv2.dilate(ink, disc), np.float32)


def draw_pencil(ink: Map, generator: np.random.Generator) -> Map:
    """Grey, a little soft, with the grain of paper."""
    grain = cv2.GaussianBlur(generator.random(ink.shape, np.float32), (0, 0), 0.6)
    grain = (grain - grain.min()) / max(float(np.ptp(grain)), 1e-6)
    soft = cv2.GaussianBlur(ink, (0, 0), 0.6)
    return np.clip(1.25 * soft * (1 - GRAIN * grain), 0, 1).astype(np.float32) * np.float32(
        GREY / (1 - GRAIN / 2) * 0.8
    )


MANNERS: dict[str, Callable[[Map, np.random.Generator], Map]] = {
    "ink": draw_ink,
    "fineliner": draw_fineliner,
    "marker": draw_marker,
    "pencil": draw_pencil,
}


def chosen_drawings(source: Path, count: int) -> dict[str, Path]:
    """So many of the folder's drawings, evenly over it.

    Raises:
        ConfigError: fewer are there.
    """
    found = find_pictures(source).pictures
    if (source.parent / "metadata.jsonl").is_file():
        training = {row["id"] for row in read_rows(source.parent, "train")}
        found = {name: path for name, path in found.items() if name in training}
    if not 1 <= count <= len(found):
        raise ConfigError(f"count must be from 1 to {len(found)}, as many as {source} holds, not {count}")
    names = list(found)
    return {names[place]: found[names[place]] for place in np.linspace(0, len(names) - 1, count).astype(int)}


@tells_mistakes
def main(
    source: Annotated[Path, typer.Option(help="Folder of clean line art.")],
    out: Annotated[Path, typer.Option(help="Gets a folder for each manner.")],
    count: Annotated[int, typer.Option(help="Drawings of each manner.")] = 20,
) -> None:
    for number, (name, path) in enumerate(chosen_drawings(source, count).items()):
        ink = 1 - np.asarray(load_picture(path).convert("L"), np.float32) / np.float32(255)
        for manner in MANNERS:
            redrawn = redraw(ink, manner, np.random.default_rng(number))
            page = np.rint(255 * (1 - redrawn)).astype(np.uint8)
            cv2.imwrite(str(make_folder(out / manner) / f"{name}.png"), page)


if __name__ == "__main__":
    typer.run(main)
