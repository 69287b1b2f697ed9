"""Find what an item refers to in the connected book, decide where it goes, and say everything that is wrong with it."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from shared.domain.accounts import Account
from shared.domain.addresses import with_address
from shared.domain.amending import (
    Change,
    by_category,
    changes,
    in_base_currency,
    left_unpaid,
    totalled,
)
from shared.domain.arrival import as_sent, kept
from shared.domain.claims import about_items
from shared.domain.connections import Connection, Settings, Slot, TaxPolicy
from shared.domain.errors import Problem
from shared.domain.ids import marker_for
from shared.domain.integrations import sales_problem
from shared.domain.item_approvals import approval_problem
from shared.domain.items import Item, ItemType, Line, Side
from shared.domain.led_items import as_led, without_tax
from shared.domain.lists import Book, Entry, Kind
from shared.domain.readiness import (
    applicable,
    coded,
    destination_of,
    matched_account,
    own_problems,
    publish_as_of,
    without_repeats,
)
from shared.domain.reverse_charge import (
    ReverseCharge,
    as_reversed,
    reverse_charge_problems,
    reversed_inside,
    without_consequences,
)
from shared.providers.contract import Resolved, Target
from shared.providers.facts import Profile
from shared.storage.aliases import Ask
from shared.usecases.at_rest import at_rest
from shared.usecases.check_there import Made, checked_there
from shared.usecases.entry_cache import EntryCache, Ref
from shared.usecases.service import Service

_INACTIVE: Final = {
    Kind.CATEGORIES: "account_archived",
    Kind.SUPPLIERS: "supplier_archived",
    Kind.CUSTOMERS: "supplier_archived",
    Kind.TAX_RATES: "tax_rate_not_found",
    Kind.PRODUCTS: "product_not_found",
    Kind.PROJECTS: "project_not_found",
    Kind.DIMENSIONS: "tracking_not_found",
    Kind.BANK_ACCOUNTS: "bank_account_not_found",
}


def linked_connections(service: Service, account: Account) -> list[Connection]:
    """The account's live connections that have an organisation: those whose queues its items may be in."""
    every = service.connections.of_account(account.tenant, account.id)
    return [connection for connection in every if connection.is_linked]


def book_of(account: Account, connection: Connection | None) -> Book:
    """The book whose entries items published through a connection refer to.

    It is the connection's own, but for a secondary on the main connection's books; without a connection the account's
    last one, or its own lists.
    """
    if connection is not None and connection.organisation is not None and not _uses_lists_of_main(connection):
        return connection.book
    if account.current_book is not None:
        provider, _, organisation = account.current_book.partition(":")
        return Book(account.tenant, account.id, provider, organisation)
    return Book.own(account.tenant, account.id)


def kinds_of(account: Account, connection: Connection) -> Collection[Kind]:
    """The lists that items published through a connection may refer to."""
    from shared.providers import registry

    return registry.profile(book_of(account, connection).provider).kinds


def _reverse_charge_of(account: Account, connection: Connection) -> ReverseCharge | None:
    """How the software of the books that a connection publishes to is told of domestic reverse charge."""
    from shared.providers import registry

    return registry.profile(book_of(account, connection).provider).reverse_charge


def _uses_lists_of_main(connection: Connection) -> bool:
    from shared.providers import registry

    return connection.slot is not Slot.MAIN and registry.profile(connection.provider).lists_of_main


def contact_kind(side: Side) -> Kind:
    return Kind.SUPPLIERS if side is Side.COSTS else Kind.CUSTOMERS


def refs_of(item: Item) -> set[Ref]:
    """Everything the item names in the connected book (its payment method is the account's own)."""
    refs: set[Ref] = {(contact_kind(item.side), item.contact)} if item.contact else set()
    if item.approver:
        refs.add((Kind.APPROVERS, item.approver))
    for line in item.lines:
        named = [(Kind.CATEGORIES, line.category), (Kind.TAX_RATES, line.tax_rate), (Kind.PRODUCTS, line.product)]
        named += [(Kind.PROJECTS, line.project), (Kind.CUSTOMERS, line.customer)]
        refs |= {(kind, entry_id) for kind, entry_id in named if entry_id}
        refs |= {(Kind.DIMENSIONS, value) for value in line.tracking}
    return refs


