"""Any folder of tagged illustrations as the tag colorizer's training takes them.

    python -m training.recipes.danbooru --source figures/ --out data/danbooru --size 512 --jobs 16 --test 89422
    python -m training.recipes.danbooru --source figures/ --tags metadata.jsonl --out data/danbooru --tag-count 6000

After Yan et al. 2023, section 4.1: each picture in colour, the same deformed as its reference, and sketches of several
kinds. OUT has colour/, reference/, sketch_KIND/, metadata.jsonl with `tags` in each row, and tags.json: the most
frequent tags, divided into the groups that are edited and all others. Tags stand in PICTURE.txt beside each picture,
separated by commas or lines; or in the rows of a file, each with `id` or `file_name` and `tags`.

Differs: lines are drawn without networks (`line_styles`), and deformations are interpolated between 33 x 33 places.
Takes about 0.15 s a picture and process at 512 px. A run that was stopped continues where it stood.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from artmodels.errors import ConfigError
from artmodels.images import load_picture
from training.command import tells_mistakes
from training.recipes.danbooru_tags import frequent_tags, tag_lists
from training.recipes.deformation import random_deformation
from training.recipes.line_styles import LINE_STYLES, draw_lines
from training.recipes.picture_folders import Drawing, Recipe, Report, find_pictures, prepare_stages, resized

__all__ = ["DanbooruConfig", "draw_figure", "prepare_danbooru", "read_tag_table"]

STAGES = ("colour", "reference", *(f"sketch_{style}" for style in LINE_STYLES))


@dataclass(frozen=True)
class DanbooruConfig:
    """How pictures are prepared.

    size: side of the pictures in pixels; the paper's is 512.
    deformations, points, reach: how often a reference is deformed, by how many points, and how far each of them moves
        in fractions of the side.
    seed: another seed, other lines and deformations.
    """

    size: int = 512
    deformations: int = 2
    points: int = 4
    reach: float = 75 / 512
    seed: int = 0

    def __post_init__(self) -> None:
        if not 16 <= self.size <= 2048:
            raise ConfigError(f"size must be 16 to 2048, not {self.size}")
        if self.deformations < 0 or self.points < 1 or not 0 <= self.reach <= 1:
            raise ConfigError(
                "deformations must be 0 or more, points 1 or more and reach 0 to 1, "
                f"not {self.deformations}, {self.points} and {self.reach}"
            )


def prepare_danbooru(
    source: Path,
    out: Path,
    config: DanbooruConfig,
    *,
    tags: Path | None = None,
    tag_count: int = 6000,
    test: int | None = None,
    jobs: int = 1,
) -> Report:
    """Writes the pictures, metadata.jsonl and tags.json; see the top of this file.

    Args:
        tags: a file of rows; None for the text files beside the pictures.
        tag_count: how many of the most frequent tags are kept.
        test: number of test pictures (the paper: 89 422); None for one in 32, by hash.

    Raises:
        ConfigError: `source` holds no pictures, no picture has a tag, or the settings do not go together.
        PictureError: not one picture could be used.
    """
    table = None if tags is None else read_tag_table(tags)
    recipe = Recipe("danbooru", asdict(config), STAGES, partial(draw_figure, config=config))
    report = prepare_stages(recipe, find_pictures(source), out, test=test, jobs=jobs)
    rows = [json.loads(line) for line in (out / "metadata.jsonl").read_text(encoding="utf-8").splitlines()]
    for row in rows if table is not None else ():
        row["tags"] = table_tags(row, table or {})
    frequent = frequent_tags((row["tags"] for row in rows if row["split"] == "train"), tag_count)
    write_whole(out / "tags.json", json.dumps(tag_lists(frequent), indent=1) + "\n")
    write_whole(out / "metadata.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    return report


def draw_figure(path: Path, *, config: DanbooruConfig) -> Drawing:
    """The stages of one picture: colour and reference [size, size, 3], sketches [size, size].

    What is random in them depends on the picture's file name and the seed alone.

    Raises:
        PictureError: the picture cannot be read.
    """
    digest = hashlib.sha256(path.name.encode()).digest()
    generator = np.random.default_rng([config.seed, int.from_bytes(digest[:8], "big")])
    colour = resized(squared(np.asarray(load_picture(path))), config.size)
    reference = random_deformation(
        colour, generator, times=config.deformations, points=config.points, reach=config.reach
    )
    sketches = {f"sketch_{style}": draw_lines(colour, style, generator) for style in LINE_STYLES}
    beside = path.with_suffix(".txt")
    tags = beside.read_text(encoding="utf-8") if beside.is_file() else ""
    return Drawing({"colour": colour, "reference": reference, **sketches}, {"tags": clean_tags(split_tags(tags))})


def squared(picture: np.ndarray) -> np.ndarray:
    """An oblong picture [H, W, 3] in the middle of a white square."""
    height, width = picture.shape[:2]
    side = max(height, width)
    top, left = (side - height) // 2, (side - width) // 2
    return np.pad(
        picture, ((top, side - height - top), (left, side - width - left), (0, 0)), constant_values=255
    )  # fmt: skip


def split_tags(text: str) -> Iterable[str]:
    return text.replace("\n", ",").split(",")


def clean_tags(tags: Iterable[str]) -> list[str]:
    """Each tag once, sorted, in lower case, with "_" for spaces."""
    return sorted({tag.strip().lower().replace(" ", "_") for tag in tags} - {""})


def read_tag_table(path: Path) -> dict[str, list[str]]:
    """Tags by picture, from rows of JSON with `id` or `file_name` and `tags`: names, or objects with a `name`.

    Raises:
        ConfigError: a row is none of these.
    """
    try:
        return dict(tag_rows(path.read_text(encoding="utf-8").splitlines()))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{path} has no rows with id and tags: {error!r}") from error


def tag_rows(lines: Iterable[str]) -> Iterator[tuple[str, list[str]]]:
    for row in map(json.loads, filter(str.strip, lines)):
        name = str(row["id"] if "id" in row else row["file_name"])
        yield name, clean_tags(tag if isinstance(tag, str) else tag["name"] for tag in row["tags"])


def table_tags(row: Mapping[str, Any], table: Mapping[str, list[str]]) -> list[str]:
    """Tags of a picture by its path, its file name or its name without the suffix."""
    source = Path(row["source"])
    return next((table[name] for name in (row["source"], source.name, source.stem) if name in table), [])


def write_whole(path: Path, text: str) -> None:
    """Writes a file that is never seen half-written."""
    part = path.with_name(f".{path.name}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


@tells_mistakes
def main(
    source: Annotated[Path, typer.Option(help="A folder of illustrations.")],
    out: Annotated[Path, typer.Option(help="Where the prepared pictures go.")],
    tags: Annotated[Path | None, typer.Option(help="Rows with id and tags; else PICTURE.txt.")] = None,
    tag_count: Annotated[int, typer.Option(min=1, help="Most frequent tags that are kept.")] = 6000,
    size: Annotated[int, typer.Option(help="Side of the pictures in pixels.")] = DanbooruConfig.size,
    deformations: Annotated[int, typer.Option(help="Times a reference is deformed.")] = DanbooruConfig.deformations,
    points: Annotated[int, typer.Option(help="Points that deform it.")] = DanbooruConfig.points,
    reach: Annotated[float, typer.Option(help="How far they move, of the side.")] = DanbooruConfig.reach,
    seed: Annotated[int, typer.Option(min=0, help="Another seed, other lines.")] = DanbooruConfig.seed,
    jobs: Annotated[int, typer.Option(help="Worker processes.")] = os.cpu_count() or 1,
    test: Annotated[int | None, typer.Option(help="Test pictures (paper: 89422); otherwise one in 32.")] = None,
) -> None:
    """Prepares tagged illustrations: colour, reference, sketches, tags."""
    config = DanbooruConfig(size, deformations, points, reach, seed)
    print(prepare_danbooru(source, out, config, tags=tags, tag_count=tag_count, test=test, jobs=jobs))


if __name__ == "__main__":
    typer.run(main)
