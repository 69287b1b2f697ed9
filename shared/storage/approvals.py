"""Documents whose decision is still to be read, by the connection in whose software people decide."""

from contextlib import suppress
from itertools import islice

from shared.domain.approvals import Awaiting
from shared.storage.access import access
from shared.storage.codec import decode
from shared.storage.keys import account_key, part
from shared.storage.operations import PRESENT, Check, ConditionFailed, Delete, Put
from shared.storage.rows import row_of
from shared.storage.table import Table

_KEY = "pk T#<tenant>#A#<account>#W#<connection>, sk <item>"


class ApprovalStore:
    """What waits for people's decision. A row is a reminder: what was decided stands in the item's state."""

    def __init__(self, table: Table) -> None:
        self._table = table

    @access("items", "PutItem", _KEY, "not there, or of the same item")
    def await_decision(self, awaiting: Awaiting) -> None:
        """Remember to read a decision, before the item says that it is awaited. Once more changes nothing."""
        check = Check("attribute_not_exists(#pk) OR #item = :item", {"item": awaiting.item})
        self._table.write(Put(row_of(_key(awaiting), awaiting), check))

    @access("items", "Query", "pk T#<tenant>#A#<account>#W#<connection>, by item")
    def page(self, tenant: str, account: str, connection: str, after: str | None, limit: int) -> list[Awaiting]:
        """Up to `limit` of them behind an item, by item."""
        rows = self._table.query(_pk(tenant, account, connection), after=after, page=limit)
        return [decode(Awaiting, row) for row in islice(rows, limit)]

    @access("items", "DeleteItem", _KEY, "it is there")
    def done(self, awaiting: Awaiting) -> None:
        """Forget one; it may be gone already."""
        with suppress(ConditionFailed):
            self._table.write(Delete(_key(awaiting), PRESENT))


def _pk(tenant: str, account: str, connection: str) -> str:
    return account_key(tenant, account, "W", part(connection))


def _key(awaiting: Awaiting) -> tuple[str, str]:
    return _pk(awaiting.tenant, awaiting.account, awaiting.connection), part(awaiting.item)
