"""Trains the networks that infer each stage from the one after it (Tseng 2020, eq. 5).

    python -m training.workflow.train_inference --preset starter --data illustrations/ --out runs/inference --minutes 15

About 0.3 s a step of 8 pictures for the starter on two CPU cores; lines and flats are clear after some 2000 steps.
`--set joint=true --init runs/inference/model` trains on inferred instead of true stages, as at test time.
"""

from pathlib import Path
from typing import Annotated

import torch
import typer
from PIL import Image
from torch import Tensor, nn

from artmodels.workflow.model import WorkflowEditor
from training.command import Changes, DataFolder, Minutes, Resume, RunFolder, tells_mistakes
from training.losses import hinge_discriminator
from training.run import Run
from training.settings import choose_preset
from training.sheets import picture_sheet
from training.workflow.data import StagePictures, training_batch
from training.workflow.discriminators import MultiScaleDiscriminator
from training.workflow.objective import inference_loss
from training.workflow.settings import INFERENCE_PRESETS, InferenceSettings

__all__ = ["train_inference"]


def train_inference(
    settings: InferenceSettings,
    data: Path,
    out: Path,
    *,
    init: str | None = None,
    minutes: float | None = None,
    resume: bool = False,
) -> WorkflowEditor:
    """Trains `editor.inference` and returns the averaged model; its other networks keep their first weights.

    Args: init: a saved editor to start from instead of fresh weights.
    """
    run = Run[WorkflowEditor](out, settings.run, everything=settings, minutes=minutes, resume=resume)
    editor = WorkflowEditor.from_pretrained(init) if init else WorkflowEditor(settings.model)
    editor.train().to(run.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    pupils = Pupils(run, settings, editor)
    run.start(editor, discriminators=pupils.discriminators, optimiser=pupils.optimiser, adversary=pupils.adversary)
    pictures = StagePictures(data, settings.model, load_size=settings.load_size, split="train")
    shown = StagePictures(data, settings.model, load_size=settings.model.size, split="test")

    for _ in run.steps():
        stages = training_batch(
            pictures, run, run.generator(), mirrored=settings.mirrored, hue_rotation=settings.hue_rotation
        )
        run.log(pupils.learn(stages))
        if run.is_showing():
            run.show(inferred_sheet(run.average, shown.batch(range(min(8, len(shown)))), run.device))
    return run.average


class Pupils:
    """The inference networks of all steps, and how they learn against discriminators."""

    def __init__(self, run: Run[WorkflowEditor], settings: InferenceSettings, editor: WorkflowEditor):
        self.run, self.settings, self.editor = run, settings, editor
        channels = settings.model.channels
        self.discriminators = nn.ModuleList(
            MultiScaleDiscriminator(channels[i + 1] + channels[i], settings.discriminator_width)
            for i in range(settings.model.steps)
        ).to(run.device)
        self.optimiser = torch.optim.Adam(editor.inference.parameters(), settings.run.learning_rate, (0.5, 0.999))
        self.adversary = torch.optim.Adam(self.discriminators.parameters(), settings.run.learning_rate, (0.5, 0.999))

    def learn(self, stages: list[Tensor]) -> dict[str, Tensor]:
        """One step from every stage's pictures [B, C, S, S]; the losses and the gradient's norm, for the log."""
        run, settings, editor = self.run, self.settings, self.editor
        with run.accelerator.autocast():
            sources, inferred = infer(editor, stages, joint=settings.joint)

        losses: dict[str, Tensor] = {}
        if settings.adversarial:
            with run.accelerator.autocast():
                losses["adversary"] = 0.5 * sum_discriminator_losses(self.discriminators, sources, inferred, stages)
            run.descend(losses["adversary"], self.discriminators, self.adversary, clip=False)

        with run.accelerator.autocast():
            learnt = total_losses(self.discriminators, sources, inferred, stages, settings)
        norm = run.descend(torch.stack(list(learnt.values())).sum(), editor.inference, self.optimiser)
        return {**losses, **norm, **learnt}


def infer(editor: WorkflowEditor, stages: list[Tensor], *, joint: bool) -> tuple[list[Tensor], list[Tensor]]:
    """Each step's source and what is inferred from it, first stage first; a joint source is the prediction after it."""
    sources, inferred = stages[1:], [stages[0]] * editor.config.steps
    for i in reversed(range(editor.config.steps)):
        if joint and i < editor.config.steps - 1:
            sources[i] = inferred[i + 1].detach()
        inferred[i] = editor.inference[i](sources[i]).float()
    return sources, inferred


def total_losses(
    discriminators: nn.ModuleList,
    sources: list[Tensor],
    inferred: list[Tensor],
    stages: list[Tensor],
    settings: InferenceSettings,
) -> dict[str, Tensor]:
    losses: dict[str, Tensor] = {}
    for i, discriminator in enumerate(discriminators):
        parts = inference_loss(sources[i], inferred[i], stages[i], discriminator, settings)
        losses |= {f"{name}_{settings.model.stages[i]}": loss for name, loss in parts.items()}
    return losses


def sum_discriminator_losses(
    discriminators: nn.ModuleList, sources: list[Tensor], inferred: list[Tensor], stages: list[Tensor]
) -> Tensor:
    return torch.stack([
        hinge_discriminator(
            discriminator(torch.cat((source, target), dim=1)),
            discriminator(torch.cat((source, fake.detach()), dim=1)),
        )
        for discriminator, source, fake, target in zip(discriminators, sources, inferred, stages, strict=False)
    ]).sum()  # fmt: skip


@torch.no_grad()
def inferred_sheet(editor: WorkflowEditor, stages: list[Tensor], device: torch.device) -> Image.Image:
    """Held-out artworks: every true stage but the last beside the inferred one, then the artwork."""
    editor.eval()
    inferred = editor.infer_stages(stages[-1].to(device))
    columns = [picture for pair in zip(stages[:-1], inferred[:-1], strict=True) for picture in pair]
    return picture_sheet([*columns, stages[-1]])


@tells_mistakes
def main(
    data: DataFolder,
    out: RunFolder,
    preset: Annotated[str, typer.Option(help=f"One of {', '.join(INFERENCE_PRESETS)}.")] = "starter",
    change: Changes = None,
    init: Annotated[str | None, typer.Option(help="Saved editor to start from.")] = None,
    minutes: Minutes = None,
    resume: Resume = False,
) -> None:
    settings = choose_preset(INFERENCE_PRESETS, preset, change or [])
    train_inference(settings, data, out, init=init, minutes=minutes, resume=resume)


if __name__ == "__main__":
    typer.run(main)
