"""Accounts that wait for somebody: a row by account, and its copy in the tenant's list, oldest first."""

from dataclasses import replace
from itertools import islice
from typing import Final

from shared.domain.attention import Attention
from shared.storage.access import access
from shared.storage.codec import decode, time_text
from shared.storage.keys import account_key, part, tenant_key
from shared.storage.operations import ABSENT, PRESENT, ConditionFailed, Delete, Operation, Put, version_is
from shared.storage.rows import new, record_in, row_of
from shared.storage.table import Table

_BOTH: Final = "pk T#<tenant>#A#<account>, sk ATTENTION; pk T#<tenant>#ATTENTION, sk <since>#<account>"


class AttentionStore:
    """Sparse: an account that waits for nobody has no row, so that those that do are found without the others."""

    def __init__(self, table: Table) -> None:
        self._table = table

    @access("connections", "TransactWriteItems", _BOTH, "not there yet")
    def note(self, attention: Attention) -> bool:
        """Note an account; False when it is noted already."""
        try:
            self._table.transact([new(_own(attention), attention), new(_listed(attention), attention)])
        except ConditionFailed:
            return False
        return True

    @access("connections", "GetItem", "pk T#<tenant>#A#<account>, sk ATTENTION")
    def get(self, tenant: str, account: str) -> Attention | None:
        return record_in(Attention, self._table.get(account_key(tenant, account), "ATTENTION"))

    @access("connections", "TransactWriteItems", _BOTH, "version as read")
    def update(self, before: Attention, after: Attention) -> Attention:
        """Store what a look found over the note it was read as; raises ConflictError."""
        after = replace(after, version=before.version + 1)
        operations: list[Operation] = [Put(row_of(_own(after), after), version_is(before.version))]
        if _listed(before) == _listed(after):
            operations.append(Put(row_of(_listed(after), after), PRESENT))
        else:
            operations += [Delete(_listed(before), PRESENT), Put(row_of(_listed(after), after), ABSENT)]
        self._table.transact(operations)
        return after

    @access("connections", "TransactWriteItems", _BOTH, "version as read")
    def clear(self, attention: Attention) -> None:
        """Take a note away: nothing waits any more. Raises ConflictError."""
        self._table.transact(
            [Delete(_own(attention), version_is(attention.version)), Delete(_listed(attention), PRESENT)]
        )

    @access("connections", "Query", "pk T#<tenant>#ATTENTION, oldest first")
    def page(self, tenant: str, cursor: str | None, limit: int) -> tuple[list[Attention], str | None]:
        """Up to `limit` notes of a tenant, the oldest first, and where to go on (None at the end)."""
        rows = list(islice(self._table.query(tenant_key(tenant, "ATTENTION"), after=cursor, page=limit + 1), limit + 1))
        found = [decode(Attention, row) for row in rows[:limit]]
        return found, rows[limit - 1]["sk"] if len(rows) > limit else None


def _own(attention: Attention) -> tuple[str, str]:
    return account_key(attention.tenant, attention.account), "ATTENTION"


def _listed(attention: Attention) -> tuple[str, str]:
    return tenant_key(attention.tenant, "ATTENTION"), f"{time_text(attention.since)}#{part(attention.account)}"
