import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from tiny_model import TinyModel, assert_same, trained

import artmodels
from artmodels.errors import CheckpointError, ConfigError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return trained().save_pretrained(tmp_path / "model")


def test_a_folder_holds_two_files_that_anyone_may_read(folder: Path) -> None:
    assert sorted(path.name for path in folder.iterdir()) == ["config.json", "model.safetensors"]
    modes = {path.stat().st_mode for path in folder.iterdir()}
    assert len(modes) == 1


def test_the_config_file_tells_class_version_and_config(folder: Path) -> None:
    assert json.loads((folder / "config.json").read_text()) == {
        "library_name": "artmodels",
        "library_version": artmodels.__version__,
        "model_class": "TinyModel",
        "config": {"stages": ["line", "flat"], "width": 4, "slope": 0.2},
    }


def test_the_weights_can_be_understood_without_torch(folder: Path) -> None:
    with safe_open(folder / "model.safetensors", framework="np") as file:
        metadata = file.metadata()
    assert json.loads(metadata.pop("config")) == {"stages": ["line", "flat"], "width": 4, "slope": 0.2}
    version = artmodels.__version__
    rest = {"format": "pt", "library_name": "artmodels", "library_version": version, "model_class": "TinyModel"}
    assert metadata == rest


def test_saving_again_replaces_the_model_and_keeps_everything_else(folder: Path) -> None:
    (folder / "README.md").write_text("mine")
    (folder / "samples").mkdir()
    (folder / "samples" / "one.png").write_bytes(b"png")
    model = trained(seed=5, width=6)
    model.save_pretrained(folder)
    assert_same(TinyModel.from_pretrained(folder), model)
    assert (folder / "README.md").read_text() == "mine"
    found = sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))
    assert found == ["README.md", "config.json", "model.safetensors", "samples", "samples/one.png"]


def test_saving_makes_the_folders_above(tmp_path: Path) -> None:
    target = tmp_path / "a" / "b" / "c"
    assert trained().save_pretrained(str(target)) == target
    assert_same(TinyModel.from_pretrained(target), trained())


def test_a_value_too_large_for_half_precision_is_refused_and_nothing_changes(folder: Path) -> None:
    model = trained(seed=9)
    model.encode.bias.data[1] = 1e6
    with pytest.raises(CheckpointError, match=r"'encode.bias' has values too large for torch.float16"):
        model.save_pretrained(folder, dtype=torch.float16)
    assert_same(TinyModel.from_pretrained(folder), trained())
    assert sorted(path.name for path in folder.iterdir()) == ["config.json", "model.safetensors"]


@pytest.mark.parametrize("dtype", [torch.float64, torch.int8, "float16"])
def test_a_dtype_that_is_not_for_weights_is_refused(tmp_path: Path, dtype: torch.dtype) -> None:
    with pytest.raises(ConfigError, match=r"dtype must be one of torch.float32, torch.float16, torch.bfloat16"):
        trained().save_pretrained(tmp_path / "model", dtype=dtype)
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_way_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("mine")
    with pytest.raises(CheckpointError, match="it is a file, and a folder is needed"):
        trained().save_pretrained(tmp_path / "notes")
    assert (tmp_path / "notes").read_text() == "mine"


@pytest.mark.parametrize("folder", ["notes/model", "notes/deep/model"])
def test_a_place_that_cannot_be_written_is_told_in_one_sentence(tmp_path: Path, folder: str) -> None:
    (tmp_path / "notes").write_text("mine")
    with pytest.raises(CheckpointError, match=r"cannot save to '.*model': ") as caught:
        trained().save_pretrained(tmp_path / folder)
    assert "\n" not in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["notes"]


KILLED_WHILE_SAVING = """
import os, shutil, sys
from pathlib import Path
from tiny_model import TinyModel, trained

CHANGES = {"open", "os.mkdir", "os.rename", "os.rmdir", "os.chmod", "os.remove", "shutil.rmtree"}
target = Path(sys.argv[1])
old, new = trained(), trained(seed=1, width=6)


def save_and_die_at(step):
    steps = 0

    def count(event, arguments):
        nonlocal steps
        steps += event in CHANGES
        if steps == step:
            os._exit(9)

    sys.addaudithook(count)
    new.save_pretrained(target)
    os._exit(0)


def prepare(exists):
    shutil.rmtree(target.parent, ignore_errors=True)
    target.parent.mkdir()
    if exists:
        old.save_pretrained(target)
        (target / "README.md").write_text("mine")


def check(accepted):
    found = TinyModel.from_pretrained(target)
    wanted = next(model for model in accepted if model.config == found.config)
    assert all((found.state_dict()[name] == tensor).all() for name, tensor in wanted.state_dict().items())


def deaths(exists):
    died = 0
    while True:
        prepare(exists)
        child = os.fork()
        if child == 0:
            save_and_die_at(died + 1)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if exists or target.exists():
            check([old, new] if exists else [new])
        if exists:
            assert (target / "README.md").read_text() == "mine"
        new.save_pretrained(target)
        check([new])
        if code == 0:
            return died
        died += 1


print(deaths(exists=True), deaths(exists=False))
"""


def test_killed_at_any_step_a_save_leaves_the_old_model_or_the_new_one(tmp_path: Path) -> None:
    root = Path(__file__).parent
    done = subprocess.run(
        [sys.executable, "-c", KILLED_WHILE_SAVING, str(tmp_path / "root" / "model")],
        env={**os.environ, "PYTHONPATH": f"{root}{os.pathsep}{root.parent}", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert all(int(deaths) >= 4 for deaths in done.stdout.split())
