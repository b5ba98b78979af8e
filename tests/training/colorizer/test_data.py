"""Sketches, references, targets and tags belong together, and depend on the generator alone."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from artmodels.errors import ConfigError, PictureError
from training.colorizer.batches import random_turns, tag_vectors
from training.colorizer.data import open_pictures, with_tags_of
from training.colorizer.illustrations import NEUTRAL, Look, exaggerated, has_part, renamed, shown_colours
from training.colorizer.settings import STARTER, TINY, Edits, Sampling
from training.colorizer.sketch_lines import restyle_lines
from training.recipes.illustrations import Order, render_drawing
from training.recipes.lorelei import read_style

PLAIN = Sampling(load_size=32, mirrored=0.0, turned=0.0, restyled=0.0, repainted=0.0)
EVERY = replace(PLAIN, repainted=1.0)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def group_colour(config, vector, name):
    group = next(group for group in config.groups if group.name == name)
    chosen = [tag for tag in group.tags if vector[config.tags.index(tag)] > 0]
    return group, chosen


@pytest.mark.parametrize("sampling", [PLAIN, EVERY], ids=["recipe", "repainted"])
def test_tags_name_the_colours_of_the_picture(illustrations, sampling):
    pictures = open_pictures(illustrations, TINY, sampling, split="train")
    batch = pictures.tagged(range(len(pictures)), seeded())
    assert batch.pictures.shape == (6, 3, 32, 32)
    for picture, tags in zip(batch.pictures, batch.tags, strict=True):
        group, (chosen,) = group_colour(TINY, tags, "clothes")
        swatch = np.array([int(group.colours[group.tags.index(chosen)][i : i + 2], 16) for i in (1, 3, 5)])
        clothes = ((picture[:, 28:31] + 1) * 127.5).flatten(1).median(1).values.numpy()
        assert np.abs(clothes - swatch).max() < 40
        assert tags[TINY.tags.index("glasses")] == tags[TINY.tags.index("tee")] == 1
        assert len(group_colour(TINY, tags, "background")[1]) == 1


def test_targets_have_the_drawing_of_the_sketch_and_the_colours_of_the_reference(illustrations):
    pictures = open_pictures(illustrations, TINY, EVERY, split="train")
    pair = pictures.pairs(range(6), seeded())
    assert pair.sketch.shape == (6, 1, 32, 32)
    assert pair.regions.dtype == torch.uint8
    assert torch.equal(pair.sketch[:, 0] < 0, pair.target.amax(1) < -0.6)
    bottom = [batch[:, :, 29:31, 1:4].flatten(2).median(2).values for batch in (pair.target, pair.reference)]
    torch.testing.assert_close(bottom[0], bottom[1], rtol=0, atol=0.15)
    assert not torch.equal(pair.target, pair.reference)


def test_edited_targets_differ_from_their_anchors_in_one_part(illustrations):
    pictures = open_pictures(illustrations, TINY, PLAIN, split="train")
    triple = pictures.triples([0, 1, 2, 3], Edits(1.0), seeded(3))
    for number, (anchor, target) in enumerate(zip(triple.anchor, triple.target, strict=True)):
        same = ((anchor - target).abs().amax(0) < 1e-6).float().mean()
        assert same > 0.2, number
    unrelated = pictures.triples([0, 1, 2, 3], Edits(), seeded(3))
    assert not torch.equal(unrelated.anchor, unrelated.target)


def test_one_edit_changes_one_tag_and_one_colour(illustrations):
    pictures = open_pictures(illustrations, TINY, PLAIN, split="train")
    generator = seeded(1)
    for place in range(6):
        anchor = pictures.repainted(place, generator)
        target, tag = pictures.edited(anchor, None, generator)
        assert tag in target.tags
        changed = set(anchor.tags) ^ set(target.tags)
        assert len(changed) in (0, 2)
        assert (anchor.colours != target.colours).any(1).sum() <= 1


def test_graded_targets_say_which_strengths_were_given(illustrations):
    pictures = open_pictures(illustrations, TINY, PLAIN, split="train")
    triple = pictures.triples([0, 1, 2, 3] * 4, Edits(1.0, 1.0), seeded(3))
    groups = [[TINY.tags.index(tag) for tag in group.tags] for group in TINY.groups]
    for strengths in triple.strengths:
        given = [group for group in groups if (strengths[group] >= 0).all()]
        assert len(given) == 1
        assert (strengths >= 0).sum() == len(given[0])
        assert (strengths[given[0]] > 0).sum() <= 1
        assert strengths.max() <= 2
    assert (pictures.triples([0, 1], Edits(1.0, 0.0), seeded(3)).strengths < 0).all()


def test_strengths_go_from_neutral_over_the_colour_beyond_it():
    colour = np.array((0.8, 0.2, 0.1), np.float32)
    np.testing.assert_allclose(exaggerated(colour, 1, 0.0), NEUTRAL[1], atol=1e-6)
    np.testing.assert_allclose(exaggerated(colour, 1, 1.0), colour, atol=1e-6)
    np.testing.assert_allclose(exaggerated(colour, 1, 0.5), (NEUTRAL[1] + colour) / 2, atol=1e-6)
    beyond = np.clip(NEUTRAL[1] + 1.25 * (colour - NEUTRAL[1]), 0, 1)
    np.testing.assert_allclose(exaggerated(colour, 1, 2.0), beyond, atol=1e-6)


def test_mixed_references_have_colours_of_no_palette_and_targets_follow_them(illustrations):
    pictures = open_pictures(illustrations, TINY, replace(EVERY, mixed=1.0), split="train")
    pair = pictures.pairs(range(6), seeded())
    bottom = [batch[:, :, 29:31, 1:4].flatten(2).median(2).values for batch in (pair.target, pair.reference)]
    torch.testing.assert_close(bottom[0], bottom[1], rtol=0, atol=0.15)
    plain = open_pictures(illustrations, TINY, EVERY, split="train").pairs(range(6), seeded())
    assert not torch.equal(plain.reference, pair.reference)


def test_parts_that_a_reference_does_not_show_stay_neutral():
    colours = np.random.default_rng(0).random((9, 3)).astype(np.float32)
    look = Look(0, ["bald", "red_clothes", "pale_skin", "blue_background"], colours, None)
    shown = shown_colours(look)
    is_kept = (shown == colours).all(1)
    assert is_kept.tolist() == [True, False, True, False, True, True, False, True, True]
    assert has_part(look.tags, "clothes")
    assert not has_part(look.tags, "hair")


def test_new_palettes_rename_colours_and_take_patterns_away():
    tags = ["dark_skin", "blue_hair", "eyes_closed", "tee", "red_clothes", "dotted_clothes", "light_brown_eyes"]
    names = {"skin": "pale", "hair": "red", "clothes": "blue", "eyes": "green"}
    assert renamed(tags, names) == ["pale_skin", "red_hair", "eyes_closed", "tee", "blue_clothes", "light_brown_eyes"]


def test_every_tag_that_the_recipe_gives_is_known():
    style = read_style(Path(__file__).parents[1] / "recipes" / "small_style.json")
    rows = [item.row for index in range(6) for item in render_drawing(index, style, Order(1, 4, 32, 5, (8, 13)))]
    assert {tag for row in rows for tag in row["tags"]} <= set(STARTER.tags)


def test_the_same_generator_gives_the_same_pictures(illustrations):
    sampling = Sampling(load_size=32, mirrored=0.5, turned=0.5, restyled=0.5, repainted=0.5)
    pictures = open_pictures(illustrations, TINY, sampling, split="train")
    for draw in (pictures.tagged, pictures.pairs, lambda places, g: pictures.triples(places, Edits(0.5, 0.5), g)):
        first, again, other = (draw([0, 1, 2], seeded(seed)) for seed in (5, 5, 6))
        assert all(torch.equal(one, two) for one, two in zip(first, again, strict=True))
        assert any(not torch.equal(one, two) for one, two in zip(first, other, strict=True))


def test_mirroring_moves_sketch_and_target_together(illustrations):
    straight = open_pictures(illustrations, TINY, EVERY, split="train").pairs([0, 1], seeded(2))
    mirrored = open_pictures(illustrations, TINY, replace(EVERY, mirrored=1.0), split="train").pairs([0, 1], seeded(2))
    assert torch.equal(mirrored.sketch, straight.sketch.flip(-1))
    assert torch.equal(mirrored.target, straight.target.flip(-1))
    assert torch.equal(mirrored.regions, straight.regions.flip(-1))
    assert torch.equal(mirrored.reference, straight.reference)


def test_smaller_drawings_keep_their_regions_numbers(illustrations):
    half = replace(TINY, size=16)
    pictures = open_pictures(illustrations, half, replace(PLAIN, load_size=16), split="train")
    drawing = pictures.colourable(0)
    assert drawing.regions.shape == (16, 16)
    whole = open_pictures(illustrations, TINY, PLAIN, split="train").colourable(0)
    assert set(np.unique(drawing.regions)) <= set(np.unique(whole.regions))


def test_splits_share_no_drawing(illustrations):
    train, test = (open_pictures(illustrations, TINY, PLAIN, split=split) for split in ("train", "test"))
    assert (len(train), len(test)) == (6, 2)
    assert not {row["drawing"] for row in train.rows} & {row["drawing"] for row in test.rows}


def test_quarter_turns_happen_as_often_as_asked():
    pictures = torch.arange(9.0).view(1, 1, 3, 3).expand(600, 1, 3, 3)
    turned = random_turns(pictures, 0.5, seeded())
    share = (turned != pictures).flatten(1).any(1).float().mean()
    assert 0.4 < share < 0.6
    assert {float(picture[0, 0, 0]) for picture in turned} == {0.0, 2.0, 6.0}


def test_unknown_tags_are_left_out():
    vectors = tag_vectors([["bald", "unheard_of"], []], TINY)
    assert vectors.sum() == 1
    assert vectors[0, TINY.tags.index("bald")] == 1


def test_restyled_lines_stay_lines_on_paper():
    sketch = torch.ones(64, 1, 32, 32)
    sketch[..., 15:17, 4:28] = -1
    restyled = restyle_lines(sketch, 1.0, seeded())
    ink, paper = restyled[..., 15:17, 10:20].mean((1, 2, 3)), restyled[..., 2:6, :].mean((1, 2, 3))
    assert (ink < paper).float().mean() > 0.9
    assert restyled.min() >= -1
    assert restyled.max() <= 1
    assert len({round(float(value), 2) for value in ink}) > 20
    assert torch.equal(restyle_lines(sketch, 0.0, seeded()), sketch)
    some = (restyle_lines(sketch, 0.5, seeded()) != sketch).flatten(1).any(1).float().mean()
    assert 0.25 < some < 0.75


def write_prepared(root):
    generator = np.random.default_rng(0)
    rows = []
    for number in range(5):
        for folder, shape in (
            ("colour", (40, 40, 3)),
            ("reference", (40, 40, 3)),
            ("sketch_a", (40, 40)),
            ("sketch_b", (40, 40)),
        ):
            (root / folder).mkdir(parents=True, exist_ok=True)
            picture = generator.integers(0, 256, shape).astype(np.uint8)
            Image.fromarray(picture).save(root / folder / f"{number}.png")
        rows.append({"id": str(number), "split": "train" if number else "test", "tags": ["red_hair", "solo"]})
    (root / "metadata.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    group = {"name": "hair", "tags": ["red_hair"], "colours": ["#b23c30"]}
    (root / "tags.json").write_text(json.dumps({"groups": [group], "other_tags": ["solo"]}))
    return root


def test_prepared_pictures_are_cut_alike_and_carry_their_own_tags(tmp_path):
    config = with_tags_of(write_prepared(tmp_path), TINY)
    assert config.tags == ("red_hair", "solo")
    pictures = open_pictures(tmp_path, config, Sampling(load_size=40, mirrored=0.0, turned=0.0), split="train")
    pair = pictures.pairs(range(4), seeded())
    assert [part.shape for part in pair] == [(4, 1, 32, 32), (4, 3, 32, 32), (4, 3, 32, 32), (4, 32, 32)]
    for number, target in enumerate(pair.target):
        whole = pictures.read("colour", [number], 40)[0]
        cuts = [whole[:, y : y + 32, x : x + 32] for y in range(9) for x in range(9)]
        place = next(place for place, cut in enumerate(cuts) if torch.equal(cut, target))
        y, x = divmod(place, 9)
        assert torch.equal(pair.reference[number], pictures.read("reference", [number], 32)[0])
        sketches = [np.asarray(Image.open(tmp_path / kind / f"{number + 1}.png")) for kind in ("sketch_a", "sketch_b")]
        own = ((pair.sketch[number, 0] + 1) * 127.5).round().byte().numpy()
        assert any(np.array_equal(own, sketch[y : y + 32, x : x + 32]) for sketch in sketches)
    assert torch.equal(pictures.tagged([0, 1], seeded()).tags, torch.ones(2, 2))
    triple = pictures.triples([0, 1], Edits(0.5, 0.5), seeded())
    assert triple.anchor.shape == triple.target.shape == (2, 3, 32, 32)


def test_mistakes_are_told(illustrations, tmp_path):
    with pytest.raises(ConfigError, match="regions"):
        open_pictures(tmp_path, TINY, PLAIN, split="train")
    with pytest.raises(ConfigError, match="validation"):
        open_pictures(illustrations, TINY, PLAIN, split="validation")
    with pytest.raises(ConfigError, match="load_size 16"):
        open_pictures(write_prepared(tmp_path), TINY, Sampling(load_size=16), split="train")
    (tmp_path / "colour" / "1.png").unlink()
    pictures = open_pictures(tmp_path, TINY, Sampling(load_size=40), split="train")
    with pytest.raises(PictureError, match=r"colour.1\.png"):
        pictures.tagged([0], seeded())


def test_a_share_is_a_share():
    with pytest.raises(ConfigError, match="restyled"):
        Sampling(restyled=1.5)
