"""Take a person's word on an item that looks like another: the same document, or one of its own."""

from dataclasses import replace

from shared.domain.accounts import Account
from shared.domain.duplicates import Decision, decided
from shared.domain.errors import fail
from shared.domain.items import ItemState, Place, Stage, TimelineEntry
from shared.domain.publishing import PendingMarker
from shared.domain.readiness import judged
from shared.usecases.create_items import Taken
from shared.usecases.edit_item import found_item
from shared.usecases.integrations import Ways, evaluate
from shared.usecases.service import Service


def decide_duplicate(service: Service, account: Account, item_id: str, decision: Decision, *, actor: str) -> Taken:
    """Remember the decision: `different` takes the item's suspicion away, `same` archives it without publishing it.

    Nothing is deleted, and the other word may be said later. Raises not_found, duplicate_not_suspected,
    publication_in_progress, already_published, outcome_unknown, item_in_claim; ConflictError.
    """
    ways = Ways(service, account)
    item, state, marker = found_item(service, account, item_id, ways.linked)
    duplicate = state.duplicate
    if duplicate is None or not duplicate.named:
        raise fail("duplicate_not_suspected")
    _check_open(state, marker)
    if duplicate.decision is decision:
        return Taken(item, state, marker, new=False)
    place = Place.ARCHIVE if decision is Decision.SAME else Place.INBOX
    after = replace(state, place=place, duplicate=decided(duplicate, decision))
    after = judged(after, evaluate(service, account, item, ways.of(item)), account.coding_version)
    stored = service.items.update_state(account.tenant, account.id, after)
    said: dict[str, object] = {"decision": decision.value, **duplicate.named}
    entry = TimelineEntry(service.clock.now(), actor, "item.duplicate_decided", said)
    service.items.append_timeline(account.tenant, account.id, item_id, entry)
    return Taken(item, stored, None, new=False)


def _check_open(state: ItemState, marker: PendingMarker | None) -> None:
    if marker is not None:
        raise fail("publication_in_progress")
    if state.stage is Stage.PUBLISHED:
        raise fail("already_published")
    if state.stage is Stage.UNKNOWN:
        raise fail("outcome_unknown")
    if state.claim is not None:
        raise fail("item_in_claim", claim=state.claim)
