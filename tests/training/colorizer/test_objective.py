"""Losses have their closed forms, and frozen networks get no gradient."""

import math
from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from artmodels.colorizer.model import TagColorizer
from training.colorizer.batches import Triple
from training.colorizer.discriminator import PatchDiscriminator
from training.colorizer.objective import (
    Mapped,
    discriminator_loss,
    frozen,
    generator_loss,
    mapping_loss,
    region_weights,
    tag_loss,
    total_variation,
)
from training.colorizer.settings import GENERATOR_PRESETS, TINY
from training.colorizer.train_generator import disturbed
from training.colorizer.train_mapping import map_tags, mapping_networks

SETTINGS = GENERATOR_PRESETS["tiny-attention"]
NOTHING_GIVEN = torch.full((2, len(TINY.tags)), -1.0)
NO_REGIONS = torch.zeros(2, 32, 32, dtype=torch.uint8)


def test_total_variation_sums_the_length_of_each_pixels_step():
    ramp = torch.arange(5.0)
    across = (3 * ramp[None, :] + 4 * ramp[:, None]).expand(2, 1, 5, 5)
    assert_close(total_variation(across), torch.tensor(16 * 5.0))
    assert_close(total_variation(torch.full((1, 3, 5, 5), 0.3), eps=0.0), torch.tensor(0.0))


def test_total_variation_has_a_finite_gradient_where_nothing_varies():
    flat = torch.zeros(1, 3, 4, 4, requires_grad=True)
    total_variation(flat).backward()
    assert flat.grad is not None
    assert flat.grad.isfinite().all()


def test_an_undecided_discriminator_pays_log_2_and_a_right_one_nothing():
    undecided = torch.zeros(2, 1, 3, 3)
    assert_close(discriminator_loss(undecided, undecided), torch.tensor(math.log(2)))
    sure = torch.full((2, 1, 3, 3), 50.0)
    assert discriminator_loss(sure, -sure) < 1e-6
    assert_close(discriminator_loss(-sure, sure), torch.tensor(50.0))


class Undecided(nn.Module):
    def __init__(self):
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(()))

    def forward(self, sketch, picture):
        return self.bias + 0 * picture.mean()


def test_the_generators_loss_is_its_three_terms():
    sketch, made = torch.zeros(1, 1, 4, 4), torch.zeros(1, 3, 4, 4, requires_grad=True)
    settings = replace(SETTINGS, adversarial=2.0, reconstruction=100.0, variation=0.5)
    judge = Undecided()
    losses = generator_loss(sketch, made, torch.full_like(made, 0.25), torch.ones(1, 1, 4, 4), judge, settings)
    assert losses.keys() == {"reconstruction", "adversarial", "variation"}
    assert_close(losses["reconstruction"], torch.tensor(25.0))
    assert_close(losses["adversarial"], torch.tensor(2 * math.log(2)))
    torch.stack(list(losses.values())).sum().backward()
    assert judge.bias.grad is None
    assert judge.bias.requires_grad
    bare = replace(settings, adversarial=0.0, variation=0.0)
    assert generator_loss(sketch, made, made, torch.ones(1, 1, 4, 4), judge, bare).keys() == {"reconstruction"}


def test_weights_even_out_regions():
    regions = torch.zeros(2, 4, 4, dtype=torch.uint8)
    regions[0, 0, 0] = 1
    alike = region_weights(regions, 0.0)
    assert_close(alike, torch.ones(2, 1, 4, 4))
    even = region_weights(regions, 1.0)
    assert_close(even[0, 0, 0, 0], even[0, 0].sum() - even[0, 0, 0, 0])
    assert_close(even.mean((1, 2, 3)), torch.ones(2))
    assert_close(even[1], torch.ones(1, 4, 4))


def test_tags_are_judged_one_by_one():
    logits, tags = torch.tensor([[0.0, 40.0, -40.0]]), torch.tensor([[1.0, 1.0, 0.0]])
    assert_close(tag_loss(logits, tags), torch.tensor(math.log(2) / 3))


def test_mapping_losses_are_mean_differences():
    def mapped(value):
        return Mapped(torch.full((1, 3, 4, 4), value), torch.full((1, 2, 2, 2), 2 * value), torch.full((1, 5), -value))

    losses = mapping_loss(mapped(0.0), mapped(0.5), 3.0)
    assert {name: float(loss) for name, loss in losses.items()} == {"picture": 0.5, "code": 1.0, "inversion": 1.5}
    assert mapping_loss(mapped(0.0), mapped(0.5), 0.0).keys() == {"picture", "code"}
    weights = torch.zeros(1, 1, 4, 4)
    weights[..., 0] = 4.0
    halves = Mapped(torch.cat((torch.full((1, 3, 4, 1), 0.25), torch.zeros(1, 3, 4, 3)), 3), *mapped(0.0)[1:])
    assert float(mapping_loss(mapped(0.0), halves, 0.0, weights=weights)["picture"]) == 0.25


