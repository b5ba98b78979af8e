"""A training run: its folder, processes, checkpoints, averaged weights, logs and clock.

Randomness is drawn from a generator made of (seed, process, step), so a resumed run equals an unbroken one bit for bit.
Gradients are averaged over processes by hand (`average_gradients`) instead of by a wrapper around each network, because
a GAN calls its networks a different number of times a step.
"""

import hashlib
import json
import platform
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any, Generic, TypeVar

import torch
from accelerate import Accelerator
from PIL import Image
from torch import Tensor, nn

import artmodels
from artmodels.configs import config_to_dict
from artmodels.errors import CheckpointError, ConfigError
from artmodels.hub import HubModel
from training.settings import RunSettings

__all__ = ["Run", "step_generator"]

KEPT_CHECKPOINTS = 2
FREE_SETTINGS = ("run.steps", "run.log_every", "run.save_every")
"""What may be another when a run is resumed."""

Model = TypeVar("Model", bound=HubModel)


class Run(Generic[Model]):
    """One training in one folder.

    Args:
        folder: gets run.json, log.jsonl, tensorboard/, samples/, checkpoints/step_*/ and, at the end, model/.
        settings: length, batch, precision, seed.
        everything: the whole settings object, written to run.json.
        minutes: ends the run after that time of this call, however many steps were made.
        resume: goes on from the newest checkpoint in the folder.

    Raises:
        ConfigError: the folder already holds a run and `resume` is off, or `resume` is on and there is none, or one
            of settings that would not go on as if unbroken.
    """

    def __init__(
        self,
        folder: Path,
        settings: RunSettings,
        *,
        everything: Any,
        minutes: float | None = None,
        resume: bool = False,
    ):
        self.folder = Path(folder)
        self.settings = settings
        self.accelerator = Accelerator(
            mixed_precision=settings.precision, log_with="tensorboard", project_dir=str(self.folder / "tensorboard")
        )
        self.device = self.accelerator.device
        self.is_main = self.accelerator.is_main_process
        self.deadline = time.monotonic() + 60 * minutes if minutes is not None else float("inf")
        self.step = 0
        self.seconds = 0.0
        self._parts: dict[str, Any] = {}
        self._resume = resume
        self._everything = everything
        torch.backends.cudnn.benchmark = self.device.type == "cuda"
        torch.manual_seed(settings.seed)  # of what begins at random, such as fresh weights
        self._open_folder()

    def _open_folder(self) -> None:
        existing = self._checkpoints()
        if existing and not self._resume:
            raise ConfigError(f"{self.folder} already holds a run; give --resume to go on or choose another folder")
        if self._resume and not existing:
            raise ConfigError(f"{self.folder} holds no checkpoint to resume from")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(f"no run can be kept in {self.folder}: {error.strerror}") from None
        self.accelerator.wait_for_everyone()
        self.accelerator.init_trackers("run")
        if not self.accelerator.trackers and self.is_main:
            raise ConfigError("tensorboard is not installed; it comes with the extra artmodels[train]")
        settings = config_to_dict(self._everything)
        if self._resume:
            check_same(self.folder, json.loads((self.folder / "run.json").read_text())["settings"], settings)
        elif self.is_main:
            facts = {"settings": settings, **environment(self.device, self.accelerator.num_processes)}
            (self.folder / "run.json").write_text(json.dumps(facts, indent=2) + "\n")

    def _checkpoints(self) -> list[Path]:
        return sorted((self.folder / "checkpoints").glob("step_[0-9]*"))

    def start(self, model: Model, **parts: Any) -> None:
        """Names what is saved: the model, whose `average` is shown, and any other part that has a state_dict.

        Resumes from the newest checkpoint where the run was told to.
        """
        self.model = model
        self.average = deepcopy(model).eval().requires_grad_(False)
        self._parts = {"model": model, "average": self.average, **parts}
        if self._resume:
            self._load(self._checkpoints()[-1])
            self._forget_later_lines()

    @torch.no_grad()
    def _update_average(self) -> None:
        """Moves the averaged weights; the first steps weigh more, so that untrained weights are soon forgotten."""
        decay = min(self.settings.ema_decay, self.step / (9 + self.step))
        averages: list[Tensor] = list(self.average.parameters())
        currents: list[Tensor] = list(self.model.parameters())
        torch._foreach_lerp_(averages, currents, 1 - decay)
        for average, current in zip(self.average.buffers(), self.model.buffers(), strict=True):
            average.copy_(current)

    def steps(self) -> Iterator[int]:
        """Counts steps until they or the minutes end; averages weights and saves checkpoints between them."""
        last_save = self.step
        while self.step < self.settings.steps and not self._is_time_up():
            began = time.monotonic()
            yield self.step
            self.step += 1
            self._update_average()
            self.seconds += time.monotonic() - began
            if self.step % self.settings.save_every == 0:
                self.save()
                last_save = self.step
        if last_save != self.step:
            self.save()
        if self.is_main:
            self.average.save_pretrained(self.folder / "model")
        self.accelerator.end_training()

    def _is_time_up(self) -> bool:
        """Whether any process says so; one alone asks the clock only, because a tensor's value waits for the device."""
        is_late = time.monotonic() > self.deadline
        if self.accelerator.num_processes == 1:
            return is_late
        late = torch.tensor(float(is_late), device=self.device)
        return bool(self.accelerator.reduce(late, "sum") > 0)

    def generator(self) -> torch.Generator:
        """All of this step's randomness on this process."""
        return step_generator(self.settings.seed, self.accelerator.process_index, self.step)

    def batch_start(self) -> int:
        """Where in the endless series of pictures this step's batch of this process begins."""
        processes = self.accelerator.num_processes
        return (self.step * processes + self.accelerator.process_index) * self.settings.batch_size

    def average_gradients(self, network: nn.Module) -> None:
        """Makes every gradient of the network the mean over processes."""
        if self.accelerator.num_processes == 1:
            return
        gradients = [p.grad for p in network.parameters() if p.grad is not None]
        flat = self.accelerator.reduce(torch.cat([g.flatten() for g in gradients]), "mean")
        for gradient, part in zip(gradients, flat.split([g.numel() for g in gradients]), strict=True):
            gradient.copy_(part.view_as(gradient))

    def clip_gradients(self, network: nn.Module) -> dict[str, Tensor]:
        """Scales gradients down to the largest norm allowed, or drops them where it is infinite or undefined.

        Returns: their norm as it was, for the log.
        """
        if not self.settings.largest_gradient:
            return {}
        norm = nn.utils.clip_grad_norm_(network.parameters(), self.settings.largest_gradient)
        if norm.isfinite():
            return {"gradient": norm}
        network.zero_grad()
        return {}

    def descend(
        self, loss: Tensor, network: nn.Module, optimiser: torch.optim.Optimizer, *, clip: bool = True
    ) -> dict[str, Tensor]:
        """One step of the optimiser along the loss's gradient, averaged over processes and clipped.

        Returns: the gradient's norm for the log, where it is clipped.
        """
        optimiser.zero_grad()
        self.accelerator.backward(loss)
        self.average_gradients(network)
        norm = self.clip_gradients(network) if clip else {}
        optimiser.step()
        return norm

    def log(self, scalars: Mapping[str, Tensor]) -> None:
        """Writes one line of numbers, every `log_every` steps.

        Raises:
            CheckpointError: a number is not finite, so that a broken run ends at its last good checkpoint.
        """
        if (self.step + 1) % self.settings.log_every == 0:
            self.note(scalars, self.step + 1)

    def note(self, scalars: Mapping[str, Tensor], step: int) -> None:
        """Writes a line of numbers of the state after that step, even of a run that has ended.

        Raises:
            CheckpointError: as `log`.
        """
        values = {name: value.item() for name, value in scalars.items()}
        broken = [name for name, value in values.items() if value != value or abs(value) == float("inf")]
        if broken:
            raise CheckpointError(f"{', '.join(broken)} became infinite or undefined at step {step - 1}")
        if self.is_main:
            rate = {"seconds_per_step": self.seconds / max(self.step, 1)}
            with (self.folder / "log.jsonl").open("a") as log:
                log.write(json.dumps({"step": step, **values, **rate}) + "\n")
            self.accelerator.log(values, step=step)

    def show(self, sheet: Image.Image) -> None:
        """Saves a sample sheet of this step."""
        if self.is_main:
            (self.folder / "samples").mkdir(exist_ok=True)
            sheet.save(self.folder / "samples" / f"step_{self.step + 1:08d}.png")

    def is_showing(self) -> bool:
        """Whether this step ends with a sample sheet."""
        return (self.step + 1) % self.settings.save_every == 0

    def save(self) -> None:
        """Writes a checkpoint: the averaged `model/`, loadable by from_pretrained, and the state to resume from."""
        if self.is_main:
            final = self.folder / "checkpoints" / f"step_{self.step:08d}"
            draft = final.with_name(f"unfinished_{final.name}")
            shutil.rmtree(draft, ignore_errors=True)
            draft.mkdir(parents=True)
            self.average.save_pretrained(draft / "model")
            state = {name: part.state_dict() for name, part in self._parts.items()}
            torch.save({"parts": state, "step": self.step, "seconds": self.seconds}, draft / "state.pt")
            shutil.rmtree(final, ignore_errors=True)
            draft.rename(final)
            for old in self._checkpoints()[:-KEPT_CHECKPOINTS]:
                shutil.rmtree(old)
        self.accelerator.wait_for_everyone()

    def _load(self, checkpoint: Path) -> None:
        state = torch.load(checkpoint / "state.pt", map_location="cpu", weights_only=True)
        if set(state["parts"]) != set(self._parts):
            raise CheckpointError(f"{checkpoint} holds {sorted(state['parts'])}, this run has {sorted(self._parts)}")
        for name, part in self._parts.items():
            try:
                part.load_state_dict(state["parts"][name])
            except (RuntimeError, ValueError) as error:  # networks and optimisers of other shapes
                raise CheckpointError(
                    f"{checkpoint} does not fit these settings: its {name} has other sizes"
                ) from error
        self.step, self.seconds = state["step"], state["seconds"]

    def _forget_later_lines(self) -> None:
        """Takes what a run that broke off logged after its last checkpoint out of the log: it is made once more."""
        path = self.folder / "log.jsonl"
        if not self.is_main or not path.is_file():
            return
        logged = path.read_text(encoding="utf-8").splitlines(keepends=True)
        whole = [line for line in logged if line.endswith("\n")]
        path.write_text("".join(line for line in whole if json.loads(line)["step"] <= self.step), encoding="utf-8")


