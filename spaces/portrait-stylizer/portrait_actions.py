"""What a visitor does: each handler takes the visitor's session and yields what looks different on the page."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import gradio as gr
import portrait_views as views
from portrait_page import DIRECTIONS, PATIENCE, LookOfIt, Updates
from portrait_session import (
    SAMPLES,
    Photo,
    Session,
    changed,
    photo_of,
    placed,
    read_once,
    sampled,
    styled,
    taken,
    with_photo,
)

from artmodels import ConfigError, ui
from artmodels.portrait.alignment import check_eyes

__all__ = ["PortraitActions"]


class PortraitActions:
    """The handlers of one page."""

    def __init__(self, page: LookOfIt) -> None:
        self.page, self.models = page, page.models
        self.connect()

    def connect(self) -> None:
        """Ties the components to the handlers below."""
        page, state = self.page, self.page.state
        pictures = [page.slider, page.eyes, page.styles, page.board]
        words = [page.recipe, page.status, page.stop, page.draw]
        values = [state, page.file, page.attribute, page.likeness, page.swap, page.view, page.hub]
        here: dict[str, Any] = {
            "outputs": [*pictures, *words, *values, *page.sliders],
            "api_visibility": "private",
            "show_progress": "hidden",
        }
        slow = {**here, **ui.INFERENCE}
        latest = {**slow, "trigger_mode": "always_last"}
        # An output of no other event: while one runs, gradio lets a camera that is open ask for an upload without name.
        by_camera = {**slow, "outputs": [*here["outputs"], page.camera]}

        def tied(listen: Any, work: Callable[..., Any], *inputs: gr.components.Component, options: Any = latest) -> Any:
            return listen(ui.friendly(work), [state, *inputs], **options)

        runs = [
            tied(page.file.upload, self.open_photo, page.file, options=slow),
            tied(page.camera.input, self.take_photo, page.camera, options=by_camera),
            tied(page.faces.choose, self.open_example),
            tied(page.eyes.place, self.place),
            tied(page.eyes.choose, self.choose_face),
            tied(page.styles.choose, self.choose_style),
            tied(page.fetch.click, self.fetch_style, page.hub, options=slow),
            tied(page.hub.submit, self.fetch_style, page.hub, options=slow),
            tied(page.likeness.input, self.liken, page.likeness),
            tied(page.attribute.input, self.choose_path, page.attribute),
            tied(page.swap.input, self.swap, page.swap),
            tied(page.view.input, self.look, page.view),
            tied(page.draw.click, self.draw, options=slow),
            tied(page.board.choose, self.take),
            tied(page.mean.click, self.take_mean),
            *(tied(slider.input, self.move, *page.sliders) for slider in page.sliders),
            tied(page.reset.click, self.reset),
        ]
        for run in runs:
            run.failure(self.rest, state, queue=False, **here)
        page.stop.click(self.rest, state, cancels=runs, queue=False, **here)

    def table(self, session: Session | None) -> Session:
        """The visitor's session; a new visitor's is the opening example."""
        return session or self.page.opening

    def rest(self, session: Session | None) -> Updates:
        """After a stop or an error: the page as the session has it, and everything ready for the next try."""
        session, page = self.table(session), self.page
        return {**page.show(session), **page.show_style(session), **page.show_photo(session), **page.show_wish(session)}

    def made(self, make: Callable[[], Session]) -> Iterator[Updates]:
        """Yields the page with a new portrait on it and the seconds that it took; where that is long, says so first."""
        if self.page.seconds > PATIENCE:
            yield self.page.busy("Drawing the portrait")
        began = time.perf_counter()
        session = make()
        yield self.page.show(session, drawn_in(began) if session.result else "")

    def wished(self, session: Session | None, **wish: Any) -> Iterator[Updates]:
        yield from self.made(lambda: changed(self.models, self.table(session), **wish))

    def in_styles(self, session: Session, text: str, also: Updates) -> Iterator[Updates]:
        """Shows a new portrait, and the photo in every style; where that is long, one after the other."""
        page, is_slow = self.page, session.seen is not None and self.page.seconds > PATIENCE
        if is_slow:
            yield {**page.show(session, text), **page.show_style(session), **also}
        for styling in styled(self.models, session):
            session, done = styling, len(styling.in_styles) / len(self.models.styles)
            if is_slow:
                yield {page.state: session, **page.show_style(session), **page.busy("Trying the other styles", done)}
        # A slow browser may skip what was yielded between, so the end tells all of it again.
        yield {**page.show(session, text), **page.show_style(session), **also}

    # ---- photos ----

    def open_photo(self, session: Session | None, path: str | None) -> Iterator[Updates]:
        if path is None:
            yield {self.page.status: gr.update()}
            return
        yield {**self.page.busy("Looking for faces"), self.page.file: None}
        yield from self.opened(session, photo_of(self.models, read_once(path)))

    def take_photo(self, session: Session | None, path: str | None) -> Iterator[Updates]:
        for shown in self.open_photo(session, path):
            yield {**shown, self.page.camera: None}

    def open_example(self, session: Session | None, event: gr.EventData) -> Iterator[Updates]:
        yield from self.opened(session, self.page.examples[number_of(event, len(self.page.examples))][1])

    def opened(self, session: Session | None, photo: Photo) -> Iterator[Updates]:
        began = time.perf_counter()
        session = with_photo(self.models, self.table(session), photo)
        text = drawn_in(began) if session.result else "As soon as the dots are on the eyes, the portrait is drawn."
        yield from self.in_styles(session, text, self.page.show_photo(session))

    def place(self, session: Session | None, event: gr.EventData) -> Iterator[Updates]:
        """The dots were moved; the panel stays as it is, but for a button that is needed no more."""
        before, began = self.table(session), time.perf_counter()
        session = placed(self.models, before, check_eyes(event.eyes))
        is_first = before.seen is None or before.face is not None
        again = {self.page.eyes: self.page.eyes_of(session)} if is_first else {}
        yield from self.in_styles(session, drawn_in(began), again)

    def choose_face(self, session: Session | None, event: gr.EventData) -> Iterator[Updates]:
        session = self.table(session)
        number = number_of(event, len(session.photo.faces))
        began = time.perf_counter()
        session = placed(self.models, session, session.photo.eyes(number), number)
        yield from self.in_styles(session, drawn_in(began), self.page.show_photo(session))

    # ---- styles ----

    def choose_style(self, session: Session | None, event: gr.EventData) -> Iterator[Updates]:
        yield from self.restyled(self.table(session), str(event.name))

    def fetch_style(self, session: Session | None, name: str) -> Iterator[Updates]:
        if not name.strip():
            raise ConfigError("name a style: a Hub id such as user/my-style")
        yield self.page.busy(f"Fetching {name.strip()}")
        session = self.table(session)
        for shown in self.restyled(session, name.strip().removeprefix("https://huggingface.co/")):
            yield {**shown, self.page.hub: ""}

    def restyled(self, session: Session, name: str) -> Iterator[Updates]:
        is_new = name not in self.models.styles and name not in session.in_styles
        self.models.style(name)
        began = time.perf_counter()
        session = changed(self.models, session, style=name, board=())
        text = drawn_in(began) if session.result else ""
        if is_new:
            yield from self.in_styles(session, text, {})
        else:
            yield {**self.page.show(session, text), **self.page.show_style(session)}

    def choose_path(self, session: Session | None, attribute: str) -> Iterator[Updates]:
        began = time.perf_counter()
        session = changed(self.models, self.table(session), attribute=attribute, board=())
        yield from self.in_styles(session, drawn_in(began) if session.result else "", {})

    def liken(self, session: Session | None, likeness: float) -> Iterator[Updates]:
        yield from self.wished(session, likeness=likeness)

    def swap(self, session: Session | None, last: int) -> Iterator[Updates]:
        yield from self.wished(session, swap=last or None)

    def look(self, session: Session | None, view: str) -> Iterator[Updates]:
        for shown in self.wished(session, paste_back=view == views.WHOLE):
            yield {**shown, **self.page.show_middle(shown.get(self.page.state))}

    # ---- samples and directions ----

    def draw(self, session: Session | None) -> Iterator[Updates]:
        session, page = self.table(session), self.page
        yield {**page.busy("Drawing portraits", 0.0), page.board: views.board_html(replace(session, board=()), SAMPLES)}
        for drawing in sampled(self.models, session):
            session, done = drawing, len(drawing.board)
            busy = page.busy(f"{done} of {SAMPLES} portraits", done / SAMPLES)
            yield {**busy, page.state: session, page.board: views.board_html(session, SAMPLES)}
        yield page.show(session, "The most typical comes first. Click one to go on with it.")

    def take(self, session: Session | None, event: gr.EventData) -> Iterator[Updates]:
        number = int(event.name) if str(event.name).isdecimal() else -1
        yield from self.made(lambda: taken(self.models, self.table(session), number))

    def take_mean(self, session: Session | None) -> Iterator[Updates]:
        yield from self.made(lambda: taken(self.models, self.table(session), None))

    def move(self, session: Session | None, *amounts: float) -> Iterator[Updates]:
        moves = {name: amount for name, amount in zip(DIRECTIONS, amounts, strict=True) if amount}
        yield from self.wished(session, moves=moves)

    def reset(self, session: Session | None) -> Iterator[Updates]:
        for shown in self.wished(session, moves={}):
            yield {**shown, **dict.fromkeys(self.page.sliders, 0)}


def drawn_in(began: float) -> str:
    return f"Drawn in {time.perf_counter() - began:.2f} s."


def number_of(event: gr.EventData, count: int) -> int:
    if not str(event.name).isdecimal() or int(event.name) >= count:
        raise ConfigError(f"{event.name!r} is not on the page any more. Please choose again.")
    return int(event.name)
