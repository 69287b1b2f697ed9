"""Which outside messages (webhook notices) were met before."""

from datetime import datetime, timedelta

from shared.storage.access import access
from shared.storage.codec import SCHEMA
from shared.storage.operations import Check, ConditionFailed, Put
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
