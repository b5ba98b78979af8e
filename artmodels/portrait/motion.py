"""A stylised still that moves as a face in a video does, by latent tracks."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from artmodels import images
from artmodels.errors import ConfigError, PictureError
from artmodels.images import PictureSource
from artmodels.portrait.model import PortraitStylizer
from artmodels.portrait.opening import OpenedPortrait
from artmodels.portrait.style import PortraitStyle, load_style
from artmodels.portrait.tracking import FaceTrack
from artmodels.portrait.wishes import GROUPS, is_number
from artmodels.results import Result

__all__ = ["animate"]

FOLLOWED = GROUPS["look"][0]  # the first codes, which decide pose and shape, move; the others stay the still's
NEW_SHARE = 0.6  # of a frame's codes, against what came before: single frames tremble
STRONGEST = 3.0


def animate(
    stylizer: PortraitStylizer,
    photo: PictureSource | OpenedPortrait,
    frames: Iterable[PictureSource],
    *,
    style: PortraitStyle | str | Path,
    strength: float = 1.0,
    **wishes: Any,
) -> Iterator[Result | None]:
    """Makes one photo's portrait turn and speak like the face in a video, as far as the encoder sees it.

    The codes of pose and shape move by as much as those of the driving face have moved since it was first seen. Shifts
    and tilts of the driving head are not taken over, as faces are aligned before they are encoded.

    Differs: the paper drives its stills with a first-order motion model (Siarohin et al., NeurIPS 2019), a network of
    its own; codes need no training, and follow turns and large expressions, not small ones.

    Args:
        photo: whom the portrait shows: a path, PIL picture or array, or one that `open` has read.
        frames: of the driving video, in their order; they are read one by one.
        strength: how far to follow, from 0 to 3.
        wishes: style and more, as of `PortraitStylizer.stylize` but for `eyes` and `face`, which are for `open`.
    Returns: for each frame a result; None before a face was first seen in them. Their recipes cannot be replayed.
    Raises:
        CheckpointError, ConfigError, HubError, PictureError: as `stylize`, but not for a frame without a face.
    """
    if not is_number(strength) or not 0 <= strength <= STRONGEST:
        raise ConfigError(f"strength must be a number from 0 to {STRONGEST:g}, not {strength!r}")
    still = photo if isinstance(photo, OpenedPortrait) else stylizer.open(photo)
    loaded = style if isinstance(style, PortraitStyle) else load_style(style, device=stylizer.device)
    track, first, change = FaceTrack(), None, torch.zeros_like(still.codes)
    for frame in frames:
        codes = driving_codes(stylizer, frame, track)
        first = codes if first is None else first
        if first is None or codes is None:
            yield None
            continue
        change = change.lerp(followed(codes - first), NEW_SHARE)
        moved = replace(still, codes=still.codes + strength * change, latents=None)
        result = stylizer.stylize(moved, style=loaded, **wishes)
        yield replace(result, recipe=result.recipe | {"verb": "animate"})


def driving_codes(stylizer: PortraitStylizer, frame: PictureSource, track: FaceTrack) -> Tensor | None:
    """The codes of the face in a frame; None before one was seen."""
    picture = images.load_picture(frame)
    try:
        return stylizer.open(picture, track=track).codes
    except PictureError:
        return None


def followed(change: Tensor) -> Tensor:
    """A change of codes [1, L, D] without that of the last ones."""
    kept = change.clone()
    kept[:, FOLLOWED:] = 0
    return kept
