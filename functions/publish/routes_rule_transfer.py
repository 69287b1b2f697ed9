"""The routes by which rules leave an account and come into another."""

from collections.abc import Mapping
from typing import Any, Final

from functions.publish.rule_transfer_models import RuleExportQuery, RulesExport, RulesImport, RulesImported, as_csv
from shared.aws.http import Answer, Request, Route
from shared.domain.accounts import Capability
from shared.usecases.service import Service
from shared.usecases.transfer_rules import export_rules, import_rules

_RULES: Final = "/v1/accounts/{account}/rules"


def get_export(service: Service, request: Request) -> Answer:
    """A page of the rules, without ids."""
    query = request.query(RuleExportQuery)
    found = export_rules(service, request.in_account, position=request.position(), limit=query.limit)
    view = RulesExport.of(found, request.next_cursor(found.position))
    if query.format == "json":
        return Answer(view)
    headers = {"x-left-out": str(len(view.left_out))}
    if view.next_cursor is not None:
        headers["x-next-cursor"] = view.next_cursor
    return Answer(text=as_csv(view.rules), content_type="text/csv; charset=utf-8", headers=headers)


def post_import(service: Service, request: Request) -> Answer:
    """Take rules over."""
    view = _imported(service, request, write=not request.body(RulesImport).dry_run)
    return Answer(view, outcome=view.model_dump(include={"created", "changed", "unchanged"}))


def post_import_again(service: Service, request: Request, outcome: Mapping[str, Any]) -> Answer:
    """What the first request did; rows that do not match are told as they are now."""
    counts = {name: outcome[name] for name in ("created", "changed", "unchanged")}
    return Answer(_imported(service, request, write=False).model_copy(update=counts))


def _imported(service: Service, request: Request, *, write: bool) -> RulesImported:
    body = request.body(RulesImport)
    rows, unread = body.rows()
    done = import_rules(service, request.caller, request.in_account, rows, write=write)
    return RulesImported.of(done, unread, dry_run=body.dry_run)


ROUTES: Final = [
    Route(
        "GET",
        _RULES + "/export",
        get_export,
        "The account's rules by code and name",
        answer=RulesExport,
        csv_answer=True,
        query=RuleExportQuery,
        capability=Capability.READ,
        description="With format=csv a text/csv, the next page's cursor in x-next-cursor.",
    ),
    Route(
        "POST",
        _RULES + "/import",
        post_import,
        "Take over rules, as exported from this account or another",
        answer=RulesImported,
        body=RulesImport,
        capability=Capability.MANAGE,
        rebuild=post_import_again,
        errors=("conflict",),
        description="Fields that a row names are set, others stay. Items follow when they arrive, or when a rule is "
        "applied to them.",
    ),
]
