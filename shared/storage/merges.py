"""Merges of lists, by account, with what people chose; the account's row says which are in force."""

import json
import zlib
from collections.abc import Iterable
from dataclasses import replace
from itertools import islice
from typing import Final

from shared.domain.accounts import Account, Event
from shared.domain.merges import Choice, Merge, MergeList, Rest
from shared.storage.access import access
from shared.storage.accounts import changed_account
from shared.storage.codec import SCHEMA, refuse_newer
from shared.storage.events import appended
from shared.storage.keys import account_key, part
from shared.storage.operations import Check, Operation, Put
from shared.storage.rows import new, record_in, replaced
from shared.storage.table import Table
from shared.storage.wire import Row

_MERGE = "pk T#<tenant>#A#<account>, sk MERGE#<merge>"
_CHOICE = "pk T#<tenant>#A#<account>#MG#<merge>, sk D#<list>"
_ANY: Final = Check("attribute_not_exists(#pk) OR attribute_exists(#pk)")


def creating(merge: Merge) -> Operation:
    """The write of a new merge, for the transaction that begins its workflow."""
    return new(_key(merge.tenant, merge.account, merge.id), merge)


class MergeStore:
    """Merges by account. A choice is written together with its merge, whose version guards it."""

    def __init__(self, table: Table) -> None:
        self._table = table

    @access("connections", "GetItem", _MERGE)
    def get(self, tenant: str, account: str, merge: str) -> Merge | None:
        return record_in(Merge, self._table.get(*_key(tenant, account, merge)))

    @access("connections", "Query", "pk T#<tenant>#A#<account>, sk begins MERGE#, newest first")
    def page(self, tenant: str, account: str, cursor: str | None, limit: int) -> tuple[list[Merge], str | None]:
        """Up to `limit` merges, newest first, and where to go on (None at the end)."""
        pk, after = account_key(tenant, account), f"MERGE#{part(cursor)}" if cursor else None
        rows = self._table.query(pk, "MERGE#", after=after, newest_first=True, page=limit + 1)
        found = [merge for row in islice(rows, limit + 1) if (merge := record_in(Merge, row)) is not None]
        return found[:limit], found[limit - 1].id if len(found) > limit else None

    @access("connections", "PutItem or TransactWriteItems", f"{_MERGE}; event", "version as read")
    def update(self, merge: Merge, event: Event | None = None) -> Merge:
        """Store a changed merge and return it with its next version; raises ConflictError."""
        change = replaced(_key(merge.tenant, merge.account, merge.id), merge)
        if event is None:
            self._table.write(change)
        else:
            self._table.transact([change, appended(merge.tenant, event)])
        return replace(merge, version=merge.version + 1)

    @access("connections", "TransactWriteItems", f"{_MERGE}; account; event", "versions as read")
    def update_with(
        self, merge: Merge, account: Account, event: Event, *beside: Operation, recode: bool = False
    ) -> Merge:
        """Store a changed merge together with its account, which says what is in force: a reader sees all or none.

        With `recode` the account's coding version moves in the same write; `beside` are other writes of the same
        table. Raises ConflictError.
        """
        change = changed_account(account, recode=recode)
        key = _key(merge.tenant, merge.account, merge.id)
        self._table.transact([replaced(key, merge), change, appended(merge.tenant, event), *beside])
        return replace(merge, version=merge.version + 1)

    @access("connections", "TransactWriteItems", f"{_MERGE}; {_CHOICE}", "the merge's version as read")
    def choose(self, merge: Merge, which: MergeList, choice: Choice) -> Merge:
        """Store what was chosen of a list, with the merge as it is then; raises ConflictError."""
        pk, sk = _choice(merge, which)
        packed = zlib.compress(json.dumps(dict(choice.mappings), separators=(",", ":")).encode())
        row = {"pk": pk, "sk": sk, "schema": SCHEMA, "list": which.value, "rest": choice.rest.value}
        row |= {"skipped": choice.skipped, "mappings": packed}
        self._table.transact([replaced(_key(merge.tenant, merge.account, merge.id), merge), Put(row, _ANY)])
        return replace(merge, version=merge.version + 1)

    @access("connections", "BatchGetItem", _CHOICE)
    def choices(self, merge: Merge, lists: Iterable[MergeList]) -> dict[MergeList, Choice]:
        """What was chosen of these lists; one of which nothing was chosen is not among them."""
        rows = self._table.batch_get(_choice(merge, which) for which in lists)
        return {MergeList(row["list"]): _choice_in(row) for row in rows}


def _choice_in(row: Row) -> Choice:
    refuse_newer(row)
    return Choice(Rest(row["rest"]), json.loads(zlib.decompress(row["mappings"])), row["skipped"])


def _key(tenant: str, account: str, merge: str) -> tuple[str, str]:
    return account_key(tenant, account), f"MERGE#{part(merge)}"


def _choice(merge: Merge, which: MergeList) -> tuple[str, str]:
    return account_key(merge.tenant, merge.account, "MG", part(merge.id)), f"D#{which.value}"
