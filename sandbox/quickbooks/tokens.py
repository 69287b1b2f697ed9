"""Codes, grants, access and refresh tokens as Intuit hands them out.

Figures from Intuit's OAuth 2.0 pages: an access token lives an hour; the value of a refresh token changes about every
24 hours and the older value then fails; a refresh token dies after 100 days unused, and after five years in any case.
"""

import secrets
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sandbox.quickbooks.wire import IntuitUser
from sandbox.signing import Signer

KEY_ID = "sandbox-intuit-1"
ACCESS_LIFE = timedelta(hours=1)
REFRESH_LIFE = timedelta(seconds=8_726_400)  # x_refresh_token_expires_in: 101 days
GRANT_LIFE = timedelta(days=5 * 365)
REFRESH_CHANGES_AFTER = timedelta(hours=24)
ID_TOKEN_LIFE = timedelta(hours=1)
# Assumed: Intuit does not say how long a code lives.
CODE_LIFE = timedelta(minutes=10)
# Assumed: an older value fails at once when the new one has been handed out; no grace is documented.
GRACE_OF_OLD_VALUE = timedelta(0)


class TokenRefusedError(Exception):
    """A token call refused, with OAuth's error code and Intuit's description."""

    def __init__(self, error: str, description: str | None = None, status: int = 400) -> None:
        super().__init__(error)
        self.status = status
        self.body = {"error": error} | ({"error_description": description} if description else {})


@dataclass
class Grant:
    """One consent: one person, one app, one company (none for a sign-in alone)."""

    grant_id: str
    user_id: str
    app_id: str
    realm_id: str | None
    scopes: tuple[str, ...]
    created_at: datetime
    revoked: bool = False


@dataclass
class Code:
    grant_id: str
    redirect_uri: str
    expires_at: datetime
    used: bool = False


@dataclass
class Token:
    """An access or a refresh token. `replaced_at` is set on a refresh token whose value has changed."""

    grant_id: str
    issued_at: datetime
    expires_at: datetime
    replaced_at: datetime | None = None

    def works_at(self, now: datetime) -> bool:
        return now < self.expires_at and (self.replaced_at is None or now < self.replaced_at + GRACE_OF_OLD_VALUE)


