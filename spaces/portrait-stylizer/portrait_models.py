"""The photo model, the styles that the page offers, and those that a visitor names on the Hub."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from artmodels import ConfigError, PortraitStyle, PortraitStylizer
from artmodels.hub import starter_names
from artmodels.portrait.face_networks import load_face_networks
from artmodels.portrait.style import load_style, style_names

__all__ = ["Models", "load_models", "title_of"]

PHOTO_MODEL = "artmodels/portrait-photo"
TITLES = {"toy3d": "3D toy", "toon": "Cartoon", "oil": "Oil paint", "water": "Watercolour"}
HUB_ID = re.compile(r"\w[\w.-]*/\w[\w.-]*")
SEEN = "It learnt faces from a few hundred official portraits, mostly of older men in suits."


@dataclass(frozen=True)
class Models:
    """A photo model and styles by name; shared by all visitors, and only ever read.

    Attributes:
        trouble: why faces cannot be found here, or nothing where they can.
    """

    stylizer: PortraitStylizer
    styles: Mapping[str, PortraitStyle]
    trouble: str = ""

    @property
    def seen(self) -> str:
        """What the photo model has been shown."""
        return SEEN if self.stylizer.source in starter_names() else "Its own card says which pictures it has seen."

    def style(self, name: str) -> PortraitStyle:
        """A style of this page by its name, or one of the Hub by its id.

        Raises:
            CheckpointError, ConfigError, HubError: it is neither, or cannot be loaded.
        """
        if name in self.styles:
            return self.styles[name]
        if HUB_ID.fullmatch(name) is None or Path(name).exists():  # folders of this machine are no visitor's
            raise ConfigError(f"a style is {', '.join(self.styles)} or a Hub id such as user/my-style, not {name!r}")
        return hub_style(name)


@lru_cache(maxsize=8)
def hub_style(source: str) -> PortraitStyle:
    """A style of the Hub; the last few are kept, for whoever asks next."""
    return load_style(source)


def load_models() -> Models:
    """Loads the starters, or the models that the environment names.

    Raises:
        ConfigError: no style, or a photo model without an encoder.
        CheckpointError, HubError: one of them cannot be loaded.
    """
    stylizer = PortraitStylizer.from_pretrained(os.environ.get("ARTMODELS_PORTRAIT_MODEL", PHOTO_MODEL))
    if stylizer.config.encoder is None:
        raise ConfigError(f"{stylizer.source} has no encoder: the page needs a photo model that has one")
    sources = [each.strip() for each in os.environ.get("ARTMODELS_PORTRAIT_STYLES", "").split(",") if each.strip()]
    sources = sources or sorted(style_names())
    if not sources:
        raise ConfigError("no starter is a style of portraits here: name one by ARTMODELS_PORTRAIT_STYLES")
    styles = {source.rstrip("/").rpartition("/")[2]: load_style(source) for source in sources}
    return Models(stylizer, styles, finder_trouble())


def finder_trouble() -> str:
    try:
        load_face_networks()
    except ConfigError as error:
        return str(error)
    return ""


def title_of(name: str) -> str:
    """A style's name in a visitor's words."""
    return TITLES.get(name, name.rpartition("/")[2].replace("-", " ").replace("_", " "))
