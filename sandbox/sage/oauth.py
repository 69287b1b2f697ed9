"""Sage's identity endpoints: authorize with its pages, token and revoke."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from sandbox import pages
from sandbox.sage.identity import AuthorizeRefusedError, AuthorizeRequest
from sandbox.sage.state import SageState
from sandbox.sage.tokens import Grant, TokenRefusedError
from sandbox.sage.wire import SageUser

NAME = "Sage Accounting"
AUTHORIZE = "/oauth2/auth/central"
CONSENT = "/oauth2/auth/consent"
_NO_STORE = {"Cache-Control": "no-store"}
_SCOPE_TEXTS = {
    "full_access": "Read and change all data of your businesses",
    "readonly": "Read all data of your businesses",
}


async def authorize(state: SageState, request: Request) -> Response:
    """GET shows the log-in form, POST takes it and shows the consent form.

    Without a country in the request the person's lead business decides (Sage shows a page of countries instead).
    """
    try:
        wanted = state.identity.checked_request(request.query_params)
    except AuthorizeRefusedError as refused:
        return pages.error_page(NAME, refused.error, refused.detail)
    action = f"{_root(request)}{AUTHORIZE}?{request.url.query}"
    emails = [person.email for person in state.people.values()]
    if request.method == "GET":
        return pages.login_page(NAME, action, emails)
    form = await request.form()
    person = state.person_named(str(form.get("user", "")))
    if person is None:
        return pages.login_page(NAME, action, emails, "No such person here. Choose one of those below.")
    country = _country(state, person, wanted)
    if country is None:
        return _back(wanted, {"error": "Invalid request", "reason": "Email already in use"})
    handle = state.identity.log_in(wanted, person.user_id, country, state.clock.now())
    action = f"{_root(request)}{CONSENT}"
    shown = [_SCOPE_TEXTS[wanted.scope]]
    return pages.consent_page(NAME, action, session=handle, app_name=wanted.app.name, scopes=shown, choices=[])


async def consent(state: SageState, request: Request) -> Response:
    """Takes the consent form: on with a code, or back with access_denied. A grant covers all of the person's books."""
    form = await request.form()
    now = state.clock.now()
    try:
        login = state.identity.ended_login(str(form.get("session", "")), now)
    except AuthorizeRefusedError as refused:
        return pages.error_page(NAME, refused.error, refused.detail)
    if form.get("decision") != "allow":
        return _back(login.request, {"error": "access_denied"})
    code = state.identity.consent(login, now)
    return _back(login.request, {"code": code, "country": login.country.upper()})


async def token(state: SageState, request: Request) -> Response:
    """POST /token: authorization_code and refresh_token."""
    form = _plain(await request.form())
    kind = form.get("grant_type", "")
    try:
        answer = _issued(state, form, kind)
    except TokenRefusedError as refused:
        state.counts.add_token_grant("sage", kind or "none", "400")
        return JSONResponse({"error": refused.error}, 400, _NO_STORE)
    state.counts.add_token_grant("sage", kind, "200")
    return JSONResponse(answer, 200, _NO_STORE)


async def revoke(state: SageState, request: Request) -> Response:
    """POST /revoke with a refresh token."""
    form = _plain(await request.form())
    app = state.identity.authenticated_app(form)
    if app is None:
        return JSONResponse({"error": "invalid_client"}, 400)
    state.identity.tokens.revoke(form.get("token", ""), app.client_id)
    return JSONResponse({"success": "ok"})


def _issued(state: SageState, form: Mapping[str, str], kind: str) -> dict[str, Any]:
    app = state.identity.authenticated_app(form)
    if app is None:
        raise TokenRefusedError("invalid_client")
    tokens, now = state.identity.tokens, state.clock.now()
    grant: Grant
    if kind == "authorization_code":
        uri, verifier = form.get("redirect_uri", ""), form.get("code_verifier")
        grant = tokens.redeem_code(form.get("code", ""), app.client_id, uri, verifier, now)
    elif kind == "refresh_token":
        grant = tokens.exchange(form.get("refresh_token", ""), app.client_id, now)
    else:
        raise TokenRefusedError("unsupported_grant_type")
    return tokens.issue(grant, now)


def _country(state: SageState, person: SageUser, wanted: AuthorizeRequest) -> str | None:
    """The country of the grant; None when the person has businesses, and none in the country that was asked for."""
    theirs = [books.country.lower() for books in state.businesses_of(person.user_id).values()]
    if wanted.country is None or not theirs:
        return wanted.country or (theirs[0] if theirs else "gb")
    return wanted.country if wanted.country in theirs else None


def _back(request: AuthorizeRequest, answer: dict[str, str]) -> Response:
    extra = {"state": request.state} if request.state is not None else {}
    separator = "&" if "?" in request.redirect_uri else "?"
    # The slash of the code is encoded, as Sage does: "GB%2F12abc".
    query = urlencode({**answer, **extra}, quote_via=lambda text, *_: quote(text, safe=""))
    return RedirectResponse(f"{request.redirect_uri}{separator}{query}", 302, _NO_STORE)


def _root(request: Request) -> str:
    """The path that the provider is mounted at."""
    return str(request.scope.get("root_path", ""))


def _plain(form: FormData) -> dict[str, str]:
    return {key: value for key, value in form.items() if isinstance(value, str)}
