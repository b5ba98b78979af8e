"""What a visitor does: each handler takes the visitor's session and yields what looks different on the page."""

import time
from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr
import workflow_views as views
from PIL import Image
from workflow_endpoints import MOST_VARIATIONS
from workflow_kinds import Kind
from workflow_page import LINES, LOOK_AND_SEE, LookOfIt, Updates
from workflow_session import (
    Session,
    edited,
    looks_like_lines,
    opened_artwork,
    opened_lines,
    painted_over,
    read,
    refitted,
    returned,
    rolled,
    with_amount,
    with_lock,
)

from artmodels import ConfigError, ui
from artmodels.images import load_picture
from artmodels.workflow.model import Edit

__all__ = ["Actions", "opened_example", "opened_picture"]

LONGEST_SIDE = 2048
SECONDS_BETWEEN_SNAPSHOTS = 0.5


def opened_picture(kind: Kind, picture: Image.Image, take_as: str, *, keep_lines: bool, title: str) -> Session:
    """Takes a picture as an artwork or as a line drawing, whichever `take_as` says or it looks like."""
    picture = ui.shrunk(picture, LONGEST_SIDE)
    if take_as == LINES or (take_as == LOOK_AND_SEE and looks_like_lines(picture)):
        return opened_lines(kind.model, kind.name, picture, keep_lines=keep_lines)
    return opened_artwork(kind.model, kind.name, picture, title)


def opened_example(kind: Kind, index: int) -> Session:
    """Opens one of the bundled pictures, not yet fitted to it; what can be copied is the next one's stages."""
    example, following = (kind.examples[place % len(kind.examples)] for place in (index, index + 1))
    session = opened_picture(kind, load_picture(example.file), LOOK_AND_SEE, keep_lines=True, title=example.title)
    other = load_picture(following.file)
    handle = kind.model.open(other, faithful=0.0)
    return replace(session, other=read(kind.model, "the next example", other, handle))


def changed_example(kind: Kind, index: int, session: Session) -> Session:
    """Makes the change that an example is there to show."""
    example = kind.examples[index]
    edit = example.edit(kind.model)
    if edit is None:
        return session
    return replace(edited(kind.model, session, edit, example.title.lower()), stage=edit.stage)


