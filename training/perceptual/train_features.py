"""Trains the starters' perceptual features on stage pictures of any number of recipes' folders.

    python -m training.perceptual.train_features --data illustrations/ --data emoji/ --out runs/features --minutes 8

About 0.15 s a step of 8 artworks on two CPU cores; the regions are told apart after some 1000 steps. The checkpoints'
taps are not divided by their mean yet, those of `model/` are.
"""

from pathlib import Path
from typing import Annotated

import torch
import typer
from PIL import Image
from torch.nn import functional

from artmodels.perceptual import StarterFeatures
from training.command import Changes, Minutes, Resume, RunFolder, tells_mistakes
from training.perceptual.data import StageFolders, cut_views
from training.perceptual.objective import Heads, feature_losses
from training.perceptual.settings import PERCEPTUAL_PRESETS, PerceptualSettings
from training.run import Run, step_generator
from training.settings import choose_preset
from training.sheets import picture_sheet

__all__ = ["train_features"]

CALIBRATION_ARTWORKS = 256


def train_features(
    settings: PerceptualSettings,
    data: list[Path],
    out: Path,
    *,
    minutes: float | None = None,
    resume: bool = False,
) -> StarterFeatures:
    """Trains a feature network and returns its averaged weights, with every tap divided by its mean.

    Args: data: folders that recipes wrote, of any stages.
    """
    run = Run[StarterFeatures](out, settings.run, everything=settings, minutes=minutes, resume=resume)
    pictures = StageFolders(data, load_size=settings.load_size, split="train")
    shown = StageFolders(data, load_size=settings.load_size, split="test")
    features = StarterFeatures(settings.model)
    features.train().to(run.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    heads = Heads(settings, len(data)).to(run.device)
    learnt = torch.nn.ModuleList((features, heads))
    optimiser = torch.optim.Adam(learnt.parameters(), settings.run.learning_rate, (0.5, 0.999))
    run.start(features, heads=heads, optimiser=optimiser)

    for _ in run.steps():
        order = pictures.indices(settings.run.seed, run.batch_start(), settings.run.batch_size)
        generator = run.generator()
        views = cut_views(pictures, order, settings.size, generator)
        views = type(views)(*(part.to(run.device) for part in views))
        with run.accelerator.autocast():
            losses = feature_losses(features, heads, views, settings, generator)
        norm = run.descend(torch.stack(list(losses.values())).sum(), learnt, optimiser)
        run.log({**losses, **norm})
        if run.is_showing():
            run.show(reading_sheet(run.average, heads, shown, settings))
    calibrate(run.average, pictures, settings)
    if run.is_main:
        run.average.save_pretrained(out / "model")
    return run.average


def calibrate(features: StarterFeatures, pictures: StageFolders, settings: PerceptualSettings) -> None:
    """Divides every tap by its mean over training pictures, the same ones each time."""
    order = pictures.indices(settings.run.seed, 0, min(len(pictures), CALIBRATION_ARTWORKS))
    views = cut_views(pictures, order, settings.load_size, step_generator(settings.run.seed, 0, 0))
    features.calibrate(torch.cat((views.first, views.second)).to(features.device))


@torch.no_grad()
def reading_sheet(
    features: StarterFeatures, heads: Heads, shown: StageFolders, settings: PerceptualSettings
) -> Image.Image:
    """Held-out stages, then what is read of them from each tap but the finest."""
    size = settings.load_size
    pictures = cut_views(shown, range(min(8, len(shown))), size, step_generator(0, 0, 0)).first.to(features.device)
    readings = [
        functional.interpolate(functional.pixel_shuffle(head(tap), 2), (size, size)).clamp(-1, 1)
        for head, tap in zip(heads.pictures, features(pictures)[1:], strict=True)
    ]
    return picture_sheet([pictures, *readings])


@tells_mistakes
def main(
    data: Annotated[list[Path], typer.Option(help="Folder that a recipe wrote, as often as there are.")],
    out: RunFolder,
    preset: Annotated[str, typer.Option(help=f"One of {', '.join(PERCEPTUAL_PRESETS)}.")] = "starter",
    change: Changes = None,
    minutes: Minutes = None,
    resume: Resume = False,
) -> None:
    settings = choose_preset(PERCEPTUAL_PRESETS, preset, change or [])
    train_features(settings, data, out, minutes=minutes, resume=resume)


if __name__ == "__main__":
    typer.run(main)
