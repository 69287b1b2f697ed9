"""Who may call what: apps, log-ins and consents of the sandbox's Intuit.

Facts from Intuit's OAuth 2.0 pages and discovery document. There is no PKCE: an app has a secret.
"""

import hmac
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sandbox.clients import acceptable_redirect, basic_credentials, same_uri
from sandbox.quickbooks.tokens import Grant, TokenStore

ACCOUNTING = "com.intuit.quickbooks.accounting"
SCOPES = frozenset({ACCOUNTING, "com.intuit.quickbooks.payment", "openid", "profile", "email", "phone", "address"})
LOGIN_LIFE = timedelta(minutes=10)
# Assumed: revoking any token of a company takes the app out of that company, whoever had connected it.
REVOKE_ENDS_COMPANY = True


class AuthorizeRefusedError(Exception):
    """An authorisation request shown to the person as an error; texts are assumed."""

    def __init__(self, error: str, detail: str) -> None:
        super().__init__(f"{error}: {detail}")
        self.error = error
        self.detail = detail


@dataclass(frozen=True)
class App:
    """A registered app. A redirect URI "http://localhost:*/path" stands for every port (the sandbox's own ease)."""

    client_id: str
    client_secret: str = field(repr=False)
    name: str
    redirect_uris: tuple[str, ...]


@dataclass(frozen=True)
class AuthorizeRequest:
    """A checked authorisation request."""

    app: App
    redirect_uri: str
    scopes: tuple[str, ...]
    state: str

    def wants_company(self) -> bool:
        return any(scope.startswith("com.intuit.quickbooks.") for scope in self.scopes)


@dataclass(frozen=True)
class Login:
    """A person logged in for one authorisation request, until the consent form comes back."""

    request: AuthorizeRequest
    user_id: str
    until: datetime


SEED_APP = App(
    "sandbox-quickbooks-app",
    "sandbox-quickbooks-secret",
    "Sandbox app",
    ("http://localhost:*/oauth/quickbooks/callback",),
)


class Identity:
    """Apps, log-ins under way, and the tokens that come of them."""

    def __init__(self, tokens: TokenStore) -> None:
        self.tokens = tokens
        self.apps: dict[str, App] = {SEED_APP.client_id: SEED_APP}
        self._logins: dict[str, Login] = {}

    def register(self, app: App) -> None:
        """Add or replace an app. Raises ValueError for a redirect URI that Intuit would not take."""
        for uri in app.redirect_uris:
            if not acceptable_redirect(uri):
                raise ValueError(f"redirect URI {uri} must be https, or http://localhost")
        self.apps[app.client_id] = app

    def checked_request(self, query: Mapping[str, str]) -> AuthorizeRequest:
        """An authorisation request as sent by the browser. Raises AuthorizeRefusedError."""
        app = self.apps.get(query.get("client_id", ""))
        if app is None:
            raise AuthorizeRefusedError("invalid_client", "The client_id is not known.")
        redirect_uri = query.get("redirect_uri", "")
        if not any(same_uri(registered, redirect_uri) for registered in app.redirect_uris):
            raise AuthorizeRefusedError("invalid_request", "The redirect_uri query parameter value is invalid.")
        if query.get("response_type") != "code":
            raise AuthorizeRefusedError("unsupported_response_type", "response_type must be code.")
        scopes = tuple(dict.fromkeys(query.get("scope", "").split()))
        if not scopes or not SCOPES.issuperset(scopes):
            raise AuthorizeRefusedError("invalid_scope", "The scope query parameter is invalid.")
        if not query.get("state"):
            raise AuthorizeRefusedError("invalid_request", "The state query parameter is missing.")
        return AuthorizeRequest(app, redirect_uri, scopes, query["state"])

    def log_in(self, request: AuthorizeRequest, user_id: str, now: datetime) -> str:
        """The handle of a log-in, good for one consent within ten minutes."""
        handle = uuid.uuid4().hex
        self._logins = {key: login for key, login in self._logins.items() if login.until > now}
        self._logins[handle] = Login(request, user_id, now + LOGIN_LIFE)
        return handle

    def login(self, handle: str, now: datetime) -> Login:
        """Raises AuthorizeRefusedError when the log-in is over or was used."""
        login = self._logins.get(handle)
        if login is None or login.until <= now:
            raise AuthorizeRefusedError("login_required", "This log-in has ended. Start again from the app.")
        return login

    def deny(self, handle: str) -> None:
        self._logins.pop(handle, None)

    def consent(self, handle: str, realm_id: str | None, now: datetime) -> str:
        """The code of a consent for one company."""
        login = self.login(handle, now)
        del self._logins[handle]
        request = login.request
        grant = Grant(str(uuid.uuid4()), login.user_id, request.app.client_id, realm_id, request.scopes, now)
        return self.tokens.new_code(grant, request.redirect_uri, now)

    def grants(self, *, user: str | None = None, app: str | None = None, realm: str | None = None) -> list[Grant]:
        """Grants that have not ended, narrowed by what is given."""
        return [
            one
            for one in self.tokens.grants.values()
            if not one.revoked
            and user in {None, one.user_id}
            and app in {None, one.app_id}
            and realm in {None, one.realm_id}
        ]

    def revoke(self, grant: Grant) -> None:
        """What the revocation endpoint does with the grant of a token."""
        grant.revoked = True
        if REVOKE_ENDS_COMPANY and grant.realm_id is not None:
            for other in self.grants(app=grant.app_id, realm=grant.realm_id):
                other.revoked = True

    def authenticated_app(self, authorization: str | None) -> App | None:
        """The app of a token call, by its Basic header."""
        client_id, secret = basic_credentials(authorization) or ("", "")
        app = self.apps.get(client_id)
        return app if app and hmac.compare_digest(app.client_secret.encode(), secret.encode()) else None

    def to_snapshot(self) -> dict[str, Any]:
        """Log-ins under way are left out: they last ten minutes."""
        return {"tokens": self.tokens.to_snapshot(), "apps": [asdict(app) for app in self.apps.values()]}

    @staticmethod
    def from_snapshot(saved: dict[str, Any]) -> "Identity":
        identity = Identity(TokenStore.from_snapshot(saved["tokens"]))
        for app in saved["apps"]:
            identity.apps[app["client_id"]] = App(**{**app, "redirect_uris": tuple(app["redirect_uris"])})
        return identity
