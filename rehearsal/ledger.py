"""A provider's books as far as items can be in them, in the same words for every provider."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

Books = dict[str, Any]


@dataclass
class Ledger:
    """Documents by their own id. `unmarked` are those without a field for our marker; `contacts` are active ones."""

    documents: dict[str, dict[str, Any]] = field(default_factory=dict)
    totals: dict[str, str] = field(default_factory=dict)
    by_marker: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    unmarked: set[str] = field(default_factory=set)
    payments: Counter[str] = field(default_factory=Counter)
    files: Counter[str] = field(default_factory=Counter)
    contacts: Counter[str] = field(default_factory=Counter)

    def add(self, document_id: str, record: dict[str, Any], total: Any, marker: str | None) -> None:
        self.documents[document_id] = record
        self.totals[document_id] = str(total)
        if marker is None:
            self.unmarked.add(document_id)
        else:
            self.by_marker[marker].append(document_id)

    def add_contact(self, name: str) -> None:
        self.contacts[" ".join(name.split()).casefold()] += 1
