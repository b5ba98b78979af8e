"""Faces in one place of square pictures, for the portrait stylizer: FFHQ, CelebA-HQ, MetFaces or any folder of photos.

    python -m training.recipes.faces --layout ffhq --source ffhq-dataset --out data/ffhq --size 1024 --jobs 16
    python -m training.recipes.faces --layout photos --source my-photos --out data/mine --size 256

The published sets are aligned already: their pictures are resized only. Of photos the largest face is found, and cut
out as FFHQ's are, or with its eyes in fixed places (`--alignment eyes`). A folder inside the source names an attribute
of its pictures, such as woman/ and man/.
"""

import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import typer
from PIL import Image

from artmodels.errors import ConfigError, PictureError
from artmodels.images import load_picture
from artmodels.portrait.alignment import cut, square_for
from artmodels.portrait.faces import Face, find_faces
from training.command import tells_mistakes
from training.recipes.celeba_hq import find_photos
from training.recipes.picture_folders import (
    Drawing,
    PictureFolder,
    Recipe,
    Report,
    find_pictures,
    prepare_stages,
    resized,
)
from training.recipes.sketched_pictures import middle_square

__all__ = ["LAYOUTS", "STAGE", "cut_largest", "draw_aligned", "draw_photo", "find_faces_of", "prepare_faces"]

STAGE = "full"
LAYOUTS = {"ffhq": ("images1024x1024", "thumbnails128x128"), "metfaces": ("images",), "aligned": (), "photos": ()}
"""The folders of a published set in which its pictures lie, the largest ones first; "celeba-hq" has a recipe's own."""
SMALLEST = 128  # pixels of a face's square, as in the paper; smaller ones would be enlarged too much

Alignment = Literal["ffhq", "eyes"]
ALIGNMENTS: tuple[Alignment, ...] = ("ffhq", "eyes")


def prepare_faces(
    source: Path,
    out: Path,
    size: int,
    *,
    layout: str,
    alignment: Alignment = "ffhq",
    test: int | None = None,
    jobs: int = 1,
) -> Report:
    """Writes OUT/full/<id>.png and OUT/metadata.jsonl, in which rows of photos in folders carry an attribute.

    Args:
        layout: how the pictures lie in the source, "ffhq", "celeba-hq" or "metfaces"; "aligned" for any folder of
            aligned ones; "photos" for any folder of photos, whose faces are found.
        alignment: of photos.
        test: number of test pictures; None for one in 32, by hash.

    Raises:
        ConfigError: an unknown layout, or a source that has another; no detector is installed; or as in
            `prepare_stages`.
        PictureError: not one picture could be used.
    """
    if not 16 <= size <= 2048:
        raise ConfigError(f"size must be 16 to 2048 pixels, not {size}")
    found = find_faces_of(source, layout)
    settings: dict[str, Any] = {"size": size, "layout": layout}
    if layout == "photos":
        settings |= {"alignment": alignment}
        draw = partial(draw_photo, root=found.root, size=size, alignment=alignment)
    else:
        draw = partial(draw_aligned, root=found.root, size=size)
    return prepare_stages(Recipe("faces", settings, (STAGE,), draw), found, out, test=test, jobs=jobs)


def find_faces_of(source: Path, layout: str) -> PictureFolder:
    """The pictures of a set in that layout.

    Raises:
        ConfigError: an unknown layout, or a source that has another.
    """
    if layout == "celeba-hq":
        return find_photos(source)
    if layout not in LAYOUTS:
        raise ConfigError(f"layout must be one of {', '.join(sorted([*LAYOUTS, 'celeba-hq']))}, not {layout!r}")
    folders = LAYOUTS[layout]
    roots = [source / folder for folder in folders if (source / folder).is_dir()]
    if folders and not roots:
        raise ConfigError(f"{source} is not {layout}: it has no folder {' or '.join(folders)}")
    return find_pictures(roots[0] if roots else source)


def draw_aligned(path: Path, *, root: Path, size: int) -> Drawing:
    """The middle square of a picture that is aligned already."""
    return Drawing({STAGE: resized(middle_square(np.asarray(load_picture(path))), size)}, attribute_of(path, root))


def draw_photo(path: Path, *, root: Path, size: int, alignment: Alignment) -> Drawing:
    """The largest face of a photo.

    Raises:
        PictureError: it cannot be read, shows no face, or only a small one.
    """
    photo = load_picture(path)
    drawing = cut_largest(photo, find_faces(photo), size, alignment)
    return Drawing(drawing.pictures, {**drawing.notes, **attribute_of(path, root)})


def cut_largest(photo: Image.Image, faces: Sequence[Face], size: int, alignment: Alignment) -> Drawing:
    """The first of a photo's faces, and how many pixels a side it had there.

    Raises:
        PictureError: there is none, or it is small.
    """
    if not faces:
        raise PictureError("no face is found in it")
    face = faces[0]
    square = square_for(alignment, (face.left_eye, face.right_eye), (face.left_mouth, face.right_mouth))
    if square.side < min(size, SMALLEST):
        raise PictureError(f"its face is {square.side:.0f} pixels a side, less than {min(size, SMALLEST)}")
    notes = {"faces": len(faces), "side": round(square.side)}
    return Drawing({STAGE: np.asarray(cut(photo, square, size))}, notes)


def attribute_of(path: Path, root: Path) -> dict[str, Any]:
    """The first folder on the way to a picture, unless its name is a number as FFHQ's folders have."""
    parts = path.relative_to(root).parts[:-1]
    return {"attribute": parts[0]} if parts and not parts[0].isdecimal() else {}


@tells_mistakes
def main(
    source: Annotated[Path, typer.Option(help="The unpacked data set, or a folder of pictures.")],
    out: Annotated[Path, typer.Option(help="Where the pictures go.")],
    layout: Annotated[str, typer.Option(help="ffhq, celeba-hq, metfaces, aligned or photos.")] = "photos",
    alignment: Annotated[str, typer.Option(help="Of photos: ffhq, or eyes in fixed places.")] = "ffhq",
    size: Annotated[int, typer.Option(help="Side in pixels.")] = 256,
    jobs: Annotated[int, typer.Option(help="Worker processes.")] = os.cpu_count() or 1,
    test: Annotated[int | None, typer.Option(help="Test pictures; otherwise one in 32.")] = None,
) -> None:
    """Prepares faces for the portrait stylizer: full."""
    chosen = next((known for known in ALIGNMENTS if known == alignment), None)
    if chosen is None:
        raise ConfigError(f"alignment must be {' or '.join(ALIGNMENTS)}, not {alignment!r}")
    print(prepare_faces(source, out, size, layout=layout, alignment=chosen, test=test, jobs=jobs))


if __name__ == "__main__":
    typer.run(main)
