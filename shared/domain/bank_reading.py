"""Bank transactions as a provider tells of them, and how far they are read."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class ToldLine:
    """A bank transaction as the provider tells of it; `document` and `bank_account` are its ids there.

    `amount` is what left the account. `is_open` while it is neither reconciled nor void. `marker` is ours, where the
    transaction is a document that was published from here.
    """

    document: str
    bank_account: str
    date: date
    amount: Decimal
    currency: str
    description: str | None
    is_open: bool
    marker: str | None


@dataclass(frozen=True, slots=True)
class BankPage:
    """One page of bank transactions; `next` is None on the last, `cursor` what the next delta starts from."""

    lines: tuple[ToldLine, ...]
    next: str | None
    cursor: str | None


@dataclass(frozen=True, slots=True)
class BankPass:
    """A pass over a provider's bank transactions that is under way: `page` is the next to ask for."""

    began: datetime
    full: bool
    page: str | None = None
    cursor: str | None = None  # of its first page


@dataclass(frozen=True, slots=True)
class BankReading:
    """How far a connection's bank transactions are read: what the next delta starts from, and when passes began."""

    since: str | None = None
    read_at: datetime | None = None
    full_at: datetime | None = None
    under_way: BankPass | None = None
