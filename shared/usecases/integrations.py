"""The connection of each item: its integration decided, with the rules for suppliers read in batches."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from shared.domain.accounts import Account
from shared.domain.approvals import Delivery
from shared.domain.connections import Connection, Settings, Slot
from shared.domain.errors import LedgerbridgeError, Problem, fail
from shared.domain.integrations import Because, Integration, asks_rule, integration_of
from shared.domain.items import Item, ItemState, Published, Summary
from shared.domain.lists import Book
from shared.domain.publishing import PendingMarker
from shared.domain.readiness import coded, without_repeats
from shared.domain.rules import RuleKind
from shared.usecases.dimensions_at_hand import DimensionsAtHand
from shared.usecases.entry_cache import EntryCache
from shared.usecases.on_behalf import delivery_of, on_behalf_of
from shared.usecases.readiness import Prepared, book_of, linked_connections, prefetch, prepare
from shared.usecases.rules_at_hand import RulesAtHand
from shared.usecases.service import Service


@dataclass(frozen=True, slots=True)
class Way:
    """How one item would go: `connection` is None where nothing live is in its slot; its coding is of `book`.

    `behalf` is the secondary that is meant, where `connection` is the main one that delivers to it through the books.
    """

    integration: Integration
    connection: Connection | None
    book: Book
    behalf: Connection | None = None

    @property
    def named(self) -> Connection | None:
        """The connection that the item goes to, in the eyes of people."""
        return self.behalf or self.connection

    @property
    def settings(self) -> Settings:
        return Settings() if self.connection is None else self.connection.settings

    def problem(self) -> Problem | None:
        """That a secondary is meant which is not there. Without a main connection items are checked as ever."""
        if self.connection is not None or self.integration.slot is Slot.MAIN:
            return None
        return Problem("no_connection", "integration", details={"integration": self.integration.slot})


@dataclass(frozen=True, slots=True)
class Shown:
    """An item's integration as callers see it: `own` is the item's own wish; `slot` is None where it is gone by now."""

    slot: Slot | None
    connection: str | None
    reason: Because
    own: Slot | None


class Ways:
    """Decides for the items of one account, as its connections, defaults and rules were when each was first asked for.

    `linked` are the account's linked connections where they have been read already. Rules are read by `load`, many at
    once, and only where there is more than one connection to choose from.
    """

    def __init__(self, service: Service, account: Account, linked: list[Connection] | None = None) -> None:
        self.service = service
        self.account = account
        self.linked: Final = linked_connections(service, account) if linked is None else linked
        # One that is ending beside the connection that has taken its place counts for its own queue alone.
        by_place = sorted(self.linked, key=lambda connection: not connection.is_ending)
        self._slots = {connection.slot: connection for connection in by_place}
        self.rules: Final = RulesAtHand(service, account, self.books)
        self.dimensions: Final = DimensionsAtHand(service, account, self.books)

    def load(self, items: Iterable[Item | Summary]) -> None:
        """Read the rules that have a say in these items, in one call of the store for all."""
        self.load_rules(item.contact for item in items if asks_rule(item))

    def load_rules(self, suppliers: Iterable[str | None]) -> None:
        """Read the rules for suppliers by their entries' ids; those read before are not read again."""
        if self.any_choice:
            self.rules.load((RuleKind.SUPPLIER, one) for one in suppliers if one is not None)

    @property
    def any_choice(self) -> bool:
        """Whether there is anything to decide: a lone main connection takes every item."""
        return any(connection.slot is not Slot.MAIN for connection in self.linked)

    def rule(self, supplier: str | None) -> Slot | None:
        """The integration that the rule for a supplier names, if there is one."""
        rule = self.rules.of(RuleKind.SUPPLIER, supplier) if self.any_choice else None
        return None if rule is None else rule.integration

    def of(self, item: Item | Summary) -> Way:
        """Where an item goes that is not queued yet."""
        return self.way(integration_of(item, self.account, self.rule(item.contact) if asks_rule(item) else None))

    def way(self, integration: Integration) -> Way:
        connection, main = self._slots.get(integration.slot), self._slots.get(Slot.MAIN)
        # Where a secondary is gone, the items that name it are seen with the eyes of the main connection.
        book = book_of(self.account, connection or main)
        if connection is None or main is None or delivery_of(connection, main) is not Delivery.LEDGER:
            return Way(integration, connection, book)
        return Way(integration, on_behalf_of(main, connection), book, behalf=connection)

    def in_slot(self, slot: Slot) -> Connection | None:
        """The live connection in a slot, or None."""
        return self._slots.get(slot)

    def books(self) -> list[Book]:
        """Every book that the account's items may be of, the current one first."""
        placed = self._slots.values()
        every = [book_of(self.account, None), *(book_of(self.account, connection) for connection in placed)]
        return list(dict.fromkeys(every))

    def by_id(self, connection: str | None) -> Connection | None:
        """One of the linked connections, or None."""
        return next((one for one in self.linked if one.id == connection), None)

    def of_marker(self, item: Item, marker: PendingMarker | None) -> Way:
        """Where an item goes that may be queued: it keeps what it was queued for."""
        way = self.of(item)
        queued_for = self.by_id(marker.behalf or marker.connection) if marker is not None else None
        if queued_for is None or way.named == queued_for:
            return way
        queued = self.way(Integration(queued_for.slot, Because.QUEUED))
        if queued.named == queued_for:
            return queued
        return Way(queued.integration, queued_for, book_of(self.account, queued_for))

    def of_published(self, published: Published) -> Connection | None:
        """The connection that a document went through, or a later one to the same organisation."""
        there = (one for one in self.linked if one.pinned.id == published.organisation)
        return self.by_id(published.connection) or next(there, None)

    def shown(self, item: Item | Summary, state: ItemState, marker: PendingMarker | None) -> Shown:
        """How an item's integration is shown: decided now, or what it was queued for or published through."""
        way = self.of(item)
        decided = way.named.id if way.named is not None else None
        went = _went(state, marker)
        if went is None or went == decided:
            return Shown(way.integration.slot, decided, way.integration.reason, item.integration)
        there = self.by_id(went)
        reason = Because.QUEUED if marker else Because.PUBLISHED
        return Shown(there.slot if there is not None else None, went, reason, item.integration)


