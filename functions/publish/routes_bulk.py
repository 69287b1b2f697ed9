"""The routes of bulk edits, and of undoing them by their event."""

from collections.abc import Mapping
from typing import Any, Final

from functions.publish.bulk_models import BulkEditView, NewBulkEdit
from shared.aws.http import Answer, Request, Route
from shared.domain.accounts import Capability
from shared.domain.bulk_edits import BulkEdit
from shared.usecases.bulk_edit import (
    accept_bulk_edit,
    checked_changes,
    chosen_items,
    found_bulk_edit,
    preview_bulk_edit,
    undo_bulk_edit,
)
from shared.usecases.service import Service

_ACCOUNT: Final = "/v1/accounts/{account}"
_BULK_EDITS: Final = _ACCOUNT + "/items/bulk-edit"


def post_bulk_edit(service: Service, request: Request) -> Answer:
    """Change many items alike, or count what that would do."""
    body, account = request.body(NewBulkEdit), request.in_account
    changes = checked_changes(service, account, body.filter.side, body.changes.changes())
    items = chosen_items(service, account, body.filter.chosen())
    if body.dry_run:
        seen = preview_bulk_edit(service, account, items, changes)
        return Answer(BulkEditView.previewed(seen), status=200, outcome={"dry_run": True})
    edit_id, actor = request.resource_id, request.caller.actor
    return _shown(service, accept_bulk_edit(service, account, items, changes, edit_id=edit_id, actor=actor), 202)


def post_bulk_edit_again(service: Service, request: Request, outcome: Mapping[str, Any]) -> Answer:
    """The bulk edit that the first request asked for, as it is now; a count is made anew."""
    if outcome.get("dry_run"):
        return post_bulk_edit(service, request)
    return _shown(service, found_bulk_edit(service, request.in_account, request.resource_id), 202)


def get_bulk_edit(service: Service, request: Request) -> Answer:
    """How a bulk edit is getting on."""
    return _shown(service, found_bulk_edit(service, request.in_account, request.path["bulk_edit"]))


def post_undo(service: Service, request: Request) -> Answer:
    """Put back what a bulk edit changed."""
    return _shown(service, undo_bulk_edit(service, request.in_account, request.path["event"]), 202)


def post_undo_again(service: Service, request: Request, _: Mapping[str, Any]) -> Answer:
    """The bulk edit that the first request undid, as it is now."""
    return _shown(service, found_bulk_edit(service, request.in_account, request.path["event"], "event"), 202)


def _shown(service: Service, edit: BulkEdit, status: int = 200) -> Answer:
    return Answer(BulkEditView.of(edit, service.bulk_edits.all_edited(edit)), status=status)


ROUTES: Final = [
    Route(
        "POST",
        _BULK_EDITS,
        post_bulk_edit,
        "Change many items alike",
        answer=BulkEditView,
        status=202,
        other_status=200,
        body=NewBulkEdit,
        capability=Capability.WORK,
        rebuild=post_bulk_edit_again,
        errors=("no_connection",),
        description=(
            "At most 1,000 items. They are changed one by one, each as PATCH would; items that are queued, published "
            "or of unknown outcome stay as they are and are named in `refused`. When it is done the event "
            "`items.bulk_edited`, under the id answered as `event`, lists what was before. With `dry_run` nothing is "
            "stored, and the answer (200) counts what would change, and how ready the items would be."
        ),
    ),
    Route(
        "GET",
        _ACCOUNT + "/items/bulk-edits/{bulk_edit}",
        get_bulk_edit,
        "How a bulk edit is getting on",
        answer=BulkEditView,
        capability=Capability.READ,
    ),
    Route(
        "POST",
        _ACCOUNT + "/events/{event}/undo",
        post_undo,
        "Undo a bulk edit by its event",
        answer=BulkEditView,
        status=202,
        capability=Capability.WORK,
        rebuild=post_undo_again,
        errors=("bulk_edit_running", "conflict"),
        description=(
            "Every field gets back what it had before, unless somebody has changed it since: such fields are named in "
            "`kept`. Items that are queued or published by now stay as they are and are named in `refused`."
        ),
    ),
]
