"""The routes that bring lists as CSV and merge contacts."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from functions.refresh.contact_models import ImportBody, ImportView, MergeBody, MergedView
from functions.refresh.models import EntryView
from functions.refresh.routes import kind_of
from shared.aws.http import Answer, Request, Route
from shared.domain.accounts import Capability
from shared.usecases.import_list import Imported, import_list
from shared.usecases.merge_contacts import merge_contacts
from shared.usecases.own_lists import read_entry
from shared.usecases.service import Service

_LIST: Final = "/v1/accounts/{account}/lists/{kind}"


def post_import(service: Service, request: Request) -> Answer:
    """Take a CSV text into a list."""
    done = _imported(service, request, write=not request.body(ImportBody).dry_run)
    return Answer(ImportView.of(done, dry_run=request.body(ImportBody).dry_run), outcome={"rules": done.rules})


def post_import_again(service: Service, request: Request, outcome: Mapping[str, Any]) -> Answer:
    """What the first request did, told from what is there now; nothing is written."""
    done = replace(_imported(service, request, write=False), rules=outcome["rules"])
    return Answer(ImportView.of(done, dry_run=request.body(ImportBody).dry_run))


def _imported(service: Service, request: Request, *, write: bool) -> Imported:
    body, account = request.body(ImportBody), request.in_account
    return import_list(
        service, account, kind_of(request), body.csv, request.resource_id, by=request.caller, write=write
    )


def post_merge(service: Service, request: Request) -> Answer:
    """Merge contacts into one of them."""
    body = request.body(MergeBody)
    done = merge_contacts(service, request.in_account, kind_of(request), body.survivor, body.merged, by=request.caller)
    view = MergedView.of(done)
    return Answer(view, outcome=view.outcome())


def post_merge_again(service: Service, request: Request, outcome: Mapping[str, Any]) -> Answer:
    """What the first request did."""
    survivor = read_entry(service, request.in_account, kind_of(request), request.body(MergeBody).survivor)
    said = {name: outcome[name] for name in ("merged", "conflicts")}
    return Answer(MergedView.model_validate({"survivor": EntryView.of(survivor), **said}))


_MANAGE: Final = Capability.MANAGE

ROUTES: Final = [
    Route(
        "POST",
        _LIST + "/import",
        post_import,
        "Bring suppliers, customers or categories as CSV",
        answer=ImportView,
        body=ImportBody,
        csv_field="csv",
        capability=_MANAGE,
        rebuild=post_import_again,
        errors=("list_has_no_entries_of_own", "conflict"),
        description="A row whose name is there already fills that entry's blanks. A supplier's or customer's category "
        "(a code or name of the current books) and currency go to its rule.",
    ),
    Route(
        "POST",
        _LIST + "/merge",
        post_merge,
        "Merge suppliers, or customers, into one of them",
        answer=MergedView,
        body=MergeBody,
        capability=_MANAGE,
        rebuild=post_merge_again,
        errors=("conflict",),
        description="Ids, names and the software's ids of the others lead to the survivor. Its values and its rule's "
        "win, blanks are filled. Items are not rewritten.",
    ),
]
