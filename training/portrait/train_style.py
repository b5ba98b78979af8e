"""Makes a new style of some hundred pictures, or of twenty (Song 2021, section 3.3).

    python -m training.portrait.train_style --pictures my-pictures --name my-style --minutes 20 --push me/my-style

The pictures are cut to their faces; `--aligned` takes them as they are, for drawings whose faces no detector finds.
Folders among them are attributes, such as woman/ and man/. The run's `strip.png` shows the same portraits at every
checkpoint. The state whose pictures came nearest to yours goes into `<out>/<name>/` with a card and samples, ready for
the Hub; `--choose 600` writes the state after that step instead.
"""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, NamedTuple

import torch
import typer
from torch import Tensor, nn

from artmodels.errors import ConfigError
from artmodels.hub import push_folder
from artmodels.portrait.config import StyleConfig
from artmodels.portrait.model import PortraitStylizer
from artmodels.portrait.paths import with_paths
from artmodels.portrait.style import PortraitStyle
from training.command import Changes, Minutes, Resume, tells_mistakes
from training.losses import frozen
from training.order import places_of
from training.portrait.augment import AugmentationControl, shown_views
from training.portrait.data import Portraits
from training.portrait.discriminator import Discriminator
from training.portrait.exemplars import attributes_of, open_exemplars, prepare_exemplars
from training.portrait.judge import Best
from training.portrait.latents import device_generator, draw_latents, draw_noise
from training.portrait.objective import (
    PathLength,
    discriminator_loss,
    generator_loss,
    is_due,
    lazy_adam,
    path_lengths,
    r1_penalty,
)
from training.portrait.photo_models import open_photo_model
from training.portrait.settings import STYLE_PRESETS, Latents, StyleSettings
from training.portrait.similarity import load_later_distance
from training.portrait.style_folder import StyleWords, published_folder, write_style
from training.portrait.style_states import Evolution, StyleJudge, paths_of
from training.run import Run
from training.settings import choose_preset
from training.step_batches import draw_steps

__all__ = ["train_style"]

OWN = Latents(two=0.0, own=1.0)


class Made(NamedTuple):
    """Pictures of a style, and of what."""

    codes: Tensor
    noise: dict[int, Tensor]
    pictures: Tensor


class Attribute(NamedTuple):
    """One way through the generator, with its pictures and what judges it."""

    path: int | None
    exemplars: Portraits
    discriminator: Discriminator
    control: AugmentationControl

    def seen(self, pictures: Tensor, generator: torch.Generator) -> Tensor:
        return shown_views(pictures, self.control.probability, generator)


