"""Queue one item for publishing."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from shared.domain.accounts import Account
from shared.domain.connections import Connection
from shared.domain.errors import ConflictError, LedgerbridgeError, Problem
from shared.domain.failed import lost_for
from shared.domain.items import FactOutcome, Item, ItemState, Published, Stage
from shared.domain.publishing import PendingMarker, WakeUp
from shared.domain.readiness import judged, repeated, without_repeats
from shared.usecases.create_items import Taken
from shared.usecases.edit_item import found_item
from shared.usecases.entry_cache import EntryCache
from shared.usecases.integrations import Way, Ways, prepare_on, sending
from shared.usecases.service import Service
from shared.usecases.wake import SCHEMA, SWEEP_AFTER, remind, wake_up


def publish_item(service: Service, account: Account, item_id: str, *, by: str = "") -> Taken:
    """Put an item into its organisation's queue and wake the publisher; an item that is queued already stays as it is.

    `by` is who asks, for the item's history.
    On a published item whose file, payment or approver failed, or whose payment is not known, this asks for that alone.
    Raises
    not_found, no_connection and the other reasons why a connection does not publish, item_not_ready (followed by
    every reason), already_published, outcome_unknown. Where access is lost the item remembers that it was to go.
    """
    ways = Ways(service, account)
    item, state, marker = found_item(service, account, item_id, ways.linked)
    if marker is not None:
        return Taken(item, state, marker, new=False)
    way = way_of(ways, item, state)
    lost = lost_for(way.connection, state)
    if lost is not None:
        save_judged(service, account, [replace(state, last_error=lost)])
    connection = sending(way)
    verdict = wanted(service, account, way, item, state, cache=EntryCache(service, account))
    if verdict.problems:
        renew(service, account, state, verdict)
        lead = [] if verdict.stands_alone else [Problem("item_not_ready")]
        raise LedgerbridgeError(*lead, *verdict.problems)
    marker = marker_of(service, item, state, connection, behalf=way.behalf, by=by)
    queue_marker(service, marker, connection)
    return Taken(item, state, marker, new=True)


def queue_marker(service: Service, marker: PendingMarker, connection: Connection) -> None:
    """Queue one item and wake the publisher, guarded by the agenda."""
    wake = wake_of(connection)
    remind(service, wake, service.clock.now() + SWEEP_AFTER)
    put_marker(service, marker)
    wake_up(service, wake)


def way_of(ways: Ways, item: Item, state: ItemState) -> Way:
    """Where an item goes: what is still to be done about one that was sent is done where it was sent."""
    way = ways.of(item)
    there = ways.by_id(state.sent_through) if state.sent_through else None
    if state.published is not None:
        there = ways.of_published(state.published)
    if there is None or (way.connection is not None and there.id == way.connection.id):
        return way
    return replace(way, connection=there, behalf=None)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an item may be queued. `stands_alone`: the problem is about its state, not about what it says."""

    problems: tuple[Problem, ...] = ()
    stands_alone: bool = False


def wanted(service: Service, account: Account, way: Way, item: Item, state: ItemState, *, cache: EntryCache) -> Verdict:
    """Judge one item against the lists as they are now; its way (`way_of`) has a connection that takes items."""
    if state.stage is Stage.UNKNOWN:
        return Verdict((Problem("outcome_unknown"),), stands_alone=True)
    if state.claim is not None and state.published is None:
        return Verdict((Problem("item_in_claim", details={"claim": state.claim}),), stands_alone=True)
    if state.stage is Stage.PUBLISHED:
        incomplete = way.connection is not None and is_incomplete(state, way.connection)
        return Verdict() if incomplete else Verdict((Problem("already_published"),), True)
    found = prepare_on(service, account, item, way, generation=state.generation, cache=cache)
    return Verdict(tuple(without_repeats([*repeated(state), *found.problems])))


def is_incomplete(state: ItemState, connection: Connection) -> bool:
    """Whether what belongs to a published document may be asked for again, in the organisation of this connection."""
    published = state.published
    here = published is not None and published.organisation == connection.pinned.id
    missing = (_file_is_missing, _payment_is_missing, _approver_is_missing)
    return here and any(is_missing(published) for is_missing in missing)


def _file_is_missing(published: Published | None) -> bool:
    file = published.attachment if published else None
    return file is not None and file.outcome is FactOutcome.FAILED


def _payment_is_missing(published: Published | None) -> bool:
    payment = published.payment if published else None
    return payment is not None and payment.outcome in {FactOutcome.FAILED, FactOutcome.UNKNOWN}


def _approver_is_missing(published: Published | None) -> bool:
    approver = published.approver if published else None
    return approver is not None and approver.outcome is FactOutcome.FAILED


def renew(service: Service, account: Account, state: ItemState, verdict: Verdict) -> None:
    """Store what was found out about an item's readiness, where it is news."""
    if verdict.stands_alone:
        return
    fresh = judged(state, verdict.problems, account.coding_version)
    if fresh != state:
        save_judged(service, account, [fresh])


def save_judged(service: Service, account: Account, states: Iterable[ItemState]) -> None:
    """Write renewed readiness; a state that somebody changed meanwhile is left to them, it is only a cache."""
    for state in states:
        try:
            service.items.update_state(account.tenant, account.id, state)
        except ConflictError:
            continue


def marker_of(
    service: Service,
    item: Item,
    state: ItemState,
    connection: Connection,
    publication: str | None = None,
    *,
    behalf: Connection | None = None,
    by: str,
) -> PendingMarker:
    """The queued state of an item that may be published now; `by` is who asked for it."""
    return PendingMarker(
        tenant=item.tenant,
        account=item.account,
        connection=connection.id,
        provider=connection.provider,
        organisation=connection.pinned.id,
        item=item.id,
        item_version=item.version,
        generation=state.generation,
        queued_at=service.clock.now(),
        publication=publication,
        attach_only=_file_is_missing(state.published),
        pay_only=_payment_is_missing(state.published),
        approver_only=_approver_is_missing(state.published),
        behalf=behalf.id if behalf is not None else None,
        by=by,
    )


def put_marker(service: Service, marker: PendingMarker) -> None:
    """Queue an item: one write. A marker that is there already does as well."""
    try:
        service.items.put_marker(marker)
    except ConflictError:
        return


def wake_of(connection: Connection) -> WakeUp:
    return WakeUp(SCHEMA, connection.tenant, connection.account, connection.provider, connection.pinned.id)
