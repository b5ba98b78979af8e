"""Procedural chairs: what is built stands and holds together, and its four stages show one and the same thing."""

import json
from dataclasses import replace

import cv2
import numpy as np
import pytest
import typer
from scipy.spatial import cKDTree

from training.recipes.chair_lighting import COUNT, DOME, WHITE, environment
from training.recipes.chair_materials import choose_materials, linear, tone
from training.recipes.chair_meshes import bent, curve, cushion, filleted, mirrored, rounded_box, tube, turned
from training.recipes.chair_plans import KINDS, choose_plan
from training.recipes.chair_renderer import View, gather_light, look_at, see, shadow_maps
from training.recipes.chair_shapes import build, chair_parts
from training.recipes.chair_stages import STAGES, draw_view, subject
from training.recipes.chairs import Order, main, render_chair, render_chairs, split_of

SIZE = 64
ORDER = Order(3, 2, SIZE, 5)
VIEW = View(0.7, 0.35)


@pytest.fixture(scope="module")
def items():
    return list(render_chairs(ORDER))


@pytest.fixture(scope="module")
def chair():
    return build(choose_plan(np.random.default_rng(4)))


@pytest.fixture(scope="module")
def pictures(chair):
    materials = choose_materials(choose_plan(np.random.default_rng(4)), np.random.default_rng(0))
    return draw_view(subject(chair, materials), VIEW, WHITE, SIZE)


def decoded(item, stage):
    picture = cv2.imdecode(np.frombuffer(item.pictures[stage], np.uint8), cv2.IMREAD_UNCHANGED)
    return picture if picture.ndim == 2 else picture[..., ::-1]


def volume(mesh):
    a, b, c = (mesh.points[mesh.triangles[:, corner]] for corner in range(3))
    return float((a * np.cross(b, c)).sum() / 6)


def disagreement(mesh):
    """Greatest angle between a triangle and its corners' mean normal, radians."""
    a, b, c = (mesh.points[mesh.triangles[:, corner]] for corner in range(3))
    across = np.cross(b - a, c - a)
    area = np.linalg.norm(across, axis=1)
    mean = mesh.normals[mesh.triangles].mean(1)
    cosine = (across * mean).sum(1) / np.maximum(area * np.linalg.norm(mean, axis=1), 1e-15)
    return float(np.arccos(np.clip(cosine[area > 1e-8], -1, 1)).max())


@pytest.mark.parametrize(
    ("mesh", "expected", "tolerance"),
    [
        (rounded_box((0.2, 0.1, 0.3), 0.001), 8 * 0.2 * 0.1 * 0.3, 0.01),
        (tube([(0, 0, 0), (0.3, 0.4, 0)], 0.02, sides=48), np.pi * 0.02**2 * 0.5, 0.01),
        (tube([(0, 0, 0), (0, 0.5, 0)], [0.02, 0.01], sides=48), np.pi * 0.5 * (4 + 2 + 1) * 1e-4 / 3, 0.01),
        (turned([(0, 0), (0.1, 0), (0.1, 0.2), (0, 0.2)], sides=64), np.pi * 0.01 * 0.2, 0.01),
        (cushion((0.3, 0.01, 0.2), 0.001, squareness=2), np.pi * 0.3 * 0.2 * 0.02, 0.02),
        (mirrored(rounded_box((0.2, 0.1, 0.3), 0.001)), 8 * 0.2 * 0.1 * 0.3, 0.01),
    ],
)
def test_solids_are_closed_and_have_their_volume(mesh, expected, tolerance):
    assert volume(mesh) == pytest.approx(expected, rel=tolerance)
    assert disagreement(mesh) < 0.5


def test_bending_turns_the_normals_with_the_surface():
    box = rounded_box((0.2, 0.1, 0.02), 0.004, cuts=12)
    arched = bent(box, lambda p: np.stack([np.sin(p[:, 0] * 4) / 4, p[:, 1], np.cos(p[:, 0] * 4) / 4 + p[:, 2]], 1))
    np.testing.assert_allclose(np.linalg.norm(arched.normals, axis=1), 1, atol=1e-9)
    assert disagreement(arched) < 0.5


