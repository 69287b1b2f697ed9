"""Change one item as a bulk edit says, or put back what it changed."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from shared.domain.accounts import Account
from shared.domain.bulk_edits import HEADER, said_of_lines, typed, with_values
from shared.domain.errors import fail
from shared.domain.items import Item, ItemState, Stage
from shared.domain.publishing import PendingMarker
from shared.domain.readiness import judged, summary_of
from shared.usecases.code_items import coded_after_edit
from shared.usecases.edit_item import Changed, found_item, store_change
from shared.usecases.entry_cache import EntryCache
from shared.usecases.expense_claims import check_edit_inside, recount
from shared.usecases.integrations import Ways, evaluate
from shared.usecases.service import Service
from shared.usecases.spot_duplicates import compared_anew


class Bulk:
    """What the items of one bulk edit share: the account's connections and rules, and the entries they name."""

    def __init__(self, service: Service, account: Account) -> None:
        self.service = service
        self.account = account
        self.ways = Ways(service, account)
        self.cache = EntryCache(service, account)


@dataclass(frozen=True, slots=True)
class Edited:
    """One item as it was read, and as it would be."""

    item: Item
    edited: Item
    state: ItemState
    marker: PendingMarker | None


def open_item(bulk: Bulk, item_id: str) -> Edited:
    """An item that may be changed; raises not_found, already_published, outcome_unknown, publication_in_progress."""
    item, state, marker = found_item(bulk.service, bulk.account, item_id, bulk.ways.linked)
    if state.stage is Stage.PUBLISHED:
        raise fail("already_published")
    if state.stage is Stage.UNKNOWN:
        raise fail("outcome_unknown")
    if marker is not None:
        raise fail("publication_in_progress")
    return Edited(item, item, state, marker)


def edited_by(bulk: Bulk, item_id: str, changes: Mapping[str, Any]) -> Edited:
    """An item as a bulk edit changes it: what it names is a person's word. Raises as open_item, and item_in_claim."""
    found = open_item(bulk, item_id)
    header = {name: typed(name, value) for name, value in changes.items() if name in HEADER}
    said = with_values(said_of_lines(found.item, changes), {name: changes[name] for name in header})
    edited = coded_after_edit(bulk.ways, found.item, said, header)
    check_edit_inside(bulk.service, found.item, edited, found.state, bulk.ways.linked)
    return replace(found, edited=edited)


def store_edited(bulk: Bulk, one: Edited, fields: tuple[str, ...], *, actor: str, what: str) -> Item:
    """Write an item's new content with what it lacks by now, and a line into its history; raises ConflictError."""
    service, account, item = bulk.service, bulk.account, one.edited
    duplicate = compared_anew(bulk.ways, item, one.state)
    problems = evaluate(service, account, item, bulk.ways.of(item), cache=bulk.cache)
    state = replace(one.state, summary=summary_of(item), reasons=(), duplicate=duplicate)
    state = judged(state, problems, account.coding_version)
    changed = Changed(item, state, one.marker, fields, was=one.state)
    taken = store_change(service, changed, bulk.ways.linked, actor=actor, what=what)
    if state.claim is not None:
        recount(service, account, state.claim, bulk.ways.linked)
    return taken.item
