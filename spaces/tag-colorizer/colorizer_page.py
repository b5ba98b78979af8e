"""What is on screen, and what of it looks different after a visitor's work has changed."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

import colorizer_views as views
import gradio as gr
from colorizer_kinds import Kind
from colorizer_panel import panel, panel_html
from colorizer_session import Session, finished, spoken

from artmodels import TagColorizer, ui

__all__ = ["LookOfIt", "Updates"]

HINT = "Press a swatch or slide a tag: the picture follows."
Updates = dict[gr.components.Component, Any]


class LookOfIt:
    """The page's components; it holds the shared models and what they make at first, and nothing of any visitor.

    Args:
        openings: what is on the table at first, for each model.
        seconds: what a colouring costs, measured.
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
        with gr.Row(elem_id="colorizer", elem_classes="am-studio"):
            with gr.Column(elem_classes="am-studio-rail am-rail-pair"):
                self.compose_opening(session)
            with gr.Column(elem_classes="am-studio-main"), gr.Row(elem_classes="am-split"):
                self.compose_tools(session)
                self.compose_result(session)
        self.compose_more(session)
        self.notes = ui.footnotes(self.facts(session))

    def compose_opening(self, session: Session) -> None:
        with gr.Column():
            ui.title("Open a sketch")
            self.file = dropped("open")
        with gr.Column(elem_id="reference-block"):
            ui.title("Colours from a picture")
            self.reference = gr.HTML(
                views.reference_html(session), elem_id="reference", elem_classes="am-figure", apply_default_css=False
            )
            self.reference_file = dropped("open-reference")
        with gr.Column():
            ui.title("or start from")
            examples = views.examples_html(self.kinds[session.kind].examples)
            self.examples = ui.tiles(examples, elem_id="examples", look="rail")

    def compose_tools(self, session: Session) -> None:
        with gr.Column(), gr.Tabs(selected="tags", elem_id="tools") as self.tabs:
            with gr.Tab("Tags", id="tags"):
                self.panel = panel(self.panel_of(session), elem_id="panel")
            with gr.Tab("Draw", id="draw"):
                with gr.Row(elem_classes="am-line"):
                    self.redraw = gr.Button("Colour this drawing", variant="primary", elem_id="redraw")
                    self.blank = gr.Button("Blank sheet", elem_id="blank")
                self.canvas = ui.canvas(session.preview.art.lines, is_lines=True, elem_id="canvas")
            with gr.Tab("Grid", id="grid"):
                with gr.Row():
                    across, down = (self.grid_choice(session, place) for place in (0, 1))
                    self.across = gr.Dropdown(**across, label="Growing to the right", elem_id="across", min_width=140)
                    self.down = gr.Dropdown(**down, label="Growing downwards", elem_id="down", min_width=140)
                self.make_grid = gr.Button("Make the grid", variant="primary", elem_id="make-grid")
                self.board = ui.tiles(views.board_html(session), elem_id="board", look="board")

    def compose_result(self, session: Session) -> None:
        with gr.Column(elem_classes="am-result"):
            self.slider = ui.before_after(*views.compared(session, views.PICTURE), elem_id="slider")
            self.view = gr.Radio(
                [views.PICTURE, views.CHANGE], value=views.PICTURE, show_label=False, container=False, elem_id="view"
            )
            with gr.Row(elem_classes="am-line"):
                self.status = gr.HTML(ui.status_line(HINT), elem_id="status", apply_default_css=False)
                self.stop = gr.Button("Stop", variant="stop", size="sm", visible=False, elem_id="stop")
            ui.downloads(self.state, self.full_result, stem="coloured")
            self.found = gr.HTML(views.found_html(session), elem_id="found", apply_default_css=False)

    def compose_more(self, session: Session) -> None:
        with gr.Accordion("More", open=False, elem_id="more"), gr.Row():
            with gr.Column():
                choices = [(kind.title, name) for name, kind in self.kinds.items()]
                self.kind = gr.Radio(choices, value=session.kind, label="The reference is taken", elem_id="kind")
                self.kind.visible = len(choices) > 1
                self.drop = gr.Button("Take the reference away", size="sm", elem_id="drop")
                self.seed = gr.Number(
                    session.seed, precision=0, minimum=0, label="Seed", elem_id="seed",
                    info="Without a reference, each seed but 0 draws a colour for every part that is left open.",
                )  # fmt: skip
            with gr.Column():
                self.keep_lines = gr.Checkbox(
                    session.keep_lines, label="Keep my own lines, pixel for pixel", elem_id="keep-lines"
                )
                self.clean = gr.Checkbox(
                    True, label="Clean sketches: paper tone goes, photos are refused", elem_id="clean"
                )
            with gr.Column():
                recipe = views.shown_recipe(session)
                self.recipe = gr.JSON(recipe, label="Recipe, also kept inside the PNG", max_height=220)

    def facts(self, session: Session) -> list[tuple[str, str]]:
        """What a visitor should know: how tags work, what the model saw, what it costs and cannot do."""
        kind = self.kinds[session.kind]
        return [
            (
                "Tags",
                "A swatch sets a tag and clears the others of its part; 1 is as the model has learnt it, more "
                "exaggerates, 0 takes away what the reference has. The ring at the end takes any exact colour.",
            ),
            ("What it has seen", f"{kind.model.source}. {kind.seen} Code and starter weights: Apache-2.0."),
            (
                "What it costs",
                f"About {self.seconds:.1f} s a picture, measured on this machine's {os.cpu_count()} CPU cores when the "
                "page started. Nothing you open is kept longer than two hours.",
            ),
            (
                "What it cannot do",
                f"Colours are made at {kind.model.config.size} pixels a side and enlarged under your own lines. It "
                "knows one kind of drawing; elsewhere colours run out of their parts.",
            ),
        ]

    def model(self, session: Session) -> TagColorizer:
        return self.kinds[session.kind].model

    def full_result(self, session: Session | None) -> Any:
        session = session or self.opening
        return finished(self.model(session), session)

    def panel_of(self, session: Session) -> str:
        return panel_html(self.model(session).config, session.tags, session.colours, session.palette)

    def grid_choice(self, session: Session, place: int) -> dict[str, Any]:
        """The tags to choose from, and one of the first group or the last."""
        config = self.model(session).config
        groups: Sequence[Sequence[str]] = [group.tags for group in config.groups] or [config.tags]
        usual = groups[-place]
        return {"choices": [(spoken(tag), tag) for tag in config.tags], "value": usual[len(usual) // 3]}

    def show(self, session: Session, text: str = "", view: str = views.PICTURE) -> Updates:
        """What looks different after any change of a session."""
        return {
            self.state: session,
            self.slider: views.compared(session, view),
            self.found: views.found_html(session, view),
            self.recipe: views.shown_recipe(session),
            self.status: ui.status_line(text),
            self.stop: gr.update(visible=False),
            self.redraw: gr.update(interactive=True),
            self.make_grid: gr.update(interactive=self.model(session).config.mapped),
        }

    def show_wish(self, session: Session) -> Updates:
        """What differs as well where something else than the panel has changed where colours come from."""
        return {
            self.panel: self.panel_of(session),
            self.reference: views.reference_html(session),
            self.board: views.board_html(session),
        }

    def show_sketch(self, session: Session) -> Updates:
        """What differs as well where another sketch is on the table."""
        canvas = gr.ImageEditor(**ui.canvas_update(session.preview.art.lines, is_lines=True))
        return {self.canvas: canvas, self.board: views.board_html(session)}

    def show_kind(self, session: Session) -> Updates:
        """What differs from model to model beside the work itself."""
        across, down = (gr.Dropdown(**self.grid_choice(session, place)) for place in (0, 1))
        return {
            self.notes: ui.footnotes(self.facts(session)),
            self.kind: session.kind,
            self.across: across,
            self.down: down,
        }

    def busy(self, text: str, done: float | None = None) -> Updates:
        off = gr.update(interactive=False)
        return {
            self.status: ui.status_line(text, done),
            self.stop: gr.update(visible=True),
            self.redraw: off,
            self.make_grid: off,
        }


def dropped(elem_id: str) -> gr.File:
    """A small place to drop a picture on."""
    return gr.File(show_label=False, file_types=["image"], height=92, elem_id=elem_id, elem_classes="am-drop")
