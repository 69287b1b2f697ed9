"""Items as requests of ApprovalMax's API. Everything here is pure: the same item always gives the same element.

**The body of a new bill is assumed**, as a whole: no description of it is public. Its fields are named as in the
answers of `GET .../xero/bills`, which clients of the API have recorded. It stands in the two tables below alone.
"""

import json
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from shared.domain.items import Item, Line, TaxMode
from shared.domain.lists import Entry
from shared.domain.readiness import rate_for
from shared.providers.contract import Draft, Resolved, Target, Wanted, amount_text
from shared.providers.transport import to_json

# Requests lie by the software whose books they are for: the first is documented, the second's name is assumed.
FAMILIES: Final[Mapping[str, str]] = {"xero": "xero/bills", "quickbooks": "quickbooks/bills"}
BILLS: Final = frozenset(FAMILIES.values())
# Assumed: how amounts stand to tax, in Xero's words (the wire form of `taxType` is on no page).
TAX_TYPES: Final = {TaxMode.EXCLUSIVE: "Exclusive", TaxMode.INCLUSIVE: "Inclusive", TaxMode.NONE: "NoTax"}
LINE_WITHOUT_TEXT: Final = "Item"
_CENT: Final = Decimal("0.01")
_PRICE: Final = Decimal("0.0001")


def draft(item: Item, resolved: Resolved, target: Target) -> Draft:
    """The request for an item that `check` found nothing wrong with; its `reference` is our marker."""
    ledger = target.organisation.ledger
    if resolved.contact is None or item.date is None or ledger is None or ledger.provider is None:
        raise ValueError("a request needs a supplier, a date and a ledger: check() says so")
    element: dict[str, Any] = {
        "contactId": resolved.contact.provider_id,
        "contact": resolved.contact.name,
        "reference": target.marker,
        "date": item.date.isoformat(),
        "dueDate": (item.due_date or item.date).isoformat(),
        "currencyCode": item.currency,
        "taxType": TAX_TYPES[item.tax_mode],
        "lineItems": [_line(line, item, resolved) for line in item.lines],
    }
    if item.number:
        element["documentNumber"] = item.number
    if item.exchange_rate is not None and item.currency != target.organisation.base_currency:
        element["exchangeRate"] = item.exchange_rate
    return Draft(FAMILIES[ledger.provider], element, _fingerprint(item, element))


def _line(line: Line, item: Item, resolved: Resolved) -> dict[str, Any]:
    category = resolved.categories[line.category or ""]
    quantity, price = _priced(line)
    fields: dict[str, Any] = {
        "description": line.description.strip() or (item.description or "").strip() or LINE_WITHOUT_TEXT,
        "quantity": quantity,
        "itemPrice": price,
        "accountId": category.provider_id,
    }
    if category.code:
        fields["accountCode"] = category.code
    if item.tax_mode is not TaxMode.NONE:
        fields["taxCode"] = resolved.tax_rates[line.tax_rate or ""].provider_id
    if line.product is not None:
        product = resolved.products[line.product]
        fields["itemId"] = product.provider_id
        fields |= {"itemCode": product.code} if product.code else {}
    if line.tracking:
        fields["tracking"] = [_tracking(resolved.tracking[value], resolved) for value in line.tracking]
    return fields


def _priced(line: Line) -> tuple[Decimal, Decimal]:
    """Quantity and unit price that give the line's amount to the cent, which is worked out from them (assumed).

    The document's own, or what it must be; one piece at the whole amount where no price of four decimals does.
    """
    amount = _cents(line.amount)
    known = line.unit_amount if line.unit_amount is not None else amount / (line.quantity or Decimal(1))
    price = known.quantize(_PRICE, rounding=ROUND_HALF_UP)
    exact = _cents(line.quantity * price) == amount
    return (line.quantity, price) if exact else (Decimal(1), amount)


def _tracking(value: Entry, resolved: Resolved) -> dict[str, Any]:
    dimension = resolved.dimensions[value.parent or ""]
    return {"categoryId": dimension.provider_id, "optionId": value.provider_id}


def figures(item: Item, tax_rates: Mapping[str, Entry]) -> tuple[Decimal, Decimal] | None:
    """Total and tax that a request comes to; None where a rate's percentage is not known.

    Assumed: worked out per line from quantity, price and code, to two decimals, halves away from zero.
    """
    total = tax = Decimal(0)
    for line in item.lines:
        quantity, price = _priced(line)
        amount = _cents(quantity * price)
        rate = tax_rates.get(line.tax_rate or "")
        percent = (
            Decimal(0) if item.tax_mode is TaxMode.NONE else rate_for(rate, item.side, item.date) if rate else None
        )
        if percent is None:
            return None
        inside = item.tax_mode is TaxMode.INCLUSIVE
        own = _cents(amount * percent / (100 + (percent if inside else 0)))
        tax, total = tax + own, total + amount + (0 if inside else own)
    return total, tax


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(_CENT, rounding=ROUND_HALF_UP)


def _fingerprint(item: Item, element: Mapping[str, Any]) -> dict[str, Any]:
    """What a person may look for: requests are found by their reference alone."""
    return {
        "contact": element["contactId"],
        "number": item.number or "",
        "date": element["date"],
        "currency": item.currency,
        "total": amount_text(item.total),
        "lines": len(item.lines),
    }


def new_supplier(entry: Entry, marker: str) -> Draft:  # noqa: ARG001
    """The API makes no suppliers: an item whose supplier the books do not have is refused by `check`."""
    raise ValueError("suppliers are made in the books: check() says so")


def payment(item: Item, document: Wanted, resolved: Resolved, marker: str) -> Draft:  # noqa: ARG001
    """What waits for approval is not paid."""
    raise ValueError("a request is not paid: check() says so")


def body(resource: str, elements: Sequence[Mapping[str, Any]]) -> bytes:  # noqa: ARG001
    """The exact bytes of the one request of a call; the same element always gives the same bytes."""
    (element,) = elements
    return to_json(element)


def elements(resource: str, body: bytes) -> Sequence[Mapping[str, Any]]:  # noqa: ARG001
    """What `body` was made from."""
    return [json.loads(body, parse_float=Decimal)]
