"""Line art is redrawn in manners that differ in width and darkness, where it was."""

import numpy as np
import pytest
import torch
from illustration_folders import write_illustrations

from artmodels.errors import ConfigError
from training.recipes.drawing_sets import MANNERS, chosen_drawings, redraw
from training.sketch2image.line_measures import line_f1, line_mask, measure_strokes


def page():
    ink = np.zeros((64, 64), np.float32)
    ink[6:58, 20:22] = 1
    ink[30:32, 8:56] = 1
    return ink


def as_lines(ink: np.ndarray) -> torch.Tensor:
    return 1 - 2 * torch.from_numpy(ink)[None, None]


@pytest.fixture(scope="module")
def strokes():
    redrawn = {manner: redraw(page(), manner, np.random.default_rng(0)) for manner in MANNERS}
    return {manner: (measure_strokes(as_lines(ink)), ink) for manner, ink in redrawn.items()}


def test_manners_differ_in_width_and_darkness(strokes):
    widths = {manner: found.width for manner, (found, _) in strokes.items()}
    assert widths["fineliner"] < 0.9 * widths["ink"] < 1.1 * widths["ink"] < widths["marker"] / 1.5
    assert strokes["ink"][0].darkness == pytest.approx(1.0)
    assert 0.3 < strokes["pencil"][0].darkness < 0.75


@pytest.mark.parametrize("manner", MANNERS)
def test_lines_stay_where_they_were(manner, strokes):
    assert line_f1(line_mask(as_lines(strokes[manner][1])), page()[None] > 0, 2.0)[0] > 0.97


def test_drawings_of_the_training_split_are_chosen(tmp_path):
    source = write_illustrations(tmp_path / "illustrations") / "line"
    assert len(chosen_drawings(source, 5)) == 5
    with pytest.raises(ConfigError, match="from 1 to 12"):
        chosen_drawings(source, 13)
