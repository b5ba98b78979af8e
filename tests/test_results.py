"""Saved files open again as the same picture, with the same layers and the same recipe."""

import json
import zipfile
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image
from psd_tools import PSDImage
from psd_tools.constants import BlendMode

from artmodels import PictureError, Result, __version__, read_recipe

SUFFIXES = [".png", ".psd", ".ora"]
RECIPE = {"verb": "edit", "options": {"seed": 3, "strength": 0.1, "note": "Füße 🎨 <&\"'> \\ ]]>"}, "size": [48, 36]}


def noise(seed: int, channels: int = 3, size: tuple[int, int] = (48, 36)) -> Image.Image:
    values = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], channels), dtype=np.uint8)
    return Image.fromarray(values)


def flatten(layers: list[tuple[np.ndarray, bool]]) -> np.ndarray:
    """An independent compositor in floats: RGBA layers, bottom first, each normal or multiply, on white."""
    paper = np.ones((*layers[0][0].shape[:2], 3))
    for values, multiply in layers:
        colour, alpha = values[..., :3] / 255, values[..., 3:] / 255
        paper = paper * (1 - alpha) + alpha * (colour * paper if multiply else colour)
    return paper * 255


@pytest.fixture
def result() -> Result:
    """Lines drawn over a half transparent flat on an opaque backdrop, and one hidden stage."""
    backdrop = noise(0).convert("RGBA")
    flat, hidden, lines = noise(1, 4), noise(2, 4), noise(3, 4)
    image = flatten([(np.asarray(backdrop), False), (np.asarray(flat), False), (np.asarray(lines), True)])
    layers = {"Linien ✏️": lines, "Hintergrund – Übermalung": backdrop, "flat": flat, "💡": hidden}
    return Result(Image.fromarray(np.rint(image).astype(np.uint8)), layers, RECIPE, ("Linien ✏️",), ("💡",))


def ora_layers(path: Path) -> list[tuple[dict[str, str], Image.Image]]:
    """Attributes and picture of every layer, from the bottom to the top."""
    with zipfile.ZipFile(path) as archive:
        found = ElementTree.fromstring(archive.read("stack.xml")).findall("./stack/layer")
        return [(layer.attrib, Image.open(BytesIO(archive.read(layer.attrib["src"])))) for layer in reversed(found)]


def flatten_ora(path: Path) -> np.ndarray:
    layers = [(a, picture) for a, picture in ora_layers(path) if a["visibility"] == "visible"]
    return flatten([(np.asarray(picture), a["composite-op"] == "svg:multiply") for a, picture in layers])


def flatten_psd(path: Path) -> np.ndarray:
    layers = [layer for layer in PSDImage.open(path) if layer.visible]
    return flatten([(np.asarray(layer.topil()), layer.blend_mode == BlendMode.MULTIPLY) for layer in layers])


@pytest.mark.parametrize("suffix", [*SUFFIXES, ".PNG"])
def test_save_returns_the_path_and_the_recipe_comes_back(result: Result, tmp_path: Path, suffix: str) -> None:
    path = result.save(tmp_path / f"Bär 🐻{suffix}")
    assert path == tmp_path / f"Bär 🐻{suffix}"
    assert read_recipe(path) == RECIPE
    assert read_recipe(str(path)) == RECIPE


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_recipe_of_two_megabytes_comes_back(tmp_path: Path, suffix: str) -> None:
    recipe = {"picture": "iVBOR" * 400_000}
    assert read_recipe(Result(noise(0), {}, recipe).save(tmp_path / f"big{suffix}")) == recipe


def test_a_png_holds_the_picture_and_says_what_made_it(result: Result, tmp_path: Path) -> None:
    with Image.open(result.save(tmp_path / "a.png")) as image:
        assert image.tobytes() == result.image.tobytes()
        assert image.info["Software"] == f"artmodels {__version__}"
        assert json.loads(image.info["artmodels"]) == RECIPE


def test_a_recipe_is_utf8_text_in_a_png_also_where_it_is_plain_ascii(tmp_path: Path) -> None:
    path = Result(noise(0), {}, {"seed": 1}).save(tmp_path / "a.png")
    assert b'iTXtartmodels\0\0\0\0\0{"seed": 1}' in path.read_bytes()


@pytest.mark.parametrize(("suffix", "flatten_file"), [(".psd", flatten_psd), (".ora", flatten_ora)])
def test_the_layers_of_a_file_composite_to_the_picture(result: Result, tmp_path: Path, suffix, flatten_file) -> None:
    path = result.save(tmp_path / f"a{suffix}")
    np.testing.assert_allclose(flatten_file(path), np.asarray(result.image), atol=1.0)


