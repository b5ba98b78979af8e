"""The colorizer's endpoints answer as the model's own verbs do."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image

from artmodels import TagColorizer, read_recipe


@pytest.fixture(scope="module")
def client(colorizer_url: str, tmp_path_factory: pytest.TempPathFactory) -> Client:
    return Client(colorizer_url, verbose=False, download_files=str(tmp_path_factory.mktemp("downloads")))


def pixels(picture: Image.Image | str) -> np.ndarray:
    return np.asarray((picture if isinstance(picture, Image.Image) else Image.open(picture)).convert("RGB"))


def test_endpoints_are_the_verbs_with_their_parameters(client: Client) -> None:
    endpoints = client.view_api(return_format="dict")["named_endpoints"]
    named = {name: [each["parameter_name"] for each in endpoint["parameters"]] for name, endpoint in endpoints.items()}
    wish = ["reference", "tags", "colours"]
    assert named == {
        "/tags": ["model"],
        "/colorize": ["sketch", *wish, "seed", "keep_lines", "clean", "model"],
        "/read_tags": ["reference", "threshold", "model"],
        "/palette": ["reference", "count"],
        "/grid": ["sketch", "across", "down", *wish, "keep_lines", "clean", "model"],
    }
    assert all(len(endpoint["description"]) > 40 for endpoint in endpoints.values())


def test_tags_tell_what_can_be_said(client: Client, colorizer: TagColorizer, colorizer_kinds: Any) -> None:
    told = client.predict(api_name="/tags")
    assert told["models"] == list(colorizer_kinds)
    assert told["groups"]["clothes"] == {"teal_clothes": "#3c9490", "pink_clothes": "#e98fb4"}
    assert told["other_tags"] == list(colorizer.config.other_tags)


def test_colorize(client: Client, colorizer: TagColorizer, sketch_path: Path, artwork_path: Path) -> None:
    wish: dict[str, Any] = {"tags": {"red_hair": 1.5}, "colours": {"clothes": "#338844"}}
    image, layers, recipe = client.predict(
        handle_file(sketch_path), handle_file(artwork_path), **wish, api_name="/colorize"
    )
    expected = colorizer.colorize(sketch_path, reference=artwork_path, **wish)
    np.testing.assert_array_equal(pixels(image), pixels(expected.image))
    assert [layer["caption"] for layer in layers] == list(expected.layers) == ["colour", "change", "lines"]
    assert recipe == expected.recipe == read_recipe(image)


def test_colorize_with_another_model_and_a_seed(client: Client, colorizer_kinds: Any, sketch_path: Path) -> None:
    image, _, recipe = client.predict(
        handle_file(sketch_path), seed=4, model="colorizer-other", keep_lines=False, api_name="/colorize"
    )
    expected = colorizer_kinds["colorizer-other"].model.colorize(sketch_path, seed=4, keep_lines=False)
    np.testing.assert_array_equal(pixels(image), pixels(expected.image))
    assert recipe["tags_set"] == expected.recipe["tags_set"] != {}


def test_read_tags_and_palette(client: Client, colorizer: TagColorizer, artwork_path: Path) -> None:
    read = client.predict(handle_file(artwork_path), threshold=0, api_name="/read_tags")
    assert read == pytest.approx(colorizer.read_tags(artwork_path, threshold=0))
    assert read.keys() == set(colorizer.config.tags)
    assert client.predict(handle_file(artwork_path), count=3, api_name="/palette") == colorizer.palette(
        artwork_path, count=3
    )


def test_grid(client: Client, colorizer: TagColorizer, sketch_path: Path, artwork_path: Path) -> None:
    sides = {"across": {"red_hair": [0, 1]}, "down": {"teal_clothes": [0, 0.5, 2]}}
    pictures, recipes = client.predict(
        handle_file(sketch_path), **sides, reference=handle_file(artwork_path), api_name="/grid"
    )
    rows = colorizer.grid(sketch_path, **sides, reference=artwork_path)
    expected = [result for row in rows for result in row]
    assert [each["caption"] for each in pictures][:3] == [
        "red_hair 0, teal_clothes 0",
        "red_hair 1, teal_clothes 0",
        "red_hair 0, teal_clothes 0.5",
    ]
    for picture, recipe, result in zip(pictures, recipes, expected, strict=True):
        np.testing.assert_array_equal(pixels(picture["image"]), pixels(result.image))
        assert recipe == result.recipe


@pytest.mark.parametrize(
    ("wish", "sentence"),
    [
        ({"tags": {"red_hare": 1}}, "did you mean .*red_hair"),
        ({"tags": {"red_hair": 7}}, "from 0 to 5"),
        ({"colours": {"hair": "red"}}, "#rrggbb"),
        ({"model": "nobody"}, "there is no model .*nobody"),
        ({"seed": -1}, "seed"),
    ],
)
def test_mistakes_are_told_in_a_sentence(
    client: Client, sketch_path: Path, wish: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(AppError, match=sentence):
        client.predict(handle_file(sketch_path), **wish, api_name="/colorize")


def test_a_photo_is_refused_with_the_librarys_sentence(client: Client, artwork_path: Path) -> None:
    with pytest.raises(AppError, match="clean"):
        client.predict(handle_file(artwork_path), api_name="/colorize")


def test_a_grid_beyond_what_a_visitor_gets_is_refused(client: Client, sketch_path: Path) -> None:
    sides = {"across": {"red_hair": [0] * 6}, "down": {"teal_clothes": [0] * 5}}
    with pytest.raises(AppError, match="1 to 25 pictures here, not 30"):
        client.predict(handle_file(sketch_path), **sides, api_name="/grid")