def prefetch(cache: EntryCache, items: Iterable[Item], book: Book) -> None:
    """Read what many items (already `coded`) refer to in a handful of calls, whatever their number."""
    items = list(items)
    own = Book.own(book.tenant, book.account)
    methods = {item.payment_method for item in items if item.payment_method}
    asked: list[Ask] = [(book, *ref) for item in items for ref in refs_of(item)]
    paid: list[Ask] = [(own, Kind.PAYMENT_METHODS, method) for method in methods]

    def following() -> Iterator[Ask]:
        for entry in cache.known(asked):
            if entry.survivor:
                yield book, entry.kind, entry.survivor
            if entry.kind is Kind.DIMENSIONS and entry.parent:
                yield book, Kind.DIMENSIONS, entry.parent
        for method in cache.known(paid):
            yield from ((book, Kind.BANK_ACCOUNTS, link) for link in cache.links(method, book))

    cache.load_all([*asked, *paid], then=following)


class _Finder:
    """Looks up one item's references and collects what is wrong with them, in the caller's words."""

    def __init__(self, cache: EntryCache, book: Book) -> None:
        self.cache = cache
        self.book = book
        self.problems: list[Problem] = []

    def find(self, kind: Kind, entry_id: str | None, field: str, book: Book | None = None) -> Entry | None:
        if entry_id is None:
            return None
        entry = self.cache.get(book or self.book, kind, entry_id)
        if entry is None:
            self.problems.append(Problem("entry_unresolved", field, details={"entry": entry_id}))
            return None
        if not entry.usable:
            code = _INACTIVE.get(kind, "entry_inactive")
            self.problems.append(Problem(code, field, details={"name": entry.name, "code": entry.code or ""}))
        return entry

    def lines(self, item: Item, kind: Kind, field: str) -> dict[str, Entry]:
        """The entries that the lines name in one field, by the ids they name them with."""
        found = {}
        for number, line in enumerate(item.lines):
            entry_id: str | None = getattr(line, field)
            entry = self.find(kind, entry_id, f"lines[{number}].{field}")
            if entry is not None and entry_id is not None:
                found[entry_id] = entry
        return found

    def tracking(self, item: Item) -> tuple[dict[str, Entry], dict[str, Entry]]:
        values, dimensions = {}, {}
        for number, line in enumerate(item.lines):
            taken: dict[str, bool] = {}  # the line's dimensions, and whether a merge led its value there
            for place, value_id in enumerate(line.tracking):
                field = f"lines[{number}].tracking[{place}]"
                value = self.find(Kind.DIMENSIONS, value_id, field)
                if value is None:
                    continue
                values[value_id] = value
                parent = self.find(Kind.DIMENSIONS, value.parent, field)
                if parent is not None and value.parent is not None:
                    dimensions[value.parent] = parent
                    led = value.id != value_id
                    if parent.id in taken and (led or taken[parent.id]):
                        self.problems.append(Problem("dimension_twice", field, details={"name": parent.name}))
                    taken.setdefault(parent.id, led)
        return values, dimensions

    def bank_account(self, item: Item, connection: Connection | None) -> Entry | None:
        if connection is not None and (matched := matched_account(item, connection.settings)) is not None:
            return self.find(Kind.BANK_ACCOUNTS, matched, "bank_line")
        method = self.find(Kind.PAYMENT_METHODS, item.payment_method, "payment_method", Book.own(*self._owner))
        linked = self.cache.linked(method, self.book) if method is not None and method.usable else None
        return self.find(Kind.BANK_ACCOUNTS, linked, "payment_method")

    @property
    def _owner(self) -> tuple[str, str]:
        return self.book.tenant, self.book.account


