"""What the trainings of the portrait stylizer can be told."""

from dataclasses import dataclass, field
from typing import Literal

from artmodels.errors import ConfigError
from artmodels.portrait.config import EncoderConfig, PortraitConfig, StyleGAN2Config
from training.portrait.objective import Adversarial, KlReduction
from training.settings import RunSettings

__all__ = [
    "Adversary",
    "Augmentation",
    "EncoderSettings",
    "GeneratorSettings",
    "Latents",
    "Penalties",
    "PhotoSettings",
    "PhotoTerms",
    "StyleSettings",
]

STARTER_FEATURES = "artmodels/perceptual-starter"


@dataclass(frozen=True)
class Augmentation:
    """How soon the discriminator's pictures are altered when it is too sure of them; see `augment.py`.

    Attributes:
        target: mean sign of the real pictures' scores that is still right; 0 alters nothing.
        pictures: real ones from never to always, 500 000 in the paper, less where little time is.
    """

    target: float = 0.6
    pictures: int = 500_000

    def __post_init__(self) -> None:
        if not 0 <= self.target < 1 or self.pictures < 1:
            raise ConfigError(
                f"target must be from 0 to below 1 and pictures 1 or more, not {self.target!r} and {self.pictures!r}"
            )


@dataclass(frozen=True)
class Penalties:
    """Weights of what keeps both networks smooth, and the steps from one time to the next.

    Attributes:
        r1: gamma / 2, of the discriminator's squared slope on real pictures.
        path: of the generator's path length; 0 leaves it out, and with it a third of the memory.
    """

    r1: float = 5.0
    r1_interval: int = 16
    path: float = 2.0
    path_interval: int = 4

    def __post_init__(self) -> None:
        if min(self.r1, self.path) < 0 or min(self.r1_interval, self.path_interval) < 1:
            raise ConfigError(f"weights must be 0 or more and intervals 1 or more, not {self}")

    @property
    def r1_steps(self) -> int:
        """Steps from one R1 penalty to the next; 0 where there is none."""
        return self.r1_interval if self.r1 else 0

    @property
    def path_steps(self) -> int:
        return self.path_interval if self.path else 0


@dataclass(frozen=True)
class Latents:
    """Of which latents pictures are made; shares of the pictures, from 0 to 1.

    Attributes:
        two: share of those with two latents, one up to a random layer and one from there (StyleGAN2's style mixing).
        own: share of those with a latent of its own for every layer, as the encoder and the styles use them (Z+);
            a generator that never saw such codes makes worse pictures of them.
    """

    two: float = 0.9
    own: float = 0.0

    def __post_init__(self) -> None:
        if min(self.two, self.own) < 0 or self.two + self.own > 1:
            raise ConfigError(f"shares must be 0 or more and together at most 1, not {self.two!r} and {self.own!r}")


@dataclass(frozen=True)
class Adversary:
    """The discriminator, and what it and the generator are told.

    Attributes:
        channel_base, channel_max: as a generator's.
    """

    channel_base: int = 32768
    channel_max: int = 512
    loss: Adversarial = "logistic"
    penalties: Penalties = field(default_factory=Penalties)
    augmentation: Augmentation = field(default_factory=Augmentation)


@dataclass(frozen=True)
class GeneratorSettings:
    """Training of the generator of photos (Karras et al., CVPR 2020, config-f, and NeurIPS 2020 for few pictures).

    Attributes:
        noise: whether layers have noise, see `silence`.
        features: of the distance to the real pictures at every checkpoint: "vgg16" or a saved `StarterFeatures`.
        judged: how many pictures are made for it.
    """

    run: RunSettings
    model: StyleGAN2Config
    adversary: Adversary = field(default_factory=Adversary)
    latents: Latents = field(default_factory=Latents)
    noise: bool = True
    features: str = STARTER_FEATURES
    judged: int = 1000

    def __post_init__(self) -> None:
        if self.judged < 2:
            raise ConfigError(f"judged must be 2 pictures or more, not {self.judged!r}")


@dataclass(frozen=True)
class PhotoTerms:
    """What an encoder learns by (Song et al., section 3.2); 0 leaves a term out.

    Attributes:
        squared: weight of the difference of pixels.
        perceptual, features: of the distance on features, "lpips" or a saved `StarterFeatures`.
        face: of the same distance on the half with eyes, nose and mouth, which are few of a photo's pixels.
        identity, identity_network: of the distance of embeddings, see `load_identity`; none for the empty name.
        kl, kl_reduction: of the distance to the prior; with "sum" the paper's weight leaves little but the prior.
        kl_steps: over which that weight grows from nothing.
    """

    squared: float = 1.0
    perceptual: float = 0.8
    features: str = "lpips"
    face: float = 0.0
    identity: float = 0.8
    identity_network: str = ""
    kl: float = 5e-4
    kl_reduction: KlReduction = "layer_sum"
    kl_steps: int = 2000

    def __post_init__(self) -> None:
        if min(self.squared, self.perceptual, self.face, self.identity, self.kl) < 0 or self.kl_steps < 1:
            raise ConfigError(f"weights must be 0 or more and kl_steps 1 or more, not {self}")
        if not self.squared and not self.perceptual and not (self.identity and self.identity_network):
            raise ConfigError("squared, perceptual and identity are all left out: nothing is to be learnt")
        if self.kl_reduction not in ("sum", "layer_sum", "mean"):
            raise ConfigError(f"kl_reduction must be sum, layer_sum or mean, not {self.kl_reduction!r}")


