"""The routes of items."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from functions.publish.list_views import ItemPage, ListedView, Result, Results
from functions.publish.models import (
    CompleteDocument,
    ItemChange,
    ItemQuery,
    NewDocument,
    NewItems,
    Resolution,
    UnarchiveMode,
)
from functions.publish.sending_views import PreviewView, UploadView
from functions.publish.timeline_views import TimelineLine, TimelinePage
from functions.publish.views import ItemView, ProblemView, item_view
from shared.aws.http import Answer, PageQuery, Request, Route
from shared.domain.accounts import Capability
from shared.domain.errors import LedgerbridgeError, Problem
from shared.usecases.create_items import Taken, create_items
from shared.usecases.delete_claim import delete_claim
from shared.usecases.edit_item import edit_item
from shared.usecases.integrations import Ways
from shared.usecases.item_document import complete_document, request_document
from shared.usecases.preview_item import preview_item
from shared.usecases.publish_item import publish_item
from shared.usecases.read_items import Filter, item_known_as, page_of_items, read_item, timeline
from shared.usecases.resolve_item import resolve_item
from shared.usecases.service import Service
from shared.usecases.unarchive_item import unarchive_item

_ITEMS: Final = "/v1/accounts/{account}/items"
_ITEM: Final = _ITEMS + "/{item}"


def get_items(service: Service, request: Request) -> Answer:
    """A page of items."""
    query = request.query(ItemQuery)
    narrowed = Filter(query.stage, query.side, query.place, query.integration)
    if query.external_id is not None:
        rows, position = item_known_as(service, request.in_account, query.external_id, narrowed), None
    else:
        rows, position = page_of_items(
            service, request.in_account, narrowed, position=request.position(), limit=query.limit
        )
    views = [ListedView.of(row) for row in rows]
    return Answer(ItemPage(items=views, next_cursor=request.next_cursor(position)))


def post_items(service: Service, request: Request) -> Answer:
    """Take items in; each for itself."""
    body = request.body(NewItems)
    taken = create_items(service, request.in_account, [one.draft() for one in body.items], request.resource_id)
    return answer_of(service, request, taken)


def answer_of(service: Service, request: Request, taken: Sequence[Taken | Problem]) -> Answer:
    """A result for each item that was brought; one that was brought alone and refused is the problem that it has."""
    if len(taken) == 1 and isinstance(taken[0], Problem):
        raise LedgerbridgeError(taken[0])
    ways = Ways(service, request.in_account)
    ways.load(one.item for one in taken if isinstance(one, Taken))
    results = [_result(number, one, ways) for number, one in enumerate(taken)]
    return Answer(Results(results=results), outcome={"results": [_kept(one) for one in results]})


def _result(number: int, taken: Taken | Problem, ways: Ways) -> Result:
    if isinstance(taken, Problem):
        return Result(index=number, status="refused", problem=ProblemView.of(taken))
    return Result(index=number, status="created" if taken.new else "found", item=item_view(taken, ways))


def _kept(result: Result) -> dict[str, Any]:
    """What the Idempotency-Key remembers of one result."""
    if result.problem is not None:
        return {"code": result.problem.code, "field": result.problem.field, "details": result.problem.details}
    return {"status": result.status, "item": result.item.id if result.item else None}


def post_items_again(service: Service, request: Request, outcome: Mapping[str, Any]) -> Answer:
    """The items that the first request took in, as they are now."""
    results = []
    ways = Ways(service, request.in_account)
    for number, kept in enumerate(outcome["results"]):
        if "code" in kept:
            problem = Problem(kept["code"], kept["field"], details=kept["details"])
            results.append(Result(index=number, status="refused", problem=ProblemView.of(problem)))
        else:
            seen = read_item(service, request.in_account, kept["item"])
            results.append(Result(index=number, status=kept["status"], item=item_view(seen, ways)))
    return Answer(Results(results=results))


def get_item(service: Service, request: Request) -> Answer:
    """One item."""
    seen = read_item(service, request.in_account, request.path["item"])
    return Answer(item_view(seen, Ways(service, request.in_account)), version=seen.item.version)


def patch_item(service: Service, request: Request) -> Answer:
    """Change an item."""
    changes = request.body(ItemChange).changes()
    taken = edit_item(
        service,
        request.in_account,
        request.path["item"],
        changes,
        version=request.version,
        actor=request.caller.actor,
    )
    return _changed(service, request, taken)


def _changed(service: Service, request: Request, taken: Taken, status: int = 200) -> Answer:
    view = item_view(taken, Ways(service, request.in_account))
    return Answer(view, version=taken.item.version, status=status)


def _again(service: Service, request: Request, outcome: Mapping[str, Any]) -> Answer:
    """The item that the first request was about, as it is now."""
    seen = read_item(service, request.in_account, request.path["item"])
    view = item_view(seen, Ways(service, request.in_account))
    return Answer(view, version=seen.item.version, status=outcome["status"])


def delete_item(service: Service, request: Request) -> Answer:
    """Take an expense claim away."""
    delete_claim(service, request.in_account, request.path["item"], caller=request.caller)
    return Answer(status=204)


def post_document(service: Service, request: Request) -> Answer:
    """A form to send a file with."""
    body = request.body(NewDocument)
    form = request_document(
        service,
        request.in_account,
        request.path["item"],
        request.resource_id,
        file_name=body.file_name,
        size=body.size,
        sha256=body.sha256,
    )
    return Answer(UploadView.of(form))


def post_document_again(service: Service, request: Request, _: Mapping[str, Any]) -> Answer:
    """A fresh form for the same place: the first one's signature is never kept."""
    return post_document(service, request)


