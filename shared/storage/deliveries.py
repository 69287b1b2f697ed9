"""Messages on their way to tenants' endpoints, and those of the last weeks."""

from dataclasses import replace
from itertools import islice
from typing import Final

from shared.domain.outgoing import KEPT_FOR, Delivery
from shared.storage.access import access
from shared.storage.codec import SCHEMA, decode, time_text
from shared.storage.keys import part, tenant_key
from shared.storage.operations import ABSENT, ConditionFailed, Put, version_is
from shared.storage.rows import record_in, row_of
from shared.storage.table import Table

_KEY: Final = "pk T#<tenant>#W#<endpoint>, sk D#<delivery>"


class DeliveryStore:
    """Deliveries by endpoint. They end by themselves, KEPT_FOR after they began."""

    def __init__(self, table: Table) -> None:
        self._table = table

    @access("claims", "TransactWriteItems", f"{_KEY}; sk L#<time>#<delivery>", "not there yet")
    def begin(self, delivery: Delivery) -> Delivery:
        """Store a delivery that has not been tried; one that is there already is returned as it is."""
        pk = _pk(delivery)
        until = _until(delivery)
        listed = {"pk": pk, "sk": f"L#{_place(delivery)}", "schema": SCHEMA, "delivery": delivery.id}
        row = row_of(_key(delivery), delivery, expires_at=until)
        try:
            self._table.transact([Put(row, ABSENT), Put({**listed, "expires_at": until}, ABSENT)])
        except ConditionFailed:
            return self.get(delivery.tenant, delivery.endpoint, delivery.id) or delivery
        return delivery

    @access("claims", "GetItem", _KEY)
    def get(self, tenant: str, endpoint: str, delivery: str) -> Delivery | None:
        pk = tenant_key(tenant, "W", part(endpoint))
        return record_in(Delivery, self._table.get(pk, f"D#{part(delivery)}"))

    @access("claims", "PutItem", _KEY, "version as read")
    def update(self, delivery: Delivery) -> Delivery:
        """Store how a delivery stands and return it with its next version; raises ConflictError."""
        row = row_of(_key(delivery), delivery, expires_at=_until(delivery)) | {"version": delivery.version + 1}
        self._table.write(Put(row, version_is(delivery.version)))
        return replace(delivery, version=delivery.version + 1)

    @access("claims", "Query, BatchGetItem", "pk T#<tenant>#W#<endpoint>, sk begins L#, newest first; deliveries")
    def page(self, tenant: str, endpoint: str, cursor: str | None, limit: int) -> tuple[list[Delivery], str | None]:
        """Up to `limit` deliveries, newest first, and where to go on (None at the end)."""
        pk = tenant_key(tenant, "W", part(endpoint))
        rows = self._table.query(pk, "L#", after=cursor, newest_first=True, page=limit + 1)
        listed = list(islice(rows, limit + 1))
        shown = listed[:limit]
        wanted = [(pk, f"D#{part(row['delivery'])}") for row in shown]
        found = {row["id"]: decode(Delivery, row) for row in self._table.batch_get(wanted)}
        deliveries = [found[row["delivery"]] for row in shown if row["delivery"] in found]
        return deliveries, shown[-1]["sk"] if len(listed) > limit else None


def _pk(delivery: Delivery) -> str:
    return tenant_key(delivery.tenant, "W", part(delivery.endpoint))


def _key(delivery: Delivery) -> tuple[str, str]:
    return _pk(delivery), f"D#{part(delivery.id)}"


def _place(delivery: Delivery) -> str:
    return f"{time_text(delivery.at)}#{part(delivery.id)}"


def _until(delivery: Delivery) -> int:
    return int((delivery.at + KEPT_FOR).timestamp())
