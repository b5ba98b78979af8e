"""One visitor's work as plain values, and the strip's HTML: what stays, what gives way, what a large page costs."""

from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from PIL import Image

from artmodels import ConfigError, PictureError, Sketcher, Xdog
from artmodels.images import load_picture


@pytest.fixture(scope="module")
def session(sketch_app: ModuleType) -> ModuleType:
    import sketch_session

    return sketch_session


@pytest.fixture(scope="module")
def hand_session(sketch_app: ModuleType) -> ModuleType:
    import hand_session

    return hand_session


@pytest.fixture(scope="module")
def kind(sketch_models: Any) -> Any:
    return sketch_models.kinds["tiny-sketch2image"]


@pytest.fixture(scope="module")
def opened(session: ModuleType, kind: Any) -> Any:
    return session.begun(kind, kind.examples[0])


@pytest.fixture(scope="module")
def hands(hand_session: ModuleType, sketch_models: Any) -> Any:
    return hand_session.hands_of(sketch_models.drawers)


def same(one: Image.Image, other: Image.Image) -> bool:
    return one.size == other.size and not np.any(np.asarray(one) != np.asarray(other))


def drawing(sheet: Image.Image) -> dict[str, Any]:
    """What the canvas tells after a stroke; the canvas shows the sheet at its own size."""
    stroke = Image.new("RGBA", sheet.size)
    stroke.paste((0, 0, 0, 255), (20, 20, 60, 40))
    return {"background": sheet, "layers": [stroke], "composite": sheet}


def test_a_session_shows_what_the_model_makes(opened: Any, kind: Any) -> None:
    example = kind.examples[0]
    exemplar = kind.exemplars[next(iter(example.weights))][1]
    expected = kind.model.synthesize(example.sketch, exemplar, keep_lines=kind.keep_lines)
    assert same(opened.result.image, expected.image)
    assert opened.result.recipe == {**expected.recipe, "options": opened.result.recipe["options"]}


def test_styles_are_mixed_and_stitched_by_weight(session: ModuleType, kind: Any, opened: Any) -> None:
    weights = {"red-curls": 0.75, "pink-bob": 0.25}
    exemplars = [kind.exemplars[key][1] for key in weights]
    for mixing in ("style", "stitch"):
        mixed = session.mixed(kind.model, opened, weights, mixing)
        expected = kind.model.synthesize(
            opened.sheet.source, exemplars, weights=[0.75, 0.25], mixing=mixing, keep_lines=True
        )
        assert same(mixed.result.image, expected.image)
        assert [each.key for each in mixed.mixed] == list(weights)


@pytest.mark.parametrize("weights", [{"gone": 1.0}, {"red-curls": "much"}, {"red-curls": 0}, [1], {"red-curls": -1}])
def test_a_mix_that_is_none_is_told_in_a_sentence(session: ModuleType, kind: Any, opened: Any, weights: Any) -> None:
    with pytest.raises(ConfigError):
        session.mixed(kind.model, opened, weights, "style")


def test_strokes_change_the_picture_and_keep_style_and_seed(session: ModuleType, kind: Any, opened: Any) -> None:
    before = session.changed(kind.model, opened, seed=5)
    drawn = session.drawn_over(kind.model, before, drawing(opened.ground))
    assert not same(drawn.result.image, before.result.image)
    assert (drawn.seed, drawn.mixed) == (5, before.mixed)
    wish = {"seed": 5, "keep_lines": True, "clean": False}
    expected = kind.model.synthesize(drawn.sheet.source, before.mixed[0].picture, **wish)
    assert same(drawn.result.image, expected.image)


def test_nothing_drawn_changes_nothing_and_strokes_undone_bring_the_lines_back(
    session: ModuleType, kind: Any, opened: Any
) -> None:
    nothing = {"background": opened.ground, "layers": [], "composite": opened.ground}
    assert session.drawn_over(kind.model, opened, nothing) is None
    assert session.drawn_over(kind.model, opened, None) is None
    drawn = session.drawn_over(kind.model, opened, drawing(opened.ground))
    assert same(session.drawn_over(kind.model, drawn, nothing).result.image, opened.result.image)


def test_another_sketch_keeps_the_style(session: ModuleType, kind: Any, opened: Any, sketch_path: Path) -> None:
    other = session.with_sheet(kind.model, opened, session.opened(sketch_path))
    assert other.exemplars == opened.exemplars
    assert other.result.image.size == (80, 80)
    assert same(other.ground, load_picture(sketch_path))


