"""SketchToImage: lines and exemplars to finished pictures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from PIL import Image, ImageChops
from torch import Tensor

from artmodels import images, seeds
from artmodels.errors import ConfigError
from artmodels.images import Frame, PictureSource
from artmodels.line_art import LineArt, read_line_art
from artmodels.recipes import check_recipe, new_recipe, truth
from artmodels.results import Result
from artmodels.sketch2image.drawing import Drawing, drawn_lines
from artmodels.sketch2image.framing import enlarged, filled, fit_exemplar, fit_sketch
from artmodels.sketch2image.networks import Content, Styles
from artmodels.sketch2image.sketcher import DEFAULT_SKETCHER, Sketcher, load_sketcher
from artmodels.sketch2image.steps import SketchToImageNetworks, mix
from artmodels.sketch2image.wishes import Exemplars, Mixing, Wish, stitched
from artmodels.sketch2image.xdog import Xdog

__all__ = ["SketchToImage"]

COARSE, REFINED, LINES = "coarse", "refined", "lines"


@dataclass(frozen=True)
class OpenedSketch:
    """A sketch, read, cleaned and encoded.

    Attributes:
        art: the picture as it came, the lines as they are used, and what was cleaned.
        content: what the networks see of it.
        frame: where it lies in their square.
    """

    art: LineArt
    content: Content
    frame: Frame


class SketchToImage(SketchToImageNetworks):
    """Makes a picture of line art in the style of exemplars: their colours, textures and shading.

    Source: Liu, Zhu, Song, Elgammal, Self-Supervised Sketch-to-Image Synthesis, AAAI 2021.
    """

    @torch.inference_mode()
    def synthesize(
        self,
        sketch: PictureSource,
        exemplar: Exemplars,
        *,
        weights: Sequence[float] | None = None,
        mixing: Mixing = "style",
        seed: int = 0,
        refine: bool | None = None,
        keep_lines: bool = False,
        clean: bool = True,
    ) -> Result:
        """Makes a picture of a sketch in the style of an exemplar.

        Args:
            sketch: line art, a path, PIL picture or array of any size and mode.
            exemplar: a picture whose style is taken, or a list of them.
            weights: how much of each exemplar; equal by default.
            mixing: several exemplars are mixed as "style" vectors, by weight; or, as in the paper, by a "stitch" into
                one picture, each with an area of its weight.
            seed: of the texture that the refiner adds; without a refiner there is no chance.
            refine: False stops at the coarse picture, which is faster; True insists on a refiner; by default the
                picture is refined where the model can.
            keep_lines: multiplies the sketch's lines, untouched and at their own size, over the colour.
            clean: takes paper tone away and refuses photos; off, the sketch is taken as it is.
        Returns:
            `.image` at the sketch's size; `.layers`: "coarse", "refined" where it is, and "lines", hidden unless kept;
            `.recipe["cleaning"]`: what was done to the sketch, as words.
        Raises:
            ConfigError: weights, mixing or seed out of range, or True for `refine` and no refiner.
            PictureError: a picture cannot be read, or the sketch is a photo or painting.
        """
        wish = Wish.checked(
            self.config, exemplar, weights=weights, mixing=mixing, seed=seed, refine=refine, keep_lines=keep_lines
        )
        return self._synthesized(self._opened(read_line_art(sketch, clean=clean)), wish, clean=clean)

    @torch.inference_mode()
    def transfer(
        self,
        content: PictureSource,
        exemplar: Exemplars,
        *,
        sketcher: Sketcher | Xdog | str | Path | None = None,
        hand: str | None = None,
        detail: float = 1.0,
        weights: Sequence[float] | None = None,
        mixing: Mixing = "style",
        seed: int = 0,
        refine: bool | None = None,
        keep_lines: bool = False,
    ) -> Result:
        """Makes a picture anew in the style of an exemplar: a sketcher draws its lines, which become a picture.

        Args:
            content: the picture whose lines are drawn, of any size and mode.
            sketcher: what draws them: by default the one in the package; "xdog" is a filter without learning.
            hand, detail: as in `Sketcher.draw`.
            exemplar, weights, mixing, seed, refine, keep_lines: as in `synthesize`.
        Returns: as `synthesize`; "lines" are those of the sketcher.
        Raises:
            CheckpointError, HubError: the sketcher cannot be loaded.
            ConfigError: an option out of its range, or a hand that the sketcher does not have.
            PictureError: a picture cannot be read.
        """
        wish = Wish.checked(
            self.config, exemplar, weights=weights, mixing=mixing, seed=seed, refine=refine, keep_lines=keep_lines
        )
        picture = images.load_picture(content)
        drawer = self._sketcher(sketcher)
        drawing = Drawing.checked(drawer, hand=hand, darkness=1.0, detail=detail)
        return self._transferred(picture, drawer, drawing, wish)

    @torch.inference_mode()
    def matrix(
        self,
        sketches: Sequence[PictureSource],
        exemplars: Sequence[PictureSource],
        *,
        seed: int = 0,
        refine: bool | None = None,
        keep_lines: bool = False,
        clean: bool = True,
    ) -> list[list[Result]]:
        """Every sketch in the style of every exemplar; each is read once.

        Args: seed, refine, keep_lines, clean: as in `synthesize`.
        Returns: a row for each sketch with a result for each exemplar, each equal to that of `synthesize`.
        Raises:
            ConfigError, PictureError: as `synthesize`.
        """
        wishes = [
            Wish.checked(
                self.config, one, weights=None, mixing="style", seed=seed, refine=refine, keep_lines=keep_lines
            )
            for one in exemplars
        ]
        styles = [self._styles(wish) for wish in wishes]
        rows = []
        for sketch in sketches:
            opened = self._opened(read_line_art(sketch, clean=clean))
            rows.append(
                [
                    self._synthesized(opened, wish, clean=clean, styles=style)
                    for wish, style in zip(wishes, styles, strict=True)
                ]
            )
        return rows

    @torch.inference_mode()
    def style_vector(self, picture: PictureSource) -> Tensor:
        """The style of a picture as one vector [8 * width], on the CPU; alike pictures have a high cosine.

        Raises:
            PictureError: the picture cannot be read.
        """
        exemplar = fit_exemplar(images.load_picture(picture), self.config.size)
        return self.encode_style(self._square(exemplar)).coarse[0].cpu()

    @torch.inference_mode()
    def replay(
        self, recipe: Mapping[str, Any], picture: PictureSource, *, sketcher: Sketcher | Xdog | str | Path | None = None
    ) -> Result:
        """Makes the picture of a recipe again.

        Args:
            picture: what `synthesize` or `transfer` was given first.
            sketcher: the one that `transfer` used, where it has moved or had not been saved.
        Raises:
            ConfigError: the recipe is not one of this class, not of this version's form, or of another published model.
            PictureError: the picture is not the one that the recipe was made from.
        """
        loaded = images.load_picture(picture)
        options = check_recipe(recipe, self, loaded)
        verb = recipe.get("verb")
        if verb not in ("synthesize", "transfer"):
            raise ConfigError(f"a SketchToImage's recipe is of synthesize or transfer, not of {verb!r}")
        wish = Wish.from_recipe(options, self.config)
        if verb == "synthesize":
            clean = truth(options, "clean")
            return self._synthesized(self._opened(read_line_art(picture, clean=clean)), wish, clean=clean)
        made_by = options.get("sketcher")
        if not isinstance(made_by, Mapping) or not isinstance(made_by.get("model"), str):
            raise ConfigError(f"the recipe's options cannot be read: {made_by!r} is no sketcher")
        if sketcher is None and made_by["model"] == "unsaved":
            raise ConfigError("the recipe was made with a sketcher that had not been saved: give it with sketcher=")
        drawer = self._sketcher(made_by["model"] if sketcher is None else sketcher, made_by.get("revision"))
        return self._transferred(loaded, drawer, Drawing.from_recipe(made_by, drawer), wish)

    def _sketcher(self, sketcher: Sketcher | Xdog | str | Path | None, revision: str | None = None) -> Sketcher | Xdog:
        if isinstance(sketcher, Sketcher | Xdog):
            return sketcher
        if sketcher is not None and not isinstance(sketcher, str | Path):
            raise ConfigError(f"sketcher must be a Sketcher, an Xdog or a name, not {sketcher!r}")
        return load_sketcher(sketcher or DEFAULT_SKETCHER, revision=revision, device=self.device)

    def _square(self, exemplar: Image.Image) -> Tensor:
        return images.to_tensor(exemplar)[None].to(self.device)

    def _styles(self, wish: Wish) -> Styles:
        """One style [1, ...] of all exemplars, each read alone, so that no rounding depends on the others."""
        if len(wish.exemplars) == 1:
            return self.encode_style(self._square(wish.exemplars[0]))
        if wish.mixing == "stitch":
            return self.encode_style(self._square(stitched(wish.exemplars, wish.weights, self.config.size)))
        read = [self.encode_style(self._square(exemplar)) for exemplar in wish.exemplars]
        return mix(Styles(*(torch.cat(vectors) for vectors in zip(*read, strict=True))), wish.weights)

    def _opened(self, art: LineArt) -> OpenedSketch:
        sketch, frame = fit_sketch(art.lines, self.config.size)
        return OpenedSketch(art, self.encode_content(sketch.to(self.device)), frame)

    def _synthesized(self, opened: OpenedSketch, wish: Wish, *, clean: bool, styles: Styles | None = None) -> Result:
        options = {**wish.to_recipe(), "clean": bool(clean)}
        cleaning = list(opened.art.cleaning)
        recipe = new_recipe(self, "synthesize", opened.art.picture, options, cleaning=cleaning)
        return self._finished(opened, wish, self._styles(wish) if styles is None else styles, recipe)

    def _transferred(self, picture: Image.Image, drawer: Sketcher | Xdog, drawing: Drawing, wish: Wish) -> Result:
        lines = drawn_lines(drawer, picture, drawing).convert("RGB")
        made_by = {"model": drawer.source, "revision": drawer.revision, **drawing.to_recipe()}
        recipe = new_recipe(self, "transfer", picture, {**wish.to_recipe(), "sketcher": made_by})
        return self._finished(self._opened(LineArt(picture, lines, ())), wish, self._styles(wish), recipe)

    def _finished(self, opened: OpenedSketch, wish: Wish, styles: Styles, recipe: dict[str, Any]) -> Result:
        """The networks' pictures as layers at the sketch's own size."""
        made = {COARSE: self.decode(opened.content, styles)}
        if wish.refine:
            noise = seeds.normal(self.noise_length, wish.seed, "texture")[None].to(self.device)
            made[REFINED] = self.refine(made[COARSE], styles, noise)
        lines = opened.art.lines
        pictures = {
            name: filled(square, opened.frame, lines) if wish.keep_lines else enlarged(square, opened.frame)
            for name, square in made.items()
        }
        image = list(pictures.values())[-1]
        layers = {**pictures, LINES: lines}
        return Result(
            ImageChops.multiply(image, lines) if wish.keep_lines else image,
            {name: layer.convert("RGBA") for name, layer in layers.items()},
            recipe,
            line_layers=(LINES,),
            hidden_layers=() if wish.keep_lines else (LINES,),
        )
