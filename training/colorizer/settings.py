"""What the three trainings of the tag colorizer can be told, and the presets."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from artmodels.colorizer.config import ColorizerConfig, TagGroup
from artmodels.errors import ConfigError
from training.recipes.danbooru_tags import COLOUR_GROUPS, SWATCHES
from training.recipes.garments import GARMENTS
from training.recipes.palettes import BACKGROUND, CLOTHES, EYES, HAIR, PATTERNS, SKIN
from training.settings import RunSettings

__all__ = [
    "ENCODER_PRESETS",
    "GENERATOR_PRESETS",
    "MAPPING_PRESETS",
    "Edits",
    "EncoderSettings",
    "GeneratorSettings",
    "MappingSettings",
    "Sampling",
]


@dataclass(frozen=True)
class Sampling:
    """How a training draws its pictures; every share is from 0 to 1.

    Attributes:
        load_size: side to which pictures are resized before a random crop of the model's size; references are not cut.
        mirrored: share of the sketches that are mirrored together with their colouring.
        turned: share of the references that are turned by a quarter to either side.
        restyled: share of the sketches whose lines become wider, thinner, broken, blurred or grey, on paper.
        repainted: share of the references that are painted in a palette of their own instead of being the recipe's
            pictures; where regions are known only.
        mixed: share of the repainted references of pairs whose colours lie between two palettes', so that colours that
            no tag names are learnt, too.
    """

    load_size: int = 512
    mirrored: float = 0.5
    turned: float = 0.16
    restyled: float = 0.0
    repainted: float = 0.0
    mixed: float = 0.0

    def __post_init__(self) -> None:
        check_shares(self, "mirrored", "turned", "restyled", "repainted", "mixed")


@dataclass(frozen=True)
class Edits:
    """References of the second step that differ in one part alone; where regions are known only.

    Attributes:
        share: of the targets that are the anchor with one part in another colour instead of any other picture.
        graded: share of these whose tag has a strength from 0 to 2 instead of what is read: at 0 the part has a neutral
            colour, at 1 the tag's own, and at 2 one that is a quarter further away from the neutral one.
    """

    share: float = 0.0
    graded: float = 0.0

    def __post_init__(self) -> None:
        check_shares(self, "share", "graded")


@dataclass(frozen=True)
class EncoderSettings:
    """Training of the reference encoder as a classifier of tags, by binary cross-entropy (paper 3.1).

    Attributes:
        imagenet: begins with torchvision's ResNet-34, which fits the paper's layout only.
    """

    run: RunSettings
    model: ColorizerConfig
    sampling: Sampling = field(default_factory=Sampling)
    imagenet: bool = False


@dataclass(frozen=True)
class GeneratorSettings:
    """Training of the generator by references (paper section 3.2, the first step).

    Attributes:
        discriminator_width: channels of its first layer, then 2, 4 and 8 times as many.
        adversarial: weight of the adversarial term; 0 leaves the discriminator out.
        reconstruction: weight of the absolute difference to the true colouring; less gives greyish colours.
        variation: weight of the total variation, which the paper needs above 384 pixels.
        small_regions: from 0, all pixels count alike, to 1, all regions count alike in the reconstruction; where
            regions are known only.
        shuffled: share of the references whose features change places, a cheap stand-in for deformed pictures.
        dropped: share of the places of a reference's features that are left out.
        joint: trains the reference encoder together with the generator, which the paper warns of.
    """

    run: RunSettings
    model: ColorizerConfig
    sampling: Sampling = field(default_factory=Sampling)
    discriminator_width: int = 64
    adversarial: float = 1.0
    reconstruction: float = 100.0
    variation: float = 0.0
    small_regions: float = 0.0
    shuffled: float = 0.0
    dropped: float = 0.0
    joint: bool = False

    def __post_init__(self) -> None:
        check_shares(self, "small_regions", "shuffled", "dropped")


@dataclass(frozen=True)
class MappingSettings:
    """Training of the tag mapping, networks frozen (paper section 3.3, the second step).

    Attributes:
        mapping_width, self_adaptive: of the model's tag mapping, which is a new one.
        inversion: weight of the difference between mapped tags and mean features. Only a generator that attends to
            places has it, as in the paper; 0 leaves it out there too.
    """

    run: RunSettings
    mapping_width: int = 512
    self_adaptive: bool = True
    sampling: Sampling = field(default_factory=Sampling)
    edits: Edits = field(default_factory=Edits)
    inversion: float = 1.0


def check_shares(settings: object, *names: str) -> None:
    for name in names:
        share = getattr(settings, name)
        if not 0 <= share <= 1:
            raise ConfigError(f"{name} must be a share from 0 to 1, not {share!r}")


def tag_group(name: str, palette: Mapping[str, str]) -> TagGroup:
    """Tags such as "red_hair" with the palette's own colours."""
    tags = tuple(f"{colour}_{name}" for colour in palette)
    return TagGroup(name, tags, tuple(f"#{value}" for value in palette.values()))


