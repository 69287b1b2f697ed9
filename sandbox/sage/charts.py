"""Charts of accounts, tax rates and other lists that the sandbox's businesses start with, by country (shortened).

Nominal codes and names follow Sage's default British chart; tax rate ids of GB are those that Sage's clients use
(GB_STANDARD, GB_LOWER, GB_ZERO, GB_EXEMPT, GB_NO_TAX), the others are formed alike (assumed). Names are invented.
"""

from dataclasses import dataclass

ALL_AREAS = ("banking", "expenses", "journals", "other_payments", "other_receipts", "reporting", "sales")
SALES = ("banking", "journals", "other_receipts", "reporting", "sales")
COSTS = ("banking", "expenses", "journals", "other_payments", "reporting")
LEDGER_ONLY = ("journals", "reporting")

# nominal code, name, ledger account type, areas it is visible in, default tax (S standard, Z zero, E exempt, N none)
ACCOUNTS = (
    (4000, "Sales - Products", "SALES", SALES, "S"), (4200, "Sales - Services", "SALES", SALES, "S"),
    (4900, "Other income", "OTHER_INCOME", SALES, "S"), (4910, "Bank interest received", "OTHER_INCOME", SALES, "N"),
    (5000, "Cost of sales - goods", "DIRECT_EXPENSES", COSTS, "S"),
    (5100, "Cost of sales - delivery", "DIRECT_EXPENSES", COSTS, "S"),
    (5200, "Cost of sales - other direct costs", "DIRECT_EXPENSES", COSTS, "S"),
    (6200, "Advertising and marketing", "OVERHEADS", COSTS, "S"), (6300, "Charitable gifts", "OVERHEADS", COSTS, "N"),
    (7010, "Wages and salaries", "OVERHEADS", COSTS, "N"), (7100, "Rent", "OVERHEADS", COSTS, "E"),
    (7110, "Rates", "OVERHEADS", COSTS, "N"), (7200, "Gas and electric", "OVERHEADS", COSTS, "S"),
    (7300, "Motor expenses", "OVERHEADS", COSTS, "S"), (7310, "Vehicle fuel", "OVERHEADS", COSTS, "S"),
    (7400, "Travel and subsistence", "OVERHEADS", COSTS, "Z"), (7410, "Hotels and meals", "OVERHEADS", COSTS, "S"),
    (7420, "Entertaining", "OVERHEADS", COSTS, "N"), (7500, "Office costs", "OVERHEADS", COSTS, "S"),
    (7510, "Postage and couriers", "OVERHEADS", COSTS, "S"), (7520, "Stationery", "OVERHEADS", COSTS, "S"),
    (7550, "Telephone and internet", "OVERHEADS", COSTS, "S"), (7560, "Software", "OVERHEADS", COSTS, "S"),
    (7600, "Legal and professional fees", "OVERHEADS", COSTS, "S"), (7610, "Accountancy", "OVERHEADS", COSTS, "S"),
    (7700, "Equipment hire", "OVERHEADS", COSTS, "S"), (7800, "Repairs and maintenance", "OVERHEADS", COSTS, "S"),
    (7810, "Cleaning", "OVERHEADS", COSTS, "S"), (7820, "Insurance", "OVERHEADS", COSTS, "E"),
    (7900, "Bank charges and interest", "OVERHEADS", COSTS, "N"),
    (8000, "Depreciation", "DEPRECIATION", LEDGER_ONLY, "N"),
    (8200, "Subscriptions", "OVERHEADS", COSTS, "S"), (8250, "Sundry expenses", "OVERHEADS", COSTS, "S"),
    (30, "Office equipment - cost", "FIXED_ASSETS", COSTS, "S"), (40, "Computers - cost", "FIXED_ASSETS", COSTS, "S"),
    (1103, "Prepayments", "CURRENT_ASSETS", ("banking", "journals", "other_payments", "reporting"), "N"),
    (2300, "Directors' loan account", "FUTURE_LIABILITIES", ("banking", "journals", "other_payments", "other_receipts",
     "reporting"), "N"),
    (3000, "Share capital", "EQUITY", LEDGER_ONLY, "N"), (9998, "Suspense", "CURRENT_LIABILITIES", LEDGER_ONLY, "N"),
)  # fmt: skip
# nominal code, name, ledger account type, control name (the names are assumed)
CONTROL_ACCOUNTS = (
    (1100, "Trade debtors", "CURRENT_ASSETS", "TRADE_DEBTORS"),
    (2100, "Trade creditors", "CURRENT_LIABILITIES", "TRADE_CREDITORS"),
    (2200, "VAT on sales", "CURRENT_LIABILITIES", "TAX_ON_SALES"),
    (2201, "VAT on purchases", "CURRENT_LIABILITIES", "TAX_ON_PURCHASES"),
    (7905, "Exchange rate gains and losses", "OVERHEADS", "EXCHANGE_RATE_GAINS"),
)

