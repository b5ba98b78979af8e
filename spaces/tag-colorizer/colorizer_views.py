"""How a session looks: its reference with the colours in it, what the tags changed, the grid, and words."""

import html
from collections.abc import Mapping

from colorizer_kinds import Example
from colorizer_session import GRID_STRENGTHS, Session
from PIL import Image, ImageOps

from artmodels import ui
from artmodels.images import load_picture

__all__ = [
    "CHANGE",
    "PICTURE",
    "board_html",
    "compared",
    "examples_html",
    "found_html",
    "palette_html",
    "reference_html",
    "shown_recipe",
]

PICTURE, CHANGE = "picture", "what tags changed"
INSET, EDGE = 0.46, 5


def examples_html(examples: tuple[Example, ...]) -> str:
    """The bundled sketches, each with the reference that it is coloured by in its corner."""
    row = [ui.Tile(str(number), cover(each), each.title) for number, each in enumerate(examples)]
    return ui.tiles_html(row, label="Examples")


def cover(example: Example) -> Image.Image:
    picture = ui.shrunk(load_picture(example.sketch), ui.TILE_SIDE)
    if example.reference is not None:
        reference = load_picture(example.reference)
        reference.thumbnail([round(side * INSET) for side in picture.size], Image.Resampling.LANCZOS)
        corner = (picture.width - reference.width - EDGE, picture.height - reference.height - EDGE)
        picture.paste(ImageOps.expand(reference, EDGE, "white"), corner)
    return picture


def reference_html(session: Session) -> str:
    """The reference and, under it, the colours that cover most of it."""
    if session.reference is None:
        return '<p class="am-empty am-small">None: colours come from tags alone.</p>'
    picture = f'<img src="{ui.data_uri(session.reference)}" alt="The reference">'
    return f"<figure>{picture}{palette_html(session.palette)}</figure>"


def palette_html(palette: Mapping[str, float]) -> str:
    """The colours as a strip, each as wide as its share."""
    bars = "".join(
        f'<i style="background:{html.escape(colour)};flex-grow:{share:.4f}" title="{html.escape(colour)}"></i>'
        for colour, share in palette.items()
    )
    label = f"Colours of the reference: {html.escape(', '.join(palette))}"
    return f'<figcaption class="am-palette" role="img" aria-label="{label}">{bars}</figcaption>'


def compared(session: Session, view: str) -> tuple[Image.Image, Image.Image]:
    """The two pictures of the slider: the sketch and its colours, or what tags and exact colours change."""
    image = session.result.image
    if view == PICTURE:
        return session.preview.art.lines, image
    veil = session.result.layers.get("change")
    pale = Image.blend(image.convert("L").convert("RGB"), Image.new("RGB", image.size, "white"), 0.45).convert("RGBA")
    return session.plain or image, (pale if veil is None else Image.alpha_composite(pale, veil)).convert("RGB")


def board_html(session: Session, places: int = 0) -> str:
    """The grid as far as it is made; a tile is pressed where its wish is what is on the table."""
    row = [
        ui.Tile(str(number), cell.picture, cell.caption, chosen=cell.wish == (session.tags, session.colours))
        for number, cell in enumerate(session.board)
    ]
    steps = ", ".join(f"{strength:g}" for strength in GRID_STRENGTHS)
    empty = f"Two tags at strengths {steps}, every pair of them; click the picture you like to go on with it."
    return ui.tiles_html(row, label="Grid of two tags", empty=empty, places=places)


def found_html(session: Session, view: str = PICTURE) -> str:
    """What was cleaned, what could not be done, and what the other view shows."""
    found = list(session.found)
    if view == CHANGE:
        is_changed = "change" in session.result.layers
        found.append(
            "before is the picture without tags; after, red lies where they changed it" if is_changed
            else "no tag and no colour is set, so nothing is changed"
        )  # fmt: skip
    lines = "".join(f"<li>{html.escape(each[:1].upper() + each[1:])}.</li>" for each in found)
    return f'<ul class="am-found" aria-label="What was found">{lines}</ul>' if lines else ""


def shown_recipe(session: Session) -> dict[str, object]:
    """The recipe without the reference's pixels."""
    options = dict(session.result.recipe["options"])
    if options["reference"] is not None:
        options["reference"] = options["reference"][:40] + " ..."
    return {**session.result.recipe, "options": options}
