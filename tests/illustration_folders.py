"""Small folders as the illustrations recipe writes them, of simple drawings whose regions and colours are exact."""

import json
from pathlib import Path

import numpy as np
from PIL import Image

from training.colourable import REGIONS, Colourable, paint
from training.recipes.palettes import choose_colouring

SIZE = 32


def draw_regions(number: int) -> np.ndarray:
    """A head with hair above, eyes, and clothes below; uint8 [S, S]."""
    generator = np.random.default_rng(number)
    regions = np.zeros((SIZE, SIZE), np.uint8)
    left, top = generator.integers(6, 10), generator.integers(3, 7)
    regions[24:] = 5
    regions[24:26, 12:20] = 6
    regions[top + 4 : 25, left : left + 14] = 2
    regions[top : top + 8, left : left + 14] = 1
    regions[top + 9 : top + 12, left + 3 : left + 6] = 3
    return regions


def edges(regions: np.ndarray) -> np.ndarray:
    """0 where a region ends, 255 elsewhere; uint8."""
    line = np.full(regions.shape, 255, np.uint8)
    line[1:][regions[1:] != regions[:-1]] = 0
    line[:, 1:][regions[:, 1:] != regions[:, :-1]] = 0
    return line


def write_illustrations(root: Path, *, drawings: int = 8, colourings: int = 2) -> Path:
    rows = []
    for number in range(drawings):
        regions = draw_regions(number)
        line = edges(regions)
        for again in range(colourings):
            colouring = choose_colouring(np.random.default_rng([number, again]), can_be_patterned=False)
            colours = np.array([[colouring.colours[name] for name in REGIONS]], np.float32) / 255
            unlit = Colourable(regions, line, np.zeros_like(line), np.zeros_like(line))
            full = ((paint([unlit], colours)[0].permute(1, 2, 0) + 1) * 127.5).round().byte().numpy()
            name = f"{number:06d}-{again:02d}"
            for stage, picture in (("line", line), ("regions", regions), ("full", full)):
                (root / stage).mkdir(parents=True, exist_ok=True)
                Image.fromarray(picture).save(root / stage / f"{name}.png")
            parts = ("hair", "eyes", "skin", "clothes", "accent", "background")
            rows.append({
                "id": name, "drawing": number, "split": "test" if number % 4 == 0 else "train",
                "tags": [*(f"{colouring.names[part]}_{part}" for part in parts), "tee", "glasses"],
                "colours": {region: "#{:02x}{:02x}{:02x}".format(*colouring.colours[region]) for region in REGIONS},
                "pattern": "plain", "light": "left" if number % 3 else "right",
            })  # fmt: skip
    (root / "metadata.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return root
