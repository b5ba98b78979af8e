"""Time and memory of what a person waits for: start-up, the forward pass, every verb, fitting, a training step.

    python -m training.bench
    python -m training.bench --paper --repeats 3 --json > bench.json
    python -m training.bench --only edit

Every row is measured in a process of its own, which imports nothing that the row does not need, so that its peak memory
is its own; a first call is not counted. Training steps are those of the real trainings, with their data, precision,
averaging and log, on made pictures. Some minutes on two free CPU cores; `--paper` takes far longer. Compare rows of one
run only, on a machine that does nothing else: a training beside it makes every row up to ten times as long.
"""

import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from artmodels.workflow.config import WorkflowConfig
from training.clocks import Case, logged_seconds, seconds_of, short_run
from training.workflow.settings import GENERATION_PRESETS, INFERENCE_PRESETS, GenerationSettings, InferenceSettings

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Sequential

    from artmodels import WorkflowEditor
    from artmodels.blocks import UpsampleConv
    from artmodels.perceptual import FeaturePyramid
    from artmodels.workflow.networks import StageGenerator

__all__ = ["Case", "Row", "cases", "measure", "table"]

ARTWORK_SIDE = 512
SIZES = (128, 256)
START_UPS = {"import artmodels": "artmodels", "import WorkflowEditor": "artmodels.workflow.model"}

Verb = Callable[["WorkflowEditor", Path, Path], None]


class Row(NamedTuple):
    """Seconds of each repeat, and the most memory that the process ever held."""

    name: str
    seconds: list[float]
    peak_mebibytes: float


def peak_mebibytes() -> float:
    """The most memory that this process has held."""
    status = Path("/proc/self/status")
    if status.is_file():
        # The resource module would count what the parent held when it started this process.
        return int(status.read_text().split("VmHWM:")[1].split()[0]) / 2**10
    return getrusage(RUSAGE_SELF).ru_maxrss / 2**20


# What is timed.


def time_forward(config: WorkflowConfig, repeats: int) -> list[float]:
    import torch

    from artmodels import WorkflowEditor

    editor, artwork = WorkflowEditor(config).eval(), torch.rand(1, config.channels[-1], config.size, config.size)
    with torch.inference_mode():
        return seconds_of(lambda: editor(artwork), repeats)


def time_stage_inference(config: WorkflowConfig, repeats: int) -> list[float]:
    import torch

    from artmodels import WorkflowEditor

    editor, artwork = WorkflowEditor(config).eval(), torch.rand(1, config.channels[-1], config.size, config.size)
    with torch.inference_mode():
        return seconds_of(lambda: editor.infer_stages(artwork), repeats)


def save_stages(editor: "WorkflowEditor", artwork: Path, target: Path) -> None:
    editor.stages(artwork).save(target)


def save_edit(editor: "WorkflowEditor", artwork: Path, target: Path) -> None:
    editor.edit(artwork, stage=editor.config.stages[1], seed=0).save(target)


def save_variations(editor: "WorkflowEditor", artwork: Path, target: Path) -> None:
    for variation in editor.variations(artwork, stage=editor.config.stages[1], seeds=range(4)):
        variation.save(target)


def save_generated(editor: "WorkflowEditor", artwork: Path, target: Path) -> None:
    editor.generate(artwork).save(target)


VERBS = {"stages": save_stages, "edit": save_edit, "4 variations": save_variations, "generate": save_generated}


def time_verb(verb: Verb, config: WorkflowConfig, repeats: int) -> list[float]:
    """From a picture file to a picture file."""
    from artmodels import WorkflowEditor

    editor = WorkflowEditor(config).eval()
    with TemporaryDirectory() as folder:
        artwork, target = Path(folder, "artwork.png"), Path(folder, "result.png")
        write_picture(artwork, 0, ARTWORK_SIDE, "RGB")
        return seconds_of(lambda: verb(editor, artwork, target), repeats)


def time_fitting(config: WorkflowConfig, repeats: int) -> list[float]:
    """One iteration of AdaIN optimisation at the last step; what it computes once is not counted."""
    from artmodels.workflow.optimisation import Optimisation, optimise_step

    generator, stage, reference, latent, features = fitting_problem(config)
    states = optimise_step(
        generator, stage, reference, latent,
        weight=1e-3, features=features, optimisation=Optimisation(steps=repeats + 1),
    )  # fmt: skip
    return seconds_of(lambda: next(states), repeats)


