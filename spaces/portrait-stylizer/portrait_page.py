"""What is on screen, and what of it looks different after a visitor's work has changed."""

import os
from collections.abc import Sequence
from typing import Any

import gradio as gr
import portrait_views as views
from portrait_examples import Example
from portrait_eyes import eyes_html, eyes_panel
from portrait_models import Models
from portrait_session import SAMPLES, Session, finished

from artmodels import Result, ui
from artmodels.portrait.wishes import GROUPS

__all__ = ["DIRECTIONS", "LookOfIt", "Updates"]

HINT = "Choose a style, or slide the likeness: the portrait follows."
DIRECTIONS = tuple(f"{group}-{number}" for group in GROUPS for number in (1, 2, 3))
"""Directions that have a slider."""
FARTHEST = 3.0
ALL = 0
"""What stands for no layer swap on the page."""
PATIENCE = 0.5
"""Seconds that a visitor waits without being told what for."""
Updates = dict[gr.blocks.Block, Any]


class LookOfIt:
    """The page's components; it holds the shared models and what they make at first, and nothing of any visitor.

    Args:
        examples: what a visitor without a photo may begin with.
        opening: what is on the table at first.
        seconds: what a portrait costs, measured.
    """

    def __init__(
        self, words: tuple[str, str], models: Models, examples: Sequence[Example], opening: Session, seconds: float
    ) -> None:
        self.models, self.examples, self.opening, self.seconds = models, examples, opening, seconds
        self.compose(words)

    def compose(self, words: tuple[str, str]) -> None:
        """Lays the page out with the opening example already in it."""
        session = self.opening
        self.state = gr.State(None, time_to_live=7200)
        ui.header(*words)
        with gr.Row(elem_id="portrait", elem_classes="am-studio"):
            with gr.Column(elem_classes="am-studio-rail"):
                self.compose_opening()
            with gr.Column(elem_classes="am-studio-main"), gr.Row(elem_classes="am-split am-steps"):
                with gr.Column(elem_classes="am-first"):
                    self.eyes = eyes_panel(self.eyes_of(session), elem_id="eyes")
                self.compose_tools(session)
                self.compose_result(session)
        self.compose_more(session)
        ui.footnotes(self.facts())

    def compose_opening(self) -> None:
        ui.title("Open a photo")
        self.file = gr.File(
            show_label=False, file_types=["image"], height=92, elem_id="open", elem_classes="am-drop"
        )  # fmt: skip
        with gr.Accordion("or use the camera", open=False, elem_id="take-one"):
            self.camera = gr.Image(
                sources=["webcam"], type="filepath", image_mode=None, format="png", show_label=False, height=230,
                elem_id="camera",
            )  # fmt: skip
        ui.title("or someone invented")
        self.faces = ui.tiles(views.examples_html(self.examples), elem_id="examples", look="rail")

    def compose_tools(self, session: Session) -> None:
        with gr.Column(), gr.Tabs(selected="style", elem_id="tools"):
            with gr.Tab("Style", id="style"):
                self.compose_styles(session)
            with gr.Tab("Samples", id="samples"):
                with gr.Row(elem_classes="am-line"):
                    self.draw = gr.Button(f"Draw {SAMPLES} portraits", variant="primary", elem_id="draw")
                    self.mean = gr.Button("Back to their mean", elem_id="mean")
                self.board = ui.tiles(views.board_html(session), elem_id="board", look="quarters")
            with gr.Tab("Directions", id="directions"):
                self.compose_directions()

    def compose_styles(self, session: Session) -> None:
        self.styles = ui.tiles(
            views.styles_html(self.models, session, self.opening), elem_id="styles", look="quarters"
        )  # fmt: skip
        with gr.Row(elem_id="how"):
            self.likeness = gr.Slider(
                0, 1, session.likeness, step=0.05, label="Likeness", elem_id="likeness", min_width=240, scale=3,
                info="0 is the style's mean face, 0.5 the style as it was trained, 1 the photo model's own picture.",
            )  # fmt: skip
            self.attribute = gr.Radio(
                **self.paths_of(session), label="Drawn as", elem_id="attribute", min_width=150, scale=2
            )
        with gr.Accordion("A style of your own, or anybody's on the Hub", open=False, elem_id="hub-panel"):
            with gr.Row(elem_classes="am-line"):
                self.hub = gr.Textbox(
                    show_label=False, placeholder="user/my-style", container=False, max_lines=1, elem_id="hub-style"
                )
                self.fetch = gr.Button("Take it", size="sm", elem_id="fetch")
            gr.HTML(
                '<p class="am-quiet">From about a hundred pictures: <code>python -m training.portrait.train_style '
                "--pictures folder --name my-style --minutes 20 --push user/my-style</code></p>",
                apply_default_css=False,
            )

    def compose_directions(self) -> None:
        with gr.Row(elem_classes="am-line"):
            gr.HTML(
                '<p class="am-quiet">Found in the style\'s weights, where nobody named them: slide, and see.</p>',
                apply_default_css=False,
            )
            self.reset = gr.Button("Reset", size="sm", elem_id="reset")
        self.sliders = []
        with gr.Row(elem_id="sliders"):
            for group in GROUPS:
                with gr.Column(min_width=150):
                    self.sliders += [
                        gr.Slider(-FARTHEST, FARTHEST, 0, step=0.1, label=name.replace("-", " "), elem_id=name)
                        for name in DIRECTIONS
                        if name.startswith(group)
                    ]

    def compose_result(self, session: Session) -> None:
        with gr.Column(elem_classes="am-result"):
            self.slider = ui.before_after(*views.compared(session), elem_id="slider")
            self.view = gr.Radio(
                [views.ALONE, views.WHOLE], value=views.ALONE, show_label=False, container=False, elem_id="view"
            )
            with gr.Row(elem_classes="am-line"):
                self.status = gr.HTML(ui.status_line(HINT), elem_id="status", apply_default_css=False)
                self.stop = gr.Button("Stop", variant="stop", size="sm", visible=False, elem_id="stop")
            ui.downloads(self.state, self.full_result, stem="portrait")
            gr.HTML(views.seen_html(self.models), elem_id="seen", apply_default_css=False)

    def compose_more(self, session: Session) -> None:
        with gr.Accordion("More", open=False, elem_id="more"), gr.Row():
            with gr.Column():
                generator = self.models.stylizer.config.generator
                choices = [("all of the portrait", ALL)]
                choices += [(f"shapes up to {side} pixels", side) for side in generator.resolutions[1:-1]]
                self.swap = gr.Dropdown(
                    choices, value=session.swap or ALL, label="The style draws", elem_id="swap",
                    info="Finer surfaces are then the photo model's.",
                )  # fmt: skip
            with gr.Column():
                recipe = views.shown_recipe(session)
                self.recipe = gr.JSON(recipe, label="Recipe, also kept inside the PNG", max_height=220)

    def facts(self) -> list[tuple[str, str]]:
        """What a visitor should know: what is kept, what the model saw, what it costs and cannot do."""
        stylizer = self.models.stylizer
        return [
            (
                "Your photo",
                "Its file is deleted as soon as it is read, and what the page shows of it within three hours. It is "
                "sent nowhere, and no other visitor sees it.",
            ),
            (
                "What it has seen",
                f"{stylizer.source}, and styles that were tuned from it: their cards name every source, and all that "
                "was measured. Code and starter weights: Apache-2.0; the cartoon's: CC BY 4.0.",
            ),
            (
                "What it costs",
                f"About {self.seconds:.2f} s a portrait, measured on this machine's {os.cpu_count()} CPU cores when "
                "the page started. A photo is read once; then only the portrait is drawn again.",
            ),
            (
                "What it cannot do",
                f"Portraits are drawn at {stylizer.config.generator.size} pixels a side and enlarged into the photo. "
                "Hands, hats, profiles and two faces in one square are beyond it.",
            ),
        ]

    def eyes_of(self, session: Session) -> str:
        return eyes_html(session, self.models.stylizer.config.alignment, self.models.trouble)

    def paths_of(self, session: Session) -> dict[str, Any]:
        """The attributes to choose from, and the one that is taken."""
        names = self.models.style(session.style).config.generator.attributes
        chosen = session.attribute if session.attribute in names else next(iter(names), None)
        return {"choices": list(names), "value": chosen, "visible": bool(names)}

    def full_result(self, session: Session | None) -> Result:
        return finished(self.models, session or self.opening)

    def show(self, session: Session, text: str = "") -> Updates:
        """What looks different after any change of a session."""
        return {
            self.state: session,
            self.slider: views.compared(session),
            self.recipe: views.shown_recipe(session),
            self.status: ui.status_line(text),
            self.stop: gr.update(visible=False),
            self.draw: gr.update(interactive=True),
            self.board: views.board_html(session),
        }

    def show_style(self, session: Session) -> Updates:
        """What differs as well where another style is taken, or the photo in the styles is another."""
        return {
            self.styles: views.styles_html(self.models, session, self.opening),
            self.attribute: gr.update(**self.paths_of(session)),
        }

    def show_photo(self, session: Session) -> Updates:
        """What differs as well where another photo is on the table."""
        return {self.eyes: self.eyes_of(session), self.file: None, **self.show_middle(session)}

    def show_middle(self, session: Session | None) -> Updates:
        """The slider's handle in the middle of the face, once there is a picture."""
        if session is None:
            return {}
        slider = gr.ImageSlider(views.compared(session), slider_position=views.middle(session))
        return {self.slider: slider}

    def show_wish(self, session: Session) -> Updates:
        """All that visitors set, as the session has it."""
        amounts = [session.moves.get(name, 0) for name in DIRECTIONS]
        return {
            self.likeness: session.likeness,
            self.swap: session.swap or ALL,
            self.view: views.WHOLE if session.paste_back else views.ALONE,
            **dict(zip(self.sliders, amounts, strict=True)),
        }

    def busy(self, text: str, done: float | None = None) -> Updates:
        return {
            self.status: ui.status_line(text, done),
            self.stop: gr.update(visible=True),
            self.draw: gr.update(interactive=False),
        }
