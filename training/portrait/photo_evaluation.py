"""What a photo model's card tells: photos made again, random faces, copies, and how codes lie."""

from pathlib import Path
from typing import NamedTuple

import torch
from PIL import Image
from torch import Tensor

from artmodels.perceptual import FeaturePyramid, load_features
from artmodels.portrait.inversion import Space
from artmodels.portrait.model import PortraitStylizer
from training.feature_distance import feature_distance
from training.metrics import frechet_distance, gaussian_of, pooled_means
from training.portrait.alternatives import all_of, blurred, mean_picture
from training.portrait.code_scores import BATCH, encode_all, encoder_scores, layer_nats, random_codes, spread_scores
from training.portrait.data import Portraits
from training.portrait.inversions import Found, by_encoder, decoded, optimised
from training.portrait.kept import Looks, by_chance, kept, looks_of
from training.portrait.latent_plot import latent_plot
from training.portrait.nearest import copying_scores, distances_to, nearest_to
from training.portrait.settings import STARTER_FEATURES, Latents
from training.sheets import picture_sheet

__all__ = ["HeldOut", "Options", "Sheets", "evaluate_photo", "find_codes", "grouped_sheet", "open_held_out"]

ONE = Latents(two=0.0)
SHOWN, UNCURATED, ACROSS = 8, 24, 4
RANDOM, PLOTTED = 10_000, 500  # codes that numbers and plots compare with
LABELS = {"encoder": "encoder", "w_plus": "optimised in W+", "z_plus": "optimised in Z+"}

Sheets = dict[str, Image.Image]


class HeldOut(NamedTuple):
    """Held-out photos [N, 3, S, S] on the CPU, of the generator's size and of the encoder's, and those of training."""

    photos: Tensor
    encoded: Tensor
    all: Portraits
    training: Portraits


class Options(NamedTuple):
    """What an evaluation may spend.

    most: held-out photos. made: random faces. steps: of optimisations, none for 0. codes: the folder that keeps them.
    """

    most: int
    made: int
    steps: int
    codes: Path


def open_held_out(model: PortraitStylizer, data: Path, most: int) -> HeldOut:
    """Raises: ConfigError: there is no picture for tests or for training."""
    encoder, size = model.config.encoder, model.config.generator.size
    test, training = (Portraits(data, size, split=split) for split in ("test", "train"))
    places = range(min(most, len(test)))
    photos = encoded = test.batch(places)
    if encoder is not None and encoder.size != size:
        encoded = Portraits(data, encoder.size, split="test").batch(places)
    return HeldOut(photos, encoded, test, training)


def find_codes(model: PortraitStylizer, held_out: HeldOut, options: Options) -> dict[str, Found]:
    """Codes of the photos by the encoder, and by optimisation unless that has no steps."""
    found = {"encoder": by_encoder(model, held_out.encoded)} if model.config.encoder else {}
    spaces: dict[str, Space] = {"w_plus": "w+", "z_plus": "z+"}
    for name, space in spaces.items() if options.steps else ():
        found[name] = optimised(model, held_out.photos, space, options.steps, options.codes)
    return found


def evaluate_photo(model: PortraitStylizer, data: Path, options: Options) -> tuple[dict[str, float], Sheets]:
    """Named numbers and uncurated sheets."""
    features = load_features(STARTER_FEATURES, device=model.device)
    held_out = open_held_out(model, data, options.most)
    found = find_codes(model, held_out, options)
    again = {name: decoded(model, one.codes) for name, one in found.items()}
    made = decoded(model, random_codes(model, options.made, 0, ONE))
    far = distances_to(held_out.training, torch.cat((held_out.photos, made)), features)
    photos_far, made_far = far.split([len(held_out.photos), len(made)])
    copying = copying_scores(made_far, photos_far, distances_to(held_out.all, made, features))
    again["nearest"] = nearest_to(held_out.training, photos_far).pictures
    again["mean"] = mean_picture(held_out.training).expand_as(held_out.photos)
    numbers = {
        **reconstruction_scores(held_out.photos, again, features),
        **{f"reconstruction/{name}/seconds": one.seconds for name, one in found.items()},
        **generator_scores(model, held_out, made, features),
        **{f"copies/{name}": value for name, value in copying.items()},
        **code_scores(model, held_out, found),
        "held_out_portraits": len(held_out.photos),
        "training_portraits": len(held_out.training),
        "made_portraits": len(made),
        "pixels": model.config.generator.size,
        "optimisation_steps": options.steps,
    }
    nearest = made_far.amin((1, 2)).argsort()[:SHOWN]
    pairs = [made[nearest], nearest_to(held_out.training, made_far[nearest]).pictures]
    sheets = {
        "random": picture_sheet(made[:UNCURATED].split(ACROSS)) if len(made) >= UNCURATED else picture_sheet([made]),
        "nearest": picture_sheet(pairs),
        **reconstruction_sheets(held_out.photos, again, features),
        "latents": code_plot(model, held_out, found),
    }
    return numbers, sheets


