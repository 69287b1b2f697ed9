"""Charts of accounts, tax rates and other lists that a new Xero organisation starts with, by country (shortened).

Source: Xero's default charts of accounts and "Default tax rates" tables for GB, US and AU; account Types and Classes
of the Accounting API. Names of people and firms are invented.
"""

CLASSES = {
    "BANK": "ASSET", "CURRENT": "ASSET", "FIXED": "ASSET", "INVENTORY": "ASSET", "PREPAYMENT": "ASSET",
    "NONCURRENT": "ASSET", "CURRLIAB": "LIABILITY", "LIABILITY": "LIABILITY", "TERMLIAB": "LIABILITY",
    "EQUITY": "EQUITY", "DIRECTCOSTS": "EXPENSE", "EXPENSE": "EXPENSE", "OVERHEADS": "EXPENSE",
    "DEPRECIATN": "EXPENSE", "SALES": "REVENUE", "REVENUE": "REVENUE", "OTHERINCOME": "REVENUE",
}  # fmt: skip

# code, name, Type, which tax (S sales, P purchases, C capital, N none); "system" and flags follow in SYSTEM and PAYABLE
ACCOUNTS = (
    ("200", "Sales", "REVENUE", "S"), ("210", "Service Income", "REVENUE", "S"),
    ("260", "Other Revenue", "REVENUE", "S"), ("270", "Interest Income", "REVENUE", "N"),
    ("310", "Cost of Goods Sold", "DIRECTCOSTS", "P"), ("320", "Direct Wages", "DIRECTCOSTS", "N"),
    ("325", "Direct Expenses", "DIRECTCOSTS", "P"), ("400", "Advertising & Marketing", "OVERHEADS", "P"),
    ("401", "Audit & Accountancy fees", "OVERHEADS", "P"), ("404", "Bank Fees", "OVERHEADS", "N"),
    ("408", "Cleaning", "OVERHEADS", "P"), ("412", "Consulting", "OVERHEADS", "P"),
    ("416", "Depreciation Expense", "OVERHEADS", "N"), ("420", "Entertainment", "OVERHEADS", "N"),
    ("424", "Entertainment - 0%", "OVERHEADS", "N"), ("425", "Postage, Freight & Courier", "OVERHEADS", "P"),
    ("429", "General Expenses", "OVERHEADS", "P"), ("433", "Insurance", "OVERHEADS", "N"),
    ("437", "Interest Paid", "OVERHEADS", "N"), ("441", "Legal Expenses", "OVERHEADS", "P"),
    ("445", "Light, Power, Heating", "OVERHEADS", "P"), ("449", "Motor Vehicle Expenses", "OVERHEADS", "P"),
    ("457", "Operating Lease Payments", "OVERHEADS", "P"), ("461", "Printing & Stationery", "OVERHEADS", "P"),
    ("463", "IT Software and Consumables", "OVERHEADS", "P"), ("465", "Rates", "OVERHEADS", "N"),
    ("469", "Rent", "OVERHEADS", "P"), ("473", "Repairs & Maintenance", "OVERHEADS", "P"),
    ("477", "Salaries", "OVERHEADS", "N"), ("485", "Subscriptions", "OVERHEADS", "P"),
    ("489", "Telephone & Internet", "OVERHEADS", "P"), ("493", "Travel - National", "OVERHEADS", "P"),
    ("494", "Travel - International", "OVERHEADS", "N"), ("500", "Corporation Tax", "OVERHEADS", "N"),
    ("600", "Prepayments", "CURRENT", "N"), ("630", "Inventory", "INVENTORY", "N"),
    ("710", "Office Equipment", "FIXED", "C"), ("720", "Computer Equipment", "FIXED", "C"),
    ("764", "Plant and Machinery", "FIXED", "C"), ("805", "Accruals", "CURRLIAB", "N"),
    ("835", "Directors' Loan Account", "CURRLIAB", "N"), ("900", "Loan", "TERMLIAB", "N"),
    ("950", "Capital - Ordinary Shares", "EQUITY", "N"), ("970", "Owner A Funds Introduced", "EQUITY", "N"),
    ("610", "Accounts Receivable", "CURRENT", "N"), ("800", "Accounts Payable", "CURRLIAB", "N"),
    ("820", "Sales Tax", "CURRLIAB", "N"), ("960", "Retained Earnings", "EQUITY", "N"),
    ("860", "Rounding", "CURRLIAB", "N"), ("497", "Realised Currency Gains", "EXPENSE", "N"),
)  # fmt: skip
ARCHIVED_ACCOUNTS = (
    ("451", "Courier Contract (old)", "OVERHEADS", "P"),
    ("299", "Sales - Shop (closed)", "REVENUE", "S"),
)
SYSTEM = {
    "610": "DEBTORS", "800": "CREDITORS", "820": "GST", "960": "RETAINEDEARNINGS", "860": "ROUNDING",
    "497": "REALISEDCURRENCYGAIN",
}  # fmt: skip
PAYMENTS_ENABLED = ("835", "970")
IN_EXPENSE_CLAIMS = ("425", "429", "461", "463", "485", "489", "493", "494", "449", "420")

