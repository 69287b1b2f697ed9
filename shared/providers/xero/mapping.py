"""Items as Xero's elements. Everything here is pure: the same item always gives the same element.

Sources: Xero Accounting API, "Invoices", "Credit notes", "Bank transactions", "Payments" and "Contacts", and its
OpenAPI description. Elements carry amounts as Decimal; `body` writes them as exact JSON numbers.
"""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final
from urllib.parse import quote

from shared.domain.connections import Destination, PublishAs
from shared.domain.items import Item, ItemType, Line, Side, TaxMode
from shared.domain.lists import Entry, folded
from shared.providers.contract import Draft, Resolved, Target, Wanted, amount_text
from shared.providers.transport import to_json
from shared.providers.xero.amounts import cents, document_total, told_taxes, unit_price

# Where documents say they come from while the tenant gives no link of its own; a name that can never be a real host.
DOCUMENT_LINK: Final = "https://ledgerbridge.invalid/d/"
LINE_WITHOUT_TEXT: Final = "Item"  # Xero wants a description on every line it approves

_STATUS: Final = {
    PublishAs.DRAFT: "DRAFT",
    PublishAs.AWAITING_APPROVAL: "SUBMITTED",
    PublishAs.AWAITING_PAYMENT: "AUTHORISED",
    PublishAs.PAID: "AUTHORISED",  # a payment of its own follows
}
_LINE_AMOUNTS: Final = {TaxMode.EXCLUSIVE: "Exclusive", TaxMode.INCLUSIVE: "Inclusive", TaxMode.NONE: "NoTax"}
_PAID_AS: Final = {"Invoices": ("Invoice", "InvoiceID"), "CreditNotes": ("CreditNote", "CreditNoteID")}


def draft(item: Item, resolved: Resolved, target: Target) -> Draft:
    """The element for an item that `check` found nothing wrong with."""
    resource, kind = sort_of(item, target.destination)
    element: dict[str, Any] = {
        "Type": kind,
        "Contact": _contact(resolved.contact),
        "Date": item.date.isoformat() if item.date else None,
        "LineAmountTypes": _LINE_AMOUNTS[item.tax_mode],
        "CurrencyCode": item.currency,
        "LineItems": [
            _line(line, tax, item, resolved)
            for line, tax in zip(item.lines, told_taxes(item, resolved.tax_rates), strict=True)
        ],
    }
    if item.exchange_rate is not None and item.currency != target.organisation.base_currency:
        element["CurrencyRate"] = item.exchange_rate
    if resource == "BankTransactions":
        element |= _bank_transaction(item, resolved, target)
    elif resource == "CreditNotes":
        element |= _credit_note(item, target)
    else:
        element |= _invoice(item, target)
    return Draft(resource, element, _fingerprint(item, resolved, element), carries_marker=kind != "ACCPAYCREDIT")


def sort_of(item: Item, destination: Destination) -> tuple[str, str]:
    """Xero's collection and Type of the document that an item becomes."""
    cost = item.side is Side.COSTS
    if destination is Destination.BANK_ACCOUNTS:
        return "BankTransactions", "SPEND" if cost else "RECEIVE"
    if item.type is ItemType.CREDIT_NOTE:
        return "CreditNotes", "ACCPAYCREDIT" if cost else "ACCRECCREDIT"
    return "Invoices", "ACCPAY" if cost else "ACCREC"


def _invoice(item: Item, target: Target) -> dict[str, Any]:
    due = item.due_date or (item.date if item.type is ItemType.RECEIPT or item.paid else None)
    fields: dict[str, Any] = {
        "Status": _STATUS[target.publish_as],
        "Url": link(target),
    }
    if due is not None:
        fields["DueDate"] = due.isoformat()
    if item.number:
        fields["InvoiceNumber"] = item.number
    return fields


def _credit_note(item: Item, target: Target) -> dict[str, Any]:
    """Credit notes have no Url. Sales ones keep a Reference; of purchase ones the number may be dropped by Xero."""
    fields: dict[str, Any] = {"Status": _STATUS[target.publish_as]}
    if item.number:
        fields["CreditNoteNumber"] = item.number
    return fields if item.side is Side.COSTS else {**fields, "Reference": target.marker}


def _bank_transaction(item: Item, resolved: Resolved, target: Target) -> dict[str, Any]:
    if resolved.bank_account is None:
        raise ValueError("a bank transaction needs a bank account: check() says so")
    fields: dict[str, Any] = {
        "Status": "AUTHORISED",
        "BankAccount": {"AccountID": resolved.bank_account.provider_id},
        "Url": link(target),
    }
    return {**fields, "Reference": item.number} if item.number else fields


