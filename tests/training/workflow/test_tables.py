"""The paper's tables say what was asked, of the artworks that were asked for, and the same again each time."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from methods import smooth_batch, with_random_weights
from stage_folders import write_stage_folder
from torch import Tensor
from typer import Typer
from typer.testing import CliRunner

from artmodels import WorkflowEditor
from training.workflow import evaluate, tables
from training.workflow.data import StagePictures
from training.workflow.settings import GENERATION_PRESETS
from training.workflow.tables import Fitted, distances_to, edited, fit, hash_order, optimisations, table_3
from training.workflow.train_regulariser import regularised

ARTWORKS = smooth_batch(channels=3, size=64)(3)[0]


@pytest.fixture(scope="module")
def editor(features) -> WorkflowEditor:
    plain = with_random_weights(WorkflowEditor(GENERATION_PRESETS["tiny"].model)).eval()
    return regularised(plain, features)


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    return write_stage_folder(tmp_path_factory.mktemp("stages"), count=12, size=64)


def error(fitted: Fitted) -> Tensor:
    return (fitted.rendered - ARTWORKS).abs().mean((1, 2, 3))


def test_the_rows_are_the_papers_and_the_learned_one_needs_learned_weights(editor):
    rows = optimisations(editor)
    assert list(rows) == ["none", "z", "adain_w_0", "adain_w_0.001", "adain_w_0.01", "adain_learned"]
    plain = WorkflowEditor(replace(editor.config, regularised=False))
    assert list(optimisations(plain)) == list(rows)[:-1]


def test_fitting_brings_artworks_back_better_and_none_is_the_forward_pass(editor):
    rows = optimisations(editor, steps=12)
    none, free = (fit(editor, ARTWORKS, rows[name]) for name in ("none", "adain_w_0"))
    torch.testing.assert_close(none.rendered, editor(ARTWORKS)[-1], atol=1e-5, rtol=1e-4)
    assert (error(free) < error(none)).all()


def test_an_artwork_is_fitted_as_well_whoever_shares_its_batch(editor):
    optimisation = optimisations(editor, steps=8)["adain_w_0.001"]
    others = torch.cat((-ARTWORKS[:1], ARTWORKS[1:2], ARTWORKS[2:].flip(-1)))
    first, second = (fit(editor, batch, optimisation).rendered[1] for batch in (ARTWORKS, others))
    torch.testing.assert_close(first, second, atol=1e-3, rtol=1e-3)
    # Another size of batch rounds otherwise, which Adam does not forget; what counts is how well it comes back.
    alone = fit(editor, ARTWORKS[1:2], optimisation).rendered[0]
    torch.testing.assert_close(*((x - ARTWORKS[1]).abs().mean() for x in (first, alone)), atol=0, rtol=0.1)


def test_editing_changes_one_stage_and_is_the_same_for_every_kind_of_optimisation(editor):
    none = fit(editor, ARTWORKS, optimisations(editor)["none"])
    again = edited(editor, none, trial=0)
    assert torch.equal(again, edited(editor, none, trial=0))
    assert not torch.equal(again, edited(editor, none, trial=1))
    assert ((again - none.rendered).abs().amax((1, 2, 3)) > 0).all()
    # Vectors that all come from one latent differ from the re-sampled ones only where a stage was kept.
    same = none._replace(adain=[vector.flip(0) for vector in none.adain])
    assert not torch.equal(edited(editor, same, trial=0), again)


def test_the_same_artworks_are_taken_each_time_and_not_the_first_ones(data, editor):
    pictures = StagePictures(data, editor.config, load_size=64, split="train")
    order = hash_order(pictures, 100)
    assert sorted(order) == list(range(len(pictures)))
    assert order != sorted(order)
    assert hash_order(pictures, 3) == order[:3]


def test_the_spread_over_trials_is_the_standard_deviation():
    scores = table_3(
        "none", [torch.full((1,), value) for value in (1.0, 2.0, 4.0)], {"size": lambda p: float(p.mean())}
    )
    assert scores["table_3/none/size"] == pytest.approx(7 / 3)
    assert scores["table_3/none/size_deviation"] == pytest.approx(((16 / 9 + 1 / 9 + 25 / 9) / 2) ** 0.5)


@pytest.fixture
def starter(features, monkeypatch):
    """The features that ship with the package have a name only once they are published."""
    plain = tables.load_features
    monkeypatch.setattr(tables, "load_features", lambda name=features, **options: plain(name, **options))


@pytest.mark.usefixtures("starter")
def test_real_training_artworks_are_at_no_distance_from_themselves(data, editor):
    training = StagePictures(data, editor.config, load_size=64, split="train")
    distance = distances_to(training, torch.device("cpu"))["frechet_starter"]
    artworks = training.batch(range(len(training)))[-1]
    assert distance(artworks) == pytest.approx(0, abs=1e-6)
    assert distance(-artworks) > 1e-3


@pytest.mark.usefixtures("starter")
def test_the_command_adds_the_tables_to_what_was_measured_before(data, editor, tmp_path):
    editor.save_pretrained(tmp_path / "model")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "evaluation.json").write_text('{"reconstruction": 0.5}')
    interface = Typer()
    interface.command()(evaluate.main)
    words = ["--table", "2", "--table", "3", "--table", "4", "--artworks", "2", "--trials", "2", "--steps", "1"]
    words += ["--model", str(tmp_path / "model"), "--data", str(data), "--out", str(tmp_path / "out")]
    done = CliRunner().invoke(interface, words)
    assert done.exit_code == 0, done.output
    scores = json.loads((tmp_path / "out" / "evaluation.json").read_text())
    assert scores["reconstruction"] == 0.5
    assert scores["table_artworks"] == 2
    assert {"table_2/adain_learned/l1", "table_2/z/frechet_starter", "table_3/none/frechet_starter_deviation"} <= set(
        scores
    )
    assert {"table_4/real/frechet_starter", "learned_w/full/bias_median"} <= set(scores)
    assert "table_3/z/frechet_starter" not in scores
    assert all((tmp_path / "out" / "samples" / f"table_{number}.png").is_file() for number in (2, 3))
