"""Pictures, sketches and exemplars come as the settings say, and subsets of classes take turns."""

from collections import Counter
from dataclasses import replace
from itertools import chain
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.testing import assert_close

from artmodels.errors import ConfigError, PictureError
from training.sketch2image.augment import bold, crop_and_mirror, erased, random_views
from training.sketch2image.data import ClassSubsets, SketchedPictures
from training.sketch2image.line_pictures import FolderPictures, LinePictures
from training.sketch2image.settings import Sampling

PLAIN = Sampling(
    load_size=32, mirrored=0.0, exemplar_degrees=0.0, exemplar_enlarged=1.0, exemplar_mirrored=0.0, restyled=0.0
)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_unaltered_pairs_are_what_lies_in_the_folders(illustrations):
    pictures = SketchedPictures(illustrations, PLAIN, 32, split="train")
    pair = pictures.pairs([0, 3], generator())
    name = pictures.rows[3]["id"]
    true = np.asarray(Image.open(illustrations / "full" / f"{name}.png"), np.float32) / 127.5 - 1
    assert_close(pair.picture[1].permute(1, 2, 0).numpy(), true, rtol=0, atol=1e-5)
    assert_close(pair.exemplar, pair.picture, rtol=0, atol=1e-5)
    assert_close(pair.sketch, pictures.plain([0, 3]).sketch)
    assert len(pictures) == 12


def test_every_kind_of_sketch_is_seen(illustrations, tmp_path):
    for stage in ("full", "line", "sketch_bold"):
        source = illustrations / ("line" if stage == "sketch_bold" else stage)
        (tmp_path / stage).mkdir()
        for path in source.iterdir():
            picture = Image.open(path)
            (picture.point(lambda value: value // 2) if stage == "sketch_bold" else picture).save(
                tmp_path / stage / path.name
            )
    (tmp_path / "metadata.jsonl").write_text((illustrations / "metadata.jsonl").read_text())
    pictures = SketchedPictures(tmp_path, PLAIN, 32, split="train")
    assert pictures.kinds == ["line", "sketch_bold"]
    papers = {round(float(p.max()), 2) for p in pictures.pairs([0] * 20, generator()).sketch}
    assert papers == {1.0, round(127 / 127.5 - 1, 2)}


def test_sketch_and_picture_are_altered_alike_and_exemplars_on_their_own(illustrations):
    sampling = replace(PLAIN, load_size=40, mirrored=0.5)
    pictures = SketchedPictures(illustrations, sampling, 32, split="train")
    pair = pictures.pairs([0] * 8, generator())
    inked = pair.sketch[:, 0] < -0.9
    dark = pair.picture.mean(1) < -0.5
    assert (dark & inked).sum() > 0.9 * inked.sum()
    assert len({float(sketch.sum()) for sketch in pair.sketch}) > 1


def test_repainted_pictures_keep_their_lines_and_take_other_colours(illustrations):
    pictures = SketchedPictures(illustrations, replace(PLAIN, repainted=1.0), 32, split="train")
    places = list(range(len(pictures)))
    pair, plain = pictures.pairs(places, generator()), pictures.plain(places)
    assert (pair.picture - plain.picture).abs().mean() > 0.1
    inked = pair.sketch[:, 0] < -0.9
    assert (pair.picture.mean(1)[inked] < -0.5).all()
    assert_close(pair.exemplar, pair.picture, rtol=0, atol=1e-5)


def test_unrelated_exemplars_are_other_drawings_in_the_same_colours(illustrations):
    sampling = replace(PLAIN, repainted=1.0, unrelated=1.0)
    pair = SketchedPictures(illustrations, sampling, 32, split="train").pairs([0] * 12, generator())
    corner = (slice(None), slice(None), 0, 0)  # background in every drawing
    assert_close(pair.picture[corner], pair.exemplar[corner], rtol=0, atol=1e-4)
    assert ((pair.picture - pair.exemplar).abs().mean((1, 2, 3)) > 0.01).any()


def test_pairs_depend_on_their_generator_alone(illustrations):
    sampling = Sampling(load_size=40, restyled=0.5, repainted=0.5, unrelated=0.5)
    first, again, other = (
        SketchedPictures(illustrations, sampling, 32, split="train").pairs([1, 2, 3], generator(seed))
        for seed in (0, 0, 1)
    )
    assert all(torch.equal(one, two) for one, two in zip(first, again, strict=True))
    assert not torch.equal(first.exemplar, other.exemplar)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"picture": "photo"}, "no folder photo; there are full, line, regions"),
        ({"load_size": 16}, "load_size 16 is less than the model's size, 32"),
    ],
)
def test_folders_that_do_not_fit_are_told(changes, message, illustrations):
    with pytest.raises(ConfigError, match=message):
        SketchedPictures(illustrations, replace(PLAIN, **changes), 32, split="train")


