"""Composed portraits as exactly aligned stages: line, flat, full, with region maps, tags and exact colours.

The line art is composed from the "Lorelei" parts (Lisa Wischofsky, CC0 1.0); garments, colours, patterns, shading and
backdrops are made here. Every drawing can be coloured any number of times; its line picture is then the same file.

    python -m training.recipes.illustrations --out data/illustrations --drawings 2000 --colourings 2 --size 128
"""

import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import cv2
import numpy as np
import typer

from artmodels.errors import ConfigError
from training.command import tells_mistakes
from training.recipes.drawings import REGIONS, Drawing, choose_plan, draw
from training.recipes.lorelei import Style, fetch_style, read_style
from training.recipes.painting import paint_flat, paint_full, reduce_picture, reduce_regions
from training.recipes.palettes import RGB, Colouring, choose_colouring
from training.recipes.shading import Light, light_masks
from training.recipes.stage_writer import FORMATS, Item, check_target, render_in_order, write_folder, write_parquet

__all__ = ["Order", "illustrations", "main", "render_drawing"]

PLAIN_GARMENTS = ("suit", "sailor")
OPTIONAL_TAGS = {"glasses": "glasses", "earrings": "earrings", "freckles": "freckles", "beard": "beard"}
OPTIONAL_TAGS |= {"hairAccessories": "hair_flower"}

CARD = """---
license: cc0-1.0
pretty_name: Composed illustrations
task_categories: [image-to-image]
---
# Composed illustrations

{drawings} drawings in {colourings} colourings each, {size} x {size} pixels, as exactly aligned stages:
`line` (ink on white), `flat` (one colour a region, lines in a darker tone of it) and `full` (ink, shading, backdrop).
`regions` is an index map without anti-aliasing: {regions}.
Every row carries tags, the exact RGB of each region, the parts, and a split by drawing (5% test), never by colouring.

Made by `python -m training.recipes.illustrations --drawings {drawings} --colourings {colourings} --size {size}
--seed {seed} --line-width {thin:g} {thick:g}`.

## Sources and licence
Portrait line art: "Lorelei" by Lisa Wischofsky, CC0 1.0, as packaged in `@dicebear/styles` 10.6.0 (`src/lorelei.json`).
Garments, palettes, patterns, shading and backdrops are this recipe's own. The pictures are released under CC0 1.0.
The people are composed from parts; no one is portrayed.
"""


class Order(NamedTuple):
    """What is rendered: how many pictures, of which size in pixels, from which seed, with which line widths."""

    drawings: int
    colourings: int
    size: int
    seed: int
    line_widths: tuple[float, float]


def render_drawing(index: int, style: Style, order: Order) -> list[Item]:
    """Renders all colourings of one drawing; the result depends on nothing but the arguments."""
    plan = choose_plan(style, np.random.default_rng([0, order.seed, index]), order.line_widths)
    drawing = draw(style, plan, order.size, (1, order.seed, index))
    line = _png(reduce_picture(1 - drawing.line, order.size))
    regions = _png(reduce_regions(drawing.regions, order.size))
    lights: dict[bool, Light] = {}
    items = []
    for number in range(order.colourings):
        key = (order.seed, index, number)
        colouring = choose_colouring(
            np.random.default_rng([2, *key]), can_be_patterned=plan.garment not in PLAIN_GARMENTS
        )
        side = colouring.light_from_left
        if side not in lights:
            lights[side] = light_masks(drawing, from_left=side)
        flat = paint_flat(drawing, colouring)
        full = paint_full(drawing, colouring, lights[side], np.random.default_rng([3, *key]))
        pictures = {"line": line, "flat": _png(reduce_picture(flat, order.size))}
        pictures |= {"full": _png(reduce_picture(full, order.size)), "regions": regions}
        items.append(Item(_row(index, number, drawing, colouring), pictures))
    return items


def illustrations(style: Style, order: Order, *, jobs: int = 1) -> Iterator[Item]:
    """Renders an order in sequence, with `jobs` worker processes; the items do not depend on `jobs`."""
    render = partial(render_drawing, style=style, order=order)
    return render_in_order(render, order.drawings, pictures=order.colourings, jobs=jobs)


