"""Trains the style encoder, the content encoder and the decoder on pictures and sketches of them (Liu 2021, eq. 12).

    python -m training.sketch2image.train_autoencoder --preset starter --data illustrations/ --out runs/autoencoder

About 0.35 s a step of 8 pictures for the starter on one free core; lines are there after 100 steps, colours of large
parts after 200. With `--init` of an earlier run it goes on from there, at `--set run.learning_rate=0.0003` say.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, NamedTuple

import torch
import typer
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

from artmodels.errors import ConfigError
from artmodels.sketch2image.model import SketchToImage
from artmodels.sketch2image.networks import Content, Styles
from training.command import Changes, DataFolder, Minutes, Resume, RunFolder, tells_mistakes
from training.feature_distance import Distance, load_distance
from training.losses import frozen
from training.order import places_of
from training.run import Run, step_generator
from training.settings import choose_preset
from training.sheets import picture_sheet
from training.sketch2image.augment import bold, erased
from training.sketch2image.data import ClassSubsets, Pair, SketchedPictures
from training.sketch2image.objective import (
    class_confusion,
    content_triplet,
    derangement,
    grey_difference,
    reconstruction_losses,
    style_triplet,
)
from training.sketch2image.settings import AUTOENCODER_PRESETS, AutoencoderSettings
from training.step_batches import draw_steps

__all__ = ["train_autoencoder"]

SHOWN = 8


class Step(NamedTuple):
    """What a step learns from: a batch whose first pictures belong to these classes, [A], and altered sketches.

    altered: of the subset's pictures, the same sketches bold, erased, or both, [A, 1, S, S].
    """

    pair: Pair
    classes: Tensor
    altered: Tensor


def train_autoencoder(
    settings: AutoencoderSettings,
    data: Path,
    out: Path,
    *,
    init: str | None = None,
    minutes: float | None = None,
    resume: bool = False,
) -> SketchToImage:
    """Trains all of a model without refiner and returns the averaged one.

    Args: init: a saved model to start from instead of fresh weights; a refiner of it is left behind.
    """
    run = Run[SketchToImage](out, settings.run, everything=settings, minutes=minutes, resume=resume)
    model = new_autoencoder(settings, init).train()
    model.to(run.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    head = nn.Linear(model.config.content_channels[-1], settings.subset).to(run.device)
    optimiser = torch.optim.Adam([*model.parameters(), *head.parameters()], settings.run.learning_rate, (0.5, 0.999))
    trained = nn.ModuleList([model, head])
    run.start(model, head=head, optimiser=optimiser)
    pictures, held_out = (
        SketchedPictures(data, settings.sampling, settings.model.size, split=split) for split in ("train", "test")
    )
    subsets = class_subsets(len(pictures), settings, run.accelerator.num_processes)
    distance = load_distance(settings.features, run.device) if settings.perceptual else None
    shown = held_out.plain(range(min(SHOWN, len(held_out))))

    for batch, generator in draw_steps(run, step_maker(pictures, subsets, settings, run)):
        if subsets.begins(run.step):
            begin_classes(head, optimiser, settings.run.seed + subsets.number(run.step))
        step = Step(Pair(*(part.to(run.device) for part in batch.pair)), *(part.to(run.device) for part in batch[1:]))
        with run.accelerator.autocast():
            losses = autoencoder_losses(model, head, distance, step, settings, generator)
        norm = run.descend(torch.stack(list(losses.values())).sum(), trained, optimiser)
        run.log({**losses, **norm})
        if run.is_showing():
            run.show(exchanged_sheet(run.average, shown, run.device))
    return run.average


def new_autoencoder(settings: AutoencoderSettings, init: str | None) -> SketchToImage:
    model = SketchToImage(settings.model)
    if init is not None:
        state = SketchToImage.from_pretrained(init).state_dict()
        model.load_state_dict({name: value for name, value in state.items() if not name.startswith("refiner.")})
    return model


def class_subsets(pictures: int, settings: AutoencoderSettings, processes: int) -> ClassSubsets:
    """Raises ConfigError where there are fewer pictures than classes."""
    if pictures < settings.subset:
        raise ConfigError(f"subset is {settings.subset}, but there are only {pictures} pictures")
    period = max(1, settings.passes * settings.subset // (settings.subset_pictures * processes))
    return ClassSubsets(pictures, settings.subset, period, settings.run.seed)


def step_maker(
    pictures: SketchedPictures, subsets: ClassSubsets, settings: AutoencoderSettings, run: Run[SketchToImage]
) -> Callable[[int, torch.Generator], Step]:
    """Draws the subset's pictures of a step, and others after them."""
    known, others = settings.subset_pictures, settings.run.batch_size - settings.subset_pictures
    process, processes = run.accelerator.process_index, run.accelerator.num_processes

    def draw(step: int, generator: torch.Generator) -> Step:
        turn = step * processes + process
        classes = subsets.classes(step, turn * known, known)
        members = subsets.members(step)
        places = [members[one] for one in classes]
        places += places_of(len(pictures), settings.run.seed, turn * others, others)
        pair = pictures.pairs(places, generator)
        return Step(pair, torch.tensor(classes), altered(pair.sketch[:known], generator))

    return draw


def altered(sketches: Tensor, generator: torch.Generator) -> Tensor:
    """Each sketch bold, erased, or both, by chance."""
    kinds = torch.randint(3, (len(sketches), 1, 1, 1), generator=generator)
    widened = torch.where(kinds > 0, bold(sketches), sketches)
    return torch.where(kinds != 1, erased(widened, generator), widened)