def test_a_large_page_is_looked_at_in_small_and_finished_at_its_own_size(
    session: ModuleType, kind: Any, opened: Any, sketch_path: Path, tmp_path: Path
) -> None:
    page = tmp_path / "page.png"
    load_picture(sketch_path).resize((1500, 1200), Image.Resampling.NEAREST).save(page)
    large = session.with_sheet(kind.model, opened, session.opened(page))
    assert max(large.result.image.size) == session.PREVIEW_SIDE
    done = session.finished(kind.model, large)
    assert done.image.size == (1500, 1200)
    assert same(done.image, kind.model.synthesize(page, opened.mixed[0].picture, keep_lines=True).image)


def test_light_ink_on_nothing_is_read(session: ModuleType, kind: Any, opened: Any, tmp_path: Path) -> None:
    path = tmp_path / "light.png"
    ink = Image.new("RGBA", (90, 90), (255, 255, 255, 0))
    ink.paste((255, 255, 255, 255), (20, 20, 70, 26))
    ink.save(path)
    light = session.with_sheet(kind.model, opened, session.opened(path))
    assert light.sheet.cleaning != ()
    assert same(light.result.image, kind.model.synthesize(path, opened.mixed[0].picture, keep_lines=True).image)


def test_a_photo_is_refused_unless_it_is_to_be_taken_as_it_is(session: ModuleType, artwork_path: Path) -> None:
    with pytest.raises(PictureError):
        session.opened(artwork_path)
    assert session.opened(artwork_path, clean=False).lines.size == (90, 70)


def test_own_exemplars_are_added_taken_alone_and_taken_away(
    session: ModuleType, kind: Any, opened: Any, artwork_path: Path
) -> None:
    painting = load_picture(artwork_path)
    mine = session.with_exemplars(kind.model, opened, {"mine": painting, "turned": painting.rotate(180)})
    assert [(each.title, each.weight) for each in mine.mixed] == [("mine", 1), ("turned", 1)]
    alone = session.without_exemplar(kind.model, mine, mine.mixed[1].key)
    assert same(alone.result.image, kind.model.synthesize(opened.sheet.source, artwork_path, keep_lines=True).image)
    none = session.without_exemplar(kind.model, alone, alone.mixed[0].key)
    assert none.mixed[0].key == "blue-ponytail"
    again = session.with_exemplars(kind.model, alone, {"third": painting})
    assert len({each.key for each in again.exemplars}) == len(again.exemplars)
    assert session.without_exemplar(kind.model, opened, "red-curls").exemplars == opened.exemplars


def test_there_is_room_for_so_many_exemplars(session: ModuleType, kind: Any, opened: Any, artwork_path: Path) -> None:
    many = {str(number): load_picture(artwork_path) for number in range(session.MOST_EXEMPLARS)}
    with pytest.raises(ConfigError, match=f"room for {session.MOST_EXEMPLARS}"):
        session.with_exemplars(kind.model, opened, many)


def test_the_board_grows_style_by_style(session: ModuleType, kind: Any, opened: Any) -> None:
    steps = list(session.in_every_style(kind.model, opened))
    assert [len(step.board) for step in steps] == list(range(1, len(opened.exemplars) + 1))
    assert [key for key, _ in steps[-1].board] == list(kind.exemplars)
    assert not same(steps[-1].board[0][1], steps[-1].board[1][1])
    assert session.with_sheet(kind.model, steps[-1], session.blank_sheet()).board == ()


def test_another_model_finishes_the_same_lines_and_own_exemplars_stay(
    session: ModuleType, sketch_models: Any, opened: Any, kind: Any, artwork_path: Path
) -> None:
    other = sketch_models.kinds["sketch2image-other"]
    mine = session.with_exemplars(kind.model, opened, {"mine": load_picture(artwork_path)})
    moved = session.moved(other, mine)
    assert (moved.kind, moved.keep_lines, [each.title for each in moved.mixed]) == (other.name, False, ["mine"])
    assert same(moved.result.image, other.model.synthesize(opened.sheet.source, artwork_path).image)
    assert [each.key for each in session.moved(other, opened).mixed] == ["blue-ponytail"]


def test_every_example_can_be_opened(session: ModuleType, sketch_models: Any) -> None:
    import sketch_kinds

    for name in ("sketch2image-illustrations", "sketch2image-emoji"):
        folder = sketch_kinds.EXAMPLES / name
        told = sketch_kinds.json.loads((folder / "kind.json").read_text(encoding="utf-8"))
        assert all((folder / f"{key}.webp").exists() for key in told["exemplars"])
        for row in told["examples"]:
            assert row["weights"].keys() <= told["exemplars"].keys()
            assert session.opened(sketch_kinds.example(row, folder).sketch).cleaning == ()


