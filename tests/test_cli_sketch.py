"""The commands draw lines and make pictures as the library does, and tell mistakes in one line."""

from collections.abc import Callable
from pathlib import Path

import pytest
from methods import SKETCHER_FOLDER, SYNTHESIZER, drawing, painting, sketch, with_random_weights
from PIL import Image

from artmodels import Sketcher, SketchToImage, Xdog, read_recipe

Command = Callable[..., tuple[int, str, str]]

SKETCHER = SKETCHER_FOLDER.name


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A real synthesizer, tiny and with random weights, in a folder."""
    folder = tmp_path_factory.mktemp("model")
    with_random_weights(SketchToImage(SYNTHESIZER), gain=2).save_pretrained(folder)
    return str(folder)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two sketches, one of them in a folder of its own, a photo and two exemplars beside them."""
    (tmp_path / "sketches" / "more").mkdir(parents=True)
    sketch(60, 40).save(tmp_path / "sketches" / "one.png")
    sketch(50, 50, 1).save(tmp_path / "sketches" / "more" / "two.jpg")
    drawing(80, 60).save(tmp_path / "photo.png")
    painting(1).save(tmp_path / "red.png")
    painting(2).save(tmp_path / "blue.png")
    return tmp_path


def found(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.png"))


def pixels(path: Path) -> bytes:
    with Image.open(path) as picture:
        return picture.convert("RGB").tobytes()


# artmodels sketch


def test_a_picture_becomes_a_drawing_that_replays(command: Command, folder: Path) -> None:
    source, output, again = folder / "photo.png", folder / "lines.ora", folder / "again.png"
    words = ["--hand", "pencil", "--thickness", 1.5, "--darkness", 0.5, "--detail", 2, "--model", SKETCHER]
    code, _, error = command("sketch", source, "-o", output, *words)
    assert code == 0, error
    sketcher = Sketcher.from_pretrained(SKETCHER)
    expected = sketcher.draw(source, hand="pencil", thickness=1.5, darkness=0.5, detail=2)
    assert read_recipe(output) == expected.recipe
    code, _, error = command("replay", output, "--artwork", source, "-o", again)
    assert code == 0, error
    assert pixels(again) == expected.image.tobytes()


def test_a_filter_draws_and_replays_without_a_model(command: Command, folder: Path) -> None:
    source, output, again = folder / "photo.png", folder / "lines.png", folder / "again.png"
    code, _, error = command("sketch", source, "-o", output, "--model", "xdog")
    assert code == 0, error
    assert pixels(output) == Xdog().draw(source).image.tobytes()
    code, _, error = command("replay", output, "--artwork", source, "-o", again)
    assert code == 0, error
    assert pixels(again) == pixels(output)


def test_a_folder_of_pictures_becomes_a_folder_of_drawings(command: Command, folder: Path) -> None:
    code, out, error = command("sketch", folder / "sketches", "-o", folder / "out", "--model", SKETCHER)
    assert code == 0, error
    assert out.strip() == str(folder / "out")
    assert found(folder / "out") == ["more/two.png", "one.png"]


def test_every_hand_draws_each_picture(command: Command, folder: Path) -> None:
    code, _, error = command("sketch", folder / "photo.png", "-o", folder / "out", "--every-hand", "--model", SKETCHER)
    assert code == 0, error
    assert found(folder / "out") == ["photo/ink.png", "photo/pencil.png"]
    assert read_recipe(folder / "out" / "photo" / "pencil.png")["options"]["hand"] == "pencil"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--hand", "brush"], "has no hand 'brush'; it has ink, pencil"),
        (["--thickness", "0"], "thickness must be a number from 0.25 to 4, not 0.0"),
        (["--darkness", "2"], "darkness must be a number from 0.05 to 1, not 2.0"),
        (["--detail", "9"], "detail must be a number from 0.5 to 4, not 9.0"),
        (["--every-hand"], "name a folder"),
    ],
    ids=str,
)
def test_a_mistake_in_drawing_is_one_line_and_writes_nothing(
    command: Command, folder: Path, words: list[str], sentence: str
) -> None:
    output = folder / "out.png"
    code, _, error = command("sketch", folder / "photo.png", "-o", output, "--model", SKETCHER, *words)
    assert (code, error.count("\n")) == (1, 1)
    assert error.startswith("artmodels: ")
    assert sentence in error
    assert not output.exists()


