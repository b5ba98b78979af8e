"""The emoji recipe, on a small made checkout of the published one's layout, and on an archive of its own output."""

import io
import json
import sys
import tarfile
from pathlib import Path

import cv2
import numpy as np
import pytest
import typer
from PIL import Image, ImageDraw

from artmodels.errors import ArtModelsError, ConfigError, PictureError
from training.recipes.emoji import main
from training.recipes.emoji_archive import find_packed, unpack
from training.recipes.emoji_checkout import base_of, find_glyphs, skin_tone_of, split_of, tags_of
from training.recipes.emoji_drawing import (
    border_ink,
    colour_name,
    colour_regions,
    dominant_colours,
    draw_stages,
    need_resvg,
    on_white,
)
from training.workflow.data import StagePictures
from training.workflow.settings import TINY

STAGES = ("line", "flat", "shaded", "three_d")
TONES = ("1f3fb", "1f3fc", "1f3fd", "1f3fe", "1f3ff")
FOLDERS = ("Default", "Light", "Medium-Light", "Medium", "Medium-Dark", "Dark")
BALL = (8.0, 16.0, 16.0)  # radius, centre
pytest.importorskip("resvg_py")


def ball_svg(colour, ball=BALL, box=32):
    radius, x, y = ball
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {box} 32" width="{box}" height="32">'
        f'<circle cx="{x}" cy="{y}" r="{radius}" fill="{colour}"/>'
        f'<rect x="{x - 2}" y="{y - 2}" width="4" height="4" fill="#202020"/></svg>'
    )


def write_pictures(folder, name, colour, *, three_d=BALL, flat=None):
    for style, text in (("Flat", flat or ball_svg(colour)), ("Color", ball_svg("#30a060"))):
        (folder / style).mkdir(parents=True)
        (folder / style / f"{name}_{style.lower()}.svg").write_text(text)
    radius, x, y = (8 * value for value in three_d)
    picture = Image.new("RGBA", (256, 256))
    ImageDraw.Draw(picture).ellipse((x - radius, y - radius, x + radius, y + radius), fill=(40, 150, 90, 255))
    (folder / "3D").mkdir()
    picture.save(folder / "3D" / f"{name}_3d.png")


def write_emoji(root, name, points, *, toned=False, colour="#40c080", **pictures):
    folder = root / "assets" / name
    folder.mkdir(parents=True)
    told = {"cldr": name.lower(), "keywords": ["round", "a toy"], "unicode": points}
    first, *rest = points.split()
    if toned:
        told["unicodeSkintones"] = [points] + [" ".join((first, tone, *rest)) for tone in TONES]
    (folder / "metadata.json").write_text(json.dumps(told))
    for tone in FOLDERS if toned else ("",):
        write_pictures(folder / tone, name.replace(" ", "_").lower(), colour, **pictures)
    return folder


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    root = tmp_path_factory.mktemp("checkout")
    write_emoji(root, "Green ball", "1f7e2")
    write_emoji(root, "Person", "1f9d1", toned=True, colour="#f0c0a0")
    return root


@pytest.fixture(scope="module")
def made(checkout, tmp_path_factory):
    out = tmp_path_factory.mktemp("made") / "emoji"
    main(out=out, checkout=checkout, size=64, jobs=1)
    return out


def rows_of(folder):
    return [json.loads(line) for line in (folder / "metadata.jsonl").read_text().splitlines()]


