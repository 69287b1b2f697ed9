"""What callers see of items."""

from datetime import date as calendar_date
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from pydantic import Field

from functions.publish.arrival_views import FetchView, QuarantinedView
from functions.publish.automation_views import AutoPublishView, ItemApprovalView
from shared.aws.http import View
from shared.domain.approvals import Approval, ApprovalOutcome
from shared.domain.catalogue import kind_of
from shared.domain.code_item import sources_shown
from shared.domain.coding import Source
from shared.domain.connections import Destination, PublishAs, Slot
from shared.domain.duplicates import Decision
from shared.domain.errors import Problem
from shared.domain.integrations import Because
from shared.domain.items import (
    Document,
    Fact,
    FactOutcome,
    Item,
    ItemState,
    ItemType,
    Line,
    PaymentStatus,
    Place,
    Published,
    Side,
    Stage,
    TaxMode,
)
from shared.domain.publishing import PendingMarker
from shared.domain.readiness import coded
from shared.usecases.create_items import Taken
from shared.usecases.integrations import Shown, Ways
from shared.usecases.read_items import Seen, shown_stage


class ProblemView(View):
    """One thing that is wrong, its cause and what to do about it; the provider's own words beside ours."""

    code: str
    cause: str
    remedy: str
    field: str | None
    provider_text: str | None
    until: datetime | None
    details: dict[str, Any]

    @classmethod
    def of(cls, problem: Problem) -> "ProblemView":
        kind = kind_of(problem)
        return cls(
            code=kind.code,
            cause=kind.cause,
            remedy=kind.remedy,
            field=problem.field,
            provider_text=problem.provider_text,
            until=problem.until,
            details=problem.details,
        )

    @classmethod
    def maybe(cls, problem: Problem | None) -> "ProblemView | None":
        return None if problem is None else cls.of(problem)


class LineView(View):
    """A line; entries are local ids."""

    description: str
    amount: Decimal
    quantity: Decimal
    unit_amount: Decimal | None
    tax_amount: Decimal | None
    category: str | None
    tax_rate: str | None
    product: str | None
    tracking: list[str]
    project: str | None
    customer: str | None
    billable: bool

    @classmethod
    def of(cls, line: Line) -> "LineView":
        return cls(
            description=line.description,
            amount=line.amount,
            quantity=line.quantity,
            unit_amount=line.unit_amount,
            tax_amount=line.tax_amount,
            category=line.category,
            tax_rate=line.tax_rate,
            product=line.product,
            tracking=list(line.tracking),
            project=line.project,
            customer=line.customer,
            billable=line.billable,
        )


class DocumentView(View):
    """The item's file: type by its content, size in bytes."""

    file_name: str
    mime_type: str
    size: int
    sha256: str

    @classmethod
    def maybe(cls, document: Document | None) -> "DocumentView | None":
        if document is None:
            return None
        return cls(
            file_name=document.file_name, mime_type=document.mime_type, size=document.size, sha256=document.sha256
        )


class FactView(View):
    """A payment, a file or an approver at the provider."""

    outcome: FactOutcome
    provider_id: str | None
    problem: ProblemView | None

    @classmethod
    def maybe(cls, fact: Fact | None) -> "FactView | None":
        if fact is None:
            return None
        return cls(outcome=fact.outcome, provider_id=fact.provider_id, problem=ProblemView.maybe(fact.problem))


class ApprovalView(View):
    """People's decision on a document; when and by whom as far as their software tells."""

    connection: str
    outcome: ApprovalOutcome
    at: datetime | None
    by: str | None

    @classmethod
    def maybe(cls, approval: Approval | None) -> "ApprovalView | None":
        if approval is None:
            return None
        return cls(connection=approval.connection, outcome=approval.outcome, at=approval.at, by=approval.by)


class PublishedView(View):
    """The document in the accounting software, as the provider answered."""

    connection: str
    organisation: str
    document_id: str
    document_type: str
    at: datetime
    status: str
    number: str | None
    url: str | None
    total: Decimal | None
    payment: FactView | None
    payment_status: PaymentStatus | None = Field(
        description="As read back with a refresh; null before that, and where the software is not asked"
    )
    attachment: FactView | None
    approver: FactView | None = Field(description="Of the person whom the item names: whether the software knows it")
    approval: ApprovalView | None = Field(description="Where people decide on it")

    @classmethod
    def maybe(cls, published: Published | None) -> "PublishedView | None":
        if published is None:
            return None
        return cls(
            connection=published.connection,
            organisation=published.organisation,
            document_id=published.document_id,
            document_type=published.document_type,
            at=published.at,
            status=published.status,
            number=published.number,
            url=published.url,
            total=None if published.total is None else Decimal(published.total),
            payment=FactView.maybe(published.payment),
            payment_status=published.payment_status,
            attachment=FactView.maybe(published.attachment),
            approver=FactView.maybe(published.approver),
            approval=ApprovalView.maybe(published.approval),
        )


class QueuedView(View):
    """Since when the item waits to be sent, and because of which bulk request.

    `file_only`, `payment_only` and `approver_only`: the document is published already. `checks_document` is the
    provider's id of the one that a person named, until it has been looked up.
    """

    at: datetime
    publication: str | None
    file_only: bool
    payment_only: bool
    approver_only: bool
    checks_document: str | None

    @classmethod
    def maybe(cls, marker: PendingMarker | None) -> "QueuedView | None":
        if marker is None:
            return None
        return cls(
            at=marker.queued_at,
            publication=marker.publication,
            file_only=marker.attach_only and not (marker.pay_only or marker.approver_only),
            payment_only=marker.pay_only and not (marker.attach_only or marker.approver_only),
            approver_only=marker.approver_only and not (marker.attach_only or marker.pay_only),
            checks_document=marker.take_over,
        )


