"""The networks of a workflow editor as one module: from tensors to tensors, one method for each arrow of the paper."""

from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from artmodels.errors import ConfigError
from artmodels.hub import HubModel
from artmodels.workflow.config import WorkflowConfig
from artmodels.workflow.networks import LatentEncoder, StageGenerator, StageInference
from artmodels.workflow.optimisation import CONSTANT_WEIGHT

__all__ = ["WorkflowNetworks"]

INITIAL_PULL = 0.1  # p, from which w = 0.01 softplus(p) starts at 0.001


class WorkflowNetworks(HubModel):
    """Stage inference, latent encoders and generators of one workflow. Tensors are in [-1, 1], batch first.

    Source: Tseng et al., Modeling Artistic Workflows for Image Generation and Editing, ECCV 2020.
    """

    config_class: ClassVar[type] = WorkflowConfig
    config: WorkflowConfig

    usual_error: Tensor
    usual_latent: Tensor

    def __init__(self, config: WorkflowConfig):
        super().__init__(config)
        channels, size, latent_dim = config.channels, config.size, config.latent_dim
        self.inference = nn.ModuleList(
            StageInference(channels[i + 1], channels[i], width=config.inference_width, size=size)
            for i in range(config.steps)
        )
        self.encoders = nn.ModuleList(
            LatentEncoder(channels[i + 1], width=config.encoder_width, latent_dim=latent_dim, size=size)
            for i in range(config.steps)
        )
        self.generators = nn.ModuleList(
            StageGenerator(
                channels[i],
                channels[i + 1],
                width=config.generator_width,
                latent_dim=latent_dim,
                content_blocks=config.content_blocks,
                style_blocks=config.style_blocks,
            )
            for i in range(config.steps)
        )
        if config.regularised:
            self.regularisers = nn.ParameterList(
                torch.full((self.step_networks(step)[0].adain_length,), INITIAL_PULL) for step in range(config.steps)
            )
            self.register_buffer("usual_error", torch.tensor(torch.inf))
            self.register_buffer("usual_latent", torch.full((config.steps,), torch.inf))

    def infer_stages(self, artwork: Tensor) -> list[Tensor]:
        """Every stage of artworks, the first to the last, which is the artwork itself.

        Args: artwork: [B, C, S, S] with the last stage's channels and S = config.size.
        Returns: one [B, C_i, S, S] a stage.
        """
        stages = [artwork]
        for inference in reversed(self.inference):
            stages.insert(0, inference(stages[0]))
        return stages

    def encode_latents(self, stages: Sequence[Tensor]) -> list[Tensor]:
        """The mean latent [B, Z] of each generation step, read from the stage that the step ends with."""
        return [encoder(stage)[0] for encoder, stage in zip(self.encoders, stages[1:], strict=True)]

    def step_networks(self, step: int) -> tuple[StageGenerator, LatentEncoder]:
        """The generator of stage number `step + 1` and the encoder of its latent."""
        generator, encoder = self.generators[step], self.encoders[step]
        assert isinstance(generator, StageGenerator)
        assert isinstance(encoder, LatentEncoder)
        return generator, encoder

    def render(self, stage: Tensor, latents: Sequence[Tensor], *, first: int = 0) -> list[Tensor]:
        """Renders forward from a stage.

        Args:
            stage: [B, C, S, S], stage number `first`.
            latents: [B, Z] of every step that follows it.
        Returns: that stage and all later ones.
        """
        steps = range(first, first + len(latents))
        vectors = [self.step_networks(i)[0].adain_vector(latent) for i, latent in zip(steps, latents, strict=True)]
        return self.render_vectors(stage, vectors, first=first)

    def render_vectors(self, stage: Tensor, adain: Sequence[Tensor], *, first: int = 0) -> list[Tensor]:
        """`render` with the AdaIN vectors [B, P] themselves."""
        stages = [stage]
        for step, vector in enumerate(adain, start=first):
            stages.append(self.generators[step](stages[-1], vector))
        return stages

    def adain_weight(self, step: int) -> Tensor:
        """The learned w [P] by which optimisation draws increments on a step's AdaIN vector back to zero.

        w = 0.01 softplus(p) with a sharpness of 100, so that it is never negative and starts at 0.001.

        Raises:
            ConfigError: this editor has none.
        """
        if not self.config.regularised:
            raise ConfigError(
                f'{self.source} holds no learned weights: give a number instead of "learned", such as {CONSTANT_WEIGHT}'
            )
        return 0.01 * functional.softplus(self.regularisers[step], beta=100)

    @property
    def usual_limits(self) -> tuple[float, list[float]]:
        """What training pictures stay below: reconstruction error, and each latent's root mean square, or infinity."""
        if not self.config.regularised:
            return float("inf"), [float("inf")] * self.config.steps
        return float(self.usual_error), self.usual_latent.tolist()

    def forward(self, artwork: Tensor) -> list[Tensor]:
        """Takes artworks [B, C, S, S] apart and renders all their stages again from the inferred first one."""
        stages = self.infer_stages(artwork)
        return self.render(stages[0], self.encode_latents(stages))
