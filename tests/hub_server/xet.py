"""Reads which xet hash belongs to which sha256 out of the shards that `hf_xet` leaves in a local store.

The layout is the "shard" of https://huggingface.co/docs/xet: records of 48 bytes, each beginning with a hash.
"""

import struct
from pathlib import Path
from typing import NamedTuple

RECORD = 48
VERIFIED, HAS_METADATA = 1 << 31, 1 << 30
LAST = b"\xff" * 32


class XetFile(NamedTuple):
    """A file in a xet store."""

    xet_hash: str
    size: int


def files_by_sha256(store: Path) -> dict[str, XetFile]:
    """Return every file that was uploaded to the local xet `store`."""
    return {
        sha256: file
        for shard in sorted(store.rglob("shards/*.mdb"))
        for sha256, file in _read_shard(shard.read_bytes()).items()
    }


def _read_shard(shard: bytes) -> dict[str, XetFile]:
    files, at = {}, RECORD  # one record of header
    while shard[at : at + 32] != LAST:
        flags, segments = struct.unpack_from("<II", shard, at + 32)
        records = segments * (2 if flags & VERIFIED else 1)
        lengths = [struct.unpack_from("<I", shard, at + RECORD * (1 + i) + 36)[0] for i in range(segments)]
        metadata = at + RECORD * (1 + records)
        if flags & HAS_METADATA:
            files[_text(shard[metadata : metadata + 32])] = XetFile(_text(shard[at : at + 32]), sum(lengths))
        at = metadata + (RECORD if flags & HAS_METADATA else 0)
    return files


def _text(hash_bytes: bytes) -> str:
    return "".join(f"{word:016x}" for word in struct.unpack("<4Q", hash_bytes))