def _row(index: int, number: int, drawing: Drawing, colouring: Colouring) -> dict[str, Any]:
    plan = drawing.plan
    area = np.bincount(drawing.regions.ravel(), minlength=len(REGIONS)) / drawing.regions.size
    return {
        "id": f"{index:06d}-{number:02d}",
        "drawing": index,
        "split": plan.split,
        "tags": _tags(drawing, colouring, dict(zip(REGIONS, area, strict=True))),
        "colours": {region: _hex(colouring.colours[region]) for region in REGIONS},
        "pattern_colour": _hex(colouring.pattern.colour),
        "variants": plan.parts,
        "garment": plan.garment,
        "pattern": colouring.pattern.kind,
        "backdrop": colouring.backdrop,
        "line_width": round(plan.line_width, 2),
        "line_texture": plan.line_texture,
        "flip": plan.flip,
        "light": "left" if colouring.light_from_left else "right",
        "area": {region: round(float(share), 4) for region, share in zip(REGIONS, area, strict=True)},
    }


def _tags(drawing: Drawing, colouring: Colouring, area: dict[str, float]) -> list[str]:
    names, plan = colouring.names, drawing.plan
    eyes = f"{names['eyes']}_eyes" if drawing.has_iris else "eyes_closed"
    tags = [f"{names['hair']}_hair"] if area["hair"] > 0.002 else ["bald"]
    tags += [eyes, f"{names['skin']}_skin", plan.garment, f"{names['background']}_background"]
    tags += [f"{names['clothes']}_clothes"] if area["clothes"] > 0.004 else []
    tags += [f"{colouring.pattern.kind}_clothes"] if colouring.pattern.kind != "plain" else []
    tags += [f"{names['accent']}_accent"] if area["accent"] > 0.004 else []
    return tags + [tag for part, tag in OPTIONAL_TAGS.items() if plan.parts.get(part)]


def _hex(colour: RGB) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)


def _png(picture: np.ndarray) -> bytes:
    """Encodes uint8 [S, S] or RGB [S, S, 3]."""
    return cv2.imencode(".png", picture if picture.ndim == 2 else picture[..., ::-1])[1].tobytes()


def _card(order: Order) -> str:
    return CARD.format(
        regions=", ".join(f"{index} {region}" for index, region in enumerate(REGIONS)),
        thin=order.line_widths[0],
        thick=order.line_widths[1],
        **{name: getattr(order, name) for name in ("drawings", "colourings", "size", "seed")},
    )


def _check(order: Order, form: str, jobs: int) -> None:
    thin, thick = order.line_widths
    are_widths = 4 <= thin <= thick <= 24
    checks = {
        f"--drawings is {order.drawings}; accepted: 1 or more": order.drawings >= 1,
        f"--colourings is {order.colourings}; accepted: 1 to 100": 1 <= order.colourings <= 100,
        f"--size is {order.size}; accepted: 32 to 1024": 32 <= order.size <= 1024,
        f"--seed is {order.seed}; accepted: 0 or more": order.seed >= 0,
        f"--jobs is {jobs}; accepted: 1 or more": jobs >= 1,
        f"--line-width is {thin:g} {thick:g}; accepted: two widths from 4 to 24, the smaller first": are_widths,
        f"--format is {form!r}; accepted: {', '.join(FORMATS)}": form in FORMATS,
    }
    for sentence, is_right in checks.items():
        if not is_right:
            raise ConfigError(sentence)


@tells_mistakes
def main(
    out: Annotated[Path, typer.Option(help="Folder to make; must be absent or empty.")],
    style: Annotated[Path | None, typer.Option(help="lorelei.json; by default taken from its npm package.")] = None,
    drawings: Annotated[int, typer.Option(help="Number of drawings.")] = 100,
    colourings: Annotated[int, typer.Option(help="Colourings of each drawing.")] = 1,
    size: Annotated[int, typer.Option(help="Side of the pictures in pixels.")] = 256,
    seed: Annotated[int, typer.Option(help="Another seed, other pictures.")] = 0,
    line_width: Annotated[tuple[float, float], typer.Option(help="Line widths, thousandths of the side.")] = (8, 13),
    form: Annotated[str, typer.Option("--format", help="folder or parquet.")] = "folder",
    jobs: Annotated[int, typer.Option(help="Worker processes; the pictures do not depend on it.")] = 1,
) -> None:
    """Composes portraits as aligned stages line, flat and full."""
    order = Order(drawings, colourings, size, seed, line_width)
    _check(order, form, jobs)
    check_target(out)
    with tempfile.TemporaryDirectory() as scratch:
        definition = read_style(style or fetch_style(Path(scratch)))
    write = write_folder if form == "folder" else write_parquet
    write(out, illustrations(definition, order, jobs=jobs), _card(order))


if __name__ == "__main__":
    typer.run(main)
