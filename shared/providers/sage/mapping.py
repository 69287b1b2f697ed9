"""Items as Sage's documents. Everything here is pure: the same item always gives the same element.

An element is what stands inside the singular name of its resource. It carries our marker in `reference`, and an
idempotency_id that follows from marker, resource and version of the item: for a week Sage answers the same for it.
Sources: the API description, v3.1; "Idempotency", "Payments and receipts" and "Analysis types" of
developer.sage.com/accounting. Amounts are Decimal; `body` writes them as exact JSON numbers.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from shared.domain.connections import Destination, Organisation, PublishAs
from shared.domain.items import Item, ItemType, Line, Side
from shared.domain.lists import Entry, Kind, folded
from shared.domain.money import rounded
from shared.providers.contract import Draft, Resolved, Target, Wanted, amount_text
from shared.providers.sage.amounts import Figures, exchange_rate, figures, quantity_and_price
from shared.providers.sage.entries import category_id
from shared.providers.sage.profile import DETAILS_LENGTH, NOTES_LENGTH, REVERSE_CHARGE_COUNTRY
from shared.providers.transport import to_json

CONTACTS: Final = "contacts"
PAYMENTS: Final = "contact_payments"
OTHER_PAYMENTS: Final = "other_payments"
QUICK_ENTRIES: Final = frozenset({"purchase_quick_entries", "sales_quick_entries"})
# The name that an element of each resource stands in ("Idempotency" and the API description).
WRAPPERS: Final = {
    "purchase_invoices": "purchase_invoice",
    "purchase_credit_notes": "purchase_credit_note",
    "purchase_quick_entries": "purchase_quick_entry",
    "sales_invoices": "sales_invoice",
    "sales_credit_notes": "sales_credit_note",
    "sales_quick_entries": "sales_quick_entry",
    OTHER_PAYMENTS: "other_payment",
    PAYMENTS: "contact_payment",
    CONTACTS: "contact",
}
# Ids of Sage's own lists. The payment types are of "Payments and receipts"; the others are assumed from public code.
DRAFT_STATUS: Final = "DRAFT"
OTHER_PAYMENT_TYPES: Final = {Side.COSTS: "OTHER_PAYMENT", Side.SALES: "OTHER_RECEIPT"}
QUICK_ENTRY_TYPES: Final = {False: "INVOICE", True: "CREDIT_NOTE"}
CONTACT_TYPES: Final = {Kind.SUPPLIERS: "VENDOR", Kind.CUSTOMERS: "CUSTOMER"}
_PAYMENT_TYPES: Final = {
    (Side.COSTS, False): "VENDOR_PAYMENT",
    (Side.COSTS, True): "VENDOR_REFUND",
    (Side.SALES, False): "CUSTOMER_RECEIPT",
    (Side.SALES, True): "CUSTOMER_REFUND",
}
_LINE_WITHOUT_TEXT: Final = "Item"  # a description is required on every line


def resource_of(item: Item, destination: Destination) -> str:
    """Sage's resource of the document that an item becomes."""
    side = "purchase" if item.side is Side.COSTS else "sales"
    if destination is Destination.BANK_ACCOUNTS:
        return OTHER_PAYMENTS
    if destination is Destination.QUICK_ENTRIES:
        return f"{side}_quick_entries"
    return f"{side}_credit_notes" if is_credit(item) else f"{side}_invoices"


def is_credit(item: Item) -> bool:
    """Whether the paper takes an amount back."""
    return item.type is ItemType.CREDIT_NOTE


def idempotency_id(marker: str, resource: str, version: int) -> str:
    """32 hexadecimal digits: the same for the same document, other ones after every edit."""
    return hashlib.sha256(f"{marker}|{resource}|{version}".encode()).hexdigest()[:32]


