"""The companies and people a fresh sandbox begins with, and a larger company for measuring."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal

from sandbox.quickbooks import charts
from sandbox.quickbooks.books import Company
from sandbox.quickbooks.listing import CLASSIFICATIONS, DELETED_SUFFIX
from sandbox.quickbooks.wire import IntuitUser, Record

SEEDED_AT = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
GB_REALM, US_REALM, CA_REALM = "9341450000000101", "9341450000000102", "9341450000000103"
SIMPLE_START_REALM = "9341450000000104"
LARGE: Mapping[str, int] = {"contacts": 20_000, "items": 5_000, "accounts": 500, "tax_rates": 50}
_HOME = {"GB": "GBP", "US": "USD", "CA": "CAD"}
_COMPANIES = (
    (GB_REALM, "Harbour & Finch Ltd", "GB", "Plus"),
    (US_REALM, "Maple Street Bakery Inc", "US", "Plus"),
    (CA_REALM, "Prairie Wind Outfitters Ltd", "CA", "Plus"),
    (SIMPLE_START_REALM, "Copper Kettle Cafe", "GB", "Simple Start"),
)


def people() -> list[IntuitUser]:
    """Everyone who can log in, with the companies they administer."""
    three = (GB_REALM, US_REALM, CA_REALM)
    rows = (
        ("alex.morgan@example.com", "Alex Morgan", three),
        ("priya.shah@example.com", "Priya Shah", (*three, SIMPLE_START_REALM)),
        ("maria.rossi@example.com", "Maria Rossi", (GB_REALM,)),
        ("sam.reed@example.com", "Sam Reed", (SIMPLE_START_REALM,)),
    )
    return [
        IntuitUser(f"a1b2c3d4-0000-4000-8000-{at:012d}", name, email, realms)
        for at, (email, name, realms) in enumerate(rows, 1)
    ]


def companies() -> list[Company]:
    """A British, an American, a Canadian company and a British one on Simple Start, in that order."""
    return [_company(realm, name, country, plan) for realm, name, country, plan in _COMPANIES]


def with_bulk(sizes: Mapping[str, int]) -> list[Company]:
    """The same companies; the British one's lists are filled up to the sizes given.

    `contacts` counts vendors and customers together, half and half. Raises ValueError for an unknown list.
    """
    if unknown := set(sizes) - set(LARGE):
        raise ValueError(f"unknown list {sorted(unknown)[0]}; a bulk seed takes {', '.join(LARGE)}")
    made = companies()
    company = made[0]
    contacts = sizes.get("contacts", 0)
    _fill(company, "Vendor", contacts - contacts // 2)
    _fill(company, "Customer", contacts // 2)
    _fill(company, "Item", sizes.get("items", 0))
    _fill(company, "Account", sizes.get("accounts", 0))
    for at in range(len(company.tables["TaxRate"]), sizes.get("tax_rates", 0)):
        _tax_code(company, f"Special {at:02d}", "A rate of its own", ((f"Special {at:02d}", f"{at}.5"),), ())
    company.commit()
    return made


def _fill(company: Company, entity: str, size: int) -> None:
    for at in range(len(company.tables[entity]), size):
        name = f"{entity} {at:05d}"
        if entity in {"Vendor", "Customer"}:
            _person(company, entity, name, company.home_currency)
        elif entity == "Item":
            _item(company, (name, "Service", Decimal(at % 100), "Services", "Office Expenses"))
        else:
            _account(company, (f"9{at:05d}", name, "Expense", "OtherMiscellaneousServiceCost", None))


def _company(realm: str, name: str, country: str, plan: str) -> Company:
    company = Company(realm, plan=plan)
    _settings(company, name, country, plan)
    for row in charts.ACCOUNTS:
        _account(company, row)
    _account(company, (*charts.INACTIVE_ACCOUNT, None), active=False)
    if company.multicurrency:
        for code, currency, rate in charts.CURRENCIES:
            company.add("CompanyCurrency", _active({"Code": code, "Name": currency, "_rate": Decimal(rate)}), SEEDED_AT)
        for account_name, kind, sub_type, code in charts.FOREIGN_ACCOUNTS:
            _account(company, ("", account_name, kind, sub_type, None), currency=code)
    _taxes(company, country)
    _people(company)
    _lists(company, plan)
    company.commit()
    return company


def subscription(plan: str) -> list[Record]:
    """What CompanyInfo says of a company's plan."""
    sku = f"QuickBooks Online {plan}"
    return [{"Name": "SubscriptionStatus", "Value": "PAID"}, {"Name": "OfferingSku", "Value": sku}]


