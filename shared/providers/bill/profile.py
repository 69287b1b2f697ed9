"""BILL's facts (accounts payable, API v3). Sources are pages of developer.bill.com, named beside each figure."""

from datetime import timedelta
from typing import Final

from shared.domain.connections import Destination, PublishAs, Slot
from shared.domain.items import ItemType, PaymentStatus, Side
from shared.domain.limits import LimitFigures
from shared.domain.lists import Kind
from shared.providers.facts import CredentialFacts, CredentialField, Profile, PublishingFacts

API: Final = "https://gateway.prod.bill.com/connect/v3"
API_V2: Final = "https://api.bill.com/api/v2"  # for what v3 lacks: choosing a bill's approvers
PAGE_SIZE: Final = 100  # `max` is 1 to 100; 0 and 101 are refused (observed by a client of the real sandbox)
TEXT_LENGTH: Final = 4000  # of a bill's description and of a line's ("Create a bill")
VENDOR_NAME_LENGTH: Final = 100  # "Create a vendor"
NUMBER_LENGTH: Final = 100  # assumed for invoiceNumber, as stated for a vendor credit's referenceNumber
BASE_CURRENCY: Final = "USD"  # "Create multiple bills": amounts are in USD but for vendors abroad
HOURLY_CALLS: Final = 20_000  # "API rate limits": for each developer key, all organizations together

ACCESS: Final = CredentialFacts(
    # "AP & AR sync token": the right way in for apps of partners. It cannot pay, and knows no MFA.
    fields=(
        CredentialField(
            "token_name", "Sync token name", "Settings, Sync & Integrations, Tokens: the name you gave it", secret=False
        ),
        CredentialField("token", "Sync token", "Shown once, when the token is made"),
        CredentialField(
            "organization_id", "Organization ID", "Settings, Company, Profile: it begins with 008", secret=False
        ),
    ),
    organisation_field="organization_id",
    session_lifetime=timedelta(hours=48),  # "BILL keys and tokens": without a call for so long
)

PUBLISHING: Final = PublishingFacts(
    batch_elements=100,  # "Create multiple bills": 100 in the newer page, 200 in older ones; all of them or none
    batch_bytes=3_000_000,  # assumed: no bound is published; well below what a gateway takes
    settle=timedelta(seconds=60),  # assumed: how soon a bill that was made shows in the list
    key_lifetime=timedelta(0),  # bills and vendors take no idempotency key: always looked up instead
    key_bound_to_token=False,
    file_bytes=6 * 1024 * 1024,  # "Upload bill document"
    files_per_document=10,  # assumed: no bound is published
    supplier_elements=20,  # "Create multiple vendors": all of them or none
    file_settle=timedelta(minutes=10),  # assumed: "Upload bill document" says that filing takes a few minutes
)

PROFILE: Final = Profile(
    name="bill",
    title="BILL",
    slots=(Slot.BILL,),
    steps=(
        "Sign in to BILL as an administrator of the organization.",
        "Under Settings, Sync & Integrations, Tokens, make a new sync token and copy its value.",
        "Copy the organization ID from your company's profile.",
        "Type the three in here, and confirm the organization.",
    ),
    kinds=(
        Kind.CATEGORIES,
        Kind.BANK_ACCOUNTS,
        Kind.SUPPLIERS,
        Kind.CUSTOMERS,
        Kind.DIMENSIONS,
        Kind.PRODUCTS,
        Kind.USERS,
        Kind.APPROVERS,
    ),
    # Every list takes a filter on updatedTime (observed by clients; "Filterable fields").
    delta_kinds=frozenset(
        {
            Kind.CATEGORIES,
            Kind.BANK_ACCOUNTS,
            Kind.SUPPLIERS,
            Kind.CUSTOMERS,
            Kind.DIMENSIONS,
            Kind.PRODUCTS,
            Kind.USERS,
            Kind.APPROVERS,
        }
    ),
    destinations={Side.COSTS: (Destination.PURCHASES,)},
    publish_as={
        # A bill is unpaid from the start. "Awaiting approval" asks for BILL's own approval policies.
        Destination.PURCHASES: (PublishAs.AWAITING_APPROVAL, PublishAs.AWAITING_PAYMENT),
    },
    item_types={Side.COSTS: (ItemType.RECEIPT, ItemType.INVOICE)},
    settings=("default_supplier_address",),
    cannot=(
        ("sales", "Sales documents go to the main connection: this connection is for bills."),
        ("credit_notes", "A vendor credit lowers what BILL pays out: enter it there, or publish to the main one."),
        ("foreign_bills", "A bill abroad is in its vendor's currency at BILL's own rate: enter it there."),
        ("drafts", "BILL has no drafts of bills."),
        ("payments", "A sync token cannot pay: bills are paid in BILL."),
        ("tax", "BILL is a US product without tax on bills: tax is part of each line's cost."),
        (
            "suppliers_without_address",
            "A new vendor needs street, city, postal code and country: its own or a default.",
        ),
        ("several_approvers", "An item names the first approver; who follows is decided by BILL's approval policies."),
    ),
    access=ACCESS,
    limits=LimitFigures(
        # Spread over the hour, the hourly limit of the key is never met. BILL knows no limit of an organization but
        # three calls at once: its share of a minute here leaves calls for others.
        per_minute=240,
        per_day=HOURLY_CALLS * 24,
        app_per_minute=HOURLY_CALLS // 60,
        publish_slots=2,  # "API rate limits": three calls at once, one of them a refresh
        refresh_slots=1,
        interactive_slots=1,
    ),
    publishing=PUBLISHING,
    url_variable="LEDGERBRIDGE_BILL_URL",
    # "Get list of bills": paymentStatus. A bill whose payment is under way, or paid in part, is in neither word.
    payment_statuses={
        "UNPAID": PaymentStatus.UNPAID,
        "PAID": PaymentStatus.PAID,
        "ARCHIVED": PaymentStatus.VOIDED,
    },
    cannot_show={
        "credit_note": "Vendor credits are refused before any call.",
        "money": "It takes bills alone: money spent goes to the main connection.",
        "payment": "A sync token cannot pay.",
    },
)
