"""What is on screen, and what of it looks different after a visitor's work has changed."""

import os
from collections.abc import Mapping
from typing import Any

import gradio as gr
import workflow_views as views
from workflow_endpoints import MOST_STEPS, MOST_VARIATIONS, STEPS
from workflow_kinds import Kind
from workflow_session import Session

from artmodels import WorkflowEditor, ui

__all__ = ["ARTWORK", "BOARD_SIZE", "LINES", "LOOK_AND_SEE", "LookOfIt", "Updates"]

BOARD_SIZE = 6
LOOK_AND_SEE, ARTWORK, LINES = "whatever it looks like", "a finished artwork", "a line drawing"
Updates = dict[gr.components.Component, Any]


class LookOfIt:
    """The page's components; it holds the shared models and what they make at first, and nothing of any visitor.

    Args:
        openings: what is on the table at first, for each kind.
        seconds: what a change costs, measured.
    """

    def __init__(
        self, words: tuple[str, str], kinds: Mapping[str, Kind], openings: Mapping[str, Session], seconds: float
    ) -> None:
        self.kinds, self.openings, self.seconds = kinds, openings, seconds
        self.opening = next(iter(openings.values()))
        self.compose(words)

    def compose(self, words: tuple[str, str]) -> None:
        """Lays the page out with the opening example already in it."""
        session = self.opening
        self.state = gr.State(None, time_to_live=7200)
        ui.header(*words)
        with gr.Row(elem_id="editor", elem_classes="am-studio"):
            with gr.Column(elem_classes="am-studio-rail"):
                self.compose_opening(session)
            with gr.Column(elem_classes="am-studio-main"):
                self.compose_stages(session)
                with gr.Row(elem_classes="am-split"):
                    self.compose_tools(session)
                    self.compose_result(session)
                ui.title("Versions")
                self.history = ui.tiles(views.history_html(session), elem_id="history", look="tree")
        self.compose_more(session)
        self.notes = ui.footnotes(self.facts(session))

    def compose_opening(self, session: Session) -> None:
        with gr.Column(visible=len(self.kinds) > 1, elem_id="kinds"):
            ui.title("Kind of artwork")
            choices = [(kind.title, name) for name, kind in self.kinds.items()]
            self.kind = gr.Radio(choices, value=session.kind, show_label=False, container=False, elem_id="kind")
        ui.title("Open your picture")
        self.file = gr.File(show_label=False, file_types=["image"], height=120, elem_id="open")
        ui.title("or start from")
        examples = views.examples_html(self.kinds[session.kind].examples)
        self.examples = ui.tiles(examples, elem_id="examples", look="rail")

    def compose_stages(self, session: Session) -> None:
        with gr.Row(elem_classes="am-split am-split-auto"):
            self.strip = ui.tiles(views.strip_html(session), elem_id="strip", look="strip")
            with gr.Column():
                self.dial = gr.Slider(
                    0, 1, session.current.opened.dial, step=0.05, label="free ↔ faithful", elem_id="dial", buttons=[],
                    info="Faithful fits the model to your picture; free leaves it more room for changes.",
                )  # fmt: skip
                self.status = gr.HTML(ui.status_line(views.hint(session)), elem_id="status", apply_default_css=False)
                self.stop = gr.Button("Stop", variant="stop", size="sm", visible=False, elem_id="stop")
                self.error = gr.HTML(views.error_html(session), elem_id="error", apply_default_css=False)

    def compose_tools(self, session: Session) -> None:
        with gr.Column(), gr.Tabs(selected="variations", elem_id="tools") as self.tabs:
            with gr.Tab("Variations", id="variations"):
                self.reroll = gr.Button(f"Re-roll {session.stage}", variant="primary", elem_id="reroll")
                self.board = ui.tiles(views.board_html(session), elem_id="board", look="board")
            with gr.Tab("Draw", id="draw"):
                self.redraw = gr.Button(f"Redraw from {session.stage}", variant="primary", elem_id="redraw")
                picture = session.pictures[session.stage]
                self.canvas = ui.canvas(picture, is_lines=self.is_lines(session), elem_id="canvas")
            with gr.Tab("Copy", id="copy"):
                self.other_file = gr.UploadButton("Open another artwork", file_types=["image"], elem_id="other-file")
                self.other = ui.tiles(views.other_html(session), elem_id="other", look="board")

    def compose_result(self, session: Session) -> None:
        with gr.Column():
            self.slider = ui.before_after(session.current.opened.original, session.result.image, elem_id="slider")
            ui.downloads(self.state, lambda session: (session or self.opening).result, stem="artwork")

    def compose_more(self, session: Session) -> None:
        with gr.Accordion("More", open=False, elem_id="more"), gr.Row():
            with gr.Column():
                self.amount = gr.Slider(
                    0, 1, 1, step=0.05, label="How far a re-roll or copy goes", elem_id="amount",
                    info="Part of the way from the artwork's own stage to the new one.",
                )  # fmt: skip
                self.count = gr.Slider(
                    2, MOST_VARIATIONS, value=BOARD_SIZE, step=1, label="Variations at a time", elem_id="count"
                )
                self.seed = gr.Number(session.next_seed, precision=0, minimum=0, label="Seed of the next variation")
            with gr.Column():
                self.take_as = gr.Radio([LOOK_AND_SEE, ARTWORK, LINES], value=LOOK_AND_SEE, label="Take my picture as")
                self.keep_lines = gr.Checkbox(True, label="Lay my own lines over what is made from a line drawing")
                self.stage_file = gr.UploadButton("Replace the chosen stage by a file", file_types=["image"], size="sm")
                self.steps = gr.Slider(
                    10, MOST_STEPS, STEPS, step=10, label="Iterations a stage, when fitting", elem_id="steps"
                )
            with gr.Column():
                recipe = views.shown_recipe(session)
                self.recipe = gr.JSON(recipe, label="Recipe, also kept inside the PNG", max_height=220)

    def facts(self, session: Session) -> list[tuple[str, str]]:
        """What a visitor should know: where stages come from, what the model saw, what it costs and cannot do."""
        kind = self.kinds[session.kind]
        return [
            (
                "Reconstructed stages",
                "The stages are reconstructed by a model. They are a way to edit a picture, and no record of how "
                "anybody drew it.",
            ),
            ("What it has seen", f"{kind.model.source}. {kind.seen} Code and starter weights: Apache-2.0."),
            (
                "What it costs",
                f"About {self.seconds:.1f} s for a change, measured on this machine's {os.cpu_count()} CPU cores when "
                "the page started. Nothing you open is kept longer than two hours.",
            ),
            (
                "What it cannot do",
                f"It works at {kind.model.config.size} pixels and knows one kind of artwork. Fine detail is lost, and "
                "photographs or other styles come back changed; the error beside the artwork says how much.",
            ),
        ]

    def model(self, session: Session) -> WorkflowEditor:
        return self.kinds[session.kind].model

    def is_lines(self, session: Session) -> bool:
        config = self.model(session).config
        return bool(config.channels[config.stages.index(session.stage)] == 1)

    def show(self, session: Session, text: str = "", *, is_new: bool = True) -> Updates:
        """Everything that can look different after a session has changed; the canvas only where its picture is new."""
        can_change = session.stage not in session.current.locked
        can_roll = can_change and session.stage != self.model(session).config.stages[0]
        canvas: Updates = {self.canvas: self.canvas_of(session)} if is_new else {}
        return {
            **canvas,
            self.state: session,
            self.strip: views.strip_html(session),
            self.board: views.board_html(session),
            self.other: views.other_html(session),
            self.history: views.history_html(session),
            self.slider: (session.current.opened.original, session.result.image),
            self.error: views.error_html(session),
            self.recipe: views.shown_recipe(session),
            self.seed: session.next_seed,
            self.amount: session.amount,
            self.dial: gr.update(value=session.current.opened.dial, interactive=True),
            self.status: ui.status_line(text or views.hint(session)),
            self.stop: gr.update(visible=False),
            self.reroll: gr.update(value=f"Re-roll {session.stage}", interactive=can_roll),
            self.redraw: gr.update(value=f"Redraw from {session.stage}", interactive=can_change),
        }

    def show_kind(self, session: Session) -> Updates:
        """What differs from kind to kind beside the work itself."""
        examples = views.examples_html(self.kinds[session.kind].examples)
        return {self.examples: examples, self.notes: ui.footnotes(self.facts(session)), self.kind: session.kind}

    def canvas_of(self, session: Session) -> gr.ImageEditor:
        update = ui.canvas_update(session.pictures[session.stage], is_lines=self.is_lines(session))
        return gr.ImageEditor(**update)

    def busy(self, text: str, done: float | None = None) -> Updates:
        off = gr.update(interactive=False)
        return {
            self.status: ui.status_line(text, done),
            self.stop: gr.update(visible=True),
            self.reroll: off,
            self.redraw: off,
            self.dial: off,
        }
