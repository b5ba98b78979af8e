"""Trains the refiner against a discriminator, the auto-encoder frozen (Liu 2021, section 3.4).

    python -m training.sketch2image.train_refiner --preset starter --data illustrations/ --init runs/autoencoder/model \
        --out runs/refined

About 0.4 s a step of 8 pictures for the starter on one free core. `--set refiner=art` is the paper's for many pictures.
With `--init` of a model that has such a refiner already, that one goes on. Pictures meet their own sketches and styles
only; that others work too is the auto-encoder's doing.
"""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import torch
import typer
from PIL import Image
from torch import Tensor
from torch.nn import functional

from artmodels.sketch2image.model import SketchToImage
from artmodels.sketch2image.networks import Styles
from training.command import Changes, DataFolder, Minutes, Resume, RunFolder, tells_mistakes
from training.feature_distance import Distance, load_distance
from training.losses import frozen, hinge_discriminator, hinge_generator
from training.run import Run
from training.settings import choose_preset
from training.sheets import picture_sheet
from training.sketch2image.data import Pair, SketchedPictures
from training.sketch2image.discriminator import PictureDiscriminator
from training.sketch2image.objective import derangement, grey_difference, reconstruction_losses
from training.sketch2image.settings import REFINER_PRESETS, RefinerSettings
from training.step_batches import step_batches

__all__ = ["train_refiner"]

SHOWN = 8


def train_refiner(
    settings: RefinerSettings,
    data: Path,
    out: Path,
    *,
    init: str,
    minutes: float | None = None,
    resume: bool = False,
) -> SketchToImage:
    """Trains `model.refiner` and returns the model with the averaged one.

    Args: init: a saved model whose auto-encoder is trained.
    """
    run = Run[SketchToImage](out, settings.run, everything=settings, minutes=minutes, resume=resume)
    model = with_refiner(SketchToImage.from_pretrained(init), settings).eval()
    model.to(run.device, memory_format=torch.channels_last).requires_grad_(False)  # type: ignore[call-overload]
    pupil = Pupil(run, settings, model)
    run.start(model, discriminator=pupil.discriminator, optimiser=pupil.optimiser, adversary=pupil.adversary)
    pictures, held_out = (
        SketchedPictures(data, settings.sampling, model.config.refined_size, split=split) for split in ("train", "test")
    )
    shown = held_out.plain(range(min(SHOWN, len(held_out))))

    for batch, generator in step_batches(run, pictures, pictures.pairs):
        run.log(pupil.learn(Pair(*(part.to(run.device) for part in batch)), generator))
        if run.is_showing():
            run.show(refined_sheet(run.average, shown, run.device))
    return run.average


class Pupil:
    """A refiner, and how it learns from pictures and against a discriminator."""

    def __init__(self, run: Run[SketchToImage], settings: RefinerSettings, model: SketchToImage):
        assert model.refiner is not None
        self.run, self.settings, self.model = run, settings, model
        self.refiner = model.refiner.train().requires_grad_(True)
        self.discriminator = PictureDiscriminator(settings.discriminator_widths).to(run.device)
        self.discriminator.to(memory_format=torch.channels_last)
        self.optimiser = torch.optim.Adam(self.refiner.parameters(), settings.run.learning_rate, (0.5, 0.999))
        self.adversary = torch.optim.Adam(self.discriminator.parameters(), settings.run.learning_rate, (0.5, 0.999))
        self.distance = load_distance(settings.features, run.device) if settings.perceptual else None

    def learn(self, pair: Pair, generator: torch.Generator) -> dict[str, Tensor]:
        """One step; the losses and the gradient's norm, for the log."""
        run, settings, model = self.run, self.settings, self.model
        noise = torch.randn(len(pair.sketch), model.noise_length, generator=generator).to(run.device)
        with run.accelerator.autocast():
            with torch.no_grad():
                coarse, styles = coarse_pictures(model, pair)
            made = model.refine(coarse, styles, noise).float()
            scores = (self.discriminator(picture).float() for picture in (pair.picture, made.detach()))
            losses = {"adversary": hinge_discriminator(*([score] for score in scores))}
        run.descend(losses["adversary"], self.discriminator, self.adversary, clip=False)

        with run.accelerator.autocast():
            learnt = refiner_losses(self.discriminator, self.distance, made, pair.picture, settings)
            if settings.grey:
                order = derangement(len(made), generator)
                exchanged = model.refine(coarse, Styles(*(vectors[order] for vectors in styles)), noise)
                learnt["grey"] = settings.grey * grey_difference(exchanged, pair.picture)
        norm = run.descend(torch.stack(list(learnt.values())).sum(), self.refiner, self.optimiser)
        return {**losses, **learnt, **norm}


def with_refiner(source: SketchToImage, settings: RefinerSettings) -> SketchToImage:
    """The source's auto-encoder with a refiner of these settings: the source's own where it is such a one."""
    config = replace(source.config, refiner=settings.refiner, refiner_enlargement=settings.refiner_enlargement)
    if config == source.config:
        return source
    model = SketchToImage(config)
    kept = {name: value for name, value in source.state_dict().items() if not name.startswith("refiner.")}
    model.load_state_dict({**model.state_dict(), **kept})
    return model


def coarse_pictures(model: SketchToImage, pair: Pair) -> tuple[Tensor, Styles]:
    """Coarse pictures [B, 3, size, size] and the styles that they are in, of pairs of the refined size."""
    enlargement = model.config.refiner_enlargement
    sketch, exemplar = (functional.avg_pool2d(part, enlargement) for part in (pair.sketch, pair.exemplar))
    styles = model.encode_style(exemplar)
    return model.decode(model.encode_content(sketch), styles), styles


def refiner_losses(
    discriminator: PictureDiscriminator,
    distance: Distance | None,
    made: Tensor,
    pictures: Tensor,
    settings: RefinerSettings,
) -> dict[str, Tensor]:
    """Eq. 14 with the settings' weights: the hinge term, and the differences to the true pictures."""
    with frozen(discriminator):
        scores = discriminator(made).float()
    losses = {"adversarial": settings.adversarial * hinge_generator([scores])}
    return losses | reconstruction_losses(made, pictures, distance, settings)


@torch.no_grad()
def refined_sheet(model: SketchToImage, shown: Pair, device: torch.device) -> Image.Image:
    """Held-out pictures: sketch, picture, coarse, refined; another picture, coarse in its style, and refined."""
    model.eval()
    pair = Pair(*(part.to(device) for part in shown))
    noise = torch.randn(len(pair.sketch), model.noise_length, generator=torch.Generator().manual_seed(0)).to(device)
    columns = [pair.sketch, pair.picture]
    for exemplar in (pair.picture, pair.picture.roll(1, 0)):
        coarse, styles = coarse_pictures(model, pair._replace(exemplar=exemplar))
        enlarged = functional.interpolate(coarse, scale_factor=float(model.config.refiner_enlargement))
        columns += [exemplar, enlarged, model.refine(coarse, styles, noise)]
    return picture_sheet([*columns[:2], *columns[3:]])


@tells_mistakes
def main(
    data: DataFolder,
    out: RunFolder,
    init: Annotated[str, typer.Option(help="Saved model with a trained auto-encoder.")],
    preset: Annotated[str, typer.Option(help=f"One of {', '.join(REFINER_PRESETS)}.")] = "starter",
    change: Changes = None,
    minutes: Minutes = None,
    resume: Resume = False,
) -> None:
    settings = choose_preset(REFINER_PRESETS, preset, change or [])
    train_refiner(settings, data, out, init=init, minutes=minutes, resume=resume)


if __name__ == "__main__":
    typer.run(main)
