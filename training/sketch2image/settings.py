"""What the three trainings of sketch to image can be told, and the presets."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from artmodels.errors import ConfigError
from artmodels.perceptual import StarterFeaturesConfig
from artmodels.sketch2image.config import Sketch2ImageConfig, SketcherConfig
from training.settings import RunSettings

__all__ = [
    "AUTOENCODER_PRESETS",
    "REFINER_PRESETS",
    "SKETCHER_PRESETS",
    "STARTER_FEATURES",
    "AutoencoderSettings",
    "RefinerSettings",
    "Sampling",
    "SketcherSettings",
]


@dataclass(frozen=True)
class Sampling:
    """How a training draws its pictures; every share is from 0 to 1.

    Attributes:
        picture: the folder of the pictures, as their recipe calls it: "full", "three_d".
        load_size: side to which pictures are resized before a random crop of the model's size.
        mirrored: share of the pictures that are mirrored together with their sketch.
        restyled: share of the sketches whose lines become wider, thinner, broken, blurred or grey, on paper.
        exemplar_degrees: how far exemplars are turned at most.
        exemplar_enlarged: side of an exemplar before a random crop, in sides of the crop.
        exemplar_mirrored: share of the exemplars that are mirrored.
        repainted: share of the pictures that are painted in fresh colours; where regions are known only.
        unrelated: share of the repainted pictures whose exemplar is another drawing in the same colours.
    """

    picture: str = "full"
    load_size: int = 564
    mirrored: float = 0.5
    restyled: float = 0.0
    exemplar_degrees: float = 30.0
    exemplar_enlarged: float = 1.3
    exemplar_mirrored: float = 0.5
    repainted: float = 0.0
    unrelated: float = 0.0

    def __post_init__(self) -> None:
        check_shares(self, "mirrored", "restyled", "exemplar_mirrored", "repainted", "unrelated")
        if self.exemplar_enlarged < 1 or not 0 <= self.exemplar_degrees <= 180:
            raise ConfigError(
                f"exemplar_enlarged must be 1 or more and exemplar_degrees from 0 to 180, not "
                f"{self.exemplar_enlarged!r} and {self.exemplar_degrees!r}"
            )


@dataclass(frozen=True)
class SketcherSettings:
    """Training of one hand of a sketcher from pictures and a few drawings (paper section 3.1).

    Attributes:
        features: where the frozen features come from: "vgg16" or a saved `StarterFeatures`.
        load_size: side to which the shorter one of pictures and drawings is resized before a random crop.
        drawings: how many are used at most, evenly chosen from the sorted ones.
        adversarial: "log" is the paper's eqs. 5 and 6; "hinge" what its code does.
        content: weight of the distance to the picture's features with the drawing's statistics.
        gram: weight of the difference of Gram matrices; 0 in the paper, 2000 in its code.
        discriminator_width, discriminator_side: of each level's maps in the discriminator.
        candidates: how many states of the generator, evenly spread over the run's second half, are judged for hands.
        hands: how many of them become hands.
    """

    run: RunSettings
    model: SketcherConfig
    features: str = "vgg16"
    load_size: int = 292
    drawings: int = 60
    adversarial: Literal["log", "hinge"] = "hinge"
    content: float = 0.2
    gram: float = 2000.0
    discriminator_width: int = 128
    discriminator_side: int = 16
    candidates: int = 20
    hands: int = 10

    def __post_init__(self) -> None:
        if self.load_size < self.model.size:
            raise ConfigError(f"load_size {self.load_size} is less than the model's size, {self.model.size}")
        if self.adversarial not in ("log", "hinge"):
            raise ConfigError(f'adversarial must be "log" or "hinge", not {self.adversarial!r}')
        if not 1 <= self.hands <= self.candidates:
            raise ConfigError(f"hands must be from 1 to candidates ({self.candidates}), not {self.hands!r}")


@dataclass(frozen=True)
class AutoencoderSettings:
    """Self-supervised training of the encoders and the decoder (paper sections 3.2 and 3.3).

    Every weight is that of a term's mean over pictures; 0 leaves the term out.

    Attributes:
        squared, absolute: of the difference of pixels.
        perceptual: of the distance on features; the paper's code sums it over its batch of 32, so 32 of a mean.
        features: of the perceptual distance: "lpips" or a saved `StarterFeatures`.
        grey: of the difference in light when styles are exchanged, for small sets of pictures.
        style_triplet, content_triplet: of eqs. 7 and 10, with their margins.
        style_class, content_class: of eqs. 8 and 9.
        subset_share: share of a batch that comes from the pictures that are told apart at present and has the
            self-supervised terms; the others are reconstructed only.
        subset: how many pictures are told apart at a time.
        passes: over them until the next ones take their place.
    """

    run: RunSettings
    model: Sketch2ImageConfig
    sampling: Sampling = field(default_factory=Sampling)
    squared: float = 1.0
    absolute: float = 0.0
    perceptual: float = 32.0
    features: str = "lpips"
    grey: float = 0.0
    style_triplet: float = 1.0
    style_margin: float = 2.0
    content_triplet: float = 1.0
    content_margin: float = 2.0
    style_class: float = 1.0
    content_class: float = 1.0
    subset_share: float = 0.5
    subset: int = 500
    passes: int = 100

    def __post_init__(self) -> None:
        check_shares(self, "subset_share")
        if self.model.refiner != "none":
            raise ConfigError(f'the auto-encoder is trained without a refiner: "none", not {self.model.refiner!r}')
        if not 1 <= self.subset_pictures <= self.run.batch_size:
            raise ConfigError(f"subset_share {self.subset_share!r} leaves no picture of {self.run.batch_size} in it")
        if self.subset_pictures < 2 and (self.style_triplet or self.content_triplet):
            raise ConfigError(f"triplets need two pictures of the subset in a batch, not {self.subset_pictures}")
        if self.subset < 2 or self.passes < 1:
            raise ConfigError(f"subset must be 2 or more and passes 1 or more, not {self.subset} and {self.passes}")

    @property
    def subset_pictures(self) -> int:
        """How many pictures of a batch come from the subset."""
        return round(self.subset_share * self.run.batch_size)


@dataclass(frozen=True)
class RefinerSettings:
    """Adversarial training of the refiner, the auto-encoder frozen (paper section 3.4).

    Attributes:
        refiner, refiner_enlargement: of the model, whose other sizes are the auto-encoder's.
        discriminator_widths: channels at half of the refined size, at a quarter and so on, down to 8 or 4 pixels.
        adversarial: weight of the generator's hinge term.
        perceptual, squared, absolute, grey: as in `AutoencoderSettings`; the paper has 10 of the squared difference,
            its code 10 times the perceptual one, summed over 16 pictures.
    """

    run: RunSettings
    refiner: Literal["art", "face", "small"] = "art"
    refiner_enlargement: Literal[1, 2] = 1
    sampling: Sampling = field(default_factory=Sampling)
    discriminator_widths: tuple[int, ...] = (16, 32, 64, 128, 256, 1024)
    adversarial: float = 1.0
    perceptual: float = 160.0
    features: str = "lpips"
    squared: float = 0.0
    absolute: float = 0.0
    grey: float = 0.0

    def __post_init__(self) -> None:
        if len(self.discriminator_widths) < 4:
            raise ConfigError(f"discriminator_widths must be four numbers or more, not {self.discriminator_widths!r}")


def check_shares(settings: object, *names: str) -> None:
    for name in names:
        share = getattr(settings, name)
        if not 0 <= share <= 1:
            raise ConfigError(f"{name} must be a share from 0 to 1, not {share!r}")


# The paper's networks, on its pictures of 512 pixels; refined ones may have 1024.
PAPER = Sketch2ImageConfig(refiner="none")
STARTER = Sketch2ImageConfig(size=128, width=12, refiner="none")
TINY = Sketch2ImageConfig(size=64, width=4, refiner="none")
STARTER_FEATURES = "artmodels/perceptual-starter"

PAPER_RUN = RunSettings(steps=100_000, batch_size=32, precision="bf16", log_every=100, save_every=5000)
STARTER_RUN = RunSettings(
    steps=20_000,
    batch_size=8,
    learning_rate=1e-3,
    largest_gradient=10.0,
    ema_decay=0.998,
    precision="bf16",
    log_every=50,
    save_every=500,
)
TINY_RUN = RunSettings(steps=2, batch_size=4, learning_rate=1e-3, log_every=1, save_every=1)

# Starter pictures have the model's size already: nothing is cut off, and lines stay sharp.
STARTER_SAMPLING = Sampling(load_size=128, restyled=0.3)
STARTER_KINDS: Mapping[str, Sampling] = {
    "starter": replace(STARTER_SAMPLING, repainted=0.5),
    "starter-emoji": replace(STARTER_SAMPLING, picture="three_d"),
    "starter-portraits": STARTER_SAMPLING,
}
TINY_SAMPLING = Sampling(load_size=72, restyled=0.5, repainted=0.5, unrelated=0.5)

# Depthwise convolutions of so few channels are slower in bf16 than in float32 on processors.
STARTER_PICTURE_RUN = replace(STARTER_RUN, precision="no")
# Colours come soon where the difference of pixels weighs most; beside terms of weight 1 they come far later.
STARTER_AUTOENCODER = AutoencoderSettings(
    STARTER_PICTURE_RUN,
    STARTER,
    squared=0.0,
    absolute=10.0,
    perceptual=1.0,
    features=STARTER_FEATURES,
    style_triplet=0.3,
    content_triplet=0.3,
    style_class=0.1,
    content_class=0.1,
    subset=200,
    passes=8,
)
AUTOENCODER_PRESETS = {
    "paper-art": AutoencoderSettings(replace(PAPER_RUN, batch_size=64), PAPER),
    "paper-face": AutoencoderSettings(replace(PAPER_RUN, batch_size=64), PAPER),
    "paper-small": AutoencoderSettings(
        replace(PAPER_RUN, batch_size=64), PAPER, perceptual=0.0, absolute=1.0, grey=1.0
    ),
    **{name: replace(STARTER_AUTOENCODER, sampling=sampling) for name, sampling in STARTER_KINDS.items()},
    "tiny": AutoencoderSettings(
        TINY_RUN, TINY, TINY_SAMPLING, perceptual=1.0, features=STARTER_FEATURES, grey=1.0, subset=3, passes=1
    ),
}

# A correction of the coarse picture is better than it after some dozen steps; the paper's refiner begins with nothing.
STARTER_REFINER = RefinerSettings(
    replace(STARTER_PICTURE_RUN, learning_rate=5e-4, largest_gradient=0.0),
    refiner="small",
    discriminator_widths=(16, 32, 64, 128),
    perceptual=5.0,
    absolute=10.0,
    features=STARTER_FEATURES,
)
REFINER_PRESETS = {
    "paper-art": RefinerSettings(replace(PAPER_RUN, steps=200_000, batch_size=16)),
    "paper-face": RefinerSettings(replace(PAPER_RUN, steps=200_000, batch_size=16), "face"),
    "paper-small": RefinerSettings(
        replace(PAPER_RUN, steps=200_000, batch_size=16),
        "small",
        perceptual=0.0,
        squared=10.0,
        absolute=10.0,
        grey=10.0,
    ),
    **{name: replace(STARTER_REFINER, sampling=sampling) for name, sampling in STARTER_KINDS.items()},
    "tiny": RefinerSettings(
        TINY_RUN,
        sampling=TINY_SAMPLING,
        discriminator_widths=(2, 3, 4, 5),
        perceptual=1.0,
        features=STARTER_FEATURES,
        squared=1.0,
        grey=1.0,
    ),
}

PAPER_SKETCHER_RUN = RunSettings(
    steps=5000, batch_size=4, ema_decay=0.0, precision="bf16", log_every=50, save_every=500
)
PAPER_SKETCHER = SketcherSettings(PAPER_SKETCHER_RUN, SketcherConfig(hands=("drawn",)))
# Half of the ink is where a soft edge lies: lines are cut there as wide as they are drawn.
STARTER_SKETCHER = SketcherConfig(
    hands=("drawn",), size=128, features=StarterFeaturesConfig(), widths=(48, 32, 16), skips=True, threshold=0.5
)
SKETCHER_PRESETS = {
    "paper": PAPER_SKETCHER,
    "paper-log": replace(PAPER_SKETCHER, adversarial="log", content=1.0, gram=0.0),
    "starter": SketcherSettings(
        replace(STARTER_RUN, batch_size=4, ema_decay=0.0, save_every=200),
        STARTER_SKETCHER,
        features=STARTER_FEATURES,
        load_size=160,
        gram=1.0,
        discriminator_width=32,
        discriminator_side=8,
        candidates=12,
        hands=3,
    ),
    "tiny": SketcherSettings(
        replace(TINY_RUN, ema_decay=0.0),
        replace(STARTER_SKETCHER, size=32, widths=(4, 4, 4)),
        features=STARTER_FEATURES,
        load_size=36,
        gram=1.0,
        discriminator_width=4,
        discriminator_side=8,
        candidates=2,
        hands=2,
    ),
}
