"""What judges a generator's pictures while it trains, and what keeps both sides smooth.

A generator with attributes has a way of its own for each, and a discriminator for every way (Song et al., section 3.3).
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from artmodels.hub import HubModel
from artmodels.portrait.stylegan2 import Noise
from training.losses import frozen
from training.portrait.augment import AugmentationControl, shown_views
from training.portrait.discriminator import Discriminator
from training.portrait.objective import (
    PathLength,
    discriminator_loss,
    generator_loss,
    is_due,
    lazy_adam,
    path_lengths,
    r1_penalty,
)
from training.portrait.settings import Adversary
from training.run import Run

__all__ = ["Judges", "Made", "Make", "Smoothing"]


class Made(NamedTuple):
    """Pictures [B, 3, S, S], nothing bounds them, and of what: codes [B, L, D] and noise by resolution."""

    codes: Tensor
    pictures: Tensor
    noise: Noise


Make = Callable[[], Made]
"""Of a generator, new ones at every call."""


class Judges:
    """The discriminators of all ways, how often their pictures are altered, and how they learn.

    Attributes: networks, one for each way.
    """

    def __init__(self, run: Run[Any], discriminators: Sequence[Discriminator], adversary: Adversary):
        self.run, self.loss, self.penalties = run, adversary.loss, adversary.penalties
        self.networks = nn.ModuleList(discriminators)
        self.networks.train().to(run.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        augmentation = adversary.augmentation
        self.controls = [AugmentationControl(augmentation.target, augmentation.pictures) for _ in discriminators]
        learning = [parameter for parameter in self.networks.parameters() if parameter.requires_grad]
        self.optimiser = lazy_adam(learning, run.settings.learning_rate, self.penalties.r1_steps)

    @property
    def parts(self) -> dict[str, Any]:
        """What a run keeps of them."""
        controls = {f"control_{way}": control for way, control in enumerate(self.controls)}
        return {"judges": self.networks, "judging": self.optimiser, **controls}

    @property
    def probability(self) -> Tensor:
        """How often pictures are altered, at most, for the log."""
        return torch.tensor(max(control.probability for control in self.controls))

    def paused(self) -> AbstractContextManager[None]:
        """While a generator learns from them."""
        return frozen(self.networks)

    def learn(self, real: Sequence[Tensor], makes: Sequence[Make], generator: torch.Generator) -> dict[str, Tensor]:
        """One step with every way's real pictures [B, 3, S, S] and made ones, and the penalty where it is due.

        Returns: the losses, for the log.
        """
        losses = []
        real = [self._seen(way, part, generator) for way, part in enumerate(real)]
        with self.run.accelerator.autocast():
            for way, (part, make) in enumerate(zip(real, makes, strict=True)):
                with torch.no_grad():
                    made = make().pictures
                scores = self._scores(way, part), self._scores(way, self._seen(way, made, generator))
                losses.append(discriminator_loss(*scores, self.loss))
                self.controls[way].notice(scores[0])
        told = {"adversary": torch.stack(losses).sum()}
        self.run.descend(told["adversary"], self.networks, self.optimiser, clip=False)
        for control in self.controls:
            control.adjust(self.run.step, lambda signs: self.run.accelerator.reduce(signs, "sum"))
        if is_due(self.run.step, self.penalties.r1_steps):
            told["r1"] = self._smooth(real)
        return told

    def convince(self, made: Sequence[Tensor], generator: torch.Generator) -> Tensor:
        """What the generator loses by every way's pictures [B, 3, S, S] together."""
        parts = [
            generator_loss(self._scores(way, self._seen(way, part, generator)), self.loss)
            for way, part in enumerate(made)
        ]
        return torch.stack(parts).sum()

    def _scores(self, way: int, pictures: Tensor) -> Tensor:
        scores: Tensor = self.networks[way](pictures)
        return scores

    def _seen(self, way: int, pictures: Tensor, generator: torch.Generator) -> Tensor:
        return shown_views(pictures, self.controls[way].probability, generator)

    def _smooth(self, real: Sequence[Tensor]) -> Tensor:
        watched = [part.detach().requires_grad_(True) for part in real]
        penalties = [r1_penalty(self._scores(way, part), part) for way, part in enumerate(watched)]
        told = torch.stack(penalties).sum()
        weight = self.penalties.r1 * self.penalties.r1_steps
        self.run.descend(weight * told, self.networks, self.optimiser, clip=False)
        return told


class Smoothing:
    """The penalty on how unevenly a generator's pictures change with their codes."""

    def __init__(self, run: Run[Any], model: HubModel, optimiser: torch.optim.Optimizer, adversary: Adversary):
        self.run, self.model, self.optimiser, self.penalties = run, model, optimiser, adversary.penalties
        self.path = PathLength()

    def step(self, make: Make, draws: torch.Generator) -> dict[str, Tensor]:
        """One step of the generator where it is due, and the loss for the log.

        Args: make: pictures of codes that want gradients.
        """
        if not is_due(self.run.step, self.penalties.path_steps):
            return {}
        made = make()
        noise = torch.randn(made.pictures.shape, generator=draws, device=self.run.device)
        told = self.path.penalty(path_lengths(made.pictures, made.codes, noise))
        self.run.descend(self.penalties.path * self.penalties.path_steps * told, self.model, self.optimiser)
        return {"path": told}
