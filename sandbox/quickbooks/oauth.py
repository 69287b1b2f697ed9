"""Intuit's identity endpoints: authorize with its pages, token, revocation, user info, discovery and key set."""

from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from sandbox import pages
from sandbox.quickbooks.identity import AuthorizeRefusedError, AuthorizeRequest, Login
from sandbox.quickbooks.state import QuickBooksState
from sandbox.quickbooks.tokens import TokenRefusedError

AUTHORIZE = "/connect/oauth2"
CONSENT = "/connect/oauth2/consent"
TOKEN = "/oauth2/v1/tokens/bearer"  # noqa: S105 - a path
REVOKE = "/v2/oauth2/tokens/revoke"
USER_INFO = "/v1/openid_connect/userinfo"
KEYS = "/op/v1/jwks"
_TITLE = "QuickBooks"
_NO_STORE = {"Cache-Control": "no-cache, no-store", "Pragma": "no-cache"}


async def authorize(state: QuickBooksState, request: Request) -> Response:
    """GET shows the log-in form, POST takes it and shows the consent form."""
    try:
        wanted = state.identity.checked_request(request.query_params)
    except AuthorizeRefusedError as refused:
        return pages.error_page(_TITLE, refused.error, refused.detail)
    action = f"{root(request)}{AUTHORIZE}?{request.url.query}"
    emails = [person.email for person in state.people.values()]
    if request.method == "GET":
        return pages.login_page(_TITLE, action, emails)
    form = await request.form()
    person = state.person_named(str(form.get("user", "")))
    if person is None:
        return pages.login_page(_TITLE, action, emails, "No such person here. Choose one of those below.")
    handle = state.identity.log_in(wanted, person.user_id, state.clock.now())
    return _consent_form(state, request, handle)


async def consent(state: QuickBooksState, request: Request) -> Response:
    """Takes the consent form: on with a code and the company, or back with access_denied."""
    form = await request.form()
    handle = str(form.get("session", ""))
    try:
        login = state.identity.login(handle, state.clock.now())
    except AuthorizeRefusedError as refused:
        return pages.error_page(_TITLE, refused.error, refused.detail)
    if form.get("decision") != "allow":
        state.identity.deny(handle)
        return _back(login.request, {"error": "access_denied"})
    chosen = [str(value) for value in form.getlist("organisation")]
    alert = _objection(state, login, chosen)
    if alert:
        return _consent_form(state, request, handle, alert)
    realm_id = chosen[0] if chosen else None
    code = state.identity.consent(handle, realm_id, state.clock.now())
    return _back(login.request, {"code": code, **({"realmId": realm_id} if realm_id else {})})


async def token(state: QuickBooksState, request: Request) -> Response:
    """POST tokens/bearer: authorization_code and refresh_token."""
    form = {key: str(value) for key, value in (await request.form()).items()}
    kind = form.get("grant_type", "")
    try:
        answer = _issued(state, request, form, kind)
    except TokenRefusedError as refused:
        state.counts.add_token_grant("quickbooks", kind or "none", str(refused.status))
        return JSONResponse(refused.body, refused.status, _NO_STORE)
    state.counts.add_token_grant("quickbooks", kind, "200")
    return JSONResponse(answer, 200, _NO_STORE)


async def revocation(state: QuickBooksState, request: Request) -> Response:
    """POST tokens/revoke with JSON {"token"}: a refresh or an access token. 400 for one that does not work."""
    app = state.identity.authenticated_app(request.headers.get("authorization"))
    if app is None:
        return JSONResponse({"error": "invalid_client"}, 401)
    try:
        body = await request.json()
    except ValueError:
        return JSONResponse({"error": "invalid_request"}, 400)
    value = str(body.get("token", "")) if isinstance(body, dict) else ""
    tokens = state.identity.tokens
    found = tokens.refresh_tokens.get(value) or tokens.access_tokens.get(value)
    grant = tokens.grants[found.grant_id] if found and found.works_at(state.clock.now()) else None
    if grant is None or grant.revoked or grant.app_id != app.client_id:
        return JSONResponse({"error": "invalid_grant"}, 400)
    state.identity.revoke(grant)
    return Response(b"", 200)


