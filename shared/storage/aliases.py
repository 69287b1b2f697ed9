"""Aliases and mirrors: what merges say of entries, immutable, beside the entries that they are about."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Final

from shared.domain.aliases import ALIAS, MIRROR, AliasRow, Letter, MirrorRow, RowKey
from shared.domain.lists import Book, Entry, Kind, shard_of
from shared.storage.access import access
from shared.storage.codec import decode, encode
from shared.storage.entry_rows import entry_in, entry_key
from shared.storage.keys import account_key, part
from shared.storage.operations import Check, Put
from shared.storage.rows import row_of
from shared.storage.table import Table
from shared.storage.wire import Row

_WRITTEN_AT_ONCE: Final = 100  # writes that a transaction takes
ALIAS_KEY: Final = (
    "pk T#<tenant>#A#<account>#ALIAS#<kind>#<shard>, sk A#<source entry>#<merge>, R#<target entry>#<merge>"
)


Ask = tuple[Book, Kind, str]


@dataclass(slots=True)
class FoundAliases:
    """The rows that are there of those asked for."""

    aliases: list[AliasRow]
    mirrors: list[MirrorRow]

    def __bool__(self) -> bool:
        return bool(self.aliases or self.mirrors)


class AliasStore:
    """What merges say of an account's entries. A row counts while its merges are applied, as the account says."""

    def __init__(self, table: Table) -> None:
        self._table = table

    @access("lists", "BatchGetItem", ALIAS_KEY)
    def read(self, tenant: str, account: str, keys: Iterable[RowKey]) -> FoundAliases:
        """Those of the rows that are there; 100 a call, no call for no key."""
        return aliases_in(self._table.batch_get(alias_key(tenant, account, key) for key in keys))

    @access("lists", "BatchGetItem", f"{ALIAS_KEY}; entries as ListStore.entries")
    def with_entries(
        self, tenant: str, account: str, asks: Iterable[Ask], keys: Iterable[RowKey]
    ) -> tuple[dict[Ask, Entry], FoundAliases]:
        """The entries that are there of those asked for, and the rows that may lead the others on, in one read.

        They lie in one table: 100 of both together a call. `asks` name the entries' books.
        """
        wanted = {entry_key(*ask): ask for ask in asks}
        rows = list(self._table.batch_get([*wanted, *(alias_key(tenant, account, key) for key in keys)]))
        entries = {wanted[row["pk"], row["sk"]]: entry_in(row) for row in rows if (row["pk"], row["sk"]) in wanted}
        return entries, aliases_in(row for row in rows if (row["pk"], row["sk"]) not in wanted)

    @access("lists", "TransactWriteItems", ALIAS_KEY, "not there yet, or the very same")
    def write(self, tenant: str, account: str, rows: Iterable[AliasRow | MirrorRow]) -> None:
        """Store the rows of a merge that is being applied, in groups of 100, each all or none; a repeat goes on.

        Raises ConflictError where another row stands in the place of one: the merge was applied with other choices.
        """
        source = iter(rows)
        while some := list(islice(source, _WRITTEN_AT_ONCE)):
            self._table.transact([_written(tenant, account, row) for row in some])


def aliases_in(rows: Iterable[Row]) -> FoundAliases:
    """The records in rows of the table. Raises SchemaTooNew."""
    found = FoundAliases([], [])
    for row in rows:
        if str(row["sk"]).startswith(f"{ALIAS}#"):
            found.aliases.append(decode(AliasRow, row))
        else:
            found.mirrors.append(decode(MirrorRow, row))
    return found


def alias_key(tenant: str, account: str, key: RowKey) -> tuple[str, str]:
    """Where a row stands: spread over shards as the entry is that it is of."""
    pk = account_key(tenant, account, "ALIAS", Kind(key.kind).value, str(shard_of(key.entry)))
    return pk, f"{key.letter}#{part(key.entry)}#{part(key.merge)}"


def _written(tenant: str, account: str, row: AliasRow | MirrorRow) -> Put:
    letter: Letter = ALIAS if isinstance(row, AliasRow) else MIRROR
    said = json.dumps(encode(row), sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(said.encode()).hexdigest()
    key = alias_key(tenant, account, RowKey(letter, row.kind, row.entry, row.merge))
    same = Check("attribute_not_exists(#pk) OR #digest = :digest", {"digest": digest})
    return Put(row_of(key, row, digest=digest), same)
