"""Draws how the codes of photos lie beside random ones, and what each layer's latents tell.

The paper's figure 2, with principal components in the place of t-SNE, which draws clusters where there are none.
"""

from collections.abc import Mapping, Sequence

import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

__all__ = ["latent_plot", "principal_places"]

SIDE, MARGIN, LINE = 480, 40, 18  # pixels of a panel, about it, and of a line of its legend
INK, PALE = (30, 30, 30), (205, 205, 205)
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
COLOURS = ((0, 114, 178), (213, 94, 0), (0, 158, 115), (204, 121, 167), (230, 159, 0), (86, 180, 233))
"""That people with any kind of sight tell apart (Okabe and Ito, 2008)."""


def principal_places(sets: Sequence[Tensor]) -> list[Tensor]:
    """Codes [N, L, D] of each set by their two strongest principal components, [N, 2]; every set counts as much."""
    flat = [codes.double().flatten(1) for codes in sets]
    centre = torch.stack([vectors.mean(0) for vectors in flat]).mean(0)
    weighted = torch.cat([(vectors - centre) / len(vectors) ** 0.5 for vectors in flat])
    _, _, axes = torch.linalg.svd(weighted, full_matrices=False)
    # An axis may point either way: its largest entry is made positive.
    axes = axes[:2] * axes[:2].gather(1, axes[:2].abs().argmax(1, keepdim=True)).sign()
    return [(vectors - centre) @ axes.T for vectors in flat]


def latent_plot(found: Mapping[str, Tensor], random: Tensor, nats: Sequence[float]) -> Image.Image:
    """Left, points: random codes [M, L, D] in grey and those of photos by name. Right, bars: each layer's nats.

    Args: nats: none where the encoder has no variance; then there are no bars.
    """
    page = Image.new("RGB", (2 * (SIDE + MARGIN) + MARGIN, SIDE + 2 * MARGIN + LINE * (len(found) + 1)), "white")
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(14)
    draw.text((MARGIN, 10), "Style codes by their first two principal components", INK, font)
    draw_points(draw, principal_places([random, *found.values()]))
    below = MARGIN + SIDE + 10
    for line, (name, colour) in enumerate(zip(("random latents", *found), (PALE, *COLOURS), strict=False)):
        dot(draw, MARGIN + 8, below + line * LINE + 8, colour, 5)
        draw.text((MARGIN + 22, below + line * LINE), name, INK, font)
    draw.text((2 * MARGIN + SIDE, 10), "What each layer's latents tell, in nats", INK, font)
    draw_bars(draw, nats, font)
    return page


def draw_points(draw: ImageDraw.ImageDraw, sets: Sequence[Tensor]) -> None:
    everything = torch.cat(list(sets))
    low, high = everything.amin(0), everything.amax(0)
    scale = (SIDE - 20) / float((high - low).max().clamp(min=1e-9))
    middle = (low + high) / 2
    draw.rectangle((MARGIN, MARGIN, MARGIN + SIDE, MARGIN + SIDE), outline=PALE)
    for places, colour, radius in zip(sets, (PALE, *COLOURS), (2, *[3] * len(COLOURS)), strict=False):
        for x, y in ((places - middle) * scale + MARGIN + SIDE / 2).tolist():
            dot(draw, x, y, colour, radius)


def draw_bars(draw: ImageDraw.ImageDraw, nats: Sequence[float], font: Font) -> None:
    left, bottom = 2 * MARGIN + SIDE, MARGIN + SIDE
    draw.line((left, bottom, left + SIDE, bottom), INK)
    width, most = SIDE / max(len(nats), 1), max([*nats, 1e-9])
    for layer, value in enumerate(nats):
        x, height = left + layer * width, (SIDE - LINE) * value / most
        draw.rectangle((x + 2, bottom - height, x + width - 2, bottom), COLOURS[0])
        draw.text((x + width / 2, bottom - height - 2), f"{value:.3g}", INK, font, "mb")
        draw.text((x + width / 2, bottom + 4), str(layer + 1), INK, font, "mt")


def dot(draw: ImageDraw.ImageDraw, x: float, y: float, colour: tuple[int, int, int], radius: int) -> None:
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), colour)
