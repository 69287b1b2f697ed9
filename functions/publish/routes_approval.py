"""The route of items' approval."""

from typing import Final

from functions.publish.automation_views import ApprovalBody
from functions.publish.views import ItemView, item_view
from shared.aws.http import Answer, Request, Route
from shared.domain.accounts import Capability
from shared.usecases.integrations import Ways
from shared.usecases.service import Service
from shared.usecases.set_approval import set_approval


def put_approval(service: Service, request: Request) -> Answer:
    """Give or refuse an item's approval."""
    body = request.body(ApprovalBody)
    account, item, actor = request.in_account, request.path["item"], request.caller.actor
    taken = set_approval(service, account, item, body.approval, version=body.version, actor=actor)
    return Answer(item_view(taken, Ways(service, account)), version=taken.item.version)


ROUTES: Final = [
    Route(
        "PUT",
        "/v1/accounts/{account}/items/{item}/approval",
        put_approval,
        "Ask for an item's approval, give or refuse it",
        answer=ItemView,
        body=ApprovalBody,
        capability=Capability.MANAGE,
        errors=("precondition_failed", "already_published", "outcome_unknown", "publication_in_progress", "conflict"),
        description=(
            "By the account's admins, or the tenant's client. `pending` and `rejected` keep the item from being "
            "published, by hand, in bulk and automatically; what is queued leaves the queue. An edit after `approved` "
            "makes it `pending` again. `none` asks nobody."
        ),
        tag="Items",
    ),
]
