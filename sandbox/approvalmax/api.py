"""ApprovalMax's public API over its companies: which path does what.

Source: the list of endpoints on support.approvalmax.com and as recorded from the live service. Creating bills, files on
requests, users and the ledger's lists are assumed: no page we have describes them.
"""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sandbox.approvalmax import requests
from sandbox.approvalmax.answers import Record, RefusedError, Wrong, disabled, instant, invalid, not_found
from sandbox.approvalmax.companies import WITH_API, Company
from sandbox.approvalmax.identity import WRITE, Connection
from sandbox.approvalmax.state import ApprovalMaxState

LARGEST_PAGE = 100
MAX_BODY_BYTES = 5_000_000  # assumed
FAMILIES: Mapping[str, tuple[str, ...]] = {
    "xero": ("purchase-orders", "bills", "credit-notes", "sales-invoices", "batch-payments", "quotes"),
    "quickbooks": ("purchase-orders", "bills", "expenses"),  # assumed path names
}
_SINCE = {"createdAtOrAfter": "createdAt", "modifiedAtOrAfter": "modifiedAt", "decidedAtOrAfter": "decisionDate"}
_EXACT = ("reference", "documentNumber")
_QUERY = ("requestStatus", "limit", "continuationToken", *_EXACT, *_SINCE, "orderBy", "orderDirection")
_ORDER_BY = ("createdAt", "modifiedAt", "decisionDate", "date", "total")  # assumed but for createdAt
_COMPANY = re.compile(r"/api/v1/companies/(?P<company>[^/]+)(?P<rest>/.+)")
_ATTACHMENTS = re.compile(r"/bills/(?P<id>[^/]+)/attachments")


@dataclass(frozen=True)
class ApiCall:
    """One call of the API, its token known. `path` begins with /api/v1."""

    method: str
    path: str
    query: Mapping[str, str]
    body: bytes
    connection: Connection
    user: str


def company_of(state: ApprovalMaxState, call: ApiCall) -> tuple[Company, str]:
    """The organisation of a path, open to the token, and the rest of the path. Raises RefusedError."""
    found = _COMPANY.fullmatch(call.path)
    company = state.companies.get(found["company"].lower()) if found else None
    if found is None:
        raise not_found("resource")
    if company is None or company.company_id not in call.connection.company_ids:
        raise RefusedError(403, "accessDenied", f"Access to the {found['company']} is denied.")  # assumed
    if company.plan not in WITH_API:
        raise disabled(company.company_id)
    if len(call.body) > MAX_BODY_BYTES:
        raise RefusedError(413, "invalidInput", "The request body is too large.")
    if call.method != "GET" and WRITE not in call.connection.scopes:
        raise RefusedError(403, "accessDenied", "The scope public_api/write is needed.")  # assumed
    return company, found["rest"]


def companies(state: ApprovalMaxState, call: ApiCall) -> list[Record]:
    """GET /api/v1/companies: every organisation of the token, whatever its plan."""
    rows: list[Record] = []
    for company_id in call.connection.company_ids:
        company = state.companies.get(company_id)
        if company:
            ledger = {"type": company.ledger.kind, "externalId": company.ledger.external_id, "name": company.name}
            shown = {"integration": ledger} if state.options.company_shows_ledger else {}  # assumed field
            rows.append({"companyId": company.company_id, "name": company.name, **shown})
    return rows


def answer(state: ApprovalMaxState, company: Company, rest: str, call: ApiCall) -> tuple[int, Any]:
    """Status and JSON for a path below one organisation. Raises RefusedError."""
    if (call.method, rest) == ("GET", "/users"):
        return 200, _page([*company.users()], call.query)
    if (call.method, rest) == ("GET", "/standalone/documents"):
        return 200, _page([], call.query)
    _, family, *parts = rest.split("/")
    if family not in FAMILIES or not parts:
        raise not_found("resource")
    requests.refuse_family(family, company.ledger.kind)
    below = "/" + "/".join(parts)
    attached = _ATTACHMENTS.fullmatch(below)
    if attached and call.method == "POST":
        return 201, _attach(company, attached["id"], call)
    if (call.method, below) == ("POST", "/bills"):
        return 201, _create(state, company, call)
    if call.method != "GET":
        raise RefusedError(405, "invalidInput", "The method is not allowed.")
    return 200, _read(state, company, family, parts, call)


