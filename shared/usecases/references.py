"""Turn what callers name (ids, codes, names) into local ids of the current book."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from shared.domain.addresses import Address, with_address
from shared.domain.aliases import NOWHERE, Led
from shared.domain.connections import Slot
from shared.domain.errors import ConflictError, LedgerbridgeError, fail
from shared.domain.integrations import Because, asks_rule, sales_problem
from shared.domain.item_drafts import ItemDraft, LineDraft, Reference
from shared.domain.items import Line, Side, Summary
from shared.domain.lists import Book, Entry, EntryStatus, Kind, folded
from shared.usecases.entry_cache import EntryCache
from shared.usecases.integrations import Way, Ways, check_named
from shared.usecases.readiness import book_of, contact_kind, kinds_of
from shared.usecases.record_refresh import ask_recheck
from shared.usecases.service import Service

OTHER_CONTACTS: Final = {Kind.SUPPLIERS: Kind.CUSTOMERS, Kind.CUSTOMERS: Kind.SUPPLIERS}
_NAME_TRIES: Final = 3  # a name row is claimed by us or, once in a while, by somebody between our look and our write


@dataclass(slots=True)
class References:
    """Finds the entries of one account's book; lists asked for by code or name are read once per request.

    Of the book come the lists in `kinds` (None: all); what its software has no list of is looked up in `main`, the main
    connection's book: it is kept on the item and does not apply there. Approvers are of `approving`, the book of the
    connection that has some, whichever way the item goes.
    """

    service: Service
    book: Book
    cache: EntryCache
    kinds: Collection[Kind] | None = None
    main: Book | None = None
    approving: Book | None = None
    lists: dict[Kind, list[Entry]] = field(default_factory=dict)

    def _of(self, kind: Kind) -> Book:
        if kind is Kind.APPROVERS and self.approving is not None:
            return self.approving
        return self.book if self.main is None or self.kinds is None or kind in self.kinds else self.main

    def preload(self, drafts: Iterable[ItemDraft]) -> None:
        """Read every entry of the book that the drafts name by id in one go."""
        refs: set[tuple[Kind, str]] = set()
        for draft in drafts:
            if draft.contact is not None and draft.contact.id is not None:
                refs.add((contact_kind(draft.side), draft.contact.id))
            for line in draft.lines:
                named = [(Kind.CATEGORIES, line.category), (Kind.TAX_RATES, line.tax_rate)]
                named += [(Kind.PRODUCTS, line.product), (Kind.PROJECTS, line.project), (Kind.CUSTOMERS, line.customer)]
                named += [(Kind.DIMENSIONS, value) for value in line.tracking]
                refs |= {(kind, one.id) for kind, one in named if one is not None and one.id is not None}
        self.cache.load(self.book, refs)

    def contact(self, named: Reference | None, side: Side) -> str | None:
        """The local id of a supplier (costs) or customer (sales); a new name becomes an entry of the book.

        Raises invalid_request for an id that the book does not have.
        """
        if named is None:
            return None
        kind = contact_kind(side)
        if named.name is None:
            return self._by_id(kind, named.id, "contact", self.book)
        for _ in range(_NAME_TRIES):
            try:
                return self._named_contact(kind, named.name, named.address)
            except ConflictError:
                continue
        raise fail("conflict", field="contact")

    def _named_contact(self, kind: Kind, name: str, address: Address | None) -> str:
        entry = self.service.lists.by_name(self.book, kind, folded(name))
        if entry is None:
            return self._new_contact(kind, name, address)
        self.cache.put(self.book, self._addressed(entry, address))
        return entry.id

    def _addressed(self, entry: Entry, address: Address | None) -> Entry:
        """A contact that the software does not have yet gets the first address that anybody gives; others may wait."""
        after = with_address(entry, address)
        if after is not entry:
            self.service.lists.update_own(after, self.book, entry)
            self.service.accounts.bump_coding_version(self.book.tenant, self.book.account)
            ask_recheck(self.service, self.book.tenant, self.book.account)
        return after

    def _new_contact(self, kind: Kind, name: str, address: Address | None) -> str:
        """Claim a name. A contact that the software knows from the other side only is the same contact on this one."""
        known = self.service.lists.by_name(self.book, OTHER_CONTACTS[kind], folded(name))
        entry = with_address(new_contact(self.book, kind, name, known), address)
        if entry.provider_id is not None:
            there = self.cache.get(self.book, kind, entry.id)
            if there is not None:
                return there.id
        self.service.lists.put_own(entry, self.book)
        self.cache.put(self.book, entry)
        return entry.id

    def payment_method(self, named: Reference | None) -> str | None:
        """The local id of one of the account's payment methods; raises invalid_request for an unknown one."""
        own = Book.own(self.book.tenant, self.book.account)
        return self._entry(Kind.PAYMENT_METHODS, named, "payment_method", own)

    def approver(self, named: Reference | None, side: Side) -> str | None:
        """The local id of somebody who may approve bills; raises invalid_request for an unknown one, and for sales."""
        if named is None:
            return None
        if side is not Side.COSTS:
            raise fail("invalid_request", field="approver", reason="only costs have an approver")
        if self.approving is None:
            raise fail("invalid_request", field="approver", reason="nothing that is connected has approvers")
        return self.entry(Kind.APPROVERS, named, "approver")

    def line(self, draft: LineDraft, number: int) -> Line:
        """A line with local ids; raises invalid_request that names the field of the line."""
        place = f"lines[{number}]"
        return Line(
            description=draft.description,
            amount=draft.amount,
            quantity=draft.quantity,
            unit_amount=draft.unit_amount,
            tax_amount=draft.tax_amount,
            category=self._entry(Kind.CATEGORIES, draft.category, f"{place}.category", self._of(Kind.CATEGORIES)),
            tax_rate=self._entry(Kind.TAX_RATES, draft.tax_rate, f"{place}.tax_rate", self._of(Kind.TAX_RATES)),
            product=self._entry(Kind.PRODUCTS, draft.product, f"{place}.product", self._of(Kind.PRODUCTS)),
            tracking=self.tracking(draft.tracking, f"{place}.tracking"),
            project=self._entry(Kind.PROJECTS, draft.project, f"{place}.project", self._of(Kind.PROJECTS)),
            customer=self._entry(Kind.CUSTOMERS, draft.customer, f"{place}.customer", self._of(Kind.CUSTOMERS)),
            billable=draft.billable,
        )

    def entry(self, kind: Kind, named: Reference | None, field: str) -> str | None:
        """The local id of an entry of a list; raises invalid_request naming the field for an unknown one."""
        return self._entry(kind, named, field, self._of(kind))

    def led(self, kind: Kind, entry_id: str) -> Led:
        """What stands for an entry in the books that are looked in: itself where they have it, or nothing."""
        book = self._of(kind)
        found = self.cache.led(book, kind, entry_id)
        there = found.entry is not None and self.cache.get(book, kind, found.entry) is not None
        return found if there or not found.applies else NOWHERE

    def tracking(self, named: Iterable[Reference], place: str) -> tuple[str, ...]:
        """The local ids of dimension values, at most one of a dimension; raises invalid_request naming the value."""
        return tuple(self._tracking(named, place))

    def _tracking(self, named: Iterable[Reference], place: str) -> Iterator[str]:
        taken: dict[str | None, str] = {}
        for number, reference in enumerate(named):
            field = f"{place}[{number}]"
            value_id = self._value(reference, field)
            entry = self.cache.get(self._of(Kind.DIMENSIONS), Kind.DIMENSIONS, value_id)
            parent = entry.parent if entry else None
            if parent in taken:
                raise fail("invalid_request", field=field, reason="a line takes one value per dimension")
            taken[parent] = value_id
            yield value_id

    def _value(self, named: Reference, field: str) -> str:
        book = self._of(Kind.DIMENSIONS)
        if named.dimension is None or named.name is None:
            value_id = self._by_id(Kind.DIMENSIONS, named.id, field, book)
            entry = self.cache.get(book, Kind.DIMENSIONS, value_id)
            if entry is not None and entry.parent is None:
                raise fail("invalid_request", field=field, reason="this is a dimension, not one of its values")
            return value_id
        every = self._list(Kind.DIMENSIONS, book)
        parents = {one.id for one in every if one.parent is None and folded(one.name) == folded(named.dimension)}
        values = [one for one in every if one.parent in parents and folded(one.name) == folded(named.name)]
        return self._only(values, field, book).id

    def _entry(self, kind: Kind, named: Reference | None, field: str, book: Book) -> str | None:
        if named is None:
            return None
        if named.id is not None:
            return self._by_id(kind, named.id, field, book)
        every = self._list(kind, book)
        if named.code is not None:
            return self._only([one for one in every if one.code == named.code], field, book).id
        wanted = folded(named.name or "")
        return self._only([one for one in every if folded(one.name) == wanted], field, book).id

    def _by_id(self, kind: Kind, entry_id: str | None, field: str, book: Book) -> str:
        """The id to keep: that of the books' own entry, where the one named leads there since lists were merged."""
        if entry_id is None or self.cache.get(book, kind, entry_id) is None:
            raise fail("invalid_request", field=field, reason="there is no such entry in the current books")
        return self.cache.led(book, kind, entry_id).entry or entry_id

    def _only(self, found: list[Entry], field: str, book: Book) -> Entry:
        """The one entry meant: an active one before inactive ones that share its code or name."""
        active = [entry for entry in found if entry.status is EntryStatus.ACTIVE]
        candidates = active or found
        if len(candidates) != 1:
            raise _unclear(field, len(candidates))
        self.cache.put(book, candidates[0])
        return candidates[0]

    def _list(self, kind: Kind, book: Book) -> list[Entry]:
        if kind not in self.lists:
            self.lists[kind] = list(self.service.lists.all(book, kind))
        return self.lists[kind]


