"""Expense claims: cost items of one person, published as one unpaid bill with a line for each item."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from shared.domain.connections import Destination, PublishAs
from shared.domain.errors import Problem
from shared.domain.items import Item, ItemState, ItemType, Line, Place, Stage, TaxMode

_MOST_TEXT: Final = 1000  # characters of a line's description
_LINE: Final = "lines["


def as_bill(claim: Item, inside: Sequence[Item]) -> Item:
    """The bill that a claim is published as. It is unpaid, whatever its items are: the person is still to be paid."""
    untaxed = all(item.tax_mode is TaxMode.NONE for item in inside)
    return replace(
        claim,
        type=ItemType.INVOICE,
        tax_mode=TaxMode.NONE if untaxed else TaxMode.INCLUSIVE,
        lines=tuple(_line(item, untaxed=untaxed) for item in inside),
        due_date=claim.due_date or claim.date,
        destination=Destination.PURCHASES,
        publish_as=claim.publish_as or PublishAs.AWAITING_PAYMENT,
        paid=False,
        paid_on=None,
        payment_method=None,
        reverse_charge=None,
        sources={path: source for path, source in claim.sources.items() if path != "paid"},
    )


def is_claim(state: ItemState) -> bool:
    return state.summary.type is ItemType.EXPENSE_CLAIM


def claim_total(inside: Sequence[Item]) -> Decimal:
    """What a claim's items come to; what a credit note gives back counts against it."""
    return sum((_signed(item) for item in inside), Decimal(0))


def _line(item: Item, *, untaxed: bool) -> Line:
    """An item as one line: its total with tax, its tax, and the coding that all its lines share."""
    sign = -1 if item.type is ItemType.CREDIT_NOTE else 1
    tax = None if untaxed else _tax(item)
    said = item.description or ", ".join(dict.fromkeys(line.description for line in item.lines))
    return Line(
        description=said[:_MOST_TEXT],
        amount=_signed(item),
        tax_amount=None if tax is None else sign * tax,
        category=_shared(item, "category"),
        tax_rate=_shared(item, "tax_rate"),
        product=_shared(item, "product"),
        tracking=_shared(item, "tracking") or (),
        project=_shared(item, "project"),
        customer=_shared(item, "customer"),
        billable=bool(_shared(item, "billable")),
    )


def _signed(item: Item) -> Decimal:
    return -item.total if item.type is ItemType.CREDIT_NOTE else item.total


def _tax(item: Item) -> Decimal | None:
    """The item's own figure of its tax, where it has one; else the line's rate is left to say."""
    if item.tax_mode is TaxMode.NONE:
        return Decimal(0)
    if item.tax_total is not None:
        return item.tax_total
    if item.tax_mode is TaxMode.EXCLUSIVE:
        return item.total - sum((line.amount for line in item.lines), Decimal(0))
    stated = [line.tax_amount for line in item.lines]
    return None if None in stated else sum((tax for tax in stated if tax is not None), Decimal(0))


def _shared(item: Item, field: str) -> Any:
    """What all lines of an item say alike; None where they differ, for one line cannot say both."""
    values = {getattr(line, field) for line in item.lines}
    return values.pop() if len(values) == 1 else None


def about_items(problem: Problem, claim: Item) -> Problem:
    """A problem of a claim's bill in the caller's words: a line of it is an item."""
    field = problem.field or ""
    if field == "lines":
        return replace(problem, field="items")
    if not field.startswith(_LINE):
        return problem
    number, _, rest = field[len(_LINE) :].partition("]")
    details = {**problem.details, "item": claim.items[int(number)]}
    return replace(problem, field=f"items[{number}]{rest}", details=details)


def inside(state: ItemState, claim: str) -> ItemState:
    """An item's state once it is inside a claim."""
    return replace(state, place=Place.CLAIM, claim=claim)


def freed(state: ItemState) -> ItemState:
    """An item's state once it is taken out of its claim, to be judged anew."""
    return replace(state, place=Place.INBOX, claim=None, coding_version=-1)


def reopened(state: ItemState) -> ItemState:
    """The state of an item inside, when its claim's publication is forgotten."""
    return replace(state, place=Place.CLAIM, stage=Stage.RECEIVED, published=None, last_error=None, coding_version=-1)
