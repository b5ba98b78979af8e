"""The pictures that the trainings of the tag colorizer see, by the recipe that wrote them.

Of `illustrations`, whose regions are known, every drawing is coloured in the colours of any other one, so references
are unrelated pictures from the first step on. Of `danbooru`, a reference is the sketch's own picture, deformed.
"""

import json
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

import torch

from artmodels.colorizer.config import ColorizerConfig, TagGroup
from artmodels.configs import config_from_dict
from artmodels.errors import ConfigError
from training.colorizer.batches import Pair, Tagged, Triple
from training.colorizer.illustrations import Illustrations
from training.colorizer.prepared import PreparedPictures
from training.colorizer.settings import Edits, Sampling
from training.order import places_of
from training.run import Run, step_generator

__all__ = ["Pictures", "open_pictures", "step_batches", "with_tags_of"]

Batch = TypeVar("Batch")
AHEAD = 8


class Pictures(Protocol):
    """Training pictures by their place; `generator` is on the CPU and decides all that is random."""

    def __len__(self) -> int: ...
    def tagged(self, places: Sequence[int], generator: torch.Generator) -> Tagged: ...
    def pairs(self, places: Sequence[int], generator: torch.Generator) -> Pair: ...
    def triples(self, places: Sequence[int], edits: Edits, generator: torch.Generator) -> Triple: ...


def open_pictures(root: Path | str, config: ColorizerConfig, sampling: Sampling, *, split: str) -> Pictures:
    """The pictures of that split of what a recipe wrote.

    Raises:
        ConfigError: `root` is no output of a recipe that has tags, or holds no picture of that split.
    """
    root = Path(root)
    if (root / "regions").is_dir():
        return Illustrations(root, config, sampling, split=split)
    if (root / "tags.json").is_file():
        return PreparedPictures(root, config, sampling, split=split)
    raise ConfigError(
        f"{root} holds neither regions/ nor tags.json: is it what the recipe illustrations or danbooru made?"
    )


def with_tags_of(root: Path | str, config: ColorizerConfig) -> ColorizerConfig:
    """The config with the tags that the pictures' recipe found, where it wrote a list."""
    path = Path(root) / "tags.json"
    if not path.is_file():
        return config
    lists = json.loads(path.read_text(encoding="utf-8"))
    groups = tuple(config_from_dict(TagGroup, group, where=str(path)) for group in lists["groups"])
    return replace(config, groups=groups, other_tags=tuple(lists["other_tags"]))


def step_batches(
    run: Run[Any],
    pictures: Pictures,
    draw: Callable[[Sequence[int], torch.Generator], Batch],
    *,
    ahead: int | None = None,
) -> Iterator[tuple[Batch, torch.Generator]]:
    """For each step of the run what it learns from, and the generator that drew it, for what else is random.

    Args:
        ahead: how many steps' batches are drawn meanwhile; by default 8 beside a GPU and none without one. They depend
            on seed, process and step alone.
    """
    ahead = ahead if ahead is not None else AHEAD * (run.device.type != "cpu")

    def drawn(step: int) -> tuple[Batch, torch.Generator]:
        generator = step_generator(run.settings.seed, run.accelerator.process_index, step)
        return draw(step_places(pictures, run, step), generator), generator

    if not ahead:
        yield from map(drawn, run.steps())
        return
    waiting: deque[Future[tuple[Batch, torch.Generator]]] = deque()
    with ThreadPoolExecutor(ahead) as threads:
        for step in run.steps():
            waiting.extend(threads.submit(drawn, step + later) for later in range(len(waiting), ahead))
            yield waiting.popleft().result()
        threads.shutdown(cancel_futures=True)


def step_places(pictures: Pictures, run: Run[Any], step: int) -> list[int]:
    """The places of that step and this process in an endless series of reshuffled passes over the pictures."""
    accelerator, count = run.accelerator, run.settings.batch_size
    start = (step * accelerator.num_processes + accelerator.process_index) * count
    return places_of(len(pictures), run.settings.seed, start, count)
