"""Sketch to image: lines take on the style of pictures, mixed; pictures become lines, in several hands.

    python spaces/sketch2image/app.py

ARTMODELS_SKETCH2IMAGE_MODEL names another model instead of the starters, and ARTMODELS_SKETCHER_MODEL another sketcher:
a folder written by `save_pretrained`, or a Hub id.
"""

import time

import gradio as gr
from hand_actions import HandActions
from hand_page import HandTab, add_lesson
from hand_session import Hand, Tracing, hands_of, taken_up, tried_hands
from PIL import Image
from sketch_actions import PictureActions
from sketch_endpoints import add_endpoints
from sketch_kinds import PHOTOS, Models, load_models
from sketch_page import PictureTab
from sketch_session import Session, begun, changed

from artmodels import ArtModelsError, ui
from artmodels.images import load_picture

TITLE = "Sketch to image"
LINE = "Your lines, finished in the style of the pictures you choose."
CARD_SIDE = 420


def load_model() -> Models:
    """Loads the starters, or the models that the environment names.

    Raises:
        ArtModelsError: there is none that finishes sketches, or one cannot be loaded.
    """
    return load_models()


def build_page(models: Models) -> None:
    """Builds the page inside the current `gr.Blocks` or route."""
    hands = hands_of(models.drawers)
    opening, tracing = first_sight(models), first_lines(hands)
    began = time.perf_counter()
    changed(models.kinds[opening.kind].model, opening)
    seconds = time.perf_counter() - began
    ui.header(TITLE, LINE)
    with gr.Tabs(selected="picture", elem_id="ways", elem_classes="am-ways") as tabs:
        with gr.Tab("Finish a sketch", id="picture"):
            picture = PictureTab(models.kinds, opening, seconds)
        with gr.Tab("Photo to lines", id="lines"):
            lines = HandTab(hands, tracing)
        with gr.Tab("My own hand", id="own"):
            add_lesson(hands, tracing)
    PictureActions(tabs, picture, HandActions(lines))
    add_endpoints(models)


def first_sight(models: Models) -> Session:
    """Makes the finished example that is on the table when a visitor comes."""
    kind = next(iter(models.kinds.values()))
    return begun(kind, kind.examples[0])


def first_lines(hands: list[Hand]) -> Tracing:
    """Lets every hand draw the picture that is on the second table when a visitor comes."""
    title, path = next(iter(PHOTOS.items()))
    *_, tracing = tried_hands(hands, taken_up(hands, title, load_picture(path)))
    return tracing


def card_picture(models: Models) -> Image.Image:
    """Returns the strip that stands for this Space: lines, then what three styles make of them."""
    session = first_sight(models)
    model = models.kinds[session.kind].model
    page, clean = session.sheet.seen
    row = [session.sheet.lines]
    for each in session.exemplars[:3]:
        wish = {**session.wish, "exemplar": each.picture, "weights": None}
        row.append(model.synthesize(page, **wish, clean=clean).image)
    strip = Image.new("RGB", (CARD_SIDE * len(row), CARD_SIDE), "white")
    for position, picture in enumerate(row):
        strip.paste(picture.resize((CARD_SIDE, CARD_SIDE), Image.Resampling.LANCZOS), (position * CARD_SIDE, 0))
    return strip


def main() -> None:
    try:
        models = load_model()
    except ArtModelsError as error:
        raise SystemExit(str(error)) from None
    with ui.new_page(TITLE) as demo:
        build_page(models)
    ui.launch(demo)


if __name__ == "__main__":
    main()
