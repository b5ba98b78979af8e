"""Fills a folder that can be published: weights, config, numbers, samples and a card written from them.

    python -m training.publish training/workflow/card.toml --model runs/generation/model \
        --run runs/inference --run runs/generation --evaluation runs/evaluation

Writes `hub_configs/<name>/`, whole or not at all; what stands there ships with the package as a starter model.
`artmodels push hub_configs/<name> <owner>/<name>` sends it to the Hub.
"""

import hashlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import torch
import typer

from artmodels.cards import check_card
from artmodels.checkpoints import CONFIG_NAME, WEIGHTS_NAME
from artmodels.errors import CheckpointError, ConfigError
from artmodels.hub import load_model
from training.command import tells_mistakes
from training.model_cards import CardFacts, read_facts, write_card

__all__ = ["CardFacts", "describe_run", "describe_weights", "publish", "read_facts", "replace_folder"]

MOST_BYTES = 16 * 2**20
DTYPES = {"float16": torch.float16, "bfloat16": torch.bfloat16, "float32": torch.float32}
MADE_HERE = {CONFIG_NAME, WEIGHTS_NAME, "README.md", "evaluation.json", "training.json", "samples"}


def publish(
    model_folder: str | Path,
    facts: CardFacts,
    destination: Path,
    *,
    runs: Sequence[Path],
    evaluation: Path,
    dtype: str = "float16",
) -> Path:
    """Write everything that belongs to a published model into `destination`, replacing what was published before.

    Args:
        model_folder: what `save_pretrained` wrote.
        runs: the folders of the trainings that led to it, in order.
        evaluation: a folder with `evaluation.json` and the pictures that `facts.samples` names in `samples/`.
        dtype: of the stored weights: float16, bfloat16 or float32.

    Raises:
        CheckpointError: the model cannot be loaded, or its weights are larger than 16 MiB.
        ConfigError: a file, number or picture is missing, or `destination` holds files made by hand.
    """
    _check_replaceable(destination)
    numbers = _read_numbers(evaluation / "evaluation.json")
    trainings = [describe_run(run) for run in runs]
    destination.parent.mkdir(parents=True, exist_ok=True)
    draft = destination.parent / f".publishing-{secrets.token_hex(4)}"
    try:
        weights = _store_weights(model_folder, draft, dtype)
        training = {"runs": trainings, "weights": weights}
        _write_json(draft / "evaluation.json", numbers)
        _write_json(draft / "training.json", training)
        _copy_samples(facts, evaluation / "samples", draft / "samples")
        config = json.loads((draft / CONFIG_NAME).read_text(encoding="utf-8"))
        card = write_card(facts, config, numbers, training)
        check_card(card, {path.relative_to(draft).as_posix() for path in draft.rglob("*")})
        (draft / "README.md").write_text(card, encoding="utf-8")
        replace_folder(draft, destination)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return destination


def describe_run(run: Path) -> dict[str, Any]:
    """Return what a card says of a training: its command, commit, hardware, versions, steps and minutes.

    Raises:
        ConfigError: the folder is not that of a finished run.
    """
    facts = _read_json(run / "run.json")
    lines = (run / "log.jsonl").read_text(encoding="utf-8").splitlines() if (run / "log.jsonl").is_file() else []
    if not lines:
        raise ConfigError(f"{run} holds no log.jsonl with numbers: it is not the folder of a training run")
    last = json.loads(lines[-1])
    return {
        "name": run.name,
        "command": _without_folders_of_this_machine(facts["command"]),
        "commit": facts["commit"],
        "hardware": facts["hardware"],
        "versions": facts["versions"],
        "steps": last["step"],
        "minutes": round(last["step"] * last["seconds_per_step"] / 60, 1),
    }


def _without_folders_of_this_machine(command: str) -> str:
    return re.sub(r"(?<![^\s=])/\S*/(?=[^\s/]+)", "", command)