def draft(item: Item, resolved: Resolved, target: Target) -> Draft:
    """The element for an item that `check` found nothing wrong with."""
    worked_out = figures(item, resolved.tax_rates)
    if worked_out is None or item.date is None or resolved.contact is None:
        raise ValueError("a document needs a contact, a date and the tax of its lines: check() says so")
    resource = resource_of(item, target.destination)
    element: dict[str, Any] = {
        "idempotency_id": idempotency_id(target.marker, resource, item.version),
        "contact_id": resolved.contact.provider_id or resolved.contact.name,  # by name in a preview alone
        "date": item.date.isoformat(),
        "reference": target.marker,
    }
    if resource == OTHER_PAYMENTS:
        element |= _other_payment(item, resolved, worked_out)
    elif resource in QUICK_ENTRIES:
        element |= {**_quick_entry(item, resolved, worked_out), **_currency(item, target)}
    else:
        element |= {**_invoice(item, resolved, target, worked_out), **_currency(item, target)}
    fingerprint = {
        "resource": resource,
        "number": item.number or "",
        "date": element["date"],
        "currency": item.currency,
        "total": amount_text(item.total),
    }
    return Draft(resource, element, fingerprint)


def _invoice(item: Item, resolved: Resolved, target: Target, worked_out: Figures) -> dict[str, Any]:
    credit = is_credit(item)
    lines = [_line(item, place, resolved, worked_out) for place in range(len(item.lines))]
    fields: dict[str, Any] = {"credit_note_lines" if credit else "invoice_lines": lines}
    due = item.due_date or item.date  # required for purchases; a paper without a due date was due at once
    if not credit and due is not None:
        fields["due_date"] = due.isoformat()
    if target.publish_as is PublishAs.DRAFT:
        fields["status_id"] = DRAFT_STATUS
    if item.reverse_charge is not None and takes_reverse_charge(target.organisation):
        fields["vat_reverse_charge"] = item.reverse_charge
    notes = (item.description or "").strip()
    if item.side is Side.COSTS and item.number:
        fields["vendor_reference"] = item.number
    elif item.number:  # Sage numbers sales documents by itself: ours stands in the notes
        notes = f"{item.number}\n{notes}".strip()
    return {**fields, "notes": notes[:NOTES_LENGTH]} if notes else fields


def takes_reverse_charge(business: Organisation) -> bool:
    """Whether a business's documents may be under domestic reverse charge; one of no known country is left to Sage."""
    return business.country in {REVERSE_CHARGE_COUNTRY, None}


def _line(item: Item, place: int, resolved: Resolved, worked_out: Figures) -> dict[str, Any]:
    line = item.lines[place]
    quantity, price = quantity_and_price(line, worked_out.net[place], item.currency)
    fields: dict[str, Any] = {
        "description": _text(item, line) or _LINE_WITHOUT_TEXT,
        "ledger_account_id": resolved.categories[line.category or ""].provider_id,
        "quantity": quantity,
        "unit_price": price,
        **_tax(line, resolved, worked_out.tax[place]),
        **_analysis(line, resolved),
    }
    if line.product is not None:
        fields |= _product(resolved.products[line.product])
    return fields


def _text(item: Item, line: Line) -> str:
    return line.description.strip() or (item.description or "").strip()


def _tax(line: Line, resolved: Resolved, tax: Decimal) -> dict[str, Any]:
    rate = resolved.tax_rates.get(line.tax_rate or "")
    return {} if rate is None else {"tax_rate_id": rate.provider_id, "tax_amount": tax}


def _analysis(line: Line, resolved: Resolved) -> dict[str, Any]:
    values = [category_id(resolved.tracking[value]) for value in line.tracking]
    return {"analysis_type_categories": values} if values else {}


def _product(product: Entry) -> dict[str, Any]:
    """A service has a field of its own; that a stock item goes where products go is assumed, for want of another."""
    field = "service_id" if product.values.get("type") == "service" else "product_id"
    return {field: product.provider_id}


def _currency(item: Item, target: Target) -> dict[str, Any]:
    if item.currency == target.organisation.base_currency:
        return {}
    rate = exchange_rate(item)
    return {"currency_id": item.currency, **({"exchange_rate": rate} if rate is not None else {})}


def _other_payment(item: Item, resolved: Resolved, worked_out: Figures) -> dict[str, Any]:
    if resolved.bank_account is None:
        raise ValueError("money needs a bank account: check() says so")
    return {
        "transaction_type_id": OTHER_PAYMENT_TYPES[item.side],
        "bank_account_id": resolved.bank_account.provider_id,
        "total_amount": worked_out.total,
        "payment_lines": [_payment_line(item, place, resolved, worked_out) for place in range(len(item.lines))],
    }


