"""The bench's rows of the tag colorizer run and count their repeats."""

import pytest

from training.colorizer.clocks import colorizer_cases

TINY = colorizer_cases("tiny", (32,))


@pytest.mark.parametrize("case", TINY, ids=lambda case: case.name)
def test_every_clock_runs_and_counts_its_repeats(case):
    seconds = case.clock(2)
    assert len(seconds) == 2
    assert all(second > 0 for second in seconds)


def test_the_starter_is_timed_at_the_sizes_of_real_sketches():
    names = [case.name for case in colorizer_cases()]
    assert len(set(names)) == len(names) == 5
    assert any(" 256: encode" in name for name in names)
    assert any(" 512: encode" in name for name in names)
