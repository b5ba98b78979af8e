"""The bench's rows of the portrait stylizer run and count their repeats; the plain form is the same generator."""

import pytest
import torch
from torch.testing import assert_close

from artmodels.portrait.modulation import ModulatedConv
from training.clocks import Case
from training.portrait.clocks import PlainConv, portrait_cases

TINY = portrait_cases("tiny", ("tiny",))


@pytest.mark.parametrize("case", TINY, ids=lambda case: case.name)
def test_every_clock_runs_and_counts_its_repeats(case: Case) -> None:
    seconds = case.clock(2)
    assert len(seconds) == 2
    assert all(second > 0 for second in seconds)


@pytest.mark.parametrize("doubles", [False, True])
@pytest.mark.parametrize("count", [1, 3])
def test_the_plain_form_is_the_same_layer(count: int, doubles: bool) -> None:
    torch.manual_seed(0)
    layer = ModulatedConv(5, 4, 6, 8, doubles=doubles, clamp=None).double().requires_grad_(False)
    layer.noise_strength += 0.5
    x = torch.randn(count, 5, *([4, 4] if doubles else [8, 8]), dtype=torch.float64)
    w, noise = torch.randn(count, 6, dtype=torch.float64), torch.randn(1, 1, 8, 8, dtype=torch.float64)
    with torch.no_grad():
        expected = layer(x, w, noise)
        layer.__class__ = PlainConv
        assert_close(layer(x, w, noise), expected)


def test_the_papers_generator_is_timed_in_both_precisions_and_plainly() -> None:
    names = [case.name for case in portrait_cases()]
    assert len(set(names)) == len(names) == 11
    assert [name.split(": ")[1] for name in names if "paper 1024" in name] == [
        "generator", "generator in bfloat16", "generator written plainly", "encoder"
    ]  # fmt: skip
