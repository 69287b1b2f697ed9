"""Records of the domain to plain attributes and back, by the annotations of their dataclasses.

Decimals, dates and enumerations are text; a time is UTC with microseconds, so that text compares as time does.
Fields that are None by default, or an empty collection, are left out when they are that. A `dict[str, Any]` is one JSON
text: what is in it came from outside and is only handed on (a Decimal or a time inside comes back as text).
"""

import json
import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any, Final, NamedTuple, TypeVar, Union, get_args, get_origin, get_type_hints

from shared.storage.wire import Row

SCHEMA: Final = 1
T = TypeVar("T")
Step = Callable[[Any], Any]


class SchemaTooNew(Exception):
    """A record was written by newer code; it is left untouched, and what needed it is tried again after the deploy."""

    def __init__(self, found: int) -> None:
        super().__init__(f"schema {found} is newer than {SCHEMA}")
        self.found = found


class NotStorable(TypeError):
    """A value that must not be written: a secret outside the vault's ciphertext, a float, an unaware time."""


class _Coder(NamedTuple):
    encode: Step
    decode: Step


def encode(record: Any) -> Row:
    """The attributes of a dataclass instance, without keys and schema. Raises NotStorable."""
    kind: Any = type(record)
    stored = {}
    for name, coder in _coders(kind).items():
        value = getattr(record, name)
        if value is not None and not _is_empty(value):
            stored[name] = coder.encode(value)
        elif value is None and name in _none_is_news(kind):
            stored[name] = None
    return stored


def decode(kind: type[T], row: Mapping[str, Any]) -> T:
    """The record in a row; attributes it does not know are ignored. Raises SchemaTooNew, TypeError."""
    refuse_newer(row)
    coders: dict[str, _Coder] = _coders(_hashable(kind))
    known = {
        name: None if value is None else coders[name].decode(value) for name, value in row.items() if name in coders
    }
    return kind(**(_left_out(kind, known) | known))


def refuse_newer(row: Mapping[str, Any]) -> None:
    """Raises SchemaTooNew when newer code wrote the row."""
    if row.get("schema", SCHEMA) > SCHEMA:
        raise SchemaTooNew(row["schema"])


def time_text(at: datetime) -> str:
    """A time as it is stored and compared: UTC, always with microseconds. Raises NotStorable without a zone."""
    if at.tzinfo is None:
        raise NotStorable("a time without a zone")
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def json_text(value: object) -> str:
    """Values from outside as one compact JSON text. Raises NotStorable for a secret."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=_as_json)


def _as_json(value: object) -> object:
    if isinstance(value, datetime):
        return time_text(value)
    if isinstance(value, date | Decimal):
        return str(value)
    if isinstance(value, frozenset | set):
        return sorted(value)
    if is_dataclass(value) and not isinstance(value, type):
        return encode(value)
    raise NotStorable(f"a {type(value).__name__} is not stored")


def _is_empty(value: object) -> bool:
    return isinstance(value, tuple | list | dict | frozenset) and not value


_EMPTY: Final[dict[Any, Any]] = {tuple: (), list: [], dict: {}, frozenset: frozenset()}


@cache
def _required_collections(kind: Any) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {
        one.name: get_origin(hints[one.name])
        for one in fields(kind)
        if one.default is MISSING and one.default_factory is MISSING and get_origin(hints[one.name]) in _EMPTY
    }


def _left_out(kind: Any, known: Mapping[str, Any]) -> dict[str, Any]:
    """Empty collections were not written; where the field has no default, they are put back."""
    missing = ((name, origin) for name, origin in _required_collections(kind).items() if name not in known)
    return {name: origin(_EMPTY[origin]) for name, origin in missing}


@cache
def _none_is_news(kind: Any) -> frozenset[str]:
    """Fields whose default is a value: None must be written, or the default would come back in its place."""
    return frozenset(one.name for one in fields(kind) if one.default is not None and one.default is not MISSING)


@cache
def _coders(kind: Any) -> dict[str, _Coder]:
    return {name: _coder(hint) for name, hint in get_type_hints(kind).items()}


def _hashable(kind: Any) -> Any:
    """mypy does not take a type variable's type for hashable."""
    return kind


def _same(value: Any) -> Any:
    return value


def _coder(hint: Any) -> _Coder:
    origin = get_origin(hint)
    if origin in {Union, types.UnionType}:
        return _optional(hint)
    if origin in {tuple, list, frozenset}:
        return _sequence(origin, get_args(hint))
    if origin is dict:
        return _mapping(get_args(hint)[1])
    return _scalar(hint)


def _scalar(hint: Any) -> _Coder:
    if hint in {Any, object}:
        return _Coder(json_text, json.loads)
    if hint in _TEXTUAL:
        return _TEXTUAL[hint]
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _Coder(lambda value: value.value, hint)
    if isinstance(hint, type) and is_dataclass(hint):
        return _Coder(encode, lambda row: decode(hint, row))
    if hint not in _PLAIN:
        raise NotStorable(f"a {hint} is not stored")
    return _Coder(_same, _same)


_PLAIN: Final = frozenset({str, int, bool, bytes})
_TEXTUAL: Final[dict[type, _Coder]] = {
    Decimal: _Coder(str, Decimal),
    datetime: _Coder(time_text, datetime.fromisoformat),
    date: _Coder(date.isoformat, date.fromisoformat),
}


def _optional(hint: Any) -> _Coder:
    inner = [one for one in get_args(hint) if one is not types.NoneType]
    if len(inner) != 1:
        raise NotStorable(f"{hint} is not stored")
    return _coder(inner[0])


def _sequence(origin: Any, arguments: tuple[Any, ...]) -> _Coder:
    if origin is tuple and arguments[-1] is not Ellipsis:
        return _fixed([_coder(one) for one in arguments])
    inner = _coder(arguments[0])
    order = sorted if origin is frozenset else list
    return _Coder(
        lambda values: order(inner.encode(one) for one in values),
        lambda values: origin(inner.decode(one) for one in values),
    )


def _fixed(inner: list[_Coder]) -> _Coder:
    return _Coder(
        lambda values: [coder.encode(one) for coder, one in zip(inner, values, strict=True)],
        lambda values: tuple(coder.decode(one) for coder, one in zip(inner, values, strict=True)),
    )


def _mapping(value_hint: Any) -> _Coder:
    if value_hint in {Any, object}:
        return _Coder(json_text, json.loads)
    inner = _coder(value_hint)
    return _Coder(
        lambda values: {str(name): inner.encode(one) for name, one in values.items()},
        lambda values: {name: inner.decode(one) for name, one in values.items()},
    )
