"""The danbooru recipe: deformed references, sketches of four kinds, and tags by frequency."""

import json

import cv2
import numpy as np
import pytest
from PIL import Image
from typer import Typer
from typer.testing import CliRunner

from artmodels.colorizer.config import TagGroup
from artmodels.configs import config_from_dict
from artmodels.errors import ConfigError
from training.recipes import danbooru
from training.recipes.danbooru import DanbooruConfig, draw_figure, prepare_danbooru, read_tag_table
from training.recipes.danbooru_tags import COLOUR_GROUPS, SWATCHES, frequent_tags, tag_lists
from training.recipes.line_styles import LINE_STYLES, draw_lines

SIZE = 64
CONFIG = DanbooruConfig(size=SIZE)


def drawing(seed, height=96, width=96):
    generator = np.random.default_rng(seed)
    picture = np.full((height, width, 3), 235, np.uint8)
    cv2.circle(picture, (width // 2, height // 2), 30, generator.integers(80, 255, 3).tolist(), -1)
    cv2.circle(picture, (width // 2, height // 2), 30, (10, 10, 10), 3)
    return picture


@pytest.fixture
def figures(tmp_path):
    root = tmp_path / "figures"
    root.mkdir()
    for number, tags in enumerate(["Red Hair, solo", "red_hair\nblue_eyes", "solo, 1girl", "solo", ""]):
        Image.fromarray(drawing(number, 96, 96 + 8 * number)).save(root / f"{number}.png")
        (root / f"{number}.txt").write_text(tags)
    return root


def rows_of(out):
    return [json.loads(line) for line in (out / "metadata.jsonl").read_text().splitlines()]


def files_of(out):
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*") if path.is_file()}


def test_every_figure_becomes_colour_reference_sketches_and_tags(figures, tmp_path):
    report = prepare_danbooru(figures, tmp_path / "out", CONFIG, test=1)
    assert (report.drawn, report.unusable) == (5, {})
    rows = rows_of(tmp_path / "out")
    assert [row["tags"] for row in rows] == [
        ["red_hair", "solo"], ["blue_eyes", "red_hair"], ["1girl", "solo"], ["solo"], []
    ]  # fmt: skip
    assert [row["split"] for row in rows].count("test") == 1
    folders = {path.name for path in (tmp_path / "out").iterdir() if path.is_dir()}
    assert folders == {"colour", "reference", *(f"sketch_{style}" for style in LINE_STYLES)}
    for folder in folders:
        for number in range(5):
            with Image.open(tmp_path / "out" / folder / f"{number}.png") as picture:
                mode = "L" if folder.startswith("sketch") else "RGB"
                assert (picture.mode, picture.size) == (mode, (SIZE, SIZE))


def test_tag_lists_become_groups_that_a_config_takes(figures, tmp_path):
    prepare_danbooru(figures, tmp_path / "out", CONFIG, test=0)
    lists = json.loads((tmp_path / "out" / "tags.json").read_text())
    groups = [config_from_dict(TagGroup, group, where="tags.json") for group in lists["groups"]]
    assert groups == [TagGroup("eyes", ("blue_eyes",), ("#4a6fcb",)), TagGroup("hair", ("red_hair",), ("#b23c30",))]
    assert lists["other_tags"] == ["solo", "1girl"]


def test_test_pictures_have_no_say_in_the_tag_list():
    assert frequent_tags([["b", "a"], ["b", "c"], ["b", "b", "a"]], 2) == ["b", "a"]
    assert frequent_tags([["d", "c"]], 5) == ["c", "d"]
    with pytest.raises(ConfigError, match="no picture has a tag"):
        tag_lists([])


def test_every_group_has_a_swatch_for_each_colour():
    assert {colour for colours in COLOUR_GROUPS.values() for colour in colours} <= SWATCHES.keys()
    assert len(COLOUR_GROUPS) == 11
    lists = tag_lists([f"{colour}_{part}" for part, colours in COLOUR_GROUPS.items() for colour in colours])
    assert lists["other_tags"] == []


@pytest.mark.parametrize("name", ["id", "file_name"])
def test_a_table_of_tags_goes_before_text_files(figures, tmp_path, name):
    names = ["0", "1"] if name == "id" else ["0.png", "1.png"]
    tags = [{"name": "sky"}, "blue sky"]
    (tmp_path / "table.jsonl").write_text("".join(json.dumps({name: n, "tags": tags}) + "\n" for n in names))
    prepare_danbooru(figures, tmp_path / "out", CONFIG, tags=tmp_path / "table.jsonl", test=0, tag_count=1)
    assert [row["tags"] for row in rows_of(tmp_path / "out")] == [["blue_sky", "sky"]] * 2 + [[]] * 3
    assert json.loads((tmp_path / "out" / "tags.json").read_text())["groups"][0]["tags"] == ["blue_sky"]
    (tmp_path / "table.jsonl").write_text('{"tags": []}\n')
    with pytest.raises(ConfigError, match="file_name"):
        read_tag_table(tmp_path / "table.jsonl")


def test_references_are_the_picture_deformed_and_sketches_lie_on_the_picture(figures):
    pictures = draw_figure(figures / "0.png", config=CONFIG).pictures
    assert (pictures["reference"] != pictures["colour"]).any()
    still = draw_figure(figures / "0.png", config=DanbooruConfig(size=SIZE, deformations=0)).pictures
    np.testing.assert_array_equal(still["reference"], still["colour"])
    np.testing.assert_array_equal(still["colour"], pictures["colour"])
    near_ring = cv2.dilate((pictures["colour"].max(2) < 120).astype(np.uint8), np.ones((7, 7))) > 0
    for style in LINE_STYLES:
        sketch = pictures[f"sketch_{style}"]
        assert sketch[near_ring].min() < 128, style
        assert np.median(sketch) > 240, style
        assert sketch[~near_ring].mean() > sketch[near_ring].mean() + 10, style


def test_oblong_figures_stand_whole_on_white(figures):
    colour = draw_figure(figures / "4.png", config=CONFIG).pictures["colour"]
    assert (colour[:4] == 255).all()
    assert (colour[SIZE // 2, :3] < 240).all()


@pytest.mark.parametrize("style", LINE_STYLES)
def test_lines_depend_on_the_picture_and_the_generator_alone(style):
    first, again = (draw_lines(drawing(0), style, np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert first.dtype == np.uint8
    assert (draw_lines(np.full((64, 64, 3), 200, np.uint8), style, np.random.default_rng(0)) == 255).all()
    if style != "drawn":
        assert any((draw_lines(drawing(0), style, np.random.default_rng(seed)) != first).any() for seed in range(4))


def test_two_workers_and_two_runs_write_what_one_writes(figures, tmp_path):
    prepare_danbooru(figures, tmp_path / "one", CONFIG, jobs=1)
    prepare_danbooru(figures, tmp_path / "two", CONFIG, jobs=2)
    assert files_of(tmp_path / "one") == files_of(tmp_path / "two")
    (tmp_path / "two" / "colour" / "3.png").unlink()
    report = prepare_danbooru(figures, tmp_path / "two", CONFIG)
    assert (report.drawn, report.kept) == (1, 4)
    assert files_of(tmp_path / "one") == files_of(tmp_path / "two")


@pytest.mark.parametrize(("settings", "sentence"), [({"size": 8}, "not 8"), ({"points": 0}, "points 1 or more")])
def test_settings_that_cannot_be_meant_are_refused(settings, sentence):
    with pytest.raises(ConfigError, match=sentence):
        DanbooruConfig(**settings)


def test_the_command_takes_every_setting(figures, tmp_path):
    app = Typer()
    app.command()(danbooru.main)
    options = {
        "size": 32, "deformations": 1, "points": 3, "reach": 0.1, "seed": 4, "jobs": 1, "test": 1, "tag-count": 2
    }  # fmt: skip
    arguments = [part for name, value in options.items() for part in (f"--{name}", str(value))]
    run = CliRunner().invoke(app, ["--source", str(figures), "--out", str(tmp_path / "out"), *arguments])
    assert run.exit_code == 0, run.output
    settings = json.loads((tmp_path / "out" / "recipe.json").read_text())["settings"]
    assert settings == {"size": 32, "deformations": 1, "points": 3, "reach": 0.1, "seed": 4}
    refused = CliRunner().invoke(app, ["--source", str(tmp_path / "none"), "--out", str(tmp_path / "out2")])
    assert refused.exit_code == 1
    assert "is not a folder of pictures" in refused.output
