"""ApprovalMax's identity endpoints (identity.approvalmax.com): authorize with its pages, and token."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from sandbox import pages
from sandbox.approvalmax.companies import PEOPLE
from sandbox.approvalmax.identity import AuthorizeRefusedError, AuthorizeRequest, TokenRefusedError
from sandbox.approvalmax.state import ApprovalMaxState

AUTHORIZE = "/connect/authorize"
CONSENT = "/connect/consent"
TOKEN = "/connect/token"  # noqa: S105 - a path
NAME = "ApprovalMax"
_NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


async def authorize(state: ApprovalMaxState, request: Request) -> Response:
    """GET shows the log-in form, POST takes it and shows the consent form."""
    try:
        wanted = state.identity.checked_request(request.query_params)
    except AuthorizeRefusedError as refused:
        return pages.error_page(NAME, refused.error, refused.detail)
    action = f"{root(request)}{AUTHORIZE}?{request.url.query}"
    emails = [email for _, email, _ in PEOPLE]
    if request.method == "GET":
        return pages.login_page(NAME, action, emails)
    email = str((await request.form()).get("user", "")).strip().lower()
    if email not in emails:
        return pages.login_page(NAME, action, emails, "No such person here. Choose one of those below.")
    if not state.companies_of(email):
        detail = "Only account owners, account managers and administrators may authorise access."
        return pages.error_page(NAME, "access_denied", detail, 403)
    handle = state.identity.log_in(wanted, email, state.clock.now())
    return _consent_form(state, request, handle)


async def consent(state: ApprovalMaxState, request: Request) -> Response:
    """Takes the consent form: on with a code, or back with access_denied."""
    form = await request.form()
    handle, now = str(form.get("session", "")), state.clock.now()
    try:
        login = state.identity.login(handle, now)
    except AuthorizeRefusedError as refused:
        return pages.error_page(NAME, refused.error, refused.detail)
    if form.get("decision") != "allow":
        state.identity.deny(handle)
        return _back(login.request, {"error": "access_denied"})
    chosen = [str(value) for value in form.getlist("organisation")]
    offered = {one.company_id for one in state.companies_of(login.email)}
    if not chosen or not set(chosen) <= offered:
        return _consent_form(state, request, handle, "Choose at least one of the organisations.")
    code = state.identity.consent(handle, chosen, now)
    return _back(login.request, {"code": code, "scope": " ".join(login.request.scopes), "session_state": handle})


async def token(state: ApprovalMaxState, request: Request) -> Response:
    """POST /connect/token: authorization_code and refresh_token, client id and secret in the body."""
    form = {key: value for key, value in (await request.form()).items() if isinstance(value, str)}
    kind = form.get("grant_type", "")
    try:
        answer = _issued(state, form, kind)
    except TokenRefusedError as refused:
        state.counts.add_token_grant("approvalmax", kind or "none", "400")
        return JSONResponse({"error": refused.error}, 400, _NO_STORE)
    state.counts.add_token_grant("approvalmax", kind, "200")
    return JSONResponse(answer, 200, _NO_STORE)


def root(request: Request) -> str:
    """The path that the provider is mounted at."""
    return str(request.scope.get("root_path", ""))


def _issued(state: ApprovalMaxState, form: Mapping[str, str], kind: str) -> dict[str, Any]:
    app, now = state.identity.authenticated_app(form), state.clock.now()
    if app is None:
        raise TokenRefusedError("invalid_client")
    if kind == "authorization_code":
        return state.identity.redeem(app, form, now)
    if kind == "refresh_token":
        return state.identity.refresh(app, form, now)
    raise TokenRefusedError("unsupported_grant_type")


def _consent_form(state: ApprovalMaxState, request: Request, handle: str, alert: str | None = None) -> Response:
    login = state.identity.login(handle, state.clock.now())
    mine = {
        company_id
        for one in state.identity.connections.values()
        if one.email == login.email and not one.revoked
        for company_id in one.company_ids
    }
    choices = [
        pages.Choice(one.company_id, one.name, one.ledger.country, one.ledger.currency, one.company_id in mine)
        for one in state.companies_of(login.email)
    ]
    return pages.consent_page(
        NAME,
        f"{root(request)}{CONSENT}",
        session=handle,
        app_name=login.request.app.name,
        scopes=login.request.scopes,
        choices=choices,
        alert=alert,
    )


def _back(request: AuthorizeRequest, answer: dict[str, str]) -> Response:
    extra = {"state": request.state} if request.state is not None else {}
    parts = urlsplit(request.redirect_uri)
    query = urlencode([*parse_qsl(parts.query), *answer.items(), *extra.items()])
    return RedirectResponse(parts._replace(query=query).geturl(), 302, _NO_STORE)
