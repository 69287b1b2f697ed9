"""Who may call what: apps, consents and connections of the sandbox's Xero.

Facts from developer.xero.com/faq/oauth2, the granular-scopes page and the published identity description
(xero-identity.yaml).
"""

import hmac
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sandbox.clients import acceptable_redirect, basic_credentials, same_uri
from sandbox.xero.tokens import Grant, TokenStore, unique_scopes

_GRANULAR = (
    "accounting.invoices",
    "accounting.payments",
    "accounting.banktransactions",
    "accounting.manualjournals",
    "accounting.classicexpenses",
    "accounting.settings",
    "accounting.contacts",
    "accounting.attachments",
    "projects",
    "files",
)
# Apps created since 2 March 2026 get granular scopes only: accounting.transactions is no scope of theirs.
SCOPES = frozenset({"openid", "profile", "email", "offline_access", *_GRANULAR, *(f"{s}.read" for s in _GRANULAR)})
LOGIN_LIFE = timedelta(minutes=10)
CHALLENGE_LENGTH = 43


class AuthorizeRefusedError(Exception):
    """An authorisation request shown to the person as an error: Xero does not send it to an unchecked address."""

    def __init__(self, error: str, detail: str) -> None:
        super().__init__(f"{error}: {detail}")
        self.error = error
        self.detail = detail


@dataclass(frozen=True)
class App:
    """A registered web app. A redirect URI "http://localhost:*/path" stands for every port (the sandbox's own ease)."""

    client_id: str
    client_secret: str = field(repr=False)
    name: str
    redirect_uris: tuple[str, ...]
    tier: str = "core"

    def may_redirect_to(self, uri: str) -> bool:
        return any(same_uri(registered, uri) for registered in self.redirect_uris)


@dataclass(frozen=True)
class AuthorizeRequest:
    """A checked authorisation request."""

    app: App
    redirect_uri: str
    scopes: tuple[str, ...]
    state: str | None
    nonce: str | None
    challenge: str | None

    def wants_organisations(self) -> bool:
        return any(scope.startswith(("accounting.", "projects", "files")) for scope in self.scopes)


@dataclass(frozen=True)
class Login:
    """A person logged in for one authorisation request, until the consent form comes back."""

    request: AuthorizeRequest
    user_id: str
    until: datetime


@dataclass
class Connection:
    """One organisation open to one app through one person."""

    id: str
    tenant_id: str
    auth_event_id: str
    created_at: datetime
    updated_at: datetime


SEED_APP = App(
    "sandbox-xero-app", "sandbox-xero-secret", "Sandbox app", ("http://localhost:*/oauth/xero/callback",), "core"
)