def check_same(folder: Path, begun: Mapping[str, Any], settings: Mapping[str, Any], place: str = "") -> None:
    """Raises ConfigError where a resumed run has other settings than it began with, save how long it is and tells."""
    for name in begun.keys() & settings.keys():
        where, before, now = f"{place}{name}", begun[name], settings[name]
        if isinstance(before, dict) and isinstance(now, dict):
            check_same(folder, before, now, f"{where}.")
        elif before != now and where not in FREE_SETTINGS:
            raise ConfigError(
                f"{folder} began with {where} {before!r}: it cannot go on with {now!r}; give another --out, and --init "
                "with its model"
            )


def step_generator(seed: int, process: int, step: int) -> torch.Generator:
    """A CPU generator that depends on these three numbers and nothing else."""
    digest = hashlib.sha256(f"{seed}/{process}/{step}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "big") >> 1)


def environment(device: torch.device, processes: int = 1) -> dict[str, Any]:
    """What a model card says of where a run was made."""
    git = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--abbrev=40", "--dirty", "--exclude=*"]
    commit = subprocess.run(git, capture_output=True, text=True, check=False).stdout.strip()
    command = ["python", "-m", *[arg for arg in [module_name(), *sys.argv[1:]] if arg]]
    machine = f"CPU, {torch.get_num_threads()} threads"
    if device.type == "cuda":
        machine = torch.cuda.get_device_name(device)
    return {
        "command": shlex.join(command),
        "commit": commit or None,
        "hardware": machine if processes == 1 else f"{processes} times {machine}",
        "versions": {
            "artmodels": artmodels.__version__,
            "python": platform.python_version(),
            "torch": torch.__version__,
        },
    }


def module_name() -> str:
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    return spec.name if spec else Path(sys.argv[0]).name
