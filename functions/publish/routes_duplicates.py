"""The route of suspected duplicates."""

from collections.abc import Mapping
from typing import Any, Final

from functions.publish.views import ItemView, item_view
from shared.aws.http import Answer, Model, Request, Route
from shared.domain.accounts import Capability
from shared.domain.duplicates import Decision
from shared.usecases.create_items import Taken
from shared.usecases.decide_duplicate import decide_duplicate
from shared.usecases.integrations import Ways
from shared.usecases.read_items import Seen, read_item
from shared.usecases.service import Service


class DuplicateDecision(Model):
    """different: a purchase of its own, published like any other. same: archived without being published."""

    decision: Decision


def post_duplicate(service: Service, request: Request) -> Answer:
    """What a person found when comparing an item with the one it seems to repeat."""
    decision = request.body(DuplicateDecision).decision
    item, actor = request.path["item"], request.caller.actor
    return _shown(service, request, decide_duplicate(service, request.in_account, item, decision, actor=actor))


def post_duplicate_again(service: Service, request: Request, _: Mapping[str, Any]) -> Answer:
    """The item that the first request decided on, as it is now."""
    return _shown(service, request, read_item(service, request.in_account, request.path["item"]))


def _shown(service: Service, request: Request, seen: Seen | Taken) -> Answer:
    return Answer(item_view(seen, Ways(service, request.in_account)), version=seen.item.version)


ROUTES: Final = [
    Route(
        "POST",
        "/v1/accounts/{account}/items/{item}/duplicate",
        post_duplicate,
        "Say whether an item is the one that it seems to repeat",
        answer=ItemView,
        body=DuplicateDecision,
        capability=Capability.WORK,
        rebuild=post_duplicate_again,
        errors=(
            "duplicate_not_suspected",
            "publication_in_progress",
            "already_published",
            "outcome_unknown",
            "item_in_claim",
            "conflict",
        ),
        description=(
            "For items with `duplicate_of`. The decision is remembered for as long as the item looks the same; it may "
            "be changed by saying the other. Nothing is deleted."
        ),
    ),
]
