"""A finished photo model makes the same of photos, around the true mean code, and fits into float16."""

import torch
from torch import nn
from torch.testing import assert_close

from artmodels.portrait.config import PortraitConfig
from artmodels.portrait.model import PortraitStylizer
from training.portrait.finish_photo import balance, normalised, take_mean_code
from training.portrait.presets import TINY, TINY_ENCODER


def trained() -> PortraitStylizer:
    torch.manual_seed(0)
    model = PortraitStylizer(PortraitConfig(TINY, TINY_ENCODER, "eyes")).double()
    assert model.encoder is not None
    nn.init.normal_(model.encoder.mean.weight)
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            module.weight.data *= 30
    model.encoder.train()
    for _ in range(60):
        model.encode(torch.randn(4, 3, 32, 32, dtype=torch.float64))
    return model.eval()


def test_balanced_filters_find_the_same_latents_with_variances_of_one() -> None:
    model, photos = trained(), torch.randn(3, 3, 32, 32, dtype=torch.float64)
    assert model.encoder is not None
    before = model.encode(photos)
    largest = max(float(norm.running_var.max()) for _, norm in normalised(model.encoder))
    balance(model.encoder)
    assert largest > 100
    for conv, norm in normalised(model.encoder):
        assert conv.out_channels == norm.num_features
        assert_close(norm.running_var, torch.ones_like(norm.running_var), rtol=0, atol=1e-3)
    after = model.encode(photos)
    assert_close(after.mean, before.mean)
    assert len(normalised(model.encoder)) == 1 + 4 + 2  # the first, one in each unit, and where units widen


def test_the_mean_code_is_that_of_random_latents() -> None:
    model = trained().float()
    model.mapping.w_avg.fill_(5.0)
    take_mean_code(model, 4000)
    codes = model.mapping(torch.randn(4000, TINY.latent_dim))
    assert_close(model.mapping.w_avg, codes.mean(0), rtol=0, atol=0.1)
