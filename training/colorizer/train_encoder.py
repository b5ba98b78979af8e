"""Trains the reference encoder to name the tags of pictures (Yan 2023, section 3.1).

    python -m training.colorizer.train_encoder --preset starter --data illustrations/ --out runs/encoder

About 0.13 s a step of 16 pictures for the starter on one free core, more in the first pass over the drawings. The two
trainings that follow keep the encoder as it is: what it knows of tags is what tags can change.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import torch
import typer
from PIL import Image, ImageDraw
from torch import Tensor

from artmodels.colorizer.model import TagColorizer
from artmodels.errors import ConfigError, HubError
from artmodels.images import to_picture
from training.colorizer.batches import Tagged
from training.colorizer.data import open_pictures, with_tags_of
from training.colorizer.objective import tag_loss
from training.colorizer.settings import ENCODER_PRESETS, EncoderSettings
from training.command import Changes, DataFolder, Minutes, Resume, RunFolder, tells_mistakes
from training.run import Run
from training.settings import choose_preset
from training.step_batches import step_batches

__all__ = ["train_encoder"]

SHOWN = 12


def train_encoder(
    settings: EncoderSettings,
    data: Path,
    out: Path,
    *,
    init: str | None = None,
    minutes: float | None = None,
    resume: bool = False,
) -> TagColorizer:
    """Trains `colorizer.encoder` and returns the averaged model; its other networks keep their first weights.

    Args: init: a saved colorizer to start from instead of fresh weights.
    """
    run = Run[TagColorizer](out, settings.run, everything=settings, minutes=minutes, resume=resume)
    config = with_tags_of(data, settings.model)
    colorizer = TagColorizer.from_pretrained(init) if init else TagColorizer(config)
    if settings.imagenet and not init:
        load_imagenet(colorizer)
    colorizer.train().to(run.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimiser = torch.optim.Adam(colorizer.encoder.parameters(), settings.run.learning_rate, (0.5, 0.99))
    run.start(colorizer, optimiser=optimiser)
    pictures, held_out = (
        open_pictures(data, colorizer.config, settings.sampling, split=split) for split in ("train", "test")
    )
    shown = held_out.tagged(range(min(SHOWN, len(held_out))), torch.Generator().manual_seed(0))

    for batch, _ in step_batches(run, pictures, pictures.tagged):
        tags = batch.tags.to(run.device)
        with run.accelerator.autocast():
            logits = colorizer.encoder.classify(colorizer.encoder(batch.pictures.to(run.device)))
        losses = {"tags": tag_loss(logits, tags)}
        norm = run.descend(losses["tags"], colorizer.encoder, optimiser)
        run.log({**losses, **norm, "found": share_found(logits, tags)})
        if run.is_showing():
            run.show(tag_sheet(run.average, shown))
    return run.average


def share_found(logits: Tensor, tags: Tensor) -> Tensor:
    """The share of the pictures' tags that are named."""
    return ((logits > 0) * tags).sum() / tags.sum().clamp(min=1)


def load_imagenet(colorizer: TagColorizer) -> None:
    """Gives the encoder the weights of torchvision's ResNet-34, without its classes.

    Raises:
        ConfigError: the encoder has another layout.
        HubError: the weights are not there yet and cannot be downloaded.
    """
    from torchvision.models import ResNet34_Weights

    try:
        weights = ResNet34_Weights.DEFAULT.get_state_dict(progress=False)
    except OSError as error:
        raise HubError(f"torchvision's ResNet-34 cannot be fetched: {error}") from error
    own = colorizer.encoder.state_dict()
    kept = {name: value for name, value in weights.items() if not name.startswith("fc.")}
    if {name: value.shape for name, value in kept.items()} != {n: v.shape for n, v in own.items() if n in kept}:
        raise ConfigError("imagenet needs the layout of ResNet-34: encoder_width 64, encoder_blocks (3, 4, 6, 3)")
    colorizer.encoder.load_state_dict({**own, **kept})


@torch.no_grad()
def tag_sheet(colorizer: TagColorizer, shown: Tagged) -> Image.Image:
    """Held-out pictures, each beside the tags read from it: "-" before those it lacks, "+" before missed ones."""
    colorizer.eval()
    features = colorizer.encoder(shown.pictures.to(next(colorizer.parameters()).device))
    read = colorizer.encoder.classify(features).sigmoid().cpu()
    width, height = shown.pictures.shape[-1] + 150, max(shown.pictures.shape[-1], 190)
    sheet = Image.new("RGB", (4 * width, -(-len(read) // 4) * height), "white")
    for number, (picture, found, true) in enumerate(zip(shown.pictures, read, shown.tags, strict=True)):
        corner = (number % 4 * width, number // 4 * height)
        sheet.paste(to_picture(picture), corner)
        lines = tag_lines(colorizer.config.tags, found, true)
        ImageDraw.Draw(sheet).text(
            (corner[0] + picture.shape[-1] + 4, corner[1]), "\n".join(lines), fill="black", font_size=11
        )
    return sheet


def tag_lines(names: Sequence[str], found: Tensor, true: Tensor) -> list[str]:
    signs = {(True, True): " ", (True, False): "-", (False, True): "+"}
    rows = zip(names, (found > 0.5).tolist(), (true > 0).tolist(), found.tolist(), strict=True)
    return [f"{signs[read, is_true]} {name} {value:.2f}" for name, read, is_true, value in rows if read or is_true]


@tells_mistakes
def main(
    data: DataFolder,
    out: RunFolder,
    preset: Annotated[str, typer.Option(help=f"One of {', '.join(ENCODER_PRESETS)}.")] = "starter",
    change: Changes = None,
    init: Annotated[str | None, typer.Option(help="Saved colorizer to start from.")] = None,
    minutes: Minutes = None,
    resume: Resume = False,
) -> None:
    settings = choose_preset(ENCODER_PRESETS, preset, change or [])
    train_encoder(settings, data, out, init=init, minutes=minutes, resume=resume)


if __name__ == "__main__":
    typer.run(main)
