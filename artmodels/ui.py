"""What the Spaces share: look, picture tiles, drawing canvas, downloads, kind errors. The one file that knows gradio.

Every page is built from the same few pieces, so that a visitor who knows one Space knows them all:

    with new_page("Workflow editor") as demo:
        build_page(model)
    launch(demo)
"""

import base64
import functools
import html
import inspect
import io
import logging
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from PIL import Image

from artmodels.errors import ArtModelsError
from artmodels.results import Result

__all__ = [
    "CANVAS_SIDE",
    "INFERENCE",
    "Tile",
    "before_after",
    "canvas",
    "canvas_update",
    "data_uri",
    "downloads",
    "footnotes",
    "friendly",
    "header",
    "launch",
    "new_page",
    "on_white",
    "painted",
    "palette",
    "result_outputs",
    "save_result",
    "shrunk",
    "status_line",
    "theme",
    "tiles",
    "tiles_html",
    "title",
]

INFERENCE: dict[str, Any] = {"concurrency_id": "inference", "concurrency_limit": 1}
"""Options of every event that runs a model: they take turns, however many pages and visitors there are."""

CANVAS_SIDE = 640
"""Longest side in pixels of a picture on the drawing canvas; strokes are scaled back onto the full picture."""

TILE_SIDE = 320
DOWNLOAD_SUFFIXES = (".png", ".psd", ".ora")
LOG = logging.getLogger("artmodels.ui")

TILE_EVENTS = """
element.addEventListener('click', (event) => {
    const tile = event.target.closest('[data-tile]');
    if (!tile) return;
    trigger(event.target.closest('[data-lock]') ? 'lock' : 'choose', {name: tile.dataset.tile});
});
"""


PAPER = gr.themes.Color(
    c50="#fbfaf7", c100="#f4f1eb", c200="#e7e2d8", c300="#d3ccbf", c400="#a9a195", c500="#7d766d",
    c600="#5d5751", c700="#443f3b", c800="#2a2725", c900="#1d1b1a", c950="#141312",
)  # fmt: skip
VERMILION = gr.themes.Color(
    c50="#fdf3ef", c100="#fbe2d9", c200="#f6c3b1", c300="#ef9c81", c400="#e67353", c500="#d6502f",
    c600="#b83f21", c700="#98331c", c800="#7a2b1b", c900="#5f2519", c950="#33110a",
)  # fmt: skip


def theme() -> gr.themes.Base:
    """Paper, ink and one vermilion; fonts that gradio serves itself, so that no page asks the network for anything."""
    return gr.themes.Base(
        primary_hue=VERMILION,
        secondary_hue=VERMILION,
        neutral_hue=PAPER,
        radius_size=gr.themes.sizes.radius_md,
        # One of the few fonts whose files in gradio hold all Latin letters (Source Sans 3 and Lora have an A and a B).
        font=[gr.themes.LocalFont("Source Sans Pro", weights=(400, 700)), "system-ui", "sans-serif"],
        font_mono=["ui-monospace", "SFMono-Regular", "Menlo", "monospace"],
    ).set(
        body_background_fill="*neutral_50",
        block_background_fill="white",
        block_background_fill_dark="*neutral_900",
        block_label_text_color="*neutral_600",
        block_label_text_color_dark="*neutral_300",
        block_shadow="none",
        button_primary_background_fill="*primary_600",
        button_primary_background_fill_hover="*primary_700",
        button_primary_text_color="white",
        button_border_width="1px",
        button_secondary_background_fill="white",
        button_secondary_background_fill_dark="*neutral_800",
        button_secondary_background_fill_hover="*neutral_100",
        button_secondary_background_fill_hover_dark="*neutral_700",
        button_secondary_border_color="*neutral_300",
        button_secondary_border_color_dark="*neutral_700",
        button_large_text_size="*text_md",
        button_large_padding="10px 18px",
        button_large_text_weight="600",
        color_accent="*primary_600",
    )


