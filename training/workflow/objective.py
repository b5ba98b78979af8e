"""The losses of the workflow editor's trainings. N stages are pictures x_1 ... x_N; all sums follow Tseng 2020."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from artmodels.workflow.networks import LatentEncoder, StageGenerator
from training.losses import frozen, hinge_discriminator, hinge_generator, kl_to_normal, mode_seeking
from training.workflow.settings import GenerationSettings, InferenceSettings

__all__ = ["Rendered", "generation_loss", "inference_loss", "render_step", "rendered_discriminator_loss"]

LOUDEST = 2.0  # log-variance above which the noise of an odd picture would throw a generator off


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
    random: list[Tensor]  # up to two [n, C, S, S], from random latents
    mean: Tensor  # [n, Z]
    log_variance: Tensor
    random_latents: Tensor  # [2, n, Z]


def render_step(
    networks: tuple[StageGenerator, LatentEncoder], content: Tensor, reference: Tensor, noise: Tensor, count: int
) -> Rendered:
    """Eq. 2: the stage after `content` in the style of `reference` and in `count` random styles.

    Args: content [n, C, S, S]; reference [n, C', S, S]; noise [3, n, Z]: for the encoded sample and two random latents.
    """
    generator, encoder = networks
    mean, log_variance = (statistic.float() for statistic in encoder(reference))
    log_variance = log_variance.clamp(max=LOUDEST)
    latents = [mean + (0.5 * log_variance).exp() * noise[0], *noise[1 : 1 + count]]
    shared = generator.encode_content(content)
    encoded, *random = (generator.decode(shared, generator.adain_vector(latent)).float() for latent in latents)
    return Rendered(encoded, random, mean, log_variance, noise[1:])


def rendered_discriminator_loss(
    rendered: Rendered, targets: Tensor, for_encoded: nn.Module, for_random: nn.Module
) -> Tensor:
    """Hinge losses of the step's two discriminators; of `targets` [2n, C, S, S] the random one sees the second half."""
    real_encoded, real_random = targets.chunk(2)
    return hinge_discriminator(for_encoded(real_encoded), for_encoded(rendered.encoded.detach())) + hinge_discriminator(
        for_random(real_random), for_random(rendered.random[0].detach())
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
    losses = {
        "reconstruction": settings.reconstruction * (rendered.encoded - target).abs().mean(),
        "kl": settings.kl * kl_to_normal(rendered.mean, rendered.log_variance),
    }
    with frozen(*networks):
        if settings.adversarial:
            losses["adversarial_encoded"] = settings.adversarial * hinge_generator(for_encoded(rendered.encoded))
            losses["adversarial_random"] = settings.adversarial * hinge_generator(for_random(rendered.random[0]))
        if settings.latent:
            difference = encoder(rendered.random[0])[0] - rendered.random_latents[0]
            losses["latent"] = settings.latent * difference.abs().mean()
        if settings.cycle:
            losses["cycle"] = settings.cycle * (inference(rendered.random[0]) - stage).abs().mean()
    if settings.mode_seeking:
        (first, second), (latent_1, latent_2) = rendered.random, rendered.random_latents
        losses["mode_seeking"] = settings.mode_seeking * mode_seeking(first, second, latent_1, latent_2)
    return losses
