"""The presets of the portrait stylizer's trainings."""

from dataclasses import replace

from artmodels.portrait.config import EncoderConfig, PortraitConfig, StyleGAN2Config
from training.portrait.settings import (
    STARTER_FEATURES,
    Adversary,
    Augmentation,
    EncoderSettings,
    GeneratorSettings,
    Latents,
    Penalties,
    PhotoSettings,
    PhotoTerms,
    StyleSettings,
)
from training.settings import RunSettings

__all__ = ["ENCODER_PRESETS", "GENERATOR_PRESETS", "PHOTO_PRESETS", "STYLE_PRESETS"]


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

# 2.4 MB in float16, so that a photo model and several styles of it fit into a package.
STARTER = StyleGAN2Config(size=128, latent_dim=128, mapping_layers=4, channel_base=4096, channel_max=112)
TINY = StyleGAN2Config(size=16, latent_dim=8, mapping_layers=2, channel_base=64, channel_max=8)

STARTER_ADVERSARY = Adversary(
    4096, 112, penalties=Penalties(r1=0.1, path_interval=8), augmentation=Augmentation(pictures=100_000)
)
STARTER_GENERATOR = GeneratorSettings(STARTER_RUN, STARTER, STARTER_ADVERSARY, Latents(two=0.4, own=0.5), noise=False)
TINY_ADVERSARY = Adversary(64, 8, penalties=Penalties(1.0, 2, 1.0, 1))
GENERATOR_PRESETS = {
    "paper": GeneratorSettings(PAPER_RUN, StyleGAN2Config(), features="vgg16", judged=10_000),
    "starter": STARTER_GENERATOR,
    "starter-64": replace(
        STARTER_GENERATOR,
        run=replace(STARTER_RUN, batch_size=16, ema_decay=decay_of(16), save_every=160),
        model=replace(STARTER, size=64),
        judged=400,
    ),
    "tiny": GeneratorSettings(
        TINY_RUN,
        TINY,
        TINY_ADVERSARY,
        Latents(0.3, 0.3),
        judged=4,
    ),
}

STARTER_ENCODER = EncoderConfig(size=64, widths=(32, 64, 96, 128), units=(2, 2, 2, 1), head_width=48)
TINY_ENCODER = EncoderConfig(size=32, widths=(4, 4, 6, 8), units=(1, 1, 1, 1), head_width=8, levels=(2, 2))
STARTER_TERMS = PhotoTerms(
    squared=2.0,
    perceptual=0.5,
    features=STARTER_FEATURES,
    identity=0.5,
    identity_network=STARTER_FEATURES,
    kl=5e-3,
)
TINY_TERMS = replace(STARTER_TERMS, kl_steps=2)
ENCODER_PRESETS = {
    # 20 passes over 28 000 photos.
    "paper": EncoderSettings(
        replace(PAPER_RUN, steps=35_000, batch_size=16, learning_rate=1e-3, largest_gradient=1.0, ema_decay=0.999),
        EncoderConfig(),
    ),
    "starter": EncoderSettings(
        replace(STARTER_RUN, steps=20_000, batch_size=32, learning_rate=1e-3, largest_gradient=1.0, ema_decay=0.998),
        STARTER_ENCODER,
        STARTER_TERMS,
        alignment="eyes",
    ),
    "tiny": EncoderSettings(
        TINY_RUN,
        TINY_ENCODER,
        TINY_TERMS,
        alignment="eyes",
    ),
}

PHOTO_PRESETS = {
    "starter": PhotoSettings(
        replace(STARTER_RUN, batch_size=16, ema_decay=decay_of(16), save_every=160),
        PortraitConfig(STARTER, STARTER_ENCODER, "eyes"),
        STARTER_ADVERSARY,
        Latents(two=0.4, own=0.5),
        STARTER_TERMS,
        noise=False,
        again=2.0,
        judged=400,
    ),
    "tiny": PhotoSettings(
        TINY_RUN,
        PortraitConfig(TINY, TINY_ENCODER, "eyes"),
        TINY_ADVERSARY,
        Latents(0.3, 0.3),
        TINY_TERMS,
        judged=4,
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
        noise=False,
        features=STARTER_FEATURES,
        encoded=0.75,
        invented=500,
        balanced=True,
        colour=20.0,
        paired=2.0,
        face=1.0,
        alone=200,
        frozen_layers=4,
        judged=256,
        patience=6,
    ),
    "tiny": StyleSettings(
        TINY_RUN,
        replace(TINY_ADVERSARY, loss="hinge"),
        split=(8, 8),
        features=STARTER_FEATURES,
        paired=0.5,
        frozen_layers=1,
        judged=4,
    ),
}
