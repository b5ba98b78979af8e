"""Emoji stages that were drawn before, packed into one plain tar: line/ID.webp, flat/, shaded/, three_d/, meta.jsonl.

A row of meta.jsonl has "id" (code points), "name", "tags" and "rgb", the dominant colours; more is not read.
"""

import io
import json
import tarfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from artmodels.errors import ConfigError, PictureError
from training.recipes.emoji_drawing import STAGES
from training.recipes.picture_folders import resized

__all__ = ["PackedEmoji", "find_packed", "unpack"]


class PackedEmoji(NamedTuple):
    """One emoji in an archive: its row, and stage -> first byte and length of its picture; a missing stage has none."""

    archive: Path
    row: dict[str, Any]
    places: dict[str, tuple[int, int]]

    @property
    def id(self) -> str:
        return str(self.row["id"])


def find_packed(archive: Path) -> list[PackedEmoji]:
    """Every emoji that meta.jsonl names, in the order of ids.

    Raises:
        ConfigError: the file is no such archive.
    """
    try:
        with tarfile.open(archive, "r:") as packed:
            members = {member.name.removeprefix("./"): member for member in packed}
            meta = packed.extractfile(members["meta.jsonl"])
            rows = [json.loads(line) for line in meta or ()]
        for row in rows:
            row["id"], row["name"], row["tags"], row["rgb"]
    except (OSError, ValueError, KeyError, TypeError, tarfile.TarError) as error:
        raise ConfigError(
            f"{archive} is no plain tar with {', '.join(STAGES)} and meta.jsonl ({type(error).__name__}: {error})"
        ) from error
    places: dict[str, dict[str, tuple[int, int]]] = {}
    for name, member in members.items():
        stage, _, file = name.partition("/")
        places.setdefault(Path(file).stem, {})[stage] = (member.offset_data, member.size)
    return sorted((PackedEmoji(archive, row, places.get(row["id"], {})) for row in rows), key=lambda emoji: emoji.id)


def unpack(emoji: PackedEmoji, size: int) -> dict[str, NDArray[np.uint8]]:
    """Stage -> [size, size] for line and [size, size, 3] for the others.

    Raises:
        PictureError: a stage is missing, unreadable, not square or empty.
    """
    stages = {}
    for stage in STAGES:
        if stage not in emoji.places:
            raise PictureError(f"{stage} is missing")
        first, length = emoji.places[stage]
        with emoji.archive.open("rb") as archive:
            archive.seek(first)
            content = archive.read(length)
        try:
            picture = np.asarray(Image.open(io.BytesIO(content)).convert("L" if stage == "line" else "RGB"))
        except (OSError, SyntaxError) as error:
            raise PictureError(f"{stage} cannot be read") from error
        if picture.shape[0] != picture.shape[1]:
            raise PictureError(f"{stage} is not square")
        if picture.min() > 250:
            raise PictureError(f"{stage} is empty")
        stages[stage] = resized(picture, size)
    return stages
