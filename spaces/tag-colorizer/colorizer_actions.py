"""What a visitor does: each handler takes the visitor's session and yields what looks different on the page."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import colorizer_views as views
import gradio as gr
from colorizer_kinds import Kind
from colorizer_page import LookOfIt, Updates
from colorizer_session import (
    GRID_STRENGTHS,
    Session,
    begun,
    blank_sheet,
    changed,
    gridded,
    moved,
    plain_of,
    spoken,
    taken,
    with_sketch,
)
from PIL import Image

from artmodels import ConfigError, ui
from artmodels.images import load_picture

__all__ = ["Actions", "opened_example"]

REFERENCE_SIDE = 1024


def opened_example(kind: Kind, index: int) -> Session:
    """Opens one of the bundled sketches, coloured as it is there to show."""
    example, config = kind.examples[index], kind.model.config
    reference = None if example.reference is None else load_picture(example.reference)
    wish = {"reference": reference, "tags": example.tags_for(config), "colours": example.colours_for(config)}
    return begun(kind.model, kind.name, example.title, example.sketch, **wish)


class Actions:
    """The handlers of one page."""

    def __init__(self, page: LookOfIt) -> None:
        self.page = page
        self.connect()

    def connect(self) -> None:
        """Ties the components to the handlers below."""
        page = self.page
        pictures = [page.slider, page.board, page.reference, page.canvas, page.panel]
        words = [page.found, page.recipe, page.status, page.notes, page.redraw, page.make_grid, page.stop]
        values = [page.state, page.file, page.reference_file, page.kind, page.across, page.down, page.seed, page.clean]
        here: dict[str, Any] = {
            "outputs": [*pictures, *words, *values], "api_visibility": "private", "show_progress": "hidden"
        }  # fmt: skip
        slow = {**here, "show_progress": "minimal", "show_progress_on": [page.status], **ui.INFERENCE}
        latest = {**slow, "trigger_mode": "always_last"}
        state, view = page.state, page.view
        runs = [
            page.file.upload(ui.friendly(self.open_sketch), [state, page.file, page.clean, view], **slow),
            page.reference_file.upload(ui.friendly(self.open_reference), [state, page.reference_file, view], **slow),
            page.examples.choose(ui.friendly(self.open_example), [state, view], **latest),
            page.panel.slide(ui.friendly(self.slide), [state, view], **latest),
            page.panel.read(ui.friendly(self.read), [state, view], **slow),
            page.view.input(ui.friendly(self.look), [state, view], **latest),
            page.redraw.click(ui.friendly(self.colour_drawing), [state, page.canvas, view], **slow),
            page.blank.click(ui.friendly(self.take_blank), [state, view], **slow),
            page.make_grid.click(ui.friendly(self.make_grid), [state, page.across, page.down, view], **slow),
            page.board.choose(ui.friendly(self.take), [state, view], **latest),
            page.kind.input(ui.friendly(self.choose_kind), [state, page.kind, view], **latest),
            page.drop.click(ui.friendly(self.drop_reference), [state, view], **slow),
            page.seed.change(ui.friendly(self.roll), [state, page.seed, view], **latest),
            page.keep_lines.input(ui.friendly(self.keep_lines), [state, page.keep_lines, view], **latest),
        ]
        runs[0].failure(self.refused, [state, view], queue=False, **here)
        for run in runs[1:]:
            run.failure(self.rest, [state, view], queue=False, **here)
        page.stop.click(self.rest, [state, view], cancels=runs, queue=False, **here)

    def table(self, session: Session | None) -> Session:
        """The visitor's session; a new visitor's is the opening example."""
        return session or self.page.opening

    def rest(self, session: Session | None, view: str) -> Updates:
        """After a stop or an error: the page as the session has it, and everything ready for the next try."""
        session, page = self.table(session), self.page
        shown = {**page.show(session, "", view), **page.show_wish(session)}
        return {**shown, page.file: None, page.reference_file: None, page.kind: session.kind}

    def refused(self, session: Session | None, view: str) -> Updates:
        """After a sketch that could not be opened: the same, and a way out."""
        way_out = "Nothing was changed. Under More, sketches can be taken as they are, without cleaning."
        return {**self.rest(session, view), self.page.status: ui.status_line(way_out)}

    def recoloured(self, session: Session, view: str, *, by_panel: bool = False, **wish: Any) -> Updates:
        """The page with the sketch coloured as wished now, and the seconds that it took."""
        began = time.perf_counter()
        session = self.looked(changed(self.page.model(session), session, **wish), view)
        shown = self.page.show(session, taking(began), view)
        return shown if by_panel else {**shown, **self.page.show_wish(session)}

    def looked(self, session: Session, view: str) -> Session:
        """With the picture without tags, where that is looked at."""
        if view != views.CHANGE:
            return replace(session, plain=None)
        if session.plain is not None:
            return session
        return replace(session, plain=plain_of(self.page.model(session), session))

    # ---- opening ----

    def open_sketch(self, session: Session | None, path: str, clean: bool, view: str) -> Iterator[Updates]:
        session, page = self.table(session), self.page
        yield page.busy("Reading the sketch")
        began = time.perf_counter()
        session = with_sketch(page.model(session), session, path, Path(path).stem[:24], clean=clean)
        shown = page.show(self.looked(session, view), taking(began), view)
        yield {**shown, **page.show_sketch(session), page.file: None}

    def open_reference(self, session: Session | None, path: str, view: str) -> Iterator[Updates]:
        session, page = self.table(session), self.page
        yield page.busy("Reading the colours")
        reference = ui.shrunk(load_picture(path), REFERENCE_SIDE)
        yield {**self.recoloured(session, view, reference=reference), page.reference_file: None}

    def drop_reference(self, session: Session | None, view: str) -> Iterator[Updates]:
        yield self.page.busy("Colouring without a reference")
        yield self.recoloured(self.table(session), view, reference=None)

    def open_example(self, session: Session | None, view: str, event: gr.EventData) -> Iterator[Updates]:
        kind = self.page.kinds[self.table(session).kind]
        index = number_of(event, len(kind.examples))
        yield self.page.busy("Colouring")
        began = time.perf_counter()
        opened = self.looked(opened_example(kind, index), view)
        shown = {**self.page.show(opened, taking(began), view), **self.page.show_wish(opened)}
        yield {**shown, **self.page.show_sketch(opened), self.page.seed: opened.seed}

    def choose_kind(self, session: Session | None, name: str, view: str) -> Iterator[Updates]:
        if name not in self.page.kinds:
            raise ConfigError(f"there is no model {name!r}; there are {', '.join(self.page.kinds)}")
        yield self.page.busy("Colouring")
        began = time.perf_counter()
        session = self.looked(moved(self.page.kinds[name].model, name, self.table(session)), view)
        shown = {**self.page.show(session, taking(began), view), **self.page.show_wish(session)}
        yield {**shown, **self.page.show_kind(session)}

    # ---- colouring ----

    def slide(self, session: Session | None, view: str, event: gr.EventData) -> Updates:
        return self.recoloured(self.table(session), view, by_panel=True, tags=event.tags, colours=event.colours)

    def read(self, session: Session | None, view: str) -> Iterator[Updates]:
        session = self.table(session)
        if session.reference is None:
            raise ConfigError("there is no reference to read tags from; open a picture under Colours from a picture")
        yield self.page.busy("Reading the tags of the reference")
        found = self.page.model(session).read_tags(session.reference)
        tags = {tag: round(strength, 2) for tag, strength in found.items()}
        yield self.recoloured(session, view, tags=tags, colours={})

    def roll(self, session: Session | None, seed: float | None, view: str) -> Updates:
        session = self.table(session)
        if int(seed or 0) == session.seed:
            return self.page.show(session, "", view)
        return self.recoloured(session, view, by_panel=True, seed=int(seed or 0))

    def keep_lines(self, session: Session | None, keep_lines: bool, view: str) -> Updates:
        return self.recoloured(self.table(session), view, by_panel=True, keep_lines=keep_lines)

    def look(self, session: Session | None, view: str) -> Updates:
        return self.page.show(self.looked(self.table(session), view), "", view)

    # ---- drawing ----

    def colour_drawing(self, session: Session | None, drawing: dict[str, Any] | None, view: str) -> Iterator[Updates]:
        session = self.table(session)
        picture = ui.painted(session.sketch.art.lines, drawing)
        if picture is None:
            yield self.page.show(session, "Nothing is drawn yet, so nothing was changed.", view)
            return
        yield from self.drawn(session, picture, view)

    def take_blank(self, session: Session | None, view: str) -> Iterator[Updates]:
        yield from self.drawn(self.table(session), blank_sheet(), view)

    def drawn(self, session: Session, picture: Image.Image, view: str) -> Iterator[Updates]:
        yield self.page.busy("Colouring your drawing")
        began = time.perf_counter()
        session = with_sketch(self.page.model(session), session, picture, "drawn", clean=False)
        shown = self.page.show(self.looked(session, view), taking(began), view)
        yield {**shown, **self.page.show_sketch(session)}

    # ---- the grid ----

    def make_grid(self, session: Session | None, across: str, down: str, view: str) -> Iterator[Updates]:
        session, page = self.table(session), self.page
        if across == down:
            raise ConfigError(f"a grid needs two tags, and {spoken(across)} is chosen for both sides")
        count = len(GRID_STRENGTHS) ** 2
        empty = views.board_html(replace(session, board=()), count)
        yield {**page.busy("Making the grid", 0.0), page.board: empty}
        for making in gridded(page.model(session), session, across, down):
            session, done = making, len(making.board)
            busy, board = page.busy(f"{done} of {count} pictures", done / count), views.board_html(session, count)
            yield {**busy, page.state: session, page.board: board}
        yield page.show(session, "Click one to go on with it.", view)

    def take(self, session: Session | None, view: str, event: gr.EventData) -> Iterator[Updates]:
        session = self.table(session)
        number = number_of(event, len(session.board))
        yield self.page.busy(f"Colouring with {session.board[number].caption}")
        began = time.perf_counter()
        session = self.looked(taken(self.page.model(session), session, number), view)
        yield {**self.page.show(session, taking(began), view), **self.page.show_wish(session)}


def taking(began: float) -> str:
    return f"Coloured in {time.perf_counter() - began:.1f} s."


def number_of(event: gr.EventData, count: int) -> int:
    if not str(event.name).isdecimal() or int(event.name) >= count:
        raise ConfigError(f"{event.name!r} is not on the page any more. Please choose again.")
    return int(event.name)
