"""The command does what the library does, for files and folders, and tells mistakes in one line."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hub_server import LoopbackHub
from huggingface_hub import constants
from methods import EDITOR, with_random_weights
from PIL import Image

from artmodels import WorkflowConfig, WorkflowEditor, __version__, read_recipe

STAGES = ("line", "flat", "full")

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A real editor, tiny and with random weights, in a folder."""
    folder = tmp_path_factory.mktemp("model")
    config = WorkflowConfig(
        stages=STAGES, size=64, latent_dim=4, generator_width=4, content_blocks=1, style_blocks=1,
        encoder_width=4, inference_width=4, features=EDITOR.features,
    )  # fmt: skip
    with_random_weights(WorkflowEditor(config), seed=1).save_pretrained(folder)
    return str(folder)


@pytest.fixture
def artwork(tmp_path: Path) -> Path:
    return save_noise(tmp_path / "artwork.png", 0)


def save_noise(path: Path, seed: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (24, 40, 3), dtype=np.uint8)).save(path)
    return path


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LoopbackHub]:
    """A Hub on loopback, with alice signed in."""
    with LoopbackHub(xet_store=tmp_path / "store") as server:
        monkeypatch.setattr(constants, "ENDPOINT", server.url)
        monkeypatch.setattr(
            constants, "HUGGINGFACE_CO_URL_TEMPLATE", f"{server.url}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
        )
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
        monkeypatch.setenv("HF_TOKEN", server.token("alice"))
        yield server


def pixels(path: Path) -> bytes:
    with Image.open(path) as picture:
        return picture.convert("RGB").tobytes()


