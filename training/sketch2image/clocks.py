"""What the bench times of sketch to image: a picture's way through the networks, a drawing, steps of the trainings."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from PIL import Image

from artmodels.sketch2image.config import Sketch2ImageConfig, SketcherConfig
from artmodels.sketch2image.model import SketchToImage
from artmodels.sketch2image.sketcher import Sketcher
from artmodels.sketch2image.xdog import Xdog
from training.clocks import Case, logged_seconds, seconds_of, short_run
from training.sketch2image.settings import AUTOENCODER_PRESETS, REFINER_PRESETS, SKETCHER_PRESETS, SketcherSettings
from training.sketch2image.train_autoencoder import train_autoencoder
from training.sketch2image.train_refiner import train_refiner
from training.sketch2image.train_sketcher import train_sketcher

__all__ = ["sketch2image_cases"]

SIZES = (128, 256, 512)


def sketch2image_cases(preset: str = "starter", sizes: tuple[int, ...] = SIZES) -> list[Case]:
    """All rows of sketch to image; at other sizes the starter's widths are kept where they fit."""
    autoencoder, refiner, sketcher = AUTOENCODER_PRESETS[preset], REFINER_PRESETS[preset], SKETCHER_PRESETS[preset]
    rows = []
    for size in sizes:
        step = max(4, size // 64)
        width = -(-autoencoder.model.width // step) * step
        config = replace(autoencoder.model, size=size, width=width)
        refined = replace(config, refiner=refiner.refiner)
        named = f"sketch2image {preset} {size}, width {width}"
        rows += [
            Case(f"{named}: AE", partial(time_forward, config)),
            Case(f"{named}: AE and refiner", partial(time_forward, refined)),
            Case(f"sketcher {preset} {size}: draw", partial(time_drawing, sketcher.model, size)),
            Case(f"xdog {size}: draw", partial(time_drawing, None, size)),
        ]
    trained = autoencoder.model.size
    rows += [
        Case(f"sketch2image {preset} {trained}: AE training, step of {autoencoder.run.batch_size}",
             partial(time_training, train_autoencoder, autoencoder, {})),
        Case(f"sketch2image {preset} {trained}: refiner training, step of {refiner.run.batch_size}",
             partial(time_training, train_refiner, refiner, {"init": autoencoder.model})),
        Case(f"sketcher {preset} {sketcher.model.size}: training, step of {sketcher.run.batch_size}",
             partial(time_sketcher_training, sketcher)),
    ]  # fmt: skip
    return rows


def time_forward(config: Sketch2ImageConfig, repeats: int) -> list[float]:
    model = SketchToImage(config).eval()
    sketch, exemplar = torch.rand(1, 1, config.size, config.size), torch.rand(1, 3, config.size, config.size)
    with torch.inference_mode():
        return seconds_of(lambda: model(sketch, exemplar), repeats)


def time_drawing(config: SketcherConfig | None, size: int, repeats: int) -> list[float]:
    """From picture to finished lines; without a config by the filter."""
    finder = Xdog() if config is None else Sketcher(config).eval()
    picture = made_picture(0, size)
    return seconds_of(lambda: finder.draw(picture), repeats)


def time_training(
    train: Callable[..., Any], settings: Any, init: dict[str, Sketch2ImageConfig], repeats: int
) -> list[float]:
    with TemporaryDirectory() as folder:
        sampling = replace(settings.sampling, repainted=0.0, unrelated=0.0)
        # As many pictures as there are classes, at most.
        count = max(getattr(settings, "subset", 0), settings.run.batch_size)
        data = write_sketched(Path(folder, "data"), count, sampling.load_size, sampling.picture)
        saved = {name: str(SketchToImage(config).save_pretrained(Path(folder, name))) for name, config in init.items()}
        short = replace(settings, run=short_run(settings.run, repeats), sampling=sampling)
        train(short, data, Path(folder, "run"), **saved)
        return logged_seconds(Path(folder, "run", "log.jsonl"))[1:]


def time_sketcher_training(settings: SketcherSettings, repeats: int) -> list[float]:
    with TemporaryDirectory() as folder:
        data = write_sketched(Path(folder, "data"), 2 * settings.run.batch_size, settings.load_size, "full")
        short = replace(settings, run=short_run(settings.run, repeats))
        train_sketcher(short, [data / "full"], data / "line", Path(folder, "run"))
        return logged_seconds(Path(folder, "run", "log.jsonl"))[1:]


def write_sketched(root: Path, count: int, size: int, picture: str) -> Path:
    """Noise with a line through it, in the layout that recipes write; one picture is for tests."""
    rows = []
    line = np.full((size, size), 255, np.uint8)
    line[size // 2 : size // 2 + 2] = 0
    for number in range(count + 1):
        for stage, page in (("line", Image.fromarray(line)), (picture, made_picture(number, size))):
            (root / stage).mkdir(parents=True, exist_ok=True)
            page.save(root / stage / f"{number}.png")
        rows.append(f'{{"id": "{number}", "split": "{"train" if number else "test"}"}}\n')
    (root / "metadata.jsonl").write_text("".join(rows))
    return root


def made_picture(number: int, size: int) -> Image.Image:
    values = np.random.default_rng(number).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    return Image.fromarray(values).resize((size, size), Image.Resampling.BICUBIC)