def _settings(company: Company, name: str, country: str, plan: str) -> None:
    plus = plan == "Plus"
    address = {"Line1": "1 High Street", "City": "Anytown", "Country": country}
    info = {"CompanyName": name, "LegalName": name, "Country": country, "CompanyAddr": address}
    info |= {"FiscalYearStartMonth": "April" if country == "GB" else "January", "SupportedLanguages": "en"}
    company.add("CompanyInfo", {"Id": "1", **info, "NameValue": subscription(plan)}, SEEDED_AT)
    accounting = {
        "UseAccountNumbers": True,
        "ClassTrackingPerTxn": False,
        "ClassTrackingPerTxnLine": plus,
        "TrackDepartments": plus,
        "DepartmentTerminology": "Location",
        "CustomerTerminology": "Customers",
    }
    preferences: Record = {
        "AccountingInfoPrefs": accounting,
        "SalesFormsPrefs": {"CustomTxnNumbers": False, "AllowDeposit": True},
        "VendorAndPurchasesPrefs": {"BillableExpenseTracking": plus, "TrackingByCustomer": plus},
        "TaxPrefs": {"UsingSalesTax": True, "PartnerTaxEnabled": country == "US"},
        "CurrencyPrefs": {
            "MultiCurrencyEnabled": country == "GB" and plus,
            "HomeCurrency": {"value": _HOME[country]},
        },
        "OtherPrefs": {"NameValue": []},
    }
    company.add("Preferences", {"Id": "1", **preferences}, SEEDED_AT)


def _account(
    company: Company, row: tuple[str, str, str, str, str | None], *, currency: str | None = None, active: bool = True
) -> None:
    number, name, kind, sub_type, parent_name = row
    parent = _named(company, "Account", parent_name)
    shown = name if active else name + DELETED_SUFFIX
    code = currency or company.home_currency
    record = {
        **({"AcctNum": number} if number else {}),
        "Name": shown,
        "FullyQualifiedName": f"{parent_name}:{shown}" if parent else shown,
        "SubAccount": parent is not None,
        **({"ParentRef": {"value": parent["Id"], "name": parent_name}} if parent else {}),
        "AccountType": kind,
        "AccountSubType": sub_type,
        "Classification": CLASSIFICATIONS[kind],
        "CurrencyRef": {"value": code, "name": charts.CURRENCY_NAMES[code]},
        "Active": active,
    }
    company.add("Account", record, SEEDED_AT)


def _taxes(company: Company, country: str) -> None:
    company.add("TaxAgency", {"DisplayName": charts.TAX_AGENCIES[country]}, SEEDED_AT)
    if country == "US":
        for name, taxable in (("TAX", True), ("NON", False)):
            pseudo = {"Id": name, "Name": name, "Description": name, "TaxGroup": False, "Taxable": taxable}
            company.add("TaxCode", _active(pseudo), SEEDED_AT)
    company.new_id("TaxCode")  # real companies have no code 1
    for name, description, sales, purchases in charts.TAX_CODES[country]:
        _tax_code(company, name, description, sales, purchases)


def _tax_code(
    company: Company,
    name: str,
    description: str,
    sales: tuple[tuple[str, str], ...],
    purchases: tuple[tuple[str, str], ...],
) -> None:
    lists = {
        field: {"TaxRateDetail": [_tax_rate(company, rate_name, percent) for rate_name, percent in rates]}
        for field, rates in (("SalesTaxRateList", sales), ("PurchaseTaxRateList", purchases))
    }
    kind = "SYSTEM_GENERATED" if company.country == "US" else "USER_DEFINED"
    head = {"Name": name, "Description": description, "TaxGroup": True, "Taxable": True, "TaxCodeConfigType": kind}
    company.add("TaxCode", _active({**head, **lists, "Hidden": False}), SEEDED_AT)


