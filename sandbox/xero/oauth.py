"""Xero's identity endpoints: authorize with its pages, token, revocation, connections and key set."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from sandbox import pages
from sandbox.xero import answers
from sandbox.xero.identity import AuthorizeRefusedError, AuthorizeRequest, Login
from sandbox.xero.state import XeroState
from sandbox.xero.tokens import Grant, Person, TokenRefusedError

AUTHORIZE = "/identity/connect/authorize"
CONSENT = "/identity/connect/consent"
_NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


async def authorize(state: XeroState, request: Request) -> Response:
    """GET shows the log-in form, POST takes it and shows the consent form."""
    try:
        wanted = state.identity.checked_request(request.query_params)
    except AuthorizeRefusedError as refused:
        return pages.error_page("Xero", refused.error, refused.detail)
    action = f"{root(request)}{AUTHORIZE}?{request.url.query}"
    emails = [person.email for person in state.people.values()]
    if request.method == "GET":
        return pages.login_page("Xero", action, emails)
    form = await request.form()
    person = state.person_named(str(form.get("user", "")))
    if person is None:
        return pages.login_page("Xero", action, emails, "No such person here. Choose one of those below.")
    handle = state.identity.log_in(wanted, person.user_id, state.clock.now())
    return _consent_form(state, request, handle)


async def consent(state: XeroState, request: Request) -> Response:
    """Takes the consent form: on with a code, or back with access_denied."""
    form = await request.form()
    handle = str(form.get("session", ""))
    try:
        login = state.identity.login(handle, state.clock.now())
    except AuthorizeRefusedError as refused:
        return pages.error_page("Xero", refused.error, refused.detail)
    if form.get("decision") != "allow":
        state.identity.deny(handle)
        return _back(login.request, {"error": "access_denied"})
    chosen = [str(value) for value in form.getlist("organisation")]
    alert = _objection(state, login, chosen)
    if alert:
        return _consent_form(state, request, handle, alert)
    code = state.identity.consent(handle, chosen, state.clock.now())
    return _back(login.request, {"code": code, "scope": " ".join(login.request.scopes), "session_state": handle})


async def token(state: XeroState, request: Request) -> Response:
    """POST /connect/token: authorization_code and refresh_token. Refusals carry the error code alone."""
    form = _plain(await request.form())
    kind = form.get("grant_type", "")
    try:
        answer = _issued(state, request, form, kind)
    except TokenRefusedError as refused:
        state.counts.add_token_grant("xero", kind or "none", "400")
        return JSONResponse({"error": refused.error}, 400, _NO_STORE)
    state.counts.add_token_grant("xero", kind, "200")
    return JSONResponse(answer, 200, _NO_STORE)


async def revocation(state: XeroState, request: Request) -> Response:
    """POST /connect/revocation with a refresh token: every connection of that person to the app ends."""
    form = _plain(await request.form())
    app = state.identity.authenticated_app(request.headers.get("authorization"), form)
    if app is None:
        return JSONResponse({"error": "invalid_client"}, 400)
    found = state.identity.tokens.refresh_tokens.get(form.get("token", ""))
    grant = state.identity.tokens.grants[found.grant_id] if found else None
    if grant and grant.app_id == app.client_id:
        state.identity.revoke(grant.user_id, app.client_id)
    return Response(b"", 200)


async def connections(state: XeroState, request: Request) -> Response:
    """GET /connections[?authEventId=]: the organisations of the token's person and app."""
    try:
        grant = bearer_grant(state, request)
    except answers.RefusedError as refused:
        return refused.answer
    verdict = state.limiter.enter_app_only(grant.app_id, state.clock.now())
    if verdict.problem:
        state.counts.add_throttled("xero", verdict.problem)
        return answers.throttled(verdict, None)
    rows = [
        {
            "id": one.id,
            "authEventId": one.auth_event_id,
            "tenantId": one.tenant_id,
            "tenantType": "ORGANISATION",
            "tenantName": state.books[one.tenant_id].organisation["Name"],
            "createdDateUtc": f"{one.created_at:%Y-%m-%dT%H:%M:%S.%f}0",
            "updatedDateUtc": f"{one.updated_at:%Y-%m-%dT%H:%M:%S.%f}0",
        }
        for one in state.identity.connections(grant.user_id, grant.app_id, request.query_params.get("authEventId"))
    ]
    return JSONResponse(rows, 200, verdict.headers)


async def disconnect(state: XeroState, request: Request, connection_id: str) -> Response:
    """DELETE /connections/{id}: 204, or 404 when it is not one of the token's person and app."""
    try:
        grant = bearer_grant(state, request)
    except answers.RefusedError as refused:
        return refused.answer
    ended = state.identity.disconnect(grant.user_id, grant.app_id, connection_id)
    return Response(status_code=204) if ended else Response(b"", 404)


