import json

import cv2
import numpy as np
import pytest
from PIL import Image
from typer import Typer
from typer.testing import CliRunner

from artmodels.errors import ConfigError
from training.recipes import anime
from training.recipes.anime import AnimeConfig, draw_anime, prepare_anime, rough_colours

SIZE = 64
CONFIG = AnimeConfig(size=SIZE, segments=40)


def drawing(seed, height=120, width=120):
    """A disc and a bar with black contours on a gradient."""
    generator = np.random.default_rng(seed)
    picture = np.empty((height, width, 3), np.uint8)
    picture[:] = np.linspace(150, 250, width)[None, :, None]
    centre = (int(width * generator.uniform(0.3, 0.7)), int(height * generator.uniform(0.3, 0.7)))
    cv2.circle(picture, centre, 30, generator.integers(60, 255, 3).tolist(), -1)
    cv2.circle(picture, centre, 30, (10, 10, 10), 3)
    cv2.rectangle(picture, (10, height - 30), (width - 10, height - 10), generator.integers(60, 255, 3).tolist(), -1)
    cv2.rectangle(picture, (10, height - 30), (width - 10, height - 10), (10, 10, 10), 3)
    return picture


@pytest.fixture
def pictures(tmp_path):
    root = tmp_path / "pictures"
    (root / "b").mkdir(parents=True)
    for seed, name in enumerate(["z.png", "a.jpg", "b/c.webp", "b/d.bmp", "Ünï code.png"]):
        Image.fromarray(drawing(seed)).save(root / name)
    (root / "readme.txt").write_text("not a picture")
    (root / ".hidden.png").write_bytes(b"")
    return root


def files_of(out):
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*") if path.is_file()}


def rows_of(out):
    return [json.loads(line) for line in (out / "metadata.jsonl").read_text().splitlines()]


def test_every_picture_of_the_folder_becomes_three_stages_and_a_row(pictures, tmp_path):
    report = prepare_anime(pictures, tmp_path / "out", CONFIG, test=1)
    rows = rows_of(tmp_path / "out")
    assert [row["source"] for row in rows] == ["a.jpg", "b/c.webp", "b/d.bmp", "z.png", "Ünï code.png"]
    assert [row["id"] for row in rows] == ["a", "b-c", "b-d", "z", "Ünï code"]
    assert [row["split"] for row in rows].count("test") == 1
    assert (report.drawn, report.unusable) == (5, {})
    for stage, mode in (("line", "L"), ("rough", "RGB"), ("full", "RGB")):
        assert {path.stem for path in (tmp_path / "out" / stage).iterdir()} == {row["id"] for row in rows}
        with Image.open(tmp_path / "out" / stage / "b-c.png") as picture:
            assert (picture.mode, picture.size) == (mode, (SIZE, SIZE))


def test_full_is_the_picture_and_line_is_where_it_was_drawn(pictures):
    stages = draw_anime(pictures / "z.png", config=CONFIG).pictures
    expected = cv2.resize(drawing(0), (SIZE, SIZE), interpolation=cv2.INTER_AREA)
    np.testing.assert_array_equal(stages["full"], expected)
    inked = stages["line"] < 160
    assert inked.sum() > 100
    assert expected[inked].mean() < 110
    assert (stages["line"] == 255).mean() > 0.6


def test_the_sketch_comes_from_the_original_not_from_the_rough_colouring(tmp_path):
    picture = np.full((128, 128, 3), 230, np.uint8)
    cv2.line(picture, (20, 64), (108, 64), (0, 0, 0), 2)
    Image.fromarray(picture).save(tmp_path / "line.png")
    stages = draw_anime(tmp_path / "line.png", config=CONFIG).pictures
    assert stages["rough"].min() > 200
    assert stages["line"][30:34, 15:50].min(axis=0).max() < 100


def test_rough_colours_are_medians_of_patches():
    flat = np.zeros((SIZE, SIZE, 3), np.uint8)
    flat[:, : SIZE // 2], flat[:, SIZE // 2 :] = (200, 40, 40), (40, 60, 200)
    noisy = flat + np.random.default_rng(0).integers(0, 7, flat.shape).astype(np.uint8)
    rough = rough_colours(noisy, CONFIG)
    assert np.abs(rough.astype(int) - flat - 3).max() <= 1
    assert len(np.unique(rough.reshape(-1, 3), axis=0)) <= 60


def test_oblong_pictures_are_cut_to_their_middle(tmp_path):
    wide = np.zeros((60, 180, 3), np.uint8)
    wide[:, 60:120] = (90, 160, 220)
    Image.fromarray(wide).save(tmp_path / "wide.png")
    full = draw_anime(tmp_path / "wide.png", config=CONFIG).pictures["full"]
    assert (full == (90, 160, 220)).all()


def test_the_median_filter_grows_with_the_size_and_stays_odd():
    assert [AnimeConfig(size=size).median_pixels for size in (64, 128, 256, 512)] == [1, 3, 7, 15]


def test_two_workers_write_what_one_writes_bit_for_bit(pictures, tmp_path):
    prepare_anime(pictures, tmp_path / "one", CONFIG, jobs=1)
    prepare_anime(pictures, tmp_path / "two", CONFIG, jobs=2)
    assert files_of(tmp_path / "one") == files_of(tmp_path / "two")


def test_broken_pictures_are_left_out_and_reported(pictures, tmp_path):
    (pictures / "broken.png").write_bytes((pictures / "z.png").read_bytes()[:300])
    report = prepare_anime(pictures, tmp_path / "out", CONFIG)
    assert report.drawn == 5
    assert report.unusable.keys() == {"broken.png"}
    assert "broken.png" in str(report)
    assert not list((tmp_path / "out").rglob("broken*"))


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"size": 8}, "size must be 16 to 2048, not 8"),
        ({"segments": 0}, "segments must be greater than 0, not 0"),
        ({"compactness": -1.0}, "compactness must be greater than 0"),
        ({"iterations": 0}, "iterations must be greater than 0"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(settings, sentence):
    with pytest.raises(ConfigError, match=sentence):
        AnimeConfig(**settings)


def test_the_command_takes_every_setting(pictures, tmp_path):
    app = Typer()
    app.command()(anime.main)
    options = {"size": 32, "segments": 20, "compactness": 5, "median": 9, "iterations": 1, "jobs": 1, "test": 2}
    arguments = [part for name, value in options.items() for part in (f"--{name}", str(value))]
    run = CliRunner().invoke(app, ["--source", str(pictures), "--out", str(tmp_path / "out"), *arguments])
    assert run.exit_code == 0, run.output
    settings = json.loads((tmp_path / "out" / "recipe.json").read_text())["settings"]
    assert settings == {"size": 32, "segments": 20, "compactness": 5.0, "median": 9, "iterations": 1}
    refused = CliRunner().invoke(app, ["--source", str(tmp_path / "none"), "--out", str(tmp_path / "out2")])
    assert refused.exit_code == 1
    assert "is not a folder of pictures" in refused.output
