"""Turn a stored bulk request into pending markers, slice by slice."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from shared.domain.accounts import Account
from shared.domain.connections import Connection, Slot
from shared.domain.errors import ConflictError, Problem
from shared.domain.failed import lost_for
from shared.domain.items import Item, ItemState
from shared.domain.publishing import ControlTotal, PendingMarker, Publication, PublicationStatus
from shared.domain.readiness import destination_of, judged, signed_total
from shared.storage.agenda import AgendaKind, AgendaRow
from shared.usecases.entry_cache import EntryCache
from shared.usecases.integrations import Ways, prefetch_all, why_no_way, why_not_sending
from shared.usecases.publish_item import (
    Verdict,
    marker_of,
    put_marker,
    save_judged,
    wake_of,
    wanted,
    way_of,
)
from shared.usecases.service import Service
from shared.usecases.wake import SCHEMA, SWEEP_AFTER, remind, wake_up

SLICE: Final = 50
# What one slice may take at worst; none starts that could not end before the invocation does.
SLICE_TIME: Final = timedelta(seconds=20)
# A publication that nobody has expanded for this long lost its message: the agenda sends another.
EXPANSION_SWEEP: Final = timedelta(minutes=5)

Sums = dict[tuple[str, str, Slot], tuple[int, Decimal]]  # count and total by currency, destination and integration


def expand_publication(service: Service, tenant: str, account_id: str, publication_id: str, deadline: datetime) -> bool:
    """Queue the items of a bulk request from where it stands; True when nothing is left to expand.

    `deadline` is when the invocation ends (UTC); what is left then goes on with a message of its own. May run twice
    at once or again after a crash: a marker that is there is accepted, a slice counts when its record is written.
    Organisations are woken when their markers are in, so that batches are cut full.
    """
    publication = service.publications.get(tenant, account_id, publication_id)
    account = service.accounts.get(tenant, account_id)
    if publication is None or account is None or publication.status is not PublicationStatus.EXPANDING:
        return True
    ways = Ways(service, account)
    cache = EntryCache(service, account)
    try:
        while publication.expanded < len(publication.items):
            if service.clock.now() + SLICE_TIME >= deadline:
                service.publish_queue.send(publication_message(publication), group=tenant)
                break
            publication = _expand_slice(service, ways, publication, cache)
        else:
            publication = service.publications.update(replace(publication, status=PublicationStatus.RUNNING))
            service.agenda.clear(sweep_row(publication))
    except ConflictError:
        # Another worker has the same request in hand and carries on; what this one queued late is looked at as well.
        _wake(service, ways)
        return False
    if publication.accepted:
        _wake(service, ways)
    return publication.status is not PublicationStatus.EXPANDING


def _wake(service: Service, ways: Ways) -> None:
    """Wake every organisation of the account that may have got items; one that got none finds nothing to do."""
    for connection in ways.linked:
        if why_not_sending(connection) is None:
            wake_up(service, wake_of(connection))


def sweep_row(publication: Publication) -> AgendaRow:
    """The agenda's row that sends the message again when nobody has expanded the request by then."""
    at = publication.requested_at + EXPANSION_SWEEP
    return AgendaRow(AgendaKind.PUBLICATION, at, publication.id, publication_message(publication))


def publication_message(publication: Publication) -> dict[str, object]:
    """The publish queue's message that has a bulk request expanded."""
    return {
        "schema": SCHEMA,
        "kind": "publication",
        "tenant": publication.tenant,
        "account": publication.account,
        "publication": publication.id,
    }


@dataclass(frozen=True, slots=True)
class Accepted:
    """An item that may be queued, and the connection it goes through, for a secondary perhaps."""

    item: Item
    state: ItemState
    connection: Connection
    behalf: Connection | None = None


@dataclass(slots=True)
class Sorted:
    """One slice, judged. `accepted` may be queued; `refused` say why not; `fresh` are states that have news.

    `there` counts items that this very request has queued or published already: a slice that ran before.
    """

    accepted: list["Accepted"] = field(default_factory=list)
    there: list["Accepted"] = field(default_factory=list)
    refused: list[tuple[str, Problem]] = field(default_factory=list)
    fresh: list[ItemState] = field(default_factory=list)


