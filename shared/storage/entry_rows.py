"""The rows of list entries: their keys, and how an entry becomes a row of a few hundred bytes."""

import hashlib
from dataclasses import dataclass, replace
from functools import reduce
from operator import and_
from typing import Final

from shared.domain.lists import SHARDS, Book, Entry, EntryStatus, Kind, folded, shard_of
from shared.storage.codec import SCHEMA, decode
from shared.storage.keys import book_key, part
from shared.storage.operations import Check
from shared.storage.rows import row_of
from shared.storage.wire import Row

# Contacts are named in items: a name finds its entry by key, and belongs to one.
NAMED: Final = frozenset({Kind.SUPPLIERS, Kind.CUSTOMERS})
_LONGEST_NAME: Final = 200  # characters of a folded name that stand in a key; a hash tells longer ones apart


@dataclass(frozen=True, slots=True)
class Override:
    """What people decided here about an entry that the provider has; `visible` None leaves that to the provider."""

    visible: bool | None = None
    deleted: bool = False

    def said(self) -> Row:
        return {"deleted": self.deleted} | ({} if self.visible is None else {"visible": self.visible})


def entry_row(book: Book, entry: Entry, override: Override | None = None) -> Row:
    """An entry's row; its status stays the provider's beside what an override says."""
    row = row_of(entry_key(book, entry.kind, entry.id), entry, stamp=stamp(entry))
    if override is not None:
        row |= override.said()
    return row


def entry_in(row: Row) -> Entry:
    entry = decode(Entry, row)
    return replace(entry, status=EntryStatus.INACTIVE) if row.get("deleted") else entry


def stamp(entry: Entry) -> str:
    """What an entry's row was written as: changes with anything that may be changed here."""
    return f"{entry.digest()}{int(entry.visible)}"


def unchanged(row: Row) -> Check:
    """The entry's row says what it said when it was read: the provider's part by its stamp, and what people decided."""
    checks = [Check("#stamp = :stamp", {"stamp": row["stamp"]})]
    for name in ("visible", "deleted"):
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
