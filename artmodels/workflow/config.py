"""The settings that a published workflow editor carries with its weights."""

from dataclasses import dataclass

from artmodels.errors import ConfigError

__all__ = ["WorkflowConfig"]


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

    def __post_init__(self) -> None:
        if len(self.stages) < 2 or len(set(self.stages)) != len(self.stages) or not all(self.stages):
            raise ConfigError(f"stages must be two or more different names, not {self.stages!r}")
        if len(self.channels) != len(self.stages) or any(count not in (1, 3) for count in self.channels):
            raise ConfigError(f"channels must hold a 1 or a 3 for each of {self.stages}, not {self.channels!r}")
        if self.size not in (64, 128, 256, 512):
            raise ConfigError(f"size must be 64, 128, 256 or 512 pixels, not {self.size!r}")
        for name in (
            "latent_dim", "generator_width", "content_blocks", "style_blocks", "encoder_width", "inference_width"
        ):  # fmt: skip
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} must be 1 or more, not {getattr(self, name)!r}")

    @property
    def steps(self) -> int:
        """Generation steps: one fewer than there are stages."""
        return len(self.stages) - 1
