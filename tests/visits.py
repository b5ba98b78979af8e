"""Visitors of a page in a real Chromium."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["CANVAS_IS_READY", "DESKTOP", "OVERFLOW", "PHONE", "Visit", "until_heard", "visits"]

DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
CANVAS_IS_READY = "() => /\\d+%/.test(document.querySelector('#canvas')?.innerText || '')"
OVERFLOW = "document.documentElement.scrollWidth - innerWidth"
Visit = Callable[..., Any]
TRIES, PATIENCE = 6, 10_000  # milliseconds


@contextmanager
def visits(chromium: Any, url: str, wait_until_open: Callable[[Any], None]) -> Iterator[Visit]:
    """Opens a page as a new visitor; in the end nothing may have gone to the network or to the error console."""
    contexts, complaints = [], []

    def note_request(request: Any) -> None:
        if not request.url.startswith((url, "data:", "blob:")):
            complaints.append(f"request to {request.url}")

    def visit(viewport: dict[str, int] = DESKTOP, *, beside: Any = None, **options: Any) -> Any:
        if beside is None:
            contexts.append(chromium.new_context(viewport=viewport, **options))
        page = (beside.context if beside else contexts[-1]).new_page()
        page.set_default_timeout(180_000)
        page.on("request", note_request)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.goto(url)
        wait_until_open(page)
        return page

    yield visit
    for context in contexts:
        context.close()
    assert complaints == []


def until_heard(page: Any, act: Callable[[], Any]) -> None:
    """Does it until the page asks its server for something: a slider lives only a moment after its panel opened, and
    on a slow machine what was done before that is lost."""
    from playwright.sync_api import TimeoutError as TooLate

    for _ in range(TRIES):
        try:
            with page.expect_request("**/queue/join*", timeout=PATIENCE):
                act()
        except TooLate:
            continue
        return
    raise AssertionError("the page asks its server for nothing")