def names_under(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def refused(outcome: tuple[int, str, str], sentence: str) -> bool:
    """Whether it ended as a user's mistake: exit code 1 and one line on stderr that says so."""
    code, _, error = outcome
    return code == 1 and error.startswith("artmodels: ") and error.count("\n") == 1 and sentence in error


@pytest.mark.parametrize(
    "words", [["--help"], *([name, "--help"] for name in ("stages", "edit", "generate", "colorize", "tags", "replay"))]
)
def test_help_loads_neither_torch_nor_numpy(words: list[str]) -> None:
    script = f"""
import sys
sys.argv = ["artmodels", *{words!r}]
from artmodels.cli import main
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
print([name for name in ("torch", "numpy", "PIL", "huggingface_hub") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "Usage: artmodels" in done.stdout
    assert done.stdout.endswith("[]\n")


def test_the_version_is_the_packages(command: Command) -> None:
    assert command("--version") == (0, f"artmodels {__version__}\n", "")


def test_all_commands_are_listed(command: Command) -> None:
    _, out, _ = command("--help")
    for name in ("stages", "edit", "generate", "replay", "doctor", "push"):
        assert f"\n  {name} " in out


@pytest.mark.parametrize(
    "words", [["paint"], ["stages"], ["stages", "a.png"], ["edit", "a.png", "-o", "b.png", "--stage", "flat"]]
)
def test_wrong_usage_ends_with_code_2_and_a_usage_line(command: Command, words: list[str]) -> None:
    code, _, error = command(*words)
    assert code == 2
    assert error.startswith("Usage: artmodels")


@pytest.mark.parametrize("suffix", [".png", ".psd", ".ora"])
def test_stages_of_one_artwork_go_into_one_file(command: Command, model: str, artwork: Path, suffix: str) -> None:
    target = artwork.with_name(f"out{suffix}")
    assert command("stages", artwork, "-o", target, "--model", model) == (0, f"{target}\n", "")
    assert read_recipe(target) == WorkflowEditor.from_pretrained(model).stages(artwork).recipe


def test_stages_of_one_artwork_go_into_a_folder(command: Command, model: str, artwork: Path, tmp_path: Path) -> None:
    code, _, _ = command("stages", artwork, "-o", tmp_path / "out", "--model", model)
    assert code == 0
    expected = [f"artwork/{name}.png" for name in sorted((*STAGES, "rendered"))]
    assert names_under(tmp_path / "out") == expected
    result = WorkflowEditor.from_pretrained(model).stages(artwork)
    for stage in STAGES:
        assert pixels(tmp_path / "out" / "artwork" / f"{stage}.png") == result.layers[stage].convert("RGB").tobytes()
    assert pixels(tmp_path / "out" / "artwork" / "rendered.png") == result.image.tobytes()


def test_every_stage_picture_says_that_a_model_made_it(
    command: Command, model: str, artwork: Path, tmp_path: Path
) -> None:
    command("stages", artwork, "-o", tmp_path / "out", "--model", model)
    for name in names_under(tmp_path / "out"):
        assert "reconstructed by a model" in read_recipe(tmp_path / "out" / name)["provenance"]


def test_folders_go_in_and_folders_come_out(command: Command, model: str, tmp_path: Path) -> None:
    for number, name in enumerate(["b.png", "a.JPG", "deeper/c.webp", ".hidden/d.png"]):
        save_noise(tmp_path / "in" / name, number)
    (tmp_path / "in" / "notes.txt").write_text("not a picture")
    words = ("edit", tmp_path / "in", "-o", tmp_path / "out", "--stage", "flat", "--seed", "1", "--model", model)
    assert command(*words)[0] == 0
    assert names_under(tmp_path / "out") == ["a.png", "b.png", "deeper/c.png"]
    expected = WorkflowEditor.from_pretrained(model).edit(tmp_path / "in/b.png", stage="flat", seed=1)
    assert pixels(tmp_path / "out" / "b.png") == expected.image.tobytes()


def test_an_output_folder_inside_the_input_is_not_read_again(command: Command, model: str, tmp_path: Path) -> None:
    save_noise(tmp_path / "a.png", 0)
    words = ("stages", tmp_path, "-o", tmp_path / "out", "--model", model)
    assert command(*words)[0] == 0
    first = names_under(tmp_path)
    assert command(*words)[0] == 0
    assert names_under(tmp_path) == first


def test_one_broken_picture_of_many_is_named_and_the_others_are_done(
    command: Command, model: str, tmp_path: Path
) -> None:
    for name in ("a", "c"):
        save_noise(tmp_path / "in" / f"{name}.png", 0)
    (tmp_path / "in" / "b.png").write_text("broken")
    words = ("edit", tmp_path / "in", "-o", tmp_path / "out", "--stage", "full", "--seed", "0", "--model", model)
    code, _, error = command(*words)
    assert code == 1
    assert "b.png is not a picture" in error
    assert error.endswith("artmodels: 1 of 3 pictures could not be used\n")
    assert names_under(tmp_path / "out") == ["a.png", "c.png"]


def test_a_painted_stage_changes_the_artwork_as_the_library_does(
    command: Command, model: str, artwork: Path, tmp_path: Path
) -> None:
    flat, target = save_noise(tmp_path / "flat.png", 5), tmp_path / "out.png"
    assert command("edit", artwork, "-o", target, "--stage", "flat", "--picture", flat, "--model", model)[0] == 0
    expected = WorkflowEditor.from_pretrained(model).edit(artwork, stage="flat", picture=flat)
    assert pixels(target) == expected.image.tobytes()


def test_another_artworks_manner_is_taken_half_way_without_the_artworks_detail(
    command: Command, model: str, artwork: Path, tmp_path: Path
) -> None:
    other, target = save_noise(tmp_path / "other.png", 5), tmp_path / "out.png"
    words = ("edit", artwork, "-o", target, "--stage", "full", "--like", other, "--amount", "0.5", "--no-keep-detail")
    assert command(*words, "--model", model)[0] == 0
    editor = WorkflowEditor.from_pretrained(model)
    expected = editor.edit(artwork, stage="full", like=other, amount=0.5, keep_detail=False)
    assert (pixels(target), read_recipe(target)) == (expected.image.tobytes(), expected.recipe)


@pytest.mark.parametrize("words", [["stages"], ["edit", "--stage", "full", "--seed", "2"]], ids=" ".join)
def test_a_faithful_result_says_so_and_replays(
    command: Command, model: str, artwork: Path, tmp_path: Path, words: list[str]
) -> None:
    saved, again = tmp_path / "saved.png", tmp_path / "again.png"
    assert command(words[0], artwork, "-o", saved, *words[1:], "--faithful", "1", "--model", model)[0] == 0
    assert read_recipe(saved)["options"]["faithful"] == 1
    assert command("replay", saved, "-o", again, "--artwork", artwork)[0] == 0
    assert pixels(again) == pixels(saved)


@pytest.mark.parametrize("chosen", [[], [4], [4, 7]], ids=str)
def test_drawings_become_artworks_with_their_seeds(
    command: Command, model: str, tmp_path: Path, chosen: list[int]
) -> None:
    for number, name in enumerate(["a.png", "deeper/b.png"]):
        save_noise(tmp_path / "in" / name, number)
    options = [word for seed in chosen for word in ("--seed", str(seed))]
    words = ("generate", tmp_path / "in", "-o", tmp_path / "out", *options, "--no-keep-lines", "--model", model)
    assert command(*words)[0] == 0
    assert names_under(tmp_path / "out") == ["a.png", "deeper/b.png"]
    seeds = chosen if len(chosen) > 1 else (chosen or [0])[0]
    editor, drawing = WorkflowEditor.from_pretrained(model), tmp_path / "in/deeper/b.png"
    expected = editor.generate(drawing, seeds=seeds, keep_lines=False)
    assert pixels(tmp_path / "out/deeper/b.png") == expected.image.tobytes()


@pytest.mark.parametrize("suffix", [".png", ".psd", ".ora"])
def test_replay_makes_the_same_picture_again(
    command: Command, model: str, artwork: Path, tmp_path: Path, suffix: str
) -> None:
    saved, again = tmp_path / f"saved{suffix}", tmp_path / "again.png"
    assert command("edit", artwork, "-o", saved, "--stage", "flat", "--seed", "3", "--model", model)[0] == 0
    assert command("replay", saved, "-o", again, "--artwork", artwork) == (0, f"{again}\n", "")
    assert pixels(again) == WorkflowEditor.from_pretrained(model).edit(artwork, stage="flat", seed=3).image.tobytes()
    assert read_recipe(again) == read_recipe(saved)


def test_replay_of_a_painted_stage_needs_no_painting(
    command: Command, model: str, artwork: Path, tmp_path: Path
) -> None:
    flat, saved, again = save_noise(tmp_path / "flat.png", 5), tmp_path / "saved.png", tmp_path / "again.png"
    command("edit", artwork, "-o", saved, "--stage", "flat", "--picture", flat, "--model", model)
    flat.unlink()
    assert command("replay", saved, "-o", again, "--artwork", artwork)[0] == 0
    assert pixels(again) == pixels(saved)


def test_replay_finds_a_model_that_has_moved(command: Command, model: str, artwork: Path, tmp_path: Path) -> None:
    saved, moved = tmp_path / "saved.png", tmp_path / "moved"
    WorkflowEditor.from_pretrained(model).save_pretrained(moved)
    command("stages", artwork, "-o", saved, "--model", moved)
    Path(moved / "config.json").rename(tmp_path / "config.json")
    assert refused(command("replay", saved, "-o", tmp_path / "again.png", "--artwork", artwork), "config.json")
    words = ("replay", saved, "-o", tmp_path / "again.png", "--artwork", artwork, "--model", model)
    assert command(*words)[0] == 0
    assert pixels(tmp_path / "again.png") == pixels(saved)


def test_replay_refuses_another_artwork(command: Command, model: str, artwork: Path, tmp_path: Path) -> None:
    command("stages", artwork, "-o", tmp_path / "saved.png", "--model", model)
    other = save_noise(tmp_path / "other.png", 9)
    outcome = command("replay", tmp_path / "saved.png", "-o", tmp_path / "again.png", "--artwork", other)
    assert refused(outcome, "not the picture that the recipe was made from")
    assert not (tmp_path / "again.png").exists()


def test_replay_asks_for_the_artwork_and_for_a_model_that_makes_pictures(
    command: Command, model: str, artwork: Path, tmp_path: Path
) -> None:
    command("stages", artwork, "-o", tmp_path / "saved.png", "--model", model)
    words = ["replay", tmp_path / "saved.png", "-o", tmp_path / "b.png"]
    assert refused(command(*words), "give it with --artwork")
    words += ["--artwork", artwork, "--model", "artmodels/perceptual-starter"]
    assert refused(command(*words), "holds a StarterFeatures, which makes no pictures")


def test_replay_of_an_unsaved_models_picture_asks_for_the_model(
    command: Command, model: str, artwork: Path, tmp_path: Path
) -> None:
    fresh = WorkflowEditor(WorkflowEditor.from_pretrained(model).config).eval()
    fresh.stages(artwork).save(tmp_path / "saved.png")
    words = ("replay", tmp_path / "saved.png", "-o", tmp_path / "again.png", "--artwork", artwork)
    assert refused(command(*words), "give one with --model")


def test_replay_notes_another_version(command: Command, model: str, artwork: Path, tmp_path: Path) -> None:
    result = WorkflowEditor.from_pretrained(model).stages(artwork)
    result.recipe["library_version"] = "0.0.1"
    result.save(tmp_path / "saved.png")
    words = ("replay", tmp_path / "saved.png", "-o", tmp_path / "again.png", "--artwork", artwork)
    code, _, error = command(*words)
    assert code == 0
    assert f"made with 0.0.1, this is {__version__}" in error


def test_a_picture_without_a_recipe_cannot_be_replayed(command: Command, artwork: Path) -> None:
    assert refused(command("replay", artwork, "-o", "x.png", "--artwork", artwork), "holds no artmodels recipe")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["stages", "gone.png", "-o", "out"], "no file or folder gone.png"),
        (["stages", "empty", "-o", "out"], "the folder empty holds no picture"),
        (["stages", "broken.png", "-o", "out"], "broken.png is not a picture"),
        (["stages", "a.png", "a.jpg", "-o", "out"], "would both be written as out/a"),
        (["stages", "a.png", "b.png", "-o", "out.psd"], "do not go into the one file out.psd"),
        (["stages", "a.png", "-o", "out.jpg"], "cannot write out.jpg: name a .png, .psd, .ora file, or a folder"),
        (["stages", "a.png", "-o", "gone/out.psd"], "cannot write gone/out.psd"),
        (["stages", "a.png", "-o", "b.png/out"], "cannot make the folder b.png/out"),
        (["stages", "empty", "-o", "empty"], "both input and output"),
        (["stages", "a.png", "-o", "out", "--device", "abacus"], "abacus"),
        (["edit", "a.png", "-o", "out.png", "--stage", "ink", "--seed", "1"], "line, flat, full"),
        (["edit", "a.png", "-o", "out.png", "--stage", "flat", "--seed", "-1"], "a seed is a whole number"),
        (["edit", "a.png", "-o", "out.png", "--stage", "flat", "--picture", "broken.png"], "broken.png"),
        (["edit", "a.png", "-o", "out.png", "--stage", "flat", "--like", "broken.png"], "broken.png"),
        (["edit", "a.png", "-o", "out.png", "--stage", "flat", "--seed", "1", "--amount", "2"], "amount must be"),
        (["stages", "a.png", "-o", "out", "--faithful", "1.5"], "faithful must be a number from 0"),
        (["generate", "a.png", "-o", "out.png", "--seed", "1", "--seed", "2", "--seed", "3"], "seeds must be"),
        (["generate", "a.png", "-o", "."], "a.png is the artwork itself"),
        (["edit", "a.png", "-o", "a.png", "--stage", "flat", "--seed", "1"], "a.png is both input and output"),
        (["edit", "a.png", "-o", ".", "--stage", "flat", "--seed", "1"], "a.png is the artwork itself"),
    ],
)
def test_a_users_mistake_is_one_line_and_writes_nothing(
    command: Command, model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], sentence: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for number, name in enumerate(["a.png", "a.jpg", "b.png"]):
        save_noise(tmp_path / name, number)
    (tmp_path / "broken.png").write_text("broken")
    (tmp_path / "empty").mkdir()
    before = {name: (tmp_path / name).read_bytes() for name in names_under(tmp_path)}
    assert refused(command(*words, "--model", model), sentence)
    assert {name: (tmp_path / name).read_bytes() for name in names_under(tmp_path)} == before


def test_a_picture_for_many_artworks_is_wrong_usage(command: Command, model: str, tmp_path: Path) -> None:
    for name in "ab":
        save_noise(tmp_path / "in" / f"{name}.png", 0)
    words = ("edit", tmp_path / "in", "-o", tmp_path / "out", "--stage", "flat", "--picture", tmp_path / "in/a.png")
    code, _, error = command(*words, "--model", model)
    assert code == 2
    assert "one artwork, and there are 2" in error


def test_a_folder_that_is_no_model_is_one_line(command: Command, artwork: Path, tmp_path: Path) -> None:
    assert refused(command("stages", artwork, "-o", tmp_path / "out", "--model", tmp_path), "config.json")
    assert refused(command("push", tmp_path, "someone/something"), "config.json")


def test_interrupting_ends_with_code_130_and_no_traceback(model: str, artwork: Path, tmp_path: Path) -> None:
    script = f"""
import signal, sys
def interrupt(event, details):  # as if Ctrl-C were pressed while the artwork is being read
    if event == "open" and str(details[0]) == {str(artwork)!r}:
        signal.raise_signal(signal.SIGINT)
sys.addaudithook(interrupt)
signal.signal(signal.SIGINT, signal.default_int_handler)  # a test run in the background may have it ignored
from artmodels.cli import main
main()
"""
    words = [sys.executable, "-c", script, "stages", str(artwork), "-o", str(tmp_path / "out"), "--model", model]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 130
    assert done.stdout + done.stderr == ""
    assert not (tmp_path / "out").exists()


def test_push_publishes_the_folder_and_prints_the_address(command: Command, model: str, hub: LoopbackHub) -> None:
    code, out, _ = command("push", model, "alice/editor", "--private")
    assert (code, out.startswith(hub.url)) == (0, True)
    assert hub.repos["alice/editor"].private
    loaded = WorkflowEditor.from_pretrained("alice/editor", endpoint=hub.url)
    assert loaded.config == WorkflowEditor.from_pretrained(model).config


def test_replay_uses_the_commit_that_made_the_picture(
    command: Command, model: str, hub: LoopbackHub, artwork: Path, tmp_path: Path
) -> None:
    command("push", model, "alice/editor")
    saved, again = tmp_path / "saved.png", tmp_path / "again.png"
    words = ("edit", artwork, "-o", saved, "--stage", "flat", "--seed", "3", "--model", "alice/editor")
    assert command(*words)[0] == 0
    newer = tmp_path / "newer"
    with_random_weights(WorkflowEditor(WorkflowEditor.from_pretrained(model).config)).save_pretrained(newer)
    command("push", newer, "alice/editor")
    assert command("replay", saved, "-o", again, "--artwork", artwork)[0] == 0
    assert pixels(again) == pixels(saved)
    assert command(*words)[0] == 0
    assert pixels(again) != pixels(saved)


def test_a_hub_that_refuses_is_one_line(command: Command, model: str, hub: LoopbackHub) -> None:
    hub.fail("POST", 403)
    assert refused(command("push", model, "bob/editor"), "bob/editor")
