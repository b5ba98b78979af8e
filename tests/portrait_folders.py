"""Small folders as the recipes of portraits write them: discs for faces on grounds of other colours."""

import json
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw


def draw_face(number: int, size: int = 16) -> Image.Image:
    ground, face, eyes = (tuple(colour) for colour in np.random.default_rng(number).integers(0, 256, (3, 3)).tolist())
    picture = Image.new("RGB", (size, size), ground)
    page, unit = ImageDraw.Draw(picture), size / 16
    page.ellipse((3 * unit, 2 * unit, 12 * unit, 14 * unit), fill=face)
    for left in (5, 9):
        page.rectangle((left * unit, 6 * unit, (left + 1) * unit, 8 * unit), fill=eyes)
    return picture


def write_portraits(root: Path, *, count: int = 8, size: int = 16) -> Path:
    """The last two are for tests."""
    (root / "full").mkdir(parents=True)
    rows = []
    for number in range(count):
        draw_face(number, size).save(root / "full" / f"{number:04d}.png")
        rows.append({"id": f"{number:04d}", "split": "train" if number < count - 2 else "test"})
    (root / "metadata.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return root
