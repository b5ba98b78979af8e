"""Frozen dataclasses to JSON and back, without loss and without guessing: a field that is not known is an error."""

import dataclasses
import json
import math
import types
from collections.abc import Iterable, Mapping
from dataclasses import is_dataclass
from difflib import get_close_matches
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from artmodels.errors import ConfigError

__all__ = ["config_from_dict", "config_to_dict", "with_settings"]

Config = TypeVar("Config")

_NAMES = {int: "a whole number", float: "a finite number", bool: "true or false", str: "a string", type(None): "null"}


def config_to_dict(config: Any) -> dict[str, Any]:
    """Turn a dataclass into what JSON can hold: tuples become lists, nested dataclasses become dicts.

    Raises:
        ConfigError: a field holds something that JSON cannot (a dtype, a path, NaN).
    """
    return {field.name: _encode(getattr(config, field.name), field.name) for field in dataclasses.fields(config)}


def config_from_dict(cls: type[Config], values: Mapping[str, Any], *, where: str) -> Config:
    """Build the dataclass `cls` from JSON values, rebuilding tuples and nested dataclasses.

    An int is accepted where a float is meant; a bool is never a number. Fields with defaults may be absent.

    Args:
        where: where the values come from; every error message begins with it.

    Raises:
        ConfigError: an unknown field, a missing one, a value of another type, or one that `cls` itself refuses.
    """
    try:
        return _decode_dataclass(cls, values, "")
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from error


def with_settings(config: Config, settings: Iterable[str]) -> Config:
    """Return `config` with `"field=value"` and `"nested.field=value"` applied, all of them before it is checked.

    A value is read as JSON (`3`, `true`, `null`, `["line", "full"]`); for a field that holds text it is the text.

    Raises:
        ConfigError: a setting without `=`, an unknown field, or a value that the field does not accept.
    """
    values = config_to_dict(config)
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not equals:
            raise ConfigError(f"setting {setting!r} has no '=': write field=value")
        _set(type(config), values, name.strip(), text.strip(), setting)
    return config_from_dict(type(config), values, where="settings")


def _set(cls: type, values: dict[str, Any], name: str, text: str, setting: str) -> None:
    head, dot, rest = name.partition(".")
    hints = get_type_hints(cls)
    _check_known(cls, {head}, f"setting {setting!r}: ")
    if not dot:
        values[head] = _parse(text, hints[head])
        return
    nested = next((kind for kind in _members(hints[head]) if isinstance(kind, type) and is_dataclass(kind)), None)
    if nested is None or not isinstance(values[head], dict):
        raise ConfigError(f"setting {setting!r}: field '{head}' holds no fields of its own")
    _set(nested, values[head], rest, text, setting)


def _parse(text: str, kind: Any) -> Any:
    try:
        value = json.loads(text)
    except json.JSONDecodeError:
        return text
    accepts_text = any(member is str or get_origin(member) is Literal for member in _members(kind))
    return value if not accepts_text or _accepts(kind, value) else text


def _accepts(kind: Any, value: Any) -> bool:
    try:
        _decode(kind, value, "")
    except ConfigError:
        return False
    return True


def _encode(value: Any, name: str) -> Any:
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, tuple):
        return [_encode(item, name) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: _encode(getattr(value, field.name), f"{name}.{field.name}")
            for field in dataclasses.fields(value)
        }
    raise ConfigError(f"field '{name}' holds {value!r}, which a JSON config cannot: use plain values and tuples")


def _decode_dataclass(cls: type[Config], values: Any, prefix: str) -> Config:
    if not isinstance(values, Mapping):
        raise ConfigError(f"{_field(prefix)}must be an object with the fields of {cls.__name__}, got {values!r}")
    _check_known(cls, values.keys(), "", prefix)
    hints = get_type_hints(cls)
    fields: tuple[dataclasses.Field[Any], ...] = dataclasses.fields(cls)  # type: ignore[arg-type]
    for field in fields:
        required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        if required and field.name not in values:
            raise ConfigError(f"field '{prefix}{field.name}' of {cls.__name__} is missing")
    return cls(**{name: _decode(hints[name], value, prefix + name) for name, value in values.items()})


def _check_known(cls: type, names: Iterable[str], where: str, prefix: str = "") -> None:
    known = [field.name for field in dataclasses.fields(cls)]
    for name in names:
        if name not in known:
            close = get_close_matches(str(name), known, n=1)
            hint = f"did you mean '{close[0]}'?" if close else f"known fields: {', '.join(known)}"
            raise ConfigError(f"{where}{cls.__name__} has no field '{prefix}{name}'; {hint}")


def _decode(kind: Any, value: Any, name: str) -> Any:
    members = _members(kind)
    if len(members) > 1:
        return _decode_union(kind, members, value, name)
    if is_dataclass(kind):
        return _decode_dataclass(kind, value, f"{name}.")  # type: ignore[arg-type]
    if get_origin(kind) is tuple:
        return _decode_tuple(kind, value, name)
    if get_origin(kind) is Literal:
        matches = [option for option in get_args(kind) if type(option) is type(value) and option == value]
        fits, converted = bool(matches), value
    elif kind is float:
        fits = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < math.inf
        fits, converted = _as_float(value) if fits else (False, value)
    else:
        assert kind in _NAMES, f"config fields cannot be of type {kind!r}"
        fits, converted = type(value) is kind, value
    if not fits:
        raise ConfigError(f"{_field(name)}must be {_describe(kind)}, got {value!r}")
    return converted


def _as_float(value: int | float) -> tuple[bool, float]:
    try:
        return True, float(value)
    except OverflowError:
        return False, 0.0


def _decode_union(kind: Any, members: tuple[Any, ...], value: Any, name: str) -> Any:
    fitting = [member for member in members if _accepts(member, value)]
    if fitting:
        exact = [member for member in fitting if type(value) is member]
        return _decode((exact or fitting)[0], value, name)
    structured = [member for member in members if is_dataclass(member) or get_origin(member) is tuple]
    if len(structured) == 1 and isinstance(value, Mapping | list):
        return _decode(structured[0], value, name)
    raise ConfigError(f"{_field(name)}must be {_describe(kind)}, got {value!r}")


def _decode_tuple(kind: Any, value: Any, name: str) -> tuple[Any, ...]:
    items = get_args(kind)
    if not isinstance(value, list | tuple):
        raise ConfigError(f"{_field(name)}must be a list, got {value!r}")
    if len(items) == 2 and items[1] is Ellipsis:
        items = (items[0],) * len(value)
    if len(items) != len(value):
        raise ConfigError(f"{_field(name)}must be a list of {len(items)}, got {value!r}")
    pairs = enumerate(zip(items, value, strict=True))
    return tuple(_decode(item, part, f"{name}[{index}]") for index, (item, part) in pairs)


def _members(kind: Any) -> tuple[Any, ...]:
    return get_args(kind) if get_origin(kind) in (Union, types.UnionType) else (kind,)


def _describe(kind: Any) -> str:
    members = _members(kind)
    if len(members) > 1:
        return " or ".join(_describe(member) for member in members)
    if get_origin(kind) is Literal:
        return "one of " + ", ".join(repr(option) for option in get_args(kind))
    if get_origin(kind) is tuple:
        return "a list"
    return _NAMES.get(kind) or f"an object with the fields of {kind.__name__}"


def _field(name: str) -> str:
    return f"field '{name.removesuffix('.')}' " if name else ""
