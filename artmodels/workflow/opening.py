"""Opens an artwork for editing: reads its stages, and fits what renders them again to it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from PIL import Image
from torch import Tensor

from artmodels import images
from artmodels.images import Frame
from artmodels.perceptual import FeaturePyramid
from artmodels.workflow.config import WorkflowConfig
from artmodels.workflow.familiarity import error_warnings, latent_warnings
from artmodels.workflow.optimisation import Optimisation, StepState, optimise_step
from artmodels.workflow.steps import WorkflowNetworks

__all__ = ["OpenedArtwork", "Optimised", "Snapshot", "inside", "mean_difference", "open_artwork", "optimise"]


class Optimised(NamedTuple):
    """An artwork in the editor's terms; one entry a stage or a generation step, batch first."""

    stages: list[Tensor]  # [B, C_i, S, S], as inferred; the last one is the artwork
    rendered: list[Tensor]  # [B, C_i, S, S], each from the one before it; the first one is inferred
    latents: list[Tensor]  # [B, Z]
    deltas: list[Tensor]  # [B, P], increments on the latents' AdaIN vectors
    adain: list[Tensor]  # [B, P], the vectors with their increments


@dataclass(frozen=True, eq=False)
class OpenedArtwork:
    """An artwork ready to be edited, any number of times; all an edit needs has been computed.

    Attributes:
        picture: the artwork, RGB at its own size.
        frame: where it lies in the networks' square.
        stages: the inferred stages [1, C, S, S], and the artwork as the last one.
        rendered: the first of them and what is rendered forward from it with nothing changed.
        latents: [1, Z] of every generation step.
        deltas: [1, P], what optimisation added to the latents' AdaIN vectors.
        adain: [1, P], those vectors, increments included.
        optimisation: how it was fitted.
        faithful: the dial that chose the optimisation, or None if it was given itself.
        reconstruction_error: mean absolute difference of the last rendered stage to the artwork, in [-1, 1].
        warnings: sentences on what is unlike the training pictures.
        model, revision, config: which editor opened it.
    """

    picture: Image.Image
    frame: Frame
    stages: tuple[Tensor, ...]
    rendered: tuple[Tensor, ...]
    latents: tuple[Tensor, ...]
    deltas: tuple[Tensor, ...]
    adain: tuple[Tensor, ...]
    optimisation: Optimisation
    faithful: float | None
    reconstruction_error: float
    warnings: tuple[str, ...]
    model: str
    revision: str | None
    config: WorkflowConfig

    @property
    def contents(self) -> tuple[Tensor, ...]:
        """What each generation step starts from [1, C, S, S], and the artwork: the pictures to show and to paint on.

        Increments belong to the re-generated stage that they were fitted on; without them the inferred stages, which
        are closer to the artwork, give the better rendering.
        """
        return self.stages if self.optimisation.mode == "none" else (*self.rendered[:-1], self.stages[-1])

    @property
    def options(self) -> dict[str, Any]:
        """What a recipe keeps of the opening."""
        if self.faithful is None:
            return {"optimisation": vars(self.optimisation).copy()}
        return {"faithful": self.faithful} | ({"steps": self.optimisation.steps} if self.faithful else {})


@dataclass(frozen=True, eq=False)
class Snapshot:
    """How far an opening is.

    Attributes:
        stage: the stage that is being fitted.
        iteration, total: iterations so far and in all, over all stages.
        rendered, reference: that stage [1, C, S, S] as it is rendered now, and as it shall be.
        frame: where the artwork lies in them.
        opened: the opened artwork, in the last snapshot only.
    """

    stage: str
    iteration: int
    total: int
    rendered: Tensor
    reference: Tensor
    frame: Frame
    opened: OpenedArtwork | None = None

    @property
    def picture(self) -> Image.Image:
        """The rendered stage at the artwork's size."""
        return images.unfit(self.rendered[0], self.frame)

    @property
    def error(self) -> float:
        """Mean absolute difference of `rendered` and `reference` where the artwork is, in [-1, 1]."""
        return mean_difference(self.rendered, self.reference, self.frame)


