"""Sample sheets: rows of pictures on one page."""

from collections.abc import Sequence

import torch
from PIL import Image
from torch import Tensor
from torchvision.utils import make_grid

from artmodels.images import to_picture

__all__ = ["picture_sheet"]


def picture_sheet(columns: Sequence[Tensor], padding: int = 4) -> Image.Image:
    """One row a sample, one column a kind.

    Args: columns: [B, 1 or 3, S, S] in [-1, 1] each, all of one B and S.
    """
    cells = torch.stack([column.float().cpu().expand(-1, 3, -1, -1) for column in columns], dim=1).flatten(0, 1)
    return to_picture(make_grid(cells, nrow=len(columns), padding=padding, pad_value=1.0).clamp(-1, 1))
