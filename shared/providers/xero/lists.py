"""Xero's lists as entries. Ids of ours are left empty; `parent` and `survivor` hold Xero's ids.

Sources: Xero Accounting API, "Accounts", "Contacts", "Tax rates", "Tracking categories", "Items", "Currencies",
"Users", and its OpenAPI description.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from shared.domain.lists import Entry, EntryStatus, Kind
from shared.providers.contract import amount_text
from shared.providers.transport import broken

Record = Mapping[str, Any]

# Accounts that Xero keeps for itself and takes on no line of a document (field SystemAccount; the set is assumed).
_NOT_POSTABLE: Final = frozenset(
    {"DEBTORS", "CREDITORS", "BANKCURRENCYGAIN", "RETAINEDEARNINGS", "UNPAIDEXPCLM", "TRACKINGTRANSFERS"}
)
_APPLIES_TO: Final = {
    "CanApplyToAssets": "asset",
    "CanApplyToEquity": "equity",
    "CanApplyToExpenses": "expense",
    "CanApplyToLiabilities": "liability",
    "CanApplyToRevenue": "revenue",
}


@dataclass(frozen=True, slots=True)
class ListRequest:
    """One GET that brings one or more lists: Xero's collection, its fixed parameters, and how records are read."""

    kinds: tuple[Kind, ...]
    resource: str
    params: Mapping[str, str]
    paged: bool
    entries: Callable[[Record], Iterator[Entry]]


def _account(record: Record) -> Iterator[Entry]:
    """A bank account, or a category. Bank accounts take no lines; everything else is offered for coding."""
    if record.get("Type") == "BANK":
        values = {"currency": record.get("CurrencyCode"), "type": _bank_type(record), "number": _bank_number(record)}
        yield _entry(record, Kind.BANK_ACCOUNTS, "AccountID", values, code=_text(record, "Code"))
        return
    postable = record.get("SystemAccount") not in _NOT_POSTABLE
    values = {
        "class": _lower(record, "Class"),
        "type": record.get("Type"),
        "default_tax_rate": record.get("TaxType"),
        "payments_enabled": bool(record.get("EnablePaymentsToAccount")),
        "expense_claims": bool(record.get("ShowInExpenseClaims")),
        "postable": postable,
    }
    yield _entry(record, Kind.CATEGORIES, "AccountID", values, code=_text(record, "Code"), visible=postable)


def _bank_type(record: Record) -> str:
    return "credit_card" if record.get("BankAccountType") == "CREDITCARD" else "bank"


def _bank_number(record: Record) -> str | None:
    """The last four characters, enough to tell accounts apart."""
    return (_text(record, "BankAccountNumber") or "")[-4:] or None


def _contact(record: Record) -> Iterator[Entry]:
    """Xero derives supplier and customer from a contact's documents; one with neither may become either."""
    supplier, customer = bool(record.get("IsSupplier")), bool(record.get("IsCustomer"))
    values = {
        "email": record.get("EmailAddress") or None,
        "tax_number": record.get("TaxNumber"),
        "currency": record.get("DefaultCurrency"),
        "account_number": record.get("AccountNumber"),
    }
    active = record.get("ContactStatus", "ACTIVE") == "ACTIVE"
    survivor = _text(record, "MergedToContactID")
    for kind, shown in ((Kind.SUPPLIERS, supplier or not customer), (Kind.CUSTOMERS, customer or not supplier)):
        if shown:
            said = values | _defaults(record, kind)
            yield _entry(record, kind, "ContactID", said, active=active, survivor=survivor)


# Xero's words for the defaults of a contact's bills and invoices (API reference, "Contacts"): account, tax and terms.
_DEFAULTS: Final = {
    Kind.SUPPLIERS: ("PurchasesDefaultAccountCode", "AccountsPayableTaxType", "Bills"),
    Kind.CUSTOMERS: ("SalesDefaultAccountCode", "AccountsReceivableTaxType", "Sales"),
}
# Terms that fall on a day of the month (OFCURRENTMONTH, OFFOLLOWINGMONTH) are left to people.
_DUE_AFTER: Final = {"DAYSAFTERBILLDATE": "date", "DAYSAFTERBILLMONTH": "end_of_month"}


def _defaults(record: Record, kind: Kind) -> dict[str, Any]:
    """What Xero itself fills in on a contact's bills or invoices."""
    account, tax, side = _DEFAULTS[kind]
    terms = (record.get("PaymentTerms") or {}).get(side) or {}
    after, days = _DUE_AFTER.get(str(terms.get("Type"))), terms.get("Day")
    due = {"due_days": days, "due_after": after} if after is not None and isinstance(days, int) else {}
    return {"default_category_code": _text(record, account), "default_tax_rate": _text(record, tax), **due}


def _tax_rate(record: Record) -> Iterator[Entry]:
    classes = [name for flag, name in _APPLIES_TO.items() if record.get(flag) is not False]
    costs, sales = _sides(record, classes)
    values = {
        "rate": _amount(record, "EffectiveRate"),
        "costs": costs,
        "sales": sales,
        "classes": classes,
        "components": [
            {"name": part.get("Name"), "rate": _amount(part, "Rate")} for part in record.get("TaxComponents") or []
        ],
    }
    yield _entry(record, Kind.TAX_RATES, "TaxType", values, code=_text(record, "TaxType"))


