"""The stylizer's endpoints answer as the model's own verbs do."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image
from portrait_pictures import EYES

from artmodels import read_recipe

HERE = [[204.5, 101.0], [247.5, 103.0]]


@pytest.fixture(scope="module")
def client(portrait_url: str, tmp_path_factory: pytest.TempPathFactory) -> Client:
    return Client(portrait_url, verbose=False, download_files=str(tmp_path_factory.mktemp("downloads")))


def pixels(picture: Image.Image | str) -> np.ndarray:
    return np.asarray((picture if isinstance(picture, Image.Image) else Image.open(picture)).convert("RGB"))


def test_endpoints_are_the_verbs_with_their_parameters(client: Client) -> None:
    endpoints = client.view_api(return_format="dict")["named_endpoints"]
    named = {name: [each["parameter_name"] for each in endpoint["parameters"]] for name, endpoint in endpoints.items()}
    wish, place = ["style", "attribute", "likeness", "swap"], ["paste_back", "eyes", "face"]
    assert named == {
        "/styles": [],
        "/find_faces": ["photo"],
        "/stylize": ["photo", *wish, "seed", "moves", *place],
        "/samples": ["photo", "seeds", *wish, "moves", *place],
    }
    assert all(len(endpoint["description"]) > 40 for endpoint in endpoints.values())


def test_styles_tell_what_can_be_asked_for(client: Client) -> None:
    told = client.predict(api_name="/styles")
    assert told["styles"] == {"tiny-paths": ["woman", "man"], "tiny-style": []}
    assert told["size"] == 32
    assert {"pose-1", "shape-8", "look-3"} <= set(told["directions"])


def test_faces_are_found(client: Client, photo_path: Path) -> None:
    pytest.importorskip("lz4")
    (face,) = client.predict(handle_file(photo_path), api_name="/find_faces")
    np.testing.assert_allclose(face["eyes"], EYES, atol=6)
    left, top, right, bottom = face["box"]
    assert left < EYES[0][0] < EYES[1][0] < right
    assert top < EYES[0][1] < bottom
    assert 0.85 < face["score"] <= 1


def test_stylize(client: Client, portrait_models: Any, photo_path: Path) -> None:
    wish: dict[str, Any] = {"attribute": "man", "likeness": 0.7, "moves": {"pose-1": 1.5}, "swap": 16, "seed": 3}
    image, layers, recipe = client.predict(handle_file(photo_path), eyes=HERE, **wish, api_name="/stylize")
    style = portrait_models.styles["tiny-paths"]
    expected = portrait_models.stylizer.stylize(photo_path, style=style, eyes=HERE, **wish)
    np.testing.assert_array_equal(pixels(image), pixels(expected.image))
    assert [layer["caption"] for layer in layers] == list(expected.layers) == ["photo", "portrait"]
    assert recipe == expected.recipe == read_recipe(image)


def test_the_portrait_alone_in_another_style(client: Client, portrait_models: Any, photo_path: Path) -> None:
    wish: dict[str, Any] = {"eyes": HERE, "paste_back": False}
    image, _, _ = client.predict(handle_file(photo_path), "tiny-style", **wish, api_name="/stylize")
    style = portrait_models.styles["tiny-style"]
    expected = portrait_models.stylizer.stylize(photo_path, style=style, **wish)
    np.testing.assert_array_equal(pixels(image), pixels(expected.image))
    assert pixels(image).shape == (32, 32, 3)


def test_samples(client: Client, portrait_models: Any, photo_path: Path) -> None:
    options: dict[str, Any] = {"eyes": HERE, "paste_back": False}
    pictures, recipes = client.predict(handle_file(photo_path), [5, 1, 9], **options, api_name="/samples")
    style = portrait_models.styles["tiny-paths"]
    expected = portrait_models.stylizer.samples(photo_path, style=style, seeds=[5, 1, 9], **options)
    assert recipes == [result.recipe for result in expected]
    for picture, result in zip(pictures, expected, strict=True):
        np.testing.assert_array_equal(pixels(picture["image"]), pixels(result.image))
        assert picture["caption"] == f"seed {result.recipe['options']['seed']}"


@pytest.mark.parametrize(
    ("wish", "sentence"),
    [
        ({"style": "nowhere"}, "a style is tiny-paths, tiny-style or a Hub id .*nowhere"),
        ({"attribute": "cat"}, "attribute must be one of woman, man"),
        ({"likeness": 3}, "likeness must be a number from 0 to 1"),
        ({"moves": {"smile-1": 1}}, "a direction is"),
        ({"seed": -1}, "seed"),
        ({"eyes": [[1, 2]]}, "eyes are two places"),
    ],
)
def test_mistakes_are_told_in_a_sentence(client: Client, photo_path: Path, wish: dict[str, Any], sentence: str) -> None:
    with pytest.raises(AppError, match=sentence):
        client.predict(handle_file(photo_path), **{"eyes": HERE, **wish}, api_name="/stylize")


def test_more_samples_than_a_visitor_gets_are_refused(client: Client, photo_path: Path) -> None:
    with pytest.raises(AppError, match="list of 1 to 25 whole numbers"):
        client.predict(handle_file(photo_path), list(range(26)), eyes=HERE, api_name="/samples")


def test_no_face_is_told_in_a_sentence(client: Client, artwork_path: Path) -> None:
    pytest.importorskip("lz4")
    with pytest.raises(AppError, match="no face was found"):
        client.predict(handle_file(artwork_path), api_name="/stylize")
