"""Measures a workflow editor on artworks that it never saw, against what costs nothing.

    python -m training.workflow.evaluate --model runs/generation/model --data illustrations/ --out runs/evaluation

Writes `evaluation.json` and uncurated sheets of the first and the worst held-out artworks. All errors are mean
absolute differences of pictures in [-1, 1]. The baselines are the mean training picture and the training picture
nearest to each artwork.

    python -m training.workflow.evaluate --table 2 --table 3 --table 4 --model ... --data ... --out runs/evaluation

adds the paper's tables to the same file (`tables.py`); about 20 s an artwork and stage for the starter's six kinds of
optimisation, on one free core.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, NamedTuple

import numpy as np
import torch
import typer
from PIL import Image
from torch import Tensor

from artmodels import seeds
from artmodels.workflow.model import WorkflowEditor
from training.command import DataFolder, tells_mistakes
from training.metrics import write_scores
from training.sheets import picture_sheet
from training.workflow.data import StagePictures
from training.workflow.tables import TableOptions, make_tables

__all__ = ["evaluate"]

BATCH = 16
# Region numbers of the illustrations recipe whose colour a flat decides: background, hair, skin, clothes.
REGIONS = {"background": 0, "hair": 1, "skin": 2, "clothes": 5}


class HeldOut(NamedTuple):
    """What the networks make of held-out artworks; every picture [M, C, S, S] on the CPU."""

    true: list[Tensor]
    inferred: list[Tensor]
    rendered: list[Tensor]
    resampled: list[list[Tensor]]  # one entry a step: the stages after drawing that step's latent anew
    resampled_again: list[list[Tensor]]  # the same with another seed
    reread: list[list[Tensor]]  # stages inferred from `resampled`'s artwork


@torch.inference_mode()
def run_model(editor: WorkflowEditor, pictures: StagePictures) -> HeldOut:
    """Takes every held-out artwork apart, renders it again, and re-samples each step with two seeds."""
    batches = [
        run_batch(editor, pictures.batch(range(start, min(start + BATCH, len(pictures)))), start)
        for start in range(0, len(pictures), BATCH)
    ]
    return HeldOut(*(join(parts) for parts in zip(*batches, strict=True)))


def run_batch(editor: WorkflowEditor, true: list[Tensor], start: int) -> HeldOut:
    inferred = editor.infer_stages(true[-1].to(editor.device))
    latents = editor.encode_latents(inferred)
    rendered = editor.render(inferred[0], latents)
    resampled: list[list[Tensor]] = []
    again: list[list[Tensor]] = []
    reread: list[list[Tensor]] = []
    for step in range(editor.config.steps):
        for draw, found in enumerate((resampled, again)):
            noise = [seeds.normal(editor.config.latent_dim, draw, start + i, step) for i in range(len(true[0]))]
            following = [torch.stack(noise).to(editor.device), *latents[step + 1 :]]
            found.append(editor.render(inferred[step], following, first=step))
        reread.append(editor.infer_stages(resampled[-1][-1]))
    return HeldOut(true, inferred, rendered, resampled, again, reread)


def join(parts: tuple) -> list:
    """Batches of a possibly nested list of tensors, as one."""
    if isinstance(parts[0], Tensor):
        return torch.cat([part.float().cpu() for part in parts])  # type: ignore[return-value]
    return [join(entry) for entry in zip(*parts, strict=True)]


def difference(first: Tensor, second: Tensor) -> float:
    return float((first - second).abs().mean())


def evaluate(editor: WorkflowEditor, held_out: HeldOut, training: StagePictures) -> dict[str, float]:
    """Named numbers; lower is better but for `spread_*`, which says how far two seeds differ."""
    names, scores = editor.config.stages, {}
    baseline, nearest = mean_pictures(training), nearest_artworks(training, held_out.true[-1])
    for i, name in enumerate(names[:-1]):
        scores[f"inferred_{name}"] = difference(held_out.inferred[i], held_out.true[i])
        scores[f"inferred_{name}_of_mean_picture"] = difference(baseline[i], held_out.true[i])
    scores["reconstruction"] = difference(held_out.rendered[-1], held_out.true[-1])
    scores["reconstruction_by_mean_picture"] = difference(baseline[-1], held_out.true[-1])
    scores["reconstruction_by_nearest_training_picture"] = difference(nearest, held_out.true[-1])
    for i, name in enumerate(names[1:]):
        before = names[i]
        scores[f"spread_{name}"] = difference(held_out.resampled[i][-1], held_out.resampled_again[i][-1])
        scores[f"{before}_moved_by_new_{name}"] = difference(held_out.reread[i][i], held_out.inferred[i])
        others = held_out.inferred[i].roll(1, 0)
        scores[f"{before}_of_another_artwork"] = difference(others, held_out.inferred[i])
    return scores


def mean_pictures(training: StagePictures) -> list[Tensor]:
    """The mean of every stage over the training pictures, [1, C, S, S]."""
    totals, count = [torch.zeros(1)] * len(training.config.stages), 0
    for batch in batches_of(training):
        totals = [total + stage.sum(0, keepdim=True) for total, stage in zip(totals, batch, strict=True)]
        count += len(batch[0])
    return [total / count for total in totals]


def nearest_artworks(training: StagePictures, artworks: Tensor) -> Tensor:
    """The training artwork with the least mean absolute difference from each artwork [M, C, S, S]."""
    best, found = torch.full((len(artworks),), float("inf")), torch.zeros_like(artworks)
    for batch in batches_of(training):
        candidates = batch[-1]
        distances = torch.cdist(artworks.flatten(1), candidates.flatten(1), p=1)
        distance, index = distances.min(dim=1)
        closer = distance < best
        best[closer], found[closer] = distance[closer], candidates[index[closer]]
    return found


def batches_of(pictures: StagePictures, size: int = 200) -> Iterator[list[Tensor]]:
    for start in range(0, len(pictures), size):
        yield pictures.batch(range(start, min(start + size, len(pictures))))


def region_spread(flats: Tensor, regions: np.ndarray) -> float:
    """How uneven regions are painted: the median, over pictures and regions, of the mean distance to a region's median.

    Args: flats [M, 3, S, S]; regions: uint8 [M, S, S] of region numbers.
    """
    spreads = []
    for flat, numbers in zip(flats.permute(0, 2, 3, 1).numpy(), regions, strict=True):
        for number in REGIONS.values():
            pixels = flat[numbers == number]
            if len(pixels) >= 200:
                spreads.append(np.abs(pixels - np.median(pixels, axis=0)).mean())
    return float(np.median(spreads))


def read_regions(root: Path, pictures: StagePictures, size: int) -> np.ndarray | None:
    """Region numbers [M, S, S] of a recipe that has them, in the pictures' order."""
    if not (root / "regions").is_dir():
        return None
    names = [Path(str(row[0])).name for row in pictures.rows]
    maps = (Image.open(root / "regions" / name) for name in names)
    return np.stack([np.asarray(m.resize((size, size), Image.Resampling.NEAREST)) for m in maps])


