"""Charts of accounts and tax rates as entries, and which old entry belongs to which new one, read from charts/."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from shared.domain.lists import Entry, Kind

_HERE: Final = Path(__file__).parent / "charts"
_KINDS: Final = {"[accounts]": Kind.CATEGORIES, "[tax rates]": Kind.TAX_RATES}
CHANGES: Final = (("xero_gb", "quickbooks_gb"), ("xero_us", "quickbooks_us"), ("xero_gb", "sage_gb"))


@dataclass(frozen=True)
class Pair:
    """An old entry, the new one that is right for it (None: none is), and new ones that are tempting but wrong."""

    old: Entry
    right: Entry | None
    wrong: tuple[Entry, ...]

    def __str__(self) -> str:
        return f"{self.old.name} -> {self.right.name if self.right else '-'}"


@cache
def chart(name: str) -> dict[Kind, tuple[Entry, ...]]:
    """A whole chart: its accounts and its tax rates."""
    rows = list(_rows(name))
    return {kind: tuple(_entry(name, kind, row) for of, row in rows if of is kind) for kind in _KINDS.values()}


@cache
def pairs(old: str, new: str) -> dict[Kind, tuple[Pair, ...]]:
    """What belongs together when `old` is changed for `new`. Raises KeyError for a name that its chart lacks."""
    found: dict[Kind, list[Pair]] = {kind: [] for kind in _KINDS.values()}
    for kind, (left, right, wrong) in _rows(f"{old}_to_{new}"):
        olds = {f"{entry.code} {entry.name}": entry for entry in chart(old)[kind]}
        news = {entry.name: entry for entry in chart(new)[kind]}
        tempting = () if wrong == "-" else tuple(news[one.strip()] for one in wrong.split(";"))
        found[kind].append(Pair(olds[left], None if right == "-" else news[right], tempting))
    return {kind: tuple(listed) for kind, listed in found.items()}


def _rows(name: str) -> Iterator[tuple[Kind, list[str]]]:
    kind = None
    for line in (_HERE / f"{name}.txt").read_text().splitlines():
        if line in _KINDS:
            kind = _KINDS[line]
        elif line and not line.startswith("#"):
            assert kind is not None
            yield kind, [part.strip() for part in line.split("|")]


def _entry(chart_name: str, kind: Kind, row: list[str]) -> Entry:
    code, name, third, fourth = row
    entry_id = f"{chart_name}:{kind}:{code or name}"
    if kind is Kind.CATEGORIES:
        return Entry(entry_id, kind, name, code or None, values={"class": third, "type": fourth})
    sides = {"costs": "costs" in fourth, "sales": "sales" in fourth}
    values = {"rate": third, **sides} if third != "-" else dict(sides)
    return Entry(entry_id, kind, name, code, values=values)
