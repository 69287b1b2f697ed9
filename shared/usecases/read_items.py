"""Read items: one, a page, a history. Readiness that is out of date is worked out anew on the way."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from shared.domain.accounts import Account
from shared.domain.connections import Connection, Settings
from shared.domain.errors import Problem
from shared.domain.items import Item, ItemState, Place, Side, Stage, TimelineEntry
from shared.domain.publishing import PendingMarker
from shared.domain.readiness import coded, judged
from shared.usecases.edit_item import found_item
from shared.usecases.publish_item import save_judged
from shared.usecases.readiness import EntryCache, book_of, evaluate, linked_connections, prefetch, publishing_connection
from shared.usecases.service import Service

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
    linked = linked_connections(service, account)
    item, state, marker = found_item(service, account, item_id, linked)
    if state.stage in _SETTLED:
        return Seen(item, state, marker, state.reasons)
    problems = tuple(evaluate(service, account, item, publishing_connection(service, account, linked)))
    fresh = judged(state, problems, account.coding_version)
    if marker is None and fresh != state:
        save_judged(service, account, [fresh])
    return Seen(item, fresh, marker, problems)


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list of items is narrowed to; None for all."""

    stage: Stage | None = None
    side: Side | None = None
    place: Place | None = None


def page_of_items(
    service: Service, account: Account, narrowed: Filter, *, position: str | None, limit: int
) -> tuple[list[tuple[ItemState, PendingMarker | None]], str | None]:
    """Up to `limit` items, newest first, and where the next page starts (None after the last).

    A filter may leave a page short, even empty, while there is a next one.
    """
    linked = linked_connections(service, account)
    page, position = service.items.page(
        account.tenant,
        account.id,
        position,
        limit,
        stage=narrowed.stage,
        side=narrowed.side,
        place=narrowed.place,
        connections=linked,
    )
    stale = [row.state for row in page if row.marker is None and is_stale(row.state, account)]
    fresh = {}
    if stale:
        connection = publishing_connection(service, account, linked)
        fresh = {state.item: state for state in judge_again(service, account, connection, stale)}
        save_judged(service, account, fresh.values())
    rows = [(fresh.get(row.state.item, row.state), row.marker) for row in page]
    return [row for row in rows if narrowed.stage in {None, shown_stage(*row)}], position


def is_stale(state: ItemState, account: Account) -> bool:
    """Whether an open item was judged against lists that have changed since."""
    return state.stage not in _SETTLED and state.coding_version != account.coding_version


def judge_again(
    service: Service, account: Account, connection: Connection | None, stale: list[ItemState]
) -> list[ItemState]:
    """The states judged against the lists as they are now; nothing is written."""
    items = service.items.batch_get(account.tenant, account.id, [state.item for state in stale])
    cache = EntryCache(service)
    settings = connection.settings if connection is not None else Settings()
    prefetch(cache, (coded(item, settings) for item in items.values()), book_of(account, connection))
    return [
        judged(state, evaluate(service, account, items[state.item], connection, cache=cache), account.coding_version)
        for state in stale
        if state.item in items
    ]


def timeline(
    service: Service, account: Account, item_id: str, *, position: str | None, limit: int
) -> tuple[list[TimelineEntry], str | None]:
    """An item's history, newest first, and where the next page starts; raises not_found.

    Queueing and publishing write no line of their own: they are told from the marker and the publication, on the
    first page, and its arrival from the item, on the last.
    """
    item, state, marker = found_item(service, account, item_id, linked_connections(service, account))
    lines, after = service.items.timeline(account.tenant, account.id, item_id, position, limit)
    if position is None:
        lines = sorted([*lines, *_standing(state, marker)], key=lambda line: line.at, reverse=True)
    if after is None:
        lines.append(TimelineEntry(item.created_at, "", "item.received", {"external_id": item.external_id}))
    return lines, after


def _standing(state: ItemState, marker: PendingMarker | None) -> Iterator[TimelineEntry]:
    if marker is not None:
        yield TimelineEntry(marker.queued_at, "", "item.queued", {"publication": marker.publication})
    if state.published is not None:
        there = state.published
        said: dict[str, object] = {"document_id": there.document_id, "status": there.status, "url": there.url}
        yield TimelineEntry(there.at, "", "item.published", said)