def new_contact(book: Book, kind: Kind, name: str, known: Entry | None) -> Entry:
    """A supplier or customer that a book does not have; `known` is the contact of the other side with that name."""
    provider_id = known.provider_id if known is not None and known.usable else None
    if known is not None and provider_id is not None:
        return replace(known, id=book.entry_id(kind, provider_id), kind=kind)
    return Entry(book.named_id(kind, name), kind, " ".join(name.split()))


class Finders:
    """References by book: the items of one request may be of several."""

    def __init__(self, ways: Ways, cache: EntryCache) -> None:
        self._ways = ways
        self._cache = cache
        self._by_book: dict[Book, References] = {}

    def of(self, way: Way) -> References:
        if way.book not in self._by_book:
            account = self._ways.account
            kinds = None if way.connection is None else kinds_of(account, way.connection)
            main, approving = book_of(account, None), approvers_book(self._ways)
            self._by_book[way.book] = References(self._ways.service, way.book, self._cache, kinds, main, approving)
        return self._by_book[way.book]


def approvers_book(ways: Ways) -> Book | None:
    """The book whose approvers items may name: that of the connection whose software has a list of them."""
    books = (book_of(ways.account, one) for one in ways.linked if Kind.APPROVERS in kinds_of(ways.account, one))
    return next(books, None)


