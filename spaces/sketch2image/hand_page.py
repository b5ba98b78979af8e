"""The second tab, a picture's lines drawn in one of several hands, and the third, how one's own hand is taught."""

import html
from collections.abc import Sequence
from typing import Any

import gradio as gr
from hand_session import Hand, Tracing, finished_lines
from PIL import Image
from sketch_kinds import PHOTOS
from sketch_page import Updates, dropped

from artmodels import Result, ui
from artmodels.images import load_picture

__all__ = ["HandTab", "add_lesson"]

HINT = "Choose a hand; the sliders make its lines thinner, thicker, paler."


class HandTab:
    """The tab's components; it holds the shared sketchers and what they draw at first, and nothing of any visitor."""

    def __init__(self, hands: Sequence[Hand], opening: Tracing) -> None:
        self.hands, self.opening = hands, opening
        self.compose(opening)

    def compose(self, tracing: Tracing) -> None:
        """Lays the tab out with the opening picture already drawn."""
        self.state = gr.State(None, time_to_live=7200)
        with gr.Row(elem_classes="am-studio"):
            with gr.Column(elem_classes="am-studio-rail"):
                ui.title("Open a picture")
                self.file = dropped("open-photo")
                ui.title("or start from")
                self.photos = ui.tiles(photos_html(), elem_id="photos", look="rail")
            with gr.Column(elem_classes="am-studio-main"), gr.Row(elem_classes="am-split"):
                with gr.Column():
                    ui.title("In whose hand")
                    self.board = ui.tiles(hands_html(self.hands, tracing), elem_id="hands", look="quarters")
                    self.compose_strokes(tracing)
                self.compose_result(tracing)
        ui.footnotes(self.facts())

    def facts(self) -> list[tuple[str, str]]:
        """What a visitor should know: what hands are, what they have seen, what they cost and cannot do."""
        learned = dict.fromkeys(hand.drawer.source for hand in self.hands if hand.origin == "learned")
        return [
            (
                "Hands",
                "A learned hand is a network that drawings have taught; the filter's hands have learned nothing and "
                "follow differences of light. Any hand goes with any picture.",
            ),
            (
                "What they have seen",
                f"{', '.join(learned) or 'No learned hand is here'}. A sketcher's card says which drawings taught it. "
                "Code and starter weights: Apache-2.0.",
            ),
            (
                "At your picture's own size",
                "Lines are found on a small copy, then drawn at the size of your picture with smooth edges. More "
                "detail looks closer, and takes longer.",
            ),
            (
                "What it cannot do",
                "It draws what it sees, not what is meant: fur and leaves become many lines, and where light hardly "
                "changes there is none.",
            ),
        ]

    def compose_strokes(self, tracing: Tracing) -> None:
        with gr.Row():
            self.thickness = gr.Slider(
                0.25, 4, tracing.thickness, step=0.05, label="Thickness", elem_id="thickness", buttons=[], min_width=180
            )
            self.darkness = gr.Slider(
                0.05, 1, tracing.shown_darkness, step=0.05, label="Darkness", elem_id="darkness", buttons=[],
                min_width=180,
            )  # fmt: skip
        with gr.Accordion("More", open=False):
            self.detail = gr.Slider(
                0.5, 4, tracing.detail, step=0.25, label="Detail", elem_id="detail", buttons=[],
                info="How closely the picture is looked at: more gives more and finer lines, and takes longer.",
            )  # fmt: skip

    def compose_result(self, tracing: Tracing) -> None:
        with gr.Column(elem_classes="am-result"):
            self.slider = ui.before_after(*drawn_pair(tracing), elem_id="traced")
            with gr.Row(elem_classes="am-line"):
                self.status = gr.HTML(ui.status_line(HINT), elem_id="hand-status", apply_default_css=False)
                self.stop = gr.Button("Stop", variant="stop", size="sm", visible=False, elem_id="hand-stop")
            self.use = gr.Button("Make a picture of these lines", variant="primary", elem_id="use-lines")
            ui.downloads(self.state, self.full_result, stem="lines", elem_id="save-lines")

    def full_result(self, tracing: Tracing | None) -> Result:
        return finished_lines(self.hands, tracing or self.opening)

    def show(self, tracing: Tracing, text: str = "") -> Updates:
        """What looks different after any change of a tracing."""
        return {
            self.state: tracing,
            self.slider: drawn_pair(tracing),
            self.board: hands_html(self.hands, tracing),
            **self.at_rest(text),
        }

    def at_rest(self, text: str) -> Updates:
        """Nothing is running."""
        return {self.status: ui.status_line(text), self.stop: gr.update(visible=False)}

    def show_strokes(self, tracing: Tracing) -> Updates:
        """What differs as well where something else than the sliders has changed the strokes."""
        return {
            self.thickness: tracing.thickness,
            self.darkness: tracing.shown_darkness,
            self.detail: tracing.detail,
        }

    def busy(self, text: str, done: float | None = None) -> Updates:
        return {self.status: ui.status_line(text, done), self.stop: gr.update(visible=True)}


