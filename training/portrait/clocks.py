"""What the bench times of the portrait stylizer: the generator and the encoder at the paper's size, training steps."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from artmodels.portrait.config import EncoderConfig, PortraitConfig, StyleConfig, StyleGAN2Config
from artmodels.portrait.encoder import Encoder
from artmodels.portrait.model import PortraitStylizer
from artmodels.portrait.modulation import EPS, GAIN, ModulatedConv, leaky
from artmodels.portrait.style import PortraitStyle
from artmodels.portrait.stylegan2 import StyleGAN2
from training.clocks import Case, logged_seconds, seconds_of, short_run
from training.portrait.exemplars import FEWEST
from training.portrait.presets import ENCODER_PRESETS, GENERATOR_PRESETS, PHOTO_PRESETS, STYLE_PRESETS
from training.portrait.settings import StyleSettings
from training.portrait.train_generator import train_generator
from training.portrait.train_photo import train_photo
from training.portrait.train_style import train_style

__all__ = ["portrait_cases"]

EYES = ((206.0, 233.0), (306.0, 233.0))
PICTURE_SIDE = 128


def portrait_cases(preset: str = "paper", trained: tuple[str, ...] = ("starter", "starter-64")) -> list[Case]:
    """All rows of the portrait stylizer: one picture at `preset`, verbs and trainings at what is for a CPU, too."""
    config, encoder = GENERATOR_PRESETS[preset].model, ENCODER_PRESETS[preset].encoder
    named, first = f"portrait {preset} {config.size}", trained[0]
    photo, style = PHOTO_PRESETS[first], STYLE_PRESETS[first]
    made = photo.model.generator.size
    verbs = f"portrait {first} {made}"
    return [
        Case(f"{named}: generator", partial(time_generator, config)),
        Case(f"{named}: generator in bfloat16", partial(time_generator, config, dtype=torch.bfloat16)),
        Case(f"{named}: generator written plainly", partial(time_generator, config, plainly=True)),
        Case(f"{named}: encoder", partial(time_encoder, encoder, config)),
        Case(f"{verbs}: open a photo", partial(time_opening, photo.model)),
        Case(f"{verbs}: stylize an opened photo", partial(time_stylizing, photo.model)),
        Case(f"{verbs}: stylize between style and photo", partial(time_stylizing, photo.model, likeness=0.75)),
        *(
            Case(f"{training_name(name)}: generator training, step of {settings.run.batch_size}",
                 partial(time_training, train_generator, settings))
            for name, settings in ((name, GENERATOR_PRESETS[name]) for name in trained)
        ),
        Case(f"{training_name(first)}: training of a whole photo model, step of {photo.run.batch_size}",
             partial(time_training, train_photo, photo)),
        Case(f"{training_name(first)}: style training, step of {style.run.batch_size}",
             partial(time_style_training, style, photo.model)),
    ]  # fmt: skip


def training_name(preset: str) -> str:
    return f"portrait {preset} {GENERATOR_PRESETS[preset].model.size}"


def time_generator(
    config: StyleGAN2Config, repeats: int, *, dtype: torch.dtype | None = None, plainly: bool = False
) -> list[float]:
    """From one latent to one picture."""
    model, latent = StyleGAN2(config).eval(), torch.randn(1, config.latent_dim)
    for layer in model.modules():
        if plainly and isinstance(layer, ModulatedConv):
            layer.__class__ = PlainConv
    with torch.inference_mode(), torch.autocast("cpu", dtype) if dtype is not None else nullcontext():
        return seconds_of(lambda: model(latent), repeats)


class PlainConv(ModulatedConv):
    """The same layer as its formula reads: weights of five dimensions, the filter on one channel after the other."""

    def forward(self, x: Tensor, w: Tensor, noise: Tensor | None) -> Tensor:
        weight = self.weight[None] * self.affine(w)[:, None, :, None, None]
        weight = weight * (weight.square().sum((2, 3, 4), keepdim=True) + EPS).rsqrt()
        grouped = x.reshape(1, -1, *x.shape[2:])
        if self.resampler is None:
            y = functional.conv2d(grouped, weight.flatten(0, 1), padding=1, groups=len(w))
        else:
            y = functional.conv_transpose2d(grouped, weight.transpose(1, 2).flatten(0, 1), stride=2, groups=len(w))
            y = functional.conv2d(y.transpose(0, 1), 4 * self.resampler.taps, padding=1)
        y = y.reshape(len(w), -1, *y.shape[2:])
        if noise is not None:
            y = y + self.noise_strength * noise
        return leaky(GAIN * (y + self.bias[:, None, None]), self.clamp)


def time_encoder(config: EncoderConfig, generator: StyleGAN2Config, repeats: int) -> list[float]:
    encoder = Encoder(config, generator.code_count, generator.latent_dim).eval()
    photo = torch.rand(1, 3, config.size, config.size)
    with torch.inference_mode():
        return seconds_of(lambda: encoder(photo), repeats)


def time_opening(config: PortraitConfig, repeats: int) -> list[float]:
    """Of a photo of 512 pixels whose eyes are given: cut, encoded."""
    model, photo = PortraitStylizer(config).eval(), noise_picture(0, 512)
    return seconds_of(lambda: model.open(photo, eyes=EYES), repeats)


def time_stylizing(config: PortraitConfig, repeats: int, *, likeness: float = 0.5) -> list[float]:
    """From codes to the portrait in the photo of 512 pixels."""
    model = PortraitStylizer(config).eval()
    style = PortraitStyle(StyleConfig(config.generator, "unsaved")).eval()
    opened = model.open(noise_picture(0, 512), eyes=EYES)
    return seconds_of(lambda: model.stylize(opened, style=style, likeness=likeness), repeats)


def time_training(train: Callable[..., Any], settings: Any, repeats: int) -> list[float]:
    with TemporaryDirectory() as folder:
        count = max(settings.run.batch_size, settings.judged, FEWEST)
        data = write_portraits(Path(folder, "data"), count, PICTURE_SIDE)
        train(replace(settings, run=short_run(settings.run, repeats)), data, Path(folder, "run"))
        return logged_seconds(Path(folder, "run", "log.jsonl"))[1:]


def time_style_training(settings: StyleSettings, config: PortraitConfig, repeats: int) -> list[float]:
    with TemporaryDirectory() as folder:
        photo = PortraitStylizer(config).save_pretrained(Path(folder, "photo"))
        return time_training(partial(train_style, photo=str(photo)), settings, repeats)


def write_portraits(root: Path, count: int, size: int) -> Path:
    """Noise in the layout that recipes write; one picture is for tests."""
    (root / "full").mkdir(parents=True)
    rows = []
    for number in range(count + 1):
        noise_picture(number, size).save(root / "full" / f"{number}.png")
        rows.append(f'{{"id": "{number}", "split": "{"train" if number else "test"}"}}\n')
    (root / "metadata.jsonl").write_text("".join(rows))
    return root


def noise_picture(number: int, size: int) -> Image.Image:
    values = np.random.default_rng(number).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    return Image.fromarray(values).resize((size, size), Image.Resampling.BICUBIC)
