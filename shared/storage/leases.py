"""Leases: one holder at a time, told apart from earlier ones by an epoch that only grows."""

from datetime import datetime

from shared.storage.access import access
from shared.storage.codec import SCHEMA, time_text
from shared.storage.operations import Check, ConditionFailed, Update
from shared.storage.table import Table

_KEY = "pk LEASE#<name>, sk LEASE"


class LeaseStore:
    """Leases by name. A lease's row has no time to live: were it lost, epochs would start again."""

    def __init__(self, table: Table) -> None:
        self._table = table

    @access("claims", "UpdateItem", _KEY, "none held, or the last one has ended")
    def acquire(self, name: str, owner: str, until: datetime, now: datetime) -> int | None:
        """Take the lease until a real (not a provider's) time; returns its epoch, or None while somebody holds it.

        `owner` is unique to the invocation. The lease cannot be renewed.
        """
        free = Check("attribute_not_exists(#owner) OR #until <= :now", {"now": time_text(now)})
        taken = Update(_key(name), {"owner": owner, "until": time_text(until), "schema": SCHEMA}, free, {"epoch": 1})
        try:
            row = self._table.write(taken)
        except ConditionFailed:
            return None
        return int(row["epoch"]) if row else None

    @access("claims", "UpdateItem", _KEY, "owner and epoch as taken")
    def release(self, name: str, owner: str, epoch: int) -> bool:
        """End the lease before its time; False when it is no longer ours."""
        ours = Check("#owner = :owner AND #epoch = :epoch", {"owner": owner, "epoch": epoch})
        try:
            self._table.write(Update(_key(name), {"owner": None, "until": None}, ours))
        except ConditionFailed:
            return False
        return True

    @access("claims", "GetItem", _KEY)
    def epoch(self, name: str) -> int:
        """The epoch of the latest holder, 0 when there was none."""
        row = self._table.get(*_key(name))
        return int(row["epoch"]) if row else 0


def _key(name: str) -> tuple[str, str]:
    return f"LEASE#{name}", "LEASE"
