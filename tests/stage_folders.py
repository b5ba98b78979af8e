"""Small aligned stage pictures that training tests read: a disc on a ground, as lines, flat and finished."""

import json
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

STAGES = ("line", "flat", "full")


def draw_stages(number: int, size: int) -> list[Image.Image]:
    rng = np.random.default_rng(number)
    ground, disc = (tuple(int(value) for value in rng.integers(60, 255, 3)) for _ in range(2))
    centre, radius = rng.integers(size // 3, 2 * size // 3, 2), int(rng.integers(size // 8, size // 4))
    box = [*(int(c) - radius for c in centre), *(int(c) + radius for c in centre)]
    line, flat = Image.new("L", (size, size), 255), Image.new("RGB", (size, size), ground)
    ImageDraw.Draw(line).ellipse(box, outline=0, width=3)
    ImageDraw.Draw(flat).ellipse(box, fill=disc, outline=tuple(value // 2 for value in disc), width=3)
    full = flat.copy()
    ImageDraw.Draw(full).ellipse(box, outline=(20, 20, 20), width=3)
    return [line, flat, full]


def write_stage_folder(root: Path, *, count: int = 8, size: int = 72) -> Path:
    rows = []
    for number in range(count):
        for stage, picture in zip(STAGES, draw_stages(number, size), strict=True):
            (root / stage).mkdir(parents=True, exist_ok=True)
            picture.save(root / stage / f"{number:06d}.png")
        rows.append({"id": f"{number:06d}", "split": "test" if number % 4 == 0 else "train"})
    (root / "metadata.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return root