# code (None as on some cards), name, BankAccountType, currency (None: the books' own), number, Status
BANK_ACCOUNTS = (
    ("090", "Business Bank Account", "BANK", None, "20-11-33 40021234", "ACTIVE"),
    ("091", "Business Savings Account", "BANK", None, "20-11-33 40021242", "ACTIVE"),
    (None, "Business Credit Card", "CREDITCARD", None, "4929-0000-1111", "ACTIVE"),
    ("095", "PayPal", "PAYPAL", None, "pay@example.com", "ACTIVE"),
    ("099", "Old Current Account", "BANK", None, "20-11-33 40009999", "ARCHIVED"),
)
FOREIGN_BANK_ACCOUNTS = {
    "GB": (
        ("092", "Euro Account", "BANK", "EUR", "GB29EURX0001", "ACTIVE"),
        ("093", "Dollar Account", "BANK", "USD", "GB29USDX0001", "ACTIVE"),
    ),
    "US": (),
    "AU": (),
}  # fmt: skip

# TaxType, name, rate in percent, ReportTaxType, side (sales, purchases, capital, both), Status
TAX_RATES = {
    "GB": (
        ("OUTPUT2", "20% (VAT on Income)", "20", "OUTPUT", "sales", "ACTIVE"),
        ("INPUT2", "20% (VAT on Expenses)", "20", "INPUT", "purchases", "ACTIVE"),
        ("CAPEXINPUT2", "20% (VAT on Capital Purchases)", "20", "CAPEXINPUT", "capital", "ACTIVE"),
        ("RROUTPUT", "5% (VAT on Income)", "5", "OUTPUT", "sales", "ACTIVE"),
        ("RRINPUT", "5% (VAT on Expenses)", "5", "INPUT", "purchases", "ACTIVE"),
        ("ZERORATEDOUTPUT", "Zero Rated Income", "0", "ZERORATEDOUTPUT", "sales", "ACTIVE"),
        ("ZERORATEDINPUT", "Zero Rated Expenses", "0", "ZERORATEDINPUT", "purchases", "ACTIVE"),
        ("EXEMPTOUTPUT", "Exempt Income", "0", "EXEMPTOUTPUT", "sales", "ACTIVE"),
        ("EXEMPTINPUT", "Exempt Expenses", "0", "EXEMPTINPUT", "purchases", "ACTIVE"),
        ("DRCHARGE20", "Domestic Reverse Charge @ 20% (VAT on Expenses)", "0", "DRCHARGE", "purchases", "ACTIVE"),
        ("DRCHARGESUPPLY20", "Domestic Reverse Charge @ 20% (VAT on Income)", "0", "DRCHARGESUPPLY", "sales", "ACTIVE"),
        ("REVERSECHARGES", "Reverse Charge Expenses (20%)", "0", "REVERSECHARGES", "purchases", "ACTIVE"),
        ("NONE", "No VAT", "0", "NONE", "both", "ACTIVE"),
        ("TAX001", "17.5% (VAT on Expenses)", "17.5", "INPUT", "purchases", "DELETED"),
    ),
    "US": (
        ("OUTPUT", "Tax on Sales", "8.25", "OUTPUT", "sales", "ACTIVE"),
        ("INPUT", "Tax on Purchases", "8.25", "INPUT", "purchases", "ACTIVE"),
        ("TAX001", "New York City 8.875%", "8.875", "USSALESTAX", "both", "ACTIVE"),
        ("NONE", "Tax Exempt", "0", "NONE", "both", "ACTIVE"),
    ),
    "AU": (
        ("OUTPUT", "GST on Income", "10", "OUTPUT", "sales", "ACTIVE"),
        ("INPUT", "GST on Expenses", "10", "INPUT", "purchases", "ACTIVE"),
        ("CAPEXINPUT", "GST on Capital", "10", "CAPEXINPUT", "capital", "ACTIVE"),
        ("EXEMPTOUTPUT", "GST Free Income", "0", "EXEMPTOUTPUT", "sales", "ACTIVE"),
        ("EXEMPTEXPENSES", "GST Free Expenses", "0", "EXEMPTEXPENSES", "purchases", "ACTIVE"),
        ("INPUTTAXED", "Input Taxed", "0", "INPUTTAXED", "sales", "ACTIVE"),
        ("BASEXCLUDED", "BAS Excluded", "0", "BASEXCLUDED", "both", "ACTIVE"),
        ("NONE", "No GST", "0", "NONE", "both", "ACTIVE"),
    ),
}
ACCOUNT_TAX = {
    "GB": {"S": "OUTPUT2", "P": "INPUT2", "C": "CAPEXINPUT2", "N": "NONE"},
    "US": {"S": "OUTPUT", "P": "NONE", "C": "NONE", "N": "NONE"},
    "AU": {"S": "OUTPUT", "P": "INPUT", "C": "CAPEXINPUT", "N": "BASEXCLUDED"},
}

