"""Teaches a sketcher to draw pictures as a few drawings are drawn, which may show anything (Liu 2021, section 3.1).

    python -m training.sketch2image.train_sketcher --pictures photos/ --drawings my-drawings/ --name mine --minutes 10 \
        --out runs/mine

About 20 drawings suffice, and 0.13 s a step on one free core: strokes are there after 200 steps. `--pictures` may be
given several times; pictures without ink (`training.recipes.lineless`) teach it to find borders of colour. Previews are
in `samples/`: some pictures, then each as the hand draws it now. At the end several states of the hand become hands of
one sketcher in `model/`, ready for `artmodels push`: `hands.py` says which.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import torch
import typer
from PIL import Image
from torch import Tensor

from artmodels.errors import HubError
from artmodels.perceptual import StarterFeatures
from artmodels.sketch2image.config import SketcherConfig
from artmodels.sketch2image.sketcher import Sketcher
from artmodels.sketch2image.sketcher_networks import STRIDE, VGGLevels
from training.command import Changes, Minutes, Resume, RunFolder, tells_mistakes
from training.losses import (
    frozen,
    hinge_discriminator,
    hinge_generator,
    logistic_discriminator,
    logistic_generator,
)
from training.run import Run
from training.settings import choose_preset
from training.sheets import picture_sheet
from training.sketch2image.discriminator import GramDiscriminator
from training.sketch2image.hands import States, choose_hands
from training.sketch2image.line_measures import measure_strokes
from training.sketch2image.line_pictures import LinePictures
from training.sketch2image.objective import gram, gram_difference, matched_content
from training.sketch2image.settings import SKETCHER_PRESETS, SketcherSettings
from training.step_batches import step_batches

__all__ = ["train_sketcher"]

COMPARED_LEVELS = 3  # the coarsest ones


def train_sketcher(
    settings: SketcherSettings,
    pictures: Sequence[Path],
    drawings: Path,
    out: Path,
    *,
    name: str = "drawn",
    minutes: float | None = None,
    resume: bool = False,
) -> Sketcher:
    """Trains one generator and returns a sketcher whose hands are states of it: `name`, `name-2` and so on."""
    run = Run[Sketcher](out, settings.run, everything=settings, minutes=minutes, resume=resume)
    data = LinePictures(
        pictures,
        drawings,
        settings.model.size,
        settings.load_size,
        most_drawings=settings.drawings,
        seed=settings.run.seed,
    )
    shown, all_drawings = data.examples()
    darkness = measure_strokes(all_drawings).darkness
    config = SketcherConfig(**{**vars(settings.model), "hands": (name,), "darkness": (darkness,)})
    sketcher = with_features(Sketcher(config), settings.features).train()
    sketcher.to(run.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    pupil, states = Pupil(run, settings, sketcher), States(settings.candidates)
    run.start(
        sketcher, discriminator=pupil.discriminator, optimiser=pupil.optimiser, adversary=pupil.adversary, states=states
    )

    for batch, _ in step_batches(run, data, data.batch):
        losses = pupil.learn(*(part.to(run.device) for part in batch))
        states.offer(run.step + 1, pupil.generator)
        run.log(losses)
        if run.is_showing():
            run.show(drawn_sheet(run.average, shown, [name], run.device))
    return with_hands(run, states, shown, all_drawings, settings)


class Pupil:
    """A hand's generator, and how it learns from pictures, from drawings and against a discriminator."""

    def __init__(self, run: Run[Sketcher], settings: SketcherSettings, sketcher: Sketcher):
        self.run, self.settings, self.sketcher, self.name = run, settings, sketcher, sketcher.hands[0]
        self.generator = sketcher.generators[self.name]
        self.discriminator = GramDiscriminator(
            COMPARED_LEVELS, settings.discriminator_width, settings.discriminator_side
        ).to(run.device)  # fmt: skip
        self.optimiser = torch.optim.Adam(self.generator.parameters(), settings.run.learning_rate, (0.5, 0.99))
        self.adversary = torch.optim.Adam(self.discriminator.parameters(), settings.run.learning_rate, (0.5, 0.99))

    def learn(self, picture: Tensor, drawing: Tensor) -> dict[str, Tensor]:
        """One step from pictures [B, 3, S, S] and drawings [B, 1, S, S].

        Returns: the losses and the gradient's norm, for the log.
        """
        run, settings, sketcher = self.run, self.settings, self.sketcher
        with run.accelerator.autocast():
            with torch.no_grad():
                seen, drawn = sketcher.features(picture), compared(sketcher, drawing)
            made = compared(sketcher, sketcher.draw_features(seen, self.name).float())

        losses = {"adversary": discriminator_loss(self.discriminator, drawn, made, settings)}
        run.descend(losses["adversary"], self.discriminator, self.adversary, clip=False)

        learnt = generator_losses(self.discriminator, picture, seen, drawn, made, settings)
        norm = run.descend(torch.stack(list(learnt.values())).sum(), self.generator, self.optimiser)
        return {**losses, **learnt, **norm}


def with_features(sketcher: Sketcher, source: str) -> Sketcher:
    """The sketcher with the frozen features of that name.

    Raises:
        HubError: VGG-16's weights are not there yet and cannot be fetched.
    """
    if isinstance(sketcher.features, VGGLevels):
        wanted = sketcher.features.state_dict()
        sketcher.features.load_state_dict({key: value for key, value in vgg16_weights().items() if key in wanted})
    else:
        sketcher.features.load_state_dict(StarterFeatures.from_pretrained(source).state_dict())
    sketcher.features.requires_grad_(False)
    return sketcher


