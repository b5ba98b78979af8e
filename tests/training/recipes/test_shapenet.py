import json

import cv2
import numpy as np
import pytest
from PIL import Image
from typer import Typer
from typer.testing import CliRunner

from artmodels.errors import ConfigError, PictureError
from training.recipes import shapenet
from training.recipes.shapenet import STAGES, ShapeNetConfig, draw_view, normals_from_depth, prepare_shapenet

SIDE, SIZE, VIEW_ANGLE = 128, 64, 40.0
CONFIG = ShapeNetConfig(SIZE, VIEW_ANGLE)


def rays():
    reach = ((np.arange(SIDE) + 0.5) / SIDE * 2 - 1) * np.tan(np.radians(VIEW_ANGLE) / 2)
    return np.stack(np.broadcast_arrays(reach, -reach[:, None], -1.0), -1)


def plane_depth(normal, distance=5.0):
    """Distance along the axis at which each ray meets the plane n·p = -distance · n_z."""
    return -distance * normal[2] / (rays() @ normal)


def ball():
    """Depth and normals of a ball of radius 1 at distance 5."""
    direction = rays()
    a, b, c = (direction**2).sum(-1), 2 * direction @ [0, 0, 5], 25 - 1
    root = b**2 - 4 * a * c
    is_there = root > 0
    depth = np.where(is_there, (-b - np.sqrt(np.maximum(root, 0))) / (2 * a), 0)
    return depth, np.where(is_there[..., None], depth[..., None] * direction + [0, 0, 5], [0.0, 0, 1])


def add_view(root, model, view, passes=("normal", "colour", "lighting")):
    depth, normals = ball()
    folder = root / model
    folder.mkdir(parents=True, exist_ok=True)
    inside = depth > 0
    colour = np.where(inside[..., None], np.uint8([200, 60, 40]), np.uint8(255))
    shade = np.clip(normals @ [0.6, 0.6, 0.5], 0.1, 1)[..., None]
    pictures = {
        "normal": np.round((normals + 1) * 127.5).astype(np.uint8),
        "depth": np.round(depth * 8000).astype(np.uint16),
        "colour": colour,
        "lighting": np.where(inside[..., None], (colour * shade).astype(np.uint8), np.uint8(230)),
    }
    for name in passes:
        picture = pictures[name]
        cv2.imwrite(str(folder / f"{view}_{name}.png"), picture[..., ::-1] if picture.ndim == 3 else picture)


@pytest.fixture
def renders(tmp_path):
    root = tmp_path / "renders"
    for model in range(6):
        for view in ("0", "1"):
            add_view(root, f"chair{model}", view)
    return root


