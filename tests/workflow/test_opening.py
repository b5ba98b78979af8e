"""An artwork is opened once and edited often; nothing changes until somebody changes it."""

from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np
import pytest
import torch
from methods import EDITOR, drawing, features, smooth_batch, with_random_weights
from PIL import Image

from artmodels import ConfigError, PictureError, Result, WorkflowEditor, images, seeds
from artmodels.workflow.model import Edit, OpenedArtwork, Optimisation

SIDE = EDITOR.size
STEPS = 6


def new_editor(seed: int = 0, **changes: Any) -> WorkflowEditor:
    return with_random_weights(WorkflowEditor(replace(EDITOR, **changes)), seed).eval()


@pytest.fixture(scope="module")
def editor() -> WorkflowEditor:
    return new_editor()


@pytest.fixture(scope="module")
def artwork() -> Image.Image:
    return drawing(50, 40)


@pytest.fixture(scope="module")
def opened(editor: WorkflowEditor, artwork: Image.Image) -> OpenedArtwork:
    return editor.open(artwork, faithful=0.8, steps=STEPS)


def same(first: Image.Image, second: Image.Image) -> bool:
    assert first.size == second.size
    return first.convert("RGB").tobytes() == second.convert("RGB").tobytes()


def same_results(first: Result, second: Result) -> bool:
    layers = all(same(first.layers[name], second.layers[name]) for name in EDITOR.stages)
    return same(first.image, second.image) and layers and first.recipe == second.recipe


# Opening.


def test_snapshots_count_through_all_stages_and_end_with_the_opened_artwork(
    editor: WorkflowEditor, artwork: Image.Image
) -> None:
    snapshots = list(editor.opening(artwork, steps=2))
    assert [(each.stage, each.iteration) for each in snapshots] == [
        ("flat", 1), ("flat", 2), ("full", 3), ("full", 4), ("full", 4),
    ]  # fmt: skip
    assert {each.total for each in snapshots} == {4}
    assert [each.opened is not None for each in snapshots] == [False] * 4 + [True]
    assert {each.picture.size for each in snapshots} == {artwork.size}
    last = snapshots[-1]
    assert last.opened is not None
    assert last.error == last.opened.reconstruction_error


def test_progress_sees_every_snapshot(editor: WorkflowEditor, artwork: Image.Image) -> None:
    seen = []
    editor.open(artwork, steps=2, progress=lambda snapshot: seen.append(snapshot.iteration))
    assert seen == [1, 2, 3, 4, 4]


def test_each_stage_is_rendered_from_the_regenerated_one_before_it(
    editor: WorkflowEditor, opened: OpenedArtwork
) -> None:
    assert torch.equal(opened.rendered[0], opened.stages[0])
    with torch.no_grad():
        for i in range(EDITOR.steps):
            generator, _ = editor.step_networks(i)
            assert torch.equal(opened.adain[i], generator.adain_vector(opened.latents[i]) + opened.deltas[i])
            assert torch.equal(opened.rendered[i + 1], generator(opened.rendered[i], opened.adain[i]))
            assert opened.deltas[i].abs().max() > 0.1


def test_more_faithful_is_closer_to_the_artwork(editor: WorkflowEditor, artwork: Image.Image) -> None:
    errors = [editor.open(artwork, faithful=faithful, steps=60).reconstruction_error for faithful in (0, 0.01, 1)]
    assert errors == sorted(errors, reverse=True)
    assert errors[2] < 0.9 * errors[0]


def test_free_is_what_the_networks_read_at_once(editor: WorkflowEditor, artwork: Image.Image) -> None:
    (snapshot,) = editor.opening(artwork, faithful=0)
    assert snapshot.opened is not None
    assert not any(delta.any() for delta in snapshot.opened.deltas)
    assert same_results(editor.stages(snapshot.opened), editor.stages(artwork))


def test_opening_twice_gives_the_same_bits(editor: WorkflowEditor, artwork: Image.Image, opened: OpenedArtwork) -> None:
    again = editor.open(artwork, faithful=0.8, steps=STEPS)
    torch.testing.assert_close(again.adain, opened.adain, rtol=0, atol=0)
    assert same_results(editor.stages(again), editor.stages(opened))


def test_a_stopped_opening_leaves_the_editor_as_it_was(artwork: Image.Image) -> None:
    editor = new_editor()
    before = {name: value.clone() for name, value in editor.state_dict().items()}
    snapshots = editor.opening(artwork, steps=50)
    assert len(list(islice(snapshots, 3))) == 3
    snapshots.close()  # type: ignore[attr-defined]
    torch.testing.assert_close(dict(editor.state_dict()), before, rtol=0, atol=0)
    assert all(weight.requires_grad and weight.grad is None for weight in editor.parameters())
    assert not any(module.training for module in editor.modules())


