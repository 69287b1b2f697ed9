"""Create the suppliers and customers that the provider does not have yet, once each, before documents need them."""

from collections import defaultdict
from collections.abc import Iterable

from shared.domain.connections import Connection
from shared.domain.ids import marker_for, new_id
from shared.domain.lists import Entry
from shared.domain.publishing import FactKind, Member
from shared.providers.contract import Draft
from shared.usecases.drain import Drain
from shared.usecases.prepare_batch import new_batch, store_batch
from shared.usecases.settle_batch import settle_or_pass


def create_suppliers(drain: Drain, connection: Connection, entries: Iterable[Entry]) -> None:
    """Bring every entry without a provider id into the books, however many items brought it.

    Afterwards an entry has its provider id, or stands in `drain.refused_suppliers` with the reason, or in
    `drain.waiting_suppliers`. Raises what `settle_batch` raises; an unfinished batch stays open and is settled by the
    next turn before anything else.
    """
    new = {entry.id: entry for entry in entries if entry.provider_id is None}
    known = drain.refused_suppliers.keys() | drain.waiting_suppliers
    drafts: dict[str, list[tuple[Member, Draft]]] = defaultdict(list)
    for entry in new.values():
        if entry.id not in known:
            member, draft = _draft(drain, connection, entry)
            drafts[draft.resource].append((member, draft))
    size = drain.provider.profile.publishing.most_elements(FactKind.SUPPLIERS)
    for drafted in drafts.values():
        for start in range(0, len(drafted), size):
            part = drafted[start : start + size]
            batch = new_batch(drain, connection, FactKind.SUPPLIERS, new_id(drain.now()), part)
            settle_or_pass(drain, store_batch(drain, batch, part))


def _draft(drain: Drain, connection: Connection, entry: Entry) -> tuple[Member, Draft]:
    marker = marker_for(drain.tenant, entry.id, 1)
    draft = drain.provider.new_supplier(entry, marker)
    fingerprint = {**draft.fingerprint, "kind": entry.kind.value}
    return Member(entry.id, marker, fingerprint, connection.account), draft
