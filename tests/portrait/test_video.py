from pathlib import Path

import numpy as np
import pytest
from methods import drawing
from PIL import Image
from portrait_pictures import EYES, astronaut, difference

from artmodels import ConfigError, PictureError
from artmodels.portrait.video import even, stylize_video

av = pytest.importorskip("av")
pytest.importorskip("lz4")  # of the faces' detector


def write_video(path: Path, frames: list[Image.Image], *, sound: bool = False) -> Path:
    """Ten frames a second, with a tone if asked for."""
    with av.open(str(path), "w") as writer:
        stream = writer.add_stream("libx264", rate=10, options={"crf": "12"})
        stream.width, stream.height, stream.pix_fmt = *frames[0].size, "yuv420p"
        tone = writer.add_stream("aac", rate=44100, layout="mono") if sound else None
        for frame in frames:
            writer.mux(stream.encode(av.VideoFrame.from_image(frame)))
        writer.mux(stream.encode(None))
        if tone is not None:
            wave = np.sin(np.arange(44100 * len(frames) // 10) / 20).astype(np.float32)[None]
            samples = av.AudioFrame.from_ndarray(wave, format="fltp", layout="mono")
            samples.sample_rate = 44100
            writer.mux(tone.encode(samples))
            writer.mux(tone.encode(None))
    return path


def read_video(path: Path) -> tuple[list[Image.Image], list[float], list[str]]:
    """Its frames, their times in seconds, and the codecs of its sounds."""
    with av.open(str(path)) as reader:
        sounds = [stream.codec_context.name for stream in reader.streams.audio]
        frames = list(reader.decode(video=0))
        return [frame.to_image() for frame in frames], [frame.time for frame in frames], sounds


@pytest.fixture(scope="module")
def walk() -> list[Image.Image]:
    """A frame without a face, and a face that moves by three pixels a frame."""
    face = astronaut().crop((100, 0, 356, 224))
    return [
        drawing(256, 224),
        *(
            face.transform(face.size, Image.Transform.AFFINE, (1, 0, -3 * n, 0, 1, 0), fillcolor=(90, 90, 90))
            for n in range(3)
        ),
    ]


@pytest.mark.parametrize(("suffix", "sounds"), [(".mp4", ["aac"]), (".webm", [])])
def test_every_frame_keeps_its_time_and_the_face_becomes_a_portrait(stylizer, style, walk, tmp_path, suffix, sounds):
    source, seen = write_video(tmp_path / "in.mp4", walk, sound=True), []
    target = stylize_video(
        stylizer, source, tmp_path / f"out{suffix}", style=style, progress=lambda *step: seen.append(step)
    )
    frames, times, found_sounds = read_video(target)
    assert [frame.size for frame in frames] == [(256, 224)] * 4
    assert times == pytest.approx([0, 0.1, 0.2, 0.3], abs=0.002)
    assert found_sounds == sounds
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert difference(frames[0], walk[0]) < 6
    x, y = EYES.mean(axis=0).astype(int) - (100, 0)
    for number, (frame, before) in enumerate(zip(frames[1:], walk[1:], strict=True)):
        box = (x + 3 * number - 20, y - 20, x + 3 * number + 20, y + 30)
        assert difference(frame.crop(box), before.crop(box)) > 15
        assert difference(frame.crop((0, 200, 30, 224)), before.crop((0, 200, 30, 224))) < 9  # coded twice


def test_portraits_alone_begin_with_the_first_face(stylizer, style, walk, tmp_path):
    source = write_video(tmp_path / "in.mp4", walk)
    frames, times, _ = read_video(stylize_video(stylizer, source, tmp_path / "out.mp4", style=style, paste_back=False))
    assert [frame.size for frame in frames] == [(32, 32)] * 3
    assert np.diff(times) == pytest.approx([0.1, 0.1], abs=0.002)


def test_a_video_without_a_face_leaves_nothing_behind(stylizer, style, walk, tmp_path):
    source = write_video(tmp_path / "in.mp4", [walk[0]] * 2)
    with pytest.raises(PictureError, match="no face"):
        stylize_video(stylizer, source, tmp_path / "out.mp4", style=style)
    assert list(tmp_path.iterdir()) == [source]


def test_a_file_that_is_no_video_and_a_kind_that_is_none_are_refused(stylizer, style, tmp_path):
    (tmp_path / "in.mp4").write_bytes(b"no video")
    for source, target, culprit in (
        ("in.mp4", "out.mp4", "in.mp4"),
        ("missing.mp4", "out.mp4", "missing.mp4"),
        ("in.mp4", "out.gif", ".webm"),
        ("in.mp4", "no/folder/out.mp4", "out.mp4"),
    ):
        with pytest.raises(PictureError, match=culprit):
            stylize_video(stylizer, tmp_path / source, tmp_path / target, style=style)
    assert [path.name for path in tmp_path.iterdir()] == ["in.mp4"]


def test_without_pyav_one_sentence_says_what_to_install(stylizer, style, tmp_path, monkeypatch):
    monkeypatch.setattr("artmodels.portrait.video.find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"artmodels\[video\]"):
        stylize_video(stylizer, tmp_path / "in.mp4", tmp_path / "out.mp4", style=style)


def test_odd_sides_lose_a_row_or_column():
    assert even(Image.new("RGB", (31, 20))).size == (30, 20)
