"""What the Hub reads of every Space: front matter, requirements, and a folder that stands on its own."""

import ast
import os
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import gradio
import pytest
from huggingface_hub import SpaceCard

from artmodels import starter_names

ROOT = Path(__file__).parents[2]
SPACES = sorted(path.parent for path in (ROOT / "spaces").glob("*/app.py"))
COLOURS = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}
ALLOWED = {"artmodels", "gradio", "numpy", "PIL"}

each_space = pytest.mark.parametrize("space", SPACES, ids=lambda space: space.name)


def test_nothing_in_spaces_is_a_package() -> None:
    assert list((ROOT / "spaces").rglob("__init__.py")) == []


@each_space
def test_front_matter_is_complete(space: Path) -> None:
    card = SpaceCard.load(space / "README.md").data
    assert card.sdk == "gradio"
    assert card.app_file == "app.py"
    assert card.license == "apache-2.0"
    assert {card.colorFrom, card.colorTo} <= COLOURS
    assert 0 < len(card.short_description) <= 60
    assert card.title
    assert card.emoji


@each_space
def test_versions_are_quoted_and_are_the_ones_tested(space: Path) -> None:
    head = (space / "README.md").read_text(encoding="utf-8").split("---")[1]
    assert f'sdk_version: "{gradio.__version__}"' in head
    assert re.search(r'^python_version: "3\.\d+"$', head, re.MULTILINE)
    assert version("gradio") == gradio.__version__


@each_space
def test_models_named_are_shipped(space: Path) -> None:
    models = SpaceCard.load(space / "README.md").data.models or []
    assert set(models) <= set(starter_names())


@each_space
def test_requirements_leave_gradio_to_the_sdk_version(space: Path) -> None:
    lines = (space / "requirements.txt").read_text(encoding="utf-8").split()
    assert any(line.startswith("artmodels") for line in lines)
    assert not any(line.startswith(("gradio", ".", "-e")) for line in lines)


@each_space
def test_code_imports_the_library_and_never_torch_or_training(space: Path) -> None:
    files = sorted(space.glob("*.py"))
    beside = {path.stem for path in files}
    for path in files:
        found = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {name.name.split(".")[0] for name in node.names}
            elif isinstance(node, ast.ImportFrom):
                found.add((node.module or "").split(".")[0])
        assert found - ALLOWED - beside - sys.stdlib_module_names == set(), path.name


@each_space
def test_module_names_are_not_shared_between_spaces(space: Path) -> None:
    own = {path.stem for path in space.glob("*.py")} - {"app"}
    others = {path.stem for other in SPACES if other != space for path in other.glob("*.py")}
    assert own & others == set()


def test_app_runs_as_a_script_and_says_in_one_sentence_what_it_misses(tmp_path: Path) -> None:
    missing = tmp_path / "no-model-here"
    missing.mkdir()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "ARTMODELS_EDITOR_MODEL": str(missing)}
    script = ROOT / "spaces" / "workflow-editor" / "app.py"
    done = subprocess.run([sys.executable, script], env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert str(missing) in done.stderr
