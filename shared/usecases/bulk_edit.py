"""Take a bulk edit in: find its items, show what it would do, and have the worker do it; ask for it to be undone."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, Final

from shared.domain.accounts import Account
from shared.domain.bulk_edits import BulkEdit, BulkStatus
from shared.domain.connections import Slot
from shared.domain.errors import ConflictError, LedgerbridgeError, fail
from shared.domain.integrations import Because, Integration
from shared.domain.items import ItemState, ItemType, Place, Side, Stage
from shared.domain.lists import Kind
from shared.domain.readiness import judged
from shared.storage.agenda import AgendaKind
from shared.usecases.change_in_bulk import Bulk, edited_by
from shared.usecases.entry_cache import EntryCache
from shared.usecases.integrations import Ways, check_named, evaluate, prefetch_all
from shared.usecases.readiness import contact_kind
from shared.usecases.references import Finders
from shared.usecases.service import Service

MOST_ITEMS: Final = 1000  # of one bulk edit; more go in several
DONE_SWEEP: Final = timedelta(minutes=5)  # one that is not done by then may have lost its message: it gets another
_PAGE: Final = 500
_OPEN: Final = frozenset({Stage.RECEIVED, Stage.NEEDS_REVIEW, Stage.READY, Stage.QUEUED})
_KINDS: Final = {
    "category": Kind.CATEGORIES,
    "tax_rate": Kind.TAX_RATES,
    "project": Kind.PROJECTS,
    "customer": Kind.CUSTOMERS,
}


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which items a bulk edit is about: those named, or the open ones that fit all that is given here."""

    side: Side
    items: tuple[str, ...] = ()
    stage: Stage | None = None
    place: Place | None = None
    type: ItemType | None = None
    contact: str | None = None
    currency: str | None = None
    since: date | None = None
    until: date | None = None

    def fits(self, state: ItemState) -> bool:
        told = state.summary
        day = told.date
        return (
            self.type in {None, told.type}
            and self.contact in {None, told.contact}
            and self.currency in {None, told.currency}
            and (self.since is None or (day is not None and day >= self.since))
            and (self.until is None or (day is not None and day <= self.until))
        )


@dataclass(slots=True)
class Preview:
    """What a bulk edit would do: `refused` are items with the code that says why they stay as they are.

    `stages` counts the items that change by the stage they would have then.
    """

    matched: int = 0
    changed: int = 0
    unchanged: int = 0
    stages: Counter[str] = field(default_factory=Counter)
    refused: list[tuple[str, str]] = field(default_factory=list)


def checked_changes(service: Service, account: Account, side: Side, changes: Mapping[str, Any]) -> dict[str, Any]:
    """The changes as JSON with local ids in the place of references; raises invalid_request, no_connection.

    They are looked up in the main connection's book.
    """
    ways = Ways(service, account)
    cache = EntryCache(service, account)
    way = ways.way(Integration(Slot.MAIN, Because.MAIN))
    references = Finders(ways, cache).of(way)
    found: dict[str, Any] = {}
    for name, value in changes.items():
        where = f"changes.{name}"
        if value is None:
            found[name] = None
        elif name in _KINDS:
            found[name] = references.entry(_KINDS[name], value, where)
        elif name == "payment_method":
            found[name] = references.payment_method(value)
        elif name == "contact":
            if cache.get(way.book, contact_kind(side), value) is None:
                raise fail("invalid_request", field=where, reason="there is no such entry in the books")
            found[name] = value
        elif isinstance(value, date):
            found[name] = value.isoformat()
        else:
            found[name] = getattr(value, "value", value)
    if found.get("integration") is not None:
        check_named(ways, Slot(found["integration"]), "changes.integration")
    return found


def chosen_items(service: Service, account: Account, chosen: Chosen) -> list[str]:
    """The items' ids in their order; raises invalid_request when there are none or too many."""
    items = sorted(set(chosen.items)) or sorted(_filtered(service, account, chosen))
    if not items:
        raise fail("invalid_request", field="filter", reason="no item matches")
    if len(items) > MOST_ITEMS:
        raise fail("invalid_request", field="filter", reason=f"one bulk edit takes at most {MOST_ITEMS} items")
    return items


