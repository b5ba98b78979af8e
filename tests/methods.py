"""The table of methods that the contract tests run over: a new method joins by adding a row to `METHODS`."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import Tensor, nn

from artmodels import (
    HubModel,
    PortraitStyle,
    PortraitStylizer,
    Result,
    Sketcher,
    SketchToImage,
    TagColorizer,
    WorkflowConfig,
    WorkflowEditor,
)
from artmodels.colorizer.config import ColorizerConfig, TagGroup
from artmodels.images import PictureSource, load_picture
from artmodels.perceptual import StarterFeatures, StarterFeaturesConfig
from artmodels.portrait.config import EncoderConfig, PortraitConfig, StyleConfig, StyleGAN2Config
from artmodels.sketch2image.config import Sketch2ImageConfig, SketcherConfig

Network = TypeVar("Network", bound=nn.Module)

Draw = Callable[..., Image.Image]


@dataclass(frozen=True)
class Verb:
    """One way of using a picture verb.

    Attributes:
        name: the verb's name, with a word on the way where a verb has several.
        call: model, picture and seed to a result; another seed is another wish of the caller.
        has_choice: whether the seed matters.
    """

    name: str
    call: Callable[[Any, PictureSource, int], Result]
    has_choice: bool = True

    @property
    def method(self) -> str:
        return self.name.split()[0]


@dataclass(frozen=True)
class Method:
    """A published class, its smallest config, a batch [B, ...] for its `forward`, and all its picture verbs.

    `draw` makes pictures (width, height, seed) of the kind that the verbs take; `gain` is of the random weights, which
    `randomise` gives.
    """

    model_class: type[HubModel]
    config: Any
    forward_inputs: Callable[[int], tuple[Tensor, ...]]
    verbs: tuple[Verb, ...]
    draw: Draw
    gain: float = 1.0
    randomise: Callable[..., Any] | None = None

    @property
    def name(self) -> str:
        return self.model_class.__name__

    @cache  # noqa: B019
    def model(self) -> Any:
        """The model that all contract tests share; a test that changes one makes its own by `new_model`."""
        return self.new_model()

    def new_model(self, seed: int = 0) -> Any:
        randomise = self.randomise or with_random_weights
        return randomise(self.model_class(self.config), seed, gain=self.gain).eval()


@torch.no_grad()
def with_random_weights(network: Network, seed: int = 0, *, gain: float = 1.0) -> Network:
    """Gives a network weights that keep signals at their size, so that every input and latent shows in the output.

    Where ReLUs follow without a norm between them, that takes a gain of the root of two for what they cut off.
    The first weights of a training are no test: theirs are so small that latents change nothing.
    """
    generator = torch.Generator().manual_seed(seed)
    for name, weight in network.named_parameters():
        noise = torch.randn(weight.shape, generator=generator)
        if weight.ndim > 1:
            weight.copy_(gain * noise / weight[0].numel() ** 0.5)
        else:
            weight.copy_(0.1 * noise + (0 if name.endswith("bias") else 1))
    return network


def drawing(width: int, height: int, seed: int = 0) -> Image.Image:
    """Soft patches of colour under a few dark strokes; another seed, another drawing."""
    random = np.random.default_rng(seed)
    patches = random.integers(0, 256, (6, 6, 3), dtype=np.uint8)
    colours = np.asarray(Image.fromarray(patches).resize((width, height), Image.Resampling.BICUBIC)).copy()
    for row, column in random.random((3, 2)):
        colours[int(row * height)] //= 4
        colours[:, int(column * width)] //= 4
    return Image.fromarray(colours)


def sketch(width: int, height: int, seed: int = 0) -> Image.Image:
    """A few dark strokes on white paper; another seed, another sketch."""
    random = np.random.default_rng(seed)
    page = Image.new("RGB", (width, height), "white")
    pen, thickness = ImageDraw.Draw(page), max(1, min(width, height) // 30)
    for points in random.random((6, 4, 2)) * (width, height):
        pen.line([tuple(point) for point in points.tolist()], fill=(20, 20, 20), width=thickness)
    return page


def smooth_batch(channels: int, size: int) -> Callable[[int], tuple[Tensor, ...]]:
    """Makes pictures [B, C, S, S] in [-1, 1]; the first ones of any two batches are the same."""

    def inputs(count: int) -> tuple[Tensor, ...]:
        coarse = torch.rand(count, channels, 7, 7, generator=torch.Generator().manual_seed(1)) * 2 - 1
        return (nn.functional.interpolate(coarse, (size, size), mode="bilinear", align_corners=True),)

    return inputs


def features(seed: int = 0) -> StarterFeatures:
    """A real network to compare pictures by, tiny and with random weights."""
    network = StarterFeatures(StarterFeaturesConfig(widths=(4, 6), blocks=(1, 1)))
    return with_random_weights(network, seed).requires_grad_(False).eval()


FEATURES_FOLDER = TemporaryDirectory()
features().save_pretrained(FEATURES_FOLDER.name)

EDITOR = WorkflowConfig(
    stages=("line", "flat", "full"),
    channels=(1, 3, 3),
    size=64,
    latent_dim=4,
    generator_width=4,
    content_blocks=1,
    style_blocks=2,
    encoder_width=4,
    inference_width=4,
    features=FEATURES_FOLDER.name,
)

COLORIZER = ColorizerConfig(
    groups=(
        TagGroup("hair", ("red_hair", "blue_hair", "blonde_hair"), ("#b23c30", "#4a6fcb", "#e3bd66")),
        TagGroup("clothes", ("green_clothes", "white_clothes"), ("#5bab62", "#f5f2ec")),
        TagGroup("backdrop", ("rays", "dots")),
    ),
    other_tags=("glasses", "earrings"),
    size=32,
    depth=3,
    encoder_width=4,
    encoder_blocks=(1, 1, 1),
    width=4,
    mapping_width=8,
    mapped=True,
)

SKETCHER = SketcherConfig(
    hands=("ink", "pencil"),
    darkness=(1.0, 0.8),
    size=48,
    features=StarterFeaturesConfig(widths=(4, 4, 6, 8), blocks=(1, 1, 1, 1)),
    widths=(8, 6, 4),
    skips=True,
    threshold=0.1,  # random weights draw nearly everything black
)

SKETCHER_FOLDER = TemporaryDirectory()
with_random_weights(Sketcher(SKETCHER), gain=2).save_pretrained(SKETCHER_FOLDER.name)

SYNTHESIZER = Sketch2ImageConfig(size=64, width=4)

GENERATOR = StyleGAN2Config(size=32, latent_dim=16, mapping_layers=2, channel_base=256, channel_max=16)
STYLIZER = PortraitConfig(GENERATOR, EncoderConfig(32, (4, 4, 8, 8), (1, 1, 1, 1), 8), "eyes")
STYLE = StyleConfig(replace(GENERATOR, attributes=("woman", "man"), split=(8, 16)), "unsaved")


def with_first_weights(network: Network, seed: int = 0, *, gain: float = 1.0) -> Network:
    """Gives a portrait network the weights that training begins with, which are random, but an encoder that sees."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        fresh = type(network)(network.config)
    if getattr(fresh, "encoder", None) is not None:
        with_random_weights(fresh.encoder, seed, gain=gain)
    return fresh


