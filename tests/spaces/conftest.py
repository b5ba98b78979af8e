"""Tiny untrained models served by the real pages, and a real Chromium to look at them."""

import importlib.util
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import gradio as gr
import pytest
import torch
from methods import STYLE, STYLIZER, with_first_weights, with_random_weights
from PIL import Image
from portrait_pictures import astronaut
from visits import Visit

from artmodels import (
    PortraitStyle,
    PortraitStylizer,
    Sketch2ImageConfig,
    Sketcher,
    SketcherConfig,
    SketchToImage,
    TagColorizer,
    WorkflowConfig,
    WorkflowEditor,
    ui,
)
from artmodels.colorizer.config import ColorizerConfig, TagGroup
from artmodels.perceptual import StarterFeaturesConfig

SPACES = Path(__file__).parents[2] / "spaces"
CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ("--no-sandbox", "--disable-dev-shm-usage", "--use-gl=angle", "--use-angle=swiftshader",
         "--enable-unsafe-swiftshader", "--use-fake-device-for-media-stream",
         "--use-fake-ui-for-media-stream")  # fmt: skip
os.environ["NO_PROXY"] = "127.0.0.1,localhost"
for space in ("workflow-editor", "tag-colorizer", "sketch2image", "portrait-stylizer"):
    sys.path.append(str(SPACES / space))
PARTS = {
    "hair": {"red_hair": "#b23c30", "blue_hair": "#4a6fcb", "blonde_hair": "#e3bd66"},
    "clothes": {"teal_clothes": "#3c9490", "pink_clothes": "#e98fb4"},
}


def load_app(name: str) -> ModuleType:
    """Loads a Space's app.py by path, as nothing in spaces/ is a package."""
    spec = importlib.util.spec_from_file_location(f"space_{name.replace('-', '_')}", SPACES / name / "app.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@contextmanager
def served(demo: gr.Blocks) -> Iterator[str]:
    """Serves a page on a free port of this machine and gives its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = ui.launch(demo, server_name="127.0.0.1", server_port=port, prevent_thread_lock=True, quiet=True)[1]
    yield url.rstrip("/")
    demo.close()


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def editor_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A saved editor of the starter's shape with random weights, large enough for latents to show."""
    torch.manual_seed(0)
    widths: dict[str, Any] = {"generator_width": 8, "encoder_width": 8, "inference_width": 8}
    widths |= {"size": 64, "content_blocks": 1, "style_blocks": 1, "features": "artmodels/perceptual-starter"}
    model = WorkflowEditor(WorkflowConfig(stages=("line", "flat", "full"), channels=(1, 3, 3), **widths))
    for weights in model.parameters():
        torch.nn.init.normal_(weights, std=0.1)
    return model.save_pretrained(tmp_path_factory.mktemp("models") / "tiny-editor")


@pytest.fixture(scope="session")
def editor(editor_folder: Path) -> WorkflowEditor:
    return WorkflowEditor.from_pretrained(editor_folder)


@pytest.fixture(scope="session")
def editor_app() -> ModuleType:
    return load_app("workflow-editor")


@pytest.fixture(scope="session")
def editor_kinds(editor_app: ModuleType, editor_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Two kinds of artwork: the tiny editor, its model chosen by the environment as a user would, and one more."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ARTMODELS_EDITOR_MODEL", str(editor_folder))
        kinds = editor_app.load_model()
    other = WorkflowEditor.from_pretrained(editor_folder)
    with torch.no_grad():
        for weights in other.parameters():
            weights.mul_(1.3)
    return kinds | {"workflow-other": replace(kinds["tiny-editor"], name="workflow-other", model=other)}


@pytest.fixture(scope="session")
def colorizer_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A saved colorizer with random weights, large enough for tags to show."""
    groups = tuple(TagGroup(name, tuple(tags), tuple(tags.values())) for name, tags in PARTS.items())
    widths: dict[str, Any] = {"encoder_width": 4, "encoder_blocks": (1, 1), "width": 4, "mapping_width": 8}
    others = ("glasses", "hair_flower")
    config = ColorizerConfig(groups=groups, other_tags=others, size=64, depth=3, mapped=True, **widths)
    model = with_random_weights(TagColorizer(config), gain=2**0.5)
    return model.save_pretrained(tmp_path_factory.mktemp("models") / "tiny-colorizer")


@pytest.fixture(scope="session")
def colorizer(colorizer_folder: Path) -> TagColorizer:
    return TagColorizer.from_pretrained(colorizer_folder)


@pytest.fixture(scope="session")
def colorizer_app() -> ModuleType:
    return load_app("tag-colorizer")


@pytest.fixture(scope="session")
def colorizer_kinds(colorizer_app: ModuleType, colorizer_folder: Path) -> Any:
    """The tiny colorizer, chosen by the environment as a user would, and one more."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ARTMODELS_COLORIZER_MODEL", str(colorizer_folder))
        kinds = colorizer_app.load_model()
    other = TagColorizer.from_pretrained(colorizer_folder)
    with torch.no_grad():
        for weights in other.generator.parameters():
            weights.mul_(1.3)
    return kinds | {"colorizer-other": replace(kinds["tiny-colorizer"], name="colorizer-other", model=other)}