@dataclass(frozen=True, slots=True)
class Destined:
    """Where a draft or an edited item will go; `contact` is known where it is the rule for it that decided."""

    way: Way
    contact: str | None = None


def destined(ways: Ways, item: Summary, named: Reference | None) -> Destined:
    """Decide where an item goes whose contact is `named` by the caller and not looked up yet.

    A supplier by name is looked for in the book that the item would be of without a rule. References are then looked
    up in the book of where it goes, but for the contact that a rule is for: it stays the one the rule names.
    """
    if named is None or not asks_rule(replace(item, contact="")) or not ways.any_choice:
        return Destined(ways.of(replace(item, contact=None)))
    contact = named.id
    if contact is None and named.name is not None:
        book = ways.of(replace(item, contact=None)).book
        entry = ways.service.lists.by_name(book, contact_kind(item.side), folded(named.name))
        contact = entry.id if entry is not None else None
    way = ways.of(replace(item, contact=contact))
    return Destined(way, contact if way.integration.reason is Because.SUPPLIER_RULE else None)


def check_integration(ways: Ways, side: Side, slot: Slot | None) -> None:
    """Refuse what an item may not name: invalid_request for a secondary and sales, no_connection for an empty slot."""
    if sales_problem(side, slot) is not None:
        raise fail("invalid_request", field="integration", reason="sales go through the main connection")
    check_named(ways, slot)


def _unclear(field: str, found: int) -> LedgerbridgeError:
    reason = "there is no such entry in the current books" if found == 0 else "several entries match: name it by id"
    return fail("invalid_request", field=field, reason=reason)
