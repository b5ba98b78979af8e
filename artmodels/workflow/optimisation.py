"""AdaIN optimisation: moves a step's AdaIN vector until what it renders is a given picture.

The paper's Algorithm 1 in the form that its numbers need: an increment delta on the vector of the encoded latent, moved
by Adam on the gradient plus w * delta. Samples of a batch do not meet: every mean is a sample's own.
"""

import copy
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, Self, TypeVar

import torch
from torch import Tensor, nn

from artmodels.blocks import LayerNorm, UpsampleConv
from artmodels.errors import ConfigError
from artmodels.perceptual import FeaturePyramid
from artmodels.workflow.networks import AdaptiveResidualBlock, Content, StageGenerator

__all__ = ["CONSTANT_WEIGHT", "Moments", "Optimisation", "StepState", "adain_loss", "inner_step", "optimise_step"]

CONSTANT_WEIGHT = 1e-3
"""The paper's constant w, from which a learned one starts."""

Network = TypeVar("Network", bound=nn.Module)

FEATURE_WEIGHT = 10.0
MODES = ("none", "z", "adain")


@dataclass(frozen=True)
class Optimisation:
    """How an artwork's latents or AdaIN vectors are fitted to it; the defaults are the paper's.

    Attributes:
        mode: "none" keeps the encoded latents, "z" moves the latents, "adain" moves increments on the AdaIN vectors.
        weight: w, how strongly increments are drawn back to zero, the same for all entries; or "learned", an editor's
            own one for each entry. Only for "adain".
        scale: multiplies the weight.
        steps: iterations for each generation step.
        learning_rate: about how far one iteration moves an entry.
    """

    mode: Literal["none", "z", "adain"] = "adain"
    weight: float | Literal["learned"] = "learned"
    scale: float = 1.0
    steps: int = 150
    learning_rate: float = 0.1

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise ConfigError(f"mode must be one of {', '.join(MODES)}, not {self.mode!r}")
        if self.weight != "learned" and not is_number(self.weight, low=0):
            raise ConfigError(f'weight must be "learned" or a number from 0, not {self.weight!r}')
        if not is_number(self.scale, low=0):
            raise ConfigError(f"scale must be a number from 0, not {self.scale!r}")
        if not isinstance(self.steps, int) or isinstance(self.steps, bool) or self.steps < 1:
            raise ConfigError(f"steps must be a whole number from 1, not {self.steps!r}")
        if not is_number(self.learning_rate, low=0) or self.learning_rate == 0:
            raise ConfigError(f"learning_rate must be a number above 0, not {self.learning_rate!r}")

    @classmethod
    def from_faithful(cls, faithful: float, steps: int = 150) -> Self:
        """The optimisation at a point of the dial from free, 0 (none), to faithful, 1 (w = 0); at 0.5 w is as learned.

        Raises:
            ConfigError: outside of [0, 1], or steps that are none.
        """
        if not is_number(faithful, low=0) or faithful > 1:
            raise ConfigError(f"faithful must be a number from 0 (free) to 1, not {faithful!r}")
        if faithful == 0:
            return cls(mode="none", steps=steps)
        return cls(scale=(1 - faithful) / faithful, steps=steps)


