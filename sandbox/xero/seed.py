"""The organisations and people a fresh sandbox begins with, and larger ones for measuring."""

import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from sandbox.xero import charts
from sandbox.xero import contacts as contact_rules
from sandbox.xero.books import Books
from sandbox.xero.formats import Record, stamp
from sandbox.xero.wire import XeroUser

SEEDED_AT = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
PRACTICE_CLIENTS = 47
"""Small organisations that, with the three large ones, make the fifty that one adviser sees."""

OWNER = "alex.morgan@example.com"
ADVISER = "priya.shah@example.com"
COLLEAGUE = "maria.rossi@example.com"
CLERK = "sam.reed@example.com"
READER = "lee.wong@example.com"

_NAMESPACE = uuid.UUID("3f0b6a52-6a52-4b0e-9a57-8f2b1c0d9e11")
_COUNTRIES = {
    "GB": ("Harbour & Finch Ltd", "GBP", "UK", "GMTSTANDARDTIME", "OUTPUT2", "INPUT2", "2025-12-31", "2025-03-31"),
    "US": ("Maple Street Bakery Inc", "USD", "US", "PACIFICSTANDARDTIME", "OUTPUT", "NONE", None, None),
    "AU": ("Wattle Creek Pty Ltd", "AUD", "AU", "AUSEASTERNSTANDARDTIME", "OUTPUT", "INPUT", None, None),
}


def people() -> list[XeroUser]:
    """Everyone who can log in. `organisations_of` says which organisations each sees."""
    roles = (
        (OWNER, "Alex Morgan", "STANDARD"),
        (ADVISER, "Priya Shah", "FINANCIALADVISER"),
        (COLLEAGUE, "Maria Rossi", "STANDARD"),
        (CLERK, "Sam Reed", "INVOICEONLY"),
        (READER, "Lee Wong", "READONLY"),
    )
    return [XeroUser(_fixed_id(email), name, email, role) for email, name, role in roles]


def organisations_of(user_id: str) -> tuple[str, ...]:
    """OrganisationIDs a person may connect: the owner three, the adviser all fifty, the others the British one."""
    large = tuple(_fixed_id(f"organisation {country}") for country in _COUNTRIES)
    if user_id == _fixed_id(ADVISER):
        return (*large, *(_fixed_id(f"client {number}") for number in range(1, PRACTICE_CLIENTS + 1)))
    return large if user_id == _fixed_id(OWNER) else large[:1]


def organisations() -> list[Books]:
    """A fresh GB, US and AU organisation, in that order, and the adviser's small clients."""
    large = [
        _organisation(country, _fixed_id(f"organisation {country}"), row[0]) for country, row in _COUNTRIES.items()
    ]
    small = [
        _organisation("GB", _fixed_id(f"client {number}"), f"Practice Client {number:02d} Ltd")
        for number in range(1, PRACTICE_CLIENTS + 1)
    ]
    for books in (*large, *small):
        books.commit()
    return [*large, *small]


def bulk(*, contacts: int = 0, items: int = 0, accounts: int = 0, tax_rates: int = 50) -> list[Books]:
    """The same with the lists of the first (GB) organisation padded to these totals, archived records counted.

    The same figures give the same records.
    """
    books = organisations()
    _pad(books[0], contacts=contacts, items=items, accounts=accounts, tax_rates=tax_rates)
    books[0].commit()
    return books


def _fixed_id(name: str) -> str:
    return str(uuid.uuid5(_NAMESPACE, name))


