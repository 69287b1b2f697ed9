"""ApprovalMax's facts. Sources are pages of developer.approvalmax.com and support.approvalmax.com, named beside each.

The description of its API is not public without an account: what is not on those pages is marked as assumed.
"""

from datetime import timedelta
from typing import Final

from shared.domain.approvals import Delivery
from shared.domain.connections import Destination, PublishAs, Slot
from shared.domain.items import ItemType, Side
from shared.domain.limits import LimitFigures
from shared.providers.facts import OAuthFacts, Profile, PublishingFacts

API: Final = "https://public-api.approvalmax.com/api/v1"
PAGE_SIZE: Final = 100  # `limit` takes no more (seen by clients of the API)
TEXT_LENGTH: Final = 4000  # assumed: a line's description, as in Xero, where the bill ends up
NUMBER_LENGTH: Final = 255  # assumed: as in Xero

_SCOPES: Final = "https://www.approvalmax.com/scopes/public_api"

OAUTH: Final = OAuthFacts(
    # "Authorization flow"
    authorize_url="https://identity.approvalmax.com/connect/authorize",
    token_url="https://identity.approvalmax.com/connect/token",  # noqa: S106
    revoke_url=None,  # none is documented: a person deletes the connection on ApprovalMax's own page
    scopes=(f"{_SCOPES}/read", f"{_SCOPES}/write", "offline_access"),
    pkce=False,  # not documented
    access_lifetime=timedelta(hours=1),
    refresh_idle_limit=timedelta(days=30),  # sliding, by what clients say
    rotation_grace=None,
    client_auth="client_secret_post",
)

PUBLISHING: Final = PublishingFacts(
    batch_elements=1,  # one request a call
    batch_bytes=3_000_000,  # assumed: no bound is published
    settle=timedelta(seconds=60),  # assumed: how soon a request that was made shows in the list
    key_lifetime=timedelta(0),  # no idempotency key is documented: always looked up instead
    key_bound_to_token=False,
    file_bytes=3 * 1024 * 1024,  # "Attachments": 3 MB each, nine of them
    files_per_document=9,
    file_settle=timedelta(seconds=60),  # assumed, as for requests: uploads have no key that would tell a repeat
)

PROFILE: Final = Profile(
    name="approvalmax",
    title="ApprovalMax",
    slots=(Slot.APPROVALMAX,),
    steps=(
        "Connect ApprovalMax to the same Xero or QuickBooks organisation, and switch its bill workflow on.",
        "Sign in to ApprovalMax as the account's owner, a manager or an administrator.",
        "Choose the organisation to share, and allow access.",
        "Come back here and confirm the organisation.",
    ),
    kinds=(),
    delta_kinds=frozenset(),
    destinations={Side.COSTS: (Destination.PURCHASES,)},
    publish_as={Destination.PURCHASES: (PublishAs.AWAITING_APPROVAL,)},
    item_types={Side.COSTS: (ItemType.RECEIPT, ItemType.INVOICE)},
    cannot=(
        ("sales", "Sales documents go to the main connection: nothing about them is approved here."),
        ("credit_notes", "ApprovalMax takes no credit notes: publish them to the main connection."),
        ("money_spent", "Only bills are approved: money spent goes to the main connection."),
        ("payments", "A bill is paid in the accounting software once it is approved."),
        ("large_files", "A file has at most 3 MB, a bill at most nine files."),
        ("ledger_delivery_beside_quickbooks", "Bills of QuickBooks arrive as approved: only the API can ask there."),
        ("new_suppliers_over_the_api", "The API makes no suppliers: make the supplier in the books first."),
        ("projects_and_customers_over_the_api", "The API has no field for them on a line."),
        ("api_without_premium", "The API needs ApprovalMax's Premium plan; delivery through the books does not."),
    ),
    access=OAUTH,
    # 100 reads a minute for an app and company, by what clients say; the limit of writes is not published: both are
    # kept within one lower figure (assumed). No limit of a day or of the app as a whole is known.
    limits=LimitFigures(
        per_minute=60,
        per_day=60 * 60 * 24,
        app_per_minute=10_000,
        publish_slots=1,
        refresh_slots=1,
        interactive_slots=1,
    ),
    publishing=PUBLISHING,
    url_variable="LEDGERBRIDGE_APPROVALMAX_URL",
    cannot_show={
        "credit_note": "It takes no credit notes.",
        "money": "It takes bills alone: money spent goes to the main connection.",
        "supplier": "Its API makes no suppliers.",
        "payment": "A bill is paid in the accounting software once it is approved.",
        "several_in_one_call": "There is no batch call: every call makes one request.",
    },
    settings=("delivery",),
    lists_of_main=True,
    deliveries=(Delivery.LEDGER, Delivery.API),
)
