"""Trains a generator of photos and its encoder at once, for few photos and little time.

    python -m training.portrait.train_photo --preset starter --data data/portraits --out runs/photo --minutes 30

Differs: Song et al. train a generator first and then the encoder of the frozen generator, as `train_generator` and
`train_encoder` do. Here both learn to make the photos again while judges look at those and at random pictures (after
Larsen et al., ICML 2016): every photo tells all of its pixels, so faces come after some thousands of steps, and what an
encoder finds can be made. Train at 32 or 64 pixels first, `--set model.generator.size=64`, and go on from there with
`--init runs/small/model --opponent runs/small/discriminator` beside the larger size.
With few photos faces become clean without judges, `--set alone=1000000 --set momentum=0.9 --set varied=true` at a lower
rate, and judges sharpen them in ten more minutes: `make train-portrait-photo` takes the starter's steps.

`model/` is a whole photo model, `best/` the state whose random pictures were nearest to the real ones, `discriminator/`
what the trainings of styles begin with. A row of samples/ is a held-out photo, it made again by the mean of its latents
and by two samples, and four random pictures.
"""

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import torch
import typer
from PIL import Image
from torch import Tensor
from torch.nn import functional

from artmodels.portrait.model import PortraitStylizer
from training.command import Changes, DataFolder, Minutes, Resume, RunFolder, tells_mistakes
from training.portrait.augment import slightly_varied
from training.portrait.contest import Judges, Smoothing
from training.portrait.data import Portraits
from training.portrait.diagnosis import diagnose
from training.portrait.discriminator import Discriminator
from training.portrait.growth import grown_photo_model, opposing_discriminator
from training.portrait.judge import Best, Judge
from training.portrait.latents import device_generator, draw_latents, fixed_latents, silence
from training.portrait.objective import is_due, lazy_adam
from training.portrait.photo_losses import PhotoLosses
from training.portrait.photo_models import generator_of, open_photo_model, photo_model_of
from training.portrait.presets import PHOTO_PRESETS
from training.portrait.settings import Latents, PhotoSettings
from training.portrait.train_encoder import make_again
from training.portrait.train_generator import follow_mean, make
from training.run import Run
from training.settings import choose_preset
from training.sheets import picture_sheet
from training.step_batches import step_batches

__all__ = ["train_photo"]

ROWS, SAMPLES, RANDOM = 8, 2, 4
JUDGED = 256
ONE = Latents(two=0.0)


def train_photo(
    settings: PhotoSettings,
    data: Path,
    out: Path,
    *,
    init: str | None = None,
    opponent: str | None = None,
    minutes: float | None = None,
    resume: bool = False,
) -> PortraitStylizer:
    """Trains a whole photo model against a discriminator and returns the averaged one.

    Args:
        init: a saved photo model or generator to start from, grown to the settings' size if it is smaller; its other
            sizes take the place of the settings'.
        opponent: a saved discriminator to start from, which grows with it.
    """
    run = Run[PortraitStylizer](out, settings.run, everything=settings, minutes=minutes, resume=resume)
    model, discriminator = new_networks(settings, init, opponent)
    progress = Progress(model, settings, data, out, run.device)
    pupils = Pupils(run, settings, model, discriminator, progress)
    seen: dict[str, Tensor] = {}
    for photos, generator in step_batches(run, progress.known, progress.draw, ahead=progress.known.ahead):
        seen |= pupils.learn(photos, generator)
        if run.is_showing():
            seen |= progress.show(run, pupils.losses)
        run.log({**seen, "augmented": pupils.judges.probability})
    if run.is_main:
        discriminator.save_pretrained(out / "discriminator")
    return run.average