def _read(state: ApprovalMaxState, company: Company, family: str, parts: list[str], call: ApiCall) -> Any:
    kind = parts[0]
    if kind not in FAMILIES[family]:
        lists = company.ledger.lists()
        if kind not in lists or len(parts) != 1:
            raise not_found("resource")
        return _page(lists[kind], call.query)
    rows = company.requests if kind == "bills" else {}
    form = state.options.request_status_form
    if len(parts) == 1:
        chosen = _chosen(list(rows.values()), call.query)
        page = _page(chosen, call.query)
        return {**page, "payload": [requests.rendered(one, form) for one in page["payload"]]}
    found = rows.get(parts[1].lower()) if len(parts) == 2 else None
    if found is None:
        raise not_found("request")
    return requests.rendered(found, form)


def _create(state: ApprovalMaxState, company: Company, call: ApiCall) -> Record:
    if not company.bill_workflow:
        raise RefusedError(400, "invalidInput", "The bill workflow is not active.")  # assumed
    try:
        body = json.loads(call.body, parse_float=Decimal, parse_int=Decimal)
    except (ValueError, ArithmeticError):
        raise invalid(Wrong("body", None, "the body is not JSON")) from None
    made = requests.create(company, body, call.user, state.clock.now())
    state.notifier.send([made])
    state.wake()
    return requests.rendered(made, state.options.request_status_form)


def _attach(company: Company, request_id: str, call: ApiCall) -> Record:
    found = company.requests.get(request_id.lower())
    if found is None:
        raise not_found("request")
    return requests.attach(company, found, call.query.get("fileName", ""), call.body)


def _chosen(rows: list[Record], query: Mapping[str, str]) -> list[Record]:
    """Filtered and ordered. An unknown parameter is answered 404, as recorded for `status`."""
    for name in query:
        if name not in _QUERY:
            raise not_found("resource")
    status = query.get("requestStatus")
    if status is not None:
        if status not in requests.STATUSES:
            raise invalid(Wrong("requestStatus", status, f"unrecognized value '{status}' for 'RequestStatus'"))
        rows = [one for one in rows if one["requestStatus"] == status]
    for name in _EXACT:
        if name in query:
            rows = [one for one in rows if one.get(name) == query[name]]
    for name, own in _SINCE.items():
        if name in query:
            since = instant(query[name], name)
            rows = [one for one in rows if one[own] and instant(one[own], own) >= since]
    order_by, direction = query.get("orderBy", "createdAt"), query.get("orderDirection", "Asc")
    if order_by not in _ORDER_BY or direction not in ("Asc", "Desc"):
        raise invalid(Wrong("orderBy", order_by, "unrecognized order"))
    return sorted(rows, key=lambda one: (one[order_by] is not None, one[order_by]), reverse=direction == "Desc")


def _page(rows: list[Record], query: Mapping[str, str]) -> Record:
    """{"payload", "continuationToken"}; the token is null on the last page."""
    limit = query.get("limit", str(LARGEST_PAGE))
    if not limit.isascii() or not limit.isdigit() or not 1 <= int(limit[:6]) <= LARGEST_PAGE:
        raise invalid(Wrong("limit", limit, f"must be between 1 and {LARGEST_PAGE}"))
    try:
        start = int(base64.urlsafe_b64decode(query.get("continuationToken", "")) or 0)
    except (ValueError, binascii.Error):
        raise invalid(Wrong("continuationToken", query["continuationToken"], "unrecognized token")) from None
    end = start + int(limit)
    token = base64.urlsafe_b64encode(str(end).encode()).decode() if end < len(rows) else None
    return {"payload": rows[start:end], "continuationToken": token}
