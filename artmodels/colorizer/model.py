"""TagColorizer: a sketch coloured by a reference picture and by tags that slide."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from PIL import Image, ImageChops
from torch import Tensor

from artmodels import images
from artmodels.colorizer.colours import Pin, from_lab, move_region, palette_of, region_of_change, to_lab
from artmodels.colorizer.filling import fill_to_lines
from artmodels.colorizer.framing import Frame, enlarged, fit_reference, fit_sketch, heat, inside
from artmodels.colorizer.steps import ColorizerNetworks
from artmodels.colorizer.tags import wished
from artmodels.colorizer.wishes import Wish
from artmodels.errors import ConfigError
from artmodels.images import PictureSource
from artmodels.line_art import LineArt, read_line_art
from artmodels.recipes import check_recipe, new_recipe, truth
from artmodels.results import Result

__all__ = ["OpenedSketch", "TagColorizer"]

COLOUR, CHANGE, LINES = "colour", "change", "lines"


@dataclass(frozen=True)
class OpenedSketch:
    """A sketch, read and cleaned, to be coloured any number of times.

    Attributes:
        art: the picture as it came, the lines as they are used, and what was cleaned.
        clean: whether it was to be cleaned.
        sketch: what the networks see, [1, 1, H, W] in [-1, 1].
        frame: where it lies in that.
        size, stride: of the colorizer that it was opened for.
    """

    art: LineArt
    clean: bool
    sketch: Tensor
    frame: Frame
    size: int
    stride: int


class TagColorizer(ColorizerNetworks):
    """Colours line art in the colours of a reference picture, and as tags say.

    Source: Yan, Ito, Moriai, Saito, Two-Step Training, Computer Graphics Forum 2023.
    """

    # Pictures.

    def open(self, sketch: PictureSource, *, clean: bool = True) -> OpenedSketch:
        """Reads a sketch once, to colour it many times.

        Args: clean: as in `colorize`.
        Raises:
            PictureError: as `colorize`.
        """
        art = read_line_art(sketch, clean=clean)
        pixels, frame = fit_sketch(art.lines, self.config)
        return OpenedSketch(art, clean, pixels, frame, self.config.size, self.config.stride)

    @torch.inference_mode()
    def colorize(
        self,
        sketch: PictureSource | OpenedSketch,
        *,
        reference: PictureSource | None = None,
        tags: Mapping[str, float] | None = None,
        colours: Mapping[str, str] | None = None,
        seed: int = 0,
        keep_lines: bool = True,
        clean: bool = True,
    ) -> Result:
        """Colours a sketch.

        Args:
            sketch: line art, a path, PIL picture or array of any size and mode; or an opened one.
            reference: a picture of any size whose colours are taken; without one they are neutral.
            tags: tag to strength, 0 to 5; 1 is a tag that is certain, more exaggerates. Setting a tag of a group first
                clears the whole group, so that a strength of 0 takes away what the reference has.
            colours: tag group to an exact "#rrggbb". The group's closest tag is set, and the region that its tags
                change is moved to the colour; where tags change nothing there is no region, and a warning says so.
            seed: without a reference, each but 0 draws a tag for every group with colours that is not set; with one it
                changes nothing, as there is no chance in it.
            keep_lines: multiplies the sketch's lines, untouched and at their own size, over the colour, which is fitted
                to them where it is enlarged; off, the picture is what the networks render.
            clean: takes paper tone away and refuses photos; off, the sketch is taken as it is.
        Returns:
            `.image` at the sketch's size; `.layers`: "colour", "change", hidden, a red veil where tags and colours
            changed the picture, where there are any, and "lines"; `.recipe["tags_set"]`: what the networks were asked
            for; `.recipe["cleaning"]` and `.recipe["warnings"]`: sentences for people.
        Raises:
            ConfigError: an unknown tag or group, a strength, colour or seed out of range, a group with both a tag and a
                colour, or tags where the model was not trained for them.
            PictureError: a picture cannot be read, or the sketch is a photo or painting.
        """
        wish = Wish.checked(
            self.config, reference=reference, tags=tags, colours=colours, seed=seed, keep_lines=keep_lines
        )
        return self._colorize(self._opened(sketch, clean), wish)

    def grid(
        self,
        sketch: PictureSource | OpenedSketch,
        across: Mapping[str, Sequence[float]],
        down: Mapping[str, Sequence[float]],
        *,
        tags: Mapping[str, float] | None = None,
        **options: Any,
    ) -> list[list[Result]]:
        """The sketch with one tag growing from left to right and another from top to bottom, as rows of results.

        Args:
            across, down: one tag each with its strengths, such as {"red_hair": [0, 0.5, 1]}.
            tags: tags that are the same everywhere.
            options: `reference`, `colours`, `seed`, `keep_lines` and `clean` as in `colorize`.
        Returns: rows from top to bottom; each result equals `colorize` with its two strengths.
        Raises:
            ConfigError, PictureError: as `colorize`; or a tag named twice, or more or less than one a side.
        """
        (column_tag, columns), (row_tag, rows) = (one_tag(side) for side in (across, down))
        if column_tag == row_tag or {column_tag, row_tag} & set(tags or {}):
            raise ConfigError(f"a grid sets {column_tag!r} and {row_tag!r} itself: name two tags, and neither in tags")
        opened = self._opened(sketch, options.pop("clean", True))
        return [
            [self.colorize(opened, tags={**(tags or {}), column_tag: x, row_tag: y}, **options) for x in columns]
            for y in rows
        ]

    @torch.inference_mode()
    def read_tags(self, reference: PictureSource, *, threshold: float = 0.5) -> dict[str, float]:
        """The tags that a picture shows, with how sure that is, from `threshold` to 1, in the config's order.

        Raises:
            PictureError: the picture cannot be read.
        """
        features = self.encode(self._reference(fit_reference(images.load_picture(reference), self.config)))
        probabilities = self.tag_probabilities(features)[0].tolist()
        return {tag: p for tag, p in zip(self.config.tags, probabilities, strict=True) if p >= threshold}

    def palette(self, reference: PictureSource, *, count: int = 6) -> dict[str, float]:
        """The colours that cover most of a picture, "#rrggbb" to its share from 0 to 1, the greatest first.

        Raises:
            ConfigError: `count` is no number from 1.
            PictureError: the picture cannot be read.
        """
        if not isinstance(count, int) or isinstance(count, bool) or count < 1:
            raise ConfigError(f"count must be a whole number from 1, not {count!r}")
        return palette_of(images.load_picture(reference), count)

    @torch.inference_mode()
    def replay(self, recipe: Mapping[str, Any], sketch: PictureSource) -> Result:
        """Makes the picture of a recipe again.

        Args: sketch: the picture that `colorize` was given.
        Raises:
            ConfigError: the recipe is not one of this class, not of this version's form, or of another published model.
            PictureError: the picture is not the one that the recipe was made from.
        """
        options = check_recipe(recipe, self, images.load_picture(sketch))
        if recipe.get("verb") != "colorize":
            raise ConfigError(f"a TagColorizer's recipe is of colorize, not of {recipe.get('verb')!r}")
        wish = Wish.from_recipe(options, self.config)
        return self._colorize(self.open(sketch, clean=truth(options, "clean")), wish)

    def _opened(self, sketch: PictureSource | OpenedSketch, clean: bool) -> OpenedSketch:
        if not isinstance(sketch, OpenedSketch):
            return self.open(sketch, clean=clean)
        if (sketch.size, sketch.stride) != (self.config.size, self.config.stride):
            raise ConfigError(f"this sketch was opened for pictures of {sketch.size} pixels: open it with this model")
        return sketch

    def _reference(self, picture: Image.Image) -> Tensor:
        return images.to_tensor(picture)[None].to(self.device)

    def _colorize(self, opened: OpenedSketch, wish: Wish) -> Result:
        features = self.neutral_features(1)
        if wish.reference is not None:
            features = self.encode(self._reference(wish.reference))
        tags = wish.all_tags(self.config)
        plain = self._rendered(opened, features, {})
        picture, warnings = plain, list[str]()
        if tags:
            picture = self._rendered(opened, features, tags)
        if wish.pins:
            picture, warnings = self._pinned(opened, features, wish, picture)
        recipe = new_recipe(
            self,
            "colorize",
            opened.art.picture,
            {**wish.to_recipe(), "clean": bool(opened.clean)},
            tags_set=tags,
            cleaning=list(opened.art.cleaning),
            warnings=warnings,
        )
        change = (to_lab(picture) - to_lab(plain)).norm(dim=1) if tags else None
        return finished(opened, picture, change, recipe, keep_lines=wish.keep_lines)

    def _rendered(self, opened: OpenedSketch, features: Tensor, tags: Mapping[str, float]) -> Tensor:
        """The sketch without its repeated edges, [1, 3, h, w], with tags set if there are any."""
        if tags:
            anchor = self.tag_probabilities(features)
            features = self.shifted(features, wished(anchor, tags, self.config), anchor=anchor)
        return inside(self.render(opened.sketch.to(self.device), features), opened.frame)

    def _pinned(self, opened: OpenedSketch, features: Tensor, wish: Wish, picture: Tensor) -> tuple[Tensor, list[str]]:
        """The picture with each pin's region moved to its colour, and what could not be found.

        A region is where the picture changes when the pin's tag gives way to one far from it; where regions overlap
        they share.
        """
        lab = to_lab(picture)
        regions = [region_of_change(lab, to_lab(self._other(opened, features, wish, one))) for one in wish.pins]
        crowd = torch.stack(regions).sum(dim=0).clamp(min=1)
        for one, region in zip(wish.pins, regions, strict=True):
            lab = move_region(lab, region / crowd, one.colour)
        missing = [one.group for one, region in zip(wish.pins, regions, strict=True) if not region.any()]
        return from_lab(lab), [f"no region of {group} was found: its pinned colour shows nowhere" for group in missing]

    def _other(self, opened: OpenedSketch, features: Tensor, wish: Wish, one: Pin) -> Tensor:
        return self._rendered(opened, features, wish.all_tags(self.config, {one.group: one.other_tag}))


def one_tag(side: Mapping[str, Sequence[float]]) -> tuple[str, list[float]]:
    """Raises: ConfigError: it is not one tag with its strengths."""
    if not isinstance(side, Mapping) or len(side) != 1:
        raise ConfigError(f'a side of a grid is one tag with its strengths, such as {{"red_hair": [0, 1]}}: {side!r}')
    ((tag, strengths),) = side.items()
    return tag, list(strengths)


def finished(
    opened: OpenedSketch, picture: Tensor, change: Tensor | None, recipe: dict[str, Any], *, keep_lines: bool
) -> Result:
    """The colours [1, 3, h, w] as layers at the sketch's own size."""
    lines, frame = opened.art.lines, opened.frame
    if keep_lines:
        picture = fill_to_lines(picture, lines)
    colour = enlarged(picture[0], frame)
    layers = {COLOUR: colour.convert("RGBA")}
    hidden = [CHANGE] if change is not None else []
    if change is not None:
        layers[CHANGE] = heat(change, frame)
    layers[LINES] = lines.convert("RGBA")
    if not keep_lines:
        hidden.append(LINES)
    image = ImageChops.multiply(colour, lines) if keep_lines else colour
    return Result(image, layers, recipe, (LINES,), tuple(hidden))
