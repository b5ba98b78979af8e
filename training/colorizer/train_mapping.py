"""Trains the mapping of tags to features (Yan 2023, the second step); encoder and generator stay as they are.

    python -m training.colorizer.train_mapping --preset starter --data illustrations/ --init runs/attention/model \
        --out runs/m-attention

Of a generator that attends to places it makes M-Attention, of one that adds M-Add.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import torch
import typer
from PIL import Image
from torch import nn

from artmodels.colorizer.model import TagColorizer
from training.colorizer.batches import Triple
from training.colorizer.data import open_pictures
from training.colorizer.objective import Mapped, mapping_loss, region_weights
from training.colorizer.settings import MAPPING_PRESETS, MappingSettings
from training.command import Changes, DataFolder, Minutes, Resume, RunFolder, tells_mistakes
from training.run import Run
from training.settings import choose_preset
from training.sheets import picture_sheet
from training.step_batches import step_batches

__all__ = ["train_mapping"]

SHOWN = 8


def train_mapping(
    settings: MappingSettings,
    data: Path,
    out: Path,
    *,
    init: str,
    minutes: float | None = None,
    resume: bool = False,
) -> TagColorizer:
    """Trains M, and omega where the generator attends to places, and returns the averaged model.

    Args: init: a saved colorizer whose encoder and generator are trained.
    """
    run = Run[TagColorizer](out, settings.run, everything=settings, minutes=minutes, resume=resume)
    colorizer = with_new_mapping(TagColorizer.from_pretrained(init), settings).eval()
    colorizer.to(run.device, memory_format=torch.channels_last).requires_grad_(False)  # type: ignore[call-overload]
    trained = mapping_networks(colorizer).requires_grad_(True)
    optimiser = torch.optim.Adam(trained.parameters(), settings.run.learning_rate, (0.5, 0.99))
    run.start(colorizer, optimiser=optimiser)
    pictures, held_out = (
        open_pictures(data, colorizer.config, settings.sampling, split=split) for split in ("train", "test")
    )
    shown = held_out.triples(range(min(SHOWN, len(held_out))), settings.edits, torch.Generator().manual_seed(0))
    inversion = settings.inversion if colorizer.config.receiving == "attention" else 0.0

    def draw(places: Sequence[int], generator: torch.Generator) -> Triple:
        return pictures.triples(places, settings.edits, generator)

    for batch, _ in step_batches(run, pictures, draw):
        triple = Triple(*(part.to(run.device) for part in batch))
        with run.accelerator.autocast():
            by_reference, by_tags = map_tags(colorizer, triple)
        weights = region_weights(triple.regions, settings.small_regions)
        losses = mapping_loss(by_reference, by_tags, inversion, weights=weights)
        norm = run.descend(torch.stack(list(losses.values())).sum(), trained, optimiser)
        run.log({**losses, **norm})
        if run.is_showing():
            run.show(mapped_sheet(run.average, shown))
    return run.average


def with_new_mapping(source: TagColorizer, settings: MappingSettings) -> TagColorizer:
    """A colorizer with the source's encoder, generator and neutral features and a fresh mapping of tags."""
    config = replace(
        source.config, mapped=True, mapping_width=settings.mapping_width, self_adaptive=settings.self_adaptive
    )
    colorizer = TagColorizer(config)
    kept = {n: v for n, v in source.state_dict().items() if n.split(".")[0] in ("encoder", "generator", "neutral")}
    colorizer.load_state_dict({**colorizer.state_dict(), **kept})
    return colorizer


def mapping_networks(colorizer: TagColorizer) -> nn.ModuleList:
    attends = colorizer.config.receiving == "attention"
    return nn.ModuleList([colorizer.mapping, *([colorizer.place_weights] if attends else [])])


def map_tags(colorizer: TagColorizer, triple: Triple) -> tuple[Mapped, Mapped]:
    """What the target reference makes of the sketch, and what the anchor does with the target's tags.

    Differs: where strengths of tags are given, all other tags stay the anchor's, as when a person moves one slider.
    """
    with torch.no_grad():
        anchor, target = colorizer.encode(triple.anchor), colorizer.encode(triple.target)
        read = colorizer.tag_probabilities(anchor).float()
        is_given = triple.strengths >= 0
        others = torch.where(is_given.any(1, keepdim=True), read, colorizer.tag_probabilities(target).float())
        wished = torch.where(is_given, triple.strengths, others)
        picture, code = colorizer.generator(triple.sketch, target, with_code=True)
        by_reference = Mapped(picture.float(), code.float(), (target.float() - anchor.float()).mean((2, 3)))
    features = colorizer.shifted(anchor, wished, anchor=read)
    picture, code = colorizer.generator(triple.sketch, features, with_code=True)
    return by_reference, Mapped(picture.float(), code.float(), colorizer.tag_shift(read, wished).float())


@torch.no_grad()
def mapped_sheet(colorizer: TagColorizer, shown: Triple) -> Image.Image:
    """Held-out sketches: sketch, anchor and what it makes; then the target, what it makes, and what its tags make."""
    colorizer.eval()
    triple = Triple(*(part.to(colorizer.neutral.device) for part in shown))
    by_reference, by_tags = map_tags(colorizer, triple)
    by_anchor = colorizer.render(triple.sketch, colorizer.encode(triple.anchor))
    return picture_sheet([*triple[:2], by_anchor, triple.target, by_reference.picture, by_tags.picture])


@tells_mistakes
def main(
    data: DataFolder,
    out: RunFolder,
    init: Annotated[str, typer.Option(help="Saved colorizer with trained encoder and generator.")],
    preset: Annotated[str, typer.Option(help=f"One of {', '.join(MAPPING_PRESETS)}.")] = "starter",
    change: Changes = None,
    minutes: Minutes = None,
    resume: Resume = False,
) -> None:
    settings = choose_preset(MAPPING_PRESETS, preset, change or [])
    train_mapping(settings, data, out, init=init, minutes=minutes, resume=resume)


if __name__ == "__main__":
    typer.run(main)
