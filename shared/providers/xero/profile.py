"""Xero's facts. Sources are pages of developer.xero.com, named beside each figure."""

from datetime import timedelta
from typing import Final

from shared.domain.approvals import ApprovalOutcome
from shared.domain.connections import Destination, PublishAs, Slot
from shared.domain.items import ItemType, PaymentStatus, Side
from shared.domain.limits import LimitFigures
from shared.domain.lists import Kind
from shared.domain.reverse_charge import ReverseCharge
from shared.providers.facts import OAuthFacts, Profile, PublishingFacts

API: Final = "https://api.xero.com/api.xro/2.0"
CONNECTIONS: Final = "https://api.xero.com/connections"
PAGE_SIZE: Final = 1000  # the most that `pageSize` takes ("Requests and responses")
TEXT_LENGTH: Final = 4000  # of a line's description (OpenAPI description)
NUMBER_LENGTH: Final = 255  # of InvoiceNumber and of a contact's Name (OpenAPI description)
TRACKING_PER_LINE: Final = 2  # "Tracking categories"

_ALL_STATUSES = (PublishAs.DRAFT, PublishAs.AWAITING_APPROVAL, PublishAs.AWAITING_PAYMENT, PublishAs.PAID)
_TYPES = (ItemType.RECEIPT, ItemType.INVOICE, ItemType.CREDIT_NOTE)

OAUTH: Final = OAuthFacts(
    # "The standard authorization code flow"
    authorize_url="https://login.xero.com/identity/connect/authorize",
    token_url="https://identity.xero.com/connect/token",  # noqa: S106
    revoke_url="https://identity.xero.com/connect/revocation",
    # Granular scopes, the only ones for apps made since 2 March 2026 ("Granular scopes" in the FAQ).
    scopes=(
        "openid",
        "profile",
        "email",
        "offline_access",
        "accounting.settings.read",
        "accounting.contacts",
        "accounting.invoices",
        "accounting.banktransactions",
        "accounting.payments",
        "accounting.attachments",
    ),
    pkce=False,  # web apps use a secret; PKCE is a separate type of app ("OAuth 2.0" in the FAQ)
    access_lifetime=timedelta(minutes=30),
    refresh_idle_limit=timedelta(days=60),
    rotation_grace=timedelta(minutes=30),
    subject_claim="xero_userid",
    consent_claim="authentication_event_id",
)

PUBLISHING: Final = PublishingFacts(
    batch_elements=50,  # the practical ceiling that "API limits" names
    batch_bytes=3_500_000,  # "API limits": 3.5 MB a request
    settle=timedelta(seconds=60),  # assumed: how soon a document that was made shows in a list
    key_lifetime=timedelta(minutes=4),  # two minutes less than "Idempotent requests" keeps a key
    key_bound_to_token=True,  # assumed: one team measured that a key is forgotten with its access token
    file_bytes=10 * 1024 * 1024,  # "Attachments"
    files_per_document=10,  # "Attachments"
    file_replaced_by_name=True,  # "Attachments": a file of the same name is replaced
)

PROFILE: Final = Profile(
    name="xero",
    title="Xero",
    slots=(Slot.MAIN,),
    steps=(
        "Sign in to Xero as a person with the Standard or Adviser role.",
        "Choose the organisation to share, and allow access.",
        "Come back here and confirm which organisation to connect.",
    ),
    kinds=(
        Kind.CATEGORIES,
        Kind.BANK_ACCOUNTS,
        Kind.SUPPLIERS,
        Kind.CUSTOMERS,
        Kind.TAX_RATES,
        Kind.DIMENSIONS,
        Kind.CURRENCIES,
        Kind.USERS,
        Kind.PRODUCTS,
    ),
    # Not products: Xero deletes items for good, so that only the whole list tells which are gone.
    delta_kinds=frozenset({Kind.CATEGORIES, Kind.BANK_ACCOUNTS, Kind.SUPPLIERS, Kind.CUSTOMERS, Kind.USERS}),
    destinations={
        Side.COSTS: (Destination.PURCHASES, Destination.BANK_ACCOUNTS),
        Side.SALES: (Destination.SALES, Destination.BANK_ACCOUNTS),
    },
    publish_as={
        Destination.PURCHASES: _ALL_STATUSES,
        Destination.SALES: _ALL_STATUSES,
        # Spend and receive money have no draft: they are in the ledger at once ("Bank transactions").
        Destination.BANK_ACCOUNTS: (),
    },
    item_types={Side.COSTS: _TYPES, Side.SALES: _TYPES},
    cannot=(
        ("expense_claims", "Classic expense claims are closed to new apps, and Xero Expenses has no API."),
        ("credit_notes_to_bank_accounts", "Spend and receive money take no credit notes: publish them as documents."),
        ("more_than_two_tracking_values", "A line takes at most two tracking categories."),
        ("foreign_spend_money", "A bank transaction is in the currency of its bank account."),
    ),
    access=OAUTH,
    # "OAuth 2.0 API limits": per organisation 60 a minute, 5,000 a day (1,000 on the Starter tier), 5 at once.
    limits=LimitFigures(
        per_minute=60, per_day=5_000, app_per_minute=10_000, publish_slots=3, refresh_slots=1, interactive_slots=1
    ),
    publishing=PUBLISHING,
    url_variable="LEDGERBRIDGE_XERO_URL",
    # "Publishing tax data" and multi-currency: a line may leave its tax, and a document its rate, to Xero.
    settings=(
        "bank_match",
        "duplicate_at_provider",
        "costs_paid",
        "sales_paid",
        "tax_policy",
        "tax_from_category",
        "multi_currency",
        "own_rate",
    ),
    secondaries=(Slot.BILL, Slot.APPROVALMAX),
    plans_without={Destination.PURCHASES: ("ledger",)},  # Organisation's Class: a plan without purchases
    # "Invoices": status codes. A bill that is paid in part stays AUTHORISED.
    payment_statuses={
        "DRAFT": PaymentStatus.UNPAID,
        "SUBMITTED": PaymentStatus.UNPAID,
        "AUTHORISED": PaymentStatus.UNPAID,
        "PAID": PaymentStatus.PAID,
        "VOIDED": PaymentStatus.VOIDED,
        "DELETED": PaymentStatus.VOIDED,
    },
    # A bill awaiting approval is SUBMITTED; one that an approver turns down becomes a draft again, never void
    # (support.approvalmax.com). Who deletes it has not decided on it.
    approval_statuses={
        "AUTHORISED": ApprovalOutcome.APPROVED,
        "PAID": ApprovalOutcome.APPROVED,
        "DRAFT": ApprovalOutcome.REJECTED,
        "VOIDED": ApprovalOutcome.CANCELLED,
        "DELETED": ApprovalOutcome.CANCELLED,
    },
    reverse_charge=ReverseCharge.TAX_RATE,
)