def train_style(
    settings: StyleSettings,
    data: Path,
    out: Path,
    *,
    photo: str,
    photo_name: str | None = None,
    opponent: str | None = None,
    minutes: float | None = None,
    resume: bool = False,
) -> PortraitStyle:
    """Trains a style and returns the averaged one; every shown state lies in OUT/states, the nearest in OUT/best.

    Args:
        data: what `prepare_exemplars` wrote.
        photo: a saved photo model, or a StyleGAN2, whose generator it begins with and whose codes it keeps.
        photo_name: what the style calls that model, where it is to be published by another name.
        opponent: the saved discriminator of that generator; a fresh one takes far longer.
    """
    run = Run[PortraitStyle](out, settings.run, everything=settings, minutes=minutes, resume=resume)
    torch.backends.cudnn.benchmark = run.device.type == "cuda"
    torch.manual_seed(settings.run.seed)
    source = open_photo_model(photo, run.device)
    style = new_style(source, attributes_of(data), settings, photo_name)
    style.train().to(run.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    ways = open_ways(style, settings, data, opponent, run.device)
    judges = nn.ModuleList(way.discriminator for way in ways)
    penalties, loss = settings.adversary.penalties, settings.adversary.loss
    optimiser = lazy_adam(style.parameters(), settings.run.learning_rate, penalties.path_steps)
    learning = [parameter for parameter in judges.parameters() if parameter.requires_grad]
    judging = lazy_adam(learning, settings.run.learning_rate, penalties.r1_steps)
    distance, path, best = load_later_distance(settings.features, run.device), PathLength(), Best(out / "best")
    controls = {f"control_{number}": way.control for number, way in enumerate(ways)}
    judge = StyleJudge([way.exemplars for way in ways], settings, source)
    evolution = Evolution(out, source, style.config.generator.attributes)
    run.start(style, judges=judges, optimiser=optimiser, judging=judging, path=path, best=best, **controls)
    seen: dict[str, Tensor] = {}

    def draw(step: int, generator: torch.Generator) -> list[Tensor]:
        count = settings.run.batch_size
        start = (step * run.accelerator.num_processes + run.accelerator.process_index) * count
        orders = (places_of(len(way.exemplars), settings.run.seed, start, count) for way in ways)
        return [way.exemplars.mirrored(places, generator) for way, places in zip(ways, orders, strict=True)]

    for exemplars, generator in draw_steps(run, draw, ahead=ways[0].exemplars.ahead):
        draws, count = device_generator(run.device, generator), settings.run.batch_size
        real = [way.seen(part, generator) for way, part in zip(ways, exemplars, strict=True)]

        with run.accelerator.autocast():
            losses = []
            for way, part in zip(ways, real, strict=True):
                with torch.no_grad():
                    made = make(style, source, count, way.path, draws)
                scores = way.discriminator(part), way.discriminator(way.seen(made.pictures, generator))
                losses.append(discriminator_loss(*scores, loss))
                way.control.notice(scores[0])
        seen["adversary"] = torch.stack(losses).sum()
        run.descend(seen["adversary"], judges, judging, clip=False)
        for way in ways:
            way.control.adjust(run.step, lambda signs: run.accelerator.reduce(signs, "sum"))

        if is_due(run.step, penalties.r1_steps):
            watched = [part.detach().requires_grad_(True) for part in real]
            found = [r1_penalty(way.discriminator(part), part) for way, part in zip(ways, watched, strict=True)]
            seen["r1"] = torch.stack(found).sum()
            run.descend(penalties.r1 * penalties.r1_steps * seen["r1"], judges, judging, clip=False)

        with frozen(judges), run.accelerator.autocast():
            convincing, similar = [], []
            for way in ways:
                made = make(style, source, count, way.path, draws)
                convincing.append(generator_loss(way.discriminator(way.seen(made.pictures, generator)), loss))
                if settings.similarity:
                    with torch.no_grad():
                        photos = source.decode(made.codes, noise=made.noise)
                    similar.append(distance(made.pictures, photos).float().mean())
        seen["generator"] = torch.stack(convincing).sum()
        if similar:
            seen["similarity"] = settings.similarity * torch.stack(similar).sum()
        run.descend(seen["generator"] + seen.get("similarity", 0.0), style, optimiser)

        if is_due(run.step, penalties.path_steps):
            way = ways[(run.step // penalties.path_steps) % len(ways)]
            made = make(style, source, max(count // 2, 1), way.path, draws, for_path=True)
            noise = torch.randn(made.pictures.shape, generator=draws, device=run.device)
            seen["path"] = path.penalty(path_lengths(made.pictures, made.codes, noise))
            run.descend(penalties.path * penalties.path_steps * seen["path"], style, optimiser)

        told = {"augmented": torch.tensor(max(way.control.probability for way in ways))}
        if run.is_showing():
            found_distance = judge.distance(run.average)
            told[judge.name] = torch.tensor(found_distance)
            best.keep(run.average, found_distance, run.step + 1, is_main=run.is_main)
            if run.is_main:
                run.show(evolution.add(run.average, run.step + 1))
            if settings.patience and run.step + 1 - best.step >= settings.patience * settings.run.save_every:
                run.deadline = 0.0
        run.log({**seen, **told})
    return run.average


def new_style(
    source: PortraitStylizer, attributes: tuple[str, ...], settings: StyleSettings, photo_name: str | None
) -> PortraitStyle:
    """The photo model's own generator as a style, with equal paths for the attributes."""
    synthesis = with_paths(source.synthesis, attributes, settings.split) if attributes else source.synthesis
    revision = source.revision if photo_name is None else None
    style = PortraitStyle(StyleConfig(synthesis.config, photo_name or source.source, revision))
    style.synthesis.load_state_dict(synthesis.state_dict())
    return style


def open_ways(
    style: PortraitStyle, settings: StyleSettings, data: Path, opponent: str | None, device: torch.device
) -> list[Attribute]:
    """Every attribute's pictures, discriminator and augmentation.

    Raises:
        ConfigError: the saved discriminator is for pictures of another size.
    """
    config, adversary = style.config.generator, settings.adversary
    sizes = replace(config, channel_base=adversary.channel_base, channel_max=adversary.channel_max, attributes=())
    ways = []
    exemplars = open_exemplars(data, config.size, config.attributes, device)
    for path, pictures in zip(paths_of(config.attributes), exemplars, strict=True):
        discriminator = Discriminator.from_pretrained(opponent) if opponent else Discriminator(sizes)
        if discriminator.config.size != config.size:
            raise ConfigError(
                f"the discriminator is for {discriminator.config.size} pixels, the style's are {config.size}"
            )
        discriminator.train().to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        discriminator.freeze(settings.frozen_layers)
        control = AugmentationControl(adversary.augmentation.target, adversary.augmentation.pictures)
        ways.append(Attribute(path, pictures, discriminator, control))
    return ways


def make(
    style: PortraitStyle,
    source: PortraitStylizer,
    count: int,
    path: int | None,
    draws: torch.Generator,
    *,
    for_path: bool = False,
) -> Made:
    """Pictures [B, 3, S, S] of new latents, one for every layer, and new noise; nothing bounds them.

    Args: for_path: whether gradients with respect to the codes are wanted, of a mapping that is frozen.
    """
    config = source.config.generator
    codes = source.codes(draw_latents(count, config, OWN, draws)).requires_grad_(for_path)
    noise = draw_noise(count, config, draws)
    return Made(codes, noise, style.synthesis(codes, attribute=path, noise=noise))


@tells_mistakes
def main(
    pictures: Annotated[Path, typer.Option(help="Folder of the style's pictures.")],
    name: Annotated[str, typer.Option(help="What the style is called.")],
    out: Annotated[Path | None, typer.Option(help="Folder of this run; runs/style-<name> by default.")] = None,
    photo: Annotated[str, typer.Option(help="Saved photo model, or StyleGAN2.")] = "artmodels/portrait-photo",
    photo_name: Annotated[str | None, typer.Option(help="The name that it is published by, if another.")] = None,
    opponent: Annotated[str | None, typer.Option(help="Saved discriminator of the photo model.")] = None,
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
        begins = {"photo_name": photo_name, "opponent": opponent}
        train_style(settings, prepared, folder, photo=photo, **begins, minutes=minutes, resume=resume)
    words = StyleWords(name, push or name, credit, url, licence)
    written = write_style(folder, settings, words, photo=photo, step=choose)
    print(written)
    if push:
        print(push_folder(written, push))


if __name__ == "__main__":
    typer.run(main)
