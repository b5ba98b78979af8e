"""Workflow editor: an artwork taken apart into its stages, one of them changed, and the artwork put back.

    python spaces/workflow-editor/app.py

ARTMODELS_EDITOR_MODEL names another model: a folder written by `save_pretrained`, or a Hub id.
"""

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr
import workflow_views as views
from PIL import Image
from workflow_endpoints import MOST_VARIATIONS, add_endpoints
from workflow_session import (
    Session,
    edited,
    looks_like_lines,
    opened_artwork,
    opened_lines,
    painted_over,
    returned,
    rolled,
    with_lock,
)

from artmodels import ArtModelsError, ConfigError, WorkflowEditor, ui
from artmodels.images import load_picture
from artmodels.workflow.model import Edit

TITLE = "Workflow editor"
LINE = "A drawing grows in stages. Take one apart, change a stage, and get the artwork back."
EXAMPLES = Path(__file__).parent / "examples"
EXAMPLE_CHANGES: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("Other colours", "ponytail.webp", {"stage": 1, "seed": 3}),
    ("Glasses drawn on", "quiff.webp", {"stage": 0, "picture": "quiff-glasses.png"}),
    ("Another light", "waves.webp", {"stage": -1, "seed": 5}),
    ("From lines alone", "bob-lines.png", {}),
)
BOARD_SIZE = 6
CARD_SIDE = 420
LONGEST_SIDE = 2048
LOOK_AND_SEE, ARTWORK, LINES = "whatever it looks like", "a finished artwork", "a line drawing"
Updates = dict[gr.components.Component, Any]


def load_model() -> WorkflowEditor:
    """Loads the starter model, or the one that ARTMODELS_EDITOR_MODEL names."""
    return WorkflowEditor.from_pretrained(os.environ.get("ARTMODELS_EDITOR_MODEL", "artmodels/workflow-illustrations"))


def build_page(model: WorkflowEditor) -> None:
    """Builds the page inside the current `gr.Blocks` or route."""
    EditorPage(model)


def card_picture(model: WorkflowEditor) -> Image.Image:
    """Returns the strip that stands for this Space: an artwork, then its stages as they are after a change."""
    session = opened_example(model, 0)
    row = [session.current.opened.artwork, *session.pictures.values()]
    strip = Image.new("RGB", (CARD_SIDE * len(row), CARD_SIDE), "white")
    for position, picture in enumerate(row):
        strip.paste(picture.resize((CARD_SIDE, CARD_SIDE), Image.Resampling.LANCZOS), (position * CARD_SIDE, 0))
    return strip


def opened_picture(model: WorkflowEditor, picture: Image.Image, kind: str, *, keep_lines: bool) -> Session:
    """Takes a picture as an artwork or as a line drawing, whichever `kind` says or it looks like."""
    picture = ui.shrunk(picture, LONGEST_SIDE)
    if kind == LINES or (kind == LOOK_AND_SEE and looks_like_lines(picture)):
        return opened_lines(model, picture, keep_lines=keep_lines)
    return opened_artwork(model, picture)


def opened_example(model: WorkflowEditor, index: int) -> Session:
    """Opens one of the bundled pictures with the change that it is there to show."""
    title, file, change = EXAMPLE_CHANGES[index]
    session = opened_picture(model, load_picture(EXAMPLES / file), LOOK_AND_SEE, keep_lines=True)
    if not change:
        return session
    stage = model.config.stages[change["stage"]]
    if "picture" in change:
        edit = Edit(stage, picture=load_picture(EXAMPLES / change["picture"]))
    else:
        edit = Edit(stage, seed=change["seed"])
    return replace(edited(model, session, edit, title.lower()), stage=stage)


