"""The paper's tables 2, 3 and 4 on held-out artworks, as numbers by name.

2: how well artworks come back, without optimisation and with each kind of it. 3: how natural they look after one stage,
chosen at random, was re-sampled. 4: what real artworks score. Distances are Frechet distances to the training artworks;
on the features trained here unless FID is asked for, and then never comparable to published ones.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from artmodels.perceptual import FeaturePyramid, load_features
from artmodels.workflow.model import WorkflowEditor
from artmodels.workflow.opening import Optimised, optimise
from artmodels.workflow.optimisation import Optimisation
from training.metrics import fid, frechet_distance, gaussian_of, pooled_means
from training.run import step_generator
from training.workflow.data import StagePictures
from training.workflow.quartiles import quartiles

__all__ = ["Row", "TableOptions", "distances_to", "fit", "hash_order", "make_tables", "optimisations"]

BATCH = 8
SHOWN = 8

Distance = Callable[[Tensor], float]


class TableOptions(NamedTuple):
    """Which tables to make (2, 3, 4), of how many held-out artworks, trials and iterations, and whether with FID."""

    tables: tuple[int, ...]
    artworks: int = 100
    trials: int = 5
    steps: int = 150
    fid: bool = False


class Row(NamedTuple):
    """What one kind of optimisation adds to the tables."""

    name: str
    scores: dict[str, float]
    sheets: dict[str, list[Tensor]]  # the columns so far of a sample sheet for each table


class Fitted(NamedTuple):
    """Artworks as one kind of optimisation renders them, and what of it editing needs; on the CPU."""

    first: Tensor  # [M, C, S, S], the inferred first stage
    rendered: Tensor  # [M, C, S, S], the last one
    adain: list[Tensor]  # [M, P] of each generation step


def make_tables(
    editor: WorkflowEditor, test: StagePictures, training: StagePictures, options: TableOptions
) -> Iterator[Row]:
    """The tables, a row at a time; sample sheets show the first artworks, as they come back and edited alike."""
    artworks = test.batch(hash_order(test, options.artworks))[-1]
    distances = distances_to(training, editor.device, with_fid=options.fid)
    real = table_4(artworks, distances) if 4 in options.tables else {}
    yield Row("real", {"table_artworks": len(artworks), **regulariser_scores(editor), **real}, {})
    columns: dict[str, list[Tensor]] = {name: [artworks[:SHOWN]] for name in ("table_2", "table_3")}
    for name, optimisation in optimisations(editor, options.steps).items() if {2, 3} & set(options.tables) else ():
        fitted = fit(editor, artworks, optimisation)
        scores: dict[str, float] = {}
        sheets: dict[str, list[Tensor]] = {}
        if 2 in options.tables:
            scores |= table_2(name, fitted, artworks, distances)
            columns["table_2"].append(fitted.rendered[:SHOWN])
            sheets["table_2"] = columns["table_2"]
        if 3 in options.tables and optimisation.mode != "z":
            edits = [edited(editor, fitted, trial) for trial in range(options.trials)]
            scores |= table_3(name, edits, distances)
            columns["table_3"].append(edits[0][:SHOWN])
            sheets["table_3"] = columns["table_3"]
        yield Row(name, scores, sheets)


def optimisations(editor: WorkflowEditor, steps: int = 150) -> dict[str, Optimisation]:
    """The rows of the paper's tables by name; "adain_learned" only if the editor has learned weights."""
    rows = {
        "none": Optimisation("none", steps=steps),
        "z": Optimisation("z", 0.0, steps=steps),
        "adain_w_0": Optimisation("adain", 0.0, steps=steps),
        "adain_w_0.001": Optimisation("adain", 1e-3, steps=steps),
        "adain_w_0.01": Optimisation("adain", 1e-2, steps=steps),
    }
    return rows | ({"adain_learned": Optimisation("adain", steps=steps)} if editor.config.regularised else {})


def hash_order(pictures: StagePictures, count: int) -> list[int]:
    """`count` of the pictures' numbers, or all of them, in an order that is fixed and has nothing to do with names."""
    return sorted(range(len(pictures)), key=lambda i: hashlib.sha256(str(i).encode()).digest())[:count]


