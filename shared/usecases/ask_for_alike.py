"""Ask the books for documents like those that are about to be created, where a connection's settings want it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from shared.aws.log import count
from shared.domain.connections import Connection
from shared.domain.duplicates import Decision, Duplicate, Sought, duplicate_key
from shared.domain.errors import Problem
from shared.domain.ids import marker_for
from shared.domain.items import Item, ItemState, ItemType
from shared.providers.contract import CallFailed, Draft, FindsAlike, Session, Target
from shared.usecases.access_token import Access
from shared.usecases.drain import Drain


def sought_for(
    drain: Drain, item: Item, state: ItemState, target: Target, draft: Draft, *, contact: str | None
) -> Sought | None:
    """What to ask the books for, before an item's document is made; None where nothing is to be asked.

    `item` is the item as it is stored, `contact` the provider's id. Compared are the documents that the account's own
    items are compared by; what a person has said to be a purchase of its own is not asked about again.
    """
    asked = target.settings.duplicate_at_provider and isinstance(drain.provider, FindsAlike)
    if not asked or contact is None or duplicate_key(item) is None:
        return None
    if state.duplicate is not None and state.duplicate.decision is Decision.DIFFERENT:
        return None
    by_day = item.type is ItemType.RECEIPT or target.destination.moves_money
    told = draft.fingerprint
    generations = range(1, state.generation + 1)
    own_ids: frozenset[str] = frozenset()
    if state.generation > 1 and not draft.carries_marker:
        key = (drain.tenant, drain.provider_name, drain.organisation)
        own_ids = drain.service.items.documents_of(*key, draft.resource, item.id)
    return Sought(
        marker=target.marker,
        contact=contact,
        date=told["date"],
        currency=told["currency"],
        total=told["total"],
        number=None if by_day else told["number"],
        own=frozenset(marker_for(item.tenant, item.id, number) for number in generations),
        own_ids=own_ids,
    )


def alike_there(drain: Drain, connection: Connection, resource: str, sought: Sequence[Sought]) -> Mapping[str, str]:
    """The provider's id of a document like it, for each that has one, by marker; a question for as many as it takes.

    Raises what a call raises: an item is not created while the books cannot be asked.
    """
    provider, left, found = drain.provider, list(sought), dict[str, str]()
    if not isinstance(provider, FindsAlike):
        return found

    def ask(session: Session, _: Access) -> Mapping[str, str | None]:
        return provider.alike(session, resource, left)

    while left:
        drain.need_time_for_a_call()
        told = drain.call(connection, ask)
        found |= {marker: document for marker, document in told.items() if document is not None}
        before, left = len(left), [one for one in left if one.marker not in told]
        if len(left) == before:
            raise CallFailed(Problem("provider_answer_broken"), sent=True)
    if found:
        count("documents_found_alike", len(found))
    return found


def suspected(item: Item, state: ItemState, document: str) -> ItemState:
    """The state of an item that looks like a document of the books; it waits for a person's word on it."""
    key, known = duplicate_key(item) or "", state.duplicate
    duplicate = known if known is not None and known.key == key else Duplicate(key)
    return replace(state, duplicate=replace(duplicate, there=document, decision=None))