def _expand_slice(service: Service, ways: Ways, publication: Publication, cache: EntryCache) -> Publication:
    ids = publication.items[publication.expanded : publication.expanded + SLICE]
    done = replace(publication, expanded=publication.expanded + len(ids))
    found = sort_items(service, ways, ids, cache, since=publication.requested_at)
    save_judged(service, ways.account, found.fresh)
    for connection in {one.connection.id: one.connection for one in found.accepted}.values():
        remind(service, wake_of(connection), service.clock.now() + SWEEP_AFTER)
    for one in found.accepted:
        put_marker(service, _marker(service, publication, one))
    counted = found.accepted + found.there
    return service.publications.update(
        replace(
            done,
            accepted=publication.accepted + len(counted),
            refused=publication.refused + tuple(found.refused),
            expected=added(publication.expected, totals(counted)),
        )
    )


def _marker(service: Service, publication: Publication, one: "Accepted") -> PendingMarker:
    by = publication.requested_by
    return marker_of(service, one.item, one.state, one.connection, publication.id, behalf=one.behalf, by=by)


def sort_items(
    service: Service, ways: Ways, ids: Sequence[str], cache: EntryCache, *, since: datetime | None = None
) -> Sorted:
    """Judge items against the lists as they are now, with a handful of reads for all of them.

    An item published after `since` was published by the same request, before its worker died.
    """
    account = ways.account
    items = service.items.batch_get(account.tenant, account.id, ids)
    states = service.items.batch_states(account.tenant, account.id, ids)
    prefetch_all(ways, cache, items.values())
    found = Sorted()
    for item_id in ids:
        item, state = items.get(item_id), states.get(item_id)
        if item is None or state is None:
            found.refused.append((item_id, Problem("not_found", "items")))
            continue
        way = way_of(ways, item, state)
        why_not = why_no_way(way)
        before = since is not None and state.published is not None and state.published.at >= since
        if way.connection is not None and before:
            found.there.append(Accepted(item, state, way.connection, way.behalf))
        elif way.connection is None or why_not is not None:
            found.refused.append((item_id, why_not or Problem("no_connection")))
            lost = lost_for(way.connection, state)
            if lost is not None:
                found.fresh.append(replace(state, last_error=lost))
        else:
            verdict = wanted(service, account, way, item, state, cache=cache)
            _sort(found, account, Accepted(item, state, way.connection, way.behalf), verdict)
    return found


def _sort(found: Sorted, account: Account, one: Accepted, verdict: Verdict) -> None:
    state = one.state
    fresh = state if verdict.stands_alone else judged(state, verdict.problems, account.coding_version)
    if fresh.stage is not state.stage or fresh.reasons != state.reasons:
        found.fresh.append(fresh)
    if verdict.problems:
        found.refused.append((one.item.id, verdict.problems[0]))
    else:
        found.accepted.append(replace(one, state=fresh))


def totals(items: Iterable[Accepted]) -> tuple[ControlTotal, ...]:
    """Count and sum per currency, destination and integration; credit notes are subtracted."""
    sums: Sums = defaultdict(lambda: (0, Decimal(0)))
    for one in items:
        slot = (one.behalf or one.connection).slot
        key = (one.item.currency, destination_of(one.item, one.connection.settings).value, slot)
        count, total = sums[key]
        sums[key] = (count + 1, total + signed_total(one.state.summary))
    return as_totals(sums)


def as_totals(sums: Sums) -> tuple[ControlTotal, ...]:
    return tuple(
        ControlTotal(currency, destination, count, format(total, "f"), integration)
        for (currency, destination, integration), (count, total) in sorted(sums.items())
    )


def added(one: Iterable[ControlTotal], other: Iterable[ControlTotal]) -> tuple[ControlTotal, ...]:
    """Two sets of control totals as one."""
    sums: Sums = defaultdict(lambda: (0, Decimal(0)))
    for part in (*one, *other):
        count, total = sums[part.key]
        sums[part.key] = (count + part.count, total + Decimal(part.total))
    return as_totals(sums)
