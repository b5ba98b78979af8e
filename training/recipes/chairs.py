"""Chairs of own making as exactly aligned design stages: sketch → normal → colour → lighting.

    python -m training.recipes.chairs --out data/chairs --chairs 3000 --views 2 --size 128 --seed 0 --jobs 2

After the third data set of Tseng et al. 2020 (appendix A.2): 13 546 pictures, two random views of each of 6 773
ShapeNet chairs, lit by one of 300 environments. Differs: the chairs are built from random plans instead of ShapeNet
models (for those see `training.recipes.shapenet`), the environments are made up, and the sketch is drawn from the
geometry.

Takes about 0.13 s a picture and process at 128 px, 0.4 s at 256 px; `--chairs 6773 --size 256 --jobs 16` 6 minutes.
"""

import hashlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import cv2
import numpy as np
import typer

from artmodels.errors import ConfigError
from training.command import tells_mistakes
from training.recipes.chair_lighting import COUNT, Environment, environment
from training.recipes.chair_materials import Material, choose_materials
from training.recipes.chair_plans import Plan, choose_plan
from training.recipes.chair_renderer import View
from training.recipes.chair_shapes import build
from training.recipes.chair_stages import STAGES, draw_view, subject
from training.recipes.stage_writer import FORMATS, Item, check_target, render_in_order, write_folder, write_parquet

__all__ = ["Order", "choose_view", "main", "render_chair", "render_chairs", "split_of"]

TEST_SHARE = 1000 / 13546
"""Part of the chairs that are kept for tests: the paper's."""

CARD = """---
license: cc0-1.0
pretty_name: Procedural chairs
task_categories: [image-to-image]
---
# Procedural chairs

{chairs} chairs from {views} views each, {size} x {size} pixels, as exactly aligned design stages:
`sketch` (lines where the surface ends, bends or passes behind), `normal` (camera space, x right, y up, z to the eye,
(n + 1) / 2), `colour` (white light) and `lighting` (one of {environments} environments, indoors and outdoors).
Every row carries tags, the parts and materials, the number of the environment, the angles of the view in degrees
(azimuth 0 is the front, positive the chair's left), and a split by chair ({test:.1%} test), never by view.

Made by `python -m training.recipes.chairs --chairs {chairs} --views {views} --size {size} --seed {seed}`.

## Sources and licence
No source data: shapes, materials, light and renderer are this recipe's own. The pictures are released under CC0 1.0.
"""


class Order(NamedTuple):
    """What is rendered: how many chairs, views of each, pixels a side, from which seed."""

    chairs: int
    views: int
    size: int
    seed: int


def render_chair(index: int, order: Order) -> list[Item]:
    """Renders all views of one chair; the result depends on nothing but the arguments."""
    plan = choose_plan(np.random.default_rng([10, order.seed, index]))
    materials = choose_materials(plan, np.random.default_rng([11, order.seed, index]))
    sitter = subject(build(plan), materials)
    items = []
    for number in range(order.views):
        rng = np.random.default_rng([12, order.seed, index, number])
        view, light, line_width = choose_view(rng), int(rng.integers(COUNT)), float(rng.uniform(0.85, 1.3))
        surroundings = environment(light)
        pictures = draw_view(sitter, view, surroundings, order.size, line_width=line_width)
        row = {"id": f"{index:06d}-{number:02d}", "chair": index, "split": split_of(order.seed, index)}
        row |= _description(plan, materials, surroundings)
        row |= {"environment": light, "line_width": round(line_width, 3)}
        row |= {name: round(float(np.degrees(angle)), 2) for name, angle in view._asdict().items()}
        items.append(Item(row, {stage: _png(pictures[stage]) for stage in STAGES}))
    return items


def render_chairs(order: Order, *, jobs: int = 1) -> Iterator[Item]:
    """Renders an order in sequence, with `jobs` worker processes; the items do not depend on `jobs`."""
    return render_in_order(partial(render_chair, order=order), order.chairs, pictures=order.views, jobs=jobs)


