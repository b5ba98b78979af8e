"""What the trainings of sketch to image are tested on."""

import numpy as np
import pytest
from accelerate.state import AcceleratorState
from illustration_folders import write_illustrations
from PIL import Image, ImageDraw


@pytest.fixture(scope="module")
def illustrations(tmp_path_factory):
    return write_illustrations(tmp_path_factory.mktemp("illustrations"))


@pytest.fixture(scope="module")
def drawings(tmp_path_factory):
    """Circles in ink, wider than high."""
    root = tmp_path_factory.mktemp("drawings")
    for number in range(5):
        page = Image.new("L", (60, 48), 255)
        left = int(np.random.default_rng(number).integers(4, 20))
        ImageDraw.Draw(page).ellipse((left, 8, left + 30, 38), outline=0, width=3)
        page.save(root / f"{number}.png")
    return root


@pytest.fixture(autouse=True)
def fresh_accelerator():
    """Accelerate keeps its precision for the life of a process."""
    yield
    AcceleratorState._reset_state(reset_partial_state=True)
