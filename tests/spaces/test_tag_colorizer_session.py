"""One visitor's work as plain values, and the panel's HTML: what stays, what gives way, what a large page costs."""

from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from PIL import Image

from artmodels import ConfigError, PictureError, TagColorizer
from artmodels.images import load_picture


@pytest.fixture(scope="module")
def session(colorizer_app: ModuleType) -> ModuleType:
    import colorizer_session

    return colorizer_session


@pytest.fixture(scope="module")
def panel(colorizer_app: ModuleType) -> ModuleType:
    import colorizer_panel

    return colorizer_panel


@pytest.fixture
def opened(session: ModuleType, colorizer: TagColorizer, sketch_path: Path, artwork_path: Path) -> Any:
    wish = {"reference": load_picture(artwork_path), "tags": {"red_hair": 1.0}}
    return session.begun(colorizer, "tiny", "frame", sketch_path, **wish)


def same(one: Image.Image, other: Image.Image) -> bool:
    return one.size == other.size and not np.any(np.asarray(one) != np.asarray(other))


def test_a_session_shows_what_the_model_makes(
    opened: Any, colorizer: TagColorizer, sketch_path: Path, artwork_path: Path
) -> None:
    expected = colorizer.colorize(sketch_path, reference=artwork_path, tags={"red_hair": 1})
    assert same(opened.result.image, expected.image)
    assert opened.palette == colorizer.palette(artwork_path)
    assert opened.sketch is opened.preview


def test_another_sketch_keeps_where_the_colours_come_from(
    session: ModuleType, colorizer: TagColorizer, opened: Any
) -> None:
    page = opened.sketch.art.lines.transpose(Image.Transpose.FLIP_LEFT_RIGHT).resize((90, 60))
    other = session.with_sketch(colorizer, opened, page, "other")
    assert (other.tags, other.reference) == (opened.tags, opened.reference)
    assert other.result.image.size == (90, 60)


def test_a_large_page_is_looked_at_in_small_and_finished_at_its_own_size(
    session: ModuleType, colorizer: TagColorizer, opened: Any, sketch_path: Path
) -> None:
    page = load_picture(sketch_path).resize((1500, 1200), Image.Resampling.NEAREST)
    large = session.with_sketch(colorizer, opened, page, "large")
    assert max(large.result.image.size) == session.PREVIEW_SIDE
    done = session.finished(colorizer, large)
    assert done.image.size == (1500, 1200)
    assert same(done.image, colorizer.colorize(page, **large.wish).image)


def test_a_photo_is_refused_unless_it_is_to_be_taken_as_it_is(
    session: ModuleType, colorizer: TagColorizer, artwork_path: Path
) -> None:
    with pytest.raises(PictureError):
        session.begun(colorizer, "tiny", "photo", artwork_path)
    assert session.begun(colorizer, "tiny", "photo", artwork_path, clean=False).result.image.size == (90, 70)


def test_a_grid_grows_picture_by_picture_and_one_is_taken(
    session: ModuleType, colorizer: TagColorizer, opened: Any
) -> None:
    before = session.changed(
        colorizer, opened, tags={"blonde_hair": 1.0, "glasses": 1.0}, colours={"clothes": "#aa0000"}
    )
    steps = list(session.gridded(colorizer, before, "red_hair", "teal_clothes"))
    assert [len(step.board) for step in steps] == list(range(1, 10))
    strengths = [(cell.tags["red_hair"], cell.tags["teal_clothes"]) for cell in steps[-1].board]
    assert strengths == [(x, y) for y in (0, 1, 2) for x in (0, 1, 2)]
    taken = session.taken(colorizer, steps[-1], 5)
    assert taken.tags == {"glasses": 1.0, "red_hair": 2.0, "teal_clothes": 1.0}
    assert taken.colours == {}
    assert same(taken.result.image, colorizer.colorize(opened.sketch, **taken.wish).image)
    assert len(taken.board) == 9
    assert session.changed(colorizer, taken, reference=None).board == ()


