"""Readies a trained photo model for publishing; what it makes of photos stays the same.

    python -m training.portrait.finish_photo --model runs/photo/model --out runs/photo/finished

The mean code, to which truncation leads, is taken anew over many random latents. Convolutions before a normalisation,
which takes their length out again, are scaled so that what they make has a variance of one: float16 then holds it.
"""

from pathlib import Path
from typing import Annotated

import torch
import typer
from torch import nn

from artmodels.errors import ConfigError
from artmodels.portrait.encoder import Encoder, ResidualUnit
from artmodels.portrait.model import PortraitStylizer
from training.command import tells_mistakes

__all__ = ["balance", "take_mean_code"]

CODES = 20_000


@torch.no_grad()
def take_mean_code(model: PortraitStylizer, count: int = CODES) -> None:
    """Sets the mean code to that of so many random latents, always the same ones."""
    latents = torch.randn(count, model.config.generator.latent_dim, generator=torch.Generator().manual_seed(0))
    model.mapping.w_avg.copy_(model.mapping(latents).mean(0))


@torch.no_grad()
def balance(encoder: Encoder) -> None:
    """Divides every filter before a normalisation by its maps' deviation, and their running moments with it."""
    for conv, norm in normalised(encoder):
        assert norm.running_mean is not None
        assert norm.running_var is not None
        length = (norm.running_var + norm.eps).sqrt()
        conv.weight /= length[:, None, None, None]
        norm.running_mean /= length
        norm.running_var.fill_(1 - norm.eps)


def normalised(encoder: Encoder) -> list[tuple[nn.Conv2d, nn.BatchNorm2d]]:
    """The convolutions that a normalisation follows at once, each with it."""
    chains = [encoder.input]
    for unit in encoder.modules():
        if isinstance(unit, ResidualUnit):
            chains += [part for part in (unit.residual, unit.shortcut) if isinstance(part, nn.Sequential)]
    pairs = [pair for chain in chains for pair in zip(chain, [*chain][1:], strict=False)]
    return [(conv, norm) for conv, norm in pairs if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d)]


@tells_mistakes
def main(
    model: Annotated[str, typer.Option(help="Saved photo model.")],
    out: Annotated[Path, typer.Option(help="Where the finished one goes.")],
) -> None:
    finished = PortraitStylizer.from_pretrained(model)
    if finished.encoder is None:
        raise ConfigError(f"{model} has no encoder: there is nothing to finish")
    take_mean_code(finished)
    balance(finished.encoder)
    print(finished.save_pretrained(out))


if __name__ == "__main__":
    typer.run(main)
