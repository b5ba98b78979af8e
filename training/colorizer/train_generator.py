"""Trains the generator to colour sketches by references (Yan 2023, the first step), the reference encoder frozen.

    python -m training.colorizer.train_generator --preset starter-attention --data illustrations/ \
        --init runs/encoder/model --out runs/attention

About 0.35 s a step of 16 pictures for the starter on one free core. With `--init` of an earlier run of the same layout
the generator goes on from there, at `--set run.learning_rate=0.0002` say. `--set joint=true` trains the encoder as
well, which the paper's table 1 warns of.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import torch
import typer
from PIL import Image
from torch import Tensor, nn

from artmodels.colorizer.config import ColorizerConfig
from artmodels.colorizer.model import TagColorizer
from training.colorizer.batches import Pair
from training.colorizer.data import Pictures, open_pictures, with_tags_of
from training.colorizer.discriminator import PatchDiscriminator
from training.colorizer.objective import discriminator_loss, generator_loss, region_weights
from training.colorizer.settings import GENERATOR_PRESETS, GeneratorSettings
from training.command import Changes, DataFolder, Minutes, Resume, RunFolder, tells_mistakes
from training.run import Run
from training.settings import choose_preset
from training.sheets import picture_sheet
from training.step_batches import step_batches

__all__ = ["disturbed", "train_generator"]

SHOWN = 8
BATCHES_FOR_NEUTRAL = 64


def train_generator(
    settings: GeneratorSettings,
    data: Path,
    out: Path,
    *,
    init: str | None = None,
    minutes: float | None = None,
    resume: bool = False,
) -> TagColorizer:
    """Trains `colorizer.generator` and returns the averaged model, whose neutral features are the references' mean.

    Args: init: a saved colorizer whose encoder is taken, and its generator where that has the settings' layout.
    """
    run = Run[TagColorizer](out, settings.run, everything=settings, minutes=minutes, resume=resume)
    colorizer = new_colorizer(with_tags_of(data, settings.model), init).train()
    colorizer.to(run.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    colorizer.encoder.train(settings.joint).requires_grad_(settings.joint)
    pictures, held_out = (
        open_pictures(data, colorizer.config, settings.sampling, split=split) for split in ("train", "test")
    )
    measure_neutral(colorizer, pictures, settings.run.batch_size)
    pupil = Pupil(run, settings, colorizer)
    run.start(colorizer, discriminator=pupil.discriminator, optimiser=pupil.optimiser, adversary=pupil.adversary)
    shown = held_out.pairs(range(min(SHOWN, len(held_out))), torch.Generator().manual_seed(0))

    for batch, generator in step_batches(run, pictures, pictures.pairs):
        run.log(pupil.learn(Pair(*(part.to(run.device) for part in batch)), generator))
        if run.is_showing():
            run.show(coloured_sheet(run.average, shown))
    if settings.joint:
        measure_neutral(run.average, pictures, settings.run.batch_size)
        if run.is_main:
            run.average.save_pretrained(out / "model")
    return run.average


class Pupil:
    """A generator, and how it learns from pairs and against a discriminator."""

    def __init__(self, run: Run[TagColorizer], settings: GeneratorSettings, colorizer: TagColorizer):
        self.run, self.settings, self.colorizer = run, settings, colorizer
        self.trained = nn.ModuleList([colorizer.generator, *([colorizer.encoder] if settings.joint else [])])
        self.discriminator = PatchDiscriminator(settings.discriminator_width).to(run.device)
        self.optimiser = torch.optim.Adam(self.trained.parameters(), settings.run.learning_rate, (0.5, 0.99))
        self.adversary = torch.optim.Adam(self.discriminator.parameters(), settings.run.learning_rate, (0.5, 0.99))

    def learn(self, pair: Pair, generator: torch.Generator) -> dict[str, Tensor]:
        """One step; the losses and the gradient's norm, for the log."""
        run, settings, colorizer = self.run, self.settings, self.colorizer
        weights = region_weights(pair.regions, settings.small_regions)
        with run.accelerator.autocast():
            with torch.set_grad_enabled(settings.joint):
                features = colorizer.encoder(pair.reference)
            features = disturbed(features, settings, generator)
            made = colorizer.generator(pair.sketch, features).float()

        losses: dict[str, Tensor] = {}
        if settings.adversarial:
            with run.accelerator.autocast():
                scores = (self.discriminator(pair.sketch, picture) for picture in (pair.target, made.detach()))
                losses["adversary"] = discriminator_loss(*scores)
            run.descend(losses["adversary"], self.discriminator, self.adversary, clip=False)

        with run.accelerator.autocast():
            learnt = generator_loss(pair.sketch, made, pair.target, weights, self.discriminator, settings)
        norm = run.descend(torch.stack(list(learnt.values())).sum(), self.trained, self.optimiser)
        return {**losses, **norm, **learnt}


