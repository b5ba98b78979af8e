"""From a folder of pictures to a folder of stages: what every such recipe shares.

A recipe says how one picture is drawn; this file walks the folder, shares the work among processes, and writes

    OUT/<stage>/<id>.png     one folder a stage, the same file names in each
    OUT/metadata.jsonl       one row a picture: {"id", "split", "source", ...}, in the order of the sources
    OUT/recipe.json          the settings; another run into OUT must have the same

A file that cannot be used is left out and reported at the end. A run that was stopped continues where it stood, and
what comes out does not depend on that, nor on the number of processes.
"""

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from artmodels.errors import ArtModelsError, ConfigError, PictureError

__all__ = [
    "Drawing",
    "PictureFolder",
    "Recipe",
    "Report",
    "find_pictures",
    "kept_for_tests",
    "prepare_stages",
    "resized",
]

Row = dict[str, Any]
SUFFIXES = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})
TEST_SHARE = 1 / 32
"""Part of the pictures that are kept for tests where no number is asked for; the papers keep 1 in 30."""


class Drawing(NamedTuple):
    """The stages of one picture.

    pictures: for every stage of the recipe [H, W] or [H, W, 3] bytes, RGB.
    notes: what else belongs in the picture's row of the metadata; JSON-ready.
    """

    pictures: dict[str, NDArray[np.uint8]]
    notes: Row


class Recipe(NamedTuple):
    """How one picture is drawn.

    name, settings: kept in recipe.json. stages: first to last.
    draw: called with the path of a source, in another process, so it must be picklable. Raises PictureError or OSError
        for a source that cannot be used.
    """

    name: str
    settings: Row
    stages: tuple[str, ...]
    draw: Callable[[Path], Drawing]


class PictureFolder(NamedTuple):
    """The pictures of a folder: id → path, and the sources that were left out, with the reason."""

    root: Path
    pictures: dict[str, Path]
    unusable: dict[str, str]


@dataclass(frozen=True)
class Report:
    """What a run did: pictures drawn now, pictures that an earlier run had drawn, source → why it was left out."""

    drawn: int
    kept: int
    unusable: dict[str, str]
    seconds: float

    def __str__(self) -> str:
        pace = f", {self.seconds / self.drawn:.3f} s a picture" if self.drawn else ""
        lines = [f"{self.drawn} pictures drawn in {self.seconds:.1f} s{pace}; {self.kept} were already there"]
        if self.unusable:
            lines.append(f"{len(self.unusable)} left out:")
            lines += [f"  {source}: {reason}" for source, reason in sorted(self.unusable.items())]
        return "\n".join(lines)


class _Outcome(NamedTuple):
    id: str
    source: str
    row: Row | None
    reason: str