def time_plain_fitting(config: WorkflowConfig, repeats: int) -> list[float]:
    """The same iteration as the formulas read: in float32, by 5 x 5 convolutions, with everything computed anew."""
    import torch

    from artmodels.blocks import UpsampleConv
    from artmodels.workflow.optimisation import adain_loss

    generator, stage, reference, latent, features = fitting_problem(config)
    for number, layer in enumerate(generator.upsample):
        if isinstance(layer, UpsampleConv):
            generator.upsample[number] = plain_upsampling(layer)
    delta = torch.zeros(1, generator.adain_length, requires_grad=True)
    adam = torch.optim.Adam([delta], lr=0.1, weight_decay=1e-3)

    def iterate() -> None:
        rendered = generator(stage, generator.adain_vector(latent) + delta)
        with torch.no_grad():
            reference_maps = features(reference)
        loss = adain_loss(rendered, reference, features, reference_maps).sum()
        (delta.grad,) = torch.autograd.grad(loss, delta)
        adam.step()

    return seconds_of(iterate, repeats)


def fitting_problem(config: WorkflowConfig) -> "tuple[StageGenerator, Tensor, Tensor, Tensor, FeaturePyramid]":
    """A generator, a stage, a reference, a latent, and what compares pictures, all with random values."""
    import torch

    from artmodels import WorkflowEditor
    from artmodels.perceptual import StarterFeatures, StarterFeaturesConfig, VGG16Features

    generator, _ = WorkflowEditor(config).step_networks(config.steps - 1)
    for weight in generator.mapping.parameters():
        torch.nn.init.normal_(weight, std=0.05)
    features = VGG16Features(None) if config.features == "vgg16" else StarterFeatures(StarterFeaturesConfig())
    before, after = (torch.rand(1, channels, config.size, config.size) * 2 - 1 for channels in config.channels[-2:])
    return generator, before, after, torch.randn(1, config.latent_dim), features.requires_grad_(False)


def plain_upsampling(layer: "UpsampleConv") -> "Sequential":
    from torch import nn

    outputs, inputs = layer.weight.shape[:2]
    conv = nn.Conv2d(inputs, outputs, 5, padding=2, padding_mode="replicate")
    conv.load_state_dict({"weight": layer.weight, "bias": layer.bias})
    return nn.Sequential(nn.Upsample(scale_factor=2), conv)


def time_load(config: WorkflowConfig, repeats: int) -> list[float]:
    from artmodels import WorkflowEditor

    with TemporaryDirectory() as folder:
        WorkflowEditor(config).save_pretrained(folder)
        return seconds_of(lambda: WorkflowEditor.from_pretrained(folder), repeats)


def time_inference_training(settings: InferenceSettings, repeats: int) -> list[float]:
    from training.workflow.train_inference import train_inference

    with TemporaryDirectory() as folder:
        data, out = write_pictures(Path(folder, "data"), settings), Path(folder, "run")
        train_inference(replace(settings, run=short_run(settings.run, repeats)), data, out)
        return logged_seconds(out / "log.jsonl")[1:]


def time_generation_training(settings: GenerationSettings, repeats: int) -> list[float]:
    from artmodels import WorkflowEditor
    from training.workflow.train_generation import train_generation

    with TemporaryDirectory() as folder:
        data, out = write_pictures(Path(folder, "data"), settings), Path(folder, "run")
        init = WorkflowEditor(settings.model).save_pretrained(Path(folder, "init"))
        train_generation(replace(settings, run=short_run(settings.run, repeats)), data, out, init=str(init))
        return logged_seconds(out / "log.jsonl")[1:]


