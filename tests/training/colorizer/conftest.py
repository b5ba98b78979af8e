"""What the trainings of the tag colorizer are tested on."""

import pytest
from accelerate.state import AcceleratorState
from illustration_folders import write_illustrations


@pytest.fixture(scope="module")
def illustrations(tmp_path_factory):
    return write_illustrations(tmp_path_factory.mktemp("illustrations"))


@pytest.fixture(autouse=True)
def fresh_accelerator():
    """Accelerate keeps its precision for the life of a process."""
    yield
    AcceleratorState._reset_state(reset_partial_state=True)
