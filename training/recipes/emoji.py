"""Fluent Emoji as exactly aligned stages: line, flat, shaded, three_d, with tags, dominant colours and skin tone.

Drawn from a checkout of github.com/microsoft/fluentui-emoji (MIT, © Microsoft Corporation), or taken from an archive of
stages that were drawn before:

    python -m training.recipes.emoji --checkout fluentui-emoji --out data/emoji --size 128 --jobs 8
    python -m training.recipes.emoji --packed emoji-256.tar --out data/emoji --size 128

About 0.1 s an emoji and process from a checkout and 0.01 s from an archive. What comes out does not depend on the
number of processes. Emoji whose stages do not align, or that lack one, are left out and counted.
"""

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import cv2
import typer
from numpy.typing import NDArray

from artmodels.errors import ConfigError, PictureError
from training.command import tells_mistakes
from training.recipes.emoji_archive import PackedEmoji, find_packed, unpack
from training.recipes.emoji_checkout import Glyph, base_of, find_glyphs, skin_tone_of, split_of
from training.recipes.emoji_drawing import RGB, STAGES, colour_name, dominant_colours, draw_stages, need_resvg
from training.recipes.stage_writer import FORMATS, Item, check_target, write_folder, write_parquet

__all__ = ["draw_glyph", "drawn_items", "main", "repack"]