@pytest.mark.parametrize(("suffix", "flatten_file"), [(".psd", flatten_psd), (".ora", flatten_ora)])
def test_a_file_opens_as_the_picture_where_the_layers_alone_would_not(tmp_path: Path, suffix, flatten_file) -> None:
    stages = {"line": noise(1, 4), "artwork": noise(2).convert("RGBA")}
    path = Result(noise(0), stages, {}, line_layers=("line",)).save(tmp_path / f"a{suffix}")
    np.testing.assert_allclose(flatten_file(path), np.asarray(noise(0)), atol=1.0)


def test_a_tall_picture_is_composited_to_its_last_row() -> None:
    layers = {"below": noise(1, 4, (3, 700)), "above": noise(2, 4, (3, 700))}
    values = [(np.asarray(layers["below"]), False), (np.asarray(layers["above"]), True)]
    image = Image.fromarray(np.rint(flatten(values)).astype(np.uint8))
    assert [layer.name for layer in Result(image, layers, {}, ("above",)).stack()] == ["below", "above"]


def test_layers_that_show_the_picture_are_left_as_they_are(result: Result) -> None:
    assert [layer.name for layer in result.stack()] == ["Hintergrund – Übermalung", "flat", "💡", "Linien ✏️"]


def test_psd_tools_composites_a_psd_to_the_picture(result: Result, tmp_path: Path) -> None:
    pytest.importorskip("skimage", reason="psd-tools composites with scikit-image and scipy")
    document = PSDImage.open(result.save(tmp_path / "a.psd"))
    rendered = document.composite(ignore_preview=True).convert("RGB")
    difference = np.abs(np.asarray(rendered).astype(int) - np.asarray(result.image))
    assert difference.max() <= 1


def test_a_psd_keeps_every_layer_with_name_pixels_blend_and_visibility(result: Result, tmp_path: Path) -> None:
    layers = {layer.name: layer for layer in PSDImage.open(result.save(tmp_path / "a.psd"))}
    assert list(layers) == ["Hintergrund – Übermalung", "flat", "💡", "Linien ✏️"]
    for name, layer in layers.items():
        opaque = np.asarray(result.layers[name])[..., 3] > 0
        np.testing.assert_array_equal(np.asarray(layer.topil())[opaque], np.asarray(result.layers[name])[opaque])
        assert layer.visible == (name != "💡")
        assert layer.blend_mode == (BlendMode.MULTIPLY if name == "Linien ✏️" else BlendMode.NORMAL)


def test_a_psd_carries_the_finished_picture_for_viewers_without_layers(result: Result, tmp_path: Path) -> None:
    with Image.open(result.save(tmp_path / "a.psd")) as flat:
        assert flat.convert("RGB").tobytes() == result.image.tobytes()


def test_an_ora_has_the_members_that_openraster_asks_for(result: Result, tmp_path: Path) -> None:
    with zipfile.ZipFile(result.save(tmp_path / "a.ora")) as archive:
        first = archive.infolist()[0]
        assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)
        assert archive.read("mimetype") == b"image/openraster"
        merged = Image.open(BytesIO(archive.read("mergedimage.png")))
        assert merged.tobytes() == result.image.tobytes()
        assert archive.testzip() is None
        stack = ElementTree.fromstring(archive.read("stack.xml"))
    assert (stack.tag, stack.attrib["w"], stack.attrib["h"]) == ("image", "48", "36")


def test_an_ora_keeps_every_layer_with_name_pixels_blend_and_visibility(result: Result, tmp_path: Path) -> None:
    layers = {
        attributes["name"]: (attributes, picture) for attributes, picture in ora_layers(result.save(tmp_path / "a.ora"))
    }
    assert list(layers) == ["Hintergrund – Übermalung", "flat", "💡", "Linien ✏️"]
    for name, (attributes, picture) in layers.items():
        assert picture.tobytes() == result.layers[name].tobytes()
        assert attributes["visibility"] == ("hidden" if name == "💡" else "visible")
        assert attributes["composite-op"] == ("svg:multiply" if name == "Linien ✏️" else "svg:src-over")


@pytest.mark.parametrize("size", [(900, 300), (20, 10), (1, 2000)])
def test_the_thumbnail_fits_256_pixels_and_is_not_enlarged(tmp_path: Path, size: tuple[int, int]) -> None:
    path = Result(noise(0, size=size), {}, {}).save(tmp_path / "a.ora")
    with zipfile.ZipFile(path) as archive:
        thumbnail = Image.open(BytesIO(archive.read("Thumbnails/thumbnail.png")))
    assert max(thumbnail.size) == min(256, max(size))


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_same_result_is_always_the_same_bytes(result: Result, tmp_path: Path, suffix: str) -> None:
    first, second = (result.save(tmp_path / f"{name}{suffix}").read_bytes() for name in "ab")
    assert first == second


