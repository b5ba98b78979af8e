import json
import os
import pickle
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from tiny_model import TinyConfig, TinyModel, TinyWithConstant, assert_same, trained

import artmodels
from artmodels import hub, sources
from artmodels.errors import CheckpointError, ConfigError, HubError
from artmodels.hub import load_model, model_class_of, starter_names


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return trained().save_pretrained(tmp_path / "model")


def edit_config(folder: Path, **changes: object) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


# Loading


@pytest.mark.parametrize("kind", [TinyModel, TinyWithConstant])
def test_a_saved_model_comes_back_bit_for_bit(tmp_path: Path, kind: type[TinyModel]) -> None:
    model = trained(kind, stages=("line", "flat", "full"), slope=0.1)
    again = kind.from_pretrained(model.save_pretrained(tmp_path / "model"))
    assert_same(model, again)
    assert again.config == TinyConfig(("line", "flat", "full"), slope=0.1)
    sketch = torch.rand(1, 1, 8, 8)
    assert torch.equal(again(sketch), model(sketch))


def test_a_loaded_model_is_ready_to_run_and_says_where_it_comes_from(folder: Path) -> None:
    model = TinyModel.from_pretrained(folder)
    assert not any(module.training for module in model.modules())
    assert (model.source, model.revision) == (str(folder), None)
    assert (trained().source, trained().revision) == ("unsaved", None)


def test_a_loaded_model_can_be_trained_further(folder: Path) -> None:
    model = TinyModel.from_pretrained(folder).train()
    model(torch.rand(2, 1, 8, 8)).sum().backward()
    assert all(parameter.grad is not None for parameter in model.parameters())


@pytest.mark.parametrize("kind", [TinyModel, TinyWithConstant])
def test_loading_leaves_the_seed_of_the_caller_alone(tmp_path: Path, kind: type[TinyModel]) -> None:
    folder = trained(kind).save_pretrained(tmp_path / "model")
    before = torch.get_rng_state()
    kind.from_pretrained(folder)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_loaded_model_does_not_depend_on_its_file(folder: Path) -> None:
    model = TinyModel.from_pretrained(folder)
    with (folder / "model.safetensors").open("r+b") as file:
        file.write(b"\0" * 64)
        file.truncate(64)
    assert_same(model, trained())


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_files_load_as_float32(tmp_path: Path, dtype: torch.dtype) -> None:
    model = trained()
    folder = model.save_pretrained(tmp_path / "model", dtype=dtype)
    assert load_file(folder / "model.safetensors")["encode.weight"].dtype == dtype
    again = TinyModel.from_pretrained(folder)
    for name, tensor in model.state_dict().items():
        rounded = tensor.to(dtype).to(tensor.dtype) if tensor.is_floating_point() else tensor
        assert torch.equal(again.state_dict()[name], rounded), name
    assert again.normalize.num_batches_tracked.dtype == torch.int64


def test_the_weights_alone_are_enough_because_they_carry_their_config(folder: Path) -> None:
    assert_same(TinyModel.from_pretrained(folder / "model.safetensors"), trained())
    assert TinyModel.from_pretrained(str(folder / "model.safetensors")).config == TinyConfig()


def test_a_subclass_loads_what_its_base_class_saved(folder: Path) -> None:
    assert_same(TinyWithConstant.from_pretrained(folder), trained())


def test_the_class_is_found_by_its_name(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(hub.MODEL_CLASSES, "TinyModel", "tiny_model")
    assert model_class_of(folder).__name__ == "TinyModel"
    model = load_model(folder)
    assert type(model).__name__ == "TinyModel"
    assert_same(model, trained())


def test_a_class_that_is_not_known_is_named(folder: Path) -> None:
    with pytest.raises(CheckpointError, match=r"holds a 'TinyModel'; this artmodels knows .*WorkflowEditor"):
        load_model(folder)


def test_a_config_of_another_kind_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"TinyModel takes a TinyConfig, got 'some/model'.*TinyModel.from_pretrained"):
        TinyModel("some/model")  # type: ignore[arg-type]


# What does not fit


def test_missing_and_extra_tensors_are_named(folder: Path) -> None:
    tensors = load_file(folder / "model.safetensors")
    tensors["encode.wieght"] = tensors.pop("encode.weight")
    save_file(tensors, folder / "model.safetensors")
    with pytest.raises(CheckpointError, match=r"lacks 'encode.weight' and holds 'encode.wieght'.*TinyModel"):
        TinyModel.from_pretrained(folder)


