"""What a run does to gradients, and where it may be kept."""

import pytest
import torch
from torch import nn

from artmodels.errors import ConfigError
from training.run import Run
from training.settings import RunSettings


@pytest.fixture
def network():
    network = nn.Linear(2, 1)
    network.weight.grad, network.bias.grad = torch.tensor([[3.0, 0.0]]), torch.tensor([4.0])
    return network


@pytest.mark.parametrize(("largest", "weight", "bias"), [(0.0, 3.0, 4.0), (10.0, 3.0, 4.0), (2.5, 1.5, 2.0)])
def test_gradients_above_the_largest_norm_are_scaled_down_together(network, tmp_path, largest, weight, bias):
    settings = RunSettings(steps=1, largest_gradient=largest)
    found = Run(tmp_path / "run", settings, everything=settings).clip_gradients(network)
    assert network.weight.grad[0, 0].item() == pytest.approx(weight, rel=1e-5)
    assert network.bias.grad.item() == pytest.approx(bias, rel=1e-5)
    assert {name: value.item() for name, value in found.items()} == ({"gradient": 5.0} if largest else {})


def test_gradients_that_are_undefined_are_dropped(network, tmp_path):
    settings = RunSettings(steps=1, largest_gradient=1.0)
    network.bias.grad[0] = float("nan")
    assert Run(tmp_path / "run", settings, everything=settings).clip_gradients(network) == {}
    assert [parameter.grad for parameter in network.parameters()] == [None, None]


def test_a_run_below_a_file_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("not a folder")
    settings = RunSettings(steps=1)
    with pytest.raises(ConfigError, match=r"no run can be kept in .*notes.txt"):
        Run(tmp_path / "notes.txt" / "run", settings, everything=settings)
