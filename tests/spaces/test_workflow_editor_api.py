"""The editor's endpoints answer as the model's own verbs do."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image

from artmodels import Result, WorkflowEditor, read_recipe


@pytest.fixture(scope="module")
def client(editor_url: str, tmp_path_factory: pytest.TempPathFactory) -> Client:
    return Client(editor_url, verbose=False, download_files=str(tmp_path_factory.mktemp("downloads")))


def pixels(picture: Image.Image | str) -> np.ndarray:
    return np.asarray((picture if isinstance(picture, Image.Image) else Image.open(picture)).convert("RGB"))


def assert_answers(answer: tuple[Any, ...], expected: Result) -> None:
    image, layers, recipe = answer
    np.testing.assert_array_equal(pixels(image), pixels(expected.image))
    assert [layer["caption"] for layer in layers] == list(expected.layers)
    for layer, picture in zip(layers, expected.layers.values(), strict=True):
        np.testing.assert_array_equal(pixels(layer["image"]), pixels(picture))
    assert recipe == expected.recipe
    assert read_recipe(image) == expected.recipe


def test_endpoints_are_the_verbs_with_their_parameters(client: Client) -> None:
    endpoints = client.view_api(return_format="dict")["named_endpoints"]
    named = {name: [each["parameter_name"] for each in endpoint["parameters"]] for name, endpoint in endpoints.items()}
    fit = ["faithful", "steps", "model"]
    assert named == {
        "/models": [],
        "/stages": ["artwork", *fit],
        "/edit": ["artwork", "stage", "picture", "latent", "seed", "like", "amount", "keep_detail", *fit],
        "/variations": ["artwork", "stage", "seeds", *fit],
        "/generate": ["sketch", "seeds", "keep_lines", "model"],
    }
    assert all(len(endpoint["description"]) > 40 for endpoint in endpoints.values())


def test_stages(client: Client, editor: WorkflowEditor, artwork_path: Path) -> None:
    answer = client.predict(handle_file(artwork_path), api_name="/stages")
    assert_answers(answer, editor.stages(artwork_path))
    assert 0 < answer[2]["reconstruction_error"] < 2


def test_edit_by_seed(client: Client, editor: WorkflowEditor, artwork_path: Path) -> None:
    answer = client.predict(handle_file(artwork_path), stage="flat", seed=3, api_name="/edit")
    assert_answers(answer, editor.edit(artwork_path, stage="flat", seed=3))


def test_edit_without_the_artworks_detail(client: Client, editor: WorkflowEditor, artwork_path: Path) -> None:
    answer = client.predict(handle_file(artwork_path), stage="flat", seed=3, keep_detail=False, api_name="/edit")
    assert_answers(answer, editor.edit(artwork_path, stage="flat", seed=3, keep_detail=False))


def test_edit_by_picture(client: Client, editor: WorkflowEditor, artwork_path: Path) -> None:
    drawn = handle_file(artwork_path)
    answer = client.predict(handle_file(artwork_path), stage="flat", picture=drawn, api_name="/edit")
    assert_answers(answer, editor.edit(artwork_path, stage="flat", picture=artwork_path))


def test_edit_by_latent(client: Client, editor: WorkflowEditor, artwork_path: Path) -> None:
    latent = [0.5, -1.0, 0.0, 0.25, 1.5, 0.0, 0.0, 2.0]
    answer = client.predict(handle_file(artwork_path), stage="full", latent=latent, api_name="/edit")
    assert_answers(answer, editor.edit(artwork_path, stage="full", latent=latent))


def test_edit_like_another_artwork_part_of_the_way(
    client: Client, editor: WorkflowEditor, artwork_path: Path, sketch_path: Path
) -> None:
    options = {"stage": "flat", "like": handle_file(sketch_path), "amount": 0.5}
    answer = client.predict(handle_file(artwork_path), **options, api_name="/edit")
    assert_answers(answer, editor.edit(artwork_path, stage="flat", like=sketch_path, amount=0.5))


def test_stages_of_an_artwork_that_the_model_was_fitted_to(
    client: Client, editor: WorkflowEditor, artwork_path: Path
) -> None:
    answer = client.predict(handle_file(artwork_path), faithful=1, steps=3, api_name="/stages")
    assert_answers(answer, editor.stages(artwork_path, faithful=1, steps=3))


def test_models_are_listed_and_each_answers_as_itself(client: Client, editor_kinds: Any, artwork_path: Path) -> None:
    listed = client.predict(api_name="/models")
    assert [each["name"] for each in listed] == list(editor_kinds)
    assert listed[0]["stages"] == ["line", "flat", "full"]
    answer = client.predict(handle_file(artwork_path), model="workflow-other", api_name="/stages")
    np.testing.assert_array_equal(
        pixels(answer[0]), pixels(editor_kinds["workflow-other"].model.stages(artwork_path).image)
    )


def test_variations(client: Client, editor: WorkflowEditor, artwork_path: Path) -> None:
    images, recipes = client.predict(handle_file(artwork_path), "flat", [4, 9], api_name="/variations")
    expected = editor.variations(artwork_path, stage="flat", seeds=[4, 9])
    assert [each["caption"] for each in images] == ["seed 4", "seed 9"]
    for each, result in zip(images, expected, strict=True):
        np.testing.assert_array_equal(pixels(each["image"]), pixels(result.image))
    assert recipes == [result.recipe for result in expected]


@pytest.mark.parametrize("seeds", [5, [5, 6]])
def test_generate(client: Client, editor: WorkflowEditor, sketch_path: Path, seeds: int | list[int]) -> None:
    answer = client.predict(handle_file(sketch_path), seeds=seeds, keep_lines=False, api_name="/generate")
    assert_answers(answer, editor.generate(sketch_path, seeds=seeds, keep_lines=False))


def test_generate_needs_a_sketch_only(client: Client, editor: WorkflowEditor, sketch_path: Path) -> None:
    assert_answers(client.predict(handle_file(sketch_path), api_name="/generate"), editor.generate(sketch_path))


@pytest.mark.parametrize(
    ("verb", "options", "words"),
    [
        ("edit", {"stage": "ink", "seed": 1}, "there are line, flat, full"),
        ("edit", {"stage": "flat"}, "exactly one of picture, latent, seed and like"),
        ("edit", {"stage": "flat", "seed": -1}, "-1"),
        ("edit", {"stage": "flat", "seed": 1.5}, "1.5"),
        ("edit", {"stage": "flat", "latent": ["<b>"]}, "latent"),
        ("edit", {"stage": "line", "seed": 1}, "first stage"),
        ("edit", {"stage": "flat", "seed": 1, "amount": 1.5}, "amount must be a number from 0"),
        ("edit", {"stage": "flat", "seed": 1, "model": "<b>"}, "there are tiny-editor, workflow-other"),
        ("stages", {"faithful": 2}, "faithful must be a number from 0"),
        ("stages", {"faithful": 1, "steps": 100_000}, "at most 600 here"),
        ("variations", {"stage": "flat", "seeds": []}, "list of 1 to 12"),
        ("variations", {"stage": "flat", "seeds": list(range(13))}, "list of 1 to 12"),
        ("variations", {"stage": "flat", "seeds": "all"}, "list of 1 to 12"),
    ],
)
def test_refusal_is_one_sentence_about_the_value(
    client: Client, artwork_path: Path, verb: str, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(AppError, match=words):
        client.predict(handle_file(artwork_path), **options, api_name=f"/{verb}")


def test_file_that_is_no_picture_is_refused_by_name(client: Client, tmp_path: Path) -> None:
    path = tmp_path / "notes.png"
    path.write_text("buy paper")
    with pytest.raises(AppError, match=r"notes\.png"):
        client.predict(handle_file(path), api_name="/stages")