@pytest.mark.parametrize("name", ["a.jpg", "a", "a.png.txt"])
def test_another_suffix_is_refused(result: Result, tmp_path: Path, name: str) -> None:
    with pytest.raises(PictureError, match=r"must end in \.png, \.psd, \.ora"):
        result.save(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_missing_folder_is_named(result: Result, tmp_path: Path, suffix: str) -> None:
    with pytest.raises(PictureError, match=r"cannot write .*gone.*No such file"):
        result.save(tmp_path / "gone" / f"a{suffix}")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_failed_save_leaves_what_was_there(result: Result, tmp_path: Path, suffix: str) -> None:
    (tmp_path / f"a{suffix}").mkdir()
    with pytest.raises(PictureError, match="cannot write"):
        result.save(tmp_path / f"a{suffix}")
    assert [path.name for path in tmp_path.iterdir()] == [f"a{suffix}"]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_saving_replaces_an_older_file(result: Result, tmp_path: Path, suffix: str) -> None:
    (tmp_path / f"a{suffix}").write_bytes(b"older")
    assert read_recipe(result.save(tmp_path / f"a{suffix}")) == RECIPE
    assert [path.name for path in tmp_path.iterdir()] == [f"a{suffix}"]


def test_a_picture_too_long_for_a_psd_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match="at most 30,000 pixels"):
        Result(Image.new("RGB", (30_001, 1)), {}, {}).save(tmp_path / "a.psd")


def test_a_result_of_one_pixel_saves(tmp_path: Path) -> None:
    dot = Image.new("RGB", (1, 1), (9, 8, 7))
    for suffix in SUFFIXES:
        Result(dot, {"dot": dot.convert("RGBA")}, {}).save(tmp_path / f"a{suffix}")
    assert flatten_psd(tmp_path / "a.psd").tolist() == flatten_ora(tmp_path / "a.ora").tolist() == [[[9, 8, 7]]]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"image": noise(0, 4)}, '"RGB", not "RGBA"'),
        ({"layers": {"flat": noise(0, 4, (47, 36))}}, '"flat" is RGBA of 47 x 36 pixels; RGBA of 48 x 36 is needed'),
        ({"layers": {"flat": noise(0)}}, '"flat" is RGB of 48 x 36'),
        ({"layers": {"": noise(0, 4)}}, "1 to 255 characters, not ''"),
        ({"layers": {"x" * 256: noise(0, 4)}}, "1 to 255 characters"),
        ({"layers": {"a\nb": noise(0, 4)}}, "printable text"),
        ({"line_layers": ("line",)}, 'no layer "line"; the layers are flat'),
        ({"hidden_layers": ("line",)}, 'no layer "line"'),
    ],
)
def test_a_result_that_does_not_fit_together_is_refused(changes: dict, sentence: str) -> None:
    with pytest.raises(PictureError, match=sentence):
        Result(**{"image": noise(0), "layers": {"flat": noise(1, 4)}, "recipe": {}, **changes})


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_reading_a_recipe_from_a_missing_file_names_it(tmp_path: Path, suffix: str) -> None:
    with pytest.raises(PictureError, match=r"there is no file .*gone"):
        read_recipe(tmp_path / f"gone{suffix}")


def test_reading_a_recipe_from_another_kind_of_file_says_which_hold_one(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match=r"a\.jpg cannot hold a recipe: .*\.png"):
        read_recipe(tmp_path / "a.jpg")


def test_files_from_elsewhere_hold_no_recipe(tmp_path: Path) -> None:
    noise(0).save(tmp_path / "a.png")
    PSDImage.frompil(noise(0)).save(tmp_path / "a.psd")
    with zipfile.ZipFile(tmp_path / "a.ora", "w") as archive:
        archive.writestr("mimetype", "image/openraster")
    for suffix in SUFFIXES:
        with pytest.raises(PictureError, match="holds no artmodels recipe"):
            read_recipe(tmp_path / f"a{suffix}")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_damaged_file_is_refused(result: Result, tmp_path: Path, suffix: str) -> None:
    path = result.save(tmp_path / f"a{suffix}")
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(PictureError, match=r"cannot be read as|holds no artmodels recipe"):
        read_recipe(path)


@pytest.mark.parametrize("text", ["{", "[1]", "null"])
def test_a_damaged_recipe_is_refused(tmp_path: Path, text: str) -> None:
    with zipfile.ZipFile(tmp_path / "a.ora", "w") as archive:
        archive.writestr("artmodels.json", text)
    with pytest.raises(PictureError, match=r"recipe in .* is damaged"):
        read_recipe(tmp_path / "a.ora")
