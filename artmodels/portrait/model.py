"""PortraitStylizer: photos of faces to portraits in a style."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, get_args

import torch
from PIL import Image
from torch import Tensor

from artmodels import images, seeds
from artmodels.errors import ConfigError, PictureError
from artmodels.images import PictureSource
from artmodels.portrait.alignment import Point, Square, check_eyes, cut, laid_back, square_for
from artmodels.portrait.blending import blend
from artmodels.portrait.faces import find_faces
from artmodels.portrait.inversion import InversionStep, Space, invert
from artmodels.portrait.opening import Inversion, OpenedPortrait, missing_face, read_place
from artmodels.portrait.sefa import find_directions, moved
from artmodels.portrait.steps import PortraitNetworks
from artmodels.portrait.style import PortraitStyle, load_style
from artmodels.portrait.stylegan2 import Synthesis
from artmodels.portrait.tracking import FaceTrack
from artmodels.portrait.typical import by_distance_to_others
from artmodels.portrait.wishes import Wish, group_codes
from artmodels.recipes import check_recipe, is_published, is_same, named, new_recipe
from artmodels.results import Result

__all__ = ["OpenedPortrait", "PortraitStylizer"]

PHOTO, PORTRAIT = "photo", "portrait"
FAR = 3  # the end of a usual slider along a direction

Style = PortraitStyle | str | Path
Eyes = tuple[Point, Point]


class Painter(NamedTuple):
    """A generator that draws, what it adds to codes [1, L, D], the style that it is of, and the wish that made it."""

    synthesis: Synthesis
    path: int | None
    moves: Tensor
    style: PortraitStyle
    wish: Wish


class PortraitStylizer(PortraitNetworks):
    """Makes portraits in a style of photos of faces, and lays them back into the photos.

    Source: Song, Luo, Liu, Ma, Zheng, Lai, Cham, AgileGAN, SIGGRAPH 2021.
    """

    @classmethod
    def for_style(cls, style: Style, *, device: str | torch.device = "cpu") -> "PortraitStylizer":
        """The photo model that a style was tuned from.

        Args: style: as in `stylize`.
        Raises:
            CheckpointError, ConfigError, HubError: as in `HubModel.from_pretrained`, of the style or of its model.
        """
        loaded = style if isinstance(style, PortraitStyle) else load_style(style)
        config = loaded.config
        if config.photo_model == "unsaved":
            raise ConfigError(f"{loaded.source} was tuned from a model that had not been saved: load that one itself")
        return cls.from_pretrained(config.photo_model, revision=config.photo_revision, device=device)

    @torch.inference_mode()
    def open(
        self,
        photo: PictureSource,
        *,
        eyes: Eyes | None = None,
        face: int = 0,
        track: FaceTrack | None = None,
        inversion: Inversion = "encoder",
        steps: int = 200,
        progress: Callable[[InversionStep], None] | None = None,
    ) -> OpenedPortrait:
        """Finds a face in a photo and what the photo model would have made it of.

        Args:
            eyes: where the eyes are, in pixels: ((left x, left y), (right x, right y)), left as the viewer sees it;
                by default a face is looked for.
            face: which face, where there are several; 0 is the largest.
            track: where the face was in a video's earlier frames, for a calm picture; it is brought up to date.
            inversion: codes by the "encoder"; or by optimisation in "w+", nearest to the photo, or in "z+".
            steps: of an optimisation.
            progress: called after each of those.
        Raises:
            ConfigError: an option out of its range, a model without encoder, or no detector installed.
            PictureError: the photo cannot be read, or there is no such face in it.
        """
        if inversion not in get_args(Inversion):
            raise ConfigError(f"inversion must be one of {', '.join(get_args(Inversion))}, not {inversion!r}")
        if not isinstance(steps, int) or isinstance(steps, bool) or steps < 1:
            raise ConfigError(f"steps must be a whole number from 1, not {steps!r}")
        if inversion == "encoder" and self.config.encoder is None:
            raise ConfigError(f'{self.source} has no encoder: open photos with inversion="w+" or "z+"')
        picture = images.load_picture(photo)
        square = self._place(picture, eyes, face, track)
        return self._opened(picture, square, inversion, steps, progress)

    @torch.inference_mode()
    def stylize(
        self,
        photo: PictureSource | OpenedPortrait,
        *,
        style: Style,
        attribute: str | None = None,
        likeness: float = 0.5,
        swap: int | None = None,
        seed: int | None = None,
        moves: Mapping[str, float] | None = None,
        paste_back: bool = True,
        eyes: Eyes | None = None,
        face: int = 0,
        track: FaceTrack | None = None,
    ) -> Result:
        """Makes a portrait of a photo.

        Args:
            photo: a path, PIL picture or array of any size and mode; or one that `open` has read.
            style: a style's short name, Hub id or folder, or a loaded `PortraitStyle`.
            attribute: which of the style's paths, such as "woman"; the first by default.
            likeness: 0.5 is the style as it was trained; down to 0, the face becomes the style's mean face; up to 1,
                the style's weights become the photo model's.
            swap: takes only the blocks up to this resolution, such as 32, from the style, which make its shapes; the
                surfaces are those of photos.
            seed: draws one of the portraits that the photo could be; by default, their mean, which is steadiest.
            moves: direction to amount: "pose-1", "shape-2", "look-1", ... up to 8 of each, strongest first, found in
                the style's weights (SeFa). 3 goes as far as random faces' codes lie from their mean.
            paste_back: lays the portrait into the whole photo; off, the portrait comes alone at the style's size.
            eyes, face, track: as in `open`.
        Returns:
            `.image` at the photo's size, or of the portrait alone; `.layers`: "photo" and "portrait".
        Raises:
            CheckpointError, HubError: the style cannot be loaded.
            ConfigError: an option out of its range, or a style that was tuned from another photo model.
            PictureError: the photo cannot be read, or there is no such face in it.
        """
        loaded = self._style(style)
        wish = Wish.checked(
            loaded.config.generator,
            attribute=attribute, likeness=likeness, swap=swap, seed=seed, moves=moves, paste_back=paste_back,
        )  # fmt: skip
        return self._stylized(self._ready(photo, eyes, face, track), self._painter(loaded, wish))

    @torch.inference_mode()
    def samples(
        self,
        photo: PictureSource | OpenedPortrait,
        *,
        style: Style,
        seeds: Sequence[int],
        attribute: str | None = None,
        likeness: float = 0.5,
        swap: int | None = None,
        moves: Mapping[str, float] | None = None,
        paste_back: bool = True,
        eyes: Eyes | None = None,
        face: int = 0,
    ) -> list[Result]:
        """Several portraits that a photo could be, the one most like all others first: it is the freest of artefacts.

        Args:
            seeds: one for each; each result equals that of `stylize` with its seed.
            style, attribute, likeness, swap, moves, paste_back, eyes, face: as in `stylize`.
        Raises:
            CheckpointError, ConfigError, HubError, PictureError: as `stylize`; ConfigError for no seeds, too.
        """
        if not isinstance(seeds, Sequence) or isinstance(seeds, str) or not seeds:
            raise ConfigError(f"seeds must be one or more whole numbers, not {seeds!r}")
        loaded = self._style(style)
        wishes = [
            Wish.checked(
                loaded.config.generator,
                attribute=attribute, likeness=likeness, swap=swap, seed=seed, moves=moves, paste_back=paste_back,
            )
            for seed in seeds
        ]  # fmt: skip
        opened, painter = self._ready(photo, eyes, face, None), self._painter(loaded, wishes[0])
        drawn = [self._drawn(opened, painter._replace(wish=wish)) for wish in wishes]
        order = by_distance_to_others(torch.cat(drawn))
        return [self._finished(opened, painter._replace(wish=wishes[i]), drawn[i]) for i in order]

    @torch.inference_mode()
    def stylize_frames(
        self,
        frames: Iterable[PictureSource],
        *,
        style: Style,
        attribute: str | None = None,
        likeness: float = 0.5,
        swap: int | None = None,
        seed: int | None = None,
        moves: Mapping[str, float] | None = None,
        paste_back: bool = True,
        face: int = 0,
    ) -> Iterator[Result | None]:
        """Makes portraits of a video's frames, calm ones: one face is followed, its noise is fixed, its codes the mean.

        Args:
            frames: in their order; they are read one by one.
            style, attribute, likeness, swap, seed, moves, paste_back, face: as in `stylize`.
        Returns: for each frame a result as of `stylize`; None before a face was first seen.
        Raises:
            CheckpointError, ConfigError, HubError, PictureError: as `stylize`, but not for a frame without a face.
        """
        loaded = self._style(style)
        wish = Wish.checked(
            loaded.config.generator,
            attribute=attribute, likeness=likeness, swap=swap, seed=seed, moves=moves, paste_back=paste_back,
        )  # fmt: skip
        painter, track = self._painter(loaded, wish), FaceTrack()
        for frame in frames:
            picture = images.load_picture(frame)
            square = track.follow(self._faces(picture, None, face), face)
            if square is None:
                yield None
            else:
                yield self._stylized(self._opened(picture, square, "encoder", 0, None), painter)

    @torch.inference_mode()
    def replay(self, recipe: Mapping[str, Any], photo: PictureSource, *, style: Style | None = None) -> Result:
        """Makes the picture of a recipe again.

        Args:
            photo: what the verb was given.
            style: the one that was used, where it has moved or had not been saved.
        Raises:
            ConfigError: the recipe is not one of this class, not of this version's form, or of another published model.
            PictureError: the picture is not the one that the recipe was made from.
        """
        picture = images.load_picture(photo)
        options = check_recipe(recipe, self, picture)
        if recipe.get("verb") != "stylize":
            raise ConfigError(f"a PortraitStylizer's recipe is of stylize, not of {recipe.get('verb')!r}")
        made_by = options.get("style")
        if not isinstance(made_by, Mapping) or not isinstance(made_by.get("model"), str):
            raise ConfigError(f"the recipe's options cannot be read: {made_by!r} is no style")
        if style is None and made_by["model"] == "unsaved":
            raise ConfigError("the recipe was made with a style that had not been saved: give it with style=")
        loaded = self._style(made_by["model"] if style is None else style, made_by.get("revision"))
        wish = Wish.from_recipe(options, loaded.config.generator)
        square, inversion, steps = read_place(options)
        return self._stylized(self._opened(picture, square, inversion, steps, None), self._painter(loaded, wish))

    def _style(self, style: Style, revision: str | None = None) -> PortraitStyle:
        """The style, loaded if it is not yet, if it can draw with this model's codes."""
        loaded = style if isinstance(style, PortraitStyle) else load_style(style, revision=revision, device=self.device)
        theirs, ours = loaded.config.generator, self.config.generator
        if loaded.device != self.device:
            raise ConfigError(f"the style is on {loaded.device}, and this model on {self.device}: load both on one")
        tuned_from = loaded.config.photo_model, loaded.config.photo_revision
        here = self.source, self.revision
        if is_published(*tuned_from) and is_published(*here) and not is_same(tuned_from, here):
            raise ConfigError(f"{loaded.source} was tuned from {named(*tuned_from)}, and this is {named(*here)}")
        if (theirs.latent_dim, theirs.code_count) != (ours.latent_dim, ours.code_count):
            raise ConfigError(
                f"{loaded.source} takes {theirs.code_count} codes of {theirs.latent_dim} numbers, and this model makes "
                f"{ours.code_count} of {ours.latent_dim}: it was tuned from another"
            )
        return loaded

    def _ready(
        self, photo: PictureSource | OpenedPortrait, eyes: Eyes | None, face: int, track: FaceTrack | None
    ) -> OpenedPortrait:
        if not isinstance(photo, OpenedPortrait):
            return self.open(photo, eyes=eyes, face=face, track=track)
        if eyes is not None or face != 0 or track is not None:
            raise ConfigError("this photo is open already: give eyes, face and track to open")
        generator = self.config.generator
        if photo.codes.shape[1:] != (generator.code_count, generator.latent_dim):
            raise ConfigError("this photo was opened by another model: open it with this one")
        return photo

    def _place(self, photo: Image.Image, eyes: Eyes | None, face: int, track: FaceTrack | None) -> Square:
        found = self._faces(photo, eyes, face)
        square = found[face] if face < len(found) else None
        if track is not None:
            square = track.follow(found, face)
        if square is None:
            raise PictureError(missing_face(face, len(found)))
        return square

    def _faces(self, photo: Image.Image, eyes: Eyes | None, face: int) -> list[Square]:
        """Where the faces lie, the largest first; or the one that the eyes are of."""
        if not isinstance(face, int) or isinstance(face, bool) or face < 0:
            raise ConfigError(f"face must be a whole number from 0, not {face!r}")
        alignment = self.config.alignment
        if eyes is not None:
            return [square_for(alignment, check_eyes(eyes))]
        return [
            square_for(alignment, (one.left_eye, one.right_eye), (one.left_mouth, one.right_mouth))
            for one in find_faces(photo)
        ]

    def _opened(
        self,
        photo: Image.Image,
        square: Square,
        inversion: Inversion,
        steps: int,
        progress: Callable[[InversionStep], None] | None,
    ) -> OpenedPortrait:
        if inversion != "encoder":
            space: Space = inversion
            codes = invert(
                self, self._aligned(photo, square, self.config.generator.size), space, steps, progress=progress
            )
            return OpenedPortrait(photo, square, inversion, steps, codes, None)
        if self.config.encoder is None:
            raise ConfigError(f'{self.source} has no encoder: open photos with inversion="w+" or "z+"')
        latents = self.encode(self._aligned(photo, square, self.config.encoder.size))
        return OpenedPortrait(photo, square, "encoder", 0, self.codes(latents.mean), latents)

    def _aligned(self, photo: Image.Image, square: Square, size: int) -> Tensor:
        return images.to_tensor(cut(photo, square, size))[None].to(self.device)

    def _painter(self, style: PortraitStyle, wish: Wish) -> Painter:
        """The generator of a wish: the style's own, or one between it and the photo model's."""
        generator = style.config.generator
        path, amounts = wish.path(generator), wish.amounts(generator)
        moves = self._moves(style, wish)
        if set(amounts.values()) == {1.0}:
            return Painter(style.synthesis, path, moves, style, wish)
        return Painter(blend(self.synthesis, style.synthesis, amounts, attribute=path), None, moves, style, wish)

    def _moves(self, style: PortraitStyle, wish: Wish) -> Tensor:
        generator = style.config.generator
        total = torch.zeros(1, generator.code_count, generator.latent_dim, device=self.device)
        for name, amount in wish.moves.items():
            group, number = name.split("-")
            numbers = group_codes(group, generator)
            found = find_directions(style.synthesis, int(number), codes=numbers, attribute=wish.path(generator))
            total = moved(total, found, [0.0] * (int(number) - 1) + [amount], codes=numbers)
        return total * (self.mapping.reach() / FAR) if wish.moves else total

    def _codes(self, opened: OpenedPortrait, painter: Painter) -> Tensor:
        """The photo's codes [1, L, D] as a wish wants them: drawn, moved towards the mean, moved along directions."""
        wish, codes = painter.wish, opened.codes
        if wish.seed is not None:
            if opened.latents is None or opened.latents.log_variance is None:
                raise ConfigError("this photo's codes are certain, there is nothing to draw: leave the seed out")
            noise = seeds.normal(opened.latents.mean.shape[1:], wish.seed, "latents")[None]
            codes = self.codes(opened.latents.sample(noise.to(self.device)))
        if wish.likeness < 0.5:
            codes = self.mapping.truncate(codes, 2 * wish.likeness)
        return codes + painter.moves

    def _drawn(self, opened: OpenedPortrait, painter: Painter) -> Tensor:
        return painter.synthesis(self._codes(opened, painter), attribute=painter.path).clamp(-1, 1)

    def _stylized(self, opened: OpenedPortrait, painter: Painter) -> Result:
        return self._finished(opened, painter, self._drawn(opened, painter))

    def _finished(self, opened: OpenedPortrait, painter: Painter, drawn: Tensor) -> Result:
        """The portrait [1, 3, S, S] as layers."""
        made_by = {"model": painter.style.source, "revision": painter.style.revision}
        options = {**painter.wish.to_recipe(), "style": made_by, **opened.to_recipe()}
        recipe = new_recipe(self, "stylize", opened.photo, options)
        portrait = images.to_picture(drawn[0])
        if painter.wish.paste_back:
            below = opened.photo.convert("RGBA")
            above = laid_back(portrait, opened.square, opened.photo.size)
        else:
            below = cut(opened.photo, opened.square, portrait.width).convert("RGBA")
            above = portrait.convert("RGBA")
        return Result(Image.alpha_composite(below, above).convert("RGB"), {PHOTO: below, PORTRAIT: above}, recipe)
