"""What `artmodels doctor` finds out: everything a question about an installation needs to be answered."""

import os
import platform
import shutil
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch
from huggingface_hub import constants

from artmodels import __version__
from artmodels.checkpoints import WEIGHTS_NAME
from artmodels.hub_client import Access
from artmodels.sources import open_source, starter_names

__all__ = ["examine", "readable"]

PACKAGES = (
    "torch", "torchvision", "numpy", "pillow", "safetensors", "huggingface_hub", "psd-tools", "gradio", "accelerate",
)  # fmt: skip
ALLOCATOR_VARIABLES = ("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_", "MALLOC_TOP_PAD_", "LD_PRELOAD")
ALLOCATOR_HINT = (
    "MALLOC_TRIM_THRESHOLD_=1073741824 MALLOC_MMAP_THRESHOLD_=1073741824, set before Python starts, keep memory "
    "mapped between layers: 1.1 to 1.6 times faster on the CPU"
)


def examine() -> dict[str, Any]:
    """Look at this installation; everything in the answer is plain JSON."""
    return {
        "artmodels": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": {name: _version(name) for name in PACKAGES},
        "devices": _devices(),
        "cpu": {
            "capability": torch.backends.cpu.get_cpu_capability(),
            "threads": torch.get_num_threads(),
            "bfloat16": _cpu_bf16(),
        },
        "cache": _cache(),
        "offline": {
            name: os.environ[name] for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE") if name in os.environ
        },
        "endpoint": constants.ENDPOINT,
        "starters": {name: f"{_weight_bytes(name) / 1e6:.1f} MB" for name in starter_names()},
        "allocator": {name: os.environ[name] for name in ALLOCATOR_VARIABLES if name in os.environ},
    }


def readable(report: dict[str, Any]) -> str:
    """The same as indented lines for a person, with what stands out said at the end."""
    lines: list[str] = []
    for name, value in report.items():
        if isinstance(value, dict):
            lines.append(f"{name}: {'' if value else 'none'}".rstrip())
            lines += [f"  {key}: {_words(inner)}" for key, inner in value.items()]
        else:
            lines.append(f"{name}: {_words(value)}")
    return "\n".join([*lines, *(f"note: {note}" for note in _notes(report))])


def _notes(report: dict[str, Any]) -> list[str]:
    notes = []
    if not report["cache"]["writable"]:
        notes.append(f"the cache {report['cache']['folder']} cannot be written: set HF_HOME to a folder of your own")
    if report["offline"]:
        notes.append("the Hub is switched off: models load from the package and the cache alone")
    if not report["starters"]:
        notes.append("no models are in the package")
    if not report["allocator"] and sys.platform == "linux":
        notes.append(ALLOCATOR_HINT)
    return notes


def _words(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return (
        "not installed"
        if value is None
        else {True: "yes", False: "no"}[value]
        if isinstance(value, bool)
        else str(value)
    )


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _devices() -> list[str]:
    cuda = [torch.cuda.get_device_properties(number) for number in range(torch.cuda.device_count())]
    names = [f"cuda:{i} ({card.name}, {card.total_memory / 2**30:.0f} GiB)" for i, card in enumerate(cuda)]
    return ["cpu", *names, *(["mps"] if torch.backends.mps.is_available() else [])]


def _cpu_bf16() -> list[str] | str:
    """The CPU's bfloat16 instructions, where the system lists what the CPU can do."""
    listing = Path("/proc/cpuinfo")
    if not listing.is_file():
        return "unknown"
    flags = set(listing.read_text().split())
    return [flag for flag in ("avx512_bf16", "amx_bf16") if flag in flags]


def _cache() -> dict[str, Any]:
    folder = Path(constants.HF_HUB_CACHE)
    standing = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    free = shutil.disk_usage(standing).free
    return {"folder": str(folder), "writable": os.access(standing, os.W_OK), "free_gib": round(free / 2**30, 1)}


def _weight_bytes(starter: str) -> int:
    return open_source(starter, None, Access()).file(WEIGHTS_NAME).stat().st_size