STYLE_FOLDER = TemporaryDirectory()
with_first_weights(PortraitStyle(STYLE), 1).save_pretrained(STYLE_FOLDER.name)


def painted_line(editor: WorkflowEditor, artwork: PictureSource, seed: int) -> Result:
    return editor.edit(artwork, stage="line", picture=drawing(*load_picture(artwork).size, seed + 10))


def half_like_another(editor: WorkflowEditor, artwork: PictureSource, seed: int) -> Result:
    return editor.edit(artwork, stage="flat", like=drawing(60, 60, seed + 10), amount=0.5)


def fitted(editor: WorkflowEditor, artwork: PictureSource, seed: int) -> Result:
    return editor.edit(artwork, stage="full", seed=seed, faithful=0.7, steps=2)


def sketches_references_and_tags(count: int) -> tuple[Tensor, ...]:
    tags = torch.rand(count, len(COLORIZER.tags), generator=torch.Generator().manual_seed(2))
    (pictures,) = smooth_batch(channels=4, size=32)(count)
    return pictures[:, :1], pictures[:, 1:, :, 8:], tags


def painting(seed: int) -> Image.Image:
    """Another seed, another mood."""
    mood = Image.new("RGB", (70, 40), ("white", "red", "blue")[seed % 3])
    return Image.blend(drawing(70, 40, seed), mood, 0.6)


