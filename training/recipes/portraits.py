"""Portrait photos from a folder or a tar as pictures with sketches, for sketch to image.

    python -m training.recipes.portraits --source portraits-256.tar --out data/portraits --size 128 --test 60

A tar or folder may hold other kinds of pictures as well: `--inside photo` names the folder in it to take.
"""

import os
import tarfile
from contextlib import nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer

from artmodels.errors import ConfigError
from training.command import tells_mistakes
from training.recipes.picture_folders import Report, find_pictures
from training.recipes.sketched_pictures import SketchedConfig, prepare_sketched

__all__ = ["prepare_portraits"]


def prepare_portraits(
    source: Path, out: Path, config: SketchedConfig, *, inside: str, test: int | None = None, jobs: int = 1
) -> Report:
    """Writes OUT/line, OUT/full and OUT/metadata.jsonl.

    Args: inside: the folder of the photos in the source.

    Raises:
        ConfigError: the source is no folder and no tar, or holds no such folder; or as in `prepare_sketched`.
        PictureError: not one photo could be used.
    """
    with TemporaryDirectory() if source.is_file() else nullcontext(str(source)) as root:
        if source.is_file():
            unpack(source, Path(root), inside)
        if not (Path(root) / inside).is_dir():
            raise ConfigError(f"{source} holds no folder {inside}")
        found = find_pictures(Path(root) / inside)
        return prepare_sketched("portraits", found, out, config, no_notes, test=test, jobs=jobs)


def unpack(source: Path, root: Path, inside: str) -> None:
    try:
        with tarfile.open(source) as archive:
            wanted = [member for member in archive.getmembers() if Path(member.name).parts[:1] == (inside,)]
            archive.extractall(root, wanted, filter="data")
    except tarfile.TarError as error:
        raise ConfigError(f"{source} is neither a folder nor a tar: {error}") from error


def no_notes(path: Path) -> dict[str, Any]:
    return {}


@tells_mistakes
def main(
    source: Annotated[Path, typer.Option(help="A folder, or a tar.")],
    out: Annotated[Path, typer.Option(help="Where the pictures and sketches go.")],
    inside: Annotated[str, typer.Option(help="Folder of the photos in the source.")] = "photo",
    size: Annotated[int, typer.Option(help="Side in pixels.")] = 256,
    jobs: Annotated[int, typer.Option(help="Worker processes.")] = os.cpu_count() or 1,
    test: Annotated[int | None, typer.Option(help="Test pictures; otherwise one in 32.")] = None,
) -> None:
    """Prepares portrait photos for training: line, full."""
    print(prepare_portraits(source, out, SketchedConfig(size), inside=inside, test=test, jobs=jobs))


if __name__ == "__main__":
    typer.run(main)
