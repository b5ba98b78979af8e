"""The bench's rows of sketch to image run and count their repeats."""

import pytest

from training.sketch2image.clocks import sketch2image_cases

TINY = sketch2image_cases("tiny", (64,))


@pytest.mark.parametrize("case", TINY, ids=lambda case: case.name)
def test_every_clock_runs_and_counts_its_repeats(case):
    seconds = case.clock(2)
    assert len(seconds) == 2
    assert all(second > 0 for second in seconds)


def test_the_starter_is_timed_at_three_sizes_with_and_without_refiner():
    names = [case.name for case in sketch2image_cases()]
    assert len(set(names)) == len(names) == 15
    assert sum(": AE and refiner" in name for name in names) == 3
    assert sum("training" in name for name in names) == 3