def resolve(
    service: Service, account: Account, item: Item, connection: Connection | None, *, cache: EntryCache | None = None
) -> Resolved:
    """Everything a coded item refers to, found in the current book; survivors of merged entries take their place.

    Ids of another book are entry_unresolved, inactive entries keep their place and are named in `problems`. The
    currencies are read only for an item in another currency than the organisation's own.
    """
    cache = cache or EntryCache(service)
    cache.of(account)
    book = book_of(account, connection)
    prefetch(cache, [item], book)
    finder = _Finder(cache, book)
    contact = finder.find(contact_kind(item.side), item.contact, "contact")
    categories = finder.lines(item, Kind.CATEGORIES, "category")
    tax_rates = finder.lines(item, Kind.TAX_RATES, "tax_rate")
    products = finder.lines(item, Kind.PRODUCTS, "product")
    tracking, dimensions = finder.tracking(item)
    projects = finder.lines(item, Kind.PROJECTS, "project")
    customers = finder.lines(item, Kind.CUSTOMERS, "customer")
    return Resolved(
        contact=contact,
        categories=categories,
        tax_rates=tax_rates,
        products=products,
        tracking=tracking,
        dimensions=dimensions,
        projects=projects,
        customers=customers,
        bank_account=finder.bank_account(item, connection),
        approver=finder.find(Kind.APPROVERS, item.approver, "approver"),
        currencies=_currencies(cache, book, item, connection),
        problems=(*finder.problems, *at_rest(account, book, item, refs_of(item), cache)),
    )


def _currencies(cache: EntryCache, book: Book, item: Item, connection: Connection | None) -> frozenset[str]:
    base = connection.pinned.base_currency if connection is not None else None
    if base is not None and item.currency == base:
        return frozenset({base})
    return cache.currencies(book) | ({base} if base is not None else set())


def target(item: Item, resolved: Resolved, connection: Connection, profile: Profile, generation: int) -> Target:
    """Where and how the item will be published: its own wishes first, then the connection's settings."""
    settings = connection.settings
    destination = destination_of(item, settings)
    offered = profile.publish_as.get(destination, ())
    return Target(
        organisation=connection.pinned,
        settings=settings,
        destination=destination,
        publish_as=publish_as_of(item, settings, resolved.bank_account, offered),
        marker=marker_for(item.tenant, item.id, generation),
    )


@dataclass(frozen=True, slots=True)
class Prepared:
    """An item made ready for a provider: defaults filled in, references found, everything wrong with it named.

    `item` is what the provider's mapping takes; `target` is None while the account has no connection.
    """

    item: Item
    resolved: Resolved
    target: Target | None
    problems: tuple[Problem, ...]
    changes: tuple[Change, ...] = ()  # what goes into the books otherwise than the item says


