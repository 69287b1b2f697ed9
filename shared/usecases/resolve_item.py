"""A person has looked: an item of unknown outcome is in the accounting software as a document they name, or is not."""

from dataclasses import replace
from enum import StrEnum

from shared.domain.accounts import Account, Caller
from shared.domain.errors import fail
from shared.domain.items import Item, ItemState, Stage, TimelineEntry
from shared.usecases.create_items import Taken
from shared.usecases.edit_item import found_item
from shared.usecases.happenings import happened
from shared.usecases.integrations import Ways, sending
from shared.usecases.publish_item import marker_of, queue_marker, way_of
from shared.usecases.service import Service
from shared.usecases.unarchive_item import cleared


class Outcome(StrEnum):
    PUBLISHED = "published"  # it is there: the worker looks the named document up before it believes so
    ABSENT = "absent"  # it is not there: the item begins its next generation and may be published again


def resolve_item(
    service: Service, account: Account, item_id: str, outcome: Outcome, document_id: str | None, *, caller: Caller
) -> Taken:
    """Take a person's word on an item in stage unknown. Asked for once more, it changes nothing.

    `document_id` is the provider's, with `published`. Raises not_found, outcome_known (the item is in another stage),
    publication_in_progress (another document is being looked up), and with `published` the reasons why the
    connection may not be asked now; ConflictError when somebody was faster.
    """
    ways = Ways(service, account)
    item, state, marker = found_item(service, account, item_id, ways.linked)
    if marker is not None:
        if outcome is Outcome.PUBLISHED and marker.take_over == document_id:
            return Taken(item, state, marker, new=False)
        raise fail("publication_in_progress")
    if outcome is Outcome.PUBLISHED and state.published is not None and state.published.document_id == document_id:
        return Taken(item, state, None, new=False)
    if state.stage is not Stage.UNKNOWN:
        raise fail("outcome_known", stage=state.stage.value)
    if outcome is Outcome.ABSENT:
        fresh = cleared(ways, item, state)
        stored = service.items.update_state(account.tenant, account.id, fresh)
        _write_down(service, item, state, caller=caller, outcome=outcome, document_id=None)
        return Taken(item, stored, None, new=False)
    way = way_of(ways, item, state)
    connection = sending(way)
    asked = marker_of(service, item, state, connection, behalf=way.behalf, by=caller.actor)
    named = replace(asked, take_over=document_id)
    _write_down(service, item, state, caller=caller, outcome=outcome, document_id=document_id)
    queue_marker(service, named, connection)
    return Taken(item, state, named, new=True)


def _write_down(
    service: Service, item: Item, state: ItemState, *, caller: Caller, outcome: Outcome, document_id: str | None
) -> None:
    """Who said so, in the item's history and in the account's log: it decides what the books are taken to hold."""
    said: dict[str, object] = {"outcome": outcome.value, "document_id": document_id, "generation": state.generation}
    before: dict[str, object] = {"stage": state.stage.value}
    event = happened(service, item.account, "item.resolved", by=caller, subject=item.id, before=before, after=said)
    service.events.append(item.tenant, event)
    entry = TimelineEntry(service.clock.now(), caller.actor, f"item.resolve.{outcome.value}", said)
    service.items.append_timeline(item.tenant, item.account, item.id, entry)
