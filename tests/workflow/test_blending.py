"""A change goes into the artwork where it is, and nowhere else."""

import torch

from artmodels.workflow.blending import blend_change


def pictures(size: int = 96, small: int = 32) -> tuple[torch.Tensor, torch.Tensor]:
    """An artwork with fine detail on a mid grey, and its rendering without the detail."""
    torch.manual_seed(0)
    detail = (torch.rand(1, 3, size, size) - 0.5) * 0.2
    return detail, torch.zeros(1, 3, small, small)


def test_no_change_leaves_the_artwork_bit_for_bit():
    artwork = torch.rand(2, 3, 50, 70) * 2 - 1
    rendered = torch.rand(2, 3, 25, 35) * 2 - 1
    assert torch.equal(blend_change(artwork, rendered, rendered + 0.05), artwork)


def test_a_faithful_rendering_keeps_the_detail_under_a_new_colour():
    artwork, before = pictures()
    torch.testing.assert_close(blend_change(artwork, before, before + 0.5), artwork + 0.5, atol=0.12, rtol=0)
    exact = torch.full((1, 3, 96, 96), 0.25)
    result = blend_change(exact, torch.full((1, 3, 32, 32), 0.25), torch.full((1, 3, 32, 32), -0.5))
    torch.testing.assert_close(result, torch.full_like(result, -0.5))


def test_a_misread_region_takes_the_new_rendering_as_it_is():
    artwork = torch.full((1, 3, 64, 64), -0.8)
    before, after = torch.full((1, 3, 32, 32), 0.6), torch.full((1, 3, 32, 32), 0.1)
    torch.testing.assert_close(blend_change(artwork, before, after), torch.full_like(artwork, 0.1))


def test_a_local_change_stays_local():
    artwork, before = pictures()
    after = before.clone()
    after[..., 8:16, 8:16] = 0.8
    result = blend_change(artwork, before, after)
    assert torch.equal(result[..., 60:, :], artwork[..., 60:, :])
    assert torch.equal(result[..., 60:], artwork[..., 60:])
    torch.testing.assert_close(result[..., 30:42, 30:42], artwork[..., 30:42, 30:42] + 0.8, atol=0.12, rtol=0)


def test_the_result_stays_in_range():
    artwork = torch.ones(1, 3, 20, 20)
    before = torch.full((1, 3, 10, 10), 0.9)
    assert blend_change(artwork, before, torch.full((1, 3, 10, 10), 1.0)).max() <= 1
    assert blend_change(-artwork, -before, torch.full((1, 3, 10, 10), -1.0)).min() >= -1
