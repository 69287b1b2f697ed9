"""Bulk edits: the same change to many items, kept item by item with what was before, so that it can be undone."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import Enum, StrEnum
from typing import Any, Final

from shared.domain.coding import Source
from shared.domain.connections import Destination, PublishAs, Slot
from shared.domain.items import Item

# What a bulk edit may set, with how the value is read that was stored as JSON. A line's field is set on every line.
HEADER: Final[Mapping[str, Callable[[Any], Any]]] = {
    "contact": str,
    "payment_method": str,
    "destination": Destination,
    "publish_as": PublishAs,
    "integration": Slot,
    "paid": bool,
    "reverse_charge": bool,
    "paid_on": date.fromisoformat,
    "due_date": date.fromisoformat,
    "description": str,
}
LINE: Final = ("category", "tax_rate", "project", "customer")
_NEVER_EMPTY: Final = frozenset({"paid"})


class BulkStatus(StrEnum):
    RUNNING = "running"
    DONE = "done"
    UNDOING = "undoing"
    UNDONE = "undone"


@dataclass(frozen=True, slots=True)
class BulkEdit:
    """One request to change many items; its id is that of its event. `changes` are JSON values by field.

    `passed` counts the items that were dealt with, of `items`; while it is undone, those that were put back or left.
    """

    id: str
    tenant: str
    account: str
    asked_by: str
    asked_at: datetime
    changes: dict[str, Any]
    items: int
    status: BulkStatus = BulkStatus.RUNNING
    passed: int = 0
    version: int = 0


@dataclass(frozen=True, slots=True)
class EditedItem:
    """What a bulk edit did to one item: the fields that became others, before and after, or why it did nothing.

    `refused` is a catalogue code. `kept` are fields that were changed by somebody since and stay so when it is undone.
    """

    item: str
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    sources: dict[str, Any] = field(default_factory=dict)
    refused: str | None = None
    undone: bool = False
    kept: tuple[str, ...] = ()


def value_of(item: Item, name: str) -> Any:
    """A field as JSON: of a line's field one value for each line."""
    if name in LINE:
        return [getattr(line, name) for line in item.lines]
    value = getattr(item, name)
    if isinstance(value, Enum):
        return value.value
    return value.isoformat() if isinstance(value, date) else value


def typed(name: str, value: Any) -> Any:
    """A header field's JSON value as items have it."""
    return None if value is None else HEADER[name](value)


def with_values(item: Item, values: Mapping[str, Any]) -> Item:
    """The item with these values; of a line's field one for all lines, or a list of one for each."""
    for name, value in values.items():
        if name in LINE:
            each = value if isinstance(value, list) else [value] * len(item.lines)
            lines = (replace(line, **{name: one}) for line, one in zip(item.lines, each, strict=True))
            item = replace(item, lines=tuple(lines))
        else:
            item = replace(item, **{name: typed(name, value)})
    return item


def said_of_lines(item: Item, changes: Mapping[str, Any]) -> Item:
    """The item with what a bulk edit says of lines, as a person's word."""
    lines = {name: value for name, value in changes.items() if name in LINE}
    edited = with_values(item, lines)
    if item.source is Source.MANUAL or not lines:
        return edited
    spoken = {path: Source.MANUAL for name in lines for path in _paths(item, name)}
    return replace(edited, sources={**item.sources, **spoken})


def record_of(before: Item, after: Item) -> EditedItem:
    """What is to be remembered of an edit: the fields that differ, and who had said them before."""
    names = [name for name in (*HEADER, *LINE) if value_of(before, name) != value_of(after, name)]
    paths = [path for name in names for path in _paths(before, name)]
    sources = {path: before.sources[path].value for path in paths if path in before.sources}
    return EditedItem(
        before.id,
        before={name: value_of(before, name) for name in names},
        after={name: value_of(after, name) for name in names},
        sources=sources,
    )


def put_back(item: Item, edited: EditedItem) -> tuple[Item, tuple[str, ...]]:
    """The item with the values from before where nobody has changed them since, and the names of those that stay."""
    kept, restored, sources = [], item, dict(item.sources)
    for name, old in edited.before.items():
        now = value_of(item, name)
        if now == old:
            continue
        if now != edited.after[name] or (name in LINE and len(old) != len(item.lines)):
            kept.append(name)
            continue
        restored = with_values(restored, {name: old})
        for path in _paths(item, name):
            sources.pop(path, None)
            if path in edited.sources:
                sources[path] = Source(edited.sources[path])
    return replace(restored, sources=sources), tuple(kept)


def may_be_empty(name: str) -> bool:
    return name not in _NEVER_EMPTY


def _paths(item: Item, name: str) -> list[str]:
    return [f"lines[{number}].{name}" for number in range(len(item.lines))] if name in LINE else [name]
