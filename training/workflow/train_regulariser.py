"""Trains the weights that draw increments of AdaIN optimisation back to zero (Tseng 2020, eq. 7), networks frozen.

    python -m training.workflow.train_regulariser --preset starter --init runs/full/model --data illustrations/ \
        --out runs/regulariser

About seven minutes of one free CPU core for the starter with two stages to render. Also measures what is usual among
training artworks, and draws the weights' quartiles into samples/quartiles.png: biases should be held more than scales.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from pickle import UnpicklingError
from typing import Annotated

import numpy as np
import torch
import typer
from torch import Tensor, nn
from torch.nn import functional

from artmodels.errors import CheckpointError
from artmodels.perceptual import load_features
from artmodels.workflow.model import WorkflowEditor
from training.command import Changes, DataFolder, Minutes, Resume, RunFolder, tells_mistakes
from training.run import Run, step_generator
from training.settings import choose_preset
from training.workflow.data import StagePictures, random_crop_and_flip
from training.workflow.discriminators import MultiScaleDiscriminator
from training.workflow.quartiles import quartile_plot
from training.workflow.regulariser import Pairs, StageTask, learn_from_pairs, train_discriminator
from training.workflow.settings import REGULARISER_PRESETS, RegulariserSettings

__all__ = ["measure_usual", "regularised", "train_regulariser"]

USUAL = 0.995
MEASURED_BATCH, DISCRIMINATOR_BATCH = 16, 4


def train_regulariser(
    settings: RegulariserSettings,
    data: Path,
    out: Path,
    *,
    init: str,
    discriminators: Path | None = None,
    minutes: float | None = None,
    resume: bool = False,
) -> WorkflowEditor:
    """Trains `editor.regularisers` and returns an editor that holds them; its networks stay as they were.

    Args:
        init: a saved editor whose networks are trained; regularisers that it has are trained on.
        discriminators: the `state.pt` of a checkpoint of the generators' training, whose discriminators of encoded
            styles judge here; otherwise new ones are trained first.
    """
    run = Run[WorkflowEditor](out, settings.run, everything=settings, minutes=minutes, resume=resume)
    editor = regularised(WorkflowEditor.from_pretrained(init), settings.features).to(run.device).requires_grad_(False)
    pictures = StagePictures(data, editor.config, load_size=settings.load_size, split="train")
    pupils = Pupils(run, settings, editor)
    run.start(editor, judges=pupils.judges, optimiser=pupils.optimiser)
    if settings.adversarial and not resume:
        prepare_judges(pupils.judges, pupils.tasks, pictures, settings, discriminators)

    for _ in run.steps():
        run.log(pupils.learn(draw_artworks(run, pictures, settings)))
        if run.is_showing():
            run.show(quartile_plot(editor))
    measure_usual(run.average, pictures, settings)
    if run.is_main:
        run.average.save_pretrained(out / "model")
        (out / "samples").mkdir(exist_ok=True)
        quartile_plot(run.average).save(out / "samples" / "quartiles.png")
    return run.average


class Pupils:
    """The weights of all stages, and how they learn from artworks that frozen networks render."""

    def __init__(self, run: Run[WorkflowEditor], settings: RegulariserSettings, editor: WorkflowEditor):
        self.run, self.settings, self.editor = run, settings, editor
        self.weights = editor.regularisers.requires_grad_(True)
        features, steps = load_features(editor.config.features, device=run.device), range(editor.config.steps)
        self.tasks = [StageTask(editor.step_networks(step), features, run.device) for step in steps]
        self.judges = nn.ModuleList(
            MultiScaleDiscriminator(channels, settings.discriminator_width) for channels in editor.config.channels[1:]
        ).to(run.device)
        # Only the weights of the stage at hand have a gradient, and Adam passes over the others.
        self.optimiser = torch.optim.Adam(
            self.weights.parameters(), settings.run.learning_rate, weight_decay=settings.weight_decay
        )

    def learn(self, artworks: list[Tensor]) -> dict[str, Tensor]:
        """One step from every stage of artworks [2B, C, S, S], the first half paired with the second.

        Returns: the losses, for the log.
        """
        settings, editor = self.settings, self.editor
        halves = [stage.chunk(2) for stage in artworks]
        losses: dict[str, Tensor] = {}
        for step, task in enumerate(self.tasks):
            (stage, other_stage), (target, other_target) = halves[step], halves[step + 1]
            pairs = Pairs(stage, target, other_stage, other_target)
            judge = self.judges[step] if settings.adversarial else None
            terms = learn_from_pairs(task, pairs, partial(editor.adain_weight, step), self.update, settings, judge)
            losses |= {f"{name}_{editor.config.stages[step + 1]}": loss for name, loss in terms.items()}
        return losses

    def update(self) -> None:
        """Moves the weights by their gradients, and forgets these."""
        self.run.average_gradients(self.weights)
        self.optimiser.step()
        self.optimiser.zero_grad()


def draw_artworks(run: Run[WorkflowEditor], pictures: StagePictures, settings: RegulariserSettings) -> list[Tensor]:
    """What this step of this process learns from: every stage of twice as many artworks as pairs, [2B, C, S, S]."""
    order = pictures.indices(settings.run.seed, 2 * run.batch_start(), 2 * settings.run.batch_size)
    crops = random_crop_and_flip(
        pictures.batch(order), pictures.config.size, run.generator(), mirrored=settings.mirrored
    )
    return [stage.to(run.device) for stage in crops]


def regularised(editor: WorkflowEditor, features: str | None) -> WorkflowEditor:
    """The same editor with regularisers, new ones if it had none, and with other features if they are named."""
    config = replace(editor.config, regularised=True, features=features or editor.config.features)
    found = WorkflowEditor(config).eval()
    found.load_state_dict({**found.state_dict(), **editor.state_dict()})
    return found


def prepare_judges(
    judges: nn.ModuleList,
    tasks: list[StageTask],
    pictures: StagePictures,
    settings: RegulariserSettings,
    checkpoint: Path | None,
) -> None:
    """Fills the discriminators from a checkpoint, or teaches them what the frozen generators render.

    Raises:
        CheckpointError: the checkpoint holds no discriminators of this width and these stages.
    """
    if checkpoint is None:
        for step, (task, judge) in enumerate(zip(tasks, judges, strict=True)):
            batches = stage_batches(pictures, step, settings, next(judge.parameters()).device)
            train_discriminator(task, judge, batches)
        return
    try:
        saved = torch.load(checkpoint, map_location="cpu", weights_only=True)["parts"]["discriminators"]
        judges.load_state_dict({name[2:]: value for name, value in saved.items() if name.startswith("0.")})
    except (OSError, KeyError, TypeError, RuntimeError, UnpicklingError) as error:
        reason = str(error).splitlines()[0]
        raise CheckpointError(f"{checkpoint} holds no discriminators that fit this training: {reason}") from error


def stage_batches(
    pictures: StagePictures, step: int, settings: RegulariserSettings, device: torch.device
) -> Iterator[tuple[Tensor, Tensor]]:
    """A generation step's stage and its successor, as often as a discriminator learns beforehand."""
    for number in range(settings.discriminator_steps):
        order = pictures.indices(settings.run.seed, number * DISCRIMINATOR_BATCH, DISCRIMINATOR_BATCH)
        generator = step_generator(settings.run.seed, -1 - step, number)
        crops = random_crop_and_flip(pictures.batch(order), pictures.config.size, generator, mirrored=settings.mirrored)
        yield crops[step].to(device), crops[step + 1].to(device)


