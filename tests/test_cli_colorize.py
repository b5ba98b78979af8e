"""The command colours sketches as the library does, for files and folders, and tells mistakes in one line."""

from collections.abc import Callable
from pathlib import Path

import pytest
from methods import COLORIZER, drawing, painting, sketch, with_random_weights
from PIL import Image

from artmodels import TagColorizer, load_model, read_recipe

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A real colorizer, tiny and with random weights, in a folder."""
    folder = tmp_path_factory.mktemp("model")
    with_random_weights(TagColorizer(COLORIZER), gain=2**0.5).save_pretrained(folder)
    return str(folder)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two sketches, one of them in a folder of its own, and a reference beside them."""
    (tmp_path / "sketches" / "more").mkdir(parents=True)
    sketch(60, 40).save(tmp_path / "sketches" / "one.png")
    sketch(50, 50, 1).save(tmp_path / "sketches" / "more" / "two.jpg")
    painting(1).save(tmp_path / "reference.png")
    return tmp_path


def test_one_sketch_becomes_a_layered_file_that_replays(command: Command, model: str, folder: Path) -> None:
    source, output, again = folder / "sketches" / "one.png", folder / "out.psd", folder / "again.png"
    wishes = ["--tag", "red_hair=2", "--tag", "glasses=0.5", "--colour", "clothes=#5bab62"]
    words = ["--reference", folder / "reference.png", *wishes, "-o", output, "--model", model]
    code, _, error = command("colorize", source, *words)
    assert code == 0, error
    colorizer = load_model(model)
    assert isinstance(colorizer, TagColorizer)
    expected = colorizer.colorize(
        source,
        reference=folder / "reference.png",
        tags={"red_hair": 2, "glasses": 0.5},
        colours={"clothes": "#5bab62"},
    )
    assert read_recipe(output) == expected.recipe
    code, _, error = command("replay", output, "--artwork", source, "-o", again)
    assert code == 0, error
    with Image.open(again) as replayed:
        assert replayed.tobytes() == expected.image.tobytes()


def test_a_folder_of_sketches_becomes_a_folder_of_pictures(command: Command, model: str, folder: Path) -> None:
    code, out, error = command("colorize", folder / "sketches", "-o", folder / "out", "--seed", 3, "--model", model)
    assert code == 0, error
    assert out.strip() == str(folder / "out")
    found = sorted(path.relative_to(folder / "out").as_posix() for path in (folder / "out").rglob("*.png"))
    assert found == ["more/two.png", "one.png"]


def test_lines_can_be_left_out(command: Command, model: str, folder: Path) -> None:
    source, output = folder / "sketches" / "one.png", folder / "bare.png"
    code, _, error = command("colorize", source, "-o", output, "--no-keep-lines", "--model", model)
    assert code == 0, error
    assert read_recipe(output)["options"]["keep_lines"] is False


def test_tags_and_colours_of_a_picture_are_shown_as_they_can_be_given(
    command: Command, model: str, folder: Path
) -> None:
    code, out, error = command("tags", folder / "reference.png", "--threshold", "0", "--model", model)
    assert code == 0, error
    names = [line.split("=")[0] for line in out.splitlines() if "=" in line]
    assert names == list(COLORIZER.tags)
    assert any(line.startswith("#") for line in out.splitlines())


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--tag", "red_hair"], "--tag takes NAME=VALUE, not 'red_hair'"),
        (["--tag", "red_hair=much"], "the strength of 'red_hair' must be a number from 0 to 5, not 'much'"),
        (["--tag", "red_hair=6"], "from 0 to 5, not 6.0"),
        (["--tag", "red_hare=1"], "did you mean 'red_hair'?"),
        (["--tag", "red_hair=1", "--tag", "red_hair=2"], "--tag red_hair is given twice"),
        (["--colour", "hair=red"], '"#rrggbb"'),
        (["--colour", "hat=#ff0000"], "no tag group is called 'hat'"),
        (["--reference", "missing.png"], "missing.png"),
    ],
    ids=str,
)
def test_a_mistake_is_one_line_and_writes_nothing(
    command: Command, model: str, folder: Path, words: list[str], sentence: str
) -> None:
    source, output = folder / "sketches" / "one.png", folder / "out.png"
    code, _, error = command("colorize", source, "-o", output, "--model", model, *words)
    assert code == 1
    assert error.startswith("artmodels: ")
    assert error.count("\n") == 1
    assert sentence in error
    assert not output.exists()


def test_a_photo_is_refused_with_a_way_out(command: Command, model: str, folder: Path) -> None:
    drawing(80, 60).save(folder / "photo.png")
    code, _, error = command("colorize", folder / "photo.png", "-o", folder / "out.png", "--model", model)
    assert code == 1
    assert "artmodels sketch" in error
    code, _, error = command("colorize", folder / "photo.png", "-o", folder / "out.png", "--no-clean", "--model", model)
    assert code == 0, error
