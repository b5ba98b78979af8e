"""Checkpoints of NVIDIA's and rosinality's repositories become generators that make the same pictures; pickles that
want to run something are not read."""

import io
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from foreign_checkpoints import (
    FILTER,
    Persistent,
    nvidia_discriminator,
    nvidia_generator,
    nvidias_modules,
    persistent,
    rosinality_discriminator,
    rosinality_generator,
    write_nvidia,
    write_rosinality,
)
from plain_rosinality import generated, judged
from plain_stylegan2 import judge, map_latents, synthesise
from torch import Tensor
from torch.testing import assert_close

from artmodels import CheckpointError, ConfigError, load_model
from artmodels.cards import check_card
from artmodels.portrait.config import StyleGAN2Config
from artmodels.portrait.convert import DISCRIMINATOR_NAME, convert
from artmodels.portrait.stylegan2 import StyleGAN2

LICENSE = "NVIDIA Source Code License (NC)"
CONFIG = StyleGAN2Config(size=32, latent_dim=6, mapping_layers=3, channel_base=128, channel_max=8)


def latents(count: int = 3) -> Tensor:
    return torch.randn(count, 6, generator=torch.Generator().manual_seed(1))


def pictures(count: int = 3) -> Tensor:
    return torch.randn(count, 3, 32, 32, generator=torch.Generator().manual_seed(2))


def converted(source: Path) -> StyleGAN2:
    return StyleGAN2.from_pretrained(convert(source, source.parent / "converted", license=LICENSE))


def nvidia(folder: Path, **options: Any) -> Path:
    return write_nvidia(folder / "faces.pkl", nvidia_generator(), nvidia_discriminator(), **options)


def rosinality(folder: Path, **more: Any) -> Path:
    return write_rosinality(folder / "faces.pt", rosinality_generator(), rosinality_discriminator(), **more)


# The same pictures.


@pytest.mark.parametrize("clamp", [None, 0.8])
def test_a_pickle_of_nvidias_makes_the_same_pictures(tmp_path: Path, clamp: float | None) -> None:
    model, state = converted(nvidia(tmp_path, clamp=clamp)), nvidia_generator()
    assert model.config == StyleGAN2Config(32, 6, 3, 128, 8, conv_clamp=clamp)
    ws = map_latents(state, latents(), depth=3)
    with torch.no_grad():
        assert_close(model.mapping(latents()), ws)
        expected = synthesise(state, ws[:, None].expand(-1, 8, -1), clamp=clamp)
        assert_close(model(latents()), expected, rtol=1e-4, atol=1e-4)
        mean = synthesise(state, state["mapping.w_avg"].expand(1, 8, -1), clamp=clamp)
        assert_close(model(latents(1), psi=0), mean, rtol=1e-4, atol=1e-4)


def test_a_checkpoint_of_rosinalitys_makes_the_same_pictures(tmp_path: Path) -> None:
    model, state = converted(rosinality(tmp_path, latent_avg=torch.arange(6.0))), rosinality_generator()
    assert model.config == CONFIG
    with torch.no_grad():
        assert_close(model(latents()), generated(state, latents()), rtol=1e-4, atol=1e-4)
    assert torch.equal(model.mapping.w_avg, torch.arange(6.0))


def test_old_files_of_torch_are_read(tmp_path: Path) -> None:
    path = tmp_path / "old.pt"
    torch.save({"g_ema": rosinality_generator()}, path, _use_new_zipfile_serialization=False)
    with torch.no_grad():
        expected = generated(rosinality_generator(), latents())
        assert_close(converted(path)(latents()), expected, rtol=1e-4, atol=1e-4)


def test_a_missing_mean_code_becomes_that_of_many_latents(tmp_path: Path) -> None:
    model = converted(rosinality(tmp_path))
    with torch.no_grad():
        codes = model.mapping(torch.randn(20_000, 6))
    assert ((model.mapping.w_avg - codes.mean(0)).abs() < 0.05 * codes.std(0) + 0.01).all()


def test_discriminators_are_kept_for_trainings(tmp_path: Path) -> None:
    from training.portrait.discriminator import Discriminator

    for source, expected in (
        (nvidia(tmp_path), judge(nvidia_discriminator(), pictures())),
        (rosinality(tmp_path), judged(rosinality_discriminator(), pictures())),
    ):
        folder = convert(source, tmp_path / source.suffix[1:], license=LICENSE)
        discriminator = Discriminator.from_pretrained(folder / DISCRIMINATOR_NAME)
        assert_close(discriminator(pictures()), expected, rtol=1e-4, atol=1e-4)


