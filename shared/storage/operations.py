"""Conditional writes as values: what Table runs alone or several together."""

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from shared.domain.errors import ConflictError
from shared.storage.wire import Row, row_to_wire, to_wire

# The attribute that names the write which made a row what it is: a write whose answer was lost is recognised by it.
WRITER: Final = "w"
_NAME: Final = re.compile(r"#(\w+)")


class ConditionFailed(ConflictError):
    """A condition did not hold. `found` is the row as it was then, `index` the operation's place in a transaction."""

    def __init__(self, found: Row | None, index: int = 0) -> None:
        super().__init__("the record was changed, or is not there")
        self.found = found
        self.index = index


@dataclass(frozen=True, slots=True)
class Check:
    """A condition: an expression with #name for attributes and :name for values."""

    text: str
    values: Mapping[str, object] = field(default_factory=dict)

    def __and__(self, other: "Check") -> "Check":
        return Check(f"({self.text}) AND ({other.text})", {**self.values, **other.values})


ABSENT: Final = Check("attribute_not_exists(#pk)")
PRESENT: Final = Check("attribute_exists(#pk)")


def version_is(version: int) -> Check:
    return Check("#version = :expected_version", {"expected_version": version})


def _writer() -> str:
    return secrets.token_urlsafe(9)


def expression(*texts: str, values: Mapping[str, object]) -> dict[str, Any]:
    """The names and values that expressions use, as a request wants them."""
    names = {found.group(0): found.group(1) for text in texts for found in _NAME.finditer(text)}
    request: dict[str, Any] = {"ExpressionAttributeNames": names} if names else {}
    if values:
        request["ExpressionAttributeValues"] = {f":{name}": to_wire(value) for name, value in values.items()}
    return request


def wire_key(pk: str, sk: str) -> dict[str, Any]:
    return {"pk": {"S": pk}, "sk": {"S": sk}}


@dataclass(frozen=True, slots=True)
class Put:
    """Write a whole row (with its pk and sk), on a condition."""

    row: Row
    check: Check
    writer: str = field(default_factory=_writer)

    name = "Put"

    @property
    def key(self) -> tuple[str, str]:
        return self.row["pk"], self.row["sk"]

    def request(self) -> dict[str, Any]:
        return {
            "Item": row_to_wire({**self.row, WRITER: self.writer}),
            "ConditionExpression": self.check.text,
            **expression(self.check.text, values=self.check.values),
        }


@dataclass(frozen=True, slots=True)
class Update:
    """Change some attributes of a row, on a condition. A value of None removes; `add` counts up."""

    key: tuple[str, str]
    changes: Mapping[str, object]
    check: Check
    add: Mapping[str, int] = field(default_factory=dict)
    writer: str = field(default_factory=_writer)

    name = "Update"

    def request(self) -> dict[str, Any]:
        changes = {**self.changes, WRITER: self.writer}
        put = {name: value for name, value in changes.items() if value is not None}
        text = "SET " + ", ".join(f"#{name} = :set_{name}" for name in put)
        gone = [name for name in changes if name not in put]
        if gone:
            text += " REMOVE " + ", ".join(f"#{name}" for name in gone)
        if self.add:
            text += " ADD " + ", ".join(f"#{name} :add_{name}" for name in self.add)
        values = {f"set_{name}": value for name, value in put.items()}
        values |= {f"add_{name}": value for name, value in self.add.items()}
        return {
            "Key": wire_key(*self.key),
            "UpdateExpression": text,
            "ConditionExpression": self.check.text,
            **expression(text, self.check.text, values=values | dict(self.check.values)),
        }


@dataclass(frozen=True, slots=True)
class Delete:
    """Take a row away, on a condition."""

    key: tuple[str, str]
    check: Check

    name = "Delete"
    writer = None

    def request(self) -> dict[str, Any]:
        return {
            "Key": wire_key(*self.key),
            "ConditionExpression": self.check.text,
            **expression(self.check.text, values=self.check.values),
        }


@dataclass(frozen=True, slots=True)
class Assert:
    """Nothing is written to this row, but the transaction stands only if the condition holds."""

    key: tuple[str, str]
    check: Check

    name = "ConditionCheck"
    writer = None

    def request(self) -> dict[str, Any]:
        return {
            "Key": wire_key(*self.key),
            "ConditionExpression": self.check.text,
            **expression(self.check.text, values=self.check.values),
        }


Write = Put | Update | Delete
Operation = Put | Update | Delete | Assert
Operations = Sequence[Operation]
