"""What an edit changes and what it leaves alone."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from methods import EDITOR, METHODS, drawing, smooth_batch, with_random_weights
from PIL import Image, ImageChops
from torch.nn import functional

from artmodels import Result, WorkflowEditor, images, seeds
from artmodels.workflow.model import Edit

SIDE = EDITOR.size


@pytest.fixture(scope="module")
def editor() -> WorkflowEditor:
    return next(method.model() for method in METHODS if method.model_class is WorkflowEditor)


@pytest.fixture
def artwork() -> Image.Image:
    """Of the networks' own size, so that nothing is resized."""
    return drawing(SIDE, SIDE)


def new_editor(**changes: Any) -> WorkflowEditor:
    return with_random_weights(WorkflowEditor(replace(EDITOR, **changes))).eval()


def rendered_from(editor: WorkflowEditor, artwork: Image.Image, first: int) -> torch.Tensor:
    """The artwork rendered from its inferred stage `first` with nothing changed."""
    with torch.inference_mode():
        stages = editor.infer_stages(images.to_tensor(artwork)[None])
        return editor.render(stages[first], editor.encode_latents(stages)[first:], first=first)[-1]


def own_latent(editor: WorkflowEditor, artwork: Image.Image, stage: str) -> torch.Tensor:
    with torch.inference_mode():
        stages = editor.infer_stages(images.to_tensor(artwork)[None])
        return editor.encode_latents(stages)[editor.config.stages.index(stage) - 1][0].clone()


def error_of(result: Result) -> float:
    return result.recipe["reconstruction_error"]


def same(first: Image.Image, second: Image.Image) -> bool:
    assert first.size == second.size
    return first.convert("RGB").tobytes() == second.convert("RGB").tobytes()


# Tensors.


@torch.inference_mode()
@pytest.mark.parametrize("size", [64, 128, 256, 512])
def test_every_size_runs(size: int) -> None:
    editor = new_editor(size=size, generator_width=1, encoder_width=1, inference_width=1)
    artwork = torch.linspace(-1, 1, 3 * size * size).view(1, 3, size, size)
    rendered = editor(artwork)
    assert [stage.shape for stage in rendered] == [(1, 1, size, size), (1, 3, size, size), (1, 3, size, size)]
    assert all(stage.isfinite().all() for stage in rendered)


@pytest.mark.parametrize(
    ("stages", "channels"),
    [
        (("sketch", "full"), (1, 3)),
        (("sketch", "normal", "colour", "lighting"), (1, 3, 3, 3)),
        (("colours", "greys"), (3, 1)),
        (("a", "b", "c"), (3, 1, 1)),
    ],
    ids=str,
)
def test_any_number_of_stages_and_channels_works(stages: tuple[str, ...], channels: tuple[int, ...]) -> None:
    editor = new_editor(stages=stages, channels=channels)
    with torch.inference_mode():
        rendered = editor(torch.zeros(2, channels[-1], SIDE, SIDE))
    assert [stage.shape[1] for stage in rendered] == list(channels)
    results = [
        editor.stages(drawing(50, 40)),
        editor.generate(drawing(50, 40), seeds=range(len(stages) - 1)),
        editor.edit(drawing(50, 40), stage=stages[0], picture=drawing(50, 40, 1)),
        *(editor.edit(drawing(50, 40), stage=stage, seed=1) for stage in stages[1:]),
    ]
    for result in results:
        assert tuple(result.layers) == stages
        grey = [np.ptp(np.asarray(layer)[..., :3], axis=2).max() == 0 for layer in result.layers.values()]
        assert all(is_grey for is_grey, count in zip(grey[:-1], channels[:-1], strict=True) if count == 1)


@torch.inference_mode()
def test_stages_are_inferred_from_the_last_to_the_first(editor: WorkflowEditor) -> None:
    (artwork,) = smooth_batch(channels=3, size=SIDE)(2)
    stages = editor.infer_stages(artwork)
    assert stages[-1] is artwork
    for inference, (before, after) in zip(editor.inference, pairwise(stages), strict=True):
        assert torch.equal(before, inference(after))


