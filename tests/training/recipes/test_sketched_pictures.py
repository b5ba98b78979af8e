"""Pictures that come without drawings are prepared with a sketch each, in the layouts that data sets have."""

import json
import tarfile

import numpy as np
import pytest
from illustration_folders import write_illustrations
from PIL import Image, ImageDraw
from typer.testing import CliRunner

from artmodels.errors import ConfigError, PictureError
from training.recipes.celeba_hq import find_photos
from training.recipes.lineless import lineless_pictures, without_ink
from training.recipes.portraits import prepare_portraits
from training.recipes.sketched_pictures import SketchedConfig, draw_sketched, middle_square
from training.recipes.wikiart import artist_and_style, find_paintings
from training.recipes.wikiart import main as wikiart

CONFIG = SketchedConfig(32)


def add_picture(path, number=0, size=(48, 40)):
    """A disc on a ground of another colour."""
    ground, disc = np.random.default_rng(number).integers(60, 255, (2, 3)).tolist()
    picture = Image.new("RGB", size, tuple(ground))
    ImageDraw.Draw(picture).ellipse((12, 8, 36, 32), fill=tuple(disc), outline=(10, 10, 10), width=2)
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path)
    return path


def rows_of(out):
    return [json.loads(line) for line in (out / "metadata.jsonl").read_text().splitlines()]


def test_the_middle_square_of_a_picture_is_drawn(tmp_path):
    drawing = draw_sketched(
        add_picture(tmp_path / "a.png"), config=SketchedConfig(128), notes=lambda path: {"name": path.name}
    )
    assert drawing.pictures["full"].shape == (128, 128, 3)
    assert drawing.pictures["line"].shape == (128, 128)
    assert drawing.pictures["line"].min() < 60 < 240 < np.median(drawing.pictures["line"])
    assert drawing.notes == {"name": "a.png"}
    wide = np.arange(5)[None, :, None].repeat(3, 0)
    assert middle_square(wide)[0, :, 0].tolist() == [1, 2, 3]


def test_celeba_hq_is_found_by_number_in_either_layout(tmp_path):
    for number in (3, 12, 100):
        add_picture(tmp_path / "masks" / "CelebA-HQ-img" / f"{number}.jpg")
        add_picture(tmp_path / "plain" / f"{number:05d}.png")
    add_picture(tmp_path / "plain" / "cover.png")
    for layout in ("masks", "plain"):
        assert list(find_photos(tmp_path / layout).pictures) == ["00003", "00012", "00100"]
    add_picture(tmp_path / "other" / "cover.png")
    with pytest.raises(ConfigError, match="not CelebA-HQ"):
        find_photos(tmp_path / "other")


def test_wikiart_is_chosen_evenly_over_styles_and_tells_artists(tmp_path):
    for style, count in (("Cubism", 2), ("Rococo", 9), ("Ukiyo_e", 9)):
        for number in range(count):
            add_picture(tmp_path / style / f"artist-{number}_a-title_{number}.jpg", number)
    chosen = find_paintings(tmp_path, 8).pictures
    styles = [path.parent.name for path in chosen.values()]
    assert {style: styles.count(style) for style in styles} == {"Cubism": 2, "Rococo": 3, "Ukiyo_e": 3}
    assert list(chosen) == sorted(chosen)
    assert len(find_paintings(tmp_path, None).pictures) == 20
    assert artist_and_style(tmp_path / "Rococo" / "jean-honore_the-swing.jpg") == {
        "style": "Rococo",
        "artist": "jean-honore",
    }


def test_wikiarts_command_writes_what_trainings_read(tmp_path):
    for number in range(4):
        add_picture(tmp_path / "wikiart" / "Cubism" / f"artist-{number}_title.jpg", number)
    from typer import Typer

    app = Typer()
    app.command()(wikiart)
    words = ["--source", tmp_path / "wikiart", "--out", tmp_path / "out", "--size", 32, "--jobs", 1, "--test", 1]
    done = CliRunner().invoke(app, list(map(str, words)))
    assert done.exit_code == 0, done.output
    rows = rows_of(tmp_path / "out")
    assert sorted(row["split"] for row in rows) == ["test", "train", "train", "train"]
    assert {row["style"] for row in rows} == {"Cubism"}
    assert len(list((tmp_path / "out" / "line").glob("*.png"))) == 4


def test_a_folder_without_styles_or_a_wrong_count_is_told(tmp_path):
    add_picture(tmp_path / "one.png")
    with pytest.raises(ConfigError, match="not WikiArt"):
        find_paintings(tmp_path, None)
    with pytest.raises(ConfigError, match="1 or more"):
        find_paintings(tmp_path, 0)


@pytest.mark.parametrize("is_packed", [False, True])
def test_portraits_come_from_a_folder_or_a_tar(is_packed, tmp_path):
    source = tmp_path / "portraits"
    for number in range(3):
        add_picture(source / "photo" / f"{number:04d}.webp", number)
        add_picture(source / "flat" / f"{number:04d}.webp", number)
    if is_packed:
        with tarfile.open(tmp_path / "portraits.tar", "w") as archive:
            archive.add(source, ".")
        with tarfile.open(tmp_path / "named.tar", "w") as archive:
            archive.add(source / "photo", "photo")
        source = tmp_path / "named.tar"
    report = prepare_portraits(source, tmp_path / "out", CONFIG, inside="photo", test=1)
    assert report.drawn == 3
    assert [row["id"] for row in rows_of(tmp_path / "out")] == ["0000", "0001", "0002"]


def test_what_is_no_source_of_portraits_is_told(tmp_path):
    broken = tmp_path / "broken.tar"
    broken.write_bytes(b"no tar")
    with pytest.raises(ConfigError, match="neither a folder nor a tar"):
        prepare_portraits(broken, tmp_path / "out", CONFIG, inside="photo")
    add_picture(tmp_path / "portraits" / "other" / "a.png")
    with pytest.raises(ConfigError, match="holds no folder photo"):
        prepare_portraits(tmp_path / "portraits", tmp_path / "out", CONFIG, inside="photo")
    empty = tmp_path / "empty" / "photo"
    empty.mkdir(parents=True)
    (empty / "a.png").write_bytes(b"")
    with pytest.raises(PictureError, match="none of the pictures"):
        prepare_portraits(tmp_path / "empty", tmp_path / "out2", CONFIG, inside="photo")


def test_sizes_out_of_range_are_told():
    with pytest.raises(ConfigError, match="not 8"):
        SketchedConfig(8)


def test_lineless_pictures_are_drawings_in_colour_without_ink(tmp_path):
    source = write_illustrations(tmp_path / "illustrations")
    items = list(lineless_pictures(source, 32, 16))
    assert sorted({item.row["split"] for item in items}) == ["test", "train"]
    assert len({item.row["id"] for item in items}) == len(items) == 16
    import io

    for item in items:
        line, full = (np.asarray(Image.open(io.BytesIO(item.pictures[name]))) for name in ("line", "full"))
        assert full[line < 60].mean() > 60  # no black where lines were
    with pytest.raises(ConfigError, match="no regions"):
        list(lineless_pictures(tmp_path, 32, 4))
    with pytest.raises(ConfigError, match="1 or more"):
        list(lineless_pictures(source, 32, 0))


def test_regions_that_are_lines_themselves_go_with_the_ink():
    from training.colourable import Colourable

    regions = np.zeros((9, 9), np.uint8)
    regions[:, 4] = 7
    line = np.where(regions, 0, 255).astype(np.uint8)
    bare = without_ink(Colourable(regions, line, line * 0, line * 0))
    assert bare.line.min() == 255
    assert bare.regions.max() == 0
