"""What every verb of every method promises, whatever it computes."""

import json
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from typing import Any, get_type_hints

import numpy as np
import pytest
import torch
from methods import METHODS, Draw, Method, Verb
from PIL import Image
from psd_tools import PSDImage

from artmodels import ArtModelsError, PictureError, Result, load_model, read_recipe
from artmodels.hub import MODEL_CLASSES
from artmodels.images import load_picture

Make = Callable[[Path, Draw], Any]

ROTATE_90 = 6  # the EXIF orientation of a camera held upright
VERBS = [(method, verb) for method in METHODS for verb in method.verbs]


def name_of(value: Method | Verb) -> str:
    return value.name


every_method = pytest.mark.parametrize("method", METHODS, ids=name_of)
every_verb = pytest.mark.parametrize(("method", "verb"), VERBS, ids=name_of)


def assert_same(result: Result, expected: Result) -> None:
    """Equal pictures, layers and recipe, byte for byte."""
    assert result.image.size == expected.image.size
    assert result.image.tobytes() == expected.image.tobytes()
    assert list(result.layers) == list(expected.layers)
    for name, layer in result.layers.items():
        assert layer.tobytes() == expected.layers[name].tobytes(), name
    assert result.recipe == expected.recipe


# The table itself.


def test_every_published_class_with_picture_verbs_is_in_the_table() -> None:
    published = [getattr(import_module(module), name) for name, module in MODEL_CLASSES.items()]
    assert {method.model_class for method in METHODS} == {kind for kind in published if hasattr(kind, "replay")}


@every_method
def test_every_verb_of_a_class_is_in_the_table(method: Method) -> None:
    public = {name for name in dir(method.model_class) if not name.startswith("_") and name != "replay"}
    functions = {name: getattr(method.model_class, name) for name in public}
    verbs = {
        name
        for name, function in functions.items()
        if getattr(function, "__module__", "").startswith("artmodels")
        and get_type_hints(function).get("return") in (Result, list[Result])
    }
    assert verbs == {verb.method for verb in method.verbs}
    assert all(functions[name].__doc__ for name in verbs)


# What goes in.


@every_verb
def test_a_path_a_picture_and_an_array_give_the_same_result(method: Method, verb: Verb, tmp_path: Path) -> None:
    picture, path = method.draw(50, 40), tmp_path / "drawing.png"
    picture.save(path)
    expected = verb.call(method.model(), picture, 1)
    for source in (path, str(path), np.asarray(picture), np.asarray(picture) / 255):
        assert_same(verb.call(method.model(), source, 1), expected)


def saved(picture: Image.Image, folder: Path, name: str = "picture.png", **options: Any) -> Path:
    picture.save(folder / name, **options)
    return folder / name


def rotated_by_exif(folder: Path, draw: Draw) -> Path:
    exif = Image.Exif()
    exif[0x0112] = ROTATE_90
    return saved(draw(50, 40), folder, "photo.jpg", exif=exif)


def palette_with_transparency(folder: Path, draw: Draw) -> Path:
    return saved(draw(50, 40).quantize(16), folder, transparency=0)


def sixteen_bit(_: Path, draw: Draw) -> Image.Image:
    return Image.fromarray(np.asarray(draw(50, 40).convert("L")).astype(np.uint16) * 257)


def half_transparent(_: Path, draw: Draw) -> Image.Image:
    picture = draw(50, 40)
    picture.putalpha(draw(50, 40, 1).convert("L"))
    return picture


ODD_PICTURES = {
    "grey": (lambda _, draw: draw(50, 40).convert("L"), (50, 40)),
    "RGBA": (half_transparent, (50, 40)),
    "palette with transparency": (palette_with_transparency, (50, 40)),
    "16-bit": (sixteen_bit, (50, 40)),
    "EXIF-rotated": (rotated_by_exif, (40, 50)),
    "one bit": (lambda _, draw: draw(50, 40).convert("1"), (50, 40)),
    "read-only array": (lambda _, draw: np.broadcast_to(np.uint8(90), (40, 50, 3)), (50, 40)),
    "1 x 1": (lambda _, draw: draw(1, 1), (1, 1)),
    "3 x 500": (lambda _, draw: draw(3, 500), (3, 500)),
    "37 x 53": (lambda _, draw: draw(37, 53), (37, 53)),
    "128 x 64": (lambda _, draw: draw(128, 64), (128, 64)),
}


def assert_fits(result: Result, size: tuple[int, int]) -> None:
    assert (result.image.mode, result.image.size) == ("RGB", size)
    assert {(layer.mode, layer.size) for layer in result.layers.values()} == {("RGBA", size)}
    assert result.recipe["size"] == list(size)


@every_verb
@pytest.mark.parametrize(("make", "size"), ODD_PICTURES.values(), ids=ODD_PICTURES)
def test_any_picture_is_seen_as_load_picture_sees_it_and_keeps_its_size(
    method: Method, verb: Verb, make: Make, size: tuple[int, int], tmp_path: Path
) -> None:
    source = make(tmp_path, method.draw)
    result = verb.call(method.model(), source, 1)
    assert_fits(result, size)
    assert_same(verb.call(method.model(), load_picture(source), 1), result)


