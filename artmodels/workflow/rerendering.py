"""Renders an opened artwork again with some of its stages changed."""

from collections.abc import Mapping

from torch import Tensor

from artmodels.workflow.edits import Override
from artmodels.workflow.opening import OpenedArtwork
from artmodels.workflow.steps import WorkflowNetworks

__all__ = ["rerender"]


def rerender(
    editor: WorkflowNetworks, opened: OpenedArtwork, changes: Mapping[int, Override]
) -> tuple[Tensor, list[Tensor]]:
    """The last stage without the changes [1, C, S, S], and all stages with them, rendered from the same content.

    Stages before the first change are what the opened artwork shows; AdaIN vectors that are not changed are its own,
    increments included.
    """
    # A re-sampled stage is rendered from the stage before it, a painted one is where rendering starts.
    first = min(stage - (change.picture is None) for stage, change in changes.items())
    base = max((stage for stage, change in changes.items() if change.picture is not None), default=first)
    unchanged = editor.render_vectors(opened.contents[base], opened.adain[base:], first=base)
    edited = list(opened.contents[: first + 1])
    for stage in range(first, len(opened.stages)):
        change = changes.get(stage, Override())
        if change.picture is not None:
            edited[stage:] = [change.picture.to(edited[0].device)]
        elif stage > first:
            generator, _ = editor.step_networks(stage - 1)
            edited.append(generator(edited[-1], changed_vector(editor, opened, change, step=stage - 1)))
    return unchanged[-1], edited


def changed_vector(editor: WorkflowNetworks, opened: OpenedArtwork, change: Override, *, step: int) -> Tensor:
    """The AdaIN vector [1, P] of a step.

    Part of the way to a new latent means: the latent in between, with what is left of the increment, because the
    increment corrects the artwork's own latent and no other.
    """
    if change.latent is None:
        return opened.adain[step]
    generator, _ = editor.step_networks(step)
    latent = opened.latents[step].lerp(change.latent.to(opened.latents[step].device), change.amount)
    return generator.adain_vector(latent) + (1 - change.amount) * opened.deltas[step]
