"""Items as QuickBooks' documents. Everything here is pure: the same item always gives the same element.

An element is one entry of a batch, named by the end of our marker: what comes back is matched by that name, never by
position. Sources: "Batch", "Bill", "VendorCredit", "Purchase", "Invoice", "CreditMemo", "SalesReceipt" and "Vendor" of
developer.intuit.com's API reference. Amounts are Decimal; `body` writes them as exact JSON numbers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from shared.domain.connections import Destination
from shared.domain.items import Item, ItemType, Line, Side, TaxMode
from shared.domain.lists import Entry, Kind, folded
from shared.domain.money import rounded
from shared.providers.contract import Draft, Resolved, Target, Wanted, amount_text
from shared.providers.quickbooks.amounts import Figures, american, carries_tax, figures, tax_lines
from shared.providers.quickbooks.api import parsed
from shared.providers.quickbooks.entries import class_id, location_id
from shared.providers.quickbooks.profile import CLASS_PER_DOCUMENT, CLASSES, MULTI_CURRENCY, TEXT_LENGTH
from shared.providers.transport import to_json

BATCH_NAME_LENGTH: Final = 10  # of a bId, where the batch has a requestid ("Batch")
NOT_TAXABLE: Final = "NON"
_RATE_STEP: Final = Decimal("0.00000001")
_PAYMENT_TYPES: Final = {
    Destination.BANK_ACCOUNTS: "Cash",
    Destination.CHECKS: "Check",
    Destination.CREDIT_CARDS: "CreditCard",
}


def entity_of(item: Item, destination: Destination) -> str:
    """QuickBooks' entity of the document that an item becomes."""
    credit = item.type is ItemType.CREDIT_NOTE
    if item.side is Side.SALES:
        if destination is Destination.BANK_ACCOUNTS:
            return "SalesReceipt"
        return "CreditMemo" if credit else "Invoice"
    if destination.moves_money:
        return "Purchase"
    return "VendorCredit" if credit else "Bill"


def payment_type(destination: Destination) -> str | None:
    """What a Purchase was paid with, None for documents of another entity."""
    return _PAYMENT_TYPES.get(destination)


def batch_name(marker: str) -> str:
    """What an element is called inside its batch."""
    return marker[-BATCH_NAME_LENGTH:]


def draft(item: Item, resolved: Resolved, target: Target) -> Draft:
    """The element for an item that `check` found nothing wrong with."""
    tax = _tax(item, resolved, target)
    if item.date is None:
        raise ValueError("a document needs a date: check() says so")
    entity = entity_of(item, target.destination)
    document: dict[str, Any] = {
        **_parties(item, resolved, target, entity),
        "TxnDate": item.date.isoformat(),
        "PrivateNote": note(item, target),
        "Line": [_line(item, place, resolved, target, tax) for place in range(len(item.lines))],
        **_currency(item, target),
        **_tax_of_document(item, resolved, target, tax),
        **_tracking(item, resolved, target),
    }
    if item.number:
        document["DocNumber"] = item.number
    if entity in {"Bill", "Invoice"} and (due := item.due_date or (item.date if item.paid else None)):
        document["DueDate"] = due.isoformat()
    fingerprint = {
        "entity": entity,
        "number": item.number or "",
        "date": item.date.isoformat(),
        "currency": item.currency,
        "total": amount_text(item.total),
    }
    return Draft(entity, _element(target.marker, entity, document), fingerprint)


def _element(marker: str, entity: str, record: Mapping[str, Any]) -> dict[str, Any]:
    return {"bId": batch_name(marker), "operation": "create", entity: record}


def note(item: Item, target: Target) -> str:
    """The private note: the item's own words, its link, and our marker alone on the last line."""
    tail = [text for text in (target.link, target.marker) if text]
    room = TEXT_LENGTH - sum(len(text) + 1 for text in tail)
    words = (item.description or "").strip()[:room]
    return "\n".join([words, *tail] if words else tail)


