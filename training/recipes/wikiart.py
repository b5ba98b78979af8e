"""WikiArt's paintings as pictures with sketches, for sketch to image.

    python -m training.recipes.wikiart --source wikiart --out data/wikiart --size 1024 --pictures 15000 --test 4000

Expects a folder a style and files `<artist>_<title>.jpg`, as the data set is passed on. The paper collected 15 000
paintings of 27 styles and trains on 11 000 of them, without a list; here the path's hash chooses them, evenly over
styles, and among them those of the test split. Rows of the metadata name the style and the artist.
"""

import hashlib
import os
from itertools import chain, zip_longest
from pathlib import Path
from typing import Annotated, Any

import typer

from artmodels.errors import ConfigError
from training.command import tells_mistakes
from training.recipes.picture_folders import PictureFolder, find_pictures
from training.recipes.sketched_pictures import SketchedConfig, prepare_sketched

__all__ = ["artist_and_style", "find_paintings"]


def find_paintings(source: Path, count: int | None) -> PictureFolder:
    """`count` paintings, one of each style in turn, or all; by their path inside the folder.

    Raises:
        ConfigError: no folders of styles, or a count below 1.
    """
    if count is not None and count < 1:
        raise ConfigError(f"pictures must be 1 or more, not {count}")
    found = find_pictures(source)
    styles: dict[str, list[str]] = {}
    for id, path in found.pictures.items():
        if path.parent != source:
            styles.setdefault(path.relative_to(source).parts[0], []).append(id)
    if not styles:
        raise ConfigError(f"{source} is not WikiArt: it holds no folder of a style with paintings in it")
    queues = [sorted(ids, key=hash_of) for _, ids in sorted(styles.items())]
    in_turn = [id for id in chain.from_iterable(zip_longest(*queues)) if id is not None]
    chosen = sorted(in_turn[:count])
    return PictureFolder(source, {id: found.pictures[id] for id in chosen}, found.unusable)


def hash_of(id: str) -> bytes:
    return hashlib.sha256(id.encode()).digest()


def artist_and_style(path: Path) -> dict[str, Any]:
    """From `<style>/<artist>_<title>.jpg`."""
    return {"style": path.parent.name, "artist": path.stem.partition("_")[0]}


@tells_mistakes
def main(
    source: Annotated[Path, typer.Option(help="The unpacked data set: a folder a style.")],
    out: Annotated[Path, typer.Option(help="Where the pictures and sketches go.")],
    size: Annotated[int, typer.Option(help="Side in pixels.")] = SketchedConfig.size,
    pictures: Annotated[int | None, typer.Option(help="How many (paper: 15000); otherwise all.")] = None,
    jobs: Annotated[int, typer.Option(help="Worker processes.")] = os.cpu_count() or 1,
    test: Annotated[int | None, typer.Option(help="Test pictures (paper: 4000); otherwise one in 32.")] = None,
) -> None:
    """Prepares WikiArt for training: line, full."""
    found = find_paintings(source, pictures)
    print(prepare_sketched("wikiart", found, out, SketchedConfig(size), artist_and_style, test=test, jobs=jobs))


if __name__ == "__main__":
    typer.run(main)