def _payment_line(item: Item, place: int, resolved: Resolved, worked_out: Figures) -> dict[str, Any]:
    """A line of money: its whole amount with tax. There is no field for the paper's number but its text."""
    line, net, tax = item.lines[place], worked_out.net[place], worked_out.tax[place]
    words = [item.number if place == 0 else None, _text(item, line)]
    details = " - ".join(word for word in words if word)
    fields: dict[str, Any] = {
        "ledger_account_id": resolved.categories[line.category or ""].provider_id,
        "net_amount": net,
        "total_amount": net + tax,
        **_tax(line, resolved, tax),
        **_analysis(line, resolved),
    }
    return {**fields, "details": details[:DETAILS_LENGTH]} if details else fields


def _quick_entry(item: Item, resolved: Resolved, worked_out: Figures) -> dict[str, Any]:
    """A total on one account: its lines have one category and one tax rate, as `check` has seen to."""
    line = item.lines[0]
    details = " - ".join(word for word in (item.number, (item.description or "").strip() or _text(item, line)) if word)
    fields: dict[str, Any] = {
        "quick_entry_type_id": QUICK_ENTRY_TYPES[is_credit(item)],
        "ledger_account_id": resolved.categories[line.category or ""].provider_id,
        "net_amount": sum(worked_out.net, Decimal(0)),
        "total_amount": worked_out.total,
        **_tax(line, resolved, sum(worked_out.tax, Decimal(0))),
    }
    return {**fields, "details": details[:DETAILS_LENGTH]} if details else fields


def new_supplier(entry: Entry, marker: str) -> Draft:
    """A contact of one type. Its name need not be unique in Sage: our marker stands in `source_guid` as well.

    `source_guid` is for ids of other systems; that it is answered as it was sent is assumed.
    """
    name = " ".join(entry.name.split())
    element: dict[str, Any] = {
        "idempotency_id": idempotency_id(marker, CONTACTS, 0),
        "name": name,
        "contact_type_ids": [CONTACT_TYPES[entry.kind]],
        "source_guid": marker,
    }
    if entry.values.get("tax_number"):
        element["tax_number"] = entry.values["tax_number"]
    if entry.values.get("currency"):
        element["currency_id"] = entry.values["currency"]
    if entry.values.get("email"):
        element["main_contact_person"] = {"name": name, "email": entry.values["email"]}
    fingerprint = {"name": folded(name), "spelt": name, "type": CONTACT_TYPES[entry.kind]}
    return Draft(CONTACTS, element, fingerprint)


def payment(item: Item, document: Wanted, resolved: Resolved, marker: str) -> Draft:
    """The whole total paid from (or into) the linked bank account on the day it was paid, allocated to the document."""
    if resolved.bank_account is None or resolved.contact is None:
        raise ValueError("a payment needs a contact and a bank account: Target.records_payment says when there is one")
    paid_on = item.paid_on or item.date
    total = rounded(item.total, item.currency)
    element: dict[str, Any] = {
        "idempotency_id": idempotency_id(marker, PAYMENTS, item.version),
        "transaction_type_id": _PAYMENT_TYPES[item.side, is_credit(item)],
        "contact_id": resolved.contact.provider_id,
        "bank_account_id": resolved.bank_account.provider_id,
        "date": paid_on.isoformat() if paid_on else None,
        "total_amount": total,
        "reference": marker,
        "allocated_artefacts": [{"artefact_id": document.document_id, "amount": total}],
    }
    if item.exchange_rate is not None or resolved.bank_account.values.get("currency", item.currency) != item.currency:
        element["currency_id"] = item.currency  # the amounts are the document's; a rate is sent where the paper has one
        if item.exchange_rate is not None:
            element["exchange_rate"] = exchange_rate(item)
    fingerprint = {"document": document.document_id, "date": element["date"], "total": amount_text(total)}
    return Draft(PAYMENTS, element, fingerprint)


def body(resource: str, elements: Sequence[Mapping[str, Any]]) -> bytes:
    """The exact bytes of a call, which creates one; the same element always gives the same bytes."""
    (only,) = elements
    return to_json({WRAPPERS[resource]: only})


def elements(resource: str, body: bytes) -> Sequence[Mapping[str, Any]]:
    """What `body` was made from: numbers come back as Decimal, so that the same bytes can be made of it again."""
    return [json.loads(body, parse_float=Decimal)[WRAPPERS[resource]]]
