"""Change an item while nobody is sending it."""

from dataclasses import dataclass, replace
from typing import Final

from shared.domain.accounts import Account
from shared.domain.arrival import fits_side, settled
from shared.domain.bank_match import loosened
from shared.domain.code_item import source_of
from shared.domain.connections import Connection
from shared.domain.errors import Problem, fail
from shared.domain.item_drafts import ItemChanges
from shared.domain.items import Item, ItemState, ItemType, Stage, TimelineEntry
from shared.domain.publishing import PendingMarker
from shared.domain.readiness import judged, lapses, set_back, summary_of
from shared.usecases.arriving_files import ask_fetch, fetched_anew, guard_fetch
from shared.usecases.code_items import coded_after_edit
from shared.usecases.create_items import Taken
from shared.usecases.entry_cache import EntryCache
from shared.usecases.expense_claims import Inside, check_edit_inside, counted, gathered, recount
from shared.usecases.integrations import Way, Ways, evaluate
from shared.usecases.references import Finders, check_integration, destined
from shared.usecases.service import Service
from shared.usecases.spot_duplicates import compared_anew

_LOOKED_UP: Final = frozenset({"lines", "contact", "payment_method", "approver", "file_url"})


def edit_item(
    service: Service, account: Account, item_id: str, changes: ItemChanges, *, version: int | None, actor: str
) -> Taken:
    """Change fields of an item and work out anew what it lacks. `version` is If-Match's, None for any.

    A queued item stays queued with its new content, for the connection it was queued for, or leaves the queue when it
    is no longer ready or is now to go elsewhere. Raises not_found, precondition_failed, already_published,
    outcome_unknown, publication_in_progress (a worker has claimed it), invalid_request, no_connection (an integration
    that is not connected); ConflictError when somebody else was faster.
    """
    ways = Ways(service, account)
    item, state, marker = found_item(service, account, item_id, ways.linked)
    if version is not None and version != item.version:
        raise fail("precondition_failed", current=item.version)
    if state.stage is Stage.PUBLISHED:
        raise fail("already_published")
    if state.stage is Stage.UNKNOWN:
        raise fail("outcome_unknown")
    from shared.usecases.match_bank_lines import rematched  # it stores its matches as edits

    cache = EntryCache(service, account)
    edited = recoded(ways, Finders(ways, cache), item, changes, marker)
    edited = coded_after_edit(ways, item, edited, changes, cache=cache)
    check_edit_inside(service, item, edited, state, ways.linked)
    inside = Inside()
    if edited.type is ItemType.EXPENSE_CLAIM or item.type is ItemType.EXPENSE_CLAIM:
        edited, inside = _claim(ways, item, edited, marker)
    if "file_url" in changes:
        edited = fetched_anew(service, edited, changes["file_url"])
    edited = settled(edited, changes.keys())
    if loosened(item, edited):
        edited = replace(edited, bank_line=None, bank_account=None)
    if edited == item:
        return Taken(item, state, marker, new=False)
    way = _way(ways, edited, changes, marker)
    problems = evaluate(service, account, edited, way, cache=cache)
    was = state
    state = replace(state, summary=summary_of(edited), reasons=(), duplicate=compared_anew(ways, edited, state))
    state = judged(state, problems, account.coding_version)
    elsewhere = marker is not None and _goes_elsewhere(way, marker)
    changed = Changed(edited, state, marker, tuple(sorted(changes)), elsewhere, inside.states, was)
    if edited.fetch != item.fetch:
        guard_fetch(service, edited)
    taken = store_change(service, changed, ways.linked, actor=actor, what="item.edited")
    if edited.fetch != item.fetch:
        ask_fetch(service, taken.item)
    if state.claim is not None:
        recount(service, account, state.claim, ways.linked)
    return rematched(ways, item, taken)


def _goes_elsewhere(way: Way, marker: PendingMarker) -> bool:
    behalf = way.behalf.id if way.behalf is not None else None
    return way.connection is None or (way.connection.id, behalf) != (marker.connection, marker.behalf)


def _claim(ways: Ways, item: Item, edited: Item, marker: PendingMarker | None) -> tuple[Item, Inside]:
    """An edited expense claim with what its items make of it; a type is no claim's before and another's after."""
    if edited.type is not item.type:
        raise fail("invalid_request", field="type", reason="an expense claim stays one, and nothing else becomes one")
    for field in ("side", "currency", "lines", "reverse_charge"):
        if getattr(edited, field) != getattr(item, field):
            raise fail("invalid_request", field=field, reason="this follows from the items of a claim")
    if marker is not None and edited.items != item.items:
        raise fail("publication_in_progress")
    found = gathered(ways, edited, item.items)
    return counted(edited, found.items), found


