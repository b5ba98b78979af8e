"""WorkflowEditor: an artwork taken apart into the stages of its making, changed, and rendered forward again."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from PIL import Image, ImageChops
from torch import Tensor

from artmodels import images, seeds
from artmodels.errors import ConfigError
from artmodels.images import Frame, PictureSource
from artmodels.perceptual import FeaturePyramid, load_features
from artmodels.recipes import check_recipe, truth
from artmodels.results import Result
from artmodels.workflow.blending import blend_change
from artmodels.workflow.edits import Edit, Override, checked_seeds, edit_to_recipe, overrides, seed_for_each_step
from artmodels.workflow.familiarity import latent_warnings
from artmodels.workflow.opening import (
    OpenedArtwork,
    Optimised,
    Snapshot,
    inside,
    mean_difference,
    open_artwork,
    optimise,
)
from artmodels.workflow.optimisation import CONSTANT_WEIGHT, Optimisation
from artmodels.workflow.recipes import changes_of, dial_of, new_recipe
from artmodels.workflow.rerendering import rerender
from artmodels.workflow.steps import WorkflowNetworks

__all__ = ["Edit", "OpenedArtwork", "Optimisation", "Snapshot", "WorkflowEditor"]


class WorkflowEditor(WorkflowNetworks):
    """Infers the stages of an artwork, and renders them forward again from any stage that was changed.

    Source: Tseng et al., Modeling Artistic Workflows for Image Generation and Editing, ECCV 2020.
    """

    def optimised(
        self, artworks: Tensor, optimisation: Optimisation, features: FeaturePyramid | None = None
    ) -> Optimised:
        """Takes artworks [B, C, S, S] apart and fits what renders them again to each.

        One after the other: in a common batch everything is rounded otherwise, which Adam does not forget, and each is
        to come out as it does alone.

        Args:
            features: what pictures are compared by, on the artworks' device; by default those of the config.
        Raises:
            ConfigError: the optimisation asks for learned weights that this editor does not have.
        """
        features = self._features(optimisation, features)
        found = [self._optimised(artwork, optimisation, features) for artwork in artworks.split(1)]
        parts = (zip(*part, strict=True) for part in zip(*found, strict=True))
        return Optimised(*([torch.cat(samples) for samples in part] for part in parts))

    def _optimised(self, artwork: Tensor, optimisation: Optimisation, features: FeaturePyramid | None) -> Optimised:
        with torch.no_grad():
            stages = self.infer_stages(artwork)
            latents = self.encode_latents(stages)
        for state in optimise(self, stages, latents, optimisation, features):
            if isinstance(state, Optimised):
                return state
        raise AssertionError("an optimisation ends with its result")

    def _features(self, optimisation: Optimisation, features: FeaturePyramid | None = None) -> FeaturePyramid | None:
        if optimisation.mode == "none":
            return None
        if optimisation.mode == "adain" and optimisation.weight == "learned":
            self.adain_weight(0)  # tells at once where there is none
        return load_features(self.config.features, device=self.device) if features is None else features

    # Pictures.

    def open(
        self,
        artwork: PictureSource,
        *,
        faithful: float = 0.5,
        steps: int = 150,
        optimisation: Optimisation | None = None,
        progress: Callable[[Snapshot], object] | None = None,
    ) -> OpenedArtwork:
        """Reads an artwork and fits the networks to it, to be edited any number of times.

        Args:
            artwork: a path, PIL picture or array of any size and mode.
            faithful: from 0, what is read is taken as it is, at once, to 1, the artwork is reproduced at any price.
                In between reproduction is weighed against edits that look natural; 0.5 is the learned balance.
            steps: iterations for each generation step.
            optimisation: every detail instead of `faithful` and `steps`.
            progress: is called with each snapshot.
        Raises:
            ConfigError: a dial out of its range, or learned weights that this editor does not have.
            HubError: the features that pictures are compared by cannot be had.
            PictureError: the artwork cannot be read.
        """
        for snapshot in self.opening(artwork, faithful=faithful, steps=steps, optimisation=optimisation):
            if progress is not None:
                progress(snapshot)
        assert snapshot.opened is not None
        return snapshot.opened

    def opening(
        self,
        artwork: PictureSource,
        *,
        faithful: float = 0.5,
        steps: int = 150,
        optimisation: Optimisation | None = None,
    ) -> Iterator[Snapshot]:
        """`open` an iteration at a time; the last snapshot holds the opened artwork. Who stops asking, cancels.

        Raises: as `open`, before the first iteration.
        """
        dial = None if optimisation is not None else faithful
        chosen = optimisation or Optimisation.from_faithful(faithful, steps)
        if dial and not self.config.regularised:
            chosen = replace(chosen, weight=CONSTANT_WEIGHT)
        fitted = self._fit(artwork, self.config.steps)
        return open_artwork(self, fitted, chosen, dial, self._features(chosen))

    @torch.inference_mode()
    def stages(self, artwork: PictureSource | OpenedArtwork, *, faithful: float = 0.0, steps: int = 150) -> Result:
        """Takes an artwork apart.

        Args:
            artwork: a path, PIL picture or array of any size and mode; or an opened artwork, which keeps its dial.
            faithful, steps: as in `open`.
        Returns:
            `.layers`: the stages that the artwork is rendered from and, as the last one, the artwork; `.image`: the
            artwork rendered again; `.recipe["reconstruction_error"]`: mean absolute difference of the two in [-1, 1];
            `.recipe["warnings"]`: sentences on what is unlike the training pictures.
        Raises:
            ConfigError, HubError, PictureError: as `open`.
        """
        opened = self._opened(artwork, faithful, steps)
        error, warnings = opened.reconstruction_error, list(opened.warnings)
        recipe = new_recipe(
            self, "stages", opened.picture, opened.options, reconstruction_error=error, warnings=warnings
        )
        finished = images.unfit(opened.rendered[-1][0], opened.frame)
        return self._result(finished, [*opened.contents[:-1], opened.picture], opened.frame, recipe)

    def edit(
        self,
        artwork: PictureSource | OpenedArtwork,
        edits: Sequence[Edit] = (),
        *,
        stage: str | None = None,
        picture: PictureSource | None = None,
        latent: Tensor | Sequence[float] | None = None,
        seed: int | None = None,
        like: PictureSource | OpenedArtwork | None = None,
        amount: float = 1.0,
        keep_detail: bool = True,
        faithful: float = 0.0,
        steps: int = 150,
    ) -> Result:
        """Changes stages of an artwork and renders what comes after them again.

        Stages before the first change stay, and so do latents, and what optimisation found, that are not changed.

        Args:
            artwork: a path, PIL picture or array of any size and mode; or an opened artwork, which keeps its dial.
            edits: changes to one or more stages.
            stage, picture, latent, seed, like, amount: one more change, written without `Edit`.
            keep_detail: puts the change into the artwork, whose other pixels stay as they are; off, all is rendered.
            faithful, steps: as in `open`.
        Returns:
            `.image` at the artwork's size; `.layers`: its stages; `.recipe["reconstruction_error"]`: how far the same
            rendering without a change is from it; `.recipe["warnings"]`: what is unlike the training pictures or prior.
        Raises:
            ConfigError: no change, an unknown stage, or a change that its stage cannot take; or as `open`.
            PictureError: a picture cannot be read or is not of the artwork's shape.
        """
        if stage is None and any(change is not None for change in (picture, latent, seed, like)):
            raise ConfigError(f"say which stage to edit: {', '.join(self.config.stages)}")
        if not isinstance(edits, Sequence):
            raise ConfigError(f"edits is a list of Edit, even of a single one, not {edits!r}")
        named = [] if stage is None else [Edit(stage, picture, latent, seed, like, amount)]
        source, frame = self._source(artwork)
        changes = overrides([*edits, *named], self.config, frame, self._read_latent)
        return self._edit(self._opened(source, faithful, steps), changes, keep_detail=keep_detail)

    def variations(
        self,
        artwork: PictureSource | OpenedArtwork,
        *,
        stage: str,
        seeds: Sequence[int],
        faithful: float = 0.0,
        steps: int = 150,
    ) -> list[Result]:
        """One edit of the stage for each seed; each equals `edit(artwork, stage=stage, seed=seed)`.

        The artwork is opened once.
        """
        changes = [[Edit(stage, seed=seed)] for seed in checked_seeds(seeds)]
        if not changes:
            return []
        opened = self._opened(artwork, faithful, steps)
        return [self.edit(opened, change, faithful=faithful) for change in changes]

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
        recipe = new_recipe(self, "generate", picture, {"seeds": chosen, "keep_lines": bool(keep_lines)})
        finished = images.unfit(rendered[-1][0], frame)
        return self._result(finished, [picture, *rendered[1:]], frame, recipe, keep_lines=keep_lines)

    def replay(self, recipe: Mapping[str, Any], artwork: PictureSource) -> Result:
        """Makes the picture of a recipe again.

        Args: artwork: the picture that the recipe's verb was given.
        Raises:
            ConfigError: the recipe is not one of this class, not of this version's form, or of another published model.
            PictureError: the picture is not the one that the recipe was made from.
        """
        opened = images.load_picture(artwork)
        options = check_recipe(recipe, self, opened)
        try:
            return self._replay(recipe.get("verb"), options, opened)
        except (KeyError, TypeError) as error:
            raise ConfigError(f"the recipe's options cannot be read: {error}") from error

    def _replay(self, verb: Any, options: Mapping[str, Any], artwork: Image.Image) -> Result:
        if verb == "stages":
            return self.stages(self.open(artwork, **dial_of(options)))
        if verb == "generate":
            return self.generate(artwork, seeds=options["seeds"], keep_lines=truth(options, "keep_lines"))
        if verb != "edit":
            raise ConfigError(f"a WorkflowEditor's recipe is of stages, edit or generate, not of {verb!r}")
        changes, keep_detail = changes_of(options, self), truth(options, "keep_detail")
        return self._edit(self.open(artwork, **dial_of(options)), changes, keep_detail=keep_detail)

    @torch.inference_mode()
    def _edit(self, opened: OpenedArtwork, changes: Mapping[int, Override], *, keep_detail: bool) -> Result:
        unchanged, edited = rerender(self, opened, changes)
        names, frame, artwork = self.config.stages, opened.frame, opened.stages[-1]
        edits = [edit_to_recipe(names[i], change) for i, change in sorted(changes.items())]
        drawn = [(names[i], change.latent) for i, change in sorted(changes.items()) if change.latent is not None]
        far = latent_warnings([n for n, _ in drawn], [z for _, z in drawn], [float("inf")] * len(drawn))
        recipe = new_recipe(
            self,
            "edit",
            opened.picture,
            {"edits": edits, "keep_detail": bool(keep_detail), **opened.options},
            reconstruction_error=mean_difference(unchanged, artwork, frame),
            warnings=[*opened.warnings, *far],
        )
        finished = images.unfit(edited[-1][0], frame)
        if keep_detail:
            original = images.to_tensor(opened.picture, self.config.channels[-1])[None].to(artwork.device)
            before, after = inside(unchanged, frame), inside(edited[-1], frame)
            finished = images.to_picture(blend_change(original, before, after)[0])
        return self._result(finished, [*edited[:-1], finished], frame, recipe)

    def _fit(self, source: PictureSource, stage: int) -> tuple[Image.Image, Tensor, Frame]:
        picture = images.load_picture(source)
        square, frame = images.fit(picture, self.config.size, self.config.channels[stage])
        return picture, square[None].to(self.device), frame

    def _source(self, artwork: PictureSource | OpenedArtwork) -> tuple[Image.Image | OpenedArtwork, Frame]:
        """The artwork, read if it was not, and where it lies in its square."""
        if isinstance(artwork, OpenedArtwork):
            return artwork, artwork.frame
        picture, _, frame = self._fit(artwork, self.config.steps)
        return picture, frame

    def _opened(self, artwork: PictureSource | OpenedArtwork, faithful: float, steps: int) -> OpenedArtwork:
        if not isinstance(artwork, OpenedArtwork):
            return self.open(artwork, faithful=faithful, steps=steps)
        if (artwork.model, artwork.revision, artwork.config) != (self.source, self.revision, self.config):
            raise ConfigError(f"this artwork was opened by {artwork.model}, and this is {self.source}: open it here")
        if faithful not in (0.0, artwork.faithful):
            raise ConfigError(f"an opened artwork keeps its dial, {artwork.faithful}: leave faithful={faithful} out")
        return artwork

    @torch.no_grad()
    def _read_latent(self, artwork: PictureSource | OpenedArtwork, stage: int) -> Tensor:
        """The latent [1, Z] by which an artwork's stage is rendered."""
        if isinstance(artwork, OpenedArtwork):
            return self._opened(artwork, 0.0, 1).latents[stage - 1]
        stages = self.infer_stages(self._fit(artwork, self.config.steps)[1])
        return self.encode_latents(stages)[stage - 1]

    def _latent(self, seed: int, stage: int) -> Tensor:
        return seeds.normal((1, self.config.latent_dim), seed, self.config.stages[stage]).to(self.device)

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
