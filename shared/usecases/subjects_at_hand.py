"""For whom rules count at the moment: the entry of the books in use, and those of other books that lead to it."""

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Final

from shared.domain.accounts import Account
from shared.domain.aliases import ALIAS, MIRROR, RowKey, RowsAtHand, doubtful
from shared.domain.lists import Book, Kind
from shared.domain.rules import RuleKind
from shared.usecases.service import Service

Ask = tuple[RuleKind, str]
# People are nobody's list entries, and payment methods are always the account's own.
_LED: Final = {RuleKind.SUPPLIER: Kind.SUPPLIERS, RuleKind.CUSTOMER: Kind.CUSTOMERS}


class SubjectsAtHand:
    """Follows merged suppliers and customers; without merges into or out of the books in use nothing is read.

    `books` are those that the account's items may be of, the current one first.
    """

    def __init__(self, service: Service, account: Account, books: Callable[[], list[Book]]) -> None:
        self._service = service
        self._account = account
        self._books = books
        self._rows = RowsAtHand()
        self._read: set[RowKey] = set()

    def of(self, asks: Collection[Ask]) -> dict[Ask, tuple[str, ...]]:
        """Whose rules may count for each subject: first the entry that it is, or leads to, in the books in use.

        Behind that come the entries that lead there, the subject itself among them, where it is one of another book.
        """
        if not self._account.merges:
            return {ask: (ask[1],) for ask in asks}
        self._load(key for ask in asks for key in self._keys(ask))
        own = {ask: self._own(ask) for ask in asks}
        self._load(key for (kind, _), entry in own.items() for key in self._keys((kind, entry)))
        return {ask: self._subjects(ask[1], entry) for ask, entry in own.items()}

    def _own(self, ask: Ask) -> str:
        """The entry of the books in use that a subject stands for; itself where it is of one of them, or of none."""
        kind, subject = ask
        merges, books = self._account.merges, [book.key for book in self._books()]
        home = self._rows.home(subject, merges)
        if kind not in _LED or home is None or home in books:
            return subject
        found = (self._rows.lead(subject, book, merges).entry for book in books)
        return next((entry for entry in found if entry is not None), subject)

    def _subjects(self, subject: str, own: str) -> tuple[str, ...]:
        sources = (way.source for way in self._rows.led_to(own, self._account.merges))
        return tuple(dict.fromkeys([own, *sources, subject]))

    def _keys(self, ask: Ask) -> Iterator[RowKey]:
        kind = _LED.get(ask[0])
        if kind is None:
            return
        books = {book.key for book in self._books()}
        for merge in self._account.merges:
            if merge.target in books:
                yield RowKey(ALIAS, kind, ask[1], merge.id)
            if books & {merge.target, *merge.sources}:
                yield RowKey(MIRROR, kind, ask[1], merge.id)

    def _load(self, keys: Iterable[RowKey]) -> None:
        """Read rows that were not read before, then the few that decide whether mirrors among them still hold."""
        wanted = set(keys) - self._read
        while wanted:
            found = self._service.aliases.read(self._account.tenant, self._account.id, wanted)
            self._read |= wanted
            self._rows.add(found.aliases, found.mirrors)
            wanted = doubtful(self._account.merges, found.mirrors) - self._read
