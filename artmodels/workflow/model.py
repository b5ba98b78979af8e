"""WorkflowEditor: an artwork taken apart into the stages of its making, changed, and rendered forward again."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import torch
from PIL import Image, ImageChops
from torch import Tensor, nn

import artmodels
from artmodels import images, seeds
from artmodels.errors import ConfigError, PictureError
from artmodels.hub import HubModel
from artmodels.images import Frame, PictureSource
from artmodels.results import Result
from artmodels.workflow.blending import blend_change
from artmodels.workflow.config import WorkflowConfig
from artmodels.workflow.edits import (
    Edit,
    Override,
    checked_seeds,
    edit_from_recipe,
    edit_to_recipe,
    overrides,
    seed_for_each_step,
)
from artmodels.workflow.networks import LatentEncoder, StageGenerator, StageInference

__all__ = ["Edit", "WorkflowEditor"]

PROVENANCE = "Stages are reconstructed by a model; they do not record how the artwork was made."


class WorkflowEditor(HubModel):
    """Infers the stages of an artwork, and renders them forward again from any stage that was changed.

    Source: Tseng et al., Modeling Artistic Workflows for Image Generation and Editing, ECCV 2020.
    """

    config_class: ClassVar[type] = WorkflowConfig
    config: WorkflowConfig

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

    # Tensors in [-1, 1], batch first, on the model's device.

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

    def render_next(self, stage: Tensor, latent: Tensor, *, step: int) -> Tensor:
        """One generation step: stage number `step` [B, C, S, S] and a latent [B, Z] to the stage after it."""
        generator, _ = self.step_networks(step)
        return generator(stage, generator.adain_vector(latent))

    def render(self, stage: Tensor, latents: Sequence[Tensor], *, first: int = 0) -> list[Tensor]:
        """Renders forward from a stage.

        Args:
            stage: [B, C, S, S], stage number `first`.
            latents: [B, Z] of every step that follows it.
        Returns: that stage and all later ones.
        """
        stages = [stage]
        for step, latent in enumerate(latents, start=first):
            stages.append(self.render_next(stages[-1], latent, step=step))
        return stages

    def forward(self, artwork: Tensor) -> list[Tensor]:
        """Takes artworks [B, C, S, S] apart and renders all their stages again from the inferred first one."""
        stages = self.infer_stages(artwork)
        return self.render(stages[0], self.encode_latents(stages))

    # Pictures.

    @torch.inference_mode()
    def stages(self, artwork: PictureSource) -> Result:
        """Takes an artwork apart.

        Args: artwork: a path, PIL picture or array of any size and mode.
        Returns:
            `.layers`: the inferred stages and, as the last one, the artwork; `.image`: the artwork rendered again from
            the inferred first stage; `.recipe["reconstruction_error"]`: mean absolute difference of the two in [-1, 1].
        Raises:
            PictureError: the artwork cannot be read.
        """
        picture, square, frame = self._fit(artwork, self.config.steps)
        stages = self.infer_stages(square)
        rendered = self.render(stages[0], self.encode_latents(stages))
        recipe = self._recipe("stages", picture, {}, mean_difference(rendered[-1], square, frame))
        finished = images.unfit(rendered[-1][0], frame)
        return self._result(finished, [*stages[:-1], picture], frame, recipe)

    def edit(
        self,
        artwork: PictureSource,
        edits: Sequence[Edit] = (),
        *,
        stage: str | None = None,
        picture: PictureSource | None = None,
        latent: Tensor | Sequence[float] | None = None,
        seed: int | None = None,
        keep_detail: bool = True,
    ) -> Result:
        """Changes stages of an artwork and renders what comes after them again.

        Stages before the first change stay as they were inferred; latents that are not changed are the artwork's own.

        Args:
            artwork: a path, PIL picture or array of any size and mode.
            edits: changes to one or more stages.
            stage, picture, latent, seed: one more change, written without `Edit`.
            keep_detail: puts the change into the artwork at its own size, so that what does not change stays as it is
                to the last bit and the rest keeps its fine detail; off, the picture is what the networks render.
        Returns:
            `.image`: the new artwork at the old one's size; `.layers`: its stages;
            `.recipe["reconstruction_error"]`: how far the same rendering without any change is from the artwork.
        Raises:
            ConfigError: no change, an unknown stage, or a change that its stage cannot take.
            PictureError: a picture cannot be read or is not of the artwork's shape.
        """
        if isinstance(edits, Edit):
            raise ConfigError("edits is a list of Edit, even of a single one")
        edits = list(edits)
        if stage is not None:
            edits.append(Edit(stage, picture, latent, seed))
        elif picture is not None or latent is not None or seed is not None:
            raise ConfigError(f"say which stage to edit: {', '.join(self.config.stages)}")
        if not edits:
            raise ConfigError(f"nothing to edit: name a stage ({', '.join(self.config.stages)}) and its change")
        opened, square, frame = self._fit(artwork, self.config.steps)
        return self._edit(opened, square, frame, overrides(edits, self.config, frame), keep_detail=keep_detail)

    def variations(self, artwork: PictureSource, *, stage: str, seeds: Sequence[int]) -> list[Result]:
        """One edit of the stage for each seed; each equals `edit(artwork, stage=stage, seed=seed)`."""
        return [self.edit(artwork, stage=stage, seed=seed) for seed in checked_seeds(seeds)]

    @torch.inference_mode()
    def generate(self, sketch: PictureSource, *, seeds: int | Sequence[int] = 0, keep_lines: bool = True) -> Result:
        """Makes an artwork from a picture of the first stage.

        Args:
            sketch: a path, PIL picture or array of any size and mode.
            seeds: one seed for all steps, or one for each step.
            keep_lines: multiplies the sketch, untouched and at its own size, over the rendered artwork.
        Returns: `.image`: the artwork at the sketch's size; `.layers`: all stages.
        Raises:
            ConfigError: a seed that is none, or another number of seeds than steps.
            PictureError: the sketch cannot be read.
        """
        chosen = seed_for_each_step(seeds, self.config)
        picture, square, frame = self._fit(sketch, 0)
        rendered = self.render(square, [self._latent(seed, i + 1) for i, seed in enumerate(chosen)])
        recipe = self._recipe("generate", picture, {"seeds": chosen, "keep_lines": bool(keep_lines)})
        finished = images.unfit(rendered[-1][0], frame)
        return self._result(finished, [picture, *rendered[1:]], frame, recipe, keep_lines=keep_lines)

    def replay(self, recipe: Mapping[str, Any], artwork: PictureSource) -> Result:
        """Makes the picture of a recipe again.

        Args: artwork: the picture that the recipe's verb was given.
        Raises:
            ConfigError: the recipe is not one of this class, or not of this version's form.
            PictureError: the picture is not the one that the recipe was made from.
        """
        options = recipe.get("options") if isinstance(recipe, Mapping) else None
        if not isinstance(options, Mapping):
            raise ConfigError(f"this is no recipe of a WorkflowEditor: {str(recipe)[:80]!r}")
        opened = images.load_picture(artwork)
        if recipe.get("artwork_sha256") != images.fingerprint(opened):
            raise PictureError("this is not the picture that the recipe was made from")
        try:
            return self._replay(recipe.get("verb"), options, opened)
        except (KeyError, TypeError) as error:
            raise ConfigError(f"the recipe's options cannot be read: {error}") from error

    def _replay(self, verb: Any, options: Mapping[str, Any], artwork: Image.Image) -> Result:
        if verb == "stages":
            return self.stages(artwork)
        if verb == "generate":
            return self.generate(artwork, seeds=options["seeds"], keep_lines=options["keep_lines"])
        if verb != "edit":
            raise ConfigError(f"a WorkflowEditor's recipe is of stages, edit or generate, not of {verb!r}")
        changes = dict(edit_from_recipe(values, self.config) for values in options["edits"])
        if not changes:
            raise ConfigError("the recipe's edit changes no stage")
        return self._edit(*self._fit(artwork, self.config.steps), changes, keep_detail=options["keep_detail"])

    @torch.inference_mode()
    def _edit(
        self,
        picture: Image.Image,
        square: Tensor,
        frame: Frame,
        changes: Mapping[int, Override],
        *,
        keep_detail: bool,
    ) -> Result:
        stages = self.infer_stages(square)
        latents = self.encode_latents(stages)
        # A re-sampled stage is rendered from the stage before it, a painted one is where rendering starts.
        first = min(stage - (change.picture is None) for stage, change in changes.items())
        base = max((stage for stage, change in changes.items() if change.picture is not None), default=first)
        unchanged = self.render(stages[base], latents[base:], first=base)
        edited = stages[: first + 1]
        for stage in range(first, len(stages)):
            change = changes.get(stage, Override())
            if change.picture is not None:
                edited[stage:] = [change.picture.to(square.device)]
            elif stage > first:
                latent = latents[stage - 1] if change.latent is None else change.latent.to(square.device)
                edited.append(self.render_next(edited[-1], latent, step=stage - 1))
        edits = [edit_to_recipe(self.config.stages[i], change) for i, change in sorted(changes.items())]
        options = {"edits": edits, "keep_detail": bool(keep_detail)}
        recipe = self._recipe("edit", picture, options, mean_difference(unchanged[-1], square, frame))
        finished = images.unfit(edited[-1][0], frame)
        if keep_detail:
            artwork = images.to_tensor(picture, self.config.channels[-1])[None].to(square.device)
            before, after = inside(unchanged[-1], frame), inside(edited[-1], frame)
            finished = images.to_picture(blend_change(artwork, before, after)[0])
        return self._result(finished, [*edited[:-1], finished], frame, recipe)

    def _fit(self, source: PictureSource, stage: int) -> tuple[Image.Image, Tensor, Frame]:
        picture = images.load_picture(source)
        square, frame = images.fit(picture, self.config.size, self.config.channels[stage])
        return picture, square[None].to(self.device), frame

    def _latent(self, seed: int, stage: int) -> Tensor:
        return seeds.normal((1, self.config.latent_dim), seed, self.config.stages[stage]).to(self.device)

    def _recipe(
        self, verb: str, picture: Image.Image, options: dict[str, Any], reconstruction_error: float | None = None
    ) -> dict[str, Any]:
        error = {} if reconstruction_error is None else {"reconstruction_error": reconstruction_error}
        return {
            "library_version": artmodels.__version__,
            "model": self.source,
            "revision": self.revision,
            "verb": verb,
            "options": options,
            "size": list(picture.size),
            "artwork_sha256": images.fingerprint(picture),
            "provenance": PROVENANCE,
            **error,
        }

    def _result(
        self,
        finished: Image.Image,
        stages: Sequence[Tensor | Image.Image],
        frame: Frame,
        recipe: dict[str, Any],
        *,
        keep_lines: bool = False,
    ) -> Result:
        pictures = [stage if isinstance(stage, Image.Image) else images.unfit(stage[0], frame) for stage in stages]
        if self.config.channels[0] == 1:
            pictures[0] = pictures[0].convert("L")
        layers = {name: picture.convert("RGBA") for name, picture in zip(self.config.stages, pictures, strict=True)}
        finished, first = finished.convert("RGB"), self.config.stages[0]
        if keep_lines:
            finished = ImageChops.multiply(finished, pictures[0].convert("RGB"))
        return Result(finished, layers, recipe, (first,), () if keep_lines else (first,))


def inside(square: Tensor, frame: Frame) -> Tensor:
    """The part of squares [B, C, S, S] that is the artwork, not its padding."""
    rows, columns = slice(frame.top, frame.top + frame.inner_height), slice(frame.left, frame.left + frame.inner_width)
    return square[..., rows, columns]


def mean_difference(rendered: Tensor, artwork: Tensor, frame: Frame) -> float:
    """Mean absolute difference in [-1, 1] where the artwork is."""
    return float((inside(rendered, frame) - inside(artwork, frame)).abs().mean())