@pytest.mark.parametrize("mode", ["none", "z", "adain"])
def test_artworks_of_a_batch_come_out_as_alone(editor: WorkflowEditor, mode: Any) -> None:
    (artworks,) = smooth_batch(3, SIDE)(2)
    chosen = Optimisation(mode=mode, weight=1e-3, steps=3)
    together = editor.optimised(artworks, chosen, features())
    for i in range(2):
        alone = editor.optimised(artworks[i : i + 1], chosen, features())
        for parts, expected in zip(together, alone, strict=True):
            torch.testing.assert_close([part[i : i + 1] for part in parts], expected, rtol=0, atol=0)


def test_optimising_tensors_is_what_opening_a_picture_does(editor: WorkflowEditor) -> None:
    artwork = drawing(SIDE, SIDE)
    opened = editor.open(artwork, optimisation=Optimisation(weight=0.01, steps=3))
    found = editor.optimised(images.to_tensor(artwork)[None], Optimisation(weight=0.01, steps=3))
    torch.testing.assert_close(list(opened.adain), found.adain, rtol=0, atol=0)


# The weight.


def test_the_learned_weight_is_never_negative_and_starts_at_the_papers(artwork: Image.Image) -> None:
    editor = WorkflowEditor(replace(EDITOR, regularised=True))
    for step in range(EDITOR.steps):
        torch.testing.assert_close(editor.adain_weight(step), torch.full((128,), 1e-3))
    with torch.no_grad():
        editor.regularisers[0].fill_(-5.0)
    assert (editor.adain_weight(0) >= 0).all()


def test_an_editor_uses_its_learned_weights_or_the_papers_constant(artwork: Image.Image) -> None:
    learned = new_editor(regularised=True)
    assert learned.open(artwork, steps=1).optimisation == Optimisation(steps=1)
    assert new_editor().open(artwork, steps=1).optimisation == Optimisation(weight=1e-3, steps=1)
    free, held = (learned.open(artwork, optimisation=Optimisation(scale=scale, steps=40)) for scale in (0.0, 1e6))
    assert held.deltas[0].square().mean() < 0.01 * free.deltas[0].square().mean()


def test_learned_weights_that_are_not_there_are_refused_with_a_way_out(
    editor: WorkflowEditor, artwork: Image.Image
) -> None:
    with pytest.raises(ConfigError, match=r"no learned weights.*0\.001"):
        editor.opening(artwork, optimisation=Optimisation())
    assert editor.open(artwork, optimisation=Optimisation(mode="z", steps=1)).latents


def test_a_regularised_editor_is_saved_and_loaded_whole(artwork: Image.Image, tmp_path: Any) -> None:
    editor = new_editor(regularised=True)
    editor.usual_error.fill_(0.25)
    loaded = WorkflowEditor.from_pretrained(editor.save_pretrained(tmp_path / "model", dtype=torch.float16))
    assert float(loaded.usual_error) == 0.25
    assert loaded.usual_limits[1] == [float("inf")] * 2
    assert set(loaded.state_dict()) - set(new_editor().state_dict()) == {
        "regularisers.0", "regularisers.1", "usual_error", "usual_latent",
    }  # fmt: skip


# Editing what was opened.


@pytest.mark.parametrize("faithful", [0.0, 0.8])
@pytest.mark.parametrize("stage", ["flat", "full"])
def test_an_amount_of_nothing_changes_nothing(
    editor: WorkflowEditor, artwork: Image.Image, faithful: float, stage: str
) -> None:
    opened = editor.open(artwork, faithful=faithful, steps=STEPS)
    kept = editor.edit(opened, stage=stage, seed=5, amount=0)
    assert same(kept.image, artwork)
    bare = editor.edit(opened, stage=stage, seed=5, amount=0, keep_detail=False)
    shown = np.asarray(bare.image).astype(float)
    rendered = images.unfit(opened.rendered[-1][0], opened.frame)
    if faithful or stage == "flat":
        assert same(bare.image, rendered)
        assert bare.recipe["reconstruction_error"] == opened.reconstruction_error
    assert np.abs(shown - np.asarray(artwork)).mean() / 127.5 < bare.recipe["reconstruction_error"] + 0.05