def test_many_missing_tensors_are_counted(folder: Path) -> None:
    save_file({"encode.bias": torch.zeros(4)}, folder / "model.safetensors")
    with pytest.raises(CheckpointError, match=r"lacks '.*', '.*', '.*' and 7 more$"):
        TinyModel.from_pretrained(folder)


@pytest.mark.parametrize("kind", [TinyModel, TinyWithConstant])
def test_a_misshapen_tensor_is_named_with_both_shapes(folder: Path, kind: type[TinyModel]) -> None:
    tensors = load_file(folder / "model.safetensors")
    tensors["encode.weight"] = torch.zeros(4, 3, 3, 3)
    save_file(tensors, folder / "model.safetensors")
    with pytest.raises(CheckpointError, match=r"'encode.weight' is \[4, 3, 3, 3\].* needs \[4, 1, 3, 3\]"):
        kind.from_pretrained(folder)


def test_whole_numbers_in_place_of_weights_are_refused(folder: Path) -> None:
    tensors = load_file(folder / "model.safetensors")
    tensors["encode.bias"] = torch.zeros(4, dtype=torch.int32)
    save_file(tensors, folder / "model.safetensors")
    with pytest.raises(CheckpointError, match=r"'encode.bias' is torch.int32, TinyModel needs torch.float32"):
        TinyModel.from_pretrained(folder)


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"stages": ["line", "flat"], "widht": 4}, ("'widht'", "'width'")),
        ({"stages": "line"}, ("'stages'", "list")),
        ({"width": 0}, ("width must be at least 1",)),
    ],
)
def test_a_wrong_config_is_refused_by_field(folder: Path, config: dict[str, object], words: tuple[str, ...]) -> None:
    edit_config(folder, config=config)
    with pytest.raises(ConfigError) as caught:
        TinyModel.from_pretrained(folder)
    assert [word for word in (str(folder), "config.json", *words) if word not in str(caught.value)] == []


def test_a_field_of_another_version_says_which_version_wrote_it(folder: Path) -> None:
    edit_config(folder, library_version="99.0", config={"depth": 3})
    with pytest.raises(ConfigError, match=rf"written by artmodels 99.0, this is {artmodels.__version__}.*'depth'"):
        TinyModel.from_pretrained(folder)


def test_a_model_of_another_class_names_the_right_one(folder: Path) -> None:
    edit_config(folder, model_class="WorkflowEditor")
    with pytest.raises(
        CheckpointError, match=r"holds a WorkflowEditor, not a TinyModel.*WorkflowEditor.from_pretrained"
    ):
        TinyModel.from_pretrained(folder)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{not json", "is not JSON"),
        ("[1, 2]", "must hold a JSON object, it holds list"),
        ("{}", "has no 'model_class'"),
        ('{"model_class": "TinyModel"}', "has no 'config'"),
        ('{"model_class": "TinyModel", "config": 3}', "has no 'config'"),
        ("\ud800", "is not JSON"),
    ],
)
def test_a_config_file_that_is_something_else_is_refused(folder: Path, content: str, words: str) -> None:
    (folder / "config.json").write_bytes(content.encode("utf-8", "surrogatepass"))
    with pytest.raises(CheckpointError, match=words) as caught:
        TinyModel.from_pretrained(folder)
    assert "config.json" in str(caught.value)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(CheckpointError, match=f"has no {name}: it is not an artmodels model"):
        TinyModel.from_pretrained(folder)


