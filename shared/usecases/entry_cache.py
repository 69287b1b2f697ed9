"""The entries that one invocation has read: those that items and rules name, as they stand for it in a book."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

from shared.domain.accounts import Account
from shared.domain.aliases import Led, Merges, RowKey, RowsAtHand, doubtful, leading
from shared.domain.claims import as_bill
from shared.domain.items import Item, ItemType
from shared.domain.lists import Book, Entry, EntryStatus, Kind, survivor_of
from shared.storage.aliases import Ask
from shared.usecases.service import Service

Ref = tuple[Kind, str]


class EntryCache:
    """The entries one invocation has read, so that items which share a supplier or category share the read.

    An entry that the book does not have is the one that the account's merges lead it to, else remembered as missing.
    `account` says which merges are in force; of accounts that were not named here or to `of` it is read when their
    entries are. Not for longer than one invocation.
    """

    def __init__(self, service: Service, account: Account | None = None) -> None:
        self._service = service
        self._merges: dict[tuple[str, str], Merges] = {}
        self._entries: dict[Ask, Entry | None] = {}
        self._led: dict[Ask, Led] = {}
        self._currencies: dict[Book, frozenset[str]] = {}
        self._inside: dict[str, list[Item]] = {}
        if account is not None:
            self.of(account)

    def of(self, account: Account) -> None:
        """Take note of the merges in force; entries that were found under others are read again."""
        whose = (account.tenant, account.id)
        if self._merges.get(whose, account.merges) != account.merges:
            self._entries = {ask: entry for ask, entry in self._entries.items() if _whose(ask[0]) != whose}
            self._led = {ask: led for ask, led in self._led.items() if _whose(ask[0]) != whose}
        self._merges[whose] = account.merges

    # --- reading
    def load(self, book: Book, refs: Iterable[Ref]) -> None:
        """Read the entries that were not read before, in as few calls as the store can."""
        self.load_all((book, *ref) for ref in refs)

    def load_all(self, asks: Iterable[Ask], then: Callable[[], Iterable[Ask]] = tuple) -> None:
        """Entries of several books of one account, in one call; what merges lead them to follows in another.

        `then` says what else is wanted as far as entries are known by now: it is read along with what follows.
        """
        wanted = {ask for ask in asks if ask not in self._entries}
        targets: set[Ask] = set()
        while wanted:
            targets = self._read(wanted, plain=targets)
            wanted = {ask for ask in (*targets, *then()) if ask not in self._entries}

    def _read(self, wanted: Collection[Ask], *, plain: Collection[Ask]) -> set[Ask]:
        """Read entries, and find where those lead that are not there: the answer. `plain` ones lead nowhere else."""
        tenant, account = _whose(next(iter(wanted))[0])
        merges = self._merges_of(tenant, account)
        keys = (key for ask in wanted if ask not in plain for key in _leading(ask, merges))
        entries, found = self._service.aliases.with_entries(tenant, account, wanted, keys)
        self._entries |= {ask: entries.get(ask) for ask in wanted}
        missing = [ask for ask in wanted if ask not in entries]
        if not found or not missing:
            return set()
        rows, ids = RowsAtHand(), {entry for _, _, entry in missing}
        rows.add(found.aliases, found.mirrors)
        doubts = doubtful(merges, (row for row in found.mirrors if row.entry in ids))
        if doubts:
            rows.add(self._service.aliases.read(tenant, account, doubts).aliases, ())
        led = {(book, kind, entry): rows.lead(entry, book.key, merges) for book, kind, entry in missing}
        self._led |= led
        return {(book, kind, one.entry) for (book, kind, _), one in led.items() if one.entry is not None}

    def _merges_of(self, tenant: str, account: str) -> Merges:
        if (tenant, account) not in self._merges:
            found = self._service.accounts.get(tenant, account)
            self._merges[tenant, account] = found.merges if found is not None else ()
        return self._merges[tenant, account]

    # --- what was read
    def get(self, book: Book, kind: Kind, entry_id: str) -> Entry | None:
        """What an id stands for in the book: its entry, or the one it was led to; the last survivor of merged ones."""
        entry = self._one(book, kind, entry_id)
        return entry and survivor_of(entry, lambda other: self._one(book, kind, other))

    def led(self, book: Book, kind: Kind, entry_id: str) -> Led:
        """Where an id of another book leads in this one; the id itself where nothing leads it anywhere."""
        self.load(book, [(kind, entry_id)])
        return self._led.get((book, kind, entry_id), Led(entry_id))

    def any_lead(self, book: Book) -> bool:
        """Whether merges in force may lead entries of other books into this one."""
        return any(book.key in {merge.target, *merge.sources} for merge in self._merges_of(*_whose(book)))

    def known(self, asks: Iterable[Ask]) -> list[Entry]:
        """Those of the entries that were read and are there."""
        entries = (self._stored(ask) for ask in asks)
        return [entry for entry in entries if entry is not None]

    def put(self, book: Book, entry: Entry) -> None:
        """Take note of an entry that was changed here (a supplier that got its provider's id)."""
        self._entries[book, entry.kind, entry.id] = entry

    def _one(self, book: Book, kind: Kind, entry_id: str) -> Entry | None:
        self.load(book, [(kind, entry_id)])
        return self._stored((book, kind, entry_id))

    def _stored(self, ask: Ask) -> Entry | None:
        led = self._led.get(ask)
        return self._entries.get(ask if led is None or led.entry is None else (ask[0], ask[1], led.entry))

    # --- bank accounts of payment methods
    def links(self, method: Entry, book: Book) -> list[str]:
        """The bank accounts that may stand for a payment method in the book: its own link there, else other books'.

        A method keeps its links to the books before: they are followed as references are, newest merge first.
        """
        links: Mapping[str, str] = method.values.get("bank_accounts") or {}
        if book.key in links:
            return [links[book.key]]
        merges = [
            merge for merge in reversed(self._merges_of(*_whose(book))) if book.key in {merge.target, *merge.sources}
        ]
        forward = [source for merge in merges if merge.target == book.key for source in merge.sources]
        back = [merge.target for merge in merges if merge.target != book.key]
        return [links[one] for one in dict.fromkeys([*forward, *back]) if one in links]

    def linked(self, method: Entry, book: Book) -> str | None:
        """The first of its links that stands for something in the book; its own link there in any case."""
        links = self.links(method, book)
        if book.key in (method.values.get("bank_accounts") or {}):
            return links[0]
        self.load(book, ((Kind.BANK_ACCOUNTS, one) for one in links))
        return next((one for one in links if self.get(book, Kind.BANK_ACCOUNTS, one) is not None), None)

    # --- expense claims and currencies
    def load_inside(self, items: Iterable[Item]) -> None:
        """Read the items inside those that are expense claims, as they are now."""
        for claim in items:
            if claim.type is ItemType.EXPENSE_CLAIM:
                found = self._service.items.batch_get(claim.tenant, claim.account, claim.items)
                self._inside[claim.id] = [found[one] for one in claim.items if one in found]

    def inside(self, claim: Item) -> list[Item]:
        """The items inside an expense claim, in its order; read when they were not read before."""
        if claim.id not in self._inside:
            self.load_inside([claim])
        return self._inside[claim.id]

    def whole(self, item: Item) -> Item:
        """The item as it is published: an expense claim as its bill, any other as it is."""
        return as_bill(item, self.inside(item)) if item.type is ItemType.EXPENSE_CLAIM else item

    def currencies(self, book: Book) -> frozenset[str]:
        """The codes of the book's active currencies."""
        if book not in self._currencies:
            self._currencies[book] = frozenset(
                entry.code or entry.name
                for entry in self._service.lists.all(book, Kind.CURRENCIES)
                if entry.status is EntryStatus.ACTIVE
            )
        return self._currencies[book]


def _leading(ask: Ask, merges: Merges) -> Iterator[RowKey]:
    book, kind, entry = ask
    # Payment methods are always the account's own: no other book's stand for them.
    return iter(()) if kind is Kind.PAYMENT_METHODS else leading(kind, entry, book.key, merges)


def _whose(book: Book) -> tuple[str, str]:
    return book.tenant, book.account
