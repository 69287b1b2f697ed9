"""Which outside messages (webhook notices) were met before."""

from contextlib import suppress
from datetime import datetime, timedelta

from shared.storage.access import access
from shared.storage.codec import SCHEMA
from shared.storage.operations import PRESENT, Check, ConditionFailed, Delete, Put
from shared.storage.table import Table


class SeenStore:
    """Ids of messages, kept for a time."""

    def __init__(self, table: Table) -> None:
        self._table = table

    @access("claims", "PutItem", "pk SEEN#<id>, sk SEEN", "not there, or past its time")
    def first_time(self, message: str, ttl: timedelta, now: datetime) -> bool:
        """Whether a message is met for the first time within `ttl` (real time)."""
        row = {
            "pk": f"SEEN#{message}",
            "sk": "SEEN",
            "schema": SCHEMA,
            "expires_at": int((now + ttl).timestamp()),
        }
        unseen = Check("attribute_not_exists(#pk) OR #expires_at <= :now", {"now": int(now.timestamp())})
        try:
            self._table.write(Put(row, unseen))
        except ConditionFailed:
            return False
        return True

    @access("claims", "DeleteItem", "pk SEEN#<id>, sk SEEN", "it is there")
    def forget(self, message: str) -> None:
        """Take it that a message was never met: what it asked for could not be passed on, and it will come again."""
        with suppress(ConditionFailed):
            self._table.write(Delete((f"SEEN#{message}", "SEEN"), PRESENT))