def write_pictures(root: Path, settings: InferenceSettings | GenerationSettings) -> Path:
    """Noise as aligned stages, in the layout that recipes write."""
    rows = []
    for number in range(settings.run.batch_size + 1):
        for stage, channels in zip(settings.model.stages, settings.model.channels, strict=True):
            (root / stage).mkdir(parents=True, exist_ok=True)
            write_picture(root / stage / f"{number}.png", number, settings.load_size, "L" if channels == 1 else "RGB")
        rows.append({"id": str(number), "split": "train" if number else "test"})
    (root / "metadata.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return root


def write_picture(path: Path, number: int, side: int, mode: str) -> None:
    import numpy as np
    from PIL import Image

    values = np.random.default_rng(number).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    Image.fromarray(values).resize((side, side), Image.Resampling.BICUBIC).convert(mode).save(path)


# The table.


def cases(*, paper: bool = False) -> list[Case]:
    """All rows for the starter at both sizes, and for the paper's face model where asked for."""
    found: list[Case] = []
    inference, generation = INFERENCE_PRESETS["starter"], GENERATION_PRESETS["starter"]
    run = replace(generation.run, batch_size=inference.run.batch_size)
    generation = replace(generation, run=run, adversarial=1.0, latent=0.5, cycle=1.0)
    for size in SIZES:
        model = replace(inference.model, size=size, features="artmodels/perceptual-starter")
        found += cases_of(
            f"starter {size}",
            replace(inference, model=model, load_size=size),
            replace(generation, model=model, load_size=size),
        )
    if paper:
        found += cases_of("paper 256", INFERENCE_PRESETS["paper-face"], GENERATION_PRESETS["paper-face"])
    return found


def cases_of(name: str, inference: InferenceSettings, generation: GenerationSettings) -> list[Case]:
    config = inference.model
    return [
        Case(f"{name}: forward", partial(time_forward, config)),
        Case(f"{name}: infer stages", partial(time_stage_inference, config)),
        *(Case(f"{name}: {verb}, file to file", partial(time_verb, VERBS[verb], config)) for verb in VERBS),
        Case(f"{name}: fitting, one iteration", partial(time_fitting, config)),
        Case(f"{name}: fitting written plainly, one iteration", partial(time_plain_fitting, config)),
        Case(f"{name}: load a checkpoint", partial(time_load, config)),
        Case(
            f"{name}: inference training, step of {inference.run.batch_size}",
            partial(time_inference_training, inference),
        ),
        Case(
            f"{name}: generation training, step of {generation.run.batch_size}",
            partial(time_generation_training, generation),
        ),
    ]


def measure(case: Case, repeats: int) -> Row:
    """The row of a case, from a new process."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(measure_here, case, repeats).result()


def measure_here(case: Case, repeats: int) -> Row:
    seconds = case.clock(repeats)
    return Row(case.name, seconds, peak_mebibytes())


def measure_start_up(name: str, module: str, repeats: int) -> Row:
    """Seconds that the import of a module takes in new interpreters."""
    code = (
        f"import time; began = time.perf_counter(); import {module}; print(time.perf_counter() - began)\n"
        "from training.bench import peak_mebibytes; print(peak_mebibytes())"
    )
    runs = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
        for _ in range(repeats + 1)
    ]
    return Row(name, [float(seconds) for seconds, _ in runs[1:]], max(float(peak) for _, peak in runs[1:]))


def machine() -> dict[str, str | int | None]:
    """What the numbers depend on besides the code."""
    return {
        "torch": version("torch"),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "threads asked for": os.environ.get("OMP_NUM_THREADS"),
    }


def table(rows: Sequence[Row]) -> str:
    """The rows as text; the last column compares medians with the first row's."""
    width = max(len(row.name) for row in rows)
    lines = [f"{'':{width}} {'median s':>9} {'min':>9} {'max':>9} {'peak MiB':>9} {'ratio':>7}"]
    for row in rows:
        ratio = median(row.seconds) / median(rows[0].seconds)
        times = " ".join(f"{seconds:9.4f}" for seconds in (median(row.seconds), min(row.seconds), max(row.seconds)))
        lines.append(f"{row.name:{width}} {times} {row.peak_mebibytes:9.0f} {ratio:7.2f}")
    return "\n".join(lines)


def main(
    repeats: Annotated[int, typer.Option(min=1, help="Counted calls a row.")] = 5,
    paper: Annotated[bool, typer.Option("--paper", help="The paper's face model at 256 pixels as well.")] = False,
    only: Annotated[str, typer.Option(help="Only rows whose name holds this text.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    from training.colorizer.clocks import colorizer_cases
    from training.portrait.clocks import portrait_cases
    from training.sketch2image.clocks import sketch2image_cases

    rows_to_be = [*cases(paper=paper), *colorizer_cases(), *sketch2image_cases(), *portrait_cases()]
    chosen = [case for case in rows_to_be if only in case.name]
    start_ups = {name: module for name, module in START_UPS.items() if only in name}
    if not chosen and not start_ups:
        raise typer.BadParameter(f"no row's name holds {only!r}", param_hint="--only")
    rows = []
    for case in chosen:
        typer.echo(f"{case.name} ...", err=True)
        rows.append(measure(case, repeats))
    rows += [measure_start_up(name, module, repeats) for name, module in start_ups.items()]
    if as_json:
        print(json.dumps({"machine": machine(), "rows": [row._asdict() for row in rows]}, indent=2))
    else:
        print(", ".join(f"{name} {value}" for name, value in machine().items() if value is not None))
        print(table(rows))


if __name__ == "__main__":
    typer.run(main)