def by_reference(colorizer: TagColorizer, sketch: PictureSource, seed: int) -> Result:
    return colorizer.colorize(sketch, reference=painting(seed))


def by_reference_and_tags(colorizer: TagColorizer, sketch: PictureSource, seed: int) -> Result:
    wished = {"red_hair": 2 * seed, "glasses": 1}
    return colorizer.colorize(sketch, reference=painting(seed), tags=wished, colours={"clothes": "#336699"})


def sketches_exemplars_and_noise(count: int) -> tuple[Tensor, ...]:
    (pictures,) = smooth_batch(channels=4, size=SYNTHESIZER.size)(count)
    noise = torch.randn(count, SketchToImage(SYNTHESIZER).noise_length, generator=torch.Generator().manual_seed(3))
    return pictures[:, :1], pictures[:, 1:], noise


def in_another_style(model: SketchToImage, sketch: PictureSource, seed: int) -> Result:
    return model.synthesize(sketch, painting(seed), seed=5)


def in_mixed_styles(model: SketchToImage, sketch: PictureSource, seed: int) -> Result:
    return model.synthesize(sketch, [painting(seed), painting(0)], weights=[3, 1], keep_lines=True)


def in_stitched_styles(model: SketchToImage, sketch: PictureSource, seed: int) -> Result:
    exemplars = [painting(number) for number in (seed, 0, seed, seed)]
    return model.synthesize(sketch, exemplars, mixing="stitch", refine=False, clean=False)


def with_noise(model: SketchToImage, sketch: PictureSource, seed: int) -> Result:
    return model.synthesize(sketch, painting(0), seed=seed)


def transferred(model: SketchToImage, content: PictureSource, seed: int) -> Result:
    return model.transfer(content, painting(seed), sketcher=SKETCHER_FOLDER.name, hand="ink", keep_lines=True)


def transferred_by_filter(model: SketchToImage, content: PictureSource, seed: int) -> Result:
    return model.transfer(content, painting(seed), sketcher="xdog")


def drawn(sketcher: Sketcher, picture: PictureSource, seed: int) -> Result:
    return sketcher.draw(picture, hand=SKETCHER.hands[seed % 2], thickness=seed, darkness=1)


def eyes_in(photo: PictureSource) -> tuple[tuple[float, float], tuple[float, float]]:
    """Two places in any picture, so far apart that the face covers it."""
    width, height = load_picture(photo).size
    return (0.3 * width, 0.45 * height), (0.7 * width, 0.45 * height)


def in_a_style(stylizer: PortraitStylizer, photo: PictureSource, **wishes: Any) -> Result:
    return stylizer.stylize(photo, style=STYLE_FOLDER.name, eyes=eyes_in(photo), **wishes)


def between_photo_and_style(stylizer: PortraitStylizer, photo: PictureSource, seed: int) -> Result:
    return in_a_style(stylizer, photo, attribute=("woman", "man")[seed % 2], likeness=0.7, swap=16)


def moved(stylizer: PortraitStylizer, photo: PictureSource, seed: int) -> Result:
    return in_a_style(stylizer, photo, moves={"pose-1": 4 * seed - 6, "look-2": 3 * seed}, likeness=0.4)


