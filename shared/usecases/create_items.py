"""Take items in: look up their coding, store each once, and say at once what each still lacks."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shared.domain.accounts import Account
from shared.domain.code_item import with_suggested
from shared.domain.coding import Source
from shared.domain.connections import Connection
from shared.domain.errors import ConflictError, LedgerbridgeError, Problem, fail
from shared.domain.ids import numbered_id
from shared.domain.item_approvals import ItemApproval, ItemApprovalState
from shared.domain.item_drafts import ItemDraft
from shared.domain.items import Item, ItemState, ItemType, Place, Stage, Summary
from shared.domain.lists import Book
from shared.domain.publishing import PendingMarker
from shared.domain.readiness import judged, summary_of
from shared.usecases.arriving_files import Addresses, ask_fetch, guard_fetch, with_file
from shared.usecases.code_items import coded_on_arrival, tell_coding
from shared.usecases.entry_cache import EntryCache
from shared.usecases.expense_claims import Inside, counted, gathered
from shared.usecases.integrations import Ways, evaluate, prefetch_all
from shared.usecases.put_aside import without_unknown
from shared.usecases.references import Destined, Finders, check_integration, destined
from shared.usecases.rule_fields import suggestion
from shared.usecases.service import Service
from shared.usecases.spot_duplicates import Modes, compared_first, looked_again
from shared.usecases.tell_reviews import tell_arrivals

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
    reference that the books of the item's integration do not have is `invalid_request` with its field, as a secondary
    integration of a sale is; an integration that is not connected is `no_connection`; all else is stored and reasoned.
    """
    ways = Ways(service, account)
    cache = EntryCache(service, account)
    finders = Finders(ways, cache)
    where = _destined(ways, finders, drafts)
    now = service.clock.now()
    coded_items: list[Item | Problem] = []
    claims: dict[str, Inside] = {}
    addresses = Addresses(service)
    for number, draft in enumerate(drafts):
        item_id = numbered_id(resource_id, number)
        try:
            check_integration(ways, draft.side, draft.integration)
            made = item_of(finders, where[number], account, draft, item_id=item_id, now=now)
            made = with_file(made, draft.file, addresses)
            if made.type is ItemType.EXPENSE_CLAIM:
                made, claims[made.id] = _claimed(ways, made)
            coded_items.append(made)
        except LedgerbridgeError as refusal:
            coded_items.append(refusal.problem)
    coded_items = coded_on_arrival(ways, cache, coded_items)
    items = [one for one in coded_items if isinstance(one, Item)]
    prefetch_all(ways, cache, items)
    modes = Modes(ways, items)
    results: list[Taken | Problem] = []
    from shared.usecases.match_bank_lines import match_item  # it stores its matches as edits of what was taken

    for one in coded_items:
        if isinstance(one, Problem):
            results.append(one)
            continue
        problems = evaluate(service, account, one, ways.of(one), cache=cache)
        duplicate = compared_first(ways, one, modes)
        state = ItemState(one.id, Stage.RECEIVED, Place.INBOX, summary_of(one), duplicate=duplicate)
        judgement = judged(state, problems, account.coding_version)
        guard_fetch(service, one)
        taken = _store(service, one, judgement, claims.get(one.id, Inside()), ways.linked)
        if isinstance(taken, Taken):
            ask_fetch(service, taken.item)
            taken = match_item(ways, taken)
        results.append(taken)
    new = [taken.state for taken in results if isinstance(taken, Taken) and taken.new]
    tell_arrivals(service, account.tenant, account.id, new)
    from shared.usecases.auto_publish import consider  # it queues what was taken: it needs `Taken`

    return consider(ways, cache, results)


def _destined(ways: Ways, finders: Finders, drafts: Sequence[ItemDraft]) -> list[Destined]:
    """Where each draft goes; the rules and entries that they name by id are read in one go."""
    ways.load_rules(draft.contact.id for draft in drafts if draft.contact is not None)
    where = [destined(ways, _summary(draft), draft.contact) for draft in drafts]
    groups: dict[Book, list[ItemDraft]] = defaultdict(list)
    for draft, one in zip(drafts, where, strict=True):
        groups[one.way.book].append(draft)
    for one in where:
        finders.of(one.way).preload(groups.pop(one.way.book, ()))
    return where


def _summary(draft: ItemDraft) -> Summary:
    return Summary(draft.side, draft.type, draft.currency, draft.total, integration=draft.integration)


def item_of(
    finders: Finders, where: Destined, account: Account, draft: ItemDraft, *, item_id: str, now: datetime
) -> Item:
    """The item that a draft describes, its references looked up; raises invalid_request naming the field."""
    references, digest = finders.of(where.way), draft.digest()
    if draft.lenient:
        draft = without_unknown(references, draft)
    if sum(len(line.description) for line in draft.lines) + len(draft.description or "") > MOST_TEXT:
        raise fail("invalid_request", field="lines", reason=f"an item has at most {MOST_TEXT} characters of text")
    item = Item(
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
        contact=where.contact or references.contact(draft.contact, draft.side),
        date=draft.date,
        due_date=draft.due_date,
        number=draft.number,
        description=draft.description,
        tax_total=draft.tax_total,
        exchange_rate=draft.exchange_rate,
        paid=draft.paid,
        paid_on=draft.paid_on,
        payment_method=references.payment_method(draft.payment_method),
        approver=references.approver(draft.approver, draft.side),
        destination=draft.destination,
        publish_as=draft.publish_as,
        integration=draft.integration,
        items=draft.items,
        external_id=draft.external_id,
        draft_digest=digest,
        owner=draft.owner,
        confidence=dict(draft.confidence),
        quarantine=draft.quarantine,
        source=draft.source,
        sources=_sources(draft),
        reverse_charge=draft.reverse_charge,
        approval=ItemApproval(draft.approval, 0, now, "") if draft.approval is not ItemApprovalState.NONE else None,
    )
    return with_suggested(item, suggestion(references, draft)) if draft.suggested else item


def _sources(draft: ItemDraft) -> dict[str, Source]:
    """Who said what, apart from the draft's own source: a field with a confidence was read from paper."""
    sources = {} if draft.source is Source.EXTRACTED else dict.fromkeys(draft.confidence, Source.EXTRACTED)
    return sources if draft.says_paid or draft.paid else {**sources, "paid": Source.CONNECTION_DEFAULT}


def _claimed(ways: Ways, claim: Item) -> tuple[Item, Inside]:
    """The claim with what its items make of it. One whose external id is known is found again as it is."""
    known = claim.external_id and ways.service.items.by_external_id(claim.tenant, claim.account, claim.external_id)
    if known:
        return claim, Inside()
    found = gathered(ways, claim)
    return counted(claim, found.items), found


def _store(service: Service, item: Item, state: ItemState, inside: Inside, linked: list[Connection]) -> Taken | Problem:
    try:
        service.items.create(item, state, inside=inside.states, connections=linked if inside.states else ())
    except ConflictError:
        return _found_again(service, item, linked)
    tell_coding(service, item)
    return Taken(item, looked_again(service, item, state), None, new=True)


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