def test_frozen_networks_pass_gradients_on_and_keep_none():
    network, x = nn.Linear(2, 1), torch.ones(1, 2, requires_grad=True)
    with frozen(network):
        loss = network(x).sum()
    loss.backward()
    assert network.weight.grad is None
    assert x.grad is not None
    assert all(p.requires_grad for p in network.parameters())


def test_the_discriminator_has_the_papers_size_and_a_score_for_each_8_pixels():
    assert sum(p.numel() for p in PatchDiscriminator().parameters()) == pytest.approx(2.33e6, rel=0.01)
    assert PatchDiscriminator(2)(torch.zeros(1, 1, 48, 64), torch.zeros(1, 3, 48, 64)).shape == (1, 1, 6, 8)


def test_every_place_of_the_discriminator_sees_its_picture_and_its_sketch():
    judge, sketch = PatchDiscriminator(4), torch.zeros(1, 1, 16, 16, requires_grad=True)
    picture = torch.zeros(1, 3, 16, 16, requires_grad=True)
    judge(sketch, picture).sum().backward()
    assert (sketch.grad.abs() > 0).any()
    assert (picture.grad.abs() > 0).any()


def test_shuffled_features_are_the_same_features_elsewhere():
    features = torch.arange(2 * 3 * 16.0).view(2, 3, 4, 4)
    settings = replace(SETTINGS, shuffled=1.0, dropped=0.0)
    moved = disturbed(features, settings, torch.Generator().manual_seed(0))
    assert not torch.equal(moved, features)
    assert_close(moved.flatten(2).sort(2).values, features.flatten(2).sort(2).values)
    assert_close(moved[:, 1] - moved[:, 0], torch.full((2, 4, 4), 16.0))
    still = disturbed(features, replace(settings, shuffled=0.0), torch.Generator().manual_seed(0))
    assert torch.equal(still, features)


def test_dropped_places_are_empty_in_every_channel():
    features = torch.ones(8, 3, 4, 4)
    settings = replace(SETTINGS, shuffled=0.0, dropped=0.25)
    left = disturbed(features, settings, torch.Generator().manual_seed(0))
    assert torch.equal(left[:, 0], left[:, 2])
    assert 0.6 < float(left.mean()) < 0.9


@pytest.mark.parametrize("receiving", ["attention", "add"])
def test_the_second_step_gives_gradients_to_mapping_and_place_weights_alone(receiving):
    torch.manual_seed(0)
    colorizer = TagColorizer(replace(TINY, receiving=receiving, mapped=True)).eval().requires_grad_(False)
    trained = mapping_networks(colorizer).requires_grad_(True)
    picture = torch.rand(2, 3, 32, 32)
    triple = Triple(torch.rand(2, 1, 32, 32), picture, picture.flip(0), NOTHING_GIVEN, NO_REGIONS)
    torch.stack(list(mapping_loss(*map_tags(colorizer, triple), 1.0).values())).sum().backward()
    assert all(p.grad is not None for p in trained.parameters())
    assert len(trained) == (2 if receiving == "attention" else 1)
    kept = [p for network in (colorizer.encoder, colorizer.generator) for p in network.parameters()]
    assert all(p.grad is None for p in kept)


def test_equal_tags_change_nothing():
    torch.manual_seed(0)
    colorizer = TagColorizer(replace(TINY, mapped=True)).eval()
    picture = torch.rand(2, 3, 32, 32)
    by_reference, by_tags = map_tags(
        colorizer, Triple(torch.rand(2, 1, 32, 32), picture, picture, NOTHING_GIVEN, NO_REGIONS)
    )
    for one, other in zip(by_reference, by_tags, strict=True):
        assert_close(one, other)


def test_given_strengths_leave_all_other_tags_the_anchors():
    torch.manual_seed(0)
    colorizer = TagColorizer(replace(TINY, mapped=True)).eval()
    anchor, target = torch.rand(1, 3, 32, 32), torch.rand(1, 3, 32, 32)
    read = colorizer.tag_probabilities(colorizer.encode(anchor))
    strengths = torch.full((1, len(TINY.tags)), -1.0)
    strengths[0, :2] = torch.tensor((0.0, 1.5))
    _, by_tags = map_tags(colorizer, Triple(torch.rand(1, 1, 32, 32), anchor, target, strengths, NO_REGIONS[:1]))
    wished = read.clone()
    wished[0, :2] = torch.tensor((0.0, 1.5))
    assert_close(by_tags.mean, colorizer.tag_shift(read, wished))
