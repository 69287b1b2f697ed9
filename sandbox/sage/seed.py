"""The businesses and people a fresh sandbox begins with, and larger ones for measuring."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from sandbox.sage import catalogues, charts
from sandbox.sage import contacts as contact_rules
from sandbox.sage.books import Books
from sandbox.sage.formats import Record, ref, stamp
from sandbox.sage.wire import SageUser

SEEDED_AT = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
PRACTICE_CLIENTS = 12
"""Small British businesses that the adviser sees beside the others."""

OWNER = "alex.morgan@example.com"
ADVISER = "priya.shah@example.com"
COLLEAGUE = "maria.rossi@example.com"
CLERK = "sam.reed@example.com"
READER = "lee.wong@example.com"
NEWCOMER = "nora.field@example.com"

_NAMESPACE = uuid.UUID("5b7a7f4e-0d3c-4b53-8d0c-6f3f0f8c2a77")
_EVERY = catalogues.EVERY_AREA
_NONE: frozenset[str] = frozenset()


@dataclass(frozen=True)
class _Business:
    key: str
    name: str
    country: str
    plan: str
    multi_currency: bool = False
    lockdown: str | None = None
    start: str | None = None
    active: bool = True


_BUSINESSES = (
    _Business("business GB", "Harbour & Finch Ltd", "GB", "PLUS", True, "2025-03-31", "2024-04-01"),
    _Business("business IE", "Liffey Street Design Ltd", "IE", "STANDARD", start="2024-01-01"),
    _Business("business US", "Maple Street Bakery Inc", "US", "PLUS"),
    _Business("business CA", "Granville Island Paper Ltd", "CA", "PLUS", multi_currency=True),
    _Business("business START", "Corner Shop (Start) Ltd", "GB", "START"),
    _Business("business LAPSED", "Closed Shop Ltd", "GB", "STANDARD", active=False),
)
_CURRENCY = {"GB": "GBP", "IE": "EUR", "US": "USD", "CA": "CAD"}


def people() -> list[SageUser]:
    """Everyone who can log in. `businesses_of` says which businesses each sees."""
    sales_only = frozenset({"SALES", "CONTACTS"})
    rows = (
        (OWNER, "Alex Morgan", _EVERY, _EVERY),
        (ADVISER, "Priya Shah", _EVERY, _EVERY),
        (COLLEAGUE, "Maria Rossi", _EVERY - {"SETTINGS"}, _EVERY - {"SETTINGS"}),
        (CLERK, "Sam Reed", sales_only, sales_only),
        (READER, "Lee Wong", _EVERY, _NONE),
        (NEWCOMER, "Nora Field", _EVERY, _EVERY),
    )
    return [SageUser(_fixed_id(email), name, email, areas, writes) for email, name, areas, writes in rows]


def businesses_of(email: str) -> tuple[str, ...]:
    """Ids of the businesses a person sees, the *lead* business first: what answers when X-Business is missing."""
    everything = tuple(_fixed_id(one.key) for one in _BUSINESSES)
    clients = tuple(_fixed_id(f"client {number}") for number in range(1, PRACTICE_CLIENTS + 1))
    gb, ie, us, ca, *_ = everything
    seen = {
        OWNER: (ie, gb, us, ca),  # the lead is not the one that people choose first: what forgets X-Business shows
        ADVISER: (*everything, *clients),
        NEWCOMER: (),
    }
    return seen.get(email, (gb,))


def businesses() -> list[Books]:
    """The fixed businesses and the adviser's clients."""
    clients = [
        _Business(f"client {number}", f"Practice Client {number:02d} Ltd", "GB", "STANDARD")
        for number in range(1, PRACTICE_CLIENTS + 1)
    ]
    return [_business(one) for one in (*_BUSINESSES, *clients)]


def bulk(*, contacts: int = 0, items: int = 0, accounts: int = 0, tax_rates: int = 50) -> list[Books]:
    """The same with the lists of Harbour & Finch padded to these totals (items are products). The same figures give
    the same records."""
    found = businesses()
    _pad(found[0], contacts=contacts, items=items, accounts=accounts, tax_rates=tax_rates)
    return found


def _fixed_id(name: str) -> str:
    return uuid.uuid5(_NAMESPACE, name).hex


