"""What the recipe of a workflow editor says."""

from collections.abc import Mapping
from typing import Any

from PIL import Image

from artmodels import recipes
from artmodels.configs import config_from_dict
from artmodels.errors import ConfigError
from artmodels.workflow.edits import Override, edit_from_recipe
from artmodels.workflow.optimisation import Optimisation
from artmodels.workflow.steps import WorkflowNetworks

__all__ = ["changes_of", "dial_of", "new_recipe"]

PROVENANCE = "Stages are reconstructed by a model; they do not record how the artwork was made."


def new_recipe(
    editor: WorkflowNetworks, verb: str, picture: Image.Image, options: dict[str, Any], **found: Any
) -> dict[str, Any]:
    """Plain JSON values that make a picture again; `found` is what there is to know beside them."""
    return recipes.new_recipe(editor, verb, picture, options, provenance=PROVENANCE, **found)


def dial_of(options: Mapping[str, Any]) -> dict[str, Any]:
    """The keywords of `WorkflowEditor.open` that a recipe keeps; one from before there were any asks for none."""
    if "optimisation" in options:
        return {"optimisation": config_from_dict(Optimisation, options["optimisation"], where="the recipe")}
    return {"faithful": options.get("faithful", 0.0), **({"steps": options["steps"]} if "steps" in options else {})}


def changes_of(options: Mapping[str, Any], editor: WorkflowNetworks) -> dict[int, Override]:
    """The changes of an edit's recipe, by the number of their stage.

    Raises:
        ConfigError: there are none, or they cannot be read.
    """
    changes = dict(edit_from_recipe(values, editor.config) for values in options["edits"])
    if not changes:
        raise ConfigError("the recipe's edit changes no stage")
    return changes
