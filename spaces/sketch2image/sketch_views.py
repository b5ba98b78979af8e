"""How a session looks: the bundled sketches, the pictures of the slider, the board of styles, and words."""

import html
from collections.abc import Mapping

from PIL import Image, ImageOps
from sketch_kinds import Example, Kind
from sketch_session import Session

from artmodels import ui
from artmodels.images import load_picture

__all__ = ["LINES", "REFINING", "board_html", "compared", "examples_html", "found_html", "shown_recipe"]

LINES, REFINING = "lines and picture", "coarse and refined"
INSET, EDGE = 0.42, 5


def examples_html(kinds: Mapping[str, Kind]) -> str:
    """The bundled sketches of all kinds, each with an exemplar that it is finished like in its corner."""
    row = [
        ui.Tile(f"{name}/{number}", cover(kind, each), each.title)
        for name, kind in kinds.items()
        for number, each in enumerate(kind.examples)
    ]
    return ui.tiles_html(row, label="Examples")


def cover(kind: Kind, example: Example) -> Image.Image:
    picture = ui.shrunk(load_picture(example.sketch), ui.TILE_SIDE)
    corner = picture.height - EDGE
    for place, key in enumerate(example.weights):
        exemplar = load_picture(kind.exemplars[key][1])
        exemplar.thumbnail((round(picture.width * INSET),) * 2, Image.Resampling.LANCZOS)
        left = picture.width - (place + 1) * (exemplar.width + EDGE) - EDGE
        picture.paste(ImageOps.expand(exemplar, EDGE, "white"), (left, corner - exemplar.height))
    return picture


def compared(session: Session, view: str) -> tuple[Image.Image, Image.Image]:
    """The two pictures of the slider: the lines and what was made of them, or what the refiner made of the coarse."""
    layers = session.result.layers
    if view == LINES or "refined" not in layers:
        return ui.on_white(layers["lines"]), session.result.image
    return ui.on_white(layers["coarse"]), ui.on_white(layers["refined"])


def board_html(session: Session, places: int = 0) -> str:
    """The sketch in each style, as far as it is made; pressed is the one whose style alone is taken."""
    titles = {each.key: each.title for each in session.exemplars}
    alone = session.mixed[0].key if len(session.mixed) == 1 else None
    row = [ui.Tile(key, picture, titles[key], chosen=key == alone) for key, picture in session.board]
    empty = "Your lines in the style of every exemplar by itself; click the picture you like to go on with it."
    return ui.tiles_html(row, label="Every style", empty=empty, places=places)


def found_html(session: Session) -> str:
    """What was done to the sketch."""
    lines = "".join(f"<li>{html.escape(each[:1].upper() + each[1:])}.</li>" for each in session.sheet.cleaning)
    return f'<ul class="am-found" aria-label="What was found">{lines}</ul>' if lines else ""


def shown_recipe(session: Session) -> dict[str, object]:
    """The recipe without the exemplars' pixels."""
    options = dict(session.result.recipe["options"])
    options["exemplars"] = [f"{packed[:24]} ..." for packed in options["exemplars"]]
    return {**session.result.recipe, "options": options}
