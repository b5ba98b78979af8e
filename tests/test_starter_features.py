"""The starters' own features: four scales, each of mean one, for any size of picture."""

from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from artmodels import ConfigError, HubError, load_model
from artmodels.perceptual import StarterFeatures, StarterFeaturesConfig, load_features

TINY = StarterFeaturesConfig(widths=(2, 3, 4, 5), blocks=(1, 1, 2, 1))


def fresh(config: StarterFeaturesConfig = TINY) -> StarterFeatures:
    torch.manual_seed(0)
    return StarterFeatures(config).eval()


def pictures(count: int = 2, channels: int = 3, size: tuple[int, int] = (16, 24)) -> Tensor:
    return torch.rand((count, channels, *size), generator=torch.Generator().manual_seed(1)) * 2 - 1


@pytest.mark.parametrize(("size", "sides"), [((16, 24), ((16, 24), (8, 12), (4, 6), (2, 3))),
                                             ((17, 30), ((17, 30), (9, 15), (5, 8), (3, 4))),
                                             ((1, 3), ((1, 3), (1, 2), (1, 1), (1, 1)))])  # fmt: skip
def test_each_tap_has_half_the_side_of_the_one_before_rounded_up(size, sides) -> None:
    taps = fresh()(pictures(size=size))
    assert [tuple(tap.shape) for tap in taps] == [
        (2, width, *side) for width, side in zip(TINY.widths, sides, strict=True)
    ]


def test_one_channel_is_grey() -> None:
    features, grey = fresh(), pictures(channels=1)
    for one, three in zip(features(grey), features(grey.expand(-1, 3, -1, -1)), strict=True):
        torch.testing.assert_close(one, three)


def test_calibrated_taps_have_mean_one_and_none_is_negative() -> None:
    features = fresh()
    features.calibrate(pictures(5))
    for tap in features(pictures(5)):
        assert (tap >= 0).all()
        torch.testing.assert_close(tap.mean(), torch.tensor(1.0))


def test_calibration_changes_the_scale_and_nothing_else() -> None:
    features = fresh()
    before = features(pictures())
    features.calibrate(pictures(5))
    for old, new, activation in zip(before, features(pictures()), features.activation, strict=True):
        torch.testing.assert_close(new * activation, old)


def test_a_tap_that_never_answers_stays_finite() -> None:
    features = fresh()
    with torch.no_grad():
        features.levels[3][0].weight.zero_()
    features.calibrate(pictures())
    assert features(pictures())[3].isfinite().all()


def test_a_change_of_one_pixel_reaches_every_tap() -> None:
    features, first = fresh(), pictures(1)
    second = first.clone()
    second[..., 8, 8] += 0.5
    assert all((a - b).abs().max() > 0 for a, b in zip(features(first), features(second), strict=True))


def test_pictures_of_a_batch_do_not_meet() -> None:
    features, batch = fresh(), pictures(3)
    for together, alone in zip(features(batch), features(batch[1:2]), strict=True):
        torch.testing.assert_close(together[1:2], alone)


def test_the_standard_size_is_small_enough_to_ship_and_to_run_hundreds_of_times() -> None:
    features = StarterFeatures(StarterFeaturesConfig())
    assert sum(parameter.numel() for parameter in features.parameters()) * 2 <= 2_000_000
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        features(pictures(1, size=(128, 128)))
    assert counter.get_total_flops() / 2 <= 0.2e9


@pytest.mark.parametrize(("field", "value"), [("widths", ()), ("widths", (4, 0, 4, 4)), ("blocks", (1, 1))])
def test_sizes_that_make_no_network_are_refused(field: str, value: tuple[int, ...]) -> None:
    with pytest.raises(ConfigError, match=field):
        StarterFeaturesConfig(**{field: value})


def test_saved_features_are_loaded_whole_by_class_and_by_name(tmp_path: Path) -> None:
    features = fresh()
    features.calibrate(pictures())
    features.save_pretrained(tmp_path)
    for loaded in (StarterFeatures.from_pretrained(tmp_path), load_model(tmp_path), load_features(str(tmp_path))):
        for expected, found in zip(features(pictures()), loaded(pictures()), strict=True):
            assert torch.equal(expected, found)


def test_features_are_loaded_once_and_frozen_and_gradients_reach_the_pictures(tmp_path: Path) -> None:
    fresh().save_pretrained(tmp_path)
    loaded = load_features(str(tmp_path))
    assert loaded is load_features(str(tmp_path), device=torch.device("cpu"))
    assert not any(parameter.requires_grad for parameter in loaded.parameters())
    seen = pictures().requires_grad_()
    loaded(seen)[-1].sum().backward()
    assert seen.grad is not None
    assert seen.grad.abs().sum() > 0


def test_features_that_do_not_exist_are_refused() -> None:
    with pytest.raises(HubError, match="neither a folder nor a Hub id"):
        load_features("vgg17")


def test_features_loaded_in_inference_mode_still_give_gradients_to_pictures(tmp_path: Path) -> None:
    fresh().save_pretrained(tmp_path)
    with torch.inference_mode():
        features = load_features(str(tmp_path))
    pictures = torch.zeros(1, 3, 16, 16, requires_grad=True)
    features(pictures)[-1].sum().backward()  # type: ignore[no-untyped-call]
    assert pictures.grad is not None