@torch.no_grad()
def measure_usual(editor: WorkflowEditor, pictures: StagePictures, settings: RegulariserSettings) -> None:
    """Fills the editor's limits of what is usual from training artworks, evenly taken.

    They are the 99.5th percentiles of the reconstruction error without optimisation and of each latent's root mean
    square.
    """
    chosen = np.linspace(0, len(pictures) - 1, min(len(pictures), settings.measured_artworks), dtype=int).tolist()
    errors, sizes = [], []
    for start in range(0, len(chosen), MEASURED_BATCH):
        artworks = pictures.batch(chosen[start : start + MEASURED_BATCH])[-1]
        artworks = functional.interpolate(artworks, (editor.config.size,) * 2, mode="bilinear", antialias=True)
        artworks = artworks.to(editor.device)
        stages = editor.infer_stages(artworks)
        latents = editor.encode_latents(stages)
        errors.append((editor.render(stages[0], latents)[-1] - artworks).abs().mean((1, 2, 3)))
        sizes.append(torch.stack([latent.square().mean(1).sqrt() for latent in latents], dim=1))
    editor.usual_error.copy_(torch.quantile(torch.cat(errors), USUAL))
    editor.usual_latent.copy_(torch.quantile(torch.cat(sizes), USUAL, dim=0))


@tells_mistakes
def main(
    data: DataFolder,
    out: RunFolder,
    init: Annotated[str, typer.Option(help="Saved editor whose networks are trained.")],
    preset: Annotated[str, typer.Option(help=f"One of {', '.join(REGULARISER_PRESETS)}.")] = "starter",
    change: Changes = None,
    discriminators: Annotated[Path | None, typer.Option(help="state.pt of the generators' training.")] = None,
    minutes: Minutes = None,
    resume: Resume = False,
) -> None:
    settings = choose_preset(REGULARISER_PRESETS, preset, change or [])
    train_regulariser(
        settings, data, out, init=init, discriminators=discriminators, minutes=minutes, resume=resume
    )  # fmt: skip


if __name__ == "__main__":
    typer.run(main)
