"""Bulk edits: a small control row that changes, the items it is about (written once), and a row for each of them."""

import json
import zlib
from collections.abc import Sequence
from dataclasses import replace

from shared.domain.bulk_edits import BulkEdit, EditedItem
from shared.storage.access import access
from shared.storage.codec import SCHEMA, decode
from shared.storage.keys import account_key, part
from shared.storage.operations import ABSENT, PRESENT, Put
from shared.storage.rows import new, record_in, replaced, row_of
from shared.storage.table import Table

_CONTROL = "pk T#<tenant>#A#<account>#G, sk <bulk edit>"
_PARTS = "pk T#<tenant>#A#<account>#G#<bulk edit>"


class BulkEditStore:
    """Bulk edits by account."""

    def __init__(self, table: Table) -> None:
        self._table = table

    @access("items", "TransactWriteItems", f"{_CONTROL}; {_PARTS}, sk ITEMS", "none of them there yet")
    def create(self, edit: BulkEdit, items: Sequence[str]) -> None:
        """Store a new bulk edit of these items; raises ConflictError when its id is taken."""
        kept = {"pk": _parts(edit.tenant, edit.account, edit.id), "sk": "ITEMS", "schema": SCHEMA}
        packed = zlib.compress(json.dumps(list(items)).encode())
        self._table.transact([new(_key(edit), edit), Put({**kept, "items": packed}, ABSENT)])

    @access("items", "GetItem", _CONTROL)
    def get(self, tenant: str, account: str, edit: str) -> BulkEdit | None:
        return record_in(BulkEdit, self._table.get(account_key(tenant, account, "G"), part(edit)))

    @access("items", "GetItem", f"{_PARTS}, sk ITEMS")
    def items(self, edit: BulkEdit) -> list[str]:
        """The ids of the items that the edit is about, in its order."""
        row = self._table.get(_parts(edit.tenant, edit.account, edit.id), "ITEMS")
        found: list[str] = json.loads(zlib.decompress(row["items"])) if row else []
        return found

    @access("items", "PutItem", _CONTROL, "version as read")
    def update(self, edit: BulkEdit) -> BulkEdit:
        """Store progress and return it with its next version; raises ConflictError."""
        self._table.write(replaced(_key(edit), edit))
        return replace(edit, version=edit.version + 1)

    @access("items", "Query of a range; BatchGetItem where ids lie far apart", f"{_PARTS}, sk I#<item>")
    def edited(self, edit: BulkEdit, items: Sequence[str]) -> dict[str, EditedItem]:
        """What became of these items, as far as they were dealt with."""
        rows = self._table.among(_parts(edit.tenant, edit.account, edit.id), [f"I#{part(item)}" for item in items])
        return {one.item: one for one in (decode(EditedItem, row) for row in rows)}

    @access("items", "Query", f"{_PARTS}, sk begins I#")
    def all_edited(self, edit: BulkEdit) -> list[EditedItem]:
        """What became of every item that was dealt with, by id."""
        rows = self._table.query(_parts(edit.tenant, edit.account, edit.id), "I#")
        return [decode(EditedItem, row) for row in rows]

    @access("items", "PutItem", f"{_PARTS}, sk I#<item>", "not there yet, or there, as the caller says")
    def remember(self, edit: BulkEdit, one: EditedItem, *, again: bool = False) -> None:
        """Keep what the edit does to an item, before it is done; `again` in the place of what was kept before.

        Raises ConflictError.
        """
        key = _parts(edit.tenant, edit.account, edit.id), f"I#{part(one.item)}"
        self._table.write(Put(row_of(key, one), PRESENT if again else ABSENT))


def _key(edit: BulkEdit) -> tuple[str, str]:
    return account_key(edit.tenant, edit.account, "G"), part(edit.id)


def _parts(tenant: str, account: str, edit: str) -> str:
    return account_key(tenant, account, "G", part(edit))