def files_of(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def picture(folder, stage, id):
    return np.asarray(Image.open(folder / stage / f"{id}.png"))


def pack(folder, archive, *, without=()):
    rows = [
        row | {"rgb": [[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in row["colours"]]} for row in rows_of(folder)
    ]
    with tarfile.open(archive, "w") as packed:
        texts = {"meta.jsonl": "".join(json.dumps(row) + "\n" for row in rows).encode()}
        for name, content in (files_of(folder) | texts).items():
            if name.endswith((".png", "meta.jsonl")) and name not in without:
                member = tarfile.TarInfo(name)
                member.size = len(content)
                packed.addfile(member, io.BytesIO(content))
    return archive


def test_a_checkout_becomes_stage_folders_with_a_row_an_emoji(made):
    rows = rows_of(made)
    assert [row["id"] for row in rows] == ["1f7e2", "1f9d1", *(f"1f9d1-{tone}" for tone in TONES)]
    for stage in STAGES:
        assert sorted(path.stem for path in (made / stage).iterdir()) == [row["id"] for row in rows]
        shape = picture(made, stage, "1f7e2").shape
        assert shape == ((64, 64) if stage == "line" else (64, 64, 3))


def test_a_row_tells_name_tags_colours_and_skin_tone(made):
    ball, person, light = rows_of(made)[:3]
    assert ball["name"] == "green ball"
    assert ball["tags"] == ["green", "ball", "round", "toy"]
    assert ball["colours"][0] == "#40c080"
    assert ball["colour_names"][0] == "green"
    assert (person["skin_tone"], light["skin_tone"]) == (None, "light")
    assert [row["skin_tone"] for row in rows_of(made)[2:]] == ["light", "medium_light", "medium", "medium_dark", "dark"]


def test_stages_lie_on_white_and_show_the_same_place(made):
    ball = {stage: picture(made, stage, "1f7e2") for stage in STAGES}
    inner = 64 - 2 * round(0.04 * 64)
    down, across = np.mgrid[:64, :64] + 0.5
    far = np.hypot(down - 32, across - 32) - BALL[0] / 32 * inner
    for stage in STAGES[1:]:
        assert (ball[stage][far > 2] >= 250).all()  # resizing the rendering rings a little
        assert ball[stage][far < -1.5].min(-1).max() < 100
    assert (ball["line"][far < -9] < 200).sum() > 8  # around the square in the middle
    assert ball["line"][np.abs(far) < 0.4].max() < 200
    assert (ball["line"][(far > 3)] == 255).all()
    np.testing.assert_array_equal(ball["flat"][32, 24], (0x40, 0xC0, 0x80))


@pytest.mark.parametrize("size", [32, 97, 128, 256])
def test_lines_have_one_width_relative_to_the_picture(checkout, size):
    glyph = find_glyphs(checkout).glyphs[0]
    stages, _ = draw_stages(glyph.pictures, size)
    assert stages["line"].shape == (size, size)
    inner = size - 2 * round(0.04 * size)
    length = inner * (2 * np.pi * BALL[0] + 16) / 32
    width = (255 - stages["line"].astype(np.float64)).sum() / 255 / length / inner
    assert 0.006 < width < 0.013


def test_worker_processes_change_nothing(checkout, made, tmp_path):
    main(out=tmp_path / "again", checkout=checkout, size=64, jobs=2)
    assert files_of(tmp_path / "again") == files_of(made)


def test_a_training_reads_what_was_written(made):
    from dataclasses import replace

    config = replace(TINY, stages=STAGES, channels=(1, 3, 3, 3))
    splits = {row["split"] for row in rows_of(made)}
    counts = [len(StagePictures(made, config, load_size=64, split=split)) for split in splits]
    assert sum(counts) == 7


def test_the_card_carries_the_licence(made):
    card = (made / "README.md").read_text()
    assert card.startswith("---\nlicense: mit\n")
    assert "Copyright (c) Microsoft Corporation." in card
    assert "The above copyright notice and this permission notice shall be included" in card


def test_skin_tones_and_genders_of_an_emoji_have_one_base_and_split():
    artists = ["1f9d1-200d-1f3a8", "1f468-1f3fd-200d-1f3a8", "1f469-200d-1f3a8"]
    runners = ["1f3c3", "1f3c3-1f3ff-200d-2640-fe0f", "1f3c3-200d-2642-fe0f"]
    assert {base_of(id) for id in artists} == {"1f9d1-1f3a8"}
    assert {base_of(id) for id in runners} == {"1f3c3"}
    assert len({split_of(id) for id in artists}) == 1
    assert base_of("2640-fe0f") == "2640-fe0f"
    assert skin_tone_of("1f468-1f3fd-200d-1f3a8") == "medium"


def test_one_base_emoji_in_twelve_is_for_tests():
    splits = [split_of(f"{number:05x}") for number in range(3000)]
    assert 0.065 < splits.count("test") / 3000 < 0.105


def test_tags_are_the_different_words_of_three_letters():
    assert tags_of("man's ear", "Ear of a man", "t-rex", "piñata") == ("man", "ear", "rex", "piñata")


def test_blends_along_a_border_are_no_region_of_their_own():
    flat = np.zeros((60, 60, 4), np.uint8)
    flat[10:50, 10:50, 3] = 255
    flat[10:50, 10:29] = (200, 0, 0, 255)
    flat[10:50, 29:31] = (100, 0, 100, 255)
    flat[10:50, 31:50] = (0, 0, 200, 255)
    regions = colour_regions(flat)
    assert len(np.unique(regions)) == 3
    assert (regions[12:48, 10:30] == regions[20, 20]).all()
    assert (regions[12:48, 30:50] == regions[20, 40]).all()
    assert (regions[flat[..., 3] == 0] == 0).all()


def test_ink_lies_on_borders_only():
    regions = np.zeros((128, 128), np.int64)
    regions[:, 64:] = 7
    line = border_ink(regions)
    assert (line[:, 63:66] == 0).all()
    assert (line[:, :61] == 255).all()
    assert (line[:, 68:] == 255).all()


def test_opacity_mixes_with_white():
    rgba = np.array([[(10, 20, 30, 0), (10, 20, 30, 255), (0, 100, 255, 51)]], np.uint8)
    assert on_white(rgba).tolist() == [[[255, 255, 255], [10, 20, 30], [204, 224, 255]]]


def test_dominant_colours_come_by_area_and_have_names():
    flat = np.zeros((10, 10, 4), np.uint8)
    flat[:6] = (230, 50, 60, 255)
    flat[6:9] = (20, 20, 30, 255)
    colours = dominant_colours(flat)
    assert colours == [(230, 50, 60), (20, 20, 30)]
    assert [colour_name(colour) for colour in colours] == ["red", "black"]


def test_an_archive_gives_the_pictures_it_holds(made, tmp_path):
    main(out=tmp_path / "out", packed=pack(made, tmp_path / "emoji.tar"), size=64)
    assert rows_of(tmp_path / "out") == rows_of(made)
    for stage in STAGES:
        for row in rows_of(made):
            expected = picture(made, stage, row["id"])
            assert np.array_equal(picture(tmp_path / "out", stage, row["id"]), expected)


def test_an_archive_is_read_in_another_size_by_several_processes(made, tmp_path):
    archive = pack(made, tmp_path / "emoji.tar")
    main(out=tmp_path / "one", packed=archive, size=32, jobs=1)
    main(out=tmp_path / "two", packed=archive, size=32, jobs=2)
    assert files_of(tmp_path / "one") == files_of(tmp_path / "two")
    small = picture(tmp_path / "one", "flat", "1f7e2")
    expected = cv2.resize(picture(made, "flat", "1f7e2"), (32, 32), interpolation=cv2.INTER_AREA)
    assert np.array_equal(small, expected)


def test_a_stage_that_an_archive_lacks_leaves_the_emoji_out(made, tmp_path, capsys):
    archive = pack(made, tmp_path / "emoji.tar", without={"shaded/1f7e2.png"})
    main(out=tmp_path / "out", packed=archive, size=64)
    assert "1f7e2" not in {row["id"] for row in rows_of(tmp_path / "out")}
    assert "6 emoji written, 1 left out\n  1 shaded is missing: 1f7e2" in capsys.readouterr().out


def test_blank_pictures_of_an_archive_are_refused(made, tmp_path):
    archive = tmp_path / "emoji.tar"
    pack(made, archive)
    emoji = find_packed(archive)[0]
    blank = io.BytesIO()
    Image.new("L", (8, 8), 255).save(blank, "PNG")
    archive.write_bytes(blank.getvalue())
    with pytest.raises(PictureError, match="line is empty"):
        unpack(emoji._replace(places=emoji.places | {"line": (0, len(blank.getvalue()))}), 8)


def test_emoji_that_do_not_align_are_empty_or_lack_a_picture_are_left_out_and_counted(tmp_path, capsys):
    write_emoji(tmp_path / "checkout", "Good", "1f7e2")
    write_emoji(tmp_path / "checkout", "Aside", "1f7e3", three_d=(8.0, 10.0, 16.0))
    nothing = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"></svg>'
    write_emoji(tmp_path / "checkout", "Blank", "1f7e4", flat=nothing)
    write_emoji(tmp_path / "checkout", "Broken", "1f7e5", flat="<svg")
    write_emoji(tmp_path / "checkout", "Wide", "1f7e6", flat=ball_svg("#f00", box=64))
    (write_emoji(tmp_path / "checkout", "Half", "1f7e7") / "3D" / "half_3d.png").unlink()
    (write_emoji(tmp_path / "checkout", "Nameless", "1f7e8") / "metadata.json").write_text("{}")
    write_emoji(tmp_path / "checkout", "Twin", "1f7e2")
    main(out=tmp_path / "out", checkout=tmp_path / "checkout", size=32)
    told = capsys.readouterr().out
    assert [row["id"] for row in rows_of(tmp_path / "out")] == ["1f7e2"]
    assert "1 emoji written, 7 left out" in told
    assert "1 flat and three_d do not align: 1f7e3" in told
    assert "1 flat is empty: 1f7e4" in told
    assert "broken_flat.svg cannot be drawn" in told
    assert "wide_flat.svg is 780 x 390 pixels, not square" in told
    assert "1 has no 3D/*.png: assets/Half" in told
    assert "1 has an unreadable metadata.json (KeyError: 'unicode'): assets/Nameless" in told
    assert "1 has the code points of another folder, 1f7e2: assets/Twin" in told


def test_nothing_usable_leaves_nothing_behind(tmp_path, capsys):
    write_emoji(tmp_path / "checkout", "Aside", "1f7e3", three_d=(8.0, 10.0, 16.0))
    with pytest.raises(typer.Exit):
        main(out=tmp_path / "out", checkout=tmp_path / "checkout", size=32)
    assert "none of the 1 emoji could be used; 1f7e3: flat and three_d do not align" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["checkout"]


def test_another_folder_is_no_checkout(tmp_path):
    with pytest.raises(ConfigError, match=r"is no checkout of github.com/microsoft/fluentui-emoji"):
        find_glyphs(tmp_path)


def test_without_resvg_a_sentence_says_what_to_install(checkout, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(ArtModelsError, match="needs resvg-py: pip install resvg-py"):
        need_resvg()
    with pytest.raises(typer.Exit):
        main(out=tmp_path / "out", checkout=checkout, size=32)
    assert "pip install resvg-py" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_other_files_are_no_archive(tmp_path, made):
    (tmp_path / "notes.txt").write_text("no tar")
    with tarfile.open(tmp_path / "emoji.tgz", "w:gz") as packed:
        packed.add(made / "metadata.jsonl", "meta.jsonl")
    with tarfile.open(tmp_path / "other.tar", "w") as packed:
        packed.add(made / "README.md", "README.md")
    for name in ("notes.txt", "emoji.tgz", "other.tar", "absent.tar"):
        with pytest.raises(
            ConfigError, match=f"{name} is no plain tar with line, flat, shaded, three_d and meta.jsonl"
        ):
            find_packed(tmp_path / name)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({}, "say where the emoji are: either --checkout or --packed"),
        ({"checkout": Path("a"), "packed": Path("b")}, "either --checkout or --packed"),
        ({"packed": Path("b"), "size": 16}, "--size is 16; accepted: 32 to 1024"),
        ({"packed": Path("b"), "jobs": 0}, "--jobs is 0; accepted: 1 or more"),
        ({"packed": Path("b"), "form": "zip"}, "--format is 'zip'; accepted: folder, parquet"),
    ],
)
def test_a_wrong_option_is_named_with_what_is_accepted(tmp_path, capsys, options, sentence):
    with pytest.raises(typer.Exit):
        main(**({"out": tmp_path / "made"} | options))
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / "made").exists()


def test_parquet_has_rows_of_both_kinds_of_skin_tone(checkout, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    main(out=tmp_path / "made", checkout=checkout, size=32, form="parquet")
    tables = [parquet.read_table(path).to_pylist() for path in (tmp_path / "made" / "data").iterdir()]
    tones = {row["skin_tone"] for table in tables for row in table}
    assert tones == {None, "light", "medium_light", "medium", "medium_dark", "dark"}