def test_another_model_colours_the_same_sketch_by_the_tags_it_knows(
    session: ModuleType, colorizer_kinds: Any, opened: Any
) -> None:
    model = colorizer_kinds["colorizer-other"].model
    moved = session.moved(model, "colorizer-other", opened)
    assert (moved.kind, moved.tags) == ("colorizer-other", opened.tags)
    assert same(moved.result.image, model.colorize(opened.sketch, **opened.wish).image)


def test_without_tags_the_plain_picture_is_the_references_own(
    session: ModuleType, colorizer: TagColorizer, opened: Any, artwork_path: Path, sketch_path: Path
) -> None:
    assert same(session.plain_of(colorizer, opened), colorizer.colorize(sketch_path, reference=artwork_path).image)


def test_a_blank_sheet_can_be_coloured(session: ModuleType, colorizer: TagColorizer) -> None:
    assert session.begun(colorizer, "tiny", "blank", session.blank_sheet()).result.image.size == (768, 768)


def test_examples_ask_for_what_a_model_knows(colorizer_kinds: Any) -> None:
    kind = colorizer_kinds["tiny-colorizer"]
    assert kind.examples[0].tags_for(kind.model.config) == {"red_hair": 1}
    assert {"hair": "#2b6f78"} in [each.colours_for(kind.model.config) for each in kind.examples]
    assert all(each.sketch.exists() and (each.reference is None or each.reference.exists()) for each in kind.examples)


def test_every_example_can_be_opened(colorizer_app: ModuleType, colorizer_kinds: Any) -> None:
    for index in range(4):
        session = colorizer_app.opened_example(colorizer_kinds["tiny-colorizer"], index)
        assert session.result.image.size == (512, 512)
        assert session.found == session.result.recipe["warnings"]


def test_no_model_is_told_in_a_sentence(colorizer_app: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    import colorizer_kinds

    monkeypatch.delenv("ARTMODELS_COLORIZER_MODEL", raising=False)
    monkeypatch.setattr(colorizer_kinds, "starter_names", list)
    with pytest.raises(ConfigError, match="ARTMODELS_COLORIZER_MODEL"):
        colorizer_app.load_model()


def test_the_panel_shows_what_is_set_and_is_another_one_each_time(panel: ModuleType, colorizer: TagColorizer) -> None:
    config = colorizer.config
    shown = panel.panel_html(config, {"red_hair": 1.25, "glasses": 1}, {"clothes": "#338844"}, ["#123456"])
    assert shown.count('aria-pressed="true"') == 2
    assert shown.count('data-tag="') == len(config.tags)
    assert 'data-set="red_hair"' in shown
    assert 'value="1.25"' in shown
    assert 'data-pinned="clothes" data-colour="#338844"' in shown
    assert '<option value="#123456">' in shown
    assert shown != panel.panel_html(config, {"red_hair": 1.25, "glasses": 1}, {"clothes": "#338844"}, ["#123456"])


def test_the_heat_map_is_red_where_the_tags_changed_the_picture(opened: Any, colorizer_app: ModuleType) -> None:
    import colorizer_views as views

    veil = np.asarray(opened.result.layers["change"])[..., 3].astype(int)
    assert veil.max() > 20
    _, heat = views.compared(opened, views.CHANGE)
    redness = np.asarray(heat).astype(int)
    redness = redness[..., 0] - redness[..., 2]
    assert redness[veil > 20].min() > redness[veil == 0].max(initial=0)


def test_the_card_shows_sketch_reference_and_what_tags_change(colorizer_app: ModuleType, colorizer_kinds: Any) -> None:
    strip = colorizer_app.card_picture(colorizer_kinds)
    assert strip.size == (4 * 420, 420)
    plain, tagged = (strip.crop((left, 0, left + 420, 420)) for left in (840, 1260))
    assert not same(plain, tagged)
