"""Quartiles of learned regulariser weights, as numbers and drawn: biases beside scales (Tseng 2020, figure 10)."""

import torch
from PIL import Image, ImageDraw
from torch import Tensor

from artmodels.workflow.model import WorkflowEditor

__all__ = ["quartile_plot", "quartiles", "split_weight"]

KINDS = ("bias", "scale")
COLOURS = {"bias": (46, 110, 180), "scale": (214, 110, 40)}
BOX, GAP, TOP, BOTTOM, LEFT = 44, 26, 24, 300, 70


def split_weight(editor: WorkflowEditor, step: int) -> dict[str, Tensor]:
    """A step's learned w, apart: that of all biases and that of all scales of its AdaIN layers."""
    generator, _ = editor.step_networks(step)
    norms = 2 * len(generator.style)
    biases, scales = editor.adain_weight(step).detach().cpu().view(norms, 2, -1).unbind(1)
    return {"bias": biases.flatten(), "scale": scales.flatten()}


def quartiles(editor: WorkflowEditor) -> dict[str, list[float]]:
    """Least value, lower quartile, median, upper quartile and largest value of w, by "STAGE/bias" and "STAGE/scale"."""
    points = torch.linspace(0, 1, 5)
    return {
        f"{stage}/{kind}": torch.quantile(weight, points).tolist()
        for step, stage in enumerate(editor.config.stages[1:])
        for kind, weight in split_weight(editor, step).items()
    }


def quartile_plot(editor: WorkflowEditor) -> Image.Image:
    """A box from quartile to quartile with its median, and whiskers to the extremes, for each stage and kind."""
    found = quartiles(editor)
    highest = max(values[-1] for values in found.values()) or 1.0
    picture = Image.new("RGB", (LEFT + len(found) * (BOX + GAP) + GAP, BOTTOM + 44), "white")
    draw = ImageDraw.Draw(picture)
    draw_axis(draw, highest, picture.width)
    for number, (name, values) in enumerate(found.items()):
        left = LEFT + GAP + number * (BOX + GAP)
        rows = [BOTTOM - (BOTTOM - TOP) * value / highest for value in values]
        stage, kind = name.rsplit("/", 1)
        draw_box(draw, left, rows, COLOURS[kind])
        draw.text((left + BOX / 2, BOTTOM + 8), stage, fill="black", anchor="ma")
        draw.text((left + BOX / 2, BOTTOM + 22), kind, fill=COLOURS[kind], anchor="ma")
    return picture


def draw_axis(draw: ImageDraw.ImageDraw, highest: float, width: int) -> None:
    for part in range(5):
        row = BOTTOM - (BOTTOM - TOP) * part / 4
        draw.line([(LEFT, row), (width, row)], fill=(225, 225, 225))
        draw.text((LEFT - 6, row), f"{highest * part / 4:.2g}", fill="black", anchor="rm")
    draw.text((4, 4), "w", fill="black")


def draw_box(draw: ImageDraw.ImageDraw, left: float, rows: list[float], colour: tuple[int, int, int]) -> None:
    """Args: rows: of the least value, the quartiles and the largest value."""
    least, lower, median, upper, largest = rows
    middle = left + BOX / 2
    draw.line([(middle, least), (middle, largest)], fill=colour)
    for row in (least, largest):
        draw.line([(middle - 8, row), (middle + 8, row)], fill=colour)
    draw.rectangle([left, min(upper, lower - 1), left + BOX, lower], fill=colour)
    draw.line([(left, median), (left + BOX, median)], fill="white", width=2)
