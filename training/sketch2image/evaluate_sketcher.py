"""Measures a sketcher's lines against true lines, beside those of the learning-free filter.

    python -m training.sketch2image.evaluate_sketcher --model runs/sketcher/model --data illustrations/ --data emoji/ \
        --picture full --picture three_d --out runs/sketcher-evaluation

Scores are F1: the harmonic mean of the shares of found ink within 2 pixels of true ink, and of true ink within 2 pixels
of found ink, a mean over held-out pictures of each folder. Of both, every hand is measured; the filter's best counts.

    python -m training.sketch2image.evaluate_sketcher --model ... --data ... --drawings mine=my-drawings/ --out ...

says as well how wide and dark the strokes of the hand `mine` are in the first folder's pictures, and those of the
drawings that taught it.
"""

import json
from collections.abc import Iterator, Mapping
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
    """F1 of each hand, of the first one and of the filter's best.

    Returns: by `hands/<hand>/<name>_f1`, `<name>_f1` and `<name>_f1_of_xdog`.
    """
    true = line_mask(pair.sketch)
    scores = dict(hand_scores(sketcher, pair.picture, true))
    best = max(score for _, score in hand_scores(Xdog(), pair.picture, true))
    found = {f"hands/{hand}/{name}_f1": score for hand, score in scores.items()}
    return {**found, f"{name}_f1": scores[sketcher.hands[0]], f"{name}_f1_of_xdog": best}


def hand_scores(finder: Sketcher | Xdog, pictures: Tensor, true: np.ndarray) -> Iterator[tuple[str, float]]:
    for hand in finder.hands:
        drawn = line_mask(drawn_pictures(finder, pictures, hand))
        yield hand, float(line_f1(drawn, true, TOLERANCE).mean())


def evaluate_strokes(sketcher: Sketcher, pictures: Tensor, drawings: Mapping[str, Tensor]) -> dict[str, float]:
    """How well hands took over the strokes of the drawings [N, 1, S, S] that taught them.

    Returns:
        `hands/<hand>/width`, in pixels, and `hands/<hand>/darkness`, from 0 to 1, and those of its drawings, as
        `hands/<hand>/drawings_width`; `width_error`: by which share of the drawings' width a hand's differs from it, a
        mean over hands; `width_error_of_others`: the same of the other hands' widths; likewise of darkness.
    """
    own = {hand: measure_strokes(drawn_pictures(sketcher, pictures, hand)) for hand in drawings}
    taught = {hand: measure_strokes(lines) for hand, lines in drawings.items()}
    found: dict[str, float] = {}
    for name in ("width", "darkness"):
        mine, wanted = ({hand: getattr(one, name) for hand, one in strokes.items()} for strokes in (own, taught))
        found |= {f"hands/{hand}/{name}": value for hand, value in mine.items()}
        found |= {f"hands/{hand}/drawings_{name}": value for hand, value in wanted.items()}
        far = {(one, other): abs(mine[one] / wanted[other] - 1) for one in mine for other in wanted}
        found[f"{name}_error"] = float(np.mean([far[hand, hand] for hand in mine]))
        if len(mine) > 1:
            others = [value for (one, other), value in far.items() if one != other]
            found[f"{name}_error_of_others"] = float(np.mean(others))
    return found


def taught_by(words: str, size: int) -> tuple[str, Tensor]:
    """Of "hand=folder": the hand, and the middles of its drawings, [N, 1, size, size].

    Raises:
        ConfigError: it is not of that form.
    """
    hand, equals, folder = words.partition("=")
    if not hand or not equals or not folder:
        raise ConfigError(f"drawings are given as hand=folder, not {words!r}")
    pages = FolderPictures(Path(folder), size, "L", most=60)
    return hand, pages.centres(range(len(pages)), size)


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
    drawings: Annotated[list[str] | None, typer.Option(help="hand=folder: what a hand was taught from.")] = None,
    size: Annotated[int, typer.Option(help="Side of the pictures.")] = 128,
    most: Annotated[int, typer.Option(min=1, help="Pictures of each folder at most.")] = 200,
) -> None:
    names = picture or ["full"] * len(data)
    if len(names) != len(data):
        raise ConfigError(f"give --picture for each --data, not {len(names)} for {len(data)}")
    sketcher, taught = Sketcher.from_pretrained(model), dict(taught_by(words, size) for words in drawings or [])
    (out / "samples").mkdir(parents=True, exist_ok=True)
    scores: dict[str, float] = {}
    for root, name in zip(data, names, strict=True):
        pair = held_out(root, name, size, most)
        scores |= evaluate_lines(sketcher, root.name, pair)
        lines_sheet(sketcher, pair).save(out / "samples" / f"{root.name}.png")
        if taught and root == data[0]:
            scores |= evaluate_strokes(sketcher, pair.picture, taught)
    write_scores(out, scores, keep=True)
    print(json.dumps(scores, indent=2))


if __name__ == "__main__":
    typer.run(main)
