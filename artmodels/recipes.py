"""What the recipe of every method says, and whether it can be followed here."""

from collections.abc import Mapping
from typing import Any, Protocol

from PIL import Image

import artmodels
from artmodels import images
from artmodels.errors import ConfigError, PictureError
from artmodels.sources import starter_names

__all__ = ["RecipeMaker", "check_recipe", "new_recipe", "truth"]


class RecipeMaker(Protocol):
    """What makes pictures and can be named: a model, or a filter without weights."""

    @property
    def source(self) -> str:
        """Where it comes from."""

    @property
    def revision(self) -> str | None:
        """The Hub commit that it comes from, if it does."""


def new_recipe(
    model: RecipeMaker, verb: str, picture: Image.Image, options: dict[str, Any], **found: Any
) -> dict[str, Any]:
    """Plain JSON values that make a picture again; `found` is what there is to know beside them.

    Args: picture: what the verb was given, as `load_picture` reads it.
    """
    return {
        "library_version": artmodels.__version__,
        "model": model.source,
        "revision": model.revision,
        "verb": verb,
        "options": options,
        "size": list(picture.size),
        "artwork_sha256": images.fingerprint(picture),
        **found,
    }


def check_recipe(recipe: Any, model: RecipeMaker, picture: Image.Image) -> Mapping[str, Any]:
    """The recipe's options.

    Raises:
        ConfigError: it is no recipe, or one of another published model.
        PictureError: the picture is not the one that it was made from.
    """
    options = recipe.get("options") if isinstance(recipe, Mapping) else None
    if not isinstance(options, Mapping):
        raise ConfigError(f"this is no recipe of a {type(model).__name__}: {str(recipe)[:80]!r}")
    made_by, here = (recipe.get("model"), recipe.get("revision")), (model.source, model.revision)
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


def truth(options: Mapping[str, Any], name: str) -> bool:
    """An option that is True or False.

    Raises:
        ConfigError: it is something else, or not there.
    """
    value = options.get(name)
    if not isinstance(value, bool):
        raise ConfigError(f"{name} must be true or false, not {value!r}")
    return value