def fit(editor: WorkflowEditor, artworks: Tensor, optimisation: Optimisation) -> Fitted:
    """Fits the networks to artworks [M, C, S, S], several at a time: samples do not meet.

    In a batch everything is rounded otherwise than alone, which moves one artwork's result by less than it counts here.
    """
    features = None if optimisation.mode == "none" else load_features(editor.config.features, device=editor.device)
    found = [fit_batch(editor, batch.to(editor.device), optimisation, features) for batch in artworks.split(BATCH)]
    firsts, lasts, vectors = zip(
        *(([o.rendered[0].cpu(), o.rendered[-1].cpu(), [v.cpu() for v in o.adain]]) for o in found), strict=True
    )
    return Fitted(torch.cat(firsts), torch.cat(lasts), [torch.cat(parts) for parts in zip(*vectors, strict=True)])


def fit_batch(
    editor: WorkflowEditor, artworks: Tensor, optimisation: Optimisation, features: FeaturePyramid | None
) -> Optimised:
    with torch.no_grad():
        stages = editor.infer_stages(artworks)
        latents = editor.encode_latents(stages)
    *_, last = optimise(editor, stages, latents, optimisation, features)
    assert isinstance(last, Optimised)
    return last


def distances_to(training: StagePictures, device: torch.device, *, with_fid: bool = False) -> dict[str, Distance]:
    """Named distances of pictures [M, C, S, S] to all training artworks."""
    features = load_features(device=device)
    real = gaussian_of(pooled_means(features, (batch.to(device) for batch in artworks_of(training))))

    def on_starter_features(made: Tensor) -> float:
        return frechet_distance(real, gaussian_of(pooled_means(features, (part.to(device) for part in made.split(64)))))

    found: dict[str, Distance] = {"frechet_starter": on_starter_features}
    if with_fid:
        batches = list(artworks_of(training))
        found["fid"] = lambda made: fid((b.to(device) for b in batches), (part.to(device) for part in made.split(64)))
    return found


def artworks_of(pictures: StagePictures, size: int = 64) -> Iterator[Tensor]:
    for start in range(0, len(pictures), size):
        yield pictures.batch(range(start, min(start + size, len(pictures))))[-1]


def table_2(name: str, fitted: Fitted, artworks: Tensor, distances: Mapping[str, Distance]) -> dict[str, float]:
    """One row: the mean absolute difference to the artworks in [-1, 1], and the distances."""
    scores = {f"table_2/{name}/l1": float((fitted.rendered - artworks).abs().mean())}
    return scores | {f"table_2/{name}/{kind}": distance(fitted.rendered) for kind, distance in distances.items()}


def table_3(name: str, edits: Sequence[Tensor], distances: Mapping[str, Distance]) -> dict[str, float]:
    """One row: distances of edited artworks, [M, C, S, S] for each trial, as mean and standard deviation."""
    scores: dict[str, float] = {}
    for kind, distance in distances.items():
        values = torch.tensor([distance(pictures) for pictures in edits], dtype=torch.float64)
        scores[f"table_3/{name}/{kind}"] = float(values.mean())
        scores[f"table_3/{name}/{kind}_deviation"] = float(values.std()) if len(edits) > 1 else 0.0
    return scores


def table_4(artworks: Tensor, distances: Mapping[str, Distance]) -> dict[str, float]:
    """What the held-out artworks themselves score."""
    return {f"table_4/real/{kind}": distance(artworks) for kind, distance in distances.items()}


@torch.no_grad()
def edited(editor: WorkflowEditor, fitted: Fitted, trial: int) -> Tensor:
    """The artworks after one stage of each, chosen uniformly, got a random latent; equal for all kinds of optimisation.

    Returns: [M, C, S, S] on the CPU.
    """
    pictures = []
    for number, first in enumerate(fitted.first.split(1)):
        vectors = [part[number : number + 1].to(editor.device) for part in fitted.adain]
        generator = step_generator(trial, 0, number)
        step = int(torch.randint(len(vectors), (), generator=generator))
        latent = torch.randn(1, editor.config.latent_dim, generator=generator).to(editor.device)
        vectors[step] = editor.step_networks(step)[0].adain_vector(latent)
        pictures.append(editor.render_vectors(first.to(editor.device), vectors)[-1].cpu())
    return torch.cat(pictures)


def regulariser_scores(editor: WorkflowEditor) -> dict[str, float]:
    """Medians of the learned weights by stage, of biases and of scales."""
    if not editor.config.regularised:
        return {}
    return {f"learned_w/{name}_median": values[2] for name, values in quartiles(editor).items()}