def new_colorizer(config: ColorizerConfig, init: str | None) -> TagColorizer:
    """A colorizer of that config without a mapping, with the encoder and, where it fits, the generator of `init`."""
    if init is None:
        return TagColorizer(config)
    source = TagColorizer.from_pretrained(init)
    taken = {name: getattr(source.config, name) for name in ("groups", "other_tags", "encoder_width", "encoder_blocks")}
    colorizer = TagColorizer(replace(config, **taken, depth=source.config.depth, mapped=False))
    colorizer.encoder.load_state_dict(source.encoder.state_dict())
    known = source.generator.state_dict()
    if {n: v.shape for n, v in known.items()} == {n: v.shape for n, v in colorizer.generator.state_dict().items()}:
        colorizer.generator.load_state_dict(known)
    return colorizer


def disturbed(features: Tensor, settings: GeneratorSettings, generator: torch.Generator) -> Tensor:
    """Features [B, C, h, w] some of whose places are exchanged or left out, so that only what they hold can tell."""
    count, places = len(features), features.shape[2] * features.shape[3]
    if settings.shuffled:
        orders = torch.rand(count, places, generator=generator).argsort(1)
        kept = torch.rand(count, 1, generator=generator) >= settings.shuffled
        orders = torch.where(kept, torch.arange(places), orders).to(features.device)
        tokens = features.flatten(2)
        features = tokens.gather(2, orders[:, None].expand_as(tokens)).view_as(features)
    if settings.dropped:
        kept = torch.rand(count, 1, *features.shape[2:], generator=generator) >= settings.dropped
        features = features * kept.to(features)
    return features


def neutral_batches(pictures: Pictures, batch_size: int) -> Iterator[Tensor]:
    """The references of the first batches of training pictures."""
    for number in range(min(BATCHES_FOR_NEUTRAL, -(-len(pictures) // batch_size))):
        places = [place % len(pictures) for place in range(number * batch_size, (number + 1) * batch_size)]
        yield pictures.tagged(places, torch.Generator().manual_seed(number)).pictures


@torch.no_grad()
def measure_neutral(colorizer: TagColorizer, pictures: Pictures, batch_size: int) -> None:
    """Sets `colorizer.neutral` [C, h, w] to the mean of training references' features."""
    encoder, was_training = colorizer.encoder, colorizer.encoder.training
    encoder.eval()
    device = colorizer.neutral.device
    means = [encoder(batch.to(device)).mean(0) for batch in neutral_batches(pictures, batch_size)]
    colorizer.neutral.copy_(torch.stack(means).mean(0))
    encoder.train(was_training)


@torch.no_grad()
def coloured_sheet(colorizer: TagColorizer, shown: Pair) -> Image.Image:
    """Held-out sketches: the sketch, the reference, the sketch in its colours, the true colouring."""
    colorizer.eval()
    device = colorizer.neutral.device
    made = colorizer.render(shown.sketch.to(device), colorizer.encode(shown.reference.to(device)))
    return picture_sheet([shown.sketch, shown.reference, made, shown.target])


@tells_mistakes
def main(
    data: DataFolder,
    out: RunFolder,
    init: Annotated[str | None, typer.Option(help="Saved colorizer with a trained encoder.")] = None,
    preset: Annotated[str, typer.Option(help=f"One of {', '.join(GENERATOR_PRESETS)}.")] = "starter-attention",
    change: Changes = None,
    minutes: Minutes = None,
    resume: Resume = False,
) -> None:
    settings = choose_preset(GENERATOR_PRESETS, preset, change or [])
    train_generator(settings, data, out, init=init, minutes=minutes, resume=resume)


if __name__ == "__main__":
    typer.run(main)
