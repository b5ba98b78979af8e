"""Each formula has its closed form, its sign and its gradient."""

import pytest
import torch
from torch.testing import assert_close

from training.sketch2image.objective import (
    adain,
    class_confusion,
    content_triplet,
    gram,
    gram_difference,
    grey_difference,
    matched_content,
    style_triplet,
)


def randn(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def test_adain_gives_content_the_styles_statistics():
    content, style = randn(2, 3, 8, 8), 2 * randn(2, 3, 5, 6, seed=1) + 3
    found = adain(content, style)
    for dims in ((2, 3),):
        assert_close(found.mean(dims), style.mean(dims), rtol=1e-3, atol=1e-4)
        assert_close(found.std(dims), style.std(dims), rtol=1e-3, atol=1e-4)
    assert_close(adain(content, content), content)


def test_matched_content_is_nothing_for_the_target_itself_and_grows_squared():
    content, style = randn(2, 3, 8, 8), randn(2, 3, 8, 8, seed=1)
    target = adain(content, style)
    assert matched_content(target, content, style) == 0
    assert_close(matched_content(target + 0.5, content, style), torch.tensor(0.25))


def test_gram_of_constant_channels_is_their_products():
    maps = torch.tensor([1.0, 2.0, -3.0]).view(1, 3, 1, 1).expand(1, 3, 4, 5)
    expected = torch.tensor([[[1.0, 2, -3], [2, 4, -6], [-3, -6, 9]]]) / 3
    assert_close(gram(maps), expected)


def test_gram_difference_knows_no_batch_mates():
    made, drawn = [randn(4, 3, 8, 8)], [randn(4, 3, 8, 8, seed=1)]
    alone = [gram_difference([made[0][i : i + 1]], [drawn[0][i : i + 1]]) for i in range(4)]
    assert_close(gram_difference(made, drawn), torch.stack(alone).mean())
    assert gram_difference(made, made) == 0


def test_gram_forgets_where_things_are():
    maps = randn(1, 3, 4, 4)
    assert_close(gram(maps.flip(-1)), gram(maps))


def test_style_triplet_is_least_for_like_positives_and_opposite_negatives():
    style = [randn(2, 6), randn(2, 4, seed=1)]
    opposite = [-part for part in style]
    assert_close(style_triplet(style, style, opposite, 2.0), torch.tensor(0.0))
    assert_close(style_triplet(style, style, style, 2.0), torch.tensor(4.0))  # two levels
    assert_close(style_triplet(style, opposite, style, 2.0), torch.tensor(8.0))
    assert style_triplet(style, style, opposite, 0.5) == 0


def test_style_triplet_descends_towards_its_positive_and_away_from_its_negative():
    positive, negative = torch.tensor([[1.0, 0.0, 0.0]]), torch.tensor([[0.0, 1.0, 0.0]])
    anchor = torch.tensor([[1.0, 1.0, 1.0]], requires_grad=True)
    style_triplet([anchor], [positive], [negative], 2.0).backward()
    assert anchor.grad is not None
    assert anchor.grad[0, 0] < 0 < anchor.grad[0, 1]


def test_content_triplet_has_its_closed_form():
    """Maps of one sign are 0 apart, of opposite signs 4, whatever their size."""
    one = torch.ones(2, 3, 4, 4)
    assert_close(content_triplet([one], [2 * one], [-3 * one], 2.0), torch.tensor(0.0))
    assert_close(content_triplet([one], [one], [one], 2.0), torch.tensor(2.0))
    assert_close(content_triplet([one], [-one], [one], 2.0), torch.tensor(6.0))
    both = content_triplet([one, one], [one, one], [one, one], 2.0)
    assert_close(both, torch.tensor(4.0))  # two levels


def test_unrelated_content_is_two_apart():
    anchor, other = randn(2, 8, 16, 16), randn(2, 8, 16, 16, seed=1)
    assert_close(content_triplet([anchor], [other], [anchor], 0.0), torch.tensor(2.0), rtol=0.1, atol=0)


def test_content_triplet_counts_each_picture_for_itself():
    """A picture that is far enough apart does not pay for one that is not."""
    one = torch.ones(2, 1, 2, 2)
    far = torch.tensor([-1.0, 1.0]).view(2, 1, 1, 1) * one
    assert_close(content_triplet([one], [one], [far], 2.0), torch.tensor(1.0))


def test_class_confusion_is_nothing_for_even_guesses_and_most_for_sure_ones():
    assert_close(class_confusion(torch.full((3, 5), 7.0)), torch.tensor(0.0))
    sure = torch.full((2, 4), -50.0)
    sure[:, 1] = 50
    assert_close(class_confusion(sure), torch.tensor(1 - 1 / 4))


def test_grey_difference_sees_light_and_no_hue():
    red = torch.tensor([1.0, 0.0, 0.0]).view(1, 3, 1, 1).expand(1, 3, 4, 4)
    assert_close(grey_difference(red, red.flip(1)), torch.tensor(0.0))
    assert_close(grey_difference(red, torch.zeros_like(red)), torch.tensor(1 / 9))


@pytest.mark.parametrize(
    "loss",
    [
        lambda x: style_triplet([x.flatten(1)], [randn(2, 12, seed=1)], [randn(2, 12, seed=2)], 2.0),
        lambda x: content_triplet([x], [randn(2, 3, 2, 2, seed=1)], [randn(2, 3, 2, 2, seed=2)], 2.0),
        lambda x: class_confusion(x.flatten(1)),
        lambda x: matched_content(x, randn(2, 3, 2, 2, seed=1), randn(2, 3, 2, 2, seed=2)),
        lambda x: gram_difference([x], [randn(2, 3, 2, 2, seed=1)]),
        lambda x: grey_difference(x, randn(2, 3, 2, 2, seed=1)),
    ],
    ids=["style", "content", "confusion", "matched", "gram", "grey"],
)
def test_a_step_down_the_gradient_lowers_the_loss(loss):
    x = randn(2, 3, 2, 2).requires_grad_(True)
    before = loss(x)
    (slope,) = torch.autograd.grad(before, x)
    step = 1e-2 * slope / slope.norm()
    assert_close((before - loss(x - step)).detach(), (slope * step).sum(), rtol=0.1, atol=1e-3)
    assert slope.norm() > 0