def link(target: Target) -> str:
    """The document's Url: the tenant's own link with our marker added, or an address that holds the marker alone."""
    if target.link is None:
        return DOCUMENT_LINK + target.marker
    return f"{target.link}{'&' if '?' in target.link else '?'}lb={quote(target.marker)}"


def _contact(contact: Entry | None) -> dict[str, Any]:
    """By id alone: any other field would change the contact. By name only in a preview, before it is created."""
    if contact is None:
        raise ValueError("a document needs a contact: check() says so")
    return {"ContactID": contact.provider_id} if contact.provider_id else {"Name": contact.name}


def _line(line: Line, tax: Decimal | None, item: Item, resolved: Resolved) -> dict[str, Any]:
    category = resolved.categories[line.category or ""]
    fields: dict[str, Any] = {
        "Description": line.description.strip() or (item.description or "").strip() or LINE_WITHOUT_TEXT,
        "Quantity": line.quantity,
        "LineAmount": cents(line.amount),
        "AccountID": category.provider_id,
    }
    unit = unit_price(line)
    if unit is not None:
        fields["UnitAmount"] = unit
    if line.product is not None:
        fields["ItemCode"] = resolved.products[line.product].code
    if item.tax_mode is not TaxMode.NONE:
        fields["TaxType"] = resolved.tax_rates[line.tax_rate or ""].provider_id
        if tax is not None:
            fields["TaxAmount"] = tax
    if line.tracking:
        fields["Tracking"] = [_tracking(resolved.tracking[value], resolved) for value in line.tracking]
    return fields


def _tracking(value: Entry, resolved: Resolved) -> dict[str, Any]:
    dimension = resolved.dimensions[value.parent or ""]
    return {"TrackingCategoryID": dimension.provider_id, "TrackingOptionID": value.provider_id}


def _fingerprint(item: Item, resolved: Resolved, element: Mapping[str, Any]) -> dict[str, Any]:
    """What a document is known by where Xero keeps no marker. The total is Xero's own, worked out as Xero does."""
    total = document_total(item, resolved.tax_rates)
    contact = element["Contact"]
    return {
        "type": element["Type"],
        "contact": contact.get("ContactID") or f"name:{folded(contact['Name'])}",
        "number": item.number or "",
        "date": element["Date"],
        "currency": item.currency,
        "total": amount_text(item.total if total is None else total),
        "lines": len(item.lines),
        "amounts": sorted(amount_text(cents(line.amount)) for line in item.lines),
        "texts": [line["Description"] for line in element["LineItems"]],
    }


def new_supplier(entry: Entry, marker: str) -> Draft:
    """A contact. Its name is unique among Xero's active contacts; ContactNumber is for ids of other systems."""
    element: dict[str, Any] = {"Name": entry.name.strip(), "ContactNumber": marker}
    for field, value in (("EmailAddress", "email"), ("TaxNumber", "tax_number"), ("DefaultCurrency", "currency")):
        if entry.values.get(value):
            element[field] = entry.values[value]
    return Draft("Contacts", element, {"name": folded(entry.name), "spelt": entry.name.strip()})


def payment(item: Item, document: Wanted, resolved: Resolved, marker: str) -> Draft:
    """The whole total paid from the linked bank account on the day it was paid, our marker in its Reference."""
    if resolved.bank_account is None:
        raise ValueError("a payment needs a bank account: Target.records_payment says when there is one")
    name, id_field = _PAID_AS[document.resource]
    paid_on = item.paid_on or item.date
    element: dict[str, Any] = {
        name: {id_field: document.document_id},
        "Account": {"AccountID": resolved.bank_account.provider_id},
        "Date": paid_on.isoformat() if paid_on else None,
        "Amount": cents(item.total),
        "Reference": marker,
    }
    fingerprint = {"document": document.document_id, "date": element["Date"], "total": amount_text(item.total)}
    return Draft("Payments", element, fingerprint)


def body(resource: str, elements: Sequence[Mapping[str, Any]]) -> bytes:
    """The exact bytes of a batch; the same elements always give the same bytes."""
    return to_json({resource: list(elements)})


def elements(resource: str, body: bytes) -> Sequence[Mapping[str, Any]]:
    """What `body` was made from: numbers come back as Decimal, so that the same bytes can be made of them again."""
    found: list[Mapping[str, Any]] = json.loads(body, parse_float=Decimal)[resource]
    return found