CARD = """---
license: mit
pretty_name: Fluent Emoji in stages
task_categories: [image-to-image]
---
# Fluent Emoji in stages

Emoji at {size} x {size} pixels as exactly aligned stages, on white: `line` (drawn along the borders of the flat
colours), `flat`, `shaded` and `three_d`. Every row carries the name, tags, up to four dominant colours of `flat` with
their names, the skin tone, and a split by base emoji (one in twelve is for tests): all skin tones and genders of one
are on the same side.

Made by `python -m training.recipes.emoji {source} --size {size}`.

## Source and licence
Fluent Emoji, https://github.com/microsoft/fluentui-emoji; the stage `line` is derived from `flat`.

{licence}"""
LICENCE = """MIT License

Copyright (c) Microsoft Corporation.

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""

Draw = Callable[..., Item]


class Outcome(NamedTuple):
    """What became of one emoji: its item, or why there is none."""

    id: str
    item: Item | None
    reason: str = ""


def draw_glyph(glyph: Glyph, *, size: int) -> Item:
    """Draws an emoji of a checkout. Raises PictureError where its pictures do not make stages."""
    stages, flat = draw_stages(glyph.pictures, size)
    return _item(glyph.id, glyph.name, glyph.tags, dominant_colours(flat), stages)


def repack(emoji: PackedEmoji, *, size: int) -> Item:
    """Takes an emoji out of an archive. Raises PictureError where a stage is missing or empty."""
    row = emoji.row
    colours: list[RGB] = [(red, green, blue) for red, green, blue in row["rgb"]]
    return _item(emoji.id, row["name"], row["tags"], colours, unpack(emoji, size))


def drawn_items(draw: Draw, sources: Sequence[Any], left_out: dict[str, str], *, jobs: int = 1) -> Iterator[Item]:
    """Draws every source in order, with `jobs` worker processes; `left_out` receives id -> reason of those without.

    Raises:
        PictureError: at the end, if there was none that could be used.
    """
    from tqdm import tqdm

    cv2.setNumThreads(1)
    attempt, kept = partial(_attempt, draw), 0
    with tqdm(total=len(sources), unit="emoji", disable=None) as bar:
        for outcome in _mapped(attempt, sources, jobs):
            bar.update()
            if outcome.item is None:
                left_out[outcome.id] = outcome.reason
            else:
                kept += 1
                yield outcome.item
    if not kept:
        first, reason = next(iter(sorted(left_out.items())), ("there is none", "the source is empty"))
        raise PictureError(f"none of the {len(sources)} emoji could be used; {first}: {reason}")


def _mapped(attempt: Callable[[Any], Outcome], sources: Sequence[Any], jobs: int) -> Iterator[Outcome]:
    if jobs == 1:
        yield from map(attempt, sources)
        return
    with multiprocessing.get_context("spawn").Pool(jobs, initializer=cv2.setNumThreads, initargs=(1,)) as pool:
        yield from pool.imap(attempt, sources, chunksize=8)


def _attempt(draw: Draw, source: Any) -> Outcome:
    try:
        return Outcome(source.id, draw(source))
    except PictureError as error:
        return Outcome(source.id, None, str(error))


def _item(id: str, name: str, tags: Sequence[str], colours: list[RGB], stages: dict[str, NDArray[Any]]) -> Item:
    row = {
        "id": id,
        "base": base_of(id),
        "split": split_of(id),
        "name": name,
        "tags": list(tags),
        "colours": ["#{:02x}{:02x}{:02x}".format(*colour) for colour in colours],
        "colour_names": list(dict.fromkeys(colour_name(colour) for colour in colours)),
        "skin_tone": skin_tone_of(id),
    }
    return Item(row, {stage: _png(stages[stage]) for stage in STAGES})


def _png(picture: NDArray[Any]) -> bytes:
    """Encodes uint8 [S, S] or RGB [S, S, 3]."""
    return cv2.imencode(".png", picture if picture.ndim == 2 else picture[..., ::-1])[1].tobytes()


def _check(checkout: Path | None, packed: Path | None, size: int, form: str, jobs: int) -> None:
    checks = {
        "say where the emoji are: either --checkout or --packed": (checkout is None) != (packed is None),
        f"--size is {size}; accepted: 32 to 1024": 32 <= size <= 1024,
        f"--jobs is {jobs}; accepted: 1 or more": jobs >= 1,
        f"--format is {form!r}; accepted: {', '.join(FORMATS)}": form in FORMATS,
    }
    for sentence, is_right in checks.items():
        if not is_right:
            raise ConfigError(sentence)


def _tell(written: int, left_out: dict[str, str]) -> None:
    print(f"{written} emoji written, {len(left_out)} left out")
    for reason in sorted(set(left_out.values())):
        names = [name for name, why in left_out.items() if why == reason]
        print(f"  {len(names)} {reason}: {', '.join(names)}")


@tells_mistakes
def main(
    out: Annotated[Path, typer.Option(help="Folder to make; must be absent or empty.")],
    checkout: Annotated[Path | None, typer.Option(help="Checkout of microsoft/fluentui-emoji.")] = None,
    packed: Annotated[Path | None, typer.Option(help="Instead: a tar with line, flat, shaded, three_d.")] = None,
    size: Annotated[int, typer.Option(help="Side of the pictures in pixels.")] = 256,
    form: Annotated[str, typer.Option("--format", help="folder or parquet.")] = "folder",
    jobs: Annotated[int, typer.Option(help="Worker processes; the pictures do not depend on it.")] = 1,
) -> None:
    """Prepares emoji as aligned stages line, flat, shaded and three_d."""
    _check(checkout, packed, size, form, jobs)
    check_target(out)
    sources: Sequence[Any]
    left_out: dict[str, str] = {}
    if checkout is not None:
        need_resvg()
        sources, left_out = find_glyphs(checkout)
        draw, source = partial(draw_glyph, size=size), "--checkout fluentui-emoji"
    else:
        assert packed is not None
        sources = find_packed(packed)
        draw, source = partial(repack, size=size), f"--packed {packed.name}"
    found = len(sources) + len(left_out)
    write = write_folder if form == "folder" else write_parquet
    card = CARD.format(size=size, source=source, licence=LICENCE)
    write(out, drawn_items(draw, sources, left_out, jobs=jobs), card)
    _tell(found - len(left_out), left_out)


if __name__ == "__main__":
    typer.run(main)
