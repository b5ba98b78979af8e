"""The illustration recipe, on a small hand-made style definition of the published one's layout."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import typer

from artmodels.errors import ConfigError
from training.recipes.drawings import REGIONS, choose_plan, draw
from training.recipes.garments import GARMENTS
from training.recipes.illustrations import Order, illustrations, main, render_drawing
from training.recipes.lorelei import Paint, choose_parts, compose, read_style
from training.recipes.palettes import CLOTHES, choose_colouring, line_tone
from training.recipes.shading import light_masks
from training.recipes.stage_writer import Item, write_folder

STYLE = Path(__file__).parent / "small_style.json"
STAGES = ("line", "flat", "full", "regions")


@pytest.fixture(scope="module")
def style():
    return read_style(STYLE)


@pytest.fixture(scope="module")
def items(style):
    return list(illustrations(style, Order(8, 2, 96, 3, (8, 13))))


def decoded(item, stage):
    picture = cv2.imdecode(np.frombuffer(item.pictures[stage], np.uint8), cv2.IMREAD_UNCHANGED)
    return picture if picture.ndim == 2 else picture[..., ::-1]


def rgb(colour):
    return np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)])


def away_from_ink(line):
    return cv2.erode(line, np.ones((3, 3), np.uint8)) > 250


def test_each_region_of_the_flat_stage_has_its_stated_colour(items):
    checked = set()
    for item in items:
        flat, regions, clear = decoded(item, "flat"), decoded(item, "regions"), away_from_ink(decoded(item, "line"))
        for index, region in enumerate(REGIONS):
            inside = cv2.erode((regions == index).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
            is_patterned = region == "clothes" and item.row["pattern"] != "plain"
            if (inside & clear).sum() >= 12 and not is_patterned:
                assert np.abs(np.median(flat[inside & clear], axis=0) - rgb(item.row["colours"][region])).max() <= 2
                checked.add(region)
    assert {"background", "hair", "skin", "clothes", "accent", "white"} <= checked


def test_the_region_map_holds_region_indices_only_and_matches_the_stated_areas(items):
    for item in items:
        regions = decoded(item, "regions")
        assert regions.dtype == np.uint8
        shares = np.bincount(regions.ravel(), minlength=len(REGIONS)) / regions.size
        assert len(shares) == len(REGIONS)
        np.testing.assert_allclose(shares, list(item.row["area"].values()), atol=0.01)


def test_the_flat_stage_is_darker_exactly_where_there_is_ink(items):
    for item in (item for item in items if item.row["pattern"] == "plain"):
        line, flat, regions = (decoded(item, stage).astype(np.float64) for stage in ("line", "flat", "regions"))
        palette = np.stack([rgb(item.row["colours"][region]) for region in REGIONS])
        darkening = (palette[regions.astype(int)] - flat).mean(-1)
        settled = cv2.dilate(regions, np.ones((3, 3))) == cv2.erode(regions, np.ones((3, 3)))
        eyes = cv2.dilate((regions == REGIONS.index("eyes")).astype(np.uint8), np.ones((5, 5))) > 0
        assert np.abs(darkening[settled & away_from_ink(line.astype(np.uint8))]).max() <= 1
        assert np.median(darkening[settled & ~eyes & (line < 30)]) > 20


def test_the_full_stage_is_dark_under_the_ink_and_flat_never_is_darker_there(items):
    for item in items:
        inked = decoded(item, "line") < 20
        assert decoded(item, "full")[inked].mean() < 70
        assert decoded(item, "flat")[inked].mean() > decoded(item, "full")[inked].mean()


def test_colourings_of_a_drawing_share_line_and_regions_and_differ_in_colour(items):
    for first, second in zip(items[::2], items[1::2], strict=True):
        assert first.row["drawing"] == second.row["drawing"]
        assert first.pictures["line"] == second.pictures["line"]
        assert first.pictures["regions"] == second.pictures["regions"]
        assert first.pictures["flat"] != second.pictures["flat"]
        assert first.pictures["full"] != second.pictures["full"]
        assert first.row["split"] == second.row["split"]


def test_tags_name_what_the_row_says(items):
    for item in items:
        row = item.row
        assert row["garment"] in row["tags"]
        assert ("glasses" in row["tags"]) == (row["variants"]["glasses"] is not None)
        assert ("eyes_closed" in row["tags"]) == (row["variants"]["eyes"] == "closed")
        assert any(f"{row['pattern']}_clothes" == tag for tag in row["tags"]) == (row["pattern"] != "plain")
        assert len(row["tags"]) == len(set(row["tags"]))


def test_an_item_depends_on_its_own_key_only(style, items):
    order = Order(1, 1, 96, 3, (8, 13))
    again = render_drawing(5, style, order)[0]
    assert again == items[10]


def test_worker_processes_change_nothing(style):
    order = Order(3, 1, 32, 0, (8, 13))
    assert list(illustrations(style, order, jobs=2)) == list(illustrations(style, order, jobs=1))


def test_another_seed_gives_other_drawings_and_colours(style, items):
    others = list(illustrations(style, Order(8, 2, 96, 4, (8, 13))))
    assert all(a.pictures["flat"] != b.pictures["flat"] for a, b in zip(items, others, strict=True))
    assert {item.pictures["line"] for item in items}.isdisjoint(item.pictures["line"] for item in others)


@pytest.mark.parametrize("size", [32, 64, 97, 256])
def test_every_stage_has_the_asked_size(style, size):
    (item,) = render_drawing(0, style, Order(1, 1, size, 0, (8, 13)))
    shapes = {stage: decoded(item, stage).shape for stage in STAGES}
    assert shapes == {"line": (size, size), "flat": (size, size, 3), "full": (size, size, 3), "regions": (size, size)}


def test_wider_lines_put_more_ink_on_the_paper(style):
    thin, thick = (render_drawing(0, style, Order(1, 1, 128, 0, (width, width)))[0] for width in (5, 20))
    assert decoded(thick, "line").mean() < decoded(thin, "line").mean() - 3


def test_textures_change_the_lines_but_neither_regions_nor_framing(style):
    plan = choose_plan(style, np.random.default_rng(1), (10, 10))
    drawings = {name: draw(style, plan._replace(line_texture=name), 128, (1,)) for name in ("clean", "pencil", "brush")}
    for name in ("pencil", "brush"):
        assert np.abs(drawings[name].line - drawings["clean"].line).max() > 0.2
        assert np.array_equal(drawings[name].regions, drawings["clean"].regions)
    correlation = np.corrcoef(drawings["clean"].line.ravel(), drawings["brush"].line.ravel())[0, 1]
    assert correlation > 0.7


def test_a_flipped_drawing_is_the_mirror_image(style):
    plan = choose_plan(style, np.random.default_rng(2), (10, 10))._replace(shift=(0, 0), line_texture="clean")
    there, back = (draw(style, plan._replace(flip=flip), 64, (1,)).regions for flip in (False, True))
    assert (there[:, ::-1] == back).mean() > 0.99


@pytest.mark.parametrize("garment", list(GARMENTS))
def test_no_backdrop_shows_between_neck_and_garment(style, garment):
    plan = choose_plan(style, np.random.default_rng(3), (10, 10))
    plan = plan._replace(garment=garment, rotation=0, shift=(0, 0), zoom=1)
    drawing = draw(style, plan, 128, (1,))
    column = drawing.regions[:, drawing.resolution // 2]
    first = int(np.flatnonzero(column)[0])
    assert (column[first:] > 0).all()


def test_beards_leave_the_mouth_visible(style):
    parts = dict.fromkeys(style.components) | {"hair": "short", "head": "round", "mouth": "happy", "beard": "full"}
    plan = choose_plan(style, np.random.default_rng(0), (10, 10))._replace(parts=parts)
    drawing = draw(style, plan, 128, (1,))
    assert (drawing.regions == REGIONS.index("lips")).sum() > 50


def test_the_rim_of_light_is_on_the_side_of_the_light(style):
    drawing = draw(style, choose_plan(style, np.random.default_rng(4), (10, 10)), 128, (1,))
    columns = np.arange(drawing.resolution)
    rims = {from_left: light_masks(drawing, from_left=from_left).rim.sum(0) for from_left in (True, False)}
    assert np.average(columns, weights=rims[True]) < np.average(columns, weights=rims[False]) - 10


def test_the_jaw_casts_a_shadow_on_the_neck_and_not_on_the_chin(style):
    parts = dict.fromkeys(style.components) | {"hair": "short", "head": "round"}
    plan = choose_plan(style, np.random.default_rng(4), (10, 10))._replace(parts=parts, garment="tank")
    drawing = draw(style, plan, 128, (1,))
    shadow = light_masks(drawing, from_left=True).shadow
    middle = (np.abs(drawing.x - 505) < 30) & (drawing.regions == REGIONS.index("skin"))
    assert shadow[middle & (drawing.y > 775) & (drawing.y < 790)].mean() > 0.8
    assert shadow[middle & (drawing.y > 690) & (drawing.y < 720)].mean() < 0.2


def test_line_tone_keeps_the_hue_and_stays_visible_on_every_colour():
    for colour in CLOTHES.values():
        base = rgb(f"#{colour}") / 255
        tone = line_tone(base)
        assert 0.1 < (base - tone).mean() < 0.45
    np.testing.assert_allclose(line_tone(np.array([0.8, 0.4, 0.2])), [0.44, 0.22, 0.11])


def test_accent_and_clothes_never_have_one_name():
    for seed in range(200):
        names = choose_colouring(np.random.default_rng(seed), can_be_patterned=True).names
        assert names["accent"] != names["clothes"]


def test_plain_garments_get_no_pattern():
    kinds = {choose_colouring(np.random.default_rng(seed), can_be_patterned=False).pattern.kind for seed in range(50)}
    assert kinds == {"plain"}


def test_split_follows_the_composition_at_about_five_percent(style):
    plan = choose_plan(style, np.random.default_rng(0), (8, 13))
    assert plan._replace(rotation=3.0, flip=not plan.flip, line_width=9.0).split == plan.split
    splits = [plan._replace(garment=f"garment {index}").split for index in range(2000)]
    assert 0.03 < splits.count("test") / 2000 < 0.07


def test_composition_paints_by_colour_name_and_drops_absent_parts(style):
    parts = choose_parts(style, np.random.default_rng(0)) | {"glasses": None, "hairAccessories": None}
    names = ("hair", "skin", "outline", "eyes", "eyebrows", "mouth", "nose", "freckles", "earrings", "white")
    svg = compose(style, parts, Paint(fills={name: f"paint-{name}" for name in names}))
    assert "paint-hair" in svg
    assert "paint-skin" in svg
    assert svg.count("<g") == svg.count("</g>")
    assert "mask" not in svg


def test_a_folder_holds_aligned_files_metadata_and_a_card(tmp_path):
    main(out=tmp_path / "made", style=STYLE, drawings=3, colourings=2, size=32, jobs=1)
    rows = [json.loads(line) for line in (tmp_path / "made" / "metadata.jsonl").read_text().splitlines()]
    assert len(rows) == 6
    for stage in STAGES:
        assert [f"{row['id']}.png" for row in rows] == sorted(f.name for f in (tmp_path / "made" / stage).iterdir())
    card = (tmp_path / "made" / "README.md").read_text()
    assert card.startswith("---\nlicense: cc0-1.0\n")
    assert '"Lorelei" by Lisa Wischofsky, CC0 1.0' in card
    assert "3 drawings in 2 colourings each, 32 x 32 pixels" in card
    assert sorted(p.name for p in tmp_path.iterdir()) == ["made"]


def test_parquet_loads_with_image_columns(tmp_path, style, items):
    datasets = pytest.importorskip("datasets")
    main(out=tmp_path / "made", style=STYLE, drawings=8, colourings=2, size=96, seed=3, form="parquet")
    files = {f.stem: str(f) for f in (tmp_path / "made" / "data").iterdir()}
    loaded = datasets.load_dataset("parquet", data_files=files, cache_dir=str(tmp_path / "cache"))
    for split in files:
        assert all(isinstance(loaded[split].features[stage], datasets.Image) for stage in STAGES)
    rows = {row["id"]: row for split in files for row in loaded[split]}
    assert len(rows) == 16
    row, item = rows[items[4].row["id"]], items[4]
    for stage in STAGES:
        assert np.array_equal(np.asarray(row[stage]), decoded(item, stage))
    assert {name: row[name] for name in item.row} == item.row


def test_a_failure_leaves_nothing_behind(tmp_path, items):
    def broken():
        yield items[0]
        raise ConfigError("stopped on the way")

    with pytest.raises(ConfigError, match="on the way"):
        write_folder(tmp_path / "made", broken(), "card")
    assert list(tmp_path.iterdir()) == []


def test_a_target_with_content_is_refused_and_kept(tmp_path, capsys):
    (tmp_path / "note.txt").write_text("mine")
    with pytest.raises(typer.Exit):
        main(out=tmp_path, style=STYLE, drawings=1, size=32)
    assert "not an empty folder; choose another --out" in capsys.readouterr().err
    assert (tmp_path / "note.txt").read_text() == "mine"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"size": 16}, "--size is 16; accepted: 32 to 1024"),
        ({"drawings": 0}, "--drawings is 0; accepted: 1 or more"),
        ({"colourings": 101}, "--colourings is 101; accepted: 1 to 100"),
        ({"seed": -1}, "--seed is -1; accepted: 0 or more"),
        ({"jobs": 0}, "--jobs is 0; accepted: 1 or more"),
        ({"line_width": (13.0, 8.0)}, "--line-width is 13 8; accepted: two widths from 4 to 24"),
        ({"form": "zip"}, "--format is 'zip'; accepted: folder, parquet"),
        ({"style": Path("absent.json")}, "absent.json is no style definition"),
    ],
)
def test_a_wrong_option_is_named_with_what_is_accepted(tmp_path, capsys, options, sentence):
    with pytest.raises(typer.Exit):
        main(**({"out": tmp_path / "made", "style": STYLE, "drawings": 1, "size": 32} | options))
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / "made").exists()


def test_items_keep_their_stages_in_order(items):
    assert all(isinstance(item, Item) and tuple(item.pictures) == STAGES for item in items)
