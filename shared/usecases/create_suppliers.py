"""Create the suppliers and customers that the provider does not have yet, once each, before documents need them."""

from collections.abc import Iterable

from shared.domain.connections import Connection
from shared.domain.ids import marker_for, new_id
from shared.domain.lists import Entry
from shared.domain.publishing import Batch, BatchStatus, FactKind, Member
from shared.usecases.drain import Drain
from shared.usecases.settle_batch import settle_batch


def create_suppliers(drain: Drain, connection: Connection, entries: Iterable[Entry]) -> None:
    """Bring every entry without a provider id into the books, however many items brought it.

    Afterwards an entry has its provider id, or stands in `drain.refused_suppliers` with the reason. Raises what
    `settle_batch` raises; an unfinished batch stays open and is settled by the next turn before anything else.
    """
    new = {entry.id: entry for entry in entries if entry.provider_id is None}
    waiting = [entry for entry in new.values() if entry.id not in drain.refused_suppliers]
    size = drain.provider.profile.publishing.batch_elements
    for start in range(0, len(waiting), size):
        settle_batch(drain, _prepare(drain, connection, waiting[start : start + size]))


def _prepare(drain: Drain, connection: Connection, entries: list[Entry]) -> Batch:
    members, elements, resource = [], [], ""
    for entry in entries:
        marker = marker_for(drain.tenant, entry.id, 1)
        draft = drain.provider.new_supplier(entry, marker)
        resource = draft.resource
        elements.append(draft.element)
        fingerprint = {**draft.fingerprint, "kind": entry.kind.value}
        members.append(Member(entry.id, marker, fingerprint, connection.account))
    batch_id = new_id(drain.now())
    batch = Batch(
        id=batch_id,
        claim=batch_id,
        tenant=drain.tenant,
        account=connection.account,
        connection=connection.id,
        provider=drain.provider_name,
        organisation=drain.organisation,
        fact=FactKind.SUPPLIERS,
        resource=resource,
        key=batch_id,
        status=BatchStatus.PREPARED,
        members=tuple(members),
        created_at=drain.now(),
        epoch=drain.epoch,
    )
    return drain.service.batches.create(batch, drain.provider.body(resource, elements))
