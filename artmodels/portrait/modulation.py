"""Layers of StyleGAN2 that a style code steers, with NVIDIA's names of parameters.

Weights are stored with a deviation of 1 and scaled when they are used (equalised learning rate). A layer never makes
weights for every picture of a batch: one picture alone gets weights of its own, into which its style, the
demodulation and the gain are folded; otherwise the styles scale the maps before and after one ordinary convolution.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from artmodels.portrait.resampling import Resampler

__all__ = ["EqualLinear", "ModulatedConv", "ToRGB", "leaky"]

SLOPE, GAIN = 0.2, math.sqrt(2)  # leaky ReLU, times what keeps its output at unit variance
EPS = 1e-8


class EqualLinear(nn.Module):
    """A fully connected layer with an equalised learning rate, in float32 or finer even under autocast.

    Args:
        bias: what the bias starts with.
        rate: how much slower than others it learns; its weights are stored that much larger.
    """

    def __init__(self, inputs: int, outputs: int, *, bias: float = 0.0, rate: float = 1.0):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs) / rate)
        self.bias = nn.Parameter(torch.full((outputs,), float(bias)))
        self.gain, self.rate = rate / math.sqrt(inputs), rate

    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast(x.device.type, enabled=False):
            return functional.linear(x.to(self.weight.dtype), self.weight * self.gain, self.bias * self.rate)


class ModulatedConv(nn.Module):
    """A 3x3 convolution whose input channels a style scales, with noise, bias and leaky ReLU (StyleGAN2 section 2.2).

    W' = s W over input channels; W'' = W' / sqrt(sum W'^2 + eps) over inputs and taps, so that the output has unit
    variance if the input has; doubled maps are blurred after the convolution.

    Args:
        resolution: side of the output.
        doubles: whether the input has half that side.
        clamp: bound of the output, or none.
    """

    noise_const: Tensor

    def __init__(
        self, inputs: int, outputs: int, latent_dim: int, resolution: int, *, doubles: bool, clamp: float | None
    ):
        super().__init__()
        weight = torch.randn(outputs, inputs, 3, 3)
        self.weight = nn.Parameter(weight.contiguous(memory_format=torch.channels_last))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.noise_strength = nn.Parameter(torch.zeros([]))
        self.register_buffer("noise_const", torch.randn(resolution, resolution))
        self.affine = EqualLinear(latent_dim, inputs, bias=1.0)
        self.resampler = Resampler() if doubles else None
        self.clamp = clamp

    def forward(self, x: Tensor, w: Tensor, noise: Tensor | None) -> Tensor:
        """Args: x [B, I, H, W]; w [B, D]; noise [B or 1, 1, R, R] or none. Returns: [B, O, R, R]."""
        styles = self.affine(w)
        if len(styles) == 1 and not torch.is_grad_enabled():
            x = self._with_own_weights(x, styles)
        else:
            x = self._with_scaled_maps(x, styles)
        if noise is not None:
            x = plus_(x, (GAIN * self.noise_strength * noise).to(x.dtype))
        return leaky(x, self.clamp)

    def _with_own_weights(self, x: Tensor, styles: Tensor) -> Tensor:
        weight = self.weight.permute(0, 2, 3, 1) * styles[0]  # [O, 3, 3, I], as it lies in memory
        length = torch.linalg.vector_norm(weight.flatten(1), dim=1)
        weight *= (GAIN * (length.square() + EPS).rsqrt())[:, None, None, None]
        return self._convolved(x, weight.permute(0, 3, 1, 2).to(x.dtype), (GAIN * self.bias).to(x.dtype))

    def _with_scaled_maps(self, x: Tensor, styles: Tensor) -> Tensor:
        squares = self.weight.square().sum((2, 3))
        scale = GAIN * (styles.square() @ squares.T + EPS).rsqrt()
        x = self._convolved(x * styles.to(x.dtype)[:, :, None, None], self.weight.to(x.dtype), None)
        bias = (GAIN * self.bias).to(x.dtype)[:, None, None]
        return torch.addcmul(bias, x, scale.to(x.dtype)[:, :, None, None])

    def _convolved(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        if self.resampler is None:
            return functional.conv2d(x, weight, bias, padding=1)
        doubled = functional.conv_transpose2d(x, weight.transpose(0, 1), stride=2)
        return self.resampler.blur(doubled, 1, gain=4.0, bias=bias)


class ToRGB(nn.Module):
    """Colours of a map, by a 1x1 convolution whose input channels a style scales, without demodulation."""

    def __init__(self, inputs: int, latent_dim: int, *, clamp: float | None):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(3, inputs, 1, 1))
        self.bias = nn.Parameter(torch.zeros(3))
        self.affine = EqualLinear(latent_dim, inputs, bias=1.0)
        self.gain, self.clamp = 1 / math.sqrt(inputs), clamp

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        """Args: x [B, I, R, R]; w [B, D]. Returns: [B, 3, R, R] in the precision of the weights."""
        styles = self.affine(w) * self.gain
        if len(styles) == 1 and not torch.is_grad_enabled():
            rgb = functional.conv2d(x, (self.weight * styles[0, :, None, None]).to(x.dtype))
        else:
            rgb = functional.conv2d(x * styles.to(x.dtype)[:, :, None, None], self.weight.to(x.dtype))
        rgb = rgb.to(self.bias.dtype) + self.bias[:, None, None]
        return rgb if self.clamp is None else rgb.clamp(-self.clamp, self.clamp)


def plus_(x: Tensor, y: Tensor) -> Tensor:
    """The sum, in x's memory where no gradient needs x any more."""
    return x + y if torch.is_grad_enabled() else x.add_(y)


def leaky(x: Tensor, clamp: float | None = None) -> Tensor:
    """Leaky ReLU and the clamp of a map that its gain is in already, in its memory where no gradient needs it."""
    if torch.is_grad_enabled():
        x = functional.leaky_relu(x, SLOPE)
        return x if clamp is None else x.clamp(-clamp, clamp)
    x = functional.leaky_relu_(x, SLOPE)
    return x if clamp is None else x.clamp_(-clamp, clamp)
