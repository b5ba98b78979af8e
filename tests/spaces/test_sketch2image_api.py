"""The endpoints answer as the models' own verbs do."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image

from artmodels import Sketcher, SketchToImage, Xdog, read_recipe


@pytest.fixture(scope="module")
def client(sketch_url: str, tmp_path_factory: pytest.TempPathFactory) -> Client:
    return Client(sketch_url, verbose=False, download_files=str(tmp_path_factory.mktemp("downloads")))


@pytest.fixture(scope="module")
def exemplars(sketch_models: Any) -> list[Path]:
    """Two of the bundled pictures."""
    return [path for _, path in list(sketch_models.kinds["tiny-sketch2image"].exemplars.values())[:2]]


def pixels(picture: Image.Image | str) -> np.ndarray:
    return np.asarray((picture if isinstance(picture, Image.Image) else Image.open(picture)).convert("RGB"))


def test_endpoints_are_the_verbs_with_their_parameters(client: Client) -> None:
    endpoints = client.view_api(return_format="dict")["named_endpoints"]
    named = {name: [each["parameter_name"] for each in endpoint["parameters"]] for name, endpoint in endpoints.items()}
    wish = ["weights", "mixing", "seed", "refine", "keep_lines"]
    assert named == {
        "/models": [],
        "/synthesize": ["sketch", "exemplars", *wish, "clean", "model"],
        "/transfer": ["content", "exemplars", "hand", "detail", *wish, "model"],
        "/matrix": ["sketches", "exemplars", "seed", "refine", "keep_lines", "clean", "model"],
        "/draw": ["picture", "hand", "thickness", "darkness", "detail"],
    }
    assert all(len(endpoint["description"]) > 40 for endpoint in endpoints.values())


def test_models_and_hands_are_told(client: Client, sketcher: Sketcher) -> None:
    told = client.predict(api_name="/models")
    assert told["models"] == {"tiny-sketch2image": 64, "sketch2image-other": 64}
    assert told["hands"] == [*(f"tiny:{hand}" for hand in sketcher.hands), *(f"xdog:{hand}" for hand in Xdog.hands)]


def test_synthesize(
    client: Client, synthesizer: SketchToImage, sketch_path: Path, artwork_path: Path, exemplars: list[Path]
) -> None:
    wish: dict[str, Any] = {"weights": [0.7, 0.2, 0.1], "mixing": "stitch", "seed": 4, "keep_lines": True}
    pictures = [artwork_path, *exemplars]
    image, layers, recipe = client.predict(
        handle_file(sketch_path), [handle_file(path) for path in pictures], **wish, api_name="/synthesize"
    )
    expected = synthesizer.synthesize(sketch_path, pictures, **wish)
    np.testing.assert_array_equal(pixels(image), pixels(expected.image))
    assert [layer["caption"] for layer in layers] == list(expected.layers) == ["coarse", "refined", "lines"]
    assert recipe == expected.recipe == read_recipe(image)


def test_synthesize_with_another_model_and_without_refining(
    client: Client, sketch_models: Any, sketch_path: Path, artwork_path: Path
) -> None:
    image, layers, _ = client.predict(
        handle_file(sketch_path), [handle_file(artwork_path)], refine=False, model="sketch2image-other",
        api_name="/synthesize",
    )  # fmt: skip
    expected = sketch_models.kinds["sketch2image-other"].model.synthesize(sketch_path, artwork_path, refine=False)
    np.testing.assert_array_equal(pixels(image), pixels(expected.image))
    assert [layer["caption"] for layer in layers] == ["coarse", "lines"]


def test_transfer(
    client: Client, synthesizer: SketchToImage, sketcher: Sketcher, artwork_path: Path, exemplars: list[Path]
) -> None:
    image, _, recipe = client.predict(
        handle_file(artwork_path), [handle_file(exemplars[0])], hand="tiny:pencil", seed=2, api_name="/transfer"
    )
    expected = synthesizer.transfer(artwork_path, exemplars[0], sketcher=sketcher, hand="pencil", seed=2)
    np.testing.assert_array_equal(pixels(image), pixels(expected.image))
    assert recipe == expected.recipe


def test_matrix(client: Client, synthesizer: SketchToImage, sketch_path: Path, exemplars: list[Path]) -> None:
    pictures, recipes = client.predict(
        [handle_file(sketch_path)], [handle_file(path) for path in exemplars], seed=3, api_name="/matrix"
    )
    expected = synthesizer.matrix([sketch_path], exemplars, seed=3)[0]
    assert [each["caption"] for each in pictures] == ["sketch 1, exemplar 1", "sketch 1, exemplar 2"]
    for picture, recipe, result in zip(pictures, recipes, expected, strict=True):
        np.testing.assert_array_equal(pixels(picture["image"]), pixels(result.image))
        assert recipe == result.recipe


def test_draw(client: Client, sketcher: Sketcher, artwork_path: Path) -> None:
    drawn: dict[str, Any] = {"thickness": 2, "darkness": 0.5, "detail": 1.5}
    image, layers, recipe = client.predict(handle_file(artwork_path), hand="tiny:pencil", **drawn, api_name="/draw")
    expected = sketcher.draw(artwork_path, hand="pencil", **drawn)
    np.testing.assert_array_equal(pixels(image), pixels(expected.image))
    assert [layer["caption"] for layer in layers] == ["picture", "lines"]
    assert recipe == expected.recipe
    plain, _, _ = client.predict(handle_file(artwork_path), api_name="/draw")
    np.testing.assert_array_equal(pixels(plain), pixels(sketcher.draw(artwork_path).image))


@pytest.mark.parametrize(
    ("wish", "sentence"),
    [
        ({"weights": [1, 2]}, "one number for each of the exemplars"),
        ({"mixing": "shaken"}, "style, stitch"),
        ({"model": "nobody"}, "there is no model .*nobody"),
        ({"seed": -1}, "seed"),
    ],
)
def test_mistakes_are_told_in_a_sentence(
    client: Client, sketch_path: Path, artwork_path: Path, wish: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(AppError, match=sentence):
        client.predict(handle_file(sketch_path), [handle_file(artwork_path)], **wish, api_name="/synthesize")


def test_an_unknown_hand_is_told_with_those_there_are(client: Client, artwork_path: Path) -> None:
    with pytest.raises(AppError, match=r"there is no hand .*nobody.*xdog:pen"):
        client.predict(handle_file(artwork_path), hand="nobody", api_name="/draw")


def test_a_photo_is_refused_with_the_librarys_sentence(client: Client, artwork_path: Path) -> None:
    with pytest.raises(AppError, match="photo"):
        client.predict(handle_file(artwork_path), [handle_file(artwork_path)], api_name="/synthesize")


def test_a_matrix_beyond_what_a_visitor_gets_is_refused(client: Client, sketch_path: Path) -> None:
    with pytest.raises(AppError, match="1 to 25 pictures here, not 36"):
        client.predict([handle_file(sketch_path)] * 6, [handle_file(sketch_path)] * 6, api_name="/matrix")