def _organisation(country: str, organisation_id: str, name: str) -> Books:
    _, currency, version, timezone, sales_tax, purchases_tax, period_lock, year_end_lock = _COUNTRIES[country]
    books = Books(
        organisation={
            "OrganisationID": organisation_id,
            "Name": name,
            "LegalName": name,
            "PaysTax": True,
            "Version": version,
            "OrganisationType": "COMPANY",
            "OrganisationEntityType": "COMPANY",
            "BaseCurrency": currency,
            "CountryCode": country,
            "IsDemoCompany": False,
            "OrganisationStatus": "ACTIVE",
            "FinancialYearEndDay": 31,
            "FinancialYearEndMonth": 3,
            "SalesTaxBasis": "ACCRUALS",
            "SalesTaxPeriod": "QUARTERLY",
            "DefaultSalesTax": sales_tax,
            "DefaultPurchasesTax": purchases_tax,
            "PeriodLockDate": period_lock,
            "EndOfYearLockDate": year_end_lock,
            "CreatedDateUTC": stamp(SEEDED_AT),
            "Timezone": timezone,
            "ShortCode": f"!{organisation_id[:5]}",
            "Class": "PREMIUM",
            "Edition": "BUSINESS",
            "LineOfBusiness": "Services",
            "Addresses": [],
            "Phones": [],
            "ExternalLinks": [],
            "PaymentTerms": {},
        }
    )
    _tax_rates(books, country)
    _accounts(books, country)
    _simple_lists(books, country)
    for supplier in charts.SUPPLIERS[country]:
        books.put("Contacts", _contact(books, supplier, supplier=True))
    for customer in charts.CUSTOMERS[country]:
        books.put("Contacts", _contact(books, customer, customer=True))
    _retired_contacts(books)
    _items(books, country)
    return books


def _tax_rates(books: Books, country: str) -> None:
    for tax_type, name, rate, report, side, status in charts.TAX_RATES[country]:
        books.put("TaxRates", _tax_rate(tax_type, name, rate, report=report, side=side, status=status))


def _tax_rate(tax_type: str, name: str, rate: str, *, report: str, side: str, status: str = "ACTIVE") -> Record:
    return {
        "Name": name,
        "TaxType": tax_type,
        "ReportTaxType": report,
        "CanApplyToAssets": True,
        "CanApplyToEquity": side != "capital",
        "CanApplyToExpenses": side in ("purchases", "both"),
        "CanApplyToLiabilities": side != "capital",
        "CanApplyToRevenue": side in ("sales", "both"),
        "DisplayTaxRate": Decimal(rate),
        "EffectiveRate": Decimal(rate),
        "Status": status,
        "TaxComponents": [{"Name": "Tax", "Rate": Decimal(rate), "IsCompound": False, "IsNonRecoverable": False}],
        "_side": "purchases" if side == "capital" else side,
    }


def _accounts(books: Books, country: str) -> None:
    for status, rows in (("ACTIVE", charts.ACCOUNTS), ("ARCHIVED", charts.ARCHIVED_ACCOUNTS)):
        for code, name, kind, taxed in rows:
            books.put("Accounts", _account(books, country, code, name, kind=kind, taxed=taxed, status=status))
    for bank_code, name, bank_type, currency, number, status in (
        *charts.BANK_ACCOUNTS,
        *charts.FOREIGN_BANK_ACCOUNTS[country],
    ):
        account = _account(books, country, bank_code, name, kind="BANK", taxed="N", status=status)
        account |= {
            "BankAccountType": bank_type,
            "CurrencyCode": currency or books.base_currency,
            "BankAccountNumber": number,
        }
        books.put("Accounts", account)


def _account(
    books: Books, country: str, code: str | None, name: str, *, kind: str, taxed: str, status: str = "ACTIVE"
) -> Record:
    return {
        "AccountID": books.new_id(),
        **({"Code": code} if code else {}),
        "Name": name,
        "Status": status,
        "Type": kind,
        "Class": charts.CLASSES[kind],
        "TaxType": charts.ACCOUNT_TAX[country][taxed],
        **({"SystemAccount": charts.SYSTEM[code]} if code in charts.SYSTEM else {}),
        "EnablePaymentsToAccount": code in charts.PAYMENTS_ENABLED,
        "ShowInExpenseClaims": code in charts.IN_EXPENSE_CLAIMS,
        "AddToWatchlist": False,
        "HasAttachments": False,
        "UpdatedDateUTC": stamp(SEEDED_AT),
    }