def _business(wanted: _Business) -> Books:
    at = stamp(SEEDED_AT)
    shown = dict(catalogues.COUNTRIES)[wanted.country]
    subscription = {
        "id": catalogues.SUBSCRIPTIONS[wanted.plan],
        "displayed_as": f"Accounting {wanted.plan.title()}",
        "active": wanted.active,
        "status": "paying" if wanted.active else "cancelled",
    }
    business: Record = {
        "id": _fixed_id(wanted.key),
        "displayed_as": wanted.name,
        "name": wanted.name,
        "created_at": at,
        "updated_at": at,
        "country": {"id": wanted.country, "displayed_as": shown},
        "is_demo": False,
        "subscriptions": [subscription],
        "_plan": wanted.plan,
    }
    settings: Record = {
        "year_end_date": "2026-03-31",
        "year_end_lockdown_date": wanted.lockdown,
        "accounting_type": "accrual",
        "accounts_start_date": wanted.start,
        "base_currency": ref("currencies", _CURRENCY[wanted.country]),
        "multi_currency_enabled": wanted.multi_currency,
        "use_live_exchange_rates": False,
        "tax_scheme": ref("tax_schemes", "NOT_REGISTERED" if wanted.country == "US" else "ACCRUAL"),
        "tax_number": None if wanted.country == "US" else f"{wanted.country}123456789",
        "_tax_return_until": None,
        "_reverse_charge": wanted.country == "GB",
    }
    books = Books(business, settings)
    _lists(books)
    _people_of_trade(books)
    _items(books)
    return books


def _dated(**values: object) -> Record:
    at = stamp(SEEDED_AT)
    return {**values, "created_at": at, "updated_at": at}


def _lists(books: Books) -> None:
    for table, rows in catalogues.FIXED.items():
        for key, shown in rows:
            books.put(table, {"id": key, "displayed_as": shown})
    for tax_rate in charts.TAX_RATES[books.country]:
        books.put("tax_rates", _tax_rate(tax_rate))
    for code, name, kind, areas, taxed in charts.ACCOUNTS:
        books.put("ledger_accounts", _account(books, code, name, kind, areas=areas, taxed=taxed))
    for code, name, kind, control in charts.CONTROL_ACCOUNTS:
        books.put("ledger_accounts", _account(books, code, name, kind, control=control))
    for row in (*charts.BANK_ACCOUNTS, *charts.FOREIGN_BANK_ACCOUNTS.get(books.country, ())):
        _bank_account(books, row)
    for currency, inverse in charts.EXCHANGE_RATES.get(books.country, ()):
        worth = Decimal(inverse)
        rate: Record = {"id": currency, "displayed_as": currency, "rate": 1 / worth, "inverse_rate": worth}
        rate |= {"base_currency": books.settings["base_currency"], "currency": ref("currencies", currency)}
        books.put("business_exchange_rates", _dated(**rate))
    if books.plan != "START":
        _analysis(books)


def _tax_rate(rate: charts.TaxRate) -> Record:
    return _dated(
        id=rate.id,
        displayed_as=rate.shown,
        name=rate.name,
        percentage=Decimal(rate.percentages[-1][0]),
        percentages=[
            {"percentage": Decimal(percentage), "from_date": first, "to_date": last}
            for percentage, first, last in rate.percentages
        ],
        is_visible=rate.visible,
        editable=False,
        deletable=False,
        is_combined_rate=bool(rate.components),
        component_tax_rates=[ref("tax_rates", one) for one in rate.components],
        _usage=rate.usage,
    )


def _account(
    books: Books,
    code: int,
    name: str,
    kind: str,
    *,
    areas: tuple[str, ...] = charts.LEDGER_ONLY,
    taxed: str = "N",
    control: str | None = None,
) -> Record:
    return _dated(
        id=books.new_id(),
        displayed_as=f"{name} ({code})",
        name=name,
        display_name=name,
        nominal_code=code,
        ledger_account_type=ref("ledger_account_types", kind),
        ledger_account_classification=ref("ledger_account_classifications", kind),
        included_in_chart=True,
        tax_rate=ref("tax_rates", charts.DEFAULT_TAX[books.country][taxed]),
        fixed_tax_rate=False,
        is_control_account=control is not None,
        control_name=control,
        visible_scopes=list(areas),
        **{f"visible_in_{area}": area in areas for area in charts.ALL_AREAS},
    )


def _bank_account(books: Books, row: charts.BankRow) -> None:
    code, name, kind, currency, number, active = row
    # Money goes in and out by payments, not by choosing the account as a category: visible in no area but journals.
    account = books.put("ledger_accounts", _account(books, code, name, "BANK"))
    books.put(
        "bank_accounts",
        _dated(
            id=books.new_id(),
            displayed_as=f"{name} ({code})",
            deleted_at=None,
            bank_account_details={"account_name": name, "account_number": number},
            ledger_account=ref("ledger_accounts", account["id"]),
            bank_account_type=ref("bank_account_types", kind),
            nominal_code=code,
            balance=Decimal(0),
            currency=ref("currencies", currency or books.base_currency),
            is_active=active,
            editable=True,
            deletable=False,
        ),
    )