def _parties(item: Item, resolved: Resolved, target: Target, entity: str) -> dict[str, Any]:
    contact, account = resolved.contact, resolved.bank_account
    if contact is None or (target.destination.moves_money and account is None):
        raise ValueError("a document needs its contact, and money an account: check() says so")
    party = _ref(contact.provider_id or contact.name)  # by name in a preview alone, before it is created
    if entity in {"Bill", "VendorCredit"}:
        return {"VendorRef": party}
    if entity == "Purchase":
        fields: dict[str, Any] = {
            "PaymentType": _PAYMENT_TYPES[target.destination],
            "AccountRef": _ref(account.provider_id if account else None),
            "EntityRef": {**party, "type": "Vendor"},
        }
        return {**fields, "Credit": True} if item.type is ItemType.CREDIT_NOTE else fields
    project = resolved.projects.get(next((line.project for line in item.lines if line.project), None) or "")
    fields = {"CustomerRef": _ref(project.provider_id) if project else party}
    if entity == "SalesReceipt":
        fields["DepositToAccountRef"] = _ref(account.provider_id if account else None)
    return fields


def _currency(item: Item, target: Target) -> dict[str, Any]:
    """Named by a company with several currencies alone: without the feature QuickBooks refuses even its own."""
    if MULTI_CURRENCY not in target.organisation.features:
        return {}
    fields: dict[str, Any] = {"CurrencyRef": _ref(item.currency)}
    if item.exchange_rate is not None and item.currency != target.organisation.base_currency:
        # Ours is the document's currency for one of the home currency; QuickBooks wants it the other way round.
        fields["ExchangeRate"] = (1 / item.exchange_rate).quantize(_RATE_STEP, rounding=ROUND_HALF_UP)
    return fields


@dataclass(frozen=True, slots=True)
class _Tax:
    """How a document's tax goes out. `taxed`: QuickBooks books it; `lines` override what it would work out by itself.

    `gross`: amounts go out as they are on the document, tax included. Not so where its tax is overridden: which of
    the two QuickBooks then believes is not documented.
    """

    figures: Figures
    taxed: bool
    lines: Sequence[Mapping[str, Any]]
    gross: bool


def _tax(item: Item, resolved: Resolved, target: Target) -> _Tax:
    worked_out = figures(item, resolved.tax_rates)
    if worked_out is None:
        raise ValueError("a document needs the tax of its lines: check() says so")
    taxed = carries_tax(item, target.organisation)
    by_code = taxed and not american(target.organisation)
    lines = tax_lines(item, resolved.tax_rates, worked_out) if by_code else []
    return _Tax(worked_out, taxed, lines, by_code and not lines and item.tax_mode is TaxMode.INCLUSIVE)


def _tax_of_document(item: Item, resolved: Resolved, target: Target, tax: _Tax) -> dict[str, Any]:
    if american(target.organisation):
        total = sum(tax.figures.tax, Decimal(0))
        # That a TotalTax alone overrides what automated sales tax works out is assumed.
        return {"TxnTaxDetail": {"TotalTax": total}} if tax.taxed and _taxable(item, resolved) else {}
    if not tax.taxed:
        return {"GlobalTaxCalculation": "NotApplicable"}
    # A document without tax has a code of no tax on every line.
    fields: dict[str, Any] = {"GlobalTaxCalculation": "TaxInclusive" if tax.gross else "TaxExcluded"}
    if tax.lines:
        total = sum((line["Amount"] for line in tax.lines), Decimal(0))
        fields["TxnTaxDetail"] = {"TotalTax": total, "TaxLine": tax.lines}
    return fields


def _taxable(item: Item, resolved: Resolved) -> bool:
    return any(_code(line, resolved) not in {None, NOT_TAXABLE} for line in item.lines)


def _code(line: Line, resolved: Resolved) -> str | None:
    rate = resolved.tax_rates.get(line.tax_rate or "")
    return rate.provider_id if rate is not None else None


def _line(item: Item, place: int, resolved: Resolved, target: Target, tax: _Tax) -> dict[str, Any]:
    line = item.lines[place]
    amount = tax.figures.net[place] + (0 if tax.taxed else tax.figures.tax[place])
    detail = _coding(item, line, resolved, amount)
    code = _line_code(item, line, resolved, target)
    if code is not None:
        detail["TaxCodeRef"] = _ref(code)
    if tax.gross:
        # That Amount is without tax where TaxInclusiveAmt stands beside it is assumed.
        detail["TaxInclusiveAmt"] = rounded(line.amount, item.currency)
    value = _class_of(line, resolved)
    if value is not None and not _class_per_document(item, target):
        detail["ClassRef"] = _ref(value)
    kind = _detail_type(item, line)
    fields: dict[str, Any] = {"Amount": amount, "DetailType": kind, kind: detail}
    text = line.description.strip() or (item.description or "").strip()
    return {**fields, "Description": text[:TEXT_LENGTH]} if text else fields


