"""What callers see of publications (bulk requests)."""

from datetime import datetime
from decimal import Decimal

from functions.publish.views import ProblemView
from shared.aws.http import View
from shared.domain.catalogue import CATALOGUE
from shared.domain.connections import Slot
from shared.domain.publishing import ControlTotal, Publication, PublicationStatus
from shared.usecases.accept_publication import DryRun
from shared.usecases.read_publications import Progress, Refusal, TotalsCompared


class RefusalView(View):
    """An item that will not go, or was not taken, and why."""

    item: str
    problem: ProblemView

    @classmethod
    def of(cls, refusal: Refusal) -> "RefusalView":
        return cls(item=refusal.item, problem=ProblemView.of(refusal.problem))


class ReasonView(View):
    """How many items one reason keeps back."""

    code: str
    count: int
    cause: str
    remedy: str


class TotalView(View):
    """Count and sum of one currency's documents by destination and integration; credit notes are subtracted."""

    currency: str
    destination: str
    integration: Slot
    count: int
    total: Decimal

    @classmethod
    def of(cls, total: ControlTotal) -> "TotalView":
        return cls(
            currency=total.currency,
            destination=total.destination,
            integration=total.integration,
            count=total.count,
            total=Decimal(total.total),
        )


class DryRunView(View):
    """What the request would do. `refused` lists at most 200 items, `reasons` counts all."""

    ready: int
    refused_count: int
    reasons: list[ReasonView]
    totals: list[TotalView]
    refused: list[RefusalView]

    @classmethod
    def of(cls, run: DryRun) -> "DryRunView":
        return cls(
            ready=run.ready,
            refused_count=len(run.refused),
            reasons=[
                ReasonView(code=code, count=count, cause=CATALOGUE[code].cause, remedy=CATALOGUE[code].remedy)
                for code, count in run.reasons
            ],
            totals=[TotalView.of(total) for total in run.totals],
            refused=[RefusalView.of(Refusal(item, problem)) for item, problem in run.refused[:200]],
        )


class PublicationView(View):
    """A bulk request. `expanded` of its `items` have been looked at so far, `accepted` of them queued."""

    id: str
    status: PublicationStatus
    requested_by: str
    requested_at: datetime
    items: int
    expanded: int
    accepted: int
    refused_before_sending: int

    @classmethod
    def of(cls, publication: Publication) -> "PublicationView":
        return cls(
            id=publication.id,
            status=publication.status,
            requested_by=publication.requested_by,
            requested_at=publication.requested_at,
            items=len(publication.items),
            expanded=publication.expanded,
            accepted=publication.accepted,
            refused_before_sending=len(publication.refused),
        )


class AcceptedView(View):
    """`publication` of a request that was taken in, or `dry_run` of one that only asked."""

    publication: PublicationView | None = None
    dry_run: DryRunView | None = None


class PublicationPage(View):
    """Bulk requests, newest first."""

    publications: list[PublicationView]
    next_cursor: str | None


class ComparedView(View):
    """What was accepted beside what the provider's documents come to; `agrees` is null until all are settled."""

    currency: str
    destination: str
    integration: Slot
    expected_count: int
    expected_total: Decimal
    published_count: int
    published_total: Decimal
    agrees: bool | None

    @classmethod
    def of(cls, compared: TotalsCompared) -> "ComparedView":
        return cls(
            currency=compared.currency,
            destination=compared.destination,
            integration=compared.integration,
            expected_count=compared.expected_count,
            expected_total=compared.expected_total,
            published_count=compared.published_count,
            published_total=compared.published_total,
            agrees=compared.agrees,
        )


class CountsView(View):
    """Items by outcome; `unknown` wait for a person.

    `payments_failed` and `files_failed` are among the published, with those whose payment is not known.
    """

    waiting: int
    sending: int
    published: int
    refused: int
    unknown: int
    payments_failed: int
    files_failed: int


class ProgressView(View):
    """How a bulk request is getting on; `refused` is a page of those that did not go, with why and what to do."""

    publication: PublicationView
    counts: CountsView
    totals: list[ComparedView]
    refused: list[RefusalView]
    next_cursor: str | None

    @classmethod
    def of(cls, progress: Progress, refused: list[Refusal], next_cursor: str | None) -> "ProgressView":
        return cls(
            publication=PublicationView.of(progress.publication),
            counts=CountsView(**{name: getattr(progress, name) for name in CountsView.model_fields}),
            totals=[ComparedView.of(total) for total in progress.totals],
            refused=[RefusalView.of(refusal) for refusal in refused],
            next_cursor=next_cursor,
        )
