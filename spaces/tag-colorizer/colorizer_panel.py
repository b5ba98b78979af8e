"""The panel of tags: swatches by the part of a picture that they speak of, a slider for each one that is set.

The panel in the browser is the truth about what is set: it tells all of it with every change, as `.slide(...)` with
`event.tags` and `event.colours`. A new panel is drawn only where something else than the panel has set the tags.
"""

import html
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path

import gradio as gr
from colorizer_session import spoken

from artmodels.colorizer.config import ColorizerConfig, TagGroup
from artmodels.colorizer.tags import STRONGEST

__all__ = ["panel", "panel_html"]

USUAL_STRENGTH = 2.0
"""Where sliders end; numbers typed beside them go on to `STRONGEST`."""
MOST_CHIPS = 40
"""Tags without a group that are shown at once; of more, the search finds the others."""
EVENTS, STYLE = (Path(__file__).with_suffix(suffix).read_text(encoding="utf-8") for suffix in (".js", ".css"))


def panel(value: str, *, elem_id: str) -> gr.HTML:
    """Returns the panel; `.slide(...)` listeners get all tags and colours that are set, `.read(...)` ones nothing.

    Args: value: what `panel_html` returned.
    """
    return gr.HTML(value, css_template=STYLE, js_on_load=EVENTS, elem_id=elem_id, apply_default_css=False)


def panel_html(
    config: ColorizerConfig, tags: Mapping[str, float], colours: Mapping[str, str], palette: Iterable[str] = ()
) -> str:
    """Returns the panel's HTML with some tags and colours set.

    Args: palette: the reference's own colours "#rrggbb", offered where an exact colour is chosen.
    """
    if not config.mapped:
        return '<p class="am-empty">This model was not trained for tags: it colours by references alone.</p>'
    # Gradio goes over the old HTML and mends what differs, which misses what was slid: so none of it may be the same.
    name = f"tag-panel-{secrets.token_hex(4)}"
    parts = "".join(part_html(group, tags, colours) for group in config.groups)
    offered = "".join(f'<option value="{html.escape(colour)}">' for colour in palette)
    return (
        f'<{name} class="panel"><header><input type="search" placeholder="Find a tag, such as {example_of(config)}" '
        'aria-label="Find a tag"><button type="button" data-read>Read tags from the reference</button>'
        f'<button type="button" data-clear>Clear</button></header>{parts}{others_html(config.other_tags, tags)}'
        f'<p class="none" hidden>No tag is called that.</p><datalist id="{name}">{offered}</datalist>'
        f"<template>{row_html()}{pin_html()}</template></{name}>"
    ).replace("{list}", name)


def part_html(group: TagGroup, tags: Mapping[str, float], colours: Mapping[str, str]) -> str:
    """One part of the picture: its swatches, or chips where its tags stand for no colours."""
    dots = "".join(
        tag_html(tag, without_part(tag, group.name), is_set=tag in tags, colour=colour)
        for tag, colour in zip(group.tags, group.colours or [""] * len(group.tags), strict=True)
    )
    well = well_html(group.name, colours.get(group.name)) if len(group.colours) > 1 else ""
    rows = "".join(row_html(tag, without_part(tag, group.name), tags[tag]) for tag in group.tags if tag in tags)
    if group.name in colours:
        rows += pin_html(group.name, colours[group.name])
    name = html.escape(group.name)
    return (
        f'<section data-part="{name}"><h3>{name}</h3>'
        f'<div class="choices" role="group" aria-label="{name}">{dots}{well}</div><ol>{rows}</ol></section>'
    )


def others_html(others: Iterable[str], tags: Mapping[str, float]) -> str:
    """The tags without a group, as chips."""
    names = list(others)
    if not names:
        return ""
    chips = "".join(
        tag_html(tag, spoken(tag), is_set=tag in tags, is_rare=place >= MOST_CHIPS) for place, tag in enumerate(names)
    )
    rows = "".join(row_html(tag, spoken(tag), tags[tag]) for tag in names if tag in tags)
    return (
        f'<section class="others"><h3>more</h3><div class="choices" role="group" aria-label="more tags">{chips}</div>'
        f"<ol>{rows}</ol></section>"
    )


def tag_html(tag: str, words: str, *, is_set: bool, colour: str = "", is_rare: bool = False) -> str:
    """A tag that can be pressed: a swatch where it stands for a colour, else a chip."""
    look = f'class="dot" style="--c:{colour}"' if colour else f'class="chip{" rare" if is_rare else ""}"'
    return (
        f'<button type="button" {look} data-tag="{html.escape(tag)}" title="{html.escape(spoken(tag))}" '
        f'aria-label="{html.escape(spoken(tag))}" aria-pressed="{str(is_set).lower()}">{html.escape(words)}</button>'
    )


def well_html(part: str, colour: str | None) -> str:
    """Where an exact colour is chosen."""
    name, value = html.escape(part), html.escape(colour or "#808080")
    return (
        f'<label class="well{" set" if colour else ""}" data-pin="{name}" style="--c:{value}" '
        f'title="an exact colour of {name}"><input type="color" list="{{list}}" value="{value}" '
        f'aria-label="An exact colour of {name}"></label>'
    )


def row_html(tag: str = "", words: str = "", strength: float = 1.0) -> str:
    """The strength of a tag; without one, the form that the page copies."""
    said, value = html.escape(spoken(tag)), f"{strength:.4g}"
    mark = f' data-set="{html.escape(tag)}"' if tag else ""
    return (
        f'<li class="tag"{mark}><span>{html.escape(words)}</span>'
        f'<input type="range" min="0" max="{USUAL_STRENGTH:g}" step="0.05" value="{value}" '
        f'aria-label="{f"Strength of {said}".strip()}">'
        f'<input type="number" min="0" max="{STRONGEST:g}" step="any" value="{value}" '
        f'aria-label="{f"Exact strength of {said}".strip()}">{remove_html(said)}</li>'
    )


def pin_html(part: str = "", colour: str = "") -> str:
    """An exact colour that is set; without one, the form that the page copies."""
    mark = f' data-pinned="{html.escape(part)}" data-colour="{colour}" style="--c:{colour}"' if part else ""
    return f'<li class="pin"{mark}><i></i><span>{colour}</span>{remove_html(f"the colour of {html.escape(part)}")}</li>'


def remove_html(said: str) -> str:
    return f'<button type="button" data-remove aria-label="{f"Remove {said}".strip()}">×</button>'


def without_part(tag: str, part: str) -> str:
    """The tag "red_hair" of the part "hair" as "red"."""
    return spoken(tag.removesuffix(f"_{part}"))


def example_of(config: ColorizerConfig) -> str:
    """A word that finds something."""
    return html.escape(spoken(config.tags[0]).split()[0])