def find_pictures(root: Path) -> PictureFolder:
    """Finds every picture below a folder, sorted; the id is the path inside it, with "-" between its parts.

    Raises:
        ConfigError: no such folder, or no picture in it.
    """
    if not root.is_dir():
        raise ConfigError(f"{root} is not a folder of pictures")
    paths = (path for path in root.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    named = sorted((path.relative_to(root).as_posix(), path) for path in paths)
    found = PictureFolder(root, {}, {})
    for name, path in named:
        id = name.removesuffix(path.suffix).replace("/", "-")
        if name.startswith(".") or "/." in name:
            continue
        if id in found.pictures:
            other = found.pictures[id].relative_to(root).as_posix()
            found.unusable[name] = f"would have the same id, {id}, as {other}"
        else:
            found.pictures[id] = path
    if not found.pictures:
        raise ConfigError(f"{root} holds no picture; files that end in {' '.join(sorted(SUFFIXES))} are accepted")
    return found


def kept_for_tests(ids: Iterable[str], count: int | None) -> frozenset[str]:
    """Chooses the pictures that are kept for tests, by the hash of their ids alone.

    Args:
        ids: all of them.
        count: how many, those with the smallest hashes; None for each whose hash lies in the first 1/32, so that a
            folder that grows never moves a picture from one side to the other.

    Raises:
        ConfigError: a count that leaves nothing to train on, or a negative one.
    """
    places = {id: int.from_bytes(hashlib.sha256(id.encode()).digest()[:8], "big") / 2**64 for id in ids}
    if count is None:
        return frozenset(id for id, place in places.items() if place < TEST_SHARE)
    if not 0 <= count < len(places):
        raise ConfigError(f"{count} test pictures of {len(places)}: 0 to {len(places) - 1} are possible")
    return frozenset(sorted(places, key=lambda id: (places[id], id))[:count])


def resized(picture: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Resizes [H, W] or [H, W, 3] to size × size: area average down, bicubic up."""
    shrinks = min(picture.shape[:2]) >= size
    how = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(picture, (size, size), interpolation=how), np.uint8)


def prepare_stages(recipe: Recipe, source: PictureFolder, out: Path, *, test: int | None, jobs: int) -> Report:
    """Draws the stages of every picture of a folder; see the top of this file for what is written.

    Args:
        recipe: how.
        source: from what.
        out: to where; made if missing, continued if an earlier run was stopped.
        test: number of test pictures, see `kept_for_tests`.
        jobs: worker processes; 1 works in this one.

    Raises:
        ConfigError: `out` holds other stages, or lies inside the source; a bad `test` or `jobs`.
        PictureError: no picture could be used.
        ArtModelsError: a worker process died.
    """
    if jobs < 1:
        raise ConfigError(f"jobs must be at least 1, not {jobs}")
    tests = kept_for_tests(source.pictures, test)
    _claim(out, recipe, source.root)
    started = time.perf_counter()
    rows = {id: row for id, row in _finished_rows(out, recipe.stages).items() if id in source.pictures}
    kept, unusable = len(rows), dict(source.unusable)
    todo = [(id, path) for id, path in source.pictures.items() if id not in rows]
    with (out / "metadata.partial.jsonl").open("a", encoding="utf-8") as partial_rows:
        for outcome in _outcomes(recipe, source.root, out, todo, jobs):
            if outcome.row is None:
                unusable[outcome.source] = outcome.reason
                continue
            rows[outcome.id] = outcome.row
            # The line end comes first: it also ends a line that a stopped run left incomplete.
            partial_rows.write("\n" + json.dumps(outcome.row))
            partial_rows.flush()
    if not rows:
        first, reason = next(iter(sorted(unusable.items())))
        raise PictureError(f"none of the pictures in {source.root} could be used; {first}: {reason}")
    _write_metadata(out, [rows[id] for id in source.pictures if id in rows], tests)
    return Report(len(rows) - kept, kept, unusable, time.perf_counter() - started)


def _claim(out: Path, recipe: Recipe, source: Path) -> None:
    """Makes the folders, or checks that an earlier run had the same settings."""
    if out.resolve().is_relative_to(source.resolve()):
        raise ConfigError(f"the stages would lie among their sources: {out} is inside {source}")
    settings = {"recipe": recipe.name, "settings": recipe.settings, "stages": list(recipe.stages)}
    text = json.dumps(settings, indent=2) + "\n"
    claim = out / "recipe.json"
    if claim.exists() and claim.read_text(encoding="utf-8") != text:
        raise ConfigError(
            f"{out} was made with other settings, which {claim} shows; choose another folder or delete it"
        )
    for stage in recipe.stages:
        (out / stage).mkdir(parents=True, exist_ok=True)
        for leftover in (out / stage).glob(".*.part"):
            leftover.unlink()
    _write_whole(claim, text.encode())


def _finished_rows(out: Path, stages: tuple[str, ...]) -> dict[str, Row]:
    """Rows of earlier runs whose stages are all there."""
    present = set.intersection(*({path.stem for path in (out / stage).glob("*.png")} for stage in stages))
    rows = [row for name in ("metadata.jsonl", "metadata.partial.jsonl") for row in _read_rows(out / name)]
    return {row["id"]: row for row in rows if row["id"] in present}


def _read_rows(path: Path) -> Iterator[Row]:
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        try:
            row = json.loads(line)
        except json.JSONDecodeError:  # the run was stopped while it wrote this line
            continue
        yield {key: value for key, value in row.items() if key != "split"}


def _outcomes(recipe: Recipe, root: Path, out: Path, todo: list[tuple[str, Path]], jobs: int) -> Iterator[_Outcome]:
    """Draws everything that is left, in order, under a progress bar."""
    from tqdm import tqdm

    draw = partial(_draw_and_write, recipe, root, out)
    with _workers(min(jobs, len(todo))) as run:
        yield from tqdm(run(draw, todo), total=len(todo), desc=recipe.name, unit="picture", disable=None)


@contextmanager
def _workers(jobs: int) -> Iterator[Callable[..., Iterable[_Outcome]]]:
    """Gives `map` over worker processes; they are spawned, which is safe beside threads and on every system."""
    if jobs <= 1:
        yield map
        return
    pool = ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=_start_worker)
    try:
        yield partial(pool.map, chunksize=8)
    except BrokenProcessPool as error:
        raise ArtModelsError("a worker process died, perhaps for want of memory; run again with fewer jobs") from error
    finally:
        pool.shutdown(cancel_futures=True)


def _start_worker() -> None:
    cv2.setNumThreads(1)  # the processes are the parallelism


def _draw_and_write(recipe: Recipe, root: Path, out: Path, task: tuple[str, Path]) -> _Outcome:
    id, path = task
    source = path.relative_to(root).as_posix()
    try:
        drawing = recipe.draw(path)
    except (PictureError, OSError) as error:
        return _Outcome(id, source, None, str(error))
    for stage in recipe.stages:
        _write_whole(out / stage / f"{id}.png", _png(drawing.pictures[stage]))
    return _Outcome(id, source, {"id": id, "source": source, **drawing.notes}, "")


def _png(picture: NDArray[np.uint8]) -> bytes:
    written, data = cv2.imencode(".png", picture[..., ::-1] if picture.ndim == 3 else picture)
    assert written
    return bytes(data)


def _write_metadata(out: Path, rows: list[Row], tests: frozenset[str]) -> None:
    ordered = ({"id": row["id"], "split": "test" if row["id"] in tests else "train", **row} for row in rows)
    _write_whole(out / "metadata.jsonl", "".join(json.dumps(row) + "\n" for row in ordered).encode())
    (out / "metadata.partial.jsonl").unlink()


def _write_whole(path: Path, data: bytes) -> None:
    """Writes a file that is never seen half-written."""
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(data)
    part.replace(path)
