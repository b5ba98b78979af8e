"""The networks of the tag colorizer: reference encoder, generator, tag mapping. Pictures are in [-1, 1]."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from artmodels.colorizer.config import ColorizerConfig

__all__ = ["Generator", "ReferenceEncoder", "TagMapping", "ratio"]


class BasicBlock(nn.Module):
    """Two 3x3 convolutions with batch norm around a shortcut; names as in torchvision's ResNet."""

    def __init__(self, inputs: int, outputs: int, stride: int):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample: nn.Module | None = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x: Tensor) -> Tensor:
        shortcut = x if self.downsample is None else self.downsample(x)
        hidden = functional.relu(self.bn1(self.conv1(x)))
        return functional.relu(self.bn2(self.conv2(hidden)) + shortcut)


class ReferenceEncoder(nn.Module):
    """Reads a reference picture: phi of the paper, a ResNet that also names tags.

    With the default config its `state_dict` has the names and shapes of torchvision's `resnet34`. Pictures come in
    [-1, 1], not normalised by ImageNet's statistics. Smaller strides leave out the stem's pooling, then its striding.
    """

    def __init__(self, config: ColorizerConfig):
        super().__init__()
        width, halvings = config.encoder_width, config.stem_halvings
        widths = [width, *(width * 2**i for i in range(len(config.encoder_blocks)))]
        self.conv1 = nn.Conv2d(3, width, 7, 2 if halvings else 1, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.pool = nn.MaxPool2d(3, 2, 1) if halvings == 2 else nn.Identity()
        self.stages = [f"layer{number}" for number in range(1, len(widths))]
        for number, (stage, count) in enumerate(zip(self.stages, config.encoder_blocks, strict=True)):
            self.add_module(
                stage, encoder_stage(widths[number], widths[number + 1], count, stride=1 if number == 0 else 2)
            )
        self.fc = nn.Linear(widths[-1], len(config.tags))
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, reference: Tensor) -> Tensor:
        """Args: reference [B, 3, H, W]. Returns: features [B, C, H/s, W/s], never negative."""
        x = self.pool(functional.relu(self.bn1(self.conv1(reference))))
        for stage in self.stages:
            x = self.get_submodule(stage)(x)
        return x

    def classify(self, features: Tensor) -> Tensor:
        """How likely each tag is, as logits [B, T], from features [B, C, h, w]."""
        return self.fc(features.mean((2, 3)))


def encoder_stage(inputs: int, outputs: int, count: int, *, stride: int) -> nn.Sequential:
    return nn.Sequential(
        BasicBlock(inputs, outputs, stride), *(BasicBlock(outputs, outputs, 1) for _ in range(count - 1))
    )


class Attention(nn.Module):
    """Single-head attention from tokens of one map to those of another, without positions, norms or biases."""

    def __init__(self, channels: int, source_channels: int):
        super().__init__()
        self.query = nn.Linear(channels, channels, bias=False)
        self.key = nn.Linear(source_channels, channels, bias=False)
        self.value = nn.Linear(source_channels, channels, bias=False)
        self.output = nn.Linear(channels, channels, bias=False)

    def forward(self, x: Tensor, source: Tensor) -> Tensor:
        """Args: x [B, C, H, W]; source [B, D, h, w], of any size. Returns: what x found there, [B, C, H, W]."""
        tokens, seen = x.flatten(2).mT, source.flatten(2).mT
        query, key, value = (part[:, None] for part in (self.query(tokens), self.key(seen), self.value(seen)))
        found = functional.scaled_dot_product_attention(query, key, value)[:, 0]
        return self.output(found).mT.unflatten(2, x.shape[2:])


class AttentionReceiver(nn.Module):
    """Adds to each place of the sketch what it finds in the reference."""

    def __init__(self, channels: int, reference_channels: int):
        super().__init__()
        self.attention = Attention(channels, reference_channels)

    def forward(self, x: Tensor, reference: Tensor) -> Tensor:
        return x + self.attention(x, reference)


