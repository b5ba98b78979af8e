"""The photo with a dot on each eye: dots are dragged or moved by arrow keys, and the model's square turns with them.

The panel in the browser is the truth about where the dots are: it tells them with every change, as `.place(...)` with
`event.eyes`, in pixels of the photo; `.choose(...)` tells `event.name`, the number of another face that was found. A
new panel is drawn only where something else than the panel has moved the eyes.
"""

import base64
import html
import io
import secrets
from pathlib import Path

import gradio as gr
from PIL import Image
from portrait_session import Session

from artmodels import ui
from artmodels.portrait.alignment import square_for

__all__ = ["eyes_html", "eyes_panel"]

STAGE_SIDE = 800
"""Longest side in pixels of the photo as the browser gets it."""
STAGE_HEIGHT = 330
"""Of the photo on the page, in the browser's pixels, at most."""
EVENTS, STYLE = (Path(__file__).with_suffix(suffix).read_text(encoding="utf-8") for suffix in (".js", ".css"))
SIDES = ("left", "right")


def eyes_panel(value: str, *, elem_id: str) -> gr.HTML:
    """Returns the panel; `value` is what `eyes_html` returned."""
    return gr.HTML(value, css_template=STYLE, js_on_load=EVENTS, elem_id=elem_id, apply_default_css=False)


def eyes_html(session: Session, alignment: str, trouble: str) -> str:
    """Returns the panel's HTML.

    Args:
        alignment: the photo model's, by which a square goes with two eyes.
        trouble: why faces cannot be found here, or nothing where they can.
    """
    width, height = session.photo.whole.size
    # A square that turns and grows with the eyes' line: its middle and right edge where that goes from 0 to 1.
    square = square_for("ffhq" if alignment == "ffhq" else "eyes", ((0.0, 0.0), (1.0, 0.0)))
    numbers = ",".join(f"{value:.6f}" for value in square)
    # Gradio goes over the old HTML and mends what differs, which misses what was moved: so none of it may be the same.
    name = f"eyes-panel-{secrets.token_hex(4)}"
    dots = "".join(dot_html(side, *place, width, height) for side, place in zip(SIDES, session.eyes, strict=True))
    missing = "" if session.photo.faces else ' class="missing"'
    take = '<button type="button" data-take>Take these</button>' if session.seen is None else ""
    return (
        f'<{name} class="eyes" data-square="{numbers}" data-width="{width}" data-height="{height}" '
        f'style="--stage:{STAGE_HEIGHT * width / height:.0f}px">'
        f'<div class="stage" style="aspect-ratio:{width}/{height}">'
        f'<img src="{jpeg_uri(session.photo.whole)}" alt="Your photo" draggable="false">'
        f'<svg viewBox="0 0 {width} {height}" aria-hidden="true"><path class="dim"/><path class="frame"/></svg>'
        f"{faces_html(session, width, height)}{dots}</div>"
        '<div class="beside"><canvas width="192" height="192" role="img" aria-label="What the model sees"></canvas>'
        f"<p{missing}>{html.escape(found(session, trouble))}</p>{take}</div></{name}>"
    )


def dot_html(side: str, x: float, y: float, width: int, height: int) -> str:
    return (
        f'<button type="button" class="dot" data-eye="{side}" style="left:{100 * x / width:.3f}%;'
        f'top:{100 * y / height:.3f}%" aria-label="The {side} eye; drag it, or move it with the arrow keys"></button>'
    )


def faces_html(session: Session, width: int, height: int) -> str:
    """A number on each face where there are several."""
    faces = session.photo.faces
    if len(faces) < 2:
        return ""
    return "".join(
        f'<button type="button" class="face" data-face="{number}" aria-pressed="{str(number == session.face).lower()}" '
        f'style="left:{50 * (left[0] + right[0]) / width:.3f}%;top:{50 * (left[1] + right[1]) / height:.3f}%" '
        f'aria-label="Face {number + 1}" title="Take face {number + 1}">{number + 1}</button>'
        for number, (left, right) in enumerate(faces)
    )


def found(session: Session, trouble: str) -> str:
    """What was found in the photo, and what there is to do."""
    count = len(session.photo.faces)
    if count == 0 and trouble:
        return "Faces cannot be looked for here, as the detector is not installed: put the two dots on the eyes."
    if count == 0:
        return "No face was found in this photo: put the two dots on the eyes."
    if count == 1:
        return "What the model sees. Move a dot where it is not on an eye."
    return f"{count} faces were found: click a number to take another one, or move the dots."


def jpeg_uri(photo: Image.Image) -> str:
    """A photo to look at, small enough to be sent with the page."""
    packed = io.BytesIO()
    ui.shrunk(photo, STAGE_SIDE).save(packed, "JPEG", quality=88)
    return "data:image/jpeg;base64," + base64.b64encode(packed.getvalue()).decode("ascii")