def photos_html() -> str:
    row = [ui.Tile(name, load_picture(path), name.capitalize()) for name, path in PHOTOS.items()]
    return ui.tiles_html(row, label="Pictures")


def drawn_pair(tracing: Tracing) -> tuple[Image.Image, Image.Image]:
    return ui.on_white(tracing.result.layers["picture"]), tracing.result.image


def hands_html(hands: Sequence[Hand], tracing: Tracing, places: int = 0) -> str:
    """How each hand draws the picture, as far as they have; pressed is the chosen one."""
    known = {hand.key: hand for hand in hands}
    row = [
        ui.Tile(key, picture, known[key].name, known[key].origin, chosen=key == tracing.hand)
        for key, picture in tracing.board
    ]
    return ui.tiles_html(row, label="Hands", places=places or len(hands))


TEACH = """python -m training.sketch2image.train_sketcher \\
    --pictures photos/ --drawings my-drawings/ \\
    --name mine --minutes 10 --out runs/mine"""
DRAW = """from artmodels import Sketcher

hand = Sketcher.from_pretrained("runs/mine/model")
hand.draw("photo.jpg", thickness=1.2).save("lines.psd")"""
HERE = "ARTMODELS_SKETCHER_MODEL=runs/mine/model python app.py"
SHARE = "artmodels push runs/mine/model your-name/my-hand"
STEPS = (
    (
        "1. Draw about 20 drawings",
        "Of anything: scans or exports, lines on white. They need not show what the pictures show, and there are no "
        "pairs to make. Put them in one folder, and some pictures in another.",
        "my-drawings/  01.png  02.png  ...  20.png\nphotos/       any pictures, 100 or more",
        None,
    ),
    (
        "2. Teach for ten minutes",
        "On a laptop's processor, in a checkout of the repository. Sheets in runs/mine/samples show four pictures as "
        "your hand draws them by then; --resume goes on later. In the end the best states become hands.",
        TEACH,
        "shell",
    ),
    (
        "3. Draw with it",
        "Strokes come as wide and as dark as yours were, and thickness and darkness change both. The same folder "
        "works on this page, in place of its hands, and can be shared.",
        DRAW,
        "python",
    ),
)


def add_lesson(hands: Sequence[Hand], tracing: Tracing) -> None:
    """Lays out how a hand is taught, and what some hands make of one picture."""
    with gr.Row(elem_classes="am-lesson"):
        for head, line, text, language in STEPS:
            with gr.Column(min_width=280):
                ui.title(head)
                gr.HTML(f"<p>{html.escape(line)}</p>", elem_classes="am-quiet", apply_default_css=False)
                code(text, language)
    with gr.Row():
        code(HERE, "shell", "On this page")
        code(SHARE, "shell", "On the Hub")
    ui.title("One picture, several hands")
    drawn = dict(tracing.board)
    learned = [hand for hand in hands if hand.origin == "learned"] or hands
    row = [ui.Tile("picture", tracing.photo, tracing.title.capitalize())]
    row += [ui.Tile(hand.key, drawn[hand.key], hand.name, hand.origin) for hand in learned]
    ui.tiles(ui.tiles_html(row, label="Hands"), elem_id="lesson-hands", look="quarters")


def code(text: str, language: Any, label: str | None = None) -> gr.Code:
    return gr.Code(
        text, language=language, label=label, show_label=label is not None, interactive=False, lines=1,
        show_line_numbers=False, buttons=["copy"],
    )  # fmt: skip
