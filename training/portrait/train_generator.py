"""Trains a StyleGAN2 on portraits, few or many (Karras et al., CVPR 2020 and NeurIPS 2020).

    python -m training.portrait.train_generator --preset starter --data data/portraits --out runs/photo --minutes 10

On one free core about 0.4 s a picture for the starter, 0.1 s for starter-64: faces take some 100 000, a GPU's work.
Both networks can learn at 32 or 64 pixels first and grow: `--init runs/small/model --opponent
runs/small/discriminator` beside a larger `model.size`.
Beside the run's `model/`, which is its last averaged state, `best/` holds the one whose pictures were nearest to the
real ones by the distance that `log.jsonl` tells at every sheet, and `discriminator/` what the trainings of styles begin
with. A row of a sheet is a real picture, four with one latent each and three with one for every layer.
"""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import torch
import typer
from PIL import Image
from torch import Tensor

from artmodels.portrait.stylegan2 import StyleGAN2
from training.command import Changes, DataFolder, Minutes, Resume, RunFolder, tells_mistakes
from training.losses import frozen
from training.portrait.augment import AugmentationControl, shown_views
from training.portrait.data import Portraits
from training.portrait.discriminator import Discriminator
from training.portrait.growth import grown_discriminator, grown_generator
from training.portrait.judge import Best, Judge
from training.portrait.latents import device_generator, draw_latents, draw_noise, fixed_latents
from training.portrait.objective import (
    PathLength,
    discriminator_loss,
    generator_loss,
    is_due,
    lazy_adam,
    path_lengths,
    r1_penalty,
)
from training.portrait.settings import GENERATOR_PRESETS, GeneratorSettings, Latents
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
    torch.backends.cudnn.benchmark = run.device.type == "cuda"
    torch.manual_seed(settings.run.seed)
    model, discriminator = new_networks(settings, init, opponent)
    for network in (model, discriminator):
        network.train().to(run.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    adversary, penalties = settings.adversary, settings.adversary.penalties
    optimiser = lazy_adam(model.parameters(), settings.run.learning_rate, penalties.path_steps)
    judging = lazy_adam(discriminator.parameters(), settings.run.learning_rate, penalties.r1_steps)
    control, path = AugmentationControl(adversary.augmentation.target, adversary.augmentation.pictures), PathLength()
    pictures = Portraits(data, model.config.size, split="train", device=run.device)
    judge, best = Judge(pictures, settings.features, settings.judged), Best(out / "best")
    parts = {"discriminator": discriminator, "optimiser": optimiser, "judging": judging}
    run.start(model, **parts, control=control, path=path, best=best)
    seen: dict[str, Tensor] = {}

    for real, generator in step_batches(run, pictures, pictures.mirrored, ahead=pictures.ahead):
        draws, count = device_generator(run.device, generator), len(real)

        def as_seen(shown: Tensor, generator: torch.Generator = generator) -> Tensor:
            return shown_views(shown, control.probability, generator)

        with run.accelerator.autocast():
            with torch.no_grad():
                _, made = make(model, count, settings.latents, draws)
            real = as_seen(real)
            scores = discriminator(real), discriminator(as_seen(made))
            seen["adversary"] = discriminator_loss(*scores, adversary.loss)
        run.descend(seen["adversary"], discriminator, judging, clip=False)
        control.notice(scores[0])
        control.adjust(run.step, lambda signs: run.accelerator.reduce(signs, "sum"))

        if is_due(run.step, penalties.r1_steps):
            watched = real.detach().requires_grad_(True)
            seen["r1"] = r1_penalty(discriminator(watched), watched)
            run.descend(penalties.r1 * penalties.r1_steps * seen["r1"], discriminator, judging, clip=False)

        with frozen(discriminator), run.accelerator.autocast():
            codes, made = make(model, count, settings.latents, draws)
            seen["generator"] = generator_loss(discriminator(as_seen(made)), adversary.loss)
        run.descend(seen["generator"], model, optimiser)
        model.mapping.w_avg.lerp_(codes.detach().mean((0, 1)), 1 - MEAN_CODE_DECAY)

        if is_due(run.step, penalties.path_steps):
            codes, made = make(model, max(count // 2, 1), settings.latents, draws)
            noise = torch.randn(made.shape, generator=draws, device=run.device)
            seen["path"] = path.penalty(path_lengths(made, codes, noise))
            run.descend(penalties.path * penalties.path_steps * seen["path"], model, optimiser)

        told = {"augmented": torch.tensor(control.probability)}
        if run.is_showing():
            distance = judge.distance(lambda count, number: pictures_of(run.average, count, number))
            best.keep(run.average, distance, run.step + 1, is_main=run.is_main)
            told[judge.name] = torch.tensor(distance)
            run.show(generator_sheet(run.average, pictures))
        run.log({**seen, **told})
    if run.is_main:
        discriminator.save_pretrained(out / "discriminator")
    return run.average


def new_networks(
    settings: GeneratorSettings, init: str | None, opponent: str | None
) -> tuple[StyleGAN2, Discriminator]:
    """Fresh ones, or saved ones, grown where they are for smaller pictures.

    Raises:
        ConfigError: the discriminator is for larger pictures than the generator's.
    """
    model, adversary = StyleGAN2(settings.model), settings.adversary
    if init:
        saved = StyleGAN2.from_pretrained(init)
        model = grown_generator(saved, max(saved.config.size, settings.model.size))
    if opponent:
        return model, grown_discriminator(Discriminator.from_pretrained(opponent), model.config.size)
    sizes = replace(model.config, channel_base=adversary.channel_base, channel_max=adversary.channel_max)
    return model, Discriminator(sizes)


def make(model: StyleGAN2, count: int, latents: Latents, draws: torch.Generator) -> tuple[Tensor, Tensor]:
    """Style codes [B, L, D] of new latents, and their pictures with new noise."""
    codes = model.mapping(draw_latents(count, model.config, latents, draws))
    return codes, model.synthesis(codes, noise=draw_noise(count, model.config, draws))


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