def test_a_missing_sketch_is_named(illustrations, tmp_path):
    (tmp_path / "line").mkdir()
    (tmp_path / "full").symlink_to(illustrations / "full")
    (tmp_path / "metadata.jsonl").write_text((illustrations / "metadata.jsonl").read_text())
    with pytest.raises(PictureError, match="line"):
        SketchedPictures(tmp_path, PLAIN, 32, split="train").pairs([0], generator())
    with pytest.raises(ConfigError, match="no regions to repaint"):
        SketchedPictures(tmp_path, replace(PLAIN, repainted=0.5), 32, split="train")


def test_subsets_take_turns_without_repeating_anyone():
    subsets = ClassSubsets(pictures=20, size=6, period=5, seed=0)
    assert [step for step in range(12) if subsets.begins(step)] == [0, 5, 10]
    members = [subsets.members(step) for step in (0, 5, 10)]
    assert subsets.members(4) == members[0]
    assert max(Counter(chain.from_iterable(members)).values()) == 1
    assert len(set(subsets.members(15))) == 6  # of the next turn
    assert sorted(subsets.classes(7, 0, 6)) == list(range(6))


def test_views_without_change_are_the_pictures_and_mirrored_ones_their_mirror():
    pictures = torch.rand(3, 3, 16, 16, generator=generator())
    still = random_views(pictures, generator(), degrees=0.0, enlarged=1.0, mirrored=0.0)
    assert_close(still, pictures, rtol=0, atol=1e-5)
    flipped = random_views(pictures, generator(), degrees=0.0, enlarged=1.0, mirrored=1.0)
    assert_close(flipped, pictures.flip(-1), rtol=0, atol=1e-5)


def test_views_are_crops_and_turns_without_black_corners():
    pictures = torch.full((8, 3, 32, 32), 0.5)
    assert_close(random_views(pictures, generator(), degrees=30.0, enlarged=1.3, mirrored=0.5), pictures)
    ramp = torch.linspace(-1, 1, 64).expand(16, 1, 64, 64)
    views = random_views(ramp, generator(), degrees=0.0, enlarged=2.0, mirrored=0.0)
    widths = views[:, 0, 0, -1] - views[:, 0, 0, 0]
    assert_close(widths, torch.full((16,), 1.0), rtol=0.05, atol=0)  # half of the picture
    assert views.min() < -0.8 < 0.8 < views.max()


def test_a_quarter_turn_turns():
    picture = torch.zeros(1, 1, 8, 8)
    picture[..., 0, :] = 1
    spans = [random_views(picture, generator(seed), degrees=180.0, enlarged=1.0, mirrored=0.0) for seed in range(5)]
    assert len({int(view[0, 0].sum(1).argmax()) for view in spans}) > 1


def test_bold_lines_are_wider_by_a_pixel_on_each_side():
    sketch = torch.ones(1, 1, 9, 9)
    sketch[..., 4] = -1
    assert (bold(sketch) < 0).sum() == 27


def test_erased_sketches_lose_boxes_of_the_right_size():
    black = torch.full((500, 1, 50, 50), -1.0)
    gone = (erased(black, generator()) > 0).float().mean((1, 2, 3))
    assert 0.01 < float((gone == 0).float().mean()) < 0.08  # 0.2 * 0.2
    assert float(gone[gone > 0].min()) > 0.015
    assert float(gone.max()) < 0.21
    assert 0.07 < float(gone.mean()) < 0.11


def test_crops_of_several_batches_are_of_one_place():
    ramp = torch.arange(100.0).view(1, 1, 10, 10).expand(6, 1, 10, 10)
    first, second = crop_and_mirror([ramp, ramp + 1], 7, 0.5, generator())
    assert first.shape == (6, 1, 7, 7)
    assert_close(second, first + 1)
    assert len({float(part.mean()) for part in first}) > 1


def test_a_recipes_test_split_is_not_learnt_from(illustrations):
    assert len(FolderPictures(illustrations / "full", 32, "RGB")) == 12
    assert len(FolderPictures(illustrations / "full", 32, "RGB", most=5)) == 5


def test_drawings_are_dark_on_white_and_fill_their_crop(illustrations, drawings):
    data = LinePictures([illustrations / "full"], drawings, 32, 36, most_drawings=0, seed=0)
    pictures, lines = data.batch([0, 1, 2], generator())
    assert pictures.shape == (3, 3, 32, 32)
    assert lines.shape == (3, 1, 32, 32)
    assert float(lines.mean()) > 0
    assert float(lines.min()) < -0.8
    shown, all_drawings = data.examples()
    assert len(shown) == 4
    assert all_drawings.shape == (5, 1, 32, 32)


def test_every_folder_of_pictures_has_the_same_share(illustrations, drawings):
    data = LinePictures([illustrations / "full", drawings], drawings, 32, 36, most_drawings=0, seed=0)
    assert len(data) == 24
    pictures, _ = data.batch(range(24), generator())
    is_grey = (pictures[:, 0] == pictures[:, 2]).flatten(1).all(1)
    assert is_grey.tolist() == [False, True] * 12


def test_too_few_drawings_are_told(tmp_path):
    Image.new("L", (32, 32), 255).save(tmp_path / "one.png")
    with pytest.raises(ConfigError, match="holds 1 pictures"):
        FolderPictures(Path(tmp_path), 32, "L")