def new_page(title: str) -> gr.Blocks:
    """Returns an empty page with our habits: no telemetry, files of visitors deleted after two hours."""
    return gr.Blocks(title=title, analytics_enabled=False, delete_cache=(3600, 7200), fill_width=True)


def launch(demo: gr.Blocks, **options: Any) -> tuple[Any, str, str]:
    """Starts a page with the shared look and limits; `options` go to gradio's `launch`."""
    demo.queue(max_size=24)
    return demo.launch(
        theme=theme(),
        css=Path(__file__).with_name("ui.css").read_text(encoding="utf-8"),
        max_file_size="16mb",
        state_session_capacity=256,
        run_history=False,
        ssr_mode=False,
        footer_links=["api", "settings"],
        **options,
    )


def header(title: str, line: str) -> gr.HTML:
    """Puts the name of the page and one sentence about it at the top."""
    words = f"<header><h1>{html.escape(title)}</h1><p>{html.escape(line)}</p></header>"
    return gr.HTML(words, elem_classes="am-header")


def title(text: str) -> gr.HTML:
    """Puts a small heading over a group."""
    return gr.HTML(f'<h2 class="am-title">{html.escape(text)}</h2>', apply_default_css=False)


def footnotes(notes: Sequence[tuple[str, str]]) -> gr.HTML:
    """Puts short (heading, sentence) notes in columns under the page: what it is, what it costs, what it cannot do."""
    cells = (f"<div><h3>{html.escape(head)}</h3><p>{html.escape(line)}</p></div>" for head, line in notes)
    return gr.HTML(f"<aside>{''.join(cells)}</aside>", elem_classes="am-notes")


def status_line(text: str, done: float | None = None) -> str:
    """Returns the HTML of the one line that says what is going on; `done` in 0..1 draws a thin bar under it."""
    bar = "" if done is None else f'<progress max="1" value="{done:.3f}"></progress>'
    return f'<div role="status" aria-live="polite">{html.escape(text)}{bar}</div>'


def friendly(work: Callable[..., Any]) -> Callable[..., Any]:
    """Wraps an event handler: a known problem becomes its own sentence, an unknown one is logged and told vaguely."""
    if inspect.isgeneratorfunction(work):

        @functools.wraps(work)
        def stream(*args: Any, **options: Any) -> Iterator[Any]:
            try:
                yield from work(*args, **options)
            except Exception as problem:
                raise _told(problem, work) from problem

        return stream

    @functools.wraps(work)
    def call(*args: Any, **options: Any) -> Any:
        try:
            return work(*args, **options)
        except Exception as problem:
            raise _told(problem, work) from problem

    return call


def _told(problem: Exception, work: Callable[..., Any]) -> gr.Error:
    """The last door before the visitor: nothing passes it but a sentence meant for reading."""
    if isinstance(problem, gr.Error):
        return problem
    if isinstance(problem, ArtModelsError):
        return gr.Error(html.escape(str(problem)), title="That did not work", print_exception=False)
    LOG.error("%s failed", work.__name__, exc_info=problem)
    return gr.Error(
        "Something broke on our side and has been written to the log. What you made so far is still here.",
        title="Sorry",
        print_exception=False,
    )


@dataclass(frozen=True)
class Tile:
    """One picture that can be clicked: `locked` None shows no lock, True or False shows one closed or open."""

    name: str
    picture: Image.Image
    caption: str = ""
    note: str = ""
    chosen: bool = False
    locked: bool | None = None


def tiles(html_value: str, *, elem_id: str, look: str) -> gr.HTML:
    """Returns a row of tiles; `.choose(...)` and `.lock(...)` listeners get the tile's name as `event.name`.

    Args:
        html_value: what `tiles_html` returned.
        elem_id: id of the element.
        look: "strip" (a row with arrows), "board" (a grid), "rail" (small thumbnails) or "tree" (rows that branch).
    """
    classes = ["am-tiles", f"am-{look}"]
    return gr.HTML(html_value, elem_id=elem_id, elem_classes=classes, js_on_load=TILE_EVENTS, apply_default_css=False)


