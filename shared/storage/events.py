"""The append-only event log of each account."""

from itertools import islice

from shared.domain.accounts import Event
from shared.storage.access import access
from shared.storage.codec import decode
from shared.storage.keys import account_key
from shared.storage.operations import Check, Put
from shared.storage.rows import new
from shared.storage.table import Table

_LOOKED_AT = 1000  # events read for one page of a filtered log


def appended(tenant: str, event: Event) -> Put:
    """The write of one event, for a transaction with what it tells of."""
    return new((account_key(tenant, event.account, "E"), event.id), event)


class EventStore:
    """Events by account; their ids are ULIDs, so the order of keys is the order of time."""

    def __init__(self, table: Table) -> None:
        self._table = table

    @access("connections", "PutItem", "pk T#<tenant>#A#<account>#E, sk <event>", "not there yet")
    def append(self, tenant: str, event: Event) -> None:
        """Add an event; raises ConflictError when its id is taken."""
        self._table.write(appended(tenant, event))

    @access("connections", "Query", "pk T#<tenant>#A#<account>#E, newest first")
    def page(
        self, tenant: str, account: str, cursor: str | None, limit: int, subject: str | None = None
    ) -> tuple[list[Event], str | None]:
        """Up to `limit` events, newest first, and where to go on (None at the end).

        With `subject` a page looks at no more than 1,000 events and may be short, or empty, before the end.
        """
        where = Check("#subject = :subject", {"subject": subject}) if subject else None
        size = _LOOKED_AT if subject else limit + 1
        rows = self._table.query(
            account_key(tenant, account, "E"), after=cursor, newest_first=True, where=where, page=size
        )
        found = list(islice(rows, limit + 1))
        events = [decode(Event, row) for row in found[:limit]]
        return events, events[-1].id if len(found) > limit else None
