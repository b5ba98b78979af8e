"""Discriminators have the paper's sizes, know no batch mates, and see what they are to see."""

import pytest
import torch
from torch.testing import assert_close

from training.sketch2image.discriminator import GramDiscriminator, PictureDiscriminator


def test_the_papers_sizes():
    assert sum(p.numel() for p in PictureDiscriminator().parameters()) == pytest.approx(16.9e6, rel=0.01)
    assert sum(p.numel() for p in GramDiscriminator(3).parameters()) == pytest.approx(0.83e6, rel=0.01)


@pytest.mark.parametrize(("size", "scores"), [(64, 1), (128, 5), (256, 13)])
def test_larger_pictures_have_more_scores(size, scores):
    judge = PictureDiscriminator((2, 3, 4, 5))
    assert judge(torch.zeros(1, 3, size, size)).shape == (1, 1, scores, scores)


def test_drawings_have_nine_scores():
    levels = [torch.rand(2, channels, side, side) for channels, side in ((128, 8), (256, 4), (512, 2))]
    assert GramDiscriminator(3)(levels).shape == (2, 9)


def test_no_score_depends_on_batch_mates():
    torch.manual_seed(0)
    judge, lines = PictureDiscriminator((4, 8, 16, 32)).eval(), GramDiscriminator(1, 8, 8).eval()
    pictures, features = torch.randn(3, 3, 64, 64), [torch.randn(3, 6, 8, 8)]
    assert_close(judge(pictures)[1:2], judge(pictures[1:2]))
    assert_close(lines(features)[1:2], lines([features[0][1:2]]))


def test_gram_scores_forget_where_things_are():
    torch.manual_seed(0)
    judge, features = GramDiscriminator(1, 8, 8).eval(), torch.randn(1, 6, 8, 8)
    assert_close(judge([features.flip(-1)]), judge([features]), rtol=1e-3, atol=1e-4)
    assert not torch.allclose(judge([2 * features]), judge([features]))


def test_gradients_reach_the_whole_picture():
    judge, picture = PictureDiscriminator((4, 8, 16, 32)), torch.zeros(1, 3, 64, 64, requires_grad=True)
    judge(picture).sum().backward()
    assert picture.grad is not None
    assert (picture.grad.abs().sum(1) > 0).float().mean() > 0.9
