import pytest
import torch
from methods import features

from artmodels.portrait.inversion import invert, ramp


def pictures(stylizer, seeds):
    """Pictures that the generator can make, of latents of those seeds."""
    shape = (stylizer.config.generator.code_count, stylizer.config.generator.latent_dim)
    latents = torch.stack([torch.randn(shape, generator=torch.Generator().manual_seed(seed)) for seed in seeds])
    with torch.no_grad():
        return stylizer.decode(stylizer.codes(latents)).clamp(-1, 1)


@pytest.mark.parametrize("space", ["w+", "z+"])
def test_optimisation_comes_nearer_to_a_picture(stylizer, space):
    target, losses = pictures(stylizer, [5]), []
    codes = invert(stylizer, target, space, 40, features=features(), progress=lambda step: losses.append(step.loss))
    assert codes.shape == (1, 8, 16)
    assert losses[-1] < 0.6 * losses[0]


def test_a_photo_does_not_depend_on_the_others_of_its_batch(stylizer):
    targets = pictures(stylizer, [5, 6])
    together = invert(stylizer, targets, "w+", 3, features=features())
    for i in range(2):
        alone = invert(stylizer, targets[i : i + 1], "w+", 3, features=features())
        torch.testing.assert_close(together[i : i + 1], alone, rtol=1e-2, atol=1e-2)  # Adam's first steps are signs


def test_codes_can_be_used_anywhere_afterwards(stylizer):
    looks = features()
    with torch.inference_mode():
        codes = invert(stylizer, pictures(stylizer, [5]), "z+", 1, features=looks)
    assert not codes.is_inference()
    assert not codes.requires_grad


def test_no_weight_gets_a_gradient(stylizer):
    looks = features()
    with torch.inference_mode():
        invert(stylizer, pictures(stylizer, [5]), "w+", 2, features=looks)
    assert all(weight.grad is None for weight in stylizer.parameters())


def test_the_learning_rate_comes_up_fast_and_goes_down_slowly():
    rates = [ramp(step / 100) for step in range(100)]
    assert rates[0] < 0.05
    assert max(rates) == pytest.approx(1)
    assert rates[50] == pytest.approx(1)
    assert rates[-1] < 0.01
