"""Items as BILL's bills. Everything here is pure: the same item always gives the same element.

Sources: developer.bill.com, "Create a bill", "Create multiple bills", "Create a vendor". Elements carry amounts as
Decimal; `body` writes them as exact JSON numbers.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from shared.domain.connections import PublishAs
from shared.domain.items import Item, ItemType, Line
from shared.domain.lists import Entry, folded
from shared.providers.bill import api
from shared.providers.bill.amounts import cents, line_amounts
from shared.providers.bill.entries import ADDRESS_FIELDS, DIMENSIONS
from shared.providers.bill.profile import TEXT_LENGTH
from shared.providers.contract import Draft, Resolved, Target, Wanted, amount_text
from shared.providers.transport import to_json

BILLS: Final = "bills"
VENDORS: Final = "vendors"


def draft(item: Item, resolved: Resolved, target: Target) -> Draft:
    """The bill for an item that `check` found nothing wrong with; our marker is the last line of its description."""
    if resolved.contact is None or item.date is None:
        raise ValueError("a bill needs a vendor and a date: check() says so")
    amounts = line_amounts(item)
    due = item.due_date or item.date
    element: dict[str, Any] = {
        # Empty in a preview only, before the vendor is created.
        "vendorId": resolved.contact.provider_id or "",
        "dueDate": due.isoformat(),
        "billLineItems": [
            _line(line, amount, item, resolved) for line, amount in zip(item.lines, amounts, strict=True)
        ],
        "invoice": {"invoiceNumber": (item.number or "").strip(), "invoiceDate": item.date.isoformat()},
        "description": described(item.description, target.marker),
    }
    if resolved.bank_account is not None:
        element["payFromChartOfAccountId"] = resolved.bank_account.provider_id
    if target.publish_as is PublishAs.AWAITING_APPROVAL or resolved.approver is not None:
        # "Bill approvals": BILL assigns the approvers of its own policies. Whom the item names is put before them once
        # the bill is there: see `approvals`.
        element["billApprovals"] = True
    return Draft(BILLS, element, _fingerprint(item, element, sum(amounts, Decimal(0))))


def described(text: str | None, marker: str) -> str:
    """The description: the item's own, cut where the marker would not fit, and the marker on a line of its own."""
    room = TEXT_LENGTH - len(marker) - 1
    own = (text or "").strip()[:room].rstrip()
    return f"{own}\n{marker}" if own else marker


def _line(line: Line, amount: Decimal, item: Item, resolved: Resolved) -> dict[str, Any]:
    fields: dict[str, Any] = {"amount": amount, "classifications": _classifications(line, resolved)}
    text = line.description.strip() or (item.description or "").strip()[:TEXT_LENGTH]
    if text:
        fields["description"] = text
    if line.unit_amount is not None and line.quantity and cents(line.quantity * line.unit_amount) == amount:
        fields |= {"quantity": line.quantity, "price": line.unit_amount}
    return fields


def _classifications(line: Line, resolved: Resolved) -> dict[str, str | None]:
    found = {"chartOfAccountId": resolved.categories[line.category or ""].provider_id}
    for value_id in line.tracking:
        value = resolved.tracking[value_id]
        dimension = resolved.dimensions[value.parent or ""]
        found[DIMENSIONS[dimension.provider_id or ""][1]] = value.provider_id
    if line.product is not None:
        found["itemId"] = resolved.products[line.product].provider_id
    if line.customer is not None:
        found["customerId"] = resolved.customers[line.customer].provider_id
    return found


def _fingerprint(item: Item, element: Mapping[str, Any], total: Decimal) -> dict[str, Any]:
    """What a person may look for: bills are found by their marker alone."""
    return {
        "contact": element["vendorId"],
        "number": element["invoice"]["invoiceNumber"],
        "date": element["invoice"]["invoiceDate"],
        "currency": item.currency,
        "total": amount_text(total),
        "lines": len(item.lines),
        "receipt": item.type is ItemType.RECEIPT,
    }


def new_supplier(entry: Entry, marker: str) -> Draft:  # noqa: ARG001
    """A vendor, with the address that BILL demands. It has no field for a marker: vendors are known by their name."""
    address = entry.values.get("address") or {}
    element: dict[str, Any] = {
        "name": entry.name.strip(),
        "accountType": "BUSINESS",
        "address": {theirs: address[ours] for ours, theirs in ADDRESS_FIELDS.items() if address.get(ours)},
    }
    if entry.values.get("email"):
        element["email"] = entry.values["email"]
    fingerprint = {"name": folded(entry.name), "spelt": entry.name.strip()}
    return Draft(VENDORS, element, fingerprint, carries_marker=False)


def payment(item: Item, document: Wanted, resolved: Resolved, marker: str) -> Draft:  # noqa: ARG001
    """A sync token cannot pay: no target of ours is published as paid."""
    raise ValueError("bills are paid in BILL: check() says so")


def body(resource: str, elements: Sequence[Mapping[str, Any]]) -> bytes:  # noqa: ARG001
    """The exact bytes of a batch, an array; the same elements always give the same bytes."""
    return to_json(list(elements))


def elements(resource: str, body: bytes) -> Sequence[Mapping[str, Any]]:  # noqa: ARG001
    """What `body` was made from."""
    found: list[Mapping[str, Any]] = api.parsed(body)
    return found
