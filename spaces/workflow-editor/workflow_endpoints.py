"""The editor's verbs for programs: /stages, /edit, /variations and /generate, named and shaped like the model's own."""

from collections.abc import Sequence
from typing import Any

import gradio as gr

from artmodels import ConfigError, Result, WorkflowEditor, ui
from artmodels.images import load_picture
from artmodels.workflow.model import Edit

__all__ = ["MOST_VARIATIONS", "add_endpoints"]

MOST_VARIATIONS = 12


def add_endpoints(model: WorkflowEditor) -> None:
    """Adds the endpoints to the current page; they take turns with the page's own work."""
    outputs = ui.result_outputs()
    board = gr.Gallery(visible=False, label="images", format="png")
    recipes = gr.JSON(visible=False, label="recipes")

    def sent(result: Result) -> tuple[str, list[Any], dict[str, Any]]:
        named = [(ui.on_white(layer), name) for name, layer in result.layers.items()]
        return ui.save_result(result, outputs[0], "artwork.png"), named, result.recipe

    def stages(artwork: str) -> Any:
        """Takes an artwork apart: returns it as put back unchanged, its stages (the last one is the artwork itself),
        and a recipe that holds the reconstruction error."""
        return sent(model.stages(load_picture(artwork)))

    def edit(
        artwork: str,
        stage: str,
        picture: str | None = None,
        latent: list[float] | None = None,
        seed: float | None = None,
        keep_detail: bool = True,
    ) -> Any:
        """Changes one stage by exactly one of picture, latent and seed: returns the artwork that follows from it, its
        stages, and a recipe; keep_detail puts the change into the artwork at its own size."""
        drawn = None if picture is None else load_picture(picture)
        change = Edit(stage, drawn, numbers(latent), whole(seed))
        return sent(model.edit(load_picture(artwork), [change], keep_detail=keep_detail))

    def variations(artwork: str, stage: str, seeds: Sequence[int]) -> Any:
        """Re-rolls one stage with each of up to twelve seeds: returns the artworks that follow and their recipes."""
        chosen = several(seeds)
        results = model.variations(load_picture(artwork), stage=stage, seeds=chosen)
        captioned = [(result.image, f"seed {seed}") for result, seed in zip(results, chosen, strict=True)]
        return captioned, [result.recipe for result in results]

    def generate(sketch: str, seeds: int | Sequence[int] = 0, keep_lines: bool = True) -> Any:
        """Makes an artwork from a picture of the first stage, with one seed, or one for each step; keep_lines lays
        the sketch itself over the result."""
        return sent(model.generate(load_picture(sketch), seeds=seeds, keep_lines=keep_lines))

    def offer(verb: Any, inputs: list[gr.components.Component], outputs: list[gr.components.Component]) -> None:
        hidden = gr.Button(visible=False)
        hidden.click(ui.friendly(verb), inputs, outputs, api_name=verb.__name__, **ui.INFERENCE)

    artwork = _picture("artwork")
    stage = gr.Textbox(visible=False, label="stage")
    offer(stages, [artwork], outputs)
    latent = gr.JSON(visible=False, label="latent")
    seed = gr.Number(None, visible=False, label="seed")
    keep_detail = gr.Checkbox(True, visible=False, label="keep_detail")
    offer(edit, [artwork, stage, _picture("picture"), latent, seed, keep_detail], outputs)
    offer(variations, [artwork, stage, gr.JSON(visible=False, label="seeds")], [board, recipes])
    seeds = gr.JSON("0", visible=False, label="seeds")
    keep_lines = gr.Checkbox(True, visible=False, label="keep_lines")
    offer(generate, [_picture("sketch"), seeds, keep_lines], outputs)


def whole(seed: Any) -> Any:
    """Returns a seed as the model takes it; what is no whole number is left for the model to refuse."""
    return int(seed) if isinstance(seed, float) and seed.is_integer() else seed


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