class AddReceiver(nn.Module):
    """Adds the reference's mean to each place of the sketch, projected only where channels differ."""

    def __init__(self, channels: int, reference_channels: int):
        super().__init__()
        is_same = channels == reference_channels
        self.project = nn.Identity() if is_same else nn.Linear(reference_channels, channels, bias=False)

    def forward(self, x: Tensor, reference: Tensor) -> Tensor:
        return x + self.project(reference.mean((2, 3)))[:, :, None, None]


class ChannelAttention(nn.Module):
    """Re-weights channels by the reference: RBCA of the paper.

    q = W_q GAP(x), k = W_k h, v = W_v h with h the reference's mean; S = softmax(k q^T / sqrt(c));
    y_j = sum_i v_i S_ij; x <- x + x sigmoid(W_o y). The softmax runs over j, as in the paper's models, or over i, the
    usual axis of attention.
    """

    def __init__(self, channels: int, reference_channels: int, *, axis: str):
        super().__init__()
        self.query = nn.Linear(channels, channels, bias=False)
        self.key = nn.Linear(reference_channels, channels, bias=False)
        self.value = nn.Linear(reference_channels, channels, bias=False)
        self.output = nn.Linear(channels, channels, bias=False)
        self.axis = {"input": 1, "output": 2}[axis]

    def forward(self, x: Tensor, reference: Tensor) -> Tensor:
        """Args: x [B, C, H, W]; reference [B, D], its mean feature."""
        query, key, value = self.query(x.mean((2, 3))), self.key(reference), self.value(reference)
        scores = key[:, :, None] * query[:, None, :] * query.shape[1] ** -0.5
        weights = self.output((value[:, None, :] @ scores.softmax(self.axis))[:, 0]).sigmoid()
        return x + x * weights[:, :, None, None]


class ResidualPair(nn.Module):
    """Two 3x3 convolutions around a shortcut, without norms."""

    def __init__(self, channels: int):
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(x + self.second(functional.relu(self.first(x))))


class DownBlock(nn.Module):
    """Halves a map."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.first = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.second = nn.Conv2d(outputs, outputs, 3, stride=2, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(self.second(functional.relu(self.first(x))))


class Enlarge(nn.Module):
    """Doubles a map: a convolution, ReLU and a pixel shuffle."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.conv = nn.Conv2d(inputs, 4 * outputs, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return functional.pixel_shuffle(functional.relu(self.conv(x)), 2)


class UpBlock(nn.Module):
    """Doubles a map that met its skip, and lets the reference re-weight it."""

    def __init__(self, inputs: int, outputs: int, config: ColorizerConfig):
        super().__init__()
        self.enlarge = Enlarge(inputs, outputs)
        self.weigh: ChannelAttention | None = None
        if config.channel_attention:
            self.weigh = ChannelAttention(outputs, config.feature_channels, axis=config.channel_attention_axis)
        self.conv = nn.Conv2d(outputs, outputs, 3, padding=1)

    def forward(self, x: Tensor, reference: Tensor) -> Tensor:
        x = self.enlarge(x)
        if self.weigh is not None:
            x = self.weigh(x, reference)
        return functional.relu(self.conv(x))


