"""Items: what a document says (content row) and where it stands (state row), apart, with history and references."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import islice
from secrets import token_hex
from typing import Final, NamedTuple

from shared.domain.connections import Connection
from shared.domain.errors import fail
from shared.domain.items import Item, ItemState, Place, Side, Stage, TimelineEntry
from shared.domain.publishing import PendingMarker
from shared.storage.access import access
from shared.storage.codec import SCHEMA, decode, time_text
from shared.storage.keys import account_key, part
from shared.storage.likeness import LIKENESS, alike_key, likeness_operations
from shared.storage.markers import MarkerRows, marker_key, unclaimed_marker, where_marked
from shared.storage.operations import (
    ABSENT,
    PRESENT,
    Assert,
    ConditionFailed,
    Delete,
    Operation,
    Put,
    Update,
    version_is,
)
from shared.storage.rows import new, record_in, replaced
from shared.storage.wire import Row

_LAST_OF_ITEM: Final = 1  # content, state; markers come behind them in a transaction
_LOOKED_AT: Final = 1000  # states read for one page of a filtered list
_CONTENT = "pk T#<tenant>#A#<account>#I, sk <item>"
_STATE = "pk T#<tenant>#A#<account>#S, sk <item>"


class Listed(NamedTuple):
    """An item as a list shows it. Queued and publishing are not stored: the marker says so."""

    state: ItemState
    marker: PendingMarker | None

    @property
    def stage(self) -> Stage:
        if self.marker is None or self.state.stage is Stage.UNKNOWN:
            return self.state.stage
        return Stage.QUEUED if self.marker.batch is None else Stage.PUBLISHING


class ItemStore(MarkerRows):
    """Items by account, and (inherited) the pending markers of organisations.

    `connections` are the account's connections that may hold a marker of the item: those with an organisation.
    """

    @access("items", "TransactWriteItems", f"{_CONTENT}; {_STATE}; external id row; {LIKENESS}", "none there yet")
    def create(
        self,
        item: Item,
        state: ItemState,
        *,
        inside: Sequence[ItemState] = (),
        connections: Sequence[Connection] = (),
    ) -> tuple[Item, ItemState]:
        """Store a new item. Raises ConflictError when its id or its external id is taken.

        `inside` are the next states of items that a new expense claim takes in: as read, and queued nowhere.
        """
        operations: list[Operation] = [
            new(_content(item.tenant, item.account, item.id), item),
            new(_state(item.tenant, item.account, item.id), state),
        ]
        if item.external_id:
            pk, sk = _external(item.tenant, item.account, item.external_id)
            operations.append(Put({"pk": pk, "sk": sk, "schema": SCHEMA, "item": item.id}, ABSENT))
        operations += likeness_operations(item, None, state.duplicate)
        self._table.transact([*operations, *_inside_operations(item, inside, connections)])
        return item, state

    @access("items", "Query", LIKENESS)
    def alike(self, tenant: str, account: str, key: str) -> list[str]:
        """The ids of the account's items that have this key in common (shared.domain.duplicates)."""
        return [row["item"] for row in self._table.query(*alike_key(tenant, account, key))]

    @access("items", "GetItem", "pk T#<tenant>#A#<account>#X, sk <external id>")
    def by_external_id(self, tenant: str, account: str, external_id: str) -> str | None:
        """The id of the item that the tenant knows by this id of its own, or None."""
        row = self._table.get(*_external(tenant, account, external_id))
        return row["item"] if row else None

    @access("items", "GetItem", _CONTENT)
    def get(self, tenant: str, account: str, item: str) -> Item | None:
        return record_in(Item, self._table.get(*_content(tenant, account, item)))

    @access("items", "GetItem", _STATE)
    def state(self, tenant: str, account: str, item: str) -> ItemState | None:
        return record_in(ItemState, self._table.get(*_state(tenant, account, item)))

    @access("items", "BatchGetItem", f"{_CONTENT}; {_STATE}; marker rows")
    def both(
        self, tenant: str, account: str, item: str, connections: Sequence[Connection] = ()
    ) -> tuple[Item, ItemState, PendingMarker | None] | None:
        """An item with its state and its marker at one of the connections; None when there is no such item."""
        content, state = _content(tenant, account, item), _state(tenant, account, item)
        keys = [content, state, *_marker_keys(connections, item)]
        rows = {(row["pk"], row["sk"]): row for row in self._table.batch_get(keys)}
        if content not in rows or state not in rows:
            return None
        marked = next((row for key, row in rows.items() if key not in {content, state}), None)
        return decode(Item, rows[content]), decode(ItemState, rows[state]), record_in(PendingMarker, marked)

    @access("items", "Query of a range; BatchGetItem where ids lie far apart", _CONTENT)
    def batch_get(self, tenant: str, account: str, ids: Iterable[str]) -> dict[str, Item]:
        rows = self._table.among(account_key(tenant, account, "I"), map(part, ids))
        return {item.id: item for item in (decode(Item, row) for row in rows)}

    @access("items", "Query of a range; BatchGetItem where ids lie far apart", _STATE)
    def batch_states(self, tenant: str, account: str, ids: Iterable[str]) -> dict[str, ItemState]:
        rows = self._table.among(account_key(tenant, account, "S"), map(part, ids))
        return {state.item: state for state in (decode(ItemState, row) for row in rows)}

    @access("items", "Query, BatchGetItem", "pk T#<tenant>#A#<account>#S, newest first; marker rows")
    def page(
        self,
        tenant: str,
        account: str,
        cursor: str | None,
        limit: int,
        *,
        stage: Stage | None = None,
        side: Side | None = None,
        place: Place | None = None,
        connections: Sequence[Connection] = (),
    ) -> tuple[list[Listed], str | None]:
        """Up to `limit` items, newest first, and where to go on (None at the end).

        A filtered page looks at no more than some 1,000 items and may be short, or empty, before the end.
        """
        found: list[Listed] = []
        rows = self._table.query(account_key(tenant, account, "S"), after=cursor, newest_first=True, page=limit + 1)
        looked_at = 0
        while some := list(islice(rows, limit + 1)):
            for listed in self._listed(some, connections):
                if len(found) == limit or looked_at >= _LOOKED_AT:
                    return found, cursor
                looked_at += 1
                cursor = listed.state.item
                if _fits(listed, stage, side, place):
                    found.append(listed)
        return found, None

    def _listed(self, rows: list[Row], connections: Sequence[Connection]) -> list[Listed]:
        states = [decode(ItemState, row) for row in rows]
        keys = [key for state in states for key in _marker_keys(connections, state.item)]
        markers = [decode(PendingMarker, row) for row in self._table.batch_get(keys)]
        by_item = {marker.item: marker for marker in markers}
        return [Listed(state, by_item.get(state.item)) for state in states]

    @access("items", "TransactWriteItems", f"{_CONTENT}; {_STATE}; marker rows", "versions as read; no claimed marker")
    def update(
        self,
        item: Item,
        state: ItemState,
        *,
        marker: PendingMarker | None = None,
        keep_queued: bool = False,
        connections: Sequence[Connection] = (),
        inside: Sequence[ItemState] = (),
        claim: str | None = None,
        was: ItemState | None = None,
    ) -> tuple[Item, ItemState]:
        """Store an edited item; returns both with their next versions.

        `marker` is the unclaimed marker the item was read with, if any: it moves along with the item's version
        (`keep_queued`) or is taken away. At the other connections there must be none, so that no claim slips in
        between. `inside` are the next states of items that an expense claim takes in or lets go, `claim` is the one
        that the item is in: none of these may be queued either. `was` is the state as read, where the item has been
        compared anew with those that look like it. Raises publication_in_progress when a batch has
        claimed it, ConflictError when anything else changed since it was read.
        """
        if marker is not None and marker.batch is not None:
            raise fail("publication_in_progress")
        edited = replace(item, version=item.version + 1)
        operations: list[Operation] = [
            replaced(_content(item.tenant, item.account, item.id), item),
            replaced(_state(item.tenant, item.account, item.id), state),
            *_marker_operations(edited, marker, keep_queued, connections),
            *_inside_operations(item, inside, connections),
            *[Assert(key, ABSENT) for key in (_marker_keys(connections, claim) if claim else [])],
            *(likeness_operations(item, was.duplicate, state.duplicate) if was else []),
        ]
        try:
            self._table.transact(operations)
        except ConditionFailed as refused:
            if refused.index > _LAST_OF_ITEM and refused.found and "batch" in refused.found:
                raise fail("publication_in_progress") from None
            raise
        return edited, replace(state, version=state.version + 1)

    @access("items", "TransactWriteItems", f"{_CONTENT}; {_STATE}; external id row; marker rows", "versions as read")
    def erase(
        self, item: Item, state: ItemState, *, inside: Sequence[ItemState], connections: Sequence[Connection]
    ) -> None:
        """Take an item away that is queued nowhere, with the next states of those that were inside it.

        Raises ConflictError.
        """
        read = version_is(item.version), version_is(state.version)
        operations: list[Operation] = [
            Delete(_content(item.tenant, item.account, item.id), read[0]),
            Delete(_state(item.tenant, item.account, item.id), read[1]),
            *[Assert(key, ABSENT) for key in _marker_keys(connections, item.id)],
            *_inside_operations(item, inside, connections),
        ]
        if item.external_id:
            operations.append(Delete(_external(item.tenant, item.account, item.external_id), PRESENT))
        self._table.transact(operations)

    @access("items", "TransactWriteItems", _STATE, "versions as read")
    def update_states(self, tenant: str, account: str, states: Sequence[ItemState]) -> list[ItemState]:
        """Store where several items stand, all or none, and return them with their next versions."""
        self._table.transact([replaced(_state(tenant, account, state.item), state) for state in states])
        return [replace(state, version=state.version + 1) for state in states]

    @access("items", "PutItem", _STATE, "version as read")
    def update_state(self, tenant: str, account: str, state: ItemState) -> ItemState:
        """Store where an item stands and return it with its next version; one write. Raises ConflictError."""
        self._table.write(replaced(_state(tenant, account, state.item), state))
        return replace(state, version=state.version + 1)

    @access("items", "PutItem", "pk T#<tenant>#A#<account>#L#<item>, sk <time>#<random>", "not there yet")
    def append_timeline(self, tenant: str, account: str, item: str, entry: TimelineEntry) -> None:
        key = account_key(tenant, account, "L", part(item)), f"{time_text(entry.at)}#{token_hex(4)}"
        self._table.write(new(key, entry))

    @access("items", "Query", "pk T#<tenant>#A#<account>#L#<item>, newest first")
    def timeline(
        self, tenant: str, account: str, item: str, cursor: str | None, limit: int
    ) -> tuple[list[TimelineEntry], str | None]:
        """Up to `limit` lines of an item's history, newest first, and where to go on (None at the end)."""
        history = account_key(tenant, account, "L", part(item))
        rows = list(islice(self._table.query(history, after=cursor, newest_first=True, page=limit + 1), limit + 1))
        entries = [decode(TimelineEntry, row) for row in rows[:limit]]
        return entries, rows[limit - 1]["sk"] if len(rows) > limit else None


