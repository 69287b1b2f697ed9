"""The rows of list entries: their keys, and how an entry becomes a row of a few hundred bytes."""

import hashlib
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import reduce
from operator import and_
from typing import Final

from shared.domain.lists import SHARDS, Book, Entry, EntryStatus, Kind, folded, shard_of
from shared.storage.codec import SCHEMA, decode, time_text
from shared.storage.keys import book_key, part
from shared.storage.operations import Check
from shared.storage.rows import row_of
from shared.storage.wire import Row

# Contacts are named in items: a name finds its entry by key, and belongs to one.
NAMED: Final = frozenset({Kind.SUPPLIERS, Kind.CUSTOMERS})
_LONGEST_NAME: Final = 200  # characters of a folded name that stand in a key; a hash tells longer ones apart


@dataclass(frozen=True, slots=True)
class Override:
    """What people decided here about an entry that the provider has; None leaves that to the provider."""

    visible: bool | None = None
    deleted: bool = False
    merged_into: str | None = None
    deleted_at: str | None = field(default=None, compare=False)

    @classmethod
    def of(cls, row: Row) -> "Override":
        return cls(row.get("visible"), row.get("deleted", False), row.get("merged_into"), row.get("deleted_at"))

    def was_deleted(self, before: datetime) -> bool:
        """Whether it was deleted here before a time; when is not known of those from before this was kept."""
        return self.deleted and (self.deleted_at is None or self.deleted_at < time_text(before))

    def said(self) -> Row:
        others = {"visible": self.visible, "merged_into": self.merged_into}
        return {"deleted": self.deleted} | {name: value for name, value in others.items() if value is not None}


def entry_row(book: Book, entry: Entry, override: Override | None = None) -> Row:
    """An entry's row; its status stays the provider's beside what an override says."""
    row = row_of(entry_key(book, entry.kind, entry.id), entry, stamp=stamp(entry))
    if override is not None:
        row |= override.said()
    return row


def entry_in(row: Row) -> Entry:
    """The entry as people left it: its survivor is the one it was merged into here, else the provider's."""
    entry = provided_in(row)
    if row.get("merged_into"):
        entry = replace(entry, survivor=row["merged_into"])
    return replace(entry, status=EntryStatus.INACTIVE) if row.get("deleted") else entry


def provided_in(row: Row) -> Entry:
    """The entry as the provider has it, or as it was made here: what its stamp is of."""
    return decode(Entry, row)


def stamp(entry: Entry) -> str:
    """What an entry's row was written as: changes with anything that may be changed here."""
    return f"{entry.digest()}{int(entry.visible)}"


def unchanged(row: Row) -> Check:
    """The entry's row says what it said when it was read: the provider's part by its stamp, and what people decided."""
    checks = [Check("#stamp = :stamp", {"stamp": row["stamp"]})]
    for name in ("visible", "deleted", "merged_into"):
        if name in row:
            checks.append(Check(f"#{name} = :seen_{name}", {f"seen_{name}": row[name]}))
        else:
            checks.append(Check(f"attribute_not_exists(#{name})"))
    return reduce(and_, checks)


def kind_key(book: Book, kind: Kind, *rest: str) -> str:
    return book_key(book, kind.value, *rest)


def shard_key(book: Book, kind: Kind, shard: int) -> str:
    return kind_key(book, kind, str(shard))


def entry_key(book: Book, kind: Kind, entry_id: str) -> tuple[str, str]:
    return shard_key(book, kind, shard_of(entry_id)), f"E#{part(entry_id)}"


def own_key(book: Book, kind: Kind, letter: str, name: str) -> tuple[str, str]:
    return kind_key(book, kind, "OWN"), f"{letter}#{part(name)}"


def name_key(book: Book, kind: Kind, name_folded: str) -> tuple[str, str]:
    """Where a folded name stands; spread by the name's own hash."""
    digest = hashlib.sha256(name_folded.encode()).hexdigest()
    shown = name_folded if len(name_folded) <= _LONGEST_NAME else f"{name_folded[:_LONGEST_NAME]}~{digest}"
    return kind_key(book, kind, "N", str(int(digest[:2], 16) % SHARDS)), f"N#{part(shown or '~')}"


def name_row(book: Book, entry: Entry) -> Row:
    pk, sk = name_key(book, entry.kind, folded(entry.name))
    return {"pk": pk, "sk": sk, "schema": SCHEMA, "entry": entry.id}
