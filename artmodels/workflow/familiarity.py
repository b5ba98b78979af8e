"""Says in a sentence where an artwork, or a latent, is unlike anything that the networks were trained on."""

from collections.abc import Sequence

from torch import Tensor

__all__ = ["PRIOR_LIMIT", "error_warnings", "latent_warnings"]

PRIOR_LIMIT = 3.0
"""Root mean square of a latent's entries, in standard deviations of the prior, above which it is far outside of it."""


def latent_warnings(names: Sequence[str], latents: Sequence[Tensor], limits: Sequence[float]) -> list[str]:
    """A sentence for each latent [1, Z] that is larger than usual.

    Args:
        names: the stages that the latents render.
        limits: the usual root mean squares; where one is infinite, nothing was measured and `PRIOR_LIMIT` stands in.
    """
    found = []
    for name, latent, usual in zip(names, latents, limits, strict=True):
        size = float(latent.square().mean().sqrt())
        is_measured = usual < float("inf")
        limit = usual if is_measured else PRIOR_LIMIT
        if size > limit:
            whose = "the training pictures stay below" if is_measured else "usual is at most"
            found.append(
                f"the latent of {name!r} lies {size:.2f} standard deviations from the middle of the prior "
                f"(root mean square); {whose} {limit:.2f}"
            )
    return found


def error_warnings(error: float, usual: float) -> list[str]:
    """A sentence if rendering without optimisation errs more than usual; mean absolute differences in [-1, 1]."""
    if not error > usual:
        return []
    return [
        f"the artwork is unlike the training pictures: rendered again from its stages, without optimisation, it is "
        f"{error:.3f} off (mean difference in [-1, 1]); the training pictures stay below {usual:.3f}"
    ]