def is_number(value: object, *, low: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and low <= value < math.inf


class Moments(NamedTuple):
    """What Adam remembers: decaying means of the slopes and of their squares, and how many there were."""

    first: Tensor
    second: Tensor
    steps: int = 0


def inner_step(
    point: Tensor, gradient: Tensor, weight: Tensor | float, moments: Moments, learning_rate: float
) -> tuple[Tensor, Moments]:
    """One step of Adam (betas 0.9 and 0.999, eps 1e-8) on gradient + weight * point, differentiable in the weight.

    Source: Tseng et al. 2020, Algorithm 1, with Adam where it prints plain descent.
    """
    slope = gradient + weight * point
    first = 0.9 * moments.first + 0.1 * slope
    second = 0.999 * moments.second + 0.001 * slope.square()
    steps = moments.steps + 1
    # The smallest value keeps the root's own derivative finite where an entry has never had a slope.
    deviation = (second / (1 - 0.999**steps)).clamp(min=1e-30).sqrt()
    return point - learning_rate * first / (1 - 0.9**steps) / (deviation + 1e-8), Moments(first, second, steps)


def adain_loss(
    rendered: Tensor, reference: Tensor, features: FeaturePyramid, reference_maps: Sequence[Tensor]
) -> Tensor:
    """How far pictures are from their references, for each sample.

    Args:
        rendered, reference: [B, C, H, W] in [-1, 1].
        features: compares them beside their pixels, in the type of `reference_maps`.
        reference_maps: the features of the reference.
    Returns: [B]
    Source: Tseng et al. 2020, eq. 6.
    """
    maps = features(rendered.to(reference_maps[0].dtype))
    distance = mean_distance(rendered, reference)
    return distance + FEATURE_WEIGHT * sum(mean_distance(*pair) for pair in zip(maps, reference_maps, strict=True))


def mean_distance(first: Tensor, second: Tensor) -> Tensor:
    return (first - second).abs().mean(dim=(1, 2, 3), dtype=torch.float32)


class StepState(NamedTuple):
    """One iteration: what it found, and where it moved to."""

    iteration: int  # 1 to total
    total: int
    latent: Tensor  # [B, Z]
    delta: Tensor  # [B, P], the increment on the latent's AdaIN vector
    rendered: Tensor  # [B, C, S, S] in [-1, 1], as it was before the iteration moved
    loss: Tensor  # [B], of that rendering


def optimise_step(
    generator: StageGenerator,
    stage: Tensor,
    reference: Tensor,
    latent: Tensor,
    *,
    weight: Tensor | float,
    features: FeaturePyramid,
    optimisation: Optimisation,
) -> Iterator[StepState]:
    """Fits one generation step to a reference, an iteration at a time; whoever stops asking has cancelled it.

    Iterations run on frozen copies of generator and features, in bfloat16 where the processor computes in it.

    Args:
        stage: [B, C, S, S], what the generator renders from.
        reference: [B, C', S, S], what it shall render.
        latent: [B, Z], where the fit begins.
        weight: w [P] or one number for all entries; for mode "adain".
    Source: Tseng et al. 2020, Algorithm 1.
    """
    is_latent, dtype = optimisation.mode == "z", fast_type(stage.device)
    with torch.inference_mode(False), torch.no_grad():  # inference tensors could not take part in a backward pass
        stage, reference, latent = stage.clone(), reference.clone(), latent.clone()
        renderer, content = opened_renderer(generator, stage, dtype)
        judge = frozen(features, dtype)
        reference_maps = judge(laid_out(reference, dtype))
        vector = generator.adain_vector(latent)
        delta, weight = torch.zeros_like(vector), 0.0 if is_latent else weight
        still = torch.zeros_like(latent if is_latent else delta)
        moments = Moments(still, still)
    for iteration in range(1, optimisation.steps + 1):
        with torch.inference_mode(False), torch.enable_grad():
            point = (latent if is_latent else delta).detach().requires_grad_()
            moved = generator.adain_vector(point) if is_latent else vector + point
            rendered = renderer.decode(content, moved.to(dtype)).float()
            loss = adain_loss(rendered, reference, judge, reference_maps)
            (gradient,) = torch.autograd.grad(loss.sum(), point)
            point, moments = inner_step(point.detach(), gradient, weight, moments, optimisation.learning_rate)
        latent, delta = (point, delta) if is_latent else (latent, point)
        yield StepState(iteration, optimisation.steps, latent, delta, rendered.detach(), loss.detach())


def opened_renderer(generator: StageGenerator, stage: Tensor, dtype: torch.dtype) -> tuple[StageGenerator, Content]:
    """A frozen copy that remembers what comes before its first AdaIN, and what it renders from."""
    renderer = frozen_renderer(generator, dtype)
    content = Content(*(laid_out(part, dtype) for part in generator.encode_content(stage)))
    opening_block = renderer.style[0]
    assert isinstance(opening_block, AdaptiveResidualBlock)
    opening_block.first = Remembered(opening_block.first(content.features))
    return renderer, content


class Remembered(nn.Module):
    """Stands for a layer whose input does not change."""

    def __init__(self, output: Tensor):
        super().__init__()
        self.output = output

    def forward(self, x: Tensor) -> Tensor:
        return self.output


def fast_type(device: torch.device) -> torch.dtype:
    """bfloat16 where the device multiplies in it, else float32."""
    if device.type == "cpu":
        has_bfloat16 = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    else:
        has_bfloat16 = device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.bfloat16 if has_bfloat16 else torch.float32


def laid_out(pictures: Tensor, dtype: torch.dtype) -> Tensor:
    return pictures.to(dtype, memory_format=torch.channels_last)


def frozen(network: Network, dtype: torch.dtype) -> Network:
    """A copy that takes no gradients, laid out for convolutions."""
    copied = copy.deepcopy(network).requires_grad_(False)
    return copied.to(dtype=dtype, memory_format=torch.channels_last)  # type: ignore[call-overload]


def frozen_renderer(generator: StageGenerator, dtype: torch.dtype) -> StageGenerator:
    """A frozen copy whose upsampling is folded once and whose layer norms are the fused ones (equal to 1e-5)."""
    fast = copy.deepcopy(generator)
    for number, layer in enumerate(generator.upsample):
        if isinstance(layer, UpsampleConv):
            fast.upsample[number] = folded(layer)
        elif isinstance(layer, LayerNorm):
            norm = nn.GroupNorm(1, len(layer.gain), eps=layer.eps**2, device=layer.gain.device)
            norm.load_state_dict({"weight": layer.gain, "bias": layer.bias})
            fast.upsample[number] = norm
    return frozen(fast, dtype)


def folded(upsample: UpsampleConv) -> nn.Sequential:
    weight = upsample.folded_weight()
    outputs, inputs = weight.shape[:2]
    # Weights that are overwritten at once are not worth drawing, and the caller's seed stays put.
    conv = nn.utils.skip_init(nn.Conv2d, inputs, outputs, 3, padding=1, padding_mode="replicate", device=weight.device)
    conv.load_state_dict({"weight": weight, "bias": upsample.bias.repeat_interleave(4)})
    return nn.Sequential(conv, nn.PixelShuffle(2))