def _detail_type(item: Item, line: Line) -> str:
    if item.side is Side.SALES:
        return "SalesItemLineDetail"
    return "ItemBasedExpenseLineDetail" if line.product else "AccountBasedExpenseLineDetail"


def _coding(item: Item, line: Line, resolved: Resolved, amount: Decimal) -> dict[str, Any]:
    """What a line is booked to: a category, or a product that has its own; and whom a cost is for."""
    detail: dict[str, Any] = {}
    if line.product is not None:
        detail["ItemRef"] = _ref(resolved.products[line.product].provider_id)
        if line.unit_amount is not None and rounded(line.unit_amount * line.quantity, item.currency) == amount:
            detail |= {"Qty": line.quantity, "UnitPrice": line.unit_amount}
    else:
        detail["AccountRef"] = _ref(resolved.categories[line.category or ""].provider_id)
    if item.side is Side.COSTS:
        owner = resolved.projects.get(line.project or "") or resolved.customers.get(line.customer or "")
        if owner is not None:
            detail["CustomerRef"] = _ref(owner.provider_id)
        if line.billable:  # left out otherwise: some accounts refuse even NotBillable
            detail["BillableStatus"] = "Billable"
    return detail


def _line_code(item: Item, line: Line, resolved: Resolved, target: Target) -> str | None:
    code = _code(line, resolved)
    if american(target.organisation):
        return code or (NOT_TAXABLE if item.side is Side.SALES else None)
    return code if carries_tax(item, target.organisation) else None


def _tracking(item: Item, resolved: Resolved, target: Target) -> dict[str, Any]:
    """What belongs to the whole document: its location, and in some companies a sales document's class."""
    fields = {}
    locations = [found for line in item.lines if (found := location_of(line, resolved)) is not None]
    if locations:
        fields["DepartmentRef"] = _ref(locations[0])
    classes = [found for line in item.lines if (found := _class_of(line, resolved)) is not None]
    if classes and _class_per_document(item, target):
        fields["ClassRef"] = _ref(classes[0])
    return fields


def _class_per_document(item: Item, target: Target) -> bool:
    features = target.organisation.features
    return item.side is Side.SALES and CLASS_PER_DOCUMENT in features and CLASSES not in features


def location_of(line: Line, resolved: Resolved) -> str | None:
    """QuickBooks' id of the location that a line names."""
    return next((found for value in _values(line, resolved) if (found := location_id(value)) is not None), None)


def _class_of(line: Line, resolved: Resolved) -> str | None:
    return next((found for value in _values(line, resolved) if (found := class_id(value)) is not None), None)


def _values(line: Line, resolved: Resolved) -> list[Entry]:
    return [resolved.tracking[value] for value in line.tracking if value in resolved.tracking]


def _ref(value: str | None) -> dict[str, Any]:
    return {"value": value}


def new_supplier(entry: Entry, marker: str) -> Draft:
    """A vendor or customer. Its name is unique among vendors, customers and employees, and is what it is found by."""
    entity = "Customer" if entry.kind is Kind.CUSTOMERS else "Vendor"
    name = " ".join(entry.name.split())
    record: dict[str, Any] = {"DisplayName": name}
    if entry.values.get("email"):
        record["PrimaryEmailAddr"] = {"Address": entry.values["email"]}
    if entry.values.get("currency"):
        record["CurrencyRef"] = _ref(entry.values["currency"])
    fingerprint = {"name": folded(name), "spelt": name}
    return Draft(entity, _element(marker, entity, record), fingerprint, carries_marker=False)


def payment(item: Item, document: Wanted, resolved: Resolved, marker: str) -> Draft:  # noqa: ARG001
    """No document of QuickBooks is paid afterwards: its profile offers no such status."""
    raise ValueError("QuickBooks documents are published unpaid, or are the payment themselves")


def body(resource: str, elements: Sequence[Mapping[str, Any]]) -> bytes:  # noqa: ARG001
    """The exact bytes of a batch; the same elements always give the same bytes."""
    return to_json({"BatchItemRequest": list(elements)})


def elements(resource: str, body: bytes) -> Sequence[Mapping[str, Any]]:  # noqa: ARG001
    """What `body` was made from: numbers come back as Decimal, so that the same bytes can be made of them again."""
    found: list[Mapping[str, Any]] = parsed(body)["BatchItemRequest"]
    return found
