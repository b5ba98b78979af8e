"""What the two trainings of the workflow editor can be told, and the presets."""

from dataclasses import dataclass, field, replace

from artmodels.errors import ConfigError
from artmodels.workflow.config import WorkflowConfig
from training.settings import RunSettings

__all__ = [
    "GENERATION_PRESETS",
    "INFERENCE_PRESETS",
    "REGULARISER_PRESETS",
    "GenerationSettings",
    "InferenceSettings",
    "RegulariserSettings",
]


@dataclass(frozen=True)
class InferenceSettings:
    """Training of the stage inference networks (paper eq. 5).

    Attributes:
        load_size: side to which pictures are resized before a random crop of the model's size.
        mirrored: share of the pictures that are mirrored; none where a stage's colours tell left from right.
        hue_rotation: share of the pictures whose stages' hues are turned together by a random angle.
        joint: each network but the last stage's reads the prediction of the one after it, as at test time.
        adversarial: weight of the adversarial term; 0 leaves the discriminators out.
        reconstruction: weight of the absolute difference to the true stage.
        figure: how much more of it counts where a stage differs from its ground; for small figures on plain ground.
    """

    run: RunSettings
    model: WorkflowConfig = field(default_factory=WorkflowConfig)
    load_size: int = 286
    mirrored: float = 0.5
    hue_rotation: float = 0.0
    joint: bool = False
    discriminator_width: int = 64
    adversarial: float = 1.0
    reconstruction: float = 10.0
    figure: float = 0.0

    def __post_init__(self) -> None:
        _check_share("mirrored", self.mirrored)
        _check_share("hue_rotation", self.hue_rotation)
        if not 0 <= self.figure < float("inf"):
            raise ConfigError(f"figure must be a number from 0, not {self.figure!r}")
        _check_size("discriminator_width", self.discriminator_width)
        if self.load_size < self.model.size:
            raise ConfigError(f"load_size {self.load_size} is less than the model's {self.model.size}")


@dataclass(frozen=True)
class GenerationSettings:
    """Training of latent encoders and generators (paper eqs. 3 and 9, weights as trained by its authors).

    Attributes:
        load_size: side to which pictures are resized before a random crop of the model's size. Less than that size
            trains on smaller pictures, which teaches encoders and generators the coarse things several times faster;
            cycle and joint must be off then, because inference networks know their own size only.
        mirrored: share of the pictures that are mirrored; none where a stage's colours tell left from right.
        hue_rotation: share of the pictures whose stages' hues are turned together by a random angle.
        joint: contents and references are chained as at test time instead of the true stages.
        rendered_stages: the stages whose encoder and generator are trained; none named means all. Separate steps do
            not depend on each other, so they can be trained one after the other or on different machines.
        wake_below: latents that hold fewer nats than this, and style blocks that do nothing, are started anew
            (`training/workflow/latents.py`); more than any holds, 100 say, starts a training from all of them.
        whiten: gives the latents of the trained steps the prior's mean and spread before the training, without a change
            to what is rendered; a training without divergence needs it before its latents can be drawn.
        adversarial: weight of the two adversarial terms; 0 leaves the discriminators out.
        kl: weight of the divergence, summed over latent entries and the encoded half of the batch.
        latent: weight of the latent regression of randomly styled pictures; 0 leaves it out.
        cycle: weight of the inferred stage of a randomly styled picture against the true one; 0 leaves it out.
        mode_seeking: weight of the term against equal pictures from different latents; 0 leaves it out.
    """

    run: RunSettings
    model: WorkflowConfig = field(default_factory=WorkflowConfig)
    load_size: int = 286
    mirrored: float = 0.5
    hue_rotation: float = 0.0
    joint: bool = False
    rendered_stages: tuple[str, ...] = ()
    wake_below: float = 0.0
    whiten: bool = False
    discriminator_width: int = 64
    adversarial: float = 1.0
    reconstruction: float = 10.0
    kl: float = 0.01
    latent: float = 0.5
    cycle: float = 1.0
    mode_seeking: float = 0.01

    def __post_init__(self) -> None:
        _check_share("mirrored", self.mirrored)
        _check_share("hue_rotation", self.hue_rotation)
        _check_size("load_size", self.load_size)
        _check_size("discriminator_width", self.discriminator_width)
        if self.run.batch_size % 2:
            raise ConfigError(f"batch_size must be even, half for each discriminator, not {self.run.batch_size}")
        unknown = set(self.rendered_stages) - set(self.model.stages[1:])
        if unknown:
            raise ConfigError(f"rendered_stages must be among {self.model.stages[1:]}, not {sorted(unknown)}")
        if self.load_size < self.model.size and (self.cycle or self.joint):
            raise ConfigError(f"load_size {self.load_size} is less than the model's {self.model.size}: cycle must be 0")

    @property
    def random_pictures(self) -> int:
        """How many randomly styled pictures a sample the terms need: none, one, or two for mode seeking."""
        return 2 if self.mode_seeking else int(any((self.adversarial, self.latent, self.cycle)))


