"""The illustrations recipe's drawings painted without their ink, in fresh colours: pictures for a sketcher to draw.

    python -m training.recipes.lineless --source illustrations/ --out lineless/ --count 2000

What has no drawn lines, such as a photo or an emoji, is drawn along its borders; from inked pictures alone a sketcher
would only learn to find the ink again. Writes `full/` with the pictures and `line/` with the lines that they were
painted between, and `metadata.jsonl`; drawings of the test split stay in it.
"""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import torch
import typer
from PIL import Image

from artmodels.errors import ConfigError
from artmodels.images import to_picture
from training.colourable import Colourable, paint
from training.colourable_drawings import ColourableDrawings, new_palette
from training.command import tells_mistakes
from training.recipes.stage_writer import Item, check_target, write_folder

__all__ = ["lineless_pictures"]

CARD = """---
license: cc0-1.0
---
# Drawings without ink

Made by `python -m training.recipes.lineless` from drawings of the illustrations recipe, whose parts are "Lorelei" by
Lisa Wischofsky (CC0 1.0): `full` are their regions in fresh colours without any line, `line` the lines between them.
"""


def lineless_pictures(source: Path, size: int, count: int) -> Iterator[Item]:
    """`count` pictures, taken in turn from the drawings of each split, in the splits' own shares.

    Raises:
        ConfigError: the source has no regions, or fewer than one picture is asked for.
    """
    if count < 1:
        raise ConfigError(f"count must be 1 or more, not {count}")
    if not (source / "regions").is_dir():
        raise ConfigError(f"{source} has no regions: is it what the recipe illustrations made?")
    splits = {split: ColourableDrawings(source, size, split=split) for split in ("train", "test")}
    total = sum(len(drawings) for drawings in splits.values())
    for split, drawings in splits.items():
        for number in range(round(count * len(drawings) / total)):
            place = number % len(drawings)
            drawing = drawings.colourable(place)
            colours = new_palette(torch.Generator().manual_seed(number))[1]
            picture = paint([without_ink(drawing)], colours[None])[0]
            row = {"id": f"{split}-{number:06d}", "split": split, "drawing": drawings.rows[0]["drawing"] + place}
            yield Item(row, {"full": png(to_picture(picture)), "line": png(Image.fromarray(drawing.line))})


def without_ink(drawing: Colourable) -> Colourable:
    """No ink; regions that are a part of a line themselves grow together from both sides."""
    return drawing._replace(
        line=np.full_like(drawing.line, 255), regions=np.asarray(cv2.medianBlur(drawing.regions, 3), np.uint8)
    )


def png(picture: Image.Image) -> bytes:
    data = io.BytesIO()
    picture.save(data, format="PNG")
    return data.getvalue()


@tells_mistakes
def main(
    source: Annotated[Path, typer.Option(help="Folder that the illustrations recipe wrote.")],
    out: Annotated[Path, typer.Option(help="Gets full/, line/ and metadata.jsonl.")],
    count: Annotated[int, typer.Option(help="Pictures of both splits together.")] = 2000,
    size: Annotated[int, typer.Option(help="Side in pixels.")] = 128,
) -> None:
    check_target(out)
    write_folder(out, lineless_pictures(source, size, count), CARD)


if __name__ == "__main__":
    typer.run(main)
