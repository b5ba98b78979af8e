import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from hub_server import LoopbackHub
from safetensors.torch import save_file
from tiny_model import TinyModel, trained

from artmodels.cards import check_card
from artmodels.errors import CheckpointError, ConfigError, HubError
from artmodels.hub import MODEL_CLASSES, push_folder

pytest_plugins = ["hub_server.fixtures"]
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")  # huggingface_hub's own uploads

TOKEN = LoopbackHub.token("alice")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model folder with everything that is published, and something that is not."""
    target = trained(seed=3).save_pretrained(tmp_path / "folder")
    (target / "README.md").write_text(CARD)
    (target / "training.json").write_text('{"minutes": 3}')
    (target / "evaluation.json").write_text('{"error": 0.05}')
    (target / "samples").mkdir()
    (target / "samples" / "sheet.png").write_bytes(b"\x89PNG\0")
    (target / "optimizer.pt").write_bytes(b"not yours")
    return target


CARD = """---
license: apache-2.0
library_name: artmodels
pipeline_tag: image-to-image
tags: [art]
widget:
- text: sheet
  output:
    url: samples/sheet.png
---
# Tiny
![sheet](samples/sheet.png)
"""

PUBLISHED = {"README.md", "config.json", "evaluation.json", "model.safetensors", "samples/sheet.png", "training.json"}


def push(hub: LoopbackHub, folder: Path, repo_id: str = "alice/new", **options: object) -> str:
    return push_folder(folder, repo_id, endpoint=hub.url, **{"token": TOKEN, **options})  # type: ignore[arg-type]


def push_refusal(hub: LoopbackHub, folder: Path, repo_id: str = "alice/new", **options: object) -> str:
    with pytest.raises(HubError) as caught:
        push(hub, folder, repo_id, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.usefixtures("without_xet")
def test_a_folder_is_published_as_one_commit(hub: LoopbackHub, folder: Path) -> None:
    address = push(hub, folder, private=True, commit_message="First")
    repo = hub.repos["alice/new"]
    commit = repo.commits[repo.head]
    assert repo.private
    assert address == f"{hub.url}/alice/new/commit/{repo.head}"
    assert (commit.message, len(repo.commits)) == ("First", 2)
    assert set(commit.files) == PUBLISHED
    assert {path: file.content for path, file in commit.files.items()} == {
        path: (folder / path).read_bytes() for path in PUBLISHED
    }
    assert not hub.storage_saw_token
    again = TinyModel.from_pretrained("alice/new", token=TOKEN, endpoint=hub.url)
    assert torch.equal(again.encode.weight, trained(seed=3).encode.weight)


@pytest.mark.usefixtures("without_xet")
def test_a_model_is_published_with_its_own_weights_and_the_card_of_a_folder(hub: LoopbackHub, folder: Path) -> None:
    model = trained(seed=4, width=5)
    model.push_to_hub("alice/new", folder=folder, token=TOKEN, endpoint=hub.url)
    files = hub.repos["alice/new"].commits[hub.repos["alice/new"].head].files
    assert set(files) == PUBLISHED
    assert files["README.md"].content == CARD.encode()
    assert TinyModel.from_pretrained("alice/new", token=False, endpoint=hub.url).config == model.config


@pytest.mark.usefixtures("without_xet")
def test_a_model_without_a_card_gets_a_plain_one_that_claims_nothing(hub: LoopbackHub) -> None:
    trained().push_to_hub("alice/new", token=TOKEN, endpoint=hub.url)
    repo = hub.repos["alice/new"]
    card = repo.commits[repo.head].files["README.md"].content
    assert card is not None
    fields = check_card(card.decode(), ())
    assert "license" not in fields
    assert 'load_model("alice/new")' in card.decode()
    assert "| `width` | `4` |" in card.decode()


@pytest.mark.usefixtures("without_xet")
def test_publishing_the_same_again_makes_no_commit(hub: LoopbackHub, folder: Path) -> None:
    first = push(hub, folder)
    assert push(hub, folder) == first
    assert len(hub.repos["alice/new"].commits) == 2


@pytest.mark.usefixtures("without_xet")
def test_a_branch_is_made_where_there_is_none(hub: LoopbackHub, folder: Path) -> None:
    repo = hub.add_repo("alice/new")
    first = repo.head
    push(hub, folder, revision="wide")
    push(hub, folder, revision="wide", commit_message="again")
    assert repo.head == first
    assert set(repo.commits[repo.refs["wide"]].files) == PUBLISHED


@pytest.mark.usefixtures("without_xet")
def test_a_pull_request_leaves_main_alone(hub: LoopbackHub, folder: Path) -> None:
    repo = hub.add_repo("alice/new")
    first = repo.head
    assert push(hub, folder, create_pr=True) == f"{hub.url}/alice/new/discussions/1"
    assert repo.head == first
    assert set(repo.commits[repo.refs["refs/pr/1"]].files) == PUBLISHED


@pytest.mark.usefixtures("without_xet")
def test_a_push_that_would_overwrite_somebody_elses_is_refused(hub: LoopbackHub, folder: Path) -> None:
    repo = hub.add_repo("alice/new")
    seen = repo.head
    assert push(hub, folder, parent_commit=seen)
    moved_on = repo.head
    (folder / "training.json").write_text("{}")
    message = push_refusal(hub, folder, parent_commit=seen)
    assert message == f"alice/new has moved on from commit {seen}: look at what changed, then push again"
    assert repo.head == moved_on


def test_a_parent_that_is_no_commit_is_refused(hub: LoopbackHub, folder: Path) -> None:
    hub.add_repo("alice/new")
    assert "parent_commit" in push_refusal(hub, folder, parent_commit="main")


def test_pushing_without_a_token(hub: LoopbackHub, folder: Path) -> None:
    assert "the Hub does not accept the token used for alice/new: sign in" in push_refusal(hub, folder, token=False)


def test_pushing_to_somebody_else(hub: LoopbackHub, folder: Path) -> None:
    hub.add_repo("bob/new")
    for repo in ("bob/new", "bob/other"):
        assert f"this token may not write to {repo}: it needs write access" in push_refusal(hub, folder, repo)


@pytest.mark.usefixtures("without_xet", "impatient")
def test_an_upload_that_fails_leaves_the_repo_as_it_was(hub: LoopbackHub, folder: Path) -> None:
    first = hub.add_repo("alice/new").head
    hub.fail("PUT /objects/", 503, times=99)
    assert "503" in push_refusal(hub, folder)
    assert hub.repos["alice/new"].head == first


@pytest.mark.usefixtures("without_xet")
def test_an_upload_that_stumbles_once_succeeds(hub: LoopbackHub, folder: Path, impatient: pytest.MonkeyPatch) -> None:
    hub.fail("PUT /objects/", 503)
    push(hub, folder)
    assert set(hub.repos["alice/new"].commits[hub.repos["alice/new"].head].files) == PUBLISHED


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("---\nlicense", "license", "has no front matter"),
        ("tags: [art]", "tags: [art", "front matter cannot be read"),
        ("library_name: artmodels", "library_name: timm", "library_name must be artmodels, got 'timm'"),
        ("pipeline_tag: image-to-image", "pipeline_tag: image-to-picture", "got 'image-to-picture'"),
        ("apache-2.0", "apache", "no license 'apache'"),
        ("apache-2.0", "other", "license_name"),
        ("# Tiny", "[More Information Needed]", "still holds"),
        ("url: samples/sheet.png", "url: samples/other.png", "shows samples/other.png, which is not published"),
        ("](samples/sheet.png)", "](samples/none.png)", "shows samples/none.png, which is not published"),
    ],
)
def test_a_broken_card_is_refused_before_anything_is_sent(
    hub: LoopbackHub, folder: Path, old: str, new: str, words: str
) -> None:
    (folder / "README.md").write_text(CARD.replace(old, new, 1))
    with pytest.raises(ConfigError, match=re.escape(words)):
        push(hub, folder)
    assert hub.requests == []


def test_a_folder_that_is_no_whole_model_is_refused_before_anything_is_sent(
    hub: LoopbackHub, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(MODEL_CLASSES, "TinyModel", "tiny_model")
    save_file({"encode.bias": torch.zeros(4)}, folder / "model.safetensors")
    with pytest.raises(CheckpointError, match=r"lacks 'decode"):
        push(hub, folder)
    assert hub.requests == []


def test_a_folder_that_does_not_exist_is_refused_before_anything_is_sent(hub: LoopbackHub, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"'.*nosuch' is not a folder"):
        push(hub, tmp_path / "nosuch")
    with pytest.raises(CheckpointError, match=r"'.*nosuch' is not a folder"):
        trained().push_to_hub("alice/new", folder=tmp_path / "nosuch", endpoint=hub.url, token=TOKEN)
    assert hub.requests == []


def test_a_single_file_of_weights_is_not_sent_as_its_own_config(hub: LoopbackHub, folder: Path) -> None:
    with pytest.raises(CheckpointError, match=r"model.safetensors' is not a folder"):
        push(hub, folder / "model.safetensors")
    assert hub.requests == []


# As a user does it: another process, the Hub named by the environment, defaults everywhere

AS_A_USER = """
import torch
from tiny_model import TinyModel, trained
from artmodels.hub import push_folder
import sys

