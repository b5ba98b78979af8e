"""The landing page: pages for the Spaces beside it, links to the published ones where it stands alone."""

import shutil
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

SPACES = Path(__file__).parents[2] / "spaces"


def test_every_space_beside_it_is_found(hub_app: ModuleType) -> None:
    names = {path.parent.name for path in SPACES.glob("*/app.py")} - {"hub"}
    assert hub_app.apps_beside(SPACES).keys() == names


def test_a_card_shows_what_the_model_behind_the_page_makes(hub_app: ModuleType, editor_kinds: Any) -> None:
    app = hub_app.apps_beside(SPACES)["workflow-editor"]
    card = hub_app.mounted_card("workflow-editor", app, editor_kinds)
    assert (card.title, card.line, card.link) == (app.TITLE, app.LINE, "workflow-editor")
    assert card.picture.size == (4 * 420, 420)


def test_alone_it_links_to_published_spaces_and_loads_no_model(hub_app: ModuleType, tmp_path: Path) -> None:
    shutil.copytree(SPACES / "hub", tmp_path / "hub")
    assert hub_app.apps_beside(tmp_path) == {}
    links = {card.link for card in hub_app.published_cards()}
    assert links == {f"https://huggingface.co/spaces/artmodels/{name}" for name in hub_app.PUBLISHED}
    assert hub_app.PUBLISHED.keys() <= {path.parent.name for path in SPACES.glob("*/app.py")}
    assert [path for path, _, _ in hub_app.build_demo(tmp_path).pages] == [""]


def test_a_space_that_joins_is_mounted(hub_app: ModuleType, tmp_path: Path) -> None:
    joined = tmp_path / "mosaic"
    joined.mkdir()
    (joined / "app.py").write_text(
        "import gradio as gr\nTITLE = 'Mosaic'\nLINE = 'Piece by piece.'\n"
        "def load_model():\n    return 'a model'\ndef build_page(model):\n    gr.Markdown(model)\n"
        "def card_picture(model):\n    return None\n"
    )
    demo = hub_app.build_demo(tmp_path)
    assert [(path, name) for path, name, _ in demo.pages][1:] == [("mosaic", "Mosaic")]


def test_published_words_are_the_spaces_own(hub_app: ModuleType) -> None:
    for name, app in hub_app.apps_beside(SPACES).items():
        assert hub_app.PUBLISHED.get(name, (app.TITLE, app.LINE)) == (app.TITLE, app.LINE)


@pytest.mark.browser
def test_a_card_leads_to_the_editor_and_nothing_to_the_network(chromium: Any, hub_url: str) -> None:
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    page, complaints = context.new_page(), []
    page.set_default_timeout(60_000)
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("request", lambda request: complaints.append(request.url)
            if not request.url.startswith((hub_url, "data:", "blob:")) else None)  # fmt: skip
    page.goto(hub_url)
    page.wait_for_selector(".am-card img")
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    page.click(".am-card[href$=workflow-editor]")
    page.wait_for_selector("#strip img")
    page.click("#reroll")
    page.wait_for_selector("#board [data-tile='12']")
    context.close()
    assert complaints == []