@pytest.fixture(scope="session")
def colorizer_url(colorizer_app: ModuleType, colorizer_kinds: Any) -> Iterator[str]:
    """The address of the colorizer's page."""
    with ui.new_page(colorizer_app.TITLE) as demo:
        colorizer_app.build_page(colorizer_kinds)
    with served(demo) as url:
        yield url


@pytest.fixture(scope="session")
def synthesizer_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A saved model that finishes sketches, with random weights in which every exemplar and seed shows."""
    model = with_random_weights(SketchToImage(Sketch2ImageConfig(size=64, width=4)), gain=2**0.5)
    return model.save_pretrained(tmp_path_factory.mktemp("models") / "tiny-sketch2image")


@pytest.fixture(scope="session")
def sketcher_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A saved sketcher with two hands of random weights, one of them grey."""
    features = StarterFeaturesConfig(widths=(4, 4, 8, 8), blocks=(1, 1, 1, 1))
    sizes: dict[str, Any] = {"size": 64, "features": features, "widths": (8, 8, 4), "skips": True}
    config = SketcherConfig(hands=("ink", "pencil"), darkness=(1.0, 0.6), **sizes)
    return with_random_weights(Sketcher(config), gain=2).save_pretrained(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="session")
def synthesizer(synthesizer_folder: Path) -> SketchToImage:
    return SketchToImage.from_pretrained(synthesizer_folder)


@pytest.fixture(scope="session")
def sketcher(sketcher_folder: Path) -> Sketcher:
    return Sketcher.from_pretrained(sketcher_folder)


@pytest.fixture(scope="session")
def sketch_app() -> ModuleType:
    return load_app("sketch2image")


