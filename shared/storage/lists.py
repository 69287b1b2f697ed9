"""Lists: entries by book, kind and shard, the digest records that drive a refresh, and the names of contacts."""

import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from itertools import islice

from shared.domain.errors import ConflictError
from shared.domain.lists import SHARDS, Book, Entry, EntryStatus, Kind, folded, survivor_of
from shared.storage.access import access
from shared.storage.codec import SCHEMA, refuse_newer, time_text
from shared.storage.entry_rows import (
    NAMED,
    Override,
    entry_in,
    entry_key,
    entry_row,
    kind_key,
    name_key,
    name_row,
    own_key,
    provided_in,
    shard_key,
    stamp,
    unchanged,
)
from shared.storage.operations import ABSENT, PRESENT, Assert, Check, ConditionFailed, Operation, Put, Update
from shared.storage.table import Table
from shared.storage.wire import Row

_KEY = "pk T#<tenant>#A#<account>#B#<provider>:<organisation>#<kind>"
_ENTRY = f"{_KEY}#<shard>, sk E#<entry>"


_OWN_AT_ONCE = 50  # entries with their names: a transaction takes 100 writes


class ListStore:
    """Entries of books. Those of a connected book are a refresh's to write; a lease and the digest records fence it."""

    def __init__(self, table: Table) -> None:
        self._table = table

    # --- reading entries
    @access("lists", "GetItem", _ENTRY)
    def entry(self, book: Book, kind: Kind, entry_id: str) -> Entry | None:
        row = self._table.get(*entry_key(book, kind, entry_id))
        return entry_in(row) if row else None

    @access("lists", "BatchGetItem", _ENTRY)
    def entries(self, book: Book, refs: Iterable[tuple[Kind, str]]) -> dict[str, Entry]:
        """The entries that are there, by id; 100 a call."""
        rows = self._table.batch_get(entry_key(book, kind, entry_id) for kind, entry_id in refs)
        return {entry.id: entry for entry in map(entry_in, rows)}

    @access("lists", "GetItem twice", f"{_KEY}#<shard of the name>, sk N#<folded name>; the entry's row")
    def by_name(self, book: Book, kind: Kind, name_folded: str) -> Entry | None:
        """The supplier or customer that a folded name leads to, or None: the survivor where its holder was merged.

        Other kinds have no names by key.
        """
        pointer = self._table.get(*name_key(book, kind, name_folded))
        return self._holder(book, kind, pointer, name_folded) if pointer else None

    def _holder(self, book: Book, kind: Kind, pointer: Row, name_folded: str) -> Entry | None:
        """The entry a name row points to, if it still has the name: renaming leaves old name rows behind."""
        refuse_newer(pointer)
        entry = self.entry(book, kind, pointer["entry"])
        if entry is None or folded(entry.name) != name_folded:
            return None
        return survivor_of(entry, lambda other: self.entry(book, kind, other))

    @access("lists", "BatchGetItem twice", f"{_KEY}#<shard of the name>, sk N#<folded name>; the entries' rows")
    def by_names(self, book: Book, kind: Kind, names: Iterable[str]) -> dict[str, Entry]:
        """The suppliers or customers that folded names lead to, as by_name finds them; 100 a call."""
        keys = {name_key(book, kind, name): name for name in names}
        pointers = {keys[row["pk"], row["sk"]]: row for row in self._table.batch_get(keys)}
        holders = self.entries(book, [(kind, row["entry"]) for row in pointers.values()])
        found = {}
        for name, pointer in pointers.items():
            refuse_newer(pointer)
            holder = holders.get(pointer["entry"])
            if holder is not None and folded(holder.name) == name:
                found[name] = survivor_of(holder, lambda other: self.entry(book, kind, other))
        return {name: entry for name, entry in found.items() if entry is not None}

    @access("lists", "Query per shard", f"{_KEY}#<shard>, sk begins E#")
    def all(self, book: Book, kind: Kind) -> Iterator[Entry]:
        """Every entry of a kind, inactive ones included, read as they are consumed."""
        for shard in range(SHARDS):
            yield from map(entry_in, self._table.query(shard_key(book, kind, shard), "E#"))

    @access("lists", "Query per shard, from the cursor's on", f"{_KEY}#<shard>, sk begins E#")
    def page(
        self,
        book: Book,
        kind: Kind,
        *,
        q: str | None = None,
        status: EntryStatus | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> tuple[list[Entry], str | None]:
        """Up to `limit` entries in a stable order that is not alphabetical, and where to go on (None at the end).

        `q` is looked for in name and code without case; a search reads the list until the page is full.
        """
        wanted = folded(q) if q else ""
        found: list[tuple[str, Entry]] = []
        for at, entry in self._from(book, kind, cursor, limit if not q else 1000):
            if (status is None or entry.status is status) and wanted in _searched(entry):
                if len(found) == limit:
                    return [entry for _, entry in found], found[-1][0]
                found.append((at, entry))
        return [entry for _, entry in found], None

    def _from(self, book: Book, kind: Kind, cursor: str | None, size: int) -> Iterator[tuple[str, Entry]]:
        first, _, after = (cursor or "0|").partition("|")
        for shard in range(int(first), SHARDS):
            rows = self._table.query(shard_key(book, kind, shard), "E#", after=after or None, page=size + 1)
            yield from ((f"{shard}|{row['sk']}", entry_in(row)) for row in rows)
            after = ""

    # --- entries made or changed here
    @access("lists", "PutItem or TransactWriteItems", f"{_ENTRY}; name row", "not there yet; the name is free")
    def put_own(self, entry: Entry, book: Book) -> None:
        """Store an entry made here. Raises ConflictError when the id, or a contact's folded name, is taken."""
        created = Put(entry_row(book, entry), ABSENT)
        self._with_name(book, entry, created)

    @access("lists", "PutItem or TransactWriteItems", f"{_ENTRY}; name row", "as read; the name is free")
    def update_own(self, entry: Entry, book: Book, expected: Entry) -> None:
        """Store a changed entry over the one that was read. Raises ConflictError, for a taken name too."""
        changed = Put(entry_row(book, entry), _as_read(expected))
        if folded(entry.name) == folded(expected.name):
            self._table.write(changed)
        else:
            self._with_name(book, entry, changed)

    @access(
        "lists",
        "BatchGetItem, TransactWriteItems",
        f"{_ENTRY}; name rows",
        "not there yet and the name is free, or as read",
    )
    def write_own(self, book: Book, changes: Iterable[tuple[Entry, Entry | None]]) -> None:
        """Store many entries made here, each over the one that was read (None: new); names do not change.

        They are written in groups of 50, each all or none. Raises ConflictError; a repeat goes on where this stopped.
        """
        source = iter(changes)
        while some := list(islice(source, _OWN_AT_ONCE)):
            new = [entry for entry, before in some if before is None and entry.kind in NAMED]
            keys = {name_key(book, entry.kind, folded(entry.name)): entry for entry in new}
            pointers = {(row["pk"], row["sk"]): row for row in self._table.batch_get(keys)}
            operations: list[Operation] = [
                Put(entry_row(book, entry), ABSENT if before is None else _as_read(before)) for entry, before in some
            ]
            operations += [self._free_name(book, entry, pointers.get(key)) for key, entry in keys.items()]
            self._table.transact(operations)

    def _free_name(self, book: Book, entry: Entry, pointer: Row | None) -> Put:
        """Take a name that nobody holds; a renamed entry leaves its old name behind. Raises ConflictError."""
        if pointer is not None and self._holder(book, entry.kind, pointer, folded(entry.name)) is not None:
            raise ConflictError(f"the name is held by {pointer['entry']}")
        return Put(
            name_row(book, entry), Check("#entry = :holder", {"holder": pointer["entry"]}) if pointer else ABSENT
        )

    def _with_name(self, book: Book, entry: Entry, written: Put) -> None:
        if entry.kind not in NAMED:
            self._table.write(written)
            return
        name = folded(entry.name)
        pointer = self._table.get(*name_key(book, entry.kind, name))
        holder = self._holder(book, entry.kind, pointer, name) if pointer else None
        if holder is not None and holder.id != entry.id:
            raise ConflictError(f"the name is held by {holder.id}")
        check = Check("#entry = :holder", {"holder": pointer["entry"]}) if pointer else ABSENT
        self._table.transact([written, Put(name_row(book, entry), check)])

    @access(
        "lists", "TransactWriteItems", f"{_ENTRY}; {_KEY}#OWN, sk P#<provider id>", "no provider id yet, or this one"
    )
    def set_provider_id(self, book: Book, kind: Kind, entry_id: str, provider_id: str) -> None:
        """Tie an entry made here to what the provider made of it; a refresh then brings it under its local id.

        May be repeated. Raises ConflictError when the entry is gone, is being changed, or is tied to another id, or
        the id to another entry.
        """
        row = self._table.get(*entry_key(book, kind, entry_id))
        if row is None:
            raise ConflictError(f"there is no entry {entry_id}")
        entry = provided_in(row)
        tied = Check(
            "#stamp = :stamp AND (attribute_not_exists(#provider_id) OR #provider_id = :provider_id)",
            {"provider_id": provider_id, "stamp": row["stamp"]},
        )
        changes = {"provider_id": provider_id, "stamp": stamp(replace(entry, provider_id=provider_id))}
        pk, sk = own_key(book, kind, "P", provider_id)
        adoption = {"pk": pk, "sk": sk, "schema": SCHEMA, "provider_id": provider_id, "entry": entry_id}
        ours = Check("attribute_not_exists(#pk) OR #entry = :entry", {"entry": entry_id})
        operations: list[Operation] = [
            Update(entry_key(book, kind, entry_id), changes, tied),
            Put(adoption, ours),
        ]
        self._table.transact(operations)

    @access("lists", "Query", f"{_KEY}#OWN, sk begins P#")
    def adopted(self, book: Book, kind: Kind) -> dict[str, str]:
        """The provider's ids of entries that were made here, with their local ids."""
        rows = self._table.query(kind_key(book, kind, "OWN"), "P#")
        return {row["provider_id"]: row["entry"] for row in rows}

    @access("lists", "Query", f"{_KEY}#OWN, sk begins V#")
    def overrides(self, book: Book, kind: Kind) -> dict[str, Override]:
        """What people hid or deleted here of entries that the provider has, by entry id."""
        rows = self._table.query(kind_key(book, kind, "OWN"), "V#")
        return {row["entry"]: Override.of(row) for row in rows}

    @access("lists", "GetItem, TransactWriteItems", f"{_ENTRY}; {_KEY}#OWN, sk V#<entry>", "as read")
    def set_override(
        self,
        book: Book,
        expected: Entry,
        *,
        visible: bool | None = None,
        deleted: bool | None = None,
        at: datetime | None = None,
    ) -> None:
        """Hide or show, delete or restore an entry here, whatever the provider says of it; None leaves as it is.

        A deleted entry reads as inactive until it is restored; then it is what the provider says. `at` is when it
        was deleted. Raises ConflictError when the entry is not there, or no longer as it was read.
        """
        key = entry_key(book, expected.kind, expected.id)
        row = self._table.get(*key)
        if row is None or entry_in(row) != expected:
            raise ConflictError(f"the entry {expected.id} is not as it was read")
        pk, sk = own_key(book, expected.kind, "V", expected.id)
        said = {name: value for name, value in (("visible", visible), ("deleted", deleted)) if value is not None}
        decided = said | ({"deleted_at": time_text(at) if deleted and at else None} if deleted is not None else {})
        override = Update((pk, sk), {"entry": expected.id, "schema": SCHEMA, **decided}, _ANY)
        self._table.transact([override, Update(key, said, unchanged(row))])

    @access(
        "lists",
        "GetItem, TransactWriteItems",
        f"{_ENTRY}; {_KEY}#OWN, sk V#<entry>",
        "as read; the survivor is there and not merged itself",
    )
    def merge_into(self, book: Book, merged: Entry, survivor: Entry) -> None:
        """Merge a contact into another of its book, whatever the provider says of it; a merged one is led on.

        Its id and its name lead to the survivor from then on. Raises ConflictError when either is not as it was read.
        """
        row = self._table.get(*entry_key(book, merged.kind, merged.id))
        if row is None or entry_in(row) != merged:
            raise ConflictError(f"the entry {merged.id} is not as it was read")
        said = {"merged_into": survivor.id}
        own = Update(own_key(book, merged.kind, "V", merged.id), {"entry": merged.id, "schema": SCHEMA, **said}, _ANY)
        alone = PRESENT & Check("attribute_not_exists(#merged_into)")
        self._table.transact(
            [
                own,
                Update(entry_key(book, merged.kind, merged.id), said, unchanged(row)),
                Assert(entry_key(book, merged.kind, survivor.id), alone),
            ]
        )

    # --- what a refresh writes
    @access(
        "lists", "Query, BatchWriteItem, UpdateItem", f"{_ENTRY}; name rows; overrides", "the refresh lease; digests"
    )
    def write(self, book: Book, kind: Kind, changed: Iterable[Entry]) -> int:
        """Write entries as the provider has them, as they are produced; returns how many.

        What people hid or deleted here stays so, also when they do it meanwhile. Contacts take their names along.
        """
        entries = iter(changed)
        first = list(islice(entries, 1))
        if not first:
            return 0
        before = self.overrides(book, kind)
        count = 0

        def rows() -> Iterator[Row]:
            nonlocal count
            for source in (first, entries):
                for entry in source:
                    count += 1
                    yield entry_row(book, entry, before.get(entry.id))
                    if kind in NAMED and entry.usable:
                        yield name_row(book, entry)

        self._table.batch_put(rows())
        self._apply_newer(book, kind, before)
        return count

    @access("lists", "Query, BatchGetItem, TransactWriteItems", f"{_KEY}#OWN, sk begins V#; {_ENTRY}", "as read")
    def restore_deleted(self, book: Book, kind: Kind, alive: Callable[[str], bool], before: datetime) -> int:
        """Restore the entries deleted here before a time that are `alive` (by id); returns how many.

        One that somebody changes meanwhile waits for the next time.
        """
        overrides = self.overrides(book, kind)
        gone = [one for one, said in overrides.items() if said.was_deleted(before) and alive(one)]
        count = 0
        for entry in self.entries(book, [(kind, one) for one in gone]).values():
            try:
                self.set_override(book, entry, deleted=False)
            except ConflictError:
                continue
            count += 1
        return count

    def _apply_newer(self, book: Book, kind: Kind, before: Mapping[str, Override]) -> None:
        """Overrides set while the rows were being written may have been overwritten: they are set once more."""
        for entry_id, override in self.overrides(book, kind).items():
            if before.get(entry_id) != override:
                try:
                    self._table.write(Update(entry_key(book, kind, entry_id), override.said(), PRESENT))
                except ConditionFailed:
                    continue

    @access("lists", "BatchGetItem", f"{_KEY}#<shard>, sk D")
    def digests(self, book: Book, kind: Kind) -> dict[int, dict[str, str]]:
        """Per shard that has any: entry id -> what was last written of it (a digest and what a refresh adds)."""
        rows = self._table.batch_get((shard_key(book, kind, shard), "D") for shard in range(SHARDS))
        found = {}
        for row in rows:
            refuse_newer(row)
            found[int(row["shard"])] = json.loads(zlib.decompress(row["digests"]))
        return found

    @access("lists", "PutItem", f"{_KEY}#<shard>, sk D", "no later epoch there")
    def put_digest(self, book: Book, kind: Kind, shard: int, digests: Mapping[str, str], epoch: int) -> None:
        """Store one shard's digest record, after its entries. `epoch` is the refresh lease's.

        Raises ConflictError when a later holder of the lease was here.
        """
        row = {
            "pk": shard_key(book, kind, shard),
            "sk": "D",
            "schema": SCHEMA,
            "shard": shard,
            "epoch": epoch,
            "entries": len(digests),
            "digests": zlib.compress(json.dumps(dict(digests), separators=(",", ":")).encode(), 6),
        }
        fenced = Check("attribute_not_exists(#pk) OR #epoch <= :epoch", {"epoch": epoch})
        self._table.write(Put(row, fenced))


def _searched(entry: Entry) -> str:
    return f"{folded(entry.name)}\n{folded(entry.code or '')}"


def _as_read(entry: Entry) -> Check:
    """The row of an entry made here is the one that was read, and nobody has merged it since."""
    return Check("#stamp = :stamp AND attribute_not_exists(#merged_into)", {"stamp": stamp(entry)})


_ANY = Check("attribute_not_exists(#pk) OR attribute_exists(#pk)")
