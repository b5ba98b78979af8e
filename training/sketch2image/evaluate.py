"""Measures a sketch-to-image model on pictures that it never saw.

    python -m training.sketch2image.evaluate --model runs/refined/model --data illustrations/ --out runs/evaluation

Writes `evaluation.json` and uncurated sheets. Every held-out sketch is drawn in the style of another picture, chosen at
random three times; numbers are means of the three. It is the paper's table 1, without and with the refiner, against two
cheap alternatives. Where regions are known, pictures are compared with the true one, "this drawing in that palette".

    python -m training.sketch2image.evaluate --table 2 --data illustrations/ --steps 600 --out runs/table2

trains the rows of the paper's tables 2, 3 or 4 (`ablations.py`), as many steps each, and adds them to the same file.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import torch
import typer
from PIL import Image
from torch import Tensor

from artmodels.errors import ConfigError
from artmodels.perceptual import load_features
from artmodels.sketch2image.model import SketchToImage
from artmodels.sketch2image.sketcher import Sketcher, load_sketcher
from artmodels.sketch2image.xdog import Xdog
from training.command import DataFolder, tells_mistakes
from training.feature_distance import load_distance
from training.metrics import Gaussian, gaussian_of, pooled_means, write_scores
from training.sheets import picture_sheet
from training.sketch2image.ablations import TABLES, make_table
from training.sketch2image.data import SketchedPictures
from training.sketch2image.held_out import (
    HeldOut,
    all_pictures,
    held_out_pairs,
    nearest_training_distance,
    open_plain,
    synthesize_all,
)
from training.sketch2image.scores import (
    distances,
    frechet,
    mean_of,
    sketch_reconstruction,
    style_reconstruction,
    style_relevance,
    truth_scores,
)
from training.sketch2image.settings import STARTER_FEATURES

__all__ = ["evaluate"]

SEEDS = (0, 1, 2)
SHOWN = 8


def evaluate(
    model: SketchToImage,
    sketcher: Sketcher | Xdog,
    test: SketchedPictures,
    training: SketchedPictures,
    *,
    most: int,
    features: str = STARTER_FEATURES,
) -> tuple[dict[str, float], dict[str, Image.Image]]:
    """Named numbers, `table_1/<row>/<what>` and a few of the data, and uncurated sheets."""
    device = model.device
    real = gaussian_of(pooled_means(load_features(features, device=device), all_pictures(test, device)))
    rows: dict[str, list[dict[str, float]]] = {}
    for seed in SEEDS:
        held_out = held_out_pairs(test, seed, most)
        for name, made in alternatives(model, held_out, seed).items():
            scores = row_scores(model, sketcher, held_out, made, real, features)
            rows.setdefault(name, []).append(scores)
    found = {f"table_1/{name}/{key}": value for name, row in rows.items() for key, value in mean_of(row).items()}
    held_out = held_out_pairs(test, SEEDS[0], most)
    found |= own_style_scores(model, held_out, features)
    if held_out.truth is not None:
        nearest = nearest_training_distance(held_out.truth, training, load_distance(features, torch.device("cpu")))
        found["nearest_training_distance"] = float(nearest.mean())
    return {**found, "held_out_pictures": len(held_out.sketch)}, sheets_of(model, held_out)


def alternatives(model: SketchToImage, held_out: HeldOut, seed: int) -> dict[str, Tensor]:
    """The table's rows: the auto-encoder, with the refiner, the sketch's lines on the exemplar, and on its mean colour.

    Returns: pictures [N, 3, S, S] at the sketches' size.
    """
    made = synthesize_all(model, held_out.sketch, held_out.exemplar, seed)
    paper = (held_out.sketch + 1) / 2
    mean = held_out.exemplar.mean((2, 3), keepdim=True)
    rows = {"ae": made.coarse}
    if made.refined is not None:
        factor = made.refined.shape[-1] // made.coarse.shape[-1]
        rows["ae_gan"] = torch.nn.functional.avg_pool2d(made.refined, factor)
    return rows | {name: (ground + 1) * paper - 1 for name, ground in (("on_exemplar", held_out.exemplar),
                                                                     ("on_mean_colour", mean))}  # fmt: skip


def row_scores(
    model: SketchToImage,
    sketcher: Sketcher | Xdog,
    held_out: HeldOut,
    made: Tensor,
    real: Gaussian,
    features: str,
) -> dict[str, float]:
    device = model.device
    network, distance = load_features(features, device=device), load_distance(features, device)
    scores = {
        "frechet_starter": frechet(network, real, made, device),
        **style_relevance(network, made, held_out.exemplar, device),
        "style_reconstruction": style_reconstruction(model, made, held_out.exemplar),
        "sketch_reconstruction": sketch_reconstruction(sketcher, made, held_out.own),
    }
    return scores if held_out.truth is None else scores | truth_scores(distance, made, held_out, device)


def own_style_scores(model: SketchToImage, held_out: HeldOut, features: str) -> dict[str, float]:
    """How well sketches come back in the style of their own pictures: distances on features, the paper's LPIPS."""
    made = synthesize_all(model, held_out.sketch, held_out.own, 0)
    distance = load_distance(features, model.device)
    scores = {"table_1/ae/perceptual": float(distances(distance, made.coarse, held_out.own, model.device).mean())}
    if made.refined is not None:
        refined = torch.nn.functional.avg_pool2d(made.refined, made.refined.shape[-1] // held_out.own.shape[-1])
        scores["table_1/ae_gan/perceptual"] = float(distances(distance, refined, held_out.own, model.device).mean())
    return scores


def sheets_of(model: SketchToImage, held_out: HeldOut) -> dict[str, Image.Image]:
    """`matrix`: the first sketches (rows) by the first exemplars (columns). `pairs`: with what should have come."""
    sketches, exemplars = held_out.sketch[:SHOWN], held_out.exemplar[:SHOWN]
    white = torch.ones_like(exemplars[:1])
    columns = [torch.cat((white, sketches.expand(-1, 3, -1, -1)))]
    for exemplar in exemplars[: SHOWN - 2].split(1):
        finished = finish(model, sketches, exemplar.expand(len(sketches), -1, -1, -1))
        columns.append(torch.cat((exemplar, finished)))
    sheets = {"matrix": picture_sheet(columns)}
    made = synthesize_all(model, sketches, exemplars, 0)
    pairs = [sketches, exemplars, made.coarse, finish(model, sketches, exemplars)]
    truth = [] if held_out.truth is None else [held_out.truth[:SHOWN]]
    return {**sheets, "pairs": picture_sheet([*pairs, *truth])}


def finish(model: SketchToImage, sketches: Tensor, exemplars: Tensor) -> Tensor:
    """Refined where there is a refiner, at the sketches' size."""
    made = synthesize_all(model, sketches, exemplars, 0)
    if made.refined is None:
        return made.coarse
    return torch.nn.functional.avg_pool2d(made.refined, made.refined.shape[-1] // sketches.shape[-1])


def chosen_rows(table: int, rows: Sequence[str] | None) -> list[str]:
    """Raises: ConfigError: a row that the table does not have."""
    for row in rows or []:
        if row not in TABLES[table]:
            raise ConfigError(f"table {table} has no row {row!r}; it has {', '.join(TABLES[table])}")
    return list(rows or TABLES[table])


@tells_mistakes
def main(
    data: DataFolder,
    out: Annotated[Path, typer.Option(help="Gets evaluation.json and samples/.")],
    model: Annotated[str | None, typer.Option(help="Saved model, or a Hub id.")] = None,
    sketcher: Annotated[str, typer.Option(help="That reads lines back: saved, a Hub id, or xdog.")] = "xdog",
    picture: Annotated[str, typer.Option(help="Folder of the pictures in --data.")] = "full",
    most: Annotated[int, typer.Option(min=2, help="Held-out drawings at most.")] = 200,
    table: Annotated[list[int] | None, typer.Option(min=1, max=4, help="Of the paper; 1 needs --model.")] = None,
    row: Annotated[list[str] | None, typer.Option(help="Tables 2 to 4: only these rows.")] = None,
    steps: Annotated[int, typer.Option(min=1, help="Tables 2 to 4: of each training.")] = 2000,
    seeds: Annotated[int, typer.Option(min=1, help="Tables 2 to 4: trainings of each row.")] = 1,
    preset: Annotated[str, typer.Option(help="Tables 2 to 4: of the trainings.")] = "starter",
) -> None:
    device = "cuda" if torch.cuda.is_available() else "cpu"
    reader = load_sketcher(sketcher) if sketcher == "xdog" else load_sketcher(sketcher, device=device)
    (out / "samples").mkdir(parents=True, exist_ok=True)
    tables = {number: chosen_rows(number, row) for number in table or [] if number in TABLES}
    options = {"steps": steps, "seeds": seeds, "most": most}
    for number, rows in tables.items():
        for scores in make_table(number, data, out, reader, rows=rows, preset=preset, **options):
            write_scores(out, scores, keep=True)
            print(json.dumps(scores, indent=2))
    if table and 1 not in table:
        return
    if model is None:
        raise ConfigError("give --model, or --table 2, 3 or 4")
    loaded = SketchToImage.from_pretrained(model, device=device)
    test, training = (open_plain(data, loaded, picture, split) for split in ("test", "train"))
    scores, sheets = evaluate(loaded, reader, test, training, most=most)
    write_scores(out, scores, keep=True)
    for name, sheet in sheets.items():
        sheet.save(out / "samples" / f"{name}.png")
    print(json.dumps(scores, indent=2))


if __name__ == "__main__":
    typer.run(main)
