"""The three small networks that find faces, and where their weights come from: the wheel of the package mtcnn.

Source: Zhang, Zhang, Li, Qiao, Joint Face Detection and Alignment Using Multitask Cascaded Convolutional Networks,
IEEE Signal Processing Letters 23 (10), 2016.
"""

import hashlib
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from artmodels.errors import ConfigError

__all__ = ["FaceNetworks", "OutputNetwork", "ProposalNetwork", "RefinementNetwork", "load_face_networks"]

# The weights as mtcnn 1.0.0 holds them. They are pickled arrays: nothing else is opened.
WEIGHTS = {
    "pnet.lz4": "ea6b0c3e685ebee3165326ad6484acc95f2ef78f1c94fbf40a55704fa989f7b5",
    "rnet.lz4": "cb00e6460f3c98b0bfafaba3c0a0ded4bdf6e62cee7174d969e8670d7e757fee",
    "onet.lz4": "94f6ea2f4cf985275ee958cdd762d17b6009348a4fb9d8c6be39ba73ffd22ca3",
}
INSTALL = "install the detector with pip install 'artmodels[faces]', or give the eyes by hand"


class ProposalNetwork(nn.Module):
    """Scores every window of 12 x 12 pixels, two pixels apart."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 10, 3), nn.PReLU(10), nn.MaxPool2d(2, ceil_mode=True),
            nn.Conv2d(10, 16, 3), nn.PReLU(16),
            nn.Conv2d(16, 32, 3), nn.PReLU(32),
        )  # fmt: skip
        self.offsets = nn.Conv2d(32, 4, 1)
        self.classes = nn.Conv2d(32, 2, 1)

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """Pictures [B, 3, H, W] to scores [B, h, w] and to shifts of the windows' edges [B, 4, h, w], in sides."""
        features = self.features(pixels)
        return self.classes(features).softmax(dim=1)[:, 1], self.offsets(features)


class RefinementNetwork(nn.Module):
    """Scores candidates of 24 x 24 pixels again, and moves their edges."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 28, 3), nn.PReLU(28), nn.MaxPool2d(3, 2, ceil_mode=True),
            nn.Conv2d(28, 48, 3), nn.PReLU(48), nn.MaxPool2d(3, 2),
            nn.Conv2d(48, 64, 2), nn.PReLU(64),
            nn.Flatten(), nn.Linear(576, 128), nn.PReLU(128),
        )  # fmt: skip
        self.offsets = nn.Linear(128, 4)
        self.classes = nn.Linear(128, 2)

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """Candidates [N, 3, 24, 24] to scores [N] and to shifts of their edges [N, 4], in sides."""
        features = self.features(pixels)
        return self.classes(features).softmax(dim=1)[:, 1], self.offsets(features)


class OutputNetwork(nn.Module):
    """Scores candidates of 48 x 48 pixels a last time, moves their edges, and points at eyes, nose and mouth."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 32, 3), nn.PReLU(32), nn.MaxPool2d(3, 2, ceil_mode=True),
            nn.Conv2d(32, 64, 3), nn.PReLU(64), nn.MaxPool2d(3, 2),
            nn.Conv2d(64, 64, 3), nn.PReLU(64), nn.MaxPool2d(2, 2),
            nn.Conv2d(64, 128, 2), nn.PReLU(128),
            nn.Flatten(), nn.Linear(1152, 256), nn.PReLU(256),
        )  # fmt: skip
        self.offsets = nn.Linear(256, 4)
        self.points = nn.Linear(256, 10)
        self.classes = nn.Linear(256, 2)

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Candidates [N, 3, 48, 48] to scores [N], shifts of their edges [N, 4] and five points [N, 5, 2], in sides."""
        features = self.features(pixels)
        points = self.points(features).unflatten(1, (2, 5)).transpose(1, 2)
        return self.classes(features).softmax(dim=1)[:, 1], self.offsets(features), points


class FaceNetworks(NamedTuple):
    """The cascade, from the fast network that sees everything to the exact one that sees a few candidates."""

    proposal: ProposalNetwork
    refinement: RefinementNetwork
    output: OutputNetwork


@cache
def load_face_networks() -> FaceNetworks:
    """The networks with the weights in the wheel of `mtcnn`, on the CPU; nothing of that package is imported.

    Raises:
        ConfigError: the package is not installed, or another version of it.
    """
    with torch.inference_mode(False), torch.random.fork_rng(devices=[]):
        networks = FaceNetworks(ProposalNetwork(), RefinementNetwork(), OutputNetwork())
        for network, name in zip(networks, WEIGHTS, strict=True):
            fill_from_channels_last(network, read_arrays(name))
            network.eval().requires_grad_(False)
    return networks


def read_arrays(name: str) -> list[Any]:
    package = find_spec("mtcnn")
    if package is None or find_spec("joblib") is None or find_spec("lz4") is None:
        raise ConfigError(f"faces are found with the package mtcnn, which is not here: {INSTALL}")
    assert package.origin is not None
    path = Path(package.origin).parent / "assets" / "weights" / name
    content = path.read_bytes() if path.is_file() else b""
    if hashlib.sha256(content).hexdigest() != WEIGHTS[name]:
        raise ConfigError(f"faces are found with mtcnn 1.0.0, and {path} is not of it: {INSTALL}")
    arrays: list[Any] = import_module("joblib").load(BytesIO(content))
    return arrays


@torch.no_grad()
def fill_from_channels_last(network: nn.Module, arrays: list[Any]) -> None:
    """Weights as [height, width, in, out] and [width * height * channels, out] become PyTorch's."""
    for weight, array in zip(network.parameters(), arrays, strict=True):
        values = torch.as_tensor(array)
        if values.ndim == 4:
            values = values.permute(3, 2, 0, 1)
        elif values.ndim == 2 and len(values) > 256:  # behind the flattened map of 3 x 3
            values = values.unflatten(0, (3, 3, -1)).permute(3, 2, 1, 0).flatten(1)
        elif values.ndim == 2:
            values = values.T
        weight.copy_(values.reshape(weight.shape))