# artmodels synthesize


def test_a_sketch_becomes_a_picture_that_replays(command: Command, model: str, folder: Path) -> None:
    source, output, again = folder / "sketches" / "one.png", folder / "out.psd", folder / "again.png"
    exemplars = [folder / "red.png", folder / "blue.png"]
    words = ["--exemplar", exemplars[0], "--exemplar", exemplars[1], "--weight", 1, "--weight", 3, "--seed", 4]
    code, _, error = command("synthesize", source, "-o", output, *words, "--keep-lines", "--model", model)
    assert code == 0, error
    synthesizer = SketchToImage.from_pretrained(model)
    expected = synthesizer.synthesize(source, exemplars, weights=[1, 3], seed=4, keep_lines=True)
    assert read_recipe(output) == expected.recipe
    code, _, error = command("replay", output, "--artwork", source, "-o", again)
    assert code == 0, error
    assert pixels(again) == expected.image.tobytes()


def test_a_folder_of_sketches_becomes_a_folder_of_pictures(command: Command, model: str, folder: Path) -> None:
    words = ["--exemplar", folder / "red.png", "--no-refine", "--model", model]
    code, _, error = command("synthesize", folder / "sketches", "-o", folder / "out", *words)
    assert code == 0, error
    assert found(folder / "out") == ["more/two.png", "one.png"]
    assert read_recipe(folder / "out" / "one.png")["options"]["refine"] is False


def test_a_photo_becomes_a_picture_through_a_sketcher(command: Command, model: str, folder: Path) -> None:
    source, output, again = folder / "photo.png", folder / "out.png", folder / "again.png"
    words = ["--exemplar", folder / "blue.png", "--sketcher", SKETCHER, "--hand", "pencil", "--model", model]
    code, _, error = command("synthesize", source, "-o", output, *words)
    assert code == 0, error
    assert read_recipe(output)["verb"] == "transfer"
    code, _, error = command("replay", output, "--artwork", source, "-o", again)
    assert code == 0, error
    assert pixels(again) == pixels(output)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--exemplar", "missing.png"], "missing.png"),
        (
            ["--exemplar", "red.png", "--weight", "1", "--weight", "2"],
            "one number for each of the exemplars, 1 in all, not [1.0, 2.0]",
        ),
        (["--exemplar", "red.png", "--weight", "-1"], "weights must be numbers from 0"),
        (["--exemplar", "red.png", "--mixing", "shake"], "mixing must be one of style, stitch, not 'shake'"),
        (["--exemplar", "red.png", "--seed", "-3"], "not -3"),
        (["--exemplar", "red.png", "--hand", "ink"], "give --sketcher too"),
        (["--exemplar", "red.png", "--sketcher", "xdog", "--hand", "quill"], "xdog has no hand 'quill'"),
    ],
    ids=str,
)
def test_a_mistake_in_synthesis_is_one_line_and_writes_nothing(
    command: Command, model: str, folder: Path, words: list[str], sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    output = folder / "out.png"
    code, _, error = command("synthesize", "sketches/one.png", "-o", output, "--model", model, *words)
    assert (code, error.count("\n")) == (1, 1)
    assert error.startswith("artmodels: ")
    assert sentence in error
    assert not output.exists()


def test_a_photo_is_no_sketch_unless_it_is_said_to_be(command: Command, model: str, folder: Path) -> None:
    words = ["-o", folder / "out.png", "--exemplar", folder / "red.png", "--model", model]
    code, _, error = command("synthesize", folder / "photo.png", *words)
    assert code == 1
    assert "photo" in error
    code, _, error = command("synthesize", folder / "photo.png", *words, "--no-clean")
    assert code == 0, error
