"""The routes of publications: bulk requests."""

from collections.abc import Mapping
from typing import Any, Final

from functions.publish.models import NewPublication
from functions.publish.publication_views import AcceptedView, DryRunView, ProgressView, PublicationPage, PublicationView
from shared.aws.http import Answer, PageQuery, Request, Route
from shared.domain.accounts import Capability
from shared.usecases.accept_publication import accept_publication, dry_run, found_publication
from shared.usecases.read_publications import page_of_publications, publication_progress
from shared.usecases.service import Service

_PUBLICATIONS: Final = "/v1/accounts/{account}/publications"


def post_publication(service: Service, request: Request) -> Answer:
    """Publish many items, or count what that would do."""
    body = request.body(NewPublication)
    if body.dry_run:
        run = dry_run(service, request.in_account, body.chosen())
        return Answer(AcceptedView(dry_run=DryRunView.of(run)), status=202)
    publication = accept_publication(
        service,
        request.in_account,
        body.chosen(),
        requested_by=request.caller.actor,
        publication_id=request.resource_id,
    )
    return Answer(AcceptedView(publication=PublicationView.of(publication)), outcome={"stored": True})


def post_publication_again(service: Service, request: Request, outcome: Mapping[str, Any]) -> Answer:
    """The bulk request that the first request made; a dry run is counted anew."""
    if not outcome.get("stored"):
        return post_publication(service, request)
    publication = found_publication(service, request.in_account, request.resource_id)
    return Answer(AcceptedView(publication=PublicationView.of(publication)))


def get_publications(service: Service, request: Request) -> Answer:
    """A page of bulk requests."""
    query = request.query(PageQuery)
    found, position = page_of_publications(service, request.in_account, position=request.position(), limit=query.limit)
    views = [PublicationView.of(publication) for publication in found]
    return Answer(PublicationPage(publications=views, next_cursor=request.next_cursor(position)))


def get_publication(service: Service, request: Request) -> Answer:
    """A bulk request's progress."""
    progress = publication_progress(service, request.in_account, request.path["publication"])
    start = int(request.position() or 0)
    end = start + request.query(PageQuery).limit
    more = end if end < len(progress.refusals) else None
    refused = list(progress.refusals[start:end])
    return Answer(ProgressView.of(progress, refused, request.next_cursor(more)))


ROUTES: Final = [
    Route(
        "POST",
        _PUBLICATIONS,
        post_publication,
        "Publish many items",
        answer=AcceptedView,
        status=202,
        body=NewPublication,
        capability=Capability.WORK,
        rebuild=post_publication_again,
        errors=("no_connection", "connection_not_active", "connection_expired", "connection_paused"),
        description=(
            "The request is stored and its items are queued by and by; GET tells how it is getting on. With dry_run "
            "nothing is stored: the answer counts what would go, by reason what would not, and the control totals."
        ),
    ),
    Route(
        "GET",
        _PUBLICATIONS,
        get_publications,
        "The account's bulk requests",
        answer=PublicationPage,
        query=PageQuery,
        capability=Capability.READ,
    ),
    Route(
        "GET",
        _PUBLICATIONS + "/{publication}",
        get_publication,
        "How a bulk request is getting on",
        answer=ProgressView,
        query=PageQuery,
        capability=Capability.READ,
        description="Counts by outcome, control totals compared with the provider's, and the refused items (paged).",
    ),
]
