"""Trains latent encoders and generators of every step (Tseng 2020, eqs. 3 and 9) against frozen inference networks.

    python -m training.workflow.train_generation --preset starter --data illustrations/ --init runs/inference/model \
        --out runs/small --set load_size=64 --set run.batch_size=32 --set wake_below=100 --minutes 45

About 0.28 s a step of 32 small pictures for one of the starter's steps on two CPU cores; backdrop and hair take their
colours after some 1000 steps, clothes after 5000. `make train-workflow-illustrations` shows the steps that follow.
`--set joint=true --set adversarial=1 --set kl=0.01 --set latent=0.5 --set cycle=1` trains with the whole objective,
chained as at test time.
"""

from pathlib import Path
from typing import Annotated, NamedTuple

import torch
import typer
from PIL import Image
from torch import Tensor, nn

from artmodels.workflow.model import WorkflowEditor
from training.command import Changes, DataFolder, Minutes, Resume, RunFolder, tells_mistakes
from training.run import Run
from training.settings import choose_preset
from training.sheets import picture_sheet
from training.workflow.data import StagePictures, training_batch
from training.workflow.discriminators import MultiScaleDiscriminator
from training.workflow.latents import wake_blocks, wake_latents, whiten_latents
from training.workflow.objective import Rendered, generation_loss, render_step, rendered_discriminator_loss
from training.workflow.settings import GENERATION_PRESETS, GenerationSettings

__all__ = ["train_generation"]

MENDING_PICTURES = 1000


class Adversaries(NamedTuple):
    """Two unconditional discriminators a step: for encoded and for random styles."""

    encoded: nn.ModuleList
    random: nn.ModuleList


