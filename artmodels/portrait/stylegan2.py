"""StyleGAN2's generator (Karras et al., CVPR 2020, config-f), with NVIDIA's names of parameters.

latents z -> Mapping -> style codes w, one for every layer -> Synthesis -> a picture. Pictures are in [-1, 1], but
nothing bounds them.
"""

import math
from collections.abc import Mapping as Table
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from artmodels.errors import ConfigError
from artmodels.hub import HubModel
from artmodels.portrait.config import StyleGAN2Config
from artmodels.portrait.modulation import GAIN, SLOPE, EqualLinear, ModulatedConv, ToRGB
from artmodels.portrait.resampling import Resampler

__all__ = ["Block", "Mapping", "Noise", "StyleGAN2", "Synthesis"]

Noise = Literal["const", "random", "none"] | Table[int, Tensor]
"""The noise of the generator itself, new noise, none, or maps [B or 1, N, R, R] by resolution R, of which a block takes
one for every convolution: N is 1 at 4 pixels, 2 above."""

MAPPING_RATE = 0.01


class Mapping(nn.Module):
    """From a latent z to a style code w."""

    w_avg: Tensor

    def __init__(self, config: StyleGAN2Config):
        super().__init__()
        self.depth = config.mapping_layers
        for number in range(self.depth):
            self.add_module(f"fc{number}", EqualLinear(config.latent_dim, config.latent_dim, rate=MAPPING_RATE))
        self.register_buffer("w_avg", torch.zeros(config.latent_dim))

    def forward(self, z: Tensor) -> Tensor:
        """Every vector of z [..., D], whose length is of no account, to its w [..., D]."""
        x = z * (z.square().mean(-1, keepdim=True) + 1e-8).rsqrt()
        for number in range(self.depth):
            x = functional.leaky_relu(self.get_submodule(f"fc{number}")(x), SLOPE) * GAIN
        return x

    def truncate(self, w: Tensor, psi: float, cutoff: int | None = None) -> Tensor:
        """Style codes [B, L, D] moved towards the mean, where psi 0 is; the first `cutoff` of them, or all."""
        moved = self.w_avg.lerp(w, psi)
        return moved if cutoff is None else torch.cat((moved[:, :cutoff], w[:, cutoff:]), dim=1)

    def reach(self, count: int = 1000) -> float:
        """How far style codes of random latents, always the same ones, lie from the mean code: the root of the mean
        square."""
        latents = torch.randn(count, self.w_avg.shape[0], generator=torch.Generator().manual_seed(0))
        return float((self(latents.to(self.w_avg)) - self.w_avg).square().sum(1).mean().sqrt())


