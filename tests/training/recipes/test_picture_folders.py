import json
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from artmodels.errors import ConfigError
from training.recipes.anime import AnimeConfig, draw_anime, prepare_anime
from training.recipes.picture_folders import Recipe, find_pictures, kept_for_tests, prepare_stages, resized

CONFIG = AnimeConfig(size=16, segments=4)


@pytest.fixture
def pictures(tmp_path):
    root = tmp_path / "pictures"
    root.mkdir()
    for seed in range(12):
        pixels = np.random.default_rng(seed).integers(0, 255, (20, 20, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(root / f"{seed:02d}.png")
    return root


def files_of(out):
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*") if path.is_file()}


def stop_at(name: str, path: Path):
    """Draws like the anime recipe, until the machine is switched off."""
    if path.name == name:
        raise KeyboardInterrupt
    return draw_anime(path, config=CONFIG)


def stopped_run(pictures, out, at):
    from dataclasses import asdict

    recipe = Recipe("anime", asdict(CONFIG), ("line", "rough", "full"), partial(stop_at, at))
    with pytest.raises(KeyboardInterrupt):
        prepare_stages(recipe, find_pictures(pictures), out, test=3, jobs=1)


def test_a_run_that_was_stopped_continues_and_ends_the_same(pictures, tmp_path):
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    prepare_anime(pictures, whole, CONFIG, test=3)
    stopped_run(pictures, stopped, at="07.png")
    assert not (stopped / "metadata.jsonl").exists()
    # What a power cut leaves behind: half a row, a stage that was not renamed, a stage without its row.
    with (stopped / "metadata.partial.jsonl").open("a") as rows:
        rows.write('\n{"id": "07", "sour')
    (stopped / "rough" / ".07.png.part").write_bytes(b"half")
    (stopped / "line" / "07.png").write_bytes((whole / "line" / "03.png").read_bytes())
    report = prepare_anime(pictures, stopped, CONFIG, test=3)
    assert (report.drawn, report.kept) == (5, 7)
    assert files_of(stopped) == files_of(whole)


def test_a_stage_that_was_lost_is_drawn_again(pictures, tmp_path):
    out = tmp_path / "out"
    prepare_anime(pictures, out, CONFIG)
    before = files_of(out)
    (out / "rough" / "05.png").unlink()
    report = prepare_anime(pictures, out, CONFIG)
    assert (report.drawn, report.kept) == (1, 11)
    assert files_of(out) == before


def test_a_finished_folder_takes_up_new_pictures_and_drops_removed_ones(pictures, tmp_path):
    prepare_anime(pictures, tmp_path / "out", CONFIG)
    (pictures / "00.png").rename(pictures / "99.png")
    report = prepare_anime(pictures, tmp_path / "out", CONFIG)
    assert (report.drawn, report.kept) == (1, 11)
    rows = [json.loads(line) for line in (tmp_path / "out" / "metadata.jsonl").read_text().splitlines()]
    assert [row["id"] for row in rows] == [f"{number:02d}" for number in (*range(1, 12), 99)]


def test_a_folder_with_other_settings_is_left_alone(pictures, tmp_path):
    prepare_anime(pictures, tmp_path / "out", CONFIG)
    before = files_of(tmp_path / "out")
    with pytest.raises(ConfigError, match=r"made with other settings, which .*recipe\.json shows"):
        prepare_anime(pictures, tmp_path / "out", AnimeConfig(size=16, segments=5))
    assert files_of(tmp_path / "out") == before


def test_stages_may_not_lie_among_their_sources(pictures):
    with pytest.raises(ConfigError, match="is inside"):
        prepare_anime(pictures, pictures / "out", CONFIG)
    assert not (pictures / "out").exists()


def test_the_second_of_two_pictures_with_one_id_is_left_out(pictures, tmp_path):
    (pictures / "a").mkdir()
    Image.new("RGB", (20, 20), "red").save(pictures / "a" / "b.png")
    Image.new("RGB", (20, 20), "blue").save(pictures / "a-b.jpg")
    report = prepare_anime(pictures, tmp_path / "out", CONFIG)
    assert report.unusable == {"a/b.png": "would have the same id, a-b, as a-b.jpg"}
    assert report.drawn == 13


def test_a_folder_without_pictures_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("")
    with pytest.raises(ConfigError, match=r"holds no picture; files that end in \.bmp .* are accepted"):
        find_pictures(tmp_path)


@pytest.mark.parametrize("jobs", [0, -2])
def test_jobs_must_be_positive(jobs, pictures, tmp_path):
    with pytest.raises(ConfigError, match=f"jobs must be at least 1, not {jobs}"):
        prepare_anime(pictures, tmp_path / "out", CONFIG, jobs=jobs)


def test_the_split_depends_on_ids_alone():
    ids = [f"{number:05d}" for number in range(3000)]
    for count in (0, 1, 100):
        chosen = kept_for_tests(ids, count)
        assert len(chosen) == count
        assert chosen == kept_for_tests(reversed(ids), count)
    assert kept_for_tests(ids, 50) < kept_for_tests(ids, 100)


def test_without_a_count_one_in_32_is_kept_and_growing_moves_nothing():
    ids = [f"{number:05d}" for number in range(6400)]
    kept = kept_for_tests(ids, None)
    assert 150 <= len(kept) <= 250
    assert kept_for_tests(ids[:3000], None) == kept & set(ids[:3000])


@pytest.mark.parametrize("count", [-1, 3, 4])
def test_a_split_that_leaves_nothing_to_train_on_is_refused(count):
    with pytest.raises(ConfigError, match=f"{count} test pictures of 3: 0 to 2 are possible"):
        kept_for_tests(["a", "b", "c"], count)


@pytest.mark.parametrize("size", [8, 32])
def test_resizing_an_even_picture_keeps_its_colour(size):
    picture = np.full((16, 16, 3), (3, 140, 255), np.uint8)
    assert (resized(picture, size) == (3, 140, 255)).all()
    assert resized(picture[..., 0], size).shape == (size, size)
