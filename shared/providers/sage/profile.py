"""Sage Accounting's facts. Sources are pages of developer.sage.com/accounting and its API description, v3.1."""

from datetime import timedelta
from typing import Final

from shared.domain.connections import Destination, PublishAs, Slot
from shared.domain.items import ItemType, PaymentStatus, Side
from shared.domain.limits import LimitFigures
from shared.domain.lists import Kind
from shared.domain.reverse_charge import ReverseCharge
from shared.providers.facts import OAuthFacts, Profile, PublishingFacts

API: Final = "https://api.accounting.sage.com/v3.1"
PAGE_SIZE: Final = 200  # the most that items_per_page takes ("Pagination")
# Lengths of the API description's fields.
REFERENCE_LENGTH: Final = 25
VENDOR_REFERENCE_LENGTH: Final = 31
NOTES_LENGTH: Final = 2000
DETAILS_LENGTH: Final = 255
NAME_LENGTH: Final = 100

# What may be switched on in a business (Organisation.features), from "Financial settings".
MULTI_CURRENCY: Final = "multi_currency"
# Where `vat_reverse_charge` of invoices and credit notes means something ("Only used for a UK business").
REVERSE_CHARGE_COUNTRY: Final = "GB"
# Subscription ids of plans without a purchase ledger and without analysis types ("Analysis types").
SMALL_PLANS: Final = frozenset({"START", "MICRO"})
_SMALL: Final = tuple(sorted(plan.lower() for plan in SMALL_PLANS))

_TYPES = (ItemType.RECEIPT, ItemType.INVOICE, ItemType.CREDIT_NOTE)
_INVOICES = (PublishAs.DRAFT, PublishAs.AWAITING_PAYMENT, PublishAs.PAID)

OAUTH: Final = OAuthFacts(
    # "Authentication"
    authorize_url="https://www.sageone.com/oauth2/auth/central",
    token_url="https://oauth.accounting.sage.com/token",  # noqa: S106
    revoke_url="https://oauth.accounting.sage.com/revoke",
    scopes=("full_access",),
    pkce=True,
    access_lifetime=timedelta(minutes=5),
    refresh_idle_limit=timedelta(days=31),
    rotation_grace=None,  # none is documented: a refresh token that was used is spent
    subject_claim="requested_by_id",
    authorize_params={"filter": "apiv3.1"},
    client_auth="client_secret_post",
)

PUBLISHING: Final = PublishingFacts(
    batch_elements=1,  # there is no batch call, and documents must not be made side by side ("Best practices")
    batch_bytes=1_000_000,  # assumed: no bound is published; one document is far below it
    settle=timedelta(seconds=60),  # assumed: how soon a document that was made shows in a search
    key_lifetime=timedelta(days=6),  # a day less than "Idempotency" keeps an idempotency_id
    key_bound_to_token=False,
    file_bytes=2_621_440,  # file_size of the API description; that a larger file is refused without it is assumed
    files_per_document=10,  # assumed: no bound is published
    file_settle=timedelta(seconds=60),  # assumed, as for documents: attachments have no idempotency_id
)

PROFILE: Final = Profile(
    name="sage",
    title="Sage Accounting",
    slots=(Slot.MAIN,),
    steps=(
        "Sign in to Sage as a person with full access to sales, purchases, bank, contacts and settings.",
        "Allow access. Sage gives access to all businesses of that person.",
        "Come back here and choose the business to connect.",
    ),
    kinds=(
        Kind.CATEGORIES,
        Kind.SUPPLIERS,
        Kind.CUSTOMERS,
        Kind.TAX_RATES,
        Kind.BANK_ACCOUNTS,
        Kind.DIMENSIONS,
        Kind.CURRENCIES,
        Kind.PRODUCTS,
    ),
    # Everything that has `updated_or_created_since` in the API description. Deletions of ledger accounts, tax rates
    # and analysis types cannot be asked for: the weekly full pass finds them.
    delta_kinds=frozenset(
        {
            Kind.CATEGORIES,
            Kind.SUPPLIERS,
            Kind.CUSTOMERS,
            Kind.TAX_RATES,
            Kind.BANK_ACCOUNTS,
            Kind.DIMENSIONS,
            Kind.PRODUCTS,
        }
    ),
    destinations={
        Side.COSTS: (Destination.PURCHASES, Destination.BANK_ACCOUNTS, Destination.QUICK_ENTRIES),
        Side.SALES: (Destination.SALES, Destination.BANK_ACCOUNTS, Destination.QUICK_ENTRIES),
    },
    publish_as={
        Destination.PURCHASES: _INVOICES,
        Destination.SALES: _INVOICES,
        # Neither has a draft: they are in the ledger at once.
        Destination.QUICK_ENTRIES: (PublishAs.AWAITING_PAYMENT, PublishAs.PAID),
        Destination.BANK_ACCOUNTS: (),
    },
    item_types={Side.COSTS: _TYPES, Side.SALES: _TYPES},
    cannot=(
        ("webhooks", "Sage tells nobody of changes: lists are asked for what changed every hour."),
        ("projects", "Sage has no projects; analysis types take their place."),
        ("credit_notes_to_bank_accounts", "Other payments take no credit notes: publish them as documents."),
        ("paid_without_bank_account", "A paid item needs a payment method with a linked bank account."),
        ("purchases_on_start", "Accounting Start has no purchase invoices: publish paid items as other payments."),
        ("several_lines_as_quick_entry", "A quick entry has one category, one tax rate and no analysis types."),
        (
            "reverse_charge_elsewhere",
            "Domestic reverse charge is of invoices and credit notes of businesses in the UK.",
        ),
        ("foreign_other_payments", "Other payments and receipts are in the currency of their bank account."),
    ),
    access=OAUTH,
    # "Best practices": 1,296,000 calls a day and 150 at once for an app over all businesses; nothing for one business.
    # A minute's share of the app's day is the most that any business gets.
    limits=LimitFigures(
        per_minute=900,
        per_day=1_296_000,
        app_per_minute=900,
        publish_slots=1,  # writes, attachments among them, come one after the other
        refresh_slots=1,
        interactive_slots=1,
    ),
    publishing=PUBLISHING,
    url_variable="LEDGERBRIDGE_SAGE_URL",
    cannot_show={"several_in_one_call": "There is no batch call: every call makes one document."},
    refresh_every=timedelta(hours=1),
    # "Artefact statuses"; VOID is assumed, and DELETED is ours, for what deleted_since lists.
    payment_statuses={
        "DRAFT": PaymentStatus.UNPAID,
        "UNPAID": PaymentStatus.UNPAID,
        "PART_PAID": PaymentStatus.UNPAID,
        "PAID": PaymentStatus.PAID,
        "VOID": PaymentStatus.VOIDED,
        "DELETED": PaymentStatus.VOIDED,
    },
    settings=(
        "bank_match",
        "duplicate_at_provider",
        "costs_paid",
        "sales_paid",
        "default_costs_tax_rate_without_tax",
        "default_sales_tax_rate_without_tax",
    ),
    plans_without={Destination.PURCHASES: _SMALL, Destination.QUICK_ENTRIES: _SMALL},
    reverse_charge=ReverseCharge.SWITCH,
)
