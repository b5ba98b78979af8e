"""Trains the encoder that finds the latents of photos, the generator frozen (Song 2021, section 3.2).

    python -m training.portrait.train_encoder --preset starter --generator runs/photo/best --data data/portraits \
        --out runs/photo-encoder --minutes 10

`model/` is a whole photo model: the generator and its encoder. At every sheet `diagnosis.json` says of held-out photos
how well they are made again, what each layer's latents tell in nats, and whether they are spread as the prior is. A row
of a sheet is a held-out photo, it made again by the mean of its latents, and by four samples. `--set
encoder.variational=false` and `--set encoder.repeats=true` train the paper's ablations.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import torch
import typer
from PIL import Image
from torch import Tensor

from artmodels.errors import ConfigError
from artmodels.portrait.config import EncoderConfig
from artmodels.portrait.encoder import Latents
from artmodels.portrait.model import PortraitStylizer
from training.command import Changes, DataFolder, Minutes, Resume, RunFolder, tells_mistakes
from training.portrait.data import Portraits
from training.portrait.diagnosis import compared, diagnose
from training.portrait.judge import Best
from training.portrait.latents import device_generator
from training.portrait.photo_losses import PhotoLosses
from training.portrait.photo_models import generator_of, open_photo_model, photo_model_of
from training.portrait.presets import ENCODER_PRESETS
from training.portrait.settings import EncoderSettings
from training.run import Run
from training.settings import choose_preset
from training.sheets import picture_sheet
from training.step_batches import step_batches

__all__ = ["make_again", "photo_sheet", "train_encoder"]

ROWS, SAMPLES = 8, 4
JUDGED = 256


def train_encoder(
    settings: EncoderSettings,
    data: Path,
    out: Path,
    *,
    generator: str | None = None,
    init: str | None = None,
    minutes: float | None = None,
    resume: bool = False,
) -> PortraitStylizer:
    """Trains `model.encoder` and returns the averaged model.

    Args:
        generator: a saved StyleGAN2 of photos, or a photo model, whose generator gets a fresh encoder.
        init: a saved photo model whose encoder goes on; its sizes take the place of the settings'. One of the two.
            Of another kind, by `variational` and `repeats`, it begins with the parts that fit.
    """
    run = Run[PortraitStylizer](out, settings.run, everything=settings, minutes=minutes, resume=resume)
    model = new_photo_model(settings, generator, init)
    encoder = model.encoder
    assert encoder is not None
    model.to(run.device, memory_format=torch.channels_last).requires_grad_(False)  # type: ignore[call-overload]
    encoder.train().requires_grad_(True)
    size = encoder.config.size
    pictures, held_out = (Portraits(data, size, split=split, device=run.device) for split in ("train", "test"))
    photos = held_out.batch(range(min(JUDGED, len(held_out))))
    losses = PhotoLosses(settings.terms, run.device)
    optimiser = torch.optim.RAdam(encoder.parameters(), settings.run.learning_rate)
    best = Best(out / "best")
    run.start(model, optimiser=optimiser, best=best)
    for shown, step_generator in step_batches(run, pictures, pictures.mirrored, ahead=pictures.ahead):
        draws = device_generator(run.device, step_generator)
        with run.accelerator.autocast():
            latents, made = make_again(model, shown, draws)
            told = {**losses.of_pictures(compared(made, shown), shown), **losses.of_latents(latents, run.step)}
        told |= run.descend(torch.stack(list(told.values())).sum(), encoder, optimiser)
        if run.is_showing():
            told |= show(run, out, photos, losses, best)
        run.log(told)
    return run.average


def show(run: Run[PortraitStylizer], out: Path, photos: Tensor, losses: PhotoLosses, best: Best) -> dict[str, Tensor]:
    """Writes sheet and diagnosis of held-out photos [B, 3, S, S], keeps the best state; numbers for the log."""
    found = diagnose(run.average, photos, losses.judging)
    best.keep(run.average, found.distance, run.step + 1, is_main=run.is_main)
    if run.is_main:
        (out / "diagnosis.json").write_text(json.dumps({"step": run.step + 1, **found.to_dict()}, indent=2))
    run.show(photo_sheet(run.average, photos[:ROWS]))
    return found.numbers()


def make_again(model: PortraitStylizer, photos: Tensor, draws: torch.Generator) -> tuple[Latents, Tensor]:
    """The latents of photos [B, 3, S, S] of the encoder's size, and the photos made again by a draw of them."""
    latents = model.encode(photos)
    noise = torch.randn(latents.mean.shape, generator=draws, device=photos.device)
    return latents, model.decode(model.codes(latents.sample(noise).float())).float()


def new_photo_model(settings: EncoderSettings, generator: str | None, init: str | None) -> PortraitStylizer:
    """A saved photo model, its encoder of the settings' kind, or a saved generator with a fresh encoder.

    Raises:
        ConfigError: not exactly one of the two is given, or the photo model has no encoder.
    """
    if (generator is None) == (init is None):
        raise ConfigError("give --generator, a saved StyleGAN2, or --init, a photo model, and not both")
    if init is not None:
        model = PortraitStylizer.from_pretrained(init)
        if model.encoder is None:
            raise ConfigError(f"{init} has no encoder to go on with; give it as --generator")
        return of_kind(model, settings.encoder)
    return photo_model_of(generator_of(open_photo_model(str(generator))), settings.encoder, settings.alignment)


def of_kind(model: PortraitStylizer, wanted: EncoderConfig) -> PortraitStylizer:
    """The photo model, or one whose encoder has a variance and repeats its code as wanted and begins with what fits."""
    config = model.config.encoder
    assert config is not None
    kind = replace(config, variational=wanted.variational, repeats=wanted.repeats)
    if kind == config:
        return model
    other = photo_model_of(generator_of(model), kind, model.config.alignment)
    assert other.encoder is not None
    assert model.encoder is not None
    other.encoder.load_state_dict(model.encoder.state_dict(), strict=False)
    return other


@torch.no_grad()
def photo_sheet(model: PortraitStylizer, photos: Tensor) -> Image.Image:
    """Rows of a photo, it made again by the mean of its latents, and by samples of them."""
    model.eval()
    latents = model.encode(photos)
    generator = torch.Generator().manual_seed(0)
    noises = [torch.randn(latents.mean.shape, generator=generator).to(photos.device) for _ in range(SAMPLES)]
    drawn = [latents.mean, *(latents.sample(noise) for noise in noises)]
    made = [compared(model.decode(model.codes(each)), photos).clamp(-1, 1) for each in drawn]
    return picture_sheet([photos, *made])


@tells_mistakes
def main(
    data: DataFolder,
    out: RunFolder,
    preset: Annotated[str, typer.Option(help=f"One of {', '.join(ENCODER_PRESETS)}.")] = "starter",
    change: Changes = None,
    generator: Annotated[str | None, typer.Option(help="Saved StyleGAN2 that gets an encoder.")] = None,
    init: Annotated[str | None, typer.Option(help="Saved photo model to go on with.")] = None,
    minutes: Minutes = None,
    resume: Resume = False,
) -> None:
    settings = choose_preset(ENCODER_PRESETS, preset, change or [])
    train_encoder(settings, data, out, generator=generator, init=init, minutes=minutes, resume=resume)


if __name__ == "__main__":
    typer.run(main)
