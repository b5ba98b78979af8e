import json
import shutil

import cv2
import numpy as np
import pytest
from PIL import Image
from typer import Typer
from typer.testing import CliRunner

from artmodels.errors import ConfigError, PictureError
from training.recipes import celebamask
from training.recipes.celebamask import PARTS, CelebAMaskConfig, draw_face, part_regions, prepare_celebamask
from training.recipes.region_colours import region_medians

MASK, PHOTO, SIZE = 128, 256, 64
CONFIG = CelebAMaskConfig(SIZE)

# part → centre and radii in fractions of the side, and the colour it has in the photo
FACE = {
    "cloth": ((0.5, 1.0), (0.45, 0.2), (60, 80, 150)),
    "neck": ((0.5, 0.9), (0.12, 0.14), (205, 160, 130)),
    "hair": ((0.5, 0.2), (0.3, 0.15), (70, 45, 30)),
    "hat": ((0.5, 0.12), (0.3, 0.06), (150, 30, 40)),
    "skin": ((0.5, 0.5), (0.25, 0.3), (225, 180, 150)),
    "l_ear": ((0.24, 0.5), (0.03, 0.06), (215, 165, 140)),
    "r_ear": ((0.76, 0.5), (0.03, 0.06), (214, 164, 139)),
    "ear_r": ((0.76, 0.58), (0.015, 0.02), (240, 220, 90)),
    "neck_l": ((0.5, 0.79), (0.08, 0.015), (235, 215, 100)),
    "l_brow": ((0.4, 0.38), (0.06, 0.015), (60, 40, 30)),
    "r_brow": ((0.6, 0.38), (0.06, 0.015), (62, 42, 32)),
    "l_eye": ((0.4, 0.45), (0.05, 0.025), (240, 240, 240)),
    "r_eye": ((0.6, 0.45), (0.05, 0.025), (238, 240, 241)),
    "eye_g": ((0.5, 0.45), (0.18, 0.01), (20, 20, 25)),
    "nose": ((0.5, 0.55), (0.04, 0.07), (215, 165, 135)),
    "mouth": ((0.5, 0.69), (0.07, 0.03), (90, 20, 30)),
    "u_lip": ((0.5, 0.66), (0.08, 0.015), (190, 80, 85)),
    "l_lip": ((0.5, 0.725), (0.08, 0.02), (195, 85, 90)),
}


def ellipse(part, side):
    (x, y), (across, down), _ = FACE[part]
    rows, columns = (np.mgrid[:side, :side] + 0.5) / side
    return ((columns - x) / across) ** 2 + ((rows - y) / down) ** 2 <= 1


