"""The generator has the paper's size, equals a plain writing-down of it, and computes what is asked for alone."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from plain_stylegan2 import map_latents, synthesise
from torch import Tensor
from torch.testing import assert_close

from artmodels import ConfigError
from artmodels.portrait.config import StyleGAN2Config
from artmodels.portrait.stylegan2 import Mapping, StyleGAN2, Synthesis

TINY = StyleGAN2Config(size=32, latent_dim=6, mapping_layers=2, channel_base=128, channel_max=8)
PATHS = replace(TINY, attributes=("woman", "man"), split=(8, 16))


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def generator(config: StyleGAN2Config = TINY) -> StyleGAN2:
    """In float64, with noise and no value at a special place."""
    torch.manual_seed(0)
    model = StyleGAN2(config).double()
    with torch.no_grad():
        for number, (name, weight) in enumerate(model.named_parameters()):
            if name.endswith(("bias", "noise_strength")):
                weight += 0.3 * normal(*weight.shape, seed=number)
    return model


def codes(count: int, config: StyleGAN2Config = TINY, seed: int = 0) -> Tensor:
    return normal(count, config.code_count, config.latent_dim, seed=seed)


# Sizes: specification of StyleGAN2, section A1.


@pytest.mark.parametrize(
    ("size", "channel_base", "millions"),
    [
        (64, 32768, 27.03), (128, 32768, 29.33), (256, 32768, 30.03), (512, 32768, 30.28), (1024, 32768, 30.37),
        (64, 16384, 23.82), (128, 16384, 24.53), (256, 16384, 24.77), (512, 16384, 24.86), (1024, 16384, 24.90),
    ],
)  # fmt: skip
def test_generators_have_the_papers_parameters(size: int, channel_base: int, millions: float) -> None:
    with torch.device("meta"):
        model = StyleGAN2(StyleGAN2Config(size=size, channel_base=channel_base))
    assert sum(weight.numel() for weight in model.parameters()) / 1e6 == pytest.approx(millions, abs=0.006)
    assert sum(weight.numel() for weight in model.mapping.parameters()) / 1e6 == pytest.approx(2.10, abs=0.006)


def test_two_paths_have_the_papers_parameters() -> None:
    """Synthesis with a path for each of two attributes and the mapping: section 1.3 of the portrait's specification."""
    config = StyleGAN2Config(attributes=("woman", "man"))
    with torch.device("meta"):
        count = sum(weight.numel() for weight in StyleGAN2(config).parameters())
    assert count / 1e6 == pytest.approx(52.4, abs=0.1)


@pytest.mark.parametrize(("size", "count"), [(64, 10), (128, 12), (256, 14), (512, 16), (1024, 18)])
def test_every_size_has_its_count_of_codes(size: int, count: int) -> None:
    assert StyleGAN2Config(size=size).code_count == count


# The mapping.


def test_the_mapping_equals_its_formula() -> None:
    model, z = generator(), normal(3, 6)
    assert_close(model.mapping(z), map_latents(model.state_dict(), z, depth=2))


def test_every_code_of_z_plus_is_mapped_by_itself() -> None:
    mapping, z = generator().mapping, normal(2, 8, 6)
    expected = torch.stack([torch.stack([mapping(code[None])[0] for code in picture]) for picture in z])
    assert_close(mapping(z), expected)


def test_only_the_direction_of_a_latent_matters() -> None:
    mapping, z = generator().mapping, normal(3, 6)
    assert_close(mapping(0.1 * z), mapping(5 * z), rtol=1e-5, atol=1e-5)


def test_truncation_moves_the_first_codes_to_the_mean() -> None:
    model, ws = generator(), codes(2)
    model.mapping.w_avg += 1.5
    assert torch.equal(model.mapping.truncate(ws, 1), ws)
    assert_close(model.mapping.truncate(ws, 0), torch.full_like(ws, 1.5))
    moved = model.mapping.truncate(ws, 0.7, cutoff=3)
    assert_close(moved[:, :3], 1.5 + 0.7 * (ws[:, :3] - 1.5))
    assert torch.equal(moved[:, 3:], ws[:, 3:])


