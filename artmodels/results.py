"""What a model gives back: a picture, its layers, and the recipe to make it again."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageChops

from artmodels import layered
from artmodels.errors import PictureError

__all__ = ["RESULT_SUFFIXES", "Result", "read_recipe"]

RESULT_SUFFIXES = (".png", ".psd", ".ora")


@dataclass(frozen=True)
class Result:
    """A finished picture with everything it was made of.

    Args:
        image: the picture, mode "RGB".
        layers: name to picture, mode "RGBA", each of the image's size, from the first stage to the last.
        recipe: how the picture was made, as plain JSON values.
        line_layers: names of layers that are drawn on top of all others and multiply what is below them.
        hidden_layers: names of layers that are kept in the file but do not show.

    Raises:
        PictureError: a picture of another mode or size, or a name that no layer has.
    """

    image: Image.Image
    layers: Mapping[str, Image.Image]
    recipe: dict[str, Any] = field(default_factory=dict)
    line_layers: tuple[str, ...] = ()
    hidden_layers: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.image.mode != "RGB":
            raise PictureError(f'a result\'s image must be of mode "RGB", not "{self.image.mode}"')
        for name, layer in self.layers.items():
            if not 0 < len(name) < 256 or any(ord(character) < 32 for character in name):
                raise PictureError(f"a layer's name must be printable text of 1 to 255 characters, not {name!r}")
            if layer.mode != "RGBA" or layer.size != self.image.size:
                raise PictureError(
                    f'layer "{name}" is {layer.mode} of {layer.width} x {layer.height} pixels; '
                    f"RGBA of {self.image.width} x {self.image.height} is needed"
                )
        for name in (*self.line_layers, *self.hidden_layers):
            if name not in self.layers:
                raise PictureError(f'there is no layer "{name}"; the layers are {", ".join(self.layers) or "none"}')

    def stack(self) -> list[layered.Layer]:
        """The layers as a file holds them, from the bottom to the top.

        Where the visible ones alone would not show `.image`, it lies on top of them as a layer of its own, so that a
        file always opens as the picture it was saved from.
        """
        names = [name for name in self.layers if name not in self.line_layers]
        names += [name for name in self.layers if name in self.line_layers]
        layers = [
            layered.Layer(name, self.layers[name], name in self.line_layers, name not in self.hidden_layers)
            for name in names
        ]
        difference = ImageChops.difference(layered.composite(layers, self.image.size), self.image)
        if np.asarray(difference).max() > 1:
            layers.append(layered.Layer("image", self.image.convert("RGBA"), multiply=False, visible=True))
        return layers

    def save(self, path: str | Path) -> Path:
        """Write the picture with its recipe; the suffix chooses the kind of file.

        `.png` is the picture alone; `.psd` (Photoshop) and `.ora` (OpenRaster: Krita, GIMP, MyPaint) hold the layers as
        well. The file appears whole or not at all.

        Returns:
            The path that was written.

        Raises:
            PictureError: another suffix, no such folder, a place that cannot be written, or a picture too large for
                the kind of file.
        """
        path = Path(path)
        suffix = path.suffix.lower()
        if suffix not in RESULT_SUFFIXES:
            raise PictureError(f"cannot save {path.name}: the name must end in {', '.join(RESULT_SUFFIXES)}")
        recipe = json.dumps(self.recipe, ensure_ascii=False, allow_nan=False)
        if suffix == ".png":
            layered.write_png(path, self.image, recipe)
        elif suffix == ".psd":
            layered.write_psd(path, self.image, self.stack(), recipe)
        else:
            layered.write_ora(path, self.image, self.stack(), recipe)
        return path


def read_recipe(path: str | Path) -> dict[str, Any]:
    """Read the recipe that `Result.save` wrote into a `.png`, `.psd` or `.ora` file.

    Raises:
        PictureError: no such file, another kind of file, a damaged one, or one without a recipe.
    """
    path = Path(path)
    readers = {".png": layered.read_png, ".psd": layered.read_psd, ".ora": layered.read_ora}
    if path.suffix.lower() not in readers:
        raise PictureError(f"{path.name} cannot hold a recipe: the name must end in {', '.join(RESULT_SUFFIXES)}")
    if not path.is_file():
        raise PictureError(f"there is no file {path}")
    text = readers[path.suffix.lower()](path)
    if text is None:
        raise PictureError(f"{path} holds no artmodels recipe: it was not saved by artmodels, or was saved again since")
    try:
        recipe = json.loads(text)
    except ValueError:
        recipe = None
    if not isinstance(recipe, dict):
        raise PictureError(f"the recipe in {path} is damaged")
    return recipe