def _way(ways: Ways, item: Item, changes: ItemChanges, marker: PendingMarker | None) -> Way:
    """Where an edited item goes. Only an edit of what decides makes a queued item leave for another connection."""
    return ways.of(item) if changes.keys() & {"integration", "side"} else ways.of_marker(item, marker)


def found_item(
    service: Service, account: Account, item_id: str, linked: list[Connection]
) -> tuple[Item, ItemState, PendingMarker | None]:
    """An item with its state and its pending marker at one of the linked connections; raises not_found."""
    found = service.items.both(account.tenant, account.id, item_id, linked)
    if found is None:
        raise fail("not_found", field="item")
    return found


@dataclass(frozen=True, slots=True)
class Changed:
    """An item's next content and state, the marker it had when it was read, and the fields that are new.

    `elsewhere`: it goes to another connection than the one it is queued for. `inside` are the next states of items
    that an expense claim takes in or lets go. `was` is the state as read, where the item was compared anew.
    """

    item: Item
    state: ItemState
    marker: PendingMarker | None
    fields: tuple[str, ...]
    elsewhere: bool = False
    inside: tuple[ItemState, ...] = ()
    was: ItemState | None = None


def store_change(service: Service, changed: Changed, linked: list[Connection], *, actor: str, what: str) -> Taken:
    """Write an item's new content in one transaction with its marker, and a line into its history.

    The marker moves along with the item's version, or is taken away where the item is no longer ready for it: an edit
    of an approved item waits for another approval.
    """
    state = changed.state
    if lapses(changed.item):
        state = set_back(state, Problem("approval_pending", "approval"))
    keep = state.stage is not Stage.NEEDS_REVIEW and not changed.elsewhere
    item, state = service.items.update(
        changed.item,
        state,
        marker=changed.marker,
        keep_queued=keep,
        connections=linked,
        inside=changed.inside,
        claim=changed.state.claim,
        was=changed.was,
    )
    entry = TimelineEntry(service.clock.now(), actor, what, _told_of(item, changed.fields, what))
    service.items.append_timeline(item.tenant, item.account, item.id, entry)
    marker = replace(changed.marker, item_version=item.version) if changed.marker and keep else None
    return Taken(item, state, marker, new=False)


def _told_of(item: Item, fields: tuple[str, ...], what: str) -> dict[str, object]:
    """What the history says of a change: its fields, and the rules that decide on the item now.

    Where rules made the change it says of each field who decides it now, as `tell_coding` does of an arrival.
    """
    if what == "item.coded":
        return {"rules": dict(item.rules), "fields": {path: source_of(item, path) for path in fields}}
    return {"fields": list(fields)} | ({"rules": dict(item.rules)} if item.rules else {})


def recoded(ways: Ways, finders: Finders, item: Item, changes: ItemChanges, marker: PendingMarker | None) -> Item:
    """The item after an edit, its new references looked up in the book of where it goes; raises invalid_request.

    Those that it keeps are checked against that book by whoever works out its readiness. Where the side changes, a
    contact that is not named anew is left out: suppliers and customers are other entries.
    """
    plain = {name: value for name, value in changes.items() if name not in _LOOKED_UP}
    edited = replace(item, **plain)
    if not fits_side(edited.type, edited.side):
        raise fail("invalid_request", field="type", reason="sales are invoices, credit notes and receipts")
    if changes.keys() & {"integration", "side"}:
        check_integration(ways, edited.side, edited.integration)
    way, contact = _way(ways, edited, changes, marker), None
    if "contact" in changes and marker is None:
        where = destined(ways, summary_of(edited), changes["contact"])
        way, contact = where.way, where.contact
    references = finders.of(way)
    if "lines" in changes:
        lines = tuple(references.line(line, number) for number, line in enumerate(changes["lines"]))
        edited = replace(edited, lines=lines)
    if "contact" in changes:
        edited = replace(edited, contact=contact or references.contact(changes["contact"], edited.side))
    elif edited.side is not item.side:
        edited = replace(edited, contact=None)
    if "payment_method" in changes:
        edited = replace(edited, payment_method=references.payment_method(changes["payment_method"]))
    if "approver" in changes:
        edited = replace(edited, approver=references.approver(changes["approver"], edited.side))
    return edited
