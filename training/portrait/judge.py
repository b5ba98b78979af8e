"""How near a generator's pictures are to real ones, and which of its states was the nearest."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from torch import Tensor

from artmodels.hub import HubModel
from artmodels.perceptual import load_features
from training.metrics import frechet_distance, gaussian_of, pooled_means
from training.portrait.data import Portraits

__all__ = ["Best", "Judge"]

BATCH = 32
PIXELS = 2**21  # of a batch, for pictures that are large

Make = Callable[[int, int], Tensor]
"""Of how many pictures, and of which number: [B, 3, S, S] on the features' device, always the same."""


class Judge:
    """The Frechet distance of made pictures to the real ones of training, on features of that name.

    Args:
        name: what `load_features` takes.
        count: how many pictures are made, and of the real ones taken at most.
    """

    def __init__(self, pictures: Portraits, name: str, count: int):
        self.features = load_features(name, device=pictures.device)
        self.name = "frechet_vgg16" if name == "vgg16" else "frechet_starter"
        self.count, self.batch = count, max(1, min(BATCH, PIXELS // pictures.size**2))
        known = min(len(pictures), count)
        real = (pictures.batch(range(start, min(start + self.batch, known))) for start in range(0, known, self.batch))
        self.real = gaussian_of(pooled_means(self.features, real))

    def distance(self, make: Make) -> float:
        return frechet_distance(self.real, gaussian_of(pooled_means(self.features, self._made(make))))

    def _made(self, make: Make) -> Iterator[Tensor]:
        for start in range(0, self.count, self.batch):
            yield make(min(self.batch, self.count - start), start).clamp(-1, 1)


class Best:
    """Keeps the nearest state of a run's model in a folder of its own."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.distance, self.step = float("inf"), 0

    def keep(self, model: HubModel, distance: float, step: int, *, is_main: bool) -> None:
        """Saves the model if it is nearer than any before; `step` counts from 1."""
        if not distance < self.distance:
            return
        self.distance, self.step = distance, step
        if is_main:
            model.save_pretrained(self.folder)

    def state_dict(self) -> dict[str, Any]:
        return {"distance": self.distance, "step": self.step}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.distance, self.step = state["distance"], state["step"]
