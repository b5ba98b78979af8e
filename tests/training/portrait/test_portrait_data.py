"""Portraits come as they were written, mirrored by chance, whether they are kept in memory or not."""

import json

import numpy as np
import pytest
import torch
from PIL import Image
from torch.testing import assert_close

from training.portrait.data import Portraits


@pytest.fixture(scope="module")
def portraits(tmp_path_factory):
    """Five of one colour each, darker on the left; the last is for tests."""
    root = tmp_path_factory.mktemp("portraits")
    (root / "full").mkdir()
    for number in range(5):
        pixels = np.full((16, 16, 3), 40 * number, np.uint8)
        pixels[:, 8:] += 20
        Image.fromarray(pixels).save(root / "full" / f"{number}.png")
    rows = ({"id": str(number), "split": "test" if number == 4 else "train"} for number in range(5))
    (root / "metadata.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return root


def test_only_the_splits_pictures_are_there(portraits):
    train, test = (Portraits(portraits, 16, split=split) for split in ("train", "test"))
    assert (train.ids, test.ids) == (["0", "1", "2", "3"], ["4"])
    assert_close(test.batch([0])[0, :, 0, 0], torch.full((3,), 160 / 127.5 - 1))


@pytest.mark.parametrize("most_bytes", [None, 1])
def test_pictures_that_do_not_fit_are_read_when_asked_for(portraits, most_bytes):
    pictures = Portraits(portraits, 8, split="train", most_bytes=most_bytes)
    assert (pictures.ahead == 0) == (most_bytes is None)
    found = pictures.batch([2, 0])
    assert found.shape == (2, 3, 8, 8)
    assert_close(found[:, 0, 0, 0], torch.tensor([80 / 127.5 - 1, -1.0]), rtol=0, atol=1e-5)


def test_half_of_the_pictures_are_mirrored(portraits):
    pictures = Portraits(portraits, 16, split="train")
    found = pictures.mirrored([1] * 400, torch.Generator().manual_seed(0))
    darker_on_the_right = (found[:, 0, 0, 0] > found[:, 0, 0, -1]).float()
    assert 0.4 < darker_on_the_right.mean() < 0.6
    whole = pictures.batch([1])[0]
    assert all(torch.equal(each, whole) or torch.equal(each, whole.flip(-1)) for each in found)
