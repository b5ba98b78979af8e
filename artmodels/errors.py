"""Everything artmodels raises on purpose, as one small tree."""

__all__ = ["ArtModelsError", "CheckpointError", "ConfigError", "HubError", "PictureError"]


class ArtModelsError(Exception):
    """Any mistake or condition that a caller can understand and act on."""


class ConfigError(ArtModelsError, ValueError):
    """A setting, option or seed that cannot be meant: names the field, the value and what is accepted."""


class CheckpointError(ArtModelsError, RuntimeError):
    """Weights or a model folder that do not fit the class that loads them."""


class PictureError(ArtModelsError, ValueError):
    """A picture that cannot be read or used."""


class HubError(ArtModelsError, OSError):
    """The Hugging Face Hub, or a file that should come from it, cannot be reached."""