def test_paths_meet_their_ends_and_pass_their_knots():
    knots = np.array([(0.0, 0, 0), (1, 1, 0), (2, 0, 1)])
    np.testing.assert_allclose(curve(knots, 9)[[0, 4, 8]], knots, atol=1e-12)
    path = filleted([(0, 0, 0), (0, 1, 0), (1, 1, 0)], 0.2)
    np.testing.assert_allclose(path[[0, -1]], [(0, 0, 0), (1, 1, 0)])
    assert np.linalg.norm(path - [0, 1, 0], axis=1).min() > 0.05


@pytest.mark.parametrize("number", range(24))
def test_a_chair_stands_on_the_floor_and_no_part_floats(number):
    parts = chair_parts(choose_plan(np.random.default_rng([10, 0, number])))
    lowest = min(part.mesh.points[:, 1].min() for part in parts)
    assert abs(lowest) < 0.006
    clouds = [_scattered(part.mesh) for part in parts]
    trees = [cKDTree(cloud) for cloud in clouds]
    reached, waiting = {0}, [0]
    while waiting:
        one = waiting.pop()
        for other in set(range(len(parts))) - reached:
            small, large = sorted((one, other), key=lambda part: len(clouds[part]))
            if trees[large].query(clouds[small], distance_upper_bound=0.012)[0].min() < 0.012:
                reached.add(other)
                waiting.append(other)
    assert [parts[number].slot for number in set(range(len(parts))) - reached] == []


def _scattered(mesh):
    """Points on a surface, about 6 mm apart."""
    rng = np.random.default_rng(0)
    a, b, c = (mesh.points[mesh.triangles[:, corner]] for corner in range(3))
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2
    chosen = rng.choice(len(area), max(200, int(area.sum() / 0.006**2)), p=area / area.sum())
    u, v = np.sort(rng.random((2, len(chosen))), axis=0)[..., None]
    return a[chosen] * u + b[chosen] * (v - u) + c[chosen] * (1 - v)


def test_plans_are_various():
    plans = [choose_plan(np.random.default_rng([10, 0, number])) for number in range(400)]
    assert {plan.kind for plan in plans} == set(KINDS)
    assert len({plan.back for plan in plans}) >= 13
    assert len({plan.base for plan in plans}) >= 12
    assert len({(plan.kind, plan.back, plan.base, plan.seat, plan.arms) for plan in plans}) > 200


def test_normals_are_unit_vectors_that_face_the_eye(chair):
    surface = see(chair, look_at(chair, VIEW), 96)
    np.testing.assert_allclose(np.linalg.norm(surface.normals, axis=1), 1, atol=1e-9)
    assert ((surface.normals * surface.rays).sum(1) < 0).all()
    assert surface.is_chair.sum() == len(surface.points) > 500


def test_the_normal_picture_holds_unit_vectors_towards_the_eye(items):
    for item in items:
        normals = decoded(item, "normal").astype(float) / 127.5 - 1
        np.testing.assert_allclose(np.linalg.norm(normals, axis=-1), 1, atol=0.015)
        assert normals[..., 2].min() > -0.2  # beside the middle of the picture the eye sees a little around the rim
        np.testing.assert_array_equal(decoded(item, "normal")[0, 0], [128, 128, 255])


def test_a_camera_sees_the_whole_chair_in_the_middle(chair):
    for azimuth in (0.0, 0.8, -2.5):
        rows, columns = np.nonzero(see(chair, look_at(chair, View(azimuth, 0.3)), 200).is_chair)
        sides = [rows.min(), 199 - rows.max(), columns.min(), 199 - columns.max()]
        assert min(sides) == pytest.approx(14, abs=2)
        assert abs(sides[0] - sides[1]) <= 3
        assert abs(sides[2] - sides[3]) <= 3


def test_depth_is_measured_right(chair):
    camera = look_at(chair, VIEW)
    surface = see(chair, camera, 96)
    rows, columns = np.nonzero(surface.is_chair)
    seen = (surface.points - camera.eye) @ camera.axes.T
    place = (seen[:, :2] / seen[:, 2:] - camera.centre) * camera.zoom * [1, -1] * 96 + 48
    np.testing.assert_allclose(place, np.stack([columns, rows], 1) + 0.5, atol=0.05)


