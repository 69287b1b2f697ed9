"""An account with entries in the books of two software; merges are written as applying one writes them."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from rehearsal.tables import create_table
from rehearsal.worlds import clients_on, simulated_aws
from shared.aws.clock import Clock
from shared.aws.settings import Settings
from shared.domain.accounts import Account, Caller, Event
from shared.domain.aliases import MIRROR, AppliedMerge, MirrorRow, RowKey, rows_of
from shared.domain.connections import Connection, ConnectionStatus, Organisation, Slot
from shared.domain.ids import new_id
from shared.domain.items import Item, ItemType, Line, Side, TaxMode
from shared.domain.lists import Book, Entry, Kind
from shared.domain.rules import Rule, RuleKind, rule_id
from shared.usecases.integrations import Ways
from shared.usecases.readiness import Prepared, prepare
from shared.usecases.service import Service

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
TABLES = ("connections", "lists", "rules", "items", "claims", "agenda")
TENANT = "01JBT0000000000000000TENAN"
ANNA = Caller(TENANT, "anna", is_machine=False)
Pairs = Sequence[tuple[Entry, Entry | None]]  # what stands for each old entry; None: does not apply


@dataclass
class Books:
    """`old` is the book of the software before, `new` that of the one that is connected."""

    service: Service
    account_id: str
    organisation: Organisation = field(
        default_factory=lambda: Organisation(
            "org-q", "Blue Door Ltd", country="GB", base_currency="GBP", plan="Plus", features=("sales_tax",)
        )
    )
    now: datetime = START
    calls: Counter[str] = field(default_factory=Counter)

    @property
    def account(self) -> Account:
        found = self.service.accounts.get(TENANT, self.account_id)
        assert found is not None
        return found

    @property
    def old(self) -> Book:
        return Book(TENANT, self.account_id, "xero", "org-x")

    @property
    def new(self) -> Book:
        return Book(TENANT, self.account_id, "quickbooks", "org-q")

    @property
    def own(self) -> Book:
        return Book.own(TENANT, self.account_id)

    @property
    def connection(self) -> Connection:
        (connection,) = self.service.connections.of_account(TENANT, self.account_id)
        return connection

    def add(self, book: Book, kind: Kind, name: str, *, parent: str | None = None, **values: Any) -> Entry:
        """An entry as a refresh would have written it."""
        id_ = book.entry_id(kind, name)
        entry = Entry(id_, kind, name, provider_id=name, parent=parent, values=values)
        self.service.lists.write(book, kind, [entry])
        return entry

    def merge(self, name: str, pairs: Pairs, source: Book, target: Book) -> AppliedMerge:
        """Apply a merge: what it writes of aliases, then the account's set of merges in force."""
        account = self.account
        merge, books = AppliedMerge(name, target.key, (source.key,)), {source.key: None}
        for kind in {old.kind for old, _ in pairs}:
            mapping = {old.id: new.id if new else None for old, new in pairs if old.kind is kind}
            earlier = self.mirrors(account, kind, mapping)
            rows = rows_of(merge, kind, source.key, mapping, merges=account.merges, earlier=earlier)
            self.service.aliases.write(TENANT, account.id, [row for some in rows for row in some])
            books |= {row.book: None for row in rows[0]}
        applied = replace(merge, sources=tuple(books))
        self.set_merges(*account.merges, applied)
        return applied

    def mirrors(self, account: Account, kind: Kind, entries: Mapping[str, str | None]) -> list[MirrorRow]:
        keys = [RowKey(MIRROR, kind, entry, one.id) for entry in entries for one in account.merges]
        return self.service.aliases.read(TENANT, account.id, keys).mirrors

    def undo(self, merge: AppliedMerge) -> None:
        self.set_merges(*(one for one in self.account.merges if one.id != merge.id))

    def set_merges(self, *merges: AppliedMerge) -> None:
        self.service.accounts.update(replace(self.account, merges=merges))

    def item(self, contact: Entry | None, *lines: Line, **changes: Any) -> Item:
        item = Item(
            id=new_id(self.now),
            tenant=TENANT,
            account=self.account_id,
            side=Side.COSTS,
            type=ItemType.INVOICE,
            created_at=self.now,
            currency="GBP",
            tax_mode=TaxMode.EXCLUSIVE,
            total=Decimal("48.00") * len(lines),
            lines=lines,
            contact=contact.id if contact is not None else None,
            date=date(2026, 3, 1),
            number="F-1",
        )
        return replace(item, **changes)

    def prepared(self, item: Item) -> Prepared:
        """The item made ready, as any invocation of its own makes it."""
        return prepare(self.service, self.account, item, self.connection)

    def rule(self, kind: RuleKind, subject: str, *, days: int = 0, **decides: Any) -> Rule:
        at = START + timedelta(days=days)
        id_ = rule_id(TENANT, self.account_id, kind, subject)
        rule = Rule(id=id_, kind=kind, subject=subject, created_at=at, edited_at=at, edited_by="anna", **decides)
        self.service.rules.create(TENANT, self.account_id, rule)
        return rule

    def ways(self) -> Ways:
        return Ways(self.service, self.account)

    def stored(self, table: str) -> list[str]:
        name = self.service.settings.table(table)
        rows = self.service.clients.dynamodb.scan(TableName=name)["Items"]
        return sorted(repr(sorted(row.items())) for row in rows)

    @contextmanager
    def counted(self) -> Iterator[Counter[str]]:
        """The calls made meanwhile, by table and operation."""
        self.calls.clear()
        yield self.calls

    def saw(self, operation: str, params: dict[str, Any]) -> None:
        if operation not in {"GetItem", "BatchGetItem", "Query"}:
            return
        names = [params["TableName"]] if "TableName" in params else list(params["RequestItems"])
        by_name = {self.service.settings.table(table): table for table in TABLES}
        self.calls.update(f"{by_name[name]} {operation}" for name in names)


@contextmanager
def two_books() -> Iterator[Books]:
    """An account whose current books are QuickBooks', and were Xero's before."""
    with simulated_aws():
        clock = Clock(source=lambda: books.now)
        books = Books(Service(Settings(stage="local", tables={}), clock, clients_on(None)), new_id(START))
        dynamodb = books.service.clients.dynamodb
        tables = {name: create_table(dynamodb) for name in TABLES}
        books.service.settings = replace(books.service.settings, tables=tables)
        account = Account(books.account_id, TENANT, "Blue Door", START, current_book=books.new.key)
        books.service.accounts.create(account, None, Event(new_id(START), account.id, START, "test", "account.created"))
        connection = Connection(
            id=new_id(START),
            tenant=TENANT,
            account=account.id,
            provider="quickbooks",
            slot=Slot.MAIN,
            status=ConnectionStatus.ACTIVE,
            created_at=START,
            created_by="test",
            organisation=books.organisation,
        )
        begun = Event(new_id(START), account.id, START, "test", "connection.started")
        books.service.connections.create(connection, begun)
        dynamodb.listeners.append(books.saw)
        yield books


def line(**named: Entry | list[Entry]) -> Line:
    """A line of 40.00 and 20 % of tax, with the entries that it names."""
    tracking = tuple(one.id for one in named.pop("tracking", []))  # type: ignore[union-attr]
    ids: dict[str, Any] = {name: entry.id for name, entry in named.items() if isinstance(entry, Entry)}
    return Line("Fuel", Decimal("40.00"), tax_amount=Decimal("8.00"), tracking=tracking, **ids)
