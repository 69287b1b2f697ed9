"""Records with keys and schema: what every store writes and reads."""

from typing import Any, TypeVar

from shared.storage.codec import SCHEMA, decode, encode
from shared.storage.operations import ABSENT, Check, Put, Update, version_is
from shared.storage.wire import Row

T = TypeVar("T")


def row_of(key: tuple[str, str], record: Any, **more: object) -> Row:
    """A record's row. `more` are attributes beside the record's own; None is left out."""
    extra = {name: value for name, value in more.items() if value is not None}
    return {"pk": key[0], "sk": key[1], "schema": SCHEMA, **encode(record), **extra}


def record_in(kind: type[T], row: Row | None) -> T | None:
    return None if row is None else decode(kind, row)


def new(key: tuple[str, str], record: Any, **more: object) -> Put:
    """Write a record that is not there yet."""
    return Put(row_of(key, record, **more), ABSENT)


def replaced(key: tuple[str, str], record: Any, check: Check | None = None) -> Put:
    """Write a record over the version it was read as; the row gets the next version."""
    row = row_of(key, record) | {"version": record.version + 1}
    expected = version_is(record.version)
    return Put(row, expected & check if check else expected)


def amended(key: tuple[str, str], record: Any, check: Check, *, keeping: frozenset[str] = frozenset()) -> Update:
    """Set every field of a record but those in `keeping`, and leave what else the row holds."""
    stored = encode(record)
    changes = {name: stored.get(name) for name in record.__dataclass_fields__ if name not in keeping}
    return Update(key, changes, check)
