"""Evaluation scores what is right as right, and writes numbers and sheets."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
import typer
from PIL import Image
from typer.testing import CliRunner

from artmodels.colorizer.model import TagColorizer
from artmodels.errors import ConfigError
from training.colorizer import evaluate as command
from training.colorizer.ablations import ABLATIONS, make_table_1
from training.colorizer.held_out import held_out_pairs, palette_scores, read_drawings
from training.colorizer.settings import GENERATOR_PRESETS, TINY
from training.colorizer.tag_response import leakage, names_tags, other_tags, tag_scores


@pytest.fixture(scope="module")
def colorizer():
    torch.manual_seed(0)
    return TagColorizer(replace(TINY, mapped=True)).eval()


@pytest.fixture(scope="module")
def held_out(illustrations, colorizer):
    test, training = (read_drawings(illustrations, colorizer, split) for split in ("test", "train"))
    return held_out_pairs(test, training)


def test_held_out_drawings_have_references_of_other_drawings(held_out):
    assert len(held_out.looks) == 2
    assert [look.drawing for look in held_out.looks] == [1, 0]


def test_the_true_colouring_is_no_difference_and_mean_colours_are_one(held_out):
    assert max(palette_scores(held_out.pair.target, held_out).values()) < 1e-3
    of_mean = palette_scores(held_out.mean, held_out, "mean")
    assert of_mean["mean"] > 5
    assert of_mean.keys() == {"mean", "mean_hair", "mean_skin", "mean_clothes", "mean_background"}


def test_a_change_elsewhere_leaks_and_a_change_of_the_part_does_not(held_out):
    difference = np.where(held_out.masks("hair"), 50.0, 0.0)
    assert leakage(difference, held_out, "hair").max() == 0
    assert 50 in leakage(difference, held_out, "clothes")


def test_tags_are_named_by_the_likeliest_of_their_group(colorizer):
    tags = colorizer.config.tags
    read = torch.zeros(2, len(tags))
    read[:, tags.index("red_hair")] = 0.4
    read[:, tags.index("red_clothes")] = 0.9
    assert names_tags(colorizer, read, ["red_hair", "blue_hair"], "hair").tolist() == [True, False]


def test_other_tags_are_not_the_references(colorizer, held_out):
    for part in ("hair", "clothes"):
        for tag, look in zip(other_tags(colorizer, held_out, part), held_out.looks, strict=True):
            assert tag.endswith(f"_{part}")
            assert tag not in look.tags


def test_a_mapping_that_does_nothing_names_no_tag_and_leaks_nothing(colorizer, held_out):
    still = TagColorizer(colorizer.config).eval()
    torch.nn.init.zeros_(still.mapping.fuse.weight)
    unedited = still(held_out.pair.sketch, held_out.pair.reference).detach()
    scores = tag_scores(still, held_out, unedited)
    assert scores["leaked"] == scores["moved_hair"] == 0
    assert scores["monotone"] == 1


def test_the_command_writes_numbers_and_sheets(illustrations, colorizer, tmp_path):
    model = colorizer.save_pretrained(tmp_path / "model")
    interface = typer.Typer()
    interface.command()(command.main)
    arguments = ["--model", str(model), "--data", str(illustrations), "--out", str(tmp_path / "out")]
    run = CliRunner().invoke(interface, arguments)
    assert run.exit_code == 0, run.output
    scores = json.loads((tmp_path / "out" / "evaluation.json").read_text())
    assert {"palette", "palette_of_mean_colours", "read_colours_f1", "named", "monotone", "leaked"} <= scores.keys()
    assert all(type(value) in (int, float) for value in scores.values())
    for name in ("references", "worst", "tags"):
        with Image.open(tmp_path / "out" / "samples" / f"{name}.png") as sheet:
            assert sheet.width > 100
    refused = CliRunner().invoke(interface, [*arguments[2:], "--table", "1"])
    assert refused.exit_code == 1
    assert "--encoder" in refused.output


def test_table_1_has_a_row_for_each_ablation(illustrations, colorizer, tmp_path):
    model = str(TagColorizer(TINY).save_pretrained(tmp_path / "encoder"))
    rows = list(make_table_1(illustrations, tmp_path / "table", model, steps=2, preset="tiny"))
    names = {key.split("/")[1] for row in rows for key in row}
    assert names == {*ABLATIONS, "m_attention", "m_add"}
    assert {key.split("/")[2] for row in rows for key in row} == {"palette", "difference", "frechet_starter"}


def test_ablations_change_what_they_are_called_for():
    preset = GENERATOR_PRESETS["tiny-attention"]
    assert ABLATIONS["attention"].settings(preset) == preset
    bare = ABLATIONS["add_without_rbca"].settings(preset).model
    assert (bare.receiving, bare.channel_attention) == ("add", False)
    assert ABLATIONS["joint_from_scratch"].settings(preset).joint


def test_data_without_regions_cannot_be_measured(colorizer, tmp_path):
    with pytest.raises(ConfigError, match="regions"):
        read_drawings(tmp_path, colorizer, "test")
