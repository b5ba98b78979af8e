"""The landing page: every Space found beside this one as a page of one app; deployed alone, cards that lead to them.

python spaces/hub/app.py
"""

import html
import importlib.util
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import gradio as gr
from PIL import Image

from artmodels import ArtModelsError, ui

HERE = Path(__file__).parent
TITLE = "artmodels"
LINE = "Models that make pictures with you: every step is yours to see, to change and to keep."
SPACES_URL = "https://huggingface.co/spaces/artmodels"
PUBLISHED = {
    "workflow-editor": (
        "Workflow editor",
        "A drawing grows in stages. Take one apart, change a stage, and get the artwork back.",
    ),
    "tag-colorizer": (
        "Tag colorizer",
        "Line art takes its colours from a picture, and from tags that you slide.",
    ),
    "sketch2image": (
        "Sketch to image",
        "Your lines, finished in the style of the pictures you choose.",
    ),
    "portrait-stylizer": (
        "Portrait stylizer",
        "A photo becomes a portrait in a style, as like or unlike as you slide it.",
    ),
}
WAYS = (
    ("In the browser", "Everything runs on this page's own machine, without a graphics card. Nothing is sent on."),
    (
        "In code",
        "The Python package artmodels holds the same models under the same names: from_pretrained, one verb, save.",
    ),
    ("With your own pictures", "The training code is in the repository: train, look at the numbers, push a new style."),
    (
        "Licence",
        "Code and weights are Apache-2.0, the cartoon portraits' CC BY 4.0. Every model card says which pictures a "
        "model has seen.",
    ),
)


@dataclass(frozen=True)
class Card:
    """One Space on the landing page."""

    folder: str
    title: str
    line: str
    link: str
    picture: Image.Image | None


def load_app(folder: Path) -> ModuleType:
    """Loads the app.py of a Space by path; the modules beside it are found by their own names."""
    spec = importlib.util.spec_from_file_location(f"space_{folder.name.replace('-', '_')}", folder / "app.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.path.append(str(folder))
    spec.loader.exec_module(module)
    return module


def apps_beside(spaces: Path) -> dict[str, ModuleType]:
    """Returns the apps of all Spaces in a folder but this one, by folder name."""
    folders = sorted(path.parent for path in spaces.glob("*/app.py") if path.parent.name != HERE.name)
    return {folder.name: load_app(folder) for folder in folders}


def build_demo(spaces: Path) -> gr.Blocks:
    """Builds the app: a landing page, and a page for every Space found in the folder `spaces`."""
    apps = apps_beside(spaces)
    models = {name: app.load_model() for name, app in apps.items()}
    demo = ui.new_page(TITLE)
    with demo:
        build_page([mounted_card(name, app, models[name]) for name, app in apps.items()] or published_cards())
    for name, app in apps.items():
        with demo.route(app.TITLE, f"/{name}"):
            app.build_page(models[name])
    return demo


def mounted_card(name: str, app: ModuleType, model: Any) -> Card:
    """Returns the card of a page of this app, its picture made by the very model behind the page."""
    return Card(name, app.TITLE, app.LINE, name, app.card_picture(model))


def published_cards() -> list[Card]:
    """Returns a card for each Space on the Hub."""
    return [Card(name, title, line, f"{SPACES_URL}/{name}", None) for name, (title, line) in PUBLISHED.items()]


def build_page(cards: Sequence[Card]) -> None:
    """Builds the landing page inside the current `gr.Blocks`."""
    ui.header(TITLE, LINE)
    gr.HTML(f'<div class="am-cards">{"".join(map(card_html, cards))}</div>', apply_default_css=False)
    ui.footnotes(WAYS)


def card_html(card: Card) -> str:
    picture = "" if card.picture is None else f'<img src="{ui.data_uri(card.picture, side=1680)}" alt="">'
    words = f"<h2>{html.escape(card.title)}</h2><p>{html.escape(card.line)}</p>"
    return f'<a class="am-card" href="{html.escape(card.link)}">{picture}<div>{words}<span>Open</span></div></a>'


def main() -> None:
    try:
        demo = build_demo(HERE.parent)
    except ArtModelsError as error:
        raise SystemExit(str(error)) from None
    ui.launch(demo)


if __name__ == "__main__":
    main()
