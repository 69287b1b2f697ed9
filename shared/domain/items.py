"""Items: receipts, invoices and credit notes on their way into the books."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from shared.domain.approvals import Approval
from shared.domain.auto_published import AutoPublished
from shared.domain.coding import Source
from shared.domain.connections import Destination, PublishAs, Slot
from shared.domain.duplicates import Duplicate
from shared.domain.errors import Problem
from shared.domain.item_approvals import ItemApproval

CalendarDate = date  # the fields below are named date as well


class Side(StrEnum):
    COSTS = "costs"
    SALES = "sales"


class ItemType(StrEnum):
    RECEIPT = "receipt"
    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"
    EXPENSE_CLAIM = "expense_claim"  # cost items of one person, published as one bill
    STATEMENT = "statement"  # kept here: accounting software has no such document
    DELIVERY_NOTE = "delivery_note"  # kept here as well
    ATM = "atm"  # cash drawn from a bank account: money spent from it
    MILEAGE = "mileage"
    OTHER = "other"


# Papers that are stored, found and shown, and never published.
KEPT_TYPES = frozenset({ItemType.STATEMENT, ItemType.DELIVERY_NOTE})
# What sales are; receipts of them are read as invoices that were paid at once, as they were before.
SALES_TYPES = frozenset({ItemType.RECEIPT, ItemType.INVOICE, ItemType.CREDIT_NOTE})


class TaxMode(StrEnum):
    """How line amounts stand to tax: `exclusive` without, `inclusive` with, `none` when the document has no tax."""

    EXCLUSIVE = "exclusive"
    INCLUSIVE = "inclusive"
    NONE = "none"


class Stage(StrEnum):
    RECEIVED = "received"
    NEEDS_REVIEW = "needs_review"
    READY = "ready"
    QUEUED = "queued"
    PUBLISHING = "publishing"
    UNKNOWN = "unknown"
    PUBLISHED = "published"


class Place(StrEnum):
    INBOX = "inbox"
    CLAIM = "claim"
    ARCHIVE = "archive"


@dataclass(frozen=True, slots=True)
class Line:
    """One line. `amount` is the line's total in the item's tax mode, `tax_amount` the document's own figure if any.

    category, tax_rate, product, project, customer (whom a cost is for; `billable` when it is to be charged on to them
    or to the project) and tracking (at most one value per dimension) are local entry ids.
    """

    description: str
    amount: Decimal
    quantity: Decimal = Decimal(1)
    unit_amount: Decimal | None = None
    tax_amount: Decimal | None = None
    category: str | None = None
    tax_rate: str | None = None
    product: str | None = None
    tracking: tuple[str, ...] = ()
    project: str | None = None
    customer: str | None = None
    billable: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """The file of an item: where it is kept and what it was when it was accepted. `size` in bytes."""

    key: str
    file_name: str
    mime_type: str
    size: int
    sha256: str


class FetchStatus(StrEnum):
    PENDING = "pending"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class FileFetch:
    """A file that is still to be fetched from an address (https), or could not be; gone once it was.

    `id` tells one wish for a file from the next; `problem` says why it failed.
    """

    id: str
    url: str
    file_name: str | None = None
    status: FetchStatus = FetchStatus.PENDING
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A member of a document that came in and means nothing here: where it stood, its JSON text, and why it stays out.

    `value` is cut to a bounded length.
    """

    field: str
    value: str
    reason: str