def _simple_lists(books: Books, country: str) -> None:
    for code, description, rate in charts.CURRENCIES[country]:
        books.put("Currencies", {"Code": code, "Description": description, "_rate": Decimal(rate)})
    for name, status, options in charts.TRACKING:
        category_id = books.new_id()
        rows = [
            {"TrackingOptionID": books.new_id(), "Name": option, "Status": state, "TrackingCategoryID": category_id}
            for option, state in options
        ]
        books.put(
            "TrackingCategories",
            {"TrackingCategoryID": category_id, "Name": name, "Status": status, "Options": rows},
        )
    for user in people():
        if books.organisation_id in organisations_of(user.user_id):
            first, last = user.name.split(" ")
            books.put(
                "Users",
                {
                    "UserID": user.user_id,
                    "EmailAddress": user.email,
                    "FirstName": first,
                    "LastName": last,
                    "UpdatedDateUTC": stamp(SEEDED_AT),
                    "IsSubscriber": user.email == OWNER,
                    "OrganisationRole": user.role,
                },
            )


def _contact(books: Books, name: str, *, supplier: bool = False, customer: bool = False) -> Record:
    return contact_rules.blank(books) | {
        "Name": name,
        "EmailAddress": f"accounts{len(books.tables['Contacts']) + 1}@example.com",
        "IsSupplier": supplier,
        "IsCustomer": customer,
        "UpdatedDateUTC": stamp(SEEDED_AT),
    }


def _retired_contacts(books: Books) -> None:
    """One archived supplier, and one that was merged into the first supplier of the list."""
    survivor = next(iter(books.tables["Contacts"].values()))
    archived = _contact(books, "Dunmore Signs (closed)", supplier=True) | {"ContactStatus": "ARCHIVED"}
    merged = _contact(books, f"{survivor['Name']} (duplicate)", supplier=True)
    books.put("Contacts", archived)
    books.put("Contacts", merged | {"ContactStatus": "ARCHIVED", "MergedToContactID": survivor["ContactID"]})


def _items(books: Books, country: str) -> None:
    taxes = charts.ACCOUNT_TAX[country]
    for code, name, sold_at, sales_account, bought_at, purchase_account in charts.ITEMS:
        item = _item(books, code, name)
        if sold_at:
            item["SalesDetails"] = {"UnitPrice": Decimal(sold_at), "AccountCode": sales_account, "TaxType": taxes["S"]}
        if bought_at:
            bought = {"UnitPrice": Decimal(bought_at), "AccountCode": purchase_account, "TaxType": taxes["P"]}
            item["PurchaseDetails"] = bought
        books.put("Items", item | {"IsSold": bool(sold_at), "IsPurchased": bool(bought_at)})


def _item(books: Books, code: str, name: str) -> Record:
    return {
        "ItemID": books.new_id(),
        "Code": code,
        "Name": name[:50],
        "Description": name,
        "PurchaseDescription": name,
        "SalesDetails": {},
        "PurchaseDetails": {},
        "IsTrackedAsInventory": False,
        "IsSold": True,
        "IsPurchased": True,
        "UpdatedDateUTC": stamp(SEEDED_AT),
    }


def _pad(books: Books, *, contacts: int, items: int, accounts: int, tax_rates: int) -> None:
    for number in range(len(books.tables["Contacts"]), contacts):
        contact = _contact(books, f"Supplier {number:05d}", supplier=number % 3 != 0, customer=number % 3 == 0)
        # A spread of change times, so that orders and deltas have something to sort.
        books.put("Contacts", contact | {"UpdatedDateUTC": stamp(SEEDED_AT + timedelta(seconds=number))})
    for number in range(len(books.tables["Items"]), items):
        books.put("Items", _item(books, f"P{number:05d}", f"Product {number:05d}"))
    for number in range(len(books.tables["Accounts"]), accounts):
        code = f"X{number:04d}"
        books.put("Accounts", _account(books, "GB", code, f"Expense {number:04d}", kind="OVERHEADS", taxed="P"))
    for number in range(len(books.tables["TaxRates"]), tax_rates):
        name, rate = f"Local rate {number}", str(number % 20)
        books.put("TaxRates", _tax_rate(f"TAX{number:03d}", name, rate, report="INPUT", side="purchases"))