@every_verb
def test_a_large_picture_keeps_its_size(method: Method, verb: Verb) -> None:
    assert_fits(verb.call(method.model(), method.draw(1500, 1100), 1), (1500, 1100))


@every_verb
def test_the_input_is_left_as_it_was(method: Method, verb: Verb) -> None:
    picture, values = half_transparent(Path(), method.draw), np.asarray(method.draw(50, 40)).copy()
    before = picture.copy()
    verb.call(method.model(), picture, 1)
    verb.call(method.model(), values, 1)
    assert (picture.mode, picture.size, picture.info) == (before.mode, before.size, before.info)
    assert picture.tobytes() == before.tobytes()
    assert (values == np.asarray(method.draw(50, 40))).all()


BAD_PICTURES: dict[str, tuple[Make, str]] = {
    "no such file": (lambda folder, draw: folder / "missing.png", "missing.png"),
    "a folder": (lambda folder, draw: folder, "folder"),
    "a text file": (lambda folder, draw: wrote(folder / "notes.png", b"not a picture"), "notes.png"),
    "a cut-off file": (
        lambda folder, draw: wrote(folder / "cut.png", saved(draw(50, 40), folder).read_bytes()[:200]),
        "cut.png",
    ),
    "None": (lambda _, draw: None, "NoneType"),
    "a number": (lambda _, draw: 3, "int"),
    "an array of five channels": (lambda _, draw: np.zeros((40, 50, 5), np.uint8), "5"),
    "an empty array": (lambda _, draw: np.zeros((0, 50, 3), np.uint8), "0"),
    "an array of nan": (lambda _, draw: np.full((40, 50), np.nan), "nan"),
}


def wrote(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@every_verb
@pytest.mark.parametrize(("make", "culprit"), BAD_PICTURES.values(), ids=BAD_PICTURES)
def test_a_bad_picture_is_refused_in_one_sentence(
    method: Method, verb: Verb, make: Make, culprit: str, tmp_path: Path
) -> None:
    with pytest.raises(PictureError) as caught:
        verb.call(method.model(), make(tmp_path, method.draw), 1)
    message = str(caught.value)
    assert culprit in message
    assert "\n" not in message
    assert len(message) < 300 + len(str(tmp_path))


# Chance.


@every_verb
def test_the_same_call_gives_the_same_bytes_whatever_ran_before(method: Method, verb: Verb) -> None:
    first = verb.call(method.model(), method.draw(50, 40), 1)
    torch.randn(3)
    for other in method.verbs:
        other.call(method.model(), method.draw(20, 30, seed=5), 2)
    assert_same(verb.call(method.model(), method.draw(50, 40), 1), first)


@pytest.mark.parametrize(("method", "verb"), [pair for pair in VERBS if pair[1].has_choice], ids=name_of)
def test_another_choice_gives_another_picture(method: Method, verb: Verb) -> None:
    pictures = [np.asarray(verb.call(method.model(), method.draw(50, 40), seed).image) for seed in (1, 2)]
    difference = np.abs(pictures[0].astype(int) - pictures[1])
    assert difference.mean() > 2


@every_verb
def test_another_picture_gives_another_result(method: Method, verb: Verb) -> None:
    pictures = [np.asarray(verb.call(method.model(), method.draw(50, 40, seed), 1).image) for seed in (0, 1)]
    assert np.abs(pictures[0].astype(int) - pictures[1]).mean() > 2


@every_verb
def test_the_global_random_states_are_not_touched(method: Method, verb: Verb) -> None:
    torch_state, numpy_state, python_state = torch.get_rng_state(), np.random.get_state(), random.getstate()
    verb.call(method.model(), method.draw(50, 40), 1)
    assert torch.equal(torch.get_rng_state(), torch_state)
    np.testing.assert_equal(np.random.get_state(), numpy_state)
    assert random.getstate() == python_state


@every_verb
def test_two_threads_give_what_each_gives_alone(method: Method, verb: Verb) -> None:
    artworks = [method.draw(50, 40, seed) for seed in range(2)]
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(lambda artwork: verb.call(method.model(), artwork, 1), artworks))
    for artwork, result in zip(artworks, together, strict=True):
        assert_same(result, verb.call(method.model(), artwork, 1))


# The model.


def flattened(output: Any) -> list[torch.Tensor]:
    return [output] if isinstance(output, torch.Tensor) else [tensor for part in output for tensor in flattened(part)]


@every_method
@torch.inference_mode()
def test_a_picture_does_not_depend_on_the_others_of_its_batch(method: Method) -> None:
    batch = method.forward_inputs(3)
    together = flattened(method.model()(*batch))
    for i in range(3):
        alone = flattened(method.model()(*(tensor[i : i + 1] for tensor in batch)))
        # Looser than 1e-4: untrained random weights amplify the rounding of another batch size from layer to layer.
        torch.testing.assert_close([tensor[i : i + 1] for tensor in together], alone, rtol=1e-3, atol=1e-3)


