"""The settings that published portrait models carry with their weights."""

from dataclasses import dataclass

from artmodels.errors import ConfigError

__all__ = ["StyleGAN2Config"]

SIZES = tuple(2**power for power in range(3, 11))
COUNTS = ("latent_dim", "mapping_layers", "channel_base", "channel_max")


@dataclass(frozen=True)
class StyleGAN2Config:
    """The sizes of a StyleGAN2 generator; the defaults are config-f's at 1024 pixels (Karras et al., CVPR 2020).

    Attributes:
        size: side in pixels of the pictures, a power of two from 8 to 1024.
        latent_dim: entries of a latent z and of a style code w.
        mapping_layers: fully connected layers from z to w.
        channel_base: channels times resolution where channels are not at `channel_max`.
        channel_max: channels of the lowest resolutions.
        conv_clamp: bound of every layer's output, as nets that were trained in float16 carry one, or none.
        attributes: names of the paths that the generator divides into, such as ("woman", "man"), or none.
        split: the first and the last resolution that every attribute has blocks of its own for; low ones make shapes
            differ, high ones surfaces.
    """

    size: int = 1024
    latent_dim: int = 512
    mapping_layers: int = 8
    channel_base: int = 32768
    channel_max: int = 512
    conv_clamp: float | None = None
    attributes: tuple[str, ...] = ()
    split: tuple[int, int] = (8, 64)

    def __post_init__(self) -> None:
        if self.size not in SIZES:
            raise ConfigError(f"size must be a power of two from 8 to 1024, not {self.size!r}")
        for name in COUNTS:
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise ConfigError(f"{name} must be a whole number from 1, not {value!r}")
        if self.channel_base < self.size:
            raise ConfigError(f"channel_base must be the size, {self.size}, or more, not {self.channel_base}")
        if self.conv_clamp is not None and not self.conv_clamp > 0:
            raise ConfigError(f"conv_clamp must be a number above 0, or none, not {self.conv_clamp!r}")
        self._check_attributes()

    def _check_attributes(self) -> None:
        names, split = self.attributes, self.split
        if not isinstance(names, tuple) or not all(isinstance(name, str) and name for name in names):
            raise ConfigError(f"attributes must be a tuple of names, not {names!r}")
        if len(names) == 1 or len(set(names)) < len(names):
            raise ConfigError(f"attributes must be two different names or more, or none, not {names!r}")
        is_pair = isinstance(split, tuple) and len(split) == 2
        if not is_pair or (names and not (8 <= split[0] <= split[1] <= self.size and {*split} <= {*SIZES})):
            raise ConfigError(
                f"split must be the first and the last resolution with blocks of their own, powers of two from 8 to "
                f"{self.size}, not {split!r}"
            )

    @property
    def resolutions(self) -> tuple[int, ...]:
        """Sides of the blocks' outputs, from 4 to the size."""
        return tuple(2**power for power in range(2, self.size.bit_length()))

    @property
    def code_count(self) -> int:
        """Style codes of a picture, L: one for every convolution and one for the last colours."""
        return 2 * len(self.resolutions)

    def channels(self, resolution: int) -> int:
        """Channels of the block of that resolution."""
        return min(self.channel_base // resolution, self.channel_max)

    def is_split(self, resolution: int) -> bool:
        """Whether every attribute has a block of its own there."""
        return bool(self.attributes) and self.split[0] <= resolution <= self.split[1]
