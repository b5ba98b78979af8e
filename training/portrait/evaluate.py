"""Measures a photo model, or a style of it, on portraits that neither ever saw.

    python -m training.portrait.evaluate --photo runs/photo/best --data data/portraits --out runs/photo-evaluation

says of a photo model how well photos are made again, what is kept of them, how random faces compare with real ones,
whether there are copies among them, and how codes lie beside random ones. An optimisation takes about 0.1 s a step and
photo on one free core for the starter; `--steps 0` leaves it out. What it found is kept in OUT/codes.

    python -m training.portrait.evaluate --photo runs/photo/best --style runs/style-oil/best \
        --pictures runs/style-oil/pictures --data data/portraits --out runs/style-oil-evaluation

fills table 1 for a style: itself, a single path (`--single-path`), layer swaps, the photo model, photos in its colours.
`--table 2` fills the paper's table 2: the same style by codes of the encoder, of others (`--deterministic`,
`--one-code`), and of optimisations; `--codes runs/photo-evaluation/codes` takes those that were found before.

Everything goes into `evaluation.json`, beside what is there by other names, and into uncurated sheets in samples/.
Frechet distances are on features trained here, and nothing beside a published FID.
"""

import json
from pathlib import Path
from typing import Annotated

import torch
import typer

from artmodels.errors import ConfigError
from artmodels.perceptual import load_features
from artmodels.portrait.model import PortraitStylizer
from artmodels.portrait.style import load_style
from training.command import DataFolder, tells_mistakes
from training.metrics import write_scores
from training.portrait.photo_evaluation import Options, Sheets, evaluate_photo, open_held_out
from training.portrait.photo_models import open_photo_model
from training.portrait.settings import STARTER_FEATURES
from training.portrait.style_evaluation import open_style_pictures, style_sheets, table_1, table_2

__all__ = ["evaluate_style"]


def evaluate_style(
    model: PortraitStylizer,
    style: str,
    pictures: Path,
    data: Path,
    options: Options,
    *,
    tables: list[int],
    single: str | None = None,
    others: dict[str, str] | None = None,
) -> tuple[dict[str, float], Sheets]:
    """Named numbers of tables 1 and 2, and the sheets that go with table 1.

    Args:
        pictures: what `prepare_exemplars` wrote.
        single: the same style without attributes.
        others: photo models with another encoder, by their rows in table 2.

    Raises:
        ConfigError: the photo model has no encoder, or the style is of another one.
    """
    if model.config.encoder is None:
        raise ConfigError(f"{model.source} has no encoder, and styles are measured with one")
    loaded = load_style(style, device=model.device)
    theirs, own = loaded.config.generator, model.config.generator
    if (theirs.size, theirs.latent_dim) != (own.size, own.latent_dim):
        raise ConfigError(f"{style} is no style of {model.source}")
    exemplars = open_style_pictures(pictures, loaded, load_features(STARTER_FEATURES, device=model.device))
    held_out = open_held_out(model, data, options.most)
    scores: dict[str, float] = {}
    sheets: Sheets = {}
    if 1 in tables:
        plain = load_style(single, device=model.device) if single else None
        scores |= table_1(model, loaded, exemplars, held_out, plain)
        sheets = style_sheets(model, loaded, exemplars, held_out)
    if 2 in tables:
        opened = {name: open_photo_model(source, model.device) for name, source in (others or {}).items()}
        scores |= table_2(model, loaded, exemplars, held_out, options, opened)
    return scores, sheets


@tells_mistakes
def main(
    photo: Annotated[str, typer.Option(help="Saved photo model, or a Hub id.")],
    data: DataFolder,
    out: Annotated[Path, typer.Option(help="Gets evaluation.json and samples/.")],
    style: Annotated[str | None, typer.Option(help="Saved style of it, its name, or a Hub id.")] = None,
    pictures: Annotated[Path | None, typer.Option(help="The style's prepared pictures.")] = None,
    table: Annotated[list[int] | None, typer.Option(min=1, max=2, help="Of a style; 1 by default.")] = None,
    single_path: Annotated[str | None, typer.Option(help="Table 1: the style without attributes.")] = None,
    deterministic: Annotated[str | None, typer.Option(help="Table 2: photo model, encoder.variational=false.")] = None,
    one_code: Annotated[str | None, typer.Option(help="Table 2: photo model, encoder.repeats=true.")] = None,
    steps: Annotated[int, typer.Option(min=0, help="Of optimisations; 0 leaves them out.")] = 30,
    most: Annotated[int, typer.Option(min=2, help="Held-out portraits at most.")] = 60,
    made: Annotated[int, typer.Option(min=2, help="Random faces.")] = 500,
    codes: Annotated[Path | None, typer.Option(help="Keeps optimised codes; OUT/codes by default.")] = None,
) -> None:
    model = open_photo_model(photo, "cuda" if torch.cuda.is_available() else "cpu")
    options = Options(most, made, steps, codes or out / "codes")
    if (style is None) != (pictures is None) or (table and style is None):
        raise ConfigError("a style is measured, and tables are filled, with --style and --pictures")
    if style is None or pictures is None:
        scores, sheets = evaluate_photo(model, data, options)
    else:
        others = {"deterministic": deterministic, "one_code": one_code}
        given = {name: source for name, source in others.items() if source is not None}
        scores, sheets = evaluate_style(
            model, style, pictures, data, options, tables=table or [1], single=single_path, others=given
        )
    (out / "samples").mkdir(parents=True, exist_ok=True)
    write_scores(out, scores, keep=True)
    for name, sheet in sheets.items():
        sheet.save(out / "samples" / f"{name}.png")
    print(json.dumps(scores, indent=2))


if __name__ == "__main__":
    typer.run(main)
