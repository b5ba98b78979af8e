"""The paper's table 1 at starter scale: what attention, RBCA and a frozen encoder that knows tags are good for."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeVar

import torch

from artmodels.colorizer.model import TagColorizer
from artmodels.perceptual import load_features
from training.colorizer.held_out import BATCH, colour_all, held_out_pairs, palette_scores, read_drawings
from training.colorizer.settings import GENERATOR_PRESETS, MAPPING_PRESETS, GeneratorSettings, MappingSettings
from training.colorizer.train_generator import train_generator
from training.colorizer.train_mapping import train_mapping
from training.metrics import frechet_starter

__all__ = ["ABLATIONS", "Ablation", "make_table_1"]

Settings = TypeVar("Settings", GeneratorSettings, MappingSettings)


@dataclass(frozen=True)
class Ablation:
    """A row of the table.

    Attributes:
        receiving, channel_attention: of the generator.
        is_pretrained: begins with the encoder that knows tags instead of a fresh one.
        joint: the encoder is trained together with the generator.
    """

    receiving: Literal["attention", "add"] = "attention"
    channel_attention: bool = True
    is_pretrained: bool = True
    joint: bool = False

    def settings(self, preset: GeneratorSettings) -> GeneratorSettings:
        model = replace(preset.model, receiving=self.receiving, channel_attention=self.channel_attention)
        return replace(preset, model=model, joint=self.joint)


# The paper's encoders of ImageNet are replaced by one that was never trained.
ABLATIONS = {
    "attention": Ablation(),
    "add": Ablation("add"),
    "attention_without_rbca": Ablation(channel_attention=False),
    "add_without_rbca": Ablation("add", channel_attention=False),
    "joint_pretrained": Ablation(joint=True),
    "frozen_untrained": Ablation(is_pretrained=False),
    "joint_from_scratch": Ablation(is_pretrained=False, joint=True),
}


def make_table_1(
    data: Path, out: Path, encoder: str, *, steps: int, preset: str = "starter"
) -> Iterator[dict[str, float]]:
    """Trains every row for that many steps and measures it; rows that were interrupted go on, whole ones are measured.

    Yields: scores by `table_1/<row>/<what>`: `palette` is the difference to the true colouring, `frechet_starter` the
        distance of the made pictures to the true ones on features trained here, which is no FID.
    """
    generator_settings = GENERATOR_PRESETS[f"{preset}-attention"]
    for name, ablation in ABLATIONS.items():
        run = out / name
        if not (run / "model").is_dir():
            init = encoder if ablation.is_pretrained else None
            settings = of_steps(ablation.settings(generator_settings), steps)
            train_generator(settings, data, run, init=init, resume=is_begun(run))
        yield row_scores(name, run / "model", data)
        if name in ("attention", "add"):
            mapped = out / f"m_{name}"
            if not (mapped / "model").is_dir():
                mapping = of_steps(MAPPING_PRESETS[preset], steps)
                train_mapping(mapping, data, mapped, init=str(run / "model"), resume=is_begun(mapped))
            yield row_scores(f"m_{name}", mapped / "model", data)


def of_steps(settings: Settings, steps: int) -> Settings:
    return replace(settings, run=replace(settings.run, steps=steps))


def is_begun(run: Path) -> bool:
    return any((run / "checkpoints").glob("step_*"))


def row_scores(name: str, model: Path, data: Path) -> dict[str, float]:
    """One row; of a model with a mapping, colours come by the tags of the reference, from another one as anchor."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    colorizer = TagColorizer.from_pretrained(model, device=device)
    test, training = (read_drawings(data, colorizer, split) for split in ("test", "train"))
    held_out = held_out_pairs(test, training)
    if colorizer.config.mapped:
        made = colour_by_tags(colorizer, held_out.pair.sketch, held_out.pair.reference)
    else:
        made = colour_all(colorizer, held_out.pair.sketch, held_out.pair.reference)
    features = load_features(device=device)
    batches = ([part.to(device) for part in pictures.split(64)] for pictures in (held_out.pair.target, made))
    return {
        f"table_1/{name}/palette": palette_scores(made, held_out)["palette"],
        f"table_1/{name}/difference": float((made - held_out.pair.target).abs().mean()),
        f"table_1/{name}/frechet_starter": frechet_starter(features, *batches),
    }


@torch.inference_mode()
def colour_by_tags(colorizer: TagColorizer, sketches: torch.Tensor, references: torch.Tensor) -> torch.Tensor:
    """Every sketch by the reference of the one before it, shifted to its own reference's tags; on the CPU."""
    made = []
    anchors = references.roll(1, 0)
    for parts in zip(sketches.split(BATCH), anchors.split(BATCH), references.split(BATCH), strict=True):
        sketch, anchor, reference = (part.to(colorizer.device) for part in parts)
        tags = colorizer.tag_probabilities(colorizer.encode(reference))
        made.append(colorizer.render(sketch, colorizer.shifted(colorizer.encode(anchor), tags)).float().cpu())
    return torch.cat(made)
