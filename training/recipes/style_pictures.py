"""One style's pictures from a tar of several, as `training.portrait.train_style` takes them.

    python -m training.recipes.style_pictures --source styles-256.tar --style toy3d --attributes --out data/styles/toy3d
    python -m training.recipes.style_pictures --source styles-256.tar --style npr_oil --portraits data/portraits \
        --out data/styles/npr_oil

Pictures that were painted after portraits bear their ids: `--portraits` leaves those of held-out portraits out, or the
style would be measured on faces that it has seen.

The tar holds `<style>/<id>.webp` and `meta.jsonl`, whose rows have "id", "style" and, where it is known, "gender".
"""

import json
import tarfile
from pathlib import Path
from typing import Annotated, Any

import typer

from artmodels.errors import ConfigError
from training.command import tells_mistakes
from training.recipe_pictures import read_rows

__all__ = ["unpack_style"]

FOLDERS = {"female": "woman", "male": "man"}


def unpack_style(
    source: Path, style: str, out: Path, *, attributes: bool = False, portraits: Path | None = None
) -> int:
    """Writes the style's pictures to OUT and returns how many they are.

    Args:
        attributes: writes them to OUT/woman and OUT/man, and leaves out those of which it is not known.
        portraits: a recipe's output, whose test pictures' ids are left out.

    Raises:
        ConfigError: the source is no such tar, or holds no such style or no attributes of it; or no portraits.
    """
    unwanted = {row["id"] for row in read_rows(portraits, "test")} if portraits else set()
    if not source.is_file():
        raise ConfigError(f"there is no tar {source}")
    try:
        with tarfile.open(source) as archive:
            members = {Path(member.name).as_posix(): member for member in archive.getmembers() if member.isfile()}
            if "meta.jsonl" not in members:
                raise ConfigError(f"{source} holds no meta.jsonl")
            rows = [json.loads(line) for line in read(archive, members["meta.jsonl"]).splitlines()]
            wanted = {
                f"{style}/{row['id']}.webp": folder_of(row, attributes)
                for row in chosen(rows, style, attributes)
                if row["id"] not in unwanted
            }
            lost = sorted(wanted.keys() - members.keys())
            if lost:
                raise ConfigError(f"{source} lacks {lost[0]}")
            for name, folder in wanted.items():
                (out / folder).mkdir(parents=True, exist_ok=True)
                (out / folder / Path(name).name).write_bytes(read(archive, members[name]))
    except tarfile.TarError as error:
        raise ConfigError(f"{source} is no tar: {error}") from error
    return len(wanted)


def chosen(rows: list[dict[str, Any]], style: str, attributes: bool) -> list[dict[str, Any]]:
    """The style's rows, those with a known attribute only where it counts."""
    own = [row for row in rows if row["style"] == style]
    if not own:
        raise ConfigError(
            f"no style is called {style!r}; there are {', '.join(sorted({row['style'] for row in rows}))}"
        )
    kept = [row for row in own if not attributes or row.get("gender") in FOLDERS]
    if not kept:
        raise ConfigError(f"nothing is known of the attributes of {style}: leave --attributes out")
    return kept


def folder_of(row: dict[str, Any], attributes: bool) -> str:
    return FOLDERS[row["gender"]] if attributes else ""


def read(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    content = archive.extractfile(member)
    assert content is not None
    return content.read()


@tells_mistakes
def main(
    source: Annotated[Path, typer.Option(help="The tar.")],
    style: Annotated[str, typer.Option(help="Which of its styles.")],
    out: Annotated[Path, typer.Option(help="Where the pictures go.")],
    attributes: Annotated[bool, typer.Option("--attributes", help="In folders woman and man.")] = False,
    portraits: Annotated[Path | None, typer.Option(help="Portraits whose held-out faces are left out.")] = None,
) -> None:
    """Unpacks one style's pictures."""
    print(f"{unpack_style(source, style, out, attributes=attributes, portraits=portraits)} pictures of {style}")


if __name__ == "__main__":
    typer.run(main)
