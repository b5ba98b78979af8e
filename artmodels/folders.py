"""Which pictures a command works on, and under which names it writes."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from artmodels.errors import PictureError

__all__ = ["PICTURE_SUFFIXES", "Task", "find_pictures", "make_folder"]

PICTURE_SUFFIXES = (
    ".avif", ".bmp", ".gif", ".jfif", ".jp2", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".psd", ".tga", ".tif", ".tiff",
    ".webp",
)  # fmt: skip


class Task(NamedTuple):
    """One picture to read, and the name for what is made of it: its path inside its folder, without the suffix."""

    source: Path
    name: Path


def find_pictures(inputs: Sequence[Path], output: Path) -> list[Task]:
    """The pictures among the inputs: each file, and all in each folder and the folders in it, sorted.

    Hidden files, and what lies in the output folder, are passed over.

    Raises:
        PictureError: an input does not exist or is the output itself, a folder holds no picture, or two pictures would
            get one name.
    """
    tasks: dict[Path, Path] = {}
    for given in inputs:
        for source, name in _pictures_of(given, output.resolve()):
            if tasks.setdefault(name, source) != source:
                raise PictureError(f"{tasks[name]} and {source} would both be written as {output / name}")
    return [Task(source, name) for name, source in tasks.items()]


def _pictures_of(given: Path, output: Path) -> list[tuple[Path, Path]]:
    if not given.exists():
        raise PictureError(f"there is no file or folder {given}")
    if given.resolve() == output:
        raise PictureError(f"{given} is both input and output: choose another output")
    if not given.is_dir():
        return [(given, Path(given.stem))]
    found = [
        (path, path.relative_to(given).with_suffix(""))
        for path in sorted(given.rglob("*"))
        if path.suffix.lower() in PICTURE_SUFFIXES
        and path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(given).parts)
        and output not in path.resolve().parents
    ]
    if not found:
        raise PictureError(f"the folder {given} holds no picture ({', '.join(PICTURE_SUFFIXES)})")
    return found


def make_folder(folder: Path) -> Path:
    """Make a folder with those it lies in, if they are not there yet.

    Raises:
        PictureError: it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PictureError(f"cannot make the folder {folder}: {error.strerror or error}") from error
    return folder
