"""The patch discriminator that the generator trains against."""

from itertools import pairwise

import torch
from torch import Tensor, nn

__all__ = ["PatchDiscriminator"]


class PatchDiscriminator(nn.Module):
    """Scores each 8 x 8 pixels of a coloured sketch; no norms (paper section 3.2)."""

    def __init__(self, width: int = 64):
        super().__init__()
        widths = [4, width, 2 * width, 4 * width]
        layers: list[nn.Module] = []
        for before, after in pairwise(widths):
            layers += [nn.Conv2d(before, after, 3, 1, 1), nn.LeakyReLU(0.2)]
            layers += [nn.Conv2d(after, after, 3, 2, 1), nn.LeakyReLU(0.2)]
        layers += [nn.Conv2d(4 * width, 8 * width, 3, 1, 1), nn.LeakyReLU(0.2), nn.Conv2d(8 * width, 1, 3, 1, 1)]
        self.layers = nn.Sequential(*layers)
        for layer in self.layers:
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight)
                nn.init.zeros_(layer.bias)  # type: ignore[arg-type]

    def forward(self, sketch: Tensor, picture: Tensor) -> Tensor:
        """Args: sketch [B, 1, H, W]; picture [B, 3, H, W]. Returns: logits [B, 1, H/8, W/8]."""
        return self.layers(torch.cat((sketch, picture), dim=1))
