"""What the trainings of the portrait stylizer can be told, and the presets."""

from dataclasses import dataclass, field, replace
from typing import Literal

from artmodels.errors import ConfigError
from artmodels.portrait.config import EncoderConfig, StyleGAN2Config
from training.portrait.objective import Adversarial, KlReduction
from training.settings import RunSettings

__all__ = [
    "ENCODER_PRESETS",
    "GENERATOR_PRESETS",
    "STYLE_PRESETS",
    "Adversary",
    "Augmentation",
    "EncoderSettings",
    "GeneratorSettings",
    "Latents",
    "Penalties",
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
        features: of the distance to the real pictures at every checkpoint: "vgg16" or a saved `StarterFeatures`.
        judged: how many pictures are made for it.
    """

    run: RunSettings
    model: StyleGAN2Config
    adversary: Adversary = field(default_factory=Adversary)
    latents: Latents = field(default_factory=Latents)
    features: str = STARTER_FEATURES
    judged: int = 1000

    def __post_init__(self) -> None:
        if self.judged < 2:
            raise ConfigError(f"judged must be 2 pictures or more, not {self.judged!r}")


@dataclass(frozen=True)
class EncoderSettings:
    """Training of the encoder of a frozen generator (Song et al., section 3.2); 0 leaves a term out.

    Attributes:
        alignment: how faces lie in the pictures, for the model's config.
        squared: weight of the difference of pixels.
        perceptual, features: of the distance on features, "lpips" or a saved `StarterFeatures`.
        identity, identity_network: of the distance of embeddings, see `load_identity`; none for the empty name.
        kl, kl_reduction: of the distance to the prior; with "sum" the paper's weight leaves little but the prior.
        kl_steps: over which that weight grows from nothing.
    """

    run: RunSettings
    encoder: EncoderConfig
    alignment: Literal["ffhq", "eyes"] = "ffhq"
    squared: float = 1.0
    perceptual: float = 0.8
    features: str = "lpips"
    identity: float = 0.8
    identity_network: str = ""
    kl: float = 5e-4
    kl_reduction: KlReduction = "layer_sum"
    kl_steps: int = 2000

    def __post_init__(self) -> None:
        if min(self.squared, self.perceptual, self.identity, self.kl) < 0 or self.kl_steps < 1:
            raise ConfigError(f"weights must be 0 or more and kl_steps 1 or more, not {self}")
        if self.kl_reduction not in ("sum", "layer_sum", "mean"):
            raise ConfigError(f"kl_reduction must be sum, layer_sum or mean, not {self.kl_reduction!r}")


@dataclass(frozen=True)
class StyleSettings:
    """Training of a style from a photo model and some hundred pictures (Song et al., section 3.3).

    Attributes:
        adversary: each attribute's; its sizes count only where no saved discriminator is given.
        split: first and last resolution of which every attribute has its own blocks.
        similarity, features: weight of the distance to the photo model's pictures on later features, "lpips" or a saved
            `StarterFeatures`: more keeps pose and shape, less lets the style move them.
        frozen_layers: of the discriminators, from the picture on (FreezeD).
        judged: how many pictures are made of each attribute for the distance to the exemplars.
        patience: sheets without a nearer state after which the run ends; 0 never ends it.
    """

    run: RunSettings
    adversary: Adversary
    split: tuple[int, int] = (8, 64)
    similarity: float = 0.5
    features: str = "lpips"
    frozen_layers: int = 0
    judged: int = 1000
    patience: int = 4

    def __post_init__(self) -> None:
        if min(self.similarity, self.frozen_layers, self.patience) < 0 or self.judged < 2:
            raise ConfigError(
                f"similarity, frozen_layers and patience must be 0 or more and judged 2 or more, not {self}"
            )


def decay_of(batch_size: int, pictures: int = 10_000) -> float:
    """The averaging that forgets half in that many pictures, rounded to what a person would write."""
    return round(0.5 ** (batch_size / pictures), 5)


# 25 million pictures, the length of FFHQ's own training.
PAPER_RUN = RunSettings(
    steps=781_250,
    batch_size=32,
    learning_rate=2e-3,
    ema_decay=decay_of(32),
    precision="bf16",
    log_every=50,
    save_every=4000,
)
STARTER_RUN = RunSettings(
    steps=40_000,
    batch_size=64,
    learning_rate=2.5e-3,
    ema_decay=decay_of(64),
    precision="bf16",
    log_every=32,
    save_every=800,
)
TINY_RUN = RunSettings(steps=2, batch_size=4, learning_rate=2e-3, ema_decay=0.5, log_every=1, save_every=1)

# Mapping and synthesis take 7.6 MB in float16, and leave room for an encoder in 16 MB.
STARTER = StyleGAN2Config(size=128, latent_dim=256, mapping_layers=4, channel_base=8192, channel_max=192)
SMALL = replace(STARTER, size=64, channel_base=4096, channel_max=128)
TINY = StyleGAN2Config(size=16, latent_dim=8, mapping_layers=2, channel_base=64, channel_max=8)

STARTER_ADVERSARY = Adversary(
    8192, 256, penalties=Penalties(r1=0.5, path_interval=8), augmentation=Augmentation(pictures=100_000)
)
STARTER_GENERATOR = GeneratorSettings(STARTER_RUN, STARTER, STARTER_ADVERSARY, Latents(two=0.4, own=0.5))
GENERATOR_PRESETS = {
    "paper": GeneratorSettings(PAPER_RUN, StyleGAN2Config(), features="vgg16", judged=10_000),
    "starter": STARTER_GENERATOR,
    "starter-64": replace(
        STARTER_GENERATOR,
        run=replace(STARTER_RUN, batch_size=16, ema_decay=decay_of(16), save_every=160),
        model=SMALL,
        adversary=replace(STARTER_ADVERSARY, channel_base=4096, channel_max=128),
        judged=400,
    ),
    "tiny": GeneratorSettings(
        TINY_RUN,
        TINY,
        Adversary(64, 8, penalties=Penalties(1.0, 2, 1.0, 1)),
        Latents(0.3, 0.3),
        judged=4,
    ),
}

STARTER_ENCODER = EncoderConfig(size=128, widths=(24, 48, 96, 144), units=(2, 2, 3, 2), head_width=64)
TINY_ENCODER = EncoderConfig(size=32, widths=(4, 4, 6, 8), units=(1, 1, 1, 1), head_width=8, levels=(2, 2))
ENCODER_PRESETS = {
    # 20 passes over 28 000 photos.
    "paper": EncoderSettings(
        replace(PAPER_RUN, steps=35_000, batch_size=16, learning_rate=1e-3, largest_gradient=1.0, ema_decay=0.999),
        EncoderConfig(),
    ),
    "starter": EncoderSettings(
        replace(STARTER_RUN, steps=20_000, batch_size=32, learning_rate=1e-3, largest_gradient=1.0, ema_decay=0.998),
        STARTER_ENCODER,
        alignment="eyes",
        squared=2.0,
        perceptual=0.5,
        features=STARTER_FEATURES,
        identity=0.5,
        identity_network=STARTER_FEATURES,
        kl=5e-3,
    ),
    "tiny": EncoderSettings(
        TINY_RUN,
        TINY_ENCODER,
        alignment="eyes",
        features=STARTER_FEATURES,
        identity_network=STARTER_FEATURES,
        kl_steps=2,
    ),
}

# The paper stops by eye after 900 to 2 200 steps.
STYLE_PRESETS = {
    "paper": StyleSettings(
        replace(PAPER_RUN, steps=2200, batch_size=8, ema_decay=0.995, log_every=20, save_every=100),
        Adversary(loss="hinge", augmentation=Augmentation(target=0.0)),
        patience=0,
    ),
    "starter": StyleSettings(
        replace(
            STARTER_RUN, steps=3000, batch_size=16, learning_rate=2e-3, ema_decay=0.99, log_every=20, save_every=100
        ),
        replace(STARTER_ADVERSARY, augmentation=Augmentation(pictures=20_000)),
        features=STARTER_FEATURES,
        frozen_layers=4,
        judged=256,
        patience=6,
    ),
    "tiny": StyleSettings(
        TINY_RUN,
        Adversary(64, 8, loss="hinge", penalties=Penalties(1.0, 2, 1.0, 1)),
        split=(8, 8),
        features=STARTER_FEATURES,
        frozen_layers=1,
        judged=4,
    ),
}