@pytest.mark.parametrize("faithful", [0.0, 0.8])
@pytest.mark.parametrize("stage", ["line", "flat"])
def test_painting_a_stage_as_it_is_shown_changes_nothing(editor: WorkflowEditor, faithful: float, stage: str) -> None:
    artwork = drawing(SIDE, SIDE)
    opened = editor.open(artwork, faithful=faithful, steps=STEPS)
    shown = editor.stages(opened).layers[stage].convert("RGB")
    changes = [
        np.abs(np.asarray(editor.edit(opened, stage=stage, picture=painted).image).astype(int) - np.asarray(artwork))
        for painted in (shown, drawing(SIDE, SIDE, 4))
    ]
    # Random networks magnify the rounding of a painting to bytes.
    assert changes[0].mean() < 0.1 * changes[1].mean()


def test_a_new_latent_replaces_the_increment_of_its_stage_and_no_other(
    editor: WorkflowEditor, opened: OpenedArtwork
) -> None:
    edited = editor.edit(opened, stage="flat", seed=3, keep_detail=False)
    with torch.no_grad():
        (first, _), (second, _) = editor.step_networks(0), editor.step_networks(1)
        flat = first(opened.rendered[0], first.adain_vector(seeds.normal((1, 4), 3, "flat")))
        full = second(flat, opened.adain[1])
    assert same(edited.layers["flat"], images.unfit(flat[0], opened.frame))
    assert same(edited.image, images.unfit(full[0], opened.frame))


def test_half_way_is_the_latent_in_between_with_half_of_the_increment(
    editor: WorkflowEditor, opened: OpenedArtwork
) -> None:
    edited = editor.edit(opened, stage="full", latent=[1.0, -2.0, 0.5, 0.0], amount=0.5, keep_detail=False)
    with torch.no_grad():
        generator, _ = editor.step_networks(1)
        latent = (opened.latents[1] + torch.tensor([[1.0, -2.0, 0.5, 0.0]])) / 2
        vector = generator.adain_vector(latent) + opened.deltas[1] / 2
        expected = generator(opened.rendered[1], vector)
    difference = np.asarray(edited.image).astype(int) - np.asarray(images.unfit(expected[0], opened.frame))
    assert np.abs(difference).max() <= 1


@pytest.mark.parametrize("is_opened", [False, True])
def test_likeness_is_the_other_artworks_latent(editor: WorkflowEditor, opened: OpenedArtwork, is_opened: bool) -> None:
    other = drawing(70, 30, seed=8)
    latent = editor.open(other, faithful=0).latents[0]
    like = editor.open(other, faithful=0.8, steps=1) if is_opened else other
    assert same_results(editor.edit(opened, stage="flat", like=like), editor.edit(opened, stage="flat", latent=latent))


def test_likeness_to_itself_is_no_change(editor: WorkflowEditor, artwork: Image.Image) -> None:
    assert same(editor.edit(artwork, stage="flat", like=artwork).image, artwork)


def test_verbs_take_an_opened_artwork_or_open_one_alike(
    editor: WorkflowEditor, artwork: Image.Image, opened: OpenedArtwork
) -> None:
    dial: dict[str, Any] = {"faithful": 0.8, "steps": STEPS}
    assert same_results(editor.stages(artwork, **dial), editor.stages(opened))
    edits = [Edit("line", picture=drawing(50, 40, 3)), Edit("full", seed=2, amount=0.3)]
    assert same_results(editor.edit(artwork, edits, **dial), editor.edit(opened, edits))
    pairs = zip(
        editor.variations(artwork, stage="full", seeds=[1, 2], **dial),
        editor.variations(opened, stage="full", seeds=[1, 2]),
        strict=True,
    )
    assert all(same_results(*pair) for pair in pairs)


# Recipes.


@pytest.mark.parametrize(
    "chosen", [Optimisation(mode="z", steps=2), Optimisation(weight=0.01, steps=2, learning_rate=0.05)], ids=str
)
def test_a_recipe_keeps_an_optimisation_given_in_every_detail(
    editor: WorkflowEditor, artwork: Image.Image, chosen: Optimisation
) -> None:
    result = editor.edit(editor.open(artwork, optimisation=chosen), stage="full", seed=1)
    assert same_results(editor.replay(result.recipe, artwork), result)


def test_a_recipe_without_a_dial_is_one_from_before_there_was_one(editor: WorkflowEditor, artwork: Image.Image) -> None:
    result = editor.edit(artwork, stage="full", seed=1)
    assert result.recipe["options"].pop("faithful") == 0.0
    assert same(editor.replay(result.recipe, artwork).image, result.image)


