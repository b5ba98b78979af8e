"""The command makes portraits as the library does, and tells mistakes in one line."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from methods import STYLE, STYLIZER, drawing, with_first_weights
from PIL import Image
from portrait_pictures import astronaut

from artmodels import PortraitStyle, PortraitStylizer, read_recipe

Command = Callable[..., tuple[int, str, str]]

EYES = ((20.0, 22.0), (40.0, 23.0))
BY_HAND = ("--eyes", "20,22,40,23")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A real photo model and a style of it, tiny and with random weights, in folders."""
    folder = tmp_path_factory.mktemp("models")
    with_first_weights(PortraitStylizer(STYLIZER), gain=1.25).save_pretrained(folder / "photo")
    style = with_first_weights(PortraitStyle(replace(STYLE, photo_model=str(folder / "photo"))), 1)
    style.save_pretrained(folder / "style")
    return str(folder / "photo"), str(folder / "style")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two photos, one of them in a folder of its own."""
    (tmp_path / "photos" / "more").mkdir(parents=True)
    drawing(60, 50).save(tmp_path / "photos" / "one.png")
    drawing(64, 64, 1).save(tmp_path / "photos" / "more" / "two.png")
    return tmp_path


def found(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.png"))


def pixels(path: Path) -> bytes:
    with Image.open(path) as picture:
        return picture.convert("RGB").tobytes()


def write_video(path: Path, count: int) -> Path:
    """A few frames of one face."""
    import av

    with av.open(str(path), "w") as writer:
        stream = writer.add_stream("libx264", rate=5)
        stream.width, stream.height, stream.pix_fmt = 512, 512, "yuv420p"
        for _ in range(count):
            writer.mux(stream.encode(av.VideoFrame.from_image(astronaut())))
        writer.mux(stream.encode(None))
    return path


def test_a_photo_becomes_a_portrait_that_replays(command: Command, folder: Path, models: tuple[str, str]) -> None:
    source, output, again = folder / "photos" / "one.png", folder / "portrait.ora", folder / "again.png"
    words = ["--attribute", "man", "--likeness", 0.7, "--swap", 16, "--seed", 4, "--move", "pose-1=-1.5", *BY_HAND]
    code, _, error = command("stylize", source, "-o", output, "--style", models[1], *words)
    assert code == 0, error
    stylizer = PortraitStylizer.from_pretrained(models[0])
    expected = stylizer.stylize(
        source, style=models[1], attribute="man", likeness=0.7, swap=16, seed=4, moves={"pose-1": -1.5}, eyes=EYES
    )
    assert read_recipe(output) == expected.recipe
    code, _, error = command("replay", output, "--artwork", source, "-o", again)
    assert code == 0, error
    assert pixels(again) == expected.image.tobytes()


def test_a_folder_of_photos_becomes_a_folder_of_portraits(
    command: Command, folder: Path, models: tuple[str, str]
) -> None:
    words = ["--style", models[1], "--model", models[0], "--no-paste-back", *BY_HAND]
    code, out, error = command("stylize", folder / "photos", "-o", folder / "out", *words)
    assert code == 0, error
    assert out.strip() == str(folder / "out")
    assert found(folder / "out") == ["more/two.png", "one.png"]
    with Image.open(folder / "out" / "one.png") as portrait:
        assert portrait.size == (32, 32)


def test_samples_lie_in_a_folder_the_most_typical_first(
    command: Command, folder: Path, models: tuple[str, str]
) -> None:
    source = folder / "photos" / "one.png"
    words = ["--style", models[1], "--samples", 3, *BY_HAND]
    code, _, error = command("stylize", source, "-o", folder / "out", *words)
    assert code == 0, error
    assert found(folder / "out") == ["one/1.png", "one/2.png", "one/3.png"]
    stylizer = PortraitStylizer.from_pretrained(models[0])
    first = stylizer.samples(source, style=models[1], seeds=[1, 2, 3], eyes=EYES)[0]
    assert pixels(folder / "out" / "one" / "1.png") == first.image.tobytes()


def test_a_photo_can_be_optimised(command: Command, folder: Path, models: tuple[str, str]) -> None:
    source, output = folder / "photos" / "one.png", folder / "portrait.png"
    words = ["--style", models[1], "--inversion", "w+", "--steps", 2, *BY_HAND]
    code, _, error = command("stylize", source, "-o", output, *words)
    assert code == 0, error
    assert read_recipe(output)["options"]["inversion"] == "w+"


def test_a_video_becomes_a_video(command: Command, folder: Path, models: tuple[str, str]) -> None:
    av = pytest.importorskip("av")
    pytest.importorskip("lz4")
    write_video(folder / "in.mp4", count=2)
    words = ["--style", models[1], "--likeness", 0.6]
    code, out, error = command("stylize", folder / "in.mp4", "-o", folder / "out.mp4", *words)
    assert code == 0, error
    assert out.strip() == str(folder / "out.mp4")
    with av.open(str(folder / "out.mp4")) as reader:
        assert [(frame.width, frame.height) for frame in reader.decode(video=0)] == [(512, 512)] * 2
    code, _, error = command("stylize", folder / "in.mp4", "-o", folder / "out.mp4", *words, *BY_HAND)
    assert code != 0
    assert "a video is made alone" in error


def test_a_photos_portrait_is_driven_by_a_video(command: Command, folder: Path, models: tuple[str, str]) -> None:
    av = pytest.importorskip("av")
    pytest.importorskip("lz4")
    driving = write_video(folder / "in.mp4", count=3)
    words = ["--style", models[1], "--driven-by", driving, "--strength", 0.5, "--no-paste-back", *BY_HAND]
    source, output = folder / "photos" / "one.png", folder / "out.webm"
    code, out, error = command("stylize", source, "-o", output, *words)
    assert code == 0, error
    assert out.strip() == str(output)
    with av.open(str(output)) as reader:
        assert [(frame.width, frame.height) for frame in reader.decode(video=0)] == [(32, 32)] * 3
    code, _, error = command("stylize", source, "-o", output, *words, "--seed", 1)
    assert code != 0
    assert "--driven-by" in error


MISTAKES = {
    "no face": ([], "no face was found"),
    "eyes": (["--eyes", "1,2,3"], "X,Y,X,Y"),
    "one eye twice": (["--eyes", "1,2,1,2"], "different places"),
    "a move": (["--move", "pose-1=far", *BY_HAND], "pose-1"),
    "an unknown move": (["--move", "age=1", *BY_HAND], "age"),
    "an attribute": (["--attribute", "child", *BY_HAND], "woman, man"),
    "samples and seed": (["--samples", 3, "--seed", 1, *BY_HAND], "--samples"),
    "samples into a file": (["--samples", 3, *BY_HAND], "name a folder"),
    "revision of no model": (["--revision", "main", *BY_HAND], "--model"),
    "inversion": (["--inversion", "w", *BY_HAND], "inversion"),
}


@pytest.mark.parametrize(("words", "culprit"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_told_in_one_line_and_nothing_is_written(
    command: Command, folder: Path, models: tuple[str, str], words: list[str], culprit: str
) -> None:
    pytest.importorskip("lz4")
    Image.fromarray(np.full((50, 60, 3), 90, np.uint8)).save(folder / "grey.png")
    output = folder / "portrait.png"
    code, out, error = command("stylize", folder / "grey.png", "-o", output, "--style", models[1], *words)
    assert code != 0
    assert culprit in error
    assert "Traceback" not in error
    assert out == ""
    assert not output.exists()