def test_no_model_is_told_in_a_sentence(sketch_app: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    import sketch_kinds

    monkeypatch.delenv("ARTMODELS_SKETCH2IMAGE_MODEL", raising=False)
    monkeypatch.setattr(sketch_kinds, "starter_names", list)
    with pytest.raises(ConfigError, match="ARTMODELS_SKETCH2IMAGE_MODEL"):
        sketch_app.load_model()


def test_without_a_sketcher_the_filter_draws(
    sketch_app: ModuleType, synthesizer_folder: Path, monkeypatch: pytest.MonkeyPatch, hand_session: ModuleType
) -> None:
    import sketch_kinds

    monkeypatch.setenv("ARTMODELS_SKETCH2IMAGE_MODEL", str(synthesizer_folder))
    monkeypatch.delenv("ARTMODELS_SKETCHER_MODEL", raising=False)
    monkeypatch.setattr(sketch_kinds, "starter_names", list)
    drawn_by = hand_session.hands_of(sketch_app.load_model().drawers)
    assert [hand.name for hand in drawn_by] == list(Xdog.hands)
    assert {hand.origin for hand in drawn_by} == {"a filter"}


def test_the_strip_shows_shares_and_is_another_one_each_time(opened: Any, artwork_path: Path) -> None:
    import sketch_mixer

    exemplars = (replace(opened.exemplars[0], weight=0.6), replace(opened.exemplars[1], weight=0.2))
    own = replace(opened.exemplars[2], key="own-1", title='<"mine">', is_own=True)
    shown = sketch_mixer.mixer_html((*exemplars, own), "stitch")
    assert "<output>75%</output>" in shown
    assert "<output>25%</output>" in shown
    assert 'data-mixing="stitch" aria-pressed="true"' in shown
    assert shown.count("data-leave") == 1
    assert '<"mine">' not in shown
    assert shown != sketch_mixer.mixer_html((*exemplars, own), "stitch")


def test_the_slider_compares_lines_or_what_the_refiner_did(opened: Any) -> None:
    import sketch_views as views

    layers = opened.result.layers
    lines, picture = views.compared(opened, views.LINES)
    assert same(lines, opened.sheet.lines)
    assert same(picture, opened.result.image)
    coarse, refined = views.compared(opened, views.REFINING)
    assert same(coarse, layers["coarse"].convert("RGB"))
    assert same(refined, layers["refined"].convert("RGB"))


def test_hands_draw_as_the_models_do(
    hand_session: ModuleType, hands: Any, sketcher: Sketcher, artwork_path: Path
) -> None:
    assert [hand.name for hand in hands] == ["ink", "pencil", *Xdog.hands]
    assert len({hand.key for hand in hands}) == len(hands)
    tracing = hand_session.taken_up(hands, "mine", load_picture(artwork_path))
    assert same(tracing.result.image, sketcher.draw(artwork_path).image)
    other = hand_session.redrawn(hands, tracing, hand=hands[3].key, thickness=2.0)
    assert same(other.result.image, Xdog().draw(artwork_path, hand=Xdog.hands[1], thickness=2).image)
    with pytest.raises(ConfigError, match="there is no hand"):
        hand_session.redrawn(hands, tracing, hand="nobody")


def test_another_hand_is_as_dark_as_it_likes(hand_session: ModuleType, hands: Any, artwork_path: Path) -> None:
    tracing = hand_session.taken_up(hands, "mine", load_picture(artwork_path))
    grey = hand_session.redrawn(hands, tracing, darkness=0.3)
    assert grey.shown_darkness == 0.3
    assert hand_session.redrawn(hands, grey, thickness=2.0).shown_darkness == 0.3
    assert hand_session.redrawn(hands, grey, hand=hands[1].key).shown_darkness == 0.6


def test_a_large_photo_is_drawn_at_its_own_size_in_the_end(
    hand_session: ModuleType, hands: Any, artwork_path: Path
) -> None:
    photo = load_picture(artwork_path).resize((1350, 1050))
    tracing = hand_session.taken_up(hands, "large", photo, hands[-1].key)
    assert max(tracing.result.image.size) == hand_session.PREVIEW_SIDE
    assert same(hand_session.finished_lines(hands, tracing).image, Xdog().draw(photo, hand=hands[-1].name).image)


def test_the_card_shows_lines_and_three_styles(sketch_app: ModuleType, sketch_models: Any) -> None:
    strip = sketch_app.card_picture(sketch_models)
    assert strip.size == (4 * 420, 420)
    one, other = (strip.crop((left, 0, left + 420, 420)) for left in (420, 840))
    assert not same(one, other)
