"""What a visitor does on the second tab: each handler takes the tracing and yields what looks different."""

import time
from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr
from hand_page import HandTab, hands_html
from hand_session import Tracing, redrawn, taken_up, tried_hands
from sketch_kinds import PHOTOS
from sketch_page import Updates

from artmodels import ConfigError, ui
from artmodels.images import load_picture

__all__ = ["HandActions"]


class HandActions:
    """The handlers of the second tab."""

    def __init__(self, page: HandTab) -> None:
        self.page = page
        self.connect()

    def connect(self) -> None:
        """Ties the components to the handlers below."""
        page, state = self.page, self.page.state
        shown = [state, page.slider, page.board, page.status, page.stop, page.file]
        here: dict[str, Any] = {
            "outputs": [*shown, page.thickness, page.darkness, page.detail],
            "api_visibility": "private",
            "show_progress": "hidden",
        }
        slow = {**here, "show_progress": "minimal", "show_progress_on": [page.status], **ui.INFERENCE}
        latest = {**here, **ui.INFERENCE, "trigger_mode": "always_last"}
        strokes = [state, page.thickness, page.darkness, page.detail]
        runs = [
            page.file.upload(ui.friendly(self.open_file), [state, page.file], **slow),
            page.photos.choose(ui.friendly(self.open_photo), state, **slow),
            page.board.choose(ui.friendly(self.choose_hand), state, **latest),
            *(
                slider.input(ui.friendly(self.restroke), strokes, **latest)
                for slider in (page.thickness, page.darkness, page.detail)
            ),
        ]
        for run in runs:
            run.failure(self.rest, state, queue=False, **here)
        page.stop.click(self.rest, state, cancels=runs, queue=False, **here)

    def table(self, tracing: Tracing | None) -> Tracing:
        """The visitor's tracing; a new visitor's is the opening one."""
        return tracing or self.page.opening

    def rest(self, tracing: Tracing | None) -> Updates:
        """After a stop or an error: the page as the tracing has it."""
        tracing = self.table(tracing)
        return {**self.page.show(tracing), **self.page.show_strokes(tracing), self.page.file: None}

    def open_file(self, tracing: Tracing | None, path: str) -> Iterator[Updates]:
        yield from self.drawn(tracing, Path(path).stem[:24], path)

    def open_photo(self, tracing: Tracing | None, event: gr.EventData) -> Iterator[Updates]:
        if event.name not in PHOTOS:
            raise ConfigError(f"there is no picture {event.name!r}; there are {', '.join(PHOTOS)}")
        yield from self.drawn(tracing, event.name, PHOTOS[event.name])

    def drawn(self, tracing: Tracing | None, title: str, path: str | Path) -> Iterator[Updates]:
        """Draws a picture in the hand that is chosen, then lets the others try."""
        page, hand = self.page, self.table(tracing).hand
        yield page.busy("Drawing the lines")
        opened = taken_up(page.hands, title, load_picture(path), hand)
        yield {
            **page.show(opened), **page.show_strokes(opened), page.file: None, **page.busy("The other hands try it", 0)
        }  # fmt: skip
        opened = yield from self.tried(opened)
        # A slow browser may skip what was yielded between, so the end tells all of it again.
        yield {**page.show(opened, "Choose the hand you like."), **page.show_strokes(opened), page.file: None}

    def tried(self, tracing: Tracing) -> Generator[Updates, None, Tracing]:
        """Yields the board with one more hand's drawing on it, and returns the tracing when all have tried."""
        page = self.page
        for trying in tried_hands(page.hands, tracing):
            tracing, done = trying, len(trying.board)
            busy = page.busy(f"{done} of {len(page.hands)} hands", done / len(page.hands))
            yield {**busy, page.state: tracing, page.board: hands_html(page.hands, tracing)}
        return tracing

    def choose_hand(self, tracing: Tracing | None, event: gr.EventData) -> Iterator[Updates]:
        yield from self.again(self.table(tracing), hand=str(event.name))

    def restroke(self, tracing: Tracing | None, thickness: float, darkness: float, detail: float) -> Iterator[Updates]:
        tracing = self.table(tracing)
        kept = None if darkness == tracing.shown_darkness else darkness
        yield from self.again(tracing, thickness=thickness, darkness=kept or tracing.darkness, detail=detail)

    def again(self, tracing: Tracing, **wish: Any) -> Iterator[Updates]:
        began = time.perf_counter()
        tracing = redrawn(self.page.hands, replace(tracing), **wish)
        shown = self.page.show(tracing, f"Drawn in {time.perf_counter() - began:.2f} s.")
        yield {**shown, **self.page.show_strokes(tracing)} if "hand" in wish else shown
