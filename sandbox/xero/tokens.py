"""Codes, grants, access and refresh tokens of the sandbox's Xero, with Xero's lifetimes.

Figures from developer.xero.com/faq/oauth2 and the OAuth 2.0 auth-flow page.
"""

import hashlib
import hmac
import secrets
import uuid
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sandbox.signing import Signer, b64url

CODE_LIFE = timedelta(minutes=5)
ACCESS_LIFE = timedelta(minutes=30)
ID_TOKEN_LIFE = timedelta(minutes=5)
REFRESH_IDLE_LIFE = timedelta(days=60)
REFRESH_GRACE = timedelta(minutes=30)
KEY_ID = "sandbox-xero-1"


class TokenRefusedError(Exception):
    """A token call refused; the argument is OAuth's error code, which Xero sends without a description."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error


@dataclass
class Grant:
    """One consent by one person to one app. Tokens die with it."""

    grant_id: str
    user_id: str
    app_id: str
    scopes: tuple[str, ...]
    auth_event_id: str
    created_at: datetime
    revoked: bool = False


@dataclass
class Code:
    grant_id: str
    redirect_uri: str
    challenge: str | None
    nonce: str | None
    expires_at: datetime
    used: bool = False


@dataclass
class RefreshToken:
    """`grace_until` is set once the token has been exchanged: it works on until then."""

    grant_id: str
    expires_at: datetime
    grace_until: datetime | None = None

    def works_at(self, now: datetime) -> bool:
        return now < (self.grace_until or self.expires_at)


@dataclass
class AccessToken:
    grant_id: str
    expires_at: datetime


@dataclass(frozen=True)
class Person:
    """What tokens say about whom they were issued to."""

    user_id: str
    name: str
    email: str


class TokenStore:
    """Every grant, code and token ever issued that may still matter."""

    def __init__(self, signer: Signer) -> None:
        self.signer = signer
        self.grants: dict[str, Grant] = {}
        self.codes: dict[str, Code] = {}
        self.refresh_tokens: dict[str, RefreshToken] = {}
        self.access_tokens: dict[str, AccessToken] = {}

    def new_code(self, grant: Grant, redirect_uri: str, challenge: str | None, nonce: str | None, now: datetime) -> str:
        """A single-use code for a consent just given."""
        self.grants[grant.grant_id] = grant
        value = secrets.token_urlsafe(32)
        self.codes[value] = Code(grant.grant_id, redirect_uri, challenge, nonce, now + CODE_LIFE)
        return value

    def redeem_code(
        self, value: str, app_id: str, redirect_uri: str, verifier: str | None, now: datetime
    ) -> tuple[Grant, str | None]:
        """The grant of a code and the nonce of its authorisation request.

        A second use revokes what the first one gave. Raises TokenRefusedError("invalid_grant").
        """
        code = self.codes.get(value)
        grant = self.grants.get(code.grant_id) if code else None
        if code is None or grant is None or grant.app_id != app_id:
            raise TokenRefusedError("invalid_grant")
        if code.used:
            grant.revoked = True
            raise TokenRefusedError("invalid_grant")
        if now >= code.expires_at or code.redirect_uri != redirect_uri or grant.revoked:
            raise TokenRefusedError("invalid_grant")
        if not _verifier_fits(code.challenge, verifier):
            raise TokenRefusedError("invalid_grant")
        code.used = True
        return grant, code.nonce

    def exchange_refresh_token(self, value: str, app_id: str, now: datetime) -> Grant:
        """The grant of a refresh token; from now on it works only for the grace after a lost answer.

        Using it again within the grace does not lengthen the grace. Raises TokenRefusedError("invalid_grant").
        """
        token = self.refresh_tokens.get(value)
        grant = self.grants.get(token.grant_id) if token else None
        if token is None or grant is None or grant.revoked or grant.app_id != app_id or not token.works_at(now):
            raise TokenRefusedError("invalid_grant")
        if token.grace_until is None:
            token.grace_until = min(now + REFRESH_GRACE, token.expires_at)
        return grant

    def issue(self, grant: Grant, person: Person, issuer: str, nonce: str | None, now: datetime) -> dict[str, Any]:
        """The token endpoint's answer: access token, refresh token with offline_access, id_token with openid."""
        self._forget_expired(now)
        claims = _access_claims(grant, issuer, now)
        access = self.signer.jwt(claims)
        self.access_tokens[access] = AccessToken(grant.grant_id, now + ACCESS_LIFE)
        answer: dict[str, Any] = {}
        if "openid" in grant.scopes:
            answer["id_token"] = self.signer.jwt(_id_claims(grant, person, nonce, claims, access))
        answer |= {
            "access_token": access,
            "expires_in": int(ACCESS_LIFE.total_seconds()),
            "token_type": "Bearer",
        }
        if "offline_access" in grant.scopes:
            answer["refresh_token"] = secrets.token_urlsafe(32)
            self.refresh_tokens[answer["refresh_token"]] = RefreshToken(grant.grant_id, now + REFRESH_IDLE_LIFE)
        return answer | {"scope": " ".join(grant.scopes)}

    def grants_of(self, user_id: str | None, app_id: str | None) -> list[Grant]:
        return [
            grant
            for grant in self.grants.values()
            if user_id in {None, grant.user_id} and app_id in {None, grant.app_id}
        ]

    def expire(self, what: str, user_id: str | None, app_id: str | None, now: datetime) -> int:
        """End "access", "refresh" or "grace" of the tokens of a person and app (None: all); how many it met."""
        ids = {grant.grant_id for grant in self.grants_of(user_id, app_id)}
        met: list[AccessToken | RefreshToken] = []
        if what == "access":
            met = [t for t in self.access_tokens.values() if t.grant_id in ids and t.expires_at > now]
        elif what in {"refresh", "grace"}:
            replaced = what == "grace"
            refresh = [t for t in self.refresh_tokens.values() if t.grant_id in ids and t.works_at(now)]
            met = [t for t in refresh if (t.grace_until is not None) == replaced]
        else:
            raise ValueError('expire must be "access", "refresh" or "grace"')
        for token in met:
            token.expires_at = now
            if isinstance(token, RefreshToken) and token.grace_until is not None:
                token.grace_until = now
        return len(met)

    def _forget_expired(self, now: datetime) -> None:
        # A day is kept so that a late caller still hears "TokenExpired" rather than "never seen".
        keep_from = now - timedelta(days=1)
        self.access_tokens = {k: t for k, t in self.access_tokens.items() if t.expires_at > keep_from}
        self.refresh_tokens = {
            k: t for k, t in self.refresh_tokens.items() if (t.grace_until or t.expires_at) > keep_from
        }

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
    def from_snapshot(state: dict[str, Any]) -> "TokenStore":
        store = TokenStore(Signer(KEY_ID, state["pem"]))
        store.grants = {k: Grant(**_read(v) | {"scopes": tuple(v["scopes"])}) for k, v in state["grants"].items()}
        store.codes = {k: Code(**_read(v)) for k, v in state["codes"].items()}
        store.refresh_tokens = {k: RefreshToken(**_read(v)) for k, v in state["refresh_tokens"].items()}
        store.access_tokens = {k: AccessToken(**_read(v)) for k, v in state["access_tokens"].items()}
        return store


