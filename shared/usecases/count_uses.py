"""Which entries of a book an account's rules and open items use, and how often."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from shared.domain.accounts import Account
from shared.domain.items import Item
from shared.domain.lists import Book, Kind
from shared.domain.rule_transfer import refs_of as refs_of_rule
from shared.domain.rules import Rule
from shared.storage.proposals import Used
from shared.usecases.entry_cache import EntryCache, Ref
from shared.usecases.look_through import look_through
from shared.usecases.readiness import refs_of
from shared.usecases.service import Service

AFTER_PAGE: Final = timedelta(seconds=20)  # what one page and the writes after it may need
# Lists whose entries stand in items and rules themselves, and are of the connected book.
_IN_BOOK: Final = frozenset(Kind) - {Kind.PAYMENT_METHODS}


class Uses:
    """Counts uses of one book's entries; an entry of an earlier book counts for the one that it leads to."""

    def __init__(self, service: Service, account: Account, book: Book, known: dict[str, Used] | None = None) -> None:
        self.counts: dict[str, Used] = dict(known or {})
        self._service, self._account, self._book = service, account, book
        self._cache = EntryCache(service, account)
        self._own = Book.own(account.tenant, account.id)

    def count(self, position: str | None, deadline: datetime) -> str | None:
        """Read rules, then open items, on from a position (None: from the start); where to go on, None at the end."""
        return look_through(
            self._service,
            self._account.tenant,
            self._account.id,
            position=position,
            until=deadline - AFTER_PAGE,
            rules=self._of_rules,
            items=self._of_items,
        )

    def _of_rules(self, rules: Sequence[Rule]) -> None:
        self._add([list(refs_of_rule(rule)) for rule in rules], (1, 0))

    def _of_items(self, items: Sequence[Item]) -> None:
        self._add([list(_named(item)) for item in items], (0, 1))

    def _add(self, users: list[list[Ref]], once: Used) -> None:
        """Count each entry once for each that uses it."""
        refs = {ref for named in users for ref in named}
        self._cache.load(self._book, [ref for ref in refs if ref[0] in _IN_BOOK])
        self._cache.load(self._own, [ref for ref in refs if ref[0] is Kind.PAYMENT_METHODS])
        methods = {ref: self._cache.get(self._own, *ref) for ref in refs if ref[0] is Kind.PAYMENT_METHODS}
        links = {one for method in methods.values() if method for one in self._cache.links(method, self._book)}
        self._cache.load(self._book, [(Kind.BANK_ACCOUNTS, one) for one in links])
        linked = {ref: self._cache.linked(method, self._book) for ref, method in methods.items() if method}
        for named in users:
            for one in {used for ref in named for used in self._used(ref, linked)}:
                rules, items = self.counts.get(one, (0, 0))
                self.counts[one] = rules + once[0], items + once[1]

    def _used(self, ref: Ref, linked: dict[Ref, str | None]) -> Iterator[str]:
        kind, entry_id = ref
        if kind is Kind.PAYMENT_METHODS:
            bank = linked.get(ref)
            if bank is None:
                return
            kind, entry_id = Kind.BANK_ACCOUNTS, bank
        entry = self._cache.get(self._book, kind, entry_id)
        if entry is not None:
            yield entry.id
            if kind is Kind.DIMENSIONS and entry.parent is not None:
                yield entry.parent


def _named(item: Item) -> Iterable[Ref]:
    yield from refs_of(item)
    if item.payment_method is not None:
        yield Kind.PAYMENT_METHODS, item.payment_method
