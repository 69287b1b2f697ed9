"""What seeded companies hold: accounts, taxes, names and other lists, by country. Facts for tests to lean on."""

from decimal import Decimal

# number, name, AccountType, AccountSubType, parent's name; ids are 1, 2, 3 ... in this order.
ACCOUNTS = (
    ("1000", "Current Account", "Bank", "Checking", None),
    ("1010", "Savings Account", "Bank", "Savings", None),
    ("2100", "Company Credit Card", "Credit Card", "CreditCard", None),
    ("2000", "Accounts Payable (A/P)", "Accounts Payable", "AccountsPayable", None),
    ("1100", "Accounts Receivable (A/R)", "Accounts Receivable", "AccountsReceivable", None),
    ("1200", "Undeposited Funds", "Other Current Asset", "UndepositedFunds", None),
    ("2200", "Tax Control", "Other Current Liability", "GlobalTaxPayable", None),
    ("4000", "Sales", "Income", "SalesOfProductIncome", None),
    ("4010", "Services", "Income", "ServiceFeeIncome", None),
    ("5000", "Cost of Sales", "Cost of Goods Sold", "SuppliesMaterialsCogs", None),
    ("6000", "Advertising", "Expense", "AdvertisingPromotional", None),
    ("6010", "Office Expenses", "Expense", "OfficeGeneralAdministrativeExpenses", None),
    ("6020", "Travel", "Expense", "Travel", None),
    ("6021", "Meals", "Expense", "TravelMeals", "Travel"),
    ("6030", "Fuel", "Expense", "Auto", None),
    ("6040", "Rent", "Expense", "RentOrLeaseOfBuildings", None),
    ("6050", "Software Subscriptions", "Expense", "DuesSubscriptions", None),
    ("6060", "Bank Charges", "Expense", "BankCharges", None),
    ("1500", "Equipment", "Fixed Asset", "MachineryAndEquipment", None),
    ("3000", "Retained Earnings", "Equity", "RetainedEarnings", None),
)
INACTIVE_ACCOUNT = ("6070", "Telephone", "Expense", "Utilities")
# Besides those, where there is multicurrency: name, type, sub type, currency.
FOREIGN_ACCOUNTS = (
    ("Euro Account", "Bank", "Checking", "EUR"),
    ("Accounts Payable (A/P) - EUR", "Accounts Payable", "AccountsPayable", "EUR"),
    ("Accounts Payable (A/P) - USD", "Accounts Payable", "AccountsPayable", "USD"),
    ("Accounts Receivable (A/R) - EUR", "Accounts Receivable", "AccountsReceivable", "EUR"),
    ("Accounts Receivable (A/R) - USD", "Accounts Receivable", "AccountsReceivable", "USD"),
)
CURRENCIES = (("EUR", "Euro", "0.86"), ("USD", "United States Dollar", "0.79"))
CURRENCY_NAMES = {
    "GBP": "British Pound Sterling",
    "USD": "United States Dollar",
    "CAD": "Canadian Dollar",
    "EUR": "Euro",
}

# Tax codes: name, description, rates (name, percent) on sales, rates on purchases. Ids are 2, 3, 4 ... in this order.
_Rates = tuple[tuple[str, str], ...]
TAX_CODES: dict[str, tuple[tuple[str, str, _Rates, _Rates], ...]] = {
    "GB": (
        ("20.0% S", "Standard rate", (("20.0% S", "20"),), (("20.0% S (Purchases)", "20"),)),
        ("5.0% R", "Reduced rate", (("5.0% R", "5"),), (("5.0% R (Purchases)", "5"),)),
        ("0.0% Z", "Zero rate", (("0.0% Z", "0"),), (("0.0% Z (Purchases)", "0"),)),
        ("Exempt", "Exempt from VAT", (("Exempt", "0"),), (("Exempt (Purchases)", "0"),)),
        ("No VAT", "Outside the scope of VAT", (("No VAT", "0"),), (("No VAT (Purchases)", "0"),)),
        (
            "20.0% RC",
            "Reverse charge",
            (("0.0% RC", "0"),),
            (("20.0% RC (Purchases)", "20"), ("20.0% RC (Sales)", "-20")),
        ),
    ),
    "CA": (
        ("GST", "Goods and services tax", (("GST", "5"),), (("GST (ITC)", "5"),)),
        ("HST ON", "Harmonized sales tax, Ontario", (("HST ON", "13"),), (("HST ON (ITC)", "13"),)),
        (
            "GST/PST BC",
            "GST and British Columbia's PST",
            (("GST (with PST)", "5"), ("PST BC", "7")),
            (("GST (ITC, with PST)", "5"), ("PST BC (Purchases)", "7")),
        ),
        (
            "GST/QST QC - 9.975",
            "GST and Quebec's sales tax",
            (("GST (with QST)", "5"), ("QST 9.975", "9.975")),
            (("GST (ITC, with QST)", "5"), ("QST 9.975 (ITR)", "9.975")),
        ),
        ("Zero-rated", "Zero-rated", (("GST/HST 0", "0"),), (("GST/HST (ITC) 0", "0"),)),
        ("Exempt", "Exempt", (("GST/HST exempt", "0"),), (("GST/HST exempt (Purchases)", "0"),)),
        ("Out of Scope", "Out of scope", (("No tax", "0"),), (("No tax (Purchases)", "0"),)),
    ),
    "US": (
        ("California", "California", (("CA State", "7.25"), ("Alameda County", "1")), ()),
        ("Tucson", "Tucson, Arizona", (("AZ State tax", "5.6"), ("Tucson City", "2.6")), ()),
    ),
}
TAX_AGENCIES = {"GB": "HM Revenue & Customs", "CA": "Canada Revenue Agency", "US": "Department of Revenue"}

# Vendors begin at id 55, customers follow; the last of each is inactive.
VENDORS = ("Bright Office Supplies", "Northern Fuel", "Cloud Software", "City Taxis", "O'Neil & Sons")
INACTIVE_VENDOR = "Old Stationers"
FOREIGN_VENDORS = (("Lyon Papeterie SARL", "EUR"), ("Hudson Tools LLC", "USD"))
CUSTOMERS = ("Riverside Cafe", "Green Gardens")
PROJECT = ("Green Gardens", "Summer Terrace")
INACTIVE_CUSTOMER = "Closed Bistro"
FOREIGN_CUSTOMERS = (("Berlin Feinkost GmbH", "EUR"),)
# name, Type, price, income account, expense account
ITEMS: tuple[tuple[str, str, Decimal, str | None, str | None], ...] = (
    ("Consulting", "Service", Decimal(90), "Services", "Office Expenses"),
    ("Printer Paper", "NonInventory", Decimal("4.5"), "Sales", "Office Expenses"),
    ("Gift Box", "NonInventory", Decimal(25), "Sales", None),
)
CLASSES = (("Retail", None), ("Wholesale", None), ("Export", "Wholesale"))
DEPARTMENTS = (("Head Office", None), ("Market Stall", None))
TERMS = (("Due on receipt", 0), ("Net 15", 15), ("Net 30", 30))
PAYMENT_METHODS = ("Cash", "Check", "Credit Card", "Direct Debit")
