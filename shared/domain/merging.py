"""Two contacts become one: what the survivor takes over from those merged into it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from shared.domain.lists import Entry
from shared.domain.rules import Rule, decided

# Said together or not at all: whether a cost is charged on says nothing without to whom.
_TOGETHER = {"billable": "customer"}


@dataclass(frozen=True, slots=True)
class Conflict:
    """A value of a merged contact, or of its rule, that gave way to the survivor's. `field` as in rule.category."""

    entry: str
    field: str
    kept: Any
    lost: Any


@dataclass(frozen=True, slots=True)
class Filled:
    """What a survivor gets: the values of its blanks, by name, and what gave way."""

    values: Mapping[str, Any]
    conflicts: tuple[Conflict, ...]


def filled(survivor: Mapping[str, Any], others: Iterable[tuple[str, Mapping[str, Any]]], prefix: str) -> Filled:
    """Fill the survivor's blanks from others (by their entries' ids), the first that says something first."""
    values, conflicts = dict(survivor), []
    for entry, said in others:
        before = dict(values)
        for name, value in said.items():
            leader = _TOGETHER.get(name, name)
            if leader not in before and name not in before:
                values[name] = value
            elif values.get(name) != value:
                conflicts.append(Conflict(entry, f"{prefix}.{name}", values.get(name), value))
    new = {name: value for name, value in values.items() if name not in survivor}
    return Filled(new, tuple(conflicts))


def filled_rule(survivor: Rule | None, others: Iterable[Rule]) -> Filled:
    """What the survivor's rule takes over from the rules of those merged into it."""
    said = decided(survivor) if survivor is not None else {}
    return filled(said, ((rule.subject, decided(rule)) for rule in others), "rule")


def filled_entry(survivor: Entry, others: Iterable[Entry]) -> Filled:
    """What a survivor that was made here takes over from the entries merged into it; their names are kept by them."""
    return filled(entry_values(survivor), ((other.id, entry_values(other)) for other in others), "entry")


def entry_values(entry: Entry) -> dict[str, Any]:
    """What people say of a contact beside its name, by name."""
    values = {
        "code": entry.code,
        **{name: entry.values.get(name) for name in ("email", "tax_number", "currency", "address")},
    }
    return {name: value for name, value in values.items() if value}
