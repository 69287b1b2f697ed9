"""Take an item out of the archive, with or without what is known of its publication."""

from dataclasses import asdict, replace
from enum import StrEnum

from shared.domain.accounts import Account
from shared.domain.claims import reopened
from shared.domain.errors import fail
from shared.domain.items import Item, ItemState, Place, Stage, TimelineEntry
from shared.domain.readiness import judged
from shared.usecases.create_items import Taken
from shared.usecases.edit_item import found_item
from shared.usecases.integrations import Ways, evaluate
from shared.usecases.service import Service


class Mode(StrEnum):
    KEEP = "keep"  # back in the inbox, still published: publishing it is refused
    CLEAR = "clear"  # the publication is forgotten here: publishing makes a new document


def unarchive_item(service: Service, account: Account, item_id: str, mode: Mode, *, actor: str) -> Taken:
    """Put an item back into the inbox. Clearing begins its next generation; what was published stays in its history.

    Clearing also ends the hold on an item whose outcome is unknown, once a person has looked. Raises not_found,
    publication_in_progress (it is queued or being sent, its file included); ConflictError when somebody was faster.
    """
    ways = Ways(service, account)
    item, state, marker = found_item(service, account, item_id, ways.linked)
    if marker is not None:
        raise fail("publication_in_progress")
    if state.claim is not None:
        raise fail("item_in_claim", claim=state.claim)
    fresh = replace(state, place=Place.INBOX)
    if mode is Mode.CLEAR and state.stage in {Stage.PUBLISHED, Stage.UNKNOWN}:
        fresh = cleared(ways, item, state)
    if fresh == state:
        return Taken(item, state, None, new=False)
    states = [fresh, *_reopened(service, item, state, fresh)]
    stored, *_ = service.items.update_states(account.tenant, account.id, states)
    entry = TimelineEntry(service.clock.now(), actor, f"item.unarchived.{mode.value}", _before(state))
    service.items.append_timeline(account.tenant, account.id, item_id, entry)
    return Taken(item, stored, None, new=False)


def cleared(ways: Ways, item: Item, state: ItemState) -> ItemState:
    """The item's state in its next generation: in the inbox, with nothing known of a publication, judged anew."""
    bare = replace(
        state,
        place=Place.INBOX,
        stage=Stage.RECEIVED,
        generation=state.generation + 1,
        published=None,
        sent_through=None,
        last_error=None,
        reasons=(),
    )
    problems = evaluate(ways.service, ways.account, item, ways.of(item))
    return judged(bare, problems, ways.account.coding_version)


def _reopened(service: Service, item: Item, before: ItemState, after: ItemState) -> list[ItemState]:
    """The items inside a claim whose publication is forgotten: they are published with it again, or taken out."""
    if not item.items or before.published is None or after.published is not None:
        return []
    states = service.items.batch_states(item.tenant, item.account, item.items)
    return [reopened(state) for state in states.values() if state.claim == item.id]


def _before(state: ItemState) -> dict[str, object]:
    """Where the item had gone, so that clearing loses nothing."""
    if state.published is None:
        return {"generation": state.generation}
    known = asdict(state.published)
    kept = {name: known[name] for name in ("connection", "organisation", "document_id", "document_type", "url")}
    return {"generation": state.generation, **kept, "at": state.published.at.isoformat()}