def _verifier_fits(challenge: str | None, verifier: str | None) -> bool:
    # Assumed for apps that have a secret: a verifier is checked whenever a challenge was sent, and not asked for else.
    if challenge is None:
        return True
    digest = b64url(hashlib.sha256((verifier or "").encode()).digest())
    return bool(verifier) and hmac.compare_digest(digest, challenge)


def _access_claims(grant: Grant, issuer: str, now: datetime) -> dict[str, Any]:
    issued = int(now.timestamp())
    return {
        "nbf": issued,
        "exp": issued + int(ACCESS_LIFE.total_seconds()),
        "iss": issuer,
        "aud": f"{issuer}/resources",
        "client_id": grant.app_id,
        "sub": uuid.uuid5(uuid.NAMESPACE_OID, grant.user_id).hex,
        "auth_time": int(grant.created_at.timestamp()),
        "xero_userid": grant.user_id,
        "global_session_id": uuid.uuid5(uuid.NAMESPACE_OID, grant.grant_id).hex,
        "jti": uuid.uuid4().hex,
        "authentication_event_id": grant.auth_event_id,
        "scope": list(grant.scopes),
    }


def _id_claims(grant: Grant, person: Person, nonce: str | None, access: dict[str, Any], token: str) -> dict[str, Any]:
    """`access` are the claims of the access token issued with it, `token` is that token."""
    given, _, family = person.name.partition(" ")
    claims: dict[str, Any] = {
        "nbf": access["nbf"],
        "exp": access["nbf"] + int(ID_TOKEN_LIFE.total_seconds()),
        "iss": access["iss"],
        "aud": grant.app_id,
        "iat": access["nbf"],
        "at_hash": b64url(hashlib.sha256(token.encode()).digest()[:16]),
        "sub": access["sub"],
        "auth_time": access["auth_time"],
        "xero_userid": grant.user_id,
    }
    if nonce:
        claims["nonce"] = nonce
    if "email" in grant.scopes:
        claims |= {"email": person.email, "preferred_username": person.email}
    if "profile" in grant.scopes:
        claims |= {"name": person.name, "given_name": given, "family_name": family}
    return claims


def _written(row: dict[str, Any]) -> dict[str, Any]:
    return {k: v.isoformat() if isinstance(v, datetime) else v for k, v in row.items()}


def _read(row: dict[str, Any]) -> dict[str, Any]:
    times = {"created_at", "expires_at", "grace_until"}
    return {k: datetime.fromisoformat(v) if k in times and v else v for k, v in row.items()}


def unique_scopes(scopes: Iterable[str]) -> tuple[str, ...]:
    """Scopes in the order asked for, each once."""
    return tuple(dict.fromkeys(scopes))
