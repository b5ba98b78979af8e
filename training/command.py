"""What training commands share: options, and how a person's mistake is told (one sentence, exit code 1)."""

import functools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, ParamSpec

import typer

from artmodels.errors import ArtModelsError

__all__ = ["Changes", "DataFolder", "Minutes", "Resume", "RunFolder", "tells_mistakes"]

Arguments = ParamSpec("Arguments")

# What trainings ask for alike.
DataFolder = Annotated[Path, typer.Option("--data", help="Folder that a recipe wrote.")]
RunFolder = Annotated[Path, typer.Option("--out", help="Folder of this run.")]
Changes = Annotated[list[str] | None, typer.Option("--set", help="field=value, as often as needed.")]
Minutes = Annotated[float | None, typer.Option("--minutes", help="Ends after this time.")]
Resume = Annotated[bool, typer.Option("--resume", help="Goes on from the newest checkpoint in --out.")]


def tells_mistakes(command: Callable[Arguments, None]) -> Callable[Arguments, None]:
    """Wraps a typer command so that an ArtModelsError ends it with its own sentence on stderr."""

    @functools.wraps(command)
    def run(*args: Arguments.args, **options: Arguments.kwargs) -> None:
        try:
            command(*args, **options)
        except ArtModelsError as error:
            print(error, file=sys.stderr)
            raise typer.Exit(1) from None

    return run
