"""Trains a StyleGAN2 on portraits, few or many (Karras et al., CVPR 2020 and NeurIPS 2020).

    python -m training.portrait.train_generator --preset starter --data data/portraits --out runs/photo --minutes 10

On one free core about 0.4 s a picture for the starter, 0.1 s for starter-64: faces take some 100 000, a GPU's work.
Both networks can learn at 32 or 64 pixels first and grow: `--init runs/small/model --opponent
runs/small/discriminator` beside a larger `model.size`.
Beside the run's `model/`, which is its last averaged state, `best/` holds the one whose pictures were nearest to the
real ones by the distance that `log.jsonl` tells at every sheet, and `discriminator/` what the trainings of styles begin
with. A row of a sheet is a real picture, four with one latent each and three with one for every layer.
"""

from functools import partial
from pathlib import Path
from typing import Annotated

import torch
import typer
from PIL import Image
from torch import Tensor

from artmodels.portrait.steps import PortraitNetworks
from artmodels.portrait.stylegan2 import StyleGAN2
from training.command import Changes, DataFolder, Minutes, Resume, RunFolder, tells_mistakes
from training.portrait.contest import Judges, Made, Smoothing
from training.portrait.data import Portraits
from training.portrait.discriminator import Discriminator
from training.portrait.growth import grown_generator, opposing_discriminator
from training.portrait.judge import Best, Judge
from training.portrait.latents import device_generator, draw_latents, draw_noise, fixed_latents, silence
from training.portrait.objective import lazy_adam
from training.portrait.presets import GENERATOR_PRESETS
from training.portrait.settings import GeneratorSettings, Latents
from training.run import Run
from training.settings import choose_preset
from training.sheets import picture_sheet
from training.step_batches import step_batches

__all__ = ["train_generator"]

ROWS = 4
ONE, OWN = Latents(two=0.0), Latents(two=0.0, own=1.0)
MEAN_CODE_DECAY = 0.998


def train_generator(
    settings: GeneratorSettings,
    data: Path,
    out: Path,
    *,
    init: str | None = None,
    opponent: str | None = None,
    minutes: float | None = None,
    resume: bool = False,
) -> StyleGAN2:
    """Trains a generator against a discriminator and returns the averaged one.

    Args:
        init: a saved generator to start from instead of fresh weights, grown to the settings' size if it is smaller;
            its other sizes take the place of the settings'.
        opponent: a saved discriminator to start from, which grows with it.
    """
    run = Run[StyleGAN2](out, settings.run, everything=settings, minutes=minutes, resume=resume)
    model, discriminator = new_networks(settings, init, opponent)
    pupil = Pupil(run, settings, model, discriminator)
    pictures = Portraits(data, model.config.size, split="train", device=run.device)
    judge, best = Judge(pictures, settings.features, settings.judged), Best(out / "best")
    run.start(model, optimiser=pupil.optimiser, **pupil.judges.parts, path=pupil.smoothing.path, best=best)
    seen: dict[str, Tensor] = {}
    for real, generator in step_batches(run, pictures, pictures.mirrored, ahead=pictures.ahead):
        seen |= pupil.learn(real, generator)
        told = {"augmented": pupil.judges.probability}
        if run.is_showing():
            distance = judge.distance(lambda count, number: pictures_of(run.average, count, number))
            best.keep(run.average, distance, run.step + 1, is_main=run.is_main)
            told[judge.name] = torch.tensor(distance)
            run.show(generator_sheet(run.average, pictures))
        run.log({**seen, **told})
    if run.is_main:
        discriminator.save_pretrained(out / "discriminator")
    return run.average