def put_document(service: Service, request: Request) -> Answer:
    """Check the file that arrived and keep it as the item's."""
    upload = request.body(CompleteDocument).upload
    item, actor = request.path["item"], request.caller.actor
    return _changed(service, request, complete_document(service, request.in_account, item, upload, actor=actor))


def post_publish(service: Service, request: Request) -> Answer:
    """Queue one item."""
    taken = publish_item(service, request.in_account, request.path["item"], by=request.caller.actor)
    return _changed(service, request, taken, status=202)


def get_preview(service: Service, request: Request) -> Answer:
    """What publishing would send."""
    return Answer(PreviewView.of(preview_item(service, request.in_account, request.path["item"])))


def post_unarchive(service: Service, request: Request) -> Answer:
    """Back to the inbox."""
    mode = request.body(UnarchiveMode).mode
    item, actor = request.path["item"], request.caller.actor
    return _changed(service, request, unarchive_item(service, request.in_account, item, mode, actor=actor))


def post_resolve(service: Service, request: Request) -> Answer:
    """What a person found in the accounting software."""
    said = request.body(Resolution)
    item = request.path["item"]
    taken = resolve_item(service, request.in_account, item, said.outcome, said.document_id, caller=request.caller)
    return _changed(service, request, taken, status=202)


def get_timeline(service: Service, request: Request) -> Answer:
    """An item's history."""
    query = request.query(PageQuery)
    lines, position = timeline(
        service, request.in_account, request.path["item"], position=request.position(), limit=query.limit
    )
    views = [TimelineLine.of(line) for line in lines]
    return Answer(TimelinePage(lines=views, next_cursor=request.next_cursor(position)))


_READ, _WORK = Capability.READ, Capability.WORK
_FILE: Final = ("file_missing", "file_changed", "file_type_refused", "file_too_large")
_CLOSED: Final = ("already_published", "outcome_unknown", "publication_in_progress")
_NOT_SENDING: Final = ("no_connection", "connection_not_active", "connection_expired", "connection_paused")

ROUTES: Final = [
    Route("GET", _ITEMS, get_items, "The account's items", answer=ItemPage, query=ItemQuery, capability=_READ),
    Route(
        "POST",
        _ITEMS,
        post_items,
        "Take items in",
        answer=Results,
        status=201,
        body=NewItems,
        capability=_WORK,
        rebuild=post_items_again,
        errors=("conflict", "no_connection", "item_in_claim", *_CLOSED),
        description=(
            "Every item has a result of its own: created, found (its external_id was known, with the same body) or "
            "refused. A request with one item that is refused answers with its problem instead."
        ),
    ),
    Route("GET", _ITEM, get_item, "An item", answer=ItemView, capability=_READ),
    Route(
        "PATCH",
        _ITEM,
        patch_item,
        "Change an item",
        answer=ItemView,
        body=ItemChange,
        capability=_WORK,
        if_match=True,
        errors=(*_CLOSED, "no_connection", "item_in_claim"),
    ),
    Route(
        "DELETE",
        _ITEM,
        delete_item,
        "Delete an expense claim that is not published",
        status=204,
        capability=_WORK,
        errors=(*_CLOSED, "conflict"),
        description="The items inside are free again. Other items are not deleted.",
    ),
    Route(
        "POST",
        _ITEM + "/document",
        post_document,
        "A form to send an item's file with",
        answer=UploadView,
        status=201,
        body=NewDocument,
        capability=_WORK,
        rebuild=post_document_again,
        errors=("file_too_large", "already_published"),
    ),
    Route(
        "PUT",
        _ITEM + "/document",
        put_document,
        "Keep the file that was sent",
        answer=ItemView,
        body=CompleteDocument,
        capability=_WORK,
        errors=(*_FILE, *_CLOSED, "conflict"),
    ),
    Route(
        "POST",
        _ITEM + "/publish",
        post_publish,
        "Publish an item, or the file or payment that it still lacks",
        answer=ItemView,
        status=202,
        capability=_WORK,
        rebuild=_again,
        errors=(*_NOT_SENDING, "item_not_ready", "item_in_claim", "already_published", "outcome_unknown"),
        description=(
            "On a published item whose file or payment failed this asks for that alone; the document stays as it is. A "
            "payment whose outcome is unknown is looked up first, and left unknown where more than one is found."
        ),
    ),
    Route(
        "GET",
        _ITEM + "/preview",
        get_preview,
        "What publishing an item would send",
        answer=PreviewView,
        capability=_READ,
        errors=("no_connection",),
    ),
    Route(
        "POST",
        _ITEM + "/unarchive",
        post_unarchive,
        "Take an item out of the archive",
        answer=ItemView,
        body=UnarchiveMode,
        capability=_WORK,
        rebuild=_again,
        errors=("publication_in_progress", "item_in_claim", "conflict"),
    ),
    Route(
        "POST",
        _ITEM + "/resolve",
        post_resolve,
        "Say what became of an item whose outcome is unknown",
        answer=ItemView,
        status=202,
        body=Resolution,
        capability=_WORK,
        rebuild=_again,
        errors=(*_NOT_SENDING, "outcome_known", "publication_in_progress", "conflict"),
        description=(
            "For items in stage `unknown`, after a look into the accounting software. With `published` the document is "
            "looked up there before it is believed: it is of this organisation and of the item's kind, and no other "
            "item's. The item is queued meanwhile; then it is published, and its file and payment follow, or it stays "
            "unknown with `document_not_found` or `document_of_another_item` as its `last_error`. With `absent` the "
            "item begins its next generation and may be published again."
        ),
    ),
    Route(
        "GET",
        _ITEM + "/timeline",
        get_timeline,
        "An item's history",
        answer=TimelinePage,
        query=PageQuery,
        capability=_READ,
    ),
]