def _went(state: ItemState, marker: PendingMarker | None) -> str | None:
    """The connection that an item was queued for, or went to."""
    if marker is not None:
        return marker.behalf or marker.connection
    published = state.published
    if published is None:
        return state.sent_through
    return published.approval.connection if published.approval is not None else published.connection


def check_named(ways: Ways, slot: Slot | None, field: str = "integration") -> None:
    """Raises no_connection where a slot is named that no live connection is in."""
    named = ways.in_slot(slot) if slot is not None else None
    if slot is not None and (named is None or named.is_ending):
        raise fail("no_connection", field=field, integration=slot)


def why_not_sending(connection: Connection) -> Problem | None:
    """Why nothing may be queued for a connection now. One that is merely parked takes items: it goes on by itself."""
    problem = connection.why_not_publishing()
    if problem is None and connection.paused_at is not None:
        problem = Problem("connection_paused")
    return problem


def why_no_way(way: Way) -> Problem | None:
    """Why nothing may be queued for this way now."""
    if way.connection is None:
        return way.problem()
    return why_not_sending(way.connection) or (why_not_sending(way.behalf) if way.behalf is not None else None)


def sending(way: Way) -> Connection:
    """The connection to queue an item for; raises no_connection and the other reasons why it takes nothing now."""
    if way.connection is None:
        raise LedgerbridgeError(way.problem() or Problem("no_connection"))
    problem = why_no_way(way)
    if problem is not None:
        raise LedgerbridgeError(problem)
    return way.connection


def prefetch_all(ways: Ways, cache: EntryCache, items: Iterable[Item]) -> None:
    """Read the rules and entries that many items refer to, each of its own book, in a handful of calls."""
    items = list(items)
    cache.of(ways.account)
    ways.load(items)
    cache.load_inside(items)
    groups: dict[Book, list[Item]] = defaultdict(list)
    for item in items:
        way = ways.of(item)
        groups[way.book].append(coded(cache.whole(item), way.settings))
    for book, some in groups.items():
        prefetch(cache, some, book)


def prepare_on(
    service: Service, account: Account, item: Item, way: Way, *, generation: int = 1, cache: EntryCache | None = None
) -> Prepared:
    """Code, resolve and check one item for its way. Raises nothing: everything wrong is in `problems`."""
    found = prepare(service, account, item, way.connection, generation=generation, cache=cache, behalf=way.behalf)
    missing = way.problem()
    if missing is None:
        return found
    return Prepared(found.item, found.resolved, found.target, tuple(without_repeats([missing, *found.problems])))


def evaluate(
    service: Service, account: Account, item: Item, way: Way, *, cache: EntryCache | None = None
) -> list[Problem]:
    """Every problem that can be known without a call: the service's own checks, references, then the provider's."""
    return list(prepare_on(service, account, item, way, cache=cache).problems)
