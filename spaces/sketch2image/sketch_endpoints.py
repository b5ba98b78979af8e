"""The verbs for programs: /synthesize, /transfer, /matrix and /draw, named and shaped like the models' own."""

from collections.abc import Callable
from typing import Any

import gradio as gr
from hand_session import Hand, hand_named, hands_of
from sketch_kinds import Models

from artmodels import ConfigError, Result, SketchToImage, ui

__all__ = ["MOST_PICTURES", "add_endpoints"]

MOST_PICTURES = 25
"""Pictures of one matrix, and exemplars of one picture."""


class Endpoints:
    """The verbs; every `model` is the name of one, and none is the first; a `hand` is one that /models lists."""

    def __init__(self, models: Models, outputs: list[gr.components.Component]) -> None:
        self.kinds, self.hands, self.outputs = models.kinds, hands_of(models.drawers), outputs

    def models(self) -> Any:
        """Lists the models that the other endpoints know, and the hands in which /draw and /transfer draw lines."""
        kinds = {name: kind.model.config.refined_size for name, kind in self.kinds.items()}
        return {"models": kinds, "hands": [hand.key for hand in self.hands]}

    def synthesize(
        self,
        sketch: str,
        exemplars: list[str],
        weights: list[float] | None = None,
        mixing: Any = "style",
        seed: float = 0,
        refine: bool | None = None,
        keep_lines: bool = False,
        clean: bool = True,
        model: str | None = None,
    ) -> Any:
        """Makes a picture of a sketch in the style of one or more exemplars: returns it, its layers (coarse, refined,
        lines) and a recipe. weights says how much of each exemplar; mixing is "style" or "stitch"; seed is of the
        texture; refine null lets the model decide; clean removes paper tone and refuses photos."""
        options = {"mixing": mixing, "seed": whole(seed), "refine": refine, "keep_lines": keep_lines, "clean": clean}
        chosen = self.chosen(model)
        return self.sent(chosen.synthesize(sketch, counted(exemplars), weights=weights, **options), "picture.png")

    def transfer(
        self,
        content: str,
        exemplars: list[str],
        hand: str | None = None,
        detail: float = 1.0,
        weights: list[float] | None = None,
        mixing: Any = "style",
        seed: float = 0,
        refine: bool | None = None,
        keep_lines: bool = False,
        model: str | None = None,
    ) -> Any:
        """Makes a picture anew in the style of one or more exemplars: its lines are drawn in a hand, and become a
        picture as by /synthesize."""
        drawn_by = self.hand(hand)
        options = {"mixing": mixing, "seed": whole(seed), "refine": refine, "keep_lines": keep_lines}
        options |= {"sketcher": drawn_by.drawer, "hand": drawn_by.name, "detail": detail, "weights": weights}
        return self.sent(self.chosen(model).transfer(content, counted(exemplars), **options), "picture.png")

    def matrix(
        self,
        sketches: list[str],
        exemplars: list[str],
        seed: float = 0,
        refine: bool | None = None,
        keep_lines: bool = False,
        clean: bool = True,
        model: str | None = None,
    ) -> Any:
        """Makes every sketch in the style of every exemplar, 25 pictures at most: returns them row by row, a row for
        each sketch, and their recipes."""
        count = len(sketches or []) * len(exemplars or [])
        if not 1 <= count <= MOST_PICTURES:
            raise ConfigError(f"a matrix has 1 to {MOST_PICTURES} pictures here, not {count}")
        options = {"seed": whole(seed), "refine": refine, "keep_lines": keep_lines, "clean": clean}
        rows = self.chosen(model).matrix(sketches, exemplars, **options)
        results = [result for row in rows for result in row]
        captions = [f"sketch {y}, exemplar {x}" for y, row in enumerate(rows, 1) for x in range(1, len(row) + 1)]
        pictures = [(result.image, caption) for result, caption in zip(results, captions, strict=True)]
        return pictures, [result.recipe for result in results]

    def draw(
        self,
        picture: str,
        hand: str | None = None,
        thickness: float = 1.0,
        darkness: float | None = None,
        detail: float = 1.0,
    ) -> Any:
        """Draws the lines of a picture in one of the hands that /models lists: returns them, the layers (picture,
        lines) and a recipe. thickness is a factor from 0.25 to 4, darkness from 0.05 to 1, detail from 0.5 to 4."""
        drawn_by = self.hand(hand)
        options: dict[str, Any] = {"thickness": thickness, "darkness": darkness, "detail": detail}
        return self.sent(drawn_by.drawer.draw(picture, hand=drawn_by.name, **options), "lines.png")

    def chosen(self, name: str | None) -> SketchToImage:
        """Raises ConfigError where there is no such model."""
        if name is not None and name not in self.kinds:
            raise ConfigError(f"there is no model {name!r} here; there are {', '.join(self.kinds)}")
        return self.kinds[name or next(iter(self.kinds))].model

    def hand(self, key: str | None) -> Hand:
        """Raises ConfigError where there is no such hand."""
        return self.hands[0] if key is None else hand_named(self.hands, key)

    def sent(self, result: Result, name: str) -> tuple[str, list[Any], dict[str, Any]]:
        named = [(ui.on_white(layer), title) for title, layer in result.layers.items()]
        return ui.save_result(result, self.outputs[0], name), named, result.recipe


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

    # Files and no gr.Image: the model itself turns, converts and refuses pictures, with sentences.
    sketch, content, picture = (gr.File(visible=False, label=name) for name in ("sketch", "content", "picture"))
    sketches, exemplars = (
        gr.File(visible=False, label=name, file_count="multiple") for name in ("sketches", "exemplars")
    )
    weights, mixing = gr.JSON(visible=False, label="weights"), gr.Textbox("style", visible=False, label="mixing")
    seed, refine = gr.Number(0, visible=False, label="seed"), gr.JSON(visible=False, label="refine")
    keep_lines = gr.Checkbox(False, visible=False, label="keep_lines")
    clean = gr.Checkbox(True, visible=False, label="clean")
    model, hand = (gr.Textbox(None, visible=False, label=name) for name in ("model", "hand"))
    thickness, detail = (gr.Number(1, visible=False, label=name) for name in ("thickness", "detail"))
    darkness = gr.Number(None, visible=False, label="darkness")
    wish = [weights, mixing, seed, refine, keep_lines]
    offer(verbs.models, [], [gr.JSON(visible=False, label="models")])
    offer(verbs.synthesize, [sketch, exemplars, *wish, clean, model], outputs)
    offer(verbs.transfer, [content, exemplars, hand, detail, *wish, model], outputs)
    offer(verbs.matrix, [sketches, exemplars, seed, refine, keep_lines, clean, model], [board, recipes])
    offer(verbs.draw, [picture, hand, thickness, darkness, detail], outputs)


def counted(exemplars: list[str] | None) -> list[str]:
    """Raises:
    ConfigError: none, or more than this machine reads for one request.
    """
    if not 1 <= len(exemplars or []) <= MOST_PICTURES:
        raise ConfigError(f"give 1 to {MOST_PICTURES} exemplars, not {len(exemplars or [])}")
    return list(exemplars or [])


def whole(number: Any) -> Any:
    """Returns a whole number as the model takes it; what is none is left for the model to refuse."""
    return int(number) if isinstance(number, float) and number.is_integer() else number
