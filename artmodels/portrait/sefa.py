"""Directions in which style codes change a generator's pictures most, found in its weights alone (SeFa, Shen & Zhou,
CVPR 2021)."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from artmodels.errors import ConfigError
from artmodels.portrait.stylegan2 import Synthesis

__all__ = ["Directions", "find_directions", "moved"]


class Directions(NamedTuple):
    """Unit vectors [K, D] that are orthogonal to each other, strongest first, and how strong each is [K]."""

    vectors: Tensor
    strengths: Tensor


def find_directions(
    synthesis: Synthesis, count: int, *, codes: Iterable[int] | None = None, attribute: int | None = None
) -> Directions:
    """Find the directions v that maximise |A v|^2, A being the affine weights of the layers that take some codes.

    Rows of A are brought to unit length. The convolutions' affine layers are meant, and the last colours' for the last
    code. A direction's largest entry is positive, so that sliders do not turn round from machine to machine.

    Args:
        count: how many, from 1 to the length of a code.
        codes: numbers from 0 to L - 1; all by default.
        attribute: whose path to look at, if there are any.

    Raises:
        ConfigError: a count or a code that there is not, no codes at all, an unknown attribute.
    """
    latent_dim = synthesis.config.latent_dim
    if not 1 <= count <= latent_dim:
        raise ConfigError(f"count must be from 1 to {latent_dim}, not {count!r}")
    layers = _affine_weights(synthesis, attribute)
    chosen = checked_codes(range(len(layers)) if codes is None else codes, len(layers))
    weight = torch.cat([layers[number] for number in chosen]).detach().double()
    weight = weight / weight.norm(dim=1, keepdim=True).clamp(min=1e-12)
    squares, vectors = torch.linalg.eigh(weight.T @ weight)
    strongest = vectors.T.flip(0)[:count]
    largest = strongest.gather(1, strongest.abs().argmax(1, keepdim=True))
    return Directions((strongest * largest.sign()).float(), squares.flip(0)[:count].clamp(min=0).sqrt().float())


def moved(
    ws: Tensor, directions: Directions, amounts: Sequence[float], *, codes: Iterable[int] | None = None
) -> Tensor:
    """Style codes [B, L, D] moved by `amounts` along the first directions, usually within -3 and 3.

    Args:
        codes: numbers of the codes to move; all by default.

    Raises:
        ConfigError: more amounts than directions, or a code that there is not.
    """
    if len(amounts) > len(directions.vectors):
        raise ConfigError(f"there are {len(directions.vectors)} directions, and {len(amounts)} amounts")
    step = torch.tensor(amounts, dtype=torch.float32) @ directions.vectors[: len(amounts)].cpu()
    result = ws.clone()
    result[:, checked_codes(range(ws.shape[1]) if codes is None else codes, ws.shape[1])] += step.to(ws)
    return result


def checked_codes(codes: Iterable[int], count: int) -> list[int]:
    """The codes' numbers in order, each once."""
    chosen = sorted(set(codes))
    if not chosen or chosen[0] < 0 or chosen[-1] >= count:
        raise ConfigError(f"codes must be one or more numbers from 0 to {count - 1}, not {chosen}")
    return chosen


def _affine_weights(synthesis: Synthesis, attribute: int | None) -> Sequence[Tensor]:
    """One weight [C, D] for each code."""
    blocks = list(synthesis.blocks(attribute).values())
    return [conv.affine.weight for block in blocks for conv in block.convs] + [blocks[-1].torgb.affine.weight]