class Pupil:
    """A generator, and how it learns from what judges it."""

    def __init__(
        self, run: Run[StyleGAN2], settings: GeneratorSettings, model: StyleGAN2, discriminator: Discriminator
    ):
        if not settings.noise:
            silence(model.synthesis)
        model.train().to(run.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.run, self.latents, self.model = run, settings.latents, model
        self.judges = Judges(run, [discriminator], settings.adversary)
        penalties = settings.adversary.penalties
        self.optimiser = lazy_adam(model.parameters(), settings.run.learning_rate, penalties.path_steps)
        self.smoothing = Smoothing(run, model, self.optimiser, settings.adversary)

    def learn(self, real: Tensor, generator: torch.Generator) -> dict[str, Tensor]:
        """One step of both from pictures [B, 3, S, S]; the losses, for the log."""
        draws, count = device_generator(self.run.device, generator), len(real)
        told = self.judges.learn([real], [partial(make, self.model, count, self.latents, draws)], generator)
        with self.judges.paused(), self.run.accelerator.autocast():
            made = make(self.model, count, self.latents, draws)
            told["generator"] = self.judges.convince([made.pictures], generator)
        self.run.descend(told["generator"], self.model, self.optimiser)
        follow_mean(self.model, made.codes)
        return told | self.smoothing.step(partial(make, self.model, max(count // 2, 1), self.latents, draws), draws)


def new_networks(
    settings: GeneratorSettings, init: str | None, opponent: str | None
) -> tuple[StyleGAN2, Discriminator]:
    """Fresh ones, or saved ones, grown where they are for smaller pictures.

    Raises:
        ConfigError: the discriminator is for larger pictures than the generator's.
    """
    model = StyleGAN2(settings.model)
    if init:
        saved = StyleGAN2.from_pretrained(init)
        model = grown_generator(saved, max(saved.config.size, settings.model.size))
    return model, opposing_discriminator(model.config, settings.adversary, opponent)


def make(
    model: StyleGAN2 | PortraitNetworks,
    count: int,
    latents: Latents,
    draws: torch.Generator,
    *,
    beside: Tensor | None = None,
) -> Made:
    """Pictures of new latents and new noise.

    Args: beside: other pictures of the generator, which follow them; they have no part in the codes and the noise.
    """
    config = model.synthesis.config
    codes = model.mapping(draw_latents(count, config, latents, draws))
    noise = draw_noise(count, config, draws)
    pictures = model.synthesis(codes, noise=noise)
    return Made(codes, pictures if beside is None else torch.cat((pictures, beside.to(pictures.dtype))), noise)


@torch.no_grad()
def follow_mean(model: StyleGAN2 | PortraitNetworks, codes: Tensor) -> None:
    """Moves the mean code, to which truncation leads, a little towards those of a step."""
    model.mapping.w_avg.lerp_(codes.mean((0, 1)), 1 - MEAN_CODE_DECAY)


@torch.no_grad()
def pictures_of(model: StyleGAN2, count: int, number: int, latents: Latents = ONE) -> Tensor:
    """Always the same pictures for one number, with the generator's own noise."""
    return model(fixed_latents(count, model.config, latents, number).to(model.device))


def generator_sheet(model: StyleGAN2, pictures: Portraits) -> Image.Image:
    """Rows of a real picture, made ones with one latent, made ones with one for every layer."""
    real = pictures.batch(range(min(ROWS, len(pictures))))
    one, own = (pictures_of(model, count * len(real), 0, kind) for count, kind in ((4, ONE), (3, OWN)))
    return picture_sheet([real, *(part.clamp(-1, 1) for part in (*one.chunk(4), *own.chunk(3)))])


@tells_mistakes
def main(
    data: DataFolder,
    out: RunFolder,
    preset: Annotated[str, typer.Option(help=f"One of {', '.join(GENERATOR_PRESETS)}.")] = "starter",
    change: Changes = None,
    init: Annotated[str | None, typer.Option(help="Saved generator to start from.")] = None,
    opponent: Annotated[str | None, typer.Option(help="Saved discriminator to start from.")] = None,
    minutes: Minutes = None,
    resume: Resume = False,
) -> None:
    settings = choose_preset(GENERATOR_PRESETS, preset, change or [])
    train_generator(settings, data, out, init=init, opponent=opponent, minutes=minutes, resume=resume)


if __name__ == "__main__":
    typer.run(main)
