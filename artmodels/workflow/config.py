"""The settings that a published workflow editor carries with its weights."""

from dataclasses import dataclass

from artmodels.errors import ConfigError

__all__ = ["WorkflowConfig"]

COUNTS = ("latent_dim", "generator_width", "content_blocks", "style_blocks", "encoder_width", "inference_width")


@dataclass(frozen=True)
class WorkflowConfig:
    """Stages of an artwork and the sizes of the networks; the defaults are the paper's face model.

    Attributes:
        stages: name of each stage, first to last; the last one is the artwork.
        channels: colour channels of each stage, 1 (luminance) or 3 (RGB).
        size: side in pixels at which the networks work, a power of two from 64 to 512.
        latent_dim: length of the latent of one generation step.
        generator_width: channels of the generator's outermost layer; its AdaIN blocks have four times as many.
        content_blocks: residual blocks of the content encoder.
        style_blocks: AdaIN residual blocks of the decoder.
        encoder_width: channels of the latent encoder's first layer.
        inference_width: channels of the stage inference U-Net's outermost layer.
        regularised: whether the weights hold a learned regulariser of AdaIN optimisation and the limits of what is
            familiar.
        features: what AdaIN optimisation compares pictures by: "vgg16", or a `StarterFeatures` by its id.
    """

    stages: tuple[str, ...] = ("sketch", "flat", "detail")
    channels: tuple[int, ...] = (1, 3, 3)
    size: int = 256
    latent_dim: int = 8
    generator_width: int = 64
    content_blocks: int = 4
    style_blocks: int = 4
    encoder_width: int = 64
    inference_width: int = 64
    regularised: bool = False
    features: str = "vgg16"

    def __post_init__(self) -> None:
        names = self.stages
        are_names = isinstance(names, tuple) and all(isinstance(name, str) and name for name in names)
        if not are_names or len(names) < 2 or len(set(names)) != len(names):
            raise ConfigError(f"stages must be a tuple of two or more different names, not {names!r}")
        are_counts = isinstance(self.channels, tuple) and all(is_whole(count) for count in self.channels)
        if not are_counts or len(self.channels) != len(names) or not set(self.channels) <= {1, 3}:
            raise ConfigError(f"channels must hold a 1 or a 3 for each of {names}, not {self.channels!r}")
        if not is_whole(self.size) or self.size not in (64, 128, 256, 512):
            raise ConfigError(f"size must be 64, 128, 256 or 512 pixels, not {self.size!r}")
        for name in COUNTS:
            if not is_whole(getattr(self, name)) or getattr(self, name) < 1:
                raise ConfigError(f"{name} must be a whole number from 1, not {getattr(self, name)!r}")
        if not isinstance(self.regularised, bool):
            raise ConfigError(f"regularised must be True or False, not {self.regularised!r}")
        if not isinstance(self.features, str) or not self.features:
            raise ConfigError(f'features must be "vgg16" or the id of a StarterFeatures, not {self.features!r}')

    @property
    def steps(self) -> int:
        """Generation steps: one fewer than there are stages."""
        return len(self.stages) - 1


def is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
