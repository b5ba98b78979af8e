"""Tag colorizer: a sketch takes its colours from a picture, and from tags that slide.

    python spaces/tag-colorizer/app.py

ARTMODELS_COLORIZER_MODEL names another model instead of the starters: a folder written by `save_pretrained`, or a Hub
id.
"""

import os
import time
from collections.abc import Mapping

from colorizer_actions import Actions, opened_example
from colorizer_endpoints import add_endpoints
from colorizer_kinds import Kind, named_kind, starter_kinds
from colorizer_page import LookOfIt
from colorizer_session import Session, changed
from PIL import Image

from artmodels import ArtModelsError, ui

TITLE = "Tag colorizer"
LINE = "Line art takes its colours from a picture, and from tags that you slide."
CARD_SIDE = 420


def load_model() -> dict[str, Kind]:
    """Loads the starters, or the one model that ARTMODELS_COLORIZER_MODEL names; by name, with what is known of each.

    Raises:
        ArtModelsError: there is none, or it cannot be loaded.
    """
    source = os.environ.get("ARTMODELS_COLORIZER_MODEL")
    if source is None:
        return starter_kinds()
    kind = named_kind(source)
    return {kind.name: kind}


def build_page(kinds: Mapping[str, Kind]) -> None:
    """Builds the page inside the current `gr.Blocks` or route."""
    openings = {name: opened_example(kind, 0) for name, kind in kinds.items()}
    first, session = next(iter(openings.items()))
    began = time.perf_counter()
    changed(kinds[first].model, session)
    Actions(LookOfIt((TITLE, LINE), kinds, openings, time.perf_counter() - began))
    add_endpoints(kinds)


def card_picture(kinds: Mapping[str, Kind]) -> Image.Image:
    """Returns the strip that stands for this Space: a sketch, its reference, its colours, and those that tags give."""
    kind = next(iter(kinds.values()))
    session: Session = opened_example(kind, 0)
    plain = changed(kind.model, session, tags={}, colours={})
    row = [session.preview.art.lines, session.reference, plain.result.image, session.result.image]
    strip = Image.new("RGB", (CARD_SIDE * len(row), CARD_SIDE), "white")
    for position, picture in enumerate(filter(None, row)):
        strip.paste(picture.resize((CARD_SIDE, CARD_SIDE), Image.Resampling.LANCZOS), (position * CARD_SIDE, 0))
    return strip


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
