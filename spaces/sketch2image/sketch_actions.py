"""What a visitor does on the first tab: each handler takes the session and yields what looks different on the page."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from secrets import randbelow
from typing import Any

import gradio as gr
import sketch_views as views
from hand_actions import HandActions
from hand_session import taken_up
from sketch_page import PATIENCE, PictureTab, Updates
from sketch_session import (
    Session,
    begun,
    blank_sheet,
    changed,
    drawn_over,
    in_every_style,
    mixed,
    moved,
    opened,
    with_exemplars,
    with_sheet,
    without_exemplar,
)

from artmodels import ConfigError, PictureError, ui
from artmodels.images import load_picture

__all__ = ["PictureActions"]

SEEDS = 10_000


class PictureActions:
    """The handlers of the first tab; of the others, it opens the second with what is no sketch."""

    def __init__(self, tabs: gr.Tabs, page: PictureTab, hands: HandActions) -> None:
        self.tabs, self.page, self.hand_actions, self.hands = tabs, page, hands, hands.page
        self.connect()

    def connect(self) -> None:
        """Ties the components to the handlers below."""
        page, hands, state, view = self.page, self.hands, self.page.state, self.page.view
        pictures = [page.slider, page.mixer, page.canvas, page.board, page.found]
        words = [page.recipe, page.status, page.notes, page.stop, page.make_board, page.view, page.dice]
        values = [state, page.file, page.exemplar_files, page.kind, page.seed, page.keep_lines, page.refine]
        second = [hands.state, hands.slider, hands.board, hands.status, hands.stop, hands.thickness, hands.darkness]
        here: dict[str, Any] = {
            "outputs": [*pictures, *words, *values, self.tabs, *second, hands.detail],
            "api_visibility": "private",
            "show_progress": "hidden",
        }
        slow = {**here, "show_progress": "minimal", "show_progress_on": [page.status], **ui.INFERENCE}
        latest = {**here, **ui.INFERENCE, "trigger_mode": "always_last"}

        def tied(listen: Any, work: Callable[..., Any], *inputs: gr.components.Component, options: Any = slow) -> Any:
            return listen(ui.friendly(work), [state, *inputs, view], **options)

        runs = [
            tied(page.file.upload, self.open_lines, page.file, page.clean),
            tied(page.exemplar_files.upload, self.open_exemplars, page.exemplar_files),
            tied(page.examples.choose, self.open_example, options=latest),
            tied(page.mixer.mix, self.mix, options=latest),
            tied(page.mixer.leave, self.leave),
            tied(page.canvas.input, self.follow, page.canvas, options=latest),
            tied(page.blank.click, self.take_blank),
            tied(page.dice.click, self.throw, options=latest),
            tied(page.seed.change, self.set_seed, page.seed, options=latest),
            tied(page.keep_lines.input, self.keep_lines, page.keep_lines, options=latest),
            tied(page.refine.input, self.refine, page.refine, options=latest),
            tied(page.kind.input, self.choose_kind, page.kind, options=latest),
            tied(page.make_board.click, self.make_board),
            tied(page.board.choose, self.take, options=latest),
        ]
        for run in runs:
            run.failure(self.rest, [state, view], queue=False, **here)
        page.stop.click(self.rest, [state, view], cancels=runs, queue=False, **here)
        view.input(self.look, [state, view], queue=False, **here)
        hands.use.click(ui.friendly(self.use_lines), [state, hands.state, view], **slow)

    def table(self, session: Session | None) -> Session:
        """The visitor's session; a new visitor's is the opening example."""
        return session or self.page.opening

    def rest(self, session: Session | None, view: str) -> Updates:
        """After a stop or an error: the page as the session has it, and everything ready for the next try."""
        session, page = self.table(session), self.page
        shown = {**page.show(session, "", view), **page.show_mix(session), **page.show_kind(session)}
        return {**shown, page.file: None, page.exemplar_files: None}

    def look(self, session: Session | None, view: str) -> Updates:
        return {self.page.slider: views.compared(self.table(session), view)}

    def made(self, make: Callable[[], Session], view: str, *, by_strip: bool = False) -> Iterator[Updates]:
        """Yields the page with a new picture on it and the seconds that it took; where that is long, says so first."""
        if self.page.seconds > PATIENCE:
            yield self.page.busy("Making the picture")
        began = time.perf_counter()
        session = make()
        shown = self.page.show(session, f"Made in {time.perf_counter() - began:.2f} s.", view)
        yield shown if by_strip else {**shown, **self.page.show_mix(session)}

    # ---- lines ----

    def open_lines(self, session: Session | None, path: str, clean: bool, view: str) -> Iterator[Updates]:
        session, page = self.table(session), self.page
        yield page.busy("Reading the lines")
        try:
            sheet = opened(path, clean=clean)
        except PictureError:
            yield from self.draw_it_first(session, path)
            return
        session = with_sheet(page.model(session), session, sheet)
        yield {**page.show(session, "These are your lines now.", view), **page.show_sheet(session), page.file: None}

    def draw_it_first(self, session: Session, path: str) -> Iterator[Updates]:
        """What is no sketch goes to the second tab, whose lines can be used."""
        photo = load_picture(path)
        tracing = taken_up(self.hands.hands, Path(path).stem[:24], photo)
        rest = {**self.page.at_rest(""), self.page.file: None, self.tabs: gr.Tabs(selected="lines")}
        yield {**rest, **self.hands.show(tracing), **self.hands.show_strokes(tracing)}
        tracing = yield from self.hand_actions.tried(tracing)
        text = "This was no line drawing, so its lines are drawn here first. The button below takes them back."
        yield {**rest, **self.hands.show(tracing, text), **self.hands.show_strokes(tracing)}

    def use_lines(self, session: Session | None, tracing: Any, view: str) -> Iterator[Updates]:
        session, page = self.table(session), self.page
        yield {self.hands.status: ui.status_line("Drawing the lines")}
        lines = self.hands.full_result(tracing).image
        session = with_sheet(page.model(session), session, opened(lines, clean=False))
        shown = {**page.show(session, "These are the lines of your picture.", view), **page.show_sheet(session)}
        yield {**shown, self.hands.status: ui.status_line(""), self.tabs: gr.Tabs(selected="picture")}

    def open_example(self, session: Session | None, view: str, event: gr.EventData) -> Iterator[Updates]:
        session, page = self.table(session), self.page
        name, _, number = str(event.name).rpartition("/")
        if name not in page.kinds or not number.isdecimal() or int(number) >= len(page.kinds[name].examples):
            raise ConfigError(f"there is no example {event.name!r}. Please choose again.")
        own = [each for each in session.exemplars if each.is_own]
        session = begun(page.kinds[name], page.kinds[name].examples[int(number)], own)
        shown = {**page.show(session, "", view), **page.show_mix(session), **page.show_sheet(session)}
        yield {**shown, **page.show_kind(session)}

    def follow(self, session: Session | None, drawing: dict[str, Any] | None, view: str) -> Iterator[Updates]:
        """Redraws after a stroke, with the style and the seed as they are."""
        session = self.table(session)
        began = time.perf_counter()
        drawn = drawn_over(self.page.model(session), session, drawing)
        if drawn is None:
            yield {self.page.status: gr.update()}
            return
        text = f"Redrawn in {time.perf_counter() - began:.2f} s, seed {drawn.seed} kept."
        yield self.page.show(drawn, text, view)

    def take_blank(self, session: Session | None, view: str) -> Iterator[Updates]:
        session = self.table(session)
        session = with_sheet(self.page.model(session), session, blank_sheet())
        yield {**self.page.show(session, "Draw something.", view), **self.page.show_sheet(session)}

    # ---- styles ----

    def mix(self, session: Session | None, view: str, event: gr.EventData) -> Iterator[Updates]:
        session = self.table(session)
        model, weights, way = self.page.model(session), event.weights, event.mixing
        yield from self.made(lambda: mixed(model, session, weights, way), view, by_strip=True)

    def open_exemplars(self, session: Session | None, paths: list[str], view: str) -> Iterator[Updates]:
        session, page = self.table(session), self.page
        yield page.busy("Reading the styles")
        pictures = {Path(path).stem[:24]: load_picture(path) for path in paths}
        session = with_exemplars(page.model(session), session, pictures)
        yield {**page.show(session, "", view), **page.show_mix(session), page.exemplar_files: None}

    def leave(self, session: Session | None, view: str, event: gr.EventData) -> Iterator[Updates]:
        session = self.table(session)
        yield from self.made(lambda: without_exemplar(self.page.model(session), session, str(event.name)), view)

    def make_board(self, session: Session | None, view: str) -> Iterator[Updates]:
        session, page = self.table(session), self.page
        count = len(session.exemplars)
        empty = views.board_html(replace(session, board=()), count)
        yield {**page.busy("Finishing it in every style", 0.0), page.board: empty}
        for making in in_every_style(page.model(session), session):
            session, done = making, len(making.board)
            busy = page.busy(f"{done} of {count} styles", done / count)
            yield {**busy, page.state: session, page.board: views.board_html(session, count)}
        yield page.show(session, "Click one to go on with it.", view)

    def take(self, session: Session | None, view: str, event: gr.EventData) -> Iterator[Updates]:
        session = self.table(session)
        model = self.page.model(session)
        yield from self.made(lambda: mixed(model, session, {str(event.name): 1.0}, session.mixing), view)

    # ---- how ----

    def throw(self, session: Session | None, view: str) -> Iterator[Updates]:
        """The dice: another seed, never the same again."""
        session = self.table(session)
        seed = (session.seed + 1 + randbelow(SEEDS - 1)) % SEEDS
        for shown in self.made(lambda: changed(self.page.model(session), session, seed=seed), view, by_strip=True):
            yield {**shown, self.page.seed: seed}

    def set_seed(self, session: Session | None, seed: float | None, view: str) -> Iterator[Updates]:
        session, number = self.table(session), int(seed or 0)
        if number == session.seed:
            yield {self.page.status: gr.update()}
            return
        yield from self.wished(session, view, seed=number)

    def keep_lines(self, session: Session | None, keep_lines: bool, view: str) -> Iterator[Updates]:
        yield from self.wished(self.table(session), view, keep_lines=keep_lines)

    def refine(self, session: Session | None, refine: bool, view: str) -> Iterator[Updates]:
        yield from self.wished(self.table(session), view, refine=None if refine else False)

    def wished(self, session: Session, view: str, **wish: Any) -> Iterator[Updates]:
        yield from self.made(lambda: changed(self.page.model(session), session, **wish), view, by_strip=True)

    def choose_kind(self, session: Session | None, name: str, view: str) -> Iterator[Updates]:
        page = self.page
        if name not in page.kinds:
            raise ConfigError(f"there is no model {name!r}; there are {', '.join(page.kinds)}")
        session = moved(page.kinds[name], self.table(session))
        yield {**page.show(session, "", view), **page.show_mix(session), **page.show_kind(session)}