# The card.


def test_the_card_names_the_license_and_the_file(tmp_path: Path) -> None:
    source = nvidia(tmp_path)
    folder = convert(source, tmp_path / "faces", license=LICENSE, license_link="https://example.org/license")
    card = (folder / "README.md").read_text()
    fields = check_card(card, ())
    assert (fields["license"], fields["license_name"]) == ("other", "nvidia-source-code-license-nc")
    assert fields["license_link"] == "https://example.org/license"
    assert f"[{LICENSE}](https://example.org/license)" in card
    assert "faces.pkl" in card
    known = convert(source, tmp_path / "known", license="cc-by-nc-4.0") / "README.md"
    assert check_card(known.read_text(), ())["license"] == "cc-by-nc-4.0"


def test_the_cards_snippet_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = convert(nvidia(tmp_path), tmp_path / "faces", license=LICENSE)
    snippet = (folder / "README.md").read_text().split("```python\n")[1].split("```")[0]
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(snippet, names)
    assert names["pictures"].shape == (4, 3, 32, 32)


@pytest.mark.parametrize("name", ["", "  ", "other", "unknown", "a\nb"])
def test_a_license_must_be_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="license"):
        convert(nvidia(tmp_path), tmp_path / "out", license=name)
    assert not (tmp_path / "out").exists()


# Files that are not what they should be.


class Attack:
    def __init__(self, call: Any, *words: Any):
        self.call = call, words

    def __reduce__(self) -> Any:
        return self.call


def refused(folder: Path, content: bytes, match: str) -> None:
    source = folder / "file.pkl"
    source.write_bytes(content)
    with pytest.raises(CheckpointError, match=match):
        convert(source, folder / "out", license=LICENSE)
    assert sorted(path.name for path in folder.iterdir() if path.name != "mark") == ["file.pkl"]


