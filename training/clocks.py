"""How the bench takes time: of a call, and of the steps of a training."""

import json
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from training.settings import RunSettings

__all__ = ["Case", "logged_seconds", "seconds_of", "short_run"]


class Case(NamedTuple):
    """One row to be: `clock(repeats)` gives the seconds of each repeat."""

    name: str
    clock: Callable[[int], list[float]]


def seconds_of(call: Callable[[], object], repeats: int) -> list[float]:
    """Seconds of each of `repeats` calls that follow a first, uncounted one."""
    seconds = []
    for _ in range(repeats + 1):
        began = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - began)
    return seconds[1:]


def short_run(run: RunSettings, repeats: int) -> RunSettings:
    """One step to warm up, `repeats` steps that count, and one whose log line says when the last of them ended."""
    return replace(run, steps=repeats + 2, log_every=1, save_every=repeats + 3)


def logged_seconds(log: Path) -> list[float]:
    """Seconds of every step but the last, from a log of every step and the mean time of the steps before it."""
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    totals = [line["seconds_per_step"] * (line["step"] - 1) for line in lines]
    return [after - before for before, after in pairwise(totals)]
