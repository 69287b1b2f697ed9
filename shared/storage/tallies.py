"""What happened in tenants' accounts since the last digest, a row for what was told together."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Final

from shared.domain.digests import Tally
from shared.storage.access import access
from shared.storage.codec import decode
from shared.storage.keys import part, tenant_key
from shared.storage.operations import ABSENT, ConditionFailed, Put
from shared.storage.rows import row_of
from shared.storage.table import Table

KEPT_FOR: Final = timedelta(days=7)  # after the digest that counts them
_PK: Final = "pk T#<tenant>#N#<day>"


class TallyStore:
    """Tallies by tenant and day; they end by themselves. A row that is written twice counts once."""

    def __init__(self, table: Table) -> None:
        self._table = table

    @access("claims", "PutItem", f"{_PK}, sk <account>#<tally>", "not there yet")
    def add(self, tally: Tally) -> None:
        """Count what happened; once more changes nothing."""
        key = _pk(tally.tenant, tally.day), f"{part(tally.account)}#{part(tally.id)}"
        until = datetime.fromisoformat(tally.day).replace(tzinfo=UTC) + KEPT_FOR
        with suppress(ConditionFailed):
            self._table.write(Put(row_of(key, tally, expires_at=int(until.timestamp())), ABSENT))

    @access("claims", "Query", f"{_PK}, by account")
    def of_day(self, tenant: str, day: str, limit: int) -> list[Tally]:
        """Up to `limit` tallies that the digest of a day counts, by account."""
        return [decode(Tally, row) for row in islice(self._table.query(_pk(tenant, day)), limit)]


def _pk(tenant: str, day: str) -> str:
    return tenant_key(tenant, "N", part(day))
