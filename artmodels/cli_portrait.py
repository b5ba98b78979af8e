"""`artmodels stylize`: photos of faces to portraits in a style."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from artmodels.cli_tasks import Device, Inputs, Output, Revision, for_each, pairs, save, single_file
from artmodels.errors import ConfigError, PictureError
from artmodels.folders import Task, find_pictures, make_folder

if TYPE_CHECKING:
    from artmodels.portrait.model import OpenedPortrait, PortraitStylizer

__all__ = ["stylize"]


def stylize(
    inputs: Inputs,
    output: Output,
    style: Annotated[str, typer.Option(help="A style: its short name, a folder, or a Hub id.")],
    style_revision: Annotated[str | None, typer.Option(help="A branch, tag or commit of the style on the Hub.")] = None,
    attribute: Annotated[str | None, typer.Option(help="Which of the style's paths, such as woman.")] = None,
    likeness: Annotated[
        float,
        typer.Option(help="0.5 is the style as trained; towards 1 more of the photo, towards 0 less of the face."),
    ] = 0.5,
    swap: Annotated[
        int | None, typer.Option(help="Take only shapes from the style: its blocks up to this resolution.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Draw one of the portraits that the photo could be.")] = None,
    samples: Annotated[
        int | None, typer.Option(help="Draw so many, the most typical first: OUTPUT/<name>/<number>.png.")
    ] = None,
    move: Annotated[
        list[str] | None, typer.Option(help="DIRECTION=AMOUNT, such as pose-1=1.5; as often as you like.")
    ] = None,
    paste_back: Annotated[bool, typer.Option(help="Lay the portrait into the whole photo.")] = True,
    eyes: Annotated[
        str | None, typer.Option(help="X,Y,X,Y in pixels, the eye on the left first; found by default.")
    ] = None,
    face: Annotated[int, typer.Option(help="Which face, where there are several; 0 is the largest.")] = 0,
    inversion: Annotated[str, typer.Option(help="encoder; or w+ or z+, by optimisation, which is slow.")] = "encoder",
    steps: Annotated[int, typer.Option(help="Of the optimisation.")] = 200,
    model: Annotated[
        str | None, typer.Option(help="The photo model; by default the one that the style was tuned from.")
    ] = None,
    revision: Revision = None,
    device: Device = "cpu",
) -> None:
    """Make portraits in a style of photos of faces.

    Into a folder: OUTPUT/<name>.png.
    """
    if samples is not None and (seed is not None or samples < 2):
        raise typer.BadParameter("--samples draws 2 or more, with seeds of its own: leave --seed out")
    opening: dict[str, Any] = {"eyes": places(eyes), "face": face, "inversion": inversion, "steps": steps}
    moves = {name: amount_of(name, value) for name, value in pairs("--move", move).items()}
    tasks = find_pictures(inputs, output)
    single = single_file(tasks, output)
    if samples is not None and single:
        raise PictureError(f"{samples} samples do not go into the one file {output}: name a folder")
    stylizer, loaded = _models(style, style_revision, model, revision, device)
    wishes: dict[str, Any] = {
        "style": loaded, "attribute": attribute, "likeness": likeness, "swap": swap, "moves": moves,
        "paste_back": paste_back,
    }  # fmt: skip

    def portray(task: Task) -> None:
        opened = _opened(stylizer, task.source, opening)
        if samples is None:
            save(stylizer.stylize(opened, seed=seed, **wishes), task, output, single)
        else:
            for number, result in enumerate(stylizer.samples(opened, seeds=range(1, samples + 1), **wishes), start=1):
                result.save(make_folder(output / task.name) / f"{number}.png")

    for_each(tasks, portray, output)


def places(eyes: str | None) -> Sequence[tuple[float, float]] | None:
    """The two places that four numbers with commas between them are."""
    if eyes is None:
        return None
    try:
        left_x, left_y, right_x, right_y = map(float, eyes.split(","))
    except ValueError:
        raise ConfigError(f"--eyes takes X,Y,X,Y in pixels, such as 120,200,180,204, not {eyes!r}") from None
    return (left_x, left_y), (right_x, right_y)


def amount_of(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ConfigError(f"{name} must be moved by a number, not {text!r}") from None


def _models(style: str, style_revision: str | None, model: str | None, revision: str | None, device: str) -> Any:
    from artmodels.portrait.model import PortraitStylizer
    from artmodels.portrait.style import load_style

    if model is None and revision is not None:
        raise ConfigError("--revision is of the photo model: give --model, too")
    loaded = load_style(style, revision=style_revision, device=device)
    if model is None:
        return PortraitStylizer.for_style(loaded, device=device), loaded
    return PortraitStylizer.from_pretrained(model, revision=revision, device=device), loaded


def _opened(stylizer: "PortraitStylizer", photo: Path, opening: dict[str, Any]) -> "OpenedPortrait":
    """The photo opened, with a bar while it is optimised."""
    from tqdm import tqdm

    if opening["inversion"] == "encoder":
        return stylizer.open(photo, **opening)
    with tqdm(desc=photo.name, unit="step", total=opening["steps"], leave=False, disable=None) as bar:
        return stylizer.open(photo, progress=lambda step: bar.update(step.step - bar.n), **opening)