def add_face(root, number, parts=tuple(FACE), mode="RGB"):
    photo = np.random.default_rng(number).integers(90, 130, (PHOTO, PHOTO, 3)).astype(float)
    for part in sorted(parts, key=PARTS.index):
        inside = ellipse(part, PHOTO)
        photo[inside] = FACE[part][2] + np.random.default_rng(number).normal(0, 6, (inside.sum(), 3))
        folder = root / "CelebAMask-HQ-mask-anno" / str(number // 2000)
        folder.mkdir(parents=True, exist_ok=True)
        mask = Image.fromarray(ellipse(part, MASK).astype(np.uint8) * 255)
        mask.convert(mode).save(folder / f"{number:05d}_{part}.png")
    photos = root / "CelebA-HQ-img"
    photos.mkdir(exist_ok=True)
    Image.fromarray(photo.clip(0, 255).astype(np.uint8)).save(photos / f"{number}.jpg", quality=95, subsampling=0)


@pytest.fixture
def faces(tmp_path):
    root = tmp_path / "CelebAMask-HQ"
    root.mkdir()
    for number in (0, 2, 10, 1999, 2000):
        add_face(root, number)
    add_face(root, 2001, parts=("skin", "hair", "cloth"))
    return root


def files_of(out):
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*") if path.is_file()}


def rows_of(out):
    return [json.loads(line) for line in (out / "metadata.jsonl").read_text().splitlines()]


def draw(faces, number, config=CONFIG):
    photo = faces / "CelebA-HQ-img" / f"{number}.jpg"
    return draw_face(photo, masks=faces / "CelebAMask-HQ-mask-anno", config=config)


def test_every_photo_becomes_three_stages_and_a_row_in_order_of_its_number(faces, tmp_path):
    report = prepare_celebamask(faces, tmp_path / "out", CONFIG, test=2)
    ids = ["00000", "00002", "00010", "01999", "02000", "02001"]
    assert [row["id"] for row in rows_of(tmp_path / "out")] == ids
    assert sorted(row["split"] for row in rows_of(tmp_path / "out")) == ["test"] * 2 + ["train"] * 4
    assert (report.drawn, report.kept, report.unusable) == (6, 0, {})
    for stage, mode in (("line", "L"), ("flat", "RGB"), ("full", "RGB")):
        assert sorted(path.stem for path in (tmp_path / "out" / stage).iterdir()) == ids
        with Image.open(tmp_path / "out" / stage / "00002.png") as picture:
            assert (picture.mode, picture.size) == (mode, (SIZE, SIZE))


def test_the_background_is_white_and_the_face_is_the_photo(faces):
    full = draw(faces, 0, CelebAMaskConfig(MASK)).pictures["full"]
    regions = part_regions(faces / "CelebAMask-HQ-mask-anno", 0)
    with Image.open(faces / "CelebA-HQ-img" / "0.jpg") as photo:
        reduced = np.asarray(photo).reshape(MASK, 2, MASK, 2, 3).mean(axis=(1, 3))
    assert (regions == 0).any()
    assert (full[regions == 0] == 255).all()
    assert np.abs(full.astype(float) - reduced)[regions > 0].max() <= 1


def test_every_part_has_the_median_colour_of_its_pixels(faces):
    stages = draw(faces, 0, CelebAMaskConfig(MASK))
    regions = part_regions(faces / "CelebAMask-HQ-mask-anno", 0)
    for label, part in enumerate(PARTS, start=1):
        inside = regions == label
        median = np.floor(np.median(stages.pictures["full"][inside], axis=0) + 0.5)
        assert (stages.pictures["flat"][inside] == median).all()
        assert stages.notes["colours"][part] == median.tolist()
        if part in ("skin", "hair", "cloth"):  # others are so small that their borders are most of them
            assert np.abs(median - FACE[part][2]).max() <= 6


def test_flat_keeps_its_colours_when_it_is_made_smaller(faces):
    flat = draw(faces, 0).pictures["flat"]
    colours = draw(faces, 0).notes["colours"]
    # The middles of large parts, away from smoothed borders.
    for part, (x, y) in {"skin": (0.35, 0.6), "hair": (0.5, 0.25), "cloth": (0.5, 0.97)}.items():
        assert flat[int(y * SIZE), int(x * SIZE)].tolist() == colours[part]


def test_the_sketch_is_drawn_from_the_flat_picture_not_from_the_photo(faces, tmp_path):
    add_face(tmp_path, 7)
    path = tmp_path / "CelebA-HQ-img" / "7.jpg"
    with Image.open(path) as photo:
        pixels = np.array(photo)
    # A scar across the cheek: under half of the skin's pixels, so the median and with it the flat picture stay.
    cv2.line(pixels, (78, 138), (94, 148), (0, 0, 0), 3)
    Image.fromarray(pixels).save(path, quality=100, subsampling=0)
    after = draw_face(path, masks=tmp_path / "CelebAMask-HQ-mask-anno", config=CONFIG)
    cheek = slice(33, 39), slice(18, 26)
    assert after.pictures["full"][cheek].min() < 60
    np.testing.assert_array_equal(after.pictures["line"][cheek], 255)


def test_the_sketch_outlines_the_eyes(faces):
    line = draw(faces, 0).pictures["line"]
    assert line[26:32, 20:32].min() < 64


def test_where_masks_overlap_the_later_part_covers_the_earlier(faces):
    regions = part_regions(faces / "CelebAMask-HQ-mask-anno", 0)
    both = ellipse("skin", MASK) & ellipse("hair", MASK)
    hats = ellipse("hat", MASK)
    assert set(np.unique(regions[both & ~hats])) == {PARTS.index("hair") + 1}


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA"])
def test_masks_are_read_in_every_mode(mode, tmp_path):
    add_face(tmp_path, 3, parts=("skin",), mode=mode)
    regions = part_regions(tmp_path / "CelebAMask-HQ-mask-anno", 3)
    np.testing.assert_array_equal(regions > 0, ellipse("skin", MASK))


def test_two_workers_write_what_one_writes_bit_for_bit(faces, tmp_path):
    prepare_celebamask(faces, tmp_path / "one", CONFIG, jobs=1)
    prepare_celebamask(faces, tmp_path / "two", CONFIG, jobs=2)
    assert files_of(tmp_path / "one") == files_of(tmp_path / "two")


def test_broken_files_are_left_out_and_reported(faces, tmp_path):
    (faces / "CelebA-HQ-img" / "2.jpg").write_bytes(b"not a picture")
    masks = faces / "CelebAMask-HQ-mask-anno"
    (masks / "0" / "00010_nose.png").write_bytes(b"")
    (masks / "0" / "01999_hat.png").write_bytes(b"\x89PNG nothing")
    for path in (masks / "1").glob("02000_*"):
        path.unlink()
    Image.new("L", (50, 50)).save(masks / "1" / "02001_hat.png")
    report = prepare_celebamask(faces, tmp_path / "out", CONFIG)
    assert [row["id"] for row in rows_of(tmp_path / "out")] == ["00000"]
    reasons = {
        "2": "not a picture",
        "10": "00010_nose.png is not a picture",
        "1999": "01999_hat.png is not a picture",
        "2000": "02000_<part>.png",
        "2001": "02001_hat.png is (50, 50)",
    }
    assert report.unusable.keys() == {f"CelebA-HQ-img/{number}.jpg" for number in reasons}
    for number, reason in reasons.items():
        assert reason in report.unusable[f"CelebA-HQ-img/{number}.jpg"]
        assert reason in str(report)


def test_a_folder_without_one_usable_picture_is_an_error(faces, tmp_path):
    for path in (faces / "CelebA-HQ-img").iterdir():
        path.write_bytes(b"")
    with pytest.raises(PictureError, match=r"none of the pictures .*/0\.jpg"):
        prepare_celebamask(faces, tmp_path / "out", CONFIG)
    assert not (tmp_path / "out" / "metadata.jsonl").exists()


@pytest.mark.parametrize(
    ("folder", "sentence"),
    [
        ("CelebA-HQ-img", "is not CelebAMask-HQ: it holds no folder CelebA-HQ-img"),
        ("CelebAMask-HQ-mask-anno", "is not CelebAMask-HQ: it holds no folder CelebAMask-HQ-mask-anno"),
    ],
)
def test_another_layout_is_refused_in_one_sentence(folder, sentence, faces, tmp_path):
    shutil.rmtree(faces / folder)
    with pytest.raises(ConfigError, match=sentence):
        prepare_celebamask(faces, tmp_path / "out", CONFIG)
    assert not (tmp_path / "out").exists()


def test_photos_with_other_names_are_refused(faces, tmp_path):
    for path in (faces / "CelebA-HQ-img").iterdir():
        path.rename(path.with_name(f"face{path.name}"))
    with pytest.raises(ConfigError, match=r"holds no photo that is called <number>\.jpg"):
        prepare_celebamask(faces, tmp_path / "out", CONFIG)


@pytest.mark.parametrize("size", [0, 1024])
def test_sizes_that_the_masks_cannot_give_are_refused(size):
    with pytest.raises(ConfigError, match=f"size must be 16 to 512 .*{size}"):
        CelebAMaskConfig(size)


def test_the_command_prints_its_report_or_one_sentence(faces, tmp_path):
    app = Typer()
    app.command()(celebamask.main)
    out = str(tmp_path / "out")
    run = CliRunner().invoke(app, ["--source", str(faces), "--out", out, "--size", "32", "--jobs", "1", "--test", "2"])
    assert run.exit_code == 0
    assert "6 pictures drawn" in run.output
    refused = CliRunner().invoke(app, ["--source", str(tmp_path), "--out", out])
    assert refused.exit_code == 1
    assert "is not CelebAMask-HQ" in refused.output
    assert "Traceback" not in refused.output


def test_medians_of_the_shipped_flat_are_its_own_colours(faces):
    flat = draw(faces, 0, CelebAMaskConfig(MASK)).pictures["flat"]
    regions = part_regions(faces / "CelebAMask-HQ-mask-anno", 0)
    np.testing.assert_array_equal(region_medians(flat, regions)[0], [255, 255, 255])
