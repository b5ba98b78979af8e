"""What the trainings of the portrait stylizer are tested on."""

import pytest
from accelerate.state import AcceleratorState
from portrait_folders import write_portraits


@pytest.fixture(scope="module")
def portraits(tmp_path_factory):
    return write_portraits(tmp_path_factory.mktemp("data") / "portraits")


@pytest.fixture(autouse=True)
def fresh_accelerator():
    """Accelerate keeps its precision for the life of a process."""
    yield
    AcceleratorState._reset_state(reset_partial_state=True)
