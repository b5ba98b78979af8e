"""`artmodels stylize`: photos and videos of faces to portraits in a style."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from artmodels.cli_tasks import Device, Inputs, Output, Revision, for_each, pairs, save, single_file
from artmodels.errors import ConfigError, PictureError
from artmodels.folders import Task, find_pictures, make_folder

if TYPE_CHECKING:
    from artmodels.portrait.model import PortraitStylizer
    from artmodels.portrait.opening import OpenedPortrait

__all__ = ["stylize"]

VIDEO_SUFFIXES = (".avi", ".m4v", ".mkv", ".mov", ".mp4", ".webm")

Style = Annotated[str, typer.Option(help="A style: its short name, a folder, or a Hub id.")]
StyleRevision = Annotated[str | None, typer.Option(help="A branch, tag or commit of the style on the Hub.")]
Attribute = Annotated[str | None, typer.Option(help="Which of the style's paths, such as woman.")]
Likeness = Annotated[
    float, typer.Option(help="0.5 is the style as trained; towards 1 more of the photo, towards 0 less of the face.")
]
Swap = Annotated[int | None, typer.Option(help="Take shapes alone from the style: its blocks up to this resolution.")]
Seed = Annotated[int | None, typer.Option(help="Draw one of the portraits that the photo could be.")]
Samples = Annotated[int | None, typer.Option(help="Draw so many, the most typical first: OUTPUT/<name>/<number>.png.")]
Moves = Annotated[list[str] | None, typer.Option(help="DIRECTION=AMOUNT, such as pose-1=1.5; as often as you like.")]
PasteBack = Annotated[bool, typer.Option(help="Lay the portrait into the whole photo.")]
Eyes = Annotated[str | None, typer.Option(help="X,Y,X,Y in pixels, the eye on the left first; found by default.")]
FaceNumber = Annotated[int, typer.Option(help="Which face, where there are several; 0 is the largest.")]
Inversion = Annotated[str, typer.Option(help="encoder; or w+ or z+, by optimisation, which is slow.")]
Steps = Annotated[int, typer.Option(help="Of the optimisation.")]
DrivenBy = Annotated[
    Path | None, typer.Option(help="A video whose face the portrait of the one photo moves like: OUTPUT is a video.")
]
Strength = Annotated[float, typer.Option(help="How far to follow that video, from 0 to 3.")]
PhotoModel = Annotated[
    str | None, typer.Option(help="The photo model; by default the one that the style was tuned from.")
]


def stylize(
    inputs: Inputs,
    output: Output,
    style: Style,
    style_revision: StyleRevision = None,
    attribute: Attribute = None,
    likeness: Likeness = 0.5,
    swap: Swap = None,
    seed: Seed = None,
    samples: Samples = None,
    move: Moves = None,
    paste_back: PasteBack = True,
    eyes: Eyes = None,
    face: FaceNumber = 0,
    inversion: Inversion = "encoder",
    steps: Steps = 200,
    driven_by: DrivenBy = None,
    strength: Strength = 1.0,
    model: PhotoModel = None,
    revision: Revision = None,
    device: Device = "cpu",
) -> None:
    """Make portraits in a style of photos of faces, or of the frames of a video.

    Into a folder: OUTPUT/<name>.png. A video becomes a .mp4 or .webm file.
    """
    if samples is not None and (seed is not None or samples < 2):
        raise typer.BadParameter("--samples draws 2 or more, with seeds of its own: leave --seed out")
    opening: dict[str, Any] = {"eyes": places(eyes), "face": face, "inversion": inversion, "steps": steps}
    wishes: dict[str, Any] = {
        "attribute": attribute, "likeness": likeness, "swap": swap, "moves": moves_of(move), "paste_back": paste_back
    }  # fmt: skip
    choice = style, style_revision, model, revision, device
    if any(path.suffix.lower() in VIDEO_SUFFIXES for path in inputs):
        if len(inputs) > 1 or samples is not None or eyes is not None or inversion != "encoder":
            raise typer.BadParameter("a video is made alone, and without --samples, --eyes and --inversion")
        return _video(choice, inputs[0], output, face=face, seed=seed, **wishes)
    if driven_by is not None:
        if len(inputs) > 1 or samples is not None or seed is not None:
            raise typer.BadParameter("--driven-by moves one photo's portrait, without --samples and --seed")
        return _animated(choice, inputs[0], driven_by, output, opening, strength=strength, **wishes)
    if samples is None:
        return _photos(choice, inputs, output, opening, seed=seed, **wishes)
    return _samples(choice, inputs, output, opening, samples, wishes)


def _photos(choice: Any, inputs: list[Path], output: Path, opening: dict[str, Any], **wishes: Any) -> None:
    tasks = find_pictures(inputs, output)
    single = single_file(tasks, output)
    stylizer, style = _models(*choice)

    def portray(task: Task) -> None:
        save(stylizer.stylize(_opened(stylizer, task.source, opening), style=style, **wishes), task, output, single)

    for_each(tasks, portray, output)


def _samples(
    choice: Any, inputs: list[Path], output: Path, opening: dict[str, Any], count: int, wishes: dict[str, Any]
) -> None:
    tasks = find_pictures(inputs, output)
    if single_file(tasks, output):
        raise PictureError(f"{count} samples do not go into the one file {output}: name a folder")
    stylizer, style = _models(*choice)

    def portray(task: Task) -> None:
        opened = _opened(stylizer, task.source, opening)
        results = stylizer.samples(opened, style=style, seeds=range(1, count + 1), **wishes)
        for number, result in enumerate(results, start=1):
            result.save(make_folder(output / task.name) / f"{number}.png")

    for_each(tasks, portray, output)


def _video(choice: Any, source: Path, output: Path, **wishes: Any) -> None:
    from artmodels.portrait.video import stylize_video

    stylizer, style = _models(*choice)
    with frame_bar(source) as show:
        stylize_video(stylizer, source, output, style=style, progress=show, **wishes)
    typer.echo(output)


def _animated(choice: Any, photo: Path, driving: Path, output: Path, opening: dict[str, Any], **wishes: Any) -> None:
    from artmodels.portrait.video import animate_video

    stylizer, style = _models(*choice)
    opened = _opened(stylizer, photo, opening)
    with frame_bar(driving) as show:
        animate_video(stylizer, opened, driving, output, style=style, progress=show, **wishes)
    typer.echo(output)


@contextmanager
def frame_bar(video: Path) -> Iterator[Callable[[int, int], None]]:
    """A bar of a video's frames; call what it gives after each with its number and how many there are."""
    from tqdm import tqdm

    with tqdm(desc=video.name, unit="frame", leave=False, disable=None) as bar:

        def show(number: int, total: int) -> None:
            bar.total = total or None
            bar.update(number - bar.n)

        yield show


def places(eyes: str | None) -> Sequence[tuple[float, float]] | None:
    """The two places that four numbers with commas between them are."""
    if eyes is None:
        return None
    try:
        left_x, left_y, right_x, right_y = map(float, eyes.split(","))
    except ValueError:
        raise ConfigError(f"--eyes takes X,Y,X,Y in pixels, such as 120,200,180,204, not {eyes!r}") from None
    return (left_x, left_y), (right_x, right_y)


def moves_of(given: list[str] | None) -> dict[str, float]:
    """Each NAME=AMOUNT, with its amount as a number."""
    moves = {}
    for name, text in pairs("--move", given).items():
        try:
            moves[name] = float(text)
        except ValueError:
            raise ConfigError(f"{name} must be moved by a number, not {text!r}") from None
    return moves


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
