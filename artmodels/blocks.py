"""Building blocks that more than one method may stack. Tensors are [B, C, H, W]."""

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["AdaptiveInstanceNorm", "ConvBlock", "LayerNorm", "ResidualBlock", "UpsampleConv", "initialise_xavier"]


class ConvBlock(nn.Module):
    """Reflection pad, convolution, then instance norm and ReLU where asked for."""

    def __init__(
        self, inputs: int, outputs: int, kernel: int, *, stride: int = 1, norm: bool = True, relu: bool = True
    ):
        super().__init__()
        padding = kernel // 2 if stride == 1 else 1
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, padding, padding_mode="reflect")
        self.norm = nn.InstanceNorm2d(outputs) if norm else nn.Identity()
        self.relu = nn.ReLU(inplace=True) if relu else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return self.relu(self.norm(self.conv(x)))


class ResidualBlock(nn.Module):
    """Two 3x3 convolution blocks around a plain addition; no activation after it."""

    def __init__(self, channels: int):
        super().__init__()
        self.first = ConvBlock(channels, channels, 3)
        self.second = ConvBlock(channels, channels, 3, relu=False)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.second(self.first(x))


class AdaptiveInstanceNorm(nn.Module):
    """Instance norm, then a scale and a bias per sample and channel (Huang & Belongie 2017).

    The scale is used as it is, without an added one.
    """

    def __init__(self, channels: int, eps: float = 1e-5):
        super().__init__()
        self.channels = channels
        self.eps = eps

    def forward(self, x: Tensor, bias: Tensor, scale: Tensor) -> Tensor:
        """Args: x [B, C, H, W]; bias, scale [B, C]."""
        if len(x) == 1:
            # One fused pass; and instance_norm's gradient is wrong for one channels_last sample on a CPU (torch 2.15).
            return functional.batch_norm(x, None, None, scale[0], bias[0], training=True, eps=self.eps)
        normal = functional.instance_norm(x, eps=self.eps)
        return normal * scale[:, :, None, None].to(x.dtype) + bias[:, :, None, None].to(x.dtype)


class LayerNorm(nn.Module):
    """Normalises each sample over channels and pixels together, then a gain and a bias per channel (MUNIT's form).

    Divides by the unbiased standard deviation plus eps.
    """

    def __init__(self, channels: int, eps: float = 1e-5):
        super().__init__()
        self.eps = eps
        self.gain = nn.Parameter(torch.rand(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        deviation, mean = torch.std_mean(x.float(), dim=(1, 2, 3), keepdim=True)
        gain = self.gain[:, None, None] / (deviation + self.eps)
        return x * gain.to(x.dtype) + (self.bias[:, None, None] - mean * gain).to(x.dtype)


class UpsampleConv(nn.Module):
    """Nearest x2 and a 5x5 convolution, computed as one 3x3 convolution at the small size and a pixel shuffle.

    Each output pixel sees only 3x3 small pixels, some of them twice, so weights that meet the same small pixel are
    summed: 25 products an output pixel become 9, with the same result to rounding.
    Differs: the border is replicated, because only then the folded form is exact up to the edge.
    """

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.outputs = outputs
        self.weight = nn.Parameter(torch.empty(outputs, inputs, 5, 5))
        self.bias = nn.Parameter(torch.zeros(outputs))
        initialise_xavier(self)

    def folded_weight(self) -> Tensor:
        """The 3x3 weights [4 * outputs, inputs, 3, 3] of the small-size convolution."""
        rows = torch.stack(_fold(self.weight, 2), dim=1)
        return torch.stack(_fold(rows, 4), dim=2).flatten(0, 2)

    def forward(self, x: Tensor) -> Tensor:
        """Returns: [B, outputs, 2H, 2W]."""
        padded = functional.pad(x, (1, 1, 1, 1), mode="replicate")
        small = functional.conv2d(padded, self.folded_weight(), self.bias.repeat_interleave(4))
        return functional.pixel_shuffle(small, 2)


def _fold(weight: Tensor, dim: int) -> tuple[Tensor, Tensor]:
    """Sums five taps into three: even output pixels see the small pixels -1 -1 0 0 1, odd ones -1 0 0 1 1."""
    a, b, c, d, e = weight.unbind(dim)
    return torch.stack((a + b, c + d, e), dim), torch.stack((a, b + c, d + e), dim)


def initialise_xavier(module: nn.Module, gain: float = 1.0) -> None:
    """Xavier-normal weights and zero biases, for `module.apply`."""
    if isinstance(module, nn.Conv2d | nn.Linear | UpsampleConv):
        nn.init.xavier_normal_(module.weight, gain)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