def sheets(held_out: HeldOut, rows: int = 8) -> dict[str, Image.Image]:
    """Uncurated sheets: taken apart (true beside inferred), re-sampled at each step, and what comes back worst."""
    true, inferred = held_out.true, held_out.inferred
    pairs = [stage for pair in zip(true[:-1], inferred[:-1], strict=True) for stage in pair]
    apart = [*pairs, true[-1], *held_out.rendered[1:]]
    again = [true[-1]]
    for step in range(len(held_out.resampled)):
        for stages in (held_out.resampled[step], held_out.resampled_again[step]):
            again += stages[1:] if step < len(held_out.resampled) - 1 else stages[-1:]
    errors = (held_out.rendered[-1] - true[-1]).abs().mean(dim=(1, 2, 3))
    worst = errors.argsort(descending=True)[:rows]
    return {
        "apart": picture_sheet([column[:rows] for column in apart]),
        "again": picture_sheet([column[:rows] for column in again]),
        "worst": picture_sheet([column[worst] for column in (true[-1], *inferred[:-1], *held_out.rendered[1:])]),
    }


@tells_mistakes
def main(
    model: Annotated[str, typer.Option(help="Saved editor, or a Hub id.")],
    data: DataFolder,
    out: Annotated[Path, typer.Option(help="Gets evaluation.json and samples/.")],
    table: Annotated[list[int] | None, typer.Option(min=2, max=4, help="A table of the paper, 2, 3 or 4.")] = None,
    artworks: Annotated[int, typer.Option(min=2, help="How many held-out artworks tables are made of.")] = 100,
    trials: Annotated[int, typer.Option(min=1, help="Of table 3.")] = 5,
    steps: Annotated[int, typer.Option(min=1, help="Iterations of the tables' optimisations for each stage.")] = 150,
    with_fid: Annotated[bool, typer.Option("--fid", help="Tables with FID as well; needs torchmetrics.")] = False,
) -> None:
    editor = WorkflowEditor.from_pretrained(model, device="cuda" if torch.cuda.is_available() else "cpu")
    size = editor.config.size
    test, training = (StagePictures(data, editor.config, load_size=size, split=split) for split in ("test", "train"))
    (out / "samples").mkdir(parents=True, exist_ok=True)
    scores: dict[str, float] = {}
    if table:
        options = TableOptions(tuple(table), artworks, trials, steps, with_fid)
        for row in make_tables(editor, test, training, options):
            typer.echo(f"{row.name} ...", err=True)
            scores |= row.scores
            write_scores(out, scores, keep=True)
            for name, columns in row.sheets.items():
                picture_sheet(columns).save(out / "samples" / f"{name}.png")
        print(json.dumps(scores, indent=2))
        return
    scores = evaluate_held_out(editor, test, training, data, out)
    print(json.dumps(scores, indent=2))


def evaluate_held_out(
    editor: WorkflowEditor, test: StagePictures, training: StagePictures, data: Path, out: Path
) -> dict[str, float]:
    """Everything but the tables, into `out`."""
    held_out = run_model(editor, test)
    scores = {
        **evaluate(editor, held_out, training),
        "held_out_artworks": len(test),
        "training_artworks": len(training),
    }
    regions = read_regions(data, test, editor.config.size)
    if regions is not None:
        scores["unevenness_of_true_flats"] = region_spread(held_out.true[1], regions)
        scores["unevenness_of_new_flats"] = region_spread(held_out.resampled[0][1], regions)
    write_scores(out, scores, keep=False)
    for name, sheet in sheets(held_out).items():
        sheet.save(out / "samples" / f"{name}.png")
    return scores


if __name__ == "__main__":
    typer.run(main)
