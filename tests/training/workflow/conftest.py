"""What several tests of the workflow editor's training begin with."""

import pytest
import torch

from artmodels.perceptual import StarterFeatures, StarterFeaturesConfig


@pytest.fixture(scope="module")
def features(tmp_path_factory) -> str:
    torch.manual_seed(0)
    config = StarterFeaturesConfig(widths=(2, 3), blocks=(1, 1))
    return str(StarterFeatures(config).save_pretrained(tmp_path_factory.mktemp("features")))
