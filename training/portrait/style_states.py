"""How a style grows: the same portraits at every state, the states, and how near each is to the exemplars."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from artmodels.images import load_picture, to_picture, to_tensor
from artmodels.portrait.model import PortraitStylizer
from artmodels.portrait.style import PortraitStyle
from training.portrait.data import Portraits
from training.portrait.judge import Best, Judge
from training.portrait.latents import fixed_latents
from training.portrait.settings import Latents, StyleSettings
from training.run import Run
from training.sheets import picture_sheet

__all__ = ["Evolution", "Progress", "StyleJudge", "fixed_codes", "paths_of", "state_folder"]

ROWS, MOST_COLUMNS = 6, 12
ONE, OWN = Latents(two=0.0), Latents(two=0.0, own=1.0)


def paths_of(attributes: tuple[str, ...]) -> tuple[int | None, ...]:
    """The attributes' numbers; one that is None where there are none."""
    return tuple(range(len(attributes))) or (None,)


def state_folder(out: Path, step: int) -> Path:
    """Where the state after that step lies."""
    return out / "states" / f"step_{step:08d}"


@torch.no_grad()
def fixed_codes(source: PortraitStylizer, count: int, latents: Latents, number: int = 0) -> Tensor:
    """Always the same style codes [B, L, D] for one number."""
    return source.codes(fixed_latents(count, source.config.generator, latents, number).to(source.device))


class StyleJudge:
    """The mean over attributes of the Frechet distance of a style's pictures to its exemplars.

    Args: exemplars: of each attribute, or all of them.
    """

    def __init__(self, exemplars: Sequence[Portraits], settings: StyleSettings, source: PortraitStylizer):
        features = "vgg16" if settings.features == "lpips" else settings.features
        self.judges = [Judge(pictures, features, settings.judged) for pictures in exemplars]
        self.name, self.source = self.judges[0].name, source

    @torch.no_grad()
    def distance(self, style: PortraitStyle) -> float:
        paths = paths_of(style.config.generator.attributes)

        def made(path: int | None, count: int, number: int) -> Tensor:
            return style(fixed_codes(self.source, count, OWN, number), attribute=path)

        found = [
            judge.distance(lambda count, number, path=path: made(path, count, number))  # type: ignore[misc]
            for judge, path in zip(self.judges, paths, strict=True)
        ]
        return sum(found) / len(found)

    def distance_of_photos(self) -> float:
        """What the photo model's own pictures have, as a style has it that was never trained."""

        def made(count: int, number: int) -> Tensor:
            return self.source.decode(fixed_codes(self.source, count, OWN, number))

        with torch.no_grad():
            found = [judge.distance(made) for judge in self.judges]
        return sum(found) / len(found)


class Evolution:
    """The same portraits at every state: a photo's row for every attribute, a column for every state.

    Every state is kept in float16, so that a person can choose another one.
    """

    def __init__(self, out: Path, source: PortraitStylizer, attributes: tuple[str, ...]):
        self.out, self.paths = out, paths_of(attributes)
        self.codes = fixed_codes(source, ROWS, ONE)
        with torch.no_grad():
            photos = source.decode(self.codes).clamp(-1, 1).cpu()
        self.photos = photos.repeat_interleave(len(self.paths), dim=0)

    @torch.no_grad()
    def add(self, style: PortraitStyle, step: int) -> None:
        """Keeps a state and writes `strip.png` up to it; `step` counts from 1."""
        style.save_pretrained(state_folder(self.out, step), dtype=torch.float16)
        of_paths = [style(self.codes, attribute=path).cpu() for path in self.paths]
        column = torch.stack(of_paths, dim=1).flatten(0, 1)
        folder = self.out / "columns"
        folder.mkdir(exist_ok=True)
        to_picture(torch.cat(list(column), dim=1)).save(folder / f"step_{step:08d}.png")
        kept = sorted(path for path in folder.glob("step_*.png") if int(path.stem.removeprefix("step_")) <= step)
        shown = [
            kept[place] for place in np.linspace(0, len(kept) - 1, min(len(kept), MOST_COLUMNS)).round().astype(int)
        ]
        picture_sheet([self.photos, *(read_column(path, len(column)) for path in shown)]).save(self.out / "strip.png")


class Progress:
    """What is told of a style's run at every sheet, and when there is no hope of a nearer state."""

    def __init__(
        self,
        out: Path,
        source: PortraitStylizer,
        exemplars: Sequence[Portraits],
        settings: StyleSettings,
        attributes: tuple[str, ...],
    ):
        self.judge, self.best = StyleJudge(exemplars, settings, source), Best(out / "best")
        self.evolution, self.patience = Evolution(out, source, attributes), settings.patience

    def keep(self, run: Run[PortraitStyle], step: int) -> dict[str, Tensor]:
        """Keeps the state after that step, and the nearest one apart; returns its distance for the log."""
        distance = self.judge.distance(run.average)
        self.best.keep(run.average, distance, step, is_main=run.is_main)
        if run.is_main:
            self.evolution.add(run.average, step)
        return {self.judge.name: torch.tensor(distance)}

    def show(self, run: Run[PortraitStyle]) -> dict[str, Tensor]:
        """Keeps this step's state and shows the strip; ends the run where the nearest one lies too far back."""
        step = run.step + 1
        told = self.keep(run, step)
        if run.is_main:
            run.show(load_picture(self.evolution.out / "strip.png"))
        if self.patience and step - self.best.step >= self.patience * run.settings.save_every:
            run.deadline = 0.0
        return told

    def end(self, run: Run[PortraitStyle]) -> None:
        """Keeps the last state where the minutes ended before the first sheet."""
        if self.best.step:
            return
        told = self.keep(run, run.step)
        if run.step % run.settings.log_every:  # else its line stands there already
            run.note(told, run.step)


def read_column(path: Path, rows: int) -> Tensor:
    """Pictures [rows, 3, S, S] that stand below each other."""
    return to_tensor(load_picture(path)).unflatten(1, (rows, -1)).movedim(1, 0)