def _filtered(service: Service, account: Account, chosen: Chosen) -> Iterator[str]:
    linked, cursor, found = Ways(service, account).linked, None, 0
    while found <= MOST_ITEMS:
        page, cursor = service.items.page(
            account.tenant,
            account.id,
            cursor,
            _PAGE,
            stage=chosen.stage,
            side=chosen.side,
            place=chosen.place,
            connections=linked,
        )
        fitting = [row.state.item for row in page if row.stage in _OPEN and chosen.fits(row.state)]
        found += len(fitting)
        yield from fitting
        if cursor is None:
            return


def preview_bulk_edit(service: Service, account: Account, items: list[str], changes: dict[str, Any]) -> Preview:
    """Count what a bulk edit of these items would do; nothing is stored."""
    bulk = Bulk(service, account)
    seen = Preview(matched=len(items))
    stored = service.items.batch_get(account.tenant, account.id, items)
    prefetch_all(bulk.ways, bulk.cache, stored.values())
    for item_id in items:
        try:
            one = edited_by(bulk, item_id, changes)
        except LedgerbridgeError as refusal:
            seen.refused.append((item_id, refusal.problem.code))
            continue
        if one.edited == one.item:
            seen.unchanged += 1
            continue
        seen.changed += 1
        problems = evaluate(service, account, one.edited, bulk.ways.of(one.edited), cache=bulk.cache)
        after = judged(replace(one.state, reasons=()), problems, account.coding_version)
        seen.stages[after.stage.value] += 1
    return seen


def accept_bulk_edit(
    service: Service, account: Account, items: list[str], changes: dict[str, Any], *, edit_id: str, actor: str
) -> BulkEdit:
    """Store a bulk edit under an id, which its event will have, and have the worker do it; a repeat finds it again."""
    edit = BulkEdit(edit_id, account.tenant, account.id, actor, service.clock.now(), changes, len(items))
    _guard(service, edit)
    try:
        service.bulk_edits.create(edit, items)
    except ConflictError:
        edit = found_bulk_edit(service, account, edit_id)
    if edit.status is BulkStatus.RUNNING:
        service.publish_queue.send(bulk_message(edit), group=account.tenant)
    return edit


def found_bulk_edit(service: Service, account: Account, edit_id: str, field: str = "bulk_edit") -> BulkEdit:
    """A bulk edit by its id; raises not_found."""
    found = service.bulk_edits.get(account.tenant, account.id, edit_id)
    if found is None:
        raise fail("not_found", field=field)
    return found


def undo_bulk_edit(service: Service, account: Account, event_id: str) -> BulkEdit:
    """Have the worker put back what a bulk edit changed and nobody has changed since; a repeat changes nothing.

    Raises not_found (the event is of no bulk edit), bulk_edit_running, ConflictError.
    """
    edit = found_bulk_edit(service, account, event_id, "event")
    if edit.status is BulkStatus.RUNNING:
        raise fail("bulk_edit_running")
    if edit.status is BulkStatus.DONE:
        _guard(service, edit)
        edit = service.bulk_edits.update(replace(edit, status=BulkStatus.UNDOING, passed=0))
    if edit.status is BulkStatus.UNDOING:
        service.publish_queue.send(bulk_message(edit), group=account.tenant)
    return edit


def _guard(service: Service, edit: BulkEdit) -> None:
    """Have the agenda look after a bulk edit, or its undoing, before it begins."""
    service.agenda.put(AgendaKind.BULK_EDIT, service.clock.now() + DONE_SWEEP, edit.id, bulk_message(edit))


def bulk_message(edit: BulkEdit) -> dict[str, object]:
    """The publish queue's message that has a bulk edit done, or undone, from where it stands."""
    return {"schema": 1, "kind": "bulk_edit", "tenant": edit.tenant, "account": edit.account, "bulk_edit": edit.id}
