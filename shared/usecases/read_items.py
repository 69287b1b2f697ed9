"""Read items: one, a page, a history. Readiness that is out of date is worked out anew on the way."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from shared.domain.accounts import Account
from shared.domain.connections import Slot
from shared.domain.errors import Problem
from shared.domain.items import Item, ItemState, Place, Side, Stage, TimelineEntry
from shared.domain.publishing import PendingMarker
from shared.domain.readiness import judged, with_standing
from shared.usecases.edit_item import found_item
from shared.usecases.entry_cache import EntryCache
from shared.usecases.integrations import Shown, Ways, evaluate, prefetch_all
from shared.usecases.publish_item import save_judged
from shared.usecases.service import Service
from shared.usecases.tell_reviews import tell_reviews

_SETTLED: Final = frozenset({Stage.PUBLISHED, Stage.UNKNOWN})


@dataclass(frozen=True, slots=True)
class Seen:
    """An item as it stands. `reasons` are complete and of this moment, where the state keeps only the first few."""

    item: Item
    state: ItemState
    marker: PendingMarker | None
    reasons: tuple[Problem, ...]

    @property
    def stage(self) -> Stage:
        return shown_stage(self.state, self.marker)


def shown_stage(state: ItemState, marker: PendingMarker | None) -> Stage:
    """The stage with the pending marker taken into account, which is where queued and publishing live."""
    if marker is None:
        return state.stage
    return Stage.QUEUED if marker.batch is None else Stage.PUBLISHING


def read_item(service: Service, account: Account, item_id: str) -> Seen:
    """One item with every reason why it may not be published now; raises not_found."""
    ways = Ways(service, account)
    item, state, marker = found_item(service, account, item_id, ways.linked)
    if state.stage in _SETTLED:
        return Seen(item, state, marker, state.reasons)
    problems = tuple(with_standing(state, evaluate(service, account, item, ways.of_marker(item, marker))))
    fresh = judged(state, problems, account.coding_version)
    if marker is None and fresh != state:
        tell_reviews(service, account.tenant, account.id, [(state, fresh)])
        save_judged(service, account, [fresh])
    return Seen(item, fresh, marker, problems)


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list of items is narrowed to; None for all."""

    stage: Stage | None = None
    side: Side | None = None
    place: Place | None = None
    integration: Slot | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """An item as a list shows it."""

    state: ItemState
    marker: PendingMarker | None
    integration: Shown


def page_of_items(
    service: Service, account: Account, narrowed: Filter, *, position: str | None, limit: int
) -> tuple[list[Row], str | None]:
    """Up to `limit` items, newest first, and where the next page starts (None after the last).

    A filter may leave a page short, even empty, while there is a next one.
    """
    ways = Ways(service, account)
    page, position = service.items.page(
        account.tenant,
        account.id,
        position,
        limit,
        stage=narrowed.stage,
        side=narrowed.side,
        place=narrowed.place,
        connections=ways.linked,
    )
    ways.load(row.state.summary for row in page)
    stale = [row.state for row in page if row.marker is None and is_stale(row.state, account)]
    fresh = {}
    if stale:
        fresh = {state.item: state for state in judge_again(service, ways, stale)}
        renewed = [(state, fresh[state.item]) for state in stale if state.item in fresh]
        tell_reviews(service, account.tenant, account.id, renewed)
        save_judged(service, account, fresh.values())
    rows = [_row(ways, fresh.get(one.state.item, one.state), one.marker) for one in page]
    return [row for row in rows if _is_wanted(row, narrowed)], position


def item_known_as(service: Service, account: Account, external_id: str, narrowed: Filter) -> list[Row]:
    """The item that its sender calls so, if there is one and it is not filtered out."""
    item = service.items.by_external_id(account.tenant, account.id, external_id)
    if item is None:
        return []
    seen = read_item(service, account, item)
    row = _row(Ways(service, account), seen.state, seen.marker)
    fits = narrowed.side in {None, seen.item.side} and narrowed.place in {None, seen.state.place}
    return [row] if fits and _is_wanted(row, narrowed) else []


def _row(ways: Ways, state: ItemState, marker: PendingMarker | None) -> Row:
    return Row(state, marker, ways.shown(state.summary, state, marker))


def _is_wanted(row: Row, narrowed: Filter) -> bool:
    stage = narrowed.stage in {None, shown_stage(row.state, row.marker)}
    return stage and narrowed.integration in {None, row.integration.slot}


def is_stale(state: ItemState, account: Account) -> bool:
    """Whether an open item was judged against lists that have changed since."""
    return state.stage not in _SETTLED and state.coding_version != account.coding_version


def judge_again(service: Service, ways: Ways, stale: list[ItemState]) -> list[ItemState]:
    """The states judged against the lists as they are now; nothing is written."""
    account = ways.account
    items = service.items.batch_get(account.tenant, account.id, [state.item for state in stale])
    cache = EntryCache(service, account)
    prefetch_all(ways, cache, items.values())
    found = ((state, items[state.item]) for state in stale if state.item in items)
    return [
        judged(state, evaluate(service, account, item, ways.of(item), cache=cache), account.coding_version)
        for state, item in found
    ]


def timeline(
    service: Service, account: Account, item_id: str, *, position: str | None, limit: int
) -> tuple[list[TimelineEntry], str | None]:
    """An item's history, newest first, and where the next page starts; raises not_found.

    Queueing and publishing write no line of their own: they are told from the marker and the publication, on the
    first page, and its arrival from the item, on the last.
    """
    ways = Ways(service, account)
    item, state, marker = found_item(service, account, item_id, ways.linked)
    lines, after = service.items.timeline(account.tenant, account.id, item_id, position, limit)
    if position is None:
        lines = sorted([*lines, *_standing(ways, state, marker)], key=lambda line: line.at, reverse=True)
    if after is None:
        lines.append(TimelineEntry(item.created_at, "", "item.received", {"external_id": item.external_id}))
    return lines, after


def _standing(ways: Ways, state: ItemState, marker: PendingMarker | None) -> Iterator[TimelineEntry]:
    if marker is not None:
        queued = {"publication": marker.publication, **_where(ways, marker.behalf or marker.connection)}
        yield TimelineEntry(marker.queued_at, marker.by, "item.queued", queued)
    if state.published is not None:
        there = state.published
        said: dict[str, object] = {
            "document_id": there.document_id,
            "document_type": there.document_type,
            "number": there.number,
            "destination": there.destination,
            "status": there.status,
            "url": there.url,
            **_where(ways, there.connection),
        }
        yield TimelineEntry(there.at, there.by, "item.published", said)


def _where(ways: Ways, connection: str) -> dict[str, object]:
    """The connection that an item goes or went through, with its software and organisation; none where it is gone."""
    found = ways.by_id(connection)
    said: dict[str, object] = {"connection": connection}
    if found is not None:
        said |= {"provider": found.provider, "organisation": found.pinned.name}
    return said
