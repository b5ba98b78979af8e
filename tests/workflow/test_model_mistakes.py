"""What a caller or a damaged recipe gets wrong is told in one sentence."""

import json
from typing import Any

import numpy as np
import pytest
import torch
from methods import METHODS, drawing

from artmodels import ArtModelsError, ConfigError, WorkflowEditor
from artmodels.workflow.model import Edit


@pytest.fixture(scope="module")
def editor() -> WorkflowEditor:
    return next(method.model() for method in METHODS if method.model_class is WorkflowEditor)


@pytest.mark.parametrize(
    ("wish", "sentence"),
    [
        ({}, "nothing to edit.*line, flat, full"),
        ({"seed": 1}, "say which stage"),
        ({"edits": ["flat"]}, "flat"),
        ({"edits": 5}, "edits is a list of Edit"),
        ({"edits": Edit("flat", seed=1), "stage": "full", "seed": 1}, "edits"),
        ({"edits": [Edit("flat", seed=1)], "stage": "flat", "seed": 2}, "twice"),
    ],
    ids=str,
)
def test_an_edit_that_is_none_is_refused(editor: WorkflowEditor, wish: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        editor.edit(drawing(50, 40), **wish)


@pytest.mark.parametrize("chosen", [(1,), (1, 2, 3), (), None, 1.5, "ab", -1, (0, -1), (0, 0.5), True, 2**63])
def test_seeds_that_are_none_are_refused(editor: WorkflowEditor, chosen: Any) -> None:
    with pytest.raises(ConfigError, match="seed"):
        editor.generate(drawing(50, 40), seeds=chosen)


@pytest.mark.parametrize("chosen", [3, None, (1.5,), (-1,)])
def test_variations_without_a_list_of_seeds_are_refused(editor: WorkflowEditor, chosen: Any) -> None:
    with pytest.raises(ConfigError, match="seed"):
        editor.variations(drawing(50, 40), stage="flat", seeds=chosen)


@pytest.mark.parametrize("chosen", [np.int64(3), np.array([3, 3]), torch.tensor([3, 3]), [np.int32(3), 3]], ids=repr)
def test_seeds_may_come_from_numpy_and_torch(editor: WorkflowEditor, chosen: Any) -> None:
    result = editor.generate(drawing(50, 40), seeds=chosen)
    assert json.loads(json.dumps(result.recipe)) == editor.generate(drawing(50, 40), seeds=3).recipe


@pytest.mark.parametrize(
    "options",
    [
        None,
        [],
        {},
        {"edits": None},
        {"edits": []},
        {"edits": ["flat"]},
        {"edits": [{"stage": "flat"}]},
        {"edits": [{"stage": "shadow", "latent": [0.0] * 4}]},
        {"edits": [{"stage": "flat", "latent": [0.0] * 3}]},
        {"edits": [{"stage": "flat", "latent": "0000"}]},
        {"edits": [{"stage": "line", "latent": [0.0] * 4}]},
        {"edits": [{"stage": "flat", "square": "no picture"}]},
    ],
    ids=str,
)
def test_a_recipe_with_damaged_options_is_refused(editor: WorkflowEditor, options: Any) -> None:
    recipe = editor.edit(drawing(50, 40), stage="flat", seed=1).recipe | {"options": options}
    with pytest.raises(ArtModelsError) as caught:
        editor.replay(recipe, drawing(50, 40))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("options", [{}, {"seeds": [1, 2]}, {"seeds": None, "keep_lines": True}], ids=str)
def test_a_generation_recipe_with_damaged_options_is_refused(editor: WorkflowEditor, options: Any) -> None:
    recipe = editor.generate(drawing(50, 40)).recipe | {"options": options}
    with pytest.raises(ConfigError):
        editor.replay(recipe, drawing(50, 40))


@pytest.mark.parametrize("recipe", [None, [], "recipe", {}], ids=repr)
def test_what_is_no_recipe_is_refused(editor: WorkflowEditor, recipe: Any) -> None:
    with pytest.raises(ArtModelsError):
        editor.replay(recipe, drawing(50, 40))
