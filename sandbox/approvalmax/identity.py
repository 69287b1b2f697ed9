"""Who may call ApprovalMax's API: apps, connections (one for each consent), codes and tokens.

Source: developer.approvalmax.com, "Authorisation code flow"; support.approvalmax.com, "How to call the API", "Receiving
tokens", "How to verify authorised organisations" (a consent makes a connection; deleting it revokes its tokens).
"""

import base64
import hashlib
import hmac
import secrets
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sandbox.clients import acceptable_redirect, same_uri

READ = "https://www.approvalmax.com/scopes/public_api/read"
WRITE = "https://www.approvalmax.com/scopes/public_api/write"
SCOPES = frozenset({READ, WRITE, "offline_access", "openid"})
CODE_LIFE = timedelta(minutes=5)
ACCESS_LIFE = timedelta(seconds=3_600)
REFRESH_IDLE_LIFE = timedelta(days=30)  # sliding, as public clients report
LOGIN_LIFE = timedelta(minutes=10)


class AuthorizeRefusedError(Exception):
    """An authorisation request shown to the person as an error, not sent to an unchecked address."""

    def __init__(self, error: str, detail: str) -> None:
        super().__init__(f"{error}: {detail}")
        self.error = error
        self.detail = detail


class TokenRefusedError(Exception):
    """A token call refused; the argument is OAuth's error code."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error


@dataclass(frozen=True)
class App:
    """A registered application. "http://localhost:*/path" stands for every port: the sandbox's own ease, the real
    developer portal takes HTTPS only."""

    client_id: str
    client_secret: str = field(repr=False)
    name: str
    redirect_uris: tuple[str, ...]

    def may_redirect_to(self, uri: str) -> bool:
        return any(same_uri(registered, uri) for registered in self.redirect_uris)


@dataclass(frozen=True)
class AuthorizeRequest:
    """A checked authorisation request."""

    app: App
    redirect_uri: str
    scopes: tuple[str, ...]
    state: str | None
    challenge: str | None


@dataclass(frozen=True)
class Login:
    """A person logged in for one authorisation request, until the consent form comes back."""

    request: AuthorizeRequest
    email: str
    until: datetime


@dataclass
class Connection:
    """One consent: a person, an app, the organisations. Tokens die with it."""

    connection_id: str
    email: str
    app_id: str
    scopes: tuple[str, ...]
    company_ids: tuple[str, ...]
    revoked: bool = False


@dataclass
class Code:
    connection_id: str
    redirect_uri: str
    challenge: str | None
    expires_at: datetime
    used: bool = False


@dataclass
class Token:
    """An access token, or a refresh token, which is used once."""

    connection_id: str
    expires_at: datetime


SEED_APP = App(
    "sandbox-approvalmax-app",
    "sandbox-approvalmax-secret",
    "Sandbox app",
    ("http://localhost:*/oauth/approvalmax/callback",),
)


class Identity:
    """Apps, log-ins under way, connections and their tokens."""

    def __init__(self) -> None:
        self.apps: dict[str, App] = {SEED_APP.client_id: SEED_APP}
        self.connections: dict[str, Connection] = {}
        self._logins: dict[str, Login] = {}
        self._codes: dict[str, Code] = {}
        self._access: dict[str, Token] = {}
        self._refresh: dict[str, Token] = {}

    def register(self, app: App) -> None:
        """Raises ValueError for a redirect URI that would not be taken."""
        for uri in app.redirect_uris:
            if not acceptable_redirect(uri):
                raise ValueError(f"redirect URI {uri} must be https (or, in the sandbox, http://localhost)")
        self.apps[app.client_id] = app

    def checked_request(self, query: Mapping[str, str]) -> AuthorizeRequest:
        """Raises AuthorizeRefusedError, whose texts are assumed."""
        app = self.apps.get(query.get("client_id", ""))
        if app is None:
            raise AuthorizeRefusedError("unauthorized_client", "Unknown client or client not enabled")
        if not app.may_redirect_to(query.get("redirect_uri", "")):
            raise AuthorizeRefusedError("invalid_request", "Invalid redirect_uri")
        if query.get("response_type") != "code":
            raise AuthorizeRefusedError("unsupported_response_type", "response_type must be code")
        scopes = tuple(dict.fromkeys(query.get("scope", "").split()))
        if not {READ, WRITE} & set(scopes) or not SCOPES.issuperset(scopes):
            raise AuthorizeRefusedError("invalid_scope", "Invalid scope")
        challenge = query.get("code_challenge")
        if challenge is not None and query.get("code_challenge_method") != "S256":
            raise AuthorizeRefusedError("invalid_request", "code_challenge_method must be S256")
        return AuthorizeRequest(app, query["redirect_uri"], scopes, query.get("state"), challenge)

    def log_in(self, request: AuthorizeRequest, email: str, now: datetime) -> str:
        """The handle of a login, good for one consent within ten minutes."""
        handle = uuid.uuid4().hex
        self._logins = {key: one for key, one in self._logins.items() if one.until > now}
        self._logins[handle] = Login(request, email, now + LOGIN_LIFE)
        return handle

    def login(self, handle: str, now: datetime) -> Login:
        """Raises AuthorizeRefusedError when the login is over or was used."""
        login = self._logins.get(handle)
        if login is None or login.until <= now:
            raise AuthorizeRefusedError("login_required", "This log-in has ended. Start again from the app.")
        return login

    def deny(self, handle: str) -> None:
        self._logins.pop(handle, None)

    def consent(self, handle: str, company_ids: Iterable[str], now: datetime) -> str:
        """A new connection; returns its code."""
        login = self.login(handle, now)
        del self._logins[handle]
        request = login.request
        connection = Connection(
            str(uuid.uuid4()), login.email, request.app.client_id, request.scopes, tuple(company_ids)
        )
        self.connections[connection.connection_id] = connection
        value = secrets.token_urlsafe(32)
        self._codes[value] = Code(connection.connection_id, request.redirect_uri, request.challenge, now + CODE_LIFE)
        return value

    def redeem(self, app: App, form: Mapping[str, str], now: datetime) -> dict[str, Any]:
        """grant_type=authorization_code. A second use revokes what the first one gave (assumed)."""
        code = self._codes.get(form.get("code", ""))
        connection = self.connections.get(code.connection_id) if code else None
        if code is None or connection is None or connection.app_id != app.client_id:
            raise TokenRefusedError("invalid_grant")
        if code.used:
            connection.revoked = True
        if code.used or now >= code.expires_at or code.redirect_uri != form.get("redirect_uri"):
            raise TokenRefusedError("invalid_grant")
        if code.challenge and not _fits(code.challenge, form.get("code_verifier", "")):
            raise TokenRefusedError("invalid_grant")
        code.used = True
        return self._issued(connection, now)

    def refresh(self, app: App, form: Mapping[str, str], now: datetime) -> dict[str, Any]:
        """grant_type=refresh_token. Each is used once and replaced, without a grace (assumed)."""
        value = form.get("refresh_token", "")
        token = self._refresh.get(value)
        connection = self.connections.get(token.connection_id) if token else None
        if token is None or connection is None or connection.app_id != app.client_id:
            raise TokenRefusedError("invalid_grant")
        if connection.revoked or now >= token.expires_at:
            raise TokenRefusedError("invalid_grant")
        del self._refresh[value]
        return self._issued(connection, now)

    def caller(self, access_token: str, now: datetime) -> Connection | None:
        """The connection of a live access token."""
        token = self._access.get(access_token)
        if token is None or now >= token.expires_at:
            return None
        connection = self.connections[token.connection_id]
        return None if connection.revoked else connection

    def authenticated_app(self, form: Mapping[str, str]) -> App | None:
        """client_id and client_secret in the body, as documented."""
        app = self.apps.get(form.get("client_id", ""))
        secret = form.get("client_secret", "")
        return app if app and hmac.compare_digest(app.client_secret.encode(), secret.encode()) else None

    def expire(self, what: str, now: datetime) -> int:
        """End every "access" or "refresh" token; how many it met. Raises ValueError."""
        tokens = {"access": self._access, "refresh": self._refresh}.get(what)
        if tokens is None:
            raise ValueError('expire must be "access" or "refresh"')
        met = [one for one in tokens.values() if one.expires_at > now]
        for token in met:
            token.expires_at = now
        return len(met)

    def revoke(self, email: str | None, company_id: str | None) -> int:
        """A person deletes connections on ApprovalMax's own page: theirs, or those of a company; how many."""
        met = [
            one
            for one in self.connections.values()
            if not one.revoked and email in {None, one.email} and (company_id is None or company_id in one.company_ids)
        ]
        for connection in met:
            connection.revoked = True
        return len(met)

    def to_snapshot(self) -> dict[str, Any]:
        """Log-ins and codes under way are left out: they last minutes."""
        tokens = {
            name: {key: [one.connection_id, one.expires_at.isoformat()] for key, one in rows.items()}
            for name, rows in (("access", self._access), ("refresh", self._refresh))
        }
        apps = [asdict(one) for one in self.apps.values()]
        return {"apps": apps, "connections": [asdict(one) for one in self.connections.values()], **tokens}

    @staticmethod
    def from_snapshot(saved: Mapping[str, Any]) -> "Identity":
        identity = Identity()
        for row in saved["apps"]:
            identity.apps[row["client_id"]] = App(**{**row, "redirect_uris": tuple(row["redirect_uris"])})
        for row in saved["connections"]:
            lists = {"scopes": tuple(row["scopes"]), "company_ids": tuple(row["company_ids"])}
            identity.connections[row["connection_id"]] = Connection(**{**row, **lists})
        for name, tokens in (("access", identity._access), ("refresh", identity._refresh)):
            for key, (connection_id, expires_at) in saved[name].items():
                tokens[key] = Token(connection_id, datetime.fromisoformat(expires_at))
        return identity

    def _issued(self, connection: Connection, now: datetime) -> dict[str, Any]:
        access = secrets.token_urlsafe(48)
        self._access[access] = Token(connection.connection_id, now + ACCESS_LIFE)
        answer: dict[str, Any] = {
            "access_token": access,
            "expires_in": int(ACCESS_LIFE.total_seconds()),
            "token_type": "Bearer",
            "scope": " ".join(connection.scopes),
        }
        if "offline_access" in connection.scopes:
            answer["refresh_token"] = secrets.token_urlsafe(32)
            self._refresh[answer["refresh_token"]] = Token(connection.connection_id, now + REFRESH_IDLE_LIFE)
        return answer


def _fits(challenge: str, verifier: str) -> bool:
    # That a sent challenge is checked is assumed: the documents do not speak of PKCE.
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    return hmac.compare_digest(digest, challenge)
