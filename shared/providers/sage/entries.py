"""Sage's list records as entries. Ids of ours are left empty; `parent` holds Sage's id.

Source: the API description, v3.1: "Ledger Accounts", "Contacts", "Tax Rates", "Bank Accounts", "Analysis Types",
"Products", "Services", "Stock Items" and "Currencies". `*_ATTRIBUTES` are what each list is asked for: without them
Sage answers ids and names alone.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from shared.domain.lists import Entry, EntryStatus, Kind
from shared.providers.contract import amount_text
from shared.providers.sage.api import number_of, ref, text_of
from shared.providers.transport import broken

Record = Mapping[str, Any]

ACCOUNT_ATTRIBUTES: Final = (
    "name,nominal_code,ledger_account_type,tax_rate,fixed_tax_rate,visible_in_expenses,visible_in_sales,"
    "visible_in_other_payments,visible_in_other_receipts,is_control_account,included_in_chart"
)
CONTACT_ATTRIBUTES: Final = (
    "name,contact_types,reference,email,tax_number,currency,default_purchase_ledger_account,"
    "default_sales_ledger_account,default_sales_tax_rate,credit_days,credit_terms,is_active,system,deleted_at"
)
TAX_ATTRIBUTES: Final = "name,percentage,percentages,is_visible,is_combined_rate,component_tax_rates"
BANK_ATTRIBUTES: Final = "bank_account_type,currency,nominal_code,is_active,deleted_at"
TYPE_ATTRIBUTES: Final = "name,active_areas"
CATEGORY_ATTRIBUTES: Final = "name,code,analysis_type"
PRODUCT_ATTRIBUTES: Final = (
    "item_code,description,active,sales_ledger_account,purchase_ledger_account,sales_tax_rate,purchase_tax_rate,"
    "deleted_at"
)  # What a ledger account shows up in, and where its lines may stand.
AREAS: Final = {
    "purchases": "visible_in_expenses",
    "sales": "visible_in_sales",
    "other_payments": "visible_in_other_payments",
    "other_receipts": "visible_in_other_receipts",
}
# The class of an account by words of its type's id; the ids are assumed to hold them.
_CLASSES: Final = (
    ("ASSET", "asset"),
    ("BANK", "asset"),
    ("LIABILIT", "liability"),
    ("EQUITY", "equity"),
    ("CAPITAL", "equity"),
    ("SALES", "revenue"),
    ("INCOME", "revenue"),
    ("REVENUE", "revenue"),
    ("EXPENSE", "expense"),
    ("OVERHEAD", "expense"),
    ("COST", "expense"),
    ("DEPRECIATION", "expense"),
)
_CARD: Final = "CREDIT_CARD"  # assumed: the bank account type of a credit card
_TYPE: Final = "type:"
_CATEGORY: Final = "category:"


def account(record: Record) -> Iterator[Entry]:
    """A ledger account. Those that are not in the chart of accounts count as archived."""
    kind = ref(record, "ledger_account_type") or ""
    areas = [area for area, flag in AREAS.items() if record.get(flag) is not False]
    values = {
        "class": next((found for word, found in _CLASSES if word in kind.upper()), None),
        "type": kind or None,
        "default_tax_rate": ref(record, "tax_rate"),
        "fixed_tax_rate": record.get("fixed_tax_rate") is True or None,
        "areas": areas,
        "control": record.get("is_control_account") is True or None,
    }
    code = number_of(record, "nominal_code")
    yield _entry(
        record,
        Kind.CATEGORIES,
        values,
        code=str(code) if code is not None else text_of(record, "nominal_code"),
        active=record.get("included_in_chart") is not False,
        visible=bool(areas),
    )


def contact(record: Record) -> Iterator[Entry]:
    """A contact: a supplier, a customer, or both. System contacts take no documents."""
    types = contact_types(record)
    values = {
        "email": text_of(record, "email"),
        "tax_number": text_of(record, "tax_number"),
        "currency": ref(record, "currency"),
    }
    bought = {"default_category": ref(record, "default_purchase_ledger_account")}
    sold = {
        "default_category": ref(record, "default_sales_ledger_account"),
        "default_tax_rate": ref(record, "default_sales_tax_rate"),
    }
    active = record.get("is_active") is not False and record.get("deleted_at") is None
    for kind, name, said in ((Kind.SUPPLIERS, "VENDOR", bought), (Kind.CUSTOMERS, "CUSTOMER", sold)):
        if name in types and record.get("system") is not True:
            yield _entry(record, kind, values | said | _terms(record), code=text_of(record, "reference"), active=active)


# A contact's own "credit_terms" that count from an invoice. Those that count from a payment are left to people, and so
# is a contact without terms of its own: the business's (`GET /invoice_settings`) are a default of Sage's, not its.
_DUE_AFTER: Final = {"date_from_invoice": "date", "month_end_invoice": "end_of_month"}


def _terms(record: Record) -> dict[str, Any]:
    """When a contact's documents are due. That month_end_invoice is so many days after the month's end is assumed."""
    terms, days = text_of(record, "credit_terms"), number_of(record, "credit_days")
    if terms == "immediate_invoice":
        return {"due_days": 0, "due_after": "date"}
    after = _DUE_AFTER.get(terms or "")
    return {} if after is None or days is None else {"due_days": int(days), "due_after": after}


def contact_types(record: Record) -> frozenset[str]:
    """The ids of a contact's types."""
    listed = record.get("contact_types")
    found = [text_of(one, "id") for one in listed if isinstance(one, Mapping)] if isinstance(listed, list) else []
    return frozenset(one for one in found if one)