def train_generation(
    settings: GenerationSettings,
    data: Path,
    out: Path,
    *,
    init: str,
    minutes: float | None = None,
    resume: bool = False,
) -> WorkflowEditor:
    """Trains `editor.encoders` and `editor.generators` and returns the averaged model.

    Args: init: a saved editor whose inference networks are trained; its config is the model's.
    """
    run = Run[WorkflowEditor](out, settings.run, everything=settings, minutes=minutes, resume=resume)
    editor = WorkflowEditor.from_pretrained(init).train()
    editor.to(run.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    editor.inference.requires_grad_(False)
    pictures = StagePictures(data, editor.config, load_size=settings.load_size, split="train")
    shown = StagePictures(data, editor.config, load_size=editor.config.size, split="test")
    mend_latents(editor, pictures, trained_steps(editor, settings), settings)
    pupils = Pupils(run, settings, editor)
    run.start(editor, discriminators=pupils.discriminators, optimiser=pupils.optimiser, adversary=pupils.adversary)

    for _ in run.steps():
        generator = run.generator()
        stages = training_batch(
            pictures, run, generator, mirrored=settings.mirrored, hue_rotation=settings.hue_rotation
        )
        run.log(pupils.learn(stages, generator))
        if run.is_showing():
            run.show(rendered_sheet(run.average, shown.batch(range(min(8, len(shown)))), run.device))
    return run.average


class Pupils:
    """The latent encoders and generators of the trained steps, and how they learn against discriminators."""

    def __init__(self, run: Run[WorkflowEditor], settings: GenerationSettings, editor: WorkflowEditor):
        self.run, self.settings, self.editor = run, settings, editor
        self.steps = trained_steps(editor, settings)
        self.trained = nn.ModuleList(network for step in self.steps for network in editor.step_networks(step))
        self.adversaries = new_adversaries(editor, settings.discriminator_width, run.device)
        self.discriminators = nn.ModuleList(self.adversaries)
        self.optimiser = torch.optim.Adam(self.trained.parameters(), settings.run.learning_rate, (0.5, 0.999))
        self.adversary = torch.optim.Adam(self.discriminators.parameters(), settings.run.learning_rate, (0.5, 0.999))

    def learn(self, stages: list[Tensor], generator: torch.Generator) -> dict[str, Tensor]:
        """One step from every stage's pictures [B, C, S, S]; the losses and the gradient's norm, for the log."""
        run, settings, editor = self.run, self.settings, self.editor
        half = settings.run.batch_size // 2
        noise = torch.randn(editor.config.steps, 3, half, editor.config.latent_dim, generator=generator).to(run.device)
        with run.accelerator.autocast():
            rendered = render(editor, stages, noise, settings)

        losses: dict[str, Tensor] = {}
        if settings.adversarial:
            with run.accelerator.autocast():
                losses["adversary"] = total_discriminator_loss(
                    {step: rendered[step] for step in self.steps}, stages, self.adversaries
                )
            run.descend(losses["adversary"], self.discriminators, self.adversary, clip=False)

        with run.accelerator.autocast():
            learnt = total_losses(editor, rendered, stages, self.adversaries, settings)
        norm = run.descend(torch.stack(list(learnt.values())).sum(), self.trained, self.optimiser)
        return {**losses, **norm, **learnt}


def new_adversaries(editor: WorkflowEditor, width: int, device: torch.device) -> Adversaries:
    channels = editor.config.channels[1:]
    encoded, random = (
        nn.ModuleList(MultiScaleDiscriminator(count, width) for count in channels).to(device) for _ in range(2)
    )
    return Adversaries(encoded, random)


@torch.no_grad()
def mend_latents(
    editor: WorkflowEditor, pictures: StagePictures, steps: list[int], settings: GenerationSettings
) -> None:
    """Wakes and whitens latents of the steps, where the settings say so, by the first training pictures."""
    stages = pictures.batch(range(min(MENDING_PICTURES, len(pictures))))
    for step in steps:
        content, picture = (stage.to(editor.device) for stage in stages[step : step + 2])
        if settings.wake_below:
            wake_blocks(editor.step_networks(step)[0])
            wake_latents(*editor.step_networks(step), content, picture, below=settings.wake_below)
        if settings.whiten:
            whiten_latents(*editor.step_networks(step), picture)


def trained_steps(editor: WorkflowEditor, settings: GenerationSettings) -> list[int]:
    names = settings.rendered_stages or editor.config.stages[1:]
    return [editor.config.stages.index(name) - 1 for name in names]


def render(
    editor: WorkflowEditor, stages: list[Tensor], noise: Tensor, settings: GenerationSettings
) -> dict[int, Rendered]:
    """Each trained step's pictures for the first half of the batch.

    Separate training reads true stages. Joint training reads what the editor has at test time, always detached:
    the inferred first stage, then each step's encoded output, in the style of the inferred next stage.
    """
    half = noise.shape[2]
    references = truth = [stage[:half] for stage in stages]
    if settings.joint:
        with torch.no_grad():
            references = [stage.float() for stage in editor.infer_stages(truth[-1])]
    content, trained = references[0], trained_steps(editor, settings)
    rendered: dict[int, Rendered] = {}
    for step in range(max(trained) + 1):
        if step in trained or settings.joint:
            networks, count = editor.step_networks(step), settings.random_pictures
            rendered[step] = render_step(networks, content, references[step + 1], noise[step], count)
        content = rendered[step].encoded.detach() if settings.joint else truth[step + 1]
    return rendered


def total_discriminator_loss(rendered: dict[int, Rendered], stages: list[Tensor], adversaries: Adversaries) -> Tensor:
    pairs = {step: (adversaries.encoded[step], adversaries.random[step]) for step in rendered}
    return torch.stack(
        [rendered_discriminator_loss(rendered[step], stages[step + 1], *pair) for step, pair in pairs.items()]
    ).sum()


def total_losses(
    editor: WorkflowEditor,
    rendered: dict[int, Rendered],
    stages: list[Tensor],
    adversaries: Adversaries,
    settings: GenerationSettings,
) -> dict[str, Tensor]:
    losses: dict[str, Tensor] = {}
    for step in trained_steps(editor, settings):
        _, encoder = editor.step_networks(step)
        half = len(rendered[step].encoded)
        networks = (encoder, adversaries.encoded[step], adversaries.random[step], editor.inference[step])
        stage, target = stages[step][:half], stages[step + 1][:half]
        parts = generation_loss(rendered[step], stage, target, networks, settings)
        losses |= {f"{name}_{editor.config.stages[step + 1]}": loss for name, loss in parts.items()}
    return losses


@torch.no_grad()
def rendered_sheet(editor: WorkflowEditor, stages: list[Tensor], device: torch.device) -> Image.Image:
    """Held-out artworks: inferred stages, the artwork, its re-rendering, then each stage re-sampled once."""
    editor.eval()
    inferred = editor.infer_stages(stages[-1].to(device))
    latents = editor.encode_latents(inferred)
    columns = [*inferred[:-1], stages[-1], *editor.render(inferred[0], latents)[1:]]
    for i in range(editor.config.steps):
        noise = torch.randn(latents[i].shape, generator=torch.Generator().manual_seed(i)).to(device)
        columns.append(editor.render(inferred[0], [*latents[:i], noise, *latents[i + 1 :]])[-1])
    return picture_sheet(columns)


@tells_mistakes
def main(
    data: DataFolder,
    out: RunFolder,
    init: Annotated[str, typer.Option(help="Saved editor with trained inference networks.")],
    preset: Annotated[str, typer.Option(help=f"One of {', '.join(GENERATION_PRESETS)}.")] = "starter",
    change: Changes = None,
    minutes: Minutes = None,
    resume: Resume = False,
) -> None:
    settings = choose_preset(GENERATION_PRESETS, preset, change or [])
    train_generation(settings, data, out, init=init, minutes=minutes, resume=resume)


if __name__ == "__main__":
    typer.run(main)