BankRow = tuple[int, str, str, str | None, str | None, bool]
# nominal code, name, bank account type, currency (None: the business's own), number, active
BANK_ACCOUNTS: tuple[BankRow, ...] = (
    (1200, "Current Account", "CHECKING", None, "40021234", True),
    (1210, "Savings Account", "SAVINGS", None, "40021242", True),
    (1230, "Petty Cash", "CASH", None, None, True),
    (1240, "Company Credit Card", "CREDIT_CARD", None, "0000-1111", True),
    (1290, "Old Current Account", "CHECKING", None, "40009999", False),
)
FOREIGN_BANK_ACCOUNTS: dict[str, tuple[BankRow, ...]] = {
    "GB": ((1250, "Euro Account", "CHECKING", "EUR", "EU0001", True),)
}


@dataclass(frozen=True)
class TaxRate:
    """`percentages` holds (percentage, from, to); `usage` is sales, purchase or both."""

    id: str
    name: str
    shown: str
    percentages: tuple[tuple[str, str, str | None], ...]
    usage: str = "both"
    visible: bool = True
    components: tuple[str, ...] = ()


def _since(percentage: str, first: str) -> tuple[tuple[str, str, str | None], ...]:
    return ((percentage, first, None),)


TAX_RATES = {
    "GB": (
        TaxRate(
            "GB_STANDARD",
            "STANDARD",
            "Standard 20.00%",
            (("17.5", "2010-01-01", "2011-01-03"), *_since("20", "2011-01-04")),
        ),
        TaxRate("GB_LOWER", "LOWER", "Lower Rate 5.00%", _since("5", "1997-09-01")),
        TaxRate("GB_ZERO", "ZERO", "Zero Rated 0.00%", _since("0", "1973-04-01")),
        TaxRate("GB_EXEMPT", "EXEMPT", "Exempt 0.00%", _since("0", "1973-04-01")),
        TaxRate("GB_NO_TAX", "NO_TAX", "No VAT", _since("0", "1973-04-01")),
        TaxRate("GB_HOSPITALITY", "HOSPITALITY", "Hospitality 12.50% (ended)", (("12.5", "2021-10-01", "2022-03-31"),)),
        TaxRate("GB_OLD_LOWER", "OLD_LOWER", "Lower Rate 8.00% (hidden)", _since("8", "1994-04-01"), visible=False),
    ),
    "IE": (
        TaxRate(
            "IE_STANDARD",
            "STANDARD",
            "Standard 23.00%",
            (("21", "2020-09-01", "2021-02-28"), *_since("23", "2021-03-01")),
        ),
        TaxRate("IE_REDUCED", "REDUCED", "Reduced 13.50%", _since("13.5", "2003-01-01")),
        TaxRate("IE_SECOND_REDUCED", "SECOND_REDUCED", "Second Reduced 9.00%", _since("9", "2011-07-01")),
        TaxRate("IE_ZERO", "ZERO", "Zero Rated 0.00%", _since("0", "1973-01-01")),
        TaxRate("IE_EXEMPT", "EXEMPT", "Exempt 0.00%", _since("0", "1973-01-01")),
        TaxRate("IE_NO_TAX", "NO_TAX", "No VAT", _since("0", "1973-01-01")),
    ),
    "CA": (
        TaxRate("CA_GST", "GST", "GST 5.00%", _since("5", "2008-01-01")),
        TaxRate("CA_PST_BC", "PST", "PST (BC) 7.00%", _since("7", "2013-04-01")),
        TaxRate(
            "CA_GST_PST_BC",
            "GST/PST",
            "GST/PST (BC) 12.00%",
            _since("12", "2013-04-01"),
            components=("CA_GST", "CA_PST_BC"),
        ),
        TaxRate("CA_HST_ON", "HST", "HST (ON) 13.00%", _since("13", "2010-07-01")),
        TaxRate("CA_ZERO", "ZERO", "Zero Rated 0.00%", _since("0", "2008-01-01")),
        TaxRate("CA_NO_TAX", "NO_TAX", "No Tax", _since("0", "2008-01-01")),
    ),
    "US": (
        TaxRate("US_SALES_CA", "CALIFORNIA", "California 8.25%", _since("8.25", "2017-01-01"), usage="sales"),
        TaxRate("US_NO_TAX", "NO_TAX", "No Tax", _since("0", "2000-01-01")),
    ),
}
DEFAULT_TAX = {
    "GB": {"S": "GB_STANDARD", "Z": "GB_ZERO", "E": "GB_EXEMPT", "N": "GB_NO_TAX"},
    "IE": {"S": "IE_STANDARD", "Z": "IE_ZERO", "E": "IE_EXEMPT", "N": "IE_NO_TAX"},
    "CA": {"S": "CA_GST_PST_BC", "Z": "CA_ZERO", "E": "CA_ZERO", "N": "CA_NO_TAX"},
    "US": {"S": "US_NO_TAX", "Z": "US_NO_TAX", "E": "US_NO_TAX", "N": "US_NO_TAX"},
}
# Countries whose lines must name a tax rate (assumed from the example "This field is required." for a line's rate).
TAX_RATE_REQUIRED = frozenset({"GB", "IE", "CA"})