def _tax_rate(company: Company, name: str, percent: str) -> Record:
    rate = {
        "Name": name,
        "Description": name,
        "RateValue": Decimal(percent),
        "AgencyRef": {"value": "1"},
        "SpecialTaxType": "NONE",
        "DisplayType": "ReadOnly",
    }
    made = company.add("TaxRate", _active(rate), SEEDED_AT)
    ref = {"value": made["Id"], "name": name}
    return {"TaxTypeApplicable": "TaxOnAmount", "TaxRateRef": ref, "TaxOrder": 0}


def _people(company: Company) -> None:
    home = company.home_currency
    for name in charts.VENDORS:
        _person(company, "Vendor", name, home)
    _person(company, "Vendor", charts.INACTIVE_VENDOR + DELETED_SUFFIX, home, active=False)
    for name in charts.CUSTOMERS:
        _person(company, "Customer", name, home)
    parent = _named(company, "Customer", charts.PROJECT[0])
    assert parent is not None  # noqa: S101 - just made
    ref = {"value": parent["Id"], "name": parent["DisplayName"]}
    project = {"ParentRef": ref, "Job": True, "IsProject": True, "FullyQualifiedName": ":".join(charts.PROJECT)}
    _person(company, "Customer", charts.PROJECT[1], home, extra=project)
    _person(company, "Customer", charts.INACTIVE_CUSTOMER + DELETED_SUFFIX, home, active=False)
    if company.multicurrency:
        for entity, rows in (("Vendor", charts.FOREIGN_VENDORS), ("Customer", charts.FOREIGN_CUSTOMERS)):
            for name, currency in rows:
                _person(company, entity, name, currency)


def _person(
    company: Company, entity: str, name: str, currency: str, *, active: bool = True, extra: Record | None = None
) -> None:
    record = {
        "DisplayName": name,
        "PrintOnCheckName": name,
        "CurrencyRef": {"value": currency, "name": charts.CURRENCY_NAMES[currency]},
        "Active": active,
    }
    if entity == "Customer":
        record |= {"FullyQualifiedName": name, "Job": False, "IsProject": False}
    company.add(entity, record | (extra or {}), SEEDED_AT)


def _lists(company: Company, plan: str) -> None:
    for item in charts.ITEMS:
        _item(company, item)
    if plan == "Plus":
        for entity, rows in (("Class", charts.CLASSES), ("Department", charts.DEPARTMENTS)):
            for name, parent_name in rows:
                _tracked(company, entity, name, parent_name)
    for term, days in charts.TERMS:
        company.add("Term", _active({"Name": term, "DueDays": days, "Type": "STANDARD"}), SEEDED_AT)
    for method in charts.PAYMENT_METHODS:
        kind = "CREDIT_CARD" if method == "Credit Card" else "NON_CREDIT_CARD"
        company.add("PaymentMethod", _active({"Name": method, "Type": kind}), SEEDED_AT)


def _item(company: Company, row: tuple[str, str, Decimal, str | None, str | None]) -> None:
    name, kind, price, income, expense = row
    head = {"Name": name, "FullyQualifiedName": name, "Type": kind, "UnitPrice": price, "Taxable": True}
    refs = {}
    for field, account_name in (("IncomeAccountRef", income), ("ExpenseAccountRef", expense)):
        account = _named(company, "Account", account_name)
        if account is not None:
            refs[field] = {"value": account["Id"], "name": account_name}
    company.add("Item", _active({**head, **refs}), SEEDED_AT)


def _tracked(company: Company, entity: str, name: str, parent_name: str | None) -> None:
    parent = _named(company, entity, parent_name)
    path = f"{parent_name}:{name}" if parent else name
    link = {"ParentRef": {"value": parent["Id"], "name": parent_name}} if parent else {}
    sub = {f"Sub{entity}": parent is not None}
    company.add(entity, _active({"Name": name, "FullyQualifiedName": path, **sub, **link}), SEEDED_AT)


def _named(company: Company, entity: str, name: str | None) -> Record | None:
    found = company.named(entity, name) if name else None
    return company.tables[entity][found[1]] if found else None


def _active(record: Record) -> Record:
    return {**record, "Active": True}
