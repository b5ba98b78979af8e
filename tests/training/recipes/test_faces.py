"""Published sets of faces are resized, photos are cut about their largest face, and folders name attributes."""

import json

import numpy as np
import pytest
from PIL import Image
from portrait_folders import draw_face

from artmodels.errors import ConfigError, PictureError
from artmodels.portrait.faces import Face
from training.recipes.faces import cut_largest, draw_photo, find_faces_of, prepare_faces


def add(path, number=0, size=40):
    path.parent.mkdir(parents=True, exist_ok=True)
    draw_face(number, size).save(path)
    return path


def rows_of(out):
    return {row["id"]: row for row in map(json.loads, (out / "metadata.jsonl").read_text().splitlines())}


@pytest.mark.parametrize(
    ("layout", "place"),
    [
        ("ffhq", "images1024x1024/00000/00003.png"),
        ("ffhq", "thumbnails128x128/00000/00003.png"),
        ("metfaces", "images/1-00.png"),
        ("celeba-hq", "CelebA-HQ-img/3.jpg"),
        ("aligned", "deep/inside/3.webp"),
    ],
)
def test_published_sets_are_found_in_their_layouts(layout, place, tmp_path):
    add(tmp_path / place)
    add(tmp_path / "elsewhere.txt.png" if layout != "aligned" else tmp_path / "deep" / "other.png")
    found = find_faces_of(tmp_path, layout)
    assert tmp_path / place in found.pictures.values()
    assert all("elsewhere" not in id for id in found.pictures)


def test_aligned_pictures_are_resized_and_carry_their_folder(tmp_path):
    for kind in ("man", "woman"):
        for number in range(3):
            add(tmp_path / "set" / kind / f"{number}.png", number)
    report = prepare_faces(tmp_path / "set", tmp_path / "out", 16, layout="aligned", test=1)
    assert (report.drawn, report.unusable) == (6, {})
    rows = rows_of(tmp_path / "out")
    assert {id: row["attribute"] for id, row in rows.items()} == {id: id.split("-")[0] for id in rows}
    assert sum(row["split"] == "test" for row in rows.values()) == 1
    with Image.open(tmp_path / "out" / "full" / "man-0.png") as picture:
        assert picture.size == (16, 16)


def test_ffhqs_numbered_folders_are_no_attributes(tmp_path):
    for number in range(2):
        add(tmp_path / "ffhq" / "images1024x1024" / "00000" / f"0000{number}.png", number)
    prepare_faces(tmp_path / "ffhq", tmp_path / "out", 16, layout="ffhq", test=0)
    assert all("attribute" not in row for row in rows_of(tmp_path / "out").values())


def test_a_photo_without_a_face_is_left_out(tmp_path):
    pytest.importorskip("mtcnn")
    path = tmp_path / "grey.png"
    Image.new("RGB", (200, 200), "grey").save(path)
    with pytest.raises(PictureError, match="no face"):
        draw_photo(path, root=tmp_path, size=64, alignment="ffhq")


NEAR = Face((200, 100, 400, 340), 1.0, (250, 180), (320, 180), (285, 220), (260, 250), (310, 250))
FAR = Face((0, 0, 20, 20), 1.0, (5, 5), (15, 5), (10, 10), (6, 15), (14, 15))


def test_the_largest_face_is_cut_with_its_eyes_in_their_places():
    """The photo is black but for the eyes, so only their places can bring them there."""
    photo = np.zeros((400, 600, 3), np.uint8)
    for x, y in (NEAR.left_eye, NEAR.right_eye):
        photo[y - 4 : y + 5, x - 4 : x + 5] = 255
    drawing = cut_largest(Image.fromarray(photo), [NEAR, FAR], 200, "eyes")
    assert drawing.notes == {"faces": 2, "side": round(70 / 0.235)}
    bright = np.argwhere(drawing.pictures["full"][..., 0] > 128) / 200
    left, right = bright[bright[:, 1] < 0.5].mean(0), bright[bright[:, 1] > 0.5].mean(0)
    assert left == pytest.approx([0.455, 0.5 - 0.1175], abs=0.01)
    assert right == pytest.approx([0.455, 0.5 + 0.1175], abs=0.01)


def test_no_face_and_small_ones_are_told():
    photo = Image.new("RGB", (600, 400))
    with pytest.raises(PictureError, match="no face"):
        cut_largest(photo, [], 200, "ffhq")
    with pytest.raises(PictureError, match="less than 128"):
        cut_largest(photo, [FAR], 200, "ffhq")


def test_other_layouts_and_sizes_are_told(tmp_path):
    add(tmp_path / "a.png")
    with pytest.raises(ConfigError, match="not ffhq: it has no folder images1024x1024"):
        find_faces_of(tmp_path, "ffhq")
    with pytest.raises(ConfigError, match="layout must be one of"):
        find_faces_of(tmp_path, "nope")
    with pytest.raises(ConfigError, match="not 8"):
        prepare_faces(tmp_path, tmp_path / "out", 8, layout="aligned")
