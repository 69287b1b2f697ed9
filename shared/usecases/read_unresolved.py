"""Entries that rules and open items name and that lead nowhere in the lists in use: after a change, or a way back."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from shared.domain.accounts import Account
from shared.domain.items import Item
from shared.domain.lists import Book, Entry, Kind
from shared.domain.rule_transfer import refs_of as refs_of_rule
from shared.domain.rules import Rule
from shared.usecases.entry_cache import EntryCache, Ref
from shared.usecases.integrations import Ways
from shared.usecases.look_through import look_through
from shared.usecases.readiness import refs_of
from shared.usecases.service import Service

_LOOKS_FOR: Final = timedelta(seconds=10)  # of the time that a request has


@dataclass(frozen=True, slots=True)
class Unresolved:
    """An entry that leads nowhere now, with how many rules and items of those looked at name it.

    `name`, `code` and `book` are of the book that it is in, where that is remembered.
    """

    kind: Kind
    id: str
    rules: int
    items: int
    name: str | None
    code: str | None
    book: str | None


@dataclass(frozen=True, slots=True)
class Page:
    """What a look found, those most used first, and where the next goes on (None at the end)."""

    entries: tuple[Unresolved, ...]
    position: str | None


def read_unresolved(service: Service, account: Account, position: str | None) -> Page:
    """Look through rules, then open items, on from a position (None: from the start), for ten seconds at most.

    An entry that is named on two pages is on both: its counts are of each alone.
    """
    look = _Look(service, account)
    until = service.clock.now() + _LOOKS_FOR
    following = look_through(
        service,
        account.tenant,
        account.id,
        position=position,
        until=until,
        rules=look.at_rules,
        items=look.at_items,
    )
    return Page(look.found(), following)


class _Look:
    def __init__(self, service: Service, account: Account) -> None:
        self._service, self._account = service, account
        self._ways = Ways(service, account)
        self._cache = EntryCache(service, account)
        self._by_rules: Counter[Ref] = Counter()
        self._by_items: Counter[Ref] = Counter()

    def at_rules(self, rules: Sequence[Rule]) -> None:
        named = [set(refs_of_rule(rule)) for rule in rules]
        places = {ref: self._places(ref) for refs in named for ref in refs}
        self._cache.load_all((book, *ref) for ref, books in places.items() for book in books)
        for refs in named:
            for ref in refs:
                self._by_rules[ref] += not self._leads(places[ref], ref)

    def _places(self, ref: Ref) -> list[Book]:
        """The books in which a rule may name an entry: any in use, but for the account's own payment methods."""
        own = ref[0] is Kind.PAYMENT_METHODS
        return [Book.own(self._account.tenant, self._account.id)] if own else self._ways.books()

    def at_items(self, items: Sequence[Item]) -> None:
        self._ways.load(items)
        for item in items:
            book, refs = self._ways.of(item).book, refs_of(item)
            self._cache.load(book, refs)
            for ref in refs:
                # An approver is of the connection that has approvers, whichever way the item goes now.
                places = self._ways.books() if ref[0] is Kind.APPROVERS else [book]
                self._by_items[ref] += not self._leads(places, ref)

    def _leads(self, books: Iterable[Book], ref: Ref) -> bool:
        """Whether it stands for an entry in any of the books, or does not apply there."""
        return any(self._cache.get(book, *ref) is not None or not self._cache.led(book, *ref).applies for book in books)

    def found(self) -> tuple[Unresolved, ...]:
        every = self._by_rules + self._by_items  # without those that are counted nowhere
        homes = self._homes(every)
        return tuple(self._told(ref, *homes.get(ref, (None, None))) for ref, _ in every.most_common())

    def _homes(self, refs: Iterable[Ref]) -> dict[Ref, tuple[Book, Entry]]:
        """The entries in the books that there are."""
        refs = list(refs)
        homes: dict[Ref, tuple[Book, Entry]] = {}
        for book in self._remembered() if refs else ():
            for entry in self._service.lists.entries(book, refs).values():
                homes.setdefault((entry.kind, entry.id), (book, entry))
        return homes

    def _remembered(self) -> Iterator[Book]:
        """The account's own book, and those of all its connections, ended ones included."""
        yield Book.own(self._account.tenant, self._account.id)
        every = self._service.connections.of_account(self._account.tenant, self._account.id)
        yield from dict.fromkeys(one.book for one in every if one.organisation is not None)

    def _told(self, ref: Ref, book: Book | None, entry: Entry | None) -> Unresolved:
        return Unresolved(
            kind=ref[0],
            id=ref[1],
            rules=self._by_rules[ref],
            items=self._by_items[ref],
            name=entry.name if entry is not None else None,
            code=entry.code if entry is not None else None,
            book=book.key if book is not None else None,
        )