address = push_folder(sys.argv[1], "alice/new")
model = TinyModel.from_pretrained("alice/new")
assert torch.equal(model.encode.weight, trained(seed=3).encode.weight)
assert address.endswith(model.revision)
again = trained(seed=6, width=8)
again.push_to_hub("alice/new", folder=sys.argv[1], commit_message="Wider")
wider = TinyModel.from_pretrained("alice/new")
assert torch.equal(wider.encode.weight, again.encode.weight)
assert TinyModel.from_pretrained("alice/new", revision=model.revision).config.width == 4
"""


@pytest.mark.parametrize("transfer", ["lfs", "xet"])
def test_push_and_load_from_a_process_of_its_own(tmp_path: Path, folder: Path, transfer: str) -> None:
    tests = Path(__file__).parent
    with LoopbackHub(xet_store=tmp_path / "xet" if transfer == "xet" else None) as hub:
        environment = {
            "HF_ENDPOINT": hub.url,
            "HF_HOME": str(tmp_path / "home"),
            "HF_TOKEN": TOKEN,
            "HF_HUB_DISABLE_XET": "0" if transfer == "xet" else "1",
            "OMP_NUM_THREADS": "1",
            "PATH": os.environ["PATH"],
            "PYTHONPATH": f"{tests}{os.pathsep}{tests.parent}",
        }
        command = [sys.executable, "-c", AS_A_USER, str(folder)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert done.stdout == ""
        repo = hub.repos["alice/new"]
        assert set(repo.commits[repo.head].files) == PUBLISHED
        assert [commit.message for commit in repo.commits.values()][-1] == "Wider"
        stored = repo.commits[repo.head].files["model.safetensors"]
        assert (stored.xet_hash is None) == (transfer == "lfs")
        assert not hub.storage_saw_token
