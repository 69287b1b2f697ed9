"""Bank match: which bank line a paid cost item was paid by."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

from shared.domain.ids import derived_id
from shared.domain.items import Item, ItemType, Side

WITHOUT_DUE_DATE: Final = timedelta(days=30)  # around the document's date
WITH_DUE_DATE: Final = timedelta(days=10)  # around the due date
LOOKED_BACK: Final = timedelta(days=183)  # six months
_MATCHED: Final = frozenset({ItemType.RECEIPT, ItemType.INVOICE, ItemType.MILEAGE, ItemType.OTHER})


@dataclass(frozen=True, slots=True)
class BankLine:
    """A line of a bank account: money that left it, or with an amount below zero, came in.

    `bank_account` is the local id of the account in the book "provider:organisation". `external_id` is the caller's
    own id within that bank account. `item` is the one that was paid by it: a line pays one item at most.
    """

    id: str
    tenant: str
    account: str
    book: str
    bank_account: str
    date: date
    amount: Decimal
    currency: str
    external_id: str
    received_at: datetime
    description: str | None = None
    item: str | None = None
    version: int = 0

    def says_the_same(self, other: "BankLine") -> bool:
        """Whether two lines with the same external id came with the same content."""
        told = (self.date, self.amount, self.currency, self.description)
        return told == (other.date, other.amount, other.currency, other.description)


def line_id(tenant: str, account: str, book: str, bank_account: str, external_id: str) -> str:
    """The id of a bank line, which follows from what it is known by."""
    return derived_id(tenant, account, book, bank_account, "bank line", external_id)


def is_matched(item: Item) -> bool:
    """Whether items like this one are looked for at the bank: paid costs that are documents of a payment."""
    return item.side is Side.COSTS and item.type in _MATCHED and item.paid and item.total > 0


def same_amount(item: Item, line: BankLine) -> bool:
    return (line.amount, line.currency) == (item.total, item.currency)


def fits(item: Item, line: BankLine, today: date) -> bool:
    """Whether a free line may be the payment of an item that is looked for.

    Equal total and currency; paid within 30 days of the document's date, or within 10 of the due date where there is
    one; and no older than six months.
    """
    day, most = (item.due_date, WITH_DUE_DATE) if item.due_date else (item.date, WITHOUT_DUE_DATE)
    if day is None or line.item not in {None, item.id} or not same_amount(item, line):
        return False
    return abs(line.date - day) <= most and today - LOOKED_BACK <= line.date


def candidates(item: Item, lines: Iterable[BankLine], book: str, today: date) -> list[BankLine]:
    """The lines that may have paid an item, the nearest in time first."""
    day = item.due_date or item.date or today
    found = [line for line in lines if line.book == book and fits(item, line, today)]
    return sorted(found, key=lambda line: (abs(line.date - day), line.id))


def loosened(before: Item, edited: Item) -> bool:
    """Whether an edit makes an item another payment than that of the line it was matched to."""
    if before.bank_line is None:
        return False
    told = ("side", "type", "paid", "total", "currency")
    return any(getattr(before, name) != getattr(edited, name) for name in told)
