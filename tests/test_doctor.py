"""The doctor reports what a question about a machine needs."""

import json
import sys

import pytest
from PIL import Image
from typer.testing import CliRunner

from artmodels import __version__, starter_names
from artmodels.cli import app
from artmodels.doctor import examine, readable


def test_doctor_reports_as_json_what_a_question_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    run = CliRunner().invoke(app, ["doctor", "--json"])
    report = json.loads(run.stdout)
    assert run.exit_code == 0
    assert report["artmodels"] == __version__
    assert report["python"] == ".".join(map(str, sys.version_info[:3]))
    assert report["packages"]["pillow"] == Image.__version__
    assert report["devices"][0] == "cpu"
    assert report["offline"] == {"HF_HUB_OFFLINE": "1"}
    assert set(report["cache"]) == {"folder", "writable", "free_gib"}
    assert list(report["starters"]) == starter_names()


def test_doctor_is_readable() -> None:
    run = CliRunner().invoke(app, ["doctor"])
    assert (run.exit_code, run.stderr) == (0, "")
    lines = run.stdout.splitlines()
    assert lines[0] == f"artmodels: {__version__}"
    assert f"  pillow: {Image.__version__}" in lines
    assert any(line.startswith("  writable: ") for line in lines)


def test_doctor_says_when_the_cache_cannot_be_written() -> None:
    report = examine()
    report["cache"] = {"folder": "/somewhere", "writable": False, "free_gib": 1.0}
    assert "note: the cache /somewhere cannot be written" in readable(report)
