"""The items inside an expense claim: taken in, given back, counted up."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from shared.domain.accounts import Account
from shared.domain.claims import claim_total, freed, inside
from shared.domain.connections import Connection
from shared.domain.errors import ConflictError, LedgerbridgeError, Problem, fail
from shared.domain.items import KEPT_TYPES, Item, ItemState, ItemType, Side, Stage, TaxMode
from shared.domain.publishing import PendingMarker
from shared.domain.readiness import judged, summary_of
from shared.usecases.entry_cache import EntryCache
from shared.usecases.integrations import Ways, evaluate
from shared.usecases.service import Service

# A claim and what becomes of its items is one transaction: of at most 100 rows, five of them the claim's own.
_ROWS: Final = 95


@dataclass(frozen=True, slots=True)
class Inside:
    """The items of a claim, in its order, and the states to write with it."""

    items: tuple[Item, ...] = ()
    states: tuple[ItemState, ...] = ()


def gathered(ways: Ways, claim: Item, before: Sequence[str] = ()) -> Inside:
    """Read the items of a claim that had the items `before`; those that are new in it are checked.

    `states` are of those that come in or go out. Raises invalid_request, item_in_claim (naming the other claim),
    already_published, outcome_unknown, publication_in_progress, duplicate_suspected, duplicate_confirmed; each names
    the item's place as its field.
    """
    most = _ROWS // (1 + len(ways.linked))
    changing = set(claim.items) ^ set(before)
    if len(changing) > most:
        reason = f"at most {most} items come into a claim, or go out, at once"
        raise fail("invalid_request", field="items", reason=reason)
    items, states = [], []
    for number, item_id in enumerate(claim.items):
        found = ways.service.items.both(claim.tenant, claim.account, item_id, ways.linked)
        problem = _why_not(claim, found, is_new=item_id not in before)
        if found is None or problem is not None:
            said = problem or Problem("invalid_request", details={"reason": "there is no such item"})
            raise LedgerbridgeError(replace(said, field=f"items[{number}]"))
        items.append(found[0])
        if item_id in changing:
            states.append(inside(found[1], claim.id))
    leaving = [item_id for item_id in before if item_id not in claim.items]
    left = ways.service.items.batch_states(claim.tenant, claim.account, leaving)
    return Inside(tuple(items), (*states, *(freed(state) for state in left.values() if state.claim == claim.id)))


def _why_not(
    claim: Item, found: tuple[Item, ItemState, PendingMarker | None] | None, *, is_new: bool
) -> Problem | None:
    """Why an item may not come into a claim."""
    if found is None or not is_new:
        return None
    item, state, marker = found
    reason = None
    if item.side is not Side.COSTS or item.type in {ItemType.EXPENSE_CLAIM, *KEPT_TYPES}:
        reason = "a claim holds receipts, invoices and credit notes of costs"
    elif item.currency != claim.currency:
        reason = "a claim and its items are of one currency"
    if reason is not None:
        return Problem("invalid_request", details={"reason": reason})
    if state.claim not in {None, claim.id}:
        return Problem("item_in_claim", details={"claim": state.claim})
    suspected = state.duplicate.problem() if state.duplicate is not None else None
    if suspected is not None:
        return suspected  # inside a claim it would be published before anybody had decided
    closed = {Stage.PUBLISHED: "already_published", Stage.UNKNOWN: "outcome_unknown"}
    code = closed.get(state.stage) or ("publication_in_progress" if marker is not None else None)
    return None if code is None else Problem(code)


def counted(claim: Item, items: Sequence[Item]) -> Item:
    """The claim with what follows from its items: its total, and whether there is tax in it."""
    untaxed = all(item.tax_mode is TaxMode.NONE for item in items)
    return replace(claim, total=claim_total(items), tax_mode=TaxMode.NONE if untaxed else TaxMode.INCLUSIVE)


def check_edit_inside(service: Service, item: Item, edited: Item, state: ItemState, linked: list[Connection]) -> None:
    """Refuse what would not fit the claim an item is in: item_in_claim; publication_in_progress while it is queued."""
    if state.claim is None:
        return
    found = service.items.both(item.tenant, item.account, state.claim, linked)
    if found is not None and found[2] is not None:
        raise fail("publication_in_progress", claim=state.claim)
    for field in ("side", "currency"):
        if getattr(edited, field) != getattr(item, field):
            raise fail("item_in_claim", field=field, claim=state.claim)


def recount(service: Service, account: Account, claim_id: str, linked: list[Connection]) -> None:
    """Work a claim's total and readiness out anew after an item inside has changed.

    Somebody who changes the claim at this moment does the same; a claim that is read or published is judged anew.
    """
    found = service.items.both(account.tenant, account.id, claim_id, linked)
    if found is None or found[2] is not None:
        return
    claim, state, _ = found
    ways, cache = Ways(service, account, linked), EntryCache(service, account)
    now = counted(claim, cache.inside(claim))
    problems = evaluate(service, account, now, ways.of(now), cache=cache)
    fresh = judged(replace(state, summary=summary_of(now)), problems, account.coding_version)
    try:
        if now != claim:
            service.items.update(now, fresh, connections=linked)
        elif fresh != state:
            service.items.update_state(account.tenant, account.id, fresh)
    except ConflictError:
        return
