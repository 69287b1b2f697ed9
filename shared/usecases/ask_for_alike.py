"""Ask the books for documents like those that are about to be created, where a connection's settings want it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from shared.aws.log import count
from shared.domain.catalogue import kind_of
from shared.domain.connections import Connection
from shared.domain.duplicates import Decision, Duplicate, Sought, duplicate_key
from shared.domain.errors import Handling, Problem
from shared.domain.ids import marker_for
from shared.domain.items import Item, ItemState, ItemType
from shared.providers.contract import CallFailed, Draft, FindsAlike, Session, Target
from shared.usecases.access_token import Access
from shared.usecases.drain import Drain
from shared.usecases.look_up import answers_otherwise

# A question that fails although the provider answers others is tried again in so many turns, later each time.
TURNS_TRIED: Final = 3
# So many documents in a row that cannot be asked about alone: it is not them, and the others are not tried.
REFUSED_IN_A_ROW: Final = 3
_SMALLER: Final = 4  # a refused question is asked again for so many times fewer documents


@dataclass(slots=True)
class Told:
    """What the books said: the provider's id of a document alike, by marker; and why they could not be asked."""

    there: dict[str, str] = field(default_factory=dict)
    not_asked: dict[str, Problem] = field(default_factory=dict)


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


def alike_there(drain: Drain, connection: Connection, resource: str, sought: Sequence[Sought]) -> Told:
    """Ask the books for a document like each; a question for as many as it takes.

    A question that the provider refuses is asked again for fewer: what it refuses alone stands in `not_asked`, for a
    person, and holds up nothing else. Raises what a call raises while the provider is out of order.
    """
    left, told, size, in_a_row = list(sought), Told(), len(sought), 0
    while left:
        try:
            answers = _ask(drain, connection, resource, left[:size])
        except CallFailed as failure:
            if not _is_refused(drain, connection, failure):
                raise
            if size == 1:
                in_a_row += 1
                refused, left = (left, []) if in_a_row == REFUSED_IN_A_ROW else (left[:1], left[1:])
                told.not_asked |= {one.marker: _not_checked(failure.problem) for one in refused}
            size = max(1, size // _SMALLER)
            continue
        in_a_row = 0
        told.there |= {marker: document for marker, document in answers.items() if document is not None}
        left = [one for one in left if one.marker not in answers]
    if told.there:
        count("documents_found_alike", len(told.there))
    if told.not_asked:
        count("documents_not_checked", len(told.not_asked))
    return told


def _ask(drain: Drain, connection: Connection, resource: str, sought: Sequence[Sought]) -> Mapping[str, str | None]:
    """One question about as many as it takes, at least one. Raises what a call raises."""
    provider = drain.provider
    if not isinstance(provider, FindsAlike):
        return {one.marker: None for one in sought}

    def ask(session: Session, _: Access) -> Mapping[str, str | None]:
        return provider.alike(session, resource, sought)

    drain.need_time_for_a_call()
    answers = drain.call(connection, ask)
    if not answers:
        raise CallFailed(Problem("provider_answer_broken"), sent=True)
    return answers


def _is_refused(drain: Drain, connection: Connection, failure: CallFailed) -> bool:
    """Whether this question alone fails: it is refused, or failed in turn after turn of a provider that is up."""
    if not failure.sent:
        return False
    if kind_of(failure.problem).handling is Handling.ASK_USER:
        return True
    return connection.failed_drains >= TURNS_TRIED and answers_otherwise(drain, connection)


def _not_checked(why: Problem) -> Problem:
    return Problem("duplicate_not_checked", provider_text=why.provider_text, details={"cause": why.code})


def suspected(item: Item, state: ItemState, document: str) -> ItemState:
    """The state of an item that looks like a document of the books; it waits for a person's word on it."""
    key, known = duplicate_key(item) or "", state.duplicate
    duplicate = known if known is not None and known.key == key else Duplicate(key)
    return replace(state, duplicate=replace(duplicate, there=document, decision=None))
