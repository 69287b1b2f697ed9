"""Pending markers: the queued state of items, by organisation, and the documents that items of ours already are."""

from dataclasses import replace
from itertools import islice
from typing import Final

from shared.domain.connections import Connection
from shared.domain.publishing import PendingMarker
from shared.storage.access import access
from shared.storage.codec import SCHEMA, decode
from shared.storage.keys import part, queue_key
from shared.storage.operations import Check, ConditionFailed, Delete, Put, Update
from shared.storage.rows import new, record_in
from shared.storage.table import Table

_KEY: Final = "pk T#<tenant>#O#<provider>:<organisation>, sk M#<account>#<connection>#<item>"
_UNCLAIMED: Final = Check("attribute_not_exists(#batch)")


class MarkerRows:
    """The marker half of ItemStore. Organisations are named by tenant, provider and the provider's id."""

    def __init__(self, table: Table) -> None:
        self._table = table

    @access("items", "PutItem", _KEY, "not there yet")
    def put_marker(self, marker: PendingMarker) -> None:
        """Queue an item; one write unit. Raises ConflictError when it is queued there already."""
        self._table.write(new(marker_key(marker), marker))

    @access("items", "GetItem", _KEY)
    def marker(  # noqa: PLR0917 - the whole key
        self, tenant: str, provider: str, organisation: str, account: str, connection: str, item: str
    ) -> PendingMarker | None:
        key = queue_key(tenant, provider, organisation), _sk(account, connection, item)
        return record_in(PendingMarker, self._table.get(*key))

    @access("items", "Query", "pk T#<tenant>#O#<provider>:<organisation>, sk begins M#")
    def unclaimed(
        self, tenant: str, provider: str, organisation: str, limit: int, after: PendingMarker | None = None
    ) -> list[PendingMarker]:
        """Up to `limit` markers that no batch has claimed, in order of account, connection and item."""
        rows = self._table.query(
            queue_key(tenant, provider, organisation),
            "M#",
            after=marker_key(after)[1] if after else None,
            where=_UNCLAIMED,
            page=min(2 * limit, 1000),
        )
        return [decode(PendingMarker, row) for row in islice(rows, limit)]

    @access("items", "Query", "pk T#<tenant>#O#<provider>:<organisation>, sk begins M#<account>#<connection>#")
    def unclaimed_at(self, connection: Connection, limit: int) -> list[PendingMarker]:
        """Up to `limit` markers of one connection that no batch has claimed."""
        queue = queue_key(connection.tenant, connection.provider, connection.pinned.id)
        begins = f"M#{part(connection.account)}#{part(connection.id)}#"
        rows = self._table.query(queue, begins, where=_UNCLAIMED, page=min(2 * limit, 1000))
        return [decode(PendingMarker, row) for row in islice(rows, limit)]

    @access("items", "Query", "pk T#<tenant>#O#<provider>:<organisation>, sk begins M#")
    def claimed_by(self, tenant: str, provider: str, organisation: str, batch: str) -> list[PendingMarker]:
        """The markers that a batch (by its claim id) holds."""
        where = Check("#batch = :batch", {"batch": batch})
        rows = self._table.query(queue_key(tenant, provider, organisation), "M#", where=where)
        return [decode(PendingMarker, row) for row in rows]

    @access("items", "UpdateItem", _KEY, "unclaimed, and not of a later item version")
    def claim(self, marker: PendingMarker, batch_id: str) -> PendingMarker:
        """Take a marker for a batch that freezes `marker.item_version`. Raises ConflictError.

        An edit moves the version of the marker it finds. A marker written while an edit was under way names the
        version before it, and the item was read afterwards: so an older version stands, a newer one does not.
        """
        free = Check(
            "attribute_exists(#pk) AND attribute_not_exists(#batch) AND #item_version <= :frozen",
            {"frozen": marker.item_version},
        )
        changes = {"batch": batch_id, "item_version": marker.item_version}
        self._table.write(Update(marker_key(marker), changes, free))
        return replace(marker, batch=batch_id)

    @access("items", "UpdateItem", _KEY, "claimed by this batch")
    def release(self, marker: PendingMarker) -> PendingMarker:
        """Give a claimed marker back; may be repeated. Raises ConflictError when it is another batch's or gone."""
        if marker.batch is None:
            return marker
        ours = Check("#batch = :batch", {"batch": marker.batch})
        try:
            self._table.write(Update(marker_key(marker), {"batch": None}, ours))
        except ConditionFailed as refused:
            if refused.found is None or "batch" in refused.found:
                raise
        return replace(marker, batch=None)

    @access("items", "DeleteItem", _KEY, "claimed as the caller knows it")
    def delete_marker(self, marker: PendingMarker) -> None:
        """Take a marker away: the item is no longer queued. Already gone is success.

        Raises ConflictError when it is claimed by another batch than `marker.batch`, or, unclaimed, was moved by an
        edit.
        """
        ours = Check("#batch = :batch", {"batch": marker.batch}) if marker.batch else unclaimed_marker(marker)
        try:
            self._table.write(Delete(marker_key(marker), ours))
        except ConditionFailed as refused:
            if refused.found is not None:
                raise

    @access("items", "Query", "pk T#<tenant>#O#<provider>:<organisation>, sk begins M#, until one is found")
    def any_pending(self, tenant: str, provider: str, organisation: str) -> bool:
        """Whether any marker waits unclaimed."""
        return bool(self.unclaimed(tenant, provider, organisation, 1))

    @access("items", "Query", "pk T#<tenant>#O#<provider>:<organisation>, sk begins M#")
    def pending(self, tenant: str, provider: str, organisation: str) -> list[PendingMarker]:
        """Every marker of the organisation, claimed or not: what a bulk request's progress is told from."""
        return [
            decode(PendingMarker, row) for row in self._table.query(queue_key(tenant, provider, organisation), "M#")
        ]

    @access("items", "Query, count only", "pk T#<tenant>#O#<provider>:<organisation>, sk begins M#")
    def count_pending(self, tenant: str, provider: str, organisation: str) -> int:
        """How many markers there are, claimed ones included."""
        return self._table.count(queue_key(tenant, provider, organisation), "M#")

    @access("items", "PutItem", "pk T#<tenant>#O#<provider>:<organisation>, sk DOC#<resource>#<document>", "same item")
    def hold_document(  # noqa: PLR0917 - the whole key, and whose it is
        self, tenant: str, provider: str, organisation: str, resource: str, document_id: str, item: str
    ) -> None:
        """Record which item a document is, for resources that are matched by their values and not by a marker.

        Raises ConflictError when another item is that document.
        """
        row = {
            "pk": queue_key(tenant, provider, organisation),
            "sk": f"DOC#{part(resource)}#{part(document_id)}",
            "schema": SCHEMA,
            "document": document_id,
            "item": item,
        }
        self._table.write(Put(row, Check("attribute_not_exists(#pk) OR #item = :item", {"item": item})))

    @access("items", "Query", "pk T#<tenant>#O#<provider>:<organisation>, sk begins DOC#<resource>#")
    def held_documents(self, tenant: str, provider: str, organisation: str, resource: str) -> frozenset[str]:
        """The provider's ids of the documents that items of ours are recorded to be."""
        rows = self._table.query(queue_key(tenant, provider, organisation), f"DOC#{part(resource)}#")
        return frozenset(row["document"] for row in rows)

    @access("items", "Query", "pk T#<tenant>#O#<provider>:<organisation>, sk begins DOC#<resource>#")
    def documents_of(self, tenant: str, provider: str, organisation: str, resource: str, item: str) -> frozenset[str]:
        """The provider's ids of the documents that one item is, or was, recorded to be."""
        rows = self._table.query(queue_key(tenant, provider, organisation), f"DOC#{part(resource)}#")
        return frozenset(row["document"] for row in rows if row["item"] == item)


def unclaimed_marker(marker: PendingMarker) -> Check:
    """The marker is as it was read: there, unclaimed, and not moved by an edit."""
    seen = Check("#item_version = :item_version", {"item_version": marker.item_version})
    return _UNCLAIMED & seen


def marker_key(marker: PendingMarker) -> tuple[str, str]:
    return (
        queue_key(marker.tenant, marker.provider, marker.organisation),
        _sk(marker.account, marker.connection, marker.item),
    )


def where_marked(connection: Connection, item: str) -> tuple[str, str]:
    """The key of the marker that an item has when it is queued at this connection."""
    return (
        queue_key(connection.tenant, connection.provider, connection.pinned.id),
        _sk(connection.account, connection.id, item),
    )


def _sk(account: str, connection: str, item: str) -> str:
    return f"M#{part(account)}#{part(connection)}#{part(item)}"