# The synthesis.


@pytest.mark.parametrize("clamp", [None, 0.5])
@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("grad", [False, True])
def test_pictures_equal_the_plain_writing_down(count: int, clamp: float | None, grad: bool) -> None:
    model, ws = generator(replace(TINY, conv_clamp=clamp)), codes(count)
    expected = synthesise(model.state_dict(), ws, clamp=clamp)
    with torch.set_grad_enabled(grad):
        assert_close(model.synthesis(ws), expected, rtol=1e-9, atol=1e-9)


def test_a_latent_gives_one_code_to_every_layer() -> None:
    model, z = generator(), normal(2, 6)
    ws = map_latents(model.state_dict(), z, depth=2)[:, None].repeat(1, 8, 1)
    assert_close(model(z), synthesise(model.state_dict(), ws))
    assert_close(model(z[:, None].repeat(1, 8, 1)), model(z))
    assert_close(model(z, psi=0), model.synthesis(torch.zeros(2, 8, 6, dtype=torch.float64)))


def test_every_code_counts_and_the_later_ones_leave_the_coarse_picture() -> None:
    synthesis, ws = generator().synthesis, codes(1)
    plain = synthesis(ws)
    for number in range(8):
        other = ws.clone()
        other[:, number] += 1
        assert (synthesis(other) - plain).abs().max() > 1e-3, number


def test_pictures_of_a_batch_do_not_know_each_other() -> None:
    synthesis, ws = generator().synthesis, codes(3)
    with torch.no_grad():
        together = synthesis(ws)
        for number in range(3):
            assert_close(synthesis(ws[number : number + 1])[0], together[number])


@pytest.mark.parametrize("shape", [(1, 7, 6), (1, 8, 5), (8, 6)])
def test_codes_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ConfigError, match=r"\[B, 8, 6\]"):
        generator().synthesis(torch.zeros(shape))


def test_bfloat16_is_near_float32() -> None:
    model = generator().float().eval()
    ws = codes(4).float()
    with torch.no_grad():
        expected = model.synthesis(ws)
        with torch.autocast("cpu", torch.bfloat16):
            batch, single = model.synthesis(ws), model.synthesis(ws[:1])
    assert batch.dtype is single.dtype is torch.float32
    scale = expected.std().item()
    assert 0 < (batch - expected).abs().mean() < 0.02 * scale
    assert (single - expected[:1]).abs().mean() < 0.02 * scale


# Noise.


def test_constant_noise_is_the_generators_own() -> None:
    synthesis, ws = generator().synthesis, codes(2)
    own = {
        side: torch.stack([conv.noise_const for conv in block.convs])[None]
        for side, block in synthesis.blocks().items()
    }
    assert_close(synthesis(ws, noise=own), synthesis(ws))


def test_random_noise_differs_from_picture_to_picture_and_call_to_call() -> None:
    synthesis, ws = generator().synthesis, codes(1).expand(2, -1, -1)
    torch.manual_seed(0)
    first, second = synthesis(ws, noise="random")
    third, _ = synthesis(ws, noise="random")
    assert min((first - second).std(), (first - third).std()) > 0.01
    torch.manual_seed(0)
    assert torch.equal(synthesis(ws, noise="random")[0], first)


def test_no_noise_is_noise_of_zero() -> None:
    synthesis, ws = generator().synthesis, codes(1)
    zeros = {side: torch.zeros(1, 1 + (side > 4), side, side, dtype=torch.float64) for side in (4, 8, 16, 32)}
    assert_close(synthesis(ws, noise="none"), synthesis(ws, noise=zeros))
    assert (synthesis(ws, noise="none") - synthesis(ws)).std() > 0.01


