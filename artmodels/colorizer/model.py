"""TagColorizer: a sketch coloured by a reference picture and by tags that slide."""

from artmodels.colorizer.steps import ColorizerNetworks

__all__ = ["TagColorizer"]


class TagColorizer(ColorizerNetworks):
    """Colours line art in the colours of a reference picture, and as tags say.

    Source: Yan, Ito, Moriai, Saito, Two-Step Training, Computer Graphics Forum 2023.
    """