def optimised(stylizer: PortraitStylizer, photo: PictureSource, seed: int) -> Result:
    opened = stylizer.open(photo, eyes=eyes_in(photo), inversion=("w+", "z+")[seed % 2], steps=2)
    return stylizer.stylize(opened, style=STYLE_FOLDER.name, likeness=1)


def most_typical(stylizer: PortraitStylizer, photo: PictureSource, seed: int) -> Result:
    seeds = [seed, seed + 10, seed + 20]
    return stylizer.samples(photo, style=STYLE_FOLDER.name, seeds=seeds, eyes=eyes_in(photo))[0]


METHODS = (
    Method(
        PortraitStylizer,
        STYLIZER,
        smooth_batch(channels=3, size=32),
        (
            Verb("stylize", lambda stylizer, photo, _: in_a_style(stylizer, photo), has_choice=False),
            Verb("stylize a sample", lambda stylizer, photo, seed: in_a_style(stylizer, photo, seed=seed)),
            Verb("stylize in between", between_photo_and_style),
            Verb("stylize moved", moved),
            Verb("stylize optimised", optimised),
            Verb("samples", most_typical),
        ),
        drawing,
        gain=1.25,
        randomise=with_first_weights,
    ),
    Method(
        WorkflowEditor,
        EDITOR,
        smooth_batch(channels=3, size=64),
        (
            Verb("stages", lambda editor, artwork, _: editor.stages(artwork), has_choice=False),
            Verb("edit by picture", painted_line),
            Verb("edit by latent", lambda editor, a, seed: editor.edit(a, stage="flat", latent=[seed, 0.3, -1, 2])),
            Verb("edit by seed", lambda editor, artwork, seed: editor.edit(artwork, stage="full", seed=seed)),
            Verb("edit by likeness", half_like_another),
            Verb("edit fitted", fitted),
            Verb("stages fitted", lambda editor, a, _: editor.stages(a, faithful=1, steps=2), has_choice=False),
            Verb("edit bare", lambda e, artwork, seed: e.edit(artwork, stage="flat", seed=seed, keep_detail=False)),
            Verb("variations", lambda editor, a, seed: editor.variations(a, stage="flat", seeds=[8, seed])[1]),
            Verb("generate", lambda editor, sketch, seed: editor.generate(sketch, seeds=seed)),
            Verb("generate bare", lambda e, sketch, seed: e.generate(sketch, seeds=[5, seed], keep_lines=False)),
        ),
        drawing,
    ),
    Method(
        TagColorizer,
        COLORIZER,
        sketches_references_and_tags,
        (
            Verb("colorize", lambda colorizer, sketch, _: colorizer.colorize(sketch), has_choice=False),
            Verb("colorize by chance", lambda colorizer, sketch, seed: colorizer.colorize(sketch, seed=seed)),
            Verb("colorize by reference", by_reference),
            Verb("colorize by reference and tags", by_reference_and_tags),
            Verb("colorize bare", lambda c, s, seed: c.colorize(s, tags={"red_hair": 2 * seed}, keep_lines=False)),
            Verb("colorize as it is", lambda c, sketch, seed: c.colorize(sketch, seed=seed, clean=False)),
        ),
        sketch,
        gain=2**0.5,
    ),
    Method(
        SketchToImage,
        SYNTHESIZER,
        sketches_exemplars_and_noise,
        (
            Verb("synthesize", in_another_style),
            Verb("synthesize by noise", with_noise),
            Verb("synthesize in mixed styles", in_mixed_styles),
            Verb("synthesize in stitched styles", in_stitched_styles),
            Verb("transfer", transferred),
            Verb("transfer by a filter", transferred_by_filter),
        ),
        sketch,
        gain=2,
    ),
    Method(
        Sketcher,
        SKETCHER,
        smooth_batch(channels=3, size=40),
        (
            Verb("draw", lambda sketcher, picture, _: sketcher.draw(picture), has_choice=False),
            Verb("draw by a hand", drawn),
        ),
        drawing,
        gain=2,
    ),
)
