"""One visitor's work on a photo as plain values, the models behind it, and the panel's HTML."""

from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hub_server import LoopbackHub
from huggingface_hub import constants
from methods import STYLE, with_first_weights
from PIL import Image
from portrait_pictures import EYES, astronaut

from artmodels import ConfigError, PictureError, PortraitStyle, PortraitStylizer
from artmodels.portrait import face_networks
from artmodels.portrait.style import style_names

pytest_plugins = ["hub_server.fixtures"]

HERE = ((204.5, 101.0), (247.5, 103.0))


@pytest.fixture(scope="module")
def session(portrait_app: ModuleType) -> ModuleType:
    import portrait_session

    return portrait_session


@pytest.fixture(scope="module")
def panel(portrait_app: ModuleType) -> ModuleType:
    import portrait_eyes

    return portrait_eyes


@pytest.fixture(scope="module")
def photo(session: ModuleType) -> Any:
    """A photo of two faces, the second one half as large, beside nothing."""
    return session.Photo(astronaut(), (HERE, ((100.0, 300.0), (120.0, 300.0))))


@pytest.fixture(scope="module")
def begun(session: ModuleType, portrait_models: Any, photo: Any) -> Any:
    return session.begun(portrait_models, photo)


def same(one: Image.Image, other: Image.Image) -> bool:
    return one.size == other.size and not np.any(np.asarray(one) != np.asarray(other))


def test_a_session_shows_what_the_model_makes(begun: Any, portrait_models: Any, photo: Any) -> None:
    style = portrait_models.styles["tiny-paths"]
    expected = portrait_models.stylizer.stylize(photo.whole, style=style, eyes=HERE, paste_back=False)
    assert same(begun.result.image, expected.image)
    assert (begun.style, begun.face, list(begun.in_styles)) == ("tiny-paths", 0, ["tiny-paths", "tiny-style"])
    assert same(begun.in_styles["tiny-paths"], expected.image)


def test_a_wish_changes_the_portrait_and_encodes_nothing_again(
    session: ModuleType, portrait_models: Any, begun: Any
) -> None:
    wishes: list[dict[str, Any]] = [
        {"likeness": 0.8}, {"swap": 8}, {"seed": 4}, {"moves": {"look-1": 3.0}}, {"attribute": "man"},
        {"style": "tiny-style"}, {"paste_back": True},
    ]  # fmt: skip
    for wish in wishes:
        changed = session.changed(portrait_models, begun, **wish)
        assert not same(changed.result.image, begun.result.image), wish
        assert changed.opened is begun.opened


def test_a_path_is_kept_for_the_next_style_that_has_it(session: ModuleType, portrait_models: Any, begun: Any) -> None:
    man = session.changed(portrait_models, begun, attribute="man")
    other = session.changed(portrait_models, man, style="tiny-style")
    assert other.result.recipe["options"]["attribute"] is None
    again = session.changed(portrait_models, other, style="tiny-paths")
    assert same(again.result.image, man.result.image)


def test_moved_eyes_are_read_again_and_the_samples_of_others_go(
    session: ModuleType, portrait_models: Any, begun: Any
) -> None:
    *_, sampled = session.sampled(portrait_models, begun)
    moved = session.placed(portrait_models, sampled, ((150.0, 101.0), (247.5, 103.0)))
    assert (moved.face, moved.board, moved.drawn, moved.in_styles) == (None, (), 0, {})
    assert not same(moved.result.image, begun.result.image)
    with pytest.raises(PictureError, match="different places"):
        session.placed(portrait_models, begun, (HERE[0], HERE[0]))


def test_the_other_face_can_be_taken(session: ModuleType, portrait_models: Any, begun: Any) -> None:
    other = session.placed(portrait_models, begun, begun.photo.eyes(1), 1)
    assert other.opened.square.side < begun.opened.square.side
    assert other.face == 1


def test_without_a_face_there_is_a_photo_and_no_portrait_until_the_eyes_are_set(
    session: ModuleType, portrait_models: Any, begun: Any, panel: ModuleType
) -> None:
    nobody = session.with_photo(portrait_models, begun, session.Photo(Image.new("RGB", (90, 60), "teal")))
    assert (nobody.result, nobody.opened) == (None, None)
    assert all(0 < x < 90 and 0 < y < 60 for x, y in nobody.eyes)
    shown = panel.eyes_html(nobody, "eyes", "")
    assert "No face was found in this photo: put the two dots on the eyes." in shown
    assert "data-take" in shown
    assert session.changed(portrait_models, nobody, likeness=0.9).result is None
    for needs_eyes in (session.finished, lambda *given: list(session.sampled(*given))):
        with pytest.raises(ConfigError, match="dots on the eyes first"):
            needs_eyes(portrait_models, nobody)
    by_hand = session.placed(portrait_models, nobody, nobody.eyes)
    assert by_hand.result.image.size == (32, 32)
    assert "data-take" not in panel.eyes_html(by_hand, "eyes", "")


