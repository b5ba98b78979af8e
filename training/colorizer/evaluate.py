"""Measures a tag colorizer on drawings that it never saw, where the true colouring is known exactly.

    python -m training.colorizer.evaluate --model runs/m-attention/model --data illustrations/ --out runs/evaluation

Writes `evaluation.json` and uncurated sheets. Every held-out drawing is coloured by another one's picture; differences
are CIEDE2000, by the median over a part's pixels, then over parts and pictures. "Parts" are hair, skin, clothes and
background. The cheap alternative paints each part in its mean training colour.

    python -m training.colorizer.evaluate --table 1 --encoder runs/encoder/model --data illustrations/ --steps 2000 \
        --out runs/table1

trains the ablations of the paper's table 1, the same number of steps each, and adds a row for each to the same file.
"""

import json
from pathlib import Path
from typing import Annotated

import torch
import typer
from PIL import Image

from artmodels.colorizer.model import TagColorizer
from artmodels.errors import ConfigError
from training.colorizer.ablations import make_table_1
from training.colorizer.batches import tag_vectors
from training.colorizer.held_out import HeldOut, colour_all, held_out_pairs, palette_scores, read_drawings, read_tags
from training.colorizer.illustrations import Illustrations, Look
from training.colorizer.tag_response import tag_scores, tag_sheet
from training.colourable_drawings import row_colours
from training.command import tells_mistakes
from training.metrics import write_scores
from training.sheets import picture_sheet

__all__ = ["evaluate"]

SHOWN = 8


def reading_scores(colorizer: TagColorizer, test: Illustrations) -> dict[str, float]:
    """Macro-F1 of the tags that the encoder reads in the recipe's held-out pictures: of colours, and of all others."""
    looks = [Look(0, row["tags"], row_colours(row), number) for number, row in enumerate(test.rows)]
    read = read_tags(colorizer, test.pictures(looks)) > 0.5
    true = tag_vectors([look.tags for look in looks], colorizer.config) > 0
    hits = (read & true).sum(0)
    scores = 2 * hits / (read.sum(0) + true.sum(0)).clamp(min=1)
    colours = {tag for group in colorizer.config.groups if group.colours for tag in group.tags}
    is_colour = torch.tensor([tag in colours for tag in colorizer.config.tags])
    occurs = true.any(0)
    return {
        "read_colours_f1": float(scores[is_colour & occurs].mean()),
        "read_others_f1": float(scores[~is_colour & occurs].mean()),
        "read_pictures": len(looks),
    }


def evaluate(
    colorizer: TagColorizer, held_out: HeldOut, test: Illustrations
) -> tuple[dict[str, float], dict[str, Image.Image]]:
    """Named numbers, and uncurated sheets."""
    made = colour_all(colorizer, held_out.pair.sketch, held_out.pair.reference)
    scores = {
        **palette_scores(made, held_out),
        **palette_scores(held_out.mean, held_out, "palette_of_mean_colours"),
        "difference": float((made - held_out.pair.target).abs().mean()),
        "difference_of_mean_colours": float((held_out.mean - held_out.pair.target).abs().mean()),
        **reading_scores(colorizer, test),
        "held_out_drawings": len(made),
    }
    pair = held_out.pair
    columns = [pair.sketch, pair.reference, made, pair.target]
    errors = (made - pair.target).abs().mean((1, 2, 3))
    worst = errors.argsort(descending=True)[:SHOWN]
    sheets = {
        "references": picture_sheet([column[:SHOWN] for column in columns]),
        "worst": picture_sheet([column[worst] for column in columns]),
    }
    if colorizer.config.mapped:
        scores |= tag_scores(colorizer, held_out, made)
        sheets["tags"] = tag_sheet(colorizer, held_out, made)
    return scores, sheets


@tells_mistakes
def main(
    data: Annotated[Path, typer.Option(help="Folder that the illustrations recipe wrote.")],
    out: Annotated[Path, typer.Option(help="Gets evaluation.json and samples/.")],
    model: Annotated[str | None, typer.Option(help="Saved colorizer, or a Hub id.")] = None,
    table: Annotated[int | None, typer.Option(min=1, max=1, help="The paper's table 1.")] = None,
    encoder: Annotated[str | None, typer.Option(help="Table: saved colorizer with a trained encoder.")] = None,
    steps: Annotated[int, typer.Option(min=1, help="Table: of each training.")] = 2000,
    preset: Annotated[str, typer.Option(help="Table: the size of the trainings, starter or tiny.")] = "starter",
) -> None:
    (out / "samples").mkdir(parents=True, exist_ok=True)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    if table:
        if encoder is None:
            raise ConfigError("--table 1 needs --encoder, a saved colorizer whose encoder is trained")
        for scores in make_table_1(data, out, encoder, steps=steps, preset=preset):
            write_scores(out, scores, keep=True)
            print(json.dumps(scores, indent=2))
        return
    if model is None:
        raise ConfigError("give --model, or --table 1")
    colorizer = TagColorizer.from_pretrained(model, device=device)
    test, training = (read_drawings(data, colorizer, split) for split in ("test", "train"))
    scores, sheets = evaluate(colorizer, held_out_pairs(test, training), test)
    write_scores(out, scores, keep=True)
    for name, sheet in sheets.items():
        sheet.save(out / "samples" / f"{name}.png")
    print(json.dumps(scores, indent=2))


if __name__ == "__main__":
    typer.run(main)
