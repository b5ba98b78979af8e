"""The colorizer's verbs for programs: /colorize, /read_tags, /palette and /grid, named and shaped like the model's."""

from collections.abc import Callable, Mapping
from typing import Any

import gradio as gr
from colorizer_kinds import Kind

from artmodels import ConfigError, Result, TagColorizer, ui
from artmodels.images import load_picture

__all__ = ["MOST_PICTURES", "add_endpoints"]

MOST_PICTURES = 25
"""Pictures of one grid."""


class Endpoints:
    """The verbs; every `model` is the name of one, and none is the first."""

    def __init__(self, kinds: Mapping[str, Kind], outputs: list[gr.components.Component]) -> None:
        self.kinds, self.outputs = kinds, outputs

    def tags(self, model: str | None = None) -> Any:
        """Lists the models that the other endpoints know and what can be said to one of them: its groups, tag to the
        colour it stands for (or null), and its other tags."""
        config = self.chosen(model).config
        groups = {
            group.name: dict(zip(group.tags, group.colours or [None] * len(group.tags), strict=True))
            for group in config.groups
        }
        return {"models": list(self.kinds), "groups": groups, "other_tags": list(config.other_tags)}

    def colorize(
        self,
        sketch: str,
        reference: str | None = None,
        tags: dict[str, float] | None = None,
        colours: dict[str, str] | None = None,
        seed: float = 0,
        keep_lines: bool = True,
        clean: bool = True,
        model: str | None = None,
    ) -> Any:
        """Colours a sketch: returns the picture, its layers (colour, change, lines) and a recipe. tags maps names to
        strengths from 0 to 5, colours maps parts such as hair to an exact "#rrggbb"; a seed draws tags where there is
        no reference; clean removes paper tone and refuses photos."""
        options = {"tags": tags, "colours": colours, "seed": whole(seed), "keep_lines": keep_lines, "clean": clean}
        return self.sent(self.chosen(model).colorize(sketch, reference=reference, **options))

    def read_tags(self, reference: str, threshold: float = 0.5, model: str | None = None) -> Any:
        """Reads the tags that a picture shows, with how sure that is, from threshold to 1."""
        return self.chosen(model).read_tags(reference, threshold=threshold)

    def palette(self, reference: str, count: float = 6) -> Any:
        """Reads the colours that cover most of a picture: "#rrggbb" to its share, the greatest first."""
        return self.chosen(None).palette(load_picture(reference), count=whole(count))

    def grid(
        self,
        sketch: str,
        across: dict[str, list[float]],
        down: dict[str, list[float]],
        reference: str | None = None,
        tags: dict[str, float] | None = None,
        colours: dict[str, str] | None = None,
        keep_lines: bool = True,
        clean: bool = True,
        model: str | None = None,
    ) -> Any:
        """Colours a sketch with one tag growing to the right and another downwards, such as {"red_hair": [0, 1, 2]},
        25 pictures at most: returns them row by row, and their recipes."""
        check_grid(across, down)
        options: dict[str, Any] = {"tags": tags, "colours": colours, "keep_lines": keep_lines, "clean": clean}
        rows = self.chosen(model).grid(sketch, across, down, reference=reference, **options)
        ((column, columns), (row, strengths)) = (next(iter(side.items())) for side in (across, down))
        captions = [f"{column} {x:g}, {row} {y:g}" for y in strengths for x in columns]
        results = [result for line in rows for result in line]
        pictures = [(result.image, caption) for result, caption in zip(results, captions, strict=True)]
        return pictures, [result.recipe for result in results]

    def chosen(self, name: str | None) -> TagColorizer:
        """Raises ConfigError where there is no such model."""
        if name is not None and name not in self.kinds:
            raise ConfigError(f"there is no model {name!r} here; there are {', '.join(self.kinds)}")
        return self.kinds[name or next(iter(self.kinds))].model

    def sent(self, result: Result) -> tuple[str, list[Any], dict[str, Any]]:
        named = [(ui.on_white(layer), name) for name, layer in result.layers.items()]
        return ui.save_result(result, self.outputs[0], "coloured.png"), named, result.recipe


def add_endpoints(kinds: Mapping[str, Kind]) -> None:
    """Adds the endpoints to the current page; they take turns with the page's own work."""
    outputs = ui.result_outputs()
    board, recipes = gr.Gallery(visible=False, label="images", format="png"), gr.JSON(visible=False, label="recipes")
    verbs = Endpoints(kinds, outputs)

    def offer(
        verb: Callable[..., Any], inputs: list[gr.components.Component], outputs: list[gr.components.Component]
    ) -> None:
        hidden = gr.Button(visible=False)
        hidden.click(ui.friendly(verb), inputs, outputs, api_name=verb.__name__, **ui.INFERENCE)

    # Files and no gr.Image: the model itself turns, converts and refuses pictures, with sentences.
    sketch, reference = (gr.File(visible=False, label=name) for name in ("sketch", "reference"))
    tags, colours = (gr.JSON(visible=False, label=name) for name in ("tags", "colours"))
    across, down = (gr.JSON(visible=False, label=name) for name in ("across", "down"))
    seed, count = gr.Number(0, visible=False, label="seed"), gr.Number(6, visible=False, label="count")
    keep_lines, clean = (gr.Checkbox(True, visible=False, label=name) for name in ("keep_lines", "clean"))
    threshold = gr.Number(0.5, visible=False, label="threshold")
    model = gr.Textbox(None, visible=False, label="model")
    wish = [reference, tags, colours]
    offer(verbs.tags, [model], [gr.JSON(visible=False, label="tags")])
    offer(verbs.colorize, [sketch, *wish, seed, keep_lines, clean, model], outputs)
    offer(verbs.read_tags, [reference, threshold, model], [gr.JSON(visible=False, label="tags")])
    offer(verbs.palette, [reference, count], [gr.JSON(visible=False, label="palette")])
    offer(verbs.grid, [sketch, across, down, *wish, keep_lines, clean, model], [board, recipes])


def check_grid(across: Any, down: Any) -> None:
    """Raises:
    ConfigError: more pictures than this machine makes for one request, or what is no list of strengths.
    """
    count = 1
    for side in (across, down):
        if not isinstance(side, dict) or not all(isinstance(strengths, list) for strengths in side.values()):
            raise ConfigError(f'across and down are a tag with strengths, such as {{"red_hair": [0, 1]}}, not {side!r}')
        count *= max((len(strengths) for strengths in side.values()), default=1)
    if not 1 <= count <= MOST_PICTURES:
        raise ConfigError(f"a grid has 1 to {MOST_PICTURES} pictures here, not {count}")


def whole(number: Any) -> Any:
    """Returns a whole number as the model takes it; what is none is left for the model to refuse."""
    return int(number) if isinstance(number, float) and number.is_integer() else number
