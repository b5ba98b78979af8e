"""Makes a new style of some hundred pictures, or of twenty (Song 2021, section 3.3).

    python -m training.portrait.train_style --pictures my-pictures --name my-style --minutes 20 --push me/my-style

The pictures are cut to their faces; `--aligned` takes them as they are, for drawings whose faces no detector finds.
Folders among them are attributes, such as woman/ and man/. A style learns first to paint the pictures after the photos
that they could be of (`paired`); then judges sharpen it. The run's `strip.png` shows the same portraits at every
checkpoint. The state whose pictures came nearest to yours goes into `<out>/published/<name>/` with a card and samples,
ready for the Hub; `--choose 600` writes the state after that step instead.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import torch
import typer
from torch import Tensor

from artmodels.hub import push_folder
from artmodels.portrait.config import StyleConfig
from artmodels.portrait.model import PortraitStylizer
from artmodels.portrait.paths import with_paths
from artmodels.portrait.style import PortraitStyle
from training.command import Changes, Minutes, Resume, tells_mistakes
from training.order import places_of
from training.portrait.contest import Judges, Smoothing
from training.portrait.data import Portraits
from training.portrait.discriminator import Discriminator
from training.portrait.exemplars import attributes_of, open_exemplars, prepare_exemplars
from training.portrait.growth import opposing_discriminator
from training.portrait.latents import device_generator, silence
from training.portrait.objective import is_due, lazy_adam
from training.portrait.painter import Painter
from training.portrait.photo_models import open_photo_model
from training.portrait.presets import STYLE_PRESETS
from training.portrait.settings import StyleSettings
from training.portrait.style_folder import StyleWords, published_folder, write_style
from training.portrait.style_states import Progress, paths_of
from training.run import Run
from training.settings import choose_preset
from training.step_batches import draw_steps

__all__ = ["train_style"]


def train_style(
    settings: StyleSettings,
    data: Path,
    out: Path,
    *,
    photo: str,
    photo_name: str | None = None,
    opponent: str | None = None,
    photos: Path | None = None,
    minutes: float | None = None,
    resume: bool = False,
) -> PortraitStyle:
    """Trains a style and returns the averaged one; every shown state lies in OUT/states, the nearest in OUT/best.

    Args:
        data: what `prepare_exemplars` wrote.
        photo: a saved photo model, or a StyleGAN2, whose generator it begins with and whose codes it keeps.
        photo_name: what the style calls that model, where it is to be published by another name.
        opponent: the saved discriminator of that generator; a fresh one takes far longer.
        photos: a recipe's portraits, whose codes the style learns to draw, too; or those of invented photos.
    """
    run = Run[PortraitStyle](out, settings.run, everything=settings, minutes=minutes, resume=resume)
    source = open_photo_model(photo, run.device)
    style = new_style(source, attributes_of(data), settings, photo_name)
    style.train().to(run.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    attributes = style.config.generator.attributes
    exemplars = open_exemplars(data, style.config.generator.size, attributes, run.device)
    painter = Painter(style, source, settings, exemplars, photos)
    pupil = Pupil(run, settings, style, painter, opponent)
    progress = Progress(out, source, exemplars, settings, attributes)
    run.start(style, optimiser=pupil.optimiser, **pupil.judges.parts, path=pupil.smoothing.path, best=progress.best)
    seen: dict[str, Tensor] = {}
    draw = partial(draw_exemplars, run, exemplars, painter.shares)
    for real, generator in draw_steps(run, draw, ahead=exemplars[0].ahead):
        seen |= pupil.learn(real, generator)
        if run.is_showing():
            seen |= progress.show(run)
        run.log({**seen, "augmented": pupil.judges.probability})
    progress.end(run)
    return run.average


class Pupil:
    """A style, and how it learns from pictures and from judges."""

    def __init__(
        self,
        run: Run[PortraitStyle],
        settings: StyleSettings,
        style: PortraitStyle,
        painter: Painter,
        opponent: str | None,
    ):
        self.run, self.settings, self.style, self.painter = run, settings, style, painter
        ways = paths_of(style.config.generator.attributes)
        self.judges = Judges(run, [new_judge(style, settings, opponent) for _ in ways], settings.adversary)
        penalties = settings.adversary.penalties
        self.optimiser = lazy_adam(style.parameters(), settings.run.learning_rate, penalties.path_steps)
        self.smoothing = Smoothing(run, style, self.optimiser, settings.adversary)

    def learn(self, real: Sequence[Tensor], generator: torch.Generator) -> dict[str, Tensor]:
        """One step from every attribute's pictures [B, 3, S, S]; the losses, for the log."""
        run, count = self.run, self.settings.run.batch_size
        draws = device_generator(run.device, generator)
        paths = paths_of(self.style.config.generator.attributes)
        makes = [partial(self.painter.make, count, path, draws) for path in paths]
        is_judged = run.step >= self.settings.alone and is_due(run.step, self.settings.interval)
        told = self.judges.learn(real, makes, generator) if is_judged else {}
        with self.judges.paused(), run.accelerator.autocast():
            made = [make() for make in makes]
            losses = self.painter.losses(made, real, draws)
            if is_judged:
                losses["generator"] = self.judges.convince([each.pictures for each in made], generator)
        run.descend(torch.stack(list(losses.values())).sum(), self.style, self.optimiser)
        if is_judged:
            for_path = makes[(run.step // max(self.smoothing.penalties.path_steps, 1)) % len(makes)]
            told |= self.smoothing.step(partial(for_path, share=2), draws)
        return told | losses


def new_style(
    source: PortraitStylizer, attributes: tuple[str, ...], settings: StyleSettings, photo_name: str | None
) -> PortraitStyle:
    """The photo model's own generator as a style, with equal paths for the attributes."""
    synthesis = with_paths(source.synthesis, attributes, settings.split) if attributes else source.synthesis
    revision = source.revision if photo_name is None else None
    style = PortraitStyle(StyleConfig(synthesis.config, photo_name or source.source, revision))
    style.synthesis.load_state_dict(synthesis.state_dict())
    if not settings.noise:
        silence(style.synthesis)
    return style


def new_judge(style: PortraitStyle, settings: StyleSettings, opponent: str | None) -> Discriminator:
    """What judges one attribute's pictures: a fresh one, or the photo model's, whose first layers stay as they are.

    Raises:
        ConfigError: the saved one is for larger pictures.
    """
    discriminator = opposing_discriminator(style.config.generator, settings.adversary, opponent)
    if opponent:
        discriminator.freeze(settings.frozen_layers)
    return discriminator


def draw_exemplars(
    run: Run[PortraitStyle],
    exemplars: Sequence[Portraits],
    shares: Sequence[Tensor | None],
    step: int,
    generator: torch.Generator,
) -> list[Tensor]:
    """Every attribute's pictures of a step, [B, 3, S, S]: the next of an endless series of shuffled passes, or random
    ones where they have shares."""
    count = run.settings.batch_size
    start = (step * run.accelerator.num_processes + run.accelerator.process_index) * count

    def places(pictures: Portraits, part: Tensor | None) -> list[int]:
        if part is None:
            return places_of(len(pictures), run.settings.seed, start, count)
        drawn: list[int] = part.multinomial(count, replacement=True, generator=generator).tolist()
        return drawn

    both = zip(exemplars, shares, strict=True)
    return [pictures.mirrored(places(pictures, part), generator) for pictures, part in both]


@tells_mistakes
def main(
    pictures: Annotated[Path, typer.Option(help="Folder of the style's pictures.")],
    name: Annotated[str, typer.Option(help="What the style is called.")],
    out: Annotated[Path | None, typer.Option(help="Folder of this run; runs/style-<name> by default.")] = None,
    photo: Annotated[str, typer.Option(help="Saved photo model, or StyleGAN2.")] = "artmodels/portrait-photo",
    photo_name: Annotated[str | None, typer.Option(help="The name that it is published by, if another.")] = None,
    opponent: Annotated[str | None, typer.Option(help="Saved discriminator of the photo model.")] = None,
    photos: Annotated[Path | None, typer.Option(help="Portraits of a recipe; else invented ones.")] = None,
    preset: Annotated[str, typer.Option(help=f"One of {', '.join(STYLE_PRESETS)}.")] = "starter",
    change: Changes = None,
    aligned: Annotated[bool, typer.Option("--aligned", help="Takes the pictures as they are.")] = False,
    credit: Annotated[str, typer.Option(help="Whose pictures they are, for the card.")] = "",
    url: Annotated[str, typer.Option(help="Where they are from, for the card.")] = "",
    licence: Annotated[str, typer.Option(help="Of the pictures and the style, as the Hub calls it.")] = "unknown",
    minutes: Minutes = None,
    resume: Resume = False,
    choose: Annotated[int | None, typer.Option(help="Writes the state after that step; trains nothing.")] = None,
    push: Annotated[str | None, typer.Option(help="Hub id to publish it as.")] = None,
) -> None:
    settings, folder = choose_preset(STYLE_PRESETS, preset, change or []), out or Path("runs") / f"style-{name}"
    published_folder(folder, name)  # a name that cannot be used is told before hours of training
    prepared = folder / "pictures"
    if choose is None:
        config = open_photo_model(photo).config
        size, alignment = config.generator.size, config.alignment
        print(prepare_exemplars(pictures, prepared, size, alignment=alignment, is_aligned=aligned))
        train_style(
            settings, prepared, folder,
            photo=photo, photo_name=photo_name, opponent=opponent, photos=photos, minutes=minutes, resume=resume,
        )  # fmt: skip
    words = StyleWords(name, push or name, credit, url, licence)
    written = write_style(folder, settings, words, photo=photo, step=choose)
    print(written)
    if push:
        print(push_folder(written, push))


if __name__ == "__main__":
    typer.run(main)
