"""The features are VGG-16's own, taken at the right places."""

import pytest
import torch
from torch import Tensor
from torchvision.models import VGG16_Weights, vgg16

from artmodels import ConfigError, HubError
from artmodels.perceptual import VGG16Features

# The ReLUs by their names in the paper, and where torchvision keeps them among its layers, pools counted.
RELUS = {"relu1_1": 1, "relu1_2": 3, "relu3_2": 13, "relu4_2": 20}


def smooth_pictures(channels: int, size: tuple[int, int] = (16, 24)) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.rand((2, channels, *size), generator=generator) * 2 - 1


def torchvision_maps(network: torch.nn.Module, pictures: Tensor) -> list[Tensor]:
    """What hooks on a plain torchvision VGG-16 see, after the preprocessing that its weights document."""
    seen: list[Tensor] = []
    hooks = [network.features[i].register_forward_hook(lambda *call: seen.append(call[2])) for i in RELUS.values()]
    preprocessing = VGG16_Weights.IMAGENET1K_V1.transforms()
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (preprocessing.mean, preprocessing.std))
    network.features[:21](((pictures + 1) / 2 - mean) / std)
    for hook in hooks:
        hook.remove()
    return seen


@pytest.fixture(scope="module")
def reference() -> torch.nn.Module:
    """torchvision's network with its convolutions freshly drawn, without its hundred million classifier weights."""
    with torch.device("meta"):
        network = vgg16(weights=None, init_weights=False)
    network.features = network.features.to_empty(device="cpu")
    torch.manual_seed(0)
    for layer in network.features:
        if isinstance(layer, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(layer.weight)
            torch.nn.init.normal_(layer.bias, std=0.1)
        elif isinstance(layer, torch.nn.ReLU):
            layer.inplace = False
    return network


@pytest.fixture(scope="module")
def features(reference: torch.nn.Module) -> VGG16Features:
    ours = VGG16Features(weights=None)
    state = reference.state_dict()
    ours.load_state_dict({key: state[key] for key in ours.state_dict()})
    return ours


def test_the_maps_are_those_of_torchvisions_network(reference: torch.nn.Module, features: VGG16Features) -> None:
    pictures = smooth_pictures(3)
    for ours, theirs in zip(features(pictures), torchvision_maps(reference, pictures), strict=True):
        torch.testing.assert_close(ours, theirs)


def test_the_taps_are_the_relus_of_their_names(reference: torch.nn.Module) -> None:
    names, block, number = {}, 1, 0
    for index, layer in enumerate(reference.features):
        if isinstance(layer, torch.nn.ReLU):
            number += 1
            names[f"relu{block}_{number}"] = index
        elif isinstance(layer, torch.nn.MaxPool2d):
            block, number = block + 1, 0
    assert VGG16Features.taps == RELUS == {name: names[name] for name in RELUS}


def test_one_channel_is_grey(features: VGG16Features) -> None:
    grey = smooth_pictures(1)
    for one, three in zip(features(grey), features(grey.expand(-1, 3, -1, -1)), strict=True):
        torch.testing.assert_close(one, three)


def test_nothing_after_the_last_tap_is_kept(features: VGG16Features) -> None:
    assert len(features.features) == max(RELUS.values()) + 1
    assert set(features.state_dict()) == {
        f"features.{i}.{part}" for i in (0, 2, 5, 7, 10, 12, 14, 17, 19) for part in ("weight", "bias")
    }


def test_the_weights_are_frozen_and_gradients_reach_the_pictures(features: VGG16Features) -> None:
    pictures = smooth_pictures(3).requires_grad_()
    features(pictures)[-1].sum().backward()
    assert pictures.grad is not None
    assert pictures.grad.abs().sum() > 0
    assert not any(parameter.requires_grad for parameter in features.parameters())


@pytest.mark.parametrize("size", [(8, 8), (17, 30)])
def test_the_maps_have_the_documented_shapes(features: VGG16Features, size: tuple[int, int]) -> None:
    height, width = size
    assert [tuple(level.shape) for level in features(smooth_pictures(3, size))] == [
        (2, 64, height, width),
        (2, 64, height, width),
        (2, 256, height // 4, width // 4),
        (2, 512, height // 8, width // 8),
    ]


def test_other_weights_are_refused() -> None:
    with pytest.raises(ConfigError, match="\"IMAGENET1K_V1\" or None, not 'IMAGENET1K_V2'"):
        VGG16Features(weights="IMAGENET1K_V2")


def test_without_a_network_one_sentence_says_what_is_missing(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")  # nobody listens there
    with pytest.raises(HubError, match="VGG-16 weights cannot be fetched from https"):
        VGG16Features()


def test_weights_that_torchvision_has_already_fetched_are_loaded(
    tmp_path, monkeypatch: pytest.MonkeyPatch, reference: torch.nn.Module
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    folder = tmp_path / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    state = {key: value for key, value in reference.state_dict().items() if key.startswith("features")}
    torch.save({**state, "classifier.6.bias": torch.zeros(1000)}, folder / "vgg16-397923af.pth")
    loaded = VGG16Features()
    for key, value in loaded.state_dict().items():
        torch.testing.assert_close(value, state[key])