def test_a_large_photo_is_looked_at_in_small_and_finished_at_its_own_size(
    session: ModuleType, portrait_models: Any, begun: Any
) -> None:
    large = astronaut().resize((1200, 1200))
    eyes = tuple((x * 1200 / 512, y * 1200 / 512) for x, y in HERE)
    wide = replace(begun, paste_back=True)
    opened = session.with_photo(portrait_models, wide, session.Photo(large, (eyes,)))
    assert max(opened.result.image.size) == session.PREVIEW_SIDE
    done = session.finished(portrait_models, opened)
    assert done.image.size == (1200, 1200)
    assert same(done.image, portrait_models.stylizer.stylize(large, style=begun.wish(portrait_models)["style"],
                                                             eyes=eyes).image)  # fmt: skip


def test_samples_come_one_by_one_the_most_typical_first_and_others_the_next_time(
    session: ModuleType, portrait_models: Any, begun: Any
) -> None:
    steps = list(session.sampled(portrait_models, begun))
    assert [len(step.board) for step in steps] == list(range(1, session.SAMPLES + 1))
    seeds = [seed for seed, _ in steps[-1].board]
    assert sorted(seeds) == list(range(session.SAMPLES))
    options = begun.wish(portrait_models)
    del options["seed"]
    expected = portrait_models.stylizer.samples(begun.opened, seeds=range(session.SAMPLES), **options)
    assert seeds == [result.recipe["options"]["seed"] for result in expected]
    taken = session.taken(portrait_models, steps[-1], seeds[0])
    assert same(taken.result.image, expected[0].image)
    assert same(session.taken(portrait_models, taken, None).result.image, begun.result.image)
    with pytest.raises(ConfigError, match="not on the page any more"):
        session.taken(portrait_models, taken, 99)
    *_, more = session.sampled(portrait_models, steps[-1])
    assert min(seed for seed, _ in more.board) == session.SAMPLES


def test_another_photo_keeps_the_wish_but_not_the_seed(session: ModuleType, portrait_models: Any, begun: Any) -> None:
    wished = session.changed(portrait_models, begun, likeness=0.7, seed=3, style="tiny-style")
    other = session.with_photo(portrait_models, wished, session.Photo(astronaut().rotate(5), (HERE,)))
    assert (other.likeness, other.style, other.seed) == (0.7, "tiny-style", None)


def test_a_photo_is_read_once_and_its_file_deleted(session: ModuleType, tmp_path: Path) -> None:
    path, text = tmp_path / "large.png", tmp_path / "text.png"
    Image.new("RGB", (5000, 20)).save(path)
    assert session.read_once(path).size == (session.LONGEST_SIDE, 16)
    text.write_text("no picture")
    with pytest.raises(PictureError):
        session.read_once(text)
    assert not path.exists()
    assert not text.exists()
    with pytest.raises(PictureError):  # of a program that sent none
        session.read_once(None)


def test_faces_are_found_where_the_detector_is(session: ModuleType, portrait_models: Any) -> None:
    pytest.importorskip("lz4")
    ((left, right),) = session.photo_of(portrait_models, astronaut()).faces
    np.testing.assert_allclose((left, right), EYES, atol=6)


