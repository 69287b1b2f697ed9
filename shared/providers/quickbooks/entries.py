"""QuickBooks' list records as entries. Ids of ours are left empty; `parent` holds QuickBooks' id.

Sources: "Account", "Vendor", "Customer", "Item", "Class", "Department", "CompanyCurrency", "TaxCode" and "TaxRate" of
developer.intuit.com's API reference.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from shared.domain.lists import Entry, EntryStatus, Kind
from shared.providers.contract import amount_text
from shared.providers.quickbooks.api import ref
from shared.providers.quickbooks.terms import DUE_DAYS
from shared.providers.transport import broken

Record = Mapping[str, Any]

_MONEY_ACCOUNTS: Final = {"Bank": "bank", "Credit Card": "credit_card"}
# No line may name them: QuickBooks books them itself (error 6000 for accounts payable; receivable assumed alike).
_NOT_POSTABLE: Final = frozenset({"Accounts Payable", "Accounts Receivable"})
# On which billable lines may stand (the text of QuickBooks' own error).
_BILLABLE: Final = frozenset(
    {
        "Expense",
        "Other Expense",
        "Other Current Liability",
        "Other Current Asset",
        "Other Asset",
        "Fixed Asset",
        "Cost of Goods Sold",
    }
)
PSEUDO_CODES: Final = frozenset({"TAX", "NON"})  # "TaxCode": the two codes that lines of US companies take
CLASSES_ID: Final = "classes"
LOCATIONS_ID: Final = "locations"
_CLASS: Final = "class:"
_LOCATION: Final = "location:"


def account(record: Record) -> Iterator[Entry]:
    """A bank or credit card account, or a category: everything else of the chart of accounts."""
    kind = str(record.get("AccountType") or "")
    values: dict[str, Any] = {"currency": ref(record, "CurrencyRef"), "type": _MONEY_ACCOUNTS.get(kind, kind)}
    if kind in _MONEY_ACCOUNTS:
        yield _entry(record, Kind.BANK_ACCOUNTS, values, code=_text(record, "AcctNum"))
        return
    postable = kind not in _NOT_POSTABLE
    values |= {
        "class": _lower(record, "Classification"),
        "sub_type": _text(record, "AccountSubType"),
        "default_tax_rate": ref(record, "TaxCodeRef"),
        "postable": postable,
        "billable": kind in _BILLABLE,
    }
    yield _entry(record, Kind.CATEGORIES, values, code=_text(record, "AcctNum"), visible=postable)


def vendor(record: Record) -> Iterator[Entry]:
    """A supplier; its currency is fixed when it is made."""
    values = {**_contact_values(record), "account_number": _text(record, "AcctNum"), **_defaults(record)}
    yield _entry(record, Kind.SUPPLIERS, values, name="DisplayName")


def customer(record: Record) -> Iterator[Entry]:
    """A customer, or a job or project of one: QuickBooks keeps them in one list."""
    if record.get("Job") is True or record.get("IsProject") is True:
        values = {**_contact_values(record), "customer": ref(record, "ParentRef"), "level": record.get("Level")}
        yield _entry(record, Kind.PROJECTS, values)
    else:
        yield _entry(record, Kind.CUSTOMERS, _contact_values(record) | _defaults(record), name="DisplayName")


def _contact_values(record: Record) -> dict[str, Any]:
    email = record.get("PrimaryEmailAddr")
    address = email.get("Address") if isinstance(email, Mapping) else None
    return {"email": address or None, "currency": ref(record, "CurrencyRef")}


def _defaults(record: Record) -> dict[str, Any]:
    """What QuickBooks fills in on the contact's documents: tax code and payment terms, of accounts it keeps none.

    `DefaultTaxCodeRef` is in the schema of vendors and customers alike (its PrefillAccountRef is of the Desktop).
    """
    return {"default_tax_rate": ref(record, "DefaultTaxCodeRef"), "due_days": record.get(DUE_DAYS)}


def item(record: Record) -> Iterator[Entry]:
    """A product or service. Categories only group them, and bundles stand on no line of a cost."""
    kind = record.get("Type")
    if kind in {"Category", "Group"}:
        return
    values = {
        "type": kind,
        "sold": ref(record, "IncomeAccountRef") is not None,
        "bought": ref(record, "ExpenseAccountRef") is not None,
        "sales_price": _amount(record, "UnitPrice"),
        "sales_account": ref(record, "IncomeAccountRef"),
        "purchase_price": _amount(record, "PurchaseCost"),
        "purchase_account": ref(record, "AssetAccountRef" if kind == "Inventory" else "ExpenseAccountRef"),
        "tracked": kind == "Inventory",
        "inventory_account": ref(record, "AssetAccountRef"),
    }
    yield _entry(record, Kind.PRODUCTS, values, code=_text(record, "Sku"))


def dimensions(preferences: Record, classes: Sequence[Record], locations: Sequence[Record]) -> Iterator[Entry]:
    """Classes and locations, each with its values below it; inactive, without values, where it is switched off."""
    prefs = _part(preferences, "AccountingInfoPrefs")
    has_classes = prefs.get("ClassTrackingPerTxn") is True or prefs.get("ClassTrackingPerTxnLine") is True
    yield _root(CLASSES_ID, "Classes", on=has_classes)
    if has_classes:
        yield from (_value(record, _CLASS, CLASSES_ID) for record in classes)
    has_locations = prefs.get("TrackDepartments") is True
    yield _root(LOCATIONS_ID, "Locations", on=has_locations)
    if has_locations:
        yield from (_value(record, _LOCATION, LOCATIONS_ID) for record in locations)


def class_id(value: Entry) -> str | None:
    """QuickBooks' id of a class, or None for another dimension's value."""
    return _without(value, _CLASS)


def location_id(value: Entry) -> str | None:
    """QuickBooks' id of a location, or None for another dimension's value."""
    return _without(value, _LOCATION)


def _without(value: Entry, prefix: str) -> str | None:
    provider_id = value.provider_id or ""
    return provider_id.removeprefix(prefix) if provider_id.startswith(prefix) else None


def _root(provider_id: str, name: str, *, on: bool) -> Entry:
    status = EntryStatus.ACTIVE if on else EntryStatus.INACTIVE
    return Entry(id="", kind=Kind.DIMENSIONS, name=name, status=status, provider_id=provider_id)


def _value(record: Record, prefix: str, parent: str) -> Entry:
    """Classes and locations have ids of their own each: the same number may stand for one of either."""
    return _entry({**record, "Id": f"{prefix}{_id(record)}"}, Kind.DIMENSIONS, {}, parent=parent)


def currencies(preferences: Record, listed: Sequence[Record]) -> Iterator[Entry]:
    """The home currency, and those a company with several has taken up."""
    prefs = _part(preferences, "CurrencyPrefs")
    home = ref(prefs, "HomeCurrency")
    names = {str(record.get("Code")): record for record in listed if record.get("Code")}
    if home:
        names[home] = {"Name": home, **names.get(home, {}), "Active": True}
    foreign = prefs.get("MultiCurrencyEnabled") is True
    for code, record in names.items():
        if code == home or foreign:
            yield _entry({**record, "Id": code}, Kind.CURRENCIES, {}, code=code, name="Name")


def tax_rates(codes: Sequence[Record], rates: Sequence[Record]) -> Iterator[Entry]:
    """Tax codes with the rates they stand for, on costs and on sales apart.

    Lines of a US company take the pseudo codes TAX and NON alone: its other codes are hidden and fit neither side.
    """
    by_id = {_id(rate): rate for rate in rates}
    american = PSEUDO_CODES.issubset(_id(code) for code in codes)
    for code in codes:
        values = _pseudo(code) if _id(code) in PSEUDO_CODES else _values_of(code, by_id)
        if american and _id(code) not in PSEUDO_CODES:
            values |= {"costs": False, "sales": False, "on_lines": False}
        visible = code.get("Hidden") is not True and values.get("on_lines") is not False
        yield _entry(code, Kind.TAX_RATES, values, code=_text(code, "Name"), visible=visible, name="Name")


def _pseudo(code: Record) -> dict[str, Any]:
    """NON is no tax. What TAX comes to, only automated sales tax knows."""
    return {"rate": "0" if _id(code) == "NON" else None, "costs": True, "sales": True}


def _values_of(code: Record, rates: Mapping[str, Record]) -> dict[str, Any]:
    costs, sales = (_components(code, name, rates) for name in ("PurchaseTaxRateList", "SalesTaxRateList"))
    neither = not costs and not sales
    on_costs, on_sales = _percent(costs), _percent(sales)
    values: dict[str, Any] = {
        "costs": bool(costs) or neither,
        "sales": bool(sales) or neither,
        "costs_components": costs,
        "sales_components": sales,
        "combined": max(len(costs), len(sales)) > 1,
    }
    if neither or not costs or not sales or on_costs == on_sales:
        return {**values, "rate": on_costs if costs else on_sales}
    return {**values, "costs_rate": on_costs, "sales_rate": on_sales}


def _components(code: Record, name: str, rates: Mapping[str, Record]) -> list[dict[str, Any]]:
    """The rates that a code combines, each with what it adds to every 100 of a line; a tax on tax counts the first in.

    A rate that QuickBooks does not list leaves `rate` out: then nothing is worked out with this code.
    """
    details = _part(code, name).get("TaxRateDetail")
    listed = [one for one in details if isinstance(one, Mapping)] if isinstance(details, list) else []
    found: list[dict[str, Any]] = []
    before: Decimal | None = Decimal(0)
    for one in sorted(listed, key=lambda detail: int(detail.get("TaxOrder") or 0)):
        rate_id = ref(one, "TaxRateRef")
        rate = rates.get(rate_id or "", {})
        percent = _effective(one, rate, before)
        before = None if before is None or percent is None else before + percent
        shown = None if percent is None else amount_text(percent)
        found.append({"id": rate_id, "name": rate.get("Name"), "rate": shown})
    return found


def _effective(detail: Record, rate: Record, before: Decimal | None) -> Decimal | None:
    value = rate.get("RateValue")
    if before is None or not isinstance(value, int | Decimal | str):
        return None
    nominal, on = Decimal(str(value)), detail.get("TaxTypeApplicable")
    if on == "TaxOnTax":
        return nominal * before / 100
    return nominal * (100 + before) / 100 if on == "TaxOnAmountPlusTax" else nominal


def _percent(components: Sequence[Mapping[str, Any]]) -> str | None:
    if any(one["rate"] is None for one in components):
        return None
    return amount_text(sum((Decimal(one["rate"]) for one in components), Decimal(0)))


def _entry(
    record: Record,
    kind: Kind,
    values: Mapping[str, Any],
    *,
    name: str = "FullyQualifiedName",
    code: str | None = None,
    visible: bool = True,
    parent: str | None = None,
) -> Entry:
    """An entry of a record. Raises CallFailed (the answer is broken) for a record without id."""
    provider_id = _id(record)
    return Entry(
        id="",
        kind=kind,
        name=_text(record, name) or _text(record, "DisplayName") or _text(record, "Name") or code or provider_id,
        code=code,
        status=EntryStatus.INACTIVE if record.get("Active") is False else EntryStatus.ACTIVE,
        visible=visible,
        provider_id=provider_id,
        parent=parent,
        values={field: value for field, value in values.items() if value is not None},
    )


def _id(record: Record) -> str:
    found = _text(record, "Id")
    if found is None:
        raise broken("a record has no Id")
    return found


def _part(record: Record, name: str) -> Record:
    found = record.get(name)
    return found if isinstance(found, Mapping) else {}


def _text(record: Record, name: str) -> str | None:
    value = record.get(name)
    return value if isinstance(value, str) and value else None


def _lower(record: Record, name: str) -> str | None:
    value = _text(record, name)
    return value.lower() if value else None


def _amount(record: Record, name: str) -> str | None:
    value = record.get(name)
    return amount_text(Decimal(value)) if isinstance(value, int | Decimal) else None
