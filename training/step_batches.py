"""What each step of a training learns from, drawn in turn or ahead of it."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence, Sized
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

import torch

from training.order import places_of
from training.run import Run, step_generator

__all__ = ["draw_steps", "step_batches"]

Batch = TypeVar("Batch")
AHEAD = 8


def draw_steps(
    run: Run[Any], draw: Callable[[int, torch.Generator], Batch], *, ahead: int | None = None
) -> Iterator[tuple[Batch, torch.Generator]]:
    """For each step what `draw` makes of its number, and the generator that drew it, for what else is random.

    Args:
        ahead: how many steps' batches are drawn meanwhile; by default 8 beside a GPU and none without one. They depend
            on seed, process and step alone.
    """
    ahead = ahead if ahead is not None else AHEAD * (run.device.type != "cpu")

    def drawn(step: int) -> tuple[Batch, torch.Generator]:
        generator = step_generator(run.settings.seed, run.accelerator.process_index, step)
        return draw(step, generator), generator

    if not ahead:
        yield from map(drawn, run.steps())
        return
    waiting: deque[Future[tuple[Batch, torch.Generator]]] = deque()
    with ThreadPoolExecutor(ahead) as threads:
        for step in run.steps():
            waiting.extend(threads.submit(drawn, step + later) for later in range(len(waiting), ahead))
            yield waiting.popleft().result()
        threads.shutdown(cancel_futures=True)


def step_batches(
    run: Run[Any],
    pictures: Sized,
    draw: Callable[[Sequence[int], torch.Generator], Batch],
    *,
    ahead: int | None = None,
) -> Iterator[tuple[Batch, torch.Generator]]:
    """As `draw_steps`; a step sees the next pictures of an endless series of reshuffled passes over all of them."""

    def draw_places(step: int, generator: torch.Generator) -> Batch:
        accelerator, count = run.accelerator, run.settings.batch_size
        start = (step * accelerator.num_processes + accelerator.process_index) * count
        return draw(places_of(len(pictures), run.settings.seed, start, count), generator)

    return draw_steps(run, draw_places, ahead=ahead)
