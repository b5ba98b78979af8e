"""Writes aligned stage pictures as a folder or as Parquet for `datasets`, with a card; complete or not at all."""

import json
import multiprocessing
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from artmodels.errors import ConfigError

__all__ = ["FORMATS", "Item", "check_target", "render_in_order", "write_folder", "write_parquet"]

FORMATS = ("folder", "parquet")
ROWS_PER_GROUP = 100


class Item(NamedTuple):
    """One item: its metadata (with "id" and "split") and PNG bytes by stage."""

    row: dict[str, Any]
    pictures: dict[str, bytes]


def render_in_order(render: Callable[[int], list[Item]], count: int, *, pictures: int, jobs: int) -> Iterator[Item]:
    """What `render` makes of 0 to `count` - 1, in that order whatever the number of worker processes.

    Args: pictures: how many items a call gives, for the progress bar.
    """
    import cv2
    from tqdm import tqdm

    cv2.setNumThreads(1)
    with tqdm(total=count * pictures, unit="picture", disable=None) as bar:
        if jobs == 1:
            for index in range(count):
                yield from render(index)
                bar.update(pictures)
            return
        with multiprocessing.get_context("spawn").Pool(jobs, initializer=cv2.setNumThreads, initargs=(1,)) as pool:
            for items in pool.imap(render, range(count), chunksize=4):
                yield from items
                bar.update(pictures)


def check_target(target: Path) -> None:
    """Raises ConfigError unless `target` is absent or an empty folder."""
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise ConfigError(f"{target} exists and is not an empty folder; choose another --out or remove it first")


def write_folder(target: Path, items: Iterable[Item], card: str) -> None:
    """Writes STAGE/ID.png for every stage, metadata.jsonl and README.md."""
    with _replaced(target) as folder, (folder / "metadata.jsonl").open("w", encoding="utf-8") as metadata:
        (folder / "README.md").write_text(card, encoding="utf-8")
        for row, pictures in items:
            for stage, content in pictures.items():
                (folder / stage).mkdir(exist_ok=True)
                (folder / stage / f"{row['id']}.png").write_bytes(content)
            metadata.write(json.dumps(row) + "\n")


def write_parquet(target: Path, items: Iterable[Item], card: str) -> None:
    """Writes data/SPLIT.parquet with the pictures embedded as `datasets` Image columns, and README.md."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with _replaced(target) as folder:
        (folder / "README.md").write_text(card, encoding="utf-8")
        (folder / "data").mkdir()
        writers: dict[str, Any] = {}
        waiting: dict[str, list[Item]] = {}

        def flush(split: str) -> None:
            group = waiting.pop(split)
            schema = writers[split].schema if split in writers else _schema(group[0])
            if split not in writers:
                writers[split] = pq.ParquetWriter(folder / "data" / f"{split}.parquet", schema)
            writers[split].write_table(pa.Table.from_pylist([_flat_row(item) for item in group], schema=schema))

        try:
            for item in items:
                waiting.setdefault(item.row["split"], []).append(item)
                if len(waiting[item.row["split"]]) == ROWS_PER_GROUP:
                    flush(item.row["split"])
            for split in list(waiting):
                flush(split)
        finally:
            for writer in writers.values():
                writer.close()


@contextmanager
def _replaced(target: Path) -> Iterator[Path]:
    """A fresh folder beside `target` that takes its place at the end, and vanishes on any error."""
    check_target(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.parent / f".{target.name}.partial-{os.getpid()}"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    try:
        yield partial
        if target.exists():
            target.rmdir()
        partial.replace(target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _flat_row(item: Item) -> dict[str, Any]:
    pictures = {stage: {"bytes": content, "path": f"{item.row['id']}.png"} for stage, content in item.pictures.items()}
    return pictures | item.row


def _schema(item: Item) -> Any:
    """Arrow types of a row, with the `datasets` features in the schema's metadata."""
    import pyarrow as pa

    image = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    fields = [pa.field(stage, image) for stage in item.pictures]
    fields += [pa.field(name, _arrow_type(value)) for name, value in item.row.items()]
    features: dict[str, Any] = {stage: {"_type": "Image"} for stage in item.pictures}
    features |= {name: _feature(value) for name, value in item.row.items()}
    info = json.dumps({"info": {"features": features}})
    return pa.schema(fields, metadata={"huggingface": info})


def _arrow_type(value: Any) -> Any:
    import pyarrow as pa

    if isinstance(value, dict):
        return pa.struct([(name, _arrow_type(inner)) for name, inner in value.items()])
    if isinstance(value, list):
        return pa.list_(pa.string())
    return {bool: pa.bool_(), int: pa.int64(), float: pa.float64()}.get(type(value), pa.string())


def _feature(value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return {name: _feature(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return {"_type": "List", "feature": {"dtype": "string", "_type": "Value"}}
    names = {bool: "bool", int: "int64", float: "float64"}
    return {"dtype": names.get(type(value), "string"), "_type": "Value"}
