import json
from pathlib import Path

import pytest
import torch
from hub_server import LoopbackHub, Request
from huggingface_hub import constants
from tiny_model import TinyModel, trained

import artmodels
from artmodels.errors import CheckpointError, HubError

pytest_plugins = ["hub_server.fixtures"]

TOKEN = LoopbackHub.token("alice")


@pytest.fixture
def files(tmp_path: Path) -> dict[str, bytes]:
    folder = trained().save_pretrained(tmp_path / "trained")
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def load(hub: LoopbackHub, source: str = "alice/tiny", **options: object) -> TinyModel:
    return TinyModel.from_pretrained(source, endpoint=hub.url, **{"token": False, **options})  # type: ignore[arg-type]


def refusal(hub: LoopbackHub, source: str = "alice/tiny", **options: object) -> str:
    with pytest.raises(HubError) as caught:
        load(hub, source, **options)
    assert caught.value.__cause__ is not None
    message = str(caught.value)
    assert message.startswith(source) or source in message
    assert "\n" not in message
    return message


# Reading


def test_a_model_on_the_hub_loads_and_knows_its_commit(hub: LoopbackHub, files: dict[str, bytes]) -> None:
    repo = hub.add_repo("alice/tiny", files)
    model = load(hub)
    assert torch.equal(model.encode.weight, trained().encode.weight)
    assert (model.source, model.revision) == ("alice/tiny", repo.head)
    assert not hub.storage_saw_token


def test_every_request_says_who_is_asking(hub: LoopbackHub, files: dict[str, bytes]) -> None:
    hub.add_repo("alice/tiny", files)
    load(hub)
    agents = [request.headers["user-agent"] for request in hub.requests if "alice/tiny" in request.path]
    assert agents
    assert all(agent.startswith(f"artmodels/{artmodels.__version__}") for agent in agents)


def test_config_and_weights_come_from_the_same_commit(
    hub: LoopbackHub, files: dict[str, bytes], tmp_path: Path
) -> None:
    repo = hub.add_repo("alice/tiny", files)
    first = repo.head
    wider = trained(seed=1, width=6).save_pretrained(tmp_path / "wider")

    def push(request: Request) -> None:
        if repo.head == first and "/resolve/" in request.path:
            repo.update({path.name: path.read_bytes() for path in wider.iterdir()})

    hub.meanwhile = push
    model = load(hub)
    assert (model.config.width, model.revision) == (4, first)
    assert repo.head != first
    assert load(hub).config.width == 6


@pytest.mark.parametrize("name", ["branch", "tag", "commit"])
def test_an_older_revision_can_be_asked_for(
    hub: LoopbackHub, files: dict[str, bytes], tmp_path: Path, name: str
) -> None:
    repo = hub.add_repo("alice/tiny", files)
    first = repo.head
    repo.refs["v1"] = first
    wider = trained(seed=1, width=6).save_pretrained(tmp_path / "wider")
    repo.update({path.name: path.read_bytes() for path in wider.iterdir()})
    model = load(hub, revision=first if name == "commit" else "v1")
    assert (model.config.width, model.revision) == (4, first)


def test_a_model_that_was_loaded_once_loads_again_without_the_hub(
    hub: LoopbackHub, files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    head = hub.add_repo("alice/tiny", files).head
    load(hub)
    asked = len(hub.requests)
    assert load(hub, local_files_only=True).revision == head
    assert load(hub, local_files_only=True, revision=head).revision == head
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert load(hub).revision == head
    assert len(hub.requests) == asked


def test_the_owner_loads_a_private_model_and_the_token_stays_with_the_hub(
    hub: LoopbackHub, files: dict[str, bytes]
) -> None:
    hub.add_repo("alice/tiny", files, private=True)
    assert load(hub, token=TOKEN).source == "alice/tiny"
    assert not hub.storage_saw_token


def test_who_was_admitted_loads_a_gated_model(hub: LoopbackHub, files: dict[str, bytes]) -> None:
    hub.add_repo("alice/tiny", files, gated=True, allowed={"bob"})
    assert load(hub, token=hub.token("bob")).source == "alice/tiny"


def test_a_cache_of_ones_own_can_be_named(hub: LoopbackHub, files: dict[str, bytes], tmp_path: Path) -> None:
    hub.add_repo("alice/tiny", files)
    load(hub, cache_dir=tmp_path / "mine")
    assert (tmp_path / "mine" / "models--alice--tiny").is_dir()
    assert not (tmp_path / "cache").exists()


def test_a_download_that_breaks_off_is_taken_up_where_it_stopped(
    hub: LoopbackHub, files: dict[str, bytes], impatient: pytest.MonkeyPatch
) -> None:
    impatient.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 100)
    hub.add_repo("alice/tiny", files)
    hub.cut("GET /objects/", keep=700)
    model = load(hub)
    assert torch.equal(model.encode.weight, trained().encode.weight)
    ranges = [request.headers.get("range") for request in hub.requests if request.path.startswith("/objects/")]
    assert ranges == [None, "bytes=700-"]