class Generator(nn.Module):
    """Colours a sketch by the features of a reference, which may be of any other size: G of the paper.

    Differs: weights start with a deviation of 0.02 sqrt(512 / input channels), which is the paper's 0.02 in its widest
    layers, because without norms narrow layers of 0.02 pass hardly anything on.
    """

    def __init__(self, config: ColorizerConfig):
        super().__init__()
        widths = [config.width * min(2**level, 8) for level in range(config.depth)]
        deepest, received = widths[-1], config.feature_channels
        self.down = nn.ModuleList(DownBlock(before, after) for before, after in pairwise([1, *widths]))
        self.residual = ResidualPair(deepest)
        receiver = {"attention": AttentionReceiver, "add": AddReceiver}[config.receiving]
        self.receive = receiver(deepest, received)
        self.code = nn.Conv2d(deepest, deepest, 3, padding=1)
        self.enlarge = Enlarge(deepest, widths[-2])
        self.attend = Attention(widths[-2], widths[-2])
        self.up = nn.ModuleList(UpBlock(2 * before, after, config) for before, after in pairwise(reversed(widths[:-1])))
        self.last = Enlarge(2 * widths[0], widths[0])
        self.picture = nn.Conv2d(widths[0], 3, 3, padding=1)
        self.apply(initialise)

    def forward(self, sketch: Tensor, reference: Tensor, *, with_code: bool = False) -> Tensor | tuple[Tensor, Tensor]:
        """The sketch [B, 1, H, W] in colour, [B, 3, H, W]; sides are multiples of the stride.

        Args:
            reference: features [B, C, h, w].
            with_code: returns psi beside it, the latent code [B, D, H/s, W/s] that the picture is made from.
        """
        skips = self.encode(sketch)
        code = self.receive_reference(skips.pop(), reference)
        picture = self.decode(code, skips, reference.mean((2, 3)))
        return (picture, code) if with_code else picture

    def encode(self, sketch: Tensor) -> list[Tensor]:
        """What of the sketch [B, 1, H, W] does not depend on the reference: maps of half its size, a quarter, ..."""
        x, maps = sketch, []
        for down in self.down:
            x = down(x)
            maps.append(x)
        return maps

    def receive_reference(self, deepest: Tensor, reference: Tensor) -> Tensor:
        """The latent code of the deepest map."""
        return functional.relu(self.code(self.receive(self.residual(deepest), reference)))

    def decode(self, code: Tensor, skips: Sequence[Tensor], reference: Tensor) -> Tensor:
        """Args: code [B, D, H/s, W/s]; skips: the maps but for the deepest; reference: its mean feature [B, C]."""
        x = self.enlarge(code)
        x = x + self.attend(x, x)
        for up, skip in zip(self.up, reversed(skips[1:]), strict=True):
            x = up(torch.cat((x, skip), dim=1), reference)
        x = self.last(torch.cat((x, skips[0]), dim=1))
        return torch.tanh(self.picture(x))


class TagMapping(nn.Module):
    """From tag probabilities to the mean feature they stand for: the self-adaptive MLP M of the paper.

    All four hidden layers are fused into the output; without `self_adaptive`, the paper's plain baseline, the last one
    alone.
    """

    def __init__(self, config: ColorizerConfig):
        super().__init__()
        width = config.mapping_width
        self.layers = nn.ModuleList(nn.Linear(before, width) for before in (len(config.tags), width, width, width))
        self.self_adaptive = config.self_adaptive
        self.fuse = nn.Linear(width * (4 if config.self_adaptive else 1), config.feature_channels, bias=False)
        self.apply(initialise)

    def forward(self, probabilities: Tensor) -> Tensor:
        """Args: probabilities [B, T], from 0 to about 5. Returns: [B, C]."""
        hidden = [functional.relu(self.layers[0](probabilities))]
        for layer in self.layers[1:]:
            hidden.append(functional.relu(layer(hidden[-1])))
        return self.fuse(torch.cat(hidden if self.self_adaptive else hidden[-1:], dim=1))


def ratio(features: Tensor) -> Tensor:
    """Features [B, C, h, w], never negative, divided by their mean over places; 1 where a channel is all zero."""
    mean = features.mean((2, 3), keepdim=True)
    is_dead = mean == 0
    return torch.where(is_dead, 1, features / torch.where(is_dead, 1, mean))


def initialise(module: nn.Module) -> None:
    """Normal weights of deviation 0.02 sqrt(512 / inputs) and zero biases, for `module.apply`."""
    if isinstance(module, nn.Conv2d | nn.Linear):
        nn.init.normal_(module.weight, std=0.02 * (512 / module.weight.shape[1]) ** 0.5)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
