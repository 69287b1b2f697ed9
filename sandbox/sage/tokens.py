"""Codes, grants, access and refresh tokens of the sandbox's Sage, with Sage's lifetimes.

Source: developer.sage.com/accounting, guide "Authentication": codes 60 seconds and once, access tokens 5 minutes,
refresh tokens 31 days and new with every use. Tokens here are opaque; the real ones are not to be read by clients.
"""

import base64
import hashlib
import hmac
import secrets
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

CODE_LIFE = timedelta(seconds=60)
ACCESS_LIFE = timedelta(minutes=5)
REFRESH_LIFE = timedelta(days=31)
# Assumed: no grace is documented for a refresh token that has been exchanged, and none is given.
REFRESH_GRACE = timedelta(0)
# Assumed: the guide tells of revoking a refresh token and says that a token belongs to a person, not what becomes of
# others of the same person and app. Here they end too, as that is what an app must not bring about by mistake.
REVOKE_ENDS_PERSON = True


class TokenRefusedError(Exception):
    """A token call refused; the argument is OAuth's error code."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error


@dataclass
class Grant:
    """One consent by one person to one app, in one country. It covers every business of that person."""

    grant_id: str
    user_id: str
    app_id: str
    scope: str
    country: str
    revoked: bool = False


@dataclass
class Code:
    grant_id: str
    redirect_uri: str
    challenge: str | None
    method: str
    expires_at: datetime
    used: bool = False


@dataclass
class Token:
    """An access or a refresh token; `spent_at` is set once a refresh token has been exchanged."""

    grant_id: str
    expires_at: datetime
    spent_at: datetime | None = None

    def works_at(self, now: datetime) -> bool:
        return now < self.expires_at and (self.spent_at is None or now < self.spent_at + REFRESH_GRACE)


class TokenStore:
    """Every grant, code and token ever issued that may still matter."""

    def __init__(self) -> None:
        self.grants: dict[str, Grant] = {}
        self.codes: dict[str, Code] = {}
        self.refresh_tokens: dict[str, Token] = {}
        self.access_tokens: dict[str, Token] = {}

    def new_code(self, grant: Grant, redirect_uri: str, challenge: str | None, method: str, now: datetime) -> str:
        """A single-use code for a consent just given: like the real ones it holds a slash ("GB/12abc...")."""
        self.grants[grant.grant_id] = grant
        value = f"{grant.country.upper()}/{secrets.token_hex(16)}"
        self.codes[value] = Code(grant.grant_id, redirect_uri, challenge, method, now + CODE_LIFE)
        return value

    def redeem_code(self, value: str, app_id: str, redirect_uri: str, verifier: str | None, now: datetime) -> Grant:
        """Raises TokenRefusedError("invalid_grant"): used, over 60 seconds old, another app, URI or verifier."""
        code = self.codes.get(value)
        grant = self.grants.get(code.grant_id) if code else None
        if code is None or grant is None or grant.app_id != app_id or code.used or grant.revoked:
            raise TokenRefusedError("invalid_grant")
        if now >= code.expires_at or code.redirect_uri != redirect_uri or not _fits(code, verifier):
            raise TokenRefusedError("invalid_grant")
        code.used = True
        return grant

    def exchange(self, value: str, app_id: str, now: datetime) -> Grant:
        """The grant of a refresh token, which is spent by it. Raises TokenRefusedError("invalid_grant").

        A spent token tried again harms nobody else's: the newer pair goes on working (assumed).
        """
        token = self.refresh_tokens.get(value)
        grant = self.grants.get(token.grant_id) if token else None
        if token is None or grant is None or grant.revoked or grant.app_id != app_id or not token.works_at(now):
            raise TokenRefusedError("invalid_grant")
        token.spent_at = token.spent_at or now
        return grant

    def issue(self, grant: Grant, now: datetime) -> dict[str, Any]:
        """The token endpoint's answer."""
        self._forget_expired(now)
        access, refresh = secrets.token_urlsafe(48), secrets.token_urlsafe(48)
        self.access_tokens[access] = Token(grant.grant_id, now + ACCESS_LIFE)
        self.refresh_tokens[refresh] = Token(grant.grant_id, now + REFRESH_LIFE)
        return {
            "access_token": access,
            "scope": grant.scope,
            "token_type": "bearer",
            "expires_in": int(ACCESS_LIFE.total_seconds()),
            "refresh_token": refresh,
            "refresh_token_expires_in": int(REFRESH_LIFE.total_seconds()),
            "requested_by_id": grant.user_id,
        }

    def revoke(self, refresh_token: str, app_id: str) -> None:
        """End the consent of a refresh token's person; access tokens live on to their end, as Sage says."""
        token = self.refresh_tokens.get(refresh_token)
        grant = self.grants.get(token.grant_id) if token else None
        if grant is None or grant.app_id != app_id:
            return
        for one in self.grants_of(grant.user_id, app_id) if REVOKE_ENDS_PERSON else [grant]:
            one.revoked = True

    def grants_of(self, user_id: str | None, app_id: str | None) -> list[Grant]:
        return [
            grant
            for grant in self.grants.values()
            if user_id in {None, grant.user_id} and app_id in {None, grant.app_id}
        ]

    def expire(self, what: str, user_id: str | None, app_id: str | None, now: datetime) -> int:
        """End the "access" or "refresh" tokens of a person and app (None: all); how many it met. Raises ValueError."""
        tables = {"access": self.access_tokens, "refresh": self.refresh_tokens}
        if what not in tables:
            raise ValueError('expire must be "access" or "refresh"')
        ids = {grant.grant_id for grant in self.grants_of(user_id, app_id)}
        met = [token for token in tables[what].values() if token.grant_id in ids and token.works_at(now)]
        for token in met:
            token.expires_at = now
        return len(met)

    def to_snapshot(self) -> dict[str, Any]:
        """JSON of every table; times in ISO 8601."""
        tables: dict[str, dict[str, Any]] = {
            "grants": dict(self.grants),
            "codes": dict(self.codes),
            "refresh_tokens": dict(self.refresh_tokens),
            "access_tokens": dict(self.access_tokens),
        }
        return {name: {key: _written(asdict(row)) for key, row in rows.items()} for name, rows in tables.items()}

    @staticmethod
    def from_snapshot(saved: dict[str, Any]) -> "TokenStore":
        store = TokenStore()
        store.grants = {key: Grant(**row) for key, row in saved["grants"].items()}
        store.codes = {key: Code(**_read(row)) for key, row in saved["codes"].items()}
        store.refresh_tokens = {key: Token(**_read(row)) for key, row in saved["refresh_tokens"].items()}
        store.access_tokens = {key: Token(**_read(row)) for key, row in saved["access_tokens"].items()}
        return store

    def _forget_expired(self, now: datetime) -> None:
        # A day is kept so that a late caller still hears "expired" rather than "never seen".
        keep_from = now - timedelta(days=1)
        self.access_tokens = {key: one for key, one in self.access_tokens.items() if one.expires_at > keep_from}
        self.refresh_tokens = {
            key: one for key, one in self.refresh_tokens.items() if (one.spent_at or one.expires_at) > keep_from
        }


def _fits(code: Code, verifier: str | None) -> bool:
    """PKCE, S256 or plain: checked whenever a challenge was sent."""
    if code.challenge is None:
        return True
    sent = verifier or ""
    if code.method == "S256":
        sent = base64.urlsafe_b64encode(hashlib.sha256(sent.encode()).digest()).rstrip(b"=").decode()
    return bool(verifier) and hmac.compare_digest(sent, code.challenge)


def _written(row: dict[str, Any]) -> dict[str, Any]:
    return {key: value.isoformat() if isinstance(value, datetime) else value for key, value in row.items()}


def _read(row: dict[str, Any]) -> dict[str, Any]:
    times = {"expires_at", "spent_at"}
    return {key: datetime.fromisoformat(value) if key in times and value else value for key, value in row.items()}
