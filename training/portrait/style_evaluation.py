"""What a style's card tells: how near its portraits of held-out photos are to its pictures, and what they keep of them.

Table 1 of the paper compares methods, table 2 encoders; here table 1 holds the style against cheap alternatives, a
single path and layer swaps, table 2 ways to find codes. All distances are means over a style's attributes.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from artmodels.errors import ConfigError
from artmodels.perceptual import FeaturePyramid, load_features
from artmodels.portrait.blending import blend, swap_amounts
from artmodels.portrait.model import PortraitStylizer
from artmodels.portrait.style import PortraitStyle
from training.metrics import Gaussian, frechet_distance, gaussian_of, pooled_means
from training.portrait.alternatives import all_of, colours_of, recoloured
from training.portrait.code_scores import BATCH, random_codes, spread_scores
from training.portrait.data import Portraits
from training.portrait.inversions import Found, by_encoder, check_same_generator, decoded
from training.portrait.kept import Looks, kept, looks_of
from training.portrait.nearest import distances_to, nearest_to
from training.portrait.photo_evaluation import (
    RANDOM,
    SHOWN,
    UNCURATED,
    HeldOut,
    Options,
    Sheets,
    chances,
    find_codes,
    grouped_sheet,
)
from training.portrait.settings import STARTER_FEATURES
from training.portrait.style_states import paths_of
from training.recipe_pictures import read_rows
from training.sheets import picture_sheet

__all__ = ["StylePictures", "open_style_pictures", "style_sheets", "table_1", "table_2"]

SWAPS = (16, 32)
FEWEST_HELD_OUT = 10  # of each attribute; a distance to fewer says nothing

Portrayed = list[Tensor]
"""Portraits [N, 3, S, S] in [-1, 1] of each attribute, on the CPU."""


class StylePictures(NamedTuple):
    """A style's pictures, of each attribute or all of them, whether they were held out, and their features."""

    pictures: list[Portraits]
    are_held_out: bool
    gaussians: list[Gaussian]


def open_style_pictures(root: Path, style: PortraitStyle, features: FeaturePyramid) -> StylePictures:
    """Those that were kept for tests, where there are ten of each attribute; else those that the style learned from.

    Args: root: what `prepare_exemplars` wrote, the folder `pictures` of a style's run.

    Raises:
        ConfigError: it holds none of an attribute.
    """
    generator = style.config.generator
    wanted: tuple[str | None, ...] = generator.attributes or (None,)
    split = usable_split(root, wanted)
    pictures = [Portraits(root, generator.size, split=split, attribute=name) for name in wanted]
    return StylePictures(pictures, split == "test", [spread_of(features, list(all_of(one))) for one in pictures])


def usable_split(root: Path, attributes: tuple[str | None, ...]) -> str:
    read_rows(root, "train")
    rows = [json.loads(line) for line in (root / "metadata.jsonl").read_text(encoding="utf-8").splitlines()]
    for split, fewest in (("test", FEWEST_HELD_OUT), ("train", 2)):
        shown = [row.get("attribute") for row in rows if row["split"] == split]
        if all((len(shown) if name is None else shown.count(name)) >= fewest for name in attributes):
            return split
    raise ConfigError(f"{root} holds no two pictures of each of the style's attributes: {attributes}")


def spread_of(features: FeaturePyramid, batches: list[Tensor]) -> Gaussian:
    device = next(features.parameters()).device
    return gaussian_of(pooled_means(features, (batch.to(device) for batch in batches)))


def distance_to(pictures: StylePictures, portraits: Portrayed, features: FeaturePyramid) -> float:
    """The mean over attributes of the Frechet distance of portraits to the style's pictures."""
    found = [
        frechet_distance(real, spread_of(features, list(made.split(BATCH))))
        for real, made in zip(pictures.gaussians, portraits, strict=True)
    ]
    return sum(found) / len(found)


@torch.inference_mode()
def portrayed(style: PortraitStyle, codes: Tensor) -> Portrayed:
    """Portraits of codes [N, L, D] in every attribute."""
    paths = paths_of(style.config.generator.attributes)
    parts = codes.split(BATCH)
    return [torch.cat([style(part.to(style.device), attribute=path).cpu() for part in parts]) for path in paths]


@torch.inference_mode()
def swapped(model: PortraitStylizer, style: PortraitStyle, codes: Tensor, last: int) -> Portrayed:
    """With shapes of the style up to that resolution, and surfaces of photos."""
    config = style.config.generator
    found = []
    for path in paths_of(config.attributes):
        mixed = blend(model.synthesis, style.synthesis, swap_amounts(config.resolutions, last), attribute=path)
        found.append(torch.cat([mixed(part.to(style.device)).clamp(-1, 1).cpu() for part in codes.split(BATCH)]))
    return found