def distances(features: FeaturePyramid, first: Tensor, second: Tensor) -> Tensor:
    """On features, of each two pictures, [N]."""
    device = next(features.parameters()).device
    with torch.inference_mode():
        pairs = zip(first.split(BATCH), second.split(BATCH), strict=True)
        return torch.cat([feature_distance(features, *(part.to(device) for part in pair)).cpu() for pair in pairs])


def reconstruction_scores(photos: Tensor, again: dict[str, Tensor], features: FeaturePyramid) -> dict[str, float]:
    """How alike photos and those made of them are, by `reconstruction/<how>/<what>`; 0 is no likeness in looks."""
    looks = looks_of(photos)
    scores: dict[str, float] = {}
    for name, made in again.items():
        theirs = looks_of(made)
        own = {
            "difference": float((made - photos).abs().mean()),
            "distance": float(distances(features, made, photos).mean()),
            **kept(looks, theirs),
        }
        scores |= {f"reconstruction/{name}/{what}": value for what, value in own.items()}
        if name == next(iter(again)):
            scores |= {f"{what}_by_chance": value for what, value in chances(looks, theirs).items()}
    return scores


def chances(photos: Looks, portraits: Looks) -> dict[str, float]:
    return {name: by_chance(getattr(photos, name), getattr(portraits, name)) for name in Looks._fields}


def generator_scores(
    model: PortraitStylizer, held_out: HeldOut, made: Tensor, features: FeaturePyramid
) -> dict[str, float]:
    """Frechet distances of random faces and of what is put in their place, by `generator/<what>/to_<which>`."""
    device = model.device

    def vectors(pictures: Tensor) -> Tensor:
        return pooled_means(features, (part.to(device) for part in pictures.split(BATCH)))

    training = torch.cat([batch.cpu() for batch in all_of(held_out.training)])
    real = {"training": gaussian_of(vectors(training)), "held_out": gaussian_of(vectors(held_out.photos))}
    mean = mean_picture(held_out.training).expand(2, -1, -1, -1)
    rows = {
        "one": gaussian_of(vectors(made)),
        "own": gaussian_of(vectors(decoded(model, random_codes(model, len(made), 0)))),
        **real,
        "blurred": gaussian_of(vectors(blurred(training))),
        "mean": gaussian_of(vectors(mean)),
    }
    return {
        f"generator/{name}/to_{which}": frechet_distance(pictures, own)
        for which, own in real.items()
        for name, pictures in rows.items()
    }


def code_scores(model: PortraitStylizer, held_out: HeldOut, found: dict[str, Found]) -> dict[str, float]:
    """How codes lie, by `codes/<how>/<what>`, random ones among them; and what an encoder's latents tell."""
    random = random_codes(model, RANDOM // model.config.generator.code_count + 2, 1)
    sets = {name: one.codes for name, one in found.items()}
    scores: dict[str, float] = {}
    if model.config.encoder is not None:
        if model.config.encoder.variational:
            sets["encoder_sample"] = by_encoder(model, held_out.encoded, seed=0).codes
        scores = encoder_scores(encode_all(model, held_out.encoded))
    sets["random"] = random_codes(model, len(held_out.photos), 2)
    spread = {name: spread_scores(codes, random) for name, codes in sets.items()}
    return {f"codes/{name}/{what}": value for name, row in spread.items() for what, value in row.items()} | scores


def code_plot(model: PortraitStylizer, held_out: HeldOut, found: dict[str, Found]) -> Image.Image:
    nats = layer_nats(encode_all(model, held_out.encoded)) if model.config.encoder is not None else []
    named = {LABELS[name]: one.codes for name, one in found.items()}
    return latent_plot(named, random_codes(model, PLOTTED, 1), nats)


def reconstruction_sheets(photos: Tensor, again: dict[str, Tensor], features: FeaturePyramid) -> Sheets:
    """`reconstructions`: the first photos beside the first way's. `worst`: where that fails. `inversions`: all ways."""
    first = next(iter(again.values()))
    worst = distances(features, first, photos).argsort(descending=True)[:SHOWN]
    columns = [photos, *again.values()]
    return {
        "reconstructions": grouped_sheet([photos[:UNCURATED], first[:UNCURATED]]),
        "worst": picture_sheet([column[worst] for column in columns[:-1]]),
        "inversions": picture_sheet([column[:SHOWN] for column in columns[:-1]]),
    }


def grouped_sheet(columns: list[Tensor], across: int = ACROSS) -> Image.Image:
    """Pictures [N, 3, S, S] of each kind side by side, several groups a row; N that fill no row are left out."""
    across = min(across, len(columns[0]))
    rows = len(columns[0]) // across
    return picture_sheet([column[: rows * across][place::across] for place in range(across) for column in columns])
