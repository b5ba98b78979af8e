"""The losses of the workflow editor's trainings. N stages are pictures x_1 ... x_N; all sums follow Tseng 2020."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import torch
from torch import Tensor, nn

from artmodels.workflow.networks import LatentEncoder, StageGenerator
from training.losses import hinge_discriminator, hinge_generator, kl_to_normal, mode_seeking
from training.workflow.settings import GenerationSettings, InferenceSettings

__all__ = ["Rendered", "frozen", "generation_loss", "inference_loss", "render_step", "rendered_discriminator_loss"]


@contextmanager
def frozen(*networks: nn.Module) -> Iterator[None]:
    """Graphs built inside give these networks no gradient; their inputs still get one."""
    parameters = [p for network in networks for p in network.parameters() if p.requires_grad]
    for parameter in parameters:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in parameters:
            parameter.requires_grad_(True)


def inference_loss(
    source: Tensor, inferred: Tensor, target: Tensor, discriminator: nn.Module, settings: InferenceSettings
) -> dict[str, Tensor]:
    """Eq. 5: L_GAN(D(x_{i+1}, x^_i)) + 10 |x^_i - x_i|_1 of one stage."""
    losses = {"reconstruction": settings.reconstruction * (inferred - target).abs().mean()}
    if settings.adversarial:
        with frozen(discriminator):
            scores = discriminator(torch.cat((source, inferred), dim=1))
        losses["adversarial"] = settings.adversarial * hinge_generator(scores)
    return losses


class Rendered(NamedTuple):
    """One generation step's pictures and latents for the encoded half (n) of a batch."""

    encoded: Tensor  # [n, C, S, S] from the encoded latent
    random: Tensor  # [n, C, S, S] from a random latent
    second: Tensor | None  # [n, C, S, S] from another random latent, for mode seeking
    mean: Tensor  # [n, Z]
    log_variance: Tensor
    random_latent: Tensor
    second_latent: Tensor


def render_step(
    networks: tuple[StageGenerator, LatentEncoder], content: Tensor, reference: Tensor, noise: Tensor, *, second: bool
) -> Rendered:
    """Eq. 2: the stage after `content` in the style of `reference` and in random styles.

    Args: content [n, C, S, S]; reference [n, C', S, S]; noise [3, n, Z]: for the encoded sample and two random latents.
    """
    generator, encoder = networks
    mean, log_variance = (statistic.float() for statistic in encoder(reference))
    encoded_latent = mean + (0.5 * log_variance).exp() * noise[0]
    features = generator.encode_content(content)
    pictures = [
        generator.decode(features, generator.adain_vector(latent)).float()
        for latent in (encoded_latent, noise[1], *([noise[2]] if second else []))
    ]
    return Rendered(pictures[0], pictures[1], pictures[2] if second else None, mean, log_variance, noise[1], noise[2])


def rendered_discriminator_loss(
    rendered: Rendered, targets: Tensor, for_encoded: nn.Module, for_random: nn.Module
) -> Tensor:
    """Hinge losses of the step's two discriminators; of `targets` [2n, C, S, S] the random one sees the second half."""
    real_encoded, real_random = targets.chunk(2)
    return hinge_discriminator(for_encoded(real_encoded), for_encoded(rendered.encoded.detach())) + hinge_discriminator(
        for_random(real_random), for_random(rendered.random.detach())
    )


def generation_loss(
    rendered: Rendered,
    stage: Tensor,
    target: Tensor,
    networks: tuple[LatentEncoder, nn.Module, nn.Module, nn.Module],
    settings: GenerationSettings,
) -> dict[str, Tensor]:
    """Eqs. 3 and 9 of one generation step, with the mode-seeking term that the authors' training adds.

    Args:
        stage, target: the true x_i and x_{i+1} of the encoded half, [n, C, S, S].
        networks: the latent encoder, the discriminators of encoded and of random styles, the stage's inference network;
            only the generator gets gradients from the last three and from the encoder's reading of the random picture.
    """
    encoder, for_encoded, for_random, inference = networks
    with frozen(*networks):
        losses = {
            "adversarial_encoded": hinge_generator(for_encoded(rendered.encoded)),
            "adversarial_random": hinge_generator(for_random(rendered.random)),
            "latent": settings.latent * (encoder(rendered.random)[0] - rendered.random_latent).abs().mean(),
        }
        if settings.cycle:
            losses["cycle"] = settings.cycle * (inference(rendered.random) - stage).abs().mean()
    losses["reconstruction"] = settings.reconstruction * (rendered.encoded - target).abs().mean()
    losses["kl"] = settings.kl * kl_to_normal(rendered.mean, rendered.log_variance)
    if rendered.second is not None:
        latents = rendered.random_latent, rendered.second_latent
        losses["mode_seeking"] = settings.mode_seeking * mode_seeking(rendered.random, rendered.second, *latents)
    return losses
