"""The first tab: a sketch, the styles that it takes on, and the picture; and what of it looks different after work."""

import os
from collections.abc import Mapping
from typing import Any

import gradio as gr
import sketch_views as views
from sketch_kinds import Kind
from sketch_mixer import mixer, mixer_html
from sketch_session import Session, finished

from artmodels import Result, SketchToImage, ui

__all__ = ["PictureTab", "Updates", "dropped"]

HINT = "Draw on the lines, or choose a style: the picture follows."
PATIENCE = 1.0
"""Seconds that a visitor waits without being told what for."""
Updates = dict[gr.blocks.Block, Any]


class PictureTab:
    """The tab's components; it holds the shared models and what they make at first, and nothing of any visitor.

    Args:
        opening: what is on the table at first.
        seconds: what a picture costs, measured.
    """

    def __init__(self, kinds: Mapping[str, Kind], opening: Session, seconds: float) -> None:
        self.kinds, self.opening, self.seconds = kinds, opening, seconds
        self.compose(opening)

    def compose(self, session: Session) -> None:
        """Lays the tab out with the opening example already in it."""
        self.state = gr.State(None, time_to_live=7200)
        with gr.Row(elem_id="sketch2image", elem_classes="am-studio"):
            with gr.Column(elem_classes="am-studio-rail"):
                ui.title("Open your lines")
                self.file = dropped("open")
                ui.title("or start from")
                self.examples = ui.tiles(views.examples_html(self.kinds), elem_id="examples", look="rail")
            with gr.Column(elem_classes="am-studio-main"), gr.Row(elem_classes="am-split"):
                self.compose_tools(session)
                self.compose_result(session)
        self.compose_more(session)

    def compose_tools(self, session: Session) -> None:
        with gr.Column():
            with gr.Row(elem_classes="am-with-drop"):
                self.mixer = mixer(mixer_html(session.exemplars, session.mixing), elem_id="mixer")
                with gr.Column(min_width=0):
                    ui.title("or your own")
                    self.exemplar_files = dropped("open-exemplar", file_count="multiple")
            with gr.Tabs(selected="draw", elem_id="tools"):
                with gr.Tab("Draw", id="draw"):
                    with gr.Row(elem_classes="am-line"):
                        gr.HTML("The picture follows every stroke.", elem_classes="am-quiet", apply_default_css=False)
                        self.blank = gr.Button("Blank sheet", size="sm", elem_id="blank")
                    self.canvas = ui.canvas(session.ground, is_lines=True, elem_id="canvas")
                with gr.Tab("Every style", id="every"):
                    self.make_board = gr.Button("Finish it in every style", variant="primary", elem_id="make-board")
                    self.board = ui.tiles(views.board_html(session), elem_id="board", look="board")

    def compose_result(self, session: Session) -> None:
        with gr.Column(elem_classes="am-result"):
            self.slider = ui.before_after(*views.compared(session, views.LINES), elem_id="slider")
            with gr.Row(elem_classes="am-line", elem_id="looks"):
                self.view = gr.Radio(
                    [views.LINES, views.REFINING], value=views.LINES, show_label=False, container=False, elem_id="view"
                )
                self.dice = gr.Button("⚄ Another texture", size="sm", elem_id="dice")
                self.view.visible = self.dice.visible = self.kind_of(session).refines
            with gr.Row(elem_classes="am-line"):
                self.status = gr.HTML(ui.status_line(HINT), elem_id="status", apply_default_css=False)
                self.stop = gr.Button("Stop", variant="stop", size="sm", visible=False, elem_id="stop")
            ui.downloads(self.state, self.full_result, stem="picture")
            self.found = gr.HTML(views.found_html(session), elem_id="found", apply_default_css=False)

    def compose_more(self, session: Session) -> None:
        with gr.Accordion("More", open=False, elem_id="more"), gr.Row():
            with gr.Column():
                choices = [(kind.title, name) for name, kind in self.kinds.items()]
                self.kind = gr.Radio(choices, value=session.kind, label="Finished as", elem_id="kind")
                self.kind.visible = len(choices) > 1
                self.seed = gr.Number(
                    session.seed, precision=0, minimum=0, label="Seed of the texture", elem_id="seed",
                    info="It stays while you draw and mix; the dice throws another.",
                )  # fmt: skip
            with gr.Column():
                self.keep_lines = gr.Checkbox(
                    session.keep_lines, label="Lay my own lines over the picture, pixel for pixel", elem_id="keep-lines"
                )
                self.refine = gr.Checkbox(
                    True, label="Refine the coarse picture", elem_id="refine", visible=self.kind_of(session).refines
                )
                self.clean = gr.Checkbox(True, label="Clean what I open: paper tone goes", elem_id="clean")
            with gr.Column():
                recipe = views.shown_recipe(session)
                self.recipe = gr.JSON(recipe, label="Recipe, also kept inside the PNG", max_height=220)
        self.notes = ui.footnotes(self.facts(session))

    def facts(self, session: Session) -> list[tuple[str, str]]:
        """What a visitor should know: how styles mix, what the model saw, what it costs and cannot do."""
        kind = self.kind_of(session)
        return [
            (
                "Mixing",
                "Blended styles are averaged, by how much of each you slide up. Side by side, the exemplars are "
                "stitched into one picture whose style is read, each with an area of its share.",
            ),
            ("What it has seen", f"{kind.model.source}. {kind.seen} Code and starter weights: Apache-2.0."),
            (
                "What it costs",
                f"About {self.seconds:.2f} s a picture, measured on this machine's {os.cpu_count()} CPU cores when the "
                "page started. Nothing you open is kept longer than two hours.",
            ),
            (
                "What it cannot do",
                f"Pictures are made at {kind.model.config.refined_size} pixels a side and enlarged to your sketch. It "
                "knows one kind of picture; far from that, colours run and parts are misread.",
            ),
        ]

    def kind_of(self, session: Session) -> Kind:
        return self.kinds[session.kind]

    def model(self, session: Session) -> SketchToImage:
        return self.kind_of(session).model

    def full_result(self, session: Session | None) -> Result:
        session = session or self.opening
        return finished(self.model(session), session)

    def show(self, session: Session, text: str = "", view: str = views.LINES) -> Updates:
        """What looks different after any change of a session."""
        return {
            self.state: session,
            self.slider: views.compared(session, view),
            self.recipe: views.shown_recipe(session),
            self.board: views.board_html(session),
            **self.at_rest(text),
        }

    def at_rest(self, text: str) -> Updates:
        """Nothing is running."""
        return {
            self.status: ui.status_line(text),
            self.stop: gr.update(visible=False),
            self.make_board: gr.update(interactive=True),
        }

    def show_mix(self, session: Session) -> Updates:
        """What differs as well where something else than the strip has changed the mix."""
        return {self.mixer: mixer_html(session.exemplars, session.mixing)}

    def show_sheet(self, session: Session) -> Updates:
        """What differs as well where another sketch is on the table."""
        canvas = gr.ImageEditor(**ui.canvas_update(session.ground, is_lines=True))
        return {self.canvas: canvas, self.found: views.found_html(session)}

    def show_kind(self, session: Session) -> Updates:
        """What differs from model to model beside the work itself."""
        can_refine = gr.update(visible=self.kind_of(session).refines)
        return {
            self.notes: ui.footnotes(self.facts(session)),
            self.kind: session.kind,
            self.keep_lines: session.keep_lines,
            self.seed: session.seed,
            self.dice: can_refine,
            self.refine: gr.update(visible=self.kind_of(session).refines, value=session.refine is not False),
            self.view: can_refine,
        }

    def busy(self, text: str, done: float | None = None) -> Updates:
        return {
            self.status: ui.status_line(text, done),
            self.stop: gr.update(visible=True),
            self.make_board: gr.update(interactive=False),
        }


def dropped(elem_id: str, *, file_count: Any = "single") -> gr.File:
    """A small place to drop pictures on."""
    return gr.File(
        show_label=False, file_types=["image"], file_count=file_count, height=92, elem_id=elem_id,
        elem_classes="am-drop",
    )  # fmt: skip
