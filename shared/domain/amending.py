"""What a connection's settings make of a document on its way into the books: currency, tax, and the day it is of.

Everything here is pure. What differs from the document itself is kept as a `Change`, so that nobody is surprised.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from shared.domain.connections import Destination, LockedPeriod, PublishAs, Settings, TaxPolicy
from shared.domain.errors import Problem
from shared.domain.items import Item, Line, TaxMode
from shared.domain.lists import Entry
from shared.domain.money import rounded
from shared.domain.readiness import line_tax, rate_for
from shared.domain.reverse_charge import owed


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that goes into the books otherwise than the item says: the field, both values as text, and why."""

    field: str
    before: str
    after: str
    reason: str  # an error code or the name of a setting


Default = Callable[[Line], Entry | None]  # the tax rate that a line's category has there


def by_category(item: Item, settings: Settings, default: Default) -> Item:
    """The item with the tax that the settings leave to its categories.

    `tax_from_category` gives lines that name no rate their category's. With policy `provider` the document's own
    figures are left out and every line has its category's rate; with `exceptions` they count, but a category whose
    rate is nothing has no tax.
    """
    if item.tax_mode is TaxMode.NONE or _as_stated(settings):
        return item
    lines = tuple(_taxed(line, item, settings, default(line)) for line in item.lines)
    if lines == item.lines:
        return item
    return replace(item, lines=lines, tax_total=None)


def _as_stated(settings: Settings) -> bool:
    return settings.tax_policy is TaxPolicy.DOCUMENT and not settings.tax_from_category


def _taxed(line: Line, item: Item, settings: Settings, default: Entry | None) -> Line:
    if default is None:
        return line
    if settings.tax_policy is TaxPolicy.PROVIDER:
        return replace(line, tax_rate=default.id, tax_amount=None)
    if settings.tax_policy is TaxPolicy.EXCEPTIONS and rate_for(default, item.side, item.date) == 0:
        return replace(line, tax_rate=default.id, tax_amount=None)
    return line if line.tax_rate or not settings.tax_from_category else replace(line, tax_rate=default.id)


def in_base_currency(item: Item, settings: Settings, base: str | None) -> Item | Problem:
    """The item in the organisation's own currency where only that is to be sent; a problem where its rate is missing.

    `exchange_rate` is what one unit of the base currency is worth in the item's. Each amount is rounded by itself.
    """
    if base is None or item.currency == base:
        return item
    if settings.multi_currency:
        return item if settings.own_rate else replace(item, exchange_rate=None)
    if not item.exchange_rate:
        return Problem("exchange_rate_missing", "exchange_rate", details={"currency": item.currency, "base": base})
    rate = item.exchange_rate

    def converted(amount: Decimal) -> Decimal:
        return rounded(amount / rate, base)

    def line(one: Line) -> Line:
        tax = None if one.tax_amount is None else converted(one.tax_amount)
        return replace(one, amount=converted(one.amount), unit_amount=None, tax_amount=tax)

    lines, total = tuple(map(line, item.lines)), converted(item.total)
    return replace(item, currency=base, exchange_rate=None, lines=lines, total=total, tax_total=None)


def totalled(item: Item, tax_rates: Mapping[str, Entry]) -> Item:
    """The item with the total that its amended lines give, where their tax is known."""
    taxes = [line_tax(line, item, tax_rates) for line in item.lines]
    total = None if None in taxes else owed(item, taxes)
    return item if total is None else replace(item, total=total)


def changes(before: Item, after: Item, reason: str) -> tuple[Change, ...]:
    """What is said otherwise of two versions of an item, of the fields that people compare."""
    found = []
    for name in ("date", "due_date", "currency", "total"):
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            found.append(Change(name, _text(old), _text(new), reason))
    return tuple(found)


UNPAID: Final = "payment_not_recorded"


def left_unpaid(item: Item, destination: Destination, given: PublishAs) -> tuple[Change, ...]:
    """That a paid item which asks to arrive as paid awaits payment there; `given` is the status it arrives with."""
    asked = item.paid and item.publish_as is PublishAs.PAID and not destination.moves_money
    if not asked or given is not PublishAs.AWAITING_PAYMENT:
        return ()
    return (Change("publish_as", PublishAs.PAID.value, given.value, UNPAID),)


def _text(value: object) -> str:
    return format(value, "f") if isinstance(value, Decimal) else "" if value is None else str(value)


# Problems that a document has because of the day it is of.
LOCKS: Final = frozenset({"period_locked", "year_locked", "before_accounts_start"})


def lock_of(problems: Sequence[Problem]) -> Problem | None:
    """The lock that holds a document back, if one does."""
    return next((problem for problem in problems if problem.code in LOCKS), None)


def first_open_day(lock: Problem) -> date | None:
    """The day after a lock; None where the provider did not say until when it locks."""
    if "starts" in lock.details:
        return date.fromisoformat(str(lock.details["starts"]))
    last = lock.details.get("lock_date")
    return date.fromisoformat(str(last)) + timedelta(days=1) if last else None


def on_day(item: Item, day: date) -> Item:
    """The item as of another day; it is not due before that."""
    due = max(item.due_date, day) if item.due_date is not None else None
    return replace(item, date=day, due_date=due)


def may_be_draft(settings: Settings, offered: Sequence[PublishAs]) -> bool:
    """Whether a document that a lock holds back goes as a draft instead."""
    return settings.locked_period is LockedPeriod.DRAFT and PublishAs.DRAFT in offered
