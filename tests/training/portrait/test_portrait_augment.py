"""Pictures are altered as often as asked, reversibly in colour, smoothly in place, and more often for sure judges."""

import math

import pytest
import torch
from torch.testing import assert_close

from training.portrait import augment
from training.portrait.augment import (
    MOST,
    AugmentationControl,
    augmented,
    colour_change,
    draw_views,
    shown_views,
    slightly_varied,
    warped,
)


def drawn(probability: float, count: int = 64, seed: int = 0):
    return draw_views(count, probability, torch.Generator().manual_seed(seed))


def pictures(count: int = 4, side: int = 16, seed: int = 0, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return 2 * torch.rand(count, 3, side, side, generator=generator, dtype=dtype) - 1


def change(brightness=0.0, contrast=1.0, inverted=0.0, hue=0.0, saturation=1.0) -> torch.Tensor:
    """[3, 4] of one picture."""
    values = (brightness, contrast, inverted, hue, saturation)
    return colour_change(*(torch.tensor([float(value)]) for value in values))[0]


def recoloured(colour: torch.Tensor, values: list[float]) -> torch.Tensor:
    return colour[:, :3] @ torch.tensor(values) + colour[:, 3]


def test_at_probability_0_nothing_is_altered():
    views = drawn(0.0, 4)
    assert len(views.moved) == 0
    assert_close(augmented(pictures(), views), pictures(), rtol=0, atol=1e-6)
    assert shown_views(pictures(), 0.0, torch.Generator()) is not None


@pytest.mark.parametrize("probability", [0.2, 0.7])
def test_each_alteration_comes_with_its_probability(probability):
    views = drawn(probability, 4000)
    share = 1 - (1 - probability) ** 4  # size, stretch, turned once or twice, shifted
    assert len(views.moved) / 4000 == pytest.approx(share, abs=0.03)
    greyer = (views.colour[:, :, :3] - torch.eye(3)).abs().amax((1, 2)) > 1e-5
    either = 1 - (1 - probability) ** 3 * (
        1 - probability / 2
    )  # contrast, hue, saturation; light inverted half the time
    assert float(greyer.float().mean()) == pytest.approx(either, abs=0.03)


def test_what_is_not_moved_keeps_its_pixels():
    views = drawn(0.3, 64)
    plain = views._replace(colour=drawn(0.0, 64).colour)
    before = pictures(64)
    after = augmented(before, plain)
    still = [place for place in range(64) if place not in views.moved.tolist()]
    assert 0 < len(still) < 64
    assert_close(after[still], before[still], rtol=0, atol=1e-6)
    assert all(not torch.allclose(after[place], before[place], atol=1e-2) for place in views.moved.tolist())


def test_a_slope_stays_a_slope_where_it_is_taken_from():
    """A picture that rises to the right, shifted by a quarter of its side, has risen by that much in its middle."""
    across = (torch.arange(32) + 0.5).div(16).sub(1).expand(1, 3, 32, 32)
    shift = torch.tensor([[[1.0, 0.0, 0.5], [0.0, 1.0, 0.0]]])
    found = warped(across, shift)
    assert_close(found[..., 4:20], across[..., 4:20] + 0.5, rtol=0, atol=1e-5)


def test_beyond_the_border_pictures_are_reflected():
    before = pictures(1, 16)
    shift = torch.tensor([[[1.0, 0.0, 1.0], [0.0, 1.0, 0.0]]])  # by half of the side
    found = warped(before, shift)
    assert_close(found[..., 10:15], before.flip(-1)[..., 2:7], rtol=0, atol=1e-5)


def test_brightness_and_contrast_act_in_this_order():
    assert_close(recoloured(change(brightness=0.25), [0.1, 0.2, 0.3]), torch.tensor([0.35, 0.45, 0.55]))
    assert_close(recoloured(change(0.25, contrast=2), [0.1, 0.2, 0.3]), torch.tensor([0.7, 0.9, 1.1]))


def test_hue_turns_about_grey():
    third = change(hue=2 * math.pi / 3)
    assert_close(recoloured(third, [1.0, 0.0, 0.0]), torch.tensor([0.0, 1.0, 0.0]), rtol=0, atol=1e-6)
    assert_close(recoloured(change(hue=1.0), [0.4, 0.4, 0.4]), torch.full((3,), 0.4))


def test_inverted_light_keeps_colour_and_comes_back():
    inverted = change(inverted=1)
    assert_close(recoloured(inverted, [0.3, 0.3, 0.3]), torch.full((3,), -0.3))
    assert_close(recoloured(inverted, [0.2, -0.2, 0.0]), torch.tensor([0.2, -0.2, 0.0]))
    assert_close(inverted[:, :3] @ inverted[:, :3], torch.eye(3), rtol=0, atol=1e-6)


def test_no_saturation_is_grey():
    assert_close(recoloured(change(saturation=0), [0.9, 0.0, 0.0]), torch.full((3,), 0.3))


def test_gradients_reach_the_pictures():
    views = drawn(0.9, 2)
    views = views._replace(affine=views.affine.double(), colour=views.colour.double())
    assert len(views.moved)
    inputs = pictures(2, 5, dtype=torch.float64).requires_grad_(True)
    assert torch.autograd.gradcheck(lambda x: augmented(x, views), inputs)


def fed(control: AugmentationControl, scores: torch.Tensor, steps: int) -> AugmentationControl:
    for step in range(steps):
        control.notice(scores)
        control.adjust(step, lambda signs: signs)
    return control


def test_it_alters_the_more_the_surer_the_discriminator_is():
    control = fed(AugmentationControl(0.6, 1000, 4), torch.ones(10), 8)
    assert control.probability == pytest.approx(0.08)
    assert fed(control, torch.full((10,), -1.0), 4).probability == pytest.approx(0.04)
    half_sure = torch.tensor([2.0, 3.0, -1.0, 0.5])  # mean sign 0.5, below 0.6
    assert fed(AugmentationControl(0.6, 1000, 4), half_sure, 40).probability == 0
    assert fed(AugmentationControl(0.4, 1000, 4), half_sure, 40).probability > 0


def test_it_stays_within_its_bounds_and_may_be_off():
    assert fed(AugmentationControl(0.6, 10), torch.ones(10), 40).probability == MOST
    assert fed(AugmentationControl(0.0, 10), torch.ones(10), 40).probability == 0


def test_a_resumed_control_goes_on():
    whole, broken, again = (AugmentationControl(0.6, 100, 4) for _ in range(3))
    fed(whole, torch.ones(3), 6)
    fed(broken, torch.ones(3), 2)
    again.load_state_dict(broken.state_dict())
    for step in range(2, 6):
        again.notice(torch.ones(3))
        again.adjust(step, lambda signs: signs)
    assert again.probability == whole.probability
    assert torch.equal(again.signs, whole.signs)


def test_slight_variations_are_each_pictures_own_and_the_seeds(monkeypatch):
    same = torch.linspace(-0.5, 0.5, 32).expand(1, 3, 32, 32).repeat(4, 1, 1, 1)
    first, second = (slightly_varied(same, torch.Generator().manual_seed(0)) for _ in range(2))
    assert torch.equal(first, second)
    assert all(not torch.equal(first[0], other) for other in first[1:])
    assert float((first - same).abs().mean()) < 0.15
    lighter = slightly_varied(same + 0.45, torch.Generator().manual_seed(0))
    assert float(lighter.abs().max()) <= 1
    for name in ("SLIGHT", "TINT", "TURN", "HUE"):
        monkeypatch.setattr(augment, name, 0.0)
    assert_close(slightly_varied(pictures(), torch.Generator()), pictures(), rtol=0, atol=1e-5)


def test_a_turn_alone_moves_pixels_about_the_middle(monkeypatch):
    for name, value in (("SLIGHT", 0.0), ("TINT", 0.0), ("TURN", 1.0)):
        monkeypatch.setattr(augment, name, value)
    spot = torch.zeros(1, 3, 33, 33)
    spot[..., 16, 26] = 1
    turned = slightly_varied(spot, torch.Generator().manual_seed(3)).mean(1)[0]
    down, across = divmod(int(turned.argmax()), 33)
    assert (down, across) != (16, 26)
    assert math.hypot(down - 16, across - 16) == pytest.approx(10, abs=1)
