import json
from dataclasses import dataclass
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from artmodels.configs import config_from_dict, config_to_dict, with_settings
from artmodels.errors import ConfigError


@dataclass(frozen=True)
class Optimizer:
    learning_rate: float = 1e-4
    betas: tuple[float, float] = (0.0, 0.99)


@dataclass(frozen=True)
class Settings:
    stages: tuple[str, ...]
    size: int = 128
    optimizer: Optimizer = Optimizer()
    precision: Literal["bf16", "fp32"] = "fp32"
    resume: str | None = None
    seed: int | None = None
    loss: Optimizer | None = None
    use_mask: bool = False
    channels: tuple[tuple[int, ...], ...] = ()

    def __post_init__(self) -> None:
        if len(self.stages) < 2:
            raise ConfigError(f"stages must name at least two, got {self.stages}")


SETTINGS = Settings(("line", "full"))

finite = st.floats(allow_nan=False, allow_infinity=False)
optimizers = st.builds(Optimizer, learning_rate=finite, betas=st.tuples(finite, finite))
settings = st.builds(
    Settings,
    stages=st.lists(st.text(), min_size=2, max_size=4).map(tuple),
    size=st.integers(),
    optimizer=optimizers,
    precision=st.sampled_from(["bf16", "fp32"]),
    resume=st.none() | st.text(),
    seed=st.none() | st.integers(),
    loss=st.none() | optimizers,
    use_mask=st.booleans(),
    channels=st.lists(st.lists(st.integers()).map(tuple), max_size=3).map(tuple),
)


@given(settings)
def test_every_config_survives_json(config: Settings) -> None:
    text = json.dumps(config_to_dict(config), allow_nan=False)
    assert config_from_dict(Settings, json.loads(text), where="config.json") == config


def test_an_int_becomes_the_float_it_is_meant_as() -> None:
    config = config_from_dict(Optimizer, {"learning_rate": 1}, where="x")
    assert type(config.learning_rate) is float


def test_fields_with_defaults_may_be_absent() -> None:
    assert config_from_dict(Settings, {"stages": ["line", "full"]}, where="x") == SETTINGS


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"sise": 64}, ("sise", "did you mean 'size'")),
        ({"completely_else": 1}, ("completely_else", "known fields: stages, size")),
        ({"optimizer": {"betas": [0, 1], "learning_rates": 1}}, ("optimizer.learning_rates", "'learning_rate'")),
        ({"size": True}, ("'size'", "whole number", "True")),
        ({"size": 1.5}, ("'size'", "1.5")),
        ({"use_mask": 1}, ("'use_mask'", "true or false", "1")),
        ({"stages": "line"}, ("'stages'", "list", "'line'")),
        ({"stages": ["line", 3]}, ("'stages[1]'", "string", "3")),
        ({"stages": ["line"]}, ("at least two", "line")),
        ({"precision": "fp16"}, ("'precision'", "'bf16', 'fp32'", "'fp16'")),
        ({"optimizer": {"betas": [0.5]}}, ("'optimizer.betas'", "list of 2", "[0.5]")),
        ({"optimizer": {"learning_rate": float("nan")}}, ("'optimizer.learning_rate'", "finite")),
        ({"optimizer": {"learning_rate": 10**400}}, ("'optimizer.learning_rate'", "finite")),
        ({"optimizer": {"learning_rate": True}}, ("'optimizer.learning_rate'", "True")),
        ({"optimizer": 3}, ("'optimizer'", "Optimizer", "3")),
        ({"optimizer": None}, ("'optimizer'", "None")),
        ({"seed": "x"}, ("'seed'", "whole number or null", "'x'")),
        ({"loss": {"betas": 1}}, ("'loss.betas'", "list", "1")),
    ],
)
def test_a_wrong_value_is_refused_by_place_field_and_value(changes: dict[str, object], words: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError) as caught:
        config_from_dict(Settings, {"stages": ["line", "full"], **changes}, where="alice/model: config.json")
    message = str(caught.value)
    assert message.startswith("alice/model: config.json: ")
    assert [word for word in words if word not in message] == []
    assert "\n" not in message


def test_a_missing_field_is_named() -> None:
    with pytest.raises(ConfigError, match="x: field 'stages' of Settings is missing"):
        config_from_dict(Settings, {}, where="x")


def test_something_other_than_an_object_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"x: must be an object with the fields of Optimizer, got \[1\]"):
        config_from_dict(Optimizer, [1], where="x")  # type: ignore[arg-type]


def test_what_json_cannot_hold_is_refused_when_written() -> None:
    with pytest.raises(ConfigError, match=r"'optimizer.learning_rate' holds nan"):
        config_to_dict(Settings(("a", "b"), optimizer=Optimizer(learning_rate=float("nan"))))


@pytest.mark.parametrize(
    ("setting", "changed"),
    [
        ("size=64", Settings(("line", "full"), size=64)),
        ("optimizer.learning_rate=1", Settings(("line", "full"), optimizer=Optimizer(1.0))),
        ("optimizer.betas=[0.5, 0.9]", Settings(("line", "full"), optimizer=Optimizer(betas=(0.5, 0.9)))),
        ('stages=["line", "flat", "full"]', Settings(("line", "flat", "full"))),
        ("resume=runs/last", Settings(("line", "full"), resume="runs/last")),
        ("resume=2024", Settings(("line", "full"), resume="2024")),
        ("resume=a=b", Settings(("line", "full"), resume="a=b")),
        ("resume=null", SETTINGS),
        ("precision=bf16", Settings(("line", "full"), precision="bf16")),
        ("use_mask=true", Settings(("line", "full"), use_mask=True)),
        ('loss={"learning_rate": 1}', Settings(("line", "full"), loss=Optimizer(1.0))),
    ],
)
def test_a_setting_changes_its_field_alone(setting: str, changed: Settings) -> None:
    assert with_settings(SETTINGS, [setting]) == changed


def test_settings_are_checked_together_so_their_order_does_not_matter() -> None:
    @dataclass(frozen=True)
    class Range:
        low: int = 0
        high: int = 1

        def __post_init__(self) -> None:
            if self.low >= self.high:
                raise ConfigError(f"low {self.low} must be below high {self.high}")

    assert with_settings(Range(), ["low=5", "high=9"]) == Range(5, 9)
    with pytest.raises(ConfigError, match="low 5 must be below high 1"):
        with_settings(Range(), ["low=5"])


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("size", ("'size'", "field=value")),
        ("sise=3", ("sise", "did you mean 'size'")),
        ("size=big", ("'size'", "whole number", "'big'")),
        ("use_mask=True", ("'use_mask'", "true or false", "'True'")),
        ("optimizer.beta=1", ("beta", "'betas'")),
        ("size.x=1", ("size.x=1", "'size' holds no fields")),
        ("loss.betas=[0, 1]", ("'loss' holds no fields",)),
    ],
)
def test_a_setting_that_cannot_be_meant_is_refused(setting: str, words: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError) as caught:
        with_settings(SETTINGS, [setting])
    assert [word for word in words if word not in str(caught.value)] == []
