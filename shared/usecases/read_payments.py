"""Read back whether published documents were paid in the accounting software, and write it to their items."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Final

from shared.aws.log import count, logger
from shared.domain.approvals import Awaiting
from shared.domain.connections import Connection
from shared.domain.errors import ConflictError
from shared.domain.ids import marker_for
from shared.domain.items import ItemState, PaymentStatus, TimelineEntry
from shared.domain.publishing import ElementAnswer
from shared.providers.contract import CallFailed, Provider, Session
from shared.providers.facts import Profile
from shared.usecases.read_decisions import looked_up
from shared.usecases.service import Service

Ask = Callable[[Callable[[Session], list[ElementAnswer]]], list[ElementAnswer]]
LOOKED_AT: Final = 250  # of the account's newest items, with each regular refresh
WATCHED_FOR: Final = timedelta(days=180)  # a document that is not paid by then is not looked at again
_OPEN: Final = frozenset({None, PaymentStatus.UNPAID})


def read_payments(service: Service, connection: Connection, provider: Provider, ask: Ask) -> int:
    """Look up what this connection published and nobody had paid yet, in few calls for all; returns how many changed.

    Only where the profile tells paid from unpaid. What a look-up cannot answer is left to the next refresh. `ask`
    makes a call; it raises LimitReached, AccessLost and OutOfTime, which are the caller's.
    """
    statuses = provider.profile.payment_statuses
    if not statuses:
        return 0
    changed = 0
    for resource, states in _unpaid(service, connection).items():
        try:
            seen = _seen(connection, provider, resource, states, ask)
        except CallFailed as failed:
            logger.info("payments could not be read", extra={"code": failed.problem.code})
            continue
        for state in states:
            status = seen.get(state.item)
            changed += status is not None and _write(service, connection, state, status, provider.profile)
    count("payments_read_back", changed)
    return changed


def _unpaid(service: Service, connection: Connection) -> dict[str, list[ItemState]]:
    since = service.clock.now() - service.clock.scale(WATCHED_FOR)
    rows, _ = service.items.page(connection.tenant, connection.account, None, LOOKED_AT)
    groups: dict[str, list[ItemState]] = defaultdict(list)
    for state in (row.state for row in rows):
        there = state.published
        if there is None or there.payment_status not in _OPEN or there.at < since:
            continue
        if there.connection == connection.id and there.organisation == connection.pinned.id:
            groups[there.document_type].append(state)
    return groups


def _seen(
    connection: Connection,
    provider: Provider,
    resource: str,
    states: Iterable[ItemState],
    ask: Ask,
) -> Mapping[str, str]:
    """The provider's own word for how each document stands, by item; those without our marker are not found."""
    rows = [_row(connection, resource, state) for state in states]
    batch = looked_up(connection, resource, rows)
    by_marker = {row.marker: row.item for row in rows}
    answers = ask(lambda session: provider.find(session, batch, frozenset()))
    return {by_marker[one.marker]: one.status for one in answers if one.marker in by_marker and one.status}


def _row(connection: Connection, resource: str, state: ItemState) -> Awaiting:
    there = state.published
    if there is None:
        raise TypeError("only published items are looked up")
    return Awaiting(
        tenant=connection.tenant,
        account=connection.account,
        connection=connection.id,
        through=connection.id,
        item=state.item,
        marker=marker_for(connection.tenant, state.item, state.generation),
        resource=resource,
        document_id=there.document_id,
        sent_at=there.at,
    )


def _write(service: Service, connection: Connection, state: ItemState, status: str, profile: Profile) -> bool:
    """Keep what was seen, where it is news; an item that somebody changed meanwhile is left to the next look."""
    paid = profile.payment_statuses.get(status)
    there = state.published
    if there is None or paid is None or (paid, status) == (there.payment_status, there.status):
        return False
    after = replace(state, published=replace(there, payment_status=paid, status=status))
    try:
        service.items.update_state(connection.tenant, connection.account, after)
    except ConflictError:
        return False
    if paid is not there.payment_status and paid is not PaymentStatus.UNPAID:
        entry = TimelineEntry(service.clock.now(), "", f"item.{paid.value}", {"status": status})
        service.items.append_timeline(connection.tenant, connection.account, state.item, entry)
    return True
