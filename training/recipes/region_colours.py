"""From a picture to flat colours: regions by superpixels, and the median colour of each region."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["paint_regions", "region_medians", "superpixels"]


def region_medians(picture: NDArray[np.uint8], regions: NDArray[np.integer]) -> NDArray[np.float64]:
    """Finds the median colour of every region, exactly and in one pass, from 8-bit histograms.

    The median is numpy's: of an even number of pixels the mean of the two middle ones, which may end in .5.

    Args:
        picture: [H, W, C] bytes.
        regions: [H, W] labels counted from 0.

    Returns:
        [largest label + 1, C] in 0 to 255; not-a-number for labels that no pixel carries.
    """
    labels = regions.reshape(-1).astype(np.int64) * 256
    count = int(regions.max()) + 1
    channels = [_medians(labels + values, count) for values in picture.reshape(-1, picture.shape[-1]).T]
    return np.stack(channels, axis=1)


def _medians(keys: NDArray[np.int64], count: int) -> NDArray[np.float64]:
    """Medians of one channel; a key is 256 · label + value."""
    up_to = np.bincount(keys, minlength=count * 256).reshape(count, 256).cumsum(axis=1)
    pixels = up_to[:, -1:]
    lower = (up_to > (pixels - 1) // 2).argmax(axis=1)
    upper = (up_to > pixels // 2).argmax(axis=1)
    return np.where(pixels[:, 0] > 0, (lower + upper) / 2, np.nan)


def paint_regions(regions: NDArray[np.integer], colours: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Fills every region with its colour, halves rounded up.

    Args:
        regions: [H, W] labels.
        colours: [labels, C] in 0 to 255.

    Returns:
        [H, W, C] bytes.
    """
    return np.floor(np.nan_to_num(colours) + 0.5).astype(np.uint8)[regions]


def superpixels(
    picture: NDArray[np.uint8], *, segments: int, compactness: float, iterations: int
) -> NDArray[np.integer]:
    """Divides a picture into connected patches of similar colour (SLIC, Achanta et al. 2012).

    Args:
        picture: [H, W, 3], RGB bytes.
        segments: number of patches wanted; the result has about as many.
        compactness: weight of nearness against likeness of colour (Lab); larger gives squarer patches.
        iterations: rounds of k-means. The patches hardly move after the third, and each costs the same again.

    Returns:
        [H, W] labels counted from 0.
    """
    from skimage.segmentation import slic

    labels: NDArray[np.integer] = slic(
        picture, n_segments=segments, compactness=compactness, max_num_iter=iterations, start_label=0
    )
    return labels
