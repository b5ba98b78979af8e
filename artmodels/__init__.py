"""Steerable art models, each from one paper, with one face: `Model.from_pretrained(...)`, one verb, one `Result`.

The public names load on first use, so `import artmodels` costs milliseconds.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from artmodels.colorizer.config import ColorizerConfig, TagGroup
    from artmodels.colorizer.model import TagColorizer
    from artmodels.errors import ArtModelsError, CheckpointError, ConfigError, HubError, PictureError
    from artmodels.hub import HubModel, load_model, starter_names
    from artmodels.portrait.config import EncoderConfig, PortraitConfig, StyleConfig, StyleGAN2Config
    from artmodels.portrait.model import PortraitStylizer
    from artmodels.portrait.style import PortraitStyle
    from artmodels.portrait.stylegan2 import StyleGAN2
    from artmodels.portrait.tracking import FaceTrack
    from artmodels.results import Result, read_recipe
    from artmodels.sketch2image.config import Sketch2ImageConfig, SketcherConfig
    from artmodels.sketch2image.model import SketchToImage
    from artmodels.sketch2image.sketcher import Sketcher, load_sketcher
    from artmodels.sketch2image.xdog import Xdog
    from artmodels.workflow.config import WorkflowConfig
    from artmodels.workflow.model import WorkflowEditor

__version__ = "0.1.0"

_HOMES = {
    "ArtModelsError": "artmodels.errors",
    "CheckpointError": "artmodels.errors",
    "ColorizerConfig": "artmodels.colorizer.config",
    "ConfigError": "artmodels.errors",
    "EncoderConfig": "artmodels.portrait.config",
    "FaceTrack": "artmodels.portrait.tracking",
    "HubError": "artmodels.errors",
    "HubModel": "artmodels.hub",
    "PictureError": "artmodels.errors",
    "PortraitConfig": "artmodels.portrait.config",
    "PortraitStyle": "artmodels.portrait.style",
    "PortraitStylizer": "artmodels.portrait.model",
    "Result": "artmodels.results",
    "Sketch2ImageConfig": "artmodels.sketch2image.config",
    "SketchToImage": "artmodels.sketch2image.model",
    "Sketcher": "artmodels.sketch2image.sketcher",
    "SketcherConfig": "artmodels.sketch2image.config",
    "StyleConfig": "artmodels.portrait.config",
    "StyleGAN2": "artmodels.portrait.stylegan2",
    "StyleGAN2Config": "artmodels.portrait.config",
    "TagColorizer": "artmodels.colorizer.model",
    "TagGroup": "artmodels.colorizer.config",
    "WorkflowConfig": "artmodels.workflow.config",
    "WorkflowEditor": "artmodels.workflow.model",
    "Xdog": "artmodels.sketch2image.xdog",
    "load_model": "artmodels.hub",
    "load_sketcher": "artmodels.sketch2image.sketcher",
    "read_recipe": "artmodels.results",
    "starter_names": "artmodels.hub",
}

__all__ = [
    "ArtModelsError",
    "CheckpointError",
    "ColorizerConfig",
    "ConfigError",
    "EncoderConfig",
    "FaceTrack",
    "HubError",
    "HubModel",
    "PictureError",
    "PortraitConfig",
    "PortraitStyle",
    "PortraitStylizer",
    "Result",
    "Sketch2ImageConfig",
    "SketchToImage",
    "Sketcher",
    "SketcherConfig",
    "StyleConfig",
    "StyleGAN2",
    "StyleGAN2Config",
    "TagColorizer",
    "TagGroup",
    "WorkflowConfig",
    "WorkflowEditor",
    "Xdog",
    "__version__",
    "load_model",
    "load_sketcher",
    "read_recipe",
    "starter_names",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'artmodels' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
