"""The editor's verbs for programs: /stages, /edit, /variations and /generate, named and shaped like the model's own."""

from collections.abc import Mapping, Sequence
from typing import Any

import gradio as gr
from workflow_kinds import Kind

from artmodels import ConfigError, Result, WorkflowEditor, ui
from artmodels.images import load_picture
from artmodels.workflow.model import Edit

__all__ = ["MOST_STEPS", "MOST_VARIATIONS", "STEPS", "add_endpoints"]

MOST_VARIATIONS = 12
STEPS, MOST_STEPS = 60, 600
"""Iterations a stage of fitting a model to an artwork: what the page starts with, and the most that it does."""


class Endpoints:
    """The verbs; every `model` is the name of a kind, and none is the first one."""

    def __init__(self, kinds: Mapping[str, Kind], outputs: list[gr.components.Component]) -> None:
        self.kinds, self.outputs = kinds, outputs

    def models(self) -> Any:
        """Lists the models that the other endpoints know: their names, the names of their stages, first to last, and
        the side in pixels at which they work."""
        configs = {name: kind.model.config for name, kind in self.kinds.items()}
        return [{"name": name, "stages": list(each.stages), "size": each.size} for name, each in configs.items()]

    def stages(self, artwork: str, faithful: float = 0, steps: float = STEPS, model: str | None = None) -> Any:
        """Takes an artwork apart: returns it as put back unchanged, its stages (the last one is the artwork itself),
        and a recipe with the reconstruction error and warnings. faithful goes from 0, nothing is fitted, to 1, the
        artwork is reproduced at any price, in so many steps a stage."""
        chosen = self.chosen(model)
        return self.sent(chosen.stages(load_picture(artwork), faithful=faithful, steps=bounded(steps)))

    def edit(
        self,
        artwork: str,
        stage: str,
        picture: str | None = None,
        latent: list[float] | None = None,
        seed: float | None = None,
        like: str | None = None,
        amount: float = 1,
        keep_detail: bool = True,
        faithful: float = 0,
        steps: float = STEPS,
        model: str | None = None,
    ) -> Any:
        """Changes one stage by exactly one of picture, latent, seed and like, another artwork whose stage is copied:
        returns the artwork that follows from it, its stages, and a recipe. amount says how far to go from the artwork's
        own stage to the new one; keep_detail puts the change into the artwork at its own size."""
        drawn, other = (None if path is None else load_picture(path) for path in (picture, like))
        change = Edit(stage, drawn, numbers(latent), whole(seed), other, amount)
        options: dict[str, Any] = {"keep_detail": keep_detail, "faithful": faithful, "steps": bounded(steps)}
        return self.sent(self.chosen(model).edit(load_picture(artwork), [change], **options))

    def variations(
        self,
        artwork: str,
        stage: str,
        seeds: Sequence[int],
        faithful: float = 0,
        steps: float = STEPS,
        model: str | None = None,
    ) -> Any:
        """Re-rolls one stage with each of up to twelve seeds: returns the artworks that follow and their recipes."""
        rolls, options = several(seeds), {"faithful": faithful, "steps": bounded(steps)}
        results = self.chosen(model).variations(load_picture(artwork), stage=stage, seeds=rolls, **options)
        captioned = [(result.image, f"seed {seed}") for result, seed in zip(results, rolls, strict=True)]
        return captioned, [result.recipe for result in results]

    def generate(
        self, sketch: str, seeds: int | Sequence[int] = 0, keep_lines: bool = True, model: str | None = None
    ) -> Any:
        """Makes an artwork from a picture of the first stage, with one seed, or one for each step; keep_lines lays
        the sketch itself over the result."""
        return self.sent(self.chosen(model).generate(load_picture(sketch), seeds=seeds, keep_lines=keep_lines))

    def chosen(self, name: str | None) -> WorkflowEditor:
        """Raises ConfigError where there is no such model."""
        if name is not None and name not in self.kinds:
            raise ConfigError(f"there is no model {name!r} here; there are {', '.join(self.kinds)}")
        return self.kinds[name or next(iter(self.kinds))].model

    def sent(self, result: Result) -> tuple[str, list[Any], dict[str, Any]]:
        named = [(ui.on_white(layer), name) for name, layer in result.layers.items()]
        return ui.save_result(result, self.outputs[0], "artwork.png"), named, result.recipe


def add_endpoints(kinds: Mapping[str, Kind]) -> None:
    """Adds the endpoints to the current page; they take turns with the page's own work."""
    outputs = ui.result_outputs()
    board, recipes = gr.Gallery(visible=False, label="images", format="png"), gr.JSON(visible=False, label="recipes")
    verbs = Endpoints(kinds, outputs)

    def offer(verb: Any, inputs: list[gr.components.Component], outputs: list[gr.components.Component]) -> None:
        hidden = gr.Button(visible=False)
        hidden.click(ui.friendly(verb), inputs, outputs, api_name=verb.__name__, **ui.INFERENCE)

    artwork, stage = _picture("artwork"), gr.Textbox(visible=False, label="stage")
    latent, seed = gr.JSON(visible=False, label="latent"), gr.Number(None, visible=False, label="seed")
    amount = gr.Number(1, visible=False, label="amount")
    keep_detail = gr.Checkbox(True, visible=False, label="keep_detail")
    fit = [gr.Number(0, visible=False, label="faithful"), gr.Number(STEPS, visible=False, label="steps")]
    model = gr.Textbox(None, visible=False, label="model")
    offer(verbs.models, [], [gr.JSON(visible=False, label="models")])
    offer(verbs.stages, [artwork, *fit, model], outputs)
    change = [stage, _picture("picture"), latent, seed, _picture("like"), amount, keep_detail]
    offer(verbs.edit, [artwork, *change, *fit, model], outputs)
    offer(verbs.variations, [artwork, stage, gr.JSON(visible=False, label="seeds"), *fit, model], [board, recipes])
    keep_lines = gr.Checkbox(True, visible=False, label="keep_lines")
    offer(verbs.generate, [_picture("sketch"), gr.JSON("0", visible=False, label="seeds"), keep_lines, model], outputs)


def bounded(steps: Any) -> Any:
    """Returns the iterations of a request.

    Raises:
        ConfigError: more than this machine does for one request.
    """
    if isinstance(steps, int | float) and steps > MOST_STEPS:
        raise ConfigError(f"steps must be at most {MOST_STEPS} here, not {steps!r}")
    return whole(steps)


def whole(number: Any) -> Any:
    """Returns a whole number as the model takes it; what is none is left for the model to refuse."""
    return int(number) if isinstance(number, float) and number.is_integer() else number


def several(seeds: Any) -> list[int]:
    """Returns the seeds of a request.

    Raises:
        ConfigError: no list of one to twelve values.
    """
    if not isinstance(seeds, list) or not 1 <= len(seeds) <= MOST_VARIATIONS:
        raise ConfigError(f"seeds must be a list of 1 to {MOST_VARIATIONS} whole numbers, not {seeds!r}")
    return [whole(seed) for seed in seeds]


def numbers(latent: Any) -> list[float] | None:
    """Returns the latent of a request.

    Raises:
        ConfigError: no list of numbers.
    """
    if latent is not None and not (isinstance(latent, list) and all(isinstance(each, int | float) for each in latent)):
        raise ConfigError(f"latent must be a list of numbers, not {latent!r}")
    return latent


def _picture(label: str) -> gr.File:
    # A file and no gr.Image: load_picture itself turns, converts and refuses pictures, with sentences.
    return gr.File(visible=False, label=label)