def vgg16_weights() -> dict[str, Tensor]:
    from torchvision.models import VGG16_Weights

    weights = VGG16_Weights.IMAGENET1K_V1
    try:
        return dict(weights.get_state_dict(progress=False, check_hash=True))
    except (OSError, RuntimeError) as error:
        raise HubError(f"the VGG-16 weights cannot be fetched from {weights.url}: {error}") from error


def compared(sketcher: Sketcher, pictures: Tensor) -> list[Tensor]:
    """The levels of features, coarsest last, by which drawings are compared: of pictures [B, 1 or 3, H, W]."""
    return [features.float() for features in sketcher.features(pictures)[-COMPARED_LEVELS:]]


def discriminator_loss(
    discriminator: GramDiscriminator, drawn: list[Tensor], made: list[Tensor], settings: SketcherSettings
) -> Tensor:
    """Eq. 5, or its hinge form."""
    real, fake = discriminator(drawn), discriminator([level.detach() for level in made])
    return logistic_discriminator(real, fake) if settings.adversarial == "log" else hinge_discriminator([real], [fake])


def generator_losses(
    discriminator: GramDiscriminator,
    picture: Tensor,
    seen: list[Tensor],
    drawn: list[Tensor],
    made: list[Tensor],
    settings: SketcherSettings,
) -> dict[str, Tensor]:
    """Eq. 6, or its hinge form, and the difference of Gram matrices that the authors' code adds.

    Args: seen: all features of the picture; drawn, made: the compared ones of drawings and of what was drawn.
    """
    with frozen(discriminator):
        scores = discriminator(made)
    losses = {"adversarial": logistic_generator(scores) if settings.adversarial == "log" else hinge_generator([scores])}
    side = picture.shape[-1] // STRIDE
    level = next(number for number, features in enumerate(made) if features.shape[-1] == side)
    content = seen[-COMPARED_LEVELS:][level].float()
    losses["content"] = settings.content * matched_content(made[level], content, drawn[level])
    if settings.gram:
        losses["gram"] = settings.gram * gram_difference(made, drawn)
    return losses


@torch.no_grad()
def with_hands(
    run: Run[Sketcher], states: States, shown: Tensor, drawings: Tensor, settings: SketcherSettings
) -> Sketcher:
    """The sketcher of the chosen states, written to `model/`, with a sheet of all its hands."""
    single = run.average
    name = single.hands[0]
    candidates = states.second_half()
    drawn, badness = [], []
    for state in candidates:
        single.generators[name].load_state_dict(state)
        lines = single.lines(shown.to(run.device), name).float()
        drawn.append(lines.cpu())
        badness.append(unlikeness(single, shown.to(run.device), drawings.to(run.device), lines))
    terms = torch.stack(badness)
    chosen = choose_hands((terms / terms.mean(0)).sum(1), torch.stack(drawn), settings.hands)
    hands = tuple(name if not number else f"{name}-{number + 1}" for number in range(len(chosen)))
    config = SketcherConfig(**{**vars(single.config), "hands": hands, "darkness": single.config.darkness * len(hands)})
    sketcher = Sketcher(config).eval()
    sketcher.features.load_state_dict(single.features.state_dict())
    for hand, number in zip(hands, chosen, strict=True):
        sketcher.generators[hand].load_state_dict(candidates[number])
    sketcher.to(run.device)
    if run.is_main:
        sketcher.save_pretrained(run.folder / "model")
        (run.folder / "samples").mkdir(exist_ok=True)
        drawn_sheet(sketcher, shown, hands, run.device).save(run.folder / "samples" / "hands.png")
    return sketcher


def unlikeness(sketcher: Sketcher, pictures: Tensor, drawings: Tensor, lines: Tensor) -> Tensor:
    """How far lines are from the drawings' statistics, and from the pictures' content: [2]."""
    made, seen, drawn = (compared(sketcher, batch) for batch in (lines, pictures, drawings))
    pairs = zip(made, drawn, strict=True)
    statistics = [(gram(one).mean(0) - gram(other).mean(0)).square().mean() for one, other in pairs]
    styles = [level.transpose(0, 1).flatten(1)[None, :, None] for level in drawn]  # all drawings as one
    content = [matched_content(*levels) for levels in zip(made, seen, styles, strict=True)]
    return torch.stack((torch.stack(statistics).sum(), torch.stack(content).sum())).cpu()


@torch.no_grad()
def drawn_sheet(
    sketcher: Sketcher, shown: Tensor, hands: list[str] | tuple[str, ...], device: torch.device
) -> Image.Image:
    """Pictures, and their lines in each hand."""
    sketcher.eval()
    pictures = shown.to(device)
    return picture_sheet([pictures, *(sketcher.lines(pictures, hand) for hand in hands)])


@tells_mistakes
def main(
    pictures: Annotated[list[Path], typer.Option(help="Folder of pictures to draw; several may be given.")],
    drawings: Annotated[Path, typer.Option(help="Folder of drawings, about 20.")],
    out: RunFolder,
    name: Annotated[str, typer.Option(help="Of the hand: small letters, digits, - and _.")] = "drawn",
    preset: Annotated[str, typer.Option(help=f"One of {', '.join(SKETCHER_PRESETS)}.")] = "starter",
    change: Changes = None,
    minutes: Minutes = None,
    resume: Resume = False,
) -> None:
    settings = choose_preset(SKETCHER_PRESETS, preset, change or [])
    train_sketcher(settings, pictures, drawings, out, name=name, minutes=minutes, resume=resume)


if __name__ == "__main__":
    typer.run(main)