def tiles_html(row: Sequence[Tile], *, label: str, empty: str = "", places: int = 0) -> str:
    """Returns the HTML of some tiles, their pictures inside it as PNG.

    Args:
        row: the tiles.
        label: what they are, for screen readers.
        empty: the sentence to show when there is neither a tile nor a place.
        places: number of tiles to come; the ones that are not there yet are drawn as empty frames.
    """
    if not row and not places:
        return f'<p class="am-empty">{html.escape(empty)}</p>'
    frames = '<li class="am-place" aria-hidden="true"></li>' * (places - len(row))
    return f'<ol aria-label="{html.escape(label)}">{"".join(map(_tile_html, row))}{frames}</ol>'


def _tile_html(tile: Tile) -> str:
    name, caption, note = (html.escape(text) for text in (tile.name, tile.caption, tile.note))
    lock = ""
    if tile.locked is not None:
        hint = f"Unlock {name}" if tile.locked else f"Lock {name}"
        lock = (
            f'<button type="button" data-lock aria-pressed="{str(tile.locked).lower()}" title="{hint}" '
            f'aria-label="{hint}"></button>'
        )
    return (
        f'<li data-tile="{name}"><button type="button" aria-pressed="{str(tile.chosen).lower()}" class="am-tile">'
        f'<img src="{data_uri(tile.picture)}" alt="{caption or name} {note}"></button>'
        f'<div class="am-words"><strong>{caption}</strong>{lock}<span>{note}</span></div></li>'
    )


def data_uri(picture: Image.Image, *, side: int = TILE_SIDE) -> str:
    """Returns a picture, at most `side` pixels long, as the text that an `<img>` can hold: exact PNG."""
    packed = io.BytesIO()
    shrunk(on_white(picture), side).save(packed, "PNG")
    return "data:image/png;base64," + base64.b64encode(packed.getvalue()).decode("ascii")


def shrunk(picture: Image.Image, side: int) -> Image.Image:
    """Returns the picture with its longest side at most `side` pixels."""
    if max(picture.size) <= side:
        return picture
    copy = picture.copy()
    copy.thumbnail((side, side), Image.Resampling.LANCZOS)
    return copy


def on_white(picture: Image.Image) -> Image.Image:
    """Returns the picture as RGB, what is transparent shown on white paper."""
    if picture.mode == "RGB":
        return picture
    paper = Image.new("RGBA", picture.size, "white")
    return Image.alpha_composite(paper, picture.convert("RGBA")).convert("RGB")


def palette(picture: Image.Image, count: int) -> list[str]:
    """Returns at most `count` clearly different colours of a picture as "#rrggbb", the most used ones first."""
    small = shrunk(on_white(picture), 128).quantize(64, method=Image.Quantize.MAXCOVERAGE).convert("RGB")
    colours, pixels = np.unique(np.asarray(small, dtype=int).reshape(-1, 3), axis=0, return_counts=True)
    chosen: list[np.ndarray] = []
    for colour in colours[np.argsort(-pixels, kind="stable")]:
        if all(np.abs(colour - other).sum() >= 48 for other in chosen):
            chosen.append(colour)
    return ["#{:02x}{:02x}{:02x}".format(*colour) for colour in chosen[:count]]


def canvas(picture: Image.Image, *, is_lines: bool, elem_id: str) -> gr.ImageEditor:
    """Returns a canvas that shows `picture` (never nothing) and lets one draw on it in one layer, kept as PNG."""
    update = canvas_update(picture, is_lines=is_lines)
    return gr.ImageEditor(
        **update,
        type="pil",
        format="png",
        image_mode="RGBA",
        sources=(),
        transforms=(),
        layers=False,
        canvas_size=(CANVAS_SIDE, CANVAS_SIDE),
        height=440,
        buttons=["fullscreen"],
        show_label=False,
        elem_id=elem_id,
        elem_classes="am-canvas",
    )


