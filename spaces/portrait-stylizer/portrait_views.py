"""How a session looks: the invented faces, the photo in every style, the samples, and words."""

import html
from collections.abc import Sequence
from typing import Any

from PIL import Image
from portrait_examples import Example
from portrait_models import Models, title_of
from portrait_session import Session

from artmodels import ui
from artmodels.portrait.alignment import cut

__all__ = [
    "ALONE",
    "WHOLE",
    "board_html",
    "compared",
    "examples_html",
    "middle",
    "seen_html",
    "shown_recipe",
    "styles_html",
]

ALONE, WHOLE = "the portrait", "in the photo"
SHOWN_SIDE = 480
"""Pixels at which small portraits are shown."""


def examples_html(examples: Sequence[Example]) -> str:
    """The invented faces."""
    row = [ui.Tile(str(number), photo.whole, title) for number, (title, photo) in enumerate(examples)]
    return ui.tiles_html(row, label="Invented faces")


def styles_html(models: Models, session: Session, otherwise: Session) -> str:
    """The photo in each style, pressed the one that is taken; as long as there is none, another's portraits."""
    row = []
    for name in dict.fromkeys([*models.styles, session.style]):
        picture = session.in_styles.get(name) or otherwise.in_styles.get(name)
        if picture is not None:
            row.append(ui.Tile(name, picture, title_of(name), chosen=name == session.style))
    return ui.tiles_html(row, label="Styles")


def board_html(session: Session, places: int = 0) -> str:
    """The samples as far as they are drawn, pressed the one that is taken."""
    notes = ["" if places else "most typical", *[""] * len(session.board)]
    row = [
        ui.Tile(str(seed), picture, f"Seed {seed}", note, chosen=seed == session.seed)
        for (seed, picture), note in zip(session.board, notes, strict=False)
    ]
    empty = "A photo leaves much open. Draw several portraits that it could be, and click the one you like."
    return ui.tiles_html(row, label="Portraits that it could be", empty=empty, places=places)


def compared(session: Session) -> tuple[Image.Image, Image.Image]:
    """The two pictures of the slider: the photo, whole or what the model sees of it, and the portrait."""
    opened, result = session.opened, session.result
    if opened is None or result is None:
        photo = ui.shrunk(session.photo.whole, SHOWN_SIDE)
        return photo, photo
    portrait = enlarged(result.image)
    if session.paste_back:
        return enlarged(ui.on_white(result.layers["photo"])), portrait
    return cut(opened.photo, opened.square, portrait.width), portrait


def middle(session: Session) -> float:
    """Where the face's middle lies on the slider, from 0 at its left to 100."""
    if session.opened is None or not session.paste_back:
        return 50.0
    return min(max(100 * session.opened.square.x / session.opened.photo.width, 5.0), 95.0)


def enlarged(picture: Image.Image) -> Image.Image:
    """The picture with its longest side at least as long as it is shown."""
    factor = SHOWN_SIDE / max(picture.size)
    if factor <= 1:
        return picture
    return picture.resize((round(picture.width * factor), round(picture.height * factor)), Image.Resampling.BICUBIC)


def seen_html(models: Models) -> str:
    """What the pictures are, plainly."""
    words = (
        "No portrait shows what somebody looks like: a small model has invented it. "
        f"{models.seen} Do not rely on any likeness."
    )
    return f'<p class="am-quiet">{html.escape(words)}</p>'


def shown_recipe(session: Session) -> dict[str, Any]:
    return session.result.recipe if session.result is not None else {}
