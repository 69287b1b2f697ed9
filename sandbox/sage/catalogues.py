"""Sage's fixed lists, what each plan may do, and which area of access a resource belongs to.

Source: the published description (v3.1) for names, availability by plan and areas; developer.sage.com/accounting,
guides "Payments and Receipts" and "Attachments". Ids that no document names are assumed and marked so.
"""

TRANSACTION_TYPES = (
    ("PURCHASE_INVOICE", "Purchase Invoice"), ("SALES_INVOICE", "Sales Invoice"),
    ("PURCHASE_CREDIT_NOTE", "Purchase Credit Note"), ("SALES_CREDIT_NOTE", "Sales Credit Note"),
    ("PURCHASE_QUICK_ENTRY", "Purchase Quick Entry"), ("SALES_QUICK_ENTRY", "Sales Quick Entry"),
    ("CUSTOMER_RECEIPT", "Customer Receipt"), ("VENDOR_PAYMENT", "Supplier Payment"),
    ("CUSTOMER_REFUND", "Customer Refund"), ("VENDOR_REFUND", "Supplier Refund"),
    ("OTHER_PAYMENT", "Other Payment"), ("OTHER_RECEIPT", "Other Receipt"),
)  # fmt: skip
# DRAFT and VOID are used by the description; UNPAID, PART_PAID and PAID are assumed.
ARTEFACT_STATUSES = (
    ("DRAFT", "Draft"), ("UNPAID", "Unpaid"), ("PART_PAID", "Part paid"), ("PAID", "Paid"), ("VOID", "Void"),
)  # fmt: skip
QUICK_ENTRY_TYPES = (("INVOICE", "Invoice"), ("CREDIT_NOTE", "Credit Note"))
# PURCHASE_INVOICE is used by three independent clients; the others follow it (assumed).
ATTACHMENT_CONTEXTS = {
    "PURCHASE_INVOICE": "purchase_invoices", "SALES_INVOICE": "sales_invoices",
    "PURCHASE_CREDIT_NOTE": "purchase_credit_notes", "SALES_CREDIT_NOTE": "sales_credit_notes",
    "PURCHASE_QUICK_ENTRY": "purchase_quick_entries", "SALES_QUICK_ENTRY": "sales_quick_entries",
    "OTHER_PAYMENT": "other_payments", "CONTACT_PAYMENT": "contact_payments", "CONTACT": "contacts",
}  # fmt: skip
CONTACT_TYPES = (("CUSTOMER", "Customer"), ("VENDOR", "Supplier"))
PAYMENT_METHODS = (
    ("CASH", "Cash"), ("CHECK", "Cheque"), ("CREDIT_DEBIT", "Credit/Debit"), ("ELECTRONIC", "Electronic"),
    ("OTHER", "Other"),
)  # fmt: skip
LEDGER_ACCOUNT_TYPES = (
    ("SALES", "Sales"), ("DIRECT_EXPENSES", "Direct Expenses"), ("OVERHEADS", "Overheads"),
    ("OTHER_INCOME", "Other Income"), ("FIXED_ASSETS", "Fixed Assets"), ("CURRENT_ASSETS", "Current Assets"),
    ("CURRENT_LIABILITIES", "Current Liabilities"), ("FUTURE_LIABILITIES", "Future Liabilities"),
    ("EQUITY", "Equity"), ("DEPRECIATION", "Depreciation"), ("BANK", "Bank"),
)  # fmt: skip
BANK_ACCOUNT_TYPES = (
    ("CHECKING", "Current"), ("SAVINGS", "Savings"), ("CREDIT_CARD", "Credit Card"), ("CASH", "Cash in Hand"),
    ("LOAN", "Loan"), ("OTHER", "Other"),
)  # fmt: skip
CATALOG_ITEM_TYPES = (("NON_STOCK", "Non-stock"), ("SERVICE", "Service"), ("STOCK", "Stock"))
CURRENCIES = (
    ("GBP", "Pound Sterling (GBP)"), ("EUR", "Euro (EUR)"), ("USD", "US Dollar (USD)"),
    ("CAD", "Canadian Dollar (CAD)"), ("CHF", "Swiss Franc (CHF)"), ("JPY", "Japanese Yen (JPY)"),
)  # fmt: skip
COUNTRIES = (("GB", "United Kingdom"), ("IE", "Ireland"), ("US", "United States"), ("CA", "Canada"))
TAX_SCHEMES = (("ACCRUAL", "Standard"), ("CASH", "Cash"), ("NOT_REGISTERED", "Not registered"))

FIXED = {
    "transaction_types": TRANSACTION_TYPES,
    "artefact_statuses": ARTEFACT_STATUSES,
    "quick_entry_types": QUICK_ENTRY_TYPES,
    "attachment_context_types": tuple((key, key.replace("_", " ").title()) for key in ATTACHMENT_CONTEXTS),
    "contact_types": CONTACT_TYPES,
    "payment_methods": PAYMENT_METHODS,
    "ledger_account_types": LEDGER_ACCOUNT_TYPES,
    "ledger_account_classifications": LEDGER_ACCOUNT_TYPES,
    "bank_account_types": BANK_ACCOUNT_TYPES,
    "catalog_item_types": CATALOG_ITEM_TYPES,
    "currencies": CURRENCIES,
    "countries": COUNTRIES,
    "tax_schemes": TAX_SCHEMES,
}

# (method, resource) by the plans that lack it: "Endpoint Availability" of the description. Lists are readable in
# every plan but for these.
LACKING = {
    ("GET", "stock_items"): {"STANDARD", "START"},
    ("GET", "analysis_types"): {"START"},
    ("GET", "analysis_type_categories"): {"START"},
    ("POST", "purchase_invoices"): {"START"},
    ("POST", "purchase_credit_notes"): {"STANDARD", "START"},
    ("POST", "sales_credit_notes"): {"STANDARD"},
    ("POST", "purchase_quick_entries"): {"START"},
    ("POST", "sales_quick_entries"): {"START"},
}
# Subscription ids as developer.sage.com's businesses page shows them; which one stands for which plan is assumed.
SUBSCRIPTIONS = {"PLUS": "ACCOUNTING", "STANDARD": "ACCOUNTS", "START": "START"}

# "Access Control Restrictions" of the description: any of the areas is enough. Others are open to everyone.
AREAS = {
    "contacts": ("CONTACTS", "SALES", "PURCHASES"),
    "purchase_invoices": ("PURCHASES",), "purchase_credit_notes": ("PURCHASES",),
    "purchase_quick_entries": ("PURCHASES",), "sales_invoices": ("SALES",), "sales_credit_notes": ("SALES",),
    "sales_quick_entries": ("SALES",), "contact_payments": ("BANK",), "other_payments": ("BANK",),
    "bank_accounts": ("BANK",), "attachments": ("SALES", "PURCHASES"), "analysis_types": ("SETTINGS",),
    "analysis_type_categories": ("SETTINGS",), "transactions": ("JOURNALS",), "ledger_entries": ("JOURNALS",),
    "business_exchange_rates": ("SETTINGS",), "financial_settings": ("SETTINGS",), "business_settings": ("SETTINGS",),
    "products": ("SALES", "PURCHASES"), "services": ("SALES", "PURCHASES"), "stock_items": ("SALES", "PURCHASES"),
}  # fmt: skip
WRITE_AREAS = {"contacts": ("CONTACTS",)}
EVERY_AREA = frozenset({"CONTACTS", "SALES", "PURCHASES", "BANK", "SETTINGS", "JOURNALS"})