# code, description, units of it for one unit of the books' own currency
CURRENCIES = {
    "GB": (("GBP", "British Pound", "1"), ("EUR", "Euro", "1.1725"), ("USD", "United States Dollar", "1.2810")),
    "US": (("USD", "United States Dollar", "1"), ("CAD", "Canadian Dollar", "1.3640")),
    "AU": (("AUD", "Australian Dollar", "1"),),
}
TRACKING = (
    ("Region", "ACTIVE", (("North", "ACTIVE"), ("South", "ACTIVE"), ("Westküste", "ACTIVE"), ("Eastside", "ARCHIVED"))),
    ("Department", "ACTIVE", (("Projects", "ACTIVE"), ("Retail", "ACTIVE"), ("Head Office", "ACTIVE"))),
    ("Vehicle", "ARCHIVED", (("Van 1", "ACTIVE"), ("Van 2", "ACTIVE"))),
)
SUPPLIERS = {
    "GB": (
        "Northgate Stationers", "Severn Power", "Harbour Telecom", "Whitfield & Sons Couriers", "Café Ñandú",
        "Müller Büromöbel GmbH", "Åse Bjørnstad Konsult",
        "Crowther Legal LLP", "Pennine Print Works",
        "Brightwater Rates",
        "Fernhill Motors", "Société Générale de Café", "Copperfield Insurance", "O'Neil Plumbing", "Zielona Góra Meble",
        "Oakdene Properties", "Lumen Software Ltd", "Redhill Cleaning", "日本文具株式会社", "Tidewater Fuel",
    ),
    "US": (
        "Bayside Office Supply", "Granite Peak Internet", "Harper & Lowe CPAs", "Lakeshore Freight",
        "Sierra Coffee Co.",
    ),
    "AU": ("Banksia Stationery", "Coral Coast Energy", "Jacaranda Legal", "Kookaburra Couriers", "Southern Cross Fuel"),
}  # fmt: skip
CUSTOMERS = {
    "GB": (
        "Ridgeway University", "City Agency", "Bank West", "Boom FM", "Small Business Services", "Hamilton Smith",
        "Jakaranda Maple Systems", "Marine Systems", "Petrie McLoud Watson", "Rex Media Group",
    ),
    "US": ("Alder Street Clinic", "Blue Heron Hotels", "Cedar Falls School District"),
    "AU": ("Wattle Grove Council", "Redgum Studios", "Pacific Reef Tours"),
}  # fmt: skip
# code, name, sales price, sales account, purchase price, purchase account
ITEMS = (
    ("DEV-H", "Development work - developer onsite per hour", "80.00", "200", None, None),
    ("PM-H", "Project management per hour", "95.50", "210", None, None),
    ("BOOK", "Fish out of Water: Finding Your Brand", "19.95", "200", "9.9975", "310"),
    ("GB1-White", "Golf balls - white single", "5.60", "200", "1.6875", "310"),
    ("TSS - Black", "T-Shirt Small Black", "20.00", "200", "7.50", "310"),
    ("PAPER-A4", "A4 paper, box of five reams", None, None, "18.40", "461"),
    ("COURIER", "Courier, next day", None, None, "12.25", "425"),
    ("TRAIN", "Half day training - Microsoft Office", "250.00", "210", None, None),
)
