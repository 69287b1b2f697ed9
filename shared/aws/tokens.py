"""Access tokens of callers (JWT): checked against the keys of their issuer."""

import json
import time
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import jwt

ALGORITHMS: Final = ("RS256", "ES256")
KEYS_KEPT: Final = 3600.0  # seconds; a key that is not among them is looked for sooner
LOOK_AGAIN_AFTER: Final = 30.0  # seconds between two fetches of one issuer's keys, whatever callers send
FETCH_TIMEOUT: Final = 3.0  # seconds
LARGEST_KEY_SET: Final = 256 * 1024  # bytes
LONGEST_TOKEN: Final = 8192
LEEWAY: Final = 30  # seconds by which an issuer's clock may differ


class BadToken(Exception):
    """The token is not one that we take; the reason is for our log, the caller learns only that it was refused."""


class KeysUnavailable(Exception):
    """The issuer's keys could not be fetched."""


@dataclass(slots=True)
class _Keys:
    by_id: Mapping[str | None, Any]
    fetched_at: float


Fetch = Callable[[str], bytes]


def fetch_keys(uri: str) -> bytes:
    """A key set over HTTP(S); the address is an operator's, never a caller's."""
    if not uri.startswith(("https://", "http://")):
        raise KeysUnavailable(uri)
    try:
        with urllib.request.urlopen(uri, timeout=FETCH_TIMEOUT) as answer:  # noqa: S310 - scheme checked above
            return bytes(answer.read(LARGEST_KEY_SET))
    except OSError as error:
        raise KeysUnavailable(str(error)) from error


class Tokens:
    """Verifies tokens; keeps each issuer's public keys in memory."""

    def __init__(self, fetch: Fetch = fetch_keys, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._fetch = fetch
        self._monotonic = monotonic
        self._keys: dict[str, _Keys] = {}

    def issuer_of(self, token: str) -> str:
        """Who says to have issued a token, before anything about it is believed; raises BadToken."""
        if len(token) > LONGEST_TOKEN:
            raise BadToken("too long")
        try:
            claims = jwt.decode(token, options={"verify_signature": False})
        except jwt.PyJWTError as error:
            raise BadToken(str(error)) from error
        issuer = claims.get("iss")
        if not isinstance(issuer, str):
            raise BadToken("no issuer")
        return issuer

    def claims(self, token: str, issuer: str, jwks_uri: str) -> dict[str, Any]:
        """The claims of a valid access token: signature, algorithm, issuer, expiry and use are right.

        Raises BadToken, or KeysUnavailable when the issuer does not answer.
        """
        try:
            header = jwt.get_unverified_header(token)
            if header.get("alg") not in ALGORITHMS:
                raise BadToken(f"algorithm {header.get('alg')}")
            key = self._key(jwks_uri, header.get("kid"))
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[key.algorithm_name],
                issuer=issuer,
                leeway=LEEWAY,
                # Cognito's access tokens name no audience; the client id is checked against our own table instead.
                options={"require": ["exp", "iss"], "verify_aud": False},
            )
        except jwt.PyJWTError as error:
            raise BadToken(str(error)) from error
        if claims.get("token_use", "access") != "access":
            raise BadToken(f"token_use {claims['token_use']}")
        return claims

    def _key(self, uri: str, key_id: str | None) -> Any:
        kept = self._keys.get(uri)
        now = self._monotonic()
        age = now - kept.fetched_at if kept else None
        missing = kept is None or key_id not in kept.by_id
        if age is None or age > KEYS_KEPT or (missing and age > LOOK_AGAIN_AFTER):
            kept = self._keys[uri] = _Keys(_parsed(self._fetch(uri)), now)
        if kept is None or key_id not in kept.by_id:
            raise BadToken("unknown key")
        return kept.by_id[key_id]


def _parsed(raw: bytes) -> dict[str | None, Any]:
    try:
        known = jwt.PyJWKSet.from_dict(json.loads(raw)).keys
    except (ValueError, AttributeError, jwt.PyJWTError) as error:
        raise KeysUnavailable("not a key set") from error
    return {key.key_id: key for key in known if key.algorithm_name in ALGORITHMS}