def _store_weights(model_folder: str | Path, draft: Path, dtype: str) -> dict[str, Any]:
    if dtype not in DTYPES:
        raise ConfigError(f"dtype must be one of {', '.join(DTYPES)}, got {dtype!r}")
    model = load_model(model_folder)
    model.save_pretrained(draft, dtype=DTYPES[dtype])
    size = (draft / WEIGHTS_NAME).stat().st_size
    if size > MOST_BYTES:
        raise CheckpointError(
            f"the weights take {size / 2**20:.1f} MiB in {dtype}, and what ships with the package may take "
            f"{MOST_BYTES / 2**20:.0f} MiB: train it narrower, or push {model_folder} to the Hub instead"
        )
    return describe_weights(draft, model, dtype)


def describe_weights(folder: Path, model: torch.nn.Module, dtype: str) -> dict[str, Any]:
    """Return what a card says of the weights that `save_pretrained` wrote of a model: their type, size and sum."""
    content = (folder / WEIGHTS_NAME).read_bytes()
    return {
        "dtype": dtype,
        "bytes": len(content),
        "parameters": sum(tensor.numel() for tensor in model.state_dict().values()),
        "sha256": hashlib.sha256(content).hexdigest(),
    }


def _copy_samples(facts: CardFacts, source: Path, target: Path) -> None:
    target.mkdir()
    for sample in facts.samples:
        if not (source / sample.file).is_file():
            raise ConfigError(f"the card shows {sample.file}, which is not in {source}")
        shutil.copyfile(source / sample.file, target / sample.file)


def _check_replaceable(destination: Path) -> None:
    entries = {path.name for path in destination.iterdir()} if destination.is_dir() else set()
    strangers = sorted(entries - MADE_HERE)
    if strangers:
        raise ConfigError(f"{destination} holds {strangers[0]}, which publishing did not make: choose another folder")


def replace_folder(draft: Path, destination: Path) -> None:
    """Put a finished folder where another one may stand, which is there until the new one is."""
    if destination.is_dir():
        old = draft.with_name(f"{draft.name}-old")
        os.rename(destination, old)  # noqa: PTH104
        draft.rename(destination)
        shutil.rmtree(old)
    else:
        draft.rename(destination)


def _read_numbers(path: Path) -> dict[str, float]:
    values = _read_json(path)
    odd = next((name for name, value in values.items() if type(value) not in (int, float)), None)
    if odd is not None:
        raise ConfigError(f"{path}: {odd} must be a number, got {values[odd]!r}")
    return values


def _read_json(path: Path) -> dict[str, Any]:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(f"there is no {path}") from error
    except ValueError as error:
        raise ConfigError(f"{path} is not JSON: {error}") from error
    if not isinstance(values, dict):
        raise ConfigError(f"{path} must hold a JSON object, it holds {type(values).__name__}")
    return values


def _write_json(path: Path, values: Any) -> None:
    path.write_text(json.dumps(values, indent=2, allow_nan=False) + "\n", encoding="utf-8")


@tells_mistakes
def main(
    card: Annotated[Path, typer.Argument(help="The card's words, a card.toml.")],
    model: Annotated[Path, typer.Option(help="The trained model's folder.")],
    run: Annotated[list[Path], typer.Option(help="Folder of a training that led to it; give all, in order.")],
    evaluation: Annotated[Path, typer.Option(help="Folder with evaluation.json and samples/.")],
    out: Annotated[Path | None, typer.Option(help="Default: hub_configs/<name>.")] = None,
    dtype: Annotated[str, typer.Option(help="float16, bfloat16 or float32.")] = "float16",
) -> None:
    """Fill a folder that can be published."""
    facts = read_facts(card)
    target = out or Path("hub_configs") / facts.name
    print(publish(model, facts, target, runs=run, evaluation=evaluation, dtype=dtype))


if __name__ == "__main__":
    typer.run(main)
