"""The latents, noise and views of a step, drawn where the networks are."""

import torch
from torch import Tensor

from artmodels.portrait.config import StyleGAN2Config
from artmodels.portrait.modulation import ModulatedConv
from artmodels.portrait.stylegan2 import Synthesis
from training.portrait.settings import Latents

__all__ = ["device_generator", "draw_latents", "draw_noise", "fixed_latents", "silence"]


def device_generator(device: torch.device, generator: torch.Generator) -> torch.Generator:
    """A generator on the device that follows from a CPU's: drawing millions of numbers there takes too long."""
    return torch.Generator(device).manual_seed(int(torch.randint(2**62, (), generator=generator)))


def draw_latents(count: int, config: StyleGAN2Config, latents: Latents, generator: torch.Generator) -> Tensor:
    """One latent for every layer of every picture, [B, L, D], the same ones, two kinds, or all of their own."""
    device, layers = generator.device, config.code_count
    own = torch.randn(count, layers, config.latent_dim, generator=generator, device=device)
    draws = torch.rand(count, 1, 1, generator=generator, device=device)
    turn = torch.randint(1, layers, (count, 1, 1), generator=generator, device=device)
    number = torch.arange(layers, device=device)[:, None]
    is_second = (number >= turn) & (draws < latents.own + latents.two)
    shared = torch.where(is_second, own[:, 1:2], own[:, :1])
    return torch.where(draws < latents.own, own, shared)


def fixed_latents(count: int, config: StyleGAN2Config, latents: Latents, number: int = 0) -> Tensor:
    """Always the same latents for sheets and scores, on the CPU."""
    return draw_latents(count, config, latents, torch.Generator().manual_seed(number))


@torch.no_grad()
def silence(synthesis: Synthesis) -> None:
    """Leaves noise out of all layers, for good: where few pictures teach a generator, it becomes dots on every face."""
    for layer in synthesis.modules():
        if isinstance(layer, ModulatedConv):
            layer.noise_strength.zero_().requires_grad_(False)


def draw_noise(count: int, config: StyleGAN2Config, generator: torch.Generator) -> dict[int, Tensor]:
    """Noise for every convolution, as `Synthesis` takes it."""
    return {
        side: torch.randn(count, 1 + (side > 4), side, side, generator=generator, device=generator.device)
        for side in config.resolutions
    }