def canvas_update(picture: Image.Image, *, is_lines: bool) -> dict[str, Any]:
    """Returns value and brush that put another picture on the canvas: ink and paper for lines, else its own colours."""
    background = shrunk(on_white(picture), CANVAS_SIDE)
    own = [] if is_lines else palette(picture, 10)
    brush = gr.Brush(
        default_size=max(2, max(background.size) // (110 if is_lines else 24)),
        colors=list(dict.fromkeys([*own, "#000000", "#ffffff"])),
        default_color=_standing_out(own) if own else "#000000",
        color_mode="fixed" if is_lines else "defaults",
    )
    return {"value": {"background": background, "layers": [], "composite": background}, "brush": brush}


def _standing_out(colours: Sequence[str]) -> str:
    """The colour farthest from the first one, so that the first stroke is seen."""
    values = np.array([[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in colours])
    return colours[int(np.abs(values - values[0]).sum(axis=1).argmax())]


def painted(picture: Image.Image, drawing: dict[str, Any] | None) -> Image.Image | None:
    """Returns `picture` with the strokes of a canvas over it, at its own size; None when nothing was drawn.

    Args:
        picture: what `canvas` or `canvas_update` was given.
        drawing: the canvas's value: a dict with "layers", each RGBA or None; None from a client counts as nothing.
    """
    layers = [layer for layer in (drawing or {}).get("layers") or [] if layer is not None]
    strokes = [layer.convert("RGBA") for layer in layers]
    if not any(layer.getchannel("A").getbbox() for layer in strokes):
        return None
    whole = on_white(picture).convert("RGBA")
    for layer in strokes:
        whole = Image.alpha_composite(whole, layer.resize(whole.size, Image.Resampling.LANCZOS))
    return whole.convert("RGB")


def before_after(old: Image.Image, new: Image.Image, *, elem_id: str) -> gr.ImageSlider:
    """Returns a slider with the old picture on the left of the handle and the new one on the right, as exact PNG."""
    return gr.ImageSlider(
        (old, new),
        type="pil",
        format="png",
        interactive=False,
        show_label=False,
        buttons=["fullscreen"],
        max_height=480,
        elem_id=elem_id,
        elem_classes="am-slider",
    )


def save_result(result: Result, component: gr.components.Component, name: str) -> str:
    """Saves a result where gradio may serve it (and later deletes it); the suffix of `name` chooses the format."""
    path = Path(component.GRADIO_CACHE) / secrets.token_hex(16) / name
    path.parent.mkdir(parents=True)
    return str(result.save(path))


def downloads(state: gr.State, make: Callable[[Any], Result], *, stem: str, elem_id: str = "save") -> list[gr.Button]:
    """Adds buttons for PNG, PSD and ORA; the file is made from the visitor's state when it is asked for.

    Args:
        state: the visitor's state.
        make: returns the result to save from the state's value.
        stem: file name without suffix.
        elem_id: what the buttons' ids begin with: "save-png".
    """
    with gr.Row(elem_classes="am-line"):
        gr.HTML("Download", elem_classes="am-quiet", apply_default_css=False)
        buttons = [
            gr.Button(suffix[1:].upper(), size="sm", elem_id=f"{elem_id}-{suffix[1:]}") for suffix in DOWNLOAD_SUFFIXES
        ]
    file = gr.DownloadButton(visible="hidden", elem_id=f"{elem_id}-file")
    fetch = f"() => [...document.querySelectorAll('#{elem_id}-file, #{elem_id}-file :is(button, a)')].at(-1).click()"
    for button, suffix in zip(buttons, DOWNLOAD_SUFFIXES, strict=True):

        def save(value: Any, name: str = stem + suffix) -> str:
            return save_result(make(value), file, name)

        made = button.click(friendly(save), state, file, api_visibility="private", show_progress="hidden", **INFERENCE)
        made.success(None, None, None, js=fetch)
    return buttons


def result_outputs() -> list[gr.components.Component]:
    """Returns invisible outputs for an API endpoint: the picture, its stages with their names, and the recipe."""
    return [
        gr.Image(visible=False, label="image", type="filepath", format="png"),
        gr.Gallery(visible=False, label="layers", format="png"),
        gr.JSON(visible=False, label="recipe"),
    ]
