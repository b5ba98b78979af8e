"""What the commands share: their options, one picture after the other, and where results go."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from artmodels.errors import ConfigError, PictureError
from artmodels.folders import Task, make_folder

if TYPE_CHECKING:
    from artmodels.results import Result

__all__ = ["Device", "Inputs", "Model", "Output", "Revision", "for_each", "pairs", "save", "single_file"]

Inputs = Annotated[list[Path], typer.Argument(metavar="INPUT...", help="Pictures, or folders of them.")]
Output = Annotated[
    Path, typer.Option("-o", "--output", help="A folder; for one picture also a .png, .psd or .ora file.")
]
Model = Annotated[str, typer.Option(help="A folder, a model in the package, or a Hub id.")]
Revision = Annotated[str | None, typer.Option(help="A branch, tag or commit of the model on the Hub.")]
Device = Annotated[str, typer.Option(help="Where to compute: cpu, cuda, cuda:1, mps.")]


def pairs(option: str, given: Sequence[str] | None) -> dict[str, str]:
    """Each NAME=VALUE of an option that may be given many times."""
    pairs: dict[str, str] = {}
    for text in given or ():
        name, equals, value = text.partition("=")
        if not equals or not name or not value:
            raise ConfigError(f"{option} takes NAME=VALUE, not {text!r}")
        if name in pairs:
            raise ConfigError(f"{option} {name} is given twice")
        pairs[name] = value
    return pairs


def save(result: "Result", task: Task, output: Path, single: bool) -> None:
    """Write a result as OUTPUT, or in that folder under the picture's name."""
    target = output if single else make_folder((output / task.name).parent) / f"{task.name.name}.png"
    if target.resolve() == task.source.resolve():
        raise PictureError(f"{target} is the artwork itself: choose another output")
    result.save(target)


def single_file(tasks: Sequence[Task], output: Path) -> bool:
    """Whether the output is one file, not a folder."""
    from artmodels.folders import PICTURE_SUFFIXES
    from artmodels.results import RESULT_SUFFIXES

    suffix = output.suffix.lower()
    if output.is_dir() or suffix not in (*RESULT_SUFFIXES, *PICTURE_SUFFIXES):
        return False
    if suffix not in RESULT_SUFFIXES:
        raise PictureError(f"cannot write {output}: name a {', '.join(RESULT_SUFFIXES)} file, or a folder")
    if len(tasks) > 1:
        raise PictureError(f"{len(tasks)} pictures do not go into the one file {output}: name a folder")
    return True


def for_each(tasks: Sequence[Task], work: Callable[[Task], None], output: Path) -> None:
    """Go through the pictures; one of many that cannot be used is reported and does not stop the others."""
    from tqdm import tqdm

    if len(tasks) == 1:
        work(tasks[0])
    else:
        failures = 0
        for task in tqdm(tasks, unit="picture", disable=None):
            try:
                work(task)
            except PictureError as error:
                failures += 1
                tqdm.write(f"artmodels: {error}", file=sys.stderr)
        if failures:
            raise PictureError(f"{failures} of {len(tasks)} pictures could not be used")
    typer.echo(output)
