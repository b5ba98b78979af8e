"""The settings that published portrait models carry with their weights."""

from dataclasses import dataclass
from typing import Literal, get_args, get_type_hints

from artmodels.errors import ConfigError

__all__ = ["EncoderConfig", "PortraitConfig", "StyleConfig", "StyleGAN2Config"]

SIZES = tuple(2**power for power in range(3, 11))
COUNTS = ("latent_dim", "mapping_layers", "channel_base", "channel_max")


def is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


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


@dataclass(frozen=True)
class EncoderConfig:
    """The sizes of the hierarchical variational encoder; the defaults are the paper's.

    Attributes:
        size: side in pixels of the photos that it sees, a power of two from 32.
        widths: channels of the four groups of residual units, each at half the side of the one before.
        units: residual units of each group.
        head_width: channels of the pyramid, and of the heads that each make one code of it.
        levels: how many of the first codes are read off the smallest map, and how many of the next off the middle one;
            the others are read off the largest.
        variational: whether it gives a variance beside the mean.
        repeats: whether one code is given to all layers (Z, for comparison), not one to each (Z+).
    """

    size: int = 256
    widths: tuple[int, int, int, int] = (64, 128, 256, 512)
    units: tuple[int, int, int, int] = (3, 4, 14, 3)
    head_width: int = 512
    levels: tuple[int, int] = (3, 4)
    variational: bool = True
    repeats: bool = False

    def __post_init__(self) -> None:
        if not is_count(self.size) or self.size < 32 or self.size & (self.size - 1):
            raise ConfigError(f"size must be a power of two from 32, not {self.size!r}")
        for name, length in (("widths", 4), ("units", 4), ("levels", 2)):
            value = getattr(self, name)
            if not isinstance(value, tuple) or len(value) != length or not all(map(is_count, value)):
                raise ConfigError(f"{name} must be {length} whole numbers from 1, not {value!r}")
        if not is_count(self.head_width):
            raise ConfigError(f"head_width must be a whole number from 1, not {self.head_width!r}")
        for name in ("variational", "repeats"):
            if not isinstance(getattr(self, name), bool):
                raise ConfigError(f"{name} must be True or False, not {getattr(self, name)!r}")


@dataclass(frozen=True)
class PortraitConfig:
    """What a photo model holds: a generator of photos, what finds their codes, and how faces lie in them.

    Attributes:
        generator: the generator's sizes; it has no attributes.
        encoder: the encoder's sizes; or None for a generator alone, whose codes are found by optimisation.
        alignment: how faces are brought to the same place: by eyes and mouth as in "ffhq", or by the "eyes" alone.
    """

    generator: StyleGAN2Config = StyleGAN2Config()
    encoder: EncoderConfig | None = EncoderConfig()
    alignment: Literal["ffhq", "eyes"] = "ffhq"

    def __post_init__(self) -> None:
        if not isinstance(self.generator, StyleGAN2Config) or self.generator.attributes:
            raise ConfigError(f"generator must be a StyleGAN2Config without attributes, not {self.generator!r}")
        if self.encoder is not None and not isinstance(self.encoder, EncoderConfig):
            raise ConfigError(f"encoder must be an EncoderConfig or None, not {self.encoder!r}")
        if self.encoder is not None and sum(self.encoder.levels) > self.generator.code_count:
            raise ConfigError(f"levels {self.encoder.levels} are more codes than the generator's "
                              f"{self.generator.code_count}")  # fmt: skip
        if self.alignment not in get_args(get_type_hints(type(self))["alignment"]):
            raise ConfigError(f'alignment must be "ffhq" or "eyes", not {self.alignment!r}')


@dataclass(frozen=True)
class StyleConfig:
    """What a style holds: a generator that was tuned from a photo model's, whose codes it understands.

    Attributes:
        generator: its sizes, and the attributes whose paths it has.
        photo_model: the model that it was tuned from, such as "artmodels/portrait-photo".
        photo_revision: the Hub commit of that, if it has one.
    """

    generator: StyleGAN2Config
    photo_model: str
    photo_revision: str | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.generator, StyleGAN2Config):
            raise ConfigError(f"generator must be a StyleGAN2Config, not {self.generator!r}")
        if not isinstance(self.photo_model, str) or not self.photo_model:
            raise ConfigError(f"photo_model must be the name of the model it was tuned from, not {self.photo_model!r}")
        if self.photo_revision is not None and not isinstance(self.photo_revision, str):
            raise ConfigError(f"photo_revision must be a commit or None, not {self.photo_revision!r}")
