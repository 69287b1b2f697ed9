"""Lists that people bring as CSV: what each row says, and what it makes of the entries that are there."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from shared.domain.csv_text import CsvRow, read_csv
from shared.domain.lists import Entry, EntryStatus, Kind, folded

MOST_ROWS: Final = 1000
_CONTACT: Final = {
    "code": (),
    "currency": ("currency code",),
    "category": ("default category", "account"),
    "tax_number": ("vat number", "vat", "tax id"),
    "email": ("e-mail address",),
}
COLUMNS: Final[Mapping[Kind, Mapping[str, Collection[str]]]] = {
    Kind.SUPPLIERS: {"name": ("supplier", "supplier name"), **_CONTACT},
    Kind.CUSTOMERS: {"name": ("customer", "customer name"), **_CONTACT},
    Kind.CATEGORIES: {"name": ("category", "category name"), "code": ("account code", "nominal code")},
}
_LONGEST: Final = {"name": 255, "code": 64, "category": 255, "tax_number": 255, "email": 255}
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_CURRENCY: Final = re.compile(r"[A-Z]{3}\Z")
# What of a row is the entry's own; the rest is said by a rule.
_OF_ENTRY: Final = ("tax_number", "email")


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that was not taken, by the line it begins on, and why. `field` is the column."""

    line: int
    field: str
    reason: str


@dataclass(frozen=True, slots=True)
class Differing:
    """A value of a row that was not taken, since the entry or its rule says something else already."""

    line: int
    field: str
    kept: Any
    given: Any


@dataclass(frozen=True, slots=True)
class Row:
    """One row, checked. `values` are those of the entry beside name and code; `category` is a code or a name."""

    number: int
    line: int
    name: str
    code: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    category: str | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class Read:
    rows: tuple[Row, ...]
    refused: tuple[Refused, ...]
    ignored: tuple[str, ...]


def read_rows(kind: Kind, text: str) -> Read:
    """The rows of a list in CSV; raises invalid_request about `csv` for a text that is no list at all."""
    table = read_csv(text, COLUMNS[kind], most=MOST_ROWS, field="csv")
    rows, refused = [], []
    for number, raw in enumerate(table.rows):
        problem = _problem(raw)
        if problem is not None:
            refused.append(problem)
        else:
            rows.append(_row(number, raw))
    return Read(tuple(rows), tuple(refused), table.ignored)


def _problem(raw: CsvRow) -> Refused | None:
    if not raw.cells.get("name"):
        return Refused(raw.line, "name", "a name is needed")
    for column, longest in _LONGEST.items():
        text = raw.cells.get(column, "")
        if len(text) > longest:
            return Refused(raw.line, column, f"longer than {longest} characters")
        if _CONTROL.search(" ".join(text.split())):
            return Refused(raw.line, column, "control characters are not taken")
    currency = raw.cells.get("currency")
    if currency and not _CURRENCY.match(currency.upper()):
        return Refused(raw.line, "currency", "a currency is three letters, such as EUR")
    return None


def _row(number: int, raw: CsvRow) -> Row:
    cells = {column: " ".join(text.split()) for column, text in raw.cells.items()}
    currency = cells.get("currency")
    return Row(
        number=number,
        line=raw.line,
        name=cells["name"],
        code=cells.get("code"),
        values={name: cells[name] for name in _OF_ENTRY if name in cells},
        category=cells.get("category"),
        currency=currency.upper() if currency else None,
    )


@dataclass(frozen=True, slots=True)
class Planned:
    """What the rows make of entries: each after with its before (None: new). `entries` says which is whose, by line."""

    changes: tuple[tuple[Entry, Entry | None], ...]
    created: int
    merged: int
    refused: tuple[Refused, ...]
    differing: tuple[Differing, ...]
    entries: Mapping[int, Entry]


@dataclass(slots=True)
class _Plan:
    kind: Kind
    new_id: Callable[[int], str]
    before: dict[str, Entry | None]
    after: dict[str, Entry]
    created: int = 0
    merged: int = 0
    refused: list[Refused] = field(default_factory=list)
    differing: list[Differing] = field(default_factory=list)
    entries: dict[int, Entry] = field(default_factory=dict)
    codes: dict[str, tuple[str, str]] = field(default_factory=dict)  # the folded and the whole name each is of

    def take(self, row: Row) -> None:
        name = folded(row.name)
        there = self.after.get(name)
        of, shown = self.codes.get(row.code, (name, "")) if row.code else (name, "")
        if of != name:
            self.refused.append(Refused(row.line, "code", f"{shown} has this code"))
            return
        if there is None:
            there = Entry(self.new_id(row.number), self.kind, row.name, row.code, values=dict(row.values))
            self.before[name] = None
            self.created += 1
        elif there.status is not EntryStatus.ACTIVE:
            self.refused.append(Refused(row.line, "name", "the entry of this name was deleted, or is inactive"))
            return
        else:
            # A repeat of the whole import meets the entries that its first try made.
            ours = there.id == self.new_id(row.number)
            self.created, self.merged = self.created + ours, self.merged + (not ours)
            there = self._filled(there, row)
        if there.code:
            self.codes.setdefault(there.code, (name, there.name))
        self.after[name] = self.entries[row.line] = there

    def _filled(self, there: Entry, row: Row) -> Entry:
        """The entry with its blanks filled; what the accounting software has is its own to change."""
        said = {"code": row.code, **row.values}
        has = {"code": there.code, **{name: there.values.get(name) for name in _OF_ENTRY}}
        for name, given in said.items():
            if given is not None and has[name] != given and (has[name] or there.provider_id is not None):
                self.differing.append(Differing(row.line, name, has[name], given))
        if there.provider_id is not None:
            return there
        values = {name: there.values.get(name) or value for name, value in row.values.items()}
        return replace(there, code=there.code or row.code, values={**there.values, **values})


def plan(kind: Kind, rows: Iterable[Row], known: Mapping[str, Entry], new_id: Callable[[int], str]) -> Planned:
    """What the rows make of the entries that are there, by folded name: new ones, and blanks filled in known ones.

    `new_id` gives the id of the entry that the row of a number makes. A value that differs from the entry's own is
    not taken but said, as is everything about an entry of the accounting software. An inactive entry takes no row. A
    code is of one name, among the rows and the entries that they name.
    """
    codes = {entry.code: (name, entry.name) for name, entry in known.items() if entry.code}
    found = _Plan(kind, new_id, dict(known), dict(known), codes=codes)
    for row in rows:
        found.take(row)
    pairs = ((after, found.before[name]) for name, after in found.after.items())
    return Planned(
        changes=tuple((after, before) for after, before in pairs if after != before),
        created=found.created,
        merged=found.merged,
        refused=tuple(found.refused),
        differing=tuple(found.differing),
        entries=found.entries,
    )


def category_named(categories: Sequence[Entry], wanted: str) -> Entry | None:
    """The one active category of a code, else of a name; None where there is none, or more than one."""
    active = [entry for entry in categories if entry.usable]
    found = [entry for entry in active if entry.code == wanted]
    found = found or [entry for entry in active if folded(entry.name) == folded(wanted)]
    return found[0] if len(found) == 1 else None