def prepare(
    service: Service,
    account: Account,
    item: Item,
    connection: Connection | None,
    *,
    generation: int = 1,
    cache: EntryCache | None = None,
    behalf: Connection | None = None,
) -> Prepared:
    """Code, resolve and check one item, an expense claim as the bill it is published as.

    Without a connection only what any software would ask for is checked. `behalf` is the secondary that the
    connection publishes for (`on_behalf_of`): its rules count as well.
    """
    cache = cache or EntryCache(service)
    cache.of(account)
    if item.type is ItemType.EXPENSE_CLAIM:
        bill = cache.whole(item)
        if connection is not None and item.publish_as is None:
            bill = replace(bill, publish_as=connection.settings.claims_publish_as)
        found = prepare(service, account, bill, connection, generation=generation, cache=cache, behalf=behalf)
        problems = [about_items(problem, item) for problem in found.problems]
        inside = cache.inside(item)
        return replace(found, problems=(*problems, *_unapproved(inside), *reversed_inside(inside)))
    came, item = item, as_sent(item)
    book = book_of(account, connection)
    item, untaxed = _applying(cache, book, item, connection)
    if connection is None:
        item = coded(replace(as_reversed(item, None), approver=None), Settings())
        resolved = resolve(service, account, item, None, cache=cache)
        problems = own_problems(item, resolved.tax_rates, without_tax=untaxed) + list(resolved.problems)
        problems += _wrong_connection(item, Slot.MAIN)
        return Prepared(item, resolved, None, tuple(without_repeats(kept(came, problems))))
    told = _reverse_charge_of(account, connection)
    item, problems = _amended(cache, book, as_reversed(item, told), connection)
    kinds = kinds_of(account, connection)
    item = applicable(coded(item, connection.settings), kinds)
    resolved = resolve(service, account, item, connection, cache=cache)
    if resolved.contact is not None:
        contact = with_address(resolved.contact, connection.settings.default_supplier_address)
        resolved = replace(resolved, contact=contact)
    if item.currency != came.currency or connection.settings.tax_policy is not TaxPolicy.DOCUMENT:
        item = totalled(item, resolved.tax_rates)
    has_tax_rates = Kind.TAX_RATES in kinds
    problems += own_problems(item, resolved.tax_rates, has_tax_rates=has_tax_rates, without_tax=untaxed)
    problems += resolved.problems
    problems += reverse_charge_problems(item, resolved.tax_rates, told)
    problems += _wrong_connection(item, (behalf or connection).slot)
    problems += _other_books(account, behalf or connection)
    problems += _new_supplier(resolved, connection.settings)
    aim = target(item, resolved, connection, service.provider(connection.provider).profile, generation)
    made = Made(
        item, aim, (*changes(came, item, "connection_settings"), *left_unpaid(item, aim.destination, aim.publish_as))
    )
    checked = checked_there(service, made, resolved, connection, behalf)
    problems += checked.problems
    told_apart = without_repeats(kept(came, without_consequences(problems)))
    found = Prepared(checked.item, resolved, checked.aim, tuple(told_apart))
    return replace(found, changes=checked.changes)


def _applying(cache: EntryCache, book: Book, item: Item, connection: Connection | None) -> tuple[Item, Collection[int]]:
    """The item without what merges say does not apply in the book, and the lines that have no tax rate by that."""
    if not cache.any_lead(book):
        return item, ()
    prefetch(cache, [coded(item, Settings() if connection is None else connection.settings)], book)
    left = as_led(item, lambda kind, entry: cache.led(book, kind, entry))
    return left, without_tax(item, left)


def _amended(cache: EntryCache, book: Book, item: Item, connection: Connection) -> tuple[Item, list[Problem]]:
    """The item in the currency and with the tax that the connection's settings ask for."""
    settings = connection.settings

    def default(line: Line) -> Entry | None:
        category = cache.get(book, Kind.CATEGORIES, line.category) if line.category is not None else None
        rate = category.values.get("default_tax_rate") if category is not None else None
        return cache.get(book, Kind.TAX_RATES, book.entry_id(Kind.TAX_RATES, rate)) if rate else None

    item = by_category(item, settings, default)
    converted = in_base_currency(item, settings, connection.pinned.base_currency)
    return (item, [converted]) if isinstance(converted, Problem) else (converted, [])


def _new_supplier(resolved: Resolved, settings: Settings) -> Iterator[Problem]:
    """A contact that would have to be made in the books, where the connection makes none."""
    contact = resolved.contact
    if contact is not None and contact.provider_id is None and not settings.create_suppliers:
        yield Problem("supplier_not_in_books", "contact", details={"name": contact.name})


def _unapproved(inside: Iterable[Item]) -> Iterator[Problem]:
    """The items of an expense claim that wait for their own approval, or were refused it."""
    for number, item in enumerate(inside):
        problem = approval_problem(item.approval, item.version)
        if problem is not None:
            yield replace(problem, field=f"items[{number}].approval", details={"item": item.id})


def _other_books(account: Account, connection: Connection) -> Iterator[Problem]:
    """A secondary whose company works on other books than those that the item is coded with."""
    ledger = connection.pinned.ledger
    if ledger is not None and not ledger.is_of(book_of(account, connection), ""):
        yield Problem("organisation_not_of_main", "integration")


def _wrong_connection(item: Item, slot: Slot) -> Iterator[Problem]:
    """A sales item that names a secondary connection, or that was queued for one."""
    problem = sales_problem(item.side, slot) or sales_problem(item.side, item.integration)
    if problem is not None:
        yield problem
