import pytest
from methods import STYLE, STYLIZER, with_first_weights

from artmodels import PortraitStyle, PortraitStylizer


@pytest.fixture(scope="session")
def stylizer() -> PortraitStylizer:
    return with_first_weights(PortraitStylizer(STYLIZER), gain=1.25).eval()


@pytest.fixture(scope="session")
def style() -> PortraitStyle:
    return with_first_weights(PortraitStyle(STYLE), 1).eval()