@every_method
def test_forward_stays_in_range_and_has_no_chance_in_it(method: Method) -> None:
    first, second = (flattened(method.model()(*method.forward_inputs(2))) for _ in range(2))
    torch.testing.assert_close(first, second, rtol=0, atol=0)
    for tensor in first:
        assert tensor.dtype is torch.float32
        assert tensor.abs().max() <= 1


@every_verb
def test_a_verb_changes_nothing_in_the_model(method: Method, verb: Verb) -> None:
    model = method.new_model()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    verb.call(model, method.draw(50, 40), 1)
    torch.testing.assert_close(dict(model.state_dict()), before, rtol=0, atol=0)
    assert not any(module.training for module in model.modules())
    assert all(weight.grad is None and weight.requires_grad for weight in model.parameters())


@pytest.fixture(params=METHODS, ids=name_of)
def saved_method(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Method, Path]:
    method = request.param
    return method, method.model().save_pretrained(tmp_path / "model")


def test_a_saved_model_gives_the_same_bytes(saved_method: tuple[Method, Path]) -> None:
    method, folder = saved_method
    model = method.model_class.from_pretrained(folder)
    assert not any(module.training for module in model.modules())
    for verb in method.verbs:
        result, expected = (verb.call(each, method.draw(50, 40), 1) for each in (model, method.model()))
        expected.recipe["model"] = str(folder)
        assert_same(result, expected)


def test_load_model_finds_the_class_by_itself(saved_method: tuple[Method, Path]) -> None:
    method, folder = saved_method
    assert type(load_model(folder)) is method.model_class


@every_method
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_a_half_precision_file_loads_to_float32(method: Method, dtype: torch.dtype, tmp_path: Path) -> None:
    model = method.model_class.from_pretrained(method.model().save_pretrained(tmp_path / "half", dtype=dtype))
    for name, tensor in method.model().state_dict().items():
        expected = tensor.to(dtype).float() if tensor.is_floating_point() else tensor
        torch.testing.assert_close(model.state_dict()[name], expected, rtol=0, atol=0)
    for verb in method.verbs:
        assert_fits(verb.call(model, method.draw(50, 40), 1), (50, 40))


# What comes out.


@every_verb
@pytest.mark.parametrize("suffix", [".png", ".psd", ".ora"])
def test_a_saved_result_replays_to_the_same_bytes(method: Method, verb: Verb, suffix: str, tmp_path: Path) -> None:
    result = verb.call(method.model(), method.draw(50, 40), 1)
    recipe = read_recipe(result.save(tmp_path / f"result{suffix}"))
    assert recipe == result.recipe
    assert_same(method.model().replay(recipe, method.draw(50, 40)), result)


@every_verb
def test_a_saved_result_opens_as_its_image(method: Method, verb: Verb, tmp_path: Path) -> None:
    result = verb.call(method.model(), method.draw(50, 40), 1)
    assert load_picture(result.save(tmp_path / "result.png")).tobytes() == result.image.tobytes()
    layered = PSDImage.open(result.save(tmp_path / "result.psd"))
    assert set(result.layers) <= {layer.name for layer in layered}
    composed = np.asarray(layered.composite(force=True).convert("RGB")).astype(int)
    assert np.abs(composed - np.asarray(result.image)).max() <= 1


@every_verb
def test_a_result_that_cannot_be_saved_leaves_nothing_behind(method: Method, verb: Verb, tmp_path: Path) -> None:
    result = verb.call(method.model(), method.draw(50, 40), 1)
    for name in ("result.txt", "missing/result.png"):
        with pytest.raises(PictureError, match="result"):
            result.save(tmp_path / name)
    assert not list(tmp_path.iterdir())


@every_verb
def test_a_recipe_says_what_made_it(method: Method, verb: Verb) -> None:
    recipe = verb.call(method.model(), method.draw(50, 40), 1).recipe
    assert json.loads(json.dumps(recipe, allow_nan=False)) == recipe
    assert {"library_version", "model", "revision", "verb", "options", "size"} <= set(recipe)
    assert recipe["model"] == "unsaved"


@every_verb
def test_a_recipe_is_refused_with_another_artwork(method: Method, verb: Verb) -> None:
    recipe = verb.call(method.model(), method.draw(50, 40), 1).recipe
    with pytest.raises(PictureError, match="not the picture"):
        method.model().replay(recipe, method.draw(50, 40, seed=1))


@every_method
@pytest.mark.parametrize("verb", ["dance", None, 3])
def test_a_recipe_of_another_kind_is_refused_in_one_sentence(method: Method, verb: Any) -> None:
    recipe = method.verbs[0].call(method.model(), method.draw(50, 40), 1).recipe
    with pytest.raises(ArtModelsError, match=repr(verb)) as caught:
        method.model().replay(recipe | {"verb": verb}, method.draw(50, 40))
    assert "\n" not in str(caught.value)
