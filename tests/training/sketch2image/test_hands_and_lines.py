"""Lines are measured as drawn, and hands are the good states that differ."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.testing import assert_close

from training.sketch2image.hands import States, choose_hands
from training.sketch2image.line_measures import line_f1, line_mask, measure_strokes


def drawing(width: int, darkness: float = 1.0, size: int = 64) -> torch.Tensor:
    """Two long vertical strokes."""
    page = torch.ones(1, 1, size, size)
    for left in (12, 40):
        page[..., 4:-4, left : left + width] = 1 - 2 * darkness
    return page


@pytest.mark.parametrize("width", [1, 3, 5])
@pytest.mark.parametrize("darkness", [0.4, 1.0])
def test_strokes_are_as_wide_and_dark_as_drawn(width, darkness):
    found = measure_strokes(drawing(width, darkness))
    assert found.width == pytest.approx(width, rel=0.12)
    assert found.darkness == pytest.approx(darkness, abs=0.01)
    assert found.ink == pytest.approx(2 * width * 56 * darkness / 64**2, rel=0.01)


def test_a_drawing_without_lines_has_no_strokes():
    with pytest.raises(ValueError, match="no line"):
        measure_strokes(torch.ones(2, 1, 16, 16))


def test_lines_within_the_tolerance_are_right_and_others_are_not():
    true, moved, far = (line_mask(page) for page in (drawing(1), drawing(1).roll(2, -1), drawing(1).roll(6, -1)))
    assert_close(line_f1(true, true, 2.0), np.array([1.0]))
    assert_close(line_f1(moved, true, 2.0), np.array([1.0]))
    assert line_f1(far, true, 2.0)[0] < 0.1


def test_f1_is_the_harmonic_mean_of_precision_and_recall():
    true = np.zeros((1, 20, 20), bool)
    true[0, 5, :] = True
    found = true.copy()
    found[0, 15, :] = True  # half of what is found is wrong
    assert line_f1(found, true, 2.0)[0] == pytest.approx(2 / 3)
    assert line_f1(true, found, 2.0)[0] == pytest.approx(2 / 3)


def test_nothing_equals_nothing_only():
    empty, full = np.zeros((1, 4, 4), bool), np.ones((1, 4, 4), bool)
    assert line_f1(empty, empty, 2.0)[0] == 1
    assert line_f1(empty, full, 2.0)[0] == 0


def test_states_are_evenly_spread_over_the_run_and_resume():
    network, states = nn.Linear(1, 1, bias=False), States(4)
    again = States(4)
    for step in range(1, 101):
        nn.init.constant_(network.weight, step)
        states.offer(step, network)
        if step == 50:
            again.load_state_dict(states.state_dict())
        if step > 50:
            again.offer(step, network)
    steps = [float(state["weight"]) for state in states.second_half()]
    assert 2 <= len(steps) <= 8
    assert min(steps) > 50  # of a mean, and so is the last
    assert max(steps) < 96
    assert len(set(np.diff(steps))) == 1
    assert steps == [float(state["weight"]) for state in again.second_half()]


def test_a_kept_state_does_not_change_with_its_network():
    network, states = nn.Linear(1, 1), States(2)
    states.offer(1, network)
    before = network.weight.item()
    nn.init.zeros_(network.weight)
    assert states.second_half()[0]["weight"].item() == before


def test_hands_are_the_best_state_and_those_most_unlike_it():
    drawn = torch.tensor([0.0, 0.1, 0.5, 1.0, -9.0, -5.0]).view(6, 1, 1, 1, 1)
    badness = torch.tensor([1.0, 0.5, 2.0, 3.0, 50.0, 40.0])
    assert choose_hands(badness, drawn, 2) == [1, 2]  # the worse half is left out
    assert choose_hands(badness, drawn, 1) == [1]
    assert choose_hands(badness, drawn, 4)[:2] == [1, 3]
    assert choose_hands(badness[:2], drawn[:2], 5) == [1, 0]