def _sides(record: Record, classes: list[str]) -> tuple[bool, bool]:
    """For which side a rate is: by the accounts it applies to, and by the box of the tax return it goes to.

    That a box named INPUT or EXPENSES is for costs and one named OUTPUT for sales is assumed from the names.
    """
    box = str(record.get("ReportTaxType") or "")
    if "OUTPUT" in box:
        return False, True
    if ("INPUT" in box and "INPUTTAXED" not in box) or "EXPENSES" in box:
        return True, False
    costs, sales = "expense" in classes, "revenue" in classes
    return (costs, sales) if costs or sales else (True, True)


def _tracking(record: Record) -> Iterator[Entry]:
    """A tracking category, then its options."""
    category = _entry(record, Kind.DIMENSIONS, "TrackingCategoryID", {})
    yield category
    for option in record.get("Options") or []:
        yield _entry(option, Kind.DIMENSIONS, "TrackingOptionID", {}, parent=category.provider_id)


def _item(record: Record) -> Iterator[Entry]:
    sold, bought = record.get("SalesDetails") or {}, record.get("PurchaseDetails") or {}
    values = {
        "sold": bool(record.get("IsSold")),
        "bought": bool(record.get("IsPurchased")),
        "sales_price": _amount(sold, "UnitPrice"),
        "sales_account": sold.get("AccountCode"),
        "purchase_price": _amount(bought, "UnitPrice"),
        "purchase_account": bought.get("AccountCode") or bought.get("COGSAccountCode"),
        "tracked": bool(record.get("IsTrackedAsInventory")),
        "inventory_account": record.get("InventoryAssetAccountCode"),
    }
    name = _text(record, "Name") or _text(record, "Code") or ""
    yield _entry({**record, "Name": name}, Kind.PRODUCTS, "ItemID", values, code=_text(record, "Code"))


def _currency(record: Record) -> Iterator[Entry]:
    name = _text(record, "Description") or _text(record, "Code") or ""
    yield _entry({**record, "Name": name}, Kind.CURRENCIES, "Code", {}, code=_text(record, "Code"))


def _user(record: Record) -> Iterator[Entry]:
    name = " ".join(part for part in (record.get("FirstName"), record.get("LastName")) if part)
    values = {"email": record.get("EmailAddress"), "role": record.get("OrganisationRole")}
    active = record.get("OrganisationRole") != "REMOVED"
    yield _entry({**record, "Name": name or record.get("EmailAddress")}, Kind.USERS, "UserID", values, active=active)


def _entry(
    record: Record,
    kind: Kind,
    id_field: str,
    values: dict[str, Any],
    *,
    code: str | None = None,
    active: bool | None = None,
    visible: bool = True,
    parent: str | None = None,
    survivor: str | None = None,
) -> Entry:
    """An entry of a record. Raises CallFailed (the answer is broken) for a record without id."""
    provider_id = _text(record, id_field)
    if provider_id is None:
        raise broken(f"a record of {kind} has no {id_field}")
    is_active = record.get("Status", "ACTIVE") == "ACTIVE" if active is None else active
    return Entry(
        id="",
        kind=kind,
        name=_text(record, "Name") or code or provider_id,
        code=code,
        status=EntryStatus.ACTIVE if is_active else EntryStatus.INACTIVE,
        visible=visible,
        provider_id=provider_id,
        parent=parent,
        survivor=survivor,
        values={name: value for name, value in values.items() if value is not None},
    )


def _text(record: Record, name: str) -> str | None:
    value = record.get(name)
    return value if isinstance(value, str) and value else None


def _lower(record: Record, name: str) -> str | None:
    value = _text(record, name)
    return value.lower() if value else None


def _amount(record: Record, name: str) -> str | None:
    value = record.get(name)
    return amount_text(Decimal(value)) if isinstance(value, int | Decimal) else None


_K = Kind
# In the order in which they are pulled: what a connection cannot do without comes first.
REQUESTS: Final = (
    ListRequest((_K.CATEGORIES, _K.BANK_ACCOUNTS), "Accounts", {}, paged=False, entries=_account),
    # In the order of names: a contact that is changed while pages are read keeps its place and is not missed.
    ListRequest(
        (_K.SUPPLIERS, _K.CUSTOMERS),
        "Contacts",
        {"includeArchived": "true", "order": "Name"},
        paged=True,
        entries=_contact,
    ),
    ListRequest((_K.TAX_RATES,), "TaxRates", {}, paged=False, entries=_tax_rate),
    ListRequest((_K.DIMENSIONS,), "TrackingCategories", {"includeArchived": "true"}, paged=False, entries=_tracking),
    ListRequest((_K.CURRENCIES,), "Currencies", {}, paged=False, entries=_currency),
    ListRequest((_K.USERS,), "Users", {}, paged=False, entries=_user),
    ListRequest((_K.PRODUCTS,), "Items", {"unitdp": "4"}, paged=False, entries=_item),
)
