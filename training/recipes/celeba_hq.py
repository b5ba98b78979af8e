"""CelebA-HQ as pictures with sketches, for sketch to image.

    python -m training.recipes.celeba_hq --source CelebAMask-HQ --out data/celeba-hq --size 1024 --jobs 8 --test 15000

Expects photos called by their number, as they are published: in `CelebA-HQ-img/` (of CelebAMask-HQ) or in the folder
itself. The paper trains on 15 000 of the 30 000 and tests on the others, which it does not list; here the hash of the
number chooses them.
"""

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from artmodels.errors import ConfigError
from training.command import tells_mistakes
from training.recipes.picture_folders import PictureFolder, find_pictures
from training.recipes.sketched_pictures import SketchedConfig, prepare_sketched

__all__ = ["find_photos"]

PHOTOS = "CelebA-HQ-img"


def find_photos(source: Path) -> PictureFolder:
    """The photos by number, 5 digits.

    Raises:
        ConfigError: there is none that is called by a number.
    """
    root = source / PHOTOS if (source / PHOTOS).is_dir() else source
    numbered = {path.stem: path for path in find_pictures(root).pictures.values() if path.stem.isdecimal()}
    if not numbered:
        raise ConfigError(f"{source} is not CelebA-HQ: no photo in it is called by a number, such as 123.jpg")
    return PictureFolder(root, {f"{int(stem):05d}": numbered[stem] for stem in sorted(numbered, key=int)}, {})


def no_notes(path: Path) -> dict[str, Any]:
    return {}


@tells_mistakes
def main(
    source: Annotated[Path, typer.Option(help="The unpacked data set.")],
    out: Annotated[Path, typer.Option(help="Where the pictures and sketches go.")],
    size: Annotated[int, typer.Option(help="Side in pixels.")] = SketchedConfig.size,
    jobs: Annotated[int, typer.Option(help="Worker processes.")] = os.cpu_count() or 1,
    test: Annotated[int | None, typer.Option(help="Test pictures (paper: 15000); otherwise one in 32.")] = None,
) -> None:
    """Prepares CelebA-HQ for training: line, full."""
    print(prepare_sketched("celeba_hq", find_photos(source), out, SketchedConfig(size), no_notes, test=test, jobs=jobs))


if __name__ == "__main__":
    typer.run(main)
