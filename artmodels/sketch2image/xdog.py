"""Lines without learning: an extended difference of Gaussians, drawn and steered like a sketcher's hands."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from artmodels import images
from artmodels.images import PictureSource
from artmodels.results import Result
from artmodels.sketch2image import drawing

__all__ = ["Xdog"]


class Filter(NamedTuple):
    """One hand of the filter, in the symbols of the paper.

    Attributes:
        sigma: width of the narrow Gaussian, in fractions of the longer side.
        tau: weight of the wide Gaussian; below 1, even areas stay paper.
        epsilon: difference below which there is ink.
        phi: how steeply ink sets in.
        fill: luminance below which even areas become ink as well, 0 for none.
        darkness: of the lines, up to 1, black.
    """

    sigma: float
    tau: float
    epsilon: float
    phi: float
    fill: float
    darkness: float


FILTERS = {
    "pen": Filter(1 / 420, 0.98, 0.006, 30.0, 0.0, 1.0),
    "pencil": Filter(1 / 600, 0.985, 0.006, 40.0, 0.0, 0.6),
    "marker": Filter(1 / 260, 0.98, 0.006, 30.0, 0.0, 1.0),
    "ink": Filter(1 / 420, 0.98, 0.006, 30.0, 0.22, 1.0),
}
WIDER = 1.6  # k: the wide Gaussian's width in narrow ones
REACH = 3.0  # deviations after which a Gaussian is cut off
LUMINANCE = (0.299, 0.587, 0.114)


class Xdog:
    """Draws a picture's lines by a filter alone, with the verbs and controls of `Sketcher`.

    Source: Winnemöller, Kyprianidis, Olsen, XDoG: An eXtended difference-of-Gaussians compendium, Computers & Graphics
    2012.
    """

    source = "xdog"
    revision = None
    device = torch.device("cpu")
    working_side = 512
    hands = tuple(FILTERS)

    def draw(
        self,
        picture: PictureSource,
        *,
        hand: str | None = None,
        thickness: float = 1.0,
        darkness: float | None = None,
        detail: float = 1.0,
    ) -> Result:
        """As `Sketcher.draw`; the hands are settings of the filter: pen, pencil, marker, and ink, which fills shadows.

        Raises:
            ConfigError: an unknown hand, or a number out of its range.
            PictureError: the picture cannot be read.
        """
        loaded = images.load_picture(picture)
        wanted = drawing.Drawing.checked(self, hand=hand, thickness=thickness, darkness=darkness, detail=detail)
        return drawing.draw(self, loaded, wanted)

    def replay(self, recipe: Mapping[str, Any], picture: PictureSource) -> Result:
        """Makes the drawing of a recipe again.

        Raises:
            ConfigError, PictureError: as `Sketcher.replay`.
        """
        return drawing.replay(self, recipe, images.load_picture(picture))

    def lines(self, pictures: Tensor, hand: str | None = None) -> Tensor:
        """Lines [B, 1, H, W] of pictures [B, 3, H, W], both in [-1, 1], paper is 1 and ink -1.

        D = G_sigma - tau G_(k sigma); T = 1 where D >= epsilon, else 1 + tanh(phi (D - epsilon)); section 2.2.

        Raises:
            ConfigError: there is no such hand.
        """
        chosen = FILTERS[drawing.known_hand(hand, self.hands, self.source)]
        weights = pictures.new_tensor(LUMINANCE)[:, None, None]
        luminance = ((pictures + 1) / 2 * weights).sum(1, keepdim=True)
        sigma = max(0.5, chosen.sigma * max(pictures.shape[2:]))
        narrow = blurred(luminance, sigma)
        difference = narrow - chosen.tau * blurred(luminance, WIDER * sigma)
        paper = torch.where(
            difference >= chosen.epsilon, 1.0, 1 + torch.tanh(chosen.phi * (difference - chosen.epsilon))
        )
        if chosen.fill:
            paper = paper.minimum(((narrow / chosen.fill - 0.8) / 0.2).clamp(0, 1))
        return paper * 2 - 1

    def ink_level(self, hand: str | None = None) -> float:
        """From what share of ink on, 0 to 1, a place belongs to a line."""
        return 0.3

    def darkness_of(self, hand: str | None = None) -> float:
        """How dark a hand's lines are, from 0 to 1, black.

        Raises:
            ConfigError: there is no such hand.
        """
        return FILTERS[drawing.known_hand(hand, self.hands, self.source)].darkness


def blurred(x: Tensor, sigma: float) -> Tensor:
    """A Gaussian blur of [B, 1, H, W], edges repeated."""
    reach = max(1, round(REACH * sigma))
    offsets = torch.arange(-reach, reach + 1, device=x.device, dtype=x.dtype)
    kernel = torch.exp(-(offsets**2) / (2 * sigma**2))
    kernel = kernel / kernel.sum()
    padded = functional.pad(x, (reach, reach, reach, reach), mode="replicate")
    across = functional.conv2d(padded, kernel.view(1, 1, 1, -1))
    return functional.conv2d(across, kernel.view(1, 1, -1, 1))