def _analysis(books: Books) -> None:
    for name, categories in charts.ANALYSIS_TYPES:
        type_id = books.new_id()
        rows = [
            books.put(
                "analysis_type_categories",
                _dated(
                    id=books.new_id(),
                    displayed_as=category,
                    code=code,
                    name=category,
                    analysis_type=ref("analysis_types", type_id),
                ),
            )
            for code, category in categories
        ]
        books.put(
            "analysis_types",
            _dated(
                id=type_id,
                displayed_as=name,
                name=name,
                active_areas=["purchases", "sales", "other_payments"],
                analysis_type_level=["transaction"],
                analysis_type_categories=[ref("analysis_type_categories", one["id"]) for one in rows],
            ),
        )


def _people_of_trade(books: Books) -> None:
    for name in charts.SUPPLIERS[books.country]:
        _contact(books, name, "VENDOR")
    for name in charts.CUSTOMERS[books.country]:
        _contact(books, name, "CUSTOMER")
    _contact(books, charts.BOTH, "VENDOR", "CUSTOMER")
    retired = _contact(books, charts.INACTIVE_SUPPLIER, "VENDOR")
    books.put("contacts", {**retired, "is_active": False})


def _contact(books: Books, name: str, *types: str) -> Record:
    number = len(books.tables["contacts"]) + 1
    record = contact_rules.blank(books, name) | {
        "contact_types": [ref("contact_types", one) for one in types],
        "email": f"accounts{number}@example.com",
        "reference": f"C{number:05d}" if number % 2 else None,
    }
    return books.put("contacts", _dated(**record | {"displayed_as": contact_rules.shown(record)}))


def _items(books: Books) -> None:
    by_code = {one["nominal_code"]: one["id"] for one in books.rows("ledger_accounts")}
    taxes = charts.DEFAULT_TAX[books.country]
    for table, code, name, sold_at, sales, bought_at, purchase, active in charts.ITEMS:
        record = _item(books, code, name) | {
            "sales_ledger_account": ref("ledger_accounts", by_code[sales]),
            "purchase_ledger_account": ref("ledger_accounts", by_code[purchase]),
            "sales_tax_rate": ref("tax_rates", taxes["S"]),
            "purchase_tax_rate": ref("tax_rates", taxes["S"]),
            "cost_price": Decimal(bought_at) if bought_at else None,
            "active": active,
        }
        price = {"id": books.new_id(), "displayed_as": "Sales Price", "price_name": "Sales Price"}
        if table == "services":
            rate = {"id": price["id"], "displayed_as": "Rate", "rate_name": "Rate", "rate": Decimal(sold_at)}
            books.put(table, record | {"sales_rates": [rate]})
        else:
            books.put(table, record | {"sales_prices": [price | {"price": Decimal(sold_at)}]})


def _item(books: Books, code: str, name: str) -> Record:
    return _dated(
        id=books.new_id(),
        displayed_as=f"{name} ({code})",
        deleted_at=None,
        item_code=code,
        description=name,
        purchase_description=name,
        notes=None,
        active=True,
        deletable=True,
        sales_ledger_account=None,
        purchase_ledger_account=None,
        sales_tax_rate=None,
        purchase_tax_rate=None,
        cost_price=None,
    )


def _pad(books: Books, *, contacts: int, items: int, accounts: int, tax_rates: int) -> None:
    for number in range(len(books.tables["contacts"]), contacts):
        record = _contact(books, f"Supplier {number:05d}", "CUSTOMER" if number % 3 == 0 else "VENDOR")
        # A spread of change times, so that deltas have something to choose from.
        books.put("contacts", record | {"updated_at": stamp(SEEDED_AT + timedelta(seconds=number))})
    for number in range(len(books.tables["products"]), items):
        books.put("products", _item(books, f"P{number:05d}", f"Product {number:05d}"))
    for number in range(len(books.tables["ledger_accounts"]), accounts):
        made = _account(books, 10_000 + number, f"Expense {number:04d}", "OVERHEADS", areas=charts.COSTS, taxed="S")
        books.put("ledger_accounts", made)
    for number in range(len(books.tables["tax_rates"]), tax_rates):
        name, percentages = f"Local rate {number}", ((str(number % 20), "2010-01-01", None),)
        rate = charts.TaxRate(f"GB_LOCAL_{number:03d}", name, name, percentages)
        books.put("tax_rates", _tax_rate(rate))