class Trap:
    """Pickles into a call that leaves a file behind."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (os.environ["TRAP"],)


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.ckpt", "weights.pth", "model.safetensors"])
def test_a_pickle_is_named_and_never_opened(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("TRAP", str(folder / "sprung"))
    (folder / "model.safetensors").unlink()
    (folder / name).write_bytes(pickle.dumps(Trap()))
    with pytest.raises(CheckpointError, match=rf"{name}.*pickle.*safetensors only"):
        TinyModel.from_pretrained(folder)
    assert not (folder / "sprung").exists()


def test_a_pickle_alone_is_named_too(tmp_path: Path) -> None:
    (tmp_path / "pytorch_model.bin").write_bytes(b"\x80\x04N.")
    for source in (tmp_path, tmp_path / "pytorch_model.bin", str(tmp_path / "pytorch_model.bin")):
        with pytest.raises(CheckpointError, match=r"holds pytorch_model.bin, a pickle, and no model.safetensors"):
            TinyModel.from_pretrained(source)


def test_a_pickle_beside_the_weights_is_nobodys_business(folder: Path) -> None:
    (folder / "optimizer.pt").write_bytes(b"\x80\x04N.")
    assert_same(TinyModel.from_pretrained(folder), trained())


def test_weights_cut_short_anywhere_are_refused(folder: Path) -> None:
    path = folder / "model.safetensors"
    whole = path.read_bytes()
    for length in [0, 4, 8, 100, len(whole) // 2, len(whole) - 1]:
        path.write_bytes(whole[:length])
        with pytest.raises(CheckpointError, match=r"model.safetensors is damaged or cut short"):
            TinyModel.from_pretrained(folder)


def test_a_git_lfs_pointer_is_recognized(folder: Path) -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12345\n"
    (folder / "model.safetensors").write_text(pointer)
    with pytest.raises(CheckpointError, match=r"Git LFS pointer.*git lfs pull"):
        TinyModel.from_pretrained(folder)


def test_a_bare_safetensors_file_without_our_config_is_refused(tmp_path: Path) -> None:
    save_file({"x": torch.zeros(1)}, tmp_path / "other.safetensors")
    with pytest.raises(CheckpointError, match="is not the config of an artmodels model"):
        TinyModel.from_pretrained(tmp_path / "other.safetensors")


@pytest.mark.parametrize("device", ["cudo", "cuda:99"])
def test_a_device_that_is_not_there_is_refused(folder: Path, device: str) -> None:
    with pytest.raises(ConfigError, match=f"device '{device}' cannot be used here"):
        TinyModel.from_pretrained(folder, device=device)


# Where models come from


@pytest.mark.parametrize("source", ["./no/such", "/no/such", "~/no-such-folder", Path("no") / "such", "x.safetensors"])
def test_a_path_that_does_not_exist_is_said_so(source: str | Path) -> None:
    with pytest.raises(CheckpointError, match=r"there is no model folder or .safetensors file at"):
        TinyModel.from_pretrained(source)


@pytest.mark.parametrize("source", ["workflow", "a/b/c", "", "x" * 3000])
def test_a_name_that_is_neither_path_nor_hub_id_is_said_so(source: str) -> None:
    with pytest.raises(HubError, match="neither a folder nor a Hub id such as 'owner/name'"):
        TinyModel.from_pretrained(source)


@pytest.mark.parametrize("source", [None, 5, b"owner/name"])
def test_what_is_no_name_of_a_model_is_refused(source: Any) -> None:
    with pytest.raises(ConfigError, match="a model is named by a folder or a Hub id"):
        TinyModel.from_pretrained(source)


def test_a_folder_has_no_revisions(folder: Path) -> None:
    with pytest.raises(ConfigError, match="is a local path and has no revision 'v1'"):
        TinyModel.from_pretrained(folder, revision="v1")


@pytest.fixture
def starters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sources, "STARTER_FOLDERS", (tmp_path / "absent", tmp_path / "starters"))
    monkeypatch.chdir(tmp_path)
    trained(seed=7).save_pretrained(tmp_path / "starters" / "tiny")
    (tmp_path / "starters" / "without-weights").mkdir()
    (tmp_path / "starters" / "without-weights" / "config.json").write_text("{}")
    return tmp_path / "starters"


def test_a_starter_loads_from_the_package(starters: Path) -> None:
    assert starter_names() == ["artmodels/tiny"]
    model = TinyModel.from_pretrained("artmodels/tiny")
    assert_same(model, trained(seed=7))
    assert (model.source, model.revision) == ("artmodels/tiny", None)


def test_a_folder_comes_before_a_starter_of_the_same_name(starters: Path) -> None:
    trained(seed=8).save_pretrained(Path("artmodels/tiny"))
    assert_same(TinyModel.from_pretrained("artmodels/tiny"), trained(seed=8))


def test_every_model_in_hub_configs_is_a_starter() -> None:
    folders = [
        path.parent for path in sorted(Path(artmodels.__file__).parents[1].glob("hub_configs/*/model.safetensors"))
    ]
    assert starter_names() == [f"artmodels/{folder.name}" for folder in folders]
