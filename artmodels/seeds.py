"""Random numbers that depend on a seed and on names alone, never on what was drawn before."""

import hashlib
import json
import operator
from collections.abc import Sequence

import torch
from torch import Tensor

from artmodels.errors import ConfigError

__all__ = ["check_seed", "normal"]

SEED_LIMIT = 2**63


def check_seed(seed: int) -> int:
    """Give the seed back as an `int`.

    Raises:
        ConfigError: the seed is not a whole number from 0 to 2**63 - 1.
    """
    wanted = f"a seed is a whole number from 0 to 2**63 - 1, not {seed!r}"
    if isinstance(seed, bool):
        raise ConfigError(wanted)
    try:
        number = operator.index(seed)
    except TypeError:
        raise ConfigError(wanted) from None
    if not 0 <= number < SEED_LIMIT:
        raise ConfigError(wanted)
    return number


def normal(shape: int | Sequence[int], seed: int, *labels: str | int) -> Tensor:
    """Standard normal noise that belongs to one seed and one place.

    Args:
        shape: the shape of the noise.
        seed: a whole number from 0 to 2**63 - 1.
        labels: what the noise is for, such as a stage's name or a picture's number in its batch. Other labels give
            independent noise; the same ones give the same noise, whatever was drawn before.

    Returns:
        float32 on the CPU, of the given shape.

    Raises:
        ConfigError: the seed is out of range.
    """
    key = json.dumps([check_seed(seed), *labels]).encode()
    generator = torch.Generator().manual_seed(int.from_bytes(hashlib.sha256(key).digest()[:8], "big") % SEED_LIMIT)
    return torch.randn((shape,) if isinstance(shape, int) else tuple(shape), generator=generator)