# Units of the business's own currency for one unit of the foreign one.
EXCHANGE_RATES = {"GB": (("EUR", "0.86"), ("USD", "0.78")), "CA": (("USD", "1.36"),)}

ANALYSIS_TYPES = (
    ("Department", (("PROJ", "Projects"), ("RET", "Retail"), ("HO", "Head Office"))),
    ("Cost Centre", (("NORTH", "North"), ("SOUTH", "South"), ("WEST", "Westküste"))),
)
SUPPLIERS = {
    "GB": (
        "Northgate Stationers", "Severn Power", "Harbour Telecom", "Whitfield & Sons Couriers", "Café Ñandú",
        "Müller Büromöbel GmbH", "Crowther Legal LLP", "Pennine Print Works", "Fernhill Motors", "O'Neil Plumbing",
        "Oakdene Properties", "Lumen Software Ltd", "Redhill Cleaning", "日本文具株式会社", "Tidewater Fuel",
    ),
    "IE": ("Shannon Stationery", "Burren Energy", "Claddagh Legal", "Grand Canal Couriers", "Atlantic Fuel"),
    "US": ("Bayside Office Supply", "Granite Peak Internet", "Harper & Lowe CPAs", "Lakeshore Freight"),
    "CA": ("Fraser Valley Paper", "Pacific Hydro", "Gastown Legal", "Maple Couriers"),
}  # fmt: skip
CUSTOMERS = {
    "GB": ("Ridgeway University", "City Agency", "Bank West", "Boom FM", "Hamilton Smith", "Marine Systems"),
    "IE": ("Phoenix Park Events", "Dublin Bay Hotels", "Cork Harbour Trust"),
    "US": ("Alder Street Clinic", "Blue Heron Hotels", "Cedar Falls School District"),
    "CA": ("Stanley Park Tours", "Coast Mountain Clinic", "Granville Studios"),
}
# A contact of both kinds, and one that was made inactive.
BOTH = "Copperfield Insurance"
INACTIVE_SUPPLIER = "Dunmore Signs (closed)"

# table, item code, description, sales price, sales account, purchase price, purchase account, active
ITEMS = (
    ("products", "BOOK", "Fish out of Water: Finding Your Brand", "19.95", 4000, "9.99", 5000, True),
    ("products", "TSS-BLACK", "T-Shirt Small Black", "20.00", 4000, "7.50", 5000, True),
    ("products", "PAPER-A4", "A4 paper, box of five reams", "24.00", 4000, "18.40", 7520, True),
    ("products", "MUG-OLD", "Mug (discontinued)", "6.00", 4000, "2.00", 5000, False),
    ("services", "DEV-H", "Development work per hour", "80.00", 4200, None, 5200, True),
    ("services", "TRAIN", "Half day training", "250.00", 4200, None, 5200, True),
    ("stock_items", "GB1-WHITE", "Golf balls - white single", "5.60", 4000, "1.68", 5000, True),
)