# Every tag that the illustrations recipe gives.
ILLUSTRATION_PALETTES = {
    "hair": HAIR, "eyes": EYES, "skin": SKIN, "clothes": CLOTHES, "accent": CLOTHES, "background": BACKGROUND,
}  # fmt: skip
ILLUSTRATION_TAGS = (
    "eyes_closed", "bald", *(f"{kind}_clothes" for kind in PATTERNS if kind != "plain"), *GARMENTS,
    "glasses", "earrings", "freckles", "beard", "hair_flower",
)  # fmt: skip

# The tags that the paper edits; what a data set's own tags.json lists takes their place.
PAPER = ColorizerConfig(
    groups=tuple(
        tag_group(part, {colour: SWATCHES[colour].removeprefix("#") for colour in colours})
        for part, colours in COLOUR_GROUPS.items()
    )
)
STARTER = ColorizerConfig(
    groups=tuple(tag_group(name, palette) for name, palette in ILLUSTRATION_PALETTES.items()),
    other_tags=ILLUSTRATION_TAGS,
    size=128,
    depth=4,
    encoder_width=24,
    encoder_blocks=(1, 1, 1, 1),
    width=16,
    mapping_width=192,
)
TINY = replace(STARTER, size=32, depth=3, encoder_width=4, encoder_blocks=(1, 1), width=4, mapping_width=8)

TINY_RUN = RunSettings(steps=2, batch_size=2, learning_rate=1e-4, log_every=1, save_every=1)
STARTER_RUN = RunSettings(
    steps=12_000,
    batch_size=16,
    learning_rate=1e-3,
    largest_gradient=1.0,
    ema_decay=0.998,
    precision="bf16",
    log_every=50,
    save_every=500,
)
# Light falls from the left in every drawing that is coloured here, so sketches are not mirrored.
STARTER_SAMPLING = Sampling(load_size=128, mirrored=0.0, turned=0.0, restyled=0.3, repainted=0.5, mixed=0.3)
TINY_SAMPLING = Sampling(load_size=40, mirrored=0.5, turned=0.2, restyled=0.5, repainted=0.5, mixed=0.5)
# 766 454 pictures: 2, 9 and 3 passes over them at batch 32.
PAPER_RUN = RunSettings(
    steps=215_600, batch_size=32, learning_rate=1e-4, precision="bf16", log_every=100, save_every=5000
)

ENCODER_PRESETS = {
    "paper": EncoderSettings(replace(PAPER_RUN, steps=47_900), PAPER, imagenet=True),
    "starter": EncoderSettings(replace(STARTER_RUN, steps=8000), STARTER, STARTER_SAMPLING),
    "tiny": EncoderSettings(TINY_RUN, TINY, TINY_SAMPLING),
}
# The recipe's pictures follow from their colours exactly: the difference to the true colouring says all.
STARTER_GENERATOR = GeneratorSettings(
    replace(STARTER_RUN, largest_gradient=100.0),
    STARTER,
    STARTER_SAMPLING,
    discriminator_width=16,
    adversarial=0.0,
    small_regions=0.5,
)
TINY_GENERATOR = GeneratorSettings(
    TINY_RUN, TINY, TINY_SAMPLING, discriminator_width=4, small_regions=0.5, shuffled=0.5, dropped=0.1
)
GENERATOR_PRESETS = {
    "paper-attention": GeneratorSettings(PAPER_RUN, PAPER),
    "paper-add": GeneratorSettings(PAPER_RUN, replace(PAPER, receiving="add")),
    "starter-attention": STARTER_GENERATOR,
    "starter-add": replace(STARTER_GENERATOR, model=replace(STARTER, receiving="add")),
    "tiny-attention": TINY_GENERATOR,
    "tiny-add": replace(TINY_GENERATOR, model=replace(TINY, receiving="add")),
}
MAPPING_PRESETS = {
    "paper": MappingSettings(replace(PAPER_RUN, steps=71_900)),
    "starter": MappingSettings(
        replace(STARTER_RUN, steps=6000), mapping_width=192, sampling=STARTER_SAMPLING, edits=Edits(0.6, 0.7)
    ),
    "tiny": MappingSettings(TINY_RUN, mapping_width=8, sampling=TINY_SAMPLING, edits=Edits(0.5, 0.5)),
}