class Pupils:
    """A generator and its encoder, and how they learn from photos and from judges.

    Attributes: losses, of photos made again; judges, of pictures.
    """

    def __init__(
        self,
        run: Run[PortraitStylizer],
        settings: PhotoSettings,
        model: PortraitStylizer,
        discriminator: Discriminator,
        progress: "Progress",
    ):
        if not settings.noise:
            silence(model.synthesis)
        model.train().to(run.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.run, self.settings, self.model, self.progress = run, settings, model, progress
        self.judges = Judges(run, [discriminator], settings.adversary)
        self.optimiser = both_learn(model, settings)
        self.smoothing = Smoothing(run, model, self.optimiser, settings.adversary)
        self.losses = PhotoLosses(settings.terms, run.device)
        parts = {**self.judges.parts, "path": self.smoothing.path, "best": progress.best}
        run.start(model, optimiser=self.optimiser, **parts)

    def learn(self, photos: Tensor, generator: torch.Generator) -> dict[str, Tensor]:
        """One step from photos [B, 3, S, S]; the losses, for the log."""
        run, model, settings = self.run, self.model, self.settings
        draws, count = device_generator(run.device, generator), len(photos)
        with run.accelerator.autocast():
            latents, again = make_again(model, self.progress.read(photos), draws)
        made_again = again[: round(settings.again_judged * count)]
        latest = partial(make, model, count - len(made_again), settings.latents, draws, beside=made_again)
        is_judged = run.step >= settings.alone and is_due(run.step, settings.interval)
        real = self.progress.shown(photos)
        told = self.judges.learn([real], [latest], generator) if is_judged else {}
        with self.judges.paused(), run.accelerator.autocast():
            lost = {**self.losses.of_pictures(again, real), **self.losses.of_latents(latents, run.step)}
            total = settings.again * torch.stack(list(lost.values())).sum()
            if is_judged:
                lost["generator"] = self.judges.convince([latest().pictures], generator)
                total = total + lost["generator"]
        run.descend(total, model, self.optimiser)
        random = partial(draw_latents, count, model.config.generator, settings.latents, draws)
        follow_mean(model, model.mapping(random()))
        if is_judged:
            told |= self.smoothing.step(partial(make, model, max(count // 2, 1), settings.latents, draws), draws)
        return told | lost


def both_learn(model: PortraitStylizer, settings: PhotoSettings) -> torch.optim.Adam:
    """The generator learns as against judges alone, the encoder at its own rate and with momentum."""
    assert model.encoder is not None
    generator = [*model.mapping.parameters(), *model.synthesis.parameters()]
    optimiser = lazy_adam(
        generator, settings.run.learning_rate, settings.adversary.penalties.path_steps, settings.momentum
    )
    encoder = {"params": [*model.encoder.parameters()], "lr": settings.encoder_rate, "betas": (0.9, 0.99)}
    optimiser.add_param_group(encoder)
    return optimiser


class Progress:
    """The photos, and what is told of a run at every sheet.

    Attributes: known, the training's photos, as large as the larger of both networks wants them.
    """

    def __init__(self, model: PortraitStylizer, settings: PhotoSettings, data: Path, out: Path, device: torch.device):
        assert model.config.encoder is not None
        self.varied = settings.varied
        self.out, self.made, self.encoded = out, model.config.generator.size, model.config.encoder.size
        side = max(self.made, self.encoded)
        self.known, held_out = (Portraits(data, side, split=split, device=device) for split in ("train", "test"))
        self.photos = held_out.batch(range(min(JUDGED, len(held_out))))
        features = "vgg16" if settings.terms.features == "lpips" else settings.terms.features
        real = Portraits(data, self.made, split="train", device=device)
        self.judge, self.best = Judge(real, features, settings.judged), Best(out / "best")

    def draw(self, places: Sequence[int], generator: torch.Generator) -> Tensor:
        """The training's photos of those places, mirrored by chance and varied if that is asked for."""
        photos = self.known.mirrored(places, generator)
        return slightly_varied(photos, generator) if self.varied else photos

    def shown(self, photos: Tensor) -> Tensor:
        """As the generator makes them."""
        return reduced_to(photos, self.made)

    def read(self, photos: Tensor) -> Tensor:
        """As the encoder sees them."""
        return reduced_to(photos, self.encoded)

    def show(self, run: Run[PortraitStylizer], losses: PhotoLosses) -> dict[str, Tensor]:
        """Writes the sheet and the diagnosis, keeps the best state, and returns numbers for the log."""
        model = run.average
        distance = self.judge.distance(partial(random_photos, model))
        self.best.keep(model, distance, run.step + 1, is_main=run.is_main)
        found = diagnose(model, self.shown(self.photos), losses.judging, self.read(self.photos))
        if run.is_main:
            told = {"step": run.step + 1, **found.to_dict()}
            (self.out / "diagnosis.json").write_text(json.dumps(told, indent=2))
            run.show(self.sheet(model))
        return {self.judge.name: torch.tensor(distance), **found.numbers()}

    @torch.no_grad()
    def sheet(self, model: PortraitStylizer) -> Image.Image:
        photos = self.photos[:ROWS]
        latents = model.encode(self.read(photos))
        generator = torch.Generator().manual_seed(0)
        noises = [torch.randn(latents.mean.shape, generator=generator).to(photos.device) for _ in range(SAMPLES)]
        drawn = [latents.mean, *(latents.sample(noise) for noise in noises)]
        again = [model.decode(model.codes(each)).clamp(-1, 1) for each in drawn]
        random = random_photos(model, RANDOM * len(photos), 0).clamp(-1, 1)
        return picture_sheet([self.shown(photos), *again, *random.chunk(RANDOM)])


def reduced_to(photos: Tensor, size: int) -> Tensor:
    """Photos [B, 3, S, S] by means over pixels; as they are, where they have that size."""
    return photos if photos.shape[-1] == size else functional.adaptive_avg_pool2d(photos, size)


@torch.no_grad()
def random_photos(model: PortraitStylizer, count: int, number: int) -> Tensor:
    """Always the same pictures for one number."""
    return model.decode(model.codes(fixed_latents(count, model.config.generator, ONE, number).to(model.device)))


def new_networks(
    settings: PhotoSettings, init: str | None, opponent: str | None
) -> tuple[PortraitStylizer, Discriminator]:
    """Fresh ones, or saved ones, grown where they are for smaller photos.

    Raises:
        ConfigError: the discriminator is for larger photos than the generator makes.
    """
    model = PortraitStylizer(settings.model)
    if init:
        saved = open_photo_model(init).requires_grad_(True)
        if saved.encoder is None:
            saved = photo_model_of(generator_of(saved), settings.model.encoder, settings.model.alignment)
        model = grown_photo_model(saved, max(saved.config.generator.size, settings.model.generator.size))
    return model, opposing_discriminator(model.config.generator, settings.adversary, opponent)


@tells_mistakes
def main(
    data: DataFolder,
    out: RunFolder,
    preset: Annotated[str, typer.Option(help=f"One of {', '.join(PHOTO_PRESETS)}.")] = "starter",
    change: Changes = None,
    init: Annotated[str | None, typer.Option(help="Saved photo model, or StyleGAN2, to start from.")] = None,
    opponent: Annotated[str | None, typer.Option(help="Saved discriminator to start from.")] = None,
    minutes: Minutes = None,
    resume: Resume = False,
) -> None:
    settings = choose_preset(PHOTO_PRESETS, preset, change or [])
    train_photo(settings, data, out, init=init, opponent=opponent, minutes=minutes, resume=resume)


if __name__ == "__main__":
    typer.run(main)