def optimise(
    editor: WorkflowNetworks,
    stages: Sequence[Tensor],
    latents: Sequence[Tensor],
    optimisation: Optimisation,
    features: FeaturePyramid | None,
) -> Iterator[StepState | Optimised]:
    """Fits one artwork, stage after stage: all iterations, and at the end the whole.

    Each stage is rendered from the re-generated one before it and fitted to the inferred stage, the last one to the
    artwork itself. What is kept is rendered in float32 by the generators themselves.

    Args:
        stages, latents: as the editor infers and encodes them, with a batch of one.
        features: may be None where nothing is optimised.
    """
    fitted = list(latents)
    rendered: list[Tensor] = [stages[0]]
    deltas: list[Tensor] = []
    adain: list[Tensor] = []
    for step, reference in enumerate(stages[1:]):
        generator, _ = editor.step_networks(step)
        with torch.no_grad():
            deltas.append(torch.zeros_like(generator.adain_vector(fitted[step])))
        if optimisation.mode != "none":
            assert features is not None
            weight = step_weight(editor, step, optimisation)
            for state in optimise_step(
                generator, rendered[step], reference, fitted[step],
                weight=weight, features=features, optimisation=optimisation,
            ):  # fmt: skip
                fitted[step], deltas[step] = state.latent, state.delta
                yield state
        with torch.no_grad():
            adain.append(generator.adain_vector(fitted[step]) + deltas[step])
            rendered.append(generator(rendered[step], adain[step]))
    yield Optimised(list(stages), rendered, fitted, deltas, adain)


def step_weight(editor: WorkflowNetworks, step: int, optimisation: Optimisation) -> Tensor | float:
    """The w of a generation step: [P], or one number for all entries; latents are not drawn anywhere."""
    if optimisation.mode == "z":
        return 0.0
    weight = optimisation.weight
    return optimisation.scale * (editor.adain_weight(step).detach() if weight == "learned" else weight)


def open_artwork(
    editor: WorkflowNetworks,
    artwork: tuple[Image.Image, Tensor, Frame],
    optimisation: Optimisation,
    faithful: float | None,
    features: FeaturePyramid | None,
) -> Iterator[Snapshot]:
    """The snapshots of an opening; the last one holds the opened artwork.

    Args: artwork: a picture, its square [1, C, S, S] on the editor's device, and where the picture lies in it.
    """
    picture, square, frame = artwork
    with torch.no_grad():
        stages = editor.infer_stages(square)
        latents = editor.encode_latents(stages)
    names, steps = editor.config.stages, optimisation.steps
    done, total = 0, 0 if optimisation.mode == "none" else steps * editor.config.steps
    for state in optimise(editor, stages, latents, optimisation, features):
        if isinstance(state, StepState):
            number, done = 1 + done // steps, done + 1
            yield Snapshot(names[number], done, total, state.rendered, stages[number], frame)
    assert isinstance(state, Optimised)
    opened = OpenedArtwork(
        picture=picture,
        frame=frame,
        stages=tuple(state.stages),
        rendered=tuple(state.rendered),
        latents=tuple(state.latents),
        deltas=tuple(state.deltas),
        adain=tuple(state.adain),
        optimisation=optimisation,
        faithful=faithful,
        reconstruction_error=mean_difference(state.rendered[-1], square, frame),
        warnings=found_unfamiliar(editor, state, latents, frame),
        model=editor.source,
        revision=editor.revision,
        config=editor.config,
    )
    yield Snapshot(names[-1], total, total, opened.rendered[-1], square, frame, opened)


@torch.no_grad()
def found_unfamiliar(
    editor: WorkflowNetworks, found: Optimised, encoded: Sequence[Tensor], frame: Frame
) -> tuple[str, ...]:
    """Sentences on what sets an artwork apart from the training pictures before anything was fitted to it."""
    usual_error, usual_latents = editor.usual_limits
    errors: list[str] = []
    if usual_error < float("inf"):
        plain = editor.render(found.stages[0], encoded)[-1]
        errors = error_warnings(mean_difference(plain, found.stages[-1], frame), usual_error)
    return (*errors, *latent_warnings(editor.config.stages[1:], encoded, usual_latents))


def inside(square: Tensor, frame: Frame) -> Tensor:
    """The part of squares [B, C, S, S] that is the artwork, not its padding."""
    rows, columns = slice(frame.top, frame.top + frame.inner_height), slice(frame.left, frame.left + frame.inner_width)
    return square[..., rows, columns]


def mean_difference(rendered: Tensor, artwork: Tensor, frame: Frame) -> float:
    """Mean absolute difference in [-1, 1] where the artwork is."""
    return float((inside(rendered, frame) - inside(artwork, frame)).abs().mean())
