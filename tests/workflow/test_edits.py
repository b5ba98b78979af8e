"""Edits are checked where they are given, and go into recipes and back without loss."""

import base64
import json
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from methods import EDITOR, drawing
from PIL import Image

from artmodels import ConfigError, PictureError, images, seeds
from artmodels.images import Frame
from artmodels.workflow.edits import Edit, Override, edit_from_recipe, edit_to_recipe, overrides

PAINTED = drawing(50, 40, seed=3)


def no_artwork(artwork: Any, stage: int) -> torch.Tensor:
    pytest.fail("an edit without like reads no other artwork")


@pytest.fixture
def frame() -> Frame:
    return images.fit(drawing(50, 40), EDITOR.size)[1]


@pytest.mark.parametrize(
    "changes",
    [{}, {"picture": PAINTED, "seed": 1}, {"latent": [0.0] * 4, "seed": 0}, {"picture": PAINTED, "latent": [0.0] * 4}],
    ids=list,
)
def test_an_edit_is_exactly_one_change(changes: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"exactly one of picture, latent, seed and like") as caught:
        Edit("flat", **changes)
    assert all(name in str(caught.value) for name in changes)


def test_seed_zero_is_a_change() -> None:
    assert Edit("flat", seed=0).seed == 0


@pytest.mark.parametrize("stage", ["Flat", "shadow", "", 1])
def test_an_unknown_stage_is_refused_with_the_known_ones(stage: Any, frame: Frame) -> None:
    with pytest.raises(ConfigError, match=f"{stage!r}.*line, flat, full"):
        overrides([Edit(stage, seed=1)], EDITOR, frame, no_artwork)


def test_a_stage_is_edited_once(frame: Frame) -> None:
    with pytest.raises(ConfigError, match="'flat' is edited twice"):
        overrides([Edit("flat", seed=1), Edit("flat", seed=1)], EDITOR, frame, no_artwork)


def test_the_finished_artwork_takes_no_picture(frame: Frame) -> None:
    with pytest.raises(ConfigError, match="'full' is the finished artwork"):
        overrides([Edit("full", picture=PAINTED)], EDITOR, frame, no_artwork)


@pytest.mark.parametrize("change", [{"seed": 1}, {"latent": [0.0] * 4}], ids=list)
def test_the_first_stage_takes_a_picture_only(change: dict[str, Any], frame: Frame) -> None:
    with pytest.raises(ConfigError, match="'line' is the first stage"):
        overrides([Edit("line", **change)], EDITOR, frame, no_artwork)


LATENT = [0.5, -1.0, 2.0, 0.0]


@pytest.mark.parametrize(
    "latent",
    [
        LATENT,
        tuple(LATENT),
        [LATENT],
        np.array(LATENT),
        torch.tensor(LATENT, dtype=torch.float64),
        torch.tensor([LATENT], requires_grad=True),
    ],
    ids=lambda latent: type(latent).__name__,
)
def test_a_latent_is_any_row_of_numbers(latent: Any, frame: Frame) -> None:
    found = overrides([Edit("flat", latent=latent)], EDITOR, frame, no_artwork)[1]
    torch.testing.assert_close(found.latent, torch.tensor([LATENT]))


@pytest.mark.parametrize(
    "latent",
    [
        [0.0] * 3,
        [0.0] * 5,
        [],
        3.0,
        [[0.0] * 4] * 2,
        [[0.0, 0.0], [0.0, 0.0]],
        [0.0, 0.0, 0.0, float("nan")],
        [0.0, 0.0, 0.0, float("inf")],
        [0.0, 0.0, 0.0, 1e39],
        [[0.0], [0.0, 0.0, 0.0]],
        [0.0, 0.0, 0.0, None],
        "0000",
    ],
    ids=str,
)
def test_a_misshapen_latent_is_refused(latent: Any, frame: Frame) -> None:
    with pytest.raises(ConfigError, match=r"latent.*4 finite numbers") as caught:
        overrides([Edit("flat", latent=latent)], EDITOR, frame, no_artwork)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("seed", [-1, 1.5, "1", True, 2**63])