def looks_kept(photos: Looks, portraits: Portrayed) -> dict[str, float]:
    """What portraits keep of photos, a mean over attributes."""
    rows = [kept(photos, looks_of(made)) for made in portraits]
    return {name: sum(row[name] for row in rows) / len(rows) for name in rows[0]}


def table_1(
    model: PortraitStylizer,
    style: PortraitStyle,
    pictures: StylePictures,
    held_out: HeldOut,
    single: PortraitStyle | None = None,
) -> dict[str, float]:
    """`table_1/<row>/<what>` of held-out photos by the mean of their latents, and what is told beside them.

    Args: single: the same style without attributes.
    """
    features = load_features(STARTER_FEATURES, device=model.device)
    codes, count = by_encoder(model, held_out.encoded).codes, len(pictures.pictures)
    rows: dict[str, Portrayed] = {"style": portrayed(style, codes)}
    if single is not None:
        rows["single_path"] = portrayed(single, codes) * count
    for last in SWAPS:
        if last < style.config.generator.size:
            rows[f"swap_{last}"] = swapped(model, style, codes, last)
    rows["photo_model"] = [decoded(model, codes)] * count
    rows["recoloured"] = [
        recoloured(held_out.photos, colours_of(torch.cat(list(all_of(one))))) for one in pictures.pictures
    ]
    looks = looks_of(held_out.photos)
    scores: dict[str, float] = {}
    for name, portraits in rows.items():
        own = {"frechet_starter": distance_to(pictures, portraits, features), **looks_kept(looks, portraits)}
        scores |= {f"table_1/{name}/{what}": value for what, value in own.items()}
    random = random_codes(model, len(codes), 2)
    return {
        **scores,
        **{f"{what}_by_chance": value for what, value in chances(looks, looks_of(rows["style"][0])).items()},
        "frechet_starter_of_photos": distance_to(pictures, [held_out.photos] * count, features),
        "frechet_starter_of_random": distance_to(pictures, portrayed(style, random), features),
        "held_out_portraits": len(codes),
        "pixels": style.config.generator.size,
        "style_pictures": sum(map(len, pictures.pictures)),
        "style_pictures_are_held_out": int(pictures.are_held_out),
    }


def table_2(
    model: PortraitStylizer,
    style: PortraitStyle,
    pictures: StylePictures,
    held_out: HeldOut,
    options: Options,
    others: Mapping[str, PortraitStylizer],
) -> dict[str, float]:
    """`table_2/<row>/<what>`: portraits by the same style of codes that were found in different ways.

    Args: others: photo models with another encoder of the same generator, by the row's name.

    Raises:
        ConfigError: one has another generator.
    """
    features = load_features(STARTER_FEATURES, device=model.device)
    found: dict[str, Found] = find_codes(model, held_out, options)
    if model.config.encoder is not None and model.config.encoder.variational:
        found["encoder_sample"] = by_encoder(model, held_out.encoded, seed=0)
    for name, other in others.items():
        check_same_generator(model, other)
        found[name] = by_encoder(other, held_out.encoded)
    looks = looks_of(held_out.photos)
    scores: dict[str, float] = {}
    random = random_codes(model, RANDOM // model.config.generator.code_count + 2, 1)
    for name, one in found.items():
        portraits = portrayed(style, one.codes)
        own = {
            "frechet_starter": distance_to(pictures, portraits, features),
            **looks_kept(looks, portraits),
            **spread_scores(one.codes, random),
            "seconds": one.seconds,
        }
        scores |= {f"table_2/{name}/{what}": value for what, value in own.items()}
    return {**scores, "optimisation_steps": options.steps}


def style_sheets(model: PortraitStylizer, style: PortraitStyle, pictures: StylePictures, held_out: HeldOut) -> Sheets:
    """Of held-out photos and their portraits in every attribute.

    Returns:
        `portraits`: the first ones. `worst`: those that are farthest from any of the style's pictures, on features.
        `nearest`: the first ones, with the picture of the style that is nearest to each portrait.
    """
    features = load_features(STARTER_FEATURES, device=model.device)
    portraits = portrayed(style, by_encoder(model, held_out.encoded).codes)
    far = [distances_to(own, made, features) for own, made in zip(pictures.pictures, portraits, strict=True)]
    worst = torch.stack([one.amin((1, 2)) for one in far]).mean(0).argsort(descending=True)[:SHOWN]
    columns = [held_out.photos, *portraits]
    pairs = [held_out.photos[:SHOWN]]
    for own, made, one in zip(pictures.pictures, portraits, far, strict=True):
        pairs += [made[:SHOWN], nearest_to(own, one[:SHOWN]).pictures]
    return {
        "portraits": grouped_sheet([column[:UNCURATED] for column in columns], across=4 if len(columns) < 3 else 3),
        "worst": picture_sheet([column[worst] for column in columns]),
        "nearest": picture_sheet(pairs),
    }
