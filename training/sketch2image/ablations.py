"""The paper's tables 2, 3 and 4 at starter scale: trainings of the auto-encoder that differ in one thing."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from artmodels.perceptual import load_features
from artmodels.sketch2image.model import SketchToImage
from artmodels.sketch2image.sketcher import Sketcher
from artmodels.sketch2image.xdog import Xdog
from training.feature_distance import load_distance
from training.metrics import gaussian_of, pooled_means
from training.sketch2image.held_out import all_pictures, held_out_pairs, open_plain, synthesize_all
from training.sketch2image.scores import (
    distances,
    frechet,
    mean_of,
    sketch_reconstruction,
    style_reconstruction,
    style_relevance,
)
from training.sketch2image.settings import AUTOENCODER_PRESETS, STARTER_FEATURES, AutoencoderSettings
from training.sketch2image.train_autoencoder import train_autoencoder

__all__ = ["TABLES", "make_table"]

TERMS = ("style_triplet", "content_triplet", "style_class", "content_class")


def with_terms(*terms: str) -> dict[str, float]:
    """All other self-supervised terms left out."""
    return {term: 0.0 for term in TERMS if term not in terms}


# Of each row what differs from the preset: settings of the training, or, in tables 3 and 4, of the model.
TABLES: Mapping[int, Mapping[str, Mapping[str, Any]]] = {
    2: {
        "vanilla": with_terms(),
        "content_triplet": with_terms("content_triplet"),
        "style_triplet": with_terms("style_triplet"),
        "style_class": with_terms("style_class"),
        "both_classes": with_terms("style_class", "content_class"),
        "all": {},
    },
    3: {"none": {"masking": "none"}, "dmi": {"masking": "sketch"}, "feat_dmi": {"masking": "features"}},
    4: {name: {"injection": name} for name in ("none", "adain", "addition", "multiplication")},
}


def row_settings(table: int, row: str, preset: AutoencoderSettings, seed: int, steps: int) -> AutoencoderSettings:
    """The preset with what the row differs in."""
    settings = replace(preset, run=replace(preset.run, seed=seed, steps=steps))
    change = TABLES[table][row]
    return replace(settings, **change) if table == 2 else replace(settings, model=replace(settings.model, **change))


def make_table(
    table: int,
    data: Path,
    out: Path,
    sketcher: Sketcher | Xdog,
    *,
    rows: Sequence[str],
    steps: int,
    seeds: int,
    preset: str,
    most: int,
) -> Iterator[dict[str, float]]:
    """Trains rows of a table that many steps, once for each seed, and measures them.

    Runs that were interrupted go on; whole ones are measured only. Rows that are the preset itself are trained once for
    all tables.

    Yields: means over seeds by `table_<number>/<row>/<what>`.
    """
    base = AUTOENCODER_PRESETS[preset]
    for row in rows:
        found = []
        for seed in range(seeds):
            settings = row_settings(table, row, base, seed, steps)
            is_base = settings == replace(base, run=settings.run)
            run = out / (f"preset-{seed}" if is_base else f"table{table}-{row}-{seed}")
            if not (run / "model").is_dir():
                train_autoencoder(settings, data, run, resume=(run / "checkpoints").is_dir())
            found.append(measure(run / "model", data, settings, sketcher, most))
        yield {f"table_{table}/{row}/{key}": value for key, value in mean_of(found).items()}


def measure(
    folder: Path, data: Path, settings: AutoencoderSettings, sketcher: Sketcher | Xdog, most: int
) -> dict[str, float]:
    """One training's numbers on held-out pictures: those of all three tables."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = SketchToImage.from_pretrained(folder, device=device)
    test = open_plain(data, model, settings.sampling.picture, "test")
    features = load_features(STARTER_FEATURES, device=model.device)
    distance = load_distance(STARTER_FEATURES, model.device)
    real = gaussian_of(pooled_means(features, all_pictures(test, model.device)))
    rows = []
    for seed in range(3):
        held_out = held_out_pairs(test, seed, most)
        made = synthesize_all(model, held_out.sketch, held_out.exemplar, seed).coarse
        own = synthesize_all(model, held_out.sketch, held_out.own, seed).coarse
        rows.append({
            "frechet_starter": frechet(features, real, made, model.device),
            "perceptual": float(distances(distance, own, held_out.own, model.device).mean()),
            "sketch_reconstruction": sketch_reconstruction(sketcher, made, held_out.own),
            "style_reconstruction": style_reconstruction(model, made, held_out.exemplar),
            **style_relevance(features, made, held_out.exemplar, model.device),
        })  # fmt: skip
    return mean_of(rows)
