"""What is unlike the training pictures is said in a sentence with the number that was found."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from methods import EDITOR, drawing, with_random_weights
from PIL import Image

from artmodels import WorkflowEditor
from artmodels.workflow.familiarity import error_warnings, latent_warnings

INFINITY = float("inf")


@pytest.fixture
def editor() -> WorkflowEditor:
    return with_random_weights(WorkflowEditor(replace(EDITOR, regularised=True))).eval()


def noise() -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8))


def test_a_latent_is_measured_in_standard_deviations_of_the_prior() -> None:
    latents = [torch.tensor([[3.0, -5.0]]), torch.tensor([[1.0, 1.0]])]
    assert latent_warnings(("flat", "full"), latents, (INFINITY, INFINITY)) == [
        "the latent of 'flat' lies 4.12 standard deviations from the middle of the prior (root mean square); "
        "usual is at most 3.00"
    ]


def test_measured_limits_stand_before_the_priors() -> None:
    latents = [torch.full((1, 4), 3.5), torch.full((1, 4), 1.2)]
    (found,) = latent_warnings(("flat", "full"), latents, (4.0, 1.0))
    assert found.startswith("the latent of 'full' lies 1.20 standard deviations")
    assert found.endswith("the training pictures stay below 1.00")


def test_an_error_is_told_beside_the_usual_one() -> None:
    assert error_warnings(0.2, INFINITY) == error_warnings(0.2, 0.2) == []
    (found,) = error_warnings(0.31, 0.12)
    assert "0.310 off" in found
    assert "stay below 0.120" in found


def test_a_picture_of_noise_is_unfamiliar_where_a_drawing_is_not(editor: WorkflowEditor) -> None:
    usual = editor.open(drawing(64, 64), faithful=0).reconstruction_error
    editor.usual_error.fill_(1.05 * usual)
    editor.usual_latent.fill_(1e6)
    assert editor.open(drawing(64, 64), faithful=0).warnings == ()
    (sentence,) = editor.open(noise(), faithful=0).warnings
    assert "unlike the training pictures" in sentence
    assert f"{editor.open(noise(), faithful=0).reconstruction_error:.3f} off" in sentence


def test_a_fitted_artwork_is_judged_by_what_it_was_before(editor: WorkflowEditor) -> None:
    editor.usual_error.fill_(0.0)
    free, fitted = (editor.open(noise(), faithful=faithful, steps=20) for faithful in (0.0, 1.0))
    assert free.warnings == fitted.warnings
    assert free.warnings


def test_warnings_go_into_recipes_with_those_of_an_extreme_latent(editor: WorkflowEditor) -> None:
    editor.usual_latent.copy_(torch.tensor([0.0, 1e6]))
    opened = editor.open(drawing(64, 64), faithful=0)
    (own,) = opened.warnings
    assert "'flat'" in own
    assert editor.stages(opened).recipe["warnings"] == [own]
    recipe = editor.edit(opened, stage="full", latent=[9.0, 9.0, 9.0, 9.0]).recipe
    assert recipe["warnings"][0] == own
    assert recipe["warnings"][1].startswith("the latent of 'full' lies 9.00 standard deviations")
    assert editor.edit(opened, stage="full", seed=1).recipe["warnings"] == [own]
