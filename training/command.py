"""How every training command tells a person's mistake: one sentence, exit code 1, no traceback."""

import functools
import sys
from collections.abc import Callable
from typing import ParamSpec

import typer

from artmodels.errors import ArtModelsError

__all__ = ["tells_mistakes"]

Arguments = ParamSpec("Arguments")


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
