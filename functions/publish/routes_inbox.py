"""The inbox: documents that come in signed as webhooks, one way with the items that programs make."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from functions.publish.inbox_models import InboxDocuments
from functions.publish.list_views import Results
from functions.publish.routes_items import answer_of, post_items_again
from shared.aws.http import Answer, Request, Route
from shared.domain.item_drafts import ItemDraft
from shared.domain.signatures import ID
from shared.usecases.create_items import Taken, create_items
from shared.usecases.inbox_secrets import admit_signed
from shared.usecases.service import Service


def post_inbox(service: Service, request: Request) -> Answer:
    """Take documents in; each for itself, and each once, however often it is sent."""
    body, message = request.body(InboxDocuments), request.headers[ID]
    drafts = [_named(one.draft(), message, number) for number, one in enumerate(body.items)]
    taken = create_items(service, request.in_account, drafts, request.resource_id)
    is_new = any(isinstance(one, Taken) and one.new for one in taken)
    return replace(answer_of(service, request, taken), status=201 if is_new else 200)


def _named(draft: ItemDraft, message: str, number: int) -> ItemDraft:
    """A document without an id of its sender's is known by its message and its place in it."""
    if draft.external_id is not None:
        return draft
    return replace(draft, external_id=f"{message[:120]}[{number}]")


def post_inbox_again(service: Service, request: Request, outcome: Mapping[str, Any]) -> Answer:
    """What the first message of this webhook-id brought, as it is now."""
    return replace(post_items_again(service, request, outcome), status=200)


ROUTES: Final[list[Route]] = [
    Route(
        "POST",
        "/v1/accounts/{account}/inbox",
        post_inbox,
        "Documents that arrive by signed webhook",
        answer=Results,
        status=201,
        other_status=200,
        body=InboxDocuments,
        public=True,
        signed=admit_signed,
        rebuild=post_inbox_again,
        errors=("conflict", "no_connection", "item_in_claim", "address_refused", "file_type_refused"),
        description=(
            "Signed as Standard Webhooks has it, with one of the tenant's inbox secrets, over the very bytes of the "
            "body; no token. A message is good for 5 minutes before and after its timestamp. The same webhook-id again "
            "is answered 200 with what it brought the first time, the same external_id with the same document finds it "
            "again, with another document it is a `conflict` that names the item. Every document has a result of its "
            "own; a message with one document that is refused answers with its problem instead."
        ),
        tag="Inbox",
    )
]