class Identity:
    """Apps, logins under way, connections per person and app, and the tokens that go with them."""

    def __init__(self, tokens: TokenStore) -> None:
        self.tokens = tokens
        self.apps: dict[str, App] = {SEED_APP.client_id: SEED_APP}
        self._logins: dict[str, Login] = {}
        self._connections: dict[tuple[str, str], dict[str, Connection]] = {}

    def register(self, app: App) -> None:
        """Add or replace an app. Raises ValueError for a redirect URI that Xero would not take."""
        for uri in app.redirect_uris:
            if not acceptable_redirect(uri):
                raise ValueError(f"redirect URI {uri} must be https, or http://localhost (127.0.0.1 is refused)")
        self.apps[app.client_id] = app

    def checked_request(self, query: Mapping[str, str]) -> AuthorizeRequest:
        """An authorisation request as sent by the browser. Raises AuthorizeRefusedError, whose texts are assumed."""
        app = self.apps.get(query.get("client_id", ""))
        if app is None:
            raise AuthorizeRefusedError("unauthorized_client", "Unknown client or client not enabled")
        redirect_uri = query.get("redirect_uri", "")
        if not acceptable_redirect(redirect_uri) or not app.may_redirect_to(redirect_uri):
            raise AuthorizeRefusedError("unauthorized_client", "Invalid redirect_uri")
        if query.get("response_type") != "code":
            raise AuthorizeRefusedError("unsupported_response_type", "response_type must be code")
        scopes = unique_scopes(query.get("scope", "").split())
        if not scopes or not SCOPES.issuperset(scopes):
            raise AuthorizeRefusedError("invalid_scope", "Invalid scope for client")
        return AuthorizeRequest(
            app, redirect_uri, scopes, query.get("state"), query.get("nonce"), _checked_challenge(query)
        )

    def log_in(self, request: AuthorizeRequest, user_id: str, now: datetime) -> str:
        """The handle of a login, good for one consent within ten minutes."""
        handle = uuid.uuid4().hex
        self._logins = {key: login for key, login in self._logins.items() if login.until > now}
        self._logins[handle] = Login(request, user_id, now + LOGIN_LIFE)
        return handle

    def login(self, handle: str, now: datetime) -> Login:
        """Raises AuthorizeRefusedError when the login is over or was used."""
        login = self._logins.get(handle)
        if login is None or login.until <= now:
            raise AuthorizeRefusedError("login_required", "This log-in has ended. Start again from the app.")
        return login

    def deny(self, handle: str) -> None:
        self._logins.pop(handle, None)

    def consent(self, handle: str, tenant_ids: Iterable[str], now: datetime) -> str:
        """Connect the organisations and return the code. One consent is one authentication event."""
        login = self.login(handle, now)
        del self._logins[handle]
        request = login.request
        event = str(uuid.uuid4())
        mine = self._connections.setdefault((login.user_id, request.app.client_id), {})
        for tenant_id in tenant_ids:
            old = mine.get(tenant_id)
            mine[tenant_id] = Connection(
                old.id if old else str(uuid.uuid4()), tenant_id, event, old.created_at if old else now, now
            )
        grant = Grant(str(uuid.uuid4()), login.user_id, request.app.client_id, request.scopes, event, now)
        return self.tokens.new_code(grant, request.redirect_uri, request.challenge, request.nonce, now)

    def connections(self, user_id: str, app_id: str, auth_event_id: str | None = None) -> list[Connection]:
        mine = self._connections.get((user_id, app_id), {}).values()
        return [one for one in mine if auth_event_id in {None, one.auth_event_id}]

    def disconnect(self, user_id: str, app_id: str, connection_id: str) -> bool:
        """End one connection; the person's tokens live on. False when there is no such connection."""
        mine = self._connections.get((user_id, app_id), {})
        for tenant_id, one in mine.items():
            if one.id == connection_id.lower():
                del mine[tenant_id]
                return True
        return False

    def revoke(self, user_id: str, app_id: str | None = None) -> int:
        """End every grant and every connection of a person for an app (None: for all apps); how many grants."""
        grants = [grant for grant in self.tokens.grants_of(user_id, app_id) if not grant.revoked]
        for grant in grants:
            grant.revoked = True
        for owner in list(self._connections):
            if owner[0] == user_id and app_id in {None, owner[1]}:
                del self._connections[owner]
        return len(grants)

    def authenticated_app(self, authorization: str | None, form: Mapping[str, str]) -> App | None:
        """The app of a token call, by Basic header or by client_id and client_secret in the body (SDKs)."""
        client_id, secret = basic_credentials(authorization) or (
            form.get("client_id", ""),
            form.get("client_secret", ""),
        )
        app = self.apps.get(client_id)
        return app if app and hmac.compare_digest(app.client_secret.encode(), secret.encode()) else None

    def to_snapshot(self) -> dict[str, Any]:
        """Logins under way are left out: they last ten minutes."""
        connections = [
            [
                user_id,
                app_id,
                {**asdict(one), "created_at": one.created_at.isoformat(), "updated_at": one.updated_at.isoformat()},
            ]
            for (user_id, app_id), mine in self._connections.items()
            for one in mine.values()
        ]
        return {
            "tokens": self.tokens.to_snapshot(),
            "apps": [asdict(app) for app in self.apps.values()],
            "connections": connections,
        }

    @staticmethod
    def from_snapshot(state: dict[str, Any]) -> "Identity":
        identity = Identity(TokenStore.from_snapshot(state["tokens"]))
        for app in state["apps"]:
            identity.apps[app["client_id"]] = App(**{**app, "redirect_uris": tuple(app["redirect_uris"])})
        for user_id, app_id, raw in state["connections"]:
            times = {key: datetime.fromisoformat(raw[key]) for key in ("created_at", "updated_at")}
            connection = Connection(**{**raw, **times})
            identity._connections.setdefault((user_id, app_id), {})[connection.tenant_id] = connection
        return identity


def _checked_challenge(query: Mapping[str, str]) -> str | None:
    challenge = query.get("code_challenge")
    if challenge is None:
        return None
    if query.get("code_challenge_method") != "S256" or len(challenge) != CHALLENGE_LENGTH:
        raise AuthorizeRefusedError("invalid_request", "code_challenge_method must be S256")
    return challenge