def rows_of(out):
    return [json.loads(line) for line in (out / "metadata.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("normal", [(0, 0, 1), (0.6, 0, 0.8), (0, -0.6, 0.8), (0.36, 0.48, 0.8)])
def test_the_normals_of_a_plane_are_exact(normal):
    made = normals_from_depth(plane_depth(np.array(normal, float)), VIEW_ANGLE)
    np.testing.assert_allclose(made, np.broadcast_to(normal, made.shape), atol=1e-9)


@pytest.mark.parametrize("unit", [1.0, 0.001])
def test_the_normals_of_a_ball_point_outwards_in_any_unit(unit):
    depth, expected = ball()
    made = normals_from_depth(depth * unit, VIEW_ANGLE)
    np.testing.assert_allclose(np.linalg.norm(made, axis=-1), depth > 0, atol=1e-6)
    cosine = (made * expected).sum(-1)[depth > 0]
    assert np.median(cosine) > 0.998


def test_a_step_between_two_walls_does_not_bend_their_normals():
    depth = np.full((SIDE, SIDE), 4.0)
    depth[:, SIDE // 2 :] = 6.0
    np.testing.assert_allclose(normals_from_depth(depth, VIEW_ANGLE), np.broadcast_to([0, 0, 1], (SIDE, SIDE, 3)))


def test_depth_and_normal_passes_give_nearly_the_same_stages(tmp_path):
    add_view(tmp_path, "a", "normals", ("normal", "colour", "lighting"))
    add_view(tmp_path, "a", "depths", ("depth", "colour", "lighting"))
    first, second = (
        draw_view(tmp_path / "a" / f"{view}_lighting.png", config=CONFIG).pictures for view in ("normals", "depths")
    )
    assert np.abs(first["normal"].astype(int) - second["normal"]).mean() < 3
    assert np.abs(first["sketch"].astype(int) - second["sketch"]).mean() < 12


def test_stages_are_aligned_and_of_the_asked_size(renders):
    drawing = draw_view(renders / "chair0" / "0_lighting.png", config=CONFIG)
    assert tuple(drawing.pictures) == STAGES
    assert {name: picture.shape for name, picture in drawing.pictures.items()} == {
        "sketch": (SIZE, SIZE), "normal": (SIZE, SIZE, 3), "colour": (SIZE, SIZE, 3), "lighting": (SIZE, SIZE, 3)
    }  # fmt: skip
    inside = drawing.pictures["colour"].min(-1) < 150
    np.testing.assert_array_equal(drawing.pictures["normal"][_far(inside)], [[128, 128, 255]] * _far(inside).sum())
    rim = inside ^ cv2.erode(inside.astype(np.uint8), np.ones((3, 3))).astype(bool)
    assert drawing.pictures["sketch"][rim].mean() < 190
    assert drawing.pictures["sketch"][_far(inside)].min() > 230


def _far(mask):
    return ~cv2.dilate(mask.astype(np.uint8), np.ones((7, 7))).astype(bool)


def test_all_views_of_a_model_are_on_one_side_of_the_split(renders, tmp_path):
    report = prepare_shapenet(renders, tmp_path / "out", CONFIG, test=2)
    assert (report.drawn, report.unusable) == (12, {})
    rows = rows_of(tmp_path / "out")
    tests = {row["model"] for row in rows if row["split"] == "test"}
    assert len(tests) == 2
    assert tests.isdisjoint(row["model"] for row in rows if row["split"] == "train")
    again = prepare_shapenet(renders, tmp_path / "out", CONFIG, test=2)
    assert (again.drawn, again.kept) == (0, 12)
    assert rows_of(tmp_path / "out") == rows


def test_what_cannot_be_used_is_left_out_and_told(renders, tmp_path):
    (renders / "chair0" / "0_normal.png").unlink()
    (renders / "chair1" / "0_normal.png").write_bytes(b"")
    (renders / "chair2" / "0_colour.png").write_bytes(b"nothing")
    Image.new("RGB", (50, 40)).save(renders / "chair3" / "0_lighting.png")
    Image.new("L", (SIDE, SIDE)).save(renders / "chair4" / "0_depth.png")
    (renders / "chair4" / "0_normal.png").unlink()
    report = prepare_shapenet(renders, tmp_path / "out", CONFIG)
    reasons = {
        "chair0": "has neither 0_normal.png nor 0_depth.png",
        "chair1": "0_normal.png is not a picture",
        "chair2": "0_colour.png",
        "chair3": "0_lighting.png is 50x40",
        "chair4": "0_depth.png must be square, of one channel and 16 bits",
    }
    assert report.unusable.keys() == {f"{model}/0_lighting.png" for model in reasons}
    for model, reason in reasons.items():
        assert reason in report.unusable[f"{model}/0_lighting.png"]
    assert len(rows_of(tmp_path / "out")) == 7


def test_another_layout_is_refused_in_one_sentence(tmp_path):
    with pytest.raises(ConfigError, match=r"holds no <model>/<view>_lighting\.png"):
        prepare_shapenet(tmp_path, tmp_path / "out", CONFIG)
    with pytest.raises(ConfigError, match="is not a folder of renders"):
        prepare_shapenet(tmp_path / "absent", tmp_path / "out", CONFIG)
    with pytest.raises(ConfigError, match="size must be 16 to 2048, not 8"):
        ShapeNetConfig(8)
    with pytest.raises(ConfigError, match="field_of_view must be 1 to 150 degrees, not 0"):
        ShapeNetConfig(64, 0)


def test_a_folder_without_one_usable_view_is_an_error(renders, tmp_path):
    for path in renders.rglob("*_normal.png"):
        path.unlink()
    with pytest.raises(PictureError, match="has neither"):
        prepare_shapenet(renders, tmp_path / "out", CONFIG)
    assert not (tmp_path / "out" / "metadata.jsonl").exists()


def test_the_command_prints_its_report_or_one_sentence(renders, tmp_path):
    app = Typer()
    app.command()(shapenet.main)
    options = ["--out", str(tmp_path / "out"), "--size", "32", "--jobs", "1", "--test", "1"]
    run = CliRunner().invoke(app, ["--source", str(renders), *options])
    assert run.exit_code == 0
    assert "12 pictures drawn" in run.output
    refused = CliRunner().invoke(app, ["--source", str(tmp_path / "none"), *options])
    assert refused.exit_code == 1
    assert "is not a folder of renders" in refused.output
    assert "Traceback" not in refused.output