async def user_info(state: QuickBooksState, request: Request) -> Response:
    """GET userinfo, for tokens with the scope openid."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    tokens = state.identity.tokens
    found = tokens.access_tokens.get(value) if scheme.lower() == "bearer" else None
    grant = tokens.grants[found.grant_id] if found and found.works_at(state.clock.now()) else None
    if grant is None or grant.revoked or "openid" not in grant.scopes:
        return JSONResponse({"error": "invalid_token"}, 401)
    person = state.people[grant.user_id]
    given, _, family = person.name.partition(" ")
    claims: dict[str, Any] = {"sub": person.user_id}
    if "email" in grant.scopes:
        claims |= {"email": person.email, "emailVerified": True}
    if "profile" in grant.scopes:
        claims |= {"givenName": given, "familyName": family}
    return JSONResponse(claims)


async def discovery(state: QuickBooksState, request: Request) -> Response:  # noqa: ARG001 - every endpoint takes the state
    base = base_url(request)
    return JSONResponse(
        {
            "issuer": _issuer(request),
            "authorization_endpoint": f"{base}{AUTHORIZE}",
            "token_endpoint": f"{base}{TOKEN}",
            "userinfo_endpoint": f"{base}{USER_INFO}",
            "revocation_endpoint": f"{base}{REVOKE}",
            "jwks_uri": f"{base}{KEYS}",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "scopes_supported": ["openid", "email", "profile", "address", "phone"],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            "claims_supported": ["aud", "exp", "iat", "iss", "realmid", "sub"],
        }
    )


async def keys(state: QuickBooksState, request: Request) -> Response:  # noqa: ARG001 - every endpoint takes the request
    return JSONResponse(state.identity.tokens.signer.jwks())


def root(request: Request) -> str:
    """The mount path, "/quickbooks"."""
    return str(request.scope.get("root_path", ""))


def base_url(request: Request) -> str:
    """What stands for scheme and host of every Intuit URL."""
    return f"{request.url.scheme}://{request.url.netloc}{root(request)}"


def _issuer(request: Request) -> str:
    return f"{base_url(request)}/op/v1"


def _issued(state: QuickBooksState, request: Request, form: dict[str, str], kind: str) -> dict[str, Any]:
    app = state.identity.authenticated_app(request.headers.get("authorization"))
    if app is None:
        raise TokenRefusedError("invalid_client", status=401)
    now, tokens = state.clock.now(), state.identity.tokens
    if kind == "authorization_code":
        grant = tokens.redeem_code(form.get("code", ""), app.client_id, form.get("redirect_uri", ""), now)
        answer = tokens.issue(grant, None, now)
    elif kind == "refresh_token":
        grant, value = tokens.refreshed(form.get("refresh_token", ""), app.client_id, now)
        answer = tokens.issue(grant, value, now)
    else:
        raise TokenRefusedError("unsupported_grant_type")
    if kind == "authorization_code" and "openid" in grant.scopes:
        answer["id_token"] = tokens.id_token(grant, state.people[grant.user_id], _issuer(request), now)
    return answer


def _objection(state: QuickBooksState, login: Login, chosen: list[str]) -> str | None:
    if not login.request.wants_company():
        return None
    if len(chosen) != 1:
        return "Choose one company."
    return None if chosen[0] in state.people[login.user_id].realms else "You are no administrator of that company."


def _consent_form(state: QuickBooksState, request: Request, handle: str, alert: str | None = None) -> Response:
    login = state.identity.login(handle, state.clock.now())
    wanted = login.request
    realms = state.people[login.user_id].realms if wanted.wants_company() else ()
    connected = {one.realm_id for one in state.identity.grants(app=wanted.app.client_id)}
    choices = [
        pages.Choice(
            realm,
            str(state.companies[realm].info["CompanyName"]),
            state.companies[realm].country,
            state.companies[realm].home_currency,
            realm in connected,
        )
        for realm in realms
    ]
    return pages.consent_page(
        _TITLE,
        f"{root(request)}{CONSENT}",
        session=handle,
        app_name=wanted.app.name,
        scopes=wanted.scopes,
        choices=choices,
        alert=alert,
    )


def _back(request: AuthorizeRequest, query: dict[str, str]) -> Response:
    parts = urlsplit(request.redirect_uri)
    joined = urlencode([*parse_qsl(parts.query), *query.items(), ("state", request.state)])
    return RedirectResponse(parts._replace(query=joined).geturl(), 302)
