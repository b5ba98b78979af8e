"""Measures are right where the answer is known, and tables hold what cards ask of them."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.testing import assert_close

from artmodels.errors import ConfigError
from artmodels.perceptual import load_features
from artmodels.sketch2image.config import SketcherConfig
from artmodels.sketch2image.model import SketchToImage
from artmodels.sketch2image.sketcher import Sketcher
from artmodels.sketch2image.xdog import Xdog
from training.feature_distance import feature_distance, load_distance
from training.sketch2image.ablations import TABLES, make_table, row_settings
from training.sketch2image.draw_sketches import draw_sketches
from training.sketch2image.evaluate import chosen_rows, evaluate, main
from training.sketch2image.evaluate_sketcher import evaluate_lines, evaluate_strokes, taught_by
from training.sketch2image.held_out import held_out_pairs, nearest_training_distance, open_plain, synthesize_all
from training.sketch2image.join_hands import join_hands, parse
from training.sketch2image.scores import sketch_reconstruction, style_reconstruction, style_relevance, truth_scores
from training.sketch2image.settings import AUTOENCODER_PRESETS, SKETCHER_PRESETS, STARTER_FEATURES, TINY

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return SketchToImage(replace(TINY, refiner="art")).eval()


@pytest.fixture(scope="module")
def held_out(illustrations, model):
    return held_out_pairs(open_plain(illustrations, model, "full", "test"), 0, 10)


def new_sketcher(*hands: str, seed: int = 0) -> Sketcher:
    torch.manual_seed(seed)
    sketcher = Sketcher(replace(SKETCHER_PRESETS["tiny"].model, hands=hands, darkness=())).eval()
    sketcher.features.load_state_dict(load_features(STARTER_FEATURES).state_dict())
    return sketcher


def test_every_drawing_meets_another_ones_picture(held_out):
    assert held_out.sketch.shape == (2, 1, 64, 64)
    assert held_out.truth is not None
    assert (held_out.exemplar - held_out.own).abs().mean((1, 2, 3)).min() > 0.05


def test_the_truth_has_the_sketchs_lines_and_the_exemplars_colours(held_out):
    assert held_out.truth is not None
    inked = held_out.sketch[:, 0] < -0.9
    assert (held_out.truth.mean(1)[inked] < -0.5).all()
    corner = (slice(None), slice(None), 1, 1)  # background in every drawing
    assert_close(held_out.truth[corner], held_out.exemplar[corner], rtol=0, atol=0.15)
    assert (held_out.truth[corner] - held_out.own[corner]).abs().max() > 0.2


def test_the_truth_itself_scores_perfectly_and_own_colours_fail(held_out):
    distance = load_distance(STARTER_FEATURES, CPU)
    perfect = truth_scores(distance, held_out.truth, held_out, CPU)
    assert perfect["nearer_in_both"] == 1
    assert perfect["truth_distance"] == pytest.approx(0, abs=1e-5)
    assert truth_scores(distance, held_out.own, held_out, CPU)["nearer_to_truth"] == 0


def test_pictures_are_as_relevant_to_themselves_as_can_be(model, held_out):
    features = load_features(STARTER_FEATURES)
    own = style_relevance(features, held_out.exemplar, held_out.exemplar, CPU)
    assert list(own.values()) == pytest.approx([1.0, 1.0], abs=1e-5)
    assert style_reconstruction(model, held_out.exemplar, held_out.exemplar) == pytest.approx(1.0, abs=1e-5)
    other = style_relevance(features, held_out.own, held_out.exemplar, CPU)
    assert max(other.values()) < 1


def test_lines_that_came_back_differ_by_nothing(held_out):
    assert sketch_reconstruction(Xdog(), held_out.own, held_out.own) == 0
    assert sketch_reconstruction(Xdog(), -held_out.own, held_out.own) > 0


def test_the_nearest_training_picture_is_found(illustrations, model, held_out):
    training = open_plain(illustrations, model, "full", "train")
    distance = load_distance(STARTER_FEATURES, CPU)
    found = nearest_training_distance(training.plain([3, 5]).picture, training, distance)
    assert_close(found, torch.zeros(2), rtol=0, atol=1e-5)
    all_of_them = training.plain(range(len(training))).picture
    own = held_out.own[:1]
    expected = distance(own.expand_as(all_of_them), all_of_them).min()
    assert_close(nearest_training_distance(own, training, distance)[0], expected)


def test_features_are_nearer_the_less_a_picture_is_changed():
    features = load_features(STARTER_FEATURES)
    picture = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1
    near, far = (feature_distance(features, picture, (1 - share) * picture) for share in (0.1, 0.5))
    assert near.shape == (2,)
    assert (near < far).all()
    assert_close(feature_distance(features, picture, picture), torch.zeros(2))


def test_the_same_seed_gives_the_same_pictures_and_noise_is_a_pictures_own(model, held_out):
    first, again = (synthesize_all(model, held_out.sketch, held_out.exemplar, 1) for _ in range(2))
    assert first.refined is not None
    assert torch.equal(first.refined, again.refined)
    alone = synthesize_all(model, held_out.sketch[:1], held_out.exemplar[:1], 1)
    assert_close(alone.refined, first.refined[:1], rtol=1e-3, atol=1e-4)


def test_table_1_holds_every_row_and_the_sheets_what_they_say(illustrations, model):
    test, training = (open_plain(illustrations, model, "full", split) for split in ("test", "train"))
    scores, sheets = evaluate(model, Xdog(), test, training, most=4)
    measures = {
        "frechet_starter",
        "relevance_colour",
        "sketch_reconstruction",
        "style_reconstruction",
        "truth_distance",
    }
    for row in ("ae", "ae_gan", "on_exemplar", "on_mean_colour"):
        assert {f"table_1/{row}/{name}" for name in measures} <= scores.keys()
    assert {"table_1/ae/perceptual", "table_1/ae_gan/perceptual", "nearest_training_distance"} <= scores.keys()
    assert all(np.isfinite(list(scores.values())))
    assert sheets.keys() == {"matrix", "pairs"}


@pytest.mark.parametrize("table", TABLES)
def test_rows_differ_from_the_preset_in_one_thing_and_one_row_is_the_preset(table):
    base = AUTOENCODER_PRESETS["starter"]
    settings = [row_settings(table, row, base, 0, base.run.steps) for row in TABLES[table]]
    assert settings.count(base) == 1
    assert len({repr(one) for one in settings}) == len(settings)


def test_a_table_is_trained_measured_and_found_again(illustrations, tmp_path):
    options = {"rows": ["none", "feat_dmi"], "steps": 2, "preset": "tiny", "most": 4}
    rows = list(make_table(3, illustrations, tmp_path, Xdog(), seeds=1, **options))
    assert [next(iter(row)).split("/")[1] for row in rows] == ["none", "feat_dmi"]
    assert (tmp_path / "preset-0" / "model").is_dir()
    assert list(make_table(3, illustrations, tmp_path, Xdog(), seeds=1, **options)) == rows
    assert list(make_table(3, illustrations, tmp_path, Xdog(), seeds=2, **options)) != rows


def test_a_row_that_a_table_does_not_have_is_told():
    assert chosen_rows(3, None) == ["none", "dmi", "feat_dmi"]
    assert chosen_rows(3, ["dmi"]) == ["dmi"]
    with pytest.raises(ConfigError, match="table 3 has no row 'all'; it has none, dmi, feat_dmi"):
        chosen_rows(3, ["all"])


def test_neither_model_nor_table_is_told(illustrations, tmp_path):
    with pytest.raises(ConfigError, match="give --model"):
        main.__wrapped__(data=illustrations, out=tmp_path, sketcher="xdog")


def test_lines_of_every_hand_are_measured(illustrations, model):
    pair = open_plain(illustrations, model, "full", "test").plain([0, 1])
    scores = evaluate_lines(new_sketcher("a", "b"), "toys", pair)
    assert scores.keys() == {"hands/a/toys_f1", "hands/b/toys_f1", "toys_f1", "toys_f1_of_xdog"}
    assert all(0 <= score <= 1 for score in scores.values())


class Stamp(Sketcher):
    """Draws one bar, three pixels wide by one hand and six by the other."""

    def draw(self, picture, *, hand=None, **options):
        page = Image.new("L", (64, 64), 255)
        page.paste(0, (10, 4, 10 + {"thin": 3, "wide": 6}[hand], 60))
        return type("Result", (), {"image": page})()


def test_strokes_are_measured_beside_the_drawings():
    bars = {"thin": torch.ones(1, 1, 64, 64), "wide": torch.ones(1, 1, 64, 64)}
    bars["thin"][..., 4:60, 10:13] = -1
    bars["wide"][..., 4:60, 10:16] = 0
    config = SketcherConfig(hands=tuple(bars), features=SKETCHER_PRESETS["tiny"].model.features, widths=(4, 4, 4))
    scores = evaluate_strokes(Stamp(config), torch.zeros(1, 3, 64, 64), bars)
    assert scores["hands/thin/width"] == pytest.approx(3, rel=0.15)
    assert scores["hands/wide/drawings_width"] == scores["hands/wide/width"] == pytest.approx(6, rel=0.15)
    assert scores["hands/wide/drawings_darkness"] == pytest.approx(0.5, abs=0.01)
    assert scores["width_error"] == 0
    assert scores["width_error_of_others"] == pytest.approx((1 + 0.5) / 2, rel=0.15)
    assert scores["darkness_error"] == pytest.approx((0 + 1) / 2, abs=0.01)


def test_drawings_are_given_with_the_hand_that_they_taught(tmp_path):
    for number in range(3):
        Image.new("L", (8, 8)).save(tmp_path / f"{number}.png")
    hand, pages = taught_by(f"ink={tmp_path}", 8)
    assert (hand, pages.shape) == ("ink", (3, 1, 8, 8))
    with pytest.raises(ConfigError, match="hand=folder, not 'ink'"):
        taught_by("ink", 8)


def test_sketches_are_drawn_beside_their_pictures_once(illustrations, tmp_path):
    (tmp_path / "full").mkdir()
    for path in sorted((illustrations / "full").iterdir())[:3]:
        (tmp_path / "full" / path.name).write_bytes(path.read_bytes())
    assert draw_sketches(Xdog(), tmp_path, "full", ["pen"]) == 3
    drawn = sorted((tmp_path / "sketch_pen").iterdir())
    assert [path.name for path in drawn] == sorted(path.name for path in (tmp_path / "full").iterdir())
    assert set(np.unique(np.asarray(Image.open(drawn[0])))) <= {0, 255}
    assert draw_sketches(Xdog(), tmp_path, "full", ["pen"]) == 0
    with pytest.raises(ConfigError, match="no hand 'quill'"):
        draw_sketches(Xdog(), tmp_path, "full", ["quill"])


def test_hands_of_two_sketchers_draw_as_before_once_joined(tmp_path):
    sources = [str(new_sketcher("ink", seed=seed).save_pretrained(tmp_path / str(seed))) for seed in range(2)]
    joined = join_hands([parse(f"{sources[0]}:ink"), parse(f"{sources[1]}:ink=pencil")])
    assert joined.hands == ("ink", "pencil")
    picture = torch.rand(1, 3, 32, 32)
    for seed, hand in enumerate(joined.hands):
        assert_close(joined.lines(picture, hand), new_sketcher("ink", seed=seed).lines(picture, "ink"))


def test_what_cannot_be_joined_is_told(tmp_path):
    source = str(new_sketcher("ink").save_pretrained(tmp_path / "a"))
    other = new_sketcher("ink")
    torch.nn.init.zeros_(other.features.levels[0][0].weight)
    strange = str(other.save_pretrained(tmp_path / "b"))
    with pytest.raises(ConfigError, match="no hand 'quill'"):
        join_hands([parse(f"{source}:quill")])
    with pytest.raises(ConfigError, match="other features"):
        join_hands([parse(f"{source}:ink"), parse(f"{strange}:ink=b")])
    with pytest.raises(ConfigError, match="folder:hand"):
        parse("ink")


def test_scores_of_all_tables_go_into_one_file(illustrations, model, tmp_path):
    folder = model.save_pretrained(tmp_path / "model")
    main.__wrapped__(data=illustrations, out=Path(tmp_path), model=str(folder), most=4, sketcher="xdog", picture="full")
    main.__wrapped__(
        data=illustrations,
        out=Path(tmp_path),
        table=[3],
        steps=2,
        row=["dmi"],
        seeds=1,
        preset="tiny",
        most=4,
        sketcher="xdog",
    )
    scores = json.loads((tmp_path / "evaluation.json").read_text())
    assert {"table_1/ae/frechet_starter", "table_3/dmi/sketch_reconstruction"} <= scores.keys()
    assert (tmp_path / "samples" / "matrix.png").is_file()