def begin_classes(head: nn.Linear, optimiser: torch.optim.Optimizer, seed: int) -> None:
    """New weights, U(+-1 / sqrt(C)), and a bias a tenth of that; what the optimiser knew of the old is forgotten."""
    bound, generator = head.in_features**-0.5, step_generator(seed, 0, 0)
    with torch.no_grad():
        for parameter, most in ((head.weight, bound), (head.bias, 0.1 * bound)):
            parameter.copy_((2 * torch.rand(parameter.shape, generator=generator) - 1) * most)
            optimiser.state.pop(parameter, None)


def autoencoder_losses(
    model: SketchToImage,
    head: nn.Linear,
    distance: Distance | None,
    step: Step,
    settings: AutoencoderSettings,
    generator: torch.Generator,
) -> dict[str, Tensor]:
    """Eq. 12 with the settings' weights: reconstruction of all pictures, and the terms of the subset's.

    Differs: of the subset's sketches the altered ones are decoded in half of the steps, the whole ones in the others.
    """
    known = len(step.classes)
    styles = model.encode_style(step.pair.exemplar)
    content = model.encode_content(step.pair.sketch)
    needs_altered = bool(settings.content_triplet)
    changed = model.encode_content(step.altered) if needs_altered else content
    decoded = content
    if needs_altered and torch.rand((), generator=generator) < 0.5:
        decoded = Content(*(torch.cat((new, old[known:])) for new, old in zip(changed, content, strict=True)))
    made = model.decode(decoded, styles).float()
    losses = reconstruction_losses(made, step.pair.picture, distance, settings)
    if settings.grey:
        order = derangement(len(made), generator)
        exchanged = model.decode(decoded, Styles(*(vectors[order] for vectors in styles)))
        losses["grey"] = settings.grey * grey_difference(exchanged, step.pair.picture)
    losses |= style_losses(model, head, step, Styles(*(vectors[:known] for vectors in styles)), settings, generator)
    own = Content(*(maps[:known] for maps in content))
    return losses | content_losses(head, own, changed, settings, generator)


def style_losses(
    model: SketchToImage,
    head: nn.Linear,
    step: Step,
    styles: Styles,
    settings: AutoencoderSettings,
    generator: torch.Generator,
) -> dict[str, Tensor]:
    """Eqs. 7 and 8, of the subset's altered pictures' styles beside those of the pictures themselves."""
    if not settings.style_triplet and not settings.style_class:
        return {}
    known = len(step.classes)
    losses: dict[str, Tensor] = {}
    with torch.set_grad_enabled(bool(settings.style_class)):
        whole = model.encode_style(step.pair.picture[:known])
    if settings.style_triplet:
        order = derangement(known, generator)
        positives = [vectors.detach() for vectors in whole]
        negatives = [vectors[order] for vectors in positives]
        losses["style_triplet"] = settings.style_triplet * style_triplet(
            styles, positives, negatives, settings.style_margin
        )
    if settings.style_class:
        guesses = (head(functional.leaky_relu(vectors, 0.1)).float() for vectors in (styles.coarse, whole.coarse))
        losses["style_class"] = settings.style_class * torch.stack(
            [functional.cross_entropy(guess, step.classes) for guess in guesses]
        ).sum()  # fmt: skip
    return losses


def content_losses(
    head: nn.Linear, content: Content, changed: Content, settings: AutoencoderSettings, generator: torch.Generator
) -> dict[str, Tensor]:
    """Eqs. 9 and 10, of the subset's sketches and the altered ones; the head gets no gradient from them."""
    losses: dict[str, Tensor] = {}
    if settings.content_triplet:
        order = derangement(len(content.coarse), generator)
        anchors = [maps.detach() for maps in content[:3]]
        negatives = [maps[order] for maps in changed[:3]]
        losses["content_triplet"] = settings.content_triplet * content_triplet(
            anchors, changed[:3], negatives, settings.content_margin
        )
    if settings.content_class:
        with frozen(head):
            guess = head(functional.leaky_relu(content.coarse.mean((2, 3)), 0.1))
        losses["content_class"] = settings.content_class * class_confusion(guess)
    return losses


@torch.no_grad()
def exchanged_sheet(model: SketchToImage, shown: Pair, device: torch.device) -> Image.Image:
    """Held-out pictures: sketch, picture, the sketch in its own style, another picture, and in that one's style."""
    model.eval()
    sketch, picture = shown.sketch.to(device), shown.picture.to(device)
    content, styles = model.encode_content(sketch), model.encode_style(picture)
    others = Styles(*(vectors.roll(1, 0) for vectors in styles))
    made = (model.decode(content, style) for style in (styles, others))
    own, other = made
    return picture_sheet([sketch, picture, own, picture.roll(1, 0), other])


@tells_mistakes
def main(
    data: DataFolder,
    out: RunFolder,
    init: Annotated[str | None, typer.Option(help="Saved model to start from.")] = None,
    preset: Annotated[str, typer.Option(help=f"One of {', '.join(AUTOENCODER_PRESETS)}.")] = "starter",
    change: Changes = None,
    minutes: Minutes = None,
    resume: Resume = False,
) -> None:
    settings = choose_preset(AUTOENCODER_PRESETS, preset, change or [])
    train_autoencoder(settings, data, out, init=init, minutes=minutes, resume=resume)


if __name__ == "__main__":
    typer.run(main)
