"""Drawings give up their colours and take others, exactly as the recipe paints them."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from training.colourable import REGIONS, Colourable, Coloured, paint, recover
from training.recipes import drawings
from training.recipes.illustrations import Order, render_drawing
from training.recipes.lorelei import read_style

STYLE = Path(__file__).parent / "recipes" / "small_style.json"
SHADED = [REGIONS.index(name) for name in ("hair", "skin", "clothes", "accent")]


def random_drawing(seed: int, size: int = 24) -> Colourable:
    generator = np.random.default_rng(seed)
    regions = np.repeat(np.repeat(generator.integers(0, len(REGIONS), (4, 4)), 6, 0), 6, 1).astype(np.uint8)
    line = np.where(generator.random((size, size)) < 0.1, 60, 255).astype(np.uint8)
    shadow, gloss = (generator.integers(0, 256, (size, size)).astype(np.uint8) for _ in range(2))
    return Colourable(regions, line, shadow, gloss * 0)


def random_colours(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0.3, 0.7, (1, len(REGIONS), 3)).astype(np.float32)


def as_picture(painted: torch.Tensor) -> np.ndarray:
    return ((painted[0].permute(1, 2, 0) + 1) / 2).numpy()


def test_shadows_are_recovered_from_a_painted_picture():
    drawing, colours = random_drawing(0), random_colours(1)
    found = recover(drawing.line, drawing.regions, [Coloured(as_picture(paint([drawing], colours)), colours[0], False)])
    checked = np.isin(drawing.regions, SHADED) & (drawing.line == 255)
    assert checked.sum() > 100
    assert np.abs(found.shadow.astype(int) - drawing.shadow)[checked].max() <= 2
    assert found.gloss[checked].max() <= 4


def test_the_same_colours_give_the_same_picture_and_others_change_their_regions_only():
    drawing, colours = random_drawing(0), random_colours(1)
    picture = paint([drawing], colours)
    again = recover(drawing.line, drawing.regions, [Coloured(as_picture(picture), colours[0], False)])
    clear = np.isin(drawing.regions, SHADED) & (drawing.line == 255)
    assert float((paint([again], colours) - picture).abs().amax(1)[0].numpy()[clear].max()) < 0.02
    changed = colours.copy()
    changed[0, 5] = (0.9, 0.1, 0.1)
    moved = (paint([drawing], changed) - picture).abs().amax(1)[0].numpy() > 0.02
    assert moved.any()
    assert set(np.unique(drawing.regions[moved])) == {5}


def test_patterned_clothes_stay_unshaded():
    drawing, colours = random_drawing(3), random_colours(1)
    found = recover(drawing.line, drawing.regions, [Coloured(as_picture(paint([drawing], colours)), colours[0], True)])
    assert found.shadow[(drawing.regions == 5) & (drawing.line == 255)].max() == 0
    assert found.shadow[drawing.regions == 1].max() > 0


def test_a_batch_paints_what_each_drawing_paints_alone():
    pair = [random_drawing(0), random_drawing(1)]
    colours = np.concatenate([random_colours(4), random_colours(5)])
    together = paint(pair, colours)
    assert together.shape == (2, 3, 24, 24)
    for number in range(2):
        torch.testing.assert_close(together[number], paint(pair[number : number + 1], colours[number : number + 1])[0])


@pytest.fixture(scope="module")
def recipe_items():
    return [render_drawing(index, read_style(STYLE), Order(1, 3, 128, 3, (8, 13))) for index in range(3)]


def decoded(content: bytes) -> np.ndarray:
    picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    return picture if picture.ndim == 2 else picture[..., ::-1]


def test_regions_are_the_recipes():
    assert REGIONS == drawings.REGIONS


def test_recipe_pictures_come_back_in_their_own_colours(recipe_items):
    errors = []
    for items in recipe_items:
        item = next((item for item in items if item.row["pattern"] == "plain" and item.row["light"] == "left"), None)
        if item is None:
            continue
        full = decoded(item.pictures["full"]).astype(np.float32) / 255
        line, regions = (decoded(item.pictures[stage]) for stage in ("line", "regions"))
        hexes = (item.row["colours"][region] for region in REGIONS)
        colours = np.array([[int(value[i : i + 2], 16) / 255 for i in (1, 3, 5)] for value in hexes], np.float32)
        painted = as_picture(paint([recover(line, regions, [Coloured(full, colours, False)])], colours[None]))
        errors.append(np.abs(painted - full)[regions > 0].mean())
    assert errors
    assert max(errors) < 0.02