def test_without_the_detector_the_page_says_so_and_asks_for_the_eyes(
    session: ModuleType, portrait_models: Any, panel: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    import portrait_models as kinds

    monkeypatch.setattr(face_networks, "find_spec", lambda name: None)
    face_networks.load_face_networks.cache_clear()
    models = replace(portrait_models, trouble=kinds.finder_trouble())
    assert "artmodels[faces]" in models.trouble
    photo = session.photo_of(models, astronaut())
    assert photo.faces == ()
    shown = panel.eyes_html(session.with_photo(models, session.Session(photo, photo.eyes(), None, "tiny-style"), photo),
                            "eyes", models.trouble)  # fmt: skip
    assert "the detector is not installed: put the two dots on the eyes" in shown


def test_the_panel_numbers_the_other_faces_and_is_another_one_each_time(panel: ModuleType, begun: Any) -> None:
    shown = panel.eyes_html(begun, "eyes", "")
    assert shown.count("data-eye=") == 2
    assert shown.count("data-face=") == 2
    assert 'data-face="0" aria-pressed="true"' in shown
    assert "2 faces were found" in shown
    assert shown != panel.eyes_html(begun, "eyes", "")


def test_invented_faces_lie_where_the_model_wants_them(portrait_app: ModuleType, portrait_models: Any) -> None:
    import portrait_examples as examples

    pictures = dict(examples.examples_of(portrait_models.stylizer))
    alone, several = pictures["Face 1"], pictures["Several"]
    opened = portrait_models.stylizer.open(alone.whole, eyes=alone.eyes())
    np.testing.assert_allclose(opened.square, (192, 192, 192, 0), atol=1e-6)
    assert len(several.faces) == 4
    assert several.whole.size == (768, 768)
    lower = portrait_models.stylizer.open(several.whole, eyes=several.eyes(2))
    np.testing.assert_allclose(lower.square, (192, 3 * 192, 192, 0), atol=1e-6)


def test_styles_are_named_by_the_page_or_by_hub_ids_alone(
    portrait_models: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "some" / "folder").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert portrait_models.style("tiny-style") is portrait_models.styles["tiny-style"]
    for name in ("tiny", "/etc", "../tiny-style", "a/b/c", "some/folder", ""):
        with pytest.raises(ConfigError, match="Hub id such as user/my-style"):
            portrait_models.style(name)


def test_a_style_of_the_hub_joins_the_others(
    session: ModuleType, portrait_models: Any, begun: Any, hub: LoopbackHub, monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:  # fmt: skip
    style = with_first_weights(PortraitStyle(replace(STYLE, photo_model=portrait_models.stylizer.source)), 7)
    folder = style.save_pretrained(tmp_path / "style")
    hub.add_repo("alice/mine", {path.name: path.read_bytes() for path in folder.iterdir()})
    monkeypatch.setattr(constants, "ENDPOINT", hub.url)
    template = f"{hub.url}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    restyled = session.changed(portrait_models, begun, style="alice/mine")
    *_, restyled = session.styled(portrait_models, restyled)
    assert list(restyled.in_styles) == ["tiny-paths", "tiny-style", "alice/mine"]
    assert restyled.result.recipe["options"]["style"]["model"] == "alice/mine"


def test_what_is_missing_is_told_in_a_sentence(
    portrait_app: ModuleType, portrait_folders: tuple[Path, ...], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import portrait_models

    monkeypatch.setenv("ARTMODELS_PORTRAIT_MODEL", str(portrait_folders[0]))
    monkeypatch.delenv("ARTMODELS_PORTRAIT_STYLES", raising=False)
    monkeypatch.setattr(portrait_models, "style_names", list)
    with pytest.raises(ConfigError, match="ARTMODELS_PORTRAIT_STYLES"):
        portrait_app.load_model()
    blind = PortraitStylizer.from_pretrained(portrait_folders[0])
    blind = with_first_weights(PortraitStylizer(replace(blind.config, encoder=None)))
    monkeypatch.setenv("ARTMODELS_PORTRAIT_MODEL", str(blind.save_pretrained(tmp_path / "blind")))
    with pytest.raises(ConfigError, match="no encoder"):
        portrait_app.load_model()


@pytest.mark.skipif(not style_names(), reason="no style is in the package")
def test_the_starters_open_the_page_in_all_their_styles(
    portrait_app: ModuleType, session: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    import portrait_examples as examples

    monkeypatch.delenv("ARTMODELS_PORTRAIT_MODEL", raising=False)
    monkeypatch.delenv("ARTMODELS_PORTRAIT_STYLES", raising=False)
    models = portrait_app.load_model()
    assert sorted(models.styles) == style_names()
    begun = session.begun(models, examples.examples_of(models.stylizer)[0][1])
    pictures = [begun.photo.whole, *begun.in_styles.values()]
    assert len({picture.tobytes() for picture in pictures}) == len(models.styles) + 1


def test_the_card_shows_a_face_and_its_portraits(portrait_app: ModuleType, portrait_models: Any) -> None:
    strip = portrait_app.card_picture(portrait_models)
    assert strip.size == (4 * 420, 420)
    first, second = (strip.crop((left, 0, left + 420, 420)) for left in (0, 420))
    assert not same(first, second)
