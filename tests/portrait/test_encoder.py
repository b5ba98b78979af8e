import pytest
import torch

from artmodels.errors import ConfigError
from artmodels.portrait.config import EncoderConfig, PortraitConfig, StyleConfig, StyleGAN2Config
from artmodels.portrait.encoder import Encoder, Latents, head_sides
from artmodels.portrait.stylegan2 import Mapping

TINY = EncoderConfig(size=32, widths=(4, 6, 8, 10), units=(1, 2, 1, 1), head_width=12)


def encoder(config: EncoderConfig = TINY, codes: int = 8, latent_dim: int = 5) -> Encoder:
    torch.manual_seed(0)
    return Encoder(config, codes, latent_dim).eval()


def photos(count: int = 2, size: int = 32) -> torch.Tensor:
    return torch.rand(count, 3, size, size, generator=torch.Generator().manual_seed(1)) * 2 - 1


def test_the_papers_encoder_has_267_7_million_weights_236_of_them_in_its_18_heads():
    with torch.device("meta"):
        network = Encoder(EncoderConfig(), StyleGAN2Config().code_count, 512)
    assert round(sum(weight.numel() for weight in network.parameters()) / 1e6, 1) == 267.7
    assert round(sum(weight.numel() for weight in network.heads.parameters()) / 1e6) == 236
    assert len(network.heads) == 18


def test_the_papers_backbone_is_an_ir_se_50_with_taps_at_64_32_and_16_pixels():
    with torch.device("meta"):
        network = Encoder(EncoderConfig(), 18, 512)
        maps = network.pyramid(torch.zeros(1, 3, 256, 256))
    assert [len(group) for group in network.groups] == [3, 4, 14, 3]
    assert {side: tuple(p.shape) for side, p in maps.items()} == {side: (1, 512, side, side) for side in (16, 32, 64)}


@pytest.mark.parametrize(("codes", "counts"), [(18, (3, 4, 11)), (14, (3, 4, 7)), (12, (3, 4, 5)), (10, (3, 4, 3))])
def test_codes_are_read_off_maps_from_small_to_large(codes, counts):
    sides = head_sides(EncoderConfig(), codes)
    assert tuple(sides.count(side) for side in (16, 32, 64)) == counts
    assert list(sides) == sorted(sides)


def test_training_starts_on_the_prior():
    latents = encoder()(photos())
    assert latents.mean.shape == (2, 8, 5)
    assert latents.log_variance is not None
    assert not latents.mean.any()
    assert not latents.log_variance.any()
    noise = torch.randn(2, 8, 5)
    torch.testing.assert_close(latents.sample(noise), noise)


def test_a_sample_is_the_mean_and_the_noise_times_the_deviation():
    latents = Latents(torch.full((1, 2, 3), 2.0), torch.full((1, 2, 3), 4.0).log())
    noise = torch.ones(1, 2, 3)
    torch.testing.assert_close(latents.sample(noise), torch.full((1, 2, 3), 4.0))


def test_without_a_variance_every_sample_is_the_mean_which_depends_on_the_photo_from_the_start():
    network = encoder(EncoderConfig(32, (4, 6, 8, 10), (1, 1, 1, 1), 12, variational=False))
    latents = network(photos())
    assert latents.log_variance is None
    assert torch.equal(latents.sample(torch.randn_like(latents.mean)), latents.mean)
    assert (latents.mean[0] - latents.mean[1]).abs().max() > 1e-4


def test_one_code_for_all_layers_comes_off_the_smallest_map():
    network = encoder(EncoderConfig(32, (4, 6, 8, 10), (1, 1, 1, 1), 12, repeats=True))
    assert network(photos()).mean.shape == (2, 1, 5)
    assert network.sides == (2,)


def test_gradients_reach_every_weight_through_a_frozen_mapping():
    network = encoder().train()
    torch.nn.init.normal_(network.mean.weight)
    assert network.log_variance is not None
    torch.nn.init.normal_(network.log_variance.weight)
    mapping = Mapping(StyleGAN2Config(size=32, latent_dim=5, mapping_layers=2, channel_base=64)).requires_grad_(False)
    mapping(network(photos()).sample(torch.randn(2, 8, 5))).square().sum().backward()
    assert [name for name, weight in network.named_parameters() if weight.grad is None or not weight.grad.any()] == []


@pytest.mark.parametrize("shape", [(2, 3, 64, 64), (1, 1, 32, 32), (3, 32, 32)])
def test_photos_of_another_size_are_refused(shape):
    with pytest.raises(ConfigError, match="must be"):
        encoder()(torch.zeros(shape))


@pytest.mark.parametrize(
    ("fields", "culprit"),
    [
        ({"size": 100}, "size"),
        ({"size": 16}, "size"),
        ({"widths": (4, 4, 4)}, "widths"),
        ({"units": (1, 1, 0, 1)}, "units"),
        ({"head_width": 0}, "head_width"),
        ({"levels": (3, "4")}, "levels"),
        ({"variational": 1}, "variational"),
        ({"repeats": None}, "repeats"),
    ],
)
def test_an_encoder_config_that_cannot_be_meant_is_refused(fields, culprit):
    with pytest.raises(ConfigError, match=culprit):
        EncoderConfig(**fields)


def test_a_photo_models_generator_has_no_attributes_and_codes_for_all_levels():
    with pytest.raises(ConfigError, match="without attributes"):
        PortraitConfig(StyleGAN2Config(attributes=("woman", "man")))
    with pytest.raises(ConfigError, match="levels"):
        PortraitConfig(StyleGAN2Config(size=8))
    with pytest.raises(ConfigError, match="alignment"):
        PortraitConfig(alignment="nose")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="photo_model"):
        StyleConfig(StyleGAN2Config(), "")