@pytest.mark.parametrize(
    "call", [(os.system, "touch mark"), (eval, "1"), (getattr, 1, "real"), (np.load, "x"), (torch.load, "x")]
)
def test_pickles_that_ask_for_code_are_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: tuple[Any, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    refused(tmp_path, pickle.dumps({"G_ema": Attack(*call)}), "asks for .* it may be made to run code")
    assert not (tmp_path / "mark").exists()


def test_a_pickle_inside_a_tensor_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    inner = io.BytesIO()
    torch.save(Attack(os.system, "touch mark"), inner, _use_new_zipfile_serialization=False)
    call = (torch.storage._load_from_bytes, inner.getvalue())
    refused(tmp_path, pickle.dumps({"G_ema": Attack(*call)}), "damaged|more than data")
    assert not (tmp_path / "mark").exists()


def test_a_checkpoint_that_asks_for_code_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    content = io.BytesIO()
    torch.save({"g_ema": Attack(os.system, "touch mark")}, content)
    refused(tmp_path, content.getvalue(), "asks for more than data")
    assert not (tmp_path / "mark").exists()


def test_numbers_are_plain(tmp_path: Path) -> None:
    content = pickle.dumps({"G_ema": np.dtype(object)})
    refused(tmp_path, content, "damaged.*numbers of type 'O8'")


def test_nothing_outside_the_file_is_fetched(tmp_path: Path) -> None:
    refused(tmp_path, b"\x80\x04\x8c\x03abcQ.", "outside itself")


@pytest.mark.parametrize("length", [3, 200, 5000])
@pytest.mark.parametrize("write", [nvidia, rosinality])
def test_files_that_are_cut_short_are_told(tmp_path: Path, write: Any, length: int) -> None:
    content = write(tmp_path).read_bytes()[:length]
    (tmp_path / "short").mkdir()
    refused(tmp_path / "short", content, "damaged or cut short|neither a pickle")


def test_what_is_no_checkpoint_is_told(tmp_path: Path) -> None:
    refused(tmp_path, b"hello", "neither a pickle of NVIDIA's .* nor a checkpoint of rosinality's")
    refused(tmp_path, pickle.dumps({"weights": 1}), "no generator called G_ema")
    refused(tmp_path, pickle.dumps([1, 2]), "no generator called G_ema")
    with pytest.raises(CheckpointError, match=r"cannot read .*No such file"):
        convert(tmp_path / "missing.pkl", tmp_path / "out", license=LICENSE)


def test_tensorflow_pickles_are_told(tmp_path: Path) -> None:
    refused(tmp_path, b"\x80\x03cdnnlib.tflib.network\nNetwork\n.", "TensorFlow")


@pytest.mark.parametrize(
    ("path", "name", "value", "match"),
    [
        ((), "c_dim", 10, "class labels"),
        (("synthesis", "b8"), "architecture", "resnet", "architecture 'resnet', not 'skip'"),
        (("synthesis", "b8", "conv0"), "activation", "relu", "activation 'relu', not 'lrelu'"),
        (("synthesis", "b8", "conv0"), "use_noise", False, "use_noise False, not True"),
        (("synthesis", "b8", "conv0"), "conv_clamp", 7, "different clamps"),
        (("synthesis", "b8", "conv0"), "_buffers", {"resample_filter": FILTER.flip(0) * FILTER[0]}, "filter"),
        (("mapping", "fc0"), "weight_gain", 1.0, "learning rate multiplier"),
        ((), "_modules", {"synthesis": Persistent("Module", {"_modules": {"L0_36_512": None}})}, "StyleGAN3"),
        (("synthesis", "b4", "conv1"), "_parameters", {}, "no convolution at 4 pixels"),
        (("synthesis", "b32", "conv1", "affine"), "_parameters", {}, "lacks 'synthesis.b32.conv1.affine.bias'"),
    ],
)
def test_other_nets_are_told(tmp_path: Path, path: tuple[str, ...], name: str, value: Any, match: str) -> None:
    tree = persistent(nvidia_generator(), None)
    module = tree
    for step in path:
        module = module.state["_modules"][step]
    module.state[name] = value
    with nvidias_modules():
        content = pickle.dumps({"G_ema": tree})
    refused(tmp_path, content, match)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"convs.0.activate.bias": None}, "lacks 'convs.0.activate.bias'"),
        ({"more": torch.zeros(1)}, "also holds 'more'"),
        ({"input.input": None}, "lacks 'input.input'"),
        ({"style.1.weight": torch.zeros(6, 7)}, r"'fc0.weight' is \[6, 7\]"),
        ({"input.input": torch.zeros(2, 8, 4, 4)}, r"'synthesis.b4.const' is \[2, 8, 4, 4\]"),
        ({"input.input": torch.zeros(4)}, r"'synthesis.b4.const' is \[4\]"),
        ({"convs.1.conv.weight": torch.zeros(1, 7, 8, 3, 3)}, "channels are not channel_base / resolution"),
    ],
)
def test_other_checkpoints_are_told(tmp_path: Path, change: dict[str, Tensor | None], match: str) -> None:
    state = {name: value for name, value in (rosinality_generator() | change).items() if value is not None}
    content = io.BytesIO()
    torch.save({"g_ema": state}, content)
    refused(tmp_path, content.getvalue(), match)


def test_folders_that_exist_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with pytest.raises(CheckpointError, match="exists"):
        convert(nvidia(tmp_path), tmp_path / "out", license=LICENSE)
    assert list((tmp_path / "out").iterdir()) == []


# The command.


def test_the_command_converts_and_what_it_writes_loads(tmp_path: Path, command: Any) -> None:
    code, out, error = command("convert", nvidia(tmp_path), "-o", tmp_path / "faces", "--license", LICENSE)
    assert code == 0, error
    assert out.strip() == str(tmp_path / "faces")
    assert isinstance(load_model(tmp_path / "faces"), StyleGAN2)


def test_the_command_tells_mistakes_in_one_line(tmp_path: Path, command: Any) -> None:
    (tmp_path / "file.pkl").write_bytes(pickle.dumps({"G_ema": Attack(os.system, "true")}))
    code, _, error = command("convert", tmp_path / "file.pkl", "-o", tmp_path / "out", "--license", LICENSE)
    assert code == 1
    assert error.startswith("artmodels: ")
    assert error.count("\n") == 1
    assert command("convert", tmp_path / "file.pkl", "-o", tmp_path / "out")[0] == 2