def test_stages_have_one_silhouette(items):
    for item in items:
        normal, colour = decoded(item, "normal").astype(int), decoded(item, "colour").astype(int)
        lighting, sketch = decoded(item, "lighting").astype(int), decoded(item, "sketch")
        is_chair = np.abs(normal - [128, 128, 255]).sum(-1) > 0
        upper = slice(0, SIZE // 8)  # above every shadow on the floor
        for picture in (colour, lighting):
            assert (np.abs(picture[upper] - picture[0, 0]).sum(-1)[~is_chair[upper]] <= 1).all()
        solid = cv2.erode(is_chair.astype(np.uint8), np.ones((3, 3))) > 0
        rim = is_chair & ~solid
        assert (sketch[~cv2.dilate(is_chair.astype(np.uint8), np.ones((3, 3))).astype(bool)] == 255).all()
        assert (cv2.erode(sketch, np.ones((3, 3)))[rim] < 200).mean() > 0.95


def test_the_colour_stage_is_the_lighting_stage_in_white_light(pictures):
    np.testing.assert_array_equal(pictures["colour"], pictures["lighting"])


def test_white_light_has_a_closed_form():
    rng = np.random.default_rng(0)
    normals = rng.normal(size=(50, 3))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    # The irradiance of a radiance a + b·w over pi is a + 2/3 b·n.
    slope = (WHITE.zenith[0] - WHITE.horizon[0]) * np.array([0, 1, 0]) + WHITE.side_colour[0] * np.array(WHITE.side)
    expected = WHITE.horizon[0] + 2 / 3 * normals @ slope
    np.testing.assert_allclose(WHITE.irradiance(normals)[:, 0], expected, atol=0.02)


def test_an_open_surface_gathers_all_the_light_of_its_environment(chair):
    light = environment(3)
    above = np.array([[0.0, 3, 0], [0.4, 3, 1]])
    up = np.broadcast_to([0.0, 1, 0], (2, 3))
    places = (above, up, -up, np.zeros(2))
    (gained,) = gather_light(chair, shadow_maps(chair, DOME), places, [light])
    np.testing.assert_allclose(gained.diffuse, light.irradiance(up), rtol=1e-4)
    np.testing.assert_allclose(gained.open, len(DOME) / 4, rtol=0.05)


def test_the_floor_below_a_chair_lies_in_its_shadow(chair):
    places = np.array([[0.0, 0, 0], [3.0, 0, 3.0]])
    up = np.broadcast_to([0.0, 1, 0], (2, 3))
    (gained,) = gather_light(chair, shadow_maps(chair, DOME), (places, up, -up, np.zeros(2)), [WHITE])
    assert gained.diffuse[0, 0] < 0.75 * gained.diffuse[1, 0]


def test_environments_are_fixed_different_and_exposed():
    up_and_front = np.array([[0, 1.0, 0], [0, 0, 1.0]])
    made = [environment(number) for number in range(0, COUNT, 3)]
    assert environment(21) == made[7]
    assert len(set(made)) == len(made)
    assert {light.place for light in made} == {"indoor", "outdoor"}
    brightness = [light.irradiance(up_and_front).mean() for light in made]
    assert min(brightness) > 0.3
    assert max(brightness) < 1.6


def test_light_turns_with_the_viewer():
    light = environment(11)
    turned_by = light.facing(np.pi / 2)
    # What the viewer at the chair's left has before him, along x, is what the viewer in front had along z.
    np.testing.assert_allclose(
        turned_by.radiance(np.array([[1.0, 0, 0]])), light.radiance(np.array([[0.0, 0, 1]])), atol=1e-12
    )
    np.testing.assert_allclose(turned_by.lamps.directions[:, 0], light.lamps.directions[:, 2], atol=1e-12)


def test_tone_is_exact_for_matt_colours_and_never_leaves_the_range():
    codes = ["000000", "102030", "808080", "c0d0e0"]
    for code in codes:
        wanted = [int(code[i : i + 2], 16) / 255 for i in (0, 2, 4)]
        np.testing.assert_allclose(tone(linear(code)), wanted, atol=1e-6)
    bright = tone(np.linspace(0, 50, 500))
    assert (np.diff(bright) >= 0).all()
    assert bright.max() <= 1


def test_an_item_depends_on_its_own_key_only(items):
    assert render_chair(2, ORDER) == items[4:]


def test_worker_processes_change_nothing(items):
    assert list(render_chairs(ORDER, jobs=2)) == items


def test_other_seeds_and_views_give_other_pictures(items):
    other = render_chair(0, ORDER._replace(seed=6))
    assert other[0].pictures["normal"] != items[0].pictures["normal"]
    assert items[0].pictures["normal"] != items[1].pictures["normal"]


def test_views_of_a_chair_share_what_belongs_to_the_chair(items):
    for first, second in zip(items[::2], items[1::2], strict=True):
        for name in ("chair", "split", "kind", "back", "legs", "seat", "arms", "material", "tags"):
            assert first.row[name] == second.row[name]
        assert first.row["id"] != second.row["id"]


def test_the_split_keeps_about_one_chair_in_thirteen():
    splits = [split_of(0, index) for index in range(4000)]
    assert 0.06 < splits.count("test") / 4000 < 0.09


def test_rows_say_what_was_built(items):
    for item in items:
        row = item.row
        assert row["tags"][0] == row["kind"]
        assert {f"{row['back']}_back", f"{row['legs']}_legs"} <= set(row["tags"])
        assert row["place"] == environment(row["environment"]).place
        assert -180 <= row["azimuth"] <= 180
        assert 6 <= row["elevation"] <= 32


def test_wider_lines_put_more_ink_on_the_paper(chair):
    sitter = subject(chair, choose_materials(choose_plan(np.random.default_rng(4)), np.random.default_rng(0)))
    thin, thick = (draw_view(sitter, VIEW, WHITE, SIZE, line_width=width)["sketch"].mean() for width in (0.7, 1.6))
    assert thick < thin - 3


def test_every_material_and_part_can_be_drawn():
    seen = set()
    for number in range(40):
        plan = choose_plan(np.random.default_rng([1, number]))
        materials = choose_materials(plan, np.random.default_rng([2, number]))
        assert all((material.colour >= 0).all() and (material.colour <= 1).all() for material in materials.values())
        seen |= {material.kind for material in materials.values()}
        build(replace(plan, turning=number % 4))
    assert seen == {"wood", "paint", "cloth", "leather", "plastic", "metal", "cane"}


def test_a_folder_holds_aligned_files_metadata_and_a_card(tmp_path):
    main(out=tmp_path / "made", chairs=2, views=1, size=32, seed=5)
    rows = [json.loads(line) for line in (tmp_path / "made" / "metadata.jsonl").read_text().splitlines()]
    for stage in STAGES:
        assert [f"{row['id']}.png" for row in rows] == sorted(f.name for f in (tmp_path / "made" / stage).iterdir())
    card = (tmp_path / "made" / "README.md").read_text()
    assert card.startswith("---\nlicense: cc0-1.0\n")
    assert "2 chairs from 1 views each, 32 x 32 pixels" in card
    assert sorted(path.name for path in tmp_path.iterdir()) == ["made"]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"chairs": 0}, "--chairs is 0; accepted: 1 or more"),
        ({"views": 101}, "--views is 101; accepted: 1 to 100"),
        ({"size": 16}, "--size is 16; accepted: 32 to 1024"),
        ({"seed": -1}, "--seed is -1; accepted: 0 or more"),
        ({"jobs": 0}, "--jobs is 0; accepted: 1 or more"),
        ({"form": "zip"}, "--format is 'zip'; accepted: folder, parquet"),
    ],
)
def test_a_wrong_option_is_named_with_what_is_accepted(tmp_path, capsys, options, sentence):
    with pytest.raises(typer.Exit):
        main(**({"out": tmp_path / "made", "chairs": 1, "size": 32} | options))
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / "made").exists()


def test_a_target_with_content_is_refused_and_kept(tmp_path, capsys):
    (tmp_path / "note.txt").write_text("mine")
    with pytest.raises(typer.Exit):
        main(out=tmp_path, chairs=1, size=32)
    assert "not an empty folder" in capsys.readouterr().err
    assert (tmp_path / "note.txt").read_text() == "mine"