def test_a_seed_that_is_none_is_refused(seed: Any, frame: Frame) -> None:
    with pytest.raises(ConfigError, match="whole number"):
        overrides([Edit("flat", seed=seed)], EDITOR, frame, no_artwork)


def test_a_seed_draws_another_latent_for_every_stage(frame: Frame) -> None:
    found = overrides([Edit("flat", seed=1), Edit("full", seed=1)], EDITOR, frame, no_artwork)
    assert torch.equal(found[1].latent, seeds.normal((1, 4), 1, "flat"))  # type: ignore[arg-type]
    assert not torch.equal(found[1].latent, found[2].latent)  # type: ignore[arg-type]


def test_a_picture_lands_in_the_artworks_square(frame: Frame) -> None:
    found = overrides([Edit("flat", picture=PAINTED)], EDITOR, frame, no_artwork)[1]
    assert torch.equal(found.picture, images.fit(PAINTED, EDITOR.size)[0][None])  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [(40, 50), (50, 50), (50, 38), (1, 1), (500, 10)])
def test_a_picture_of_another_shape_is_refused(size: tuple[int, int], frame: Frame) -> None:
    with pytest.raises(PictureError, match=f"{size[0]} x {size[1]}.*50 x 40"):
        overrides([Edit("line", picture=drawing(*size))], EDITOR, frame, no_artwork)


@pytest.mark.parametrize("size", [(25, 20), (100, 80), (501, 399), (1000, 800)])
def test_a_picture_of_the_same_shape_is_taken_at_any_size(size: tuple[int, int], frame: Frame) -> None:
    found = overrides([Edit("line", picture=drawing(*size))], EDITOR, frame, no_artwork)[0]
    assert found.picture is not None
    assert found.picture.shape == (1, 1, EDITOR.size, EDITOR.size)


@pytest.mark.parametrize("source", ["missing.png", Path("missing.png"), 3])
def test_a_picture_that_cannot_be_read_is_refused(source: Any, frame: Frame) -> None:
    with pytest.raises(PictureError, match=r"missing\.png|int"):
        overrides([Edit("flat", picture=source)], EDITOR, frame, no_artwork)


def assert_kept(stage: int, change: Override) -> None:
    """The change comes back from a recipe as it went in, bit for bit."""
    kept = json.loads(json.dumps(edit_to_recipe(EDITOR.stages[stage], change), allow_nan=False))
    number, found = edit_from_recipe(kept, EDITOR)
    assert number == stage
    torch.testing.assert_close((found.picture, found.latent), (change.picture, change.latent), rtol=0, atol=0)


@pytest.mark.parametrize("seed", range(3))
def test_a_latent_goes_into_a_recipe_and_back(seed: int, frame: Frame) -> None:
    assert_kept(1, overrides([Edit("flat", seed=seed)], EDITOR, frame, no_artwork)[1])


@pytest.mark.parametrize(("stage", "name"), list(enumerate(EDITOR.stages[:-1])))
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_a_picture_goes_into_a_recipe_and_back(stage: int, name: str, mode: str, frame: Frame) -> None:
    assert_kept(stage, overrides([Edit(name, picture=PAINTED.convert(mode))], EDITOR, frame, no_artwork)[stage])


def png(width: int, height: int) -> str:
    buffer = BytesIO()
    Image.new("RGB", (width, height)).save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"stage": "flat"},
        {"stage": "shadow", "latent": [0.0] * 4},
        {"stage": "flat", "latent": [0.0] * 3},
        {"stage": "flat", "latent": [0.0, 0.0, 0.0, "x"]},
        {"stage": "flat", "latent": None},
        {"stage": "line", "latent": [0.0] * 4},
        {"stage": "full", "square": png(EDITOR.size, EDITOR.size)},
        {"stage": "flat", "square": png(1, 1)},
        {"stage": "flat", "square": png(EDITOR.size, EDITOR.size)[:80]},
        {"stage": "flat", "square": "####"},
        {"stage": "flat", "square": 3},
        "flat",
        None,
    ],
    ids=lambda values: str(values)[:60],
)
def test_a_damaged_recipe_is_refused(values: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        edit_from_recipe(values, EDITOR)
    assert "\n" not in str(caught.value)
