"""What a recipe says, and whether it can be followed here."""

from collections.abc import Mapping
from typing import Any

from PIL import Image

import artmodels
from artmodels import images
from artmodels.configs import config_from_dict
from artmodels.errors import ConfigError, PictureError
from artmodels.sources import starter_names
from artmodels.workflow.edits import Override, edit_from_recipe
from artmodels.workflow.optimisation import Optimisation
from artmodels.workflow.steps import WorkflowNetworks

__all__ = ["changes_of", "check_recipe", "dial_of", "new_recipe", "truth"]

PROVENANCE = "Stages are reconstructed by a model; they do not record how the artwork was made."


def new_recipe(
    editor: WorkflowNetworks, verb: str, picture: Image.Image, options: dict[str, Any], **found: Any
) -> dict[str, Any]:
    """Plain JSON values that make a picture again; `found` is what there is to know beside them."""
    return {
        "library_version": artmodels.__version__,
        "model": editor.source,
        "revision": editor.revision,
        "verb": verb,
        "options": options,
        "size": list(picture.size),
        "artwork_sha256": images.fingerprint(picture),
        "provenance": PROVENANCE,
        **found,
    }


def check_recipe(recipe: Any, editor: WorkflowNetworks, picture: Image.Image) -> Mapping[str, Any]:
    """The recipe's options.

    Raises:
        ConfigError: it is no recipe, or one of another published model.
        PictureError: the picture is not the one that it was made from.
    """
    options = recipe.get("options") if isinstance(recipe, Mapping) else None
    if not isinstance(options, Mapping):
        raise ConfigError(f"this is no recipe of a WorkflowEditor: {str(recipe)[:80]!r}")
    made_by, here = (recipe.get("model"), recipe.get("revision")), (editor.source, editor.revision)
    # Folders move and hold copies, so that only names that are published say which weights are meant.
    if is_published(*made_by) and is_published(*here) and not is_same(made_by, here):
        raise ConfigError(f"the recipe was made by {named(*made_by)}, and this is {named(*here)}")
    if recipe.get("artwork_sha256") != images.fingerprint(picture):
        raise PictureError("this is not the picture that the recipe was made from")
    return options


def is_published(model: Any, revision: Any) -> bool:
    return revision is not None or model in starter_names()


def is_same(one: tuple[Any, Any], other: tuple[Any, Any]) -> bool:
    """Whether two names mean the same weights; a starter in the package stands for whichever commit."""
    return one[0] == other[0] and (None in (one[1], other[1]) or one[1] == other[1])


def named(model: Any, revision: Any) -> str:
    return f"{model}" if revision is None else f"{model} at {revision}"


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


def truth(options: Mapping[str, Any], name: str) -> bool:
    """An option that is True or False.

    Raises:
        ConfigError: it is something else.
    """
    if not isinstance(options[name], bool):
        raise ConfigError(f"{name} must be true or false, not {options[name]!r}")
    return bool(options[name])
