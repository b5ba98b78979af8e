import math

import numpy as np
import pytest
from PIL import Image, ImageDraw

from artmodels.errors import PictureError
from artmodels.portrait.alignment import (
    EYE_DISTANCE,
    EYE_HEIGHT,
    Square,
    check_eyes,
    cut,
    laid_back,
    soft_edge,
    square_by_eyes,
    square_by_face,
    square_for,
)


def rotated(point, degrees, scale, centre):
    t = math.radians(degrees)
    x, y = scale * point[0], scale * point[1]
    return (centre[0] + x * math.cos(t) - y * math.sin(t), centre[1] + x * math.sin(t) + y * math.cos(t))


def smooth(width, height, seed=0):
    values = np.random.default_rng(seed).integers(40, 216, (5, 5, 3), dtype=np.uint8)
    return Image.fromarray(values).resize((width, height), Image.Resampling.BICUBIC)


@pytest.mark.parametrize("degrees", [0, 17, -80, 180])
def test_the_eyes_lie_where_eye_aligned_pictures_have_them(degrees):
    left, right = (rotated(point, degrees, 3, (40, 90)) for point in ((-1, 0.5), (2, 0.5)))
    square = square_by_eyes(left, right)
    for eye, sign in ((left, -1), (right, 1)):
        assert square.place(0.5 + sign * EYE_DISTANCE / 2, EYE_HEIGHT) == pytest.approx(eye)


def test_a_face_of_ffhqs_square_is_as_wide_as_four_distances_of_the_eyes_or_3_6_to_the_mouth():
    near = square_by_face((-10, 0), (10, 0), (-5, 20), (5, 20))
    assert near == pytest.approx((0, 2, 40, 0))
    long = square_by_face((-10, 0), (10, 0), (-5, 30), (5, 30))
    assert long == pytest.approx((0, 3, 54, 0))


def test_a_square_turns_moves_and_grows_with_the_face():
    points = ((-10.0, 0.0), (10.0, 1.0), (-6.0, 22.0), (5.0, 23.0))
    plain = square_by_face(*points)
    moved = square_by_face(*(rotated(point, 33, 2.5, (200, 100)) for point in points))
    assert (moved.x, moved.y) == pytest.approx(rotated((plain.x, plain.y), 33, 2.5, (200, 100)))
    assert (moved.right_x, moved.right_y) == pytest.approx(rotated((plain.right_x, plain.right_y), 33, 2.5, (0, 0)))


def test_without_a_mouth_ffhqs_square_is_that_of_the_eyes():
    square = square_for("ffhq", ((-10, 0), (10, 0)))
    assert (square.right_x, square.right_y) == pytest.approx((40, 0))
    assert square.place(0.5, 0.5) == pytest.approx((0, 2.1))


@pytest.mark.parametrize("square", [Square(60, 50, 20, 0), Square(60, 50, 0, 20), Square(60, 50, 14, -9)])
def test_a_cut_shows_what_lies_at_each_place_of_the_square(square):
    photo = smooth(120, 100)
    found = np.asarray(cut(photo, square, 40)).astype(int)
    pixels = np.asarray(photo).astype(int)
    for u, v in ((0.2, 0.2), (0.8, 0.3), (0.4, 0.7), (0.5, 0.5)):
        x, y = square.place(u, v)
        expected = pixels[int(y), int(x)]
        assert np.abs(found[int(v * 40), int(u * 40)] - expected).max() <= 10  # half a pixel of this photo


def test_a_cut_of_the_photos_own_square_is_the_photo():
    photo = smooth(64, 64)
    assert np.abs(np.asarray(cut(photo, Square(32, 32, 32, 0), 64)).astype(int) - np.asarray(photo)).max() <= 2


def test_a_fine_pattern_does_not_alias():
    pattern = np.indices((640, 640)).sum(axis=0) % 2 * 255
    photo = Image.fromarray(np.repeat(pattern[:, :, None], 3, axis=2).astype(np.uint8))
    found = np.asarray(cut(photo, Square(320, 320, 160, 30), 32)).astype(int)
    assert np.abs(found - 127).max() <= 4


def test_beyond_the_photo_it_goes_on_without_a_step_and_ends_in_the_median_colour():
    photo = smooth(100, 100)
    found = np.asarray(cut(photo, Square(0, 50, 100, 0), 200)).astype(int)
    assert np.abs(found[:, 100] - found[:, 99]).max() <= 8
    median = np.median(np.asarray(photo), axis=(0, 1))
    assert np.abs(found[100, 2] - median).max() <= 12


def test_a_square_beside_the_photo_is_refused():
    with pytest.raises(PictureError, match="outside"):
        cut(smooth(100, 100), Square(400, 50, 40, 0), 32)


@pytest.mark.parametrize("square", [Square(80, 60, 40, 0), Square(80, 60, 30, 22), Square(80, 60, -28, 5)])
def test_what_is_cut_and_laid_back_is_the_photo_again(square):
    photo = smooth(160, 120)
    layer = laid_back(cut(photo, square, 128), square, photo.size)
    again = np.asarray(Image.alpha_composite(photo.convert("RGBA"), layer).convert("RGB")).astype(int)
    assert np.abs(again - np.asarray(photo)).max() <= 3
    assert layer.getpixel((int(square.x), int(square.y)))[3] == 255
    assert layer.getpixel((1, 1))[3] == 0


def test_a_large_picture_is_laid_back_without_aliasing():
    pattern = np.indices((256, 256)).sum(axis=0) % 2 * 255
    fine = Image.fromarray(np.repeat(pattern[:, :, None], 3, axis=2).astype(np.uint8))
    layer = np.asarray(laid_back(fine, Square(32, 32, 16, 0), (64, 64))).astype(int)
    assert np.abs(layer[24:40, 24:40, :3] - 127).max() <= 4


def test_the_soft_edge_is_clear_at_the_rim_and_full_inside():
    mask = soft_edge(200).astype(int)
    assert mask[0].max() <= 1
    assert mask[40:160, 40:160].min() == 255
    assert (np.diff(mask[100, :100]) >= 0).all()


def test_a_photo_of_one_pixel_can_be_cut():
    photo = Image.new("RGB", (1, 1), (10, 200, 30))
    assert cut(photo, square_by_eyes((0.3, 0.4), (0.7, 0.4)), 16).getpixel((8, 8)) == (10, 200, 30)


@pytest.mark.parametrize("eyes", [None, 3, ((1, 2),), ((1, 2), (1, 2)), ((1, 2), (float("nan"), 2)), "left"])
def test_eyes_that_are_no_two_places_are_refused(eyes):
    with pytest.raises(PictureError, match="eyes"):
        check_eyes(eyes)


def test_a_dot_on_a_turned_face_comes_to_its_place():
    photo = Image.new("RGB", (300, 300), "white")
    left, right = rotated((-20, 0), 25, 1, (150, 140)), rotated((20, 0), 25, 1, (150, 140))
    ImageDraw.Draw(photo).ellipse([left[0] - 6, left[1] - 6, left[0] + 6, left[1] + 6], fill="black")
    found = 255 - np.asarray(cut(photo, square_by_eyes(left, right), 256).convert("L")).astype(float)
    rows, columns = np.indices(found.shape)
    place = (found * columns).sum() / found.sum() / 256, (found * rows).sum() / found.sum() / 256
    assert place == pytest.approx((0.5 - EYE_DISTANCE / 2, EYE_HEIGHT), abs=0.006)
