"""Workflow editor: an artwork taken apart into its stages, one of them changed, and the artwork put back.

    python spaces/workflow-editor/app.py

ARTMODELS_EDITOR_MODEL names another model instead of the starters: a folder written by `save_pretrained`, or a Hub id.
"""

import os
import time
from collections.abc import Mapping

from PIL import Image
from workflow_actions import Actions, changed_example, opened_example
from workflow_endpoints import STEPS, add_endpoints
from workflow_kinds import Kind, named_kind, starter_kinds
from workflow_page import BOARD_SIZE, LookOfIt
from workflow_session import Session, refitted, rolled

from artmodels import ArtModelsError, ui

TITLE = "Workflow editor"
LINE = "A drawing grows in stages. Take one apart, change a stage, and get the artwork back."
CARD_SIDE = 420


def load_model() -> dict[str, Kind]:
    """Loads the starters, or the one model that ARTMODELS_EDITOR_MODEL names; by name, with what is known of each."""
    source = os.environ.get("ARTMODELS_EDITOR_MODEL")
    if source is None:
        return starter_kinds()
    kind = named_kind(source)
    return {kind.name: kind}


def build_page(kinds: Mapping[str, Kind]) -> None:
    """Builds the page inside the current `gr.Blocks` or route."""
    openings = {name: first_sight(kind) for name, kind in kinds.items()}
    first = next(iter(kinds))
    began = time.perf_counter()
    *_, openings[first] = rolled(kinds[first].model, openings[first], BOARD_SIZE)
    seconds = (time.perf_counter() - began) / BOARD_SIZE
    Actions(LookOfIt((TITLE, LINE), kinds, openings, seconds))
    add_endpoints(kinds)


def card_picture(kinds: Mapping[str, Kind]) -> Image.Image:
    """Returns the strip that stands for this Space: an artwork, then its stages as they are after a change."""
    session = first_sight(next(iter(kinds.values())))
    row = [session.current.opened.artwork, *session.pictures.values()]
    strip = Image.new("RGB", (CARD_SIDE * len(row), CARD_SIDE), "white")
    for position, picture in enumerate(row):
        strip.paste(picture.resize((CARD_SIDE, CARD_SIDE), Image.Resampling.LANCZOS), (position * CARD_SIDE, 0))
    return strip


def first_sight(kind: Kind) -> Session:
    """Makes the finished example that is on the table when a visitor comes."""
    session = opened_example(kind, 0)
    if kind.dial and not session.current.edits:
        handle = kind.model.open(session.current.opened.artwork, faithful=kind.dial, steps=STEPS)
        session = refitted(kind.model, session, handle, in_place=True)
    return changed_example(kind, 0, session)


def main() -> None:
    try:
        kinds = load_model()
    except ArtModelsError as error:
        raise SystemExit(str(error)) from None
    with ui.new_page(TITLE) as demo:
        build_page(kinds)
    ui.launch(demo)


if __name__ == "__main__":
    main()
