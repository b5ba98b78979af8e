"""Settings that every training shares, and how a preset becomes a run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from artmodels.configs import with_settings
from artmodels.errors import ConfigError

__all__ = ["RunSettings", "choose_preset"]

Settings = TypeVar("Settings")


@dataclass(frozen=True)
class RunSettings:
    """How long and how a training runs.

    Attributes:
        steps: optimiser steps after which the run ends, unless its minutes end first.
        batch_size: pictures a step and process.
        learning_rate: of Adam with betas (0.5, 0.999).
        largest_gradient: norm of all gradients of a step together above which they are scaled down to it, so that one
            odd batch does not ruin a run; 0 leaves them as they are.
        ema_decay: of the averaged weights that are saved and shown.
        precision: "bf16" computes forward passes in bfloat16; weights and losses stay float32.
        seed: of weights, order of pictures, augmentation and noise.
        log_every: steps between two lines of the log.
        save_every: steps between two checkpoints with a sample sheet; one more is written at the end.
    """

    steps: int
    batch_size: int = 8
    learning_rate: float = 2e-4
    largest_gradient: float = 0.0
    ema_decay: float = 0.999
    precision: Literal["no", "bf16"] = "no"
    seed: int = 0
    log_every: int = 50
    save_every: int = 1000

    def __post_init__(self) -> None:
        for name in ("steps", "batch_size", "log_every", "save_every"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} must be 1 or more, not {getattr(self, name)!r}")
        if self.learning_rate <= 0 or self.largest_gradient < 0 or not 0 <= self.ema_decay < 1:
            raise ConfigError(
                f"learning_rate must be above 0, largest_gradient 0 or more and ema_decay from 0 to below 1, not "
                f"{self.learning_rate!r}, {self.largest_gradient!r} and {self.ema_decay!r}"
            )
        if self.precision not in ("no", "bf16"):
            raise ConfigError(f'precision must be "no" or "bf16", not {self.precision!r}')


def choose_preset(presets: Mapping[str, Settings], name: str, changes: Sequence[str] = ()) -> Settings:
    """The preset of that name with `field=value` changes applied.

    Raises:
        ConfigError: there is no such preset, field or kind of value.
    """
    if name not in presets:
        raise ConfigError(f"no preset is called {name!r}; there are {', '.join(sorted(presets))}")
    return with_settings(presets[name], list(changes))