def test_a_damaged_download_is_refused_by_name(hub: LoopbackHub, files: dict[str, bytes]) -> None:
    hub.add_repo("alice/tiny", {**files, "model.safetensors": files["model.safetensors"][:-9]})
    with pytest.raises(CheckpointError, match=r"alice/tiny: model.safetensors is damaged or cut short"):
        load(hub)


# Each thing that can be wrong has its own sentence


def test_a_model_that_does_not_exist(hub: LoopbackHub) -> None:
    assert refusal(hub).startswith("the Hub shows no model alice/tiny: check the name; if it is private, sign in")


def test_a_private_model_of_somebody_else(hub: LoopbackHub, files: dict[str, bytes]) -> None:
    hub.add_repo("alice/tiny", files, private=True)
    for token in (False, hub.token("bob")):
        assert "if it is private, sign in with `hf auth login` or pass token=" in refusal(hub, token=token)


def test_a_gated_model(hub: LoopbackHub, files: dict[str, bytes]) -> None:
    hub.add_repo("alice/tiny", files, gated=True)
    for token in (False, hub.token("bob")):
        assert f"alice/tiny is gated: ask for access at {hub.url}/alice/tiny, then" in refusal(hub, token=token)


def test_a_token_that_is_not_valid(hub: LoopbackHub, files: dict[str, bytes]) -> None:
    hub.add_repo("alice/tiny", files)
    assert "the Hub does not accept the token used for alice/tiny" in refusal(hub, token="nonsense")


def test_a_revision_that_does_not_exist(hub: LoopbackHub, files: dict[str, bytes]) -> None:
    hub.add_repo("alice/tiny", files)
    assert refusal(hub, revision="v9").startswith("alice/tiny has no branch, tag or commit 'v9'")


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_a_repo_without_one_of_the_files(hub: LoopbackHub, files: dict[str, bytes], name: str) -> None:
    del files[name]
    hub.add_repo("alice/tiny", files)
    assert refusal(hub) == f"alice/tiny has no {name}: it is not an artmodels model"


@pytest.mark.parametrize("has_config", [True, False])
def test_a_repo_with_a_pickle(hub: LoopbackHub, files: dict[str, bytes], has_config: bool) -> None:
    kept = {"config.json": files["config.json"]} if has_config else {}
    hub.add_repo("alice/tiny", {**kept, "pytorch_model.bin": b"\x80\x04N."})
    with pytest.raises(CheckpointError, match=r"alice/tiny on the Hub holds pytorch_model.bin, a pickle"):
        load(hub)
    assert not any("resolve" in request.path and "bin" in request.path for request in hub.requests)


def test_a_repo_of_another_class_is_refused_before_its_weights_are_fetched(
    hub: LoopbackHub, files: dict[str, bytes]
) -> None:
    config = {**json.loads(files["config.json"]), "model_class": "WorkflowEditor"}
    hub.add_repo("alice/tiny", {**files, "config.json": json.dumps(config).encode()})
    with pytest.raises(CheckpointError, match=r"alice/tiny holds a WorkflowEditor, not a TinyModel"):
        load(hub)
    assert not any("safetensors" in request.path for request in hub.requests)


def test_a_hub_that_is_down(hub: LoopbackHub, files: dict[str, bytes]) -> None:
    hub.add_repo("alice/tiny", files)
    hub.fail("GET /api/models", 503)
    assert "the Hub answers 503: try again later" in refusal(hub)


def test_a_hub_that_is_down_does_not_stop_a_cached_model(hub: LoopbackHub, files: dict[str, bytes]) -> None:
    head = hub.add_repo("alice/tiny", files).head
    load(hub)
    hub.fail(".", 503, times=99)
    assert load(hub).revision == head


def test_a_hub_that_cannot_be_reached(hub: LoopbackHub) -> None:
    with pytest.raises(HubError, match=r"alice/tiny is not in the cache, and the Hub at http://127.0.0.1:9 cannot be"):
        TinyModel.from_pretrained("alice/tiny", endpoint="http://127.0.0.1:9")


def test_a_hub_that_must_not_be_asked(hub: LoopbackHub, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "local_files_only=True forbids asking the Hub" in refusal(hub, local_files_only=True)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert "HF_HUB_OFFLINE forbids asking the Hub" in refusal(hub)
    assert "HF_HUB_OFFLINE forbids asking the Hub" in refusal(hub, revision="0" * 40)
    assert hub.requests == []


def test_storage_that_is_down(hub: LoopbackHub, files: dict[str, bytes]) -> None:
    hub.add_repo("alice/tiny", files)
    hub.fail("GET /objects/", 503)
    assert "the Hub answers 503 when asked for model.safetensors of alice/tiny" in refusal(hub)


def test_an_id_that_cannot_be_one(hub: LoopbackHub) -> None:
    assert "'alice/ti ny' is not a Hub id" in refusal(hub, "alice/ti ny")


@pytest.mark.usefixtures("impatient")
def test_a_download_that_breaks_off_every_time(hub: LoopbackHub, files: dict[str, bytes]) -> None:
    hub.add_repo("alice/tiny", files)
    hub.cut("GET /objects/", keep=0, times=99)
    assert "the transfer of model.safetensors of alice/tiny failed: peer closed connection" in refusal(hub)
