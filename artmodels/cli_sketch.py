"""`artmodels sketch` and `artmodels synthesize`: pictures to lines, and lines to pictures."""

from pathlib import Path
from typing import Annotated, Any

import typer

from artmodels.cli_tasks import Device, Inputs, Model, Output, Revision, for_each, save, single_file
from artmodels.errors import ConfigError, PictureError
from artmodels.folders import Task, find_pictures, make_folder

__all__ = ["sketch", "synthesize"]

DEFAULT_SKETCHER = "artmodels/sketcher"
DEFAULT_SYNTHESIZER = "artmodels/sketch2image-illustrations"


def sketch(
    inputs: Inputs,
    output: Output,
    hand: Annotated[str | None, typer.Option(help="The way of drawing; the model's first by default.")] = None,
    every_hand: Annotated[
        bool, typer.Option("--every-hand", help="Draw in all hands: OUTPUT/<name>/<hand>.png.")
    ] = False,
    thickness: Annotated[float, typer.Option(help="How many times wider the strokes are, 0.25 to 4.")] = 1.0,
    darkness: Annotated[float | None, typer.Option(help="From 0.05 to 1, black; the hand's own by default.")] = None,
    detail: Annotated[float, typer.Option(help="How closely to look, 0.5 to 4; more takes longer.")] = 1.0,
    model: Annotated[
        str, typer.Option(help='A folder, a model in the package, a Hub id, or "xdog", a filter without learning.')
    ] = DEFAULT_SKETCHER,
    revision: Revision = None,
    device: Device = "cpu",
) -> None:
    """Draw the lines of pictures.

    Into a folder: OUTPUT/<name>.png.
    """
    if every_hand and hand is not None:
        raise typer.BadParameter("give --hand or --every-hand, not both")
    tasks = find_pictures(inputs, output)
    single = single_file(tasks, output)
    if every_hand and single:
        raise PictureError(f"drawings in every hand do not go into the one file {output}: name a folder")
    sketcher = _sketcher(model, revision, device)

    def draw(task: Task) -> None:
        for name in sketcher.hands if every_hand else [hand]:
            result = sketcher.draw(task.source, hand=name, thickness=thickness, darkness=darkness, detail=detail)
            if every_hand:
                result.save(make_folder(output / task.name) / f"{name}.png")
            else:
                save(result, task, output, single)

    for_each(tasks, draw, output)


def synthesize(
    inputs: Inputs,
    output: Output,
    exemplar: Annotated[
        list[Path], typer.Option(help="A picture whose style is taken; given several times, they are mixed.")
    ],
    weight: Annotated[
        list[float] | None, typer.Option(help="How much of each exemplar, given as often; equal by default.")
    ] = None,
    mixing: Annotated[str, typer.Option(help="How several are mixed: style or stitch.")] = "style",
    seed: Annotated[int, typer.Option(help="Each gives another texture.")] = 0,
    refine: Annotated[
        bool | None, typer.Option(help="Refine the coarse picture; by default where the model can.")
    ] = None,
    keep_lines: Annotated[bool, typer.Option(help="Lay the sketch's own lines over the colour.")] = False,
    clean: Annotated[bool, typer.Option(help="Take paper tone away, and refuse photos.")] = True,
    sketcher: Annotated[
        str | None,
        typer.Option(help='INPUT are pictures, no sketches: draw their lines by this model, or "xdog", first.'),
    ] = None,
    hand: Annotated[str | None, typer.Option(help="The sketcher's way of drawing.")] = None,
    model: Model = DEFAULT_SYNTHESIZER,
    revision: Revision = None,
    device: Device = "cpu",
) -> None:
    """Make pictures of sketches in the style of exemplars.

    Into a folder: OUTPUT/<name>.png.
    """
    if hand is not None and sketcher is None:
        raise ConfigError("--hand is for pictures whose lines a sketcher draws: give --sketcher too")
    tasks = find_pictures(inputs, output)
    single = single_file(tasks, output)
    synthesizer = _synthesizer(model, revision, device)
    drawer = None if sketcher is None else _sketcher(sketcher, None, device)
    wishes: dict[str, Any] = {
        "weights": weight, "mixing": mixing, "seed": seed, "refine": refine, "keep_lines": keep_lines
    }  # fmt: skip

    def make(task: Task) -> None:
        if drawer is None:
            result = synthesizer.synthesize(task.source, exemplar, clean=clean, **wishes)
        else:
            result = synthesizer.transfer(task.source, exemplar, sketcher=drawer, hand=hand, **wishes)
        save(result, task, output, single)

    for_each(tasks, make, output)


def _sketcher(model: str, revision: str | None, device: str) -> Any:
    from artmodels.sketch2image.sketcher import load_sketcher

    return load_sketcher(model, revision=revision, device=device)


def _synthesizer(model: str, revision: str | None, device: str) -> Any:
    from artmodels.sketch2image.model import SketchToImage

    return SketchToImage.from_pretrained(model, revision=revision, device=device)
