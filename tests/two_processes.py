"""Runs in each of two processes: `average_gradients` gives the mean; each writes what its training ended with."""

import json
import sys
from pathlib import Path

import torch
from torch import nn

from training.run import Run
from training.workflow.settings import INFERENCE_PRESETS
from training.workflow.train_inference import train_inference


def main(data: Path, out: Path, init: str) -> None:
    settings = INFERENCE_PRESETS["tiny"]
    run = Run(out / "gradients", settings.run, everything=settings)
    layer = nn.Linear(2, 1)
    for parameter in layer.parameters():
        parameter.grad = torch.full_like(parameter, 1.0 + 2.0 * run.accelerator.process_index)
    run.average_gradients(layer)
    assert run.accelerator.num_processes == 2
    if run.is_main:
        assert json.loads((out / "gradients" / "run.json").read_text())["hardware"].startswith("2 times CPU")
    assert all(bool((parameter.grad == 2.0).all()) for parameter in layer.parameters())
    starts = run.accelerator.gather(torch.tensor([run.batch_start()])).tolist()
    assert starts == [0, settings.run.batch_size]

    process = run.accelerator.process_index
    editor = train_inference(settings, data, out / "run", init=init)
    torch.save(editor.state_dict(), out / f"process_{process}.pt")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