@dataclass
class TokenStore:
    """Every grant, code and token ever issued that may still matter."""

    signer: Signer
    grants: dict[str, Grant] = field(default_factory=dict)
    codes: dict[str, Code] = field(default_factory=dict)
    refresh_tokens: dict[str, Token] = field(default_factory=dict)
    access_tokens: dict[str, Token] = field(default_factory=dict)

    def new_code(self, grant: Grant, redirect_uri: str, now: datetime) -> str:
        """A single-use code for a consent just given."""
        self.grants[grant.grant_id] = grant
        value = f"XAB{secrets.token_urlsafe(30)}"
        self.codes[value] = Code(grant.grant_id, redirect_uri, now + CODE_LIFE)
        return value

    def redeem_code(self, value: str, app_id: str, redirect_uri: str, now: datetime) -> Grant:
        """The grant of a code. Raises TokenRefusedError; a second use ends the grant (assumed)."""
        code = self.codes.get(value)
        grant = self.grants.get(code.grant_id) if code else None
        if code is not None and grant is not None and code.used:
            grant.revoked = True
        right = code is not None and not code.used and now < code.expires_at and code.redirect_uri == redirect_uri
        if code is None or grant is None or not right or grant.app_id != app_id or grant.revoked:
            raise TokenRefusedError("invalid_grant", "Invalid authorization code")
        code.used = True
        return grant

    def refreshed(self, value: str, app_id: str, now: datetime) -> tuple[Grant, str]:
        """The grant of a refresh token, and the value to use from now on: the same one within 24 hours of its issue.

        Raises TokenRefusedError.
        """
        token = self.refresh_tokens.get(value)
        grant = self.grants.get(token.grant_id) if token else None
        works = token is not None and token.works_at(now)
        if token is None or grant is None or not works or grant.revoked or grant.app_id != app_id:
            raise TokenRefusedError("invalid_grant", "Incorrect or invalid refresh token")
        if now < token.issued_at + REFRESH_CHANGES_AFTER:
            return grant, value
        token.replaced_at = now
        return grant, self._new_refresh(grant, now)

    def issue(self, grant: Grant, refresh: str | None, now: datetime) -> dict[str, Any]:
        """The token endpoint's answer; `refresh` None makes a first refresh token."""
        refresh = refresh or self._new_refresh(grant, now)
        access = f"eyJlbmMi.{secrets.token_urlsafe(60)}"
        self._forget(now)
        self.access_tokens[access] = Token(grant.grant_id, now, now + ACCESS_LIFE)
        left = self.refresh_tokens[refresh].expires_at - now
        return {
            "token_type": "bearer",
            "access_token": access,
            "refresh_token": refresh,
            "expires_in": int(ACCESS_LIFE.total_seconds()),
            "x_refresh_token_expires_in": int(left.total_seconds()),
        }

    def id_token(self, grant: Grant, person: IntuitUser, issuer: str, now: datetime) -> str:
        issued = int(now.timestamp())
        claims = {
            "sub": person.user_id,
            "aud": [grant.app_id],
            "realmid": grant.realm_id,
            "auth_time": int(grant.created_at.timestamp()),
            "iss": issuer,
            "exp": issued + int(ID_TOKEN_LIFE.total_seconds()),
            "iat": issued,
        }
        return self.signer.jwt(claims)

    def expire(self, what: str, grants: list[Grant], now: datetime) -> int:
        """End "access" or "refresh" tokens of the grants; how many it met. Raises ValueError."""
        if what not in {"access", "refresh"}:
            raise ValueError('expire must be "access" or "refresh"')
        ids = {grant.grant_id for grant in grants}
        tokens = self.access_tokens if what == "access" else self.refresh_tokens
        met = [one for one in tokens.values() if one.grant_id in ids and one.works_at(now)]
        for one in met:
            one.expires_at = now
        return len(met)

    def rotate_next(self, grants: list[Grant]) -> int:
        """Make the next refresh hand out a new value, as if a day had gone by."""
        ids = {grant.grant_id for grant in grants}
        met = [one for one in self.refresh_tokens.values() if one.grant_id in ids and one.replaced_at is None]
        for one in met:
            one.issued_at -= REFRESH_CHANGES_AFTER
        return len(met)

    def _new_refresh(self, grant: Grant, now: datetime) -> str:
        value = f"RT1-{secrets.token_urlsafe(34)}"
        end = min(now + REFRESH_LIFE, grant.created_at + GRANT_LIFE)
        self.refresh_tokens[value] = Token(grant.grant_id, now, end)
        return value

    def _forget(self, now: datetime) -> None:
        # A day is kept so that a late caller still hears "expired" rather than nothing known.
        keep_from = now - timedelta(days=1)
        self.access_tokens = {k: t for k, t in self.access_tokens.items() if t.expires_at > keep_from}

    def to_snapshot(self) -> dict[str, Any]:
        """JSON of every table; times in ISO 8601."""
        tables: dict[str, dict[str, Any]] = {
            "grants": dict(self.grants),
            "codes": dict(self.codes),
            "refresh_tokens": dict(self.refresh_tokens),
            "access_tokens": dict(self.access_tokens),
        }
        plain = {name: {k: _written(asdict(v)) for k, v in rows.items()} for name, rows in tables.items()}
        return {"pem": self.signer.pem(), **plain}

    @staticmethod
    def from_snapshot(saved: dict[str, Any]) -> "TokenStore":
        grants = {k: Grant(**_read(v) | {"scopes": tuple(v["scopes"])}) for k, v in saved["grants"].items()}
        return TokenStore(
            Signer(KEY_ID, saved["pem"]),
            grants,
            {k: Code(**_read(v)) for k, v in saved["codes"].items()},
            {k: Token(**_read(v)) for k, v in saved["refresh_tokens"].items()},
            {k: Token(**_read(v)) for k, v in saved["access_tokens"].items()},
        )


def _written(row: dict[str, Any]) -> dict[str, Any]:
    return {k: v.isoformat() if isinstance(v, datetime) else v for k, v in row.items()}


def _read(row: dict[str, Any]) -> dict[str, Any]:
    times = {"created_at", "expires_at", "issued_at", "replaced_at"}
    return {k: datetime.fromisoformat(v) if k in times and v else v for k, v in row.items()}
