"""What the bench times of the tag colorizer: the pass that a moved slider waits for, and steps of its trainings."""

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from PIL import Image

from artmodels.colorizer.config import ColorizerConfig
from artmodels.colorizer.model import TagColorizer
from training.clocks import Case, logged_seconds, seconds_of, short_run
from training.colorizer.settings import (
    ENCODER_PRESETS,
    GENERATOR_PRESETS,
    MAPPING_PRESETS,
    EncoderSettings,
    GeneratorSettings,
    MappingSettings,
)
from training.colorizer.train_encoder import train_encoder
from training.colorizer.train_generator import train_generator
from training.colorizer.train_mapping import train_mapping
from training.recipes.drawings import REGIONS

__all__ = ["colorizer_cases"]

SIZES = (256, 512)


def colorizer_cases(preset: str = "starter", sizes: tuple[int, ...] = SIZES) -> list[Case]:
    """All rows of the tag colorizer."""
    encoder, mapping = ENCODER_PRESETS[preset], MAPPING_PRESETS[preset]
    generator = GENERATOR_PRESETS[f"{preset}-attention"]
    config = replace(generator.model, mapped=True)
    rows = [
        Case(f"colorizer {preset} {size}: encode, shift by a tag, render", partial(time_tag_pass, config, size))
        for size in sizes
    ]
    trainings: dict[str, tuple[Callable[..., TagColorizer], EncoderSettings | GeneratorSettings | MappingSettings]] = {
        "encoder": (train_encoder, encoder),
        "generator": (train_generator, generator),
        "mapping": (train_mapping, mapping),
    }
    rows += [
        Case(
            f"colorizer {preset} {config.size}: {name} training, step of {settings.run.batch_size}",
            partial(time_training, train, settings, generator.model),
        )
        for name, (train, settings) in trainings.items()
    ]
    return rows


def time_tag_pass(config: ColorizerConfig, size: int, repeats: int) -> list[float]:
    colorizer = TagColorizer(config).eval()
    sketch, reference = torch.rand(1, 1, size, size), torch.rand(1, 3, config.size, config.size)
    wished = torch.rand(1, len(config.tags))
    with torch.inference_mode():
        return seconds_of(lambda: colorizer(sketch, reference, wished), repeats)


def time_training(
    train: Callable[..., TagColorizer],
    settings: EncoderSettings | GeneratorSettings | MappingSettings,
    config: ColorizerConfig,
    repeats: int,
) -> list[float]:
    with TemporaryDirectory() as folder:
        data, out = write_drawings(Path(folder, "data"), settings.run.batch_size, config.size), Path(folder, "run")
        init = TagColorizer(config).save_pretrained(Path(folder, "init"))
        train(replace(settings, run=short_run(settings.run, repeats)), data, out, init=str(init))
        return logged_seconds(out / "log.jsonl")[1:]


def write_drawings(root: Path, count: int, size: int) -> Path:
    """Stripes of regions in the layout of the illustrations recipe; one drawing is for tests."""
    regions = np.repeat(np.arange(size, dtype=np.uint8)[:, None] * len(REGIONS) // size, size, axis=1).astype(np.uint8)
    pictures = {"line": np.full_like(regions, 255), "regions": regions, "full": np.stack([20 * regions] * 3, axis=2)}
    rows = []
    for number in range(count + 1):
        for stage, picture in pictures.items():
            (root / stage).mkdir(parents=True, exist_ok=True)
            Image.fromarray(picture).save(root / stage / f"{number}.png")
        row = {"id": str(number), "drawing": number, "split": "train" if number else "test", "light": "left"}
        row |= {"tags": ["red_hair", "blue_clothes"], "pattern": "plain"}
        rows.append({**row, "colours": {region: f"#{20 * i:02x}4060" for i, region in enumerate(REGIONS)}})
    (root / "metadata.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return root