async def discovery(state: XeroState, request: Request) -> Response:  # noqa: ARG001 - every endpoint takes the state
    base = base_url(request)
    document = {
        "issuer": base,
        "jwks_uri": f"{base}/.well-known/openid-configuration/jwks",
        "authorization_endpoint": f"{base}{AUTHORIZE}",
        "token_endpoint": f"{base}/connect/token",
        "revocation_endpoint": f"{base}/connect/revocation",
        "response_types_supported": ["code"],
        "code_challenge_methods_supported": ["S256"],
        "id_token_signing_alg_values_supported": ["RS256"],
    }
    return JSONResponse(document)


async def jwks(state: XeroState, request: Request) -> Response:  # noqa: ARG001 - every endpoint takes the request
    return JSONResponse(state.identity.tokens.signer.jwks())


def bearer_grant(state: XeroState, request: Request) -> Grant:
    """The grant of a call's access token. Raises RefusedError with Xero's 401: unknown, expired or revoked."""
    grant = bearer(state, request)[1]
    if grant.revoked:
        raise answers.RefusedError(answers.token_unknown())
    return grant


def bearer(state: XeroState, request: Request) -> tuple[str, Grant]:
    """The access token and its grant, revoked or not. Raises RefusedError with Xero's 401: unknown or expired."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    known = state.identity.tokens.access_tokens.get(value) if scheme.lower() == "bearer" else None
    if known is None:
        raise answers.RefusedError(answers.token_unknown())
    if state.clock.now() >= known.expires_at:
        raise answers.RefusedError(answers.token_expired(known.expires_at))
    return value, state.identity.tokens.grants[known.grant_id]


def root(request: Request) -> str:
    """The path that the provider is mounted at."""
    return str(request.scope.get("root_path", ""))


def base_url(request: Request) -> str:
    """Scheme, host and mount path: what stands for https://identity.xero.com."""
    return f"{request.url.scheme}://{request.url.netloc}{root(request)}"


def _issued(state: XeroState, request: Request, form: Mapping[str, str], kind: str) -> dict[str, Any]:
    app = state.identity.authenticated_app(request.headers.get("authorization"), form)
    if app is None:
        raise TokenRefusedError("invalid_client")
    tokens, now, nonce = state.identity.tokens, state.clock.now(), None
    if kind == "authorization_code":
        grant, nonce = tokens.redeem_code(
            form.get("code", ""), app.client_id, form.get("redirect_uri", ""), form.get("code_verifier"), now
        )
    elif kind == "refresh_token":
        grant = tokens.exchange_refresh_token(form.get("refresh_token", ""), app.client_id, now)
    else:
        raise TokenRefusedError("unsupported_grant_type")
    user = state.people[grant.user_id]
    return tokens.issue(grant, Person(user.user_id, user.name, user.email), base_url(request), nonce, now)


def _consent_form(state: XeroState, request: Request, handle: str, alert: str | None = None) -> Response:
    login = state.identity.login(handle, state.clock.now())
    wanted, user_id = login.request, login.user_id
    connected = {one.tenant_id for one in state.identity.connections(user_id, wanted.app.client_id)}
    visible = state.organisations_of(user_id) if wanted.wants_organisations() else {}
    choices = [
        pages.Choice(
            tenant,
            str(books.organisation["Name"]),
            str(books.organisation["CountryCode"]),
            books.base_currency,
            tenant in connected,
        )
        for tenant, books in visible.items()
    ]
    return pages.consent_page(
        "Xero",
        f"{root(request)}{CONSENT}",
        session=handle,
        app_name=wanted.app.name,
        scopes=wanted.scopes,
        choices=choices,
        alert=alert,
    )


def _objection(state: XeroState, login: Login, chosen: list[str]) -> str | None:
    if not set(chosen) <= set(state.organisations_of(login.user_id)):
        return "That organisation is not one of yours."
    if login.request.wants_organisations() and not chosen:
        return "Choose at least one organisation."
    return None


def _back(request: AuthorizeRequest, answer: dict[str, str]) -> Response:
    extra = {"state": request.state} if request.state is not None else {}
    parts = urlsplit(request.redirect_uri)
    query = urlencode([*parse_qsl(parts.query), *answer.items(), *extra.items()])
    return RedirectResponse(parts._replace(query=query).geturl(), 302, _NO_STORE)


def _plain(form: FormData) -> dict[str, str]:
    return {key: value for key, value in form.items() if isinstance(value, str)}