class EditorPage:
    """The page's components and what they do; it holds the shared model and nothing of any visitor."""

    def __init__(self, model: WorkflowEditor) -> None:
        self.model = model
        self.stages = model.config.stages
        self.seconds = 0.0
        self.opening = self.first_sight()
        self.compose()
        self.connect()
        add_endpoints(model)

    def first_sight(self) -> Session:
        """Makes the finished example that is on screen when the page opens, and measures what a change costs."""
        session = opened_example(self.model, 0)
        began = time.perf_counter()
        *_, session = rolled(self.model, session, BOARD_SIZE)
        self.seconds = (time.perf_counter() - began) / BOARD_SIZE
        return session

    # ---- what is on screen ----

    def compose(self) -> None:
        """Lays the page out with the opening example already in it."""
        session = self.opening
        self.state = gr.State(None, time_to_live=7200)
        ui.header(TITLE, LINE)
        with gr.Row(elem_id="editor", elem_classes="am-studio"):
            with gr.Column(elem_classes="am-studio-rail"):
                ui.title("Open your picture")
                self.file = gr.File(show_label=False, file_types=["image"], height=120, elem_id="open")
                ui.title("or start from")
                examples = views.examples_html(EXAMPLES, EXAMPLE_CHANGES)
                self.examples = ui.tiles(examples, elem_id="examples", look="rail")
            with gr.Column(elem_classes="am-studio-main"):
                self.compose_stages(session)
                with gr.Row(elem_classes="am-split"):
                    self.compose_tools(session)
                    self.compose_result(session)
            with gr.Column(elem_classes="am-studio-aside"):
                ui.title("Versions")
                self.history = ui.tiles(views.history_html(session), elem_id="history", look="rail")
        self.compose_more(session)
        ui.footnotes(self.notes())

    def compose_stages(self, session: Session) -> None:
        with gr.Row(elem_classes="am-split am-split-auto"):
            self.strip = ui.tiles(views.strip_html(session), elem_id="strip", look="strip")
            with gr.Column():
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
                self.canvas = ui.canvas(picture, is_lines=self.is_lines(session.stage), elem_id="canvas")

    def compose_result(self, session: Session) -> None:
        with gr.Column():
            self.slider = ui.before_after(session.current.opened.original, session.result.image, elem_id="slider")
            ui.downloads(self.state, lambda session: (session or self.opening).result, stem="artwork")

    def compose_more(self, session: Session) -> None:
        with gr.Accordion("More", open=False, elem_id="more"), gr.Row():
            with gr.Column():
                self.kind = gr.Radio([LOOK_AND_SEE, ARTWORK, LINES], value=LOOK_AND_SEE, label="Take my picture as")
                self.keep_lines = gr.Checkbox(True, label="Lay my own lines over what is made from a line drawing")
                self.stage_file = gr.UploadButton("Replace the chosen stage by a file", file_types=["image"], size="sm")
            with gr.Column():
                self.count = gr.Slider(
                    2, MOST_VARIATIONS, value=BOARD_SIZE, step=1, label="Variations at a time", elem_id="count"
                )
                self.seed = gr.Number(session.next_seed, precision=0, minimum=0, label="Seed of the next variation")
            with gr.Column():
                recipe = views.shown_recipe(session)
                self.recipe = gr.JSON(recipe, label="Recipe, also kept inside the PNG", max_height=220)

    def notes(self) -> list[tuple[str, str]]:
        """What a visitor should know: where stages come from, what the model saw, what it costs and cannot do."""
        return [
            (
                "Reconstructed stages",
                "The stages are reconstructed by a model. They are a way to edit a picture, and no record of how "
                "anybody drew it.",
            ),
            (
                "What it has seen",
                f"{self.model.source}. The starter was trained from scratch on composed portraits: line art “Lorelei” "
                "by Lisa Wischofsky, CC0 1.0, with own garments and colouring. Code and weights: Apache-2.0.",
            ),
            (
                "What it costs",
                f"About {self.seconds:.1f} s for a change, measured on this machine's {os.cpu_count()} CPU cores when "
                "the page started. Nothing you open is kept longer than two hours.",
            ),
            (
                "What it cannot do",
                f"It works at {self.model.config.size} pixels and knows one kind of drawing. Fine detail is lost, and "
                "photographs or other styles come back changed; the error beside the artwork says how much.",
            ),
        ]

    def is_lines(self, stage: str) -> bool:
        return bool(self.model.config.channels[self.stages.index(stage)] == 1)

    def show(self, session: Session, text: str = "", *, is_new: bool = True) -> Updates:
        """Everything that can look different after a session has changed; the canvas only where its picture is new."""
        can_change = session.stage not in session.current.locked
        can_roll = can_change and session.stage != self.stages[0]
        canvas: Updates = {self.canvas: self.canvas_of(session)} if is_new else {}
        return {
            **canvas,
            self.state: session,
            self.strip: views.strip_html(session),
            self.board: views.board_html(session),
            self.history: views.history_html(session),
            self.slider: (session.current.opened.original, session.result.image),
            self.error: views.error_html(session),
            self.recipe: views.shown_recipe(session),
            self.seed: session.next_seed,
            self.status: ui.status_line(text or views.hint(session)),
            self.stop: gr.update(visible=False),
            self.reroll: gr.update(value=f"Re-roll {session.stage}", interactive=can_roll),
            self.redraw: gr.update(value=f"Redraw from {session.stage}", interactive=can_change),
        }

    def canvas_of(self, session: Session) -> gr.ImageEditor:
        update = ui.canvas_update(session.pictures[session.stage], is_lines=self.is_lines(session.stage))
        return gr.ImageEditor(**update)

    def busy(self, text: str, done: float | None = None) -> Updates:
        off = gr.update(interactive=False)
        return {
            self.status: ui.status_line(text, done),
            self.stop: gr.update(visible=True),
            self.reroll: off,
            self.redraw: off,
        }

    # ---- what the visitor does ----

    def connect(self) -> None:
        """Ties the components to the handlers below."""
        pictures = [self.strip, self.board, self.history, self.canvas, self.slider]
        words = [self.error, self.recipe, self.seed, self.status, self.stop, self.reroll, self.redraw, self.tabs]
        seen = [self.state, *pictures, *words, self.file]
        here: dict[str, Any] = {"outputs": seen, "api_visibility": "private", "show_progress": "hidden"}
        slow = {**here, "show_progress": "minimal", "show_progress_on": [self.status], **ui.INFERENCE}
        latest = {**slow, "trigger_mode": "always_last"}
        runs = [
            self.file.upload(ui.friendly(self.open_file), [self.file, self.kind, self.keep_lines], **slow),
            self.examples.choose(ui.friendly(self.open_example), None, **latest),
            self.reroll.click(ui.friendly(self.roll), [self.state, self.count, self.seed], **slow),
            self.board.choose(ui.friendly(self.take), self.state, **latest),
            self.redraw.click(ui.friendly(self.redraw_from), [self.state, self.canvas], **slow),
            self.stage_file.upload(ui.friendly(self.replace_stage), [self.state, self.stage_file], **slow),
            self.history.choose(ui.friendly(self.go_back), self.state, **latest),
        ]
        for run in runs:
            run.failure(self.rest, self.state, queue=False, **here)
        self.stop.click(self.rest, self.state, cancels=runs, queue=False, **here)
        self.strip.choose(ui.friendly(self.choose_stage), self.state, queue=False, **here)
        self.strip.lock(ui.friendly(self.toggle_lock), self.state, queue=False, **here)

    def rest(self, session: Session | None) -> Updates:
        """After a stop or an error: the page as the session has it, and everything ready for the next try."""
        return {**self.show(session or self.opening, is_new=False), self.file: None}

    def open_file(self, path: str, kind: str, keep_lines: bool) -> Iterator[Updates]:
        yield self.busy("Reading the stages")
        session = opened_picture(self.model, load_picture(path), kind, keep_lines=keep_lines)
        is_drawn = self.stages[0] in session.current.edits
        text = "Taken as a line drawing; More can say otherwise." if is_drawn else ""
        yield {**self.show(session, text), self.file: None}

    def open_example(self, event: gr.EventData) -> Iterator[Updates]:
        yield self.busy("Reading the stages")
        yield self.show(opened_example(self.model, self.number_of(event, range(len(EXAMPLE_CHANGES)))))

    def roll(self, session: Session | None, count: float, seed: float | None) -> Iterator[Updates]:
        session = session or self.opening
        self.check_open(session)
        session = replace(session, next_seed=max(0, int(seed or 0)))
        count = min(int(count), MOST_VARIATIONS)
        empty = views.board_html(replace(session, board=()), count)
        yield {**self.busy(f"Rolling {count} variations of {session.stage}", 0.0), self.board: empty}
        for rolling in rolled(self.model, session, count):
            session, done = rolling, len(rolling.board)
            yield {
                **self.busy(f"{done} of {count} variations of {session.stage}", done / count),
                self.state: session, self.board: views.board_html(session, count), self.seed: session.next_seed,
            }  # fmt: skip
        yield self.show(session, "Click one to go on with it.", is_new=False)

    def take(self, session: Session | None, event: gr.EventData) -> Iterator[Updates]:
        session = session or self.opening
        self.check_open(session)
        board = session.board
        seed = self.number_of(event, [each.seed for each in board])
        yield self.busy(f"Making the artwork with {session.stage} {seed}")
        session = edited(self.model, session, Edit(board[0].stage, seed=seed), f"{board[0].stage} {seed}")
        yield self.show(replace(session, board=board))

    def redraw_from(self, session: Session | None, drawing: dict[str, Any] | None) -> Iterator[Updates]:
        session = session or self.opening
        self.check_open(session)
        is_last = session.stage == self.stages[-1]
        picture = ui.painted(session.result.image if is_last else session.pictures[session.stage], drawing)
        if picture is None:
            yield self.show(session, "Nothing is drawn yet, so nothing was changed.", is_new=False)
            return
        yield from self.with_stage_picture(session, picture, f"drawn on {session.stage}")

    def replace_stage(self, session: Session | None, path: str) -> Iterator[Updates]:
        session = session or self.opening
        self.check_open(session)
        picture = ui.shrunk(load_picture(path), LONGEST_SIDE)
        yield from self.with_stage_picture(session, picture, f"{session.stage} from a file")

    def with_stage_picture(self, session: Session, picture: Image.Image, title: str) -> Iterator[Updates]:
        yield self.busy(f"Redrawing from {session.stage}")
        if session.stage == self.stages[-1]:
            yield self.show(painted_over(self.model, session, picture))
            return
        session = edited(self.model, session, Edit(session.stage, picture=picture), title)
        drawn = [edit.stage for edit in session.current.edits.values() if edit.picture is not None]
        stop = f"{drawn[-1]} is locked as you drew it, so the change stops there."
        yield self.show(session, stop if drawn[-1] != session.stage else "")

    def go_back(self, session: Session | None, event: gr.EventData) -> Iterator[Updates]:
        session = session or self.opening
        number = self.number_of(event, [version.number for version in session.versions])
        yield self.busy(f"Going back to version {number}")
        yield self.show(returned(session, number), f"Back at version {number}; what you do next branches off here.")

    def choose_stage(self, session: Session | None, event: gr.EventData) -> Updates:
        session = session or self.opening
        stage = self.stage_of(event)
        board = session.board if stage == session.stage else ()
        session = replace(session, stage=stage, board=board)
        tab = {self.tabs: gr.Tabs(selected="draw")} if stage == self.stages[0] else {}
        return {**self.show(session), **tab}

    def toggle_lock(self, session: Session | None, event: gr.EventData) -> Updates:
        return self.show(with_lock(session or self.opening, self.stage_of(event)), is_new=False)

    def check_open(self, session: Session) -> None:
        if session.stage in session.current.locked:
            raise ConfigError(f"{session.stage} is locked. Open its lock in the strip to change it.")

    def stage_of(self, event: gr.EventData) -> str:
        if event.name not in self.stages:
            raise ConfigError(f"there is no stage {event.name!r}; the stages are {', '.join(self.stages)}")
        return str(event.name)

    def number_of(self, event: gr.EventData, known: Any) -> int:
        if not str(event.name).isdecimal() or int(event.name) not in known:
            raise ConfigError(f"{event.name!r} is not on the page any more. Please choose again.")
        return int(event.name)


def main() -> None:
    try:
        model = load_model()
    except ArtModelsError as error:
        raise SystemExit(str(error)) from None
    with ui.new_page(TITLE) as demo:
        build_page(model)
    ui.launch(demo)


if __name__ == "__main__":
    main()