@pytest.mark.parametrize(
    "noise", ["some", {4: torch.zeros(1, 1, 4, 4)}, {side: torch.zeros(1, 2, side, side) for side in (4, 8, 16, 32)}]
)
def test_noise_that_does_not_fit_is_refused(noise: Any) -> None:
    with pytest.raises(ConfigError, match="noise"):
        generator().synthesis(codes(1), noise=noise)


# Attributes.


def test_paths_share_all_but_their_split() -> None:
    names = set(Synthesis(PATHS).state_dict())
    shared = {name for name in Synthesis(TINY).state_dict() if not name.startswith(("b8.", "b16."))}
    assert shared == {name for name in names if not name.startswith(("b8.", "b16."))}
    assert {"b8.0.conv0.weight", "b16.1.torgb.affine.bias"} <= names


def test_each_attribute_is_a_generator_of_its_own() -> None:
    model, ws = generator(PATHS), codes(2)
    pictures = [model.synthesis(ws, attribute=number) for number in (0, 1)]
    assert (pictures[0] - pictures[1]).std() > 0.1
    for number, picture in enumerate(pictures):
        state = {name.replace(f".{number}.", "."): value for name, value in model.state_dict().items()}
        assert_close(picture, synthesise(state, ws))


def test_only_the_chosen_path_is_computed() -> None:
    model = generator(PATHS)
    model(normal(2, 6), attribute=1).square().mean().backward()
    idle = {name for name, weight in model.synthesis.named_parameters() if weight.grad is None}
    assert idle == {name for name in dict(model.synthesis.named_parameters()) if name.startswith(("b8.0.", "b16.0."))}


@pytest.mark.parametrize(("config", "attribute"), [(TINY, 0), (PATHS, None), (PATHS, 2), (PATHS, -1)])
def test_unknown_attributes_are_refused(config: StyleGAN2Config, attribute: int | None) -> None:
    with pytest.raises(ConfigError, match="attribute"):
        Synthesis(config).float()(codes(1).float(), attribute=attribute)


# Config.


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"size": 100}, "size"), ({"size": 4}, "size"), ({"size": 2048}, "size"), ({"latent_dim": 0}, "latent_dim"),
        ({"mapping_layers": True}, "mapping_layers"), ({"channel_base": 16}, "channel_base"),
        ({"conv_clamp": 0.0}, "conv_clamp"), ({"attributes": ("man",)}, "attributes"),
        ({"attributes": ("man", "man")}, "attributes"), ({"attributes": ("man", "")}, "attributes"),
        ({"attributes": ("a", "b"), "split": (4, 8)}, "split"), ({"attributes": ("a", "b"), "split": (8, 64)}, "split"),
        ({"attributes": ("a", "b"), "split": (16, 8)}, "split"), ({"split": (8,)}, "split"),
    ],
)  # fmt: skip
def test_configs_that_cannot_be_built_are_refused(changes: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        replace(TINY, **changes)


def test_a_generator_is_saved_and_loaded_whole(tmp_path: Any) -> None:
    model = generator(PATHS).float().eval()
    model.mapping.w_avg += 1
    model.save_pretrained(tmp_path)
    loaded, z = StyleGAN2.from_pretrained(tmp_path), normal(1, 6).float()
    assert loaded.config == PATHS
    with torch.no_grad():
        assert torch.equal(loaded(z, psi=0.5, attribute=1), model(z, psi=0.5, attribute=1))


def test_a_fresh_generator_makes_pictures_of_sensible_size() -> None:
    torch.manual_seed(0)
    with torch.no_grad():
        picture = StyleGAN2(replace(TINY, channel_max=64, channel_base=2048))(torch.randn(4, 6))
    assert 0.2 < picture.std() < 20


def test_the_mapping_is_in_float32_under_autocast() -> None:
    mapping, z = Mapping(TINY), torch.randn(3, 6)
    expected = mapping(z)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(mapping(z), expected)
