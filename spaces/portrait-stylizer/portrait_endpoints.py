"""The verbs for programs: /stylize, /samples and /find_faces, named and shaped like the model's own, and /styles."""

from collections.abc import Callable
from typing import Any

import gradio as gr
from portrait_models import Models
from portrait_session import read_once

from artmodels import ConfigError, Result, ui
from artmodels.portrait.faces import find_faces
from artmodels.portrait.wishes import GROUPS, MOVES_PER_GROUP

__all__ = ["MOST_PICTURES", "add_endpoints"]

MOST_PICTURES = 25
"""Portraits of one request."""


class Endpoints:
    """The verbs; every `style` is one that /styles lists or a Hub id, and none is the first."""

    def __init__(self, models: Models, outputs: list[gr.components.Component]) -> None:
        self.models, self.outputs = models, outputs

    def styles(self) -> Any:
        """Lists the styles of this page, each with the attributes that it can be asked for, and the directions in
        which a portrait can be moved."""
        attributes = {name: list(style.config.generator.attributes) for name, style in self.models.styles.items()}
        directions = [f"{group}-{number}" for group in GROUPS for number in range(1, MOVES_PER_GROUP + 1)]
        return {"styles": attributes, "directions": directions, "size": self.models.stylizer.config.generator.size}

    def find_faces(self, photo: str) -> Any:
        """Finds the faces in a photo, the largest first: the eyes of each as the other endpoints take them, its box
        (left, top, right, bottom) and how sure that is, in pixels of the photo."""
        return [
            {"eyes": [list(face.left_eye), list(face.right_eye)], "box": list(face.box), "score": face.score}
            for face in find_faces(read_once(photo))
        ]

    def stylize(
        self,
        photo: str,
        style: str | None = None,
        attribute: str | None = None,
        likeness: float = 0.5,
        swap: float | None = None,
        seed: float | None = None,
        moves: dict[str, float] | None = None,
        paste_back: bool = True,
        eyes: list[list[float]] | None = None,
        face: float = 0,
    ) -> Any:
        """Makes a portrait of a photo: returns it, its layers (photo, portrait) and a recipe. style is one that /styles
        lists or a Hub id; likeness goes from 0 over 0.5, the style as it was trained, to 1; seed draws one of the
        portraits that it could be; moves maps directions to amounts within 3; eyes are [[left x, left y], [right x,
        right y]] in pixels, or null to take face number 0, the largest."""
        wish = self.wish(style, attribute, likeness, swap, moves, paste_back)
        opened = self.models.stylizer.open(read_once(photo), eyes=eyes, face=whole(face))
        return self.sent(self.models.stylizer.stylize(opened, seed=whole(seed), **wish))

    def samples(
        self,
        photo: str,
        seeds: list[int],
        style: str | None = None,
        attribute: str | None = None,
        likeness: float = 0.5,
        swap: float | None = None,
        moves: dict[str, float] | None = None,
        paste_back: bool = True,
        eyes: list[list[float]] | None = None,
        face: float = 0,
    ) -> Any:
        """Makes several portraits that a photo could be, one for each seed and 25 at most: returns them, the one most
        like all others first, and their recipes. The rest is as in /stylize."""
        if not isinstance(seeds, list) or not 1 <= len(seeds) <= MOST_PICTURES:
            raise ConfigError(f"seeds is a list of 1 to {MOST_PICTURES} whole numbers here, not {str(seeds)[:80]}")
        wish = self.wish(style, attribute, likeness, swap, moves, paste_back)
        opened = self.models.stylizer.open(read_once(photo), eyes=eyes, face=whole(face))
        results = self.models.stylizer.samples(opened, seeds=[whole(seed) for seed in seeds], **wish)
        captions = [f"seed {result.recipe['options']['seed']}" for result in results]
        pictures = [(result.image, caption) for result, caption in zip(results, captions, strict=True)]
        return pictures, [result.recipe for result in results]

    def wish(
        self,
        style: str | None,
        attribute: str | None,
        likeness: float,
        swap: float | None,
        moves: dict[str, float] | None,
        paste_back: bool,
    ) -> dict[str, Any]:
        """The options that both verbs take."""
        chosen = self.models.style(style or next(iter(self.models.styles)))
        options = {"likeness": likeness, "swap": whole(swap), "moves": moves, "paste_back": paste_back}
        return {"style": chosen, "attribute": attribute, **options}

    def sent(self, result: Result) -> tuple[str, list[Any], dict[str, Any]]:
        named = [(ui.on_white(layer), name) for name, layer in result.layers.items()]
        return ui.save_result(result, self.outputs[0], "portrait.png"), named, result.recipe


def add_endpoints(models: Models) -> None:
    """Adds the endpoints to the current page; they take turns with the page's own work."""
    outputs = ui.result_outputs()
    board, recipes = gr.Gallery(visible=False, label="images", format="png"), gr.JSON(visible=False, label="recipes")
    verbs = Endpoints(models, outputs)

    def offer(
        verb: Callable[..., Any], inputs: list[gr.components.Component], outputs: list[gr.components.Component]
    ) -> None:
        hidden = gr.Button(visible=False)
        hidden.click(ui.friendly(verb), inputs, outputs, api_name=verb.__name__, **ui.INFERENCE)

    # A file and no gr.Image: the model itself turns, converts and refuses pictures, with sentences.
    photo = gr.File(visible=False, label="photo")
    style, attribute = (gr.Textbox(None, visible=False, label=name) for name in ("style", "attribute"))
    likeness, face = gr.Number(0.5, visible=False, label="likeness"), gr.Number(0, visible=False, label="face")
    swap, seed = (gr.Number(None, visible=False, label=name) for name in ("swap", "seed"))
    moves, eyes, seeds = (gr.JSON(visible=False, label=name) for name in ("moves", "eyes", "seeds"))
    paste_back = gr.Checkbox(True, visible=False, label="paste_back")
    place = [paste_back, eyes, face]
    offer(verbs.styles, [], [gr.JSON(visible=False, label="styles")])
    offer(verbs.find_faces, [photo], [gr.JSON(visible=False, label="faces")])
    offer(verbs.stylize, [photo, style, attribute, likeness, swap, seed, moves, *place], outputs)
    offer(verbs.samples, [photo, seeds, style, attribute, likeness, swap, moves, *place], [board, recipes])


def whole(number: Any) -> Any:
    """Returns a whole number as the model takes it; what is none is left for the model to refuse."""
    return int(number) if isinstance(number, float) and number.is_integer() else number
