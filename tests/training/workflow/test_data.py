"""Stage pictures stay aligned, and their order depends on seed and place alone."""

import io

import pyarrow as pa
import pytest
import torch
from pyarrow import parquet
from stage_folders import STAGES, draw_stages, write_stage_folder

from artmodels.errors import ConfigError, PictureError
from training.workflow.data import StagePictures, random_crop_and_flip
from training.workflow.settings import TINY


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_stage_folder(tmp_path_factory.mktemp("stages"))


def test_batch_has_the_pictures_of_its_split_in_range(folder):
    pictures = StagePictures(folder, TINY, load_size=72, split="train")
    assert len(pictures) == 6
    batch = pictures.batch([0, 5])
    assert [stage.shape for stage in batch] == [(2, 1, 72, 72), (2, 3, 72, 72), (2, 3, 72, 72)]
    assert all(stage.min() >= -1 and stage.max() <= 1 for stage in batch)


def test_bytes_arrive_unchanged_at_their_own_size(folder):
    pictures = StagePictures(folder, TINY, load_size=72, split="test")
    flat = draw_stages(4, 72)[1]  # test pictures are numbers 0 and 4
    restored = ((pictures.batch([1])[1][0] + 1) * 127.5).round().byte().permute(1, 2, 0).numpy()
    assert restored.tobytes() == flat.tobytes()


def test_parquet_gives_the_same_batch_as_the_folder(folder, tmp_path):
    columns = {stage: [] for stage in STAGES}
    for number in (1, 2, 3, 5, 6, 7):
        for stage, picture in zip(STAGES, draw_stages(number, 72), strict=True):
            buffer = io.BytesIO()
            picture.save(buffer, "PNG")
            columns[stage].append({"bytes": buffer.getvalue(), "path": None})
    (tmp_path / "data").mkdir()
    parquet.write_table(pa.table(columns), tmp_path / "data" / "train.parquet")
    from_file = StagePictures(tmp_path, TINY, load_size=72, split="train").batch([1, 3])
    from_folder = StagePictures(folder, TINY, load_size=72, split="train").batch([1, 3])
    for one, other in zip(from_file, from_folder, strict=True):
        assert torch.equal(one, other)
    with pytest.raises(ConfigError, match="test"):
        StagePictures(tmp_path, TINY, load_size=72, split="test")


def test_order_covers_every_picture_once_a_turn_and_can_start_anywhere(folder):
    pictures = StagePictures(folder, TINY, load_size=72, split="train")
    order = pictures.indices(3, 0, 18)
    assert all(sorted(order[turn : turn + 6]) == list(range(6)) for turn in (0, 6, 12))
    assert pictures.indices(3, 5, 9) == order[5:14]
    assert pictures.indices(4, 0, 18) != order


def test_stages_are_cropped_and_flipped_together():
    ramp = torch.arange(20.0).expand(1, 1, 20, 20) + 20 * torch.arange(20.0)[:, None]
    batch = ramp.expand(16, 1, 20, 20)
    first, second = random_crop_and_flip([batch, batch + 1000], 12, torch.Generator().manual_seed(1))
    assert torch.equal(first + 1000, second)
    assert first.shape == (16, 1, 12, 12)
    assert {float(p[0, 0, 1] - p[0, 0, 0]) for p in first} == {1.0, -1.0}
    assert len({float(p.min()) for p in first}) > 4


def test_no_margin_means_no_crop():
    batch = torch.rand(4, 3, 8, 8)
    (same,) = random_crop_and_flip([batch], 8, torch.Generator().manual_seed(0))
    for picture, original in zip(same, batch, strict=True):
        assert torch.equal(picture, original) or torch.equal(picture, original.flip(-1))


def test_wrong_places_and_missing_pictures_are_told(folder, tmp_path):
    with pytest.raises(ConfigError, match="metadata"):
        StagePictures(tmp_path, TINY, load_size=64, split="train")
    with pytest.raises(ConfigError, match="validation"):
        StagePictures(folder, TINY, load_size=64, split="validation")
    (write_stage_folder(tmp_path) / "flat" / "000001.png").unlink()
    with pytest.raises(PictureError, match=r"flat.000001\.png"):
        StagePictures(tmp_path, TINY, load_size=64, split="train").batch([0])
