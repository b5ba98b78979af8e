"""Measures a sketcher's lines against true lines, beside those of the learning-free filter.

    python -m training.sketch2image.evaluate_sketcher --model runs/sketcher/model --data illustrations/ --data emoji/ \
        --picture full --picture three_d --out runs/sketcher-evaluation

Scores are F1: the harmonic mean of the shares of found ink within 2 pixels of true ink, and of true ink within 2 pixels
of found ink, a mean over held-out pictures of each folder. Of both, every hand is measured; the filter's best counts.

    python -m training.sketch2image.evaluate_sketcher --model ... --data ... --drawings my-drawings/ --out ...

says as well how wide and dark the strokes of each hand are, and those of the drawings.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from PIL import Image
from torch import Tensor

from artmodels.errors import ConfigError
from artmodels.images import to_picture, to_tensor
from artmodels.sketch2image.sketcher import Sketcher
from artmodels.sketch2image.xdog import Xdog
from training.command import tells_mistakes
from training.metrics import write_scores
from training.sheets import picture_sheet
from training.sketch2image.data import Pair, SketchedPictures
from training.sketch2image.line_measures import line_f1, line_mask, measure_strokes
from training.sketch2image.line_pictures import FolderPictures
from training.sketch2image.settings import Sampling

__all__ = ["evaluate_lines", "evaluate_strokes"]

TOLERANCE = 2.0  # pixels
SHOWN = 8


def drawn_pictures(finder: Sketcher | Xdog, pictures: Tensor, hand: str) -> Tensor:
    """What a person gets: lines of pictures [N, 3, S, S] in that hand, [N, 1, S, S] in [-1, 1]."""
    results = (finder.draw(to_picture(picture), hand=hand) for picture in pictures)
    return torch.stack([to_tensor(result.image, 1) for result in results])


def evaluate_lines(sketcher: Sketcher | Xdog, name: str, pair: Pair) -> dict[str, float]:
    """F1 of each hand and of the filter's best, by `<name>_f1/<hand>` and `<name>_f1_of_xdog`."""
    true = line_mask(pair.sketch)
    scores = dict(hand_scores(sketcher, pair.picture, true))
    best = max(score for _, score in hand_scores(Xdog(), pair.picture, true))
    found = {f"{name}_f1/{hand}": score for hand, score in scores.items()}
    return {**found, f"{name}_f1": scores[sketcher.hands[0]], f"{name}_f1_of_xdog": best}


def hand_scores(finder: Sketcher | Xdog, pictures: Tensor, true: np.ndarray) -> Iterator[tuple[str, float]]:
    for hand in finder.hands:
        drawn = line_mask(drawn_pictures(finder, pictures, hand))
        yield hand, float(line_f1(drawn, true, TOLERANCE).mean())


def evaluate_strokes(sketcher: Sketcher, pictures: Tensor, drawings: Tensor) -> dict[str, float]:
    """Width in pixels and darkness of strokes, by `stroke_width/<hand>` and so on; of the drawings as `drawings`."""
    found: dict[str, float] = {}
    rows = {hand: drawn_pictures(sketcher, pictures, hand) for hand in sketcher.hands}
    for name, lines in {**rows, "drawings": drawings}.items():
        strokes = measure_strokes(lines)
        found |= {f"stroke_width/{name}": strokes.width, f"stroke_darkness/{name}": strokes.darkness}
        found[f"ink/{name}"] = strokes.ink
    return found


def lines_sheet(sketcher: Sketcher, pair: Pair) -> Image.Image:
    """The first held-out pictures: picture, true lines, each hand's, and the filter's first hand's."""
    first = Pair(*(part[:SHOWN] for part in pair))
    columns = [drawn_pictures(sketcher, first.picture, hand) for hand in sketcher.hands]
    filtered = drawn_pictures(Xdog(), first.picture, Xdog().hands[0])
    return picture_sheet([first.picture, first.sketch, *columns, filtered])


def held_out(root: Path, picture: str, size: int, most: int) -> Pair:
    pictures = SketchedPictures(root, Sampling(picture=picture, load_size=size), size, split="test")
    return pictures.plain(np.linspace(0, len(pictures) - 1, min(most, len(pictures))).astype(int).tolist(), "line")


@tells_mistakes
def main(
    model: Annotated[str, typer.Option(help="Saved sketcher, or a Hub id.")],
    data: Annotated[list[Path], typer.Option(help="A recipe's folder, with true lines; several may be given.")],
    out: Annotated[Path, typer.Option(help="Gets evaluation.json and samples/.")],
    picture: Annotated[list[str] | None, typer.Option(help="Folder of pictures in each --data, or full.")] = None,
    drawings: Annotated[Path | None, typer.Option(help="What the hand was taught from.")] = None,
    size: Annotated[int, typer.Option(help="Side of the pictures.")] = 128,
    most: Annotated[int, typer.Option(min=1, help="Pictures of each folder at most.")] = 200,
) -> None:
    names = picture or ["full"] * len(data)
    if len(names) != len(data):
        raise ConfigError(f"give --picture for each --data, not {len(names)} for {len(data)}")
    sketcher = Sketcher.from_pretrained(model)
    (out / "samples").mkdir(parents=True, exist_ok=True)
    scores: dict[str, float] = {}
    for root, name in zip(data, names, strict=True):
        pair = held_out(root, name, size, most)
        scores |= evaluate_lines(sketcher, root.name, pair)
        lines_sheet(sketcher, pair).save(out / "samples" / f"{root.name}.png")
        if drawings is not None and root == data[0]:
            pages = FolderPictures(drawings, size, "L", most=60)
            scores |= evaluate_strokes(sketcher, pair.picture, pages.centres(range(len(pages)), size))
    write_scores(out, scores, keep=True)
    print(json.dumps(scores, indent=2))


if __name__ == "__main__":
    typer.run(main)