@torch.inference_mode()
def test_latents_are_the_encoders_means_of_the_stages_they_render(editor: WorkflowEditor) -> None:
    (artwork,) = smooth_batch(channels=3, size=SIDE)(2)
    stages = editor.infer_stages(artwork)
    for i, latent in enumerate(editor.encode_latents(stages)):
        _, encoder = editor.step_networks(i)
        assert torch.equal(latent, encoder(stages[i + 1])[0])
        assert latent.shape == (2, editor.config.latent_dim)


@torch.inference_mode()
def test_forward_renders_all_stages_from_the_inferred_first_one(editor: WorkflowEditor) -> None:
    (artwork,) = smooth_batch(channels=3, size=SIDE)(2)
    stages = editor.infer_stages(artwork)
    rendered = editor(artwork)
    assert torch.equal(rendered[0], stages[0])
    for i, latent in enumerate(editor.encode_latents(stages)):
        generator, _ = editor.step_networks(i)
        assert torch.equal(rendered[i + 1], generator(rendered[i], generator.adain_vector(latent)))


@torch.inference_mode()
def test_rendering_may_start_at_any_stage(editor: WorkflowEditor) -> None:
    (artwork,) = smooth_batch(channels=3, size=SIDE)(1)
    latents = [seeds.normal((1, editor.config.latent_dim), i) for i in range(2)]
    whole = editor.render(editor.infer_stages(artwork)[0], latents)
    torch.testing.assert_close(editor.render(whole[1], latents[1:], first=1), whole[1:], rtol=0, atol=0)


# Taking apart.


def test_layers_are_the_inferred_stages_and_the_artwork_itself(editor: WorkflowEditor, artwork: Image.Image) -> None:
    result = editor.stages(artwork)
    with torch.inference_mode():
        stages = editor.infer_stages(images.to_tensor(artwork)[None])
    for layer, stage in zip(result.layers.values(), stages, strict=True):
        assert same(layer, images.to_picture(stage[0]))
    assert same(result.layers["full"], artwork)
    assert same(result.image, images.to_picture(rendered_from(editor, artwork, 0)[0]))


def test_the_last_layer_is_the_artwork_at_its_own_size(editor: WorkflowEditor) -> None:
    artwork = drawing(301, 203)
    assert same(editor.stages(artwork).layers["full"], artwork)