class Block(nn.Module):
    """The layers of one resolution; those of 4 pixels begin with a learned constant instead of a smaller map."""

    def __init__(self, config: StyleGAN2Config, resolution: int):
        super().__init__()
        channels, latent_dim, clamp = config.channels(resolution), config.latent_dim, config.conv_clamp
        self.conv0: ModulatedConv | None = None
        if resolution == 4:
            self.const = nn.Parameter(torch.randn(channels, 4, 4))
        else:
            before = config.channels(resolution // 2)
            self.conv0 = ModulatedConv(before, channels, latent_dim, resolution, doubles=True, clamp=clamp)
        self.conv1 = ModulatedConv(channels, channels, latent_dim, resolution, doubles=False, clamp=clamp)
        self.torgb = ToRGB(channels, latent_dim, clamp=clamp)

    @property
    def convs(self) -> tuple[ModulatedConv, ...]:
        """The convolutions in the order of their codes."""
        return (self.conv1,) if self.conv0 is None else (self.conv0, self.conv1)

    def forward(self, x: Tensor, ws: Tensor, noise: list[Tensor | None]) -> tuple[Tensor, Tensor]:
        """Args: x [B, C, R/2, R/2]; ws [B, N + 1, D] and noise for N convolutions. Returns: the map, its colours."""
        for number, conv in enumerate(self.convs):
            x = conv(x, ws[:, number], noise[number])
        return x, self.torgb(x, ws[:, -1])


class Synthesis(nn.Module):
    """From style codes to a picture.

    Blocks are called `b4`, `b8`, ...; a resolution at which attributes divide has a list of one for each.
    """

    def __init__(self, config: StyleGAN2Config):
        super().__init__()
        self.config = config
        for resolution in config.resolutions:
            block: nn.Module
            if config.is_split(resolution):
                block = nn.ModuleList(Block(config, resolution) for _ in config.attributes)
            else:
                block = Block(config, resolution)
            self.add_module(f"b{resolution}", block)
        self.resampler = Resampler()

    def blocks(self, attribute: int | None = None) -> dict[int, Block]:
        """The blocks on an attribute's way, by resolution.

        Raises:
            ConfigError: there is no such attribute, or none was named though the generator has some.
        """
        names = self.config.attributes
        is_known = attribute is None if not names else attribute in range(len(names))
        if not is_known:
            accepted = f"a number from 0 to {len(names) - 1} ({', '.join(names)})" if names else "None"
            raise ConfigError(f"attribute must be {accepted} for this generator, not {attribute!r}")
        found = {}
        for resolution in self.config.resolutions:
            path = f".{attribute}" if self.config.is_split(resolution) else ""
            block = self.get_submodule(f"b{resolution}{path}")
            assert isinstance(block, Block)
            found[resolution] = block
        return found

    def forward(self, ws: Tensor, *, noise: Noise = "const", attribute: int | None = None) -> Tensor:
        """Make pictures [B, 3, S, S] in the precision of the weights.

        Under autocast, all maps but the colours are of its type.

        Args:
            ws: style codes [B, L, D].
            attribute: whose blocks to use, in the order of the config; the others are not computed.

        Raises:
            ConfigError: another count of codes, unknown attributes or noise.
        """
        if ws.shape[1:] != (self.config.code_count, self.config.latent_dim):
            wanted = f"[B, {self.config.code_count}, {self.config.latent_dim}]"
            raise ConfigError(f"ws must be style codes {wanted}, not {list(ws.shape)}")
        blocks, device = self.blocks(attribute), ws.device.type
        is_mixed = torch.is_autocast_enabled(device)
        dtype = torch.get_autocast_dtype(device) if is_mixed else ws.dtype
        with torch.autocast(device, enabled=False):
            x = blocks[4].const.to(dtype).expand(len(ws), -1, -1, -1).contiguous(memory_format=torch.channels_last)
            rgb: Tensor | None = None
            for resolution, block in blocks.items():
                first = 2 * int(math.log2(resolution)) - 5 if resolution > 4 else 0
                codes = ws[:, first : first + len(block.convs) + 1]
                x, colours = block(x, codes, noise_of(block, resolution, len(ws), noise))
                rgb = colours if rgb is None else self.resampler.upsample(rgb) + colours
        assert rgb is not None
        return rgb


def noise_of(block: Block, resolution: int, count: int, noise: Noise) -> list[Tensor | None]:
    """The noise of each of a block's convolutions, [B or 1, 1, R, R]."""
    if noise == "none":
        return [None for _ in block.convs]
    if noise == "const":
        return [conv.noise_const[None, None] for conv in block.convs]
    if noise == "random":
        shape = (count, 1, resolution, resolution)
        return [torch.randn(shape, device=conv.weight.device, dtype=conv.weight.dtype) for conv in block.convs]
    if not isinstance(noise, Table) or resolution not in noise:
        raise ConfigError(f"noise must be const, random, none or maps by resolution, {resolution} among them")
    maps = noise[resolution]
    wanted = (len(block.convs), resolution, resolution)
    if maps.ndim != 4 or maps.shape[1:] != wanted or len(maps) not in (1, count):
        raise ConfigError(f"noise at {resolution} must be [{count} or 1, {str([*wanted])[1:]}, not {list(maps.shape)}")
    return list(maps.split(1, dim=1))


class StyleGAN2(HubModel):
    """A generator of pictures: its mapping and its synthesis."""

    config_class = StyleGAN2Config
    config: StyleGAN2Config

    def __init__(self, config: StyleGAN2Config):
        super().__init__(config)
        self.mapping = Mapping(config)
        self.synthesis = Synthesis(config)

    def forward(
        self,
        z: Tensor,
        *,
        psi: float = 1.0,
        cutoff: int | None = None,
        noise: Noise = "const",
        attribute: int | None = None,
    ) -> Tensor:
        """Make pictures [B, 3, S, S] from latents.

        Args:
            z: [B, D], or one for every code, [B, L, D].
            psi: truncation, from 1, none, to 0, the mean picture; of the first `cutoff` codes, or all.
            noise, attribute: as in `Synthesis`.
        """
        w = self.mapping(z)
        ws = w[:, None].expand(-1, self.config.code_count, -1) if w.ndim == 2 else w
        return self.synthesis(self.mapping.truncate(ws, psi, cutoff), noise=noise, attribute=attribute)
