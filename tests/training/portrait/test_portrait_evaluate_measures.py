"""Every measure of portraits is right where the answer is known."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw
from torch.testing import assert_close

from artmodels.images import to_tensor
from artmodels.perceptual import load_features
from training.colours import to_lab
from training.feature_distance import feature_distance
from training.portrait.alternatives import blurred, colours_of, mean_picture, recoloured
from training.portrait.code_scores import spread_scores
from training.portrait.data import Portraits
from training.portrait.kept import agreement, by_chance, kept, looks_of
from training.portrait.latent_plot import COLOURS, latent_plot, principal_places
from training.portrait.nearest import copying_scores, distances_to, feature_grids, nearest_to
from training.portrait.settings import STARTER_FEATURES


def draw(shift: float = 0.0, *, hair: str = "#181818", skin: str = "#e0b090", size: int = 64) -> torch.Tensor:
    """A head under hair before a blue wall, its eyes in the middle whichever way it turns."""
    picture = Image.new("RGB", (size, size), "#406080")
    page = ImageDraw.Draw(picture)
    middle = (0.5 + shift) * size
    page.ellipse((0.1 * size, 0.0, 0.9 * size, 0.9 * size), fill=hair)
    page.ellipse((middle - 0.21 * size, 0.22 * size, middle + 0.21 * size, 0.9 * size), fill=skin)
    return to_tensor(picture)[None]


def noise(count: int, size: int = 16, seed: int = 0) -> torch.Tensor:
    return 2 * torch.rand(count, 3, size, size, generator=torch.Generator().manual_seed(seed)) - 1


@pytest.fixture(scope="module")
def features():
    return load_features(STARTER_FEATURES)


# What is kept.


def test_agreement_is_pearsons_and_knows_neither_shift_nor_scale():
    values = np.random.default_rng(0).normal(size=(40, 1))
    other = 0.5 * values + np.random.default_rng(1).normal(size=(40, 1))
    assert agreement(values, other) == pytest.approx(np.corrcoef(values[:, 0], other[:, 0])[0, 1])
    assert agreement(values, 3 * values + 7) == pytest.approx(1)
    assert agreement(values, -values) == pytest.approx(-1)


def test_what_never_changes_agrees_with_nothing():
    values = np.random.default_rng(0).normal(size=(10, 3))
    assert agreement(values, np.ones((10, 3))) == 0


def test_random_pairings_agree_by_nothing_on_average_and_seldom_above_what_is_said():
    draws = np.random.default_rng(2)
    values = draws.normal(size=(60, 3))
    other = values + 0.1 * draws.normal(size=(60, 3))
    found = [agreement(values, other[draws.permutation(60)]) for _ in range(500)]
    limit = by_chance(values, other)
    assert np.mean(found) == pytest.approx(0, abs=0.02)
    assert 0.02 < np.mean(np.array(found) > limit) < 0.09
    assert 0 < limit < agreement(values, other)


def test_hair_and_skin_are_read_where_they_are():
    looks = looks_of(draw(hair="#803020", skin="#c09070"))
    for name, colour in (("hair", "#803020"), ("skin", "#c09070")):
        exact = to_lab(to_tensor(Image.new("RGB", (1, 1), colour))[None])[0, 0, 0]
        np.testing.assert_allclose(getattr(looks, name)[0], exact, atol=1e-4)


def test_a_head_that_turns_is_seen_to_and_its_mirror_image_turns_the_other_way():
    turned = [looks_of(draw(shift)).turn.item() for shift in (-0.06, -0.03, 0.0, 0.03, 0.06)]
    assert all(after > before + 0.008 for before, after in pairwise(turned))
    assert turned[2] == pytest.approx(0.5, abs=1e-6)
    mirrored = looks_of(draw(0.06).flip(-1)).turn.item()
    assert mirrored == pytest.approx(1 - turned[-1], abs=1e-9)


def test_the_turn_is_read_alike_at_any_size_and_in_dark_skin():
    for picture in (draw(0.05, size=128), draw(0.05, skin="#704830")):
        assert looks_of(picture).turn.item() == pytest.approx(looks_of(draw(0.05)).turn.item(), abs=0.004)


def test_portraits_like_their_photos_keep_all_and_exchanged_ones_do_not():
    shades = (("#302010", "#e0b090"), ("#c0a060", "#805030"), ("#905020", "#f0d0c0"), ("#101010", "#c08060"))
    shifts = (-0.05, 0.04, 0.01, -0.02)
    photos = torch.cat([draw(shift, hair=h, skin=s) for shift, (h, s) in zip(shifts, shades, strict=True)])
    looks = looks_of(photos)
    assert kept(looks, looks) == pytest.approx({"turn": 1, "hair": 1, "skin": 1})
    assert max(kept(looks, looks_of(photos.roll(1, 0))).values()) < 0.5
    assert min(kept(looks, looks_of(0.5 * photos)).values()) > 0.9


# Neighbours.


def test_the_distance_of_grids_is_the_distance_on_features(features):
    first, second = noise(3, 8), noise(3, 8, seed=1)
    far = torch.cdist(feature_grids(features, first), feature_grids(features, second), p=1).diagonal()
    assert_close(far, feature_distance(features, first, second), rtol=1e-3, atol=1e-4)


def test_a_copy_and_a_mirrored_copy_are_found(portraits, features):
    training = Portraits(portraits, 16, split="train")
    pictures = torch.cat((training.batch([3]), training.batch([1]).flip(-1), noise(1)))
    found = nearest_to(training, distances_to(training, pictures, features))
    assert_close(found.distance[:2], torch.zeros(2))
    assert_close(found.pictures[:2], pictures[:2])
    assert found.distance[2] > 0.1


def test_copies_are_told_from_new_faces():
    draws = torch.Generator().manual_seed(0)

    def far(count, among):
        return torch.rand(count, 2, among, generator=draws) + 0.5

    made, others = far(5000, 90), far(5000, 10)
    assert copying_scores(made, far(10, 90), others)["nearest_is_held_out"] == pytest.approx(1, abs=0.1)
    made[:, 0, 7] = 0.0
    scores = copying_scores(made, far(10, 90), others)
    assert scores["nearest_is_held_out"] == 0
    assert scores["made"] == scores["made_least"] == 0
    assert scores["held_out"] >= scores["held_out_least"] >= 0.5


# Alternatives.


def test_the_mean_of_all_pictures_is_their_mean(portraits):
    training = Portraits(portraits, 16, split="train")
    assert_close(mean_picture(training)[0], training.batch(range(len(training))).mean(0))


def test_blurring_leaves_plain_pictures_and_takes_what_is_fine():
    plain = torch.full((1, 3, 32, 32), 0.3)
    assert_close(blurred(plain), plain)
    fine = torch.ones(1, 3, 32, 32)
    fine[..., ::2] = -1
    assert_close(blurred(fine), torch.zeros_like(fine))


def test_a_recoloured_photo_has_the_colours_that_it_was_given():
    photos, wanted = 0.3 * noise(2), colours_of(0.2 * noise(4, seed=1) + 0.1)
    for photo in recoloured(photos, wanted).split(1):
        found = colours_of(photo)
        np.testing.assert_allclose(found.mean, wanted.mean, atol=0.1)
        np.testing.assert_allclose(found.deviation, wanted.deviation, rtol=0.02)


# Codes.


def test_codes_that_are_shifted_and_spread_are_apart_as_the_closed_form_says():
    random = torch.randn(500, 4, 6, generator=torch.Generator().manual_seed(0)).double()
    centre = random.flatten(0, 1).mean(0)
    variance = float(torch.cov(random.flatten(0, 1).T).trace())
    assert spread_scores(random, random) == pytest.approx({"apart": 0, "spread": 1}, abs=1e-9)
    twice = spread_scores(centre + 2 * (random - centre), random)
    assert twice == pytest.approx({"apart": 1, "spread": 4})
    shifted = spread_scores(random + 1, random)
    assert shifted == pytest.approx({"apart": 6 / variance, "spread": 1})


def test_principal_places_of_a_plane_keep_all_distances():
    draws = torch.Generator().manual_seed(0)
    plane = torch.linalg.qr(torch.randn(12, 2, generator=draws, dtype=torch.float64))[0].T
    flat = [torch.randn(count, 2, generator=draws, dtype=torch.float64) for count in (20, 7)]
    sets = [(points @ plane).view(-1, 3, 4) for points in flat]
    found = principal_places(sets)
    assert [len(points) for points in found] == [20, 7]
    assert_close(torch.cdist(*found), torch.cdist(*flat))


def test_the_plot_shows_every_set_and_its_layers():
    random, codes = torch.randn(30, 2, 4), torch.randn(5, 2, 4) + 3
    with_bars, without = latent_plot({"encoder": codes, "other": -codes}, random, [1.0, 2.0]), None
    shown = {colour for _, colour in with_bars.getcolors(2**24)}
    assert {COLOURS[0], COLOURS[1]} <= shown
    without = latent_plot({"other": codes}, random, [])
    assert without.height < with_bars.height
    assert without.crop((620, 60, 1080, 500)).getcolors() == [(460 * 440, (255, 255, 255))]
