"""The bench measures the real thing in a process of its own, and says what it measured."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from importlib.metadata import version
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from training.bench import Case, Row, cases, cases_of, main, measure, seconds_of, table
from training.workflow.settings import GENERATION_PRESETS, INFERENCE_PRESETS

ROOT = Path(__file__).parents[2]
TINY = cases_of("tiny", INFERENCE_PRESETS["tiny"], GENERATION_PRESETS["tiny"])


def hold_memory(mebibytes: int, repeats: int) -> list[float]:
    held = b"x" * (mebibytes * 2**20)
    return [float(len(held))] * repeats


@pytest.fixture(autouse=True)
def fresh_accelerator() -> Iterator[None]:
    """Accelerate keeps its precision for the life of a process."""
    yield
    if "accelerate" in sys.modules:
        sys.modules["accelerate"].state.AcceleratorState._reset_state(reset_partial_state=True)


def test_a_first_call_is_made_and_not_counted() -> None:
    calls = iter(range(9))
    seconds = seconds_of(lambda: time.sleep(0.05 if next(calls) == 0 else 0), 3)
    assert next(calls) == 4
    assert len(seconds) == 3
    assert max(seconds) < 0.05


@pytest.mark.parametrize("case", TINY, ids=lambda case: case.name)
def test_every_clock_runs_and_counts_its_repeats(case: Case) -> None:
    began = time.perf_counter()
    seconds = case.clock(2)
    assert len(seconds) == 2
    assert all(second > 0 for second in seconds)
    assert sum(seconds) < time.perf_counter() - began


def test_rows_are_measured_in_processes_of_their_own() -> None:
    large = measure(Case("large", partial(hold_memory, 400)), 2)
    small = measure(Case("small", partial(hold_memory, 1)), 2)
    assert large.name == "large"
    assert large.seconds == [400 * 2**20] * 2
    assert large.peak_mebibytes - small.peak_mebibytes == pytest.approx(400, abs=20)


def test_the_table_compares_medians_with_the_first_row() -> None:
    rows = [Row("first", [0.5, 0.1, 0.2], 10.4), Row("a longer second", [1.0, 2.0, 0.5], 300.0)]
    head, first, second = table(rows).splitlines()
    assert head.split() == ["median", "s", "min", "max", "peak", "MiB", "ratio"]
    assert first.split() == ["first", "0.2000", "0.1000", "0.5000", "10", "1.00"]
    assert second.split() == ["a", "longer", "second", "1.0000", "0.5000", "2.0000", "300", "5.00"]
    assert len({len(line) for line in (head, first, second)}) == 1


def test_both_sizes_and_the_papers_model_are_measured() -> None:
    names = [case.name for case in cases(paper=True)]
    assert len(set(names)) == len(names) == 33
    for part in {name.split(": ")[1].split(", step")[0] for name in names}:
        assert [name.split(":")[0] for name in names if part in name] == ["starter 128", "starter 256", "paper 256"]
    assert [case.name for case in cases()] == names[:22]


def test_the_command_prints_json_for_machines() -> None:
    command = [sys.executable, "-m", "training.bench", "--only", "import artmodels", "--repeats", "2", "--json"]
    report = json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout)
    (row,) = report["rows"]
    assert row["name"] == "import artmodels"
    assert len(row["seconds"]) == 2
    assert 0 < row["peak_mebibytes"] < 100
    assert report["machine"]["torch"] == version("torch")


def test_rows_that_do_not_exist_are_refused() -> None:
    interface = typer.Typer()
    interface.command()(main)
    run = CliRunner().invoke(interface, ["--only", "dinner"])
    assert run.exit_code == 2
    assert "dinner" in run.output
