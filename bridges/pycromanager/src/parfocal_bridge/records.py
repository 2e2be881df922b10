"""JSON objects with known keys as frozen dataclasses: what the messages are made of.

snake_case in Python, camelCase on the wire. Reading is tolerant: unknown keys are ignored, ``null`` counts as
missing, an optional value of the wrong type counts as missing; only what a controller needs must be right.
The type of a field says how it is read.
"""

from __future__ import annotations

import functools
import math
import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints

MAX_NAME_LENGTH = 512

_Self = TypeVar("_Self", bound="Record")
_Reader = Callable[[Any], Any]
"""From a JSON value to what the field holds; None if it is not valid."""


class MessageError(ValueError):
    """A received message breaks the protocol."""


def _name(value: Any) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= MAX_NAME_LENGTH else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if math.isfinite(value) else None


def _whole(value: Any) -> int | None:
    number = _number(value)
    return int(number) if number is not None and number.is_integer() else None


def _index(value: Any) -> int | None:
    whole = _whole(value)
    return whole if whole is not None and whole >= 0 else None


def _flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _object(value: Any) -> dict[str, Any] | None:
    return dict(value) if isinstance(value, Mapping) else None


Name = Annotated[str, _name]
"""1 to 512 characters."""
Index = Annotated[int, _index]
"""A whole number from 0."""

_PLAIN: dict[Any, _Reader] = {str: _text, float: _number, int: _whole, bool: _flag, dict: _object}


def _record_reader(cls: type[Record]) -> _Reader:
    return lambda value: cls.from_json(value) if isinstance(value, Mapping) else None


def _pair_reader(item: _Reader) -> _Reader:
    def read(value: Any) -> Any:
        if not isinstance(value, (list, tuple)) or len(value) != 2:
            return None
        pair = tuple(item(part) for part in value)
        return None if None in pair else pair

    return read


def _list_reader(item: _Reader) -> _Reader:
    def read(value: Any) -> Any:
        if not isinstance(value, list):
            return None
        items = [item(part) for part in value]
        return None if None in items else items

    return read


def _reader_of(hint: Any) -> _Reader:
    origin, parts = get_origin(hint), get_args(hint)
    if origin is Annotated:
        read: _Reader = parts[1]
        return read
    if origin in (Union, types.UnionType):
        return _reader_of(next(part for part in parts if part is not type(None)))
    if origin is tuple:
        return _pair_reader(_reader_of(parts[0]))
    if origin is list:
        return _list_reader(_reader_of(parts[0]))
    if isinstance(hint, type) and issubclass(hint, Record):
        return _record_reader(hint)
    return _object if origin is Mapping else _PLAIN[origin or hint]


@functools.cache
def _readers(cls: Any) -> Mapping[str, _Reader]:
    hints = get_type_hints(cls, include_extras=True)
    return {item.name: _reader_of(hints[item.name]) for item in fields(cls)}


@functools.cache
def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _plain(value: Any) -> Any:
    """A value as JSON has it; what JSON cannot hold (NaN, infinity) becomes None."""
    if isinstance(value, Record):
        return value.to_json()
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, bool) or value is None or isinstance(value, (str, int)):
        return value
    if isinstance(value, bytes):  # as HDF5 and older files give names
        return value.decode(errors="replace")
    if hasattr(value, "item"):  # a numpy scalar
        return _plain(value.item()) if getattr(value, "size", 1) == 1 else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return str(value)


NEEDED_RIGHT = {"needed_right": True}
"""Metadata of an optional field that must be valid where it is given."""


@dataclass(frozen=True, kw_only=True)
class Record:
    """A JSON object with known keys."""

    def to_json(self) -> dict[str, Any]:
        """The object as it goes on the wire; what is None is left out."""
        plain = {_camel(item.name): _plain(getattr(self, item.name)) for item in fields(self)}
        return {key: value for key, value in plain.items() if value is not None}

    @classmethod
    def from_json(cls: type[_Self], data: Mapping[str, Any]) -> _Self:
        """Reads the object; raises MessageError if something is missing that a controller needs."""
        values: dict[str, Any] = {}
        kind: Any = cls  # or mypy doubts that a class is hashable
        readers = _readers(kind)
        for item in fields(cls):
            key, is_needed = _camel(item.name), item.default is MISSING
            value = data.get(key)
            if value is None and not is_needed:
                continue
            try:
                read = None if value is None else readers[item.name](value)
            except MessageError as error:
                if is_needed or "needed_right" in item.metadata:
                    raise MessageError(f"{key}.{error}") from error
                continue
            if read is not None:
                values[item.name] = read
            elif is_needed or "needed_right" in item.metadata:
                raise MessageError(f"{key}: {'missing' if value is None else 'not valid'}")
        return cls(**values)
