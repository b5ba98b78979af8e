"""What tests that talk to a loopback Hub have in common; a test module names this file in `pytest_plugins`."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import constants
from huggingface_hub.utils import disable_progress_bars, enable_progress_bars

from hub_server import LoopbackHub


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LoopbackHub]:
    """A Hub to be passed as `endpoint=`; nothing of this machine's own Hub settings reaches the client."""
    with LoopbackHub() as server:
        monkeypatch.setattr(constants, "HF_HUB_DISABLE_TELEMETRY", True)  # else it asks the real Hub for a list
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
        monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "no-token"))
        monkeypatch.delenv("HF_TOKEN", raising=False)
        disable_progress_bars()
        yield server
        enable_progress_bars()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The client tries again without waiting in between."""
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    return monkeypatch


@pytest.fixture
def without_xet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Large files go through LFS."""
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