def choose_view(rng: np.random.Generator) -> View:
    """Draws a view as one would photograph a chair: mostly its front from one side, sometimes its back, from above."""
    side = float(rng.choice([-1, 1]))
    azimuth = np.radians(rng.uniform(8, 75) if rng.random() < 0.84 else rng.uniform(105, 178))
    return View(side * float(azimuth), float(np.radians(rng.uniform(6, 32))))


def split_of(seed: int, index: int) -> str:
    """ "test" for about 1 chair in 13, by the hash of its seed and number."""
    digest = hashlib.sha256(f"chair {seed} {index}".encode()).digest()
    return "test" if int.from_bytes(digest[:8], "big") / 2**64 < TEST_SHARE else "train"


def _description(plan: Plan, materials: dict[str, Material], surroundings: Environment) -> dict[str, Any]:
    used = {slot: materials[slot] for slot in ("seat", "back", "base")}
    if plan.back == "shell":
        used["back"] = used["seat"]
    if plan.back in ("spindles", "hoop"):
        used["back"] = materials["frame"]
    tags = [plan.kind, f"{plan.back}_back", f"{plan.base}_legs", f"{plan.seat}_seat"]
    tags += [f"{plan.arms}_arms"] if plan.arms != "none" else ["no_arms"]
    tags += [f"{material.kind}_{slot}" for slot, material in used.items()]
    tags += [f"{material.name}_{slot}" for slot, material in used.items() if material.kind != "cane"]
    return {
        "tags": tags,
        "kind": plan.kind,
        "back": plan.back,
        "legs": plan.base,
        "seat": plan.seat,
        "arms": plan.arms,
        "material": used["base"].kind,
        "place": surroundings.place,
    }


def _png(picture: np.ndarray) -> bytes:
    """Encodes uint8 [S, S] or RGB [S, S, 3]."""
    return cv2.imencode(".png", picture if picture.ndim == 2 else picture[..., ::-1])[1].tobytes()


def _check(order: Order, form: str, jobs: int) -> None:
    checks = {
        f"--chairs is {order.chairs}; accepted: 1 or more": order.chairs >= 1,
        f"--views is {order.views}; accepted: 1 to 100": 1 <= order.views <= 100,
        f"--size is {order.size}; accepted: 32 to 1024": 32 <= order.size <= 1024,
        f"--seed is {order.seed}; accepted: 0 or more": order.seed >= 0,
        f"--jobs is {jobs}; accepted: 1 or more": jobs >= 1,
        f"--format is {form!r}; accepted: {', '.join(FORMATS)}": form in FORMATS,
    }
    for sentence, is_right in checks.items():
        if not is_right:
            raise ConfigError(sentence)


@tells_mistakes
def main(
    out: Annotated[Path, typer.Option(help="Folder to make; must be absent or empty.")],
    chairs: Annotated[int, typer.Option(help="Number of chairs.")] = 100,
    views: Annotated[int, typer.Option(help="Views of each chair.")] = 2,
    size: Annotated[int, typer.Option(help="Side of the pictures in pixels.")] = 256,
    seed: Annotated[int, typer.Option(help="Another seed, other chairs.")] = 0,
    form: Annotated[str, typer.Option("--format", help="folder or parquet.")] = "folder",
    jobs: Annotated[int, typer.Option(help="Worker processes; the pictures do not depend on it.")] = 1,
) -> None:
    """Builds and renders chairs as aligned stages sketch, normal, colour and lighting."""
    order = Order(chairs, views, size, seed)
    _check(order, form, jobs)
    check_target(out)
    write = write_folder if form == "folder" else write_parquet
    card = CARD.format(**order._asdict(), environments=COUNT, test=TEST_SHARE)
    write(out, render_chairs(order, jobs=jobs), card)


if __name__ == "__main__":
    typer.run(main)
