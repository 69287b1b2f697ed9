"""Apps, log-ins under way and grants of the sandbox's Sage.

Source: developer.sage.com/accounting, guide "Authentication" (authorize URL, scopes, PKCE, client in the body).
"""

import hmac
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from sandbox.sage.tokens import Grant, TokenStore

SCOPES = frozenset({"readonly", "full_access"})
COUNTRIES = frozenset({"gb", "ie", "ca", "us", "fr", "es", "de"})
LOGIN_LIFE = timedelta(minutes=10)


class AuthorizeRefusedError(Exception):
    """An authorisation request that cannot go back to the app; shown to the person."""

    def __init__(self, error: str, detail: str) -> None:
        super().__init__(f"{error}: {detail}")
        self.error = error
        self.detail = detail


@dataclass(frozen=True)
class App:
    """A registered app. A callback "http://localhost:*/path" stands for every port (the sandbox's own ease)."""

    client_id: str
    client_secret: str = field(repr=False)
    name: str
    redirect_uris: tuple[str, ...]

    def may_redirect_to(self, uri: str) -> bool:
        return any(_same_uri(registered, uri) for registered in self.redirect_uris)


@dataclass(frozen=True)
class AuthorizeRequest:
    """A checked authorisation request; `country` is lower case, None when the request names none."""

    app: App
    redirect_uri: str
    scope: str
    state: str | None
    country: str | None
    challenge: str | None
    method: str


@dataclass(frozen=True)
class Login:
    """A person logged in for one authorisation request, until the consent form comes back."""

    request: AuthorizeRequest
    user_id: str
    country: str
    until: datetime


SEED_APP = App("sandbox-sage-app", "sandbox-sage-secret", "Sandbox app", ("http://localhost:*/oauth/sage/callback",))


class Identity:
    """Apps, log-ins under way, and the tokens."""

    def __init__(self, tokens: TokenStore | None = None) -> None:
        self.tokens = tokens or TokenStore()
        self.apps: dict[str, App] = {SEED_APP.client_id: SEED_APP}
        self._logins: dict[str, Login] = {}

    def checked_request(self, query: Mapping[str, str]) -> AuthorizeRequest:
        """An authorisation request as sent by the browser. Raises AuthorizeRefusedError, whose texts are assumed."""
        app = self.apps.get(query.get("client_id", ""))
        redirect_uri = query.get("redirect_uri", "")
        if app is None:
            raise AuthorizeRefusedError("unauthorized_client", "The client is not known.")
        if not app.may_redirect_to(redirect_uri):
            raise AuthorizeRefusedError("invalid_request", "The redirect URI does not match a registered one.")
        if query.get("response_type") != "code":
            raise AuthorizeRefusedError("unsupported_response_type", "response_type must be code.")
        if query.get("filter") != "apiv3.1":
            raise AuthorizeRefusedError("invalid_request", "filter must be apiv3.1.")
        scope, country = query.get("scope", ""), query.get("country", "").lower() or None
        if scope not in SCOPES:
            raise AuthorizeRefusedError("invalid_scope", "scope must be readonly or full_access.")
        if country is not None and country not in COUNTRIES:
            raise AuthorizeRefusedError("invalid_request", "The country is not one of Sage Accounting's.")
        method = query.get("code_challenge_method", "plain")
        if query.get("code_challenge") and method not in ("S256", "plain"):
            raise AuthorizeRefusedError("invalid_request", "code_challenge_method must be S256 or plain.")
        challenge = query.get("code_challenge")
        return AuthorizeRequest(app, redirect_uri, scope, query.get("state"), country, challenge, method)

    def log_in(self, request: AuthorizeRequest, user_id: str, country: str, now: datetime) -> str:
        """The handle of a log-in, good for one consent within ten minutes."""
        handle = uuid.uuid4().hex
        self._logins = {key: login for key, login in self._logins.items() if login.until > now}
        self._logins[handle] = Login(request, user_id, country, now + LOGIN_LIFE)
        return handle

    def ended_login(self, handle: str, now: datetime) -> Login:
        """The log-in of a handle, which is used up. Raises AuthorizeRefusedError."""
        login = self._logins.pop(handle, None)
        if login is None or login.until <= now:
            raise AuthorizeRefusedError("invalid_request", "This log-in has ended. Start again from the app.")
        return login

    def consent(self, login: Login, now: datetime) -> str:
        """A new grant and its code."""
        request = login.request
        grant = Grant(str(uuid.uuid4()), login.user_id, request.app.client_id, request.scope, login.country)
        return self.tokens.new_code(grant, request.redirect_uri, request.challenge, request.method, now)

    def authenticated_app(self, form: Mapping[str, str]) -> App | None:
        """The app of a token call: client_id and client_secret in the body, no Basic header."""
        app = self.apps.get(form.get("client_id", ""))
        secret = form.get("client_secret", "")
        return app if app and hmac.compare_digest(app.client_secret.encode(), secret.encode()) else None

    def to_snapshot(self) -> dict[str, Any]:
        """Log-ins under way are left out: they last ten minutes."""
        return {"tokens": self.tokens.to_snapshot(), "apps": [asdict(app) for app in self.apps.values()]}

    @staticmethod
    def from_snapshot(saved: Mapping[str, Any]) -> "Identity":
        identity = Identity(TokenStore.from_snapshot(saved["tokens"]))
        for app in saved["apps"]:
            identity.apps[app["client_id"]] = App(**{**app, "redirect_uris": tuple(app["redirect_uris"])})
        return identity


def _same_uri(registered: str, uri: str) -> bool:
    """Character for character, as Sage compares them; a "*" port of ours is any port."""
    if ":*" not in registered:
        return registered == uri
    pattern, given = urlsplit(registered.replace(":*", "", 1)), urlsplit(uri)
    same_place = (pattern.scheme, pattern.hostname, pattern.path) == (given.scheme, given.hostname, given.path)
    return same_place and not given.query and not given.fragment and given.username is None
