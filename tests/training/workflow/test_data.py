"""Stage pictures stay aligned, and their order depends on seed and place alone."""

import io

import pyarrow as pa
import pytest
import torch
from PIL import Image
from pyarrow import parquet
from stage_folders import STAGES, draw_stages, write_stage_folder

from artmodels.errors import ConfigError, PictureError
from training.workflow import data as workflow_data
from training.workflow.data import StagePictures, random_crop_and_flip, random_hues, rotate_hue
from training.workflow.settings import GENERATION_PRESETS, INFERENCE_PRESETS, REGULARISER_PRESETS, TINY


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


def test_pictures_that_do_not_fit_into_memory_are_read_again(folder, monkeypatch):
    kept = StagePictures(folder, TINY, load_size=16, split="train")
    monkeypatch.setattr(workflow_data, "MOST_BYTES", 16 * 16 * 7 - 1)
    fresh = StagePictures(folder, TINY, load_size=16, split="train")
    for _ in range(2):
        assert all(torch.equal(a, b) for a, b in zip(kept.batch([0, 1]), fresh.batch([0, 1]), strict=True))
    assert len(kept._cache) == 2
    assert not fresh._cache


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


def test_pictures_whose_colours_are_directions_are_not_mirrored():
    batch = torch.rand(16, 3, 8, 8)
    (same,) = random_crop_and_flip([batch], 8, torch.Generator().manual_seed(0), mirrored=0.0)
    assert torch.equal(same, batch)
    for presets in (INFERENCE_PRESETS, GENERATION_PRESETS, REGULARISER_PRESETS):
        for preset in ("paper-chair", "starter-chairs"):
            assert presets[preset].mirrored == 0


def test_wrong_places_and_missing_pictures_are_told(folder, tmp_path):
    with pytest.raises(ConfigError, match="metadata"):
        StagePictures(tmp_path, TINY, load_size=64, split="train")
    with pytest.raises(ConfigError, match="validation"):
        StagePictures(folder, TINY, load_size=64, split="validation")
    (write_stage_folder(tmp_path) / "flat" / "000001.png").unlink()
    with pytest.raises(PictureError, match=r"flat.000001\.png"):
        StagePictures(tmp_path, TINY, load_size=64, split="train").batch([0])


@pytest.mark.parametrize("line", ["no JSON", '{"file_name": "a.png"}', '["000001"]', '{"id": 1, "split": "train"}'])
def test_metadata_of_another_form_is_told_with_its_line(tmp_path, line):
    metadata = write_stage_folder(tmp_path) / "metadata.jsonl"
    metadata.write_text(f'{{"id": "000000", "split": "train"}}\n\n{line}\n')
    with pytest.raises(ConfigError, match=r"metadata\.jsonl, line 3"):
        StagePictures(tmp_path, TINY, load_size=64, split="train")


def test_transparency_lies_on_white(tmp_path):
    folder = write_stage_folder(tmp_path)
    for stage in STAGES:
        Image.new("RGBA", (64, 64), (0, 0, 0, 0)).save(folder / stage / "000001.png")
    pictures = StagePictures(tmp_path, TINY, load_size=64, split="train")
    index = [row[0].stem for row in pictures.rows].index("000001")
    assert all(bool((stage == 1).all()) for stage in pictures.batch([index]))


def luminance(pictures):
    return (pictures * torch.tensor((0.299, 0.587, 0.114))[:, None, None]).sum(1)


@pytest.fixture
def muted():
    """Colours so near to grey that no angle takes them out of the range."""
    generator = torch.Generator().manual_seed(0)
    grey = torch.rand(6, 1, 5, 5, generator=generator) - 0.5
    return grey + 0.1 * (torch.rand(6, 3, 5, 5, generator=generator) - 0.5)


def test_hues_turn_about_their_luminance(muted):
    angles = torch.linspace(0.1, 6, 6)
    turned = rotate_hue(muted, angles)
    torch.testing.assert_close(luminance(turned), luminance(muted), rtol=0, atol=1e-6)
    assert ((turned - muted).abs().amax(dim=(1, 2, 3)) > 0.005).all()


def test_a_quarter_turn_takes_u_to_v_and_half_a_turn_takes_each_colour_to_its_opposite(muted):
    def u_and_v(pictures):
        grey = luminance(pictures)
        return 0.492 * (pictures[:, 2] - grey), 0.877 * (pictures[:, 0] - grey)

    u, v = u_and_v(muted)
    turned_u, turned_v = u_and_v(rotate_hue(muted, torch.full((6,), torch.pi / 2)))
    torch.testing.assert_close(turned_u, -v, rtol=0, atol=1e-6)
    torch.testing.assert_close(turned_v, u, rtol=0, atol=1e-6)
    opposite = rotate_hue(muted, torch.full((6,), torch.pi))
    torch.testing.assert_close(opposite, 2 * luminance(muted)[:, None] - muted, rtol=0, atol=1e-6)


def test_turns_add_up_and_a_whole_one_is_none(muted):
    first, second = torch.linspace(0, 5, 6), torch.linspace(3, -1, 6)
    torch.testing.assert_close(
        rotate_hue(rotate_hue(muted, first), second), rotate_hue(muted, first + second), rtol=0, atol=1e-6
    )
    torch.testing.assert_close(rotate_hue(muted, torch.full((6,), 2 * torch.pi)), muted, rtol=0, atol=1e-6)


def test_no_turn_changes_no_bit_and_greys_stay():
    pictures = torch.rand(3, 3, 4, 4, generator=torch.Generator().manual_seed(1)) * 2 - 1
    assert torch.equal(rotate_hue(pictures, torch.zeros(3)), pictures)
    greys = pictures[:, :1].expand(-1, 3, -1, -1)
    torch.testing.assert_close(rotate_hue(greys, torch.tensor((1.0, 2.0, 3.0))), greys, rtol=0, atol=1e-6)
    white = torch.ones(1, 3, 2, 2)
    torch.testing.assert_close(rotate_hue(white, torch.tensor((2.0,))), white, rtol=0, atol=1e-6)


def test_colours_that_leave_the_range_are_clamped():
    yellow = torch.tensor((1.0, 0.6, -0.8))[None, :, None, None]
    turned = rotate_hue(yellow, torch.tensor((torch.pi,)))
    grey = float(luminance(yellow))
    torch.testing.assert_close(turned.flatten(), torch.tensor((2 * grey - 1, 2 * grey - 0.6, 1.0)))


def test_all_coloured_stages_of_a_picture_turn_together_and_lines_never(muted):
    line = torch.rand(6, 1, 5, 5)
    stages = random_hues([line, muted, muted + 0.1], 1.0, torch.Generator().manual_seed(3))
    assert torch.equal(stages[0], line)
    torch.testing.assert_close(stages[1] + 0.1, stages[2])
    assert all((after - before).abs().max() > 1e-4 for after, before in zip(stages[1], muted, strict=True))
    again = random_hues([line, muted, muted + 0.1], 1.0, torch.Generator().manual_seed(3))
    assert all(torch.equal(one, other) for one, other in zip(stages, again, strict=True))


def test_the_share_of_turned_pictures_is_the_asked_one():
    pictures = torch.tensor((0.3, 0.0, -0.3))[None, :, None, None].expand(1000, 3, 1, 1)
    (turned,) = random_hues([pictures], 0.3, torch.Generator().manual_seed(0))
    share = (turned != pictures).flatten(1).any(1).float().mean()
    assert 0.25 < share < 0.35
