"""Ask once of every document that has arrived whether it publishes itself, and queue those that do."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from shared.domain.auto_publish import Circumstances, decide, unsure_amount
from shared.domain.auto_published import UNASKED, AutoPublished, Level
from shared.domain.connections import Connection
from shared.domain.errors import ConflictError, Problem
from shared.domain.item_approvals import approval_of
from shared.domain.items import Item, ItemState, Side, Stage, TimelineEntry
from shared.domain.rules import AutoPublish, Rule, RuleKind, contact_rule
from shared.usecases.arriving_files import is_awaited
from shared.usecases.create_items import Taken
from shared.usecases.entry_cache import EntryCache
from shared.usecases.integrations import Way, Ways, why_no_way
from shared.usecases.publish_item import marker_of, put_marker, wake_of
from shared.usecases.readiness import contact_kind
from shared.usecases.wake import SWEEP_AFTER, remind, wake_up

ACTOR: Final = "automatic"
_OPEN: Final = frozenset({Stage.READY, Stage.NEEDS_REVIEW})
_WORDS: Final = {AutoPublish.ALWAYS: True, AutoPublish.YES: True, AutoPublish.NEVER: False, AutoPublish.NO: False}


def consider(ways: Ways, cache: EntryCache, arrived: Sequence[Taken | Problem]) -> list[Taken | Problem]:
    """Decide for items that were stored just now, keep what was decided, and queue what publishes itself.

    Results come in their order. An item is asked once; one that a worker died over, decided and not yet queued, is
    queued when its request is repeated. `ways` and `cache` are those that the items arrived with.
    """
    results = list(arrived)
    going: list[tuple[int, Way]] = []
    for place, one in enumerate(arrived):
        if isinstance(one, Problem) or not one.new or not _has_arrived(one):
            continue
        taken = _decided(ways, cache, one) if one.state.auto_publish is None else one
        results[place] = taken
        if _goes(taken):
            going.append((place, ways.of(taken.item)))
    for place, marked in zip((place for place, _ in going), _queue(ways, results, going), strict=True):
        results[place] = marked
    return results


def reconsider(ways: Ways, cache: EntryCache, taken: Taken) -> Taken:
    """Ask again for an item that nothing but its approval kept waiting, now that it is approved.

    Rules and the switch count as far as they were there when it arrived.
    """
    before = taken.state.auto_publish
    if before is None or before.level is not Level.APPROVAL or taken.marker is not None:
        return taken
    fresh = replace(taken, state=replace(taken.state, auto_publish=None), new=True)
    after = consider(ways, cache, [fresh])[0]
    return replace(after, new=taken.new) if isinstance(after, Taken) else taken


def _has_arrived(taken: Taken) -> bool:
    """Whether an item is here with its file, and nothing has become of it yet."""
    return taken.marker is None and taken.state.stage in _OPEN and not is_awaited(taken.item)


def _goes(taken: Taken) -> bool:
    """Whether it is still to be queued: nobody has changed it, and it was never sent."""
    state = taken.state
    untouched = state.last_error is None and (state.generation, state.stage) == (1, Stage.READY)
    return state.auto_publish is not None and state.auto_publish.decided and untouched


def _decided(ways: Ways, cache: EntryCache, taken: Taken) -> Taken:
    """The item with what was decided about it; as it is where nobody wished anything, or somebody was faster."""
    decision = decide(_circumstances(ways, cache, taken.item, taken.state))
    if decision == UNASKED:
        return taken
    service, account = ways.service, ways.account
    try:
        kept = replace(taken.state, auto_publish=decision)
        state = service.items.update_state(account.tenant, account.id, kept)
    except ConflictError:
        return taken
    service.items.append_timeline(account.tenant, account.id, taken.item.id, _line(decision, service.clock.now()))
    return replace(taken, state=state)


def _line(decision: AutoPublished, now: datetime) -> TimelineEntry:
    what = "item.auto_publish.yes" if decision.decided else "item.auto_publish.no"
    return TimelineEntry(now, ACTOR, what, {"level": decision.level.value, "reason": decision.reason})


def _circumstances(ways: Ways, cache: EntryCache, item: Item, state: ItemState) -> Circumstances:
    way, wish = ways.of(item), ways.account.auto_publish
    kind = contact_rule(item.side)
    refusal = why_no_way(way) or (Problem("no_connection") if way.connection is None else None)
    return Circumstances(
        approval=approval_of(item.approval, item.version),
        type=item.type,
        contact_level=Level.SUPPLIER if item.side is Side.COSTS else Level.CUSTOMER,
        method=_word(ways.rules.of(RuleKind.PAYMENT_METHOD, item.payment_method), item),
        contact=_word(ways.rules.of(kind, item.contact), item),
        account=wish.acts_on(item.created_at),
        exceptions=wish.exceptions,
        ready=state.stage is Stage.READY,
        duplicate=state.duplicate is not None and bool(state.duplicate.suspected or state.duplicate.suspected_there),
        new_contact=_is_new(cache, way, item),
        unsure=unsure_amount(item.confidence, wish.confidence),
        never=not all(map(_takes_automatic, filter(None, (way.connection, way.behalf)))),
        refusal=refusal.code if refusal is not None else None,
    )


def _word(rule: Rule | None, item: Item) -> bool | None:
    """What a rule says; one that was made or changed after the item arrived says nothing."""
    if rule is None or rule.auto_publish is None or rule.edited_at > item.created_at:
        return None
    return _WORDS.get(rule.auto_publish)


def _is_new(cache: EntryCache, way: Way, item: Item) -> bool:
    """Whether the contact was made here by its name, and the books do not have it yet."""
    contact = cache.get(way.book, contact_kind(item.side), item.contact) if item.contact is not None else None
    return contact is not None and contact.provider_id is None


def _takes_automatic(connection: Connection) -> bool:
    from shared.providers import registry

    return registry.profile(connection.provider).takes_automatic


def _queue(ways: Ways, results: Sequence[Taken | Problem], going: Sequence[tuple[int, Way]]) -> Iterable[Taken]:
    """Queue items as a person's request would: guarded by the agenda first, one wake-up per connection last."""
    service = ways.service
    connections = {way.connection.id: way.connection for _, way in going if way.connection is not None}
    for connection in connections.values():
        remind(service, wake_of(connection), service.clock.now() + SWEEP_AFTER)
    queued = []
    for place, way in going:
        taken = results[place]
        if isinstance(taken, Problem) or way.connection is None:
            raise TypeError("only items that were stored, with a connection to go to, are queued")
        marker = marker_of(service, taken.item, taken.state, way.connection, behalf=way.behalf, by=ACTOR)
        put_marker(service, marker)
        queued.append(replace(taken, marker=marker))
    for connection in connections.values():
        wake_up(service, wake_of(connection))
    return queued
