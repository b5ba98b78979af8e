"""Rigid moving least squares has closed forms where the control points move rigidly."""

import numpy as np
import pytest

from training.recipes.deformation import between, deformed, move_points, random_deformation, rigid_moves

PLACES = np.random.default_rng(0).uniform(0, 100, (50, 2))
POINTS = np.random.default_rng(1).uniform(0, 100, (5, 2))


def test_points_that_stay_move_nothing():
    np.testing.assert_allclose(rigid_moves(PLACES, POINTS, POINTS), PLACES, atol=1e-9)


def test_a_translation_is_reproduced_everywhere():
    step = np.array((7.0, -3.0))
    np.testing.assert_allclose(rigid_moves(PLACES, POINTS, POINTS + step), PLACES + step, atol=1e-9)
    np.testing.assert_allclose(rigid_moves(PLACES, POINTS[:1], POINTS[:1] + 5), PLACES + 5, atol=1e-9)


@pytest.mark.parametrize("alpha", [0.5, 1.0, 2.0])
def test_a_rotation_is_reproduced_everywhere(alpha):
    cosine, sine = np.cos(0.7), np.sin(0.7)
    turn = np.array([[cosine, sine], [-sine, cosine]])
    np.testing.assert_allclose(
        rigid_moves(PLACES, POINTS, POINTS @ turn + (4, 9), alpha=alpha), PLACES @ turn + (4, 9), atol=1e-8
    )


def test_control_points_arrive_where_they_are_sent():
    after = POINTS + np.random.default_rng(2).uniform(-10, 10, POINTS.shape)
    np.testing.assert_allclose(rigid_moves(POINTS, POINTS, after), after, atol=1e-4)


def test_small_parts_are_turned_and_not_stretched():
    """The map's derivative near a far place is a rotation, because all weights there are nearly alike."""
    far = np.array([[1e5, 1e5], [1e5 + 1, 1e5], [1e5, 1e5 + 1]])
    moved = rigid_moves(far, POINTS, 3 * POINTS)  # an enlargement, of which the rigid map keeps the turn alone
    np.testing.assert_allclose(np.linalg.norm(moved[1:] - moved[0], axis=1), 1, atol=1e-3)


def test_weights_between_nodes_are_exact_for_straight_lines():
    weights = between(20, 5)
    np.testing.assert_allclose(weights.sum(1), 1)
    np.testing.assert_allclose(weights @ np.linspace(3, 60, 5), np.linspace(3, 60, 20))


def test_a_moved_picture_is_the_picture_moved():
    picture = np.random.default_rng(3).integers(0, 256, (40, 60, 3)).astype(np.uint8)
    points = np.array([[5.0, 5.0], [50.0, 8.0], [30.0, 35.0]])
    moved = deformed(picture, points, points + np.array((6, 4)))
    np.testing.assert_array_equal(moved[4:, 6:], picture[:-4, :-6])
    assert (moved[:4] == 255).all()
    assert (moved[:, :6] == 255).all()
    np.testing.assert_array_equal(deformed(picture, points, points), picture)


def test_points_stay_within_reach_and_within_the_picture():
    before, after = move_points(np.random.default_rng(4), (100, 300), 500, 0.15)
    assert np.abs(after - before).max() <= 15
    assert after.min() >= 0
    assert after[:, 0].max() <= 299
    assert after[:, 1].max() <= 99


def test_a_deformation_keeps_colours_and_depends_on_its_generator():
    picture = np.full((64, 64, 3), (200, 40, 90), np.uint8)
    picture[20:40, 20:40] = (10, 200, 30)
    first, again, other = (random_deformation(picture, np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    assert (first != picture).any()
    greens = (np.abs(first.astype(int) - (10, 200, 30)).max(2) < 10).sum()
    assert 100 < greens < 900