@dataclass(frozen=True, slots=True)
class Item:
    """What a document says and how it is coded. Edits change it; publishing never does.

    `contact` is the local id of the supplier (costs) or customer (sales). Amounts are in `currency`. `draft_digest`
    is of the body that first arrived, so that another body under the same external_id is told apart after edits too.
    `integration` is the item's own wish where it is published; see shared.domain.integrations for who else has a say.
    An expense claim has `items`, the ids of the items inside, in the place of lines. `owner` is the tenant's id of the
    person whose document it is. `confidence` says by field path how sure whoever read the document is, 0 to 1.

    `source` says who said the fields that `sources` does not name, by path as in problems (`lines[0].category`; `lines`
    stands for all of a line); ask shared.domain.code_item.source_of. `given` keeps what was read or suggested and
    gave way to a better word. `rules` are the ids of the rules that decided something, by their source.
    """

    id: str
    tenant: str
    account: str
    side: Side
    type: ItemType
    created_at: datetime
    currency: str
    tax_mode: TaxMode
    total: Decimal
    lines: tuple[Line, ...]
    contact: str | None = None
    date: CalendarDate | None = None
    due_date: CalendarDate | None = None
    number: str | None = None
    description: str | None = None
    tax_total: Decimal | None = None
    exchange_rate: Decimal | None = None
    paid: bool = False
    paid_on: CalendarDate | None = None
    payment_method: str | None = None
    destination: Destination | None = None
    publish_as: PublishAs | None = None
    integration: Slot | None = None
    items: tuple[str, ...] = ()
    external_id: str | None = None
    document: Document | None = None
    draft_digest: str | None = None
    bank_line: str | None = None  # the line that it was paid by, and its bank account's local id
    bank_account: str | None = None
    source: Source = Source.MANUAL
    sources: dict[str, Source] = field(default_factory=dict)
    given: dict[str, Any] = field(default_factory=dict)
    rules: dict[str, str] = field(default_factory=dict)
    owner: str | None = None
    confidence: dict[str, Decimal] = field(default_factory=dict)
    quarantine: tuple[Quarantined, ...] = ()
    fetch: FileFetch | None = None
    approval: ItemApproval | None = None  # None where nobody is asked
    reverse_charge: bool | None = None  # domestic reverse charge; None where nobody says
    approver: str | None = None  # who approves first in the software, a local entry id; None leaves that to it
    version: int = 0


class FactOutcome(StrEnum):
    """How one of an item's facts at the provider stands: document, payment, attachment, approver."""

    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Fact:
    """A payment, a file or an approver at the provider: its outcome, the provider's id, and what went wrong."""

    outcome: FactOutcome
    provider_id: str | None = None
    problem: Problem | None = None


class PaymentStatus(StrEnum):
    """Whether a published document was paid in the accounting software, as read back from there."""

    UNPAID = "unpaid"
    PAID = "paid"
    VOIDED = "voided"


@dataclass(frozen=True, slots=True)
class Published:
    """Where an item went: kept per connection and organisation, so that another organisation is never confused.

    `destination` is what it was published as, for control totals; None in records from before it was kept. `by` is who
    asked for it (empty in records from before it was kept).
    """

    connection: str
    organisation: str
    document_id: str
    document_type: str  # the provider's word: Invoices, CreditNotes, BankTransactions
    at: datetime
    status: str
    number: str | None = None
    url: str | None = None
    total: Decimal | None = None
    payment: Fact | None = None
    attachment: Fact | None = None
    approver: Fact | None = None  # of the person whom the item names; `provider_id` is theirs from the start
    destination: Destination | None = None
    approval: Approval | None = None  # where people decide on it
    payment_status: PaymentStatus | None = None  # None before it was first read back, or where it is not
    by: str = ""


@dataclass(frozen=True, slots=True)
class Summary:
    """What a list of items shows of one, kept in its state so that listing reads one record per item."""

    side: Side
    type: ItemType
    currency: str
    total: Decimal
    contact: str | None = None
    date: CalendarDate | None = None
    number: str | None = None
    has_document: bool = False
    integration: Slot | None = None  # the item's own wish


@dataclass(frozen=True, slots=True)
class ItemState:
    """Where an item stands: at most 1 KB stored, so that publishing costs one write unit for it.

    `generation` counts publications: unarchiving with `clear` begins the next. Queued and publishing are not stored:
    the pending marker is the queued state. `coding_version` stamps the readiness that was computed. `sent_through` is
    the connection that an item of unknown outcome went through; `claim` the expense claim that an item is inside;
    `duplicate` how it compares with the account's other items, where these are compared.
    """

    item: str
    stage: Stage
    place: Place
    summary: Summary
    generation: int = 1
    coding_version: int = -1
    reasons: tuple[Problem, ...] = ()
    last_error: Problem | None = None
    published: Published | None = None
    sent_through: str | None = None
    claim: str | None = None
    duplicate: Duplicate | None = None
    auto_publish: AutoPublished | None = None  # None where nobody wished it
    version: int = 0


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """A line of an item's history."""

    at: datetime
    actor: str
    what: str
    details: dict[str, object] = field(default_factory=dict)
