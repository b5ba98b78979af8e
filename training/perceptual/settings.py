"""What the training of the feature network can be told, and the presets."""

from dataclasses import dataclass, field

from artmodels.errors import ConfigError
from artmodels.perceptual import StarterFeaturesConfig
from training.settings import RunSettings

__all__ = ["PERCEPTUAL_PRESETS", "PerceptualSettings"]


@dataclass(frozen=True)
class PerceptualSettings:
    """Training of the feature network.

    Attributes:
        load_size: side to which pictures are resized before a random crop of `size`.
        noise: standard deviation of the noise that one view of a picture gets, in [-1, 1].
        reconstruction: weight of the difference between a picture at low resolution and its reading from a tap.
        regions: weight of the region's cross-entropy at every place, where a folder holds a map of regions.
        contrast: weight of finding a place of one stage again in another stage of the same artwork.
        temperature: of the contrast.
        places: how many places of a picture are to be found again.
        projection: length of the vectors by which they are found.
    """

    run: RunSettings
    model: StarterFeaturesConfig = field(default_factory=StarterFeaturesConfig)
    load_size: int = 128
    size: int = 96
    noise: float = 0.05
    reconstruction: float = 4.0
    regions: float = 1.0
    contrast: float = 0.5
    temperature: float = 0.1
    places: int = 16
    projection: int = 32

    def __post_init__(self) -> None:
        if not 16 <= self.size <= self.load_size:
            raise ConfigError(f"size must be from 16 to load_size ({self.load_size}), not {self.size!r}")
        if len(self.model.widths) < 2:
            raise ConfigError(f"a feature network is trained with two taps or more, not with {self.model.widths!r}")


PERCEPTUAL_PRESETS = {
    "starter": PerceptualSettings(RunSettings(steps=6000, batch_size=8, learning_rate=2e-3, save_every=500)),
    "tiny": PerceptualSettings(
        RunSettings(steps=2, batch_size=2, log_every=1, save_every=1),
        StarterFeaturesConfig(widths=(2, 3, 4, 5), blocks=(1, 1, 1, 1)),
        load_size=36,
        size=32,
        places=3,
        projection=4,
    ),
}