def _fits(listed: Listed, stage: Stage | None, side: Side | None, place: Place | None) -> bool:
    return (
        (stage is None or listed.stage is stage)
        and (side is None or listed.state.summary.side is side)
        and (place is None or listed.state.place is place)
    )


def _marker_keys(connections: Sequence[Connection], item: str) -> list[tuple[str, str]]:
    return [where_marked(connection, item) for connection in connections if connection.organisation is not None]


def _marker_operations(
    edited: Item, marker: PendingMarker | None, keep_queued: bool, connections: Sequence[Connection]
) -> list[Operation]:
    held = marker_key(marker) if marker else None
    operations: list[Operation] = [Assert(key, ABSENT) for key in _marker_keys(connections, edited.id) if key != held]
    if marker and held and keep_queued:
        operations.append(Update(held, {"item_version": edited.version}, unclaimed_marker(marker)))
    elif marker and held:
        operations.append(Delete(held, unclaimed_marker(marker)))
    return operations


def _inside_operations(claim: Item, inside: Sequence[ItemState], connections: Sequence[Connection]) -> list[Operation]:
    operations: list[Operation] = []
    for state in inside:
        operations.append(replaced(_state(claim.tenant, claim.account, state.item), state))
        operations += [Assert(key, ABSENT) for key in _marker_keys(connections, state.item)]
    return operations


def _content(tenant: str, account: str, item: str) -> tuple[str, str]:
    return account_key(tenant, account, "I"), part(item)


def _state(tenant: str, account: str, item: str) -> tuple[str, str]:
    return account_key(tenant, account, "S"), part(item)


def _external(tenant: str, account: str, external_id: str) -> tuple[str, str]:
    return account_key(tenant, account, "X"), part(external_id)
