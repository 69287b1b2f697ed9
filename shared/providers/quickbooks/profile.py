"""QuickBooks Online's facts. Sources are pages of developer.intuit.com, named beside each figure."""

from datetime import timedelta
from typing import Final

from shared.domain.connections import Destination, PublishAs, Slot
from shared.domain.items import ItemType, PaymentStatus, Side
from shared.domain.limits import LimitFigures
from shared.domain.lists import Kind
from shared.domain.reverse_charge import ReverseCharge
from shared.providers.facts import OAuthFacts, Profile, PublishingFacts

API: Final = "https://quickbooks.api.intuit.com/v3/company"
MINOR_VERSION: Final = "75"  # the only one since 1 August 2025 ("Minor versions")
PAGE_SIZE: Final = 1000  # the most that MAXRESULTS takes, and that one answer holds ("Query", "Batch", "CDC")
NUMBER_LENGTH: Final = 21  # of DocNumber ("Bill")
TEXT_LENGTH: Final = 4000  # of PrivateNote and of a line's Description ("Bill")
NAME_LENGTH: Final = 500  # of a vendor's or customer's DisplayName ("Vendor")
# "Upload": as many files as fit into 100 MB. That this many go through in one request is assumed.
FILES_PER_UPLOAD: Final = 20
BATCHES: Final = "batches"  # calls that are counted apart besides ("Limits and throttles")
UPLOAD_BYTES: Final = 100 * 1024 * 1024  # "Attachable": the whole request

# What may be switched on in a company (Organisation.features), from "Preferences".
MULTI_CURRENCY: Final = "multi_currency"
SALES_TAX: Final = "sales_tax"
CLASSES: Final = "classes"
CLASS_PER_DOCUMENT: Final = "class_per_document"
LOCATIONS: Final = "locations"
BILLABLE: Final = "billable_costs"
COST_CUSTOMERS: Final = "customers_on_costs"

_TYPES = (ItemType.RECEIPT, ItemType.INVOICE, ItemType.CREDIT_NOTE)

OAUTH: Final = OAuthFacts(
    # "OAuth 2.0" and the discovery document
    authorize_url="https://appcenter.intuit.com/connect/oauth2",
    token_url="https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer",  # noqa: S106
    revoke_url="https://developer.api.intuit.com/v2/oauth2/tokens/revoke",
    scopes=("com.intuit.quickbooks.accounting", "openid"),
    pkce=False,  # neither the documents nor Intuit's SDKs know it
    access_lifetime=timedelta(hours=1),
    refresh_idle_limit=timedelta(days=100),
    rotation_grace=None,  # the value changes about daily; an older one is refused at once
    revoke_body="json",
    organisation_parameter="realmId",
    consent_lifetime=timedelta(days=5 * 365),  # "Important changes to refresh token policy", November 2025
)

PUBLISHING: Final = PublishingFacts(
    batch_elements=30,  # "Batch"
    batch_bytes=3_000_000,  # assumed: no bound is published; well below what a gateway takes
    settle=timedelta(seconds=120),  # assumed: how soon a document that was made shows in CDC and queries
    key_lifetime=timedelta(0),  # a repeated requestid has made second documents: always looked up instead
    key_bound_to_token=False,
    file_bytes=25 * 1024 * 1024,  # the most that QuickBooks shows for one attachment; requests may hold 100 MB
    files_per_document=20,  # assumed: no bound is published
    files_per_call=20,  # assumed: an upload takes several, how many is not published; refused ones go up one by one
    file_settle=timedelta(seconds=120),  # assumed, as for documents: a repeated requestid would attach a file twice
)

PROFILE: Final = Profile(
    name="quickbooks",
    title="QuickBooks Online",
    slots=(Slot.MAIN,),
    steps=(
        "Switch on in QuickBooks what you want to use: classes, locations, billable expenses, multi-currency.",
        "Sign in to QuickBooks as an admin of the company.",
        "Choose the company to share, and allow access.",
        "Come back here and confirm the company.",
    ),
    kinds=(
        Kind.CATEGORIES,
        Kind.BANK_ACCOUNTS,
        Kind.SUPPLIERS,
        Kind.TAX_RATES,
        Kind.DIMENSIONS,
        Kind.CURRENCIES,
        Kind.CUSTOMERS,
        Kind.PROJECTS,
        Kind.PRODUCTS,
    ),
    # "Change data capture" leaves out tax codes and rates; classes, locations and currencies come with those.
    delta_kinds=frozenset(
        {Kind.CATEGORIES, Kind.BANK_ACCOUNTS, Kind.SUPPLIERS, Kind.CUSTOMERS, Kind.PROJECTS, Kind.PRODUCTS}
    ),
    delta_together=True,
    destinations={
        Side.COSTS: (
            Destination.PURCHASES,
            Destination.BANK_ACCOUNTS,
            Destination.CHECKS,
            Destination.CREDIT_CARDS,
        ),
        Side.SALES: (Destination.SALES, Destination.BANK_ACCOUNTS),
    },
    publish_as={
        # Documents are in the ledger at once: there is no draft, and nobody approves them.
        Destination.PURCHASES: (PublishAs.AWAITING_PAYMENT,),
        Destination.SALES: (PublishAs.AWAITING_PAYMENT,),
        Destination.BANK_ACCOUNTS: (),
        Destination.CHECKS: (),
        Destination.CREDIT_CARDS: (),
    },
    item_types={Side.COSTS: _TYPES, Side.SALES: _TYPES},
    cannot=(
        ("drafts", "QuickBooks has no drafts of bills and invoices: what is published is in the books."),
        ("bills_on_simple_start", "Simple Start and Easy Start have no bills: publish as money spent instead."),
        ("credit_notes_to_bank_accounts", "A refund is booked to a credit card only, in the US and Canada."),
        ("sales_lines_without_product", "A sales line names a product or service, which decides its category."),
        ("locations_per_line", "A location belongs to the whole document."),
        ("two_foreign_currencies", "A document, its supplier and its accounts are in one currency."),
        ("deleted_documents", "A document deleted there before it was looked up is held for a person to decide."),
    ),
    access=OAUTH,
    # "Limits and throttles": 500 requests a minute for a company, 10 a second for a company and app, 40 batches a
    # minute for a company and app. No daily limit is published (here: what the minutes allow), nor one of the app over
    # all companies.
    limits=LimitFigures(
        per_minute=500,
        per_day=500 * 60 * 24,
        app_per_minute=None,
        publish_slots=4,
        refresh_slots=1,
        interactive_slots=1,
        classes={BATCHES: 40},
    ),
    publishing=PUBLISHING,
    url_variable="LEDGERBRIDGE_QUICKBOOKS_URL",
    # By CompanyInfo's OfferingSku; that the names hold these words is assumed.
    plans_without={Destination.PURCHASES: ("simple start", "simplestart", "easy start", "easystart")},
    cannot_show={"payment": "What is paid is published as money spent: no payment follows a document."},
    secondaries=(Slot.BILL, Slot.APPROVALMAX),
    # QuickBooks keeps no status: these are made of what is open of a document. What is paid in part is open.
    payment_statuses={
        "OPEN": PaymentStatus.UNPAID,
        "PAID": PaymentStatus.PAID,
        "VOIDED": PaymentStatus.VOIDED,
        "Deleted": PaymentStatus.VOIDED,
    },
    settings=("duplicate_at_provider", "default_costs_tax_rate_without_tax", "default_sales_tax_rate_without_tax"),
    reverse_charge=ReverseCharge.TAX_RATE,
)