@pytest.mark.parametrize(("width", "height"), [(SIDE, SIDE), (SIDE, SIDE // 2), (SIDE // 4, SIDE)])
def test_reconstruction_error_is_the_mean_difference_without_the_padding(
    editor: WorkflowEditor, width: int, height: int
) -> None:
    artwork = drawing(width, height)
    inside = images.to_tensor(artwork)
    left, top = (SIDE - width) // 2, (SIDE - height) // 2
    with torch.inference_mode():
        rendered = editor(functional.pad(inside[None], (left, left, top, top), mode="replicate"))[-1][0]
    error = (rendered[:, top : top + height, left : left + width] - inside).abs().mean().item()
    assert error_of(editor.stages(artwork)) == pytest.approx(error, rel=1e-5)
    picture = editor.stages(artwork).image
    from_bytes = np.abs(np.asarray(picture).astype(float) - np.asarray(artwork)).mean() / 127.5
    assert from_bytes == pytest.approx(error, abs=1 / 255)


# Editing.


@pytest.mark.parametrize("size", [(SIDE, SIDE), (50, 40)])
def test_stages_before_the_first_change_are_the_inferred_ones_bit_for_bit(
    editor: WorkflowEditor, size: tuple[int, int]
) -> None:
    apart = editor.stages(drawing(*size))
    for stage, untouched in (("flat", ["line"]), ("full", ["line", "flat"])):
        edited = editor.edit(drawing(*size), stage=stage, seed=3)
        assert all(same(edited.layers[name], apart.layers[name]) for name in untouched)
        assert not same(edited.layers[stage], apart.layers[stage])


@pytest.mark.parametrize("stage", ["line", "flat"])
def test_a_painted_stage_is_that_picture_in_the_layers(
    editor: WorkflowEditor, artwork: Image.Image, stage: str
) -> None:
    painted = drawing(SIDE, SIDE, seed=4)
    edited = editor.edit(artwork, stage=stage, picture=painted)
    expected = images.to_picture(images.to_tensor(painted, 1)) if stage == "line" else painted
    assert same(edited.layers[stage], expected)


@pytest.mark.parametrize("stage", ["line", "flat"])
def test_a_painted_stage_is_rendered_on_with_the_artworks_own_latents(
    editor: WorkflowEditor, artwork: Image.Image, stage: str
) -> None:
    painted = drawing(SIDE, SIDE, seed=4).convert("L")
    edited = editor.edit(artwork, stage=stage, picture=painted, keep_detail=False)
    first = EDITOR.stages.index(stage)
    latents = [own_latent(editor, artwork, name)[None] for name in EDITOR.stages[first + 1 :]]
    with torch.inference_mode():
        expected = editor.render(images.to_tensor(painted, EDITOR.channels[first])[None], latents, first=first)
    for name, picture in zip(EDITOR.stages[first:], expected, strict=True):
        assert same(edited.layers[name], images.to_picture(picture[0]))
    assert same(edited.image, images.to_picture(expected[-1][0]))


def test_a_picture_of_another_size_but_the_same_shape_is_resized(editor: WorkflowEditor) -> None:
    painted = drawing(200, 160, seed=4)
    by_size = [editor.edit(drawing(50, 40), stage="flat", picture=each) for each in (painted, painted.resize((50, 40)))]
    assert same(by_size[0].image, by_size[1].image)


@pytest.mark.parametrize(("stage", "first"), [("flat", 0), ("full", 1)])
def test_the_artworks_own_latent_gives_the_unedited_rendering(
    editor: WorkflowEditor, artwork: Image.Image, stage: str, first: int
) -> None:
    edited = editor.edit(artwork, stage=stage, latent=own_latent(editor, artwork, stage), keep_detail=False)
    unedited = rendered_from(editor, artwork, first)
    assert same(edited.image, images.to_picture(unedited[0]))
    difference = (unedited[0] - images.to_tensor(artwork)).abs().mean().item()
    assert error_of(edited) == pytest.approx(difference, rel=1e-5)


def test_an_unchanged_first_step_is_the_rendering_of_stages(editor: WorkflowEditor, artwork: Image.Image) -> None:
    apart = editor.stages(artwork)
    edited = editor.edit(artwork, stage="flat", latent=own_latent(editor, artwork, "flat"), keep_detail=False)
    assert same(edited.image, apart.image)
    assert error_of(edited) == error_of(apart)


@pytest.mark.parametrize("size", [(SIDE, SIDE), (150, 110), (7, 90)])
@pytest.mark.parametrize("stage", ["flat", "full"])
def test_an_edit_that_changes_nothing_keeps_the_artwork_bit_for_bit(
    editor: WorkflowEditor, size: tuple[int, int], stage: str
) -> None:
    artwork = drawing(*size)
    with torch.inference_mode():
        square = images.fit(artwork, EDITOR.size)[0][None]
        latent = editor.encode_latents(editor.infer_stages(square))[EDITOR.stages.index(stage) - 1]
    edited = editor.edit(artwork, stage=stage, latent=latent)
    assert same(edited.image, artwork)
    assert same(edited.layers["full"], artwork)


def test_detail_is_kept_in_the_picture_and_not_in_the_stages_before_it(editor: WorkflowEditor) -> None:
    artwork = drawing(301, 203)
    kept, bare = (editor.edit(artwork, stage="flat", seed=1, keep_detail=keep) for keep in (True, False))
    assert same(kept.layers["line"], bare.layers["line"])
    assert same(kept.layers["flat"], bare.layers["flat"])
    assert same(kept.layers["full"], kept.image)
    to_artwork = [np.abs(np.asarray(each.image).astype(int) - np.asarray(artwork)).mean() for each in (kept, bare)]
    assert to_artwork[0] < to_artwork[1]


def test_reconstruction_error_does_not_depend_on_the_change(editor: WorkflowEditor, artwork: Image.Image) -> None:
    errors = [error_of(editor.edit(artwork, stage="flat", seed=seed)) for seed in range(3)]
    painted = editor.edit(artwork, stage="line", picture=drawing(SIDE, SIDE, 4))
    assert {*errors, error_of(painted)} == {error_of(editor.stages(artwork))}


def test_a_seed_is_the_latent_that_it_draws(editor: WorkflowEditor, artwork: Image.Image) -> None:
    latent = seeds.normal((1, EDITOR.latent_dim), 7, "flat")
    by_seed, by_latent = editor.edit(artwork, stage="flat", seed=7), editor.edit(artwork, stage="flat", latent=latent)
    assert same(by_seed.image, by_latent.image)
    assert by_seed.recipe == by_latent.recipe


def test_two_stages_are_edited_at_once_in_any_order(editor: WorkflowEditor, artwork: Image.Image) -> None:
    painted = drawing(SIDE, SIDE, seed=4)
    edits = [Edit("line", picture=painted), Edit("full", seed=3)]
    both, reversed_ = editor.edit(artwork, edits), editor.edit(artwork, edits[::-1])
    lines_only = editor.edit(artwork, stage="line", picture=painted)
    assert same(both.image, reversed_.image)
    assert same(both.layers["flat"], lines_only.layers["flat"])
    assert not same(both.image, lines_only.image)
    assert both.recipe == reversed_.recipe == editor.edit(artwork, edits[:1], stage="full", seed=3).recipe


def test_a_painted_later_stage_cuts_off_the_change_of_an_earlier_one(
    editor: WorkflowEditor, artwork: Image.Image
) -> None:
    painted = Edit("flat", picture=drawing(SIDE, SIDE, seed=4))
    both = editor.edit(artwork, [Edit("line", picture=drawing(SIDE, SIDE, seed=5)), painted])
    alone = editor.edit(artwork, [painted])
    assert same(both.image, alone.image)
    assert not same(both.layers["line"], alone.layers["line"])


def test_two_seeds_give_the_stages_that_they_give_one_by_one(editor: WorkflowEditor, artwork: Image.Image) -> None:
    both = editor.edit(artwork, [Edit("flat", seed=1), Edit("full", seed=2)], keep_detail=False)
    assert same(both.layers["flat"], editor.edit(artwork, stage="flat", seed=1).layers["flat"])
    latents = [seeds.normal((1, EDITOR.latent_dim), *draw) for draw in ((1, "flat"), (2, "full"))]
    with torch.inference_mode():
        line = editor.infer_stages(images.to_tensor(artwork)[None])[0]
        expected = editor.render(line, latents)
    assert same(both.image, images.to_picture(expected[-1][0]))


def test_variations_are_edits_with_those_seeds(editor: WorkflowEditor, artwork: Image.Image) -> None:
    variations = editor.variations(artwork, stage="full", seeds=(4, 9, 4))
    for seed, variation in zip((4, 9, 4), variations, strict=True):
        expected = editor.edit(artwork, stage="full", seed=seed)
        assert same(variation.image, expected.image)
        assert variation.recipe == expected.recipe
    assert editor.variations(artwork, stage="full", seeds=()) == []


# Generating.


def test_generating_renders_the_sketch_with_the_seeds_latents(editor: WorkflowEditor) -> None:
    sketch = drawing(SIDE, SIDE).convert("L")
    result = editor.generate(sketch, seeds=(3, 8), keep_lines=False)
    latents = [seeds.normal((1, EDITOR.latent_dim), *draw) for draw in ((3, "flat"), (8, "full"))]
    with torch.inference_mode():
        expected = editor.render(images.to_tensor(sketch.convert("RGB"), 1)[None], latents)
    for layer, stage in zip(result.layers.values(), expected, strict=True):
        assert same(layer, images.to_picture(stage[0]))
    assert same(result.image, images.to_picture(expected[-1][0]))


def test_one_seed_stands_for_all_steps(editor: WorkflowEditor) -> None:
    one, each = (editor.generate(drawing(50, 40), seeds=chosen) for chosen in (6, (6, 6)))
    assert same(one.image, each.image)
    assert one.recipe == each.recipe


def test_kept_lines_are_the_untouched_sketch_multiplied_at_its_own_size(editor: WorkflowEditor) -> None:
    sketch = drawing(300, 200).convert("L")
    bare, kept = (editor.generate(sketch, seeds=1, keep_lines=keep) for keep in (False, True))
    assert same(kept.layers["line"], sketch)
    assert same(kept.image, ImageChops.multiply(bare.image, sketch.convert("RGB")))
    assert (kept.line_layers, kept.hidden_layers) == (("line",), ())
    assert (bare.line_layers, bare.hidden_layers) == (("line",), ("line",))
