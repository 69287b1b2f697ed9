"""Xero's Idempotency-Key, as developer.xero.com/documentation/guides/idempotent-requests/idempotency has it."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sandbox.xero.wire import ApiAnswer

KEPT = timedelta(minutes=6)
LONGEST_KEY = 128
METHODS = frozenset({"PUT", "POST", "PATCH"})
# Assumed: one team measured that a refreshed access token makes the same key new. Bound is the harder case for a
# client, so it is the default; the control interface can switch it off.
BOUND_TO_ACCESS_TOKEN = True


class KeyMismatchError(Exception):
    """The key was used with another request less than six minutes ago. The text is Xero's."""

    def __init__(self, key: str) -> None:
        super().__init__(f"Idempotency Key: {key} is used with a different request.")


class KeyTooLongError(Exception):
    """A key above 128 characters (the published description's maximum; the wording is assumed)."""

    def __init__(self) -> None:
        super().__init__(f"Idempotency Key must not be longer than {LONGEST_KEY} characters.")


@dataclass(frozen=True)
class KeyedCall:
    """One call under a key. `url` is path and query; `access_token` counts only while keys are bound to it.

    The organisation is part of a key's scope (assumed): an answer never crosses from one organisation to another.
    """

    key: str
    app_id: str
    tenant_id: str
    access_token: str
    method: str
    url: str
    body: bytes

    def fingerprint(self) -> str:
        text = f"{self.method}\n{self.url}\n".encode()
        return hashlib.sha256(text + self.body).hexdigest()


@dataclass
class _Kept:
    fingerprint: str
    first_at: datetime
    answer: ApiAnswer


@dataclass
class IdempotencyStore:
    """Answers kept for six minutes from the first call, refusals as well as successes."""

    bound_to_token: bool = BOUND_TO_ACCESS_TOKEN
    _kept: dict[tuple[str, ...], _Kept] = field(default_factory=dict)

    def earlier_answer(self, call: KeyedCall, now: datetime) -> ApiAnswer | None:
        """The kept answer of the same request. Raises KeyMismatchError, KeyTooLongError."""
        if len(call.key) > LONGEST_KEY:
            raise KeyTooLongError
        kept = self._kept.get(self._scope(call))
        if kept is None or now >= kept.first_at + KEPT:
            return None
        if kept.fingerprint != call.fingerprint():
            raise KeyMismatchError(call.key)
        return kept.answer

    def keep(self, call: KeyedCall, answer: ApiAnswer, now: datetime) -> None:
        """Keep the answer of a first call; its webhook events are not repeated."""
        self._kept = {scope: kept for scope, kept in self._kept.items() if now < kept.first_at + KEPT}
        quiet = ApiAnswer(answer.status, answer.headers, answer.body)
        self._kept[self._scope(call)] = _Kept(call.fingerprint(), now, quiet)

    def _scope(self, call: KeyedCall) -> tuple[str, ...]:
        return (call.app_id, call.tenant_id, call.access_token if self.bound_to_token else "", call.key)
