"""The strip of exemplars: a click takes one's style alone, the slider under each says how much of it is in the mix.

The strip in the browser is the truth about the mix: it tells all of it with every change, as `.mix(...)` with
`event.weights` (by the exemplar's key) and `event.mixing`; `.leave(...)` tells `event.name`, an exemplar to take away.
A new strip is drawn only where something else than the strip has changed the mix.
"""

import html
import secrets
from collections.abc import Sequence
from pathlib import Path

import gradio as gr
from sketch_session import Exemplar

from artmodels import ui

__all__ = ["mixer", "mixer_html"]

THUMBNAIL_SIDE = 192
MIXINGS = {"style": "blended", "stitch": "side by side"}
"""How several exemplars are mixed, in a visitor's words."""
EVENTS, STYLE = (Path(__file__).with_suffix(suffix).read_text(encoding="utf-8") for suffix in (".js", ".css"))


def mixer(value: str, *, elem_id: str) -> gr.HTML:
    """Returns the strip; `value` is what `mixer_html` returned."""
    return gr.HTML(value, css_template=STYLE, js_on_load=EVENTS, elem_id=elem_id, apply_default_css=False)


def mixer_html(exemplars: Sequence[Exemplar], mixing: str) -> str:
    """Returns the strip's HTML."""
    # Gradio goes over the old HTML and mends what differs, which misses what was slid: so none of it may be the same.
    name = f"exemplar-mixer-{secrets.token_hex(4)}"
    total = sum(each.weight for each in exemplars)
    tiles = "".join(tile_html(each, each.weight / total) for each in exemplars)
    ways = "".join(
        f'<button type="button" data-mixing="{way}" aria-pressed="{str(way == mixing).lower()}">{words}</button>'
        for way, words in MIXINGS.items()
    )
    is_mixed = sum(each.weight > 0 for each in exemplars) > 1
    return (
        f'<{name} class="mixer" data-how="{html.escape(mixing)}"><header><h2>In the style of</h2>'
        f'<p class="alone"{hidden(is_mixed)}>slide a second one up to mix</p>'
        f'<div class="ways" role="group" aria-label="How styles are mixed"{hidden(not is_mixed)}>{ways}</div></header>'
        f'<ol aria-label="Exemplars">{tiles}</ol></{name}>'
    )


def tile_html(exemplar: Exemplar, share: float) -> str:
    key, title = html.escape(exemplar.key), html.escape(exemplar.title)
    leave = ""
    if exemplar.is_own:
        leave = f'<button type="button" data-leave aria-label="Take {title} away" title="Take {title} away">×</button>'
    picture = ui.data_uri(exemplar.picture, side=THUMBNAIL_SIDE)
    return (
        f'<li data-key="{key}"{" class=in" if share else ""}>'
        f'<button type="button" data-alone title="{title} alone" aria-pressed="{str(share > 0).lower()}">'
        f'<img src="{picture}" alt="{title}" draggable="false"></button>{leave}'
        f'<input type="range" min="0" max="1" step="0.01" value="{share:.2f}" aria-label="How much of {title}">'
        f"<output>{f'{share:.0%}' if share else ''}</output></li>"
    )


def hidden(is_hidden: bool) -> str:
    return " hidden" if is_hidden else ""
