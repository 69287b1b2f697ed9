"""Take items in: look up their coding, store each once, and say at once what each still lacks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shared.domain.accounts import Account
from shared.domain.connections import Connection
from shared.domain.errors import ConflictError, LedgerbridgeError, Problem, fail
from shared.domain.ids import numbered_id
from shared.domain.item_drafts import ItemDraft
from shared.domain.items import Item, ItemState, Place, Stage
from shared.domain.publishing import PendingMarker
from shared.domain.readiness import judged, summary_of
from shared.usecases.readiness import EntryCache, book_of, linked_connections, prefetch, prepare, publishing_connection
from shared.usecases.references import References
from shared.usecases.service import Service

# DynamoDB holds 400 KB a row; an item of this many characters stays below it whatever its letters.
MOST_TEXT: Final = 80_000


@dataclass(frozen=True, slots=True)
class Taken:
    """An item that is stored: `new` when this request did it, else found again by its id or external id."""

    item: Item
    state: ItemState
    marker: PendingMarker | None
    new: bool


def create_items(
    service: Service, account: Account, drafts: Sequence[ItemDraft], resource_id: str
) -> list[Taken | Problem]:
    """Store items, each for itself: the result has one entry per draft, in their order.

    Ids follow from `resource_id` and the place in the list, so that a repeat of the request finds what it stored. A
    draft whose external_id is known is found again; with another body it is a `conflict` that names the item. A
    reference that the current books do not have is `invalid_request` with its field; all else is stored and reasoned.
    """
    linked = linked_connections(service, account)
    connection = publishing_connection(service, account, linked)
    cache = EntryCache(service)
    references = References(service, book_of(account, connection), cache)
    references.preload(drafts)
    now = service.clock.now()
    coded_items: list[Item | Problem] = []
    for number, draft in enumerate(drafts):
        item_id = numbered_id(resource_id, number)
        try:
            coded_items.append(item_of(references, account, draft, item_id, now))
        except LedgerbridgeError as refusal:
            coded_items.append(refusal.problem)
    items = [one for one in coded_items if isinstance(one, Item)]
    prefetch(cache, items, references.book)
    results: list[Taken | Problem] = []
    for one in coded_items:
        if isinstance(one, Problem):
            results.append(one)
            continue
        problems = prepare(service, account, one, connection, cache=cache).problems
        state = ItemState(one.id, Stage.RECEIVED, Place.INBOX, summary_of(one))
        results.append(_store(service, one, judged(state, problems, account.coding_version), linked))
    return results


def item_of(references: References, account: Account, draft: ItemDraft, item_id: str, now: datetime) -> Item:
    """The item that a draft describes, its references looked up; raises invalid_request naming the field."""
    if sum(len(line.description) for line in draft.lines) + len(draft.description or "") > MOST_TEXT:
        raise fail("invalid_request", field="lines", reason=f"an item has at most {MOST_TEXT} characters of text")
    return Item(
        id=item_id,
        tenant=account.tenant,
        account=account.id,
        side=draft.side,
        type=draft.type,
        created_at=now,
        currency=draft.currency,
        tax_mode=draft.tax_mode,
        total=draft.total,
        lines=tuple(references.line(line, number) for number, line in enumerate(draft.lines)),
        contact=references.contact(draft.contact, draft.side),
        date=draft.date,
        due_date=draft.due_date,
        number=draft.number,
        description=draft.description,
        tax_total=draft.tax_total,
        exchange_rate=draft.exchange_rate,
        paid=draft.paid,
        paid_on=draft.paid_on,
        payment_method=references.payment_method(draft.payment_method),
        destination=draft.destination,
        publish_as=draft.publish_as,
        external_id=draft.external_id,
        draft_digest=draft.digest(),
    )


def _store(service: Service, item: Item, state: ItemState, linked: list[Connection]) -> Taken | Problem:
    try:
        service.items.create(item, state)
    except ConflictError:
        return _found_again(service, item, linked)
    return Taken(item, state, None, new=True)


def _found_again(service: Service, item: Item, linked: list[Connection]) -> Taken | Problem:
    """The item that is there already, under this id or this external id, if it came with the same body."""
    known = item.id
    if item.external_id is not None:
        known = service.items.by_external_id(item.tenant, item.account, item.external_id) or item.id
    found = service.items.both(item.tenant, item.account, known, linked)
    if found is None:
        return Problem("conflict", "external_id" if item.external_id else None)
    there, state, marker = found
    if there.draft_digest != item.draft_digest:
        return Problem("conflict", "external_id", details={"item": there.id, "external_id": item.external_id})
    return Taken(there, state, marker, new=there.id == item.id)
