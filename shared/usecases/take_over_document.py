"""A person says which document an item of unknown outcome is: look it up, and believe what the provider shows."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from shared.aws.log import count
from shared.domain.connections import Connection
from shared.domain.errors import ConflictError, Problem
from shared.domain.items import Item, ItemState, ItemType, TimelineEntry
from shared.domain.publishing import PendingMarker
from shared.providers.approvers import approver_of
from shared.providers.contract import Known, Session, Target
from shared.usecases.access_token import Access
from shared.usecases.as_published import as_published
from shared.usecases.drain import Drain
from shared.usecases.item_news import tell_published
from shared.usecases.on_behalf import on_behalf_of
from shared.usecases.publish_inside import publish_inside
from shared.usecases.readiness import prepare
from shared.usecases.watch_payments import watch_named

NOT_FOUND = Problem("document_not_found")
OF_ANOTHER = Problem("document_of_another_item")


def take_over_documents(drain: Drain, connection: Connection, markers: Sequence[PendingMarker]) -> list[PendingMarker]:
    """Look every named document up in the connection's organisation; returns the markers whose items now have one.

    A document counts when it is of the item's kind, carries no marker but the item's own, and is no other item's. Its
    payment and file are then pending. Otherwise the item stays unknown, says why, and leaves the queue. May be
    repeated from any point. Raises what `drain.call` raises: all markers stay.
    """
    items = drain.read_items(connection.account, [marker.item for marker in markers])
    states = drain.states(connection.account, [marker.item for marker in markers])
    taken = []
    for marker in markers:
        item, state = items.get(marker.item), states.get(marker.item)
        if item is None or state is None or state.generation != marker.generation:
            _leave(drain, marker)  # cleared since: nothing is wanted any more
        elif state.published is not None or _take_over(drain, connection, marker, item, state):
            taken.append(marker)
        else:
            _leave(drain, marker)
    return taken


def _take_over(drain: Drain, connection: Connection, marker: PendingMarker, item: Item, state: ItemState) -> bool:
    account = drain.account(connection.account)
    behalf = drain.behalf(marker)
    seen = on_behalf_of(connection, behalf) if behalf is not None else connection
    found = prepare(drain.service, account, item, seen, generation=state.generation, cache=drain.entries, behalf=behalf)
    if found.target is None:
        return False
    known = _look(drain, connection, found.item, found.target, marker.take_over or "")
    problem = _why_not(drain, known, found.target, item.id)
    if known is None or problem is not None:
        problem = problem or NOT_FOUND
        drain.save_state(item.account, replace(state, last_error=problem))
        _note(drain, item, "item.resolve_refused", {"document_id": marker.take_over, "code": problem.code})
        return False
    after = as_published(
        drain,
        state,
        connection.id,
        known.resource,
        known.answer,
        destination=found.target.destination,
        has_payment=found.target.records_payment,
        has_file=item.document is not None and seen.settings.attach_files,
        approval=marker.behalf,
        approver=approver_of(found.resolved),
        by=marker.by,
    )
    watch_named(drain, marker, known, found.target.destination)
    drain.save_state(item.account, after)
    if after.published is not None and item.type is ItemType.EXPENSE_CLAIM:
        publish_inside(drain, connection, item, after.published, voided=known.answer.voided)
        drain.write_held()
    tell_published(drain, item.account, connection.id, after)
    _note(drain, item, "item.resolved", {"document_id": known.answer.provider_id})
    count("documents_taken_over")
    return True


def _look(drain: Drain, connection: Connection, item: Item, target: Target, document_id: str) -> Known | None:
    def look(session: Session, _: Access) -> Known | None:
        return drain.provider.known(session, item, target, document_id)

    drain.need_time_for_a_call()
    return drain.call(connection, look)


def _why_not(drain: Drain, known: Known | None, target: Target, item: str) -> Problem | None:
    """Why the document may not be the item's. Documents of ours carry their marker, or are recorded as held."""
    if known is None or known.answer.provider_id is None:
        return NOT_FOUND
    if known.marker not in {None, target.marker}:
        return OF_ANOTHER
    where = (drain.tenant, drain.provider_name, drain.organisation, known.resource)
    try:
        drain.service.items.hold_document(*where, known.answer.provider_id, item)
    except ConflictError:
        return OF_ANOTHER
    return None


def _note(drain: Drain, item: Item, what: str, details: dict[str, object]) -> None:
    entry = TimelineEntry(drain.now(), "", what, details)
    drain.service.items.append_timeline(item.tenant, item.account, item.id, entry)


def _leave(drain: Drain, marker: PendingMarker) -> None:
    with suppress(ConflictError):
        drain.service.items.delete_marker(marker)