class IntegrationView(View):
    """The connection that an item is published through: the one it names, else by rule, default, or the main one.

    For an item that is queued or published it is the one that it was queued for or went through.
    """

    slot: Slot | None = Field(description="null where the connection is gone by now")
    connection: str | None = Field(description="null where nothing is connected in the slot")
    reason: Because
    own: Slot | None = Field(description="What the item itself names; null leaves it to rule and default")

    @classmethod
    def of(cls, shown: Shown) -> "IntegrationView":
        return cls(slot=shown.slot, connection=shown.connection, reason=shown.reason, own=shown.own)


_SOURCES: Final = (
    "Who said each field that has a value, by its path. What a connection fills in at publishing (default tax rate, "
    "destination, status) is named as `connection_default`, and is not on the item itself"
)


class LinksView(View):
    """Where to go on from an item."""

    self_: str = Field(alias="self", serialization_alias="self")
    preview: str
    timeline: str
    document: str | None = Field(description="The document in the accounting software")


class ItemView(View):
    """An item: what it says, how it is coded (local ids), and where it stands.

    `reasons` say why it may not be published now; `last_error` is kept until a success.
    """

    id: str
    version: int
    side: Side
    type: ItemType
    created_at: datetime
    currency: str
    tax_mode: TaxMode
    total: Decimal
    tax_total: Decimal | None
    lines: list[LineView]
    items: list[str] = Field(description="Of an expense claim: the items inside")
    claim: str | None = Field(description="The expense claim that the item is inside, and is published with")
    contact: str | None
    date: calendar_date | None
    due_date: calendar_date | None
    number: str | None
    description: str | None
    exchange_rate: Decimal | None
    paid: bool
    reverse_charge: bool | None = Field(description="Domestic reverse charge; null where nobody says")
    paid_on: calendar_date | None
    payment_method: str | None
    destination: Destination | None
    publish_as: PublishAs | None
    approver: str | None = Field(description="Who approves first, where the item goes to software with approvers")
    integration: IntegrationView
    sources: dict[str, Source] = Field(description=_SOURCES)
    external_id: str | None
    owner: str | None
    bank_line: str | None = Field(description="The bank line that it was paid by, and its bank account")
    bank_account: str | None
    confidence: dict[str, Decimal] = Field(description="0 to 1, by field path, as it came")
    quarantine: list[QuarantinedView]
    document: DocumentView | None
    fetch: FetchView | None
    approval: ItemApprovalView
    auto_publish: AutoPublishView
    duplicate_of: str | None = Field(description="The item that this one seems to repeat")
    duplicate_document: str | None = Field(
        description="The document in the accounting software that this one seems to repeat, by its id there"
    )
    duplicate_decision: Decision | None = Field(description="What a person said of that")
    stage: Stage
    place: Place
    generation: int
    reasons: list[ProblemView]
    last_error: ProblemView | None
    queued: QueuedView | None
    published: PublishedView | None
    links: LinksView


_PLAIN: Final = [
    "id",
    "version",
    "side",
    "type",
    "created_at",
    "currency",
    "tax_mode",
    "total",
    "tax_total",
    "contact",
    "date",
    "due_date",
    "number",
    "description",
    "exchange_rate",
    "paid",
    "reverse_charge",
    "paid_on",
    "payment_method",
    "destination",
    "publish_as",
    "approver",
    "external_id",
    "owner",
    "bank_line",
    "bank_account",
    "confidence",
]


# A contact or payment method that was deleted reads blank; the item keeps it, so that restoring it heals.
_GONE: Final = frozenset({("contact", "supplier_archived"), ("payment_method", "entry_inactive")})


def item_view(seen: Seen | Taken, ways: Ways) -> ItemView:
    """How an item is shown, whether it was just read, made or changed; `ways` are its account's."""
    item, state, marker = seen.item, seen.state, seen.marker
    reasons = seen.reasons if isinstance(seen, Seen) else state.reasons
    gone = {reason.field for reason in reasons if (reason.field, reason.code) in _GONE}
    filled = coded(item, ways.of_marker(item, marker).settings)
    sources = sources_shown(item, filled)
    return ItemView(
        **{name: None if name in gone else getattr(item, name) for name in _PLAIN} | {"paid": filled.paid},
        lines=[LineView.of(line) for line in item.lines],
        items=list(item.items),
        claim=state.claim,
        integration=IntegrationView.of(ways.shown(item, state, marker)),
        sources={path: source for path, source in sources.items() if path not in gone},
        quarantine=QuarantinedView.each(item.quarantine),
        document=DocumentView.maybe(item.document),
        fetch=FetchView.maybe(item.fetch),
        approval=ItemApprovalView.of(item),
        auto_publish=AutoPublishView.of(state),
        duplicate_of=state.duplicate.suspected if state.duplicate else None,
        duplicate_document=state.duplicate.suspected_there if state.duplicate else None,
        duplicate_decision=state.duplicate.decision if state.duplicate else None,
        stage=shown_stage(state, marker),
        place=state.place,
        generation=state.generation,
        reasons=[ProblemView.of(reason) for reason in reasons],
        last_error=ProblemView.maybe(state.last_error),
        queued=QueuedView.maybe(marker),
        published=PublishedView.maybe(state.published),
        links=_links(item, state),
    )


def _links(item: Item, state: ItemState) -> LinksView:
    here = f"/v1/accounts/{item.account}/items/{item.id}"
    there = state.published.url if state.published else None
    return LinksView(self=here, preview=f"{here}/preview", timeline=f"{here}/timeline", document=there)