@dataclass(frozen=True)
class EncoderSettings:
    """Training of the encoder of a frozen generator.

    Attributes:
        alignment: how faces lie in the pictures, for the model's config.
    """

    run: RunSettings
    encoder: EncoderConfig
    terms: PhotoTerms = field(default_factory=PhotoTerms)
    alignment: Literal["ffhq", "eyes"] = "ffhq"


@dataclass(frozen=True)
class PhotoSettings:
    """Training of a generator of photos and its encoder at once.

    Attributes:
        alone: first steps in which both only learn to make photos again.
        interval: steps from one in which pictures of random latents are judged, too, to the next; the penalties'
            intervals should be multiples of it. The others take a third of the time.
        again: weight of the encoder's terms beside the judges'.
        again_judged: share of the judged pictures that are photos made again; the others are random.
        encoder_rate: the encoder's learning rate; the run's is the generator's.
        momentum: of the generator's steps; none against judges, 0.9 where it learns alone.
        varied: whether photos are a little larger, turned and recoloured each time, see `slightly_varied`.
        noise, judged: as in `GeneratorSettings`.
    """

    run: RunSettings
    model: PortraitConfig
    adversary: Adversary = field(default_factory=Adversary)
    latents: Latents = field(default_factory=Latents)
    terms: PhotoTerms = field(default_factory=PhotoTerms)
    noise: bool = True
    alone: int = 0
    interval: int = 1
    again: float = 1.0
    again_judged: float = 0.5
    encoder_rate: float = 1e-3
    momentum: float = 0.0
    varied: bool = False
    judged: int = 1000

    def __post_init__(self) -> None:
        if self.judged < 2 or self.alone < 0 or self.interval < 1:
            raise ConfigError(f"judged must be 2 pictures or more, alone 0 or more, interval 1 or more, not {self}")
        if min(self.again, self.encoder_rate) <= 0:
            raise ConfigError(f"again and encoder_rate must be above 0, not {self.again!r} and {self.encoder_rate!r}")
        if not (0 <= self.again_judged < 1 and 0 <= self.momentum < 1):
            told = f"{self.again_judged!r} and {self.momentum!r}"
            raise ConfigError(f"again_judged and momentum must be from 0 to below 1, not {told}")
        if self.model.encoder is None:
            raise ConfigError("a photo model that is trained whole has an encoder: model.encoder must not be none")


@dataclass(frozen=True)
class StyleSettings:
    """Training of a style from a photo model and some hundred pictures (Song et al., section 3.3).

    Attributes:
        adversary: each attribute's; its sizes count only where no saved discriminator is given.
        split: first and last resolution of which every attribute has its own blocks.
        noise: whether layers have noise, see `silence`.
        encoded: share of the pictures whose codes are those of photos, where some are given; the others' are random.
        similarity, features: weight of the distance to the photo model's pictures on later features, "lpips" or a saved
            `StarterFeatures`: more keeps pose and shape, less lets the style move them.
        invented: how many photos the photo model invents where none are given; 0 leaves random latents alone.
        balanced: whether exemplars are seen as often as photos have such skin and hair, where there are photos.
        colour: weight of the difference of hair's and face's coarse colours to the photo model's pictures.
        paired: weight of the exemplars made again of the codes that the photo model's encoder finds in them.
        face: how many times as much their eyes, noses and mouths count there once more, as in `PhotoTerms`.
        alone: first steps without judges, which take less time.
        interval: steps from one with judges to the next, as in `PhotoSettings`.
        frozen_layers: of saved discriminators, from the picture on (FreezeD); a fresh one learns with all of them.
        judged: how many pictures are made of each attribute for the distance to the exemplars.
        patience: sheets without a nearer state after which the run ends; 0 never ends it.
    """

    run: RunSettings
    adversary: Adversary
    split: tuple[int, int] = (8, 64)
    noise: bool = True
    encoded: float = 0.5
    invented: int = 0
    similarity: float = 0.5
    features: str = "lpips"
    balanced: bool = False
    colour: float = 0.0
    paired: float = 0.0
    face: float = 0.0
    alone: int = 0
    interval: int = 1
    frozen_layers: int = 0
    judged: int = 1000
    patience: int = 4

    def __post_init__(self) -> None:
        weights = self.similarity, self.colour, self.paired, self.face
        if min(*weights, self.invented, self.alone, self.frozen_layers, self.patience) < 0:
            raise ConfigError(f"weights, invented, alone, frozen_layers and patience must be 0 or more, not {self}")
        if self.judged < 2 or self.interval < 1:
            raise ConfigError(
                f"judged must be 2 or more and interval 1 or more, not {self.judged!r}, {self.interval!r}"
            )
        if not 0 <= self.encoded <= 1:
            raise ConfigError(f"encoded must be a share from 0 to 1, not {self.encoded!r}")
