"""Lines keep their course at every size and thickness, have smooth edges, and never disappear."""

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw
from torch import Tensor

from artmodels.sketch2image.strokes import crisp_lines, is_medial, nearest, scaled_strokes

SIDE = 240


def bar(width: int, *, slope: int = 0, side: int = SIDE) -> np.ndarray:
    """A line across the page, `width` pixels thick."""
    page = Image.new("L", (side, side))
    ImageDraw.Draw(page).line([(0, side // 3), (side, side // 3 + slope)], fill=255, width=width)
    return np.asarray(page) > 0


def ring(side: int) -> Tensor:
    """Ink of a circle with soft edges, [side, side]: a radius of 0.3 and a thickness of 0.05 of the side."""
    rows = (torch.arange(side) + 0.5) / side - 0.5
    distance = ((rows[:, None] ** 2 + rows**2).sqrt() - 0.3).abs() - 0.025
    return (0.5 - distance * side).clamp(0, 1)


def thickness_across(lines: np.ndarray) -> float:
    """Pixels of line in each column, in the middle of the page."""
    middle = lines[:, lines.shape[1] // 4 : -lines.shape[1] // 4]
    return float(np.median(middle.sum(0)))


# Distances.


@pytest.mark.parametrize("reach", [3, 30])
def test_nearest_is_the_squared_distance_up_to_its_reach(reach: int) -> None:
    random = np.random.default_rng(0)
    marks = random.random((12, 17)) < 0.05
    rows, columns = np.nonzero(marks)
    expected = np.full(marks.shape, np.inf, np.float32)
    for (row, column), _ in np.ndenumerate(marks):
        near = (abs(rows - row) <= reach) & (abs(columns - column) <= reach)
        if near.any():
            expected[row, column] = ((rows - row) ** 2 + (columns - column) ** 2)[near].min()
    found = nearest(np.where(marks, 0, np.inf).astype(np.float32), reach)
    np.testing.assert_array_equal(found, expected)


def test_the_middle_of_a_line_is_its_axis() -> None:
    lines = bar(7)
    depth = np.sqrt(nearest(np.where(lines, np.inf, 0).astype(np.float32), 9))
    axis = is_medial(depth) & lines
    assert (axis[:, 20:-20].sum(0) == 1).all()
    assert (depth[axis & (np.indices(lines.shape)[1] > 20)] == 4).all()


# Strokes.


@pytest.mark.parametrize("width", [5, 7])
@pytest.mark.parametrize("thickness", [0.25, 0.5, 1.5, 2.0, 3.0])
def test_a_stroke_is_as_many_times_wider_as_was_asked(width: int, thickness: float) -> None:
    assert thickness_across(scaled_strokes(bar(width), thickness)) == pytest.approx(width * thickness, abs=1)


@pytest.mark.parametrize("slope", [30, 60, 120])
def test_a_slanted_stroke_scales_like_a_level_one(slope: int) -> None:
    lines = bar(9, slope=slope)
    assert thickness_across(scaled_strokes(lines, 2)) == pytest.approx(2 * thickness_across(lines), abs=2)


@pytest.mark.parametrize("thickness", [0.25, 0.6, 1.7, 4.0])
def test_the_middle_of_a_stroke_stays(thickness: float) -> None:
    before, after = bar(7), scaled_strokes(bar(7), thickness)
    middles = [np.nonzero(lines[:, SIDE // 2])[0].mean() for lines in (before, after)]
    assert middles[0] == middles[1]


@pytest.mark.parametrize("width", [1, 2, 3, 6])
def test_no_line_disappears(width: int) -> None:
    lines = bar(width, slope=80)
    assert scaled_strokes(lines, 0.25).any(0).all()


def test_thinner_lines_lie_in_the_lines_and_thicker_ones_around_them() -> None:
    lines = ring(SIDE).numpy() > 0.5
    assert (scaled_strokes(lines, 0.5) <= lines).all()
    assert (scaled_strokes(lines, 2) >= lines).all()


def test_a_filled_area_keeps_its_middle_and_moves_its_edge_by_a_line() -> None:
    page = np.zeros((SIDE, SIDE), bool)
    page[60:180, 60:180] = True
    widest = round(SIDE / 48)
    for thickness in (0.5, 2.0):
        found = scaled_strokes(page, thickness)
        assert found[70:170, 70:170].all()
        assert found[120].sum() == pytest.approx(120 + 2 * (thickness - 1) * widest, abs=2)


def test_a_page_without_lines_stays_empty() -> None:
    assert not scaled_strokes(np.zeros((30, 40), bool), 2).any()
    assert scaled_strokes(np.ones((30, 40), bool), 0.5).all()


# Crisp lines.


@pytest.mark.parametrize("size", [(64, 64), (150, 150), (1000, 1000), (2400, 2400)])
def test_a_circle_is_a_circle_at_every_size(size: tuple[int, int]) -> None:
    found = np.asarray(crisp_lines(ring(64), size, level=0.5)) / 255
    rows = (np.arange(size[0]) + 0.5) / size[0] - 0.5
    distance = np.abs(np.hypot(rows[:, None], rows) - 0.3) - 0.025
    clear = 0.012  # of the side: three quarters of a pixel of the map
    assert found[distance < -clear].min() > 0.9
    assert found[distance > clear].max() < 0.1
    assert found.mean() == pytest.approx(2 * np.pi * 0.3 * 0.05, rel=0.04)


def test_edges_of_enlarged_lines_are_few_pixels_wide() -> None:
    found = np.asarray(crisp_lines(ring(64), (1600, 1600), level=0.5)).astype(int)
    grey = (found > 12) & (found < 243)
    perimeter = 2 * 2 * np.pi * 0.3 * 1600
    assert grey.sum() / perimeter < 2.5


@pytest.mark.parametrize("size", [(30, 200), (1, 1), (3, 500)])
def test_any_size_is_had(size: tuple[int, int]) -> None:
    assert crisp_lines(ring(64), size, level=0.5, thickness=1.5).size == size


def test_the_level_says_what_is_line() -> None:
    ramp = torch.linspace(0, 1, 256).expand(256, 256)
    for level in (0.3, 0.7):
        assert np.asarray(crisp_lines(ramp, (256, 256), level=level)).mean() / 255 == pytest.approx(1 - level, abs=0.02)


@pytest.mark.parametrize("size", [128, 300])
def test_a_thinner_line_is_not_torn(size: int) -> None:
    """Seen by walking round the circle: every direction meets ink."""
    found = np.asarray(crisp_lines(ring(64), (size, size), level=0.5, thickness=0.4))
    rows, columns = np.nonzero(found > 100)
    angles = np.degrees(np.arctan2(rows + 0.5 - size / 2, columns + 0.5 - size / 2))
    assert len(np.unique(np.floor(angles / 3))) == 120