class Actions:
    """The handlers of one page."""

    def __init__(self, page: LookOfIt) -> None:
        self.page = page
        self.connect()

    def connect(self) -> None:
        """Ties the components to the handlers below."""
        page = self.page
        pictures = [page.strip, page.board, page.other, page.history, page.canvas, page.slider, page.examples]
        words = [page.error, page.recipe, page.status, page.notes, page.reroll, page.redraw, page.stop, page.tabs]
        values = [page.state, page.file, page.kind, page.dial, page.amount, page.seed]
        here: dict[str, Any] = {
            "outputs": [*pictures, *words, *values], "api_visibility": "private", "show_progress": "hidden"
        }  # fmt: skip
        slow = {**here, "show_progress": "minimal", "show_progress_on": [page.status], **ui.INFERENCE}
        latest = {**slow, "trigger_mode": "always_last"}
        state, steps = page.state, page.steps
        opens = [state, page.file, page.take_as, page.keep_lines, steps]
        runs = [
            page.file.upload(ui.friendly(self.open_file), opens, **slow),
            page.kind.input(ui.friendly(self.choose_kind), page.kind, **latest),
            page.examples.choose(ui.friendly(self.open_example), [state, steps], **latest),
            page.dial.release(ui.friendly(self.turn_dial), [state, page.dial, steps], **latest),
            page.reroll.click(ui.friendly(self.roll), [state, page.count, page.seed], **slow),
            page.board.choose(ui.friendly(self.take), state, **latest),
            page.amount.release(ui.friendly(self.go_as_far), [state, page.amount], **latest),
            page.redraw.click(ui.friendly(self.redraw_from), [state, page.canvas, steps], **slow),
            page.stage_file.upload(ui.friendly(self.replace_stage), [state, page.stage_file, steps], **slow),
            page.other_file.upload(ui.friendly(self.open_other), [state, page.other_file], **slow),
            page.other.choose(ui.friendly(self.copy), state, **latest),
            page.history.choose(ui.friendly(self.go_back), state, **latest),
        ]
        for run in runs:
            run.failure(self.rest, state, queue=False, **here)
        page.stop.click(self.rest, state, cancels=runs, queue=False, **here)
        page.strip.choose(ui.friendly(self.choose_stage), state, queue=False, **here)
        page.strip.lock(ui.friendly(self.toggle_lock), state, queue=False, **here)

    def table(self, session: Session | None) -> Session:
        """The visitor's session; a new visitor's is the opening example."""
        return session or self.page.opening

    def rest(self, session: Session | None) -> Updates:
        """After a stop or an error: the page as the session has it, and everything ready for the next try."""
        session = self.table(session)
        return {**self.page.show(session, is_new=False), self.page.file: None, self.page.kind: session.kind}

    # ---- opening ----

    def open_file(
        self, session: Session | None, path: str, take_as: str, keep_lines: bool, steps: float
    ) -> Iterator[Updates]:
        kind = self.page.kinds[self.table(session).kind]
        yield self.page.busy("Reading the stages")
        title = Path(path).stem[:24]
        opened = opened_picture(kind, load_picture(path), take_as, keep_lines=keep_lines, title=title)
        opened = replace(opened, other=self.table(session).other)
        if kind.model.config.stages[0] in opened.current.edits:
            text = "Taken as a line drawing; More can say otherwise."
        else:
            text, opened = "", (yield from self.fitted(opened, kind.dial, steps, in_place=True))
        yield {**self.page.show(opened, text), self.page.file: None}

    def open_example(self, session: Session | None, steps: float, event: gr.EventData) -> Iterator[Updates]:
        kind = self.page.kinds[self.table(session).kind]
        index = number_of(event, range(len(kind.examples)))
        yield self.page.busy("Reading the stages")
        opened = opened_example(kind, index)
        if not opened.current.edits:
            opened = yield from self.fitted(opened, kind.dial, steps, in_place=True)
        yield self.page.show(changed_example(kind, index, opened))

    def choose_kind(self, name: str) -> Iterator[Updates]:
        if name not in self.page.kinds:
            raise ConfigError(f"there is no kind {name!r}; there are {', '.join(self.page.kinds)}")
        opening = self.page.openings[name]
        yield {**self.page.show(opening), **self.page.show_kind(opening)}

    def turn_dial(self, session: Session | None, dial: float, steps: float) -> Iterator[Updates]:
        session = self.table(session)
        if dial == session.current.opened.dial:
            yield self.page.show(session, is_new=False)
            return
        yield self.page.busy("Fitting the model to your picture", 0.0)
        yield self.page.show((yield from self.fitted(session, dial, steps, in_place=False)))

    def fitted(
        self, session: Session, dial: float, steps: float, *, in_place: bool
    ) -> Generator[Updates, None, Session]:
        """Yields how a fit gets on, a few times a second, and returns the session that goes on from it.

        What is there to begin with is put on the table first, so that a stop leaves something to go on with.
        """
        page, model = self.page, self.page.model(session)
        if in_place and dial == 0:
            return session
        if in_place:
            yield {**page.show(session), page.file: None, **page.busy("Fitting the model to your picture", 0.0)}
        shown = time.perf_counter()
        for snapshot in model.opening(session.current.opened.artwork, faithful=dial, steps=int(steps)):
            if snapshot.opened is None and time.perf_counter() - shown > SECONDS_BETWEEN_SNAPSHOTS:
                shown = time.perf_counter()
                text = f"Fitting {snapshot.stage}, {snapshot.iteration} of {snapshot.total}: {snapshot.error:.3f} off"
                fitting = {snapshot.stage: ui.shrunk(snapshot.picture, ui.TILE_SIDE)}
                yield {
                    **page.busy(text, snapshot.iteration / snapshot.total),
                    page.strip: views.strip_html(session, fitting),
                }
        assert snapshot.opened is not None
        return refitted(model, session, snapshot.opened, in_place=in_place)

    # ---- changing ----

    def roll(self, session: Session | None, count: float, seed: float | None) -> Iterator[Updates]:
        session, page = self.table(session), self.page
        check_open(session, session.stage)
        session = replace(session, next_seed=max(0, int(seed or 0)))
        count = min(int(count), MOST_VARIATIONS)
        empty = views.board_html(replace(session, board=()), count)
        yield {**page.busy(f"Rolling {count} variations of {session.stage}", 0.0), page.board: empty}
        for rolling in rolled(page.model(session), session, count):
            session, done = rolling, len(rolling.board)
            yield {
                **page.busy(f"{done} of {count} variations of {session.stage}", done / count),
                page.state: session, page.board: views.board_html(session, count), page.seed: session.next_seed,
            }  # fmt: skip
        yield page.show(session, "Click one to go on with it.", is_new=False)

    def take(self, session: Session | None, event: gr.EventData) -> Iterator[Updates]:
        session = self.table(session)
        check_open(session, session.stage)
        board = session.board
        seed = number_of(event, [each.seed for each in board])
        stage = board[0].stage
        yield self.page.busy(f"Making the artwork with {stage} {seed}")
        edit = Edit(stage, seed=seed, amount=session.amount)
        session = edited(self.page.model(session), session, edit, f"{stage} {seed}")
        yield self.page.show(replace(session, board=board))

    def go_as_far(self, session: Session | None, amount: float) -> Iterator[Updates]:
        session = self.table(session)
        yield self.page.busy(f"Going {amount:.0%} of the way")
        yield self.page.show(with_amount(self.page.model(session), session, amount))

    def open_other(self, session: Session | None, path: str) -> Iterator[Updates]:
        session = self.table(session)
        model = self.page.model(session)
        yield self.page.busy("Reading the other artwork's stages")
        picture = ui.shrunk(load_picture(path), LONGEST_SIDE)
        other = read(model, Path(path).stem[:24], picture, model.open(picture, faithful=0.0))
        yield self.page.show(replace(session, other=other), "Click one of its stages to copy it.", is_new=False)

    def copy(self, session: Session | None, event: gr.EventData) -> Iterator[Updates]:
        session = self.table(session)
        stage = self.stage_of(session, event)
        check_open(session, stage)
        if session.other is None:
            raise ConfigError("there is no other artwork to copy from; open one first")
        yield self.page.busy(f"Copying {stage}")
        edit = Edit(stage, like=session.other.handle, amount=session.amount)
        session = edited(self.page.model(session), session, edit, f"{stage} of {session.other.title}")
        yield self.page.show(replace(session, stage=stage))

    def redraw_from(self, session: Session | None, drawing: dict[str, Any] | None, steps: float) -> Iterator[Updates]:
        session = self.table(session)
        check_open(session, session.stage)
        is_last = session.stage == self.page.model(session).config.stages[-1]
        picture = ui.painted(session.result.image if is_last else session.pictures[session.stage], drawing)
        if picture is None:
            yield self.page.show(session, "Nothing is drawn yet, so nothing was changed.", is_new=False)
            return
        yield from self.with_stage_picture(session, picture, f"drawn on {session.stage}", steps)

    def replace_stage(self, session: Session | None, path: str, steps: float) -> Iterator[Updates]:
        session = self.table(session)
        check_open(session, session.stage)
        picture = ui.shrunk(load_picture(path), LONGEST_SIDE)
        yield from self.with_stage_picture(session, picture, f"{session.stage} from a file", steps)

    def with_stage_picture(self, session: Session, picture: Image.Image, title: str, steps: float) -> Iterator[Updates]:
        model, dial = self.page.model(session), session.current.opened.dial
        yield self.page.busy(f"Redrawing from {session.stage}")
        if session.stage == model.config.stages[-1]:
            session = painted_over(model, session, picture)
            yield self.page.show((yield from self.fitted(session, dial, steps, in_place=True)))
            return
        session = edited(model, session, Edit(session.stage, picture=picture), title)
        drawn = [edit.stage for edit in session.current.edits.values() if edit.picture is not None]
        stop = f"{drawn[-1]} is locked as you drew it, so the change stops there."
        yield self.page.show(session, stop if drawn[-1] != session.stage else "")

    # ---- finding the way ----

    def go_back(self, session: Session | None, event: gr.EventData) -> Iterator[Updates]:
        session = self.table(session)
        number = number_of(event, [version.number for version in session.versions])
        yield self.page.busy(f"Going back to version {number}")
        text = f"Back at version {number}; what you do next branches off here."
        yield self.page.show(returned(session, number), text)

    def choose_stage(self, session: Session | None, event: gr.EventData) -> Updates:
        session = self.table(session)
        stage = self.stage_of(session, event)
        board = session.board if stage == session.stage else ()
        session = replace(session, stage=stage, board=board)
        is_first = stage == self.page.model(session).config.stages[0]
        tab = {self.page.tabs: gr.Tabs(selected="draw")} if is_first else {}
        return {**self.page.show(session), **tab}

    def toggle_lock(self, session: Session | None, event: gr.EventData) -> Updates:
        session = self.table(session)
        return self.page.show(with_lock(session, self.stage_of(session, event)), is_new=False)

    def stage_of(self, session: Session, event: gr.EventData) -> str:
        stages = self.page.model(session).config.stages
        if event.name not in stages:
            raise ConfigError(f"there is no stage {event.name!r}; the stages are {', '.join(stages)}")
        return str(event.name)


def check_open(session: Session, stage: str) -> None:
    if stage in session.current.locked:
        raise ConfigError(f"{stage} is locked. Open its lock in the strip to change it.")


def number_of(event: gr.EventData, known: Any) -> int:
    if not str(event.name).isdecimal() or int(event.name) not in known:
        raise ConfigError(f"{event.name!r} is not on the page any more. Please choose again.")
    return int(event.name)