@pytest.fixture(scope="session")
def sketch_models(sketch_app: ModuleType, synthesizer_folder: Path, sketcher_folder: Path) -> Any:
    """The tiny models, chosen by the environment as a user would, and one more that finishes sketches."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ARTMODELS_SKETCH2IMAGE_MODEL", str(synthesizer_folder))
        patch.setenv("ARTMODELS_SKETCHER_MODEL", str(sketcher_folder))
        models = sketch_app.load_model()
    other = SketchToImage.from_pretrained(synthesizer_folder)
    with torch.no_grad():
        for weights in other.parameters():
            weights.mul_(1.3)
    kind = replace(models.kinds["tiny-sketch2image"], name="sketch2image-other", model=other, keep_lines=False)
    return replace(models, kinds={**models.kinds, kind.name: kind})


@pytest.fixture(scope="session")
def sketch_url(sketch_app: ModuleType, sketch_models: Any) -> Iterator[str]:
    """The address of the page that finishes sketches."""
    with ui.new_page(sketch_app.TITLE) as demo:
        sketch_app.build_page(sketch_models)
    with served(demo) as url:
        yield url


@pytest.fixture(scope="session")
def portrait_folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """A saved photo model of random weights and two styles of it, the first with a woman's and a man's path."""
    folder = tmp_path_factory.mktemp("models")
    photo = with_first_weights(PortraitStylizer(STYLIZER), gain=1.25).save_pretrained(folder / "tiny-photo")
    config = replace(STYLE, photo_model=str(photo))
    single = replace(config, generator=STYLIZER.generator)
    styles = {"tiny-paths": config, "tiny-style": single}
    saved = [
        with_first_weights(PortraitStyle(each), seed).save_pretrained(folder / name)
        for seed, (name, each) in enumerate(styles.items(), 1)
    ]
    return photo, saved[0], saved[1]


@pytest.fixture(scope="session")
def portrait_app() -> ModuleType:
    return load_app("portrait-stylizer")


@pytest.fixture(scope="session")
def portrait_models(portrait_app: ModuleType, portrait_folders: tuple[Path, ...]) -> Any:
    """The tiny models, chosen by the environment as a user would."""
    with pytest.MonkeyPatch.context() as patch:
        choose_portraits(patch, portrait_folders)
        return portrait_app.load_model()


def choose_portraits(patch: pytest.MonkeyPatch, folders: tuple[Path, ...]) -> None:
    patch.setenv("ARTMODELS_PORTRAIT_MODEL", str(folders[0]))
    patch.setenv("ARTMODELS_PORTRAIT_STYLES", ",".join(map(str, folders[1:])))


@pytest.fixture(scope="session")
def portrait_url(portrait_app: ModuleType, portrait_models: Any) -> Iterator[str]:
    """The address of the page of portraits."""
    with ui.new_page(portrait_app.TITLE) as demo:
        portrait_app.build_page(portrait_models)
    with served(demo) as url:
        yield url


@pytest.fixture(scope="session")
def photo_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A photo of one face, and much beside it."""
    path = tmp_path_factory.mktemp("pictures") / "photo.png"
    astronaut().save(path)
    return path


@pytest.fixture(scope="session")
def hub_app() -> ModuleType:
    return load_app("hub")


@pytest.fixture(scope="session")
def editor_url(editor_app: ModuleType, editor_kinds: Any) -> Iterator[str]:
    """The address of the editor's page."""
    with ui.new_page(editor_app.TITLE) as demo:
        editor_app.build_page(editor_kinds)
    with served(demo) as url:
        yield url


@pytest.fixture(scope="session")
def hub_url(
    hub_app: ModuleType,
    editor_folder: Path,
    colorizer_folder: Path,
    synthesizer_folder: Path,
    sketcher_folder: Path,
    portrait_folders: tuple[Path, ...],
) -> Iterator[str]:
    """The address of the landing page with every Space mounted on it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ARTMODELS_EDITOR_MODEL", str(editor_folder))
        patch.setenv("ARTMODELS_COLORIZER_MODEL", str(colorizer_folder))
        patch.setenv("ARTMODELS_SKETCH2IMAGE_MODEL", str(synthesizer_folder))
        patch.setenv("ARTMODELS_SKETCHER_MODEL", str(sketcher_folder))
        choose_portraits(patch, portrait_folders)
        demo = hub_app.build_demo(SPACES)
    with served(demo) as url:
        yield url


@pytest.fixture(scope="session")
def artwork_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A colourful picture that is neither square nor of the model's size."""
    red, green = Image.linear_gradient("L").resize((90, 70)), Image.radial_gradient("L").resize((90, 70))
    path = tmp_path_factory.mktemp("pictures") / "artwork.png"
    Image.merge("RGB", (red, green, red.transpose(Image.Transpose.ROTATE_180))).save(path)
    return path


@pytest.fixture(scope="session")
def sketch_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A black frame on white paper."""
    picture = Image.new("L", (80, 80), 255)
    picture.paste(0, (20, 20, 60, 60))
    picture.paste(255, (23, 23, 57, 57))
    path = tmp_path_factory.mktemp("pictures") / "sketch.png"
    picture.save(path)
    return path


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api")
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not installed")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def opened(visit: Visit) -> Any:
    """The page of a module's `visit` as it opens; no test may touch it."""
    return visit()


@pytest.fixture(scope="module")
def visitor(visit: Visit) -> Any:
    return visit()


@pytest.fixture
def page(visit: Visit, visitor: Any) -> Iterator[Any]:
    """A page that is this test's own; loaded again instead, it would complain of the stream that it left."""
    page = visit(beside=visitor)
    yield page
    page.close()
