"""Sketcher: the lines of a picture, in one of several hands that were learned from drawings."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from artmodels import images
from artmodels.errors import ConfigError
from artmodels.images import PictureSource
from artmodels.results import Result
from artmodels.sketch2image import drawing
from artmodels.sketch2image.sketcher_steps import SketcherNetworks
from artmodels.sketch2image.xdog import Xdog

__all__ = ["DEFAULT_SKETCHER", "Sketcher", "load_sketcher"]

DEFAULT_SKETCHER = "artmodels/sketcher"


class Sketcher(SketcherNetworks):
    """Draws a picture's lines, in one of the hands that it learned.

    Source: Liu, Zhu, Song, Elgammal, Self-Supervised Sketch-to-Image Synthesis, AAAI 2021, section 3.1 (TOM).
    """

    def draw(
        self,
        picture: PictureSource,
        *,
        hand: str | None = None,
        thickness: float = 1.0,
        darkness: float | None = None,
        detail: float = 1.0,
    ) -> Result:
        """Draws the lines of a picture.

        Args:
            picture: a path, PIL picture or array of any size and mode.
            hand: one of `hands`; the first by default.
            thickness: by which factor strokes are wider than the hand draws them, 0.25 to 4; their middle stays, and
                none disappears.
            darkness: of the lines, from 0.05 to 1, black; the hand's own by default.
            detail: how large the picture is looked at, 0.5 to 4 times the size of the sketcher's training; more gives
                more and, in the picture, finer lines. Time grows with its square.
        Returns:
            `.image`: lines on white paper at the picture's size; `.layers`: "picture", hidden, and "lines".
        Raises:
            ConfigError: an unknown hand, or a number out of its range.
            PictureError: the picture cannot be read.
        """
        loaded = images.load_picture(picture)
        wanted = drawing.Drawing.checked(self, hand=hand, thickness=thickness, darkness=darkness, detail=detail)
        return drawing.draw(self, loaded, wanted)

    def replay(self, recipe: Mapping[str, Any], picture: PictureSource) -> Result:
        """Makes the drawing of a recipe again.

        Args: picture: what `draw` was given.
        Raises:
            ConfigError: the recipe is not one of this class, not of this version's form, or of another published model.
            PictureError: the picture is not the one that the recipe was made from.
        """
        return drawing.replay(self, recipe, images.load_picture(picture))


def load_sketcher(
    source: str | Path = DEFAULT_SKETCHER, *, revision: str | None = None, device: str | torch.device = "cpu"
) -> Sketcher | Xdog:
    """A sketcher by name: "xdog" for the filter, or whatever `Sketcher.from_pretrained` loads.

    Raises:
        CheckpointError, ConfigError, HubError: as in `HubModel.from_pretrained`; or a revision of the filter.
    """
    if str(source) != Xdog.source:
        return Sketcher.from_pretrained(source, revision=revision, device=device)
    if revision is not None:
        raise ConfigError(f"the filter {source!r} has no revision {revision!r}: leave revision out")
    return Xdog()
