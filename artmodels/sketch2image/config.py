"""The settings that published sketch-to-image models and sketchers carry with their weights."""

import re
from dataclasses import dataclass
from typing import Literal, get_args, get_type_hints

from artmodels.errors import ConfigError
from artmodels.perceptual import StarterFeaturesConfig

__all__ = ["BOTTOM", "Sketch2ImageConfig", "SketcherConfig"]

BOTTOM = 8
"""Side in pixels of the deepest maps, at every size."""

SIZES = (64, 128, 256, 512, 1024)
HAND = re.compile(r"[a-z0-9][a-z0-9_-]*")


@dataclass(frozen=True)
class Sketch2ImageConfig:
    """The sizes of the networks; the defaults are the paper's.

    A size of half as many pixels leaves out the outermost halving of every network, so that the deepest maps are 8 x 8
    at every size and a width means the same channels at the same resolution.

    Attributes:
        size: side in pixels of sketches, exemplars and coarse pictures: 64, 128, 256, 512 or 1024.
        width: channels of maps of 64 x 64; halved at each doubling, doubled at each halving up to 8 times.
        injection: how the decoder takes the style in: by a "multiplication" of channels, by "addition", by "adain", or
            by "none".
        masking: what tells the decoder where lines are: the content "features" (Feat-DMI), the "sketch" itself (DMI),
            or "none".
        refiner: the network after the decoder: the paper's for "art" or for "face"; for "small" data sets, one that
            corrects the coarse picture and sees the style in its bottleneck alone; or "none".
        refiner_enlargement: how many times larger than the coarse picture the refined one is: 1 or 2.
    """

    size: int = 512
    width: int = 64
    injection: Literal["multiplication", "addition", "adain", "none"] = "multiplication"
    masking: Literal["features", "sketch", "none"] = "features"
    refiner: Literal["art", "face", "small", "none"] = "art"
    refiner_enlargement: Literal[1, 2] = 1

    def __post_init__(self) -> None:
        if self.size not in SIZES:
            raise ConfigError(f"size must be one of {', '.join(map(str, SIZES))} pixels, not {self.size!r}")
        for name in ("injection", "masking", "refiner", "refiner_enlargement"):
            accepted = get_args(get_type_hints(type(self))[name])
            if getattr(self, name) not in accepted:
                raise ConfigError(f"{name} must be one of {accepted}, not {getattr(self, name)!r}")
        if self.refiner_enlargement > 1 and self.refiner in ("none", "small"):
            raise ConfigError(f'refiner_enlargement is for an "art" or "face" refiner, not {self.refiner!r}')
        step = max(4, self.refined_size // 64)
        if not is_count(self.width) or self.width % step:
            raise ConfigError(f"width must be a multiple of {step} for pictures of {self.refined_size} pixels, "
                              f"not {self.width!r}")  # fmt: skip

    @property
    def refined_size(self) -> int:
        """Side in pixels of refined pictures."""
        return self.size * self.refiner_enlargement

    @property
    def content_channels(self) -> tuple[int, int, int]:
        """Channels of the content maps, and lengths of the style vectors, from fine (32 x 32) to coarse (8 x 8)."""
        return 2 * self.width, 4 * self.width, 8 * self.width

    @property
    def style_length(self) -> int:
        """The three style vectors together."""
        return sum(self.content_channels)

    def channels(self, side: int) -> int:
        """Channels of a decoded map of `side` x `side`: the width at 64 x 64, at most 8 times as many."""
        return min(self.width * 64 // side, 8 * self.width)


@dataclass(frozen=True)
class SketcherConfig:
    """The hands of a sketcher and the sizes of its networks; the defaults are the paper's.

    Attributes:
        hands: names of the ways of drawing, each a generator of its own; the first is drawn with unless another is
            asked for. Small letters, digits, "-" and "_".
        darkness: how dark each hand's lines are, from 0, paper, to 1, black; empty where all are black.
        size: side in pixels of the pictures that it learned from.
        features: the frozen network that looks at pictures, as `StarterFeatures`; or None for VGG-16.
        widths: channels after each of the generators' three doublings.
        skips: whether generators also see the features finer than those that they begin with.
        threshold: from 0, black, to 1, white: what is darker is line.
    """

    hands: tuple[str, ...]
    darkness: tuple[float, ...] = ()
    size: int = 256
    features: StarterFeaturesConfig | None = None
    widths: tuple[int, int, int] = (512, 512, 256)
    skips: bool = False
    threshold: float = 0.7

    def __post_init__(self) -> None:
        self._check_hands()
        if not is_count(self.size) or self.size % 8 or self.size < 32:
            raise ConfigError(f"size must be a multiple of 8 pixels from 32, not {self.size!r}")
        if self.features is not None and not isinstance(self.features, StarterFeaturesConfig):
            raise ConfigError(f"features must be a StarterFeaturesConfig or None, not {self.features!r}")
        if self.features is not None and len(self.features.widths) < 4:
            raise ConfigError(f"features must reach an eighth of the size, in 4 taps, not {self.features.widths!r}")
        if not isinstance(self.widths, tuple) or len(self.widths) != 3 or not all(map(is_count, self.widths)):
            raise ConfigError(f"widths must be three whole numbers from 1, not {self.widths!r}")
        if not isinstance(self.skips, bool):
            raise ConfigError(f"skips must be True or False, not {self.skips!r}")
        if not is_share(self.threshold) or self.threshold in (0, 1):
            raise ConfigError(f"threshold must be a number between 0 and 1, not {self.threshold!r}")

    def _check_hands(self) -> None:
        hands, darkness = self.hands, self.darkness
        is_named = isinstance(hands, tuple) and hands and all(isinstance(h, str) and HAND.fullmatch(h) for h in hands)
        if not is_named or len(set(hands)) < len(hands):
            raise ConfigError(
                'hands must be a tuple of different names of small letters, digits, "-" and "_", such as ("pencil",), '
                f"not {hands!r}"
            )
        is_fitting = isinstance(darkness, tuple) and len(darkness) in (0, len(hands))
        if not is_fitting or not all(is_share(value) and value > 0 for value in darkness):
            raise ConfigError(f"darkness must hold a number above 0 up to 1 for each of {hands}, not {darkness!r}")


def is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def is_share(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1