@pytest.mark.parametrize(
    "options",
    [
        {"keep_detail": "yes"},
        {"keep_detail": 1},
        {"keep_detail": None},
        {"faithful": 2},
        {"faithful": "much"},
        {"steps": 0, "faithful": 0.5},
        {"optimisation": {"mode": "vgg"}},
        {"optimisation": {"speed": 3}},
        {"optimisation": 3},
        {"edits": [{"stage": "flat", "latent": [0.0] * 4, "amount": 2}]},
        {"edits": [{"stage": "flat", "latent": [0.0] * 4, "amount": True}]},
    ],
    ids=str,
)
def test_a_recipe_with_options_that_cannot_be_meant_is_refused(
    editor: WorkflowEditor, artwork: Image.Image, options: dict[str, Any]
) -> None:
    recipe = editor.edit(artwork, stage="full", seed=1).recipe
    recipe["options"] |= options
    with pytest.raises(ConfigError) as caught:
        editor.replay(recipe, artwork)
    assert "\n" not in str(caught.value)


def from_hub(source: str, revision: str | None) -> WorkflowEditor:
    editor = new_editor()
    editor.source, editor.revision = source, revision
    return editor


@pytest.mark.parametrize(
    ("source", "revision"),
    [("bob/style", "b" * 40), ("alice/style", "c" * 40), ("artmodels/workflow-illustrations", None)],
)  # fmt: skip
def test_a_recipe_of_another_published_model_is_refused(
    artwork: Image.Image, source: str, revision: str | None
) -> None:
    recipe = from_hub("alice/style", "a" * 40).stages(artwork).recipe
    with pytest.raises(ConfigError, match=f"made by alice/style at a+, and this is {source}"):
        from_hub(source, revision).replay(recipe, artwork)


@pytest.mark.parametrize(
    ("source", "revision"), [("alice/style", "a" * 40), ("runs/style", None), ("unsaved", None)], ids=str
)
def test_a_copy_that_lies_elsewhere_may_replay(artwork: Image.Image, source: str, revision: str | None) -> None:
    recipe = from_hub("alice/style", "a" * 40).stages(artwork).recipe
    assert from_hub(source, revision).replay(recipe, artwork).image.size == artwork.size


# Mistakes.


@pytest.mark.parametrize("amount", [-0.1, 1.5, "half", None, True, float("nan")])
def test_an_amount_outside_its_range_is_refused(editor: WorkflowEditor, amount: Any) -> None:
    with pytest.raises(ConfigError, match="amount must be a number from 0"):
        Edit("flat", seed=1, amount=amount)


def test_a_picture_is_taken_whole(artwork: Image.Image) -> None:
    with pytest.raises(ConfigError, match="amount goes with latent, seed or like"):
        Edit("flat", picture=artwork, amount=0.5)


@pytest.mark.parametrize("verb", ["open", "opening", "stages"])
@pytest.mark.parametrize("dial", [{"faithful": 1.5}, {"faithful": 0.5, "steps": 0}], ids=str)
def test_a_dial_that_cannot_be_meant_is_refused_before_anything_is_computed(
    editor: WorkflowEditor, artwork: Image.Image, verb: str, dial: dict[str, Any]
) -> None:
    with pytest.raises(ConfigError, match=r"faithful|steps"):
        getattr(editor, verb)(artwork, **dial)


def test_an_artwork_that_cannot_be_read_is_refused(editor: WorkflowEditor, opened: OpenedArtwork) -> None:
    with pytest.raises(PictureError, match=r"missing\.png"):
        editor.open("missing.png")
    with pytest.raises(PictureError, match=r"missing\.png"):
        editor.edit(opened, stage="flat", like="missing.png")


def test_an_opened_artwork_keeps_its_dial(editor: WorkflowEditor, opened: OpenedArtwork) -> None:
    with pytest.raises(ConfigError, match=r"keeps its dial, 0\.8.*faithful=0\.3"):
        editor.stages(opened, faithful=0.3)
    assert editor.stages(opened, faithful=0.8).recipe["options"] == {"faithful": 0.8, "steps": STEPS}


def test_an_artwork_of_another_editor_is_refused(opened: OpenedArtwork) -> None:
    with pytest.raises(ConfigError, match="was opened by unsaved, and this is bob/style: open it here"):
        from_hub("bob/style", "b" * 40).stages(opened)
    with pytest.raises(ConfigError, match="open it here"):
        new_editor(latent_dim=5).edit(opened, stage="flat", seed=1)
