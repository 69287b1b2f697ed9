"""Change an item while nobody is sending it."""

from dataclasses import dataclass, replace

from shared.domain.accounts import Account
from shared.domain.connections import Connection
from shared.domain.errors import fail
from shared.domain.item_drafts import ItemChanges
from shared.domain.items import Item, ItemState, Stage, TimelineEntry
from shared.domain.publishing import PendingMarker
from shared.domain.readiness import judged, summary_of
from shared.usecases.create_items import Taken
from shared.usecases.readiness import EntryCache, book_of, evaluate, linked_connections, publishing_connection
from shared.usecases.references import References
from shared.usecases.service import Service


def edit_item(
    service: Service, account: Account, item_id: str, changes: ItemChanges, *, version: int | None, actor: str
) -> Taken:
    """Change fields of an item and work out anew what it lacks. `version` is If-Match's, None for any.

    A queued item stays queued with its new content, or leaves the queue when it is no longer ready. Raises not_found,
    precondition_failed, already_published, outcome_unknown, publication_in_progress (a worker has claimed it),
    invalid_request; ConflictError when somebody else was faster.
    """
    linked = linked_connections(service, account)
    item, state, marker = found_item(service, account, item_id, linked)
    if version is not None and version != item.version:
        raise fail("precondition_failed", current=item.version)
    if state.stage is Stage.PUBLISHED:
        raise fail("already_published")
    if state.stage is Stage.UNKNOWN:
        raise fail("outcome_unknown")
    connection = publishing_connection(service, account, linked)
    cache = EntryCache(service)
    edited = recoded(References(service, book_of(account, connection), cache), item, changes)
    if edited == item:
        return Taken(item, state, marker, new=False)
    problems = evaluate(service, account, edited, connection, cache=cache)
    state = judged(replace(state, summary=summary_of(edited)), problems, account.coding_version)
    changed = Changed(edited, state, marker, tuple(sorted(changes)))
    return store_change(service, changed, linked, actor=actor, what="item.edited")


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
    """An item's next content and state, the marker it had when it was read, and the fields that are new."""

    item: Item
    state: ItemState
    marker: PendingMarker | None
    fields: tuple[str, ...]


def store_change(service: Service, changed: Changed, linked: list[Connection], *, actor: str, what: str) -> Taken:
    """Write an item's new content in one transaction with its marker, and a line into its history.

    The marker moves along with the item's version, or is taken away where the item is no longer ready.
    """
    keep = changed.state.stage is not Stage.NEEDS_REVIEW
    item, state = service.items.update(
        changed.item, changed.state, marker=changed.marker, keep_queued=keep, connections=linked
    )
    entry = TimelineEntry(service.clock.now(), actor, what, {"fields": list(changed.fields)})
    service.items.append_timeline(item.tenant, item.account, item.id, entry)
    marker = replace(changed.marker, item_version=item.version) if changed.marker and keep else None
    return Taken(item, state, marker, new=False)


def recoded(references: References, item: Item, changes: ItemChanges) -> Item:
    """The item after an edit, its references looked up; raises invalid_request naming the field.

    Where the side changes, a contact that is not named anew is left out: suppliers and customers are other entries.
    """
    plain = {name: value for name, value in changes.items() if name not in {"lines", "contact", "payment_method"}}
    edited = replace(item, **plain)
    if "lines" in changes:
        lines = tuple(references.line(line, number) for number, line in enumerate(changes["lines"]))
        edited = replace(edited, lines=lines)
    if "contact" in changes:
        edited = replace(edited, contact=references.contact(changes["contact"], edited.side))
    elif edited.side is not item.side:
        edited = replace(edited, contact=None)
    if "payment_method" in changes:
        edited = replace(edited, payment_method=references.payment_method(changes["payment_method"]))
    return edited
