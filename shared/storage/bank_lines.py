"""Bank lines of an account, found by amount while they are free, beside the items that wait for one."""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from itertools import islice

from shared.domain.bank_match import BankLine
from shared.domain.items import Item
from shared.storage.access import access
from shared.storage.codec import SCHEMA, decode
from shared.storage.keys import account_key, part
from shared.storage.operations import ABSENT, Check, ConditionFailed, Delete, Operation, Put, Update
from shared.storage.rows import new, record_in
from shared.storage.table import Table

_LINE = "pk T#<tenant>#A#<account>#K, sk L#<line>"
_FREE = "pk T#<tenant>#A#<account>#K#<currency>#<amount>, sk O#<date>#<line>"
_WAITING = "pk T#<tenant>#A#<account>#K#<currency>#<amount>, sk W#<item>"


class BankLineStore:
    """Bank lines by account. A row by amount points at each free line, and at each item that looks for one."""

    def __init__(self, table: Table) -> None:
        self._table = table

    @access("items", "TransactWriteItems", f"{_LINE}; {_FREE}", "not there yet")
    def create(self, line: BankLine) -> None:
        """Store a new line; raises ConflictError when its id is taken."""
        self._table.transact([new(_key(line.tenant, line.account, line.id), line), _free_row(line)])

    @access("items", "GetItem", _LINE)
    def get(self, tenant: str, account: str, line: str) -> BankLine | None:
        return record_in(BankLine, self._table.get(*_key(tenant, account, line)))

    @access("items", "BatchGetItem", _LINE)
    def several(self, tenant: str, account: str, lines: Iterable[str]) -> dict[str, BankLine]:
        """The lines of these ids that are there."""
        rows = self._table.batch_get([_key(tenant, account, line) for line in lines])
        return {line.id: line for line in (decode(BankLine, row) for row in rows)}

    @access("items", "TransactWriteItems", f"{_LINE}; {_FREE}", "it pays no item")
    def drop(self, line: BankLine) -> bool:
        """Take a line away; False where it pays an item by now and stays, or where somebody else was faster."""
        free = Check("attribute_exists(#pk) AND attribute_not_exists(#item)")
        mine = Check("attribute_not_exists(#pk) OR #line = :line", {"line": line.id})
        try:
            self._table.transact(
                [Delete(_key(line.tenant, line.account, line.id), free), Delete(_free_key(line), mine)]
            )
        except ConditionFailed:
            return False
        return True

    @access("items", "Query", "pk T#<tenant>#A#<account>#K, sk begins L#, by id")
    def page(self, tenant: str, account: str, cursor: str | None, limit: int) -> tuple[list[BankLine], str | None]:
        """Up to `limit` lines, and where to go on (None at the end)."""
        after = f"L#{part(cursor)}" if cursor else None
        rows = self._table.query(account_key(tenant, account, "K"), "L#", after=after, page=limit + 1)
        found = [decode(BankLine, row) for row in islice(rows, limit + 1)]
        return found[:limit], found[limit - 1].id if len(found) > limit else None

    @access("items", "Query, BatchGetItem", f"{_FREE}; {_LINE}")
    def free(self, tenant: str, account: str, currency: str, amount: Decimal) -> list[BankLine]:
        """The lines of this amount that pay no item."""
        rows = self._table.query(_amount_key(tenant, account, currency, amount), "O#")
        keys = [_key(tenant, account, row["line"]) for row in rows]
        return [decode(BankLine, row) for row in self._table.batch_get(keys)]

    @access("items", "TransactWriteItems", f"{_LINE}; {_FREE}", "it pays no other item")
    def take(self, line: BankLine, item: str) -> BankLine:
        """Have a line pay an item; may be repeated. Raises ConflictError where it pays another."""
        free = Check("attribute_exists(#pk) AND (attribute_not_exists(#item) OR #item = :item)", {"item": item})
        taken: list[Operation] = [
            Update(_key(line.tenant, line.account, line.id), {"item": item}, free),
            Delete(_free_key(line), Check("attribute_not_exists(#pk) OR #line = :line", {"line": line.id})),
        ]
        self._table.transact(taken)
        return replace(line, item=item)

    @access("items", "TransactWriteItems", f"{_LINE}; {_FREE}", "it pays this item")
    def let_go(self, line: BankLine, item: str) -> None:
        """Have a line pay its item no more; one that pays another, or none, stays as it is."""
        ours = Check("#item = :item", {"item": item})
        try:
            self._table.transact(
                [Update(_key(line.tenant, line.account, line.id), {"item": None}, ours), _free_row(line)]
            )
        except ConditionFailed:
            return

    @access("items", "PutItem", _WAITING, "not there yet")
    def wait(self, item: Item) -> None:
        """Note that an item looks for a line of its total; noted already is success."""
        pk, sk = _waiting_key(item.tenant, item.account, item.currency, item.total, item.id)
        try:
            self._table.write(Put({"pk": pk, "sk": sk, "schema": SCHEMA, "item": item.id}, ABSENT))
        except ConditionFailed:
            return

    @access("items", "DeleteItem", _WAITING, "of this item")
    def wait_no_more(self, line: BankLine, item: str) -> None:
        """Forget that an item looks for a line of this one's amount."""
        key = _waiting_key(line.tenant, line.account, line.currency, line.amount, item)
        self._table.write(Delete(key, Check("attribute_not_exists(#pk) OR #item = :item", {"item": item})))

    @access("items", "Query", _WAITING)
    def waiting(self, line: BankLine) -> Iterable[str]:
        """The items that looked for a line of this amount when they were last seen."""
        rows = self._table.query(_amount_key(line.tenant, line.account, line.currency, line.amount), "W#")
        return [row["item"] for row in rows]


def _key(tenant: str, account: str, line: str) -> tuple[str, str]:
    return account_key(tenant, account, "K"), f"L#{part(line)}"


def _amount_key(tenant: str, account: str, currency: str, amount: Decimal) -> str:
    return account_key(tenant, account, "K", part(currency), format(amount.normalize() + 0, "f"))


def _free_key(line: BankLine) -> tuple[str, str]:
    amount = _amount_key(line.tenant, line.account, line.currency, line.amount)
    return amount, f"O#{line.date.isoformat()}#{part(line.id)}"


def _free_row(line: BankLine) -> Put:
    pk, sk = _free_key(line)
    return Put({"pk": pk, "sk": sk, "schema": SCHEMA, "line": line.id}, ABSENT)


def _waiting_key(tenant: str, account: str, currency: str, amount: Decimal, item: str) -> tuple[str, str]:
    return _amount_key(tenant, account, currency, amount), f"W#{part(item)}"
