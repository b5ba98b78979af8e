import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from training.recipes.region_colours import paint_regions, region_medians, superpixels

SHAPE = (5, 7)


@given(arrays(np.uint8, (*SHAPE, 3)), arrays(np.uint8, SHAPE, elements=st.integers(0, 4)))
def test_the_median_of_a_region_is_numpys_for_odd_and_even_counts(picture, regions):
    medians = region_medians(picture, regions)
    assert medians.shape == (regions.max() + 1, 3)
    for label, median in enumerate(medians):
        inside = picture[regions == label]
        expected = np.median(inside, axis=0) if len(inside) else np.full(3, np.nan)
        np.testing.assert_array_equal(median, expected)


def test_an_even_count_gives_the_mean_of_the_middle_two():
    picture = np.uint8([[[10], [20], [31], [250]]])
    assert region_medians(picture, np.zeros((1, 4), int)).item() == 25.5


def test_halves_are_rounded_up():
    colours = np.array([[25.5, 26.4, 0.0]])
    assert paint_regions(np.zeros((1, 1), int), colours).tolist() == [[[26, 26, 0]]]


def test_painting_keeps_what_is_flat_already():
    colours = np.array([[10.0, 20, 30], [200, 100, 0], [7, 7, 7]])
    regions = np.random.default_rng(0).integers(0, 3, (16, 16))
    flat = paint_regions(regions, colours)
    np.testing.assert_array_equal(paint_regions(regions, region_medians(flat, regions)), flat)
    np.testing.assert_array_equal(region_medians(flat, regions), colours)


def test_labels_that_no_pixel_carries_paint_nothing():
    regions = np.array([[0, 2]])
    picture = np.uint8([[[1, 2, 3], [4, 5, 6]]])
    medians = region_medians(picture, regions)
    assert np.isnan(medians[1]).all()
    np.testing.assert_array_equal(paint_regions(regions, medians), picture)


@pytest.mark.parametrize("segments", [4, 30])
def test_superpixels_follow_borders_and_are_about_as_many_as_asked(segments):
    picture = np.full((64, 64, 3), 230, np.uint8)
    picture[:, 29:] = (30, 60, 120)
    labels = superpixels(picture, segments=segments, compactness=5, iterations=3)
    assert segments / 2 <= len(np.unique(labels)) <= segments * 2
    assert not set(np.unique(labels[:, :29])) & set(np.unique(labels[:, 29:]))
