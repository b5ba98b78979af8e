"""The smallest real `HubModel`s that tests can save, load and publish."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from artmodels.errors import ConfigError
from artmodels.hub import HubModel


@dataclass(frozen=True)
class TinyConfig:
    """A config with a tuple, a number and a check of its own."""

    stages: tuple[str, ...] = ("line", "flat")
    width: int = 4
    slope: float = 0.2

    def __post_init__(self) -> None:
        if self.width < 1:
            raise ConfigError(f"width must be at least 1, got {self.width}")


class TinyModel(HubModel):
    """A convolution, a normalization with buffers and a spectral norm: each kind of state that models have."""

    config_class = TinyConfig
    config: TinyConfig

    def __init__(self, config: TinyConfig) -> None:
        super().__init__(config)
        self.encode = nn.Conv2d(1, config.width, 3, padding=1)
        self.normalize = nn.BatchNorm2d(config.width)
        self.decode = nn.utils.parametrizations.spectral_norm(nn.Conv2d(config.width, len(config.stages), 1))

    def forward(self, sketch: Tensor) -> Tensor:
        """Map [B, 1, H, W] to [B, stages, H, W], both in [-1, 1]."""
        hidden = nn.functional.leaky_relu(self.normalize(self.encode(sketch)), self.config.slope)
        return torch.tanh(self.decode(hidden))


class TinyWithConstant(TinyModel):
    """Holds a buffer that is computed and not saved."""

    ramp: Tensor

    def __init__(self, config: TinyConfig) -> None:
        super().__init__(config)
        self.register_buffer("ramp", torch.linspace(0, 1, config.width), persistent=False)

    def forward(self, sketch: Tensor) -> Tensor:
        """Map as `TinyModel`, weighted by the ramp."""
        return super().forward(sketch) * self.ramp.sum()


def trained(kind: type[TinyModel] = TinyModel, *, seed: int = 0, **fields: object) -> TinyModel:
    """Return a model whose every tensor differs from what a fresh one would hold."""
    torch.manual_seed(seed)
    model = kind(TinyConfig(**fields))  # type: ignore[arg-type]
    model(torch.rand(2, 1, 8, 8))  # moves the running statistics and the spectral norm's vectors
    return model.eval()


def assert_same(first: nn.Module, second: nn.Module) -> None:
    """Fail unless both hold the same tensors, bit for bit."""
    expected, found = first.state_dict(), second.state_dict()
    assert list(found) == list(expected)
    for name, tensor in expected.items():
        assert found[name].dtype == tensor.dtype, name
        assert torch.equal(found[name], tensor), name