def tax_rate(record: Record) -> Iterator[Entry]:
    """A tax rate with its percentages by date. For which side it is, Sage does not say of a rate."""
    values = {
        "rate": _amount(record, "percentage"),
        "periods": _periods(record) or None,
        "combined": record.get("is_combined_rate") is True or None,
        "components": [
            {"name": text_of(one, "name") or text_of(one, "displayed_as"), "rate": _amount(one, "percentage")}
            for one in record.get("component_tax_rates") or []
            if isinstance(one, Mapping)
        ]
        or None,
    }
    visible = record.get("is_visible") is not False
    yield _entry(record, Kind.TAX_RATES, values, code=text_of(record, "id"), visible=visible)


def _periods(record: Record) -> list[dict[str, str]]:
    """Each percentage with the days it is in force; an open end is left out."""
    listed = record.get("percentages")
    found = []
    for one in listed if isinstance(listed, list) else []:
        percent = _amount(one, "percentage") if isinstance(one, Mapping) else None
        if percent is not None:
            days = {"from": text_of(one, "from_date"), "to": text_of(one, "to_date")}
            found.append({"rate": percent, **{name: day for name, day in days.items() if day}})
    return sorted(found, key=lambda one: one.get("from", ""))


def bank_account(record: Record) -> Iterator[Entry]:
    """A bank, cash or card account. It has no name of its own: Sage shows it with its nominal code behind it."""
    kind = ref(record, "bank_account_type") or ""
    values = {"currency": ref(record, "currency"), "type": "credit_card" if _CARD in kind.upper() else "bank"}
    number = number_of(record, "nominal_code")
    code = str(number) if number is not None else None
    active = record.get("is_active") is not False and record.get("deleted_at") is None
    shown = (text_of(record, "displayed_as") or "").removesuffix(f" ({code})")
    yield _entry({**record, "name": shown}, Kind.BANK_ACCOUNTS, values, code=code, active=active)


def analysis_type(record: Record) -> Iterator[Entry]:
    """A type that transactions are analysed by; inactive where it is shown nowhere."""
    areas = record.get("active_areas")
    active = not isinstance(areas, list) or bool(areas)
    yield _entry({**record, "id": _TYPE + _id(record)}, Kind.DIMENSIONS, {}, active=active)


def analysis_category(record: Record) -> Iterator[Entry]:
    """A value of an analysis type. Types and categories have ids of their own each, and may share a number."""
    parent = ref(record, "analysis_type")
    named = {**record, "id": _CATEGORY + _id(record)}
    code = text_of(record, "code")
    yield _entry(named, Kind.DIMENSIONS, {}, code=code, parent=_TYPE + parent if parent else None)


def category_id(value: Entry) -> str:
    """Sage's id of an analysis type's category."""
    return (value.provider_id or "").removeprefix(_CATEGORY)


def product(record: Record) -> Iterator[Entry]:
    """A product, bought and sold by count."""
    yield _item(record, "product")


def service(record: Record) -> Iterator[Entry]:
    """A service."""
    yield _item(record, "service")


def stock_item(record: Record) -> Iterator[Entry]:
    """A product whose stock Sage keeps."""
    yield _item(record, "stock_item")


def _item(record: Record, kind: str) -> Entry:
    values = {
        "type": kind,
        "tracked": kind == "stock_item" or None,
        "sales_account": ref(record, "sales_ledger_account"),
        "purchase_account": ref(record, "purchase_ledger_account"),
        "sales_tax_rate": ref(record, "sales_tax_rate"),
        "purchase_tax_rate": ref(record, "purchase_tax_rate"),
    }
    active = record.get("active") is not False and record.get("deleted_at") is None
    named = {**record, "name": text_of(record, "description")}
    return _entry(named, Kind.PRODUCTS, values, code=text_of(record, "item_code"), active=active)


def currency(record: Record) -> Iterator[Entry]:
    """A currency of the world: whether the business uses foreign ones is one of its features."""
    yield _entry(record, Kind.CURRENCIES, {}, code=text_of(record, "id"))


def _entry(
    record: Record,
    kind: Kind,
    values: Mapping[str, Any],
    *,
    code: str | None = None,
    active: bool = True,
    visible: bool = True,
    parent: str | None = None,
) -> Entry:
    """An entry of a record. Raises CallFailed (the answer is broken) for a record without id."""
    provider_id = _id(record)
    return Entry(
        id="",
        kind=kind,
        name=text_of(record, "name") or text_of(record, "displayed_as") or code or provider_id,
        code=code,
        status=EntryStatus.ACTIVE if active else EntryStatus.INACTIVE,
        visible=visible,
        provider_id=provider_id,
        parent=parent,
        values={field: value for field, value in values.items() if value is not None},
    )


def _id(record: Record) -> str:
    found = text_of(record, "id")
    if found is None:
        raise broken("a record of a list has no id")
    return found


def _amount(record: Record, name: str) -> str | None:
    value = number_of(record, name)
    return None if value is None else amount_text(value)
