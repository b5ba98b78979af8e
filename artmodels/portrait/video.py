"""Videos of faces to videos of portraits."""

from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from PIL import Image

from artmodels.errors import ArtModelsError, ConfigError, PictureError
from artmodels.images import PictureSource
from artmodels.portrait.model import PortraitStylizer
from artmodels.portrait.motion import animate
from artmodels.portrait.opening import OpenedPortrait
from artmodels.results import Result

__all__ = ["animate_video", "stylize_video"]

Remake = Callable[[Iterable[Image.Image]], Iterator[Result | None]]
"""Frames to a result for each, or to None where there is none."""

CODECS = {".mp4": ("libx264", "yuv420p"), ".webm": ("libvpx-vp9", "yuv420p")}
SOUNDS = {".mp4": {"aac", "mp3", "opus"}, ".webm": {"opus", "vorbis"}}
QUALITY = {".mp4": {"crf": "18"}, ".webm": {"crf": "24", "b": "0", "deadline": "realtime", "cpu-used": "5"}}


def stylize_video(
    stylizer: PortraitStylizer,
    source: str | Path,
    target: str | Path,
    *,
    progress: Callable[[int, int], None] | None = None,
    **wishes: Any,
) -> Path:
    """Makes a portrait of one face in each frame of a video; frames before it is first seen stay as they are.

    The sound stays where the new file's kind can hold it. The file appears whole or not at all.

    Args:
        target: a .mp4 (H.264) or .webm (VP9) file.
        progress: called after each frame with its number and how many there are, 0 where that is not known.
        wishes: as of `PortraitStylizer.stylize_frames`. Portraits alone, with `paste_back=False`, begin with the first
            frame that has a face.
    Raises:
        CheckpointError, HubError: the style cannot be loaded.
        ConfigError: a wish out of its range, or PyAV is not installed.
        PictureError: the video cannot be read or written, or there is no face in it.
    """
    is_whole = wishes.get("paste_back", True)
    return _remade(source, target, lambda frames: stylizer.stylize_frames(frames, **wishes), is_whole, progress)


def animate_video(
    stylizer: PortraitStylizer,
    photo: PictureSource | OpenedPortrait,
    source: str | Path,
    target: str | Path,
    *,
    progress: Callable[[int, int], None] | None = None,
    **wishes: Any,
) -> Path:
    """Makes a video of one photo's portrait that moves as the face in a driving video does, with the latter's sound.

    It begins with the first frame that has a face.

    Args:
        photo: whom the portrait shows, as in `animate`.
        source: the driving video.
        target, progress: as in `stylize_video`.
        wishes: as of `animate`.
    Raises:
        CheckpointError, ConfigError, HubError, PictureError: as in `stylize_video`.
    """
    return _remade(source, target, lambda frames: animate(stylizer, photo, frames, **wishes), False, progress)


def _remade(
    source: str | Path, target: str | Path, remake: Remake, is_whole: bool, progress: Callable[[int, int], None] | None
) -> Path:
    """Args: is_whole: whether frames of which nothing is made are kept as they are."""
    source, target = Path(source), Path(target)
    if target.suffix.lower() not in CODECS:
        raise PictureError(f"cannot write {target}: a video's name must end in {' or '.join(CODECS)}")
    if find_spec("av") is None:
        raise ConfigError("videos are read and written with PyAV, which is not here: pip install 'artmodels[video]'")
    if not source.is_file():
        raise PictureError(f"there is no file {source}")
    part = target.with_name(f".{target.stem}.part{target.suffix}")
    av = import_module("av")
    try:
        with av.open(str(source)) as reader, av.open(str(part), "w") as writer:
            redraw(Film(reader, writer, target.suffix.lower()), remake, is_whole, progress)
        part.replace(target)
    except ArtModelsError:
        raise
    except (av.error.FFmpegError, OSError) as error:
        raise PictureError(f"the video {source} cannot be made into {target}: {error}") from error
    finally:
        part.unlink(missing_ok=True)
    return target


class Film:
    """One video read and another written, frame by frame, with the first one's sound.

    Args: reader, writer: containers of PyAV. suffix: the kind that is written.
    Raises:
        PictureError: no moving picture in what is read.
    """

    def __init__(self, reader: Any, writer: Any, suffix: str):
        if not reader.streams.video:
            raise PictureError(f"{reader.name} holds no moving picture")
        self.reader, self.writer, self.pixels = reader, writer, CODECS[suffix][1]
        self.video = reader.streams.video[0]
        self.sound = next((one for one in reader.streams.audio if one.codec_context.name in SOUNDS[suffix]), None)
        rate = self.video.average_rate or 25
        self.output = writer.add_stream(CODECS[suffix][0], rate=rate, options=QUALITY[suffix])
        self.sound_output = None if self.sound is None else writer.add_stream_from_template(self.sound)
        self.packets: list[Any] = []  # of sound: nothing can be written before the pictures' size is known
        self.frame: Any = None
        self.is_begun = False

    def pictures(self) -> Iterator[Image.Image]:
        """Each frame as players show it; `frame` is the one that was read last."""
        for packet in self.reader.demux([one for one in (self.video, self.sound) if one is not None]):
            if packet.stream.type == "video":
                for self.frame in packet.decode():
                    yield upright(self.frame)
            elif packet.dts is not None:
                self.packets.append(packet)

    def write(self, picture: Image.Image) -> None:
        """Writes a picture in the place of the frame that was read last, and the sound so far."""
        picture = even(picture)
        if not self.is_begun:
            self.output.width, self.output.height, self.output.pix_fmt = *picture.size, self.pixels
            self.output.codec_context.time_base = self.video.time_base
            self.is_begun = True
        redrawn = type(self.frame).from_image(picture)
        redrawn.pts, redrawn.time_base = self.frame.pts, self.frame.time_base
        self.writer.mux(self.output.encode(redrawn))
        self.write_sound()

    def write_sound(self) -> None:
        for packet in self.packets:
            packet.stream = self.sound_output
            self.writer.mux(packet)
        self.packets.clear()

    def finish(self) -> None:
        """Writes what the encoder still holds."""
        self.writer.mux(self.output.encode(None))
        self.write_sound()


def redraw(film: Film, remake: Remake, is_whole: bool, progress: Callable[[int, int], None] | None) -> None:
    has_face = False
    for number, result in enumerate(remake(film.pictures()), start=1):
        has_face = has_face or result is not None
        if result is not None:
            film.write(result.image)
        elif is_whole:
            film.write(upright(film.frame))
        if progress is not None:
            progress(number, film.video.frames)
    if not has_face:
        raise PictureError(f"no face was found in {film.reader.name}")
    film.finish()


def upright(frame: Any) -> Image.Image:
    """A frame's picture as players show it, turned as the camera was held."""
    picture: Image.Image = frame.to_image()
    return picture.rotate(frame.rotation, expand=True) if frame.rotation else picture


def even(picture: Image.Image) -> Image.Image:
    """A picture without its last row or column where codecs want even sides."""
    return picture.crop((0, 0, max(2, picture.width // 2 * 2), max(2, picture.height // 2 * 2)))