def _check_share(name: str, share: float) -> None:
    if not 0 <= share <= 1:
        raise ConfigError(f"{name} must be a share from 0 to 1, not {share!r}")


def _check_size(name: str, size: int) -> None:
    if size < 1:
        raise ConfigError(f"{name} must be 1 or more, not {size!r}")


ANIME = WorkflowConfig(stages=("line", "rough", "full"))
CHAIR = WorkflowConfig(stages=("sketch", "normal", "colour", "lighting"), channels=(1, 3, 3, 3))
FACE = WorkflowConfig(stages=("line", "flat", "full"))
STARTER = WorkflowConfig(
    stages=("line", "flat", "full"),
    size=128,
    latent_dim=16,
    generator_width=24,
    content_blocks=3,
    style_blocks=3,
    encoder_width=32,
    inference_width=16,
)
TINY = WorkflowConfig(
    stages=("line", "flat", "full"),
    size=64,
    latent_dim=4,
    generator_width=4,
    content_blocks=1,
    style_blocks=1,
    encoder_width=4,
    inference_width=4,
)
TINY_RUN = RunSettings(steps=2, batch_size=2, log_every=1, save_every=1)
STARTER_RUN = RunSettings(steps=4000, batch_size=8, learning_rate=4e-4, precision="bf16", log_every=50, save_every=500)

# The paper's iterations count pictures: 450 000 and 1 200 000 of them at batch 8.
INFERENCE_PRESETS = {
    "paper-anime": InferenceSettings(RunSettings(steps=56_250), ANIME),
    "paper-chair": InferenceSettings(RunSettings(steps=56_250), CHAIR, mirrored=0.0),
    "paper-face": InferenceSettings(RunSettings(steps=56_250), FACE),
    # Composed stages follow from each other almost exactly: the difference to the true stage says all, and an adversary
    # of a network this small only mottles it.
    "starter": InferenceSettings(STARTER_RUN, STARTER, load_size=128, discriminator_width=32, adversarial=0.0),
    "tiny": InferenceSettings(TINY_RUN, TINY, load_size=72, discriminator_width=4),
}
GENERATION_PRESETS = {
    "paper-anime": GenerationSettings(RunSettings(steps=150_000), ANIME),
    "paper-chair": GenerationSettings(RunSettings(steps=150_000), CHAIR, mirrored=0.0),
    "paper-face": GenerationSettings(RunSettings(steps=150_000), FACE),
    # A short training starts with the true pictures alone: with the other terms, and with any divergence, latents fall
    # asleep before the generator has learnt to read them. They are for a later, joint run.
    "starter": GenerationSettings(
        replace(STARTER_RUN, steps=20_000, batch_size=16, learning_rate=1e-3, largest_gradient=20.0),
        STARTER,
        load_size=128,
        discriminator_width=32,
        adversarial=0.0,
        reconstruction=30.0,
        kl=0.0,
        latent=0.0,
        cycle=0.0,
        mode_seeking=0.0,
    ),
    "tiny": GenerationSettings(TINY_RUN, TINY, load_size=72, discriminator_width=4),
}

# Narrower than for illustrations: three steps in 12.3 MiB of half-precision weights, and all starters fit in one wheel.
STARTER_EMOJI = replace(
    STARTER,
    stages=("line", "flat", "shaded", "three_d"),
    channels=(1, 3, 3, 3),
    generator_width=16,
    encoder_width=24,
    inference_width=12,
)

