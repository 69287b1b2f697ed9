"""What callers see of many items: a list's page, and the results of a request that brought several."""

from datetime import date as calendar_date
from decimal import Decimal

from functions.publish.views import IntegrationView, ItemView, ProblemView, PublishedView, QueuedView
from shared.aws.http import View
from shared.domain.items import ItemType, Place, Side, Stage
from shared.usecases.read_items import Row, shown_stage


class ListedView(View):
    """An item as a list shows it. `reasons` are the first few; reading the item gives all."""

    id: str
    stage: Stage
    place: Place
    side: Side
    type: ItemType
    currency: str
    total: Decimal
    contact: str | None
    date: calendar_date | None
    number: str | None
    has_document: bool
    claim: str | None
    duplicate_of: str | None
    integration: IntegrationView
    reasons: list[ProblemView]
    last_error: ProblemView | None
    queued: QueuedView | None
    published: PublishedView | None

    @classmethod
    def of(cls, row: Row) -> "ListedView":
        state, marker, summary = row.state, row.marker, row.state.summary
        return cls(
            id=state.item,
            stage=shown_stage(state, marker),
            place=state.place,
            side=summary.side,
            type=summary.type,
            currency=summary.currency,
            total=summary.total,
            contact=summary.contact,
            date=summary.date,
            number=summary.number,
            has_document=summary.has_document,
            claim=state.claim,
            duplicate_of=state.duplicate.suspected if state.duplicate else None,
            integration=IntegrationView.of(row.integration),
            reasons=[ProblemView.of(reason) for reason in state.reasons],
            last_error=ProblemView.maybe(state.last_error),
            queued=QueuedView.maybe(marker),
            published=PublishedView.maybe(state.published),
        )


class ItemPage(View):
    """Items, newest first. A filtered page may be short while there is a next one."""

    items: list[ListedView]
    next_cursor: str | None


class Result(View):
    """What became of one item of a request: `created`, `found` (it was there, the same), or `refused`."""

    index: int
    status: str
    item: ItemView | None = None
    problem: ProblemView | None = None


class Results(View):
    """One result per item, in their order."""

    results: list[Result]
