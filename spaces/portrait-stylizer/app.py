"""Portrait stylizer: a photo becomes a portrait in a style, by itself or laid back into the photo.

    python spaces/portrait-stylizer/app.py

ARTMODELS_PORTRAIT_MODEL names another photo model instead of the starter, and ARTMODELS_PORTRAIT_STYLES other styles,
separated by commas: folders written by `save_pretrained`, or Hub ids.
"""

import time

from PIL import Image
from portrait_actions import PortraitActions
from portrait_endpoints import add_endpoints
from portrait_examples import examples_of
from portrait_models import Models, load_models
from portrait_page import LookOfIt
from portrait_session import Session, begun, changed

from artmodels import ArtModelsError, ui

TITLE = "Portrait stylizer"
LINE = "A photo becomes a portrait in a style, as like or unlike as you slide it."
CARD_SIDE = 420


def load_model() -> Models:
    """Loads the starters, or the models that the environment names.

    Raises:
        ArtModelsError: there is none, or one cannot be loaded.
    """
    return load_models()


def build_page(models: Models) -> None:
    """Builds the page inside the current `gr.Blocks` or route."""
    examples = examples_of(models.stylizer)
    opening = begun(models, examples[0][1])
    began = time.perf_counter()
    changed(models, opening)
    seconds = time.perf_counter() - began
    PortraitActions(LookOfIt((TITLE, LINE), models, examples, opening, seconds))
    add_endpoints(models)


def card_picture(models: Models) -> Image.Image:
    """Returns the strip that stands for this Space: an invented photo, then its portraits in three styles."""
    session: Session = begun(models, examples_of(models.stylizer)[0][1])
    row = [session.photo.whole, *list(session.in_styles.values())[:3]]
    strip = Image.new("RGB", (CARD_SIDE * 4, CARD_SIDE), "white")
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