# Half the emoji keep their colours: yellow faces and the five skin tones are what people will open.
INFERENCE_PRESETS["starter-emoji"] = replace(INFERENCE_PRESETS["starter"], model=STARTER_EMOJI, hue_rotation=0.5)
GENERATION_PRESETS["starter-emoji"] = replace(GENERATION_PRESETS["starter"], model=STARTER_EMOJI, hue_rotation=0.5)

# As wide as the emoji's, 12.3 MiB of half-precision weights. Hues never turn: a normal map's colours are directions.
STARTER_CHAIRS = replace(STARTER_EMOJI, stages=CHAIR.stages, channels=CHAIR.channels)
# Nor are chairs mirrored. Four fifths of a normal map are ground, in front of which networks stay for very long.
INFERENCE_PRESETS["starter-chairs"] = replace(
    INFERENCE_PRESETS["starter"], model=STARTER_CHAIRS, mirrored=0.0, figure=5.0
)
GENERATION_PRESETS["starter-chairs"] = replace(GENERATION_PRESETS["starter"], model=STARTER_CHAIRS, mirrored=0.0)


@dataclass(frozen=True)
class RegulariserSettings:
    """Training of the weights that draw increments on AdaIN vectors back to zero (paper eq. 7).

    A step of the run takes `run.batch_size` pairs of artworks through all inner steps of every stage. Adam has its
    usual betas here, and each inner step moves the weights once.

    Attributes:
        features: what pictures are compared by, kept in the model's config; None keeps the model's own.
        load_size: side to which pictures are resized before a random crop of the model's size.
        mirrored: share of the artworks that are mirrored.
        inner_steps: iterations of AdaIN optimisation for each pair.
        inner_learning_rate: of those iterations.
        weight_decay: of the raw weights.
        adversarial: weight of the discriminator's score of the second artwork with the first one's increment.
        discriminator_steps: how long a stage's discriminator learns beforehand, unless a trained one is given.
        measured_artworks: training artworks that tell what is usual, at most.
    """

    run: RunSettings
    features: str | None = None
    load_size: int = 286
    mirrored: float = 0.5
    inner_steps: int = 80
    inner_learning_rate: float = 0.1
    weight_decay: float = 1e-8
    adversarial: float = 1.0
    discriminator_width: int = 64
    discriminator_steps: int = 5000
    measured_artworks: int = 10_000

    def __post_init__(self) -> None:
        _check_share("mirrored", self.mirrored)
        if self.inner_steps < 1 or self.measured_artworks < 1:
            raise ConfigError("inner_steps and measured_artworks must be 1 or more")


# 500 pairs of 80 inner steps are the paper's 40 000 iterations. What is trained is not averaged.
PAPER_REGULARISER = RegulariserSettings(
    RunSettings(steps=500, batch_size=1, learning_rate=1e-3, ema_decay=0.0, log_every=1, save_every=50),
    features="vgg16",
)
REGULARISER_PRESETS = {
    "paper-anime": PAPER_REGULARISER,
    "paper-chair": replace(PAPER_REGULARISER, mirrored=0.0),
    "paper-face": PAPER_REGULARISER,
    # Ten steps of two pairs move the weights 800 times, at twice the pace: some seven minutes of one core.
    "starter": RegulariserSettings(
        replace(PAPER_REGULARISER.run, steps=10, batch_size=2, learning_rate=2e-3, save_every=2),
        features="artmodels/perceptual-starter",
        load_size=128,
        discriminator_width=16,
        discriminator_steps=100,
        measured_artworks=400,
    ),
    "tiny": RegulariserSettings(
        replace(PAPER_REGULARISER.run, steps=2, batch_size=2, save_every=1),
        load_size=72,
        inner_steps=3,
        discriminator_width=4,
        discriminator_steps=1,
        measured_artworks=4,
    ),
}
REGULARISER_PRESETS["starter-emoji"] = REGULARISER_PRESETS["starter"]
REGULARISER_PRESETS["starter-chairs"] = replace(REGULARISER_PRESETS["starter"], mirrored=0.0)
